//! Purging: what the rules of retention remove, table by table, and what is left of it on the disk.
//!
//! Each database is purged in one transaction, so a kill leaves all of it or nothing, and the next
//! purge goes on. What was deleted lies on in free pages and in the log until it is swept.

use std::collections::BTreeSet;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use super::StoreError;
use super::database::BUSY;
use crate::follow_up::PersonId;
use crate::plan::NoticeKey;
use crate::plan::retention::{Kept, Limits};

/// How long sweeping waits for a reader to be done.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whether a purge is only to be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Count, and change nothing.
    Count,
    /// Remove.
    Remove,
}

/// What is not settled, whatever its age.
#[derive(Debug, Clone, Default)]
pub struct Open {
    /// The rows of notices that the plan still speaks of: without them it would be said again.
    pub notices: BTreeSet<NoticeKey>,
    /// People to whom mail comes to nothing, and somebody is told so.
    pub failing: BTreeSet<PersonId>,
}

/// What one rule removed from one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// The rule.
    pub rule: Kept,
    /// The table, or `record` for lines of the record of what has left.
    pub table: &'static str,
    /// How many rows went, or lost their text.
    pub rows: usize,
}

/// By what a table's rows have an age.
#[derive(Debug, Clone, Copy)]
pub enum By {
    /// A local day.
    Day,
    /// An instant in seconds.
    Instant,
}

/// What one rule does to one table.
pub struct Step {
    /// The rule.
    pub rule: Kept,
    /// The table.
    pub table: &'static str,
    /// By what `which` compares with its limit, `?1`.
    pub by: By,
    /// The columns to empty; `None` removes the row.
    pub empties: Option<&'static str>,
    /// Which rows.
    pub which: &'static str,
    /// What goes with a row: a table, its column that names the row, and the row's own key.
    pub with: &'static [(&'static str, &'static str, &'static str)],
}

impl Step {
    /// One that removes rows of the rule's own table, and nothing with them.
    pub const fn rows(rule: Kept, by: By, which: &'static str) -> Self {
        Self {
            rule,
            table: rule.table(),
            by,
            empties: None,
            which,
            with: &[],
        }
    }
}

/// Takes the steps whose rules have a limit.
///
/// # Errors
/// SQLite refused.
pub fn take(
    connection: &Connection,
    steps: &[Step],
    limits: &Limits,
) -> Result<Vec<Removed>, StoreError> {
    let mut removed = Vec::new();
    for step in steps {
        let Some(limit) = limits.of(step.rule) else {
            continue;
        };
        let limit: rusqlite::types::Value = match step.by {
            By::Day => limit.day.to_string().into(),
            By::Instant => limit.at.as_second().into(),
        };
        let (table, which) = (step.table, step.which);
        for (child, column, key) in step.with {
            // Cascades are not counted by SQLite.
            let sql = format!(
                "SELECT count(*) FROM {child} WHERE {column} IN (SELECT {key} FROM {table} WHERE {which})"
            );
            let rows: i64 = connection.query_row(&sql, [&limit], |row| row.get(0))?;
            removed.push(Removed {
                rule: step.rule,
                table: child,
                rows: usize::try_from(rows).unwrap_or(0),
            });
        }
        let sql = match step.empties {
            Some(columns) => format!("UPDATE {table} SET {columns} WHERE {which}"),
            None => format!("DELETE FROM {table} WHERE {which}"),
        };
        removed.push(Removed {
            rule: step.rule,
            table,
            rows: connection.execute(&sql, [&limit])?,
        });
    }
    Ok(removed)
}

/// Has what is deleted from here on overwritten, also where sweeping does not come to it.
///
/// # Errors
/// SQLite refused.
pub fn overwrite_deleted(connection: &Connection) -> Result<(), StoreError> {
    // What SQLite would put into files of its own meanwhile stays in memory.
    connection.execute_batch("PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;")?;
    Ok(())
}

/// Takes what was deleted out of the file and its log. Whether that was done: while another program
/// reads, its log has to stay.
///
/// # Errors
/// SQLite refused, or the disk is full.
pub fn sweep(connection: &Connection) -> Result<bool, StoreError> {
    match connection.execute_batch("VACUUM") {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
            return Ok(false);
        }
        done => done?,
    }
    // One that reads for longer than this is told of, not waited for.
    connection.busy_timeout(PATIENCE)?;
    let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
        row.get::<_, i64>(0)
    });
    connection.busy_timeout(BUSY)?;
    Ok(busy? == 0)
}
