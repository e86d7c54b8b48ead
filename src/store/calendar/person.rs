//! One person in the calendar: what it has about them, and how it forgets them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value, json};

use super::Calendar;
use crate::follow_up::{NOBODY, Naming, PersonId};
use crate::store::StoreError;
use crate::store::database::writing;
use crate::store::personal::{Column, Holds, each_naming, rows, take_out};
use crate::store::purge::overwrite_deleted;

/// What may name people without pointing at them.
const COLUMNS: [Column; 18] = [
    ("measure", "team", Holds::Text),
    ("measure", "decision", Holds::Text),
    ("measure", "expected_effect", Holds::Text),
    ("measure", "indicator", Holds::Text),
    ("development_area", "title", Holds::Text),
    ("evaluation", "text", Holds::Text),
    ("evaluation", "imported", Holds::Json),
    ("dialogue", "place", Holds::Text),
    ("dialogue", "imported", Holds::Json),
    ("focus_area", "text", Holds::Text),
    ("check_in", "note", Holds::Text),
    ("check_in", "uid", Holds::Uid),
    ("check_in", "imported", Holds::Json),
    ("activity", "title", Holds::Text),
    ("activity", "imported", Holds::Json),
    ("absence", "imported", Holds::Json),
    ("journal", "who", Holds::Text),
    ("journal", "what", Holds::Sentence),
];

/// The rows that point at a person.
const ROWS: [(&str, &str); 8] = [
    ("person", "id = ?1"),
    ("appointment", "person = ?1"),
    ("absence", "person = ?1 OR deputy = ?1"),
    ("measure", "responsible = ?1"),
    ("evaluation", "evaluated_by = ?1"),
    ("check_in", "principal = ?1 OR area_manager = ?1"),
    ("busy", "person = ?1"),
    ("journal", "who = ?1"),
];

impl Calendar {
    /// What a person is known by, as far as nobody else is known by it. Whether they are here.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn naming(&self, person: PersonId) -> Result<(Naming, bool), StoreError> {
        self.database
            .run(move |connection| {
                let mut naming = Naming::new(person);
                let sql = "SELECT name, email FROM person WHERE id = ?1";
                let own: Option<(String, String)> = connection
                    .query_row(sql, [naming.id.as_str()], |row| {
                        Ok((row.get(0)?, row.get(1)?))
                    })
                    .optional()?;
                if let Some((name, email)) = &own {
                    naming.learn(name, email);
                }
                Ok((naming, own.is_some()))
            })
            .await
    }

    /// Leaves out what others are known by too.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn only_theirs(&self, mut naming: Naming) -> Result<Naming, StoreError> {
        self.database
            .run(move |connection| {
                let sql = "SELECT name, email FROM person WHERE id <> ?1";
                let mut statement = connection.prepare(sql)?;
                let mut others = statement.query([naming.id.as_str()])?;
                while let Some(row) = others.next()? {
                    naming.unlearn(&row.get::<_, String>(0)?, &row.get::<_, String>(1)?);
                }
                Ok(naming)
            })
            .await
    }

    /// The posts that a person holds on `day` or later, and whom they stand in for: in words.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn posts_from(&self, person: PersonId, day: Date) -> Result<Vec<String>, StoreError> {
        self.database
            .run(move |connection| {
                let sql = "SELECT role || ifnull(' of ' || coalesce(unit, area), '')
                               || ifnull(' until ' || valid_to, '')
                           FROM appointment WHERE person = ?1 AND ifnull(valid_to >= ?2, 1)
                           UNION ALL SELECT 'deputy of ' || person || ' until ' || away_to
                           FROM absence WHERE deputy = ?1 AND away_to >= ?2";
                let mut statement = connection.prepare(sql)?;
                let posts = statement
                    .query_map(params![person.as_str(), day.to_string()], |row| row.get(0))?;
                Ok(posts.collect::<Result<_, _>>()?)
            })
            .await
    }

    /// Everything here that points at a person or names them.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn about(&self, naming: Naming) -> Result<Value, StoreError> {
        self.database
            .run(move |connection| {
                let mut about: BTreeMap<&str, Value> = BTreeMap::new();
                for (table, which) in ROWS {
                    let sql = format!("SELECT * FROM {table} WHERE {which}");
                    let of = [naming.id.as_str()];
                    let rows = rows(connection, &sql, of, |_| String::new())?;
                    about.insert(table, rows.into());
                }
                let mut named = Vec::new();
                let whom = (&naming, NOBODY);
                each_naming(connection, &COLUMNS, whom, |column, row, text, _| {
                    let (table, name, holds) = column;
                    if *holds != Holds::Uid {
                        named.push(json!({
                            "table": table, "row": key(row), "column": name, "text": text
                        }));
                    }
                    Ok(())
                })?;
                about.insert("named_in", named.into());
                Ok(json!(about))
            })
            .await
    }

    /// Forgets a person: what was done and agreed stays, under `pseudonym`. When they were away or
    /// busy goes. How many rows and texts were changed.
    ///
    /// # Errors
    /// SQLite refused; then nothing of it is kept.
    pub async fn forget(&self, naming: Naming, pseudonym: String) -> Result<usize, StoreError> {
        self.database
            .run(move |connection| {
                overwrite_deleted(connection)?;
                let transaction = writing(connection)?;
                let changed = forget(&transaction, &naming, &pseudonym)?;
                transaction.commit()?;
                Ok(changed)
            })
            .await
    }
}

fn forget(connection: &Connection, naming: &Naming, pseudonym: &str) -> Result<usize, StoreError> {
    let id = naming.id.as_str();
    // Texts first: a check-in's key names the identifier, and whoever renames the person renames the
    // columns that point at them.
    let mut changed = take_out(connection, &COLUMNS, (naming, pseudonym))?;
    for sql in [
        "DELETE FROM absence WHERE person = ?1",
        "DELETE FROM busy WHERE person = ?1",
    ] {
        changed += connection.execute(sql, [id])?;
    }
    changed += connection.execute(
        "UPDATE journal SET who = ?2 WHERE who = ?1",
        [id, pseudonym],
    )?;
    changed += connection.execute(
        "UPDATE person SET id = ?2, name = ?3, email = '', language = 'sv' WHERE id = ?1",
        [id, pseudonym, NOBODY],
    )?;
    Ok(changed)
}

fn key(row: &rusqlite::types::Value) -> Value {
    match row {
        rusqlite::types::Value::Integer(number) => (*number).into(),
        rusqlite::types::Value::Text(text) => text.as_str().into(),
        _ => Value::Null,
    }
}
