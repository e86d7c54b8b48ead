//! One thread that owns one connection.
//!
//! Work reaches it as closures and is done in order. A closure that panics is rolled back and
//! told to its caller; the thread goes on. What the disk refused leaves a connection that nobody
//! may trust: the next work gets a new one, which reads what is there. A file that was replaced or
//! removed is written to no more.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::StoreError;
use super::damage::{Look, damage};
use super::file::{Identity, beside, directory, refuse_network, sync_directory};
use super::migration::{Schema, migrate, version};

/// Work for the thread, which hands it the connection or says why there is none. Whether the
/// connection may be trusted afterwards.
type Job = Box<dyn FnOnce(Result<&mut Connection, StoreError>) -> Trust + Send>;

/// What is to become of a connection after some work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    Sound,
    /// The disk failed under it: what it holds in memory may not be what is in the file.
    Broken,
}

/// How many jobs may wait before callers do.
const QUEUE: usize = 64;

/// How long SQLite waits for another program's lock before a job fails.
pub const BUSY: Duration = Duration::from_secs(10);

/// A transaction that is going to write. It takes the lock at its beginning, where SQLite waits for
/// another program to be done: one that has read before it writes is refused at once.
pub fn writing(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

/// Whether a missing file is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// Make it.
    Create,
    /// Refuse.
    Refuse,
}

/// A handle to the thread; clones share it. The thread ends when the last one is dropped.
#[derive(Clone, Debug)]
pub struct Database {
    jobs: mpsc::SyncSender<Job>,
}

impl Database {
    /// Opens `path`, brings its schema up to date and starts the thread.
    ///
    /// # Errors
    /// See [`StoreError`]: missing, foreign, newer, or refused by SQLite.
    pub fn open(path: &Path, schema: &'static Schema, absent: Absent) -> Result<Self, StoreError> {
        refuse_network(path)?;
        if absent == Absent::Create {
            make_whole(path, schema)?;
        }
        let mut connection = connect(path, schema, absent)?;
        // A file that is another's, or newer, is left as it is.
        if version(&connection, path, schema)? == 0 && absent == Absent::Refuse {
            return Err(StoreError::Empty {
                path: path.to_owned(),
                kind: schema.kind,
            });
        }
        tune(&connection, path, schema)?;
        migrate(&mut connection, path, schema)?;
        Self::start(Keeper {
            identity: Identity::of(path),
            connection: Some(connection),
            path: path.to_owned(),
            schema,
        })
    }

    /// An empty database that is gone with its last handle.
    ///
    /// # Errors
    /// SQLite refused.
    pub fn in_memory(schema: &'static Schema) -> Result<Self, StoreError> {
        let mut connection = Connection::open_in_memory()?;
        let path = PathBuf::from(":memory:");
        migrate(&mut connection, &path, schema)?;
        Self::start(Keeper {
            identity: None,
            connection: Some(connection),
            path,
            schema,
        })
    }

    /// What SQLite finds wrong with the file, a line a fault; nothing where it is sound. Reads all of
    /// it.
    ///
    /// # Errors
    /// It cannot even be looked at.
    pub async fn damage(&self) -> Result<Vec<String>, StoreError> {
        self.run(|connection| {
            let wrong = damage(connection, Look::Quick)?.into_iter();
            Ok(wrong
                .take(5)
                .map(|said| {
                    format!("the file is damaged ({said}); stop avstamd and restore a backup")
                })
                .collect())
        })
        .await
    }

