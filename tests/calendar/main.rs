//! The calendar against independent oracles, against a naive model of itself, and in stories.

mod almanac;
mod checks;
mod clock;
mod properties;
mod stories;
mod words;

use std::sync::LazyLock;

use avstamd::calendar::{Break, Calendar, SchoolYear, Span, Week};
use jiff::civil::Date;
use jiff::tz::TimeZone;

pub fn d(text: &str) -> Date {
    text.parse().unwrap()
}

pub fn span(from: &str, to: &str) -> Span {
    Span::new(d(from), d(to))
}

pub fn week(year: i16, number: i8) -> Week {
    Week::new(year, number).unwrap()
}

pub fn stockholm() -> TimeZone {
    TimeZone::get("Europe/Stockholm").unwrap()
}

/// Two school years of an ordinary authority: autumn break in week 44, quiet in weeks 27–31.
pub fn school_years() -> Vec<SchoolYear> {
    let pause = |name: &str, span: Span| Break {
        name: name.to_owned(),
        span,
    };
    vec![
        SchoolYear {
            name: "2026/27".to_owned(),
            terms: vec![
                span("2026-08-18", "2026-12-18"),
                span("2027-01-11", "2027-06-10"),
            ],
            breaks: vec![
                pause("höstlov", span("2026-10-26", "2026-10-30")),
                pause("sportlov", span("2027-02-15", "2027-02-19")),
            ],
            staff_days: vec![d("2026-09-25")],
            quiet: vec![span("2027-07-05", "2027-08-08")],
            explore: Some(span("2026-09-14", "2026-10-23")),
            evaluate: Some(span("2027-04-19", "2027-06-04")),
            quality_report: Some(d("2026-12-11")),
        },
        SchoolYear {
            name: "2027/28".to_owned(),
            terms: vec![
                span("2027-08-17", "2027-12-17"),
                span("2028-01-10", "2028-06-09"),
            ],
            breaks: vec![pause("höstlov", span("2027-11-01", "2027-11-05"))],
            staff_days: vec![],
            quiet: vec![span("2028-07-03", "2028-08-06")],
            explore: None,
            evaluate: None,
            quality_report: None,
        },
    ]
}

/// Made once: property tests ask it thousands of times.
pub fn calendar() -> &'static Calendar {
    static CALENDAR: LazyLock<Calendar> =
        LazyLock::new(|| Calendar::new(stockholm(), school_years()).unwrap());
    &CALENDAR
}
