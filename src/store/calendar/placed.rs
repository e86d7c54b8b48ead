//! Meetings that were given a time: written beside what is on record. Only what an earlier placing
//! put there, and nobody has touched since, is moved or cancelled.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, params};
use serde::Serialize;

use super::Calendar;
use super::row::minute;
use crate::plan::placing::{PlacedCheckIn, PlacedDialogue, Placement};
use crate::store::StoreError;
use crate::store::database::writing;

/// How many meetings were written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Written {
    /// New dialogues.
    pub dialogues: usize,
    /// New check-ins.
    pub check_ins: usize,
    /// Meetings that were moved.
    pub moved: usize,
    /// Check-ins that were cancelled.
    pub cancelled: usize,
}

/// Whether a meeting stands where placing put it: not moved, and in no file or answer since. What
/// room it is in is nobody's decision about its time. A value that is no JSON, as another system may
/// write it, says nothing: SQLite would refuse the whole statement for it.
pub const IS_PLACED: &str = "state = 'planned' AND imported IS NULL
    AND CASE WHEN json_valid(placed) THEN json_extract(placed, '$.starts') = starts
                                      AND json_extract(placed, '$.minutes') = minutes END";

impl Calendar {
    /// Writes a placement, whole or not at all. New meetings are proposals until `proposed_until`;
    /// moved ones stand as they stood. A meeting that got on record or was touched since it was
    /// placed stays as it is. `who` stands in the journal.
    ///
    /// # Errors
    /// SQLite refused; then nothing of it is kept.
    pub async fn write_placed(
        &self,
        placement: Placement,
        proposed_until: Option<Date>,
        (at, who): (Timestamp, String),
    ) -> Result<Written, StoreError> {
        self.database
            .run(move |connection| {
                let transaction = writing(connection)?;
                let until = proposed_until.map(|day| day.to_string());
                let mut written = Written::default();
                for dialogue in &placement.dialogues {
                    write_dialogue(&transaction, dialogue, until.as_deref(), &mut written)?;
                }
                for check_in in &placement.check_ins {
                    write_check_in(&transaction, check_in, until.as_deref(), &mut written)?;
                }
                for withdrawn in &placement.withdrawn {
                    let sql = format!(
                        "UPDATE check_in SET state = 'cancelled' WHERE principal = ?1
                            AND area_manager = ?2 AND starts = ?3 AND {IS_PLACED}"
                    );
                    written.cancelled += transaction.prepare_cached(&sql)?.execute(params![
                        withdrawn.pair.principal.as_str(),
                        withdrawn.pair.area_manager.as_str(),
                        minute(withdrawn.starts),
                    ])?;
                }
                if written != Written::default() {
                    transaction.execute(
                        "INSERT INTO journal (at_utc, door, who, what) VALUES (?1, 'command', ?2, ?3)",
                        params![at.as_second(), who, written.sentence()],
                    )?;
                }
                transaction.commit()?;
                Ok(written)
            })
            .await
    }

