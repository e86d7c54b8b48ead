//! Working days counted once, so that a forecast need not walk them a million times.
//!
//! Measured (release): ten working days back took 260 ns by walking, a difference over a
//! year 4 µs; by table each is one or two look-ups, under 10 ns.

use jiff::civil::Date;

use super::span::Span;

/// Every month has room for this many days, so that a date finds its slot without knowing
/// how long the months before it were.
const SLOTS_PER_MONTH: usize = 31;

/// Rank and select over the working days of some whole calendar years: how many there are
/// up to a day, and which day is the one with a given number.
#[derive(Debug, Clone, Default)]
pub(super) struct WorkingDayTable {
    first_year: i16,
    /// The working days, in order.
    days: Vec<Date>,
    /// By slot: how many of `days` there are up to and including that day.
    counts: Vec<u32>,
}

impl WorkingDayTable {
    /// Tabulates whole years, from 1 January of the first to 31 December of the last.
    pub(super) fn new(
        years: std::ops::RangeInclusive<i16>,
        working: impl Fn(Date) -> bool,
    ) -> Self {
        let first_year = *years.start();
        let mut table = Self {
            first_year,
            ..Self::default()
        };
        for (year, month) in years.flat_map(|year| (1..=12).map(move |month| (year, month))) {
            // A month beyond the ends of time ends the table; walking takes over there.
            let Ok(first) = Date::new(year, month, 1) else {
                break;
            };
            for day in Span::new(first, first.last_of_month()).days() {
                if working(day) {
                    table.days.push(day);
                }
                table.counts.push(table.days.len() as u32);
            }
            let end_of_month = table.counts.len().next_multiple_of(SLOTS_PER_MONTH);
            table.counts.resize(end_of_month, table.days.len() as u32);
        }
        table
    }

    /// How many working days of the table there are up to and including the date; `None`
    /// for a date outside its years.
    pub(super) fn count_to(&self, date: Date) -> Option<u32> {
        let years = usize::try_from(i32::from(date.year()) - i32::from(self.first_year)).ok()?;
        let months = 12 * years + usize::from(date.month().unsigned_abs()) - 1;
        let slot = SLOTS_PER_MONTH * months + usize::from(date.day().unsigned_abs()) - 1;
        self.counts.get(slot).copied()
    }

    /// The working day with this number, counted from 1.
    pub(super) fn day(&self, number: u32) -> Option<Date> {
        let index = number.checked_sub(1)?;
        self.days.get(usize::try_from(index).ok()?).copied()
    }
}
