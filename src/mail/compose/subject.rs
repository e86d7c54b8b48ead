//! What the first topic says, and how much more there is.

use minijinja::context;

use super::Groups;
use crate::mail::words::{Words, WordsError, capitalised, count_word};

/// The subject of a mail without a digest.
///
/// # Errors
/// A template fails.
pub fn subject(groups: &Groups<'_>, words: &Words) -> Result<String, WordsError> {
    let Some((topic, told)) = groups.first() else {
        return Ok(String::new());
    };
    let (_, first) = &told[0];
    let name = match told.len() {
        1 => "subject-one",
        _ => "subject-many",
    };
    let count = count_word(told.len(), words.language());
    let late_count = told.iter().filter(|(_, facts)| facts.late).count();
    let one_place = told.iter().all(|(_, facts)| facts.place == first.place);
    let mut values = context! {
        count => told.len(), count_Word => capitalised(&count), count_word => count,
        late_count, ..first.values.clone()
    };
    if !one_place {
        // Several units: the subject names none rather than one of them.
        values = context! { unit => "", ..values };
    }
    let main = words.say(&format!("topic.{topic}.{name}"), &values)?;
    let more: usize = groups.iter().skip(1).map(|(_, told)| told.len()).sum();
    if more == 0 {
        return Ok(main);
    }
    words.say("subject-more", &context! { main, more })
}
