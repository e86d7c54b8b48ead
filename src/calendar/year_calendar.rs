//! The calendar of an authority: its zone, its school years, and counting in working days.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};
use thiserror::Error;

use super::{Eve, RedDay, SchoolYear, Span, Week, great_eve, red_day, school_year_name};

/// No stretch of days without work is longer than this; where the configuration says otherwise,
/// the search for a working day ends here.
const LONGEST_REST: i32 = 366;

/// What kind of day it is for those who are asked for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayKind {
    /// Saturday or Sunday.
    Weekend,
    /// A red day.
    Red(RedDay),
    /// A great eve.
    Eve(Eve),
    /// Leaders are on holiday.
    Quiet,
    /// A working day.
    Working,
}

/// Something in the school years that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("school year {school_year}: {message}")]
pub struct CalendarFault {
    /// The school year's name.
    pub school_year: String,
    /// What is wrong, and what to write instead.
    pub message: String,
}

/// Zone and school years of an authority.
#[derive(Debug, Clone)]
pub struct Calendar {
    school_years: Vec<SchoolYear>,
    zone: TimeZone,
}

impl Calendar {
    /// The calendar of `zone` and `school_years`, in any order.
    ///
    /// # Errors
    /// Every fault of sense in them.
    pub fn new(
        zone: TimeZone,
        mut school_years: Vec<SchoolYear>,
    ) -> Result<Self, Vec<CalendarFault>> {
        school_years.sort_by(|a, b| a.name.cmp(&b.name));
        let mut faults: Vec<CalendarFault> = school_years.iter().flat_map(year_faults).collect();
        for pair in school_years.windows(2) {
            if pair[0].name == pair[1].name {
                let message = "it is there twice; write each school year once".to_owned();
                faults.push(CalendarFault {
                    school_year: pair[1].name.clone(),
                    message,
                });
            }
        }
        if faults.is_empty() {
            Ok(Self { school_years, zone })
        } else {
            Err(faults)
        }
    }

    /// The school years, oldest first.
    pub fn school_years(&self) -> &[SchoolYear] {
        &self.school_years
    }

    /// The school year a day lies in, from August to July, if it is configured.
    pub fn school_year_on(&self, date: Date) -> Option<&SchoolYear> {
        self.school_year(&school_year_name(date))
    }

    /// The school year of that name, if it is configured.
    pub fn school_year(&self, name: &str) -> Option<&SchoolYear> {
        self.school_years.iter().find(|year| year.name == name)
    }

