//! Invitations: the last word to each person about each meeting, and the words still to be said.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime};
use rusqlite::{Connection, OptionalExtension, params};
use serde::de::DeserializeOwned;

use super::notice::{SliceCalls, Tick};
use super::{Ledger, NoticeRow, slice, slice_word};
use crate::follow_up::{AreaId, PersonId};
use crate::plan::{Call, Method, Told};
use crate::store::StoreError;

/// What the ledger knows of a slice's meetings.
#[derive(Debug, Clone, Default)]
pub struct Spoken {
    /// The last word to each person about each meeting, as far as it has left or may have.
    pub told: Vec<Told>,
    /// Invitations that have not left yet: whose, and of which meeting.
    pub waiting: BTreeSet<(PersonId, String)>,
}

/// Writes what a mail says of a meeting: mail, area, method, sequence, end, meeting and change.
pub const INVITE: &str = "
    INSERT INTO invitation (mail, area, method, sequence, until, said, change)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (mail) DO UPDATE SET area = excluded.area, method = excluded.method,
        sequence = excluded.sequence, until = excluded.until, said = excluded.said,
        change = excluded.change";

impl Ledger {
    /// What was said of every meeting that ends after `now` and that the slice has spoken of, or
    /// that is among `keys`.
    ///
    /// # Errors
    /// SQLite refused, or a row cannot be read back.
    pub async fn spoken_of(
        &self,
        area: Option<AreaId>,
        now: DateTime,
        mut keys: BTreeSet<String>,
    ) -> Result<Spoken, StoreError> {
        self.database
            .run(move |connection| {
                let mut statement = connection.prepare_cached(OF_AREA)?;
                let own = statement
                    .query_map(params![slice_word(area.as_ref()), now.to_string()], |row| {
                        row.get::<_, String>(0)
                    })?;
                for key in own {
                    keys.insert(key?);
                }
                let mut spoken = Spoken::default();
                for key in keys {
                    spoken_of(connection, &key, None, &mut spoken)?;
                }
                Ok(spoken)
            })
            .await
    }

    /// How many invitations a person has got on a day, or is about to get.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn invited_on(&self, person: PersonId, day: Date) -> Result<u32, StoreError> {
        self.database
            .run(move |connection| {
                let mut statement = connection.prepare_cached(INVITED)?;
                let of = params![person.as_str(), day.to_string()];
                Ok(statement.query_row(of, |row| row.get(0))?)
            })
            .await
    }

    /// The last word before `day` to every person about every meeting that ends after `now`, as far
    /// as it has left or may have.
    ///
    /// # Errors
    /// SQLite refused, or a row cannot be read back.
    pub async fn told_before(&self, day: Date, now: DateTime) -> Result<Vec<Told>, StoreError> {
        self.database
            .run(move |connection| {
                let sql = "SELECT DISTINCT m.meeting FROM invitation i JOIN mail m ON m.id = i.mail
                           WHERE i.until > ?1";
                let mut statement = connection.prepare_cached(sql)?;
                let keys = statement.query_map([now.to_string()], |row| row.get::<_, String>(0))?;
                let mut spoken = Spoken::default();
                for key in keys {
                    spoken_of(connection, &key?, Some(day), &mut spoken)?;
                }
                Ok(spoken.told)
            })
            .await
    }
}

fn spoken_of(
    connection: &Connection,
    key: &str,
    before: Option<Date>,
    into: &mut Spoken,
) -> Result<(), StoreError> {
    let sql =
        "SELECT m.person, m.state, m.dot_utc IS NOT NULL, i.method, i.sequence, i.said, i.area,
                      m.address
               FROM mail m JOIN invitation i ON i.mail = m.id
               WHERE m.meeting = ?1 AND m.state <> 'withdrawn' AND ifnull(m.slot < ?2, 1)
               ORDER BY m.id";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![key, before.map(|day| day.to_string())])?;
    let mut last: BTreeMap<PersonId, Told> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let person = PersonId::new(row.get::<_, String>(0)?);
        let state: String = row.get(1)?;
        if state == "waiting" && !row.get::<_, bool>(2)? {
            into.waiting.insert((person, key.to_owned()));
            continue;
        }
        let method = method(&row.get::<_, String>(3)?)?;
        let has_left = row.get(2)? || matches!(state.as_str(), "sent" | "held" | "sending");
        let before = last.get(&person).is_some_and(|told: &Told| told.asked);
        let told = Told {
            asked: before || (has_left && method == Method::Request),
            address: row.get(7)?,
            uid: key.to_owned(),
            person: person.clone(),
            method,
            sequence: row.get(4)?,
            meeting: parsed(&row.get::<_, String>(5)?)?,
            refused: state == "refused",
            area: slice(&row.get::<_, String>(6)?),
        };
        last.insert(person, told);
    }
    into.told.extend(last.into_values());
    Ok(())
}

