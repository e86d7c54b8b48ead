//! Many units in one line.

use std::collections::BTreeMap;

use minijinja::context;

use super::parts;
use crate::follow_up::DialogueName;
use crate::mail::facts::dialogue_words;
use crate::mail::words::{Words, WordsError};
use crate::plan::UnitStanding;

/// Kinds of concerns that are late, in the order a summary names them.
const LATE: [&str; 5] = [
    "vacant",
    "overdue",
    "check_in_gap",
    "dialogue_not_recorded",
    "activity_overdue",
];
/// Kinds that are near.
const NEAR: [&str; 3] = ["unassessed", "no_focus_area", "due_soon"];

/// How many of each kind of concern.
pub type Totals = BTreeMap<&'static str, usize>;

/// Counts what the units' concerns stand for.
pub fn totals<'a>(units: impl IntoIterator<Item = &'a UnitStanding>) -> Totals {
    let mut totals = Totals::new();
    for concern in units.into_iter().flat_map(|unit| &unit.concerns) {
        *totals.entry(parts(concern).0).or_default() += concern.count();
    }
    totals
}

/// A line for the mail, and a few words for its subject.
pub struct Summary {
    /// The line.
    pub long: String,
    /// The words.
    pub short: String,
}

/// What is late in digits; what is near where nothing is. `kind` is `weekly` or `monthly`.
///
/// # Errors
/// A template fails.
pub fn summary(
    kind: &str,
    units: &[&UnitStanding],
    totals: &Totals,
    (words, dialogue): (&Words, &DialogueName),
) -> Result<Summary, WordsError> {
    let say = |kinds: &[&str]| {
        kinds
            .iter()
            .filter_map(|kind| Some((kind, *totals.get(*kind).filter(|count| **count > 0)?)))
            .map(|(kind, count)| {
                let values = context! { count, ..dialogue_words(dialogue, words.language()) };
                words.say(&format!("total.{kind}"), &values)
            })
            .collect::<Result<Vec<_>, _>>()
    };
    let behind = units.iter().filter(|unit| unit.late() > 0).count();
    let (late, near) = (say(&LATE)?, say(&NEAR)?);
    let (name, totals) = match (late.is_empty(), near.is_empty()) {
        (false, _) => (kind, late),
        (true, false) => ("near", near),
        (true, true) => ("none", near),
    };
    let values = context! { units => units.len(), behind, totals };
    Ok(Summary {
        long: words.say(&format!("digest.{name}-summary"), &values)?,
        short: words.say(&format!("digest.{name}-short"), &values)?,
    })
}
