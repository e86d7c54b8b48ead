//! The authority's whole calendar: its school years, joined with the almanac and a time zone.

use std::fmt;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

use super::fault::{self, CalendarFault};
use super::red_day::{Eve, RedDay, great_eve, red_day};
use super::school_year::SchoolYear;
use super::school_year_name::{parse_school_year_name, school_year_of, start_year_of};
use super::span::Span;
use super::week::Week;
use super::words::Language;
use super::working_day_table::WorkingDayTable;

/// What a day is to a leader's calendar. Of several things it is, the most telling one:
/// Christmas Day is a red day also on a Sunday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DayKind {
    Working,
    RedDay(RedDay),
    Eve(Eve),
    Weekend,
    /// In the authority's quiet weeks, otherwise a working day.
    Quiet,
}

impl DayKind {
    /// What the day is called when saying why nothing happens on it.
    pub fn name(self, language: Language) -> &'static str {
        match self {
            Self::Working => language.pick("arbetsdag", "working day"),
            Self::RedDay(day) => day.name(language),
            Self::Eve(eve) => eve.name(language),
            Self::Weekend => language.pick("helg", "weekend"),
            Self::Quiet => language.pick("stilla vecka", "quiet week"),
        }
    }
}

impl fmt::Display for DayKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name(Language::English))
    }
}

/// The school years known, checked, in a time zone; see the [module](super) for its terms.
///
/// Cheap to ask, dear to make: build one when the configuration is read, and share it.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    /// Consecutive, in order.
    school_years: Vec<SchoolYear>,
    /// In order, merged where they touch.
    quiet: Vec<Span>,
    /// Every week with a school day, in order.
    school_weeks: Vec<Week>,
    /// The working days of the years known and some around them.
    pub(super) table: WorkingDayTable,
}

/// How many calendar years the table of working days reaches beyond the school years known:
/// a measure may be evaluated years after the last one configured.
const YEARS_AROUND: i16 = 5;

impl Calendar {
    /// Checks the school years, given in any order, and builds the calendar; or tells every
    /// fault at once. No school years at all is a calendar too: the almanac alone.
    pub fn new(
        zone: TimeZone,
        mut school_years: Vec<SchoolYear>,
    ) -> Result<Self, Vec<CalendarFault>> {
        let faults = fault::check(&school_years);
        if !faults.is_empty() {
            return Err(faults);
        }
        school_years.sort_by_key(SchoolYear::start_year);
        for year in &mut school_years {
            year.name = school_year_of(year.start_year());
        }
        let mut school_weeks: Vec<Week> = school_years
            .iter()
            .flat_map(SchoolYear::school_days)
            .map(Week::of)
            .collect();
        school_weeks.dedup();
        let quiet = merged(
            school_years
                .iter()
                .flat_map(|year| year.quiet.iter().copied()),
        );
        let table = WorkingDayTable::default();
        let mut calendar = Self {
            zone,
            school_years,
            quiet,
            school_weeks,
            table,
        };
        let known = &calendar.school_years;
        if let (Some(first), Some(last)) = (known.first(), known.last()) {
            let years = first.start_year() - YEARS_AROUND..=last.start_year() + 1 + YEARS_AROUND;
            calendar.table = WorkingDayTable::new(years, |day| calendar.is_working_day(day));
        }
        Ok(calendar)
    }

    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The school years, in order and without a gap between them.
    pub fn school_years(&self) -> &[SchoolYear] {
        &self.school_years
    }

    /// The school year whose administrative year (1 August to 31 July) holds the date.
    pub fn school_year_on(&self, date: Date) -> Option<&SchoolYear> {
        self.starting_in(start_year_of(date))
    }

    /// The school year of that name, in any spelling [`parse_school_year_name`] takes.
    pub fn school_year(&self, name: &str) -> Option<&SchoolYear> {
        self.starting_in(parse_school_year_name(name).ok()?)
    }

    fn starting_in(&self, start_year: i16) -> Option<&SchoolYear> {
        let first = self.school_years.first()?.start_year();
        let index = i32::from(start_year) - i32::from(first);
        self.school_years.get(usize::try_from(index).ok()?)
    }

    pub fn day_kind(&self, date: Date) -> DayKind {
        if let Some(day) = red_day(date) {
            DayKind::RedDay(day)
        } else if let Some(eve) = great_eve(date) {
            DayKind::Eve(eve)
        } else if matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) {
            DayKind::Weekend
        } else if self.is_quiet(date) {
            DayKind::Quiet
        } else {
            DayKind::Working
        }
    }

    /// Whether the date lies in the authority's quiet weeks, working day otherwise or not.
    pub fn is_quiet(&self, date: Date) -> bool {
        let next = self.quiet.partition_point(|span| span.to < date);
        self.quiet.get(next).is_some_and(|span| span.contains(date))
    }

    /// Whether pupils are at school that day.
    pub fn is_school_day(&self, date: Date) -> bool {
        self.school_year_on(date)
            .is_some_and(|year| year.is_school_day(date))
    }

    /// Whether the week has at least one school day.
    pub fn is_school_week(&self, week: Week) -> bool {
        self.school_weeks.binary_search(&week).is_ok()
    }

    /// Every week with a school day in the years known, in order.
    pub fn school_weeks(&self) -> &[Week] {
        &self.school_weeks
    }

    /// The `n`-th school week after `week`, across breaks, terms and school years; with 0
    /// the week itself, or if it is no school week the first after it. `None` where the
    /// years known run out.
    pub fn nth_school_week_after(&self, week: Week, n: u32) -> Option<Week> {
        let index = match n {
            0 => self.school_weeks.partition_point(|&known| known < week),
            n => self
                .school_weeks
                .partition_point(|&known| known <= week)
                .checked_add(usize::try_from(n - 1).ok()?)?,
        };
        self.school_weeks.get(index).copied()
    }

    /// How many school weeks `w` there are with `after < w <= until`; 0 if `until` is not later.
    pub fn school_weeks_between(&self, after: Week, until: Week) -> u32 {
        let up_to = |week| self.school_weeks.partition_point(|&known| known <= week);
        u32::try_from(up_to(until).saturating_sub(up_to(after))).unwrap_or(u32::MAX)
    }
}

/// Sorted, and joined where they overlap: two school years may both name the same summer.
fn merged(spans: impl Iterator<Item = Span>) -> Vec<Span> {
    let mut sorted: Vec<Span> = spans.collect();
    sorted.sort_by_key(|span| span.from);
    let mut merged: Vec<Span> = Vec::new();
    for span in sorted {
        match merged.last_mut() {
            Some(last) if span.from <= last.to => last.to = last.to.max(span.to),
            _ => merged.push(span),
        }
    }
    merged
}
