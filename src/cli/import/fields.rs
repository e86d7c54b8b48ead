//! Cells into values; every fault and warning with its place.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};
use serde::Serialize;

use super::columns::{Kind, folded};
use super::table::{Row, Table};
use crate::follow_up::{AddressFault, UnitCode, envelope_address};

/// The longest name, title or identifier, in characters.
const NAME: usize = 200;
/// The longest free text, in characters.
const TEXT: usize = 20_000;

/// A fault or a warning, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The file.
    pub file: PathBuf,
    /// The sheet, in a workbook.
    pub sheet: Option<String>,
    /// The line as a spreadsheet shows it, from 1; `None` when it concerns the whole table.
    pub line: Option<usize>,
    /// The column, as the file names it.
    pub column: Option<String>,
    /// The value seen, where it may be shown.
    pub value: Option<String>,
    /// What is wrong, and what to write instead.
    pub message: String,
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

    /// A fault of a whole file.
    pub fn fault_of_file(&mut self, file: &Path, message: String) {
        let file = file.to_owned();
        self.faults.push(Note {
            file,
            sheet: None,
            line: None,
            column: None,
            value: None,
            message,
        });
    }

    /// A fault of a whole table.
    pub fn fault_of_table(&mut self, table: &Table, message: String) {
        let (file, sheet) = (table.file.clone(), table.sheet.clone());
        let line = Some(table.header_line);
        self.faults.push(Note {
            file,
            sheet,
            line,
            column: None,
            value: None,
            message,
        });
    }

    /// A warning about a whole table.
    pub fn warn_of_table(&mut self, table: &Table, message: String) {
        let (file, sheet) = (table.file.clone(), table.sheet.clone());
        let line = Some(table.header_line);
        self.warnings.push(Note {
            file,
            sheet,
            line,
            column: None,
            value: None,
            message,
        });
    }

    /// The files with faults, by name.
    pub fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .faults
            .iter()
            .filter_map(|fault| fault.file.file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

/// The columns of a table, found.
pub struct Layout<'a> {
    table: &'a Table,
    places: Vec<(&'static str, usize)>,
}

impl<'a> Layout<'a> {
    /// Finds a kind's columns in a table. Missing and double ones are faults, unknown ones a
    /// warning.
    pub fn find(kind: Kind, table: &'a Table, report: &mut Report) -> Self {
        let mut places: Vec<(&'static str, usize)> = Vec::new();
        let mut unknown = Vec::new();
        for (place, header) in table
            .header
            .iter()
            .enumerate()
            .filter(|(_, name)| !name.is_empty())
        {
            // The column's own name comes before its synonyms: "Skolenhet" may be two things.
            let own = kind
                .columns()
                .iter()
                .find(|column| folded(column.name) == folded(header));
            match own.or_else(|| kind.columns().iter().find(|column| column.is_named(header))) {
                None => unknown.push(header.clone()),
                Some(column) if places.iter().any(|(name, _)| *name == column.name) => {
                    report.fault_of_table(
                        table,
                        format!("two columns mean {}: keep one of them", column.name),
                    );
                }
                Some(column) => places.push((column.name, place)),
            }
        }
        for column in kind.columns().iter().filter(|column| column.needed) {
            if !places.iter().any(|(name, _)| *name == column.name) {
                let also = column
                    .also
                    .first()
                    .map(|also| format!(" (or \"{also}\")"))
                    .unwrap_or_default();
                report.fault_of_table(
                    table,
                    format!("the column \"{}\"{also} is missing: add it", column.name),
                );
            }
        }
        if !unknown.is_empty() {
            let unknown = unknown.join(", ");
            report.warn_of_table(
                table,
                format!("columns that are not known here and left alone: {unknown}"),
            );
        }
        Self { table, places }
    }

    /// Whether the file has the column.
    pub fn has(&self, name: &str) -> bool {
        self.places.iter().any(|(known, _)| *known == name)
    }

    /// The cell of a row in a column; empty where the column is not there.
    pub fn cell<'r>(&self, row: &'r Row, column: &str) -> &'r str {
        let place = self.places.iter().find(|(name, _)| *name == column);
        place
            .and_then(|(_, place)| row.cells.get(*place))
            .map_or("", String::as_str)
    }

    /// Reads one row.
    pub fn row<'r>(&'r self, row: &'r Row, report: &'r mut Report) -> Fields<'r> {
        Fields {
            layout: self,
            row,
            report,
            sound: true,
        }
    }
}

/// One row being read.
pub struct Fields<'a> {
    layout: &'a Layout<'a>,
    row: &'a Row,
    report: &'a mut Report,
    sound: bool,
}

