//! Looking into the ledger: the queue, its mails, and what was said to whom.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::invitation::{is_overtaken, shown};
use super::outbox::{MAY_LEAVE, UNWORDED, gather_again};
use super::{Ledger, read, slices_of, writing};
use crate::follow_up::{AreaId, PersonId};
use crate::plan::{Capacity, NoticeKey, Said};
use crate::store::StoreError;

/// A mail as `outbox list` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MailRow {
    /// The ledger's number of it.
    pub id: i64,
    /// Whom it is for.
    pub person: PersonId,
    /// The address it goes to, once it was rendered.
    pub address: Option<String>,
    /// The local day it is meant for.
    pub slot: String,
    /// Its state; see the table in the ledger's module.
    pub state: String,
    /// Tries that were answered, or broke off in the middle.
    pub attempts: u32,
    /// Tries whose answer is unknown.
    pub uncertain: u32,
    /// When it is next tried, while it waits.
    pub next_attempt: Option<Timestamp>,
    /// When it was settled.
    pub settled: Option<Timestamp>,
    /// Its Message-ID, without angle brackets.
    pub message_id: String,
    /// Its subject, once it was rendered.
    pub subject: Option<String>,
    /// Key of the meeting, if it is an invitation.
    pub meeting: Option<String>,
}

/// One try of a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttemptRow {
    /// When.
    pub at: Timestamp,
    /// How far it came.
    pub stage: String,
    /// The server's code.
    pub code: Option<u16>,
    /// The server's words.
    pub reply: String,
    /// `accepted`, `temporary`, `permanent`, `unknown` or `expired`.
    pub outcome: String,
}

/// One notice as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoticeRow {
    /// What it is about.
    pub occurrence: String,
    /// Working days from the due date.
    pub step: i32,
    /// Who held the duty.
    pub recipient: PersonId,
    /// In what capacity.
    pub role: String,
    /// The date it leads to.
    pub due: String,
    /// `said`, `withdrawn` or `superseded`.
    pub decision: String,
    /// Why.
    pub reason: String,
    /// The local day it was decided.
    pub on_day: String,
    /// The mail that carries it.
    pub mail: Option<i64>,
    /// That mail's state.
    pub mail_state: Option<String>,
    /// Who that mail is for.
    pub mail_to: Option<PersonId>,
}

/// How many mails are in each state that somebody may care about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct QueueCounts {
    /// Waiting or being sent.
    pub waiting: u64,
    /// Held for a person to decide.
    pub held: u64,
    /// Refused for good.
    pub refused: u64,
    /// Sent.
    pub sent: u64,
    /// When the last one was sent.
    pub last_sent: Option<Timestamp>,
}

/// A mail that somebody must look to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Whom it was for.
    pub person: PersonId,
    /// Since when it has been so.
    pub since: Timestamp,
    /// What became of it.
    pub what: Failure,
    /// The slices whose notices it carried.
    pub areas: Vec<Option<AreaId>>,
}

/// Mails that cannot be put into words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unworded {
    /// The ledger's numbers of them, the lowest first; at least one.
    pub mails: Vec<i64>,
    /// Since then the first of them waits for words.
    pub since: Timestamp,
}

/// What became of a mail that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Refused for good, as every one to that address since the last that arrived.
    Refused {
        /// The address that was refused.
        address: String,
        /// The server's words, the last time.
        reply: String,
    },
    /// Held: nobody knows whether it arrived.
    Held {
        /// The ledger's number of it.
        mail: i64,
    },
}

const MAIL_COLUMNS: &str = "id, person, slot, state, attempts, uncertain, next_attempt_utc,
                            settled_utc, message_id, subject, address, meeting";

impl Ledger {
    /// Mails that are not settled well: waiting, being sent, held, refused. With `all`, every
    /// mail. Oldest first.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn mails(&self, all: bool) -> Result<Vec<MailRow>, StoreError> {
        self.database
            .run(move |connection| {
                let which = if all {
                    "1"
                } else {
                    "state IN ('waiting', 'sending', 'held', 'refused')"
                };
                let sql = format!("SELECT {MAIL_COLUMNS} FROM mail WHERE {which} ORDER BY id");
                let mut statement = connection.prepare(&sql)?;
                let rows = statement.query_map([], mail_row)?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await
    }

    /// One mail with its tries, its notices and its bytes.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn mail(
        &self,
        id: i64,
    ) -> Result<Option<(MailRow, Vec<AttemptRow>, Vec<NoticeRow>, Option<Vec<u8>>)>, StoreError>
    {
        self.database
            .run(move |connection| {
                let sql = format!("SELECT {MAIL_COLUMNS} FROM mail WHERE id = ?1");
                let Some(mail) = connection.query_row(&sql, [id], mail_row).optional()? else {
                    return Ok(None);
                };
                let bytes =
                    connection
                        .query_row("SELECT bytes FROM mail WHERE id = ?1", [id], |r| r.get(0))?;
                let mut notices = notices(connection, "n.mail = ?1", params![id])?;
                notices.extend(shown(connection, "m.id = ?1", params![id])?);
                Ok(Some((mail, attempts(connection, id)?, notices, bytes)))
            })
            .await
    }

