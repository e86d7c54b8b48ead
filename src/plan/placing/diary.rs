//! Who is taken when.

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
}

/// Whether two meetings would want somebody in two places at once.
pub fn overlap(one: (DateTime, u32), other: (DateTime, u32)) -> bool {
    one.0.date() == other.0.date()
        && Stretch::new(one.0.time(), one.1).overlaps(Stretch::new(other.0.time(), other.1))
}

/// Everybody's taken time, day by day.
#[derive(Debug, Clone, Default)]
pub struct Diary {
    taken: BTreeMap<(PersonId, Date), Vec<Stretch>>,
}

impl Diary {
    /// Notes that a person is taken. What runs past midnight takes the rest of its first day.
    pub fn take(&mut self, person: &PersonId, starts: DateTime, minutes: u32) {
        let key = (person.clone(), starts.date());
        let stretch = Stretch::new(starts.time(), minutes);
        self.taken.entry(key).or_default().push(stretch);
    }

    /// Whether a person is free for all of a stretch.
    pub fn is_free(&self, person: &PersonId, starts: DateTime, minutes: u32) -> bool {
        let wanted = Stretch::new(starts.time(), minutes);
        let taken = self.taken.get(&(person.clone(), starts.date()));
        taken.is_none_or(|taken| !taken.iter().any(|stretch| stretch.overlaps(wanted)))
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
        diary.take(&rut, day.at(8, 30, 0, 0), 90);
        for (hour, minute, minutes, free) in [
            (10, 0, 45, true),
            (9, 59, 1, false),
            (7, 45, 45, true),
            (7, 45, 46, false),
            (8, 45, 10, false),
            (8, 0, 240, false),
        ] {
            let starts = day.at(hour, minute, 0, 0);
            assert_eq!(diary.is_free(&rut, starts, minutes), free, "{starts}");
        }
        assert!(diary.is_free(&rut, date(2026, 10, 7).at(8, 30, 0, 0), 90));
        assert!(diary.is_free(&PersonId::new("pia"), day.at(8, 30, 0, 0), 90));
    }
}
