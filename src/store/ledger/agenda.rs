//! The agenda: when each slice is next worth looking at, and the facts that keep it honest.

use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Ledger, slice, slice_word, writing};
use crate::follow_up::AreaId;
use crate::store::StoreError;

impl Ledger {
    /// The slices worth looking at on `day`, in order.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn slices_due(&self, day: Date) -> Result<Vec<Option<AreaId>>, StoreError> {
        self.database
            .run(move |connection| {
                let sql = "SELECT area FROM agenda WHERE look_on <= ?1 ORDER BY area";
                let mut statement = connection.prepare_cached(sql)?;
                let words =
                    statement.query_map([day.to_string()], |row| row.get::<_, String>(0))?;
                words.map(|word| Ok(slice(&word?))).collect()
            })
            .await
    }

    /// Puts slices on the agenda for at once, and notes what that rests on: which calendar was
    /// read, and how far.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn look_at(
        &self,
        slices: Vec<Option<AreaId>>,
        facts: Vec<(String, String)>,
    ) -> Result<(), StoreError> {
        self.database
            .run(move |connection| {
                let transaction = writing(connection)?;
                for slice in &slices {
                    set_look_on(&transaction, slice.as_ref(), Date::MIN)?;
                }
                for (name, value) in facts {
                    set_fact(&transaction, &name, &value)?;
                }
                Ok(transaction.commit()?)
            })
            .await
    }

    /// Something the daemon noted about itself.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn fact(&self, name: &str) -> Result<Option<String>, StoreError> {
        let name = name.to_owned();
        self.database
            .run(move |connection| fact(connection, &name))
            .await
    }

    /// What the daemon noted under names that begin with `prefix`: the rest of the name and the value.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn facts(&self, prefix: &str) -> Result<Vec<(String, String)>, StoreError> {
        let prefix = prefix.to_owned();
        self.database
            .run(move |connection| facts(connection, &prefix))
            .await
    }
}

/// What is noted under a name.
pub fn fact(connection: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT value FROM fact WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?)
}

/// Notes something under a name, in place of what was.
pub fn set_fact(connection: &Connection, name: &str, value: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO fact (name, value) VALUES (?1, ?2)")?
        .execute([name, value])?;
    Ok(())
}

/// The facts whose names begin with `prefix`: the rest of the name and the value.
pub fn facts(connection: &Connection, prefix: &str) -> Result<Vec<(String, String)>, StoreError> {
    let sql = "SELECT substr(name, length(?1) + 1), value FROM fact
               WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name";
    let mut statement = connection.prepare_cached(sql)?;
    let facts = statement.query_map([prefix], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(facts.collect::<Result<_, _>>()?)
}

/// Sets the day a slice is next looked at.
pub fn set_look_on(
    connection: &Connection,
    area: Option<&AreaId>,
    day: Date,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO agenda (area, look_on) VALUES (?1, ?2)")?
        .execute(params![slice_word(area), sortable(day)])?;
    Ok(())
}

/// Years before 0000 sort after all others as text; the agenda needs no more than "at once".
fn sortable(day: Date) -> String {
    if day == Date::MIN {
        String::from("0000-01-01")
    } else {
        day.to_string()
    }
}
