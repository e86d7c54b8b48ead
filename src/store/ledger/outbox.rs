//! The outbox: a mail's way from waiting to settled.
//!
//! Every step is a conditional update, so a claim that another has taken over changes nothing.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, params};

use super::agenda::set_look_on;
use super::heal::leaving;
use super::invitation::{call_of, follows};
use super::record_lost::note_left;
use super::sent_record::Entry;
use super::traffic::{Hold, IS_CHANGE};
use super::{Ledger, add_to_record, read, slice, slices_of, writing};
use crate::follow_up::{AreaId, PersonId};
use crate::plan::{Call, Capacity, NoticeKey, STORM};
use crate::store::StoreError;

/// A mail claimed for sending.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The ledger's number of it.
    pub id: i64,
    /// Whom it is for.
    pub person: PersonId,
    /// Its Message-ID, without angle brackets.
    pub message_id: String,
    /// Tries so far that were answered, or broke off in the middle.
    pub attempts: u32,
    /// Tries so far whose answer to the final dot is unknown.
    pub uncertain: u32,
    /// When it was first refused for now, since it was begun or a person let it begin anew. A
    /// connection that broke and a server that wants to be left alone say nothing of that.
    pub first_refused: Option<Timestamp>,
    /// On how many days it was so refused on which the server took other mail.
    pub well_days: u32,
    /// Refusals so far that were not believed, since it was begun or a person let it begin anew.
    pub doubted: Vec<Doubted>,
    /// What may already have arrived and must go out unchanged: address, subject and bytes.
    pub frozen: Option<Prepared>,
    /// The notices it carries.
    pub lines: Vec<ClaimedLine>,
    /// What it says of a meeting, if it is an invitation; then it carries no notices.
    pub call: Option<Call>,
    /// Whether an earlier invitation to the same person and meeting has left, or may have.
    pub follows: bool,
}

/// A refusal that was not believed when it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubted {
    /// The refusal.
    pub attempt: Attempt,
    /// Whether the server has taken other mail since.
    pub taken_since: bool,
}

/// One notice of a claimed mail.
#[derive(Debug, Clone)]
pub struct ClaimedLine {
    /// The ledger's number of it.
    pub id: i64,
    /// The row of notices.
    pub key: NoticeKey,
    /// Whose slice decided it.
    pub area: Option<AreaId>,
}

/// A mail as it leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The recipient's address.
    pub address: String,
    /// Its subject.
    pub subject: String,
    /// The message, headers and all, with CRLF line ends.
    pub bytes: Vec<u8>,
}

impl Prepared {
    /// What is kept of a mail that could not be made: where it was to go.
    pub const fn nothing(address: String) -> Self {
        Self {
            address,
            subject: String::new(),
            bytes: Vec::new(),
        }
    }
}

/// One try and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When.
    pub at: Timestamp,
    /// How far it came.
    pub stage: String,
    /// The server's code, if it gave one.
    pub code: Option<u16>,
    /// The server's words, made safe.
    pub reply: String,
}

/// What becomes of a mail after a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// The server has it.
    Sent(Attempt),
    /// Refused for now, and nothing was kept: try again then.
    Later(Attempt, Timestamp),
    /// Refused for good.
    Refused(Attempt),
    /// Refused for now for too long.
    Expired(Attempt),
    /// The final dot went out and no answer came: the same bytes again then.
    Unknown(Attempt, Timestamp),
    /// As `Unknown`, once too often: a person decides.
    Held(Attempt),
    /// Refused, but perhaps not for its own sake: it waits until then, behind the others.
    Doubted(Attempt, Timestamp),
    /// The relay's trouble, not this mail's: it waits on, uncounted.
    Released(Timestamp),
    /// Nothing it was to say holds any more.
    Withdrawn,
}

impl Ledger {
    /// Claims up to `limit` mails whose time has come: those that may have arrived first, then the day's
    /// mail before invitations, then those that were tried least, so that what is refused again and again holds up nobody. A person gets
    /// one mail on the local day `day`, invitations apart: another waits. An invitation waits for an
    /// earlier one to the same person about the same meeting. What `hold` names waits too.
    ///
    /// # Errors
    /// SQLite refused, or a row cannot be read back.
    pub async fn claim(
        &self,
        now: Timestamp,
        day: Date,
        limit: usize,
        hold: Hold,
    ) -> Result<Vec<Claimed>, StoreError> {
        self.database
            .run(move |connection| {
                let transaction = writing(connection)?;
                let claimed = claim(&transaction, (now, day), (limit, hold))?;
                transaction.commit()?;
                Ok(claimed)
            })
            .await
    }

