//! The ledger: what was said.
//!
//! The daemon's alone, durable at every commit. A tick writes its notices and mails in one
//! transaction; delivery moves a mail from state to state by conditional updates, so that nothing
//! is sent that cannot be recorded, and nothing recorded is forgotten.
//!
//! | state | means |
//! |---|---|
//! | `waiting`, no `dot_utc` | gathers what the person is to be told; rendered anew at each try |
//! | `waiting`, with `dot_utc` | may have arrived: the same bytes are tried again |
//! | `sending` | claimed by delivery; after a crash it waits again |
//! | `sent`, `refused`, `withdrawn`, `dropped` | settled |
//! | `held` | uncertain too often; a person decides |
//!
//! An invitation is a mail of its own that names its meeting. It goes through the same states, apart
//! from the day's mail: one at most waits a person and meeting, and says what is so when it leaves.

mod agenda;
mod heal;
mod inspect;
mod invitation;
mod notice;
mod outbox;
mod person;
mod purge;
mod record_lost;
mod sent_record;
mod traffic;
mod whom;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

pub use heal::Healed;
pub use inspect::{AttemptRow, Failed, Failure, MailRow, NoticeRow, QueueCounts, Unworded};

pub use notice::{Noted, SliceCalls, Tick};
pub use outbox::{Attempt, Claimed, ClaimedLine, Doubted, Prepared, Settlement, UNWORDED};
pub use traffic::{Hold, Traffic};

use self::sent_record::{Entry, NotAdded, SentRecord};
use super::StoreError;
use super::database::{Absent, Database, writing};
use super::migration::Schema;
use crate::follow_up::AreaId;

/// Marks a ledger's file.
pub const APPLICATION_ID: i32 = i32::from_be_bytes(*b"avLE");

static SCHEMA: Schema = Schema {
    kind: "ledger",
    application_id: APPLICATION_ID,
    // After a power cut NORMAL would forget mails that were sent, and send them again.
    synchronous: "FULL",
    private: true,
    migrations: &[
        include_str!("0001_ledger.sql"),
        include_str!("0002_states.sql"),
        include_str!("0003_invitations.sql"),
        include_str!("0004_traffic.sql"),
    ],
};

/// A handle to the ledger; clones share one connection and its thread.
#[derive(Clone, Debug)]
pub struct Ledger {
    database: Database,
    /// Where it lies, unless it is in memory.
    path: Option<PathBuf>,
    record: Option<Arc<Mutex<SentRecord>>>,
}

impl Ledger {
    /// Opens the ledger, or makes an empty one that only its owner may read.
    ///
    /// # Errors
    /// The file is foreign, newer, or cannot be written to; or it is gone, or emptied, and mail has
    /// been sent from it.
    pub fn open_or_create(path: &Path) -> Result<Self, StoreError> {
        refuse_lost(path)?;
        Self::at(path, Absent::Create)
    }

    /// Opens the ledger for looking into; where there is none, nothing has been said, and none is
    /// made: it would belong to whoever asked, not to the daemon.
    ///
    /// # Errors
    /// As [`Ledger::open_or_create`].
    pub fn open_or_empty(path: &Path) -> Result<Self, StoreError> {
        refuse_lost(path)?;
        if path.exists() {
            return Self::open(path);
        }
        Ok(Self {
            database: Database::in_memory(&SCHEMA)?,
            path: None,
            record: None,
        })
    }

    /// Opens a ledger that must be there.
    ///
    /// # Errors
    /// As [`Ledger::open_or_create`], and when the file is missing.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::at(path, Absent::Refuse)
    }

    /// Makes a ledger in place of one that is gone, to be healed from the record of what has left.
    ///
    /// # Errors
    /// There is one, or it cannot be made.
    pub fn make_anew(path: &Path) -> Result<Self, StoreError> {
        if std::fs::metadata(path).is_ok_and(|file| file.len() > 0) {
            return Err(StoreError::Present {
                path: path.to_owned(),
            });
        }
        let record = SentRecord::path(path);
        if !record.exists() {
            return Err(StoreError::NoRecord { path: record });
        }
        Self::at(path, Absent::Create)
    }

    fn at(path: &Path, absent: Absent) -> Result<Self, StoreError> {
        Ok(Self {
            database: Database::open(path, &SCHEMA, absent)?,
            path: Some(path.to_owned()),
            record: Some(Arc::new(Mutex::new(SentRecord::beside(path)))),
        })
    }

    /// What is wrong with the file, a line a fault; nothing where it is sound. Reads all of it.
    ///
    /// # Errors
    /// It cannot even be looked at.
    pub async fn damage(&self) -> Result<Vec<String>, StoreError> {
        self.database.damage().await
    }
}

