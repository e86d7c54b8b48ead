//! `avstamd backup` and `avstamd restore`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::output;
use crate::config;
use crate::daemon::Lock;
use crate::store::safe::{self, Restoring};

/// Copy both databases, while they are in use, into one file that is checked
#[derive(Debug, Args)]
pub struct BackupArguments {
    /// The new file
    file: PathBuf,
}

/// Put the calendar back from a backup; the daemon must be stopped
///
/// The ledger, which says what was sent, stays as it is: an older one has forgotten what was sent
/// since and would have it said again. It is put back too where there is no sound one, or with
/// --ledger. What was there is kept beside, under a name with .before-restore in it.
#[derive(Debug, Args)]
pub struct RestoreArguments {
    /// The backup
    file: PathBuf,
    /// Put the ledger back as well
    #[arg(long)]
    ledger: bool,
}

pub async fn back_up(config: &Path, arguments: BackupArguments) -> anyhow::Result<()> {
    let database = config::load(config)?.database;
    let pair = safe::Pair {
        calendar: &database.calendar,
        ledger: &database.ledger,
    };
    let bytes = safe::back_up(pair, &arguments.file)?;
    output::print(&format!(
        "{}: {bytes} bytes, checked.\n",
        arguments.file.display()
    ));
    Ok(())
}

pub async fn restore(config: &Path, arguments: RestoreArguments) -> anyhow::Result<()> {
    let database = config::load(config)?.database;
    let _lock = Lock::take(&database)?;
    let pair = safe::Pair {
        calendar: &database.calendar,
        ledger: &database.ledger,
    };
    let restoring = if arguments.ledger {
        Restoring::Both
    } else {
        Restoring::Calendar
    };
    let restored = safe::restore(&arguments.file, pair, restoring)?;
    output::print(&format!(
        "Restored: {}. What was there is beside it, with .before-restore in its name.\n",
        restored.join(" and ")
    ));
    Ok(())
}
