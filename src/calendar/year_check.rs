//! Whether one school year makes sense.

use jiff::civil::{Date, Weekday};

use super::fault::CalendarFault;
use super::red_day::{great_eve, red_day};
use super::school_year::SchoolYear;
use super::school_year_name::{administrative_year, parse_school_year_name};
use super::span::Span;
use super::words::Language;

/// Longer quiet than this is a mistyped month: it would hold all mail for it.
const LONGEST_QUIET_DAYS: i64 = 70;

/// The checks within one school year.
pub(super) struct YearCheck<'a> {
    year: &'a SchoolYear,
    years: &'a [SchoolYear],
    faults: &'a mut Vec<CalendarFault>,
}

impl<'a> YearCheck<'a> {
    /// `years` are all of them: quiet weeks may reach into a neighbour's terms.
    pub(super) fn new(
        year: &'a SchoolYear,
        years: &'a [SchoolYear],
        faults: &'a mut Vec<CalendarFault>,
    ) -> Self {
        Self {
            year,
            years,
            faults,
        }
    }

    pub(super) fn all(&mut self) {
        // Without a name nobody knows which dates belong, so that question is left out.
        let bounds = match parse_school_year_name(&self.year.name) {
            Ok(start) => Some(administrative_year(start)),
            Err(error) => {
                self.fault("name", None, error.to_string());
                None
            }
        };
        self.terms(bounds);
        self.breaks(bounds);
        self.staff_days();
        self.quiet(bounds);
        self.window("explore", self.year.explore);
        self.window("evaluate", self.year.evaluate);
        self.windows_in_order();
        self.quality_report(bounds);
    }

    fn terms(&mut self, bounds: Option<Span>) {
        let terms = &self.year.terms;
        if terms.is_empty() {
            let example = "write at least one, terms = [{ from = 2026-08-18, to = 2026-12-18 }]";
            self.fault("terms", None, format!("there are none: {example}"));
        }
        for (index, &term) in terms.iter().enumerate() {
            if self.is_forward("terms", Some(index), term)
                && self.is_within("terms", Some(index), term, bounds)
                && !term.days().any(|day| self.year.is_school_day(day))
            {
                let why = "has no school day outside the breaks: correct it or the breaks";
                self.fault("terms", Some(index), format!("the term {term} {why}"));
            }
        }
        for (index, pair) in terms.windows(2).enumerate() {
            if let [before, term] = pair
                && term.from <= before.to
            {
                let why = format!("the term {term} does not start after {before} ends");
                let what = "write the terms in order, and without overlap";
                self.fault("terms", Some(index + 1), format!("{why}: {what}"));
            }
        }
    }

    fn breaks(&mut self, bounds: Option<Span>) {
        let breaks = &self.year.breaks;
        for (index, pause) in breaks.iter().enumerate() {
            let item = Some(index);
            if pause.name.trim().is_empty() {
                let what = "write what it is called, name = \"höstlov\"";
                self.fault(
                    "breaks",
                    item,
                    format!("the break {} has no name: {what}", pause.span),
                );
            }
            if self.is_forward("breaks", item, pause.span) {
                self.is_within("breaks", item, pause.span, bounds);
            }
            let earlier = breaks[..index]
                .iter()
                .find(|other| other.span.overlaps(&pause.span));
            if let Some(other) = earlier {
                let problem = format!(
                    "{} ({}) overlaps {} ({}): give every day to one break only",
                    pause.name, pause.span, other.name, other.span,
                );
                self.fault("breaks", item, problem);
            }
        }
    }

    fn staff_days(&mut self) {
        let days = &self.year.staff_days;
        for (index, &day) in days.iter().enumerate() {
            let problem = if days[..index].contains(&day) {
                format!("{day} is there twice: keep one")
            } else if let Some(free) = free_day(day) {
                format!("{day} is {free}: write a day from Monday to Friday that is not free")
            } else if !self.year.terms.iter().any(|term| term.contains(day)) {
                let why = "where there are no pupils anyway";
                format!("{day} is outside the terms, {why}: take it away or correct the date")
            } else {
                continue;
            };
            self.fault("staff-days", Some(index), problem);
        }
    }

