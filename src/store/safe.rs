//! Backup and restore: both databases in one file that proves itself.
//!
//! The file is itself a SQLite database: a row a chunk, and for each part its length and SHA-256.
//! A backup is taken online, read back and checked before it gets its name. A restore checks the
//! whole file before it touches anything, and what it put back where that is to be used.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, params};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::StoreError;
use super::damage::{Look, damage};
use super::file::{beside, directory, sync_directory};

const APPLICATION_ID: i32 = i32::from_be_bytes(*b"avBK");
/// Far below SQLite's longest value.
const CHUNK: usize = 8 << 20;
const PARTS: [&str; 2] = ["calendar", "ledger"];
/// The files that make a database. What is still to be written into it goes first: a log that
/// stayed behind would be played into whatever takes the database's name.
const FILES: [&str; 4] = ["-wal", "-shm", "-journal", ""];

/// Why there is no backup, or nothing was restored.
#[derive(Debug, Error)]
pub enum SafeError {
    /// The target is there already.
    #[error("{0}: this file exists; give the backup a name of its own")]
    Exists(PathBuf),
    /// A database is not there.
    #[error(
        "{0}: there is no such database to copy; the first import makes the calendar, the first run the ledger"
    )]
    Absent(PathBuf),
    /// The file is no backup, or is damaged.
    #[error("{file}: {reason}; nothing was restored")]
    Unsound {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A database, or the copy of it, is damaged.
    #[error(
        "{path}: it is damaged ({reason}); no backup was made. Stop avstamd and restore the last sound backup"
    )]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The backup that was just written does not read back as it was written.
    #[error(
        "{path}: it did not read back as it was written ({reason}); no backup was made. Look at the disk"
    )]
    Miscopied {
        /// Where it was to be.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// What was put back does not check where it is now.
    #[error(
        "{path}: it was put back and is damaged ({reason}); see that nothing else writes there, and restore again"
    )]
    Spoilt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The disk.
    #[error("{path}: {source}")]
    Disk {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// SQLite.
    #[error("{path}: {source}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// A database cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the system said of a file, as an error.
fn on_disk(path: &Path) -> impl Fn(std::io::Error) -> SafeError + Copy + '_ {
    move |source| SafeError::Disk {
        path: path.to_owned(),
        source,
    }
}

/// What SQLite said of a file, as an error.
fn in_sqlite(path: &Path) -> impl Fn(rusqlite::Error) -> SafeError + Copy + '_ {
    move |source| SafeError::Sqlite {
        path: path.to_owned(),
        source,
    }
}

/// The two files, and the directory they are in.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// What is so.
    pub calendar: &'a Path,
    /// What was said.
    pub ledger: &'a Path,
}

impl<'a> Pair<'a> {
    fn path(self, part: &str) -> &'a Path {
        if part == "calendar" {
            self.calendar
        } else {
            self.ledger
        }
    }
}

/// Copies both databases into a new file `target` while they are in use, and checks the copy.
/// Returns its size in bytes.
///
/// # Errors
/// The target exists, the disk is full, or the copy does not check: then there is no target.
pub fn back_up(pair: Pair<'_>, target: &Path) -> Result<u64, SafeError> {
    if target.exists() {
        return Err(SafeError::Exists(target.to_owned()));
    }
    for part in PARTS {
        let path = pair.path(part);
        if !path.exists() {
            return Err(SafeError::Absent(path.to_owned()));
        }
    }
    let part = beside(target, ".part");
    let copied = copy_all(pair, &part).and_then(|()| match open_sound(&part) {
        Err(SafeError::Unsound { reason, .. }) => Err(SafeError::Miscopied {
            path: target.to_owned(),
            reason,
        }),
        read_back => read_back.map(drop),
    });
    if let Err(error) = copied {
        let _ = fs::remove_file(&part);
        return Err(error);
    }
    let disk = on_disk(target);
    fs::rename(&part, target).map_err(disk)?;
    sync_directory(target).map_err(disk)?;
    Ok(fs::metadata(target).map_err(disk)?.len())
}

/// Which databases a restore puts back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restoring {
    /// The calendar; the ledger only where there is no sound one. An older ledger has forgotten what
    /// was sent since, and would have it said again.
    Calendar,
    /// Both.
    Both,
}

