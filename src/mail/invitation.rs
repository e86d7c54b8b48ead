//! An invitation: what a person is told of a meeting, in words and as an event.

use jiff::Timestamp;
use jiff::civil::DateTime;
use minijinja::{Value, context};

use super::content::{Content, Item, Section};
use super::event::{Event, Party, Purpose, object};
use super::facts::{Setting, dialogue_words};
use super::message::{Object, Sender};
use super::room::Room;
use super::words::{Words, WordsError, capitalised};
use crate::calendar::{Language, long_date, short_date, time_in_text, time_span_in_text};
use crate::follow_up::{Person, PersonId, Round};
use crate::plan::{Attendee, Call, Change, Meeting, MeetingKind, Method};

/// What every invitation of a run has in common.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    /// As for every mail.
    pub setting: &'a Setting<'a>,
    /// Who sends it.
    pub sender: &'a Sender,
    /// The words, in the reader's language.
    pub words: &'a Words,
}

/// What a call says to a person: in words, and as an event.
///
/// # Errors
/// A template fails.
pub fn invitation(
    call: &Call,
    person: &Person,
    desk: Desk<'_>,
    now: Timestamp,
) -> Result<(Content, Object), WordsError> {
    let Desk { setting, words, .. } = desk;
    let known = known(call, desk)?;
    let say = |name: &str| words.say(&format!("invitation.{name}"), &known);
    let mut facts = Vec::new();
    for fact in ["when", "was", "where", "who"] {
        facts.push(say(fact)?);
    }
    facts.retain(|fact| !fact.is_empty());
    let item = Item {
        title: say("title")?,
        place: String::new(),
        facts,
        lists: Vec::new(),
        table: None,
        late: false,
    };
    let ask = say("ask")?;
    let next = say("next")?;
    let mut content = Content {
        language: words.language().to_string(),
        subject: say("subject")?,
        greeting: words.say("greeting", &context! { name => person.first_name() })?,
        preview: ask.clone(),
        digest: None,
        sections: vec![Section {
            heading: say("heading")?,
            ask,
            items: vec![item],
            more: String::new(),
        }],
        why: vec![say("why")?],
        next: (!next.is_empty()).then_some(next).into_iter().collect(),
        reply: words.say("reply", &context! { role => "" })?,
        signature: words.say("signature", &context! { authority => setting.authority })?,
        automatic: words.say("automatic", &Value::from(()))?,
    };
    content.cut(Room::MOST.letters);
    let purpose = match call.method {
        Method::Request => Purpose::Request,
        Method::Cancel => Purpose::Cancel,
    };
    let key = (call.uid.as_str(), call.sequence);
    let mut event = event(key, &call.meeting, &call.to, (desk, true))?;
    event.cancelled = matches!(call.change, Change::Cancelled | Change::Replaced);
    // Who else comes is news, and no question.
    event.asks = call.change != Change::Company;
    if call.method == Method::Cancel {
        // Who is told is who it is off for (RFC 5546 3.2.5).
        let own = |party: &Attendee| party.person == call.to;
        let attendees = call.meeting.attendees.iter().filter(|party| own(party));
        event.attendees = attendees.map(party).collect();
    }
    let zone = setting.calendar.zone();
    let text = object(purpose, &[event], zone, now);
    let method = purpose.word();
    Ok((content, Object { method, text }))
}

/// Every meeting of a person as one object, for calendars that fetch it. Each comes with its key
/// and its SEQUENCE.
///
/// # Errors
/// A template fails.
pub fn feed(
    meetings: &[(String, u32, Meeting)],
    person: &PersonId,
    desk: Desk<'_>,
    now: Timestamp,
) -> Result<String, WordsError> {
    let events = meetings
        .iter()
        .map(|(key, sequence, meeting)| event((key, *sequence), meeting, person, (desk, false)));
    let mut events = events.collect::<Result<Vec<_>, _>>()?;
    for event in &mut events {
        // What is only shown asks nobody to come (RFC 5546 3.2.1); who comes stands in its text.
        event.attendees.clear();
    }
    let zone = desk.setting.calendar.zone();
    Ok(object(Purpose::Publish, &events, zone, now))
}