    /// The instant that `sql` asks for, in seconds; nothing where there is none.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn instant(&self, sql: &'static str) -> Result<Option<Timestamp>, StoreError> {
        let at: Option<i64> = self
            .run(move |connection| Ok(connection.query_row(sql, [], |row| row.get(0))?))
            .await?;
        Ok(at.and_then(|at| Timestamp::from_second(at).ok()))
    }

    fn start(mut keeper: Keeper) -> Result<Self, StoreError> {
        let (jobs, queue) = mpsc::sync_channel::<Job>(QUEUE);
        thread::Builder::new()
            .name(keeper.schema.kind.to_owned())
            .spawn(move || {
                for job in queue {
                    keeper.serve(job);
                }
            })
            .map_err(|_| StoreError::Stopped)?;
        Ok(Self { jobs })
    }

    /// Runs `work` on the thread and waits for its answer. Once handed over, the work is done
    /// whether or not the caller still waits.
    ///
    /// # Errors
    /// What `work` returns, or that the thread is gone or the work panicked.
    pub async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (answer, wait) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let result = connection.and_then(|connection| guarded(connection, work));
            let trust = match &result {
                Err(StoreError::Sqlite(error)) if breaks(error) => Trust::Broken,
                _ => Trust::Sound,
            };
            // The caller may have gone; the work is done all the same.
            let _ = answer.send(result);
            trust
        });
        let jobs = self.jobs.clone();
        match jobs.try_send(job) {
            Ok(()) => {}
            Err(mpsc::TrySendError::Disconnected(_)) => return Err(StoreError::Stopped),
            Err(mpsc::TrySendError::Full(job)) => {
                tokio::task::spawn_blocking(move || jobs.send(job))
                    .await
                    .map_err(|_| StoreError::Stopped)?
                    .map_err(|_| StoreError::Stopped)?;
            }
        }
        wait.await.map_err(|_| StoreError::Stopped)?
    }
}

/// What a thread keeps: its connection, and which file that is a connection to.
struct Keeper {
    path: PathBuf,
    schema: &'static Schema,
    connection: Option<Connection>,
    identity: Option<Identity>,
}

impl Keeper {
    fn serve(&mut self, job: Job) {
        let trust = match self.connection() {
            Ok(connection) => job(Ok(connection)),
            Err(error) => job(Err(error)),
        };
        if trust == Trust::Broken {
            tracing::error!(path = %self.path.display(), "the disk failed under this database; it is opened anew");
            self.connection = None;
            if let Some(identity) = &mut self.identity {
                // The last connection takes its log away.
                identity.log_may_go();
            }
        }
    }

    /// The connection, opened anew where the last one broke.
    fn connection(&mut self) -> Result<&mut Connection, StoreError> {
        if let Some(identity) = &mut self.identity
            && !identity.holds(&self.path)
        {
            // Closing it would take away the -wal that belongs to whatever has its name now.
            if let Some(connection) = self.connection.take() {
                std::mem::forget(connection);
            }
            return Err(StoreError::Replaced {
                path: self.path.clone(),
            });
        }
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let connection = connect(&self.path, self.schema, Absent::Refuse)?;
                tune(&connection, &self.path, self.schema)?;
                connection
            }
        };
        Ok(self.connection.insert(connection))
    }
}

/// Runs `work`; a panic is rolled back and is an error.
fn guarded<T>(
    connection: &mut Connection,
    work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let result = catch_unwind(AssertUnwindSafe(|| work(connection)));
    result.unwrap_or_else(|_| {
        if !connection.is_autocommit() {
            // The panic unwound past a transaction; nothing of it may stay.
            let _ = connection.execute_batch("ROLLBACK");
        }
        Err(StoreError::Panicked)
    })
}

/// Whether an error leaves a connection that may not be trusted: after a failed fsync nobody knows
/// what is on the disk, and a second one may succeed without having written anything.
fn breaks(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::SystemIoFailure
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::CannotOpen
        )
    )
}

