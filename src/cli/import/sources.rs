//! Paths into files, and files into the tables of ours that are in them, or people's calendars.

use std::path::{Path, PathBuf};

use super::busy;
use super::columns::{self, Kind};
use super::report::{Note, Report};
use super::table::{self, Table};

/// A file to read.
#[derive(Debug)]
pub struct Source {
    file: PathBuf,
    /// Whether it was named, not found in a directory: then it is meant to be a table.
    is_named: bool,
    /// What is in it, where that is at hand already.
    content: Option<Vec<u8>>,
}

impl Source {
    /// A named file whose content is at hand.
    pub const fn at_hand(file: PathBuf, content: Vec<u8>) -> Self {
        Self {
            file,
            is_named: true,
            content: Some(content),
        }
    }
}

/// The files that paths stand for, in order. A path that leads nowhere is a fault.
pub fn find(paths: &[PathBuf], report: &mut Report) -> Vec<Source> {
    let mut sources = Vec::new();
    for path in paths {
        if !path.is_dir() {
            let file = path.clone();
            sources.push(Source {
                file,
                is_named: true,
                content: None,
            });
            continue;
        }
        match files_of(path) {
            Ok(files) if files.is_empty() => {
                let message =
                    "there are no .csv, .xlsx or .ics files here; name the directory that has them";
                report.fault(Note::of_file(path, message));
            }
            Ok(files) => sources.extend(files.into_iter().map(|file| Source {
                file,
                is_named: false,
                content: None,
            })),
            Err(error) => {
                let message = format!("the directory cannot be read: {error}; see who may read it");
                report.fault(Note::of_file(path, message));
            }
        }
    }
    sources
}

fn files_of(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(directory)?;
    let mut files = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .filter(|path| path.as_ref().map_or(true, |path| is_readable(path)))
        .collect::<std::io::Result<Vec<_>>>()?;
    files.sort();
    Ok(files)
}

/// Whether a file has an ending we read, and is no spreadsheet's lock file or hidden.
fn is_readable(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_hidden = name.starts_with("~$") || name.starts_with('.');
    !is_hidden && (table::is_readable_kind(path) || busy::is_calendar(path))
}

/// The files by name, for the journal.
pub fn names(sources: &[Source]) -> String {
    let files = sources.iter().map(|source| source.file.as_path());
    for_journal(files, ["calendar", "calendars"])
}

/// Files by name, but people's calendars by number alone, in the `words` for one and more: their names
/// are those of people, and the journal outlasts them.
pub fn for_journal<'a>(files: impl Iterator<Item = &'a Path>, words: [&str; 2]) -> String {
    let (calendars, tables): (Vec<_>, Vec<_>) = files.partition(|file| busy::is_calendar(file));
    let names = tables.into_iter().filter_map(Path::file_name);
    let mut names: Vec<String> = names
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    let [one, more] = words;
    match calendars.len() {
        0 => {}
        1 => names.push(format!("1 {one}")),
        number => names.push(format!("{number} {more}")),
    }
    names.join(", ")
}

/// The tables of a file and what they hold. What is no table of ours is a fault, or a warning
/// where it may lie beside one that is: in the directory, or in the workbook.
pub fn tables(source: &Source, report: &mut Report) -> Vec<(Kind, Table)> {
    let file = &source.file;
    if busy::is_calendar(file) {
        return Vec::new();
    }
    let Some(bytes) = bytes(source, report) else {
        return Vec::new();
    };
    let before = report.faults.len();
    let tables = table::read(file, bytes, report);
    if tables.is_empty() && report.faults.len() == before {
        let message = "there is no table in it: the first row should name the columns";
        tell_of(Note::of_file(file, message), source.is_named, report);
        return Vec::new();
    }
    let (known, other): (Vec<_>, Vec<_>) = tables
        .into_iter()
        .map(|table| (columns::recognise(&table), table))
        .partition(|(kind, _)| kind.is_some());
    for (_, table) in &other {
        let beside = !source.is_named || !known.is_empty();
        let is_ours = columns::has_known(table);
        let note = Note::of_table(table, columns::hint(table));
        tell_of(note, is_ours || !beside, report);
    }
    known
        .into_iter()
        .filter_map(|(kind, table)| Some((kind?, table)))
        .collect()
}

/// The files that are people's calendars, with what is in them.
pub fn calendars(sources: &[Source], report: &mut Report) -> Vec<(PathBuf, Vec<u8>)> {
    let calendars = sources
        .iter()
        .filter(|source| busy::is_calendar(&source.file));
    calendars
        .filter_map(|source| Some((source.file.clone(), bytes(source, report)?)))
        .collect()
}

fn bytes(source: &Source, report: &mut Report) -> Option<Vec<u8>> {
    if let Some(content) = &source.content {
        return Some(content.clone());
    }
    let file = &source.file;
    let bytes = std::fs::read(file);
    let fault = |error| {
        let message = format!("it cannot be read: {error}; see that it is there");
        report.fault(Note::of_file(file, message));
    };
    bytes.map_err(fault).ok()
}

fn tell_of(note: Note, is_fault: bool, report: &mut Report) {
    if is_fault {
        report.fault(note);
    } else {
        let message = format!("left alone: {}", note.message);
        report.warn(Note { message, ..note });
    }
}
