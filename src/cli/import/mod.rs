//! `avstamd import`: CSV and Excel files, as Swedish Excel writes them, into the calendar.
//!
//! All or nothing: every fault of every file is told at once, by file, line, column and remedy,
//! and then nothing is written. What is in the files is added or brought up to date; what is not
//! in them stays. A second import of the same files changes nothing.

mod columns;
mod cross;
mod fields;
mod records;
mod table;

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::when::When;
use super::{AlreadyTold, open_calendar, output};
use crate::store::{Batch, Calendar, Changed, Writing};
use columns::Kind;
use fields::Report;
use table::Table;

/// Faults printed to a person; `--json` gives them all.
const SHOWN: usize = 200;

/// Read CSV or Excel files into the calendar
///
/// Known by their names (areas, units, people, measures, absences, check_ins, dialogues,
/// activities, or in Swedish: områden, skolenheter, personer, åtgärder, frånvaro, avstämningar,
/// dialoger, aktiviteter) or by their columns. Columns may be named in English or Swedish. A
/// directory stands for all .csv and .xlsx files in it. All files of a call are read together, in
/// any order, and either all of it is written or nothing.
///
/// A register exported from Skolverket can be read as it is: `--area ID` names the area of units
/// that have none, `--area-from COLUMN` makes an area of each value of a column (such as kommun),
/// and units whose status is not AKTIV get the day of the import as their last.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Files or directories
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Check everything, show what would change, write nothing
    #[arg(long)]
    dry_run: bool,
    /// The area of units in files without an area column
    #[arg(long, value_name = "ID", conflicts_with = "area_from")]
    area: Option<String>,
    /// Make an area of each value of this column, in files without an area column
    #[arg(long, value_name = "COLUMN")]
    area_from: Option<String>,
    #[command(flatten)]
    when: When,
    /// Print JSON: {applied, dry_run, changes: {table: {added, changed, unchanged}}, faults, warnings}
    #[arg(long)]
    json: bool,
}

/// Where units without an area get one.
#[derive(Debug, Clone, Default)]
pub struct Areas {
    /// All of them this one.
    pub fixed: Option<String>,
    /// Each the value of this column.
    pub from: Option<String>,
}

#[derive(Debug, Serialize)]
struct Outcome {
    applied: bool,
    dry_run: bool,
    changes: Changed,
    #[serde(flatten)]
    report: Report,
}

/// Runs the command.
pub async fn run(config: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let (settings, calendar) = open_calendar(config)?;
    let now = arguments.when.now(&settings.calendar);
    let areas = Areas {
        fixed: arguments.area,
        from: arguments.area_from,
    };
    let files = files(&arguments.paths)?;
    let mut report = Report::new(settings.calendar.today(now));
    let batch = read(&calendar, &files, &areas, &mut report).await?;
    let mut outcome = Outcome {
        applied: false,
        dry_run: arguments.dry_run,
        changes: Changed::new(),
        report,
    };
    if outcome.report.faults.is_empty() {
        let writing = if arguments.dry_run {
            Writing::Try
        } else {
            Writing::Keep
        };
        let names: Vec<String> = files
            .iter()
            .filter_map(|f| f.file_name())
            .map(|n| n.to_string_lossy().into_owned())
            .collect();
        outcome.changes = calendar
            .apply(batch, writing, now, names.join(", "))
            .await?;
        outcome.applied = !arguments.dry_run;
    } else if !arguments.dry_run {
        let count = outcome.report.faults.len();
        calendar
            .note_refused_import(
                now,
                format!("{count} fel i {}", outcome.report.files().join(", ")),
            )
            .await?;
    }
    if arguments.json {
        output::json(&outcome)?
    } else {
        tell(&outcome)
    }
    if outcome.report.faults.is_empty() {
        Ok(())
    } else {
        Err(AlreadyTold.into())
    }
}

/// Reads every file of a directory into the calendar; any fault is an error.
///
/// # Errors
/// The faults, a line each.
pub async fn import_directory(calendar: &Calendar, directory: &Path) -> anyhow::Result<Changed> {
    let mut report = Report::new(jiff::civil::Date::MAX);
    let files = files(&[directory.to_owned()])?;
    let batch = read(calendar, &files, &Areas::default(), &mut report).await?;
    let faults: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
    anyhow::ensure!(faults.is_empty(), "{}", faults.join("\n"));
    let now = crate::daemon::Clock::System.now();
    Ok(calendar
        .apply(batch, Writing::Keep, now, "demo".into())
        .await?)
}

/// The files that paths stand for, in order.
fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).with_context(|| path.display().to_string())?;
            let mut found: Vec<PathBuf> = entries
                .filter_map(|entry| entry.ok().map(|entry| entry.path()))
                .filter(|path| table::is_readable_kind(path))
                .collect();
            found.sort();
            anyhow::ensure!(
                !found.is_empty(),
                "{}: there are no .csv or .xlsx files here",
                path.display()
            );
            files.extend(found);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

async fn read(
    calendar: &Calendar,
    files: &[PathBuf],
    areas: &Areas,
    report: &mut Report,
) -> anyhow::Result<Batch> {
    let mut tables: Vec<(Kind, Table)> = Vec::new();
    for file in files {
        let bytes = std::fs::read(file)
            .with_context(|| format!("{}: cannot be read; see that it is there", file.display()))?;
        for table in table::read(file, bytes, report) {
            match columns::recognise(&table) {
                Some(kind) => tables.push((kind, table)),
                None => report.fault_of_table(&table, columns::hint(&table)),
            }
        }
    }
    let known = calendar.known().await?;
    Ok(records::batch(tables, areas, known, report))
}

fn tell(outcome: &Outcome) {
    for warning in &outcome.report.warnings {
        output::print(&format!("warning: {warning}\n"));
    }
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
    if !faults.is_empty() {
        output::print(&format!("{} faults. Nothing was imported.\n", faults.len()));
        return;
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
    if outcome.dry_run {
        output::print("A dry run: nothing was written.\n");
    }
}
