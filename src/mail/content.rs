//! What a mail says, before it is laid out as text and as HTML.

use serde::Serialize;

/// A whole mail in sentences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Content {
    /// `sv` or `en`.
    pub language: String,
    /// The subject.
    pub subject: String,
    /// The greeting.
    pub greeting: String,
    /// The picture of a digest.
    pub digest: Option<Digest>,
    /// What is to be done, worst first.
    pub sections: Vec<Section>,
    /// Why the person got it.
    pub why: Vec<String>,
    /// When the next reminder comes.
    pub next: String,
    /// What to do if something is wrong.
    pub reply: String,
    /// Who sends it.
    pub signature: String,
    /// That a machine did.
    pub automatic: String,
}

/// Items of one topic under a heading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Section {
    /// The heading.
    pub heading: String,
    /// The items.
    pub items: Vec<Item>,
    /// What to do about them.
    pub ask: String,
}

/// One thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// What it is.
    pub title: String,
    /// The unit, where the title does not say it.
    pub place: String,
    /// What there is to know, a sentence each.
    pub facts: Vec<String>,
    /// Whether its date has passed.
    pub late: bool,
}

/// A digest's picture: a row a unit (or area), a column a week (or a count).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Digest {
    /// The heading.
    pub heading: String,
    /// All of it in one line.
    pub summary: String,
    /// The heading of the first column.
    pub first_column: String,
    /// The other columns.
    pub weeks: Vec<Column>,
    /// The rows, worst first.
    pub rows: Vec<Row>,
    /// Units with nothing to tell, in one line.
    pub in_phase: String,
    /// What the signs mean.
    pub legend: String,
}

/// A column's heading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its words.
    pub label: String,
    /// Whether it is the present week.
    pub present: bool,
}

/// One unit or area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Who leads it.
    pub people: String,
    /// What needs somebody.
    pub concerns: Vec<ConcernLine>,
    /// The cells.
    pub cells: Vec<Cell>,
}

/// One concern in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConcernLine {
    /// The words.
    pub text: String,
    /// Whether it is late already.
    pub late: bool,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// Its sign; colour never says anything alone.
    pub text: String,
    /// `late`, `held`, `planned`, `due`, `off` or `none`.
    pub tone: &'static str,
}
