//! Whom the ledger knows when the calendar does not, or no longer: those to whom mail went, and those
//! whose forgetting was cut short. And whether what was forgotten is still to be swept out of the files.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::Ledger;
use super::agenda::{facts, set_fact};
use crate::follow_up::{Naming, PersonId};
use crate::store::{StoreError, Unclear};

/// Under this and the identifier the ledger keeps what a person is known by while they are forgotten.
pub const FORGETTING: &str = "forgetting/";

/// While this is noted, something was forgotten, and may still be read in the files.
const UNSWEPT: &str = "unswept";

impl Ledger {
    /// A person by identifier, else by an address to which mail to them went.
    ///
    /// # Errors
    /// SQLite refused, or what was kept cannot be read.
    pub async fn whom(&self, word: String) -> Result<Result<PersonId, Unclear>, StoreError> {
        self.database
            .run(move |connection| {
                let begun = begun(connection)?.into_iter();
                let begun: BTreeSet<PersonId> = begun
                    .map(|(naming, _)| naming)
                    .filter(|naming| naming.id.as_str() == word || naming.has_address(&word))
                    .map(|naming| naming.id)
                    .collect();
                let found = match begun.is_empty() {
                    true => mailed(connection, &word)?,
                    false => begun,
                };
                let mut found = found.into_iter();
                Ok(match (found.next(), found.next()) {
                    (None, _) => Err(Unclear::Nobody),
                    (Some(only), None) => Ok(only),
                    (Some(one), Some(other)) => Err(Unclear::Several(one, other)),
                })
            })
            .await
    }

    /// Those whose forgetting was cut short.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn half_forgotten(&self) -> Result<Vec<String>, StoreError> {
        let facts = self.facts(FORGETTING).await?;
        Ok(facts.into_iter().map(|(person, _)| person).collect())
    }

    /// Whether something was forgotten that may still be read in the files.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn is_unswept(&self) -> Result<bool, StoreError> {
        Ok(self.fact(UNSWEPT).await?.is_some())
    }

    /// Notes that both files are swept.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn note_swept(&self) -> Result<(), StoreError> {
        self.database
            .run(|connection| {
                connection.execute("DELETE FROM fact WHERE name = ?1", [UNSWEPT])?;
                Ok(())
            })
            .await
    }
}

/// Notes that what is forgotten here is still to be swept out of the files.
pub fn note_unswept(connection: &Connection) -> Result<(), StoreError> {
    set_fact(connection, UNSWEPT, "")
}

/// What those are known by whose forgetting was cut short, each with the pseudonym.
pub fn begun(connection: &Connection) -> Result<Vec<(Naming, String)>, StoreError> {
    let begun = facts(connection, FORGETTING)?.into_iter();
    begun
        .map(|(_, value)| serde_json::from_str(&value).map_err(unreadable))
        .collect()
}

/// What was kept of a forgetting cannot be read back.
pub fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError::Unreadable {
        table: "fact",
        message: error.to_string(),
    }
}

fn mailed(connection: &Connection, word: &str) -> Result<BTreeSet<PersonId>, StoreError> {
    // An identifier may look like an address.
    let sql = "SELECT 1 FROM mail WHERE person = ?1
               UNION ALL SELECT 1 FROM notice WHERE recipient = ?1";
    if connection.prepare(sql)?.exists([word])? {
        return Ok(BTreeSet::from([PersonId::new(word)]));
    }
    let sql = "SELECT DISTINCT person, address FROM mail WHERE address <> ''";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut mailed = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let (person, address): (String, String) = (row.get(0)?, row.get(1)?);
        if address.to_lowercase() == word.to_lowercase() {
            mailed.insert(PersonId::new(person));
        }
    }
    Ok(mailed)
}
