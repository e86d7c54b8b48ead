//! Check-ins: the reminder before one, and the gap when they are too far apart.
//!
//! The rhythm is a longest gap, not a weekday: at least one in every two school weeks. Weeks
//! without a school day do not count, so a break neither excuses nor blames anybody.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::calendar::Week;
use crate::follow_up::{CheckIn, CheckInState, Pair, PersonId, Post, Role, SupportLevel};
use crate::plan::decision::{Capacity, Decision, Silence};
use crate::plan::ladder::Ladder;
use crate::plan::matter::Matter;
use crate::plan::view::{Address, View};

/// Decides about every check-in to come and every pair of the slice.
pub fn decide(view: &View<'_>, into: &mut Vec<Decision>) {
    let pairs = view.pairs(view.day);
    let mut decided = BTreeSet::new();
    for check_in in &view.world.check_ins {
        let starts = check_in.starts.date();
        view.look_again_on(check_in.held_on.unwrap_or(starts));
        // One reminder a day and pair, of the meeting that is to be held.
        let Some(check_in) = view.check_in_on(&check_in.pair, starts) else {
            continue;
        };
        if starts >= view.day && decided.insert((&check_in.pair, starts)) {
            // Who leaves before the meeting will not be there.
            let in_post =
                pairs.contains(&check_in.pair) && view.pairs(starts).contains(&check_in.pair);
            near(view, check_in, in_post, into);
        }
    }
    for pair in pairs.iter() {
        gap(view, pair, into);
    }
}

fn near(view: &View<'_>, check_in: &CheckIn, in_post: bool, into: &mut Vec<Decision>) {
    let due = check_in.starts.date();
    let pair = &check_in.pair;
    for (role, person) in [
        (Role::Principal, &pair.principal),
        (Role::AreaManager, &pair.area_manager),
    ] {
        let address = Address {
            matter: Matter::CheckIn { pair: pair.clone() },
            due,
            capacity: Capacity::Holder(role),
            recipients: vec![person.clone()],
        };
        let silence = match (&view.rules.check_in, check_in.state) {
            (None, _) => Some(Silence::SwitchedOff),
            (_, CheckInState::Cancelled) => Some(Silence::Cancelled),
            _ if !check_in.is_open(view.day) => Some(Silence::Done),
            _ if !in_post => Some(Silence::NotInPost),
            _ => None,
        };
        match (&view.rules.check_in, silence) {
            (Some(rules), None) => {
                let before = &rules.before;
                // A step that reaches back beyond the rhythm would announce the meeting before.
                let ladder = Ladder {
                    period: Some(rhythm(view, pair).saturating_mul(5)),
                    ..Ladder::before(due, before)
                };
                view.climb(address, &ladder, into);
            }
            (_, silence) => view.silence(address, silence.unwrap_or(Silence::SwitchedOff), into),
        }
    }
}

fn gap(view: &View<'_>, pair: &Pair, into: &mut Vec<Decision>) {
    let weeks = rhythm(view, pair);
    let both = [
        (Role::Principal, &pair.principal),
        (Role::AreaManager, &pair.area_manager),
    ];
    let Some(due) = deadline(view, pair, weeks) else {
        return;
    };
    for (role, person) in both {
        tell(view, pair, (role, vec![person.clone()]), due, into);
    }
    let gaps = view
        .rules
        .check_in_gap
        .as_ref()
        .map_or(1, |rules| rules.director_after_gaps);
    if let Some(due) = deadline(view, pair, weeks.saturating_mul(gaps)) {
        tell(
            view,
            pair,
            (Role::SchoolDirector, view.directors()),
            due,
            into,
        );
    }
}

fn tell(
    view: &View<'_>,
    pair: &Pair,
    (role, recipients): (Role, Vec<PersonId>),
    due: Date,
    into: &mut Vec<Decision>,
) {
    let capacity = Capacity::Holder(role);
    let matter = Matter::CheckInGap { pair: pair.clone() };
    let address = Address {
        matter,
        due,
        capacity,
        recipients,
    };
    let Some(rules) = &view.rules.check_in_gap else {
        return view.silence(address, Silence::SwitchedOff, into);
    };
    let ladder = Ladder::after(due, 1, rules.every);
    if view.position(&ladder).reached.is_some() && !view.calendar.is_school_week(Week::of(view.day))
    {
        if let Some(week) = view.calendar.nth_school_week_after(Week::of(view.day), 1) {
            view.look_again_on(week.monday());
        }
        view.silence(address, Silence::OutsideSchoolWeeks, into);
    } else {
        view.climb(address, &ladder, into);
    }
}

/// The last day by which the pair should have met: the end of the `weeks`-th school week after
/// the one they last met in, or began in.
pub fn deadline(view: &View<'_>, pair: &Pair, weeks: u32) -> Option<Date> {
    let met = view
        .check_ins(pair)
        .iter()
        .filter_map(|check_in| check_in.held_by(view.day))
        .max();
    let base = match met {
        Some(met) => Week::of(met),
        None => Week::of(began(view, pair)?).previous(),
    };
    view.calendar
        .nth_school_week_after(base, weeks)
        .map(Week::sunday)
}

/// When the two began to be a pair: the later of their appointments, but no earlier than the
/// school year, since a record that begins now blames nobody for the years before it.
fn began(view: &View<'_>, pair: &Pair) -> Option<Date> {
    let year = view.calendar.school_year_on(view.day)?.first_school_day()?;
    let from = |leads: bool, person: &PersonId| {
        view.world
            .appointments
            .iter()
            .filter(|a| &a.person == person && a.holds(view.day))
            .filter(|a| match &a.post {
                Post::Unit(_) => leads && a.role.leads_unit(),
                Post::Area(_) => !leads && a.role == Role::AreaManager,
                Post::Authority => false,
            })
            .map(|a| a.from)
            .min()
            .flatten()
    };
    [
        from(true, &pair.principal),
        from(false, &pair.area_manager),
        Some(year),
    ]
    .into_iter()
    .flatten()
    .max()
}

/// How many school weeks may pass from one check-in to the next.
pub fn rhythm(view: &View<'_>, pair: &Pair) -> u32 {
    let rules = &view.rules.rhythm;
    let units = view.units_led_by(&pair.principal).iter();
    if units
        .map(|unit| unit.level)
        .any(|level| level == SupportLevel::Reinforced)
    {
        rules.reinforced_every_weeks
    } else {
        rules.every_weeks
    }
}
