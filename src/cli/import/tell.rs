//! What an import came to, for a person.

use std::collections::BTreeMap;

use super::Outcome;
use super::columns::Kind;
use super::cross::Seen;
use super::output;
use super::report::{Note, Report};
use crate::store::Stood;

/// Faults printed to a person; `--json` gives them all.
const SHOWN: usize = 200;

/// Warnings of one column printed to a person; `--json` gives them all.
const SHOWN_OF_A_COLUMN: usize = 5;

/// Prints an outcome.
pub fn tell(outcome: &Outcome) {
    tell_warnings(&outcome.report.warnings);
    let faults = &outcome.report.faults;
    for fault in faults.iter().take(SHOWN) {
        output::print(&format!("{fault}\n"));
    }
    if faults.len() > SHOWN {
        output::print(&format!(
            "… and {} more; --json gives them all.\n",
            faults.len() - SHOWN
        ));
    }
    match faults.len() {
        0 => {}
        1 => return output::print("1 fault. Nothing was imported.\n"),
        count => return output::print(&format!("{count} faults. Nothing was imported.\n")),
    }
    let rows: Vec<Vec<String>> = outcome
        .changes
        .iter()
        .map(|(table, change)| {
            vec![
                (*table).to_owned(),
                format!("{} added", change.added),
                format!("{} changed", change.changed),
                format!("{} unchanged", change.unchanged),
            ]
        })
        .collect();
    output::print(&output::columns(&rows));
    for (person, stretches) in &outcome.busy {
        let word = if *stretches == 1 {
            "stretch"
        } else {
            "stretches"
        };
        output::print(&format!("{person} is busy in {stretches} {word} of time\n"));
    }
    if rows.is_empty() {
        output::print("0 rows: there was nothing to import.\n");
    }
    if outcome.dry_run {
        output::print("A dry run: nothing was written.\n");
    }
}

/// Prints warnings in the order found, the first few of each column of a file: a hundred alike would
/// hide the one that is not.
fn tell_warnings(warnings: &[Note]) {
    let mut told: BTreeMap<_, usize> = BTreeMap::new();
    for warning in warnings {
        let column = (&warning.file, &warning.sheet, &warning.column);
        let count = told.entry(column).or_default();
        *count += 1;
        if *count <= SHOWN_OF_A_COLUMN || warning.column.is_none() {
            output::print(&format!("warning: {warning}\n"));
        }
    }
    for ((file, _, column), count) in told {
        if let Some(column) = column
            && count > SHOWN_OF_A_COLUMN
        {
            output::print(&format!(
                "warning: {}, column {column}: … and {} more; --json gives them all.\n",
                file.display(),
                count - SHOWN_OF_A_COLUMN
            ));
        }
    }
}

/// Warns of what stands although the file says otherwise. That something was held or done is the
/// usual course, and needs no words.
pub fn stood(stood: &[Stood], seen: &Seen, report: &mut Report) {
    for kept in stood {
        let value = if kept.value.is_empty() {
            "nothing"
        } else {
            &kept.value
        };
        let recorded = format!(
            "the file says what it said last time, and {value} was recorded since, which stands; write it in the file too"
        );
        let (kind, column, message) = match (kept.table, kept.column) {
            ("dialogue" | "check_in", "starts") => {
                let kind = if kept.table == "dialogue" {
                    Kind::Dialogues
                } else {
                    Kind::CheckIns
                };
                let message = format!(
                    "was moved by hand to {value}; write the new time in the file, or move it with record"
                );
                (kind, "starts", message)
            }
            ("dialogue", "place" | "minutes") => (Kind::Dialogues, kept.column, recorded),
            ("evaluation", "evaluated_on") => {
                let message = format!(
                    "an earlier import told of an evaluation on {value}, which stays beside this one; if its day was only corrected, delete the old one from the calendar's table evaluation"
                );
                (Kind::Measures, "evaluated_on", message)
            }
            ("absence", "away_to") => (Kind::Absences, "to", recorded),
            ("absence", "deputy") => (Kind::Absences, "deputy", recorded),
            _ => continue,
        };
        if let Some(place) = seen.place(kind, kept.place) {
            report.warn(place.note(column, None, message));
        }
    }
}

/// Warns of a second check-in planned for the two on one day.
pub fn same_day(same_day: &[(usize, String)], seen: &Seen, report: &mut Report) {
    for (place, other) in same_day {
        if let Some(place) = seen.place(Kind::CheckIns, *place) {
            let message = format!(
                "the two have another check-in planned that day, {other}; cancel the one that is not meant with record"
            );
            report.warn(place.note("starts", None, message));
        }
    }
}
