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
    /// What a list of mails shows beside the subject; never seen in the mail itself.
    pub preview: String,
    /// The picture of a digest.
    pub digest: Option<Digest>,
    /// What is to be done, worst first.
    pub sections: Vec<Section>,
    /// Why the person got it.
    pub why: Vec<String>,
    /// When the next one comes.
    pub next: Vec<String>,
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
    /// What to do about them.
    pub ask: String,
    /// The items.
    pub items: Vec<Item>,
    /// That there are more than these.
    pub more: String,
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
    /// Lists that belong to it.
    pub lists: Vec<List>,
    /// A table that belongs to it.
    pub table: Option<Table>,
    /// Whether its date has passed.
    pub late: bool,
}

/// A list in an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct List {
    /// What the lines are.
    pub lead: String,
    /// The lines.
    pub lines: Vec<String>,
}

/// A table in an item; the text part has a line a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Table {
    /// The headings.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<TableRow>,
}

/// A row of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableRow {
    /// What is in its cells; the first says what the row is about.
    pub cells: Vec<String>,
    /// Whether its last cell says that something is missing.
    pub open: bool,
}

/// A digest's picture: for every unit (or area) its words and a row of cells under them, a cell
/// a week (or a count).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Digest {
    /// The heading.
    pub heading: String,
    /// All of it in one line.
    pub summary: String,
    /// What the signs mean.
    pub legend: String,
    /// What the table is, for those who do not see it.
    pub label: String,
    /// The headings above the cells.
    pub columns: Vec<Column>,
    /// The rows, worst first, in bands.
    pub bands: Vec<Band>,
    /// Units with nothing to tell, in one line.
    pub in_phase: String,
}

/// Rows that need the reader in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Band {
    /// How; empty where there is one band.
    pub title: String,
    /// `late`, `near` or `plain`.
    pub tone: &'static str,
    /// The rows.
    pub rows: Vec<Row>,
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
    /// Who leads it, or that nobody does.
    pub people: String,
    /// Whether nobody does.
    pub vacant: bool,
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
    /// The same in words, for those who do not see it.
    pub label: String,
}
