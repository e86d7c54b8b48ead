//! When the digests go out. What they say is put together when they are sent.

use jiff::civil::Date;

use crate::calendar::Week;
use crate::follow_up::Role;
use crate::plan::decision::{Capacity, Decision, Silence};
use crate::plan::ladder::Ladder;
use crate::plan::matter::Matter;
use crate::plan::view::{Address, View};

/// The area manager's week: on its first working day, or as soon after as mail can go. A week
/// that was missed altogether is part of the next.
pub fn weekly(view: &View<'_>, into: &mut Vec<Decision>) {
    let Some(area) = &view.world.area else { return };
    let week = Week::of(view.day);
    if let Some(next) = view.calendar.first_working_day_of_week(week.next()) {
        view.look_again_on(next);
    } else {
        view.look_again_on(week.next().monday());
    }
    let Some(due) = view.calendar.first_working_day_of_week(week) else {
        return;
    };
    if view.world.active_units(view.day).next().is_none() {
        return;
    }
    let address = Address {
        matter: Matter::WeeklyDigest {
            area: area.id.clone(),
            week,
        },
        due,
        capacity: Capacity::Holder(Role::AreaManager),
        recipients: view.area_managers(),
    };
    if !view.rules.weekly_digest {
        return view.silence(address, Silence::SwitchedOff, into);
    }
    view.climb(address, &once(due, week.sunday()), into);
}

/// The school director's month: on its first working day.
pub fn monthly(view: &View<'_>, into: &mut Vec<Decision>) {
    let (year, month) = (view.day.year(), view.day.month());
    let next = view.day.last_of_month().tomorrow();
    if let Ok(first) = next {
        let due = view
            .calendar
            .first_working_day_of_month(first.year(), first.month());
        view.look_again_on(due.unwrap_or(first));
    }
    let Some(due) = view.calendar.first_working_day_of_month(year, month) else {
        return;
    };
    let address = Address {
        matter: Matter::MonthlyDigest { year, month },
        due,
        capacity: Capacity::Holder(Role::SchoolDirector),
        recipients: view.directors(),
    };
    if !view.rules.monthly_digest {
        return view.silence(address, Silence::SwitchedOff, into);
    }
    view.climb(address, &once(due, view.day.last_of_month()), into);
}

const fn once(due: Date, until: Date) -> Ladder<'static> {
    Ladder {
        until: Some(until),
        ..Ladder::after(due, 0, 0)
    }
}
