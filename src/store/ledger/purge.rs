//! What of the ledger, and of the record beside it, has outlived its rule. What is not settled stays:
//! mail that waits or is held, a refusal that somebody is told of, and every notice of which the plan
//! still speaks.
//!
//! The record follows the ledger: of a mail that is gone it keeps the notices that the ledger keeps,
//! and nothing else. It is written anew before the ledger's commit. A kill in between leaves a record
//! that knows less than the ledger, which heals nothing; the other way round the next start would
//! write back what was purged.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::record_lost::{ask_again, ask_for_none};
use super::sent_record::{Entry, Fate, LeftNotice, SentRecord, rewrite};
use super::{Ledger, writing};
use crate::follow_up::PersonId;
use crate::plan::retention::{Kept, Limits};
use crate::store::StoreError;
use crate::store::purge::{By, Extent, Open, Removed, Step, overwrite_deleted, sweep, take};

/// Every word about a meeting goes at once: the last one is what the next is reckoned from.
const OVER: &str = "
    meeting IS NOT NULL AND NOT EXISTS
        (SELECT 1 FROM mail other LEFT JOIN invitation i ON i.mail = other.id
         WHERE other.meeting = mail.meeting
             AND (other.id NOT IN (SELECT id FROM temp.settled)
                  OR ifnull(i.until, other.slot) >= ?1))";

const STEPS: [Step; 6] = [
    Step {
        // One that was refused and may have arrived can be let go again, with the same bytes.
        empties: Some("subject = NULL, bytes = NULL"),
        ..Step::rows(
            Kept::MailText,
            By::Instant,
            "(subject IS NOT NULL OR bytes IS NOT NULL)
             AND (state IN ('sent', 'withdrawn', 'dropped') OR (state = 'refused' AND uncertain = 0))
             AND ifnull(settled_utc, created_utc) < ?1",
        )
    },
    Step::rows(
        Kept::Attempts,
        By::Instant,
        "at_utc < ?1 AND mail IN (SELECT id FROM temp.settled)",
    ),
    Step {
        with: &[("attempt", "mail", "id")],
        ..Step::rows(
            Kept::Mails,
            By::Instant,
            "meeting IS NULL AND id IN (SELECT id FROM temp.settled)
             AND ifnull(settled_utc, created_utc) < ?1",
        )
    },
    Step {
        table: "mail",
        with: &[("attempt", "mail", "id"), ("invitation", "mail", "id")],
        ..Step::rows(Kept::Invitations, By::Day, OVER)
    },
    Step::rows(Kept::Links, By::Instant, "expires_utc < ?1"),
    Step::rows(
        Kept::Notices,
        By::Day,
        "on_day < ?1 AND due < ?1
         AND (mail IS NULL OR mail IN (SELECT id FROM temp.settled))
         AND NOT EXISTS (SELECT 1 FROM temp.spoken s WHERE s.occurrence = notice.occurrence
             AND s.recipient = notice.recipient AND s.role = notice.role AND s.due = notice.due)",
    ),
];

/// What the steps ask for: which mails are settled, and of which notices the plan still speaks.
const ASIDE: &str = "
    CREATE TEMP TABLE failing (id TEXT PRIMARY KEY);
    CREATE TEMP TABLE spoken (occurrence TEXT, recipient TEXT, role TEXT, due TEXT,
                              PRIMARY KEY (occurrence, recipient, role, due));
    CREATE TEMP TABLE settled (id INTEGER PRIMARY KEY);";
const ASIDE_NO_MORE: &str = "
    DROP TABLE temp.failing; DROP TABLE temp.spoken; DROP TABLE temp.settled;";

impl Ledger {
    /// Removes what is older than its limit, or counts it, here and in the record. Nobody else may
    /// add to the record meanwhile: the daemon is stopped. The ledger has healed before.
    ///
    /// # Errors
    /// SQLite or the disk refused; then nothing is removed from the ledger.
    pub async fn purge(
        &self,
        limits: Limits,
        open: Open,
        extent: Extent,
    ) -> Result<Vec<Removed>, StoreError> {
        let path = self.path.clone();
        self.database
            .run(move |connection| {
                overwrite_deleted(connection)?;
                let last = match extent {
                    Extent::Remove => ask_for_none(connection)?,
                    Extent::Count => None,
                };
                let transaction = writing(connection)?;
                set_aside(&transaction, &open)?;
                let mut removed = take(&transaction, &STEPS, &limits)?;
                transaction.execute_batch(ASIDE_NO_MORE)?;
                let told_in_record = [Kept::Mails, Kept::Invitations, Kept::Notices];
                let mut told_in_record = told_in_record.into_iter();
                if let Some(path) = path
                    && let Some(rule) = told_in_record.find(|kept| limits.of(*kept).is_some())
                {
                    let record = SentRecord::path(&path);
                    removed.push(Removed {
                        rule,
                        table: "record",
                        rows: follow(&transaction, &record, extent)?,
                    });
                }
                ask_again(&transaction, last.as_deref())?;
                match extent {
                    Extent::Count => transaction.rollback()?,
                    Extent::Remove => transaction.commit()?,
                }
                Ok(removed)
            })
            .await
    }