/// Makes a database that is not there beside its name, and gives it the name when it is whole: what a
/// crash leaves in between is never taken for a database that was emptied.
fn make_whole(path: &Path, schema: &Schema) -> Result<(), StoreError> {
    if path.exists() {
        return Ok(());
    }
    let new = beside(path, ".new");
    let mode = if schema.private { 0o600 } else { 0o644 };
    let mut options = File::options();
    options.write(true).create(true).truncate(false).mode(mode);
    // What the directory refuses is told by the opening of the database itself.
    let Ok(made) = options.open(&new) else {
        return Ok(());
    };
    let failed = |error: std::io::Error| StoreError::Open {
        path: path.to_owned(),
        source: rusqlite::Error::ToSqlConversionFailure(Box::new(error)),
    };
    // Another process may be about it, too: who comes second finds it made.
    made.lock().map_err(failed)?;
    if path.exists() {
        return Ok(());
    }
    made.set_len(0).map_err(failed)?;
    if !schema.private && is_shared(path) {
        let mode = fs::Permissions::from_mode(0o664);
        made.set_permissions(mode).map_err(failed)?;
    }
    let _ = fs::remove_file(beside(&new, "-journal"));
    let mut connection = connect(&new, schema, Absent::Refuse)?;
    migrate(&mut connection, &new, schema)?;
    drop(connection);
    // The log of a database that is gone would be played into this one.
    for log in ["-wal", "-shm", "-journal"] {
        match fs::remove_file(beside(path, log)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    fs::rename(&new, path).map_err(failed)?;
    sync_directory(path).map_err(failed)
}

/// Whether others of the group write where a database lies: then they are to write it, too, whoever
/// made it. Its log gets the mode that it has.
fn is_shared(path: &Path) -> bool {
    let directory = fs::metadata(directory(path));
    directory.is_ok_and(|directory| directory.permissions().mode() & 0o020 != 0)
}

fn connect(path: &Path, schema: &Schema, absent: Absent) -> Result<Connection, StoreError> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    match absent {
        Absent::Create => {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
            make_private(path, schema);
        }
        Absent::Refuse if !path.exists() => {
            return Err(StoreError::Missing {
                path: path.to_owned(),
            });
        }
        Absent::Refuse => {}
    }
    let open = |source| StoreError::Open {
        path: path.to_owned(),
        source,
    };
    let connection = Connection::open_with_flags(path, flags).map_err(open)?;
    connection.busy_timeout(BUSY).map_err(open)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn tune(connection: &Connection, path: &Path, schema: &Schema) -> Result<(), StoreError> {
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = {}; PRAGMA foreign_keys = ON;
             PRAGMA recursive_triggers = OFF; PRAGMA trusted_schema = ON;",
            schema.synchronous
        ))
        .map_err(|source| StoreError::Open {
            path: path.to_owned(),
            source,
        })
}

