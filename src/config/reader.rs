//! Reading TOML key by key, so that every fault is found at once and told by its line.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::{DeserializeOwned, IntoDeserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::plain;
use crate::follow_up::plausible::shown_line;

/// The longest message, in characters.
const LONGEST: usize = 500;

/// One fault of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The file.
    pub file: PathBuf,
    /// Line, from 1; `None` when it concerns the whole file.
    pub line: Option<usize>,
    /// Column in characters, from 1.
    pub column: Option<usize>,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// A file being read, and the faults found so far.
pub struct Source<'a> {
    file: &'a Path,
    text: &'a str,
    faults: RefCell<Vec<Fault>>,
    /// Whether some of it is not TOML, so that what is missing may only be unread.
    broken: Cell<bool>,
}

/// A place in the file, for faults found after reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(Range<usize>);

impl<'a> Source<'a> {
    /// Starts reading `text`, the content of `file`.
    pub fn new(file: &'a Path, text: &'a str) -> Self {
        Self {
            file,
            text,
            faults: RefCell::default(),
            broken: Cell::default(),
        }
    }

    /// The whole file as a table. Faults of syntax are kept with the others.
    pub fn table(&'a self) -> Table<'a> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        self.broken.set(!errors.is_empty());
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            let found = self.text.get(span.clone()).unwrap_or_default();
            let fault = plain::syntax(error.message(), found);
            self.fault(&Place(span), format!("this is not TOML: {fault}"));
        }
        let place = Place(0..0);
        Table::new(self, String::new(), place, table.into_inner())
    }

    /// Notes a fault, on one line and no longer than can be read: what it quotes of the file may be
    /// half of it.
    pub fn fault(&self, place: &Place, message: impl Into<String>) {
        let before = self.text.get(..place.0.start).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        self.faults.borrow_mut().push(Fault {
            file: self.file.to_owned(),
            line: Some(line),
            column: Some(column),
            message: shown_line(&message.into(), LONGEST),
        });
    }

    /// Whether no fault has been found.
    pub fn is_sound(&self) -> bool {
        self.faults.borrow().is_empty()
    }

    /// Every fault, by line.
    pub fn into_faults(self) -> Vec<Fault> {
        let mut faults = self.faults.into_inner();
        faults.sort_by_key(|fault| (fault.line, fault.column));
        faults
    }
}

/// One table: keys are taken out of it, and what is left in the end is unknown.
pub struct Table<'a> {
    source: &'a Source<'a>,
    path: String,
    place: Place,
    entries: BTreeMap<String, (Place, Spanned<DeValue<'a>>)>,
    asked: Vec<&'static str>,
    taken: Places,
}

