//! Answers: what people say came of things, one conditional write each, with a line in the journal.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use rusqlite::{Connection, params};
use thiserror::Error;

use super::Calendar;
use crate::follow_up::{
    Absence, ActivityId, ChosenBy, Evaluation, MeasureId, Pair, Round, UnitCode,
};
use crate::store::StoreError;

/// Something a person says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A check-in was held that day: the planned one of that day or nearest before it within its
    /// week, else one that was never planned.
    CheckInHeld {
        /// Whose.
        pair: Pair,
        /// When.
        on: Date,
        /// A note.
        note: String,
    },
    /// A measure was evaluated.
    Evaluated {
        /// Which.
        measure: MeasureId,
        /// What came of it.
        evaluation: Evaluation,
    },
    /// A focus area was chosen, or chosen anew.
    FocusArea {
        /// The dialogue.
        dialogue: (UnitCode, String, Round),
        /// Who chose.
        chosen_by: ChosenBy,
        /// What.
        text: String,
    },
    /// A dialogue was held. One that was planned for later took place at `by`.
    DialogueHeld {
        /// The dialogue.
        dialogue: (UnitCode, String, Round),
        /// The latest local time it can have begun.
        by: DateTime,
    },
    /// A dialogue will not be held.
    DialogueCancelled {
        /// The dialogue.
        dialogue: (UnitCode, String, Round),
    },
    /// A dialogue gets another time, and another place if one is named.
    DialogueMoved {
        /// The dialogue.
        dialogue: (UnitCode, String, Round),
        /// The new local start.
        starts: DateTime,
        /// The new place.
        place: Option<String>,
    },
    /// Somebody is away.
    Away(Absence),
    /// An activity was done.
    Done {
        /// Which.
        activity: ActivityId,
        /// When.
        on: Date,
    },
}