impl Fields<'_> {
    /// Whether no fault was found in it.
    pub const fn is_sound(&self) -> bool {
        self.sound
    }

    /// The line of the row.
    pub const fn line(&self) -> usize {
        self.row.line
    }

    /// The day of the import.
    pub const fn today(&self) -> Date {
        self.report.today
    }

    /// Notes a fault in a column.
    pub fn fault(&mut self, column: &str, message: impl Into<String>) {
        let note = self.note(column, message.into());
        self.report.faults.push(note);
        self.sound = false;
    }

    /// Notes a warning about a column, without showing its value.
    pub fn warn(&mut self, column: &str, message: impl Into<String>) {
        let note = Note {
            value: None,
            ..self.note(column, message.into())
        };
        self.report.warnings.push(note);
    }

    fn note(&self, column: &str, message: String) -> Note {
        let table = self.layout.table;
        let place = self
            .layout
            .places
            .iter()
            .find(|(name, _)| *name == column)
            .map(|(_, place)| *place);
        let header = place.and_then(|place| table.header.get(place)).cloned();
        let value = place
            .and_then(|place| self.row.cells.get(place))
            .filter(|v| !v.is_empty())
            .cloned();
        let column = Some(header.unwrap_or_else(|| column.to_owned()));
        Note {
            file: table.file.clone(),
            sheet: table.sheet.clone(),
            line: Some(self.row.line),
            column,
            value,
            message,
        }
    }

    /// The cell as it stands; empty where the column is not there.
    pub fn raw(&self, column: &str) -> &str {
        self.layout.cell(self.row, column)
    }

    /// A cell of a column we do not know, by the header's name.
    pub fn by_header(&self, header: &str) -> &str {
        let place = self
            .layout
            .table
            .header
            .iter()
            .position(|name| folded(name) == folded(header));
        place
            .and_then(|place| self.row.cells.get(place))
            .map_or("", String::as_str)
    }

    /// A name, title or identifier on one line, or nothing.
    pub fn name(&mut self, column: &str) -> Option<String> {
        let text = self.raw(column).to_owned();
        if text.is_empty() {
            return None;
        }
        if text.chars().count() > NAME {
            self.fault(column, format!("longer than {NAME} characters; shorten it"));
            return None;
        }
        if let Some((place, _)) = text
            .chars()
            .enumerate()
            .find(|(_, c)| is_hidden(*c) || *c == '\n')
        {
            self.fault(
                column,
                format!(
                    "a line break or an invisible character at place {}; type the text anew",
                    place + 1
                ),
            );
            return None;
        }
        Some(text)
    }

    /// As [`Fields::name`], and it must be there.
    pub fn needed_name(&mut self, column: &str) -> Option<String> {
        if self.raw(column).is_empty() {
            self.fault(column, "is empty; fill it in");
        }
        self.name(column)
    }

    /// Free text: invisible characters are taken out, line ends become one kind.
    pub fn text(&mut self, column: &str) -> String {
        let text = self.raw(column).replace("\r\n", "\n").replace('\r', "\n");
        if text.chars().count() > TEXT {
            self.fault(column, format!("longer than {TEXT} characters; shorten it"));
            return String::new();
        }
        if holds_personal_number(&text) {
            self.warn(
                column,
                "looks as if it holds a personal identity number; take it out of the text",
            );
        }
        text.chars()
            .filter(|&c| c == '\n' || c == '\t' || !is_hidden(c))
            .collect()
    }

    /// A word of a fixed set, or nothing.
    pub fn choice<T: FromStr>(&mut self, column: &str) -> Option<T>
    where
        T::Err: fmt::Display,
    {
        let text = self.raw(column).to_owned();
        if text.is_empty() {
            return None;
        }
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(column, error.to_string());
                None
            }
        }
    }

    /// A day, or nothing.
    pub fn date(&mut self, column: &str) -> Option<Date> {
        let text = self.raw(column).to_owned();
        if text.is_empty() {
            return None;
        }
        match date(&text) {
            Some(date) if (1990..=2100).contains(&date.year()) => Some(date),
            Some(_) => {
                self.fault(column, "a year outside 1990–2100; correct the date");
                None
            }
            None => {
                self.fault(column, "is not a date; write it as 2026-12-03");
                None
            }
        }
    }

    /// A day that must be there.
    pub fn needed_date(&mut self, column: &str) -> Option<Date> {
        if self.raw(column).is_empty() {
            self.fault(column, "is empty; write a date such as 2026-12-03");
        }
        self.date(column)
    }

    /// A local day and time that must be there.
    pub fn needed_date_time(&mut self, column: &str) -> Option<DateTime> {
        let text = self.raw(column).to_owned();
        let found = date_time(&text).filter(|at| (1990..=2100).contains(&at.date().year()));
        if found.is_none() {
            self.fault(
                column,
                "is not a date and time; write it as 2026-12-03 08:30",
            );
        }
        found
    }

    /// A whole number, or nothing.
    pub fn number(&mut self, column: &str, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
        let text = self.raw(column).to_owned();
        if text.is_empty() {
            return None;
        }
        let number = text.parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            self.fault(
                column,
                format!(
                    "write a whole number from {} to {}",
                    range.start(),
                    range.end()
                ),
            );
        }
        number
    }

    /// A school unit code, or nothing.
    pub fn unit_code(&mut self, column: &str) -> Option<UnitCode> {
        let text = self.raw(column).to_owned();
        if text.is_empty() {
            None
        } else {
            self.code_of(column, &text)
        }
    }

    /// A school unit code that must be there.
    pub fn needed_unit_code(&mut self, column: &str) -> Option<UnitCode> {
        if self.raw(column).is_empty() {
            self.fault(column, "is empty; write the school unit's eight digits");
        }
        self.unit_code(column)
    }

    /// School unit codes, separated by space, comma or semicolon.
    pub fn unit_codes(&mut self, column: &str) -> Vec<UnitCode> {
        let text = self.raw(column).to_owned();
        let words = text
            .split([' ', ',', ';', '\n'])
            .filter(|word| !word.is_empty());
        words
            .filter_map(|word| self.code_of(column, word))
            .collect()
    }

    fn code_of(&mut self, column: &str, text: &str) -> Option<UnitCode> {
        match UnitCode::parse(text) {
            Ok(code) => Some(code),
            Err(_) if text.to_uppercase().contains("E+") => {
                self.fault(column, "Excel has turned the code into a rounded number; format the column as text and write the eight digits anew");
                None
            }
            Err(error) => {
                self.fault(column, error.to_string());
                None
            }
        }
    }

    /// One e-mail address, or nothing.
    pub fn email(&mut self, column: &str) -> String {
        let text = self.raw(column).to_owned();
        // In a file a domain without a point is a slip, though a relay of one's own may know it.
        let found = envelope_address(&text).and_then(|address| match address.split_once('@') {
            Some((_, domain)) if domain.contains('.') => Ok(address),
            _ => Err(AddressFault::NoDomain),
        });
        match found {
            Err(fault) if !text.is_empty() => {
                self.fault(column, format!("{fault}; write it as namn@skola.example"));
                String::new()
            }
            _ => text,
        }
    }

    /// A school year by its name.
    pub fn needed_school_year(&mut self, column: &str) -> Option<String> {
        let text = self.raw(column).to_owned();
        match crate::calendar::parse_school_year_name(&text) {
            Ok(start) => Some(crate::calendar::school_year_of(start)),
            Err(error) => {
                self.fault(column, error.to_string());
                None
            }
        }
    }
}

