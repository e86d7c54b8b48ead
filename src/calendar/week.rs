//! ISO 8601 weeks, the ones Swedish schools count in.

use std::fmt;

use jiff::ToSpan;
use jiff::civil::{Date, ISOWeekDate, Weekday};

/// A week from Monday to Sunday. The first of a year is the one with its first Thursday, so a
/// year has 52 weeks or, like 2026, 53.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Week {
    year: i16,
    number: i8,
}

impl Week {
    /// The week `date` lies in.
    pub fn of(date: Date) -> Self {
        let week = date.iso_week_date();
        Self {
            year: week.year(),
            number: week.week(),
        }
    }

    /// The year whose week it is; around New Year not always that of the days.
    pub const fn year(self) -> i16 {
        self.year
    }

    /// The number, 1 to 53.
    pub const fn number(self) -> i8 {
        self.number
    }

    /// Its first day.
    pub fn monday(self) -> Date {
        ISOWeekDate::new(self.year, self.number, Weekday::Monday)
            .map_or(Date::MIN, ISOWeekDate::date)
    }

    /// Its last day.
    pub fn sunday(self) -> Date {
        self.monday().saturating_add(6.days())
    }

    /// The week after; at the end of time, the same.
    pub fn next(self) -> Self {
        Self::of(self.monday().saturating_add(7.days()))
    }

    /// The week before; at the beginning of time, the same.
    pub fn previous(self) -> Self {
        Self::of(self.monday().saturating_sub(7.days()))
    }

    /// Its days, Monday first.
    pub fn days(self) -> impl Iterator<Item = Date> {
        let monday = self.monday();
        (0..7).map(move |day| monday.saturating_add(day.days()))
    }
}

impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-W{:02}", self.year, self.number)
    }
}

impl serde::Serialize for Week {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_year_2026_has_a_week_53() {
        let week = Week::of(date(2026, 12, 31));
        assert_eq!(week.to_string(), "2026-W53");
        assert_eq!(week, Week::of(date(2027, 1, 3)));
        assert_eq!(week.next().to_string(), "2027-W01");
        assert_eq!(week.next().previous(), week);
        assert_eq!(week.monday(), date(2026, 12, 28));
    }

    #[test]
    fn the_ends_of_time_hold_still() {
        assert_eq!(Week::of(Date::MAX).next(), Week::of(Date::MAX));
        assert_eq!(Week::of(Date::MAX).days().count(), 7);
    }
}
