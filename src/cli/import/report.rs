//! What is found in the files: every fault and warning with its place.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::Serialize;

use super::table::Table;
use crate::follow_up::plausible::shown_line;

/// A fault or a warning, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The file.
    pub file: PathBuf,
    /// The sheet, in a workbook.
    pub sheet: Option<String>,
    /// The line as a spreadsheet shows it, from 1; `None` when it concerns the whole file.
    pub line: Option<usize>,
    /// The column, as the file names it, on one line.
    pub column: Option<String>,
    /// The value seen, where it may be shown.
    pub value: Option<String>,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl Note {
    /// About a whole file.
    pub fn of_file(file: &Path, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            sheet: None,
            line: None,
            column: None,
            value: None,
            message: message.into(),
        }
    }

    /// About a line of a table.
    pub fn at_line(table: &Table, line: usize, message: impl Into<String>) -> Self {
        Self {
            sheet: table.sheet.clone(),
            line: Some(line),
            ..Self::of_file(&table.file, message)
        }
    }

    /// The note without what is far too long to be read in it, and on one line: a library's words may
    /// quote the file, and a sheet and a column are named by it. A value is quoted as it is.
    fn cut(mut self) -> Self {
        const LONGEST: usize = 2000;
        if let Some(value) = &mut self.value
            && let Some((place, _)) = value.char_indices().nth(LONGEST)
        {
            value.truncate(place);
            value.push('…');
        }
        for text in self
            .sheet
            .iter_mut()
            .chain(&mut self.column)
            .chain([&mut self.message])
        {
            *text = shown_line(text, LONGEST);
        }
        self
    }

    /// About a whole table: its header's line.
    pub fn of_table(table: &Table, message: impl Into<String>) -> Self {
        Self::at_line(table, table.header_line, message)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(sheet) = &self.sheet {
            write!(f, " [{sheet}]")?;
        }
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column {column}")?;
        }
        if let Some(value) = &self.value {
            let short: String = value
                .chars()
                .take(60)
                .flat_map(char::escape_debug)
                .collect();
            write!(f, ", \"{short}\"")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Everything found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What must be mended.
    pub faults: Vec<Note>,
    /// What should be looked at.
    pub warnings: Vec<Note>,
    /// The day of the import.
    #[serde(skip)]
    pub today: Date,
}

impl Report {
    /// Nothing found yet.
    pub const fn new(today: Date) -> Self {
        Self {
            faults: Vec::new(),
            warnings: Vec::new(),
            today,
        }
    }

    /// Notes a fault, unless one is told of the same cell already.
    pub fn fault(&mut self, note: Note) {
        let note = note.cut();
        let cell = |n: &Note| (n.line, n.column.clone(), n.sheet.clone(), n.file.clone());
        let told = note.column.is_some()
            && self
                .faults
                .iter()
                .rev()
                .take(64)
                .any(|n| cell(n) == cell(&note));
        if !told {
            self.faults.push(note);
        }
    }

    /// Notes a warning.
    pub fn warn(&mut self, note: Note) {
        self.warnings.push(note.cut());
    }

    /// The files with faults.
    pub fn files(&self) -> BTreeSet<&Path> {
        let files = self.faults.iter().map(|fault| fault.file.as_path());
        files.collect()
    }
}
