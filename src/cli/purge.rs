//! `avstamd purge`: removes what has outlived its rule.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::{Timestamp, ToSpan};
use serde_json::json;

use super::when::Moment;
use super::{open, output};
use crate::config::{self, DatabaseSettings, Settings};
use crate::daemon::{Lock, Office, Purged, last_purge, purge};
use crate::plan::retention::{Kept, Limits};
use crate::store::{Calendar, Extent, Ledger};

/// Whoever has rules and has not purged for so many days is told.
const SELDOM: i64 = 100;

/// Remove what has outlived its rule in `[retention]`; the daemon must be stopped
///
/// Nothing goes that is not settled: mail that waits or is held, an open measure, what the plan still
/// speaks of. What was removed is overwritten in the files. Copies and backups that lie elsewhere are
/// not touched; those beside the databases are named. What the import files still have comes back with
/// the next import, as news: what was recorded as done by a command, as not done.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Count what would go, and change nothing; the daemon may run
    #[arg(long)]
    dry_run: bool,
    /// Print JSON: {on, dry_run, removed, copies}
    ///
    /// removed: a list of {rule, before, table, rows}, the rule as in `[retention]`; the table "record" is
    /// the file ledger.db.sent, its rows are lines. copies: files beside the databases that may hold
    /// what was removed.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    moment: Moment,
}

pub async fn run(config: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let (office, lock) = if arguments.dry_run {
        (open(config)?, None)
    } else {
        let (office, lock) = alone(config)?;
        (office, Some(lock))
    };
    let moment = &arguments.moment;
    let (now, extent) = match &lock {
        None => (moment.when.now(&office.settings.calendar), Extent::Count),
        Some(_) => (moment.resumed(&office).await?, Extent::Remove),
    };
    let Settings {
        calendar,
        retention,
        ..
    } = &office.settings;
    let limits = retention.limits(calendar.today(now), calendar);
    let purged = purge(&office, (now, limits.clone()), extent).await?;
    tell(&office, &purged, (&limits, &arguments))?;
    told_to_end(&purged.unswept)
}

/// Both databases with nobody else at them: the record of what has left is written anew, and the
/// daemon must not add to it meanwhile.
///
/// # Errors
/// The daemon runs, or a database cannot be opened.
pub fn alone(config: &Path) -> anyhow::Result<(Office, Lock)> {
    let settings = config::load(config)?;
    let lock = Lock::take(&settings.database)?;
    let calendar = Calendar::open(&settings.database.calendar)?;
    let ledger = Ledger::open_or_create(&settings.database.ledger)?;
    Ok((Office::new(settings, calendar, ledger)?, lock))
}

/// Fails where a file could not be swept.
///
/// # Errors
/// It could not.
pub fn told_to_end(unswept: &[&str]) -> anyhow::Result<()> {
    anyhow::ensure!(
        unswept.is_empty(),
        "what was removed may still be read in the file of the {}: another program has it open; close that, and run `avstamd purge` again",
        unswept.join(" and the ")
    );
    Ok(())
}

fn tell(
    office: &Office,
    purged: &Purged,
    (limits, arguments): (&Limits, &Arguments),
) -> anyhow::Result<()> {
    let before = |kept: Kept| limits.of(kept).map(|limit| limit.day.to_string());
    let copies = copies(&office.settings.database);
    if arguments.json {
        let removed: Vec<_> = purged
            .removed
            .iter()
            .map(|removed| {
                json!({
                    "rule": removed.rule.rule().0, "before": before(removed.rule),
                    "table": removed.table, "rows": removed.rows
                })
            })
            .collect();
        return output::json(&json!({
            "on": limits.today, "dry_run": arguments.dry_run, "removed": removed, "copies": copies
        }));
    }
    let rows = purged.removed.iter().map(|removed| {
        vec![
            removed.rule.rule().0.to_owned(),
            before(removed.rule).unwrap_or_default(),
            removed.table.to_owned(),
            removed.rows.to_string(),
        ]
    });
    let headings = ["RULE", "BEFORE", "TABLE", "ROWS"];
    output::print(&output::table(&headings, rows.collect()));
    if arguments.dry_run {
        output::print("Nothing was changed.\n");
    }
    tell_copies(&copies);
    Ok(())
}

/// What to say of rules by which nothing has been purged for long, or ever.
///
/// # Errors
/// The ledger refused.
pub async fn overdue(
    ledger: &Ledger,
    settings: &Settings,
    now: Timestamp,
) -> anyhow::Result<Option<String>> {
    if !settings.retention.has_rules() {
        return Ok(None);
    }
    let calendar = &settings.calendar;
    let since = last_purge(ledger).await?;
    let begun = match since {
        Some(_) => since,
        None => ledger.oldest().await?.map(|at| calendar.today(at)),
    };
    let long_ago = calendar.today(now).saturating_sub(SELDOM.days());
    Ok(begun.filter(|begun| *begun < long_ago).map(|begun| {
        let since = match since {
            Some(_) => format!("since {begun}"),
            None => format!("yet, and the ledger goes back to {begun}"),
        };
        format!("nothing has been purged {since}; see `avstamd purge --dry-run`, and run `avstamd purge` now and then")
    }))
}

/// Names the copies.
pub fn tell_copies(copies: &[PathBuf]) {
    if !copies.is_empty() {
        output::print("These copies may still hold it; remove those you no longer need:\n");
    }
    for copy in copies {
        output::print(&format!("  {}\n", copy.display()));
    }
}

/// What else lies beside the databases under their names: what migrations and restores left, and what
/// people copied. What the program itself writes there is swept, or holds nothing.
pub fn copies(databases: &DatabaseSettings) -> Vec<PathBuf> {
    const OWN: [&str; 3] = ["lock", "sent", "sent.new"];
    let mut copies = Vec::new();
    for database in [&databases.calendar, &databases.ledger] {
        let (Some(directory), Some(name)) = (database.parent(), database.file_name()) else {
            continue;
        };
        let start = format!("{}.", name.to_string_lossy());
        let is_copy = |name: &OsStr| {
            let name = name.to_string_lossy();
            let ending = name.strip_prefix(&start);
            ending.is_some_and(|ending| !OWN.contains(&ending))
        };
        // What cannot be listed cannot be named.
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        let of = entries.filter(|entry| is_copy(&entry.file_name()));
        copies.extend(of.map(|entry| entry.path()));
    }
    copies.sort();
    copies
}