    /// Lets a held or refused mail, or one that waits, be tried at once. Where the person has
    /// another mail gathering, its notices move there. An invitation that a later one has overtaken
    /// is no longer true, and is left as it is. Whether there was one to try.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn retry(&self, id: i64, now: Timestamp) -> Result<bool, StoreError> {
        self.database
            .run(move |connection| {
                let transaction = writing(connection)?;
                if is_overtaken(&transaction, id)? {
                    return Ok(false);
                }
                // It begins anew: what was refused before is counted no more.
                let found = transaction.execute(
                    "UPDATE mail SET state = 'sending', settled_utc = NULL, created_utc = ?2,
                            uncertain = min(uncertain, 1)
                     WHERE id = ?1 AND state IN ('waiting', 'held', 'refused')",
                    params![id, now.as_second()],
                )?;
                if found == 1 {
                    gather_again(&transaction, id, now)?;
                }
                transaction.commit()?;
                Ok(found == 1)
            })
            .await
    }

    /// Gives a mail up that is not settled. Whether there was one.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn drop_mail(&self, id: i64, now: Timestamp) -> Result<bool, StoreError> {
        self.database
            .run(move |connection| {
                let changed = connection.execute(
                    "UPDATE mail SET state = 'dropped', settled_utc = ?2
                     WHERE id = ?1 AND state IN ('waiting', 'held', 'refused')",
                    params![id, now.as_second()],
                )?;
                Ok(changed == 1)
            })
            .await
    }

    /// Notices decided on `day` for people's own duties or carried by mail to them, and invitations
    /// begun for them on it.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn notices_on(
        &self,
        person: PersonId,
        day: Date,
    ) -> Result<Vec<NoticeRow>, StoreError> {
        self.database
            .run(move |connection| {
                let of = params![person.as_str(), day.to_string()];
                let which = "n.on_day = ?2 AND (n.recipient = ?1 OR m.person = ?1)";
                let mut rows = notices(connection, which, of)?;
                let invitations = "m.person = ?1 AND m.slot = ?2 AND m.meeting IS NOT NULL";
                rows.extend(shown(connection, invitations, of)?);
                Ok(rows)
            })
            .await
    }

    /// Everything said before `day`, and when each person was last mailed before it: what a plan
    /// for that day starts from.
    ///
    /// # Errors
    /// SQLite refused, or a row cannot be read back.
    pub async fn said_before(
        &self,
        day: Date,
    ) -> Result<(Said, BTreeMap<PersonId, Date>), StoreError> {
        self.database
            .run(move |connection| said_before(connection, day))
            .await
    }

    /// The queue in numbers.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn queue(&self) -> Result<QueueCounts, StoreError> {
        self.database
            .run(|connection| {
                let mut counts = QueueCounts::default();
                let mut statement =
                    connection.prepare("SELECT state, count(*) FROM mail GROUP BY state")?;
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    let number = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
                    match row.get::<_, String>(0)?.as_str() {
                        "waiting" | "sending" => counts.waiting += number,
                        "held" => counts.held += number,
                        "refused" => counts.refused += number,
                        "sent" => counts.sent += number,
                        _ => {}
                    }
                }
                let sql = "SELECT settled_utc FROM mail WHERE state = 'sent'
                           ORDER BY id DESC LIMIT 1";
                let last: Option<i64> = connection
                    .prepare_cached(sql)?
                    .query_row([], |row| row.get(0))
                    .optional()?;
                counts.last_sent = last.and_then(|at| Timestamp::from_second(at).ok());
                Ok(counts)
            })
            .await
    }

    /// The mails that wait since they could not be put into words, and since when the first does.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn waiting_for_words(&self) -> Result<Option<Unworded>, StoreError> {
        self.database.run(|connection| unworded(connection)).await
    }

    /// How many mails have waited since before `since`, and since when the first of them has, where
    /// nothing has become of any mail after it.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn overdue(
        &self,
        since: Timestamp,
        day: Date,
    ) -> Result<Option<(u64, Timestamp)>, StoreError> {
        self.database
            .run(move |connection| overdue(connection, since, day))
            .await
    }

    /// The local day each person was last mailed, as it stood when `day` ended.
    ///
    /// # Errors
    /// SQLite refused, or a stored day cannot be read.
    pub async fn last_mailed(&self, day: Date) -> Result<BTreeMap<PersonId, Date>, StoreError> {
        let before = day.tomorrow().unwrap_or(Date::MAX).to_string();
        self.database
            .run(move |connection| last_mailed(connection, &before))
            .await
    }

    /// Mails held, people whose latest settled mail was refused for good, and invitations refused to
    /// meetings that are not over by `day`.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn failures(&self, day: Date) -> Result<Vec<Failed>, StoreError> {
        self.database
            .run(move |connection| failures(connection, day))
            .await
    }
}

