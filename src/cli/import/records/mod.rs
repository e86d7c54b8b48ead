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
use super::table::Table;
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
            .filter(|_| *kind != Kind::Units || reading.knows_areas(table, &seen, report));
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
    cross::resolve_people(&mut batch, known);
    references::check(&batch, known, &seen, report);
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
    /// Whether the area that `--area` names, or the column that `--area-from` names, is there. If
    /// not, that is one fault, and not one a row.
    fn knows_areas(&self, table: &Table, seen: &Seen, report: &mut Report) -> bool {
        if let Some(id) = &self.areas.fixed
            && !self
                .known
                .areas
                .iter()
                .chain(self.batch.areas.iter().map(|area| &area.id))
                .any(|area| area.as_str() == id)
            && !seen.gave_up(Kind::Areas)
        {
            let message = format!(
                "--area names \"{id}\", which is no area; name the id of one in areas.csv, or add it there"
            );
            report.fault(Note::of_table(table, message));
            return false;
        }
        if let Some(from) = &self.areas.from
            && !table.header.iter().any(|name| folded(name) == folded(from))
        {
            let message = format!(
                "--area-from names the column {from}, which is not here; name one of the header's"
            );
            report.fault(Note::of_table(table, message));
            return false;
        }
        true
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
