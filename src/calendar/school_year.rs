//! One school year as the authority decided it.

use jiff::civil::{Date, Weekday};

use super::red_day::{great_eve, red_day};
use super::school_year_name::{administrative_year, parse_school_year_name, start_year_of};
use super::span::Span;

/// Days without pupils inside the year: `höstlov`, `sportlov`, `påsklov`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    pub name: String,
    pub span: Span,
}

/// A school year (*läsår*): terms, breaks, and the authority's own dates.
///
/// A plain record: [`Calendar::new`](super::Calendar::new) is what checks that it makes sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchoolYear {
    /// `2026/27`.
    pub name: String,
    /// From the first to the last day with pupils, in order.
    pub terms: Vec<Span>,
    pub breaks: Vec<Break>,
    /// Days inside a term when only the staff is there (*studiedagar*).
    pub staff_days: Vec<Date>,
    /// Weeks when leaders are on holiday and nothing is sent.
    pub quiet: Vec<Span>,
    /// The window of the first dialogue.
    pub explore: Option<Span>,
    /// The window of the second dialogue.
    pub evaluate: Option<Span>,
    /// When the authority's quality report is due.
    pub quality_report: Option<Date>,
}

impl SchoolYear {
    /// The calendar year it starts in: 2026 for `2026/27`. If the name says nothing, the
    /// first term does; a year without either is 0.
    pub fn start_year(&self) -> i16 {
        parse_school_year_name(&self.name).unwrap_or_else(|_| {
            self.terms
                .first()
                .map_or(0, |term| start_year_of(term.from))
        })
    }

    /// 1 August to 31 July: every date of the calendar belongs to exactly one such year.
    pub fn administrative_year(&self) -> Span {
        administrative_year(self.start_year())
    }

    /// Whether pupils are at school that day.
    pub fn is_school_day(&self, date: Date) -> bool {
        !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
            && self.terms.iter().any(|term| term.contains(date))
            && self.break_on(date).is_none()
            && !self.staff_days.contains(&date)
            && red_day(date).is_none()
            && great_eve(date).is_none()
    }

    /// The break a date lies in.
    pub fn break_on(&self, date: Date) -> Option<&Break> {
        self.breaks.iter().find(|pause| pause.span.contains(date))
    }

    /// Every day with pupils, in order.
    pub fn school_days(&self) -> impl Iterator<Item = Date> + '_ {
        let days = self.terms.iter().flat_map(Span::days);
        days.filter(|&date| self.is_school_day(date))
    }

    /// The year's first day with pupils; a checked year always has one.
    pub fn first_school_day(&self) -> Option<Date> {
        let mut days = self.terms.iter().flat_map(Span::days);
        days.find(|&date| self.is_school_day(date))
    }

    /// The year's last day with pupils; a checked year always has one.
    pub fn last_school_day(&self) -> Option<Date> {
        let last = |term: &Span| term.days().filter(|&date| self.is_school_day(date)).last();
        self.terms.iter().rev().find_map(last)
    }
}