    /// Stores claimed mails as they are to leave, and withdraws the notices that no longer hold,
    /// each with its reason.
    ///
    /// # Errors
    /// SQLite refused; then nothing of it is kept.
    pub async fn prepare(
        &self,
        mails: Vec<(i64, Prepared)>,
        withdrawn: Vec<(i64, String)>,
    ) -> Result<(), StoreError> {
        self.database
            .run(move |connection| {
                let transaction = writing(connection)?;
                for (id, prepared) in &mails {
                    transaction
                        .prepare_cached(
                            "UPDATE mail SET address = ?2, subject = ?3, bytes = ?4
                             WHERE id = ?1 AND state = 'sending' AND dot_utc IS NULL",
                        )?
                        .execute(params![
                            id,
                            prepared.address,
                            prepared.subject,
                            prepared.bytes
                        ])?;
                }
                for (id, reason) in &withdrawn {
                    transaction
                        .prepare_cached(
                            "UPDATE notice SET decision = 'withdrawn', reason = ?2 WHERE id = ?1",
                        )?
                        .execute(params![id, reason])?;
                }
                Ok(transaction.commit()?)
            })
            .await
    }

    /// Marks, durably, that a mail's content is about to leave: here and in the record. From here its
    /// bytes are frozen.
    ///
    /// # Errors
    /// SQLite or the disk refused, or the mail is no longer claimed: then nothing may be sent.
    pub async fn mark_dot(&self, id: i64, now: Timestamp, day: Date) -> Result<(), StoreError> {
        let record = self.record.clone();
        self.database
            .run(move |connection| {
                let (at, day) = (now.as_second(), day.to_string());
                let before = dot(connection, id)?;
                set_dot(connection, id, (Some(at), Some(&day)))?;
                let left = leaving(connection, id, (at, &day))?;
                let added = add_to_record(record.as_deref(), &Entry::Left(Box::new(left)));
                added.or_else(|not_added| {
                    // Nothing left: that must not look like a try whose answer is unknown. It has to
                    // where the record may say that it left: else a start would believe that it did.
                    if !not_added.may_stand {
                        set_dot(connection, id, (before.0, before.1.as_deref()))?;
                    }
                    Err(not_added.error)
                })
            })
            .await
    }

