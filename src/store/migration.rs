//! Schemas and the way from one version to the next.
//!
//! A schema's version is the number of migrations applied, kept in `PRAGMA user_version`. All
//! that are missing run in one transaction; a copy of the file is taken first. A database from
//! a newer program is refused untouched.

use std::path::Path;

use rusqlite::Connection;

use super::StoreError;
use super::database::writing;
use super::file::beside;

/// What a database file is and how it came to be so.
#[derive(Debug)]
pub struct Schema {
    /// `calendar` or `ledger`: thread name and messages.
    pub kind: &'static str,
    /// Marks the file (`PRAGMA application_id`), so that one is never taken for the other.
    pub application_id: i32,
    /// `PRAGMA synchronous`.
    pub synchronous: &'static str,
    /// Whether only the owner may read the file.
    pub private: bool,
    /// Each step's SQL, oldest first. A step that has been released never changes.
    pub migrations: &'static [&'static str],
}

impl Schema {
    /// The version this program writes.
    pub const fn version(&self) -> usize {
        self.migrations.len()
    }
}

/// Brings the open database at `path` up to date.
///
/// # Errors
/// The file is newer or foreign, the backup failed, or a step did: then nothing has changed.
pub fn migrate(
    connection: &mut Connection,
    path: &Path,
    schema: &Schema,
) -> Result<(), StoreError> {
    let applied = version(connection, path, schema)?;
    if applied == schema.version() {
        return Ok(());
    }
    if applied > 0 {
        back_up(connection, path, applied)?;
    }
    let transaction = writing(connection)?;
    // Another process may have migrated while this one waited for the lock.
    let applied = version(&transaction, path, schema)?;
    for step in &schema.migrations[applied.min(schema.version())..] {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", schema.application_id)?;
    transaction.pragma_update(None, "user_version", schema.version() as i64)?;
    transaction.commit()?;
    Ok(())
}

/// The version of an open database; it is read, nothing is written.
///
/// # Errors
/// The file is newer or foreign.
pub fn version(connection: &Connection, path: &Path, schema: &Schema) -> Result<usize, StoreError> {
    let open = |source| StoreError::Open {
        path: path.to_owned(),
        source,
    };
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let found = pragma("user_version").map_err(open)?;
    let owner = pragma("application_id").map_err(open)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(open)?;
    let ours = owner == i64::from(schema.application_id);
    if !ours && (found != 0 || owner != 0 || tables != 0) {
        return Err(StoreError::Foreign {
            path: path.to_owned(),
            expected: schema.kind,
        });
    }
    match usize::try_from(found) {
        Ok(version) if version <= schema.version() => Ok(version),
        _ => Err(StoreError::Newer {
            path: path.to_owned(),
            kind: schema.kind,
            found,
            known: schema.version() as i64,
        }),
    }
}

/// Copies the database beside itself as it was. A copy cut short never takes the good name.
fn back_up(connection: &Connection, path: &Path, version: usize) -> Result<(), StoreError> {
    let part = beside(path, ".backup-in-progress");
    let target = beside(path, &format!(".before-version-{}", version + 1));
    let failed = |source| StoreError::BackupBeforeMigration {
        path: target.clone(),
        source,
    };
    let _ = std::fs::remove_file(&part);
    if let (Ok(made), Ok(of)) = (std::fs::File::create(&part), std::fs::metadata(path)) {
        // The copy is as open as its original; a failure is told by the copying itself.
        let _ = made.set_permissions(of.permissions());
    }
    connection
        .backup("main", &part, None::<fn(rusqlite::backup::Progress)>)
        .map_err(failed)?;
    std::fs::rename(&part, &target)
        .map_err(|error| failed(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "CREATE TABLE t (n INTEGER NOT NULL) STRICT;";
    const TWO: &str = "ALTER TABLE t ADD COLUMN m INTEGER NOT NULL DEFAULT 7;";
    const BAD: &str = "ALTER TABLE t ADD COLUMN k INTEGER; CREATE TABLE t (n INTEGER);";

    fn schema(migrations: &'static [&'static str]) -> Schema {
        Schema {
            kind: "test",
            application_id: 42,
            synchronous: "FULL",
            private: false,
            migrations,
        }
    }

    fn with_rows(path: &Path) -> Connection {
        let mut connection = Connection::open(path).unwrap();
        migrate(&mut connection, path, &schema(&[ONE])).unwrap();
        connection
            .execute("INSERT INTO t VALUES (1), (2)", [])
            .unwrap();
        connection
    }

    #[test]
    fn rows_live_through_a_migration_and_a_backup_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.db");
        let mut connection = with_rows(&path);
        migrate(&mut connection, &path, &schema(&[ONE, TWO])).unwrap();
        let sum: i64 = connection
            .query_row("SELECT sum(n + m) FROM t", [], |r| r.get(0))
            .unwrap();
        assert_eq!(sum, 17);
        let before = Connection::open(dir.path().join("t.db.before-version-2")).unwrap();
        let rows: i64 = before
            .query_row("SELECT count(*) FROM t", [], |r| r.get(0))
            .unwrap();
        assert_eq!(rows, 2);
    }

    #[test]
    fn a_failing_step_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.db");
        let mut connection = with_rows(&path);
        assert!(migrate(&mut connection, &path, &schema(&[ONE, BAD])).is_err());
        assert!(connection.prepare("SELECT k FROM t").is_err());
        migrate(&mut connection, &path, &schema(&[ONE, TWO])).unwrap();
    }

    #[test]
    fn a_newer_or_foreign_file_is_refused_untouched() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.db");
        let mut connection = with_rows(&path);
        migrate(&mut connection, &path, &schema(&[ONE, TWO])).unwrap();
        let newer = migrate(&mut connection, &path, &schema(&[ONE]));
        assert!(matches!(
            newer,
            Err(StoreError::Newer {
                found: 2,
                known: 1,
                ..
            })
        ));
        let mut foreign = schema(&[ONE, TWO]);
        foreign.application_id = 43;
        let refused = migrate(&mut connection, &path, &foreign);
        assert!(matches!(refused, Err(StoreError::Foreign { .. })));
    }
}
