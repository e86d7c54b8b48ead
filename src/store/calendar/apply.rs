//! Writing a batch: upserts by natural key, one transaction, counted.
//!
//! A second import changes nothing, and takes back nothing that was recorded in between.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::Calendar;
use super::batch::{Applied, Batch};
use super::row::text;
use super::{busy, write, write_meetings};
use crate::store::StoreError;
use crate::store::database;

/// Whether a batch stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// It stays.
    Keep,
    /// It is tried, counted and taken back.
    Try,
}

impl Calendar {
    /// Writes a batch, whole or not at all, and tells what it changed.
    ///
    /// # Errors
    /// SQLite refused; then nothing of it is kept.
    pub async fn apply(
        &self,
        batch: Batch,
        writing: Writing,
        at: Timestamp,
        who: String,
    ) -> Result<Applied, StoreError> {
        self.database
            .run(move |connection| {
                let transaction = database::writing(connection)?;
                // Units name successors, people come in any order: all is there at the end.
                transaction.execute_batch("PRAGMA defer_foreign_keys = ON")?;
                let mut applied = Applied::default();
                write::batch(&transaction, &batch, &mut applied)?;
                write_meetings::batch(&transaction, &batch, &mut applied)?;
                busy::replace(&transaction, &batch.busy, &mut applied.changed)?;
                let any = applied.changed.values().any(|change| change.added + change.changed > 0);
                // One that found all as it was still ends the story of one that was refused.
                if any || latest_refusal(&transaction)?.is_some() {
                    transaction.execute(
                        "INSERT INTO journal (at_utc, door, who, what) VALUES (?1, 'import', ?2, 'imported')",
                        params![at.as_second(), who],
                    )?;
                }
                match writing {
                    Writing::Keep => transaction.commit()?,
                    Writing::Try => transaction.rollback()?,
                }
                Ok(applied)
            })
            .await
    }

    /// Notes in the journal that an import was refused, so that the quality officer is told.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn note_refused_import(
        &self,
        at: Timestamp,
        summary: String,
    ) -> Result<(), StoreError> {
        self.database
            .run(move |connection| {
                connection.execute(
                    "INSERT INTO journal (at_utc, door, who, what) VALUES (?1, 'import', 'command', 'refused: ' || ?2)",
                    params![at.as_second(), summary],
                )?;
                Ok(())
            })
            .await
    }

    /// The latest import, where it was refused: when, and what it came to.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn refused_import(&self) -> Result<Option<(Timestamp, String)>, StoreError> {
        self.database
            .run(|connection| latest_refusal(connection))
            .await
    }
}

/// When the latest import was refused and what it came to; nothing where it was kept.
fn latest_refusal(connection: &Connection) -> Result<Option<(Timestamp, String)>, StoreError> {
    let sql = "SELECT at_utc, what FROM journal WHERE door = 'import' ORDER BY id DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let at = Timestamp::from_second(row.get(0)?).unwrap_or(Timestamp::UNIX_EPOCH);
    // Another program's words may be no text: then they tell of no refusal of ours.
    let Ok(what) = text(row, "what") else {
        return Ok(None);
    };
    Ok(what
        .strip_prefix("refused: ")
        .map(|summary| (at, summary.to_owned())))
}
