//! Excel workbooks: every sheet into lines of text.

use std::io::{self, Cursor, Read, Write};

use calamine::{Data, Reader, Xlsx};
use jiff::Unit;
use jiff::civil::{DateTime, DateTimeRound};

use super::table::Line;
use super::text::{Unreadable, composed};

/// More rows or columns than any table of ours; a cell beyond them is a stray one.
const MOST_ROWS: u32 = 200_000;
const MOST_COLUMNS: u32 = 200;

/// What a workbook may unpack to, in megabytes: a hundred times any of ours, and what a small machine
/// has room for.
const MOST_MEGABYTES: u64 = 100;

/// How old workbooks and protected ones begin (the compound file format).
pub const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// What to do about a file in the compound format: an old workbook, or a protected one.
pub fn compound(bytes: &[u8], named_xlsx: bool) -> Unreadable {
    let stream: Vec<u8> = "EncryptedPackage"
        .bytes()
        .flat_map(|byte| [byte, 0])
        .collect();
    let is_protected = named_xlsx || bytes.windows(stream.len()).any(|part| part == stream);
    let message = if is_protected {
        "it is protected by a password; save it without one"
    } else {
        "an old .xls workbook; save it as .xlsx or as CSV"
    };
    (None, message.into())
}

/// The lines of a sheet, or why it cannot be read.
pub type Sheet = Result<Vec<Line>, Unreadable>;

/// The sheets by name, and the faults of those that cannot be read.
///
/// # Errors
/// It is no workbook, or one that the reader stumbles over: its library has panicked on files that a
/// fuzzer made.
pub fn read(bytes: Vec<u8>) -> Result<Vec<(String, Sheet)>, Unreadable> {
    std::panic::catch_unwind(|| sheets(bytes)).unwrap_or_else(|_| {
        let message = "it is no workbook as Excel writes them; save it anew as .xlsx, or as CSV";
        Err((None, message.into()))
    })
}

fn sheets(bytes: Vec<u8>) -> Result<Vec<(String, Sheet)>, Unreadable> {
    if unpacks_to_more_than(MOST_MEGABYTES << 20, &bytes) {
        let message = format!(
            "it unpacks to more than {MOST_MEGABYTES} MB; save only the sheets that are to be imported, as a new .xlsx or as CSV"
        );
        return Err((None, message));
    }
    let mut workbook: Xlsx<_> =
        calamine::open_workbook_from_rs(Cursor::new(bytes)).map_err(|error| {
            let message =
                format!("it cannot be read as an Excel workbook: {error}; save it anew as .xlsx");
            (None, message)
        })?;
    let mut sheets = Vec::new();
    for sheet in workbook.sheet_names() {
        let lines = lines(&mut workbook, &sheet);
        sheets.push((sheet, lines));
    }
    Ok(sheets)
}

/// Whether the parts of a workbook are more than `most` bytes together. What they say of their own
/// length may be anything, so they are unpacked, to nowhere. What cannot be unpacked cannot be read
/// later either, and is told of then.
fn unpacks_to_more_than(most: u64, bytes: &[u8]) -> bool {
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(bytes)) else {
        return false;
    };
    let mut room = most;
    for number in 0..archive.len() {
        let Ok(part) = archive.by_index(number) else {
            continue;
        };
        let mut counted = Counted::default();
        let _ = io::copy(&mut part.take(room.saturating_add(1)), &mut counted);
        match room.checked_sub(counted.0) {
            Some(left) => room = left,
            None => return true,
        }
    }
    false
}

/// How many bytes were written to nowhere, also before an error.
#[derive(Default)]
struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The lines of a sheet, cell by cell: a range would take room for all that lies between.
fn lines(workbook: &mut Xlsx<Cursor<Vec<u8>>>, sheet: &str) -> Sheet {
    let refused = |error: calamine::XlsxError| {
        let message = format!("the sheet cannot be read: {error}; save it anew as .xlsx");
        (None, message)
    };
    let mut reader = workbook.worksheet_cells_reader(sheet).map_err(refused)?;
    let mut lines: Vec<Line> = Vec::new();
    while let Some(found) = reader.next_cell().map_err(refused)? {
        let (row, column) = found.get_position();
        let text = cell(&Data::from(found.get_value().clone()));
        if text.is_empty() {
            continue;
        }
        let line = row as usize + 1;
        if row >= MOST_ROWS || column >= MOST_COLUMNS {
            let name = format!("{}{line}", letters(column));
            let message = format!(
                "the cell {name} lies far outside any table; empty it, or delete its row and column"
            );
            return Err((Some(line), message));
        }
        if lines.last().is_none_or(|last| last.first != line) {
            lines.push(Line {
                first: line,
                last: line,
                cells: Vec::new(),
            });
        }
        if let Some(last) = lines.last_mut() {
            let column = column as usize;
            if last.cells.len() <= column {
                last.cells.resize(column + 1, String::new());
            }
            last.cells[column] = text;
        }
    }
    Ok(lines)
}

/// A column's letters, as the spreadsheet shows them: 0 is A, 26 is AA.
fn letters(column: u32) -> String {
    let letter = char::from(b'A' + (column % 26) as u8);
    match column / 26 {
        0 => letter.to_string(),
        before => letters(before - 1) + &letter.to_string(),
    }
}

/// A cell as a person would type it: whole numbers without a decimal, dates in ISO form.
fn cell(data: &Data) -> String {
    match data {
        Data::Empty => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => {
            composed(text.trim()).into_owned()
        }
        Data::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            format!("{number:.0}")
        }
        Data::Float(number) => number.to_string(),
        Data::Int(number) => number.to_string(),
        Data::Bool(truth) => truth.to_string(),
        Data::DateTime(serial) => day_and_time(serial).unwrap_or_else(|| serial.to_string()),
        Data::Error(error) => error.to_string(),
    }
}

/// A spreadsheet's day, with its time to the minute where it has one. A time alone has no day.
fn day_and_time(serial: &calamine::ExcelDateTime) -> Option<String> {
    let (year, month, day, hour, minute, second, milli) = serial.to_ymd_hms_milli();
    let number = |part: u8| i8::try_from(part).ok();
    let at = DateTime::new(
        i16::try_from(year).ok()?,
        number(month)?,
        number(day)?,
        number(hour)?,
        number(minute)?,
        number(second)?,
        i32::from(milli) * 1_000_000,
    );
    let at = at
        .ok()?
        .round(DateTimeRound::new().smallest(Unit::Minute))
        .ok()?;
    let clock = at.strftime("%H:%M").to_string();
    Some(match (serial.as_f64() < 1.0, clock.as_str()) {
        (true, _) => clock,
        (false, "00:00") => at.date().to_string(),
        (false, _) => at.strftime("%Y-%m-%dT%H:%M").to_string(),
    })
}
