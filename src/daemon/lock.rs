//! Never two daemons on one database: a lock on a file beside the ledger.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why the lock was not had.
#[derive(Debug, Error)]
pub enum LockError {
    /// Another process holds it.
    #[error(
        "{ledger}: another avstamd is running on this ledger; stop it first (systemctl stop avstamd), or name another ledger in the configuration"
    )]
    Taken {
        /// The ledger.
        ledger: PathBuf,
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

/// The lock; the system gives it back when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the ledger at `ledger`.
    ///
    /// # Errors
    /// Another process holds it, or the lock file cannot be made.
    pub fn take(ledger: &Path) -> Result<Self, LockError> {
        let mut name = ledger.as_os_str().to_owned();
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
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Taken {
                ledger: ledger.to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(unmade(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_refused_and_the_first_gives_it_back() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = dir.path().join("ledger.db");
        let first = Lock::take(&ledger).unwrap();
        assert!(matches!(Lock::take(&ledger), Err(LockError::Taken { .. })));
        drop(first);
        Lock::take(&ledger).unwrap();
    }
}
