//! What the two databases say, read from copies: opening a database mends what a dead process left,
//! and that is the program's to do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::Value;

/// A mail as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub id: i64,
    pub message_id: String,
    pub state: String,
    /// Whether its content may have left.
    pub marked: bool,
    pub uncertain: i64,
}

/// What the ledger says.
#[derive(Debug, Default)]
pub struct Record {
    pub mails: Vec<Mail>,
    /// Whom it told what, and how.
    pub notices: BTreeSet<String>,
    /// Notices said whose mail is not sent.
    pub unsent: i64,
}

impl Record {
    pub fn of(&self, message_id: &str) -> Option<&Mail> {
        self.mails.iter().find(|mail| mail.message_id == message_id)
    }

    pub fn in_state(&self, state: &str) -> Vec<&Mail> {
        self.mails
            .iter()
            .filter(|mail| mail.state == state)
            .collect()
    }

    /// What the program was about: it plans until a mail is claimed.
    pub fn phase(&self) -> &'static str {
        match self
            .mails
            .iter()
            .all(|mail| mail.state == "waiting" && !mail.marked)
        {
            true => "tick",
            false => "deliver",
        }
    }

    /// Whether something is still to be done.
    pub fn is_open(&self) -> bool {
        let open = ["waiting", "sending", "held"];
        self.mails
            .iter()
            .any(|mail| open.contains(&mail.state.as_str()))
    }
}

/// Opens a copy of a database; none where there is no such file or nothing in it yet.
fn copied(directory: &Path, name: &str) -> Result<Option<(tempfile::TempDir, Connection)>, String> {
    let copy = tempfile::tempdir().unwrap();
    for ending in ["", "-wal", "-journal"] {
        let file = directory.join(format!("{name}{ending}"));
        if file.exists() {
            std::fs::copy(&file, copy.path().join(format!("{name}{ending}"))).unwrap();
        }
    }
    let path = copy.path().join(name);
    if !path.exists() {
        return Ok(None);
    }
    let connection = Connection::open(&path).map_err(|error| format!("{name}: {error}"))?;
    let tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table'";
    let tables: i64 = connection
        .query_row(tables, [], |row| row.get(0))
        .map_err(|error| format!("{name}: {error}"))?;
    Ok((tables > 0).then_some((copy, connection)))
}

/// What SQLite finds wrong with the databases of a directory.
pub fn unsound(directory: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in ["calendar.db", "ledger.db"] {
        match copied(directory, name) {
            Err(error) => wrong.push(error),
            Ok(None) => {}
            Ok(Some((_copy, connection))) => {
                let said: Result<String, _> =
                    connection.pragma_query_value(None, "integrity_check", |row| row.get(0));
                match said {
                    Ok(said) if said == "ok" => {}
                    other => wrong.push(format!("{name}: {other:?}")),
                }
                let mut broken = connection.prepare("PRAGMA foreign_key_check").unwrap();
                if broken.exists([]).unwrap() {
                    wrong.push(format!("{name}: a reference leads nowhere"));
                }
            }
        }
    }
    wrong
}

/// What the ledger of a directory says.
pub fn read(directory: &Path) -> Result<Record, String> {
    let Some((_copy, connection)) = copied(directory, "ledger.db")? else {
        return Ok(Record::default());
    };
    let read = |error: rusqlite::Error| format!("ledger.db: {error}");
    let mut statement = connection
        .prepare(
            "SELECT id, message_id, state, dot_utc IS NOT NULL, uncertain FROM mail ORDER BY id",
        )
        .map_err(read)?;
    let mails = statement.query_map([], |row| {
        Ok(Mail {
            id: row.get(0)?,
            message_id: row.get(1)?,
            state: row.get(2)?,
            marked: row.get(3)?,
            uncertain: row.get(4)?,
        })
    });
    let mails = mails.and_then(Iterator::collect).map_err(read)?;
    let mut statement = connection
        .prepare("SELECT occurrence, recipient, role, due, step, decision FROM notice")
        .map_err(read)?;
    let notices = statement.query_map([], |row| {
        let texts: Vec<String> = (0..4)
            .map(|place| row.get(place))
            .collect::<Result<_, _>>()?;
        let (step, decision): (i64, String) = (row.get(4)?, row.get(5)?);
        let told = format!("{} {step} {decision}", texts.join(" "));
        Ok(without_drawn(&told))
    });
    let notices = notices.and_then(Iterator::collect).map_err(read)?;
    let unsent = "SELECT count(*) FROM notice n LEFT JOIN mail m ON m.id = n.mail
                  WHERE n.decision = 'said' AND m.state IS NOT 'sent'";
    let unsent = connection
        .query_row(unsent, [], |row| row.get(0))
        .map_err(read)?;
    Ok(Record {
        mails,
        notices,
        unsent,
    })
}

/// A text without what is drawn at random in a pseudonym.
fn without_drawn(text: &str) -> String {
    const PSEUDONYM: &str = "avidentifierad-";
    let mut parts = text.split(PSEUDONYM);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(char::is_alphanumeric);
        out += PSEUDONYM;
        out += rest;
    }
    out
}

/// The Message-IDs of what has left, by the record beside the ledger. Its last line may be cut short.
pub fn left(directory: &Path) -> Result<BTreeSet<String>, String> {
    let path = directory.join("ledger.db.sent");
    let text = match path.exists() {
        true => std::fs::read_to_string(&path).map_err(|error| format!("the record: {error}"))?,
        false => String::new(),
    };
    let mut left = BTreeSet::new();
    for line in text
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
    {
        let entry: serde_json::Value =
            serde_json::from_str(line).map_err(|error| format!("the record: {error}: {line}"))?;
        if let Some(id) = entry["left"]["message-id"].as_str() {
            left.insert(id.to_owned());
        } else if let Some(id) = entry["returned"].as_str() {
            left.remove(id);
        } else if entry["noted"].is_array() {
            // What a mail said that was purged.
        } else {
            return Err(format!("the record has a line of another kind: {line}"));
        }
    }
    Ok(left)
}

/// Every row of a database, by table; nothing of what is drawn at random.
pub fn rows(directory: &Path, name: &str) -> Result<BTreeMap<String, Vec<String>>, String> {
    let mut rows = BTreeMap::new();
    if let Some((_copy, connection)) = copied(directory, name)? {
        let names =
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        let mut statement = connection.prepare(names).unwrap();
        let tables: Vec<String> = statement
            .query_map([], |row| row.get(0))
            .and_then(Iterator::collect)
            .map_err(|error| format!("{name}: {error}"))?;
        for table in tables {
            let drawn = table == "calendar_identity";
            let found = rows_of(&connection, &table).map_err(|error| format!("{name}: {error}"))?;
            // An empty table is as good as none: a database is made before it is filled.
            if !found.is_empty() && !drawn {
                rows.insert(table, found);
            }
        }
    }
    Ok(rows)
}

/// The version of a database's schema.
pub fn version(directory: &Path, name: &str) -> Result<i64, String> {
    let Some((_copy, connection)) = copied(directory, name)? else {
        return Ok(0);
    };
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0));
    version.map_err(|error| format!("{name}: {error}"))
}

fn rows_of(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\""))?;
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let values = (0..columns).map(|place| row.get::<_, Value>(place));
        let values: Vec<Value> = values.collect::<Result<_, _>>()?;
        Ok(format!("{values:?}"))
    })?;
    let mut rows: Vec<String> = rows.collect::<Result<_, _>>()?;
    rows.sort();
    Ok(rows)
}