    /// Whether a meeting of the days `from` to `to` is only proposed on `day`.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn has_proposals(
        &self,
        (from, to): (Date, Date),
        day: Date,
    ) -> Result<bool, StoreError> {
        self.database
            .run(move |connection| {
                let proposed = |table: &str| {
                    format!(
                        "SELECT 1 FROM {table} WHERE {IS_PLACED} AND proposed_until > ?3
                            AND date(starts) BETWEEN ?1 AND ?2"
                    )
                };
                let sql = format!(
                    "{} UNION ALL {}",
                    proposed("dialogue"),
                    proposed("check_in")
                );
                let of = params![from.to_string(), to.to_string(), day.to_string()];
                Ok(connection.prepare_cached(&sql)?.exists(of)?)
            })
            .await
    }

    /// Lets every proposal of the days `from` to `to` stand from `day` on. Returns how many
    /// meetings that are. `who` stands in the journal.
    ///
    /// # Errors
    /// SQLite refused; then nothing of it is kept.
    pub async fn confirm_placed(
        &self,
        (from, to): (Date, Date),
        day: Date,
        (at, who): (Timestamp, String),
    ) -> Result<usize, StoreError> {
        self.database
            .run(move |connection| {
                let transaction = writing(connection)?;
                let mut confirmed = 0;
                for table in ["dialogue", "check_in"] {
                    confirmed += transaction.execute(
                        &format!(
                            "UPDATE {table} SET proposed_until = NULL
                             WHERE proposed_until > ?3 AND date(starts) BETWEEN ?1 AND ?2"
                        ),
                        params![from.to_string(), to.to_string(), day.to_string()],
                    )?;
                }
                if confirmed > 0 {
                    transaction.execute(
                        "INSERT INTO journal (at_utc, door, who, what) VALUES (?1, 'command', ?2, ?3)",
                        params![at.as_second(), who, format!("confirmed {confirmed} meetings")],
                    )?;
                }
                transaction.commit()?;
                Ok(confirmed)
            })
            .await
    }
}

impl Written {
    /// What was written, in words.
    pub fn sentence(&self) -> String {
        format!(
            "placed {} dialogues and {} check-ins, moved {} meetings, cancelled {}",
            self.dialogues, self.check_ins, self.moved, self.cancelled
        )
    }
}

fn write_dialogue(
    connection: &Connection,
    placed: &PlacedDialogue,
    until: Option<&str>,
    written: &mut Written,
) -> Result<(), StoreError> {
    let key = &placed.dialogue;
    let (unit, year, round) = (key.unit.as_str(), &key.school_year, key.round.word());
    let (starts, minutes) = (minute(placed.starts), placed.minutes);
    if let Some(from) = placed.moved_from {
        let sql = format!(
            "UPDATE dialogue SET starts = ?4, minutes = ?5,
                    placed = json_object('starts', ?4, 'minutes', ?5)
             WHERE unit = ?1 AND school_year = ?2 AND round = ?3 AND starts = ?6 AND {IS_PLACED}"
        );
        written.moved += connection.prepare_cached(&sql)?.execute(params![
            unit,
            year,
            round,
            starts,
            minutes,
            minute(from)
        ])?;
        return Ok(());
    }
    written.dialogues += connection
        .prepare_cached(
            "INSERT INTO dialogue (unit, school_year, round, starts, minutes, placed, proposed_until)
             VALUES (?1, ?2, ?3, ?4, ?5,
                     json_object('starts', ?4, 'minutes', ?5), ?6)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![unit, year, round, starts, minutes, until])?;
    Ok(())
}

fn write_check_in(
    connection: &Connection,
    placed: &PlacedCheckIn,
    until: Option<&str>,
    written: &mut Written,
) -> Result<(), StoreError> {
    let (principal, manager) = (
        placed.pair.principal.as_str(),
        placed.pair.area_manager.as_str(),
    );
    let (starts, minutes) = (minute(placed.starts), placed.minutes);
    if let Some(from) = placed.moved_from {
        let sql = format!(
            "UPDATE OR IGNORE check_in SET starts = ?3, minutes = ?4,
                    placed = json_object('starts', ?3, 'minutes', ?4)
             WHERE principal = ?1 AND area_manager = ?2 AND starts = ?5 AND {IS_PLACED}"
        );
        written.moved += connection.prepare_cached(&sql)?.execute(params![
            principal,
            manager,
            starts,
            minutes,
            minute(from)
        ])?;
        return Ok(());
    }
    written.check_ins += connection
        .prepare_cached(
            "INSERT INTO check_in (principal, area_manager, starts, minutes, placed, proposed_until)
             VALUES (?1, ?2, ?3, ?4, json_object('starts', ?3, 'minutes', ?4), ?5)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![principal, manager, starts, minutes, until])?;
    Ok(())
}
