//! Who is taken when, and by what.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime, Time};

use crate::follow_up::PersonId;

/// A stretch of one day, in minutes from midnight; the end is not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Stretch {
    from: u32,
    to: u32,
}

impl Stretch {
    fn new(starts: Time, minutes: u32) -> Self {
        let from = starts.hour().unsigned_abs() as u32 * 60 + starts.minute().unsigned_abs() as u32;
        Self {
            from,
            to: from.saturating_add(minutes),
        }
    }

    const fn overlaps(self, other: Self) -> bool {
        self.from < other.to && other.from < self.to
    }

    /// The minutes between two stretches.
    const fn apart(self, other: Self) -> u32 {
        let (before, after) = (
            self.from.saturating_sub(other.to),
            other.from.saturating_sub(self.to),
        );
        if before > after { before } else { after }
    }
}

/// Whether two meetings would want somebody in two places at once.
pub fn overlap(one: (DateTime, u32), other: (DateTime, u32)) -> bool {
    one.0.date() == other.0.date()
        && Stretch::new(one.0.time(), one.1).overlaps(Stretch::new(other.0.time(), other.1))
}

/// What takes somebody's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taker {
    /// Something that is no meeting of ours.
    Else,
    /// A meeting that stays where it is.
    Fixed,
    /// A meeting that placing answers for.
    Meeting(usize),
}

/// Everybody's taken time, day by day.
#[derive(Debug, Clone, Default)]
pub struct Diary {
    taken: BTreeMap<PersonId, BTreeMap<Date, Vec<(Stretch, Taker)>>>,
}

impl Diary {
    /// Notes that a person is taken. What runs past midnight takes the rest of its first day.
    pub fn take(&mut self, person: &PersonId, (starts, minutes): (DateTime, u32), by: Taker) {
        if !self.taken.contains_key(person) {
            self.taken.insert(person.clone(), BTreeMap::new());
        }
        if let Some(days) = self.taken.get_mut(person) {
            let stretch = Stretch::new(starts.time(), minutes);
            days.entry(starts.date()).or_default().push((stretch, by));
        }
    }

    /// Takes back what [`Diary::take`] noted for a day.
    pub fn release(&mut self, person: &PersonId, day: Date, by: Taker) {
        let days = self.taken.get_mut(person);
        if let Some(taken) = days.and_then(|days| days.get_mut(&day)) {
            taken.retain(|(_, taker)| *taker != by);
        }
    }

    /// What takes a person within a stretch.
    pub fn takers(
        &self,
        person: &PersonId,
        (starts, minutes): (DateTime, u32),
    ) -> impl Iterator<Item = Taker> {
        let wanted = Stretch::new(starts.time(), minutes);
        let taken = self.on(person, starts.date()).iter();
        taken
            .filter(move |(stretch, _)| stretch.overlaps(wanted))
            .map(|(_, taker)| *taker)
    }

    /// The minutes between a stretch and the nearest of a person's meetings of the day.
    pub fn apart(&self, person: &PersonId, (starts, minutes): (DateTime, u32)) -> Option<u32> {
        let wanted = Stretch::new(starts.time(), minutes);
        let meetings = self.on(person, starts.date()).iter();
        let meetings = meetings.filter(|(_, taker)| *taker != Taker::Else);
        meetings.map(|(stretch, _)| stretch.apart(wanted)).min()
    }

    fn on(&self, person: &PersonId, day: Date) -> &[(Stretch, Taker)] {
        let taken = self.taken.get(person).and_then(|days| days.get(&day));
        taken.map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn one_meeting_may_begin_when_another_ends() {
        let rut = PersonId::new("rut");
        let day = date(2026, 10, 6);
        let mut diary = Diary::default();
        diary.take(&rut, (day.at(8, 30, 0, 0), 90), Taker::Meeting(1));
        let is_free = |diary: &Diary, person: &str, starts: DateTime, minutes| {
            let person = PersonId::new(person);
            diary.takers(&person, (starts, minutes)).next().is_none()
        };
        for (hour, minute, minutes, free) in [
            (10, 0, 45, true),
            (9, 59, 1, false),
            (7, 45, 45, true),
            (7, 45, 46, false),
            (8, 45, 10, false),
            (8, 0, 240, false),
        ] {
            let starts = day.at(hour, minute, 0, 0);
            assert_eq!(is_free(&diary, "rut", starts, minutes), free, "{starts}");
        }
        assert_eq!(diary.apart(&rut, (day.at(10, 15, 0, 0), 45)), Some(15));
        assert_eq!(diary.apart(&rut, (day.at(7, 0, 0, 0), 45)), Some(45));
        let starts = day.at(8, 30, 0, 0);
        assert!(is_free(
            &diary,
            "rut",
            date(2026, 10, 7).at(8, 30, 0, 0),
            90
        ));
        assert!(is_free(&diary, "pia", starts, 90));
        diary.release(&rut, day, Taker::Meeting(2));
        assert!(!is_free(&diary, "rut", starts, 90));
        diary.release(&rut, day, Taker::Meeting(1));
        assert!(is_free(&diary, "rut", starts, 90));
    }
}
