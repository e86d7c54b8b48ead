//! Time zones by the names that calendar programs write.
//!
//! A name is looked for among those of the time zone database, then among Windows' own, then among
//! the zones the file defines itself. One that is none of these is nobody's zone: taking it for UTC
//! would put a meeting an hour or two off without a word.

use std::collections::BTreeMap;
use std::str::FromStr;

use calcard::common::timezone::Tz;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use super::lines::Component;
use super::moment;

/// The zones of one file.
#[derive(Debug)]
pub struct Zones {
    /// The authority's.
    pub own: TimeZone,
    /// By the name the file uses; `None` where it means nothing.
    named: BTreeMap<String, Option<TimeZone>>,
}

impl Zones {
    /// Of the calendars of a file, and the authority's zone for times without one.
    pub fn of(calendars: &[Component], own: TimeZone) -> Self {
        let definitions = calendars
            .iter()
            .flat_map(|calendar| calendar.inside("VTIMEZONE"));
        let named = definitions.map(|definition| {
            let name = definition.text("TZID");
            let zone = known(name).or_else(|| defined(definition));
            (name.to_owned(), zone.or_else(|| by_city(name)))
        });
        Self {
            named: named.collect(),
            own,
        }
    }

    /// The zone of that name.
    pub fn find(&mut self, name: &str) -> Option<TimeZone> {
        if !self.named.contains_key(name) {
            let zone = known(name).or_else(|| by_city(name));
            self.named.insert(name.to_owned(), zone);
        }
        self.named.get(name).cloned().flatten()
    }
}

/// Microsoft's names for UTC.
const UTC: [&str; 3] = [
    "(UTC) Coordinated Universal Time",
    "Coordinated Universal Time",
    "tzone://Microsoft/Utc",
];

/// A zone of the database, or of Windows.
fn known(name: &str) -> Option<TimeZone> {
    let name = name.trim();
    if UTC.contains(&name) {
        return Some(TimeZone::UTC);
    }
    let within_registry = || {
        // Some programs set their own name before the zone's: /mozilla.org/20050126_1/Europe/Paris.
        let mut strokes = name.match_indices('/').filter(|_| name.starts_with('/'));
        strokes.find_map(|(place, _)| of_database(&name[place + 1..]))
    };
    of_database(name).or_else(within_registry).or_else(|| {
        let windows = Tz::from_str(name).ok()?;
        let windows = windows.name()?;
        // A place that is not known is taken for its offset there, which is wrong in summer.
        let is_guess = name.starts_with('(') && windows.starts_with("Etc/GMT");
        if is_guess {
            None
        } else {
            of_database(&windows)
        }
    })
}

/// A zone of the database that is some place's.
fn of_database(name: &str) -> Option<TimeZone> {
    let is_nowhere = ["Etc/Unknown", "Factory", "localtime", "posixrules"]
        .iter()
        .any(|nowhere| name.eq_ignore_ascii_case(nowhere));
    if is_nowhere {
        return None;
    }
    TimeZone::get(name).ok()
}

/// Windows' list of places in another language, such as `(UTC+01:00) Amsterdam, Berlin, Rom`: the
/// zone of the first place whose name is the same in English, where it has the offset told.
fn by_city(name: &str) -> Option<TimeZone> {
    let (offset, places) = name.trim().strip_prefix('(')?.split_once(')')?;
    let offset = offset.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let offset = seconds(&offset.replace([' ', ':', '.'], ""))?;
    let winter = moment::start_of(2026, 1)?;
    let mut zones = places
        .split(',')
        .filter_map(|place| of_database(&format!("Europe/{}", place.trim().replace(' ', "_"))));
    zones.find(|zone| {
        let there = winter.to_zoned_datetime(zone.clone());
        there.is_ok_and(|there| there.offset().seconds() == offset)
    })
}

