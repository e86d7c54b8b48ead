//! School years: terms, breaks, staff days, quiet spans, and the windows of the dialogues.

use jiff::civil::Date;
use thiserror::Error;

/// Days from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

impl Span {
    /// Whether `date` lies in it.
    pub fn contains(self, date: Date) -> bool {
        self.from <= date && date <= self.to
    }

    /// Whether all of `other` lies in it.
    pub fn covers(self, other: Self) -> bool {
        self.from <= other.from && other.to <= self.to
    }
}

/// Days without pupils that have a name: höstlov, sportlov, påsklov.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// What people call it.
    pub name: String,
    /// Its days.
    pub span: Span,
}

/// A school year as the authority has decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchoolYear {
    /// Its name, `2026/27`. Names sort by time.
    pub name: String,
    /// The terms, autumn first.
    pub terms: Vec<Span>,
    /// Breaks within the terms.
    pub breaks: Vec<Break>,
    /// Days without pupils on which staff work.
    pub staff_days: Vec<Date>,
    /// Days on which leaders are on holiday: nothing is sent.
    pub quiet: Vec<Span>,
    /// The window of the first dialogues.
    pub explore: Option<Span>,
    /// The window of the second dialogues.
    pub evaluate: Option<Span>,
    /// When the authority's quality report is due.
    pub quality_report: Option<Date>,
}

impl SchoolYear {
    /// The first day of the first term.
    pub fn first_school_day(&self) -> Option<Date> {
        self.terms.first().map(|term| term.from)
    }

    /// The last day of the last term.
    pub fn last_school_day(&self) -> Option<Date> {
        self.terms.last().map(|term| term.to)
    }

    /// The calendar year it begins in.
    pub fn start_year(&self) -> i16 {
        parse_school_year_name(&self.name).unwrap_or(i16::MAX)
    }

    /// Administratively a school year runs from 1 August to 31 July.
    pub fn administrative(&self) -> Option<Span> {
        let start = self.start_year();
        let from = Date::new(start, 8, 1).ok()?;
        let to = Date::new(start.checked_add(1)?, 7, 31).ok()?;
        Some(Span { from, to })
    }
}

/// A text that names no school year.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a school year; write it as 2026/27")]
pub struct SchoolYearNameFault(pub String);

/// The name of the school year that begins in `start`: 2026 gives `2026/27`.
pub fn school_year_of(start: i16) -> String {
    let end = (i32::from(start) + 1).rem_euclid(100);
    format!("{start:04}/{end:02}")
}

/// The name of the school year that `date` lies in, from August to July.
pub fn school_year_name(date: Date) -> String {
    let start = if date.month() >= 8 {
        date.year()
    } else {
        date.year().saturating_sub(1)
    };
    school_year_of(start)
}

/// Reads a school year's name, `2026/27` or `2026/2027`; the calendar year it begins in.
///
/// # Errors
/// Anything else, or two years that do not follow each other.
pub fn parse_school_year_name(text: &str) -> Result<i16, SchoolYearNameFault> {
    let fault = || SchoolYearNameFault(text.trim().to_owned());
    let (start, end) = text.trim().split_once('/').ok_or_else(fault)?;
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if start.len() != 4 || !matches!(end.len(), 2 | 4) || !digits(start) || !digits(end) {
        return Err(fault());
    }
    let start: i16 = start.parse().map_err(|_| fault())?;
    let end: i32 = end.parse().map_err(|_| fault())?;
    let next = i32::from(start) + 1;
    let follows = end == next || end == next % 100;
    if (1000..9000).contains(&start) && follows {
        Ok(start)
    } else {
        Err(fault())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn names_are_read_and_written() {
        assert_eq!(parse_school_year_name("2026/27"), Ok(2026));
        assert_eq!(parse_school_year_name(" 1999/2000 "), Ok(1999));
        assert_eq!(school_year_of(1999), "1999/00");
        for wrong in [
            "2026",
            "2026/28",
            "26/27",
            "2026-27",
            "2026/2028",
            "aaaa/bb",
            "2026/027",
        ] {
            assert!(parse_school_year_name(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_school_year_turns_on_the_first_of_august() {
        assert_eq!(school_year_name(date(2027, 7, 31)), "2026/27");
        assert_eq!(school_year_name(date(2027, 8, 1)), "2027/28");
    }
}
