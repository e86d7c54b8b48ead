//! Reading single rows: a value that is not what it should be becomes a [`RowFault`], and the
//! rows beside it go on. Also how the calendar writes a local time.

use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use rusqlite::types::{FromSql, ValueRef};
use rusqlite::{Connection, Params, Row};

use crate::follow_up::RowFault;
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
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        match read(row) {
            Ok(record) => records.push(record),
            Err(message) => {
                faults.push(RowFault {
                    table: table.to_owned(),
                    key: key(row),
                    message,
                });
            }
        }
    }
    Ok(records)
}

fn key(row: &Row<'_>) -> String {
    match row.get_ref(0) {
        Ok(ValueRef::Text(text)) => String::from_utf8_lossy(text).into_owned(),
        Ok(ValueRef::Integer(number)) => number.to_string(),
        _ => String::from("?"),
    }
}

/// A column as SQLite gives it.
pub fn plain<T: FromSql>(row: &Row<'_>, column: &str) -> Result<T, Wrong> {
    row.get(column)
        .map_err(|error| format!("{column}: {error}"))
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

/// An ISO date.
pub fn date(row: &Row<'_>, column: &str) -> Result<Date, Wrong> {
    required(row, column)
}

/// An ISO date that may be absent.
pub fn optional_date(row: &Row<'_>, column: &str) -> Result<Option<Date>, Wrong> {
    optional(row, column)
}

/// A local date and time.
pub fn date_time(row: &Row<'_>, column: &str) -> Result<DateTime, Wrong> {
    required(row, column)
}

/// A local time as the calendar stores it.
pub fn minute(at: DateTime) -> String {
    at.strftime("%Y-%m-%dT%H:%M").to_string()
}
