//! CSV in the dialects of Swedish Excel.

use super::columns;
use super::table::{HEADER_WITHIN, Line};
use super::text::{Unreadable, line_ends};

/// The separators Excel writes, the likeliest first, and what people call them.
const SEPARATORS: [(u8, &str); 3] = [(b';', "a semicolon"), (b',', "a comma"), (b'\t', "a tab")];

/// The lines of a file and the name of what separates its cells.
///
/// # Errors
/// A quote that runs on over lines it was not meant to, or bytes that are no text.
pub fn read(text: &str) -> Result<(Vec<Line>, &'static str), Unreadable> {
    if let Some(place) = text.find('\0') {
        let line = 1 + line_ends(&text.as_bytes()[..place]);
        let message = "it holds NUL characters; save it anew as CSV (UTF-8)";
        return Err((Some(line), message.into()));
    }
    let (declared, body, skipped) = match text.split_once('\n') {
        Some((first, rest)) if first.trim().to_lowercase().starts_with("sep=") => (
            first.trim_end_matches('\r').as_bytes().get(4).copied(),
            rest,
            1,
        ),
        _ => (None, text, 0),
    };
    let separator = declared.unwrap_or_else(|| separator(body));
    let name = SEPARATORS
        .iter()
        .find(|(byte, _)| *byte == separator)
        .map_or("the separator", |(_, name)| name);
    if let Some((line, message)) = runaway_quote(body.as_bytes(), separator) {
        return Err((Some(line + skipped), message));
    }
    Ok((lines(body, separator, skipped)?, name))
}

fn reader(body: &str, separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(body.as_bytes())
}

fn lines(body: &str, separator: u8, skipped: usize) -> Result<Vec<Line>, Unreadable> {
    let mut reader = reader(body, separator);
    let mut lines = Vec::new();
    let mut record = csv::StringRecord::new();
    // The reader tells where it is after skipping blank lines only once it has read a record, so
    // the line is counted from the record's place in the bytes.
    let mut counted = (0_usize, 1_usize);
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => return Ok(lines),
            Ok(true) => {
                let at = record.position().map_or(0, |place| place.byte() as usize);
                let at = first_of_record(body, at);
                counted.1 += line_ends(&body.as_bytes()[counted.0..at]);
                counted.0 = at;
                let within: usize = record.iter().map(|cell| line_ends(cell.as_bytes())).sum();
                lines.push(Line {
                    first: counted.1 + skipped,
                    last: counted.1 + skipped + within,
                    cells: record.iter().map(|cell| cell.trim().to_owned()).collect(),
                });
            }
            Err(error) => return Err((None, format!("it cannot be read as CSV: {error}"))),
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

/// The separator that gives the header the most names we know; where they give equally many, the
/// one that occurs most there. Free text may hold any number of commas.
fn separator(body: &str) -> u8 {
    let known = |separator: u8| {
        let rows = reader(body, separator).into_records().take(HEADER_WITHIN);
        let names = rows.flatten().map(|row| {
            let names = row
                .iter()
                .filter(|cell| columns::is_known(cell.trim()))
                .count();
            (names, row.len())
        });
        names.max().unwrap_or_default()
    };
    SEPARATORS
        .iter()
        .rev()
        .map(|(separator, _)| *separator)
        .max_by_key(|separator| known(*separator))
        .unwrap_or(b';')
}

/// A reader of CSV takes a quote that is never closed to mean that the rest of the file is one
/// cell, and one that is closed by the next quote far below likewise. The line it was opened on.
fn runaway_quote(body: &[u8], separator: u8) -> Option<(usize, String)> {
    enum At {
        Start,
        Bare,
        Quoted(usize),
        Closed(usize),
    }
    let (mut at, mut line) = (At::Start, 1);
    for (place, &byte) in body.iter().enumerate() {
        let ends = byte == separator || matches!(byte, b'\n' | b'\r');
        at = match at {
            At::Start if byte == b'"' => At::Quoted(line),
            At::Closed(opened) if byte == b'"' => At::Quoted(opened),
            At::Start | At::Bare | At::Closed(_) if ends => At::Start,
            At::Quoted(opened) if byte == b'"' => At::Closed(opened),
            At::Quoted(opened) => At::Quoted(opened),
            At::Closed(opened) if opened != line => {
                let message = format!(
                    "a quote is opened here and closed in the middle of a cell on line {line}; close it where its cell ends, and write a quote within a cell twice"
                );
                return Some((opened, message));
            }
            At::Start | At::Bare | At::Closed(_) => At::Bare,
        };
        line += usize::from(byte == b'\n' || byte == b'\r' && body.get(place + 1) != Some(&b'\n'));
    }
    match at {
        At::Quoted(opened) => Some((
            opened,
            "a quote is opened and never closed; close it where its cell ends, and write a quote within a cell twice".into(),
        )),
        _ => None,
    }
}