/// A meeting as an event in the calendar of `to`. The area manager is its organizer, and we send it
/// in their place. A mail program takes an invitation from oneself for one that it should have sent
/// itself, and puts nothing in the calendar: in the organizer's own copy the organizer is whoever
/// reads our replies.
fn event(
    (key, sequence): (&str, u32),
    meeting: &Meeting,
    to: &PersonId,
    (desk, invites): (Desk<'_>, bool),
) -> Result<Event, WordsError> {
    let Desk { sender, words, .. } = desk;
    let is_own = meeting.organizer.person == *to;
    let (organizer, sent_by) = match is_own {
        true => {
            let own = meeting.organizer.email.as_str();
            let others = [&sender.reply_to, &sender.address];
            let other = others
                .into_iter()
                .find(|other| !other.eq_ignore_ascii_case(own));
            let address = other.unwrap_or(&sender.address).clone();
            let name = sender.name.clone();
            (Party { name, address }, None)
        }
        false => (party(&meeting.organizer), Some(sender.address.clone())),
    };
    let of = context! {
        who => names(meeting), authority => desk.setting.authority, invites
    };
    Ok(Event {
        key: key.to_owned(),
        sequence,
        summary: summary(meeting, desk)?,
        description: words.say("invitation.description", &of)?,
        place: meeting.place.clone(),
        starts: meeting.starts,
        ends: meeting.ends(),
        organizer,
        sent_by,
        attendees: meeting.attendees.iter().map(party).collect(),
        cancelled: false,
        asks: true,
    })
}

fn party(attendee: &Attendee) -> Party {
    Party {
        name: attendee.name.clone(),
        address: attendee.email.clone(),
    }
}

fn names(meeting: &Meeting) -> Vec<String> {
    let attendees = meeting.attendees.iter();
    attendees.map(|attendee| attendee.name.clone()).collect()
}

/// What the meeting is called in a calendar.
fn summary(meeting: &Meeting, desk: Desk<'_>) -> Result<String, WordsError> {
    let language = desk.words.language();
    let (unit, round) = match &meeting.kind {
        MeetingKind::Dialogue {
            dialogue,
            unit_name,
        } => (unit_name.as_str(), dialogue.round.word()),
        MeetingKind::CheckIn => ("", Round::Explore.word()),
    };
    let of = context! {
        unit, round, who => names(meeting),
        ..dialogue_words(desk.setting.dialogue_name, language)
    };
    desk.words.say("invitation.summary", &of)
}

/// Everything a template may name.
fn known(call: &Call, desk: Desk<'_>) -> Result<Value, WordsError> {
    let language = desk.words.language();
    let meeting = &call.meeting;
    let (change, was) = match &call.change {
        Change::Invited => ("invited", None),
        Change::Moved { from } => ("moved", Some(*from).filter(|from| *from != meeting.starts)),
        Change::Company => ("company", None),
        Change::Cancelled => ("cancelled", None),
        Change::Replaced => ("replaced", None),
        Change::Left => ("left", None),
    };
    let long = |at: DateTime| {
        let (date, time) = (at.date(), at.time());
        format!(
            "{} {}",
            long_date(date, language),
            time_in_text(time, language)
        )
    };
    Ok(context! {
        change,
        summary => summary(meeting, desk)?,
        who => names(meeting),
        place => meeting.place.clone(),
        when => when(meeting, language),
        When => capitalised(&when(meeting, language)),
        when_short => format!(
            "{} {}",
            short_date(meeting.starts.date(), language),
            time_in_text(meeting.starts.time(), language)
        ),
        was => was.map(long).unwrap_or_default(),
    })
}

/// `tisdagen den 6 oktober 2026 (vecka 41) kl. 8.30–10`.
fn when(meeting: &Meeting, language: Language) -> String {
    let (starts, ends) = (meeting.starts, meeting.ends());
    let date = long_date(starts.date(), language);
    format!(
        "{date} {}",
        time_span_in_text(starts.time(), ends.time(), language)
    )
}
