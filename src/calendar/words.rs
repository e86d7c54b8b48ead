//! Dates and times as a Swedish public authority writes them, and in English.
//!
//! Swedish follows Myndigheternas skrivregler and Språkrådet: `den 3 december 2026`, lower
//! case, the year always there, `kl. 8.30` in text and `08.30` in tables. English is the
//! British order with a 24-hour clock and a colon, which no Swedish reader can take for an
//! afternoon.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

use super::week::Week;

/// A language that mails and pages are written in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum Language {
    #[default]
    #[serde(rename = "sv")]
    Swedish,
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// The language's code, as in `lang="sv"`.
    pub fn code(self) -> &'static str {
        self.pick("sv", "en")
    }

    /// The one of two texts that is in this language.
    pub fn pick<T>(self, swedish: T, english: T) -> T {
        match self {
            Self::Swedish => swedish,
            Self::English => english,
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// What was written names no language we know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a language known here: write sv (Swedish) or en (English)")]
pub struct UnknownLanguage(pub String);

impl FromStr for Language {
    type Err = UnknownLanguage;

    /// `sv` or `en`, or the language's name in either language; case does not matter.
    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        match text.trim().to_lowercase().as_str() {
            "sv" | "svenska" | "swedish" => Ok(Self::Swedish),
            "en" | "engelska" | "english" => Ok(Self::English),
            _ => Err(UnknownLanguage(text.to_owned())),
        }
    }
}

const MONTHS: [(&str, &str); 12] = [
    ("januari", "January"),
    ("februari", "February"),
    ("mars", "March"),
    ("april", "April"),
    ("maj", "May"),
    ("juni", "June"),
    ("juli", "July"),
    ("augusti", "August"),
    ("september", "September"),
    ("oktober", "October"),
    ("november", "November"),
    ("december", "December"),
];

const SHORT_MONTHS: [(&str, &str); 12] = [
    ("jan", "Jan"),
    ("feb", "Feb"),
    ("mars", "Mar"),
    ("apr", "Apr"),
    ("maj", "May"),
    ("juni", "Jun"),
    ("juli", "Jul"),
    ("aug", "Aug"),
    ("sep", "Sep"),
    ("okt", "Oct"),
    ("nov", "Nov"),
    ("dec", "Dec"),
];

/// Swedish in the definite form, as a date in running text takes it.
const WEEKDAYS: [(&str, &str); 7] = [
    ("måndagen", "Monday"),
    ("tisdagen", "Tuesday"),
    ("onsdagen", "Wednesday"),
    ("torsdagen", "Thursday"),
    ("fredagen", "Friday"),
    ("lördagen", "Saturday"),
    ("söndagen", "Sunday"),
];

const SHORT_WEEKDAYS: [(&str, &str); 7] = [
    ("mån", "Mon"),
    ("tis", "Tue"),
    ("ons", "Wed"),
    ("tors", "Thu"),
    ("fre", "Fri"),
    ("lör", "Sat"),
    ("sön", "Sun"),
];

/// `torsdagen den 3 december 2026 (vecka 49)`, `Thursday 3 December 2026 (week 49)`.
pub fn long_date(date: Date, language: Language) -> String {
    let week = week_in_text(Week::of(date), language);
    format!("{} ({week})", weekday_date(date, language))
}

/// `torsdagen den 3 december 2026`, `Thursday 3 December 2026`.
pub fn weekday_date(date: Date, language: Language) -> String {
    format!(
        "{} {}",
        weekday(&WEEKDAYS, date, language),
        date_in_text(date, language)
    )
}

/// `den 3 december 2026`, `3 December 2026`.
pub fn date_in_text(date: Date, language: Language) -> String {
    let month = month(&MONTHS, date.month(), language);
    let article = language.pick("den ", "");
    format!("{article}{} {month} {}", date.day(), date.year())
}

/// For narrow lists, where the year is clear: `tors 3 dec`, `Thu 3 Dec`.
pub fn short_date(date: Date, language: Language) -> String {
    let weekday = weekday(&SHORT_WEEKDAYS, date, language);
    format!(
        "{weekday} {} {}",
        date.day(),
        month(&SHORT_MONTHS, date.month(), language)
    )
}

/// With its preposition, to follow a date: `kl. 8.30`, `kl. 9`; `at 8:30`, `at 9:00`.
/// Seconds are left out.
pub fn time_in_text(time: Time, language: Language) -> String {
    format!("{} {}", language.pick("kl.", "at"), clock(time, language))
}

/// With its preposition, to follow a date: `kl. 9–10.30`, `at 9:00–10:30`.
pub fn time_span_in_text(from: Time, to: Time, language: Language) -> String {
    format!("{}–{}", time_in_text(from, language), clock(to, language))
}

/// With equal digits, for columns: `08.30`. The same in both languages.
pub fn time_in_table(time: Time) -> String {
    format!("{:02}.{:02}", time.hour(), time.minute())
}

/// `vecka 49`, `week 49`.
pub fn week_in_text(week: Week, language: Language) -> String {
    format!("{} {}", language.pick("vecka", "week"), week.number())
}

/// `v. 49`, `wk 49`.
pub fn short_week(week: Week, language: Language) -> String {
    format!("{} {}", language.pick("v.", "wk"), week.number())
}

/// `december 2026`, `December 2026`. A month that does not exist is the nearest that does.
pub fn month_in_text(year: i16, month: i8, language: Language) -> String {
    format!("{} {year}", self::month(&MONTHS, month, language))
}

fn clock(time: Time, language: Language) -> String {
    match (language, time.minute()) {
        (Language::Swedish, 0) => time.hour().to_string(),
        (Language::Swedish, minute) => format!("{}.{minute:02}", time.hour()),
        (Language::English, minute) => format!("{}:{minute:02}", time.hour()),
    }
}

fn month(
    names: &[(&'static str, &'static str); 12],
    month: i8,
    language: Language,
) -> &'static str {
    let (swedish, english) = names[usize::from(month.clamp(1, 12).unsigned_abs()) - 1];
    language.pick(swedish, english)
}

fn weekday(
    names: &[(&'static str, &'static str); 7],
    date: Date,
    language: Language,
) -> &'static str {
    let index = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs());
    let (swedish, english) = names[index];
    language.pick(swedish, english)
}
