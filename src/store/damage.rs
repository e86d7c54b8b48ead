//! What SQLite finds wrong with a file. A row that breaks a rule of its table is none of it: another
//! system wrote it, it is read past and told of, and the file around it is sound.

use rusqlite::Connection;

/// How closely a file is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Every page.
    Quick,
    /// Also whether indexes and rows agree.
    Whole,
}

/// The file's faults, a line each, the first hundred at most; nothing where it is sound. Reads all
/// of it.
///
/// # Errors
/// It cannot even be looked at.
pub fn damage(connection: &Connection, look: Look) -> rusqlite::Result<Vec<String>> {
    let pragma = match look {
        Look::Quick => "PRAGMA quick_check",
        Look::Whole => "PRAGMA integrity_check",
    };
    // Rows that break a CHECK would use up the lines that SQLite gives.
    let ignored: bool =
        connection.pragma_query_value(None, "ignore_check_constraints", |row| row.get(0))?;
    connection.pragma_update(None, "ignore_check_constraints", true)?;
    let said = lines(connection, pragma);
    connection.pragma_update(None, "ignore_check_constraints", ignored)?;
    let mut said = said?;
    said.retain(|line| line != "ok" && !is_of_a_row(line));
    Ok(said)
}

fn lines(connection: &Connection, pragma: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(pragma)?;
    let said = statement.query_map([], |row| row.get(0))?;
    said.collect()
}

/// Whether a line is about a value that its column does not take.
fn is_of_a_row(line: &str) -> bool {
    let kinds = [
        "NULL value in ",
        "NUMERIC value in ",
        "TEXT value in ",
        "non-",
    ];
    kinds.iter().any(|kind| line.starts_with(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table whose rules came after its rows.
    #[test]
    fn rows_that_break_rules_are_no_damage_and_a_page_that_belongs_to_nothing_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file.db");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "CREATE TABLE t (x TEXT, y TEXT);
                 INSERT INTO t VALUES (NULL, 'a'), ('b', x'00'), ('c', 'c');
                 PRAGMA writable_schema = ON;
                 UPDATE sqlite_schema
                 SET sql = 'CREATE TABLE t (x TEXT NOT NULL, y TEXT CHECK (y <> ''c'')) STRICT';",
            )
            .unwrap();
        drop(connection);
        let connection = Connection::open(&path).unwrap();
        assert_eq!(lines(&connection, "PRAGMA quick_check").unwrap().len(), 3);
        for look in [Look::Quick, Look::Whole] {
            assert_eq!(damage(&connection, look).unwrap(), [""; 0]);
        }
        connection
            .execute("INSERT INTO t VALUES ('d', 'c')", [])
            .expect_err("the checks hold as before");
        connection
            .execute_batch(
                "CREATE INDEX i ON t (x);
                 PRAGMA writable_schema = ON;
                 DELETE FROM sqlite_schema WHERE name = 'i';
                 PRAGMA writable_schema = RESET;",
            )
            .unwrap();
        for look in [Look::Quick, Look::Whole] {
            assert_ne!(damage(&connection, look).unwrap(), [""; 0]);
        }
    }
}
