//! `avstamd backup` and `avstamd restore`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::output;
use crate::config;
use crate::daemon::Lock;
use crate::store::safe;

/// Copy both databases, while they are in use, into one file that is checked
#[derive(Debug, Args)]
pub struct BackupArguments {
    /// The new file
    file: PathBuf,
}

/// Put both databases back from a backup; the daemon must be stopped
///
/// The databases that were there are kept beside, with names ending in .before-restore.
#[derive(Debug, Args)]
pub struct RestoreArguments {
    /// The backup
    file: PathBuf,
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
    safe::restore(&arguments.file, pair)?;
    output::print("Both databases are restored; those that were there end in .before-restore.\n");
    Ok(())
}
