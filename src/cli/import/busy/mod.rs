//! A person's own calendar (`.ics`, RFC 5545): when they are busy.
//!
//! The file's name without its ending is whose it is: an identifier or an address. Only times are
//! read, never what they are for. Events that take no time, and our own invitations that came back,
//! are left out; series are worked out within the school years configured; what overlaps becomes
//! one stretch, and what runs over midnight one a day. What cannot be read is refused: a time that
//! is guessed puts somebody in two places at once.

mod events;
mod lines;
mod moment;
mod series;
mod zones;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::columns::Kind;
use super::cross::{self, Seen};
use super::report::{Note, Report};
use super::text::{Unreadable, composed};
use crate::calendar::{Calendar, Span};
use crate::follow_up::PersonId;
use crate::plan::placing::Busy;
use crate::store::{Batch, Known, Unclear, Whom};
use events::Taken;
use zones::Zones;

/// Larger than the calendar of a working life.
const MOST_BYTES: usize = 64 << 20;

/// Whether a file is a calendar by its ending.
pub fn is_calendar(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("ics"))
}

/// Reads the calendars of people into a batch that has everything else of the call.
pub fn read(
    files: Vec<(PathBuf, Vec<u8>)>,
    (batch, seen): (&mut Batch, &Seen),
    (known, calendar): (&Known, &Calendar),
    report: &mut Report,
) {
    let whom = cross::everybody(batch, known);
    let mut owners: BTreeMap<PersonId, PathBuf> = BTreeMap::new();
    for (file, bytes) in files {
        let owner = owner(&file, (&whom, seen), report);
        if let Some(person) = &owner
            && let Some(other) = owners.insert(person.clone(), file.clone())
        {
            let message = format!(
                "{} is the calendar of {person} too; put both into one file, or keep one of them",
                other.display()
            );
            report.fault(Note::of_file(&file, message));
        }
        let stretches = match stretches(&bytes, calendar) {
            Ok(stretches) => stretches,
            Err(faults) => {
                let note = |(line, message)| Note {
                    line,
                    ..Note::of_file(&file, message)
                };
                let faults = alike(&faults).into_iter().map(note);
                faults.for_each(|fault| report.fault(fault));
                continue;
            }
        };
        if let Some(person) = owner {
            if stretches.is_empty() {
                report.warn(Note::of_file(&file, NOTHING));
            }
            let busy = stretches.into_iter().map(|(starts, minutes)| Busy {
                person: person.clone(),
                starts,
                minutes,
            });
            let busy = busy.collect();
            batch.busy.insert(person, busy);
        }
    }
}

const NOTHING: &str = "nothing in it takes time within the school years, so its person is taken to be free; see that the right calendar and days were exported";

/// Whose calendar a file is, by its name. That it is nobody's is a fault, unless a row of the call
/// that has faults of its own means them.
fn owner(file: &Path, (whom, seen): (&Whom, &Seen), report: &mut Report) -> Option<PersonId> {
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let name = composed(&name);
    let unclear = match whom.find(&name) {
        Ok(person) => return Some(person),
        Err(unclear) => unclear,
    };
    let is_meant = seen.means(Kind::People, &name.to_lowercase());
    if !is_meant || matches!(unclear, Unclear::Several(..)) {
        let message = format!("the file's name says whose calendar it is, but {name} {unclear}");
        report.fault(Note::of_file(file, message));
    }
    None
}

/// Faults of the same words told once, at the first line of them.
fn alike(faults: &[Unreadable]) -> Vec<Unreadable> {
    let mut told: BTreeMap<&str, (usize, Option<usize>, usize)> = BTreeMap::new();
    for (place, (line, message)) in faults.iter().enumerate() {
        told.entry(message).or_insert((place, *line, 0)).2 += 1;
    }
    let mut told: Vec<_> = told.into_iter().collect();
    told.sort_by_key(|(_, (place, ..))| *place);
    let words = |(message, (_, line, count)): (&str, (_, _, usize))| match count {
        1 => (line, message.to_owned()),
        _ => (
            line,
            format!("{message} ({count} lines of the file are like this one)"),
        ),
    };
    told.into_iter().map(words).collect()
}

/// When somebody is busy, by local start and minutes, each within a day; or every fault.
fn stretches(bytes: &[u8], calendar: &Calendar) -> Result<Vec<(DateTime, u32)>, Vec<Unreadable>> {
    let of_file = |message: &str| vec![(None, message.to_owned())];
    let years = calendar.school_years();
    let (Some(first), Some(last)) = (years.first(), years.last()) else {
        return Err(of_file(
            "there is no school year to read it for; write a [[school-year]] in the configuration",
        ));
    };
    let years = Span::new(
        first.administrative_year().from,
        last.administrative_year().to,
    );
    if bytes.len() > MOST_BYTES {
        return Err(of_file(
            "it is larger than 64 MB; export only the school year, without attachments",
        ));
    }
    let calendars = lines::calendars(bytes).map_err(|fault| vec![fault])?;
    let zone = calendar.zone();
    let mut zones = Zones::of(&calendars, zone.clone());
    let mut faults = Vec::new();
    // In another zone it may be the day after.
    let last = years
        .to
        .saturating_add(2.days())
        .to_datetime(Time::midnight());
    let taken = events::taken(&calendars, last, &mut zones, &mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    let whole = taken.iter().filter_map(|taken| local(taken, zone, years));
    let days = merged(whole.collect()).into_iter().flat_map(by_day);
    Ok(days.collect())
}

/// Taken time on the authority's wall, in whole minutes within the school years.
fn local(taken: &Taken, zone: &TimeZone, years: Span) -> Option<(DateTime, DateTime)> {
    let start = taken
        .start
        .at
        .to_zoned_datetime(taken.start.zone.clone())
        .ok()?;
    let end = start.checked_add(taken.length);
    let end = end.map_or(Timestamp::MAX, |end| end.timestamp());
    let elapsed = end.duration_since(start.timestamp());
    let from = zone.to_datetime(start.timestamp());
    let mut to = zone.to_datetime(end);
    if to <= from && elapsed.is_positive() {
        // The clocks went back meanwhile.
        to = from.saturating_add(elapsed);
    }
    let minute = |at: DateTime| at.with().second(0).subsec_nanosecond(0).build().ok();
    let ceiling = minute(to.saturating_add(SignedDuration::from_secs(59)))?;
    let midnight = |day: Date| day.to_datetime(Time::midnight());
    let from = minute(from)?.max(midnight(years.from));
    let to = ceiling.min(midnight(years.to.saturating_add(1.day())));
    (from < to).then_some((from, to))
}

/// Stretches that overlap or meet become one.
fn merged(mut stretches: Vec<(DateTime, DateTime)>) -> Vec<(DateTime, DateTime)> {
    stretches.sort();
    let mut merged: Vec<(DateTime, DateTime)> = Vec::new();
    for (from, to) in stretches {
        match merged.last_mut() {
            Some((_, end)) if from <= *end => *end = (*end).max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

/// A stretch day by day: local start and minutes.
fn by_day((from, to): (DateTime, DateTime)) -> impl Iterator<Item = (DateTime, u32)> {
    let days = Span::new(from.date(), to.date()).days();
    days.filter_map(move |day| {
        let midnight = |day: Date| day.to_datetime(Time::midnight());
        let (from, to) = (
            from.max(midnight(day)),
            to.min(midnight(day.tomorrow().ok()?)),
        );
        let minutes = u32::try_from(to.duration_since(from).as_mins()).ok()?;
        (minutes > 0).then_some((from, minutes))
    })
}
