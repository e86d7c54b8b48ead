//! `avstamd import`: CSV and Excel files, as Swedish Excel writes them, and people's own calendars,
//! into the calendar.
//!
//! All or nothing: every fault of every file is told at once, by file, line, column and remedy,
//! and then nothing is written. What is in the files is added or brought up to date; what is not
//! in them stays. A second import of the same files changes nothing.

mod busy;
mod cells;
mod columns;
mod comma_separated;
mod cross;
mod doubts;
mod fields;
mod footnotes;
mod layout;
mod records;
mod references;
mod report;
mod sources;
mod table;
mod tell;
mod text;
mod workbook;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::civil::Date;
use serde::Serialize;

use super::when::When;
use super::{AlreadyTold, output};
use crate::calendar::Calendar as SchoolCalendar;
use crate::config;
use crate::follow_up::PersonId;
use crate::store::{Batch, Calendar, Changed, Known, Writing};
use cross::Seen;
use report::Report;
use sources::Source;

/// Read CSV or Excel files, and people's own calendars, into the calendar
///
/// Known by their names (areas, units, people, measures, absences, check_ins, dialogues,
/// activities, or in Swedish: områden, skolenheter, personer, åtgärder, frånvaro, avstämningar,
/// dialoger, aktiviteter) or by their columns. Columns may be named in English or Swedish. A
/// directory stands for all .csv, .xlsx and .ics files in it. All files of a call are read together,
/// in any order, and either all of it is written or nothing.
///
/// A calendar exported from Outlook, Google or Apple (.ics) tells when a person is busy, so that
/// schedule plans around it: name the file by the person's address or identifier, such as
/// rut.berg@skola.example.ics. Only times within the configured school years are kept, never what
/// they are for, in place of all that an earlier file said of the person. Events that are free,
/// cancelled or invitations of avstamd do not count; times without a zone are the authority's.
///
/// A register exported from Skolverket can be read as it is: `--area ID` names the area of units
/// that have none, `--area-from COLUMN` makes an area of each value of a column (such as kommun),
/// and units whose status is not AKTIV get the day before the import as their last.
///
/// What a file does not say stays: a column it does not have, an empty level, language, state,
/// status, done, deputy or minutes, and what people have recorded since the file last said the same.
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
    /// Print JSON: {applied, dry_run, changes: {table: {added, changed, unchanged}},
    /// busy: {person: stretches}, faults, warnings}
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
    /// In how many stretches the calendars of the call say that people are busy.
    busy: BTreeMap<PersonId, usize>,
    #[serde(flatten)]
    report: Report,
}

/// Runs the command.
pub async fn run(config: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let settings = config::load(config)?;
    let path = &settings.database.calendar;
    // Only an import that is kept makes a calendar.
    let is_there = path.exists();
    let calendar = if is_there {
        Calendar::open(path)?
    } else {
        Calendar::in_memory()?
    };
    let now = arguments.when.now(&settings.calendar);
    let areas = Areas {
        fixed: arguments
            .area
            .map(|area| text::composed(&area).into_owned()),
        from: arguments.area_from,
    };
    let mut report = Report::new(settings.calendar.today(now));
    let sources = sources::find(&arguments.paths, &mut report);
    let known = calendar.known().await?;
    let against = (&known, &settings.calendar);
    let (batch, seen) = read(&sources, &areas, against, &mut report);
    let mut outcome = Outcome {
        applied: false,
        dry_run: arguments.dry_run,
        changes: Changed::new(),
        busy: BTreeMap::new(),
        report,
    };
    let faults = outcome.report.faults.len();
    if faults == 0 {
        let (calendar, writing) = match (arguments.dry_run, is_there) {
            (true, _) => (calendar, Writing::Try),
            (false, true) => (calendar, Writing::Keep),
            (false, false) => (Calendar::open_or_create(path)?, Writing::Keep),
        };
        let names = sources::names(&sources);
        let busy = batch.busy.iter();
        outcome.busy = busy
            .map(|(person, stretches)| (person.clone(), stretches.len()))
            .collect();
        let applied = calendar.apply(batch, writing, now, names).await?;
        tell::stood(&applied.stood, &seen, &mut outcome.report);
        tell::same_day(&applied.same_day, &seen, &mut outcome.report);
        outcome.changes = applied.changed;
        outcome.applied = !arguments.dry_run;
    } else if !arguments.dry_run && is_there {
        let files = outcome.report.files().into_iter();
        let files = sources::for_journal(files, ["kalender", "kalendrar"]);
        let summary = format!("{faults} fel i {files}");
        calendar.note_refused_import(now, summary).await?;
    }
    if arguments.json {
        output::json(&outcome)?
    } else {
        tell::tell(&outcome)
    }
    if faults == 0 {
        Ok(())
    } else {
        Err(AlreadyTold.into())
    }
}

/// Reads every table of a directory into the calendar, as on the day `today`; any fault is an error.
///
/// # Errors
/// The faults, a line each.
pub async fn import_directory(
    calendar: &Calendar,
    directory: &Path,
    today: Date,
) -> anyhow::Result<Changed> {
    let mut report = Report::new(today);
    let sources = sources::find(&[directory.to_owned()], &mut report);
    let known = calendar.known().await?;
    let (batch, _) = tables(&known, &sources, &Areas::default(), &mut report);
    let faults: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
    anyhow::ensure!(faults.is_empty(), "{}", faults.join("\n"));
    let now = crate::daemon::Clock::System.now();
    let applied = calendar
        .apply(batch, Writing::Keep, now, "demo".into())
        .await?;
    Ok(applied.changed)
}

/// What an import of these files would write into a calendar that has `known`, and the faults that
/// would keep it from doing so, a line each. Nothing is read from the disk.
pub fn read_files(
    files: impl IntoIterator<Item = (PathBuf, Vec<u8>)>,
    known: &Known,
    (calendar, today): (&SchoolCalendar, Date),
) -> (Batch, Vec<String>) {
    let mut report = Report::new(today);
    let files = files.into_iter();
    let sources: Vec<Source> = files
        .map(|(file, content)| Source::at_hand(file, content))
        .collect();
    let (batch, _) = read(&sources, &Areas::default(), (known, calendar), &mut report);
    let faults = report.faults.iter().map(ToString::to_string).collect();
    (batch, faults)
}

fn read(
    sources: &[Source],
    areas: &Areas,
    (known, calendar): (&Known, &SchoolCalendar),
    report: &mut Report,
) -> (Batch, Seen) {
    let (mut batch, seen) = tables(known, sources, areas, report);
    let calendars = sources::calendars(sources, report);
    busy::read(calendars, (&mut batch, &seen), (known, calendar), report);
    (batch, seen)
}

fn tables(known: &Known, sources: &[Source], areas: &Areas, report: &mut Report) -> (Batch, Seen) {
    let tables = sources
        .iter()
        .flat_map(|source| sources::tables(source, report))
        .collect();
    records::batch(tables, areas, known, report)
}
