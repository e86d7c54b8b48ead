//! Files into tables of text.

use std::path::{Path, PathBuf};

use super::columns;
use super::report::{Note, Report};
use super::text::{Unreadable, decode};
use super::{comma_separated, workbook};

/// A header is looked for in so many rows: exports begin with titles and blank rows.
pub const HEADER_WITHIN: usize = 20;

/// One table: a CSV file or one sheet of a workbook.
#[derive(Debug, Clone)]
pub struct Table {
    /// The file.
    pub file: PathBuf,
    /// The sheet, in a workbook.
    pub sheet: Option<String>,
    /// What separates cells, where something does.
    pub separator: Option<&'static str>,
    /// The line of the header, from 1.
    pub header_line: usize,
    /// The columns' names as written, up to the last that has one.
    pub header: Vec<String>,
    /// The rows below it that are not empty.
    pub rows: Vec<Row>,
}

/// One row of text cells.
#[derive(Debug, Clone)]
pub struct Row {
    /// The line a person sees in the spreadsheet, from 1.
    pub line: usize,
    /// The cells, without surrounding space.
    pub cells: Vec<String>,
    /// Whether an empty row came between it and the one before.
    pub after_gap: bool,
}

/// One record of a file, which may stretch over several lines.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its first line, from 1.
    pub first: usize,
    /// Its last line.
    pub last: usize,
    /// The cells, without surrounding space.
    pub cells: Vec<String>,
}

/// Whether a file has an ending that tables have.
pub fn is_readable_kind(path: &Path) -> bool {
    matches!(ending(path).as_deref(), Some("csv" | "txt" | "xlsx"))
}

fn ending(path: &Path) -> Option<String> {
    path.extension()
        .map(|ending| ending.to_string_lossy().to_lowercase())
}

/// The tables of a file. What cannot be read at all is a fault of the report; that there is no
/// table is told by an empty list.
pub fn read(file: &Path, bytes: Vec<u8>, report: &mut Report) -> Vec<Table> {
    let named = ending(file);
    let is_xlsx = named.as_deref() == Some("xlsx");
    if bytes.starts_with(workbook::COMPOUND) {
        refuse((file, None), workbook::compound(&bytes, is_xlsx), report);
        return Vec::new();
    }
    if named.as_deref() == Some("xls") {
        refuse((file, None), workbook::compound(&[], false), report);
        return Vec::new();
    }
    if is_xlsx || bytes.starts_with(b"PK\x03\x04") {
        return sheets(file, bytes, report);
    }
    match decode(&bytes).and_then(|text| comma_separated::read(&text)) {
        Ok((lines, separator)) => {
            let table = table(file, None, lines);
            let separator = Some(separator);
            table
                .map(|table| Table { separator, ..table })
                .into_iter()
                .collect()
        }
        Err(fault) => {
            refuse((file, None), fault, report);
            Vec::new()
        }
    }
}

fn sheets(file: &Path, bytes: Vec<u8>, report: &mut Report) -> Vec<Table> {
    let sheets = match workbook::read(bytes) {
        Ok(sheets) => sheets,
        Err(fault) => {
            refuse((file, None), fault, report);
            return Vec::new();
        }
    };
    let mut tables = Vec::new();
    for (sheet, lines) in sheets {
        match lines {
            Ok(lines) => tables.extend(table(file, Some(sheet), lines)),
            Err(fault) => refuse((file, Some(sheet)), fault, report),
        }
    }
    tables
}

fn refuse(
    (file, sheet): (&Path, Option<String>),
    (line, message): Unreadable,
    report: &mut Report,
) {
    report.fault(Note {
        sheet,
        line,
        ..Note::of_file(file, message)
    });
}

/// Finds the header among the first rows: the one with the most names we know.
fn table(file: &Path, sheet: Option<String>, lines: Vec<Line>) -> Option<Table> {
    let known = |cells: &[String]| cells.iter().filter(|cell| columns::is_known(cell)).count();
    let filled = |line: &Line| line.cells.iter().any(|cell| !cell.is_empty());
    let candidates = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| filled(line))
        .take(HEADER_WITHIN);
    let (place, _) = candidates
        .map(|(place, line)| (place, known(&line.cells)))
        .max_by_key(|(place, names)| (*names, std::cmp::Reverse(*place)))?;
    let found = &lines[place];
    let (header_line, mut header) = (found.first, found.cells.clone());
    while header.last().is_some_and(String::is_empty) {
        header.pop();
    }
    let mut last = found.last;
    let mut rows = Vec::new();
    for line in lines
        .into_iter()
        .skip(place + 1)
        .filter(|line| filled(line))
    {
        rows.push(Row {
            line: line.first,
            cells: line.cells,
            after_gap: line.first > last + 1,
        });
        last = line.last;
    }
    Some(Table {
        file: file.to_owned(),
        sheet,
        separator: None,
        header_line,
        header,
        rows,
    })
}
