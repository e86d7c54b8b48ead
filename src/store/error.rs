//! What can go wrong with the record, and what to do about it.

use std::path::PathBuf;

use rusqlite::ErrorCode;
use thiserror::Error;

/// A failure of one of the two databases.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The file is not there and was not to be made.
    #[error(
        "{path}: there is no such database; run `avstamd import` to make the calendar, or name another file under [database] in the configuration"
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file is there and holds nothing.
    #[error(
        "{path}: the file is empty, it is no {kind}; put it back with `avstamd restore`, or take the empty file away and begin anew with `avstamd import`"
    )]
    Empty {
        /// The file.
        path: PathBuf,
        /// Which of the two.
        kind: &'static str,
    },
    /// Another file has taken the name, or the file is gone, since it was opened.
    #[error(
        "{path}: the file was replaced or removed while it was in use; nothing more is written to it. avstamd has to start anew on what is there now"
    )]
    Replaced {
        /// The file.
        path: PathBuf,
    },
    /// The record of what has left cannot be written or read.
    #[error(
        "{path}: the record of what has been sent cannot be used: {source}; nothing is sent that it cannot hold. Make room, and see that the daemon may write there"
    )]
    Record {
        /// The record.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no record to make a ledger from.
    #[error(
        "{path}: there is no record of what has been sent to make a ledger from; restore a backup, or put the record back beside the ledger's place. Where nothing was ever sent, the first run makes a ledger"
    )]
    NoRecord {
        /// The record.
        path: PathBuf,
    },
    /// There is a ledger where one was to be made.
    #[error("{path}: there is a ledger; it heals by itself when the daemon starts")]
    Present {
        /// The ledger.
        path: PathBuf,
    },
    /// The ledger is gone, and mail has been sent from it.
    #[error(
        "{path}: the ledger is gone, but mail has been sent from it: {record} tells what. Put a backup back with `avstamd restore FILE --ledger`; without one, `avstamd restore --from-record` makes a ledger that knows what has been sent",
        record = record.display()
    )]
    Lost {
        /// The ledger.
        path: PathBuf,
        /// The record beside it.
        record: PathBuf,
    },
    /// It lies where SQLite cannot keep its promises.
    #[error(
        "{path}: it lies on a network file system ({system}), where a database is not safe; name a file on a local disk under [database] in the configuration"
    )]
    Network {
        /// The file.
        path: PathBuf,
        /// What kind.
        system: &'static str,
    },
    /// The file could not be opened or made.
    #[error(
        "{path}: cannot be opened as a database: {source}{}",
        open_hint(source)
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The file is a database, but another program's or the other one of ours.
    #[error(
        "{path}: this is not avstamd's {expected}; name the right file under [database] in the configuration"
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Which of the two was expected.
        expected: &'static str,
    },
    /// A newer program has been here. The file is left as it is.
    #[error(
        "{path}: the {kind} has schema version {found}, this program knows {known}; install the newer avstamd, or restore the backup taken before the upgrade"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Which of the two.
        kind: &'static str,
        /// The file's version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// The backup that goes before every migration could not be made; nothing was migrated.
    #[error(
        "{path}: the backup before migrating failed: {source}; make room beside the file and start again"
    )]
    BackupBeforeMigration {
        /// Where the backup was to go.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// SQLite refused.
    #[error("database: {0}{hint}", hint = hint(.0))]
    Sqlite(#[from] rusqlite::Error),
    /// The thread that owns the connection is gone.
    #[error("the database thread has stopped; restart avstamd")]
    Stopped,
    /// A job failed in a way that is a fault of the program. Its transaction was rolled back.
    #[error("a fault in the program stopped this work on the database; nothing of it was kept")]
    Panicked,
    /// A stored value that the program itself wrote cannot be read back.
    #[error("{table}: {message}")]
    Unreadable {
        /// Where.
        table: &'static str,
        /// What.
        message: String,
    },
}

/// What to do about a refusal of SQLite's that people meet.
fn hint(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "; run the command as the daemon's user (runuser -u avstamd -- avstamd …)"
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            "; name the right file under [database], or put it back with `avstamd restore`"
        }
        Some(ErrorCode::DiskFull) => "; make room on the disk",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "; another program holds it, try again when it is done"
        }
        _ => "",
    }
}

fn open_hint(error: &rusqlite::Error) -> &'static str {
    match hint(error) {
        "" => "; see that the directory exists and may be written to",
        hint => hint,
    }
}
