//! The events of a calendar file, one by one and in series, as times in which somebody is busy.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Span;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::super::text::Unreadable;
use super::lines::{Component, Property};
use super::moment::{self, Moment};
use super::series;
use super::zones::Zones;

/// Time that is taken: from when, and for how long.
#[derive(Debug)]
pub struct Taken {
    /// Its start.
    pub start: Moment,
    /// Its length; days are days of the calendar, also where the clocks change.
    pub length: Span,
}

/// One event as the file has it.
struct Event<'a> {
    line: usize,
    uid: &'a str,
    start: Moment,
    length: Span,
    takes_time: bool,
    rule: Option<&'a Property>,
    /// Further times of a series, with a length where they have their own.
    also: Vec<(Moment, Option<Span>)>,
    except: Vec<Moment>,
    /// Which time of its series it replaces, and whether all later ones too.
    replaces: Option<(Moment, bool)>,
}

/// The time that the events of a file take, up to a last moment. Events that
/// cannot be read are told of in `faults`.
pub fn taken(
    calendars: &[Component],
    last: DateTime,
    zones: &mut Zones,
    faults: &mut Vec<Unreadable>,
) -> Vec<Taken> {
    let mut taken = Vec::new();
    let mut series: BTreeMap<&str, Vec<Event<'_>>> = BTreeMap::new();
    for calendar in calendars {
        for component in calendar.inside("VFREEBUSY") {
            faults.extend(component.every("FREEBUSY").take(1).map(nameless));
        }
        let events = calendar.inside("VEVENT").filter(|_| !is_ours(calendar));
        for component in events.filter(|event| !is_our_uid(event.text("UID"))) {
            match event(component, zones) {
                Ok(event) => series.entry(event.uid).or_default().push(event),
                Err(fault) => faults.push(fault),
            }
        }
    }
    let mut left = MOST;
    for (uid, events) in series {
        let (replacing, masters): (Vec<_>, Vec<_>) = events
            .into_iter()
            .partition(|event| event.replaces.is_some() && !uid.is_empty());
        for master in masters.iter().filter(|master| master.takes_time) {
            match occurrences(master, &replacing, last, &mut left) {
                Ok(found) => taken.extend(found),
                Err(fault) => faults.push(fault),
            }
        }
        let replacing = replacing.into_iter().filter(|event| event.takes_time);
        taken.extend(replacing.map(|event| Taken {
            start: event.start,
            length: event.length,
        }));
    }
    taken
}

/// So many times the series of one file may come about in all, also before the school years.
const MOST: usize = 500_000;

/// As what a series counts that never comes about.
const FRUITLESS: usize = 50_000;

/// Takes some of what is left of the times that a file may come to.
fn spend(left: &mut usize, cost: usize, line: usize) -> Result<(), Unreadable> {
    *left = left.saturating_sub(cost);
    if *left > 0 {
        return Ok(());
    }
    let message = "the series of this file repeat too often in all; export only the school year";
    Err((Some(line), message.to_owned()))
}

/// What the identifiers of our own invitations end with.
const OUR_UID: &str = "@avstamd";

/// The same within an identifier that Exchange has wrapped: letters as hexadecimal numbers.
const OUR_UID_WRAPPED: &str = "4061767374616d64";

/// Our invitation in somebody's calendar: it must not keep its own meeting from being moved.
fn is_our_uid(uid: &str) -> bool {
    let uid = uid.trim().to_ascii_lowercase();
    uid.ends_with(OUR_UID) || uid.contains(OUR_UID_WRAPPED)
}

/// A calendar that we wrote.
fn is_ours(calendar: &Component) -> bool {
    let program = calendar.text("PRODID").to_ascii_lowercase();
    program.contains("avstamd")
}

fn event<'a>(component: &'a Component, zones: &mut Zones) -> Result<Event<'a>, Unreadable> {
    let Some(first) = component.property("DTSTART") else {
        let message =
            "the event has no start (DTSTART); delete it in the calendar program, and export anew";
        return Err((Some(component.line), message.into()));
    };
    let start = moment::moment(first, &first.value, zones)?;
    let length = match (component.property("DTEND"), component.property("DURATION")) {
        (Some(end), _) => {
            let until = moment::moment(end, &end.value, zones)?;
            moment::between(end, &start, &until)?
        }
        (None, Some(length)) => moment::duration(length, &length.value)?,
        (None, None) => Span::new().days(i64::from(start.is_day)),
    };
    let replaces = match component.property("RECURRENCE-ID") {
        None => None,
        Some(which) => {
            let and_later = which
                .parameter("RANGE")
                .is_some_and(|range| range.eq_ignore_ascii_case("THISANDFUTURE"));
            Some((moment::moment(which, &which.value, zones)?, and_later))
        }
    };
    Ok(Event {
        line: component.line,
        uid: component.text("UID").trim(),
        start,
        length,
        takes_time: takes_time(component),
        rule: component.property("RRULE"),
        also: further(component, zones)?,
        except: moment::moments(component.every("EXDATE"), zones)?,
        replaces,
    })
}

/// Whether an event keeps its person from other things. What is tentative does.
fn takes_time(event: &Component) -> bool {
    let is_free = event.says("STATUS", &["CANCELLED"])
        || event.says("TRANSP", &["TRANSPARENT"])
        || event.says("X-MICROSOFT-CDO-BUSYSTATUS", &["FREE", "WORKINGELSEWHERE"]);
    !is_free
}