/// A zone as the file defines it.
fn defined(definition: &Component) -> Option<TimeZone> {
    if let Some(zone) = of_database(definition.text("X-LIC-LOCATION")) {
        return Some(zone);
    }
    let latest = |name| {
        let observances = definition.inside(name).filter_map(Observance::of);
        observances.max_by_key(|observance| observance.from)
    };
    match (latest("STANDARD"), latest("DAYLIGHT")) {
        (Some(always), None) | (None, Some(always)) => fixed(always.offset),
        (Some(standard), Some(daylight)) => match (standard.rule(), daylight.rule()) {
            (Some(back), Some(forth)) => {
                let (winter, summer) = (posix(standard.offset), posix(daylight.offset));
                TimeZone::posix(&format!("<std>{winter}<dst>{summer},{forth},{back}")).ok()
            }
            // It had a summer time once.
            (None, _) if !standard.repeats() && standard.from > daylight.from => {
                fixed(standard.offset)
            }
            _ => None,
        },
        (None, None) => None,
    }
}

fn fixed(seconds: i32) -> Option<TimeZone> {
    Offset::from_seconds(seconds).ok().map(TimeZone::fixed)
}

/// A part of the year with one offset.
struct Observance<'a> {
    definition: &'a Component,
    from: DateTime,
    offset: i32,
}

impl<'a> Observance<'a> {
    fn of(definition: &'a Component) -> Option<Self> {
        Some(Self {
            definition,
            from: moment::local(definition.text("DTSTART"))?,
            offset: seconds(definition.text("TZOFFSETTO"))?,
        })
    }

    fn repeats(&self) -> bool {
        self.definition.property("RRULE").is_some()
    }

    /// When it begins each year, as in the rules of POSIX: month, week, weekday and time of day. It
    /// is told by the weekday's place in the month, or by the seven days it may fall on.
    fn rule(&self) -> Option<String> {
        let rule = self.definition.text("RRULE").to_ascii_uppercase();
        let part = |name: &str| {
            let mut parts = rule.split(';').filter_map(|part| part.split_once('='));
            parts
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value)
        };
        let is_yearly = part("FREQ") == Some("YEARLY") && part("UNTIL").is_none();
        let month: u8 = part("BYMONTH")
            .filter(|_| is_yearly)?
            .parse()
            .ok()
            .filter(|month| (1..=12).contains(month))?;
        let day = part("BYDAY")?;
        let (place, weekday) = day.split_at_checked(day.len().checked_sub(2)?)?;
        let weekdays = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];
        let weekday = weekdays.iter().position(|known| *known == weekday)?;
        let week = match (place.trim_start_matches('+'), part("BYMONTHDAY")) {
            ("-1", None) => 5,
            (place, None) => place
                .parse()
                .ok()
                .filter(|place: &u8| (1..=4).contains(place))?,
            ("", Some(days)) => match days.split(',').flat_map(str::parse::<u8>).min()? {
                first @ (1 | 8 | 15 | 22) => first / 7 + 1,
                25 if matches!(month, 1 | 3 | 5 | 7 | 8 | 10 | 12) => 5,
                24 if matches!(month, 4 | 6 | 9 | 11) => 5,
                _ => return None,
            },
            _ => return None,
        };
        let time = self.from.strftime("%H:%M:%S");
        Some(format!("M{month}.{week}.{weekday}/{time}"))
    }
}

/// `+0100` or `+013000` in seconds.
fn seconds(offset: &str) -> Option<i32> {
    let offset = offset.trim();
    let (sign, digits) = match offset.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    if !matches!(digits.len(), 4 | 6) || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize| -> Option<i32> {
        digits
            .get(from..from + 2)
            .map_or(Some(0), |part| part.parse().ok())
    };
    Some(sign * (part(0)? * 3600 + part(2)? * 60 + part(4)?))
}

/// An offset as POSIX writes it: west of Greenwich is positive.
fn posix(seconds: i32) -> String {
    let sign = if seconds > 0 { "-" } else { "+" };
    let all = seconds.unsigned_abs();
    format!("{sign}{}:{:02}:{:02}", all / 3600, all / 60 % 60, all % 60)
}