    /// The authority's time zone.
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// What kind of day it is.
    pub fn day_kind(&self, date: Date) -> DayKind {
        if matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) {
            DayKind::Weekend
        } else if let Some(red) = red_day(date) {
            DayKind::Red(red)
        } else if let Some(eve) = great_eve(date) {
            DayKind::Eve(eve)
        } else if self.is_quiet(date) {
            DayKind::Quiet
        } else {
            DayKind::Working
        }
    }

    fn is_quiet(&self, date: Date) -> bool {
        self.school_years
            .iter()
            .any(|year| year.quiet.iter().any(|span| span.contains(date)))
    }

    /// Whether leaders can be asked for something on it.
    pub fn is_working_day(&self, date: Date) -> bool {
        self.day_kind(date) == DayKind::Working
    }

    /// Whether pupils are at school on it.
    pub fn is_school_day(&self, date: Date) -> bool {
        let rest = matches!(
            self.day_kind(date),
            DayKind::Weekend | DayKind::Red(_) | DayKind::Eve(_)
        );
        !rest
            && self.school_year_on(date).is_some_and(|year| {
                year.terms.iter().any(|term| term.contains(date))
                    && !year.breaks.iter().any(|pause| pause.span.contains(date))
                    && !year.staff_days.contains(&date)
            })
    }

    /// Whether the week has a school day.
    pub fn is_school_week(&self, week: Week) -> bool {
        week.days().any(|day| self.is_school_day(day))
    }

    /// The day itself if it is a working day, else the last before it.
    pub fn on_or_before(&self, date: Date) -> Date {
        self.nearest(date, -1)
    }

    /// The day itself if it is a working day, else the first after it.
    pub fn on_or_after(&self, date: Date) -> Date {
        self.nearest(date, 1)
    }

    /// The nearest working day in a direction; after a year without one, that day.
    fn nearest(&self, date: Date, direction: i32) -> Date {
        let mut day = date;
        for _ in 0..LONGEST_REST {
            if self.is_working_day(day) {
                break;
            }
            day = day.saturating_add(direction.days());
        }
        day
    }

    /// With 0 the day itself, moved earlier to a working day; else the `count`-th working day
    /// strictly before it.
    pub fn working_days_before(&self, date: Date, count: u32) -> Date {
        self.step(date, count, -1)
    }

    /// With 0 the day itself, moved later to a working day; else the `count`-th working day
    /// strictly after it.
    pub fn working_days_after(&self, date: Date, count: u32) -> Date {
        self.step(date, count, 1)
    }

    fn step(&self, date: Date, count: u32, direction: i32) -> Date {
        if count == 0 {
            return self.nearest(date, direction);
        }
        let mut day = date;
        for _ in 0..count {
            let next = self.nearest(day.saturating_add(direction.days()), direction);
            if next == day {
                break;
            }
            day = next;
        }
        day
    }

    /// How many working days lie after `from`, up to and including `to`; negative when `to` is
    /// the earlier.
    pub fn working_days_between(&self, from: Date, to: Date) -> i64 {
        if to < from {
            return -self.working_days_between(to, from);
        }
        let mut count = 0;
        let mut day = from;
        while day < to {
            day = day.saturating_add(1.day());
            count += i64::from(self.is_working_day(day));
        }
        count
    }

    /// The week's first working day.
    pub fn first_working_day_of_week(&self, week: Week) -> Option<Date> {
        week.days().find(|&day| self.is_working_day(day))
    }

    /// The month's first working day.
    pub fn first_working_day_of_month(&self, year: i16, month: i8) -> Option<Date> {
        let first = Date::new(year, month, 1).ok()?;
        let day = self.on_or_after(first);
        (day.year() == year && day.month() == month && self.is_working_day(day)).then_some(day)
    }

    /// The `count`-th school week after `week`, across breaks, summers and school years. `None`
    /// where the configured school years end before it.
    pub fn nth_school_week_after(&self, week: Week, count: u32) -> Option<Week> {
        let last = Week::of(self.school_years.last()?.last_school_day()?);
        let mut week = week;
        let mut left = count;
        while left > 0 {
            if week >= last {
                return None;
            }
            week = week.next();
            left -= u32::from(self.is_school_week(week));
        }
        Some(week)
    }

    /// The instant of a local wall-clock time. A time in the spring gap moves forward to the gap's
    /// end; of the repeated autumn hour, the first one counts. Both happen once.
    pub fn instant(&self, date: Date, time: Time) -> Timestamp {
        let local = date.to_datetime(time);
        let ambiguous = self.zone.to_ambiguous_timestamp(local);
        let instant = match ambiguous.offset() {
            // The gap's end is the instant of the transition itself.
            AmbiguousOffset::Gap { before, after } => {
                let width = after.seconds() - before.seconds();
                let probe = ambiguous.earlier();
                probe.map(|probe| {
                    self.zone
                        .following(probe)
                        .next()
                        .map_or(probe, |transition| {
                            let at = transition.timestamp();
                            if at.duration_since(probe).as_secs() <= i64::from(width) {
                                at
                            } else {
                                probe
                            }
                        })
                })
            }
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => {
                ambiguous.earlier()
            }
        };
        instant.unwrap_or(if local < DateTime::constant(1970, 1, 1, 0, 0, 0, 0) {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
    }

    /// The local wall-clock time of an instant.
    pub fn local(&self, instant: Timestamp) -> DateTime {
        self.zone.to_datetime(instant)
    }

    /// The local day of an instant.
    pub fn today(&self, instant: Timestamp) -> Date {
        self.local(instant).date()
    }
}

fn year_faults(year: &SchoolYear) -> Vec<CalendarFault> {
    let mut messages: Vec<String> = Vec::new();
    let Some(whole) = year.administrative() else {
        return vec![CalendarFault {
            school_year: year.name.clone(),
            message: "the name is not a school year; write it as 2026/27".into(),
        }];
    };
    let named = named_spans(year);
    for (name, span) in &named {
        if span.to < span.from {
            messages.push(format!(
                "{name} ends on {} before it begins on {}",
                span.to, span.from
            ));
        }
        // Holidays of leaders may begin before 1 August and end after 31 July.
        if name != "quiet" && !whole.covers(*span) {
            messages.push(format!(
                "{name} ({} to {}) lies outside the school year, {} to {}; see that the years are right",
                span.from, span.to, whole.from, whole.to
            ));
        }
    }
    if year.terms.is_empty() {
        messages.push("there is no term; write terms = [{ from = …, to = … }, …]".into());
    }
    for pair in year.terms.windows(2) {
        if pair[1].from <= pair[0].to {
            let (from, to) = (pair[1].from, pair[0].to);
            messages.push(format!(
                "a term begins on {from} before the one before it ends on {to}"
            ));
        }
    }
    let school = Span {
        from: year.first_school_day().unwrap_or(whole.from),
        to: year.last_school_day().unwrap_or(whole.to),
    };
    for (name, span) in named
        .iter()
        .filter(|(name, _)| name != "quiet" && name != "a term")
    {
        if whole.covers(*span) && !school.covers(*span) {
            messages.push(format!(
                "{name} ({} to {}) lies outside the terms",
                span.from, span.to
            ));
        }
    }
    for day in &year.staff_days {
        if !year.terms.iter().any(|term| term.contains(*day)) {
            messages.push(format!(
                "the staff day {day} lies in no term; leave it out or correct it"
            ));
        }
    }
    if let (Some(explore), Some(evaluate)) = (year.explore, year.evaluate)
        && evaluate.from <= explore.to
    {
        messages.push("the window evaluate begins before the window explore has ended".into());
    }
    messages
        .into_iter()
        .map(|message| CalendarFault {
            school_year: year.name.clone(),
            message,
        })
        .collect()
}

fn named_spans(year: &SchoolYear) -> Vec<(String, Span)> {
    let mut spans: Vec<(String, Span)> = year
        .terms
        .iter()
        .map(|&term| ("a term".to_owned(), term))
        .collect();
    spans.extend(
        year.breaks
            .iter()
            .map(|pause| (format!("the break {}", pause.name), pause.span)),
    );
    spans.extend(year.quiet.iter().map(|&span| ("quiet".to_owned(), span)));
    spans.extend(
        year.explore
            .map(|span| ("the window explore".to_owned(), span)),
    );
    spans.extend(
        year.evaluate
            .map(|span| ("the window evaluate".to_owned(), span)),
    );
    spans
}