    /// Writes down that a claimed mail could not be put into words: nothing is counted against it.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn unworded(&self, id: i64, attempt: Attempt) -> Result<(), StoreError> {
        self.database
            .run(move |connection| {
                let sql = "INSERT INTO attempt (mail, at_utc, stage, reply, outcome)
                           VALUES (?1, ?2, ?3, ?4, 'temporary')";
                connection.prepare_cached(sql)?.execute(params![
                    id,
                    attempt.at.as_second(),
                    attempt.stage,
                    attempt.reply
                ])?;
                Ok(())
            })
            .await
    }

    /// Writes down what became of a claimed mail. One that is no longer claimed is left as it is.
    ///
    /// # Errors
    /// SQLite or the disk refused; the mail stays claimed, and the next start finds it.
    pub async fn settle(
        &self,
        id: i64,
        settlement: Settlement,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let record = self.record.clone();
        self.database
            .run(move |connection| {
                let transaction = writing(connection)?;
                let claimed = transaction
                    .prepare_cached("SELECT 1 FROM mail WHERE id = ?1 AND state = 'sending'")?
                    .exists([id])?;
                if claimed {
                    if let Some(message_id) = returned(&transaction, id, &settlement)? {
                        add_to_record(record.as_deref(), &Entry::Returned(message_id))
                            .map_err(|not_added| not_added.error)?;
                    }
                    settle(&transaction, id, &settlement, now)?;
                }
                Ok(transaction.commit()?)
            })
            .await
    }

    /// Whether mail was sent on a later day than `day`, or waits for a time later than `until`: the clock
    /// has been ahead. Then all that waits has its turn now, and everything is looked at again.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn come_back(
        &self,
        (now, until): (Timestamp, Timestamp),
        day: Date,
    ) -> Result<bool, StoreError> {
        self.database
            .run(move |connection| {
                let transaction = writing(connection)?;
                let was_ahead: bool = transaction.query_row(
                    "SELECT EXISTS (SELECT 1 FROM mail WHERE sent_on > ?1)
                         OR EXISTS (SELECT 1 FROM mail WHERE state = 'waiting' AND next_attempt_utc > ?2)",
                    params![day.to_string(), until.as_second()],
                    |row| row.get(0),
                )?;
                if was_ahead {
                    transaction.execute(
                        "UPDATE mail SET next_attempt_utc = ?1
                         WHERE state = 'waiting' AND next_attempt_utc > ?2",
                        [now.as_second(), until.as_second()],
                    )?;
                    // Under other settings everything is looked at.
                    transaction.execute("DELETE FROM fact WHERE name = 'settings'", [])?;
                }
                transaction.commit()?;
                Ok(was_ahead)
            })
            .await
    }

    /// What was claimed and left behind by a dead process or an error waits again. Where its content
    /// may have left since it was claimed, that counts as an uncertain try; one too many, and it is
    /// held. Returns how many were found, and how many of them uncertain.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn recover(
        &self,
        now: Timestamp,
        most_uncertain: u32,
    ) -> Result<(usize, usize), StoreError> {
        self.database
            .run(move |connection| {
                let transaction = writing(connection)?;
                // A frozen mail keeps the mark of an earlier try, which is older than its turn.
                let tried = "state = 'sending' AND dot_utc IS NOT NULL
                             AND (uncertain = 0 OR dot_utc >= next_attempt_utc)";
                let held: Vec<i64> = transaction
                    .prepare(&format!(
                        "UPDATE mail SET uncertain = uncertain + 1, state = 'held', settled_utc = ?1
                         WHERE {tried} AND uncertain >= ?2 RETURNING id"
                    ))?
                    .query_map(params![now.as_second(), most_uncertain], |row| row.get(0))?
                    .collect::<Result<_, _>>()?;
                for &id in &held {
                    tell_of_it(&transaction, id)?;
                }
                let again = transaction.execute(
                    &format!(
                        "UPDATE mail SET uncertain = uncertain + 1, next_attempt_utc = ?1,
                                state = 'waiting' WHERE {tried}"
                    ),
                    [now.as_second()],
                )?;
                let uncertain = held.len() + again;
                let claimed: Vec<i64> = transaction
                    .prepare("SELECT id FROM mail WHERE state = 'sending'")?
                    .query_map([], |row| row.get(0))?
                    .collect::<Result<_, _>>()?;
                for &id in &claimed {
                    gather_again(&transaction, id, now)?;
                }
                transaction.commit()?;
                Ok((uncertain + claimed.len(), uncertain))
            })
            .await
    }
}

