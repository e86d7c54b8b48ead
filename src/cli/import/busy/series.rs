//! The rule of a series into its times.
//!
//! calcard works out the rule, in the wall time of the series' own zone, so that a meeting at 8.30
//! stays at 8.30 when the clocks change. It overlooks what it does not understand and cuts numbers
//! that are too large; so a rule is read here first, and one that is not sound is refused.

use calcard::common::timezone::Tz;
use calcard::icalendar::{ICalendar, ICalendarValue};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::moment;

/// The numbers a part may hold, and whether they may count from the end.
const NUMBERS: [(&str, u32, u32, bool); 11] = [
    ("INTERVAL", 1, 9999, false),
    ("COUNT", 1, 99_999_999, false),
    ("BYSECOND", 0, 59, false),
    ("BYMINUTE", 0, 59, false),
    ("BYHOUR", 0, 23, false),
    ("BYMONTHDAY", 1, 31, true),
    ("BYYEARDAY", 1, 366, true),
    ("BYWEEKNO", 1, 53, true),
    ("BYMONTH", 1, 12, false),
    ("BYSETPOS", 1, 366, true),
    ("BYDAY", 1, 53, true),
];

const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// A series that has come about more often than this is none of a school's meetings: each day for
/// more than a century. Nor is one that comes about more often than daily.
const MOST: usize = 40_000;

/// Working out a series takes time by its age. Birthdays without a year begin in 1604.
const EARLIEST: i16 = 1600;

const UNREADABLE: &str = "its rule cannot be read; correct it in the calendar program, or delete the event there, and export anew";
const TOO_OFTEN: &str = "it repeats far too often; give it an end in the calendar program, or delete it there, and export anew";
const TOO_OLD: &str = "the series began before 1600; correct its start in the calendar program, or delete it there, and export anew";

/// When a series is held, from its first time to a last day, in the wall time of its zone.
///
/// # Errors
/// What is wrong with the rule, and what to do.
pub fn times(
    rule: &str,
    (first, zone): (DateTime, &TimeZone),
    last: DateTime,
) -> Result<Vec<DateTime>, String> {
    let rule = rule.trim().trim_end_matches(';').to_ascii_uppercase();
    let mut parts: Vec<(&str, &str)> = Vec::new();
    for part in rule.split(';') {
        let part = part.split_once('=').filter(|(name, value)| {
            let is_new = parts.iter().all(|(known, _)| known != name);
            is_new && is_sound(name, value)
        });
        parts.push(part.ok_or(UNREADABLE)?);
    }
    let often = parts.iter().find(|(name, _)| *name == "FREQ");
    if matches!(
        often.ok_or(UNREADABLE)?.1,
        "SECONDLY" | "MINUTELY" | "HOURLY"
    ) {
        return Err(TOO_OFTEN.into());
    }
    if first.year() < EARLIEST {
        return Err(TOO_OLD.into());
    }
    let until = parts.iter().find(|(name, _)| *name == "UNTIL");
    let until = match until {
        Some((_, value)) => moment::until(value, zone).ok_or(UNREADABLE)?.min(last),
        None => last,
    };
    if until < first {
        return Ok(vec![first]);
    }
    parts.retain(|(name, _)| *name != "UNTIL");
    let parts = parts.iter().map(|(name, value)| format!("{name}={value};"));
    let rule: String = parts.collect();
    let (start, until) = (
        first.strftime("%Y%m%dT%H%M%S"),
        until.strftime("%Y%m%dT%H%M%S"),
    );
    let event = format!(
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:{start}\r\nRRULE:{rule}UNTIL={until}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    let event = ICalendar::parse(&event).map_err(|_| UNREADABLE)?;
    let expanded = event.expand_dates(Tz::Floating, MOST + 1);
    if !is_understood(&event) || !expanded.errors.is_empty() {
        return Err(UNREADABLE.into());
    }
    if expanded.events.len() > MOST {
        return Err(TOO_OFTEN.into());
    }
    let starts = expanded.events.iter().map(|event| event.timestamps().0);
    let starts = starts.filter_map(|start| Timestamp::from_second(start).ok());
    Ok(starts
        .map(|start| TimeZone::UTC.to_datetime(start))
        .collect())
}

/// Whether calcard took the rule for one; else it would make a single event of the series.
fn is_understood(event: &ICalendar) -> bool {
    let mut entries = event.components.iter().flat_map(|part| &part.entries);
    entries.any(|entry| matches!(entry.values[..], [ICalendarValue::RecurrenceRule(_)]))
}

/// Whether a part of a rule is one of the standard's, with values in its bounds.
fn is_sound(name: &str, value: &str) -> bool {
    match name {
        "FREQ" => matches!(
            value,
            "SECONDLY" | "MINUTELY" | "HOURLY" | "DAILY" | "WEEKLY" | "MONTHLY" | "YEARLY"
        ),
        "UNTIL" => true,
        "WKST" => DAYS.contains(&value),
        "BYDAY" => value.split(',').all(|day| {
            let place = DAYS.iter().find_map(|known| day.strip_suffix(known));
            place.is_some_and(|place| place.is_empty() || is_number(name, place))
        }),
        _ => value.split(',').all(|number| is_number(name, number)),
    }
}

fn is_number(name: &str, text: &str) -> bool {
    let of_name = NUMBERS.iter().find(|(known, ..)| *known == name);
    of_name.is_some_and(|(_, low, high, is_signed)| {
        let digits = match text.strip_prefix(['+', '-']) {
            Some(digits) if *is_signed => digits,
            _ => text,
        };
        let is_plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
        is_plain
            && digits
                .parse()
                .is_ok_and(|number: u32| (*low..=*high).contains(&number))
    })
}