/// The invitations of an area that wait; they are few beside all there ever were, so the search begins
/// with them.
const WAITING_OF_AREA: &str = "
    SELECT m.id FROM mail m CROSS JOIN invitation i ON i.mail = m.id
    WHERE m.state = 'waiting' AND m.dot_utc IS NULL AND m.meeting IS NOT NULL AND i.area = ?1";

/// The meetings that an area has spoken of and that are not over.
const OF_AREA: &str = "
    SELECT DISTINCT m.meeting FROM invitation i JOIN mail m ON m.id = i.mail
    WHERE i.area = ?1 AND i.until > ?2 AND m.state <> 'withdrawn'";

/// How many invitations a person has got on a day, or is about to get.
const INVITED: &str = "
    SELECT (SELECT count(*) FROM mail
            WHERE person = ?1 AND sent_on = ?2 AND meeting IS NOT NULL)
         + (SELECT count(*) FROM mail WHERE person = ?1 AND meeting IS NOT NULL
                AND state = 'waiting' AND dot_utc IS NULL)";

/// Writes the calls of a slice down: each gets a mail, or the one that waits says this instead. What
/// else waits of the slice's invitations is no longer to be said. Returns how many mails were begun.
pub fn write_calls(
    connection: &Connection,
    tick: &Tick,
    SliceCalls {
        area,
        calls,
        adopted,
    }: &SliceCalls,
) -> Result<usize, StoreError> {
    let area = slice_word(area.as_ref());
    for key in adopted {
        connection
            .prepare_cached(
                "UPDATE invitation SET area = ?1
                 WHERE mail IN (SELECT id FROM mail WHERE meeting = ?2) AND area <> ?1",
            )?
            .execute([area, key])?;
    }
    let mut begun = 0;
    let mut kept = BTreeSet::new();
    for (call, message_id) in calls {
        let (mail, is_new) = waiting_mail(connection, tick, (call, message_id))?;
        begun += usize::from(is_new);
        kept.insert(mail);
        connection.prepare_cached(INVITE)?.execute(params![
            mail,
            area,
            call.method.word(),
            call.sequence,
            call.meeting.ends().to_string(),
            json(&call.meeting)?,
            json(&call.change)?,
        ])?;
    }
    let sql = WAITING_OF_AREA;
    let mut statement = connection.prepare_cached(sql)?;
    let waiting = statement.query_map([area], |row| row.get::<_, i64>(0))?;
    for mail in waiting.collect::<Result<Vec<_>, _>>()? {
        if !kept.contains(&mail) {
            connection
                .prepare_cached(
                    "UPDATE mail SET state = 'withdrawn', settled_utc = ?2 WHERE id = ?1",
                )?
                .execute(params![mail, tick.at.as_second()])?;
        }
    }
    Ok(begun)
}

/// The mail to the person about the meeting that waits, and whether it had to be begun.
fn waiting_mail(
    connection: &Connection,
    tick: &Tick,
    (call, message_id): (&Call, &str),
) -> Result<(i64, bool), StoreError> {
    let sql = "SELECT id FROM mail WHERE meeting = ?1 AND person = ?2
               AND state = 'waiting' AND dot_utc IS NULL";
    let waiting = connection
        .prepare_cached(sql)?
        .query_row([&call.uid, call.to.as_str()], |row| row.get(0))
        .optional()?;
    if let Some(mail) = waiting {
        return Ok((mail, false));
    }
    connection
        .prepare_cached(
            "INSERT INTO mail (person, slot, message_id, state, next_attempt_utc, created_utc, meeting)
             VALUES (?1, ?2, ?3, 'waiting', ?4, ?4, ?5)",
        )?
        .execute(params![
            call.to.as_str(),
            tick.day.to_string(),
            message_id,
            tick.at.as_second(),
            call.uid
        ])?;
    Ok((connection.last_insert_rowid(), true))
}

