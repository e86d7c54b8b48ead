//! The digests' picture: where every unit stands, worst first, one line on top.

mod monthly;
mod summary;
mod weekly;

use jiff::civil::Date;
use minijinja::context;

pub use monthly::monthly;
pub use weekly::weekly;

use super::content::Digest;
use super::facts::{Slice, dialogue_words};
use super::words::{Words, WordsError};
use crate::calendar::short_date;
use crate::follow_up::{DialogueName, PersonId};
use crate::plan::Concern;

/// A digest, and the subject of the mail that carries it.
pub struct Drawn {
    /// The picture.
    pub digest: Digest,
    /// The subject.
    pub subject: String,
}

/// A concern in the words of a language, in digits: `3 sena utvärderingar, …`.
///
/// # Errors
/// A template fails.
pub fn concern_words(
    concern: &Concern,
    words: &Words,
    dialogue: &DialogueName,
) -> Result<String, WordsError> {
    let (kind, date) = parts(concern);
    let language = words.language();
    let date = date.map(|date| short_date(date, language));
    let values = context! {
        count => concern.count(), date => date.unwrap_or_default(),
        ..dialogue_words(dialogue, language)
    };
    words.say(&format!("concern.{kind}"), &values)
}

/// A concern's word in the catalogue, and the date it is told with.
const fn parts(concern: &Concern) -> (&'static str, Option<Date>) {
    match *concern {
        Concern::Vacant => ("vacant", None),
        Concern::Overdue { since, .. } => ("overdue", Some(since)),
        Concern::CheckInGap { last, .. } => ("check_in_gap", last),
        Concern::DialogueNotRecorded { on } => ("dialogue_not_recorded", Some(on)),
        Concern::ActivityOverdue { since, .. } => ("activity_overdue", Some(since)),
        Concern::Unassessed { .. } => ("unassessed", None),
        Concern::NoFocusArea { on } => ("no_focus_area", Some(on)),
        Concern::DueSoon { first, .. } => ("due_soon", Some(first)),
    }
}

fn name_of(slice: Slice<'_>, person: &PersonId) -> String {
    let known = slice.world.people.get(person);
    known.map_or_else(|| person.to_string(), |person| person.name.clone())
}
