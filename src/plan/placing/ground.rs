//! What placing stands on: days that may hold meetings, people who are there, time that is taken.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime};

use super::diary::Diary;
use super::{Request, Times};
use crate::calendar::{Span, Week};
use crate::follow_up::{AreaWorld, DialogueState, Pair, PersonId, UnitCode};

/// The ground, and the diary that fills as meetings are placed.
pub struct Ground<'a> {
    /// What was asked.
    pub request: &'a Request<'a>,
    /// Who is taken when.
    diary: Diary,
    away: BTreeMap<PersonId, Vec<Span>>,
}

impl<'a> Ground<'a> {
    /// The ground of a request, with everything that is booked in the diary.
    pub fn new(request: &'a Request<'a>) -> Self {
        let mut diary = Diary::default();
        let mut away: BTreeMap<PersonId, Vec<Span>> = BTreeMap::new();
        for busy in request.busy {
            diary.take(&busy.person, busy.starts, busy.minutes);
        }
        for world in request.worlds {
            for absence in &world.absences {
                let spans = away.entry(absence.person.clone()).or_default();
                spans.push(Span::new(absence.from, absence.to));
            }
            take_meetings(world, &mut diary);
        }
        Self {
            request,
            diary,
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

    /// Whether a person is away on a day.
    pub fn is_away(&self, person: &PersonId, day: Date) -> bool {
        let spans = self.away.get(person);
        spans.is_some_and(|spans| spans.iter().any(|span| span.contains(day)))
    }

    /// The times of a day at which all of them are free.
    pub fn free_times(
        &self,
        people: &BTreeSet<PersonId>,
        day: Date,
        times: &Times,
    ) -> Vec<DateTime> {
        if people.iter().any(|person| self.is_away(person, day)) {
            return Vec::new();
        }
        let starts = times.times.iter().map(|time| day.to_datetime(*time));
        let are_free = |&starts: &DateTime| {
            let is_free = |person| self.diary.is_free(person, starts, times.minutes);
            people.iter().all(is_free)
        };
        starts.filter(are_free).collect()
    }

    /// Books a meeting.
    pub fn take<'p>(
        &mut self,
        people: impl IntoIterator<Item = &'p PersonId>,
        starts: DateTime,
        minutes: u32,
    ) {
        for person in people {
            self.diary.take(person, starts, minutes);
        }
    }

    /// The school weeks of the year in which something may be placed.
    pub fn school_weeks(&self) -> Vec<Week> {
        let Request { calendar, year, .. } = self.request;
        let span = year.administrative_year();
        let weeks = calendar.school_weeks().iter().copied();
        weeks
            .filter(|week| span.contains(week.monday()) || span.contains(week.sunday()))
            .collect()
    }
}

/// Every meeting on record that is or was held takes the time of those who are in it.
fn take_meetings(world: &AreaWorld, diary: &mut Diary) {
    for check_in in &world.check_ins {
        if check_in.day().is_some() {
            let Pair {
                principal,
                area_manager,
            } = &check_in.pair;
            for person in [principal, area_manager] {
                diary.take(person, check_in.starts, check_in.minutes);
            }
        }
    }
    for dialogue in &world.dialogues {
        if dialogue.state != DialogueState::Cancelled {
            for person in attendants(world, &dialogue.unit, dialogue.starts.date()) {
                diary.take(&person, dialogue.starts, dialogue.minutes);
            }
        }
    }
}

/// Who comes to a dialogue of a unit on a day: its principal and the area's managers.
pub fn attendants(world: &AreaWorld, unit: &UnitCode, day: Date) -> BTreeSet<PersonId> {
    let mut people: BTreeSet<PersonId> = world.area_managers(day).into_iter().collect();
    people.extend(world.principal(unit, day));
    people
}