/// Puts databases back from `file`, and tells which. The daemon must be stopped. A database that was
/// there is kept beside, whole, under a name with `.before-restore` in it; who may use it stays so.
///
/// # Errors
/// The file is no sound backup, or the disk failed. Nothing is put back before all of it is ready.
pub fn restore(
    file: &Path,
    pair: Pair<'_>,
    restoring: Restoring,
) -> Result<Vec<&'static str>, SafeError> {
    let safe = open_sound(file)?;
    let keeps_ledger = restoring == Restoring::Calendar && is_sound_ledger(pair.ledger);
    let parts = PARTS.into_iter();
    let parts: Vec<&str> = parts
        .filter(|part| *part == "calendar" || !keeps_ledger)
        .collect();
    let mut ready = Vec::new();
    for &part in &parts {
        let path = pair.path(part);
        let new = beside(path, ".restoring");
        for ending in FILES {
            let _ = fs::remove_file(beside(&new, ending));
        }
        unpack(&safe, file, part, &new)?;
        belong(&new, path, part).map_err(on_disk(&new))?;
        check_database(&new)?;
        if part == "calendar" {
            // Another identity: the daemon looks at everything anew.
            renew_identity(&new)?;
        }
        ready.push((new, path));
    }
    for (new, path) in ready {
        let disk = on_disk(path);
        set_aside(path).map_err(disk)?;
        fs::rename(&new, path).map_err(disk)?;
        sync_directory(path).map_err(disk)?;
        if let Some(reason) = fault(path)? {
            let path = path.to_owned();
            return Err(SafeError::Spoilt { path, reason });
        }
    }
    Ok(parts)
}

/// Moves a database, or what is left of it, to a name that is free.
fn set_aside(path: &Path) -> std::io::Result<()> {
    let free = |number: u32| match number {
        1 => beside(path, ".before-restore"),
        _ => beside(path, &format!(".before-restore-{number}")),
    };
    let mut names = (1..).map(free);
    let taken = |kept: &PathBuf| FILES.iter().any(|ending| beside(kept, ending).exists());
    let kept = names.find(|kept| !taken(kept));
    let kept = kept.ok_or_else(|| std::io::Error::other("no name is free"))?;
    for ending in FILES {
        let from = beside(path, ending);
        if from.exists() {
            fs::rename(from, beside(&kept, ending))?;
        }
    }
    Ok(())
}

fn copy_all(pair: Pair<'_>, target: &Path) -> Result<(), SafeError> {
    make_private(target)?;
    let failed = in_sqlite(target);
    let mut safe = Connection::open(target).map_err(failed)?;
    safe.execute_batch(
        "PRAGMA synchronous = FULL;
         CREATE TABLE part (name TEXT PRIMARY KEY, length INTEGER NOT NULL, sha256 BLOB NOT NULL) STRICT;
         CREATE TABLE chunk (part TEXT NOT NULL, ordinal INTEGER NOT NULL, bytes BLOB NOT NULL,
                             PRIMARY KEY (part, ordinal)) STRICT;",
    )
    .map_err(failed)?;
    safe.pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(failed)?;
    let transaction = safe.transaction().map_err(failed)?;
    for part in PARTS {
        let snapshot = beside(target, &format!(".{part}"));
        let packed = snapshot_of(pair.path(part), &snapshot)
            .and_then(|()| pack(&transaction, target, part, &snapshot));
        let _ = fs::remove_file(&snapshot);
        packed?;
    }
    transaction.commit().map_err(failed)
}

/// Makes an empty file that only its owner may read: a backup holds every mail.
fn make_private(path: &Path) -> Result<(), SafeError> {
    let _ = fs::remove_file(path);
    let mut options = File::options();
    options.write(true).create_new(true).mode(0o600);
    options.open(path).map(drop).map_err(on_disk(path))
}

fn snapshot_of(path: &Path, snapshot: &Path) -> Result<(), SafeError> {
    let failed = in_sqlite(path);
    make_private(snapshot)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(path, flags).map_err(failed)?;
    source
        .busy_timeout(std::time::Duration::from_secs(10))
        .map_err(failed)?;
    source
        .backup("main", snapshot, None::<fn(rusqlite::backup::Progress)>)
        .map_err(failed)?;
    match fault(snapshot)? {
        None => Ok(()),
        Some(reason) => Err(SafeError::Damaged {
            path: path.to_owned(),
            reason,
        }),
    }
}