    /// The people to whom mail waits, or is held.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn unsettled(&self) -> Result<BTreeSet<PersonId>, StoreError> {
        self.database
            .run(|connection| {
                let sql = "SELECT DISTINCT person FROM mail
                           WHERE state IN ('waiting', 'sending', 'held')";
                let mut statement = connection.prepare_cached(sql)?;
                let people = statement.query_map([], |row| row.get::<_, String>(0))?;
                people.map(|person| Ok(PersonId::new(person?))).collect()
            })
            .await
    }

    /// When the last mail left.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn last_mail(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT max(dot_utc) FROM mail";
        self.database.instant(sql).await
    }

    /// When the oldest of what is kept here was written.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn oldest(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT min(at) FROM (SELECT min(created_utc) AS at FROM mail
                                        UNION ALL SELECT min(at_utc) FROM notice)";
        self.database.instant(sql).await
    }

    /// Takes what was deleted out of the file and its log. Whether that was done: while another
    /// program reads, it cannot be.
    ///
    /// # Errors
    /// SQLite refused, or the disk is full.
    pub async fn sweep(&self) -> Result<bool, StoreError> {
        self.database.run(|connection| sweep(connection)).await
    }
}

fn set_aside(connection: &Connection, open: &Open) -> Result<(), StoreError> {
    connection.execute_batch(ASIDE)?;
    for person in &open.failing {
        connection
            .prepare_cached("INSERT INTO temp.failing (id) VALUES (?1)")?
            .execute([person.as_str()])?;
    }
    for key in &open.notices {
        connection
            .prepare_cached("INSERT INTO temp.spoken VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![
                key.occurrence,
                key.recipient.as_str(),
                key.capacity.word(),
                key.due.to_string()
            ])?;
    }
    connection.execute(
        "INSERT INTO temp.settled (id) SELECT id FROM mail
         WHERE state IN ('sent', 'withdrawn', 'dropped')
            OR (state = 'refused' AND person NOT IN (SELECT id FROM temp.failing))",
        [],
    )?;
    Ok(())
}

/// Takes out of the record what the ledger no longer has. How many lines went or became shorter.
fn follow(connection: &Connection, record: &Path, extent: Extent) -> Result<usize, StoreError> {
    rewrite(record, extent, |_, entry| {
        Ok(match entry {
            Some(Entry::Left(mut left)) => {
                let all = left.notices.len();
                left.notices = known(connection, left.notices)?;
                let has_mail = connection
                    .prepare_cached("SELECT 1 FROM mail WHERE message_id = ?1")?
                    .exists([&left.message_id])?;
                match (has_mail, left.notices.len()) {
                    (true, left) if left == all => Fate::Stays,
                    (true, _) => Fate::Becomes(Entry::Left(left)),
                    (false, 0) => Fate::Goes,
                    (false, _) => Fate::Becomes(Entry::Noted(left.notices)),
                }
            }
            Some(Entry::Noted(notices)) => {
                let all = notices.len();
                let notices = known(connection, notices)?;
                match notices.len() {
                    0 => Fate::Goes,
                    left if left == all => Fate::Stays,
                    _ => Fate::Becomes(Entry::Noted(notices)),
                }
            }
            Some(Entry::Returned(_)) => Fate::Goes,
            // Another hand has been in the file; what it says is told at each start.
            None => Fate::Stays,
        })
    })
}

/// The notices that the ledger has.
fn known(
    connection: &Connection,
    mut notices: Vec<LeftNotice>,
) -> Result<Vec<LeftNotice>, StoreError> {
    let sql = "SELECT 1 FROM notice WHERE occurrence = ?1 AND recipient = ?2 AND role = ?3
               AND due = ?4 AND step = ?5";
    let mut statement = connection.prepare_cached(sql)?;
    let mut known = Vec::with_capacity(notices.len());
    for notice in notices.drain(..) {
        let LeftNotice {
            occurrence,
            recipient,
            role,
            due,
            step,
            ..
        } = &notice;
        if statement.exists(params![occurrence, recipient, role, due, step])? {
            known.push(notice);
        }
    }
    Ok(known)
}