    fn quiet(&mut self, bounds: Option<Span>) {
        // The summer around a school year belongs as much to its neighbours.
        let bounds = bounds.map(|year| {
            Span::new(
                year.from.saturating_sub(jiff::Span::new().months(2)),
                year.to.saturating_add(jiff::Span::new().months(1)),
            )
        });
        let quiet = &self.year.quiet;
        for (index, &span) in quiet.iter().enumerate() {
            let item = Some(index);
            if !self.is_forward("quiet", item, span) || !self.is_within("quiet", item, span, bounds)
            {
                continue;
            }
            if span.len_days() > LONGEST_QUIET_DAYS {
                let what = format!("write at most {LONGEST_QUIET_DAYS} days at a time");
                let why = format!("{span} would hold all mail for {} days", span.len_days());
                self.fault("quiet", item, format!("{why}: {what}"));
                continue;
            }
            let is_school_day = |day| self.years.iter().any(|year| year.is_school_day(day));
            let school_days = span.days().filter(|&day| is_school_day(day)).count();
            if school_days > 0 {
                let why = format!("{span} would hold all mail on {school_days} school days");
                let what = "keep quiet weeks outside the terms or inside a break";
                self.fault("quiet", item, format!("{why}: {what}"));
            }
            if let Some(other) = quiet[..index].iter().find(|other| other.overlaps(&span)) {
                let problem = format!("{span} overlaps {other}: write them as one");
                self.fault("quiet", item, problem);
            }
        }
    }

    /// A window of dialogues starts and ends in a term; a break may lie inside it.
    fn window(&mut self, key: &'static str, window: Option<Span>) {
        let Some(window) = window else { return };
        if !self.is_forward(key, None, window) {
            return;
        }
        let in_term = |date| self.year.terms.iter().any(|term| term.contains(date));
        if !in_term(window.from) || !in_term(window.to) {
            let day = if in_term(window.from) {
                window.to
            } else {
                window.from
            };
            let what = "let the window start and end on days of a term";
            self.fault(key, None, format!("{day} is outside the terms: {what}"));
        } else if !window.days().any(|day| self.year.is_school_day(day)) {
            let why = format!("{window} holds no school day");
            self.fault(key, None, format!("{why}: widen it, so that dialogues fit"));
        }
    }

    fn windows_in_order(&mut self) {
        if let (Some(explore), Some(evaluate)) = (self.year.explore, self.year.evaluate)
            && evaluate.from <= explore.to
        {
            let why = format!("{evaluate} does not start after explore ({explore}) ends");
            let what = "the first dialogue comes before the second, so move one of them";
            self.fault("evaluate", None, format!("{why}: {what}"));
        }
    }

    fn quality_report(&mut self, bounds: Option<Span>) {
        if let Some(due) = self.year.quality_report {
            self.is_within("quality-report", None, Span::new(due, due), bounds);
        }
    }

    fn is_forward(&mut self, key: &'static str, item: Option<usize>, span: Span) -> bool {
        if span.from <= span.to {
            return true;
        }
        let Span { from, to } = span;
        let problem = format!("from = {from} is after to = {to}: write from = {to}, to = {from}");
        self.fault(key, item, problem);
        false
    }

    fn is_within(
        &mut self,
        key: &'static str,
        item: Option<usize>,
        span: Span,
        bounds: Option<Span>,
    ) -> bool {
        let Some(bounds) = bounds else { return true };
        if bounds.contains(span.from) && bounds.contains(span.to) {
            return true;
        }
        let what = if span.from == span.to {
            span.from.to_string()
        } else {
            span.to_string()
        };
        let name = &self.year.name;
        let problem = format!(
            "{what} does not lie within {bounds}: correct the date, or move it from {name} to its own school year"
        );
        self.fault(key, item, problem);
        false
    }

    fn fault(&mut self, key: &'static str, item: Option<usize>, problem: String) {
        let school_year = self.year.name.clone();
        self.faults.push(CalendarFault {
            school_year,
            key,
            item,
            problem,
        });
    }
}

/// Why nobody works that day, quiet weeks aside.
fn free_day(date: Date) -> Option<&'static str> {
    if let Some(day) = red_day(date) {
        Some(day.name(Language::English))
    } else if let Some(eve) = great_eve(date) {
        Some(eve.name(Language::English))
    } else {
        match date.weekday() {
            Weekday::Saturday => Some("a Saturday"),
            Weekday::Sunday => Some("a Sunday"),
            _ => None,
        }
    }
}
