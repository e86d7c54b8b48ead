//! `avstamd backup` and `avstamd restore`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::output;
use crate::config;
use crate::daemon::{Clock, Lock};
use crate::store::Ledger;
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
    #[arg(required_unless_present = "from_record")]
    file: Option<PathBuf>,
    /// Put the ledger back as well
    #[arg(long)]
    ledger: bool,
    /// The ledger is gone and there is no backup: make one from the record of what has been sent
    #[arg(long, conflicts_with_all = ["file", "ledger"])]
    from_record: bool,
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
    let Some(file) = arguments.file else {
        return from_record(&database.ledger).await;
    };
    let pair = safe::Pair {
        calendar: &database.calendar,
        ledger: &database.ledger,
    };
    let restoring = if arguments.ledger {
        Restoring::Both
    } else {
        Restoring::Calendar
    };
    let restored = safe::restore(&file, pair, restoring)?;
    output::print(&format!(
        "Restored: {}. What was there is beside it, with .before-restore in its name.\n",
        restored.join(" and ")
    ));
    Ok(())
}

async fn from_record(ledger: &Path) -> anyhow::Result<()> {
    let made = Ledger::make_anew(ledger)?;
    let healed = made.heal(Clock::System.now()).await?;
    output::print(&format!(
        "A new ledger knows of {} mails that were sent. What was decided and not sent is decided anew.\n",
        healed.mails
    ));
    if healed.unreadable > 0 {
        output::print(&format!(
            "{} lines of the record could not be read.\n",
            healed.unreadable
        ));
    }
    Ok(())
}
