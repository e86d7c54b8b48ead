//! The columns of a table, found by their names.

use std::sync::Arc;

use super::columns::{Kind, folded};
use super::fields::Fields;
use super::report::{Note, Report};
use super::table::{Row, Table};

/// The columns of a table, found.
pub struct Layout<'a> {
    /// The table.
    pub table: &'a Table,
    places: Vec<(&'static str, usize)>,
    origin: Arc<Origin>,
}

/// Where rows come from, for telling their faults after the table has been read.
#[derive(Debug)]
pub struct Origin {
    note: Note,
    headers: Vec<(&'static str, String)>,
}

/// Where one record stands.
#[derive(Debug, Clone)]
pub struct Place {
    origin: Arc<Origin>,
    /// The line, from 1.
    pub line: usize,
}

impl Place {
    /// A note about the record here: its column and the value seen in it.
    pub fn note(&self, column: &str, value: Option<String>, message: impl Into<String>) -> Note {
        let headers = &self.origin.headers;
        let header = headers.iter().find(|(name, _)| *name == column);
        let column = header.map_or(column, |(_, header)| header).to_owned();
        Note {
            line: Some(self.line),
            column: Some(column),
            value,
            message: message.into(),
            ..self.origin.note.clone()
        }
    }

    /// The file and line in words.
    pub fn words(&self) -> String {
        format!("{} line {}", self.origin.note.file.display(), self.line)
    }
}

impl<'a> Layout<'a> {
    /// Finds a kind's columns in a table. `None` where one is missing or there twice: the faults
    /// say so, and the rows would only repeat it. Unknown columns are a warning.
    pub fn find(kind: Kind, table: &'a Table, report: &mut Report) -> Option<Self> {
        if !kind.columns().iter().any(|column| column.is_in(table)) {
            let needed = kind.columns().iter().filter(|column| column.needed);
            let names: Vec<&str> = needed.map(|column| column.name).collect();
            let message = format!(
                "no column here is one of {}; let the first row name {}, separated by semicolons",
                kind.file_name(),
                names.join(", ")
            );
            report.fault(Note::of_table(table, message));
            return None;
        }
        let before = report.faults.len();
        let mut places: Vec<(&'static str, usize)> = Vec::new();
        let mut unknown = Vec::new();
        for (place, header) in table.header.iter().enumerate() {
            if header.is_empty() {
                let filled = |row: &Row| row.cells.get(place).is_some_and(|cell| !cell.is_empty());
                if table.rows.iter().any(filled) {
                    unknown.push(format!("the nameless column {}", place + 1));
                }
                continue;
            }
            // The column's own name comes before its synonyms: "Skolenhet" may be two things.
            let own = kind
                .columns()
                .iter()
                .find(|column| folded(column.name) == folded(header));
            match own.or_else(|| kind.columns().iter().find(|column| column.is_named(header))) {
                None => unknown.push(header.clone()),
                Some(column) if places.iter().any(|(name, _)| *name == column.name) => {
                    report.fault(Note {
                        column: Some(header.clone()),
                        ..Note::of_table(
                            table,
                            format!("two columns mean {}: keep one of them", column.name),
                        )
                    });
                }
                Some(column) => places.push((column.name, place)),
            }
        }
        for column in kind.columns().iter().filter(|column| column.needed) {
            if !places.iter().any(|(name, _)| *name == column.name) {
                let also = column.also.first();
                let also = also
                    .map(|also| format!(" (or \"{also}\")"))
                    .unwrap_or_default();
                report.fault(Note {
                    column: Some(column.name.to_owned()),
                    ..Note::of_table(
                        table,
                        format!("the column \"{}\"{also} is missing: add it", column.name),
                    )
                });
            }
        }
        if !unknown.is_empty() {
            let unknown = unknown.join(", ");
            let message = format!("columns that are not known here and left alone: {unknown}");
            report.warn(Note::of_table(table, message));
        }
        if table.rows.is_empty() {
            let message = "0 rows: there is nothing below the header";
            report.warn(Note::of_table(table, message));
        }
        let headers = places
            .iter()
            .map(|(name, place)| (*name, table.header[*place].clone()))
            .collect();
        let note = Note::of_table(table, "");
        let origin = Arc::new(Origin { note, headers });
        let found = Self {
            table,
            places,
            origin,
        };
        (report.faults.len() == before).then_some(found)
    }

    /// Whether the file has the column.
    pub fn has(&self, name: &str) -> bool {
        self.place_of(name).is_some()
    }

    /// Where a column stands, from 0.
    pub fn place_of(&self, name: &str) -> Option<usize> {
        let found = self.places.iter().find(|(known, _)| *known == name);
        found.map(|(_, place)| *place)
    }

    /// The columns found and where they stand, from 0.
    pub fn columns(&self) -> &[(&'static str, usize)] {
        &self.places
    }

    /// The cell of a row in a column; empty where the column is not there.
    pub fn cell<'r>(&self, row: &'r Row, column: &str) -> &'r str {
        self.place_of(column)
            .and_then(|place| row.cells.get(place))
            .map_or("", String::as_str)
    }

    /// Where a row stands.
    pub fn place(&self, line: usize) -> Place {
        let origin = Arc::clone(&self.origin);
        Place { origin, line }
    }

    /// Reads one row.
    pub fn row<'r>(&'r self, row: &'r Row, report: &'r mut Report) -> Fields<'r> {
        Fields::new(self, row, report)
    }
}