/// Refuses a ledger that is gone or emptied while its record says that mail was sent.
fn refuse_lost(path: &Path) -> Result<(), StoreError> {
    let record = SentRecord::path(path);
    let is_gone = std::fs::metadata(path).map_or(true, |file| file.len() == 0);
    if is_gone && record.exists() {
        return Err(StoreError::Lost {
            path: path.to_owned(),
            record,
        });
    }
    Ok(())
}

/// Adds to the record of what has left. A ledger in memory has none, and sends nothing.
fn add_to_record(record: Option<&Mutex<SentRecord>>, entry: &Entry) -> Result<(), NotAdded> {
    match record {
        // A holder that panicked left at most a line cut short.
        Some(record) => record
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add(entry),
        None => Ok(()),
    }
}

/// The ledger's word for a slice: the area's identifier, or nothing for the authority's own.
fn slice_word(area: Option<&AreaId>) -> &str {
    area.map_or("", AreaId::as_str)
}

/// The slice a word stands for.
fn slice(word: &str) -> Option<AreaId> {
    (!word.is_empty()).then(|| AreaId::new(word))
}

/// The slices whose notices, or whose invitation, a mail carries.
fn slices_of(connection: &Connection, mail: i64) -> Result<Vec<Option<AreaId>>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT area FROM notice WHERE mail = ?1 UNION SELECT area FROM invitation WHERE mail = ?1",
    )?;
    let words = statement.query_map([mail], |row| row.get::<_, String>(0))?;
    words.map(|word| Ok(slice(&word?))).collect()
}

/// A stored text read as `T`.
fn read<T: std::str::FromStr>(table: &'static str, text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Unreadable {
        table,
        message: format!("\"{text}\" cannot be read back"),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;
    use jiff::civil::date;

    use super::*;

    /// One that died between the claim and the try has not tried.
    #[tokio::test]
    async fn only_a_try_makes_a_mail_more_uncertain() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ledger.db");
        let ledger = Ledger::open_or_create(&path).unwrap();
        Connection::open(&path)
            .unwrap()
            .execute_batch(
                "INSERT INTO mail (person, slot, message_id, state, next_attempt_utc, created_utc)
                 VALUES ('r', '2026-12-01', 'm', 'waiting', 0, 0)",
            )
            .unwrap();
        let day = date(2026, 12, 1);
        let at = |second| Timestamp::from_second(second).unwrap();
        let prepared = Prepared {
            address: "r@prov.example".into(),
            subject: "s".into(),
            bytes: b"b".to_vec(),
        };
        for second in [10, 20, 30] {
            let claimed = ledger
                .claim(at(second), day, 1, Hold::default())
                .await
                .unwrap();
            let id = claimed[0].id;
            if second == 10 {
                let mails = vec![(id, prepared.clone())];
                ledger.prepare(mails, Vec::new()).await.unwrap();
                ledger.mark_dot(id, at(second), day).await.unwrap();
                assert_eq!(ledger.recover(at(15), 1).await.unwrap(), (1, 1));
            } else {
                assert_eq!(claimed[0].frozen, Some(prepared.clone()));
                assert_eq!(ledger.recover(at(second + 5), 1).await.unwrap(), (1, 0));
            }
        }
        let claimed = ledger.claim(at(40), day, 1, Hold::default()).await.unwrap();
        assert_eq!(claimed[0].uncertain, 1);
        ledger.mark_dot(claimed[0].id, at(40), day).await.unwrap();
        assert_eq!(ledger.recover(at(45), 1).await.unwrap(), (1, 1));
        let mails = ledger.mails(true).await.unwrap();
        assert_eq!((mails[0].state.as_str(), mails[0].uncertain), ("held", 2));
    }

    #[tokio::test]
    async fn a_claim_waits_for_a_command_that_writes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ledger.db");
        let ledger = Ledger::open_or_create(&path).unwrap();
        let other = Connection::open(&path).unwrap();
        other
            .execute_batch(
                "INSERT INTO mail (person, slot, message_id, state, next_attempt_utc, created_utc)
                 VALUES ('r', '2026-12-01', 'm', 'waiting', 0, 0);
                 BEGIN IMMEDIATE; INSERT INTO fact (name, value) VALUES ('n', 'v');",
            )
            .unwrap();
        let command = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            other.execute_batch("COMMIT").unwrap();
        });
        let claimed = ledger.claim(Timestamp::UNIX_EPOCH, date(2026, 12, 1), 1, Hold::default());
        assert_eq!(claimed.await.unwrap().len(), 1);
        command.join().unwrap();
    }
}
