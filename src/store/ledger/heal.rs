//! Healing: a ledger that is older than its record of what has left learns the rest from it.

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};

use super::invitation::INVITE;
use super::notice::SAY;
use super::outbox::hold_uncertain;
use super::record_lost::{note_lacking, note_left, to_be_recorded};
use super::sent_record::{Entry, Left, LeftInvitation, LeftNotice, SentRecord, read_left};
use super::whom::begun;
use super::{Ledger, writing};
use crate::store::StoreError;

/// What healing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Healed {
    /// Mails that had left and that the ledger did not know to have.
    pub mails: usize,
    /// When a mail last left.
    pub last_left: Option<Timestamp>,
    /// Lines of the record that could not be read.
    pub unreadable: usize,
    /// The record is gone, or lacks the mail that left last; nobody has given it up.
    pub record_lost: bool,
}

impl Ledger {
    /// Learns from the record what has left and is not written down here: the ledger was put back
    /// from a backup, or lost its log. Notes where the record itself is lost. Comes before anything is
    /// planned or sent.
    ///
    /// # Errors
    /// The record cannot be read, or SQLite refused; then nothing of it is kept.
    pub async fn heal(&self, now: Timestamp) -> Result<Healed, StoreError> {
        let Some(path) = self.path.clone() else {
            return Ok(Healed::default());
        };
        self.database
            .run(move |connection| {
                let transaction = writing(connection)?;
                let (mut mails, mut unfit, mut last_left) = (0, 0, None);
                let mut lacking = to_be_recorded(&transaction)?;
                let record = SentRecord::path(&path);
                // The record may speak of those already under the pseudonym; here they have their names.
                let begun = begun(&transaction)?.into_iter();
                let begun: Vec<String> = begun.map(|(_, pseudonym)| pseudonym).collect();
                let unreadable = read_left(&record, |entry| {
                    let learnt = whole_or_not_at_all(&transaction, || match &entry {
                        Entry::Left(left) => learn(&transaction, left, now),
                        Entry::Noted(notices) => learn_noted(&transaction, notices, &begun),
                        Entry::Returned(_) => Ok(false),
                    })?;
                    if let Entry::Left(left) = &entry
                        && lacking.as_ref() == Some(&left.message_id)
                    {
                        lacking = None;
                    }
                    if let (Entry::Left(left), Some(_)) = (&entry, learnt) {
                        last_left = last_left.max(Timestamp::from_second(left.at_utc).ok());
                    }
                    mails += usize::from(learnt == Some(true));
                    unfit += usize::from(learnt.is_none());
                    Ok(())
                })?;
                if mails > 0 || lacking.is_some() {
                    // Of those under way an older ledger does not know what became of them.
                    hold_uncertain(&transaction, now)?;
                }
                note_lacking(&transaction, lacking.as_deref(), now)?;
                transaction.commit()?;
                Ok(Healed {
                    mails,
                    last_left,
                    unreadable: unreadable + unfit,
                    record_lost: lacking.is_some(),
                })
            })
            .await
    }
}

/// Does `work`; what the ledger's own checks refuse of it leaves nothing behind and is no answer.
fn whole_or_not_at_all<T>(
    connection: &Connection,
    work: impl FnOnce() -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    connection.execute_batch("SAVEPOINT line")?;
    let done = match work() {
        Err(StoreError::Sqlite(error))
            if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) =>
        {
            connection.execute_batch("ROLLBACK TO line")?;
            None
        }
        done => Some(done?),
    };
    connection.execute_batch("RELEASE line")?;
    Ok(done)
}