/// Holds what may have left and is not known to have arrived, for a person to decide.
pub fn hold_uncertain(connection: &Connection, now: Timestamp) -> Result<(), StoreError> {
    let held: Vec<i64> = connection
        .prepare(
            "UPDATE mail SET state = 'held', settled_utc = ?1
             WHERE dot_utc IS NOT NULL AND state IN ('sending', 'waiting') RETURNING id",
        )?
        .query_map([now.as_second()], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    held.iter().try_for_each(|&id| tell_of_it(connection, id))
}

/// When a mail's content last left, and the local day of that.
fn dot(connection: &Connection, id: i64) -> Result<(Option<i64>, Option<String>), StoreError> {
    let sql = "SELECT dot_utc, sent_on FROM mail WHERE id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let dot = statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(dot.optional()?.unwrap_or_default())
}

fn set_dot(
    connection: &Connection,
    id: i64,
    (at, day): (Option<i64>, Option<&str>),
) -> Result<(), StoreError> {
    let changed = connection
        .prepare_cached(
            "UPDATE mail SET dot_utc = ?2, sent_on = ?3
             WHERE id = ?1 AND state = 'sending' AND bytes IS NOT NULL",
        )?
        .execute(params![id, at, day])?;
    if changed == 1 {
        return Ok(());
    }
    Err(StoreError::Unreadable {
        table: "mail",
        message: format!("mail {id} is no longer claimed"),
    })
}

/// The Message-ID of a mail whose content was about to leave and, as is clear now, did not arrive.
fn returned(
    connection: &Connection,
    id: i64,
    settlement: &Settlement,
) -> Result<Option<String>, StoreError> {
    match settlement {
        Settlement::Sent(_) | Settlement::Unknown(..) | Settlement::Held(_) => return Ok(None),
        Settlement::Later(..)
        | Settlement::Refused(_)
        | Settlement::Expired(_)
        | Settlement::Doubted(..)
        | Settlement::Released(_)
        | Settlement::Withdrawn => {}
    }
    let sql = "SELECT message_id FROM mail
               WHERE id = ?1 AND dot_utc IS NOT NULL AND uncertain = 0";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([id], |row| row.get(0)).optional()?)
}

/// What of the mails `m` that wait may leave at the instant `?1` of the local day `?2`.
pub const MAY_LEAVE: &str = "m.next_attempt_utc <= ?1
    AND (m.dot_utc IS NOT NULL OR NOT EXISTS
        (SELECT 1 FROM mail o WHERE o.person = m.person AND o.id <> m.id
            AND m.meeting IS NULL AND o.meeting IS NULL
            AND (o.sent_on = ?2 OR o.state = 'sending'
                 OR (o.state = 'waiting' AND o.dot_utc IS NOT NULL
                     AND o.next_attempt_utc <= ?1))))
    AND (m.meeting IS NULL OR NOT EXISTS
        (SELECT 1 FROM mail o WHERE o.meeting = m.meeting AND o.person = m.person
            AND o.id < m.id AND o.state IN ('waiting', 'sending')))";

/// The stage of a try that ended before there was a mail: the words failed.
pub const UNWORDED: &str = "words";

fn claim(
    connection: &Connection,
    (now, day): (Timestamp, Date),
    (limit, hold): (usize, Hold),
) -> Result<Vec<Claimed>, StoreError> {
    let ids: Vec<i64> = connection
        .prepare_cached(&format!(
            "SELECT id FROM mail m WHERE state = 'waiting' AND {MAY_LEAVE}
                AND (dot_utc IS NOT NULL OR NOT ?4 OR m.meeting IS NOT NULL OR EXISTS
                    (SELECT 1 FROM notice n WHERE n.mail = m.id AND n.decision = 'said'
                        AND n.occurrence LIKE '{STORM}/%'))
                AND (dot_utc IS NOT NULL OR NOT ?5 OR m.meeting IS NULL OR NOT {IS_CHANGE})
                AND (dot_utc IS NOT NULL OR NOT ?6 OR m.meeting IS NULL)
             ORDER BY dot_utc IS NULL, meeting IS NOT NULL, attempts, next_attempt_utc, id LIMIT ?3"
        ))?
        .query_map(
            params![
                now.as_second(),
                day.to_string(),
                limit as i64,
                hold.mails,
                hold.changes,
                hold.invitations
            ],
            |row| row.get(0),
        )?
        .collect::<Result<_, _>>()?;
    let mut claimed = Vec::with_capacity(ids.len());
    for id in ids {
        let taken = connection
            .prepare_cached(
                "UPDATE mail SET state = 'sending' WHERE id = ?1 AND state = 'waiting'",
            )?
            .execute([id])?;
        if taken == 1 {
            claimed.push(read_claimed(connection, id)?);
        }
    }
    Ok(claimed)
}

fn read_claimed(connection: &Connection, id: i64) -> Result<Claimed, StoreError> {
    let mut claimed = connection
        .prepare_cached(
            "WITH refused AS
                (SELECT at_utc FROM attempt JOIN mail ON mail.id = attempt.mail
                 WHERE mail = ?1 AND outcome = 'temporary'
                    AND (code NOT IN (421, 432) OR stage = 'sendmail')
                    AND at_utc >= created_utc),
             day AS (SELECT DISTINCT date(at_utc, 'unixepoch') AS day FROM refused)
             SELECT person, message_id, attempts, uncertain, dot_utc IS NOT NULL, address, subject,
                    bytes, (SELECT min(at_utc) FROM refused),
                    (SELECT count(*) FROM day WHERE EXISTS
                        (SELECT 1 FROM mail o WHERE o.sent_on = day AND o.state = 'sent'))
             FROM mail WHERE id = ?1",
        )?
        .query_row([id], |row| {
            let frozen = match row.get::<_, bool>(4)? {
                true => Some(Prepared {
                    address: row.get(5)?,
                    subject: row.get(6)?,
                    bytes: row.get(7)?,
                }),
                false => None,
            };
            let first_refused: Option<i64> = row.get(8)?;
            Ok(Claimed {
                id,
                person: PersonId::new(row.get::<_, String>(0)?),
                message_id: row.get(1)?,
                attempts: row.get(2)?,
                uncertain: row.get(3)?,
                first_refused: first_refused.and_then(|at| Timestamp::from_second(at).ok()),
                well_days: row.get(9)?,
                doubted: Vec::new(),
                frozen,
                lines: Vec::new(),
                call: None,
                follows: false,
            })
        })?;
    claimed.doubted = doubted(connection, id)?;
    claimed.call = call_of(connection, id)?;
    claimed.follows = claimed.call.is_some() && follows(connection, id)?;
    let mut statement = connection.prepare_cached(
        "SELECT id, occurrence, recipient, role, due, area FROM notice
         WHERE mail = ?1 AND decision = 'said' ORDER BY id",
    )?;
    let mut rows = statement.query([id])?;
    while let Some(row) = rows.next()? {
        let role: String = row.get(3)?;
        let capacity = Capacity::parse(&role).ok_or_else(|| StoreError::Unreadable {
            table: "notice",
            message: format!("\"{role}\" is no role"),
        })?;
        let key = NoticeKey {
            occurrence: row.get(1)?,
            recipient: PersonId::new(row.get::<_, String>(2)?),
            capacity,
            due: read("notice", &row.get::<_, String>(4)?)?,
        };
        let area = slice(&row.get::<_, String>(5)?);
        claimed.lines.push(ClaimedLine {
            id: row.get(0)?,
            key,
            area,
        });
    }
    Ok(claimed)
}

fn doubted(connection: &Connection, id: i64) -> Result<Vec<Doubted>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT at_utc, stage, code, reply,
                EXISTS (SELECT 1 FROM attempt other
                        WHERE other.id > attempt.id AND other.outcome = 'accepted')
         FROM attempt WHERE mail = ?1 AND outcome = 'permanent'
            AND at_utc >= (SELECT created_utc FROM mail WHERE id = ?1) ORDER BY id",
    )?;
    let doubted = statement.query_map([id], |row| {
        let attempt = Attempt {
            at: Timestamp::from_second(row.get(0)?).unwrap_or(Timestamp::UNIX_EPOCH),
            stage: row.get(1)?,
            code: row.get(2)?,
            reply: row.get(3)?,
        };
        let taken_since = row.get(4)?;
        Ok(Doubted {
            attempt,
            taken_since,
        })
    })?;
    Ok(doubted.collect::<Result<_, _>>()?)
}

