//! Invitations: the same in words and as an event, whatever names and places hold.

use avstamd::calendar::Language;
use avstamd::follow_up::{DialogueName, Person, PersonId, Round};
use avstamd::mail::{Desk, Detail, Head, Sender, Setting, Words, feed, invitation, message};
use avstamd::plan::{Attendee, Call, Change, Meeting, MeetingKind, Method, Rules};
use calcard::icalendar::{ICalendar, ICalendarComponentType};
use jiff::Timestamp;
use jiff::civil::date;

use crate::world::{DAY, key, settings};

const NOW: &str = "2027-04-28T05:00:00Z";

fn attendee(id: &str, name: &str) -> Attendee {
    Attendee {
        person: PersonId::new(id),
        name: name.into(),
        email: format!("{id}@prov.example"),
    }
}

fn meeting(kind: MeetingKind) -> Meeting {
    let organizer = attendee("ake", "Åke Ärlig");
    Meeting {
        kind,
        attendees: vec![organizer.clone(), attendee("rut", "Rut Öberg")],
        organizer,
        starts: date(2027, 5, 11).at(13, 0, 0, 0),
        minutes: 90,
        place: "Rum 2".into(),
    }
}

fn dialogue() -> MeetingKind {
    MeetingKind::Dialogue {
        dialogue: key(Round::Evaluate),
        unit_name: "Åsskolan F–6".into(),
    }
}

fn call(meeting: Meeting, change: Change) -> Call {
    let method = match change {
        Change::Cancelled | Change::Replaced | Change::Left => Method::Cancel,
        _ => Method::Request,
    };
    Call {
        uid: "dialogue/1".into(),
        to: PersonId::new("rut"),
        method,
        sequence: 1,
        meeting,
        change,
        area: None,
    }
}

struct Told {
    subject: String,
    text: String,
    event: String,
}

fn tell(call: &Call, language: Language) -> Told {
    with_desk(language, |desk| {
        let person = Person {
            id: call.to.clone(),
            name: "Rut Öberg".into(),
            email: "rut@prov.example".into(),
            language,
        };
        let now: Timestamp = NOW.parse().unwrap();
        let (content, object) = invitation(call, &person, desk, now).unwrap();
        let head = Head {
            to_name: &person.name,
            to_address: &person.email,
            message_id: "1@prov.example",
            date: now.to_zoned_datetime(desk.setting.calendar.zone().clone()),
            thread: "t",
            kind: "invitations",
        };
        let bytes = message(&content, &head, (desk.sender, Some(&object)), desk.words).unwrap();
        let parsed = mail_parser::MessageParser::default().parse(&bytes).unwrap();
        let part = parsed.parts.iter().find(|part| {
            let kind = mail_parser::MimeHeaders::content_type(*part);
            kind.is_some_and(|kind| kind.subtype() == Some("calendar"))
        });
        let part = part.expect("an event");
        let kind = mail_parser::MimeHeaders::content_type(part).unwrap();
        assert_eq!(kind.attribute("method"), Some(object.method));
        assert_eq!(part.text_contents(), Some(object.text.as_str()));
        Told {
            subject: content.subject,
            text: parsed.body_text(0).unwrap().into_owned(),
            event: object.text,
        }
    })
}