fn unworded(connection: &Connection) -> Result<Option<Unworded>, StoreError> {
    let sql = "SELECT id, (SELECT min(at_utc) FROM attempt WHERE mail = mail.id AND stage = ?1)
               FROM mail WHERE state IN ('waiting', 'sending') AND
               (SELECT stage FROM attempt WHERE mail = mail.id ORDER BY id DESC LIMIT 1) = ?1
               ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([UNWORDED], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let rows: Vec<(i64, i64)> = rows.collect::<Result<_, _>>()?;
    let since = rows.iter().map(|(_, since)| *since).min();
    let since = since.and_then(|since| Timestamp::from_second(since).ok());
    Ok(since.map(|since| Unworded {
        mails: rows.into_iter().map(|(mail, _)| mail).collect(),
        since,
    }))
}

fn overdue(
    connection: &Connection,
    since: Timestamp,
    day: Date,
) -> Result<Option<(u64, Timestamp)>, StoreError> {
    let since = since.as_second();
    let moves = "SELECT at_utc > ?1 FROM attempt ORDER BY id DESC LIMIT 1";
    let moves: Option<bool> = connection
        .prepare_cached(moves)?
        .query_row([since], |row| row.get(0))
        .optional()?;
    if moves == Some(true) {
        return Ok(None);
    }
    // What waits for another of the same person's is where it should be.
    let waiting = format!(
        "SELECT count(*), min(m.next_attempt_utc) FROM mail m
         WHERE (m.state = 'sending' AND m.next_attempt_utc <= ?1)
            OR (m.state = 'waiting' AND {MAY_LEAVE})"
    );
    let (waiting, first): (i64, Option<i64>) = connection
        .prepare_cached(&waiting)?
        .query_row(params![since, day.to_string()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let first = first.and_then(|at| Timestamp::from_second(at).ok());
    Ok(first.map(|first| (u64::try_from(waiting).unwrap_or(0), first)))
}

fn mail_row(row: &Row<'_>) -> rusqlite::Result<MailRow> {
    let instant = |seconds: Option<i64>| seconds.and_then(|s| Timestamp::from_second(s).ok());
    let state: String = row.get(3)?;
    Ok(MailRow {
        id: row.get(0)?,
        person: PersonId::new(row.get::<_, String>(1)?),
        slot: row.get(2)?,
        attempts: row.get(4)?,
        uncertain: row.get(5)?,
        next_attempt: instant(row.get(6)?).filter(|_| state == "waiting"),
        settled: instant(row.get(7)?),
        message_id: row.get(8)?,
        subject: row.get(9)?,
        address: row.get(10)?,
        meeting: row.get(11)?,
        state,
    })
}

fn attempts(connection: &Connection, mail: i64) -> Result<Vec<AttemptRow>, StoreError> {
    let sql = "SELECT at_utc, stage, code, reply, outcome FROM attempt WHERE mail = ?1 ORDER BY id";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([mail], |row| {
        Ok(AttemptRow {
            at: Timestamp::from_second(row.get(0)?).unwrap_or(Timestamp::UNIX_EPOCH),
            stage: row.get(1)?,
            code: row.get(2)?,
            reply: row.get(3)?,
            outcome: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn notices(
    connection: &Connection,
    which: &str,
    of: impl rusqlite::Params,
) -> Result<Vec<NoticeRow>, StoreError> {
    let sql = format!(
        "SELECT n.occurrence, n.step, n.recipient, n.role, n.due, n.decision, n.reason, n.on_day,
                n.mail, m.state, m.person
         FROM notice n LEFT JOIN mail m ON m.id = n.mail WHERE {which} ORDER BY n.id"
    );
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map(of, |row| {
        Ok(NoticeRow {
            occurrence: row.get(0)?,
            step: row.get(1)?,
            recipient: PersonId::new(row.get::<_, String>(2)?),
            role: row.get(3)?,
            due: row.get(4)?,
            decision: row.get(5)?,
            reason: row.get(6)?,
            on_day: row.get(7)?,
            mail: row.get(8)?,
            mail_state: row.get(9)?,
            mail_to: row.get::<_, Option<String>>(10)?.map(PersonId::new),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn said_before(
    connection: &Connection,
    day: Date,
) -> Result<(Said, BTreeMap<PersonId, Date>), StoreError> {
    let mut said = Said::new();
    let mut statement = connection.prepare(
        "SELECT occurrence, recipient, role, due, step, on_day FROM notice
         WHERE decision = 'said' AND on_day < ?1 ORDER BY step",
    )?;
    let mut rows = statement.query([day.to_string()])?;
    while let Some(row) = rows.next()? {
        let role: String = row.get(2)?;
        let Some(capacity) = Capacity::parse(&role) else {
            continue;
        };
        let key = NoticeKey {
            occurrence: row.get(0)?,
            recipient: PersonId::new(row.get::<_, String>(1)?),
            capacity,
            due: read("notice", &row.get::<_, String>(3)?)?,
        };
        said.insert(
            key,
            (row.get(4)?, read("notice", &row.get::<_, String>(5)?)?),
        );
    }
    Ok((said, last_mailed(connection, &day.to_string())?))
}

fn last_mailed(
    connection: &Connection,
    before: &str,
) -> Result<BTreeMap<PersonId, Date>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT person, max(sent_on) FROM mail
                  WHERE sent_on < ?1 AND meeting IS NULL GROUP BY person",
    )?;
    let mut rows = statement.query([before])?;
    let mut mailed = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let person = PersonId::new(row.get::<_, String>(0)?);
        mailed.insert(person, read("mail", &row.get::<_, String>(1)?)?);
    }
    Ok(mailed)
}

/// A refusal lasts from the first to the address since a mail last arrived there; that of an
/// invitation until another about the meeting has arrived, or the meeting is over. A person's mails
/// are few and the sent ones many: the plus signs keep SQLite from going by the state there.
const FAILURES: &str = "
    SELECT m.id, m.person, m.state, m.address,
           (SELECT reply FROM attempt a WHERE a.mail = m.id ORDER BY a.id DESC LIMIT 1),
           iif(m.state = 'held', m.settled_utc,
               (SELECT min(f.settled_utc) FROM mail f
                WHERE f.person = m.person AND +f.state = 'refused' AND f.address IS m.address
                  AND f.meeting IS m.meeting
                  AND f.id > (SELECT ifnull(max(s.id), 0) FROM mail s
                              WHERE s.person = m.person AND s.meeting IS m.meeting
                                AND +s.state = 'sent')))
    FROM mail m WHERE m.state IN ('held', 'refused')
       AND (m.state = 'held' OR NOT EXISTS
           (SELECT 1 FROM mail later WHERE later.person = m.person AND later.id > m.id
               AND later.meeting IS m.meeting AND +later.state IN ('sent', 'refused')))
       AND (m.meeting IS NULL OR EXISTS
           (SELECT 1 FROM invitation i WHERE i.mail = m.id AND i.until > ?1))";

fn failures(connection: &Connection, day: Date) -> Result<Vec<Failed>, StoreError> {
    let mut statement = connection.prepare_cached(FAILURES)?;
    let mut failed: Vec<(i64, Failed)> = statement
        .query_map([day.to_string()], |row| {
            let mail = row.get(0)?;
            let since = row.get::<_, Option<i64>>(5)?.unwrap_or(0);
            let what = match row.get::<_, String>(2)?.as_str() {
                "held" => Failure::Held { mail },
                _ => Failure::Refused {
                    address: row.get::<_, Option<String>>(3)?.unwrap_or_default(),
                    reply: row.get::<_, Option<String>>(4)?.unwrap_or_default(),
                },
            };
            let failed = Failed {
                person: PersonId::new(row.get::<_, String>(1)?),
                since: Timestamp::from_second(since).unwrap_or(Timestamp::UNIX_EPOCH),
                what,
                areas: Vec::new(),
            };
            Ok((mail, failed))
        })?
        .collect::<Result<_, _>>()?;
    for (mail, failed) in &mut failed {
        failed.areas = slices_of(connection, *mail)?;
    }
    Ok(failed.into_iter().map(|(_, failed)| failed).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each tick and each batch asks for the failures: by the state, two hundred refused among a
    /// hundred thousand mails took more than a minute.
    #[test]
    fn failures_are_found_by_state_and_their_neighbours_by_person() {
        let mut connection = Connection::open_in_memory().unwrap();
        let path = std::path::Path::new(":memory:");
        crate::store::migration::migrate(&mut connection, path, &super::super::SCHEMA).unwrap();
        let mut statement = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {FAILURES}"))
            .unwrap();
        let steps = statement.query_map(["2026-12-01"], |row| row.get::<_, String>(3));
        let steps: Vec<String> = steps.unwrap().collect::<Result<_, _>>().unwrap();
        for (name, index) in [
            ("m", "mail_by_state"),
            ("f", "mail_by_person"),
            ("s", "mail_by_person"),
            ("later", "mail_by_person"),
        ] {
            let search = format!("SEARCH {name} USING INDEX {index} ");
            let found = steps.iter().any(|step| step.starts_with(&search));
            assert!(found, "{name}: {steps:#?}");
        }
    }
}
