//! Meetings as iCalendar objects (RFC 5545), which mail programs put in people's calendars.
//!
//! calcard writes them; what it would let through is made safe here first: a name in a parameter
//! has no quotation marks and no control characters, text has no bare CR.

use std::fmt::Write;

use calcard::common::PartialDateTime;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarFrequency,
    ICalendarMethod, ICalendarParameter, ICalendarParameterName, ICalendarParticipationRole,
    ICalendarParticipationStatus, ICalendarProperty, ICalendarRecurrenceRule, ICalendarStatus,
    ICalendarTransparency, Uri,
};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::message::one_line;
use crate::follow_up::envelope_address;

/// What is done with an object (RFC 5546 1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Invites, or tells of a change.
    Request,
    /// Calls off.
    Cancel,
    /// Shows, without inviting: a feed.
    Publish,
}

impl Purpose {
    /// The word in METHOD, and in the Content-Type of a mail's part (RFC 6047 2.4).
    pub const fn word(self) -> &'static str {
        match self {
            Self::Request => "REQUEST",
            Self::Cancel => "CANCEL",
            Self::Publish => "PUBLISH",
        }
    }
}

/// Somebody's name and address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Name.
    pub name: String,
    /// Address.
    pub address: String,
}

/// One meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Key of the meeting; the UID is made of it.
    pub key: String,
    /// SEQUENCE.
    pub sequence: u32,
    /// What it is.
    pub summary: String,
    /// What there is to know about it.
    pub description: String,
    /// Where; empty when not known.
    pub place: String,
    /// Local start.
    pub starts: DateTime,
    /// Local end.
    pub ends: DateTime,
    /// Whose meeting it is.
    pub organizer: Party,
    /// Who sends it in the organizer's place, when somebody does.
    pub sent_by: Option<String>,
    /// Who comes.
    pub attendees: Vec<Party>,
    /// Whether the whole meeting is called off.
    pub cancelled: bool,
    /// Whether those who come are asked for an answer.
    pub asks: bool,
}

/// The longest address there is, in characters (RFC 5321 4.5.3.1).
const LONGEST_ADDRESS: usize = 320;

/// The UID of a meeting's key: the same for ever, telling nothing, ending in `@avstamd`, by which
/// our own events are known again in people's exported calendars.
pub fn uid(key: &str) -> String {
    let hash = Sha256::digest(key);
    let mut uid = String::with_capacity(44);
    for (place, byte) in hash.iter().take(16).enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            uid.push('-');
        }
        // Writing to a String does not fail.
        let _ = write!(uid, "{byte:02x}");
    }
    uid + "@avstamd"
}

/// The object that says `events`, in local times of `zone`, with the rules of the zone beside them.
/// Lines end in CRLF and have at most 75 octets.
pub fn object(purpose: Purpose, events: &[Event], zone: &TimeZone, now: Timestamp) -> String {
    let mut head = ICalendarComponent::new(ICalendarComponentType::VCalendar);
    head.add_property(ICalendarProperty::Prodid, "-//avstamd//avstamd//SV");
    head.add_property(ICalendarProperty::Version, "2.0");
    head.add_property(
        ICalendarProperty::Method,
        match purpose {
            Purpose::Request => ICalendarMethod::Request,
            Purpose::Cancel => ICalendarMethod::Cancel,
            Purpose::Publish => ICalendarMethod::Publish,
        },
    );
    let mut calendar = ICalendar {
        components: vec![head],
    };
    for event in events {
        let place = u32::try_from(calendar.components.len()).unwrap_or(u32::MAX);
        calendar.components[0].component_ids.push(place);
        calendar
            .components
            .push(component(purpose, event, zone, now));
    }
    let of_events = calendar.components[0].component_ids.len();
    if of_events > 0 {
        calendar.copy_timezones(&rules_of(zone));
        // They come second then; some readers want a zone's rules before they are needed.
        let parts = &mut calendar.components[0].component_ids;
        if parts.len() > of_events {
            parts.swap(0, 1);
        }
    }
    calendar.to_string()
}

/// The first year that our objects' rules of a zone speak of.
const RULES_FROM: i16 = 2000;

/// The rules of a zone, the same in every object: some readers keep the first they see under a
/// zone's name for all that come after. calcard writes those that what is in a calendar needs: here
/// something that has come every year since, and will.
fn rules_of(zone: &TimeZone) -> ICalendar {
    let mut yearly = ICalendarComponent::new(ICalendarComponentType::VEvent);
    let since = jiff::civil::date(RULES_FROM, 1, 1).at(0, 0, 0, 0);
    yearly
        .entries
        .push(time(ICalendarProperty::Dtstart, since, zone));
    let every_year = ICalendarRecurrenceRule {
        freq: ICalendarFrequency::Yearly,
        ..ICalendarRecurrenceRule::default()
    };
    yearly.add_property(ICalendarProperty::Rrule, every_year);
    let mut head = ICalendarComponent::new(ICalendarComponentType::VCalendar);
    head.component_ids.push(1);
    let mut calendar = ICalendar {
        components: vec![head, yearly],
    };
    calendar.add_missing_timezones();
    calendar
}

