//! Why a meeting has no time, in the words people read.

use minijinja::{Value, context};

use super::words::{Words, WordsError};
use crate::calendar::{short_date, time_in_text};
use crate::plan::placing::{GapObstacle, Unplaced};

/// A dialogue without a time, or with one at which it cannot be held: its unit, which of the two it
/// is, and why.
///
/// # Errors
/// A template fails.
pub fn unplaced_words(
    unit: &str,
    unplaced: &Unplaced,
    words: &Words,
) -> Result<String, WordsError> {
    let say = |name: &str| words.say(&format!("obstacle.{name}"), &Value::from(()));
    let why = say(unplaced.obstacle.word())?;
    let round = say(&format!("round-{}", unplaced.dialogue.round.word()))?;
    let stands = unplaced.stands.map(|at| {
        let date = short_date(at.date(), words.language());
        let when = format!("{date} {}", time_in_text(at.time(), words.language()));
        words.say("obstacle.stands", &context! { when })
    });
    let stands = stands.transpose()?.unwrap_or_default();
    Ok(format!("{unit}, {round}{stands}: {why}"))
}

/// Why two people do not meet for so long.
///
/// # Errors
/// A template fails.
pub fn gap_words(obstacle: GapObstacle, words: &Words) -> Result<String, WordsError> {
    let name = match obstacle {
        GapObstacle::Away => "obstacle.gap-away",
        GapObstacle::Taken => "obstacle.gap-taken",
    };
    words.say(name, &Value::from(()))
}
