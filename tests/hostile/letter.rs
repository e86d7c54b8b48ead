//! A message as it stood on the wire, and what holds of every one.

use avstamd::follow_up::plausible::is_hidden;
use calcard::icalendar::{ICalendar, ICalendarComponentType};
use mail_parser::{Address, MessageParser, MimeHeaders};

use crate::wire;

/// What hostile texts hold: where it is found, the text has come through.
pub const MARK: &str = "ONDSKA";

pub struct Letter {
    pub to: String,
    pub to_name: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub message_id: String,
    /// The iCalendar object of an invitation, its lines unfolded.
    pub event: Option<String>,
    pub size: usize,
}

impl Letter {
    /// Reads what the relay got between DATA and the final dot.
    pub fn read(bytes: &[u8]) -> Self {
        let raw = std::str::from_utf8(bytes).expect("it is text");
        let raw = raw.strip_suffix("\r\n").expect("it ends with its line");
        wire::sound(raw.as_bytes());
        let parsed = MessageParser::default().parse(&raw).expect("a mail");
        let Some(Address::List(to)) = parsed.to() else {
            panic!("nobody it is for: {raw}");
        };
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let kind = |part: &mail_parser::MessagePart<'_>, wanted: &str| {
            let kind = part.content_type();
            kind.is_some_and(|kind| kind.subtype() == Some(wanted))
        };
        let part = |wanted: &str| {
            let mut parts = parsed.parts.iter().filter(|part| kind(part, wanted));
            let found = parts.next().and_then(|part| part.text_contents());
            assert!(parts.next().is_none(), "two parts of {wanted}");
            found.map(str::to_owned)
        };
        let letter = Self {
            to: text(to[0].address.as_deref()),
            to_name: text(to[0].name.as_deref()),
            subject: text(parsed.subject()),
            text: part("plain").expect("a text part"),
            html: part("html").expect("an HTML part"),
            message_id: text(parsed.message_id()),
            event: part("calendar").as_deref().map(event),
            size: raw.len(),
        };
        letter.check();
        letter
    }

    fn check(&self) {
        let hidden = |text: &str| {
            let found = text
                .chars()
                .find(|&c| is_hidden(c) && !"\r\n\t".contains(c));
            found.map(|c| (u32::from(c), text.to_owned()))
        };
        for text in [&self.to_name, &self.subject, &self.text, &self.html] {
            assert_eq!(hidden(text), None);
        }
        assert!(!self.subject.contains(['\r', '\n']));
        for tag in self.html.split('<').skip(1) {
            let (tag, _) = tag.split_once('>').expect("a tag ends");
            assert!(
                !tag.contains(MARK),
                "what people wrote stands in a tag: <{tag}>"
            );
            let name = tag.split([' ', '/', '!']).find(|name| !name.is_empty());
            let is_active = [
                "script", "iframe", "img", "svg", "a", "form", "style", "link",
            ];
            assert!(
                !name.is_some_and(|name| is_active.contains(&name)),
                "<{tag}>"
            );
        }
    }

    /// Whether what people wrote has come through, in both parts.
    pub fn tells(&self, what: &str) -> bool {
        self.text.contains(what) && self.html.contains(what)
    }
}

/// One event for its people, in lines that every calendar takes.
fn event(object: &str) -> String {
    for line in object.split("\r\n") {
        assert!(line.len() <= 75, "{line:?}");
        assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
    }
    let read = ICalendar::parse(object).expect("an object");
    let mut kinds = read.components.iter().map(|part| &part.component_type);
    assert_eq!(
        kinds
            .clone()
            .filter(|kind| **kind == ICalendarComponentType::VEvent)
            .count(),
        1
    );
    assert!(kinds.all(|kind| !matches!(kind, ICalendarComponentType::VAlarm)));
    let unfolded = object.replace("\r\n ", "");
    for (name, most) in [
        ("UID:", 1),
        ("DTSTART", 1),
        ("ORGANIZER", 1),
        ("ATTENDEE", 2),
        ("SUMMARY", 1),
    ] {
        // The zone's rules have starts of their own.
        let event = unfolded.split("BEGIN:VEVENT").nth(1).unwrap_or_default();
        let found = event.lines().filter(|line| line.starts_with(name)).count();
        assert!((1..=most).contains(&found), "{found} {name}: {unfolded}");
    }
    assert!(
        !unfolded
            .chars()
            .any(|c| is_hidden(c) && !"\r\n".contains(c))
    );
    unfolded
}