fn settle(
    connection: &Connection,
    id: i64,
    settlement: &Settlement,
    now: Timestamp,
) -> Result<(), StoreError> {
    let end = |state: &str| {
        connection
            .prepare_cached(
                "UPDATE mail SET state = ?2, settled_utc = ?3 WHERE id = ?1 AND state = 'sending'",
            )?
            .execute(params![id, state, now.as_second()])
    };
    let count = |attempt: &Attempt, outcome: &str, uncertain: bool| {
        connection
            .prepare_cached(
                "INSERT INTO attempt (mail, at_utc, stage, code, reply, outcome)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                id,
                attempt.at.as_second(),
                attempt.stage,
                attempt.code,
                attempt.reply,
                outcome
            ])?;
        connection
            .prepare_cached(
                "UPDATE mail SET attempts = attempts + 1, uncertain = uncertain + ?2 WHERE id = ?1",
            )?
            .execute(params![id, uncertain])
    };
    match settlement {
        Settlement::Sent(attempt) => {
            count(attempt, "accepted", false)?;
            end("sent")?;
            note_left(connection, id)?;
        }
        Settlement::Refused(attempt) => {
            count(attempt, "permanent", false)?;
            forget_day(connection, id)?;
            end("refused")?;
            tell_of_it(connection, id)?;
        }
        Settlement::Expired(attempt) => {
            count(attempt, "expired", false)?;
            forget_day(connection, id)?;
            end("refused")?;
            tell_of_it(connection, id)?;
        }
        Settlement::Held(attempt) => {
            count(attempt, "unknown", true)?;
            end("held")?;
            tell_of_it(connection, id)?;
        }
        Settlement::Unknown(attempt, next) => {
            count(attempt, "unknown", true)?;
            connection
                .prepare_cached(
                    "UPDATE mail SET state = 'waiting', next_attempt_utc = ?2
                     WHERE id = ?1 AND state = 'sending'",
                )?
                .execute(params![id, next.as_second()])?;
        }
        Settlement::Later(attempt, next) => {
            count(attempt, "temporary", false)?;
            gather_again(connection, id, *next)?;
        }
        Settlement::Doubted(attempt, next) => {
            let for_good = attempt.code.is_some_and(|code| code >= 500);
            let outcome = if for_good { "permanent" } else { "temporary" };
            count(attempt, outcome, false)?;
            gather_again(connection, id, *next)?;
        }
        Settlement::Released(next) => gather_again(connection, id, *next)?,
        Settlement::Withdrawn => {
            end("withdrawn")?;
        }
    }
    Ok(())
}

