//! Mails: whatever people wrote, what goes out is one mail to one person.

use avstamd::calendar::Language;
use avstamd::config::Settings;
use avstamd::follow_up::{DialogueName, Person, PersonId, Round, UnitCode};
use avstamd::mail::{
    Desk, Detail, Head, MessageError, Sender, Setting, Words, invitation, message,
};
use avstamd::plan::{Attendee, Call, Change, DialogueKey, Meeting, MeetingKind, Method};
use calcard::icalendar::{ICalendar, ICalendarComponentType};
use jiff::Timestamp;
use jiff::civil::{DateTime, date};

use super::{memory, settings, texts, wire};

thread_local! {
    static GROUND: (Settings, Words) = (
        settings(),
        Words::load(Language::Swedish, None).expect("the built-in words"),
    );
}

/// An invitation whose texts are these: name, address, unit, place, organizer's name and address,
/// start, minutes.
pub fn letter(data: &[u8]) {
    let texts = texts(data);
    let text = |number: usize| texts.get(number).cloned().unwrap_or_default();
    let starts: Option<DateTime> = text(6).trim().parse().ok();
    let attendee = |id: &str, name: String, email: String| Attendee {
        person: PersonId::new(id),
        name,
        email,
    };
    let organizer = attendee("ake", text(4), text(5));
    let call = Call {
        uid: format!("dialogue/{}", text(2)),
        to: PersonId::new("rut"),
        method: Method::Request,
        sequence: 1,
        change: Change::Invited,
        area: None,
        meeting: Meeting {
            kind: MeetingKind::Dialogue {
                dialogue: DialogueKey {
                    unit: UnitCode::parse("12345678").expect("a code"),
                    school_year: "2026/27".into(),
                    round: Round::Explore,
                },
                unit_name: text(2),
            },
            attendees: vec![organizer.clone(), attendee("rut", text(0), text(1))],
            organizer,
            starts: starts.unwrap_or(date(2026, 12, 1).at(8, 30, 0, 0)),
            minutes: text(7).trim().parse().unwrap_or(90),
            place: text(3),
        },
    };
    let person = Person {
        id: call.to.clone(),
        name: text(0),
        email: text(1),
        language: Language::Swedish,
    };
    GROUND.with(|(settings, words)| send(&call, &person, (settings, words)));
}

fn send(call: &Call, person: &Person, (settings, words): (&Settings, &Words)) {
    let dialogue_name = DialogueName::default();
    let setting = Setting {
        day: date(2026, 11, 24),
        calendar: &settings.calendar,
        rules: &settings.rules,
        detail: Detail::Titles,
        dialogue_name: &dialogue_name,
        authority: &settings.authority,
    };
    let sender = Sender {
        name: "Kvalitet".into(),
        address: "kvalitet@prov.example".into(),
        reply_to: "svar@prov.example".into(),
        domain: "prov.example".into(),
        authority: settings.authority.clone(),
    };
    let desk = Desk {
        setting: &setting,
        sender: &sender,
        words,
    };
    let now = Timestamp::from_second(1_800_000_000).expect("an instant");
    let (content, object) = invitation(call, person, desk, now).expect("the words are sound");
    sound_object(&object.text);
    let head = Head {
        to_name: &person.name,
        to_address: &person.email,
        message_id: "1@prov.example",
        date: now.to_zoned_datetime(settings.calendar.zone().clone()),
        thread: "t",
        kind: "invitations",
    };
    match message(&content, &head, (&sender, Some(&object)), words) {
        Ok(bytes) => sound_message(&bytes),
        Err(MessageError::Address(_)) => {}
        Err(error) => panic!("{error}"),
    }
}

/// Its three parts, and nothing that a browser would do.
fn sound_message(bytes: &[u8]) {
    wire::sound(bytes);
    let parsed = mail_parser::MessageParser::default()
        .parse(bytes)
        .expect("a mail");
    assert_eq!(parsed.parts.len(), 4, "the whole, and its three parts");
    assert!(!parsed.body_html(0).expect("HTML").contains("<script"));
}

/// One event for two people, in lines of at most 75 octets.
fn sound_object(text: &str) {
    for line in text.split("\r\n") {
        assert!(line.len() <= 75, "{line:?}");
        assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
    }
    let read = ICalendar::parse(text).expect("an object");
    let is_event = |kind: &ICalendarComponentType| *kind == ICalendarComponentType::VEvent;
    let kinds = read
        .components
        .iter()
        .map(|component| &component.component_type);
    assert_eq!(kinds.filter(|kind| is_event(kind)).count(), 1);
    let unfolded = text.replace("\r\n ", "");
    let lines = |start: &str| {
        unfolded
            .lines()
            .filter(|line| line.starts_with(start))
            .count()
    };
    assert_eq!(
        (lines("ATTENDEE"), lines("ORGANIZER"), lines("UID:")),
        (2, 1, 1),
        "{unfolded}"
    );
}

/// Words of an authority's own: taken, or refused with what is wrong.
pub fn words(data: &[u8]) {
    let directory = tempfile::tempdir_in(memory()).expect("a directory");
    std::fs::write(directory.path().join("sv.toml"), data).expect("room for it");
    if let Err(error) = Words::load(Language::Swedish, Some(directory.path())) {
        assert!(!error.to_string().is_empty());
    }
}
