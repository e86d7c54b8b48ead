//! Where a table ends and its footnotes begin.

use super::columns::Kind;
use super::layout::Layout;
use super::report::{Note, Report};
use super::table::Row;
use crate::follow_up::UnitCode;

/// The number of rows before the footnotes. Exports end with them: after an empty row no record
/// comes any more, only text. They are named in a warning.
pub fn cut(kind: Kind, layout: &Layout<'_>, report: &mut Report) -> usize {
    let table = layout.table;
    let is_record = |row: &Row| match kind {
        Kind::Units => is_unit(layout, row),
        _ => is_record(kind, layout, row),
    };
    let last = table.rows.iter().rposition(is_record);
    let last = last.map_or(0, |last| last + 1);
    let gap = table.rows[last..].iter().position(|row| row.after_gap);
    let Some(first) = gap.map(|gap| last + gap) else {
        return table.rows.len();
    };
    let row = &table.rows[first];
    let message = format!(
        "from here on, after an empty line, no row is one of {}; {} lines are taken for footnotes and left alone",
        kind.file_name(),
        table.rows.len() - first
    );
    report.warn(Note::at_line(table, row.line, message));
    first
}

/// A row with a key, or without one and with something else that every record needs.
fn is_record(kind: Kind, layout: &Layout<'_>, row: &Row) -> bool {
    let mut needed = kind.columns().iter().filter(|column| column.needed);
    needed.any(|column| !layout.cell(row, column.name).is_empty())
}

/// The national register has explanations in the columns of name and code: a unit has a code, or
/// something like one, or more cells than an explanation and what it explains.
fn is_unit(layout: &Layout<'_>, row: &Row) -> bool {
    let code = layout.cell(row, "code");
    let filled = row.cells.iter().filter(|cell| !cell.is_empty()).count();
    UnitCode::parse(code).is_ok()
        || is_like_a_code(code)
        || filled >= 3
        || code.is_empty() && filled >= 2 && !layout.cell(row, "name").is_empty()
}

/// Mostly digits, and not much longer than eight.
fn is_like_a_code(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let length = text.chars().count();
    (4..=12).contains(&length) && digits * 2 > length
}
