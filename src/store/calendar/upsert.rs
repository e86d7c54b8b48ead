//! One row of a batch into one row of a table.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use serde_json::{Map, Value as Json};

use super::batch::Changed;
use crate::store::StoreError;

/// A column and a value.
pub type Cell = (&'static str, Value);

/// A table, the columns that make a row unique, and the others.
pub struct Upsert<'a> {
    table: &'static str,
    /// What makes the row unique.
    key: &'a [Cell],
    rest: &'a [Cell],
    /// Columns of the rest that the source says nothing of: a new row gets their values, a row
    /// that is there keeps its own.
    unsaid: &'a [&'static str],
    /// Whether the table remembers what the last import said. A value said again then leaves what
    /// people have recorded since.
    remembers: bool,
    /// Columns that hold each other to account. One of them said anew means all of them: a value
    /// that stood beside the old ones may not go with the new.
    together: &'static [&'static [&'static str]],
}

impl<'a> Upsert<'a> {
    /// A row of a table that remembers nothing of imports.
    pub const fn plain(
        table: &'static str,
        (key, rest): (&'a [Cell], &'a [Cell]),
        unsaid: &'a [&'static str],
    ) -> Self {
        Self {
            table,
            key,
            rest,
            unsaid,
            remembers: false,
            together: &[],
        }
    }

    /// A row of a table that people also answer about, and that remembers what the last import said.
    pub const fn answered(
        table: &'static str,
        (key, rest): (&'a [Cell], &'a [Cell]),
        unsaid: &'a [&'static str],
    ) -> Self {
        Self {
            remembers: true,
            ..Self::plain(table, (key, rest), unsaid)
        }
    }

    /// The same, with groups of columns that are said again together or not at all.
    pub const fn together(self, together: &'static [&'static [&'static str]]) -> Self {
        Self { together, ..self }
    }
}

/// What became of a row.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Columns that were given another value.
    pub set: Vec<&'static str>,
    /// Columns that keep what was recorded since the last import said the same, and that value.
    pub stood: Vec<(&'static str, Value)>,
}

/// A row that is there.
struct Stored {
    memory: Map<String, Json>,
    values: Vec<Value>,
}

