//! A mail rendered as the daemon renders it, and what a reader sees of it.

use std::collections::{BTreeMap, BTreeSet};

use avstamd::calendar::{Calendar, Language};
use avstamd::follow_up::{AreaWorld, DialogueName};
use avstamd::mail::{
    Composed, Detail, Head, Sender, Setting, Slice, Slices, Words, compose, message,
};
use avstamd::plan::{Decision, Rules};
use jiff::Timestamp;

use crate::world::{DAY, settings, troubles};

/// How a mail is written.
pub struct Manner {
    pub language: Language,
    pub detail: Detail,
    pub dialogue: DialogueName,
    /// Words of the authority's own.
    pub words: Option<Words>,
}

impl Manner {
    pub fn new(language: Language, detail: Detail) -> Self {
        let dialogue = DialogueName::default();
        Self {
            language,
            detail,
            dialogue,
            words: None,
        }
    }
}

/// The instant in the Date header.
const SENT: &str = "2027-04-28T05:00:00Z";

/// A mail in both parts.
pub struct Mail {
    pub composed: Composed,
    pub text: String,
    pub html: String,
    /// The header, unfolded.
    pub head: String,
}

pub fn mail(world: &AreaWorld, decisions: &[Decision], manner: &Manner) -> Mail {
    let settings = settings();
    let calendar: &Calendar = &settings.calendar;
    let rules = Rules::default();
    let troubles = troubles();
    let slice = Slice {
        world,
        troubles: &troubles,
    };
    let area = world.area.as_ref().map(|area| area.id.clone());
    let slices: Slices<'_> = BTreeMap::from([(area, slice)]);
    let setting = Setting {
        day: DAY,
        calendar,
        rules: &rules,
        detail: manner.detail,
        dialogue_name: &manner.dialogue,
        authority: "Provkommunen",
    };
    let built_in = Words::load(manner.language, None).unwrap();
    let words = manner.words.as_ref().unwrap_or(&built_in);
    let to = decisions[0].to.as_ref().unwrap();
    let person = &world.people[to];
    let composed = compose(person, decisions, &slices, &setting, words);
    let composed = composed.unwrap().expect("there is something to tell");
    let head = Head {
        to_name: &person.name,
        to_address: &person.email,
        message_id: "1@prov.example",
        date: SENT
            .parse::<Timestamp>()
            .unwrap()
            .to_zoned_datetime(calendar.zone().clone()),
        thread: "t",
        kind: "reminders",
    };
    let sender = Sender {
        name: "Kvalitet".into(),
        address: "kvalitet@prov.example".into(),
        reply_to: "kvalitet@prov.example".into(),
        domain: "prov.example".into(),
        authority: "Provkommunen".into(),
    };
    let bytes = message(&composed.content, &head, (&sender, None), words).unwrap();
    let parsed = mail_parser::MessageParser::default().parse(&bytes).unwrap();
    let head = String::from_utf8(bytes.clone()).unwrap();
    let head = head.split("\r\n\r\n").next().unwrap();
    Mail {
        head: head.replace("\r\n ", " "),
        text: parsed.body_text(0).unwrap().into_owned(),
        html: parsed.body_html(0).unwrap().into_owned(),
        composed,
    }
}

/// The words of a text, whatever stands between them.
pub fn words_of(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// What a reader of the HTML part sees: no head, no comments, no hidden preview, no tags.
pub fn seen(html: &str) -> String {
    let body = html.split("mso-hide:all").nth(1).unwrap();
    let body = body.split_once("</div>").unwrap().1;
    let mut text = String::new();
    let mut in_tag = false;
    for letter in body.chars() {
        match letter {
            '<' => in_tag = true,
            '>' => {
                in_tag = false;
                text.push(' ');
            }
            letter if !in_tag => text.push(letter),
            _ => {}
        }
    }
    for (entity, letter) in [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, letter);
    }
    text
}