/// Makes an empty file only its owner may read, before SQLite writes to it, when the schema asks.
fn make_private(path: &Path, schema: &Schema) {
    if schema.private {
        // An existing file keeps its mode; a failure here is told by SQLite's own open.
        let _ = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static SCHEMA: Schema = Schema {
        kind: "test",
        application_id: 1,
        synchronous: "FULL",
        private: true,
        migrations: &["CREATE TABLE t (n INTEGER) STRICT;"],
    };

    #[tokio::test]
    async fn a_panic_rolls_back_and_the_thread_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let db = Database::open(&dir.path().join("t.db"), &SCHEMA, Absent::Create).unwrap();
        let failed: Result<(), _> = db
            .run(|c| {
                c.execute_batch("BEGIN; INSERT INTO t VALUES (1);")?;
                panic!("on purpose");
            })
            .await;
        assert!(matches!(failed, Err(StoreError::Panicked)));
        let rows: i64 = db
            .run(|c| Ok(c.query_row("SELECT count(*) FROM t", [], |r| r.get(0))?))
            .await
            .unwrap();
        assert_eq!(rows, 0);
    }

    async fn rows(database: &Database) -> Result<i64, StoreError> {
        let count = |c: &mut Connection| {
            Ok(c.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0))?)
        };
        database.run(count).await
    }

    async fn insert(database: &Database) -> Result<usize, StoreError> {
        database
            .run(|c| Ok(c.execute("INSERT INTO t VALUES (1)", [])?))
            .await
    }

    #[tokio::test]
    async fn a_connection_the_disk_failed_under_is_not_used_again() {
        let dir = tempfile::tempdir().unwrap();
        let db = Database::open(&dir.path().join("t.db"), &SCHEMA, Absent::Create).unwrap();
        insert(&db).await.unwrap();
        let first: Result<(), _> = db
            .run(|c| {
                c.execute_batch("CREATE TEMP TABLE of_this_connection (n INTEGER)")?;
                let failed = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_FSYNC);
                Err(rusqlite::Error::SqliteFailure(failed, None).into())
            })
            .await;
        assert!(matches!(first, Err(StoreError::Sqlite(_))));
        let old: Result<i64, _> = db
            .run(|c| Ok(c.query_row("SELECT count(*) FROM of_this_connection", [], |r| r.get(0))?))
            .await;
        assert!(old.is_err(), "another connection");
        assert_eq!(rows(&db).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn fault_17_a_file_that_was_replaced_is_written_to_no_more() {
        let dir = tempfile::tempdir().unwrap();
        let (path, kept) = (dir.path().join("t.db"), dir.path().join("kept.db"));
        let older = dir.path().join("older.db");
        drop(Database::open(&older, &SCHEMA, Absent::Create).unwrap());
        let db = Database::open(&path, &SCHEMA, Absent::Create).unwrap();
        insert(&db).await.unwrap();
        std::fs::hard_link(&path, &kept).unwrap();
        std::fs::rename(&older, &path).unwrap();
        let before = std::fs::read(&kept).unwrap();
        for _ in 0..2 {
            assert!(matches!(
                insert(&db).await,
                Err(StoreError::Replaced { .. })
            ));
        }
        assert_eq!(std::fs::read(&kept).unwrap(), before);
        drop(db);
        let new = Database::open(&path, &SCHEMA, Absent::Refuse).unwrap();
        insert(&new).await.unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(
            insert(&new).await,
            Err(StoreError::Replaced { .. })
        ));
        assert!(!path.exists(), "none is made in its place");
    }

    #[test]
    fn fault_18_an_empty_file_is_not_taken_for_a_database_that_must_be_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.db");
        std::fs::write(&path, "").unwrap();
        let refused = Database::open(&path, &SCHEMA, Absent::Refuse);
        assert!(matches!(refused, Err(StoreError::Empty { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), b"");
    }

    #[tokio::test]
    async fn the_log_of_a_database_that_is_gone_is_not_played_into_a_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.db");
        let old = Database::open(&path, &SCHEMA, Absent::Create).unwrap();
        let written = old.run(|c| Ok(c.execute("INSERT INTO t VALUES (1)", [])?));
        written.await.unwrap();
        fs::copy(beside(&path, "-wal"), dir.path().join("kept")).unwrap();
        fs::remove_file(&path).unwrap();
        drop(old);
        fs::rename(dir.path().join("kept"), beside(&path, "-wal")).unwrap();
        let new = Database::open(&path, &SCHEMA, Absent::Create).unwrap();
        let rows =
            new.run(|c| Ok(c.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0))?));
        assert_eq!(rows.await.unwrap(), 0_i64);
    }

    #[test]
    fn what_a_crash_left_of_the_making_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.db");
        for name in ["t.db.new", "t.db.new-journal"] {
            std::fs::write(dir.path().join(name), "half").unwrap();
        }
        Database::open(&path, &SCHEMA, Absent::Create).unwrap();
        let made = Connection::open(&path).unwrap();
        made.execute("INSERT INTO t VALUES (1)", []).unwrap();
        assert!(!beside(&path, ".new").exists());
    }

    #[test]
    fn in_a_directory_of_a_group_a_database_is_the_groups_and_a_private_one_is_not() {
        static SHARED: Schema = Schema {
            private: false,
            ..SCHEMA
        };
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o770)).unwrap();
        for (schema, mode) in [(&SHARED, 0o664), (&SCHEMA, 0o600)] {
            let path = dir.path().join(format!("{mode:o}.db"));
            Database::open(&path, schema, Absent::Create).unwrap();
            let made = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(made & 0o777, mode);
        }
    }

    #[test]
    fn a_private_database_is_its_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.db");
        Database::open(&path, &SCHEMA, Absent::Create).unwrap();
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }

    #[test]
    fn a_foreign_file_is_left_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.db");
        let foreign = Connection::open(&path).unwrap();
        foreign
            .execute_batch("CREATE TABLE other (n INTEGER); PRAGMA user_version = 3;")
            .unwrap();
        drop(foreign);
        let before = std::fs::read(&path).unwrap();
        let refused = Database::open(&path, &SCHEMA, Absent::Create);
        assert!(matches!(refused, Err(StoreError::Foreign { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_missing_file_is_not_made_unasked() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.db");
        let refused = Database::open(&path, &SCHEMA, Absent::Refuse);
        assert!(matches!(refused, Err(StoreError::Missing { .. })));
        assert!(!path.exists());
    }
}
