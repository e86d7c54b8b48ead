//! A stretch of days.

use std::fmt;

use jiff::civil::Date;

use super::week::Week;

/// The days from `from` to `to`, both included. When `to` is before `from` it holds none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    pub from: Date,
    pub to: Date,
}

impl Span {
    pub const fn new(from: Date, to: Date) -> Self {
        Self { from, to }
    }

    pub fn contains(&self, date: Date) -> bool {
        self.from <= date && date <= self.to
    }

    pub fn overlaps(&self, other: &Self) -> bool {
        self.from.max(other.from) <= self.to.min(other.to)
    }

    /// Every day, in order.
    pub fn days(&self) -> impl Iterator<Item = Date> + use<> {
        let to = self.to;
        let first = Some(self.from).filter(|&from| from <= to);
        std::iter::successors(first, move |day| {
            day.tomorrow().ok().filter(|&next| next <= to)
        })
    }

    /// Every week that has at least one of the days, in order.
    pub fn weeks(&self) -> impl Iterator<Item = Week> + use<> {
        let last = Week::of(self.to);
        let first = Some(Week::of(self.from)).filter(|_| self.from <= self.to);
        std::iter::successors(first, move |&week| (week < last).then(|| week.next()))
    }

    /// The number of days.
    pub fn len_days(&self) -> i64 {
        (self.from.duration_until(self.to).as_hours() / 24 + 1).max(0)
    }
}

/// `2026-11-02 to 2026-11-06`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.from, self.to)
    }
}
