//! What every mail of a run has in common.

use jiff::civil::Date;
use minijinja::{Value, context};

use crate::calendar::{Calendar, Language};
use crate::follow_up::{AreaWorld, DialogueName};
use crate::mail::words::capitalised;
use crate::plan::{Rules, Trouble};

/// How much of what people wrote a mail may carry.
///
/// Names of people, units and areas, the titles of activities and the place of a dialogue are the
/// authority's own headings and stand in every mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Titles, decisions, expected effects.
    Full,
    /// Titles and identifiers: a measure's development area (or, where it has none, the first
    /// sentence of its decision) and team, and the focus areas chosen.
    Titles,
    /// Identifiers only: nothing that a person wrote about a measure or a dialogue.
    Link,
}

impl Detail {
    /// The word that templates know it by.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Titles => "titles",
            Self::Link => "link",
        }
    }
}

/// One slice of the world and what was found beside it.
#[derive(Debug, Clone, Copy)]
pub struct Slice<'a> {
    /// The slice.
    pub world: &'a AreaWorld,
    /// Its troubles.
    pub troubles: &'a [Trouble],
}

/// What every mail of a run has in common.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// The day the mail is for.
    pub day: Date,
    /// Days, weeks and school years.
    pub calendar: &'a Calendar,
    /// The ladders' numbers.
    pub rules: &'a Rules,
    /// How much a mail carries.
    pub detail: Detail,
    /// What the authority calls its dialogues.
    pub dialogue_name: &'a DialogueName,
    /// The authority's name.
    pub authority: &'a str,
}

/// The dialogue's name in its forms, for templates: `dialogue`, `dialogue_the`, `dialogue_many`
/// and `dialogue_the_many`, and the first three with a capital.
pub fn dialogue_words(name: &DialogueName, language: Language) -> Value {
    let the = |word: &str| format!("the {word}");
    let (one, definite, many, definite_many) = match language {
        Language::Swedish => (
            name.one.clone(),
            name.the.clone(),
            name.many.clone(),
            name.the_many.clone(),
        ),
        Language::English => (
            name.english.clone(),
            the(&name.english),
            name.english_many.clone(),
            the(&name.english_many),
        ),
    };
    context! {
        dialogue_Word => capitalised(&one),
        dialogue_The => capitalised(&definite),
        dialogue_Many => capitalised(&many),
        dialogue => one,
        dialogue_the => definite,
        dialogue_many => many,
        dialogue_the_many => definite_many,
    }
}
