//! What the first topic says, cut where it is long, and how much more there is.

use minijinja::context;

use super::Topic;
use super::groups::Told;
use crate::mail::words::{Words, WordsError, capitalised, count_word};

/// So many characters of a topic's words stand in a subject: what a list of mails shows, and the
/// date and the title before all else.
const LONGEST: usize = 100;

/// The subject of a mail without a digest.
///
/// # Errors
/// A template fails.
pub fn subject(topics: &[Topic<'_>], words: &Words) -> Result<String, WordsError> {
    let Some(Topic {
        topic, told, first, ..
    }) = topics.first()
    else {
        return Ok(String::new());
    };
    let name = match told.len() {
        1 => "subject-one",
        _ => "subject-many",
    };
    let count = count_word(told.len(), words.language());
    let late_count = told.iter().filter(|told| told.head.late).count();
    let is_alike = |pair: &[Told<'_>]| pair[0].head.place == pair[1].head.place;
    let one_place = told.windows(2).all(is_alike);
    let mut values = context! {
        count => told.len(), count_Word => capitalised(&count), count_word => count,
        late_count, ..first.clone()
    };
    if !one_place {
        // Several units: the subject names none rather than one of them.
        values = context! { unit => "", ..values };
    }
    let main = shortened(&words.say(&format!("topic.{topic}.{name}"), &values)?);
    let more: usize = topics.iter().skip(1).map(|topic| topic.told.len()).sum();
    if more == 0 {
        return Ok(main);
    }
    words.say("subject-more", &context! { main, more })
}

/// The text, or as many whole words of it as there is room for.
fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let room: String = text.chars().take(LONGEST).collect();
    let words = room
        .rsplit_once(' ')
        .map_or(room.as_str(), |(words, _)| words);
    let words = words.trim_end_matches(|c: char| !c.is_alphanumeric());
    format!("{words}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_subject_ends_with_a_whole_word() {
        let usual =
            "Senast fre 27 nov: Första uppföljningen av ämneslagets mål i svenska – Åsskolan";
        assert_eq!(shortened(usual), usual);
        let long = "Sista dagen var fre 20 nov: Första uppföljningen av ämneslagets mål i naturvetenskap – Lindhamragymnasiet, studieförberedande program";
        let short = shortened(long);
        assert!(short.ends_with("i naturvetenskap…"), "{short}");
        assert!(short.chars().count() <= LONGEST);
        assert_eq!(
            shortened(&"å".repeat(300)),
            format!("{}…", "å".repeat(LONGEST))
        );
    }
}
