//! Notices: what was decided, written down in one transaction a tick.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, params};

use super::agenda::set_look_on;
use super::invitation::write_calls;
use super::{Ledger, read, slice_word, writing};
use crate::follow_up::{AreaId, PersonId};
use crate::plan::{Call, Letter, Line, Mailbox, NoticeKey};
use crate::store::StoreError;

/// Everything a tick writes.
#[derive(Debug, Clone)]
pub struct Tick {
    /// The instant of the tick.
    pub at: Timestamp,
    /// The local day it planned for.
    pub day: Date,
    /// The letters, each with the Message-ID its mail gets if it is a new one.
    pub letters: Vec<(Letter, String)>,
    /// What is to be said of the meetings of each slice that was looked at.
    pub calls: Vec<SliceCalls>,
    /// When each slice that was looked at is next worth a look.
    pub look_on: Vec<(Option<AreaId>, Date)>,
}

/// What is to be said of one slice's meetings.
#[derive(Debug, Clone)]
pub struct SliceCalls {
    /// The slice.
    pub area: Option<AreaId>,
    /// The calls, each with the Message-ID its mail gets if it is a new one.
    pub calls: Vec<(Call, String)>,
    /// Keys of meetings that another slice spoke of last, and that are this slice's from now on.
    pub adopted: BTreeSet<String>,
}

/// What a tick's writing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Noted {
    /// Notices written down.
    pub notices: usize,
    /// Mails begun.
    pub mails: usize,
    /// Invitations begun.
    pub invitations: usize,
}

impl Ledger {
    /// The latest step said of each row of notices, and the day it was.
    ///
    /// # Errors
    /// SQLite refused, or a stored day cannot be read.
    pub async fn said(
        &self,
        keys: Vec<NoticeKey>,
    ) -> Result<BTreeMap<NoticeKey, (i32, Date)>, StoreError> {
        self.database
            .run(move |connection| said(connection, keys))
            .await
    }

    /// When each person was last mailed.
    ///
    /// # Errors
    /// SQLite refused, or a stored day cannot be read.
    pub async fn mailboxes(
        &self,
        people: Vec<PersonId>,
    ) -> Result<BTreeMap<PersonId, Mailbox>, StoreError> {
        self.database
            .run(move |connection| {
                // What is being sent at this moment counts as the day's mail too.
                let sql = "SELECT max(ifnull(sent_on, iif(state = 'sending', slot, NULL)))
                           FROM mail WHERE person = ?1 AND meeting IS NULL";
                let mut statement = connection.prepare_cached(sql)?;
                let mut mailboxes = BTreeMap::new();
                for person in people {
                    let day: Option<String> =
                        statement.query_row([person.as_str()], |row| row.get(0))?;
                    let mailed_on = day.map(|day| read("mail", &day)).transpose()?;
                    mailboxes.insert(person, Mailbox { mailed_on });
                }
                Ok(mailboxes)
            })
            .await
    }

    /// Writes a tick down, whole or not at all.
    ///
    /// # Errors
    /// SQLite refused; then nothing of it is kept.
    pub async fn write_down(&self, tick: Tick) -> Result<Noted, StoreError> {
        self.database
            .run(move |connection| {
                let transaction = writing(connection)?;
                let mut noted = Noted::default();
                for (letter, message_id) in &tick.letters {
                    let (mail, begun) = gathering_mail(&transaction, &tick, letter, message_id)?;
                    noted.mails += usize::from(begun);
                    for line in &letter.lines {
                        write_line(&transaction, &tick, mail, line)?;
                        noted.notices += 1;
                    }
                }
                for of_slice in &tick.calls {
                    noted.invitations += write_calls(&transaction, &tick, of_slice)?;
                }
                for (area, day) in &tick.look_on {
                    set_look_on(&transaction, area.as_ref(), *day)?;
                }
                transaction.commit()?;
                Ok(noted)
            })
            .await
    }
}