/// Writes down that a mail has left. Whether that was news.
fn learn(connection: &Connection, left: &Left, now: Timestamp) -> Result<bool, StoreError> {
    let known: Option<(i64, bool)> = connection
        .prepare_cached("SELECT id, dot_utc IS NOT NULL FROM mail WHERE message_id = ?1")?
        .query_row([&left.message_id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let meeting = left.invitation.as_ref().map(|said| &said.meeting);
    let mail = match known {
        Some((_, true)) => return Ok(false),
        Some((mail, false)) => mail,
        None => {
            connection
                .prepare_cached(
                    "INSERT INTO mail (person, slot, message_id, state, next_attempt_utc,
                                       created_utc, meeting)
                     VALUES (?1, ?2, ?3, 'sent', ?4, ?4, ?5)",
                )?
                .execute(params![
                    left.person,
                    left.slot,
                    left.message_id,
                    left.at_utc,
                    meeting
                ])?;
            connection.last_insert_rowid()
        }
    };
    // Its text is gone with the ledger that held it, so it is never sent again.
    connection
        .prepare_cached(
            "UPDATE mail SET state = 'sent', dot_utc = ?2, sent_on = ?3, settled_utc = ?4,
                    address = ?5, bytes = NULL, subject = NULL WHERE id = ?1",
        )?
        .execute(params![
            mail,
            left.at_utc,
            left.day,
            left.at_utc.min(now.as_second()),
            left.invitation.as_ref().map(|said| &said.address)
        ])?;
    connection
        .prepare_cached(
            "INSERT INTO attempt (mail, at_utc, stage, reply, outcome)
             VALUES (?1, ?2, 'record', 'known from the record of what has left', 'unknown')",
        )?
        .execute(params![mail, left.at_utc])?;
    note_left(connection, mail)?;
    for notice in &left.notices {
        learn_notice(connection, Some(mail), notice)?;
    }
    if let Some(said) = &left.invitation {
        learn_invitation(connection, (mail, &left.person), said)?;
    }
    Ok(true)
}

/// Writes down what a mail said of which nothing else is kept. Whether any of it was news: what the
/// ledger has, and does not still have to send, stays as it is. It has what is said of somebody under a
/// pseudonym that was only `begun`, too: under the name.
fn learn_noted(
    connection: &Connection,
    notices: &[LeftNotice],
    begun: &[String],
) -> Result<bool, StoreError> {
    let is_begun = |notice: &LeftNotice| {
        let names = |pseudonym: &String| {
            notice.recipient == *pseudonym || notice.occurrence.contains(pseudonym)
        };
        begun.iter().any(names)
    };
    let sql = "SELECT 1 FROM notice n LEFT JOIN mail m ON m.id = n.mail
               WHERE n.occurrence = ?1 AND n.recipient = ?2 AND n.role = ?3 AND n.due = ?4
                 AND n.step = ?5 AND n.decision <> 'withdrawn'
                 AND (m.id IS NULL OR m.dot_utc IS NOT NULL OR m.state NOT IN ('waiting', 'sending'))";
    let mut is_news = false;
    for notice in notices.iter().filter(|notice| !is_begun(notice)) {
        let of = params![
            notice.occurrence,
            notice.recipient,
            notice.role,
            notice.due,
            notice.step
        ];
        if !connection.prepare_cached(sql)?.exists(of)? {
            learn_notice(connection, None, notice)?;
            is_news = true;
        }
    }
    Ok(is_news)
}

fn learn_notice(
    connection: &Connection,
    mail: Option<i64>,
    notice: &LeftNotice,
) -> Result<(), StoreError> {
    connection.prepare_cached(SAY)?.execute(params![
        notice.occurrence,
        notice.step,
        notice.recipient,
        notice.role,
        notice.due,
        notice.area,
        notice.reason,
        notice.at_utc,
        notice.on_day,
        mail
    ])?;
    Ok(())
}

fn learn_invitation(
    connection: &Connection,
    (mail, person): (i64, &str),
    said: &LeftInvitation,
) -> Result<(), StoreError> {
    connection.prepare_cached(INVITE)?.execute(params![
        mail,
        said.area,
        said.method,
        said.sequence,
        said.until,
        said.said,
        said.change
    ])?;
    // What waited about the meeting in the older ledger was overtaken by this.
    connection
        .prepare_cached(
            "UPDATE mail SET state = 'withdrawn', settled_utc = next_attempt_utc
             WHERE meeting = ?1 AND person = ?2 AND id <> ?3
               AND state IN ('waiting', 'sending') AND dot_utc IS NULL",
        )?
        .execute(params![said.meeting, person, mail])?;
    Ok(())
}

/// A mail as the record keeps it, leaving at `at_utc` on the local day `day`.
pub fn leaving(
    connection: &Connection,
    id: i64,
    (at_utc, day): (i64, &str),
) -> Result<Left, StoreError> {
    let mut left = connection
        .prepare_cached("SELECT message_id, person, slot FROM mail WHERE id = ?1")?
        .query_row([id], |row| {
            Ok(Left {
                message_id: row.get(0)?,
                at_utc,
                person: row.get(1)?,
                day: day.to_owned(),
                slot: row.get(2)?,
                notices: Vec::new(),
                invitation: None,
            })
        })?;
    let mut statement = connection.prepare_cached(
        "SELECT occurrence, step, recipient, role, due, area, reason, at_utc, on_day
         FROM notice WHERE mail = ?1 AND decision = 'said' ORDER BY id",
    )?;
    let notices = statement.query_map([id], |row| {
        Ok(LeftNotice {
            occurrence: row.get(0)?,
            step: row.get(1)?,
            recipient: row.get(2)?,
            role: row.get(3)?,
            due: row.get(4)?,
            area: row.get(5)?,
            reason: row.get(6)?,
            at_utc: row.get(7)?,
            on_day: row.get(8)?,
        })
    })?;
    left.notices = notices.collect::<Result<_, _>>()?;
    left.invitation = connection
        .prepare_cached(
            "SELECT m.meeting, ifnull(m.address, ''), i.area, i.method, i.sequence, i.until, i.said,
                    i.change
             FROM mail m JOIN invitation i ON i.mail = m.id WHERE m.id = ?1",
        )?
        .query_row([id], |row| {
            Ok(LeftInvitation {
                meeting: row.get(0)?,
                address: row.get(1)?,
                area: row.get(2)?,
                method: row.get(3)?,
                sequence: row.get(4)?,
                until: row.get(5)?,
                said: row.get(6)?,
                change: row.get(7)?,
            })
        })
        .optional()?;
    Ok(left)
}
