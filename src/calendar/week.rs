//! ISO 8601 weeks, the unit school people think in.

use std::fmt;

use jiff::civil::{Date, ISOWeekDate, Weekday};

use super::span::Span;

/// An ISO 8601 week: Monday first, week 1 holds the year's first Thursday.
///
/// The year is the week's own: 1 January 2027 lies in `2026-W53`. At the ends of time the
/// neighbours and the last Sunday saturate instead of failing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Week {
    year: i16,
    number: i8,
}

impl Week {
    /// The week of that number, if the year has one: 53 exists only in some.
    pub fn new(year: i16, number: i8) -> Option<Self> {
        ISOWeekDate::new(year, number, Weekday::Monday)
            .ok()
            .map(|_| Self { year, number })
    }

    /// The week a date lies in.
    pub fn of(date: Date) -> Self {
        let iso = date.iso_week_date();
        Self {
            year: iso.year(),
            number: iso.week(),
        }
    }

    /// The ISO year, which around New Year differs from the calendar year.
    pub fn year(self) -> i16 {
        self.year
    }

    /// The week's number, 1 to 53.
    pub fn number(self) -> i8 {
        self.number
    }

    pub fn monday(self) -> Date {
        // Both ways to make a week prove that its Monday exists.
        ISOWeekDate::new(self.year, self.number, Weekday::Monday)
            .map_or(Date::MIN, |iso| iso.date())
    }

    pub fn sunday(self) -> Date {
        self.monday().saturating_add(jiff::Span::new().days(6))
    }

    pub fn next(self) -> Self {
        let monday = self.monday();
        monday
            .checked_add(jiff::Span::new().days(7))
            .map_or(self, Self::of)
    }

    pub fn previous(self) -> Self {
        let monday = self.monday();
        monday
            .checked_sub(jiff::Span::new().days(7))
            .map_or(self, Self::of)
    }

    /// Monday to Sunday.
    pub fn days(self) -> impl Iterator<Item = Date> {
        Span::new(self.monday(), self.sunday()).days()
    }

    /// How many weeks later `other` is; negative when it is earlier.
    pub fn weeks_until(self, other: Self) -> i32 {
        (self.monday().duration_until(other.monday()).as_hours() / (7 * 24)) as i32
    }
}

/// `2026-W53`, as ISO 8601 writes it.
impl serde::Serialize for Week {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-W{:02}", self.year, self.number)
    }
}
