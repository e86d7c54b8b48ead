//! What is stored about one person, as JSON that can be read, and the texts of a table without them.

use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params, params};
use serde_json::{Map, Value};

use super::StoreError;
use crate::follow_up::{Naming, Writer};
use crate::plan::{key_without, uid_without};

/// Reads a mail's bytes as a person would.
pub type Reader = fn(&[u8]) -> String;

/// What a column holds, and so how it names people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A text that people wrote.
    Text,
    /// A sentence of the journal's.
    Sentence,
    /// An object.
    Json,
    /// The key of a notice or meeting.
    Key,
    /// What a check-in is known by.
    Uid,
}

/// A column that may name people without pointing at them.
pub type Column = (&'static str, &'static str, Holds);

/// The text without the person, `None` where it does not name them.
pub fn without(text: &str, holds: Holds, naming: &Naming, pseudonym: &str) -> Option<String> {
    match holds {
        Holds::Text => naming.taken_out(text, pseudonym, Writer::Person),
        Holds::Sentence => naming.taken_out(text, pseudonym, writer_of(text)),
        Holds::Json => json_without(text, naming, pseudonym),
        Holds::Key => key_without(text, naming, pseudonym),
        Holds::Uid => uid_without(text, naming, pseudonym),
    }
}

/// Who wrote a line of the journal: what the program says of people names them by identifier.
fn writer_of(text: &str) -> Writer {
    let is_of_people = ["check-in of ", "absence of "]
        .iter()
        .any(|start| text.starts_with(start));
    if is_of_people {
        Writer::Program
    } else {
        Writer::Person
    }
}

fn json_without(text: &str, naming: &Naming, pseudonym: &str) -> Option<String> {
    let mut value: Value = serde_json::from_str(text).ok()?;
    walk(&mut value, "", naming, pseudonym).then(|| value.to_string())
}

/// Whether anything was changed.
fn walk(value: &mut Value, name: &str, naming: &Naming, pseudonym: &str) -> bool {
    const PEOPLE: [&str; 5] = [
        "person",
        "principal",
        "area_manager",
        "deputy",
        "evaluated_by",
    ];
    match value {
        Value::String(text) => {
            let new = if PEOPLE.contains(&name) && text == naming.id.as_str() {
                Some(pseudonym.to_owned())
            } else if naming.has_address(text) {
                Some(String::new())
            } else {
                naming.taken_out(text, pseudonym, Writer::Person)
            };
            let changed = new.is_some();
            *text = new.unwrap_or_else(|| std::mem::take(text));
            changed
        }
        Value::Array(values) => values.iter_mut().fold(false, |all, value| {
            walk(value, name, naming, pseudonym) | all
        }),
        Value::Object(values) => values.iter_mut().fold(false, |all, (name, value)| {
            walk(value, name, naming, pseudonym) | all
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The column that tells a table's rows apart.
fn key_of(table: &str) -> &'static str {
    if table == "invitation" { "mail" } else { "id" }
}

/// Hands each text of the columns that names the person to `take`: the table, the column, the row's
/// key, the text and the text without them.
///
/// # Errors
/// SQLite refused, or `take` failed.
pub fn each_naming(
    connection: &Connection,
    columns: &[Column],
    (naming, pseudonym): (&Naming, &str),
    mut take: impl FnMut(&Column, &rusqlite::types::Value, &str, &str) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    for column in columns {
        let (table, name, holds) = column;
        let key = key_of(table);
        let sql = format!("SELECT {key}, {name} FROM {table} WHERE {name} <> ''");
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let text: String = row.get(1)?;
            if let Some(new) = without(&text, *holds, naming, pseudonym) {
                found.push((row.get(0)?, text, new));
            }
        }
        for (row, text, new) in found {
            take(column, &row, &text, &new)?;
        }
    }
    Ok(())
}

fn is_taken(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(failure, _)
        if failure.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE)
}

/// Takes the person out of each text of the columns, and gives a title that is taken then a number.
/// How many texts that were.
///
/// # Errors
/// SQLite refused.
pub fn take_out(
    connection: &Connection,
    columns: &[Column],
    (naming, pseudonym): (&Naming, &str),
) -> Result<usize, StoreError> {
    let mut texts = 0;
    each_naming(
        connection,
        columns,
        (naming, pseudonym),
        |(table, name, _), row, _, new| {
            let sql = format!(
                "UPDATE {table} SET {name} = ?2 WHERE {} = ?1",
                key_of(table)
            );
            let mut update = connection.prepare_cached(&sql)?;
            let mut number = 1;
            texts += loop {
                // Without a name in it a title may be another's already.
                let numbered = match number {
                    1 => new.to_owned(),
                    _ => format!("{new} ({number})"),
                };
                match update.execute(params![row, numbered]) {
                    Err(error) if is_taken(&error) && *table == "development_area" => number += 1,
                    updated => break updated?,
                }
            };
            Ok(())
        },
    )?;
    Ok(texts)
}

/// Rows as objects, by their columns' names; instants as people write them.
///
/// # Errors
/// SQLite refused.
pub fn rows(
    connection: &Connection,
    sql: &str,
    of: impl Params,
    reader: Reader,
) -> Result<Vec<Value>, StoreError> {
    let mut statement = connection.prepare(sql)?;
    let names = statement.column_names();
    let names: Vec<String> = names.map(str::to_owned).collect();
    let rows = statement.query_map(of, |row| {
        let mut object = Map::new();
        for (place, name) in names.iter().enumerate() {
            object.insert(name.clone(), shown(name, row.get_ref(place)?, reader));
        }
        Ok(Value::Object(object))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn shown(name: &str, value: ValueRef<'_>, reader: Reader) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => {
            let at = name
                .ends_with("_utc")
                .then(|| Timestamp::from_second(number));
            match at {
                Some(Ok(at)) => at.to_string().into(),
                _ => number.into(),
            }
        }
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => {
            let text = String::from_utf8_lossy(text);
            // A column that holds an object is part of the whole.
            let object = text.starts_with('{').then(|| serde_json::from_str(&text));
            object
                .and_then(Result::ok)
                .unwrap_or_else(|| text.into_owned().into())
        }
        ValueRef::Blob(bytes) if name == "bytes" => reader(bytes).into(),
        ValueRef::Blob(bytes) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            hex.into()
        }
    }
}
