//! Meetings that were given a time: written beside what is on record, never over it.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::Calendar;
use super::row::minute;
use crate::plan::placing::{PlacedCheckIn, PlacedDialogue};
use crate::store::StoreError;
use crate::store::database::writing;

/// How many meetings were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Dialogues.
    pub dialogues: usize,
    /// Check-ins.
    pub check_ins: usize,
}

impl Calendar {
    /// Writes placed meetings, all or none. A dialogue or check-in that got on record since they
    /// were placed stays as it is. `who` stands in the journal.
    ///
    /// # Errors
    /// SQLite refused; then nothing of it is kept.
    pub async fn write_placed(
        &self,
        (dialogues, check_ins): (Vec<PlacedDialogue>, Vec<PlacedCheckIn>),
        at: Timestamp,
        who: String,
    ) -> Result<Written, StoreError> {
        self.database
            .run(move |connection| {
                let transaction = writing(connection)?;
                let written = Written {
                    dialogues: write_dialogues(&transaction, &dialogues)?,
                    check_ins: write_check_ins(&transaction, &check_ins)?,
                };
                if written.dialogues + written.check_ins > 0 {
                    transaction.execute(
                        "INSERT INTO journal (at_utc, door, who, what) VALUES (?1, 'command', ?2, ?3)",
                        params![
                            at.as_second(),
                            who,
                            format!(
                                "placed {} dialogues and {} check-ins",
                                written.dialogues, written.check_ins
                            )
                        ],
                    )?;
                }
                transaction.commit()?;
                Ok(written)
            })
            .await
    }
}

fn write_dialogues(
    connection: &Connection,
    dialogues: &[PlacedDialogue],
) -> Result<usize, StoreError> {
    let mut insert = connection.prepare(
        "INSERT INTO dialogue (unit, school_year, round, starts, minutes) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO NOTHING",
    )?;
    let mut written = 0;
    for placed in dialogues {
        let key = &placed.dialogue;
        written += insert.execute(params![
            key.unit.as_str(),
            key.school_year,
            key.round.word(),
            minute(placed.starts),
            placed.minutes,
        ])?;
    }
    Ok(written)
}

fn write_check_ins(
    connection: &Connection,
    check_ins: &[PlacedCheckIn],
) -> Result<usize, StoreError> {
    let mut insert = connection.prepare(
        "INSERT INTO check_in (principal, area_manager, starts, minutes) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
    )?;
    let mut written = 0;
    for placed in check_ins {
        written += insert.execute(params![
            placed.pair.principal.as_str(),
            placed.pair.area_manager.as_str(),
            minute(placed.starts),
            placed.minutes,
        ])?;
    }
    Ok(written)
}
