//! Values as the file writes them: days, clock times, spans, weekdays.

use jiff::civil::{Date, Time, Weekday};
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::plain::quoted;
use crate::calendar::Span;

/// A day: a TOML date, or the same in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(pub Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match Word::deserialize(deserializer)? {
            Word::Datetime(datetime) => datetime.to_string(),
            Word::Text(text) => text,
        };
        let strict = text.len() == 10;
        match text.parse() {
            Ok(date) if strict => Ok(Self(date)),
            _ => Err(D::Error::custom(format!(
                "{} is not a day; write it as 2026-08-18",
                quoted(&text)
            ))),
        }
    }
}

/// A local clock time: `"07:00"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock(pub Time);

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match Word::deserialize(deserializer)? {
            Word::Datetime(datetime) => datetime.to_string(),
            Word::Text(text) => text,
        };
        let parsed = match text.len() {
            5 | 8 => text.parse().ok(),
            _ => None,
        };
        parsed.map(Self).ok_or_else(|| {
            D::Error::custom(format!(
                "{} is not a time of day; write it as \"07:00\"",
                quoted(&text)
            ))
        })
    }
}

/// TOML has dates of its own; people also write them in quotes.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected a day such as 2026-08-18 or a time such as \"07:00\""
)]
enum Word {
    Datetime(toml::value::Datetime),
    Text(String),
}

/// Two days, both included: `{ from = 2026-11-02, to = 2026-11-06 }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FromTo {
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
}

impl FromTo {
    /// As the calendar has it.
    pub fn span(self) -> Span {
        Span {
            from: self.from.0,
            to: self.to.0,
        }
    }
}

/// A break with its name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedFromTo {
    /// What people call it.
    pub name: String,
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
}

/// A weekday: `"mon"` to `"sun"`, or `"mån"` to `"sön"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayOfWeek(pub Weekday);

impl<'de> Deserialize<'de> for DayOfWeek {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let weekday = match text.to_lowercase().as_str() {
            "mon" | "mån" => Weekday::Monday,
            "tue" | "tis" => Weekday::Tuesday,
            "wed" | "ons" => Weekday::Wednesday,
            "thu" | "tors" | "tor" => Weekday::Thursday,
            "fri" | "fre" => Weekday::Friday,
            "sat" | "lör" => Weekday::Saturday,
            "sun" | "sön" => Weekday::Sunday,
            _ => {
                return Err(D::Error::custom(format!(
                    "{} is not a weekday; write mon, tue, wed, thu, fri, sat or sun",
                    quoted(&text)
                )));
            }
        };
        Ok(Self(weekday))
    }
}
