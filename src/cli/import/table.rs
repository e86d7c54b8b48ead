//! Files into tables of text: CSV in the encodings and dialects of Swedish Excel, and .xlsx.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use calamine::{Data, Reader, Xlsx};

use super::columns;
use super::fields::Report;

/// A header is looked for in so many rows: exports begin with titles and blank rows.
const HEADER_WITHIN: usize = 20;

/// One table: a CSV file or one sheet of a workbook.
#[derive(Debug, Clone)]
pub struct Table {
    /// The file.
    pub file: PathBuf,
    /// The sheet, in a workbook.
    pub sheet: Option<String>,
    /// The line of the header, from 1.
    pub header_line: usize,
    /// The columns' names as written.
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

/// Whether a file has an ending we read.
pub fn is_readable_kind(path: &Path) -> bool {
    let ending = path
        .extension()
        .map(|ending| ending.to_string_lossy().to_lowercase());
    matches!(ending.as_deref(), Some("csv" | "txt" | "xlsx"))
}

/// The tables of a file. What cannot be read at all is a fault of the report.
pub fn read(file: &Path, bytes: Vec<u8>, report: &mut Report) -> Vec<Table> {
    let ending = file
        .extension()
        .map(|ending| ending.to_string_lossy().to_lowercase());
    let tables = match ending.as_deref() {
        Some("xlsx") => workbook(file, bytes),
        Some("xls") => Err("an old .xls workbook; save it as .xlsx or as CSV".into()),
        _ if bytes.starts_with(b"PK\x03\x04") => workbook(file, bytes),
        _ => {
            comma_separated(&text(&bytes)).map(|rows| table(file, None, rows).into_iter().collect())
        }
    };
    match tables {
        Ok(tables) if tables.is_empty() => {
            report.fault_of_file(
                file,
                "there is no table in it: the first row should name the columns".into(),
            );
            Vec::new()
        }
        Ok(tables) => tables,
        Err(message) => {
            report.fault_of_file(file, message);
            Vec::new()
        }
    }
}

/// UTF-8 with or without its mark, UTF-16 with one ("Unicode text"), else Windows-1252.
fn text(bytes: &[u8]) -> String {
    let (encoding, skip) = encoding_rs::Encoding::for_bom(bytes).unwrap_or_else(|| {
        let utf8 = std::str::from_utf8(bytes).is_ok();
        (
            if utf8 {
                encoding_rs::UTF_8
            } else {
                encoding_rs::WINDOWS_1252
            },
            0,
        )
    });
    encoding
        .decode_without_bom_handling(&bytes[skip..])
        .0
        .into_owned()
}

type Rows = Vec<(usize, Vec<String>)>;

fn comma_separated(text: &str) -> Result<Rows, String> {
    if text.contains('\0') {
        return Err("it holds NUL characters; save it anew as CSV (UTF-8)".into());
    }
    let (declared, body, skipped) = match text.split_once('\n') {
        Some((first, rest)) if first.trim().to_lowercase().starts_with("sep=") => {
            (first.trim().as_bytes().get(4).copied(), rest, 1)
        }
        _ => (None, text, 0),
    };
    let delimiter = declared.unwrap_or_else(|| delimiter(body));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(body.as_bytes());
    let mut rows = Rows::new();
    let mut record = csv::StringRecord::new();
    // The reader tells where it is after skipping blank lines only once it has read a record, so
    // the line is counted from the record's place in the bytes.
    let mut counted = (0_usize, 1_usize);
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => return Ok(rows),
            Ok(true) => {
                let at = record.position().map_or(0, |place| place.byte() as usize);
                let at = first_of_record(body, at);
                counted.1 += line_ends(&body[counted.0..at]);
                counted.0 = at;
                rows.push((
                    counted.1 + skipped,
                    record.iter().map(|cell| cell.trim().to_owned()).collect(),
                ));
            }
            Err(error) => return Err(format!("it cannot be read as CSV: {error}")),
        }
    }
}