/// Control characters, and those that turn or hide text.
fn is_hidden(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t'
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// `2026-12-03`, `20261203`, or the first with a midnight behind it, as some exports write it.
fn date(text: &str) -> Option<Date> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let text = text
        .strip_suffix(" 00:00:00")
        .or_else(|| text.strip_suffix("T00:00:00"))
        .unwrap_or(text);
    if text.len() == 8 && digits(text) {
        let (year, month, day) = (
            text[..4].parse().ok()?,
            text[4..6].parse().ok()?,
            text[6..].parse().ok()?,
        );
        return Date::new(year, month, day).ok();
    }
    let shaped = text.len() == 10
        && text.is_ascii()
        && text.as_bytes()[4] == b'-'
        && text.as_bytes()[7] == b'-';
    if shaped { text.parse().ok() } else { None }
}

/// A date, then `T` or a space, then `08:30` or `08.30`, with or without seconds.
fn date_time(text: &str) -> Option<DateTime> {
    let (day, clock) = text.split_once(['T', ' '])?;
    let clock = clock
        .trim()
        .trim_start_matches("kl.")
        .trim()
        .replace('.', ":");
    let mut parts = clock.split(':');
    let hour: i8 = parts.next()?.parse().ok()?;
    let minute: i8 = parts.next()?.parse().ok()?;
    match parts.next() {
        None | Some("00") => {}
        Some(_) => return None,
    }
    Some(date(day)?.to_datetime(Time::new(hour, minute, 0, 0).ok()?))
}

/// A personal identity number: six or eight digits, a hyphen or a plus, four digits.
fn holds_personal_number(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit() && c != '-' && c != '+')
        .any(|word| {
            word.split_once(['-', '+']).is_some_and(|(date, last)| {
                let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
                matches!(date.len(), 6 | 8) && last.len() == 4 && digits(date) && digits(last)
            })
        })
}
