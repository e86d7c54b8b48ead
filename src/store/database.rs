//! One thread that owns one connection.
//!
//! Work reaches it as closures and is done in order. A closure that panics is rolled back and
//! told to its caller; the thread goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::StoreError;
use super::migration::{Schema, migrate, version};

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// How many jobs may wait before callers do.
const QUEUE: usize = 64;

/// How long SQLite waits for another program's lock before a job fails.
const BUSY: Duration = Duration::from_secs(10);

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
        let connection = connect(path, schema, absent)?;
        // A file that is another's, or newer, is left as it is.
        version(&connection, path, schema)?;
        tune(&connection, path, schema)?;
        Self::start(connection, path, schema)
    }

    /// An empty database that is gone with its last handle.
    ///
    /// # Errors
    /// SQLite refused.
    pub fn in_memory(schema: &'static Schema) -> Result<Self, StoreError> {
        let connection = Connection::open_in_memory()?;
        Self::start(connection, Path::new(":memory:"), schema)
    }

    fn start(
        mut connection: Connection,
        path: &Path,
        schema: &'static Schema,
    ) -> Result<Self, StoreError> {
        migrate(&mut connection, path, schema)?;
        let (jobs, queue) = mpsc::sync_channel::<Job>(QUEUE);
        thread::Builder::new()
            .name(schema.kind.to_owned())
            .spawn(move || {
                for job in queue {
                    job(&mut connection);
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
            let result = catch_unwind(AssertUnwindSafe(|| work(connection)));
            let result = result.unwrap_or_else(|_| {
                if !connection.is_autocommit() {
                    // The panic unwound past a transaction; nothing of it may stay.
                    let _ = connection.execute_batch("ROLLBACK");
                }
                Err(StoreError::Panicked)
            });
            // The caller may have gone; the work is done all the same.
            let _ = answer.send(result);
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
    use std::os::unix::fs::OpenOptionsExt;
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

    #[test]
    fn a_private_database_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
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