fn with_desk<T>(language: Language, with: impl FnOnce(Desk<'_>) -> T) -> T {
    let settings = settings();
    let (rules, dialogue_name) = (Rules::default(), DialogueName::default());
    let setting = Setting {
        day: DAY,
        calendar: &settings.calendar,
        rules: &rules,
        detail: Detail::Titles,
        dialogue_name: &dialogue_name,
        authority: "Provkommunen",
    };
    let sender = Sender {
        name: "Kvalitet".into(),
        address: "kvalitet@prov.example".into(),
        reply_to: "svar@prov.example".into(),
        domain: "prov.example".into(),
        authority: "Provkommunen".into(),
    };
    let words = Words::load(language, None).unwrap();
    with(Desk {
        setting: &setting,
        sender: &sender,
        words: &words,
    })
}

/// Every line of an object but the last ends in CRLF, is short, and begins a property or goes on with
/// one.
fn sound(object: &str) -> ICalendar {
    for line in object.strip_suffix("\r\n").unwrap().split("\r\n") {
        assert!(line.len() <= 75, "{line}");
        assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
    }
    ICalendar::parse(object).unwrap()
}

#[test]
fn each_change_is_told_in_words_of_its_own() {
    for (change, subject, said) in [
        (
            Change::Invited,
            "Inbjudan: Kvalitetsdialog om Åsskolan F–6, tis 11 maj kl. 13",
            "Tisdagen den 11 maj 2027 (vecka 19) kl. 13–14.30.",
        ),
        (
            Change::Moved {
                from: date(2027, 5, 4).at(8, 30, 0, 0),
            },
            "Ändrat möte: Kvalitetsdialog om Åsskolan F–6, tis 11 maj kl. 13",
            "Tidigare tid: tisdagen den 4 maj 2027 (vecka 18) kl. 8.30.",
        ),
        (
            Change::Company,
            "Andra deltagare: Kvalitetsdialog om Åsskolan F–6, tis 11 maj kl. 13",
            "Deltar: Åke Ärlig och Rut Öberg.",
        ),
        (
            Change::Cancelled,
            "Inställt: Kvalitetsdialog om Åsskolan F–6, tis 11 maj kl. 13",
            "MÖTET ÄR INSTÄLLT",
        ),
        (
            Change::Replaced,
            "Ny inbjudan kommer: Kvalitetsdialog om Åsskolan F–6, tis 11 maj kl. 13",
            "Mötet har fått en annan områdeschef.",
        ),
        (
            Change::Left,
            "Du deltar inte längre: Kvalitetsdialog om Åsskolan F–6, tis 11 maj kl. 13",
            "DU DELTAR INTE LÄNGRE I MÖTET",
        ),
    ] {
        let told = tell(&call(meeting(dialogue()), change), Language::Swedish);
        assert_eq!(told.subject, subject);
        assert!(told.text.contains(said), "{}", told.text);
        sound(&told.event);
    }
}

/// Where only the place is another, there is no earlier time.
#[test]
fn a_meeting_that_only_changes_its_place_keeps_its_time() {
    let meeting = meeting(dialogue());
    let from = meeting.starts;
    let told = tell(&call(meeting, Change::Moved { from }), Language::Swedish);
    assert!(!told.text.contains("Tidigare tid"), "{}", told.text);
    assert!(!told.text.contains("Ny tid"), "{}", told.text);
    assert!(told.text.contains("Plats: Rum 2."), "{}", told.text);
}

#[test]
fn english_readers_are_told_in_english() {
    let told = tell(
        &call(meeting(MeetingKind::CheckIn), Change::Invited),
        Language::English,
    );
    let subject = "Invitation: Check-in between Åke Ärlig and Rut Öberg, Tue 11 May at 13:00";
    assert_eq!(told.subject, subject);
    assert!(told.event.contains("SUMMARY:Check-in"), "{}", told.event);
}

/// Who else comes is news, and no question.
#[test]
fn only_what_is_to_be_answered_asks_for_an_answer() {
    let ask = |change| {
        let told = tell(&call(meeting(dialogue()), change), Language::Swedish);
        told.event.replace("\r\n ", "")
    };
    let from = date(2027, 5, 4).at(8, 30, 0, 0);
    for change in [Change::Invited, Change::Moved { from }] {
        assert_eq!(ask(change).matches("RSVP=TRUE").count(), 2);
    }
    let company = ask(Change::Company);
    assert_eq!(company.matches("RSVP=FALSE").count(), 2, "{company}");
    assert!(!company.contains("NEEDS-ACTION"), "{company}");
}

/// Whoever is uninvited is the only one named, and the meeting is not called off for the others.
#[test]
fn a_cancellation_names_whom_it_is_for() {
    let attendees = |told: &Told| {
        let object = told.event.replace("\r\n ", "");
        let attendees = object.lines().filter(|line| line.starts_with("ATTENDEE"));
        attendees
            .map(|line| line.rsplit(':').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    for (change, off) in [
        (Change::Left, false),
        (Change::Cancelled, true),
        (Change::Replaced, true),
    ] {
        let told = tell(&call(meeting(dialogue()), change), Language::Swedish);
        assert_eq!(attendees(&told), ["rut@prov.example"]);
        assert_eq!(
            told.event.contains("STATUS:CANCELLED"),
            off,
            "{}",
            told.event
        );
    }
}

#[test]
fn nothing_people_write_breaks_an_event() {
    let hostile = "A\"B\r\nATTENDEE:mailto:x@evil.example\0\u{202e};C:D,E\\n";
    let mut meeting = meeting(MeetingKind::Dialogue {
        dialogue: key(Round::Explore),
        unit_name: format!("Skola {hostile}"),
    });
    meeting.place = hostile.repeat(20);
    meeting.organizer.name = hostile.into();
    meeting.attendees[0].name = hostile.into();
    let told = tell(&call(meeting, Change::Invited), Language::Swedish);
    let read = sound(&told.event);
    let events = read
        .components
        .iter()
        .filter(|part| part.component_type == ICalendarComponentType::VEvent);
    assert_eq!(events.count(), 1);
    let unfolded = told.event.replace("\r\n ", "");
    let attendees: Vec<&str> = unfolded
        .lines()
        .filter(|line| line.starts_with("ATTENDEE"))
        .collect();
    assert_eq!(attendees.len(), 2, "{attendees:#?}");
    assert!(
        attendees[0].ends_with(":mailto:ake@prov.example"),
        "{attendees:#?}"
    );
    assert!(!told.event.contains('\u{202e}'));
}

/// Some readers keep the first rules of a zone that they see for all that come after.
#[test]
fn the_rules_of_the_zone_are_the_same_in_every_event() {
    let rules = |told: &Told| {
        let (_, rest) = told.event.split_once("BEGIN:VTIMEZONE").unwrap();
        rest.split_once("END:VTIMEZONE").unwrap().0.to_owned()
    };
    let spring = tell(
        &call(meeting(dialogue()), Change::Invited),
        Language::Swedish,
    );
    let mut later = meeting(dialogue());
    later.starts = date(2031, 11, 4).at(9, 0, 0, 0);
    let later = tell(&call(later, Change::Invited), Language::Swedish);
    assert_eq!(rules(&spring), rules(&later));
    assert!(
        rules(&spring).contains("RRULE:FREQ=YEARLY"),
        "{}",
        spring.event
    );
}

#[test]
fn a_feed_has_every_meeting_or_none() {
    let person = PersonId::new("rut");
    let now: Timestamp = NOW.parse().unwrap();
    with_desk(Language::Swedish, |desk| {
        let none = feed(&[], &person, desk, now).unwrap();
        assert!(
            !none.contains("VEVENT") && !none.contains("VTIMEZONE"),
            "{none}"
        );
        sound(&none);
        let both = [
            ("a".to_owned(), 0, meeting(dialogue())),
            ("b".to_owned(), 3, meeting(MeetingKind::CheckIn)),
        ];
        let both = feed(&both, &person, desk, now).unwrap();
        assert_eq!(both.matches("BEGIN:VEVENT").count(), 2);
        // What is only shown asks nobody (RFC 5546 3.2.1).
        assert!(!both.contains("ATTENDEE"), "{both}");
        assert!(
            both.contains("METHOD:PUBLISH") && both.contains("SEQUENCE:3"),
            "{both}"
        );
        let zone = both.find("BEGIN:VTIMEZONE").unwrap();
        assert!(zone < both.find("BEGIN:VEVENT").unwrap(), "{both}");
        sound(&both);
    });
}
