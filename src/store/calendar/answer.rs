//! Answers: what people say came of things, one conditional write each, with a line in the journal.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use rusqlite::{Connection, params};
use thiserror::Error;

use super::Calendar;
use super::row::minute;
use crate::follow_up::{
    Absence, ActivityId, ChosenBy, Evaluation, MeasureId, Pair, Round, UnitCode,
};
use crate::store::StoreError;
use crate::store::database::writing;

/// Something a person says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A check-in was held that day: the one that is known to be, else the planned one nearest to
    /// it within its week, else one that was never planned.
    CheckInHeld {
        /// Whose.
        pair: Pair,
        /// When.
        on: Date,
        /// A note; an empty one leaves what was noted before.
        note: String,
    },
    /// A planned check-in gets another time, or is agreed on: placing lets it be from then on.
    CheckInMoved {
        /// Whose.
        pair: Pair,
        /// The local start it had.
        starts: DateTime,
        /// The new local start.
        to: DateTime,
    },
    /// A planned check-in will not be held.
    CheckInCancelled {
        /// Whose.
        pair: Pair,
        /// Its local start.
        starts: DateTime,
    },
    /// A measure was evaluated. A second answer of the same day takes the place of the first.
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
    /// A dialogue gets another time, and another place if one is named, or is agreed on: placing lets
    /// it be from then on.
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
    /// A check-in of the two people begins at that time already.
    #[error("{0}: there is a check-in of the two at that time already; name another time")]
    Taken(String),
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
        let written = self
            .database
            .run(move |connection| {
                let transaction = writing(connection)?;
                let written = match write(&transaction, &answer) {
                    Err(StoreError::Sqlite(error)) if is_taken(&answer, &error) => None,
                    written => Some(written?),
                };
                if written.is_some_and(|rows| rows > 0) {
                    transaction.execute(
                        "INSERT INTO journal (at_utc, door, who, what) VALUES (?1, ?2, ?3, ?4)",
                        params![at.as_second(), door, who, answer.about()],
                    )?;
                    transaction.commit()?;
                }
                Ok(written)
            })
            .await?;
        match written {
            None => Err(AnswerError::Taken(about)),
            Some(0) => Err(AnswerError::Unknown(about)),
            Some(_) => Ok(()),
        }
    }
}

/// Whether an answer was refused because the two people meet at that time already.
fn is_taken(answer: &Answer, error: &rusqlite::Error) -> bool {
    matches!(answer, Answer::CheckInMoved { .. })
        && error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
}

impl Answer {
    /// What it is about, for the journal and for messages; free text stays out.
    pub fn about(&self) -> String {
        match self {
            Self::CheckInHeld { pair, on, .. } => {
                format!(
                    "check-in of {} with {} held on {on}",
                    pair.principal, pair.area_manager
                )
            }
            Self::CheckInMoved { pair, starts, to } => format!(
                "check-in of {} with {} moved from {} to {}",
                pair.principal,
                pair.area_manager,
                minute(*starts),
                minute(*to)
            ),
            Self::CheckInCancelled { pair, starts } => format!(
                "check-in of {} with {} at {} cancelled",
                pair.principal,
                pair.area_manager,
                minute(*starts)
            ),
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
                let starts = minute(*starts);
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
        Answer::CheckInMoved { pair, starts, to } => connection.execute(
            "UPDATE check_in SET starts = ?4, placed = NULL
             WHERE principal = ?1 AND area_manager = ?2 AND starts = ?3 AND state = 'planned'",
            params![
                pair.principal.as_str(),
                pair.area_manager.as_str(),
                minute(*starts),
                minute(*to)
            ],
        )?,
        Answer::CheckInCancelled { pair, starts } => connection.execute(
            "UPDATE check_in SET state = 'cancelled'
             WHERE principal = ?1 AND area_manager = ?2 AND starts = ?3 AND state = 'planned'",
            params![pair.principal.as_str(), pair.area_manager.as_str(), minute(*starts)],
        )?,
        Answer::Evaluated { measure, evaluation } => evaluated(connection, measure, evaluation)?,
        Answer::FocusArea { dialogue: (unit, year, round), chosen_by, text } => connection.execute(
            "INSERT INTO focus_area (dialogue, chosen_by, text)
             SELECT id, ?4, ?5 FROM dialogue WHERE unit = ?1 AND school_year = ?2 AND round = ?3
             ON CONFLICT (dialogue, chosen_by) DO UPDATE SET text = excluded.text",
            params![unit.as_str(), year, round.word(), chosen_by.word(), text],
        )?,
        Answer::DialogueHeld { dialogue: (unit, year, round), by } => connection.execute(
            "UPDATE dialogue SET state = 'held', starts = min(starts, ?4)
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
                "UPDATE dialogue SET starts = ?4, place = ifnull(?5, place), state = 'planned', placed = NULL
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
    // The one held that day, said again; else the planned one it most likely was, the nearest of
    // the same week. One held on another day, or cancelled, is another meeting.
    let changed = connection.execute(
        "UPDATE check_in SET state = 'held', held_on = ?3, note = iif(?4 = '', note, ?4) WHERE id =
            (SELECT id FROM check_in WHERE principal = ?1 AND area_manager = ?2
                AND date(starts) BETWEEN ?5 AND ?6
                AND (state = 'planned' OR (state = 'held' AND held_on = ?3))
             ORDER BY held_on IS NOT ?3, abs(julianday(date(starts)) - julianday(?3)), id LIMIT 1)",
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

/// One evaluation a day: what a second answer leaves out stays. An effect settles the next date
/// too, since only `too_early` needs one.
fn evaluated(
    connection: &Connection,
    measure: &MeasureId,
    evaluation: &Evaluation,
) -> Result<usize, StoreError> {
    let values = params![
        measure.as_str(),
        evaluation.evaluated_on.to_string(),
        evaluation.by.as_ref().map(|person| person.as_str()),
        evaluation.effect.map(|effect| effect.word()),
        evaluation.text,
        evaluation.next_step.map(|step| step.word()),
        evaluation.next_date.map(|date| date.to_string()),
    ];
    let changed = connection.execute(
        "UPDATE evaluation SET
            evaluated_by = ifnull((SELECT id FROM person WHERE id = ?3), evaluated_by),
            effect = ifnull(?4, effect), text = iif(?5 = '', text, ?5),
            next_step = ifnull(?6, next_step),
            next_date = iif(?4 IS NULL, ifnull(?7, next_date), ?7)
         WHERE id = (SELECT max(id) FROM evaluation WHERE measure = ?1 AND evaluated_on = ?2)",
        values,
    )?;
    if changed > 0 {
        return Ok(changed);
    }
    Ok(connection.execute(
        "INSERT INTO evaluation (measure, evaluated_on, evaluated_by, effect, text, next_step, next_date)
         SELECT id, ?2, (SELECT id FROM person WHERE id = ?3), ?4, ?5, ?6, ?7
         FROM measure WHERE id = ?1",
        values,
    )?)
}