/// The further times of a series.
fn further(
    component: &Component,
    zones: &mut Zones,
) -> Result<Vec<(Moment, Option<Span>)>, Unreadable> {
    let mut further = Vec::new();
    for property in component.every("RDATE") {
        for text in property.value.split(',') {
            if text.contains('/') {
                let Taken { start, length } = period(property, text, zones)?;
                further.push((start, Some(length)));
            } else {
                further.push((moment::moment(property, text, zones)?, None));
            }
        }
    }
    Ok(further)
}

/// Start and end, or start and length, with a stroke between them.
fn period(property: &Property, text: &str, zones: &mut Zones) -> Result<Taken, Unreadable> {
    let (start, end) = text.split_once('/').unwrap_or((text, ""));
    let start = moment::moment(property, start, zones)?;
    let length = if end.trim_start_matches('+').starts_with(['P', 'p']) {
        moment::duration(property, end)?
    } else {
        let end = moment::moment(property, end, zones)?;
        moment::between(property, &start, &end)?
    };
    Ok(Taken { start, length })
}

/// Free/busy time says not of which event it is: our own meetings would be taken for others, and be
/// moved out of their own way.
fn nameless(property: &Property) -> Unreadable {
    let remedy = "free/busy time does not say which of it are meetings of avstamd; export the calendar's events instead";
    (Some(property.line), remedy.to_owned())
}

/// The times of an event or a series that nothing replaces and that are not taken out.
fn occurrences(
    master: &Event<'_>,
    replacing: &[Event<'_>],
    last: DateTime,
    left: &mut usize,
) -> Result<Vec<Taken>, Unreadable> {
    let zone = &master.start.zone;
    let times = times(master, last, left)?;
    spend(left, replacing.len(), master.line)?;
    let which = replacing.iter().filter_map(|event| event.replaces.as_ref());
    let replaced = Times::of(which.map(|(which, _)| which), zone);
    let except = Times::of(master.except.iter(), zone);
    let later = replacing.iter().filter_map(|event| {
        let (which, and_later) = event.replaces.as_ref()?;
        and_later.then_some((which.seen_from(zone)?, event))
    });
    let mut later: Vec<(DateTime, &Event<'_>)> = later.collect();
    later.sort_by_key(|(from, _)| *from);
    let held = times
        .into_iter()
        .filter(|(time, _)| !except.hold(*time) && !replaced.hold(*time));
    let held = held.filter_map(|(at, length)| {
        let before = later.partition_point(|(from, _)| *from < at);
        match later[..before].last() {
            Some(since) => moved(at, *since, zone),
            None => Some(Taken {
                start: Moment {
                    at,
                    ..master.start.clone()
                },
                length,
            }),
        }
    });
    Ok(held.collect())
}

/// Every time an event tells of on the wall of its zone, in order, and how long it takes.
fn times(
    master: &Event<'_>,
    last: DateTime,
    left: &mut usize,
) -> Result<Vec<(DateTime, Span)>, Unreadable> {
    let mut times = vec![(master.start.at, master.length)];
    if let Some(rule) = master.rule {
        spend(left, 0, rule.line)?;
        let found = series::times(&rule.value, (master.start.at, &master.start.zone), last);
        let found = found.map_err(|message| (Some(rule.line), message))?;
        // A rule that comes to nothing has been looked through for ages.
        let is_fruitless = found.is_empty();
        let cost = if is_fruitless { FRUITLESS } else { found.len() };
        spend(left, cost, rule.line)?;
        times.extend(found.into_iter().map(|time| (time, master.length)));
    }
    for (start, length) in &master.also {
        let time = start.seen_from(&master.start.zone);
        times.extend(time.map(|time| (time, length.unwrap_or(master.length))));
    }
    times.sort_by_key(|(time, _)| *time);
    times.dedup_by_key(|(time, _)| *time);
    Ok(times)
}

/// A time of a series that was moved from some time on.
fn moved(time: DateTime, (from, event): (DateTime, &Event<'_>), zone: &TimeZone) -> Option<Taken> {
    if !event.takes_time {
        return None;
    }
    let by = event.start.seen_from(zone)?.duration_since(from);
    let start = Moment {
        at: time.checked_add(by).ok()?,
        zone: zone.clone(),
        is_day: event.start.is_day,
    };
    let length = event.length;
    Some(Taken { start, length })
}

/// Times of a series; one told as a day stands for whatever is held on it.
struct Times {
    times: BTreeSet<DateTime>,
    days: BTreeSet<Date>,
}

impl Times {
    fn of<'a>(moments: impl Iterator<Item = &'a Moment>, zone: &TimeZone) -> Self {
        let (days, times): (Vec<_>, Vec<_>) = moments.partition(|moment| moment.is_day);
        let seen = |moment: &Moment| moment.seen_from(zone);
        Self {
            times: times.into_iter().filter_map(seen).collect(),
            days: days.into_iter().map(|day| day.at.date()).collect(),
        }
    }

    fn hold(&self, time: DateTime) -> bool {
        self.times.contains(&time) || self.days.contains(&time.date())
    }
}
