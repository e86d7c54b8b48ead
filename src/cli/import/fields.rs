//! Cells into values; every fault and warning with its place.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};

use super::cells::{clock, damage, date, date_time};
use super::columns::folded;
use super::layout::{Layout, Place};
use super::report::{Note, Report};
use super::table::Row;
use crate::follow_up::plausible::{self, Implausible};
use crate::follow_up::{AddressFault, UnitCode, envelope_address};

/// One row being read.
pub struct Fields<'a> {
    layout: &'a Layout<'a>,
    row: &'a Row,
    report: &'a mut Report,
    sound: bool,
    cut: bool,
}

impl<'a> Fields<'a> {
    /// Begins to read a row: what no value can be made of is told at once.
    pub fn new(layout: &'a Layout<'a>, row: &'a Row, report: &'a mut Report) -> Self {
        let mut fields = Self {
            layout,
            row,
            report,
            sound: true,
            cut: false,
        };
        fields.surplus();
        if fields.cut {
            return fields;
        }
        for (column, _) in layout.columns() {
            if let Some(message) = damage(fields.raw(column)) {
                fields.fault(column, message);
            }
        }
        fields
    }

    /// Cells to the right of the header: in CSV the text before them was cut in two.
    fn surplus(&mut self) {
        let table = self.layout.table;
        let (named, found) = (table.header.len(), self.row.cells.len());
        let surplus = self
            .row
            .cells
            .iter()
            .skip(named)
            .find(|cell| !cell.is_empty());
        let Some(cell) = surplus.cloned() else {
            return;
        };
        if let Some(separator) = table.separator {
            let message = format!(
                "the row has {found} cells, the header {named}: put text that holds {separator} in quotes"
            );
            self.report.fault(Note {
                value: Some(cell),
                ..Note::at_line(table, self.row.line, message)
            });
            (self.sound, self.cut) = (false, true);
        } else {
            let message = "a cell stands to the right of the last column and is left alone; name its column or empty it";
            self.report
                .warn(Note::at_line(table, self.row.line, message));
        }
    }

    /// Whether no fault was found in it.
    pub const fn is_sound(&self) -> bool {
        self.sound
    }

    /// Whether its text was cut in two, so that its cells stand in the wrong columns.
    pub const fn is_cut(&self) -> bool {
        self.cut
    }

    /// Where the row stands.
    pub fn place(&self) -> Place {
        self.layout.place(self.row.line)
    }

    /// Those of `columns` that the file does not have.
    pub fn lacks(&self, columns: &[&'static str]) -> Vec<&'static str> {
        let lacks = |column: &&&'static str| !self.layout.has(column);
        columns.iter().filter(lacks).copied().collect()
    }

    /// Those of `columns` that are empty here, or not in the file at all.
    pub fn empty(&self, columns: &[&'static str]) -> Vec<&'static str> {
        let empty = |column: &&&'static str| self.raw(column).is_empty();
        columns.iter().filter(empty).copied().collect()
    }

    /// The day of the import.
    pub const fn today(&self) -> Date {
        self.report.today
    }

    /// Notes a fault in a column.
    pub fn fault(&mut self, column: &str, message: impl Into<String>) {
        let note = self.note(column, message.into());
        self.report.fault(note);
        self.sound = false;
    }

    /// Notes a warning about a column, without showing its value.
    pub fn warn(&mut self, column: &str, message: impl Into<String>) {
        let note = Note {
            value: None,
            ..self.note(column, message.into())
        };
        self.report.warn(note);
    }

    fn note(&self, column: &str, message: String) -> Note {
        let value = Some(self.raw(column).to_owned()).filter(|value| !value.is_empty());
        self.place().note(column, value, message)
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

    /// A value, or a fault in a column.
    fn sound<T>(&mut self, column: &str, value: Result<T, Implausible>) -> Option<T> {
        value
            .map_err(|error| self.fault(column, error.to_string()))
            .ok()
    }

    /// A name, title or identifier on one line, or nothing.
    pub fn name(&mut self, column: &str) -> Option<String> {
        let text = self.raw(column).to_owned();
        if text.is_empty() {
            return None;
        }
        self.sound(column, plausible::line(&text).map(str::to_owned))
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
        let text = plausible::text(self.raw(column));
        let text = self.sound(column, text).unwrap_or_default();
        self.warn_of_personal_number(column, &text);
        text
    }

    /// Warns of a personal identity number, without repeating it.
    pub fn warn_of_personal_number(&mut self, column: &str, text: &str) {
        if plausible::holds_personal_number(text) {
            self.warn(
                column,
                "looks as if it holds a personal identity number; take it out",
            );
        }
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
            Some(date) => self.sound(column, plausible::day(date)),
            None => {
                self.fault(column, "is not a date; write it as 2026-12-03");
                None
            }
        }
    }

    /// A day on which something happened, or nothing. One that is yet to come counts from then on.
    pub fn past_date(&mut self, column: &str) -> Option<Date> {
        let date = self.date(column)?;
        if date > self.today() {
            let message = format!("{date} is yet to come; it counts from that day on");
            self.warn(column, message);
        }
        Some(date)
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
        let Some(found) = date_time(&text) else {
            let message = if clock(&text).is_some() {
                "is a time without a day; write both, as 2026-12-03 08:30"
            } else {
                "is not a date and time; write it as 2026-12-03 08:30"
            };
            self.fault(column, message);
            return None;
        };
        self.sound(column, plausible::day(found.date()).map(|_| found))
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
            .split([' ', ',', ';', '\t', '\n'])
            .filter(|word| !word.is_empty());
        let mut codes: Vec<UnitCode> = Vec::new();
        for code in words.filter_map(|word| self.code_of(column, word)) {
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        codes
    }

    fn code_of(&mut self, column: &str, text: &str) -> Option<UnitCode> {
        match UnitCode::parse(text) {
            Ok(code) => {
                // One lost zero is a spreadsheet's doing; three are more likely a cut-off code.
                if text.len() == 5 {
                    let message = format!("{text} is read as {code}; write all eight digits");
                    self.warn(column, message);
                }
                Some(code)
            }
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