/// The call that a mail carries; `None` for the day's mail.
pub fn call_of(connection: &Connection, mail: i64) -> Result<Option<Call>, StoreError> {
    let sql = "SELECT m.meeting, m.person, i.method, i.sequence, i.said, i.change, i.area
               FROM mail m JOIN invitation i ON i.mail = m.id WHERE m.id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([mail])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    Ok(Some(Call {
        uid: row.get(0)?,
        to: PersonId::new(row.get::<_, String>(1)?),
        method: method(&row.get::<_, String>(2)?)?,
        sequence: row.get(3)?,
        meeting: parsed(&row.get::<_, String>(4)?)?,
        change: parsed(&row.get::<_, String>(5)?)?,
        area: slice(&row.get::<_, String>(6)?),
    }))
}

/// Whether an earlier mail to the same person about the same meeting has left, or may have.
pub fn follows(connection: &Connection, mail: i64) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM mail this JOIN mail earlier
               ON earlier.meeting = this.meeting AND earlier.person = this.person
               WHERE this.id = ?1 AND earlier.id < this.id
                   AND (earlier.dot_utc IS NOT NULL OR earlier.state IN ('sent', 'held'))";
    Ok(connection.prepare_cached(sql)?.exists([mail])?)
}

/// Whether a later mail to the same person about the same meeting was begun: an earlier one may then
/// no longer leave.
pub fn is_overtaken(connection: &Connection, mail: i64) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM mail this JOIN mail later
               ON later.meeting = this.meeting AND later.person = this.person
               WHERE this.id = ?1 AND later.id > this.id AND later.state <> 'withdrawn'";
    Ok(connection.prepare_cached(sql)?.exists([mail])?)
}

/// Every invitation of mails that `which` chooses, as a notice is shown: its step is the SEQUENCE and
/// its due date the meeting's day.
pub fn shown(
    connection: &Connection,
    which: &str,
    of: impl rusqlite::Params,
) -> Result<Vec<NoticeRow>, StoreError> {
    let sql = format!("SELECT m.id, m.slot, m.state FROM mail m WHERE {which} ORDER BY m.id");
    let mut statement = connection.prepare(&sql)?;
    let mails = statement.query_map(of, |row| {
        Ok((
            row.get::<_, i64>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, String>(2)?,
        ))
    })?;
    let mut rows = Vec::new();
    for mail in mails {
        let (mail, slot, state) = mail?;
        if let Some(call) = call_of(connection, mail)? {
            rows.push(NoticeRow {
                occurrence: format!("invitation/{}", call.uid),
                step: i32::try_from(call.sequence).unwrap_or(i32::MAX),
                recipient: call.to.clone(),
                role: "invited".into(),
                due: call.meeting.starts.date().to_string(),
                decision: call.method.word().into(),
                reason: call.change.sentence(),
                on_day: slot,
                mail: Some(mail),
                mail_state: Some(state),
                mail_to: Some(call.to),
            });
        }
    }
    Ok(rows)
}

fn unreadable(message: String) -> StoreError {
    StoreError::Unreadable {
        table: "invitation",
        message,
    }
}

fn method(word: &str) -> Result<Method, StoreError> {
    Method::parse(word).ok_or_else(|| unreadable(format!("\"{word}\" is no method")))
}

fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))
}

fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| unreadable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each look at a slice asks these, and the mails and invitations of years are many.
    #[test]
    fn what_waits_and_what_left_today_is_found_by_index() {
        let mut connection = Connection::open_in_memory().unwrap();
        let path = std::path::Path::new(":memory:");
        crate::store::migration::migrate(&mut connection, path, &super::super::SCHEMA).unwrap();
        for (sql, count) in [(WAITING_OF_AREA, 1), (INVITED, 2), (OF_AREA, 2)] {
            let sql = format!("EXPLAIN QUERY PLAN {sql}");
            let mut statement = connection.prepare(&sql).unwrap();
            let of = vec!["x"; count];
            let of = rusqlite::params_from_iter(of);
            let steps = statement.query_map(of, |row| row.get::<_, String>(3));
            let steps: Vec<String> = steps.unwrap().collect::<Result<_, _>>().unwrap();
            let reads = steps.iter().filter(|step| step.starts_with("SCAN"));
            let whole: Vec<&String> = reads
                .filter(|step| !step.contains("mail_inviting") && !step.contains("CONSTANT"))
                .collect();
            assert!(whole.is_empty(), "{sql}: {steps:#?}");
        }
    }
}