impl Upsert<'_> {
    /// Adds the row, or brings it up to date where it differs. A row that would not change is not
    /// touched, so that nobody is planned anew for it.
    ///
    /// # Errors
    /// SQLite refused.
    pub fn run(
        &self,
        connection: &Connection,
        changed: &mut Changed,
    ) -> Result<Outcome, StoreError> {
        let Some(stored) = self.stored(connection)? else {
            self.add(connection, changed)?;
            return Ok(Outcome::default());
        };
        let outcome = self.bring_up(connection, &stored)?;
        let change = changed.entry(self.table).or_default();
        if outcome.set.is_empty() {
            change.unchanged += 1;
        } else {
            change.changed += 1;
        }
        Ok(outcome)
    }

    /// Adds the row, which must not be there.
    ///
    /// # Errors
    /// SQLite refused.
    pub fn add(&self, connection: &Connection, changed: &mut Changed) -> Result<(), StoreError> {
        let mut cells: Vec<Cell> = self.key.iter().chain(self.rest).cloned().collect();
        if self.remembers {
            let said = self
                .said()
                .map(|(name, value)| (name.to_string(), json(value)));
            cells.push(imported(said.collect()));
        }
        let names: Vec<&str> = cells.iter().map(|(name, _)| *name).collect();
        let marks: Vec<String> = (1..=names.len()).map(|n| format!("?{n}")).collect();
        let sql = format!(
            "INSERT INTO {} ({}) VALUES ({})",
            self.table,
            names.join(", "),
            marks.join(", ")
        );
        let values = cells.into_iter().map(|(_, value)| value);
        connection
            .prepare_cached(&sql)?
            .execute(params_from_iter(values))?;
        changed.entry(self.table).or_default().added += 1;
        Ok(())
    }

    /// The cells of the rest that the source says something of.
    fn said(&self) -> impl Iterator<Item = &Cell> {
        self.rest
            .iter()
            .filter(|(name, _)| !self.unsaid.contains(name))
    }

    fn stored(&self, connection: &Connection) -> Result<Option<Stored>, StoreError> {
        let memory = if self.remembers { "imported" } else { "NULL" };
        let columns: Vec<&str> = std::iter::once(memory)
            .chain(self.said().map(|(name, _)| *name))
            .collect();
        let sql = format!(
            "SELECT {} FROM {} WHERE {}",
            columns.join(", "),
            self.table,
            self.where_key(1)
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let key = self.key.iter().map(|(_, value)| value);
        let mut rows = statement.query(params_from_iter(key))?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let memory: Option<String> = row.get(0)?;
        let values = (1..columns.len()).map(|n| row.get(n));
        Ok(Some(Stored {
            memory: memory
                .and_then(|text| serde_json::from_str(&text).ok())
                .unwrap_or_default(),
            values: values.collect::<Result<_, _>>()?,
        }))
    }

    /// The columns said otherwise than at the last import, and those that belong together with them.
    fn anew(&self, memory: &Map<String, Json>) -> Vec<&'static str> {
        let otherwise: Vec<&'static str> = self
            .said()
            .filter(|(name, value)| !self.remembers || memory.get(*name) != Some(&json(value)))
            .map(|(name, _)| *name)
            .collect();
        let is_touched = |group: &&&[&'static str]| group.iter().any(|c| otherwise.contains(c));
        let beside = self.together.iter().filter(is_touched);
        let beside: Vec<&'static str> = beside.flat_map(|group| group.iter().copied()).collect();
        [otherwise, beside].concat()
    }

    fn bring_up(&self, connection: &Connection, stored: &Stored) -> Result<Outcome, StoreError> {
        let mut outcome = Outcome::default();
        let mut cells: Vec<Cell> = Vec::new();
        let mut memory = stored.memory.clone();
        let anew = self.anew(&memory);
        for ((name, value), stands) in self.said().zip(&stored.values) {
            memory.insert((*name).to_owned(), json(value));
            if stands == value {
                continue;
            }
            if anew.contains(name) {
                outcome.set.push(name);
                cells.push((name, value.clone()));
            } else {
                outcome.stood.push((name, stands.clone()));
            }
        }
        if self.remembers && memory != stored.memory {
            cells.push(imported(memory));
        }
        if cells.is_empty() {
            return Ok(outcome);
        }
        let sets: Vec<String> = cells
            .iter()
            .enumerate()
            .map(|(n, (name, _))| format!("{name} = ?{}", n + 1))
            .collect();
        let sql = format!(
            "UPDATE {} SET {} WHERE {}",
            self.table,
            sets.join(", "),
            self.where_key(sets.len() + 1)
        );
        let values = cells.iter().chain(self.key).map(|(_, value)| value);
        connection
            .prepare_cached(&sql)?
            .execute(params_from_iter(values))?;
        Ok(outcome)
    }

    fn where_key(&self, first: usize) -> String {
        let parts = self.key.iter().enumerate();
        let parts: Vec<String> = parts
            .map(|(n, (name, _))| format!("{name} IS ?{}", first + n))
            .collect();
        parts.join(" AND ")
    }
}

fn imported(memory: Map<String, Json>) -> Cell {
    ("imported", Value::Text(Json::Object(memory).to_string()))
}

fn json(value: &Value) -> Json {
    match value {
        Value::Integer(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        // No column of ours is a number with a fraction, or bytes.
        Value::Null | Value::Real(_) | Value::Blob(_) => Json::Null,
    }
}

/// A value as text.
pub fn text(value: impl ToString) -> Value {
    Value::Text(value.to_string())
}

/// A value as text, or NULL.
pub fn maybe(value: Option<impl ToString>) -> Value {
    value.map_or(Value::Null, text)
}