/// Where the values of a table stand, and the items of those that are lists: for faults that show
/// only when all is read.
#[derive(Debug, Clone, Default)]
pub struct Places(BTreeMap<&'static str, (Place, Vec<Place>)>);

impl Places {
    /// Where an item of a key's list stands, else the key's value.
    pub fn of(&self, key: &str, item: Option<usize>) -> Option<&Place> {
        let (value, items) = self.0.get(key)?;
        Some(item.and_then(|item| items.get(item)).unwrap_or(value))
    }
}

impl<'a> Table<'a> {
    fn new(source: &'a Source<'a>, path: String, place: Place, table: DeTable<'a>) -> Self {
        let entries = table
            .into_iter()
            .map(|(key, value)| {
                let place = Place(key.span());
                (key.into_inner().into_owned(), (place, value))
            })
            .collect();
        Self {
            source,
            path,
            place,
            entries,
            asked: Vec::new(),
            taken: Places::default(),
        }
    }

    /// Where the table stands.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Where everything taken so far stands.
    pub fn places(&self) -> Places {
        self.taken.clone()
    }

    /// The value of `key`, if it is there and sound.
    pub fn take<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        self.take_placed(key).map(|(value, _)| value)
    }

    /// The value of `key` and where it stands.
    pub fn take_placed<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<(T, Place)> {
        self.asked.push(key);
        let (_, value) = self.entries.remove(key)?;
        let span = value.span();
        let items = match value.get_ref() {
            DeValue::Array(items) => items.iter().map(|item| Place(item.span())).collect(),
            _ => Vec::new(),
        };
        self.taken.0.insert(key, (Place(span.clone()), items));
        match T::deserialize(value.into_deserializer()) {
            Ok(value) => Some((value, Place(span))),
            Err(error) => {
                let place = Place(error.span().unwrap_or(span));
                self.source.fault(
                    &place,
                    format!("{}: {}", self.name(key), plain::value(error.message())),
                );
                None
            }
        }
    }

    /// The value of `key`, or `default` where it is left out.
    pub fn take_or<T: DeserializeOwned>(&mut self, key: &'static str, default: T) -> T {
        self.take(key).unwrap_or(default)
    }

    /// The value of `key`, which must be there; `example` shows what to write.
    pub fn require<T: DeserializeOwned>(&mut self, key: &'static str, example: &str) -> Option<T> {
        self.require_placed(key, example).map(|(value, _)| value)
    }

    /// As [`Table::require`], with its place.
    pub fn require_placed<T: DeserializeOwned>(
        &mut self,
        key: &'static str,
        example: &str,
    ) -> Option<(T, Place)> {
        let missing = !self.entries.contains_key(key);
        let value = self.take_placed(key);
        if missing {
            let name = self.name(key);
            self.lacks(format!(
                "{name} is missing; write for example {key} = {example}"
            ));
        }
        value
    }

    /// Whether the value of `key` is a table.
    pub fn is_table(&self, key: &str) -> bool {
        let value = self.entries.get(key).map(|(_, value)| value.get_ref());
        matches!(value, Some(DeValue::Table(_)))
    }

    /// The table under `key`; an empty one where it is left out.
    pub fn table(&mut self, key: &'static str) -> Self {
        self.optional_table(key).unwrap_or_else(|| Self {
            source: self.source,
            path: self.name(key),
            place: self.place.clone(),
            entries: BTreeMap::new(),
            asked: Vec::new(),
            taken: Places::default(),
        })
    }

    /// The table under `key`, if it is there.
    pub fn optional_table(&mut self, key: &'static str) -> Option<Self> {
        self.asked.push(key);
        let (place, value) = self.entries.remove(key)?;
        let path = self.name(key);
        match value.into_inner() {
            DeValue::Table(table) => Some(Self::new(self.source, path, place, table)),
            _ => {
                self.source.fault(
                    &place,
                    format!("{path} is a table: write [{path}] and its keys below it"),
                );
                None
            }
        }
    }

    /// The tables of an array of tables under `key`.
    pub fn tables(&mut self, key: &'static str) -> Vec<Self> {
        self.asked.push(key);
        let Some((place, value)) = self.entries.remove(key) else {
            return Vec::new();
        };
        let path = self.name(key);
        let wrong = |place: &Place| {
            self.source.fault(
                place,
                format!("{path} is a list of tables: write [[{path}]] above each"),
            );
        };
        let DeValue::Array(array) = value.into_inner() else {
            wrong(&place);
            return Vec::new();
        };
        array
            .into_iter()
            .filter_map(|item| {
                let place = Place(item.span());
                match item.into_inner() {
                    DeValue::Table(table) => {
                        Some(Self::new(self.source, path.clone(), place, table))
                    }
                    _ => {
                        wrong(&place);
                        None
                    }
                }
            })
            .collect()
    }

    /// Whether a key is there and not taken yet.
    pub fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Notes at the table itself that something is missing.
    pub fn lacks(&self, message: impl Into<String>) {
        if !self.source.broken.get() {
            self.source.fault(&self.place, message);
        }
    }

    /// Notes a fault at a place in it.
    pub fn fault_at(&self, place: &Place, message: impl Into<String>) {
        self.source.fault(place, message);
    }

    /// Ends the reading: every key nobody asked for is a fault.
    pub fn finish(self) {
        for (key, (place, _)) in &self.entries {
            let here = if self.path.is_empty() {
                String::from("the top level")
            } else {
                format!("[{}]", self.path)
            };
            let hint = match closest(key, &self.asked) {
                Some(known) => format!("did you mean \"{known}\"?"),
                None => format!("the keys here are: {}", self.asked.join(", ")),
            };
            self.source.fault(
                place,
                format!("{} is not a key of {here}; {hint}", plain::quoted(key)),
            );
        }
    }

    fn name(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }
}

/// The known key that a mistyped one most likely means: at most a third of its letters differ.
fn closest(key: &str, known: &[&'static str]) -> Option<&'static str> {
    let folded = key.replace('_', "-").to_lowercase();
    known
        .iter()
        .map(|candidate| (distance(&folded, candidate), *candidate))
        .filter(|(distance, candidate)| *distance * 3 <= candidate.chars().count())
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