/// Why an answer was not recorded.
#[derive(Debug, Error)]
pub enum AnswerError {
    /// What it is about is not in the calendar.
    #[error("{0} is not in the calendar; see that it is written as there")]
    Unknown(String),
    /// The database refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Calendar {
    /// Records an answer given by `who` through `door` (`link`, `command` or `import`).
    ///
    /// # Errors
    /// What it is about is unknown, or the database refused; then nothing is kept.
    pub async fn record(
        &self,
        answer: Answer,
        at: Timestamp,
        (door, who): (&'static str, String),
    ) -> Result<(), AnswerError> {
        let about = answer.about();
        let known = self
            .database
            .run(move |connection| {
                let transaction = connection.transaction()?;
                let changed = write(&transaction, &answer)?;
                if changed > 0 {
                    transaction.execute(
                        "INSERT INTO journal (at_utc, door, who, what) VALUES (?1, ?2, ?3, ?4)",
                        params![at.as_second(), door, who, answer.about()],
                    )?;
                    transaction.commit()?;
                }
                Ok(changed > 0)
            })
            .await?;
        if known {
            Ok(())
        } else {
            Err(AnswerError::Unknown(about))
        }
    }
}

impl Answer {
    /// What it is about, for the journal and for messages; free text stays out.
    fn about(&self) -> String {
        match self {
            Self::CheckInHeld { pair, on, .. } => {
                format!(
                    "check-in of {} with {} held on {on}",
                    pair.principal, pair.area_manager
                )
            }
            Self::Evaluated {
                measure,
                evaluation,
            } => {
                format!(
                    "evaluation of measure {measure} on {}",
                    evaluation.evaluated_on
                )
            }
            Self::FocusArea {
                dialogue: (unit, year, round),
                ..
            } => {
                format!("focus area of dialogue {unit} {year} {round}")
            }
            Self::DialogueHeld {
                dialogue: (unit, year, round),
                ..
            } => format!("dialogue {unit} {year} {round} held"),
            Self::DialogueCancelled {
                dialogue: (unit, year, round),
            } => format!("dialogue {unit} {year} {round} cancelled"),
            Self::DialogueMoved {
                dialogue: (unit, year, round),
                starts,
                ..
            } => {
                format!("dialogue {unit} {year} {round} moved to {starts}")
            }
            Self::Away(absence) => {
                format!(
                    "absence of {} from {} to {}",
                    absence.person, absence.from, absence.to
                )
            }
            Self::Done { activity, on } => format!("activity {activity} done on {on}"),
        }
    }
}

fn write(connection: &Connection, answer: &Answer) -> Result<usize, StoreError> {
    Ok(match answer {
        Answer::CheckInHeld { pair, on, note } => check_in_held(connection, pair, *on, note)?,
        Answer::Evaluated { measure, evaluation } => evaluated(connection, measure, evaluation)?,
        Answer::FocusArea { dialogue: (unit, year, round), chosen_by, text } => connection.execute(
            "INSERT INTO focus_area (dialogue, chosen_by, text)
             SELECT id, ?4, ?5 FROM dialogue WHERE unit = ?1 AND school_year = ?2 AND round = ?3
             ON CONFLICT (dialogue, chosen_by) DO UPDATE SET text = excluded.text",
            params![unit.as_str(), year, round.word(), chosen_by.word(), text],
        )?,
        Answer::DialogueHeld { dialogue: (unit, year, round), by } => connection.execute(
            "UPDATE dialogue SET state = 'held', sequence = sequence + (starts > ?4),
                    starts = min(starts, ?4)
             WHERE unit = ?1 AND school_year = ?2 AND round = ?3",
            params![unit.as_str(), year, round.word(), minute(*by)],
        )?,
        Answer::DialogueCancelled { dialogue: (unit, year, round) } => connection.execute(
            "UPDATE dialogue SET state = 'cancelled'
             WHERE unit = ?1 AND school_year = ?2 AND round = ?3",
            params![unit.as_str(), year, round.word()],
        )?,
        Answer::DialogueMoved { dialogue: (unit, year, round), starts, place } => connection
            .execute(
                "UPDATE dialogue SET sequence = sequence + (starts <> ?4 OR place <> ifnull(?5, place)),
                        starts = ?4, place = ifnull(?5, place), state = 'planned'
                 WHERE unit = ?1 AND school_year = ?2 AND round = ?3",
                params![unit.as_str(), year, round.word(), minute(*starts), place],
            )?,
        Answer::Away(absence) => connection.execute(
            "INSERT INTO absence (person, away_from, away_to, deputy)
             SELECT id, ?2, ?3, (SELECT id FROM person WHERE id = ?4) FROM person WHERE id = ?1
             ON CONFLICT (person, away_from) DO UPDATE
             SET away_to = excluded.away_to, deputy = excluded.deputy",
            params![
                absence.person.as_str(),
                absence.from.to_string(),
                absence.to.to_string(),
                absence.deputy.as_ref().map(|deputy| deputy.as_str())
            ],
        )?,
        Answer::Done { activity, on } => connection.execute(
            "UPDATE activity SET done = ?2 WHERE id = ?1",
            params![activity.as_str(), on.to_string()],
        )?,
    })
}

fn check_in_held(
    connection: &Connection,
    pair: &Pair,
    on: Date,
    note: &str,
) -> Result<usize, StoreError> {
    let (principal, manager) = (pair.principal.as_str(), pair.area_manager.as_str());
    let week = crate::calendar::Week::of(on);
    // The planned one it most likely was: the nearest of the same week.
    let changed = connection.execute(
        "UPDATE check_in SET state = 'held', held_on = ?3, note = ?4 WHERE id =
            (SELECT id FROM check_in WHERE principal = ?1 AND area_manager = ?2
                AND date(starts) BETWEEN ?5 AND ?6
             ORDER BY abs(julianday(date(starts)) - julianday(?3)), id LIMIT 1)",
        params![
            principal,
            manager,
            on.to_string(),
            note,
            week.monday().to_string(),
            week.sunday().to_string()
        ],
    )?;
    if changed > 0 {
        return Ok(changed);
    }
    Ok(connection.execute(
        "INSERT INTO check_in (principal, area_manager, starts, state, held_on, note)
         SELECT p.id, m.id, ?3 || 'T00:00', 'held', ?3, ?4 FROM person p, person m
         WHERE p.id = ?1 AND m.id = ?2 AND p.id <> m.id",
        params![principal, manager, on.to_string(), note],
    )?)
}

fn evaluated(
    connection: &Connection,
    measure: &MeasureId,
    evaluation: &Evaluation,
) -> Result<usize, StoreError> {
    Ok(connection.execute(
        "INSERT INTO evaluation (measure, evaluated_on, evaluated_by, effect, text, next_step, next_date)
         SELECT id, ?2, (SELECT id FROM person WHERE id = ?3), ?4, ?5, ?6, ?7
         FROM measure WHERE id = ?1",
        params![
            measure.as_str(),
            evaluation.evaluated_on.to_string(),
            evaluation.by.as_ref().map(|person| person.as_str()),
            evaluation.effect.map(|effect| effect.word()),
            evaluation.text,
            evaluation.next_step.map(|step| step.word()),
            evaluation.next_date.map(|date| date.to_string()),
        ],
    )?)
}

/// A local time as the calendar stores it.
fn minute(at: DateTime) -> String {
    at.strftime("%Y-%m-%dT%H:%M").to_string()
}
