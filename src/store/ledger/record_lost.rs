//! Whether the record of what has left is itself lost: gone, or older than the ledger beside it. Should
//! the ledger be an older one too, nobody can tell what was sent.
//!
//! The ledger keeps which mail left last. The record must have it, for its line was there first.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::agenda::{fact, set_fact};
use super::{Ledger, writing};
use crate::store::StoreError;

/// The fact that names the mail that left last; empty where the record need not have it.
const LAST_LEFT: &str = "last-left";

/// The fact that tells since when, and of which mail, the record lacks the line: `second message-id`.
/// Empty where it lacks none.
const LOST: &str = "record-lost";

impl Ledger {
    /// Since when the record is known to be lost, unless a person has given it up.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn record_lost(&self) -> Result<Option<Timestamp>, StoreError> {
        let lost = self.database.run(|connection| lost(connection)).await?;
        Ok(lost.map(|(since, _)| since))
    }

    /// Gives a lost record up: what waits may leave. Whether it was lost.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn give_up_record(&self) -> Result<bool, StoreError> {
        if self.record_lost().await?.is_none() {
            return Ok(false);
        }
        let facts = [LOST, LAST_LEFT].map(|name| (name.to_owned(), String::new()));
        self.look_at(vec![None], facts.into()).await?;
        Ok(true)
    }
}

/// Since when the record lacks a line, and of which mail.
fn lost(connection: &Connection) -> Result<Option<(Timestamp, String)>, StoreError> {
    let lost = fact(connection, LOST)?.unwrap_or_default();
    Ok(lost.split_once(' ').and_then(|(second, message_id)| {
        let since = Timestamp::from_second(second.parse().ok()?).ok()?;
        Some((since, message_id.to_owned()))
    }))
}

/// Notes that a mail has left.
pub fn note_left(connection: &Connection, mail: i64) -> Result<(), StoreError> {
    let sql = "INSERT OR REPLACE INTO fact (name, value)
               SELECT ?1, message_id FROM mail WHERE id = ?2";
    connection
        .prepare_cached(sql)?
        .execute(params![LAST_LEFT, mail])?;
    Ok(())
}

/// The mail that the record must have: the one it was found to lack, else the one that left last.
pub fn to_be_recorded(connection: &Connection) -> Result<Option<String>, StoreError> {
    let message_id = match lost(connection)? {
        Some((_, message_id)) => Some(message_id),
        None => fact(connection, LAST_LEFT)?,
    };
    Ok(message_id.filter(|message_id| !message_id.is_empty()))
}

/// Notes that the record lacks a mail that it must have, or no more lacks any. One that was put back need
/// not know of what left meanwhile.
pub fn note_lacking(
    connection: &Connection,
    lacking: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let was_lost = lost(connection)?.is_some();
    match lacking {
        Some(message_id) if !was_lost => set_fact(
            connection,
            LOST,
            &format!("{} {message_id}", now.as_second()),
        ),
        None if was_lost => {
            set_fact(connection, LOST, "")?;
            set_fact(connection, LAST_LEFT, "")
        }
        _ => Ok(()),
    }
}

/// Lets the record lack anything, before its lines go and then the ledger's rows: whatever ends that in
/// between, no record is taken for lost. The mail that left last.
pub fn ask_for_none(connection: &mut Connection) -> Result<Option<String>, StoreError> {
    let transaction = writing(connection)?;
    let last = fact(&transaction, LAST_LEFT)?;
    if last.is_some() {
        set_fact(&transaction, LAST_LEFT, "")?;
    }
    transaction.commit()?;
    Ok(last)
}

/// The record must have `last` again, if the ledger still does.
pub fn ask_again(connection: &Connection, last: Option<&str>) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM mail WHERE message_id = ?1")?;
    match last {
        Some(last) if statement.exists([last])? => set_fact(connection, LAST_LEFT, last),
        _ => Ok(()),
    }
}
