//! What placing stands on: days that may hold meetings, and people who are there.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime};

use super::{Request, Times};
use crate::calendar::{Span, Week};
use crate::follow_up::{AreaWorld, Pair, PersonId, UnitCode};

/// The ground of a request.
pub struct Ground<'a> {
    /// What was asked.
    pub request: &'a Request<'a>,
    /// The school weeks of the year.
    pub weeks: Vec<Week>,
    /// Check-ins that are so far only proposed: nobody has been told of them.
    pub proposed: BTreeSet<(DateTime, Pair)>,
    away: BTreeMap<PersonId, Vec<Span>>,
}

impl<'a> Ground<'a> {
    /// The ground of a request.
    pub fn new(request: &'a Request<'a>) -> Self {
        let mut away: BTreeMap<PersonId, Vec<Span>> = BTreeMap::new();
        for absence in request.worlds.iter().flat_map(|world| &world.absences) {
            let spans = away.entry(absence.person.clone()).or_default();
            spans.push(Span::new(absence.from, absence.to));
        }
        let span = request.year.administrative_year();
        let weeks = request.calendar.school_weeks().iter().copied();
        let is_in_year = |week: &Week| span.contains(week.monday()) || span.contains(week.sunday());
        let check_ins = request.worlds.iter().flat_map(|world| &world.check_ins);
        let proposed = check_ins
            .filter(|c| c.proposed_until.is_some_and(|until| request.from <= until))
            .map(|c| (c.starts, c.pair.clone()));
        Self {
            request,
            proposed: proposed.collect(),
            weeks: weeks.filter(is_in_year).collect(),
            away,
        }
    }

    /// Whether a day may hold meetings of a kind at all.
    pub fn is_open(&self, day: Date, times: &Times) -> bool {
        let Request { calendar, year, .. } = self.request;
        let staff_day = times.on_staff_days && year.staff_days.contains(&day);
        calendar.is_school_day(day) || (staff_day && calendar.is_working_day(day))
    }

    /// The open days of a span from the first day of placing on, that fall on `times`' weekdays.
    pub fn days(&self, span: Span, times: &Times) -> Vec<Date> {
        let from = span.from.max(self.request.from);
        Span::new(from, span.to)
            .days()
            .filter(|&day| times.weekdays.contains(&day.weekday()) && self.is_open(day, times))
            .collect()
    }

    /// Whether one of them is away on a day.
    pub fn is_away(&self, people: &BTreeSet<PersonId>, day: Date) -> bool {
        let mut spans = people
            .iter()
            .flat_map(|person| self.away.get(person))
            .flatten();
        spans.any(|span| span.contains(day))
    }
}

/// Who comes to a dialogue of a unit on a day: its principal and the area's managers.
pub fn attendants(world: &AreaWorld, unit: &UnitCode, day: Date) -> BTreeSet<PersonId> {
    let mut people: BTreeSet<PersonId> = world.area_managers(day).into_iter().collect();
    people.extend(world.principal(unit, day));
    people
}