/// A mail that failed is told to somebody: its slices are looked at anew.
fn tell_of_it(connection: &Connection, id: i64) -> Result<(), StoreError> {
    for area in slices_of(connection, id)? {
        set_look_on(connection, area.as_ref(), Date::MIN)?;
    }
    Ok(())
}

/// What certainly did not arrive does not count as the day's mail.
fn forget_day(connection: &Connection, id: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE mail SET sent_on = NULL WHERE id = ?1 AND uncertain = 0")?
        .execute([id])?;
    Ok(())
}

/// Lets a claimed mail wait again. What certainly did not arrive gathers and is rendered anew;
/// what once may have stays frozen. Where the person has got another gathering mail meanwhile,
/// the notices move there; a later invitation to the same meeting takes the place of an earlier one.
pub fn gather_again(connection: &Connection, id: i64, next: Timestamp) -> Result<(), StoreError> {
    let frozen: bool = connection
        .prepare_cached("SELECT uncertain > 0 FROM mail WHERE id = ?1")?
        .query_row([id], |row| row.get(0))?;
    if !frozen {
        let other = gathering_beside(connection, id)?;
        if let Some(other) = other {
            connection
                .prepare_cached(
                    "UPDATE notice SET mail = ?2 WHERE mail = ?1 AND decision = 'said'",
                )?
                .execute([id, other])?;
            connection
                .prepare_cached(
                    "UPDATE mail SET state = 'withdrawn', sent_on = NULL WHERE id = ?1",
                )?
                .execute([id])?;
            // A later invitation took this one for told.
            for area in slices_of(connection, id)? {
                set_look_on(connection, area.as_ref(), Date::MIN)?;
            }
            return Ok(());
        }
        connection
            .prepare_cached(
                "UPDATE mail SET dot_utc = NULL, sent_on = NULL, bytes = NULL WHERE id = ?1",
            )?
            .execute([id])?;
    }
    connection
        .prepare_cached(
            "UPDATE mail SET state = 'waiting', next_attempt_utc = ?2
             WHERE id = ?1 AND state = 'sending'",
        )?
        .execute(params![id, next.as_second()])?;
    Ok(())
}

/// The mail that gathers what a claimed one says, too: the person's, or to the person about the same
/// meeting.
fn gathering_beside(connection: &Connection, id: i64) -> Result<Option<i64>, StoreError> {
    let (person, meeting): (String, Option<String>) = connection
        .prepare_cached("SELECT person, meeting FROM mail WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (sql, of) = match &meeting {
        None => (
            "SELECT id FROM mail WHERE person = ?1 AND state = 'waiting' AND dot_utc IS NULL
                AND meeting IS NULL",
            vec![&person],
        ),
        Some(meeting) => (
            "SELECT id FROM mail WHERE person = ?1 AND state = 'waiting' AND dot_utc IS NULL
                AND meeting = ?2 AND meeting IS NOT NULL",
            vec![&person, meeting],
        ),
    };
    let mut statement = connection.prepare_cached(sql)?;
    let other = statement.query_row(rusqlite::params_from_iter(of), |row| row.get(0));
    Ok(other.optional()?)
}