/// Where a record really begins: the reader's place may lie before blank lines.
fn first_of_record(body: &str, at: usize) -> usize {
    let at = at.min(body.len());
    let blank = body.as_bytes()[at..]
        .iter()
        .take_while(|byte| matches!(byte, b'\n' | b'\r'))
        .count();
    at + blank
}

/// Line ends as a spreadsheet counts them: CRLF, LF or a lone CR.
fn line_ends(text: &str) -> usize {
    let bytes = text.as_bytes();
    bytes
        .iter()
        .enumerate()
        .filter(|(place, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(place + 1) != Some(&b'\n'),
            _ => false,
        })
        .count()
}

/// The separator that occurs most in the first rows, outside quotes; semicolon when in doubt.
fn delimiter(text: &str) -> u8 {
    let head: String = text
        .lines()
        .take(HEADER_WITHIN)
        .collect::<Vec<_>>()
        .join("\n");
    let count = |delimiter: char| {
        let mut quoted = false;
        head.chars()
            .filter(|&c| {
                quoted ^= c == '"';
                c == delimiter && !quoted
            })
            .count()
    };
    let (semicolons, commas, tabs) = (count(';'), count(','), count('\t'));
    if tabs > semicolons && tabs >= commas {
        b'\t'
    } else if commas > semicolons {
        b','
    } else {
        b';'
    }
}

fn workbook(file: &Path, bytes: Vec<u8>) -> Result<Vec<Table>, String> {
    let mut workbook: Xlsx<_> =
        calamine::open_workbook_from_rs(Cursor::new(bytes)).map_err(|error| {
            format!("it cannot be read as an Excel workbook: {error}; save it anew as .xlsx")
        })?;
    let mut tables = Vec::new();
    for sheet in workbook.sheet_names() {
        let range = workbook
            .worksheet_range(&sheet)
            .map_err(|error| format!("the sheet {sheet} cannot be read: {error}"))?;
        let first = range.start().map_or(0, |(row, _)| row as usize);
        let rows = range
            .rows()
            .enumerate()
            .map(|(number, row)| (first + number + 1, row.iter().map(cell).collect()))
            .collect();
        tables.extend(table(file, Some(sheet), rows));
    }
    Ok(tables)
}

/// A cell as a person would type it: whole numbers without a decimal, dates in ISO form.
fn cell(data: &Data) -> String {
    match data {
        Data::Empty => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => {
            text.trim().to_owned()
        }
        Data::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            format!("{number:.0}")
        }
        Data::Float(number) => number.to_string(),
        Data::Int(number) => number.to_string(),
        Data::Bool(truth) => truth.to_string(),
        Data::DateTime(serial) => {
            let (year, month, day, hour, minute, _, _) = serial.to_ymd_hms_milli();
            if hour == 0 && minute == 0 {
                format!("{year:04}-{month:02}-{day:02}")
            } else {
                format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}")
            }
        }
        Data::Error(error) => format!("{error}"),
    }
}

/// Finds the header among the first rows: the one with the most names we know, and at least two.
fn table(file: &Path, sheet: Option<String>, rows: Rows) -> Option<Table> {
    let known = |cells: &[String]| cells.iter().filter(|cell| columns::is_known(cell)).count();
    let filled = |cells: &[String]| cells.iter().any(|cell| !cell.is_empty());
    let candidates = rows
        .iter()
        .enumerate()
        .filter(|(_, (_, cells))| filled(cells))
        .take(HEADER_WITHIN);
    let (place, _) = candidates
        .map(|(place, (_, cells))| (place, known(cells)))
        .max_by_key(|(place, names)| (*names, std::cmp::Reverse(*place)))?;
    let (header_line, header) = rows[place].clone();
    let mut last = header_line;
    let mut below = Vec::new();
    for (line, cells) in rows
        .into_iter()
        .skip(place + 1)
        .filter(|(_, cells)| filled(cells))
    {
        let after_gap = line > last + 1;
        last = line;
        below.push(Row {
            line,
            cells,
            after_gap,
        });
    }
    Some(Table {
        file: file.to_owned(),
        sheet,
        header_line,
        header,
        rows: below,
    })
}
