//! Reading single rows: a value that is not what it should be becomes a [`RowFault`], and the
//! rows beside it go on. Also how the calendar writes a local time.
//!
//! Other programs write here, and may write anything. So a name or a text is read as it can be
//! shown, of bounded length; an identifier, by which rows are found, stands as it was written or is
//! a fault.

use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use rusqlite::types::{FromSql, ValueRef};
use rusqlite::{Connection, Params, Row};

use crate::follow_up::RowFault;
use crate::follow_up::plausible::{
    self, Implausible, LONGEST_LINE, LONGEST_TEXT, shown, shown_line,
};
use crate::store::StoreError;

/// What is wrong with a value, for a person to mend.
pub type Wrong = String;

/// Reads every row of `sql`; rows that `read` refuses are set aside in `faults` under the text of
/// their first column.
pub fn each<T>(
    connection: &Connection,
    (table, sql): (&str, &str),
    params: impl Params,
    faults: &mut Vec<RowFault>,
    read: impl Fn(&Row<'_>) -> Result<T, Wrong>,
) -> Result<Vec<T>, StoreError> {
    each_in_part(connection, (table, sql), params, faults, |row, _| read(row))
}

/// As [`each`], for rows that stay without what is incidental to them: `read` says by its second
/// argument what it has left out.
pub fn each_in_part<T>(
    connection: &Connection,
    (table, sql): (&str, &str),
    params: impl Params,
    faults: &mut Vec<RowFault>,
    read: impl Fn(&Row<'_>, &mut Vec<Wrong>) -> Result<T, Wrong>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        let mut left_out = Vec::new();
        match read(row, &mut left_out) {
            Ok(record) => records.push(record),
            Err(message) => left_out = vec![message],
        }
        let wrong = left_out.iter();
        faults.extend(wrong.map(|message| fault(table, row, message)));
    }
    Ok(records)
}

/// What is wrong with a row, under the text of its first column.
pub fn fault(table: &str, row: &Row<'_>, message: &str) -> RowFault {
    let key = match row.get_ref(0) {
        Ok(ValueRef::Text(text)) => String::from_utf8_lossy(text).into_owned(),
        Ok(ValueRef::Integer(number)) => number.to_string(),
        _ => String::from("?"),
    };
    RowFault {
        table: table.to_owned(),
        key: shown_line(&key, LONGEST_LINE),
        message: shown_line(message, LONGEST_LINE),
        is_common: false,
    }
}

/// A column as SQLite gives it.
pub fn plain<T: FromSql>(row: &Row<'_>, column: &str) -> Result<T, Wrong> {
    row.get(column).map_err(|error| match error {
        rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::Utf8Error(..) => {
            format!("{column}: holds bytes that are no text; write it anew as UTF-8")
        }
        error => format!("{column}: {error}"),
    })
}

/// What a row or a person is known by. Space around it or a letter that cannot be seen would make
/// it another's, or nobody's.
pub fn key(row: &Row<'_>, column: &str) -> Result<String, Wrong> {
    known_by(plain(row, column)?, column)
}

/// As [`key`], where there may be none.
pub fn optional_key(row: &Row<'_>, column: &str) -> Result<Option<String>, Wrong> {
    let text: Option<String> = plain(row, column)?;
    text.map(|text| known_by(text, column)).transpose()
}

fn known_by(text: String, column: &str) -> Result<String, Wrong> {
    match plausible::line(&text) {
        Ok(line) if line.len() == text.len() => Ok(text),
        Ok(_) => Err(format!(
            "{column}: begins or ends with a space; take it away"
        )),
        Err(fault) => Err(format!("{column}: {fault}")),
    }
}

/// An address as it was written: whether mail can be sent to it is asked elsewhere. Of one that is
/// far too long only the beginning is kept, in a form that is none.
pub fn address(row: &Row<'_>, column: &str) -> Result<String, Wrong> {
    const LONGEST: usize = 400;
    let text: String = plain(row, column)?;
    Ok(match text.char_indices().nth(LONGEST) {
        Some((place, _)) => format!("{}…", text.split_at(place).0),
        None => text,
    })
}

/// What a meeting is known by in people's calendars: any text that is not too long to be kept.
pub fn uid(row: &Row<'_>, column: &str) -> Result<String, Wrong> {
    const LONGEST: usize = 1000;
    let text: String = plain(row, column)?;
    if text.len() > LONGEST {
        return Err(format!("{column}: {}", Implausible::Long(LONGEST)));
    }
    Ok(text)
}

/// How often a meeting was moved. Calendars count in 32 bits with a sign (RFC 5545 3.3.8), and it is
/// still to be raised.
pub fn sequence(row: &Row<'_>, column: &str) -> Result<u32, Wrong> {
    const MOST: u32 = 1_000_000_000;
    let count: u32 = plain(row, column)?;
    if count > MOST {
        return Err(format!(
            "{column}: more than {MOST}; write how often the meeting was moved"
        ));
    }
    Ok(count)
}

/// A name or a title on one line, as it can be shown.
pub fn line(row: &Row<'_>, column: &str) -> Result<String, Wrong> {
    Ok(shown_line(&plain::<String>(row, column)?, LONGEST_LINE))
}

/// As [`line()`]; where nothing can be seen of it, what the row is known by.
pub fn name(row: &Row<'_>, column: &str, key: &str) -> Result<String, Wrong> {
    let name = line(row, column)?;
    Ok(if name.is_empty() {
        key.to_owned()
    } else {
        name
    })
}

/// Free text, as it can be shown.
pub fn text(row: &Row<'_>, column: &str) -> Result<String, Wrong> {
    Ok(shown(&plain::<String>(row, column)?, LONGEST_TEXT))
}

/// A text column read as `T`; NULL is `None`.
pub fn optional<T>(row: &Row<'_>, column: &str) -> Result<Option<T>, Wrong>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    let text: Option<String> = plain(row, column)?;
    text.map(|text| text.parse().map_err(|error| format!("{column}: {error}")))
        .transpose()
}

/// A text column read as `T`.
pub fn required<T>(row: &Row<'_>, column: &str) -> Result<T, Wrong>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    optional(row, column)?.ok_or_else(|| format!("{column}: is empty; give it a value"))
}

/// An ISO date of the years that a school authority plans and remembers: ladders count the working
/// days from it.
pub fn date(row: &Row<'_>, column: &str) -> Result<Date, Wrong> {
    of_our_time(required(row, column)?, column)
}

/// As [`date`], where there may be none. One that nobody can mean is none as well, and is told of:
/// what the row is about stands without it.
pub fn optional_date(row: &Row<'_>, column: &str, left_out: &mut Vec<Wrong>) -> Option<Date> {
    let date = optional(row, column)
        .and_then(|date| date.map(|date| of_our_time(date, column)).transpose());
    date.unwrap_or_else(|wrong| {
        left_out.push(wrong);
        None
    })
}

/// As [`optional_date`], for a day to come: one far beyond all planning is never, as many systems
/// write it.
pub fn coming_date(row: &Row<'_>, column: &str, left_out: &mut Vec<Wrong>) -> Option<Date> {
    match optional::<Date>(row, column) {
        Ok(Some(date)) if date.year() > 2100 => None,
        _ => optional_date(row, column, left_out),
    }
}

fn of_our_time(date: Date, column: &str) -> Result<Date, Wrong> {
    plausible::day(date).map_err(|error| format!("{column}: {error}"))
}

/// The first or last day of something, which may lie at the end of time: many systems write
/// 9999-12-31 for what goes on.
pub fn bound(row: &Row<'_>, column: &str) -> Result<Option<Date>, Wrong> {
    optional(row, column)
}

/// A local date and time.
pub fn date_time(row: &Row<'_>, column: &str) -> Result<DateTime, Wrong> {
    let at: DateTime = required(row, column)?;
    of_our_time(at.date(), column)?;
    Ok(at)
}

/// A local time as the calendar stores it.
pub fn minute(at: DateTime) -> String {
    at.strftime("%Y-%m-%dT%H:%M").to_string()
}