fn said(
    connection: &Connection,
    keys: Vec<NoticeKey>,
) -> Result<BTreeMap<NoticeKey, (i32, Date)>, StoreError> {
    let sql = "SELECT step, on_day FROM notice
               WHERE occurrence = ?1 AND recipient = ?2 AND role = ?3 AND due = ?4
                 AND decision = 'said' ORDER BY step DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut said = BTreeMap::new();
    for key in keys {
        let due = key.due.to_string();
        let found = statement
            .query_row(
                params![
                    key.occurrence,
                    key.recipient.as_str(),
                    key.capacity.word(),
                    due
                ],
                |row| Ok((row.get::<_, i32>(0)?, row.get::<_, String>(1)?)),
            )
            .optional()?;
        if let Some((step, day)) = found {
            said.insert(key, (step, read("notice", &day)?));
        }
    }
    Ok(said)
}

/// The mail that gathers for a person, and whether it had to be begun.
fn gathering_mail(
    connection: &Connection,
    tick: &Tick,
    letter: &Letter,
    message_id: &str,
) -> Result<(i64, bool), StoreError> {
    let sql = "SELECT id FROM mail
               WHERE person = ?1 AND state = 'waiting' AND dot_utc IS NULL AND meeting IS NULL";
    let open = connection
        .prepare_cached(sql)?
        .query_row([letter.to.as_str()], |row| row.get::<_, i64>(0))
        .optional()?;
    if let Some(mail) = open {
        connection
            .prepare_cached("UPDATE mail SET slot = ?2 WHERE id = ?1")?
            .execute(params![mail, tick.day.to_string()])?;
        return Ok((mail, false));
    }
    let at = tick.at.as_second();
    connection
        .prepare_cached(
            "INSERT INTO mail (person, slot, message_id, state, next_attempt_utc, created_utc)
             VALUES (?1, ?2, ?3, 'waiting', ?4, ?4)",
        )?
        .execute(params![
            letter.to.as_str(),
            tick.day.to_string(),
            message_id,
            at
        ])?;
    Ok((connection.last_insert_rowid(), true))
}

/// Writes that a notice is said: occurrence, step, recipient, role, due date, area, reason, instant, day
/// and mail. One that was withdrawn and holds again is said again.
pub const SAY: &str = "
    INSERT INTO notice (occurrence, step, recipient, role, due, area, decision, reason, at_utc, on_day,
                        mail)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'said', ?7, ?8, ?9, ?10)
    ON CONFLICT (occurrence, recipient, role, due, step) DO UPDATE SET
        decision = 'said', reason = excluded.reason, at_utc = excluded.at_utc,
        on_day = excluded.on_day, mail = excluded.mail, area = excluded.area";

/// Writes one notice. An earlier step that still waits in the same mail has been overtaken.
fn write_line(
    connection: &Connection,
    tick: &Tick,
    mail: i64,
    line: &Line,
) -> Result<(), StoreError> {
    let NoticeKey {
        occurrence,
        recipient,
        capacity,
        due,
    } = &line.key;
    let (recipient, role, due) = (recipient.as_str(), capacity.word(), due.to_string());
    let step = line.cause.step;
    connection
        .prepare_cached(
            "UPDATE notice SET decision = 'superseded', reason = 'a later step was reached before it was sent'
             WHERE occurrence = ?1 AND recipient = ?2 AND role = ?3 AND due = ?4 AND step < ?5
               AND decision = 'said' AND mail = ?6",
        )?
        .execute(params![occurrence, recipient, role, due, step, mail])?;
    connection.prepare_cached(SAY)?.execute(params![
        occurrence,
        step,
        recipient,
        role,
        due,
        slice_word(line.decision.area.as_ref()),
        line.cause.sentence(tick.day),
        tick.at.as_second(),
        tick.day.to_string(),
        mail,
    ])?;
    Ok(())
}
