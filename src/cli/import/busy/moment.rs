//! Times, durations and periods of a calendar file (RFC 5545, 3.3).

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::super::cells;
use super::super::text::Unreadable;
use super::lines::Property;
use super::zones::Zones;

/// A time as a file tells it.
#[derive(Debug, Clone)]
pub struct Moment {
    /// What the wall shows; midnight for a day.
    pub at: DateTime,
    /// Where the wall is: the authority's zone where the file does not say.
    pub zone: TimeZone,
    /// Whether it stands for a whole day.
    pub is_day: bool,
}

impl Moment {
    /// The instant; `None` at the ends of time.
    pub fn instant(&self) -> Option<Timestamp> {
        self.zone.to_timestamp(self.at).ok()
    }

    /// What the wall shows elsewhere. A day is the same day everywhere.
    pub fn seen_from(&self, zone: &TimeZone) -> Option<DateTime> {
        if self.is_day || self.zone == *zone {
            return Some(self.at);
        }
        Some(zone.to_datetime(self.instant()?))
    }
}

/// A day, a local time, or one in UTC.
enum Form {
    Day,
    Local,
    Utc,
}

/// `20261006`, `20261006T083000` or `20261006T063000Z`.
fn point(text: &str) -> Option<(DateTime, Form)> {
    let (day, time) = text.trim().split_at_checked(8)?;
    let day = cells::date(day)?;
    let Some(time) = time.strip_prefix(['T', 't']) else {
        return time
            .is_empty()
            .then(|| (day.to_datetime(Time::midnight()), Form::Day));
    };
    let (time, form) = match time.strip_suffix(['Z', 'z']) {
        Some(time) => (time, Form::Utc),
        None => (time, Form::Local),
    };
    let is_time = time.len() == 6 && time.bytes().all(|digit| digit.is_ascii_digit());
    let part = |from: usize| time.get(from..from + 2)?.parse::<i8>().ok();
    // A leap second is none on anybody's wall.
    let second = part(4).map(|second| if second == 60 { 59 } else { second });
    let time = is_time.then(|| Time::new(part(0)?, part(2)?, second?, 0).ok());
    Some((day.to_datetime(time.flatten()?), form))
}

/// A local time, in a place where nothing else is meant.
pub fn local(text: &str) -> Option<DateTime> {
    point(text).map(|(at, _)| at)
}

/// The last instant of a series as the wall of its zone shows it; a day counts to its end.
pub fn until(text: &str, zone: &TimeZone) -> Option<DateTime> {
    let (at, form) = point(text)?;
    match form {
        Form::Day => at.date().at(23, 59, 59, 0).into(),
        Form::Local => Some(at),
        Form::Utc => Some(zone.to_datetime(TimeZone::UTC.to_timestamp(at).ok()?)),
    }
}

/// The first midnight of a month.
pub fn start_of(year: i16, month: i8) -> Option<DateTime> {
    Date::new(year, month, 1)
        .ok()
        .map(|day| day.to_datetime(Time::midnight()))
}

/// A time of a property, in the zone it names.
///
/// # Errors
/// It is no time, or its zone is unknown.
pub fn moment(property: &Property, text: &str, zones: &mut Zones) -> Result<Moment, Unreadable> {
    let Some((at, form)) = point(text) else {
        let message = "the time cannot be read; correct it in the calendar program, or delete the event there, and export anew";
        return Err((Some(property.line), message.into()));
    };
    let zone = match (&form, property.parameter("TZID")) {
        (Form::Utc, _) => TimeZone::UTC,
        (Form::Local, Some(name)) => zones.find(name).ok_or_else(|| {
            let name: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
            let message = format!(
                "the time zone \"{name}\" is unknown; write one such as Europe/Stockholm in its place, here or in the calendar program"
            );
            (Some(property.line), message)
        })?,
        (Form::Day, _) | (Form::Local, None) => zones.own.clone(),
    };
    let is_day = matches!(form, Form::Day);
    Ok(Moment { at, zone, is_day })
}

/// Every time of the properties of a name, which may hold several each.
///
/// # Errors
/// As [`moment`].
pub fn moments<'a>(
    properties: impl Iterator<Item = &'a Property>,
    zones: &mut Zones,
) -> Result<Vec<Moment>, Unreadable> {
    let mut moments = Vec::new();
    for property in properties {
        for text in property.value.split(',') {
            moments.push(moment(property, text, zones)?);
        }
    }
    Ok(moments)
}

/// How long something takes: `PT45M`, `P1D`.
///
/// # Errors
/// It is no duration, or a negative one.
pub fn duration(property: &Property, text: &str) -> Result<Span, Unreadable> {
    let text = text.trim();
    let is_duration = text.trim_start_matches('+').starts_with(['P', 'p']);
    let span = is_duration.then(|| text.parse::<Span>().ok()).flatten();
    span.filter(|span| !span.is_negative()).ok_or_else(|| {
        let message = "the duration cannot be read; correct it in the calendar program, or delete the event there, and export anew";
        (Some(property.line), message.into())
    })
}

/// The time from one instant to another.
///
/// # Errors
/// The end comes before the start.
pub fn between(property: &Property, start: &Moment, end: &Moment) -> Result<Span, Unreadable> {
    let backwards = || {
        let message = "the end comes before the start; correct it in the calendar program, or delete the event there, and export anew";
        (Some(property.line), message.to_owned())
    };
    if start.is_day && end.is_day {
        let days = (start.at.date().duration_until(end.at.date()).as_hours() / 24)
            .try_into()
            .map_err(|_| backwards())?;
        return match days {
            ..0 => Err(backwards()),
            // Some programs write the day itself as its end.
            0 => Ok(Span::new().days(1)),
            _ => Ok(Span::new().days::<i32>(days)),
        };
    }
    let seconds = match (start.instant(), end.instant()) {
        (Some(start), Some(end)) => end.as_second() - start.as_second(),
        // The last day there is has no instants everywhere.
        _ => start.at.duration_until(end.at).as_secs(),
    };
    let span = Span::new().try_seconds(seconds).ok();
    span.filter(|span| !span.is_negative())
        .ok_or_else(backwards)
}
