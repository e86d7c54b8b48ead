//! Never two daemons on one database: a lock on a file beside each of the two.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::config::DatabaseSettings;

/// Why the lock was not had.
#[derive(Debug, Error)]
pub enum LockError {
    /// Another process holds it.
    #[error(
        "{database}: another avstamd is running on this database; stop it first (systemctl stop avstamd), or name another in the configuration"
    )]
    Taken {
        /// The database.
        database: PathBuf,
    },
    /// The file cannot be made.
    #[error(
        "{path}: the lock file cannot be made: {source}; see that the directory exists and may be written to"
    )]
    Unmade {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The locks; the system gives them back when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _files: Vec<File>,
}

impl Lock {
    /// Takes the locks of both databases, by whatever names they are called.
    ///
    /// # Errors
    /// Another process holds one, or a lock file cannot be made.
    pub fn take(databases: &DatabaseSettings) -> Result<Self, LockError> {
        let files = [&databases.ledger, &databases.calendar].map(|path| lock(path));
        Ok(Self {
            _files: files.into_iter().collect::<Result<_, _>>()?,
        })
    }
}

fn lock(database: &Path) -> Result<File, LockError> {
    // Two names may lead to one file; where there is none yet, its directory is what can be found.
    let real = database.canonicalize().unwrap_or_else(|_| {
        let parent = database
            .parent()
            .and_then(|parent| parent.canonicalize().ok());
        match (parent, database.file_name()) {
            (Some(parent), Some(name)) => parent.join(name),
            _ => database.to_owned(),
        }
    });
    let mut name = real.into_os_string();
    name.push(".lock");
    let path = PathBuf::from(name);
    let unmade = |source| LockError::Unmade {
        path: path.clone(),
        source,
    };
    let file = File::options()
        .create(true)
        .write(true)
        .truncate(false)
        .open(&path)
        .map_err(unmade)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LockError::Taken {
            database: database.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(unmade(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_refused_and_the_first_gives_it_back() {
        let dir = tempfile::tempdir().unwrap();
        let databases = DatabaseSettings {
            calendar: dir.path().join("calendar.db"),
            ledger: dir.path().join("ledger.db"),
        };
        let first = Lock::take(&databases).unwrap();
        let refused = |databases| matches!(Lock::take(databases), Err(LockError::Taken { .. }));
        assert!(refused(&databases));
        std::os::unix::fs::symlink(dir.path(), dir.path().join("other")).unwrap();
        let same_ledger = DatabaseSettings {
            calendar: dir.path().join("another.db"),
            ledger: dir.path().join("other/ledger.db"),
        };
        assert!(refused(&same_ledger), "by another name");
        let same_calendar = DatabaseSettings {
            calendar: databases.calendar.clone(),
            ledger: dir.path().join("another.db"),
        };
        assert!(refused(&same_calendar));
        drop(first);
        Lock::take(&databases).unwrap();
    }
}