fn pack(safe: &Connection, target: &Path, part: &str, snapshot: &Path) -> Result<(), SafeError> {
    let disk = on_disk(snapshot);
    let failed = in_sqlite(target);
    let mut file = File::open(snapshot).map_err(disk)?;
    let (mut hash, mut length, mut ordinal) = (Sha256::new(), 0_u64, 0_i64);
    loop {
        let mut bytes = Vec::with_capacity(CHUNK);
        let read = (&mut file)
            .take(CHUNK as u64)
            .read_to_end(&mut bytes)
            .map_err(disk)?;
        if read == 0 {
            break;
        }
        hash.update(&bytes);
        length += read as u64;
        safe.execute(
            "INSERT INTO chunk VALUES (?1, ?2, ?3)",
            params![part, ordinal, bytes],
        )
        .map_err(failed)?;
        ordinal += 1;
    }
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    safe.execute(
        "INSERT INTO part VALUES (?1, ?2, ?3)",
        params![part, length, hash.finalize().as_slice()],
    )
    .map_err(failed)?;
    Ok(())
}

/// Opens a backup and checks all of it.
fn open_sound(file: &Path) -> Result<Connection, SafeError> {
    let unsound = |reason: String| SafeError::Unsound {
        file: file.to_owned(),
        reason,
    };
    let safe = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(|error| unsound(format!("it cannot be opened ({error})")))?;
    let owner: i32 = safe
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(|error| unsound(format!("it is not a backup made by avstamd ({error})")))?;
    if owner != APPLICATION_ID {
        return Err(unsound("it is not a backup made by avstamd".into()));
    }
    for part in PARTS {
        let (length, expected): (i64, Vec<u8>) = safe
            .query_row(
                "SELECT length, sha256 FROM part WHERE name = ?1",
                [part],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .map_err(|_| unsound(format!("the {part} is missing from it")))?;
        let (mut hash, mut found) = (Sha256::new(), 0_i64);
        chunks(&safe, part, |bytes| {
            hash.update(bytes);
            found += i64::try_from(bytes.len()).unwrap_or(0);
            Ok(())
        })
        .map_err(|error| unsound(format!("the {part} in it cannot be read ({error})")))?;
        if found != length || hash.finalize().as_slice() != expected.as_slice() {
            return Err(unsound(format!("the {part} in it is damaged")));
        }
    }
    Ok(safe)
}

fn chunks(
    safe: &Connection,
    part: &str,
    mut take: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut statement = safe.prepare("SELECT bytes FROM chunk WHERE part = ?1 ORDER BY ordinal")?;
    let mut rows = statement.query([part])?;
    while let Some(row) = rows.next()? {
        take(row.get_ref(0)?.as_blob()?)?;
    }
    Ok(())
}

fn unpack(safe: &Connection, file: &Path, part: &str, target: &Path) -> Result<(), SafeError> {
    use std::io::Write;
    let disk = on_disk(target);
    let mut out = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(target)
        .map_err(disk)?;
    chunks(safe, part, |bytes| out.write_all(bytes)).map_err(|error| SafeError::Unsound {
        file: file.to_owned(),
        reason: format!("the {part} could not be unpacked ({error})"),
    })?;
    out.sync_all().map_err(disk)
}

/// Gives `new` to whom the database at `path` belongs, or its directory where there is none. The
/// calendar is shared with a group, whatever this process would make; the ledger never is.
fn belong(new: &Path, path: &Path, part: &str) -> std::io::Result<()> {
    let old = fs::metadata(path).ok();
    let owner = match &old {
        Some(old) => old.clone(),
        None => fs::metadata(directory(path))?,
    };
    // Who is not root may give it to a group of their own and to no other user. Where even that
    // fails it stays theirs: a restore is no time to refuse.
    if chown(new, Some(owner.uid()), Some(owner.gid())).is_err() {
        let _ = chown(new, None, Some(owner.gid()));
    }
    let mode = match (part, old) {
        ("ledger", _) => 0o600,
        (_, Some(old)) => old.mode() & 0o777,
        (_, None) => 0o660,
    };
    fs::set_permissions(new, fs::Permissions::from_mode(mode))
}

fn check_database(path: &Path) -> Result<(), SafeError> {
    match fault(path)? {
        None => Ok(()),
        Some(reason) => Err(SafeError::Unsound {
            file: path.to_owned(),
            reason: format!("it is damaged: {reason}"),
        }),
    }
}

/// Whether a file is a ledger, of any version, and undamaged. An emptied file is a sound database, and
/// no ledger.
fn is_sound_ledger(path: &Path) -> bool {
    // Opening would make one.
    if !path.exists() {
        return false;
    }
    let owner = Connection::open(path).and_then(|connection| {
        connection.pragma_query_value(None, "application_id", |row| row.get(0))
    });
    owner == Ok(super::ledger::APPLICATION_ID) && check_database(path).is_ok()
}

/// What SQLite finds wrong with a database.
fn fault(path: &Path) -> Result<Option<String>, SafeError> {
    let failed = in_sqlite(path);
    let connection = Connection::open(path).map_err(failed)?;
    let found = damage(&connection, Look::Whole).map_err(failed)?;
    Ok(found.into_iter().next())
}

fn renew_identity(path: &Path) -> Result<(), SafeError> {
    let failed = in_sqlite(path);
    let connection = Connection::open(path).map_err(failed)?;
    connection
        .execute(
            "UPDATE calendar_identity SET id = lower(hex(randomblob(16)))",
            [],
        )
        .map_err(failed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Calendar, Ledger};

    /// A directory with both databases and a backup of them.
    fn backed_up() -> (tempfile::TempDir, [PathBuf; 3]) {
        let directory = tempfile::tempdir().unwrap();
        let paths = ["calendar.db", "ledger.db", "backup"].map(|name| directory.path().join(name));
        let [calendar, ledger, backup] = &paths;
        drop(Calendar::open_or_create(calendar).unwrap());
        drop(Ledger::open_or_create(ledger).unwrap());
        back_up(Pair { calendar, ledger }, backup).unwrap();
        (directory, paths)
    }

    #[test]
    fn a_calendar_that_is_shared_with_a_group_stays_so() {
        let (_directory, [calendar, ledger, backup]) = backed_up();
        let pair = Pair {
            calendar: &calendar,
            ledger: &ledger,
        };
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        fs::set_permissions(&calendar, fs::Permissions::from_mode(0o664)).unwrap();
        // Only root may name any group.
        let _ = chown(&calendar, None, Some(12_345));
        let group = fs::metadata(&calendar).unwrap().gid();
        restore(&backup, pair, Restoring::Both).unwrap();
        assert_eq!((mode(&calendar), mode(&ledger)), (0o664, 0o600));
        assert_eq!(fs::metadata(&calendar).unwrap().gid(), group);

        fs::remove_file(&calendar).unwrap();
        fs::remove_file(&ledger).unwrap();
        restore(&backup, pair, Restoring::Calendar).unwrap();
        assert_eq!((mode(&calendar), mode(&ledger)), (0o660, 0o600));
    }

    #[test]
    fn a_log_left_behind_is_not_played_into_what_is_put_back() {
        let (_directory, [calendar, ledger, backup]) = backed_up();
        let log = beside(&calendar, "-wal");
        let connection = Connection::open(&calendar).unwrap();
        connection
            .execute_batch(
                "PRAGMA wal_autocheckpoint = 0; INSERT INTO area (id, name) VALUES ('n', 'N');",
            )
            .unwrap();
        let stale = fs::read(&log).unwrap();
        drop(connection);
        fs::remove_file(&calendar).unwrap();
        fs::write(&log, &stale).unwrap();
        fs::write(beside(&calendar, ".restoring-wal"), &stale).unwrap();

        let pair = Pair {
            calendar: &calendar,
            ledger: &ledger,
        };
        restore(&backup, pair, Restoring::Calendar).unwrap();
        let connection = Connection::open(&calendar).unwrap();
        let areas: i64 = connection
            .query_row("SELECT count(*) FROM area", [], |row| row.get(0))
            .unwrap();
        assert_eq!(areas, 0);
        let kept = beside(&calendar, ".before-restore-wal");
        assert_eq!(fs::read(kept).unwrap(), stale, "it is kept all the same");
    }
}
