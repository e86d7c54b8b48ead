//! Rows into records, a function a kind.

mod measures;
mod meetings;
mod organisation;

use super::Areas;
use super::columns::{Kind, folded};
use super::cross::{self, Seen};
use super::doubts;
use super::fields::Fields;
use super::footnotes;
use super::layout::Layout;
use super::references;
use super::report::{Note, Report};
use super::table::{Row, Table};
use crate::follow_up::UnitCode;
use crate::store::{Batch, Known};

/// What is read so far, and what it is read against.
pub struct Reading<'a> {
    /// Where units without an area get one.
    areas: &'a Areas,
    /// What the calendar has.
    known: &'a Known,
    /// The records.
    batch: Batch,
}

/// Reads every table into one batch, and checks that all it refers to is there. Also where each
/// record of it stands.
pub fn batch(
    mut tables: Vec<(Kind, Table)>,
    areas: &Areas,
    known: &Known,
    report: &mut Report,
) -> (Batch, Seen) {
    // What others refer to is read first, whatever the order of the files.
    tables.sort_by_key(|(kind, _)| *kind);
    let batch = Batch::default();
    let mut reading = Reading {
        areas,
        known,
        batch,
    };
    let mut seen = Seen::default();
    for (kind, table) in &tables {
        let layout = Layout::find(*kind, table, report)
            .filter(|layout| *kind != Kind::Units || reading.knows_areas(layout, &seen, report));
        let Some(layout) = layout else {
            seen.give_up(*kind);
            continue;
        };
        let end = footnotes::cut(*kind, &layout, report);
        for row in &table.rows[..end] {
            let mut fields = layout.row(row, report);
            if !fields.is_cut() {
                read(*kind, &mut fields, &mut reading);
            }
            seen.note(*kind, &mut fields, &reading.batch);
        }
    }
    let mut batch = reading.batch;
    let whom = cross::everybody(&batch, known);
    cross::resolve_people(&mut batch, &whom);
    references::check(&batch, known, (&seen, &whom), report);
    doubts::tell(&batch, known, &seen, report);
    (batch, seen)
}

fn read(kind: Kind, row: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<()> {
    match kind {
        Kind::Areas => organisation::area(row, reading),
        Kind::Units => organisation::unit(row, reading),
        Kind::People => organisation::person(row, reading),
        Kind::Measures => measures::measure(row, &mut reading.batch),
        Kind::Absences => meetings::absence(row, &mut reading.batch),
        Kind::CheckIns => meetings::check_in(row, &mut reading.batch),
        Kind::Dialogues => meetings::dialogue(row, &mut reading.batch),
        Kind::Activities => meetings::activity(row, &mut reading.batch),
    }
}

impl Reading<'_> {
    /// Whether the units' areas can be told: `--area` names one, `--area-from` a column, or there
    /// is a column of them. If not, that is one fault, and not one a row.
    fn knows_areas(&self, layout: &Layout<'_>, seen: &Seen, report: &mut Report) -> bool {
        let table = layout.table;
        let Areas { fixed, from } = self.areas;
        let told = self.batch.areas.iter().map(|area| &area.id);
        let mut areas = self.known.areas.iter().chain(told);
        let is_known = |row: &Row| {
            let code = UnitCode::parse(layout.cell(row, "code"));
            code.is_ok_and(|code| self.known.units.contains_key(&code))
        };
        let message = match (fixed, from) {
            (Some(id), _) if !areas.any(|area| area.as_str() == id) && !seen.gave_up(Kind::Areas) => format!(
                "--area names \"{id}\", which is no area; name the id of one in areas.csv, or add it there"
            ),
            (_, Some(from)) if !table.header.iter().any(|name| folded(name) == folded(from)) => format!(
                "--area-from names the column {from}, which is not here; name one of the header's"
            ),
            (None, None) if !layout.has("area") && !table.rows.iter().all(is_known) => {
                "the column \"area\" (or \"område\") is missing: add it, or use --area ID or --area-from COLUMN".into()
            }
            _ => return true,
        };
        let column = (fixed.is_none() && from.is_none()).then(|| "area".to_owned());
        report.fault(Note {
            column,
            ..Note::of_table(table, message)
        });
        false
    }
}

impl Batch {
    /// Notes what the source leaves unsaid of the record at a place in its list.
    fn leaves(&mut self, table: &'static str, place: usize, unsaid: Vec<&'static str>) {
        if !unsaid.is_empty() {
            self.unsaid.insert((table, place), unsaid);
        }
    }
}