fn component(
    purpose: Purpose,
    event: &Event,
    zone: &TimeZone,
    now: Timestamp,
) -> ICalendarComponent {
    let mut component = ICalendarComponent::new(ICalendarComponentType::VEvent);
    component.add_uid(&uid(&event.key));
    component.add_sequence(i64::from(event.sequence));
    component.add_dtstamp(PartialDateTime::from_utc_timestamp(now.as_second()));
    for (name, at) in [
        (ICalendarProperty::Dtstart, event.starts),
        (ICalendarProperty::Dtend, event.ends),
    ] {
        component.entries.push(time(name, at, zone));
    }
    component.add_property(ICalendarProperty::Summary, one_line(&event.summary));
    if !event.place.is_empty() {
        component.add_property(ICalendarProperty::Location, one_line(&event.place));
    }
    if !event.description.is_empty() {
        component.add_property(ICalendarProperty::Description, lines(&event.description));
    }
    component.entries.push(organizer(event));
    for attendee in &event.attendees {
        component
            .entries
            .push(self::attendee((purpose, event.asks), attendee));
    }
    if purpose != Purpose::Cancel {
        component.add_property(ICalendarProperty::Status, ICalendarStatus::Confirmed);
        component.add_property(ICalendarProperty::Transp, ICalendarTransparency::Opaque);
    } else if event.cancelled {
        // Only a meeting that is off for everybody has the status (RFC 5546 3.2.5).
        component.add_property(ICalendarProperty::Status, ICalendarStatus::Cancelled);
    }
    component
}

/// A local time under its zone's name; as an instant where the zone has none.
fn time(name: ICalendarProperty, at: DateTime, zone: &TimeZone) -> ICalendarEntry {
    let Some(zone_name) = zone.iana_name() else {
        let instant = zone.to_ambiguous_timestamp(at).compatible();
        let instant = instant.map_or(0, Timestamp::as_second);
        return ICalendarEntry::new(name).with_value(PartialDateTime::from_utc_timestamp(instant));
    };
    let part = |number: i8| Some(number.unsigned_abs());
    let local = PartialDateTime {
        year: Some(at.year().unsigned_abs()),
        month: part(at.month()),
        day: part(at.day()),
        hour: part(at.hour()),
        minute: part(at.minute()),
        second: Some(0),
        tz_hour: None,
        tz_minute: None,
        tz_minus: false,
    };
    ICalendarEntry::new(name)
        .with_param(ICalendarParameter::tzid(zone_name.to_owned()))
        .with_value(local)
}

fn organizer(event: &Event) -> ICalendarEntry {
    let Party { name, address } = &event.organizer;
    let sent_by = event
        .sent_by
        .as_ref()
        .map(|address| ICalendarParameter::sent_by(Uri::Location(mailto(address))));
    ICalendarEntry::new(ICalendarProperty::Organizer)
        .with_param(ICalendarParameter::cn(parameter(name)))
        .with_param_opt(sent_by)
        .with_value(Uri::Location(mailto(address)))
}

fn attendee((purpose, asks): (Purpose, bool), party: &Party) -> ICalendarEntry {
    let entry = ICalendarEntry::new(ICalendarProperty::Attendee)
        .with_param(ICalendarParameter::cn(parameter(&party.name)))
        .with_param(ICalendarParameter::role(
            ICalendarParticipationRole::ReqParticipant,
        ));
    let rsvp = |asks: bool| ICalendarParameter::new(ICalendarParameterName::Rsvp, asks);
    let status = ICalendarParticipationStatus::NeedsAction;
    let entry = match (purpose, asks) {
        (Purpose::Request, true) => entry
            .with_param(ICalendarParameter::partstat(status))
            .with_param(rsvp(true)),
        (Purpose::Request, false) => entry.with_param(rsvp(false)),
        (Purpose::Cancel | Purpose::Publish, _) => entry,
    };
    entry.with_value(Uri::Location(mailto(&party.address)))
}

/// An address as a URI. What mail cannot be sent to may hold anything; of that the letters are left
/// that a URI can have (RFC 3986 2).
fn mailto(address: &str) -> String {
    let of_uri = |c: &char| c.is_ascii_alphanumeric() || "-._~:/?#@!$&'()*+,;=%".contains(*c);
    let address = envelope_address(address).unwrap_or_else(|_| {
        address
            .chars()
            .filter(of_uri)
            .take(LONGEST_ADDRESS)
            .collect()
    });
    format!("mailto:{address}")
}

/// A name fit for a parameter (RFC 5545 3.2: no quotation mark, no control character).
fn parameter(name: &str) -> String {
    one_line(name).replace('"', "\u{201d}")
}

/// Text whose lines end in LF alone, without other control characters.
fn lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(one_line).collect();
    lines.join("\n")
}
