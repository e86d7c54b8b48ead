//! Counting in working days.
//!
//! Around the school years known the answers are looked up in a table; elsewhere they are
//! found by walking, at most to the end of time (the years -9999 and 9999). Where no
//! working day is left the answer saturates at that end, which need not be a working day.

use jiff::civil::Date;

use super::span::Span;
use super::week::Week;
use super::year_calendar::{Calendar, DayKind};

impl Calendar {
    /// Monday to Friday, no red day, no great eve, not in a quiet week.
    pub fn is_working_day(&self, date: Date) -> bool {
        match self.table.count_to(date) {
            Some(number) => self.table.day(number) == Some(date),
            None => self.day_kind(date) == DayKind::Working,
        }
    }

    /// The nearest working day not after the date: itself if it is one.
    pub fn on_or_before(&self, date: Date) -> Date {
        let found = self
            .table
            .count_to(date)
            .and_then(|number| self.table.day(number));
        found.unwrap_or_else(|| self.walk_or_stay(date, |day| day.yesterday().ok()))
    }

    /// The nearest working day not before the date: itself if it is one.
    pub fn on_or_after(&self, date: Date) -> Date {
        let found = self.table.count_to(date).and_then(|number| {
            let last = self.table.day(number).filter(|&day| day == date);
            last.or_else(|| self.table.day(number.checked_add(1)?))
        });
        found.unwrap_or_else(|| self.walk_or_stay(date, |day| day.tomorrow().ok()))
    }

    /// The `n`-th working day strictly before the date; with 0 as [`on_or_before`](Self::on_or_before).
    pub fn working_days_before(&self, date: Date, n: u32) -> Date {
        if n == 0 {
            return self.on_or_before(date);
        }
        let found = self.table.count_to(date).and_then(|number| {
            let itself = self.table.day(number) == Some(date);
            self.table
                .day((number + u32::from(!itself)).checked_sub(n)?)
        });
        found.unwrap_or_else(|| self.walk(date, n, |day| day.yesterday().ok()))
    }

    /// The `n`-th working day strictly after the date; with 0 as [`on_or_after`](Self::on_or_after).
    pub fn working_days_after(&self, date: Date, n: u32) -> Date {
        if n == 0 {
            return self.on_or_after(date);
        }
        let number = self
            .table
            .count_to(date)
            .and_then(|number| number.checked_add(n));
        let found = number.and_then(|number| self.table.day(number));
        found.unwrap_or_else(|| self.walk(date, n, |day| day.tomorrow().ok()))
    }

    /// How many working days `d` there are with `from < d <= to`; when `to` is the earlier,
    /// the number with `to < d <= from`, negative.
    pub fn working_days_between(&self, from: Date, to: Date) -> i64 {
        if let (Some(before), Some(until)) = (self.table.count_to(from), self.table.count_to(to)) {
            return i64::from(until) - i64::from(before);
        }
        let (earlier, later, sign) = if from <= to {
            (from, to, 1)
        } else {
            (to, from, -1)
        };
        let days = Span::new(earlier, later).days().skip(1);
        sign * days.filter(|&day| self.is_working_day(day)).count() as i64
    }

    /// `None` when the week has none.
    pub fn first_working_day_of_week(&self, week: Week) -> Option<Date> {
        week.days().find(|&day| self.is_working_day(day))
    }

    /// `None` when the month has none (all of it quiet), or there is no such month.
    pub fn first_working_day_of_month(&self, year: i16, month: i8) -> Option<Date> {
        let first = Date::new(year, month, 1).ok()?;
        Span::new(first, first.last_of_month())
            .days()
            .find(|&day| self.is_working_day(day))
    }

    fn walk_or_stay(&self, from: Date, step: impl Fn(Date) -> Option<Date>) -> Date {
        if self.is_working_day(from) {
            from
        } else {
            self.walk(from, 1, step)
        }
    }

    /// The `n`-th working day in the direction of `step`, or the end of time.
    fn walk(&self, from: Date, n: u32, step: impl Fn(Date) -> Option<Date>) -> Date {
        let mut day = from;
        let mut left = n;
        while left > 0 {
            let Some(next) = step(day) else { return day };
            day = next;
            left -= u32::from(self.is_working_day(day));
        }
        day
    }
}
