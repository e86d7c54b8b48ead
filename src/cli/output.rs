//! Lists for people and for programs.

use std::io::{self, Write};

use serde::Serialize;

use crate::follow_up::plausible::shown;

/// Prints text for people, without letters that would move a terminal's cursor or turn what it shows:
/// it may quote what anybody wrote. A reader who stops listening (`| head`) is no error; a full disk
/// ends the program.
pub fn print(text: &str) {
    write(&shown(text, usize::MAX));
}

fn write(text: &str) {
    let mut out = io::stdout().lock();
    let printed = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    if let Err(error) = printed
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        eprintln!("avstamd: the output cannot be written: {error}");
        std::process::exit(1);
    }
}

/// Lays rows out under headings.
pub fn table(headings: &[&str], mut rows: Vec<Vec<String>>) -> String {
    rows.insert(0, headings.iter().map(|&heading| heading.into()).collect());
    columns(&rows)
}

/// Prints a value as JSON.
///
/// # Errors
/// The value cannot be written as JSON.
pub fn json(value: &impl Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    write(&(text + "\n"));
    Ok(())
}

/// Lays rows out in columns, each as wide as its widest cell; the last is left as it is. A row is a
/// line, whatever its cells hold.
pub fn columns(rows: &[Vec<String>]) -> String {
    let on_its_line = |cell: &String| cell.replace(['\r', '\n'], " ");
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(on_its_line).collect())
        .collect();
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
    };
    let widths: Vec<usize> = (0..count)
        .map(|column| width(column).unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in &rows {
        for (column, cell) in row.iter().enumerate() {
            text.push_str(cell);
            if column + 1 < row.len() {
                let fill = widths[column].saturating_sub(cell.chars().count()) + 2;
                text.push_str(&" ".repeat(fill));
            }
        }
        text.push('\n');
    }
    text
}
