//! One person in the ledger and in the record beside it: what they have about them, and how they
//! forget them. What was said and when, and the keys by which it is known to have been said, stay.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::sent_record::{Entry, Fate, Left, LeftNotice, SentRecord, each_entry, rewrite};
use super::whom::{FORGETTING, note_unswept, unreadable};
use super::{Ledger, writing};
use crate::follow_up::{NOBODY, Naming, PersonId, Writer};
use crate::plan::key_without;
use crate::store::StoreError;
use crate::store::personal::{Column, Holds, Reader, each_naming, rows, take_out, without};
use crate::store::purge::{Extent, overwrite_deleted};

/// What may name people without pointing at them.
const COLUMNS: [Column; 7] = [
    ("notice", "occurrence", Holds::Key),
    ("notice", "reason", Holds::Text),
    ("mail", "meeting", Holds::Key),
    ("mail", "subject", Holds::Text),
    ("attempt", "reply", Holds::Text),
    ("invitation", "said", Holds::Json),
    ("invitation", "change", Holds::Json),
];

/// The rows that point at a person.
const ROWS: [(&str, &str); 5] = [
    ("mail", "person = ?1"),
    ("attempt", "mail IN (SELECT id FROM mail WHERE person = ?1)"),
    (
        "invitation",
        "mail IN (SELECT id FROM mail WHERE person = ?1)",
    ),
    (
        "notice",
        "recipient = ?1 OR mail IN (SELECT id FROM mail WHERE person = ?1)",
    ),
    ("link", "person = ?1"),
];

impl Ledger {
    /// The addresses to which mail to a person went.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn addresses_of(&self, person: PersonId) -> Result<Vec<String>, StoreError> {
        self.database
            .run(move |connection| {
                let sql = "SELECT DISTINCT address FROM mail WHERE person = ?1 AND address <> ''";
                let mut statement = connection.prepare(sql)?;
                let addresses = statement.query_map([person.as_str()], |row| row.get(0))?;
                Ok(addresses.collect::<Result<_, _>>()?)
            })
            .await
    }

    /// What of a person is still to be settled: mail that waits or is held, to them or with their name in
    /// it, by number; and meetings from `day` on that somebody has in their calendar.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn ties(
        &self,
        naming: Naming,
        day: Date,
        reader: Reader,
    ) -> Result<(Vec<i64>, Vec<String>), StoreError> {
        self.database
            .run(move |connection| {
                Ok((
                    unsettled(connection, &naming, reader)?,
                    ahead(connection, &naming, day)?,
                ))
            })
            .await
    }

    /// Begins to forget a person, or goes on with it: what they are known by, now and when it was begun,
    /// and the pseudonym of then.
    ///
    /// # Errors
    /// SQLite refused, or what was kept cannot be read.
    pub async fn begin_to_forget(
        &self,
        naming: Naming,
        pseudonym: String,
    ) -> Result<(Naming, String), StoreError> {
        let name = format!("{FORGETTING}{}", naming.id);
        let begun = match self.fact(&name).await? {
            None => (naming, pseudonym),
            Some(begun) => {
                let mut begun: (Naming, String) =
                    serde_json::from_str(&begun).map_err(unreadable)?;
                begun.0.names.extend(naming.names);
                begun.0.addresses.extend(naming.addresses);
                begun
            }
        };
        let value = serde_json::to_string(&begun).map_err(unreadable)?;
        self.look_at(Vec::new(), vec![(name, value)]).await?;
        Ok(begun)
    }

    /// Whether it was begun to forget a person, and not ended.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn is_forgetting(&self, person: &PersonId) -> Result<bool, StoreError> {
        Ok(self.fact(&format!("{FORGETTING}{person}")).await?.is_some())
    }

    /// Everything here that points at a person or names them, and the lines of the record that do.
    ///
    /// # Errors
    /// SQLite refused, or the record cannot be read.
    pub async fn about(&self, naming: Naming, reader: Reader) -> Result<Value, StoreError> {
        let path = self.path.clone();
        self.database
            .run(move |connection| {
                let mut about: BTreeMap<&str, Value> = BTreeMap::new();
                for (table, which) in ROWS {
                    let sql = format!("SELECT * FROM {table} WHERE {which}");
                    about.insert(
                        table,
                        rows(connection, &sql, [naming.id.as_str()], reader)?.into(),
                    );
                }
                about.insert("named_in", named_in(connection, &naming, reader)?.into());
                let mut record = Vec::new();
                if let Some(path) = path {
                    each_entry(&SentRecord::path(&path), |entry| {
                        if entry_without(&entry, &naming, NOBODY).is_some() {
                            record.push(json!(entry));
                        }
                    })?;
                }
                about.insert("record", record.into());
                Ok(json!(about))
            })
            .await
    }

    /// Forgets a person, here and in the record: what was said and when stays, under `pseudonym`. The
    /// texts of settled mails to them go, and those of others that name them. Nobody else may add to the
    /// record meanwhile. How many rows and lines were changed.
    ///
    /// # Errors
    /// SQLite or the disk refused; then the ledger is as it was, and forgetting begins anew.
    pub async fn forget(
        &self,
        naming: Naming,
        pseudonym: String,
        reader: Reader,
    ) -> Result<usize, StoreError> {
        let path = self.path.clone();
        self.database
            .run(move |connection| {
                overwrite_deleted(connection)?;
                let transaction = writing(connection)?;
                let whom = (&naming, pseudonym.as_str());
                let mut changed = forget_texts(&transaction, whom.0, reader)?;
                changed += forget_rows(&transaction, whom)?;
                transaction.execute(
                    "DELETE FROM fact WHERE name = ?1",
                    [format!("{FORGETTING}{}", naming.id)],
                )?;
                note_unswept(&transaction)?;
                if let Some(path) = path {
                    // Before the commit: a record that says less than the ledger heals nothing.
                    changed += forget_in_record(&SentRecord::path(&path), whom)?;
                }
                transaction.commit()?;
                Ok(changed)
            })
            .await
    }
}

fn unsettled(
    connection: &Connection,
    naming: &Naming,
    reader: Reader,
) -> Result<Vec<i64>, StoreError> {
    let sql = "SELECT id FROM mail WHERE person = ?1 AND state IN ('waiting', 'sending', 'held')";
    let mut statement = connection.prepare(sql)?;
    let waiting = statement.query_map([naming.id.as_str()], |row| row.get(0))?;
    let mut mails = waiting.collect::<Result<Vec<i64>, _>>()?;
    let others = mails_naming(connection, naming, reader)?.into_iter();
    mails.extend(others.filter_map(|(mail, is_settled)| (!is_settled).then_some(mail)));
    Ok(mails)
}

/// The meetings that end on `day` or later, of which the last word to the person, or to anybody whom the
/// person asked, is that they are held, or is still to leave.
fn ahead(connection: &Connection, naming: &Naming, day: Date) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT m.meeting, m.person, i.method,
                      m.state IN ('waiting', 'sending', 'held')
               FROM mail m JOIN invitation i ON i.mail = m.id
               WHERE m.state <> 'withdrawn' AND m.meeting IN
                   (SELECT o.meeting FROM mail o JOIN invitation j ON j.mail = o.id
                    WHERE j.until >= ?1)
               ORDER BY m.id";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([day.to_string()])?;
    let mut ahead: BTreeMap<(String, String), bool> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (meeting, person): (String, String) = (row.get(0)?, row.get(1)?);
        let is_theirs = person == naming.id.as_str() || key_without(&meeting, naming, "").is_some();
        if is_theirs {
            let is_open = row.get::<_, String>(2)? == "request" || row.get(3)?;
            ahead.insert((meeting, person), is_open);
        }
    }
    let mut meetings: Vec<String> = ahead
        .into_iter()
        .filter_map(|((meeting, _), is_open)| is_open.then_some(meeting))
        .collect();
    meetings.dedup();
    Ok(meetings)
}

/// Other people's mails whose text names the person, and whether they are settled.
fn mails_naming(
    connection: &Connection,
    naming: &Naming,
    reader: Reader,
) -> Result<Vec<(i64, bool)>, StoreError> {
    let sql = "SELECT id, state IN ('sent', 'withdrawn', 'dropped')
                      OR (state = 'refused' AND uncertain = 0), bytes
               FROM mail WHERE person <> ?1 AND bytes IS NOT NULL ORDER BY id";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([naming.id.as_str()])?;
    let mut mails = Vec::new();
    while let Some(row) = rows.next()? {
        let bytes: Vec<u8> = row.get(2)?;
        if naming.is_in(&reader(&bytes), Writer::Person) {
            mails.push((row.get(0)?, row.get(1)?));
        }
    }
    Ok(mails)
}

fn named_in(
    connection: &Connection,
    naming: &Naming,
    reader: Reader,
) -> Result<Vec<Value>, StoreError> {
    let mut named = Vec::new();
    each_naming(
        connection,
        &COLUMNS,
        (naming, NOBODY),
        |column, row, text, _| {
            let (table, name, _) = column;
            let row = match row {
                rusqlite::types::Value::Integer(number) => *number,
                _ => 0,
            };
            named.push(json!({"table": table, "row": row, "column": name, "text": text}));
            Ok(())
        },
    )?;
    for (mail, _) in mails_naming(connection, naming, reader)? {
        let sql = "SELECT person, slot, bytes FROM mail WHERE id = ?1";
        let (to, slot, bytes): (String, String, Vec<u8>) =
            connection.query_row(sql, [mail], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
        named.push(json!({
            "table": "mail", "row": mail, "column": "bytes",
            "to": to, "slot": slot, "text": reader(&bytes)
        }));
    }
    Ok(named)
}

fn forget_texts(
    connection: &Connection,
    naming: &Naming,
    reader: Reader,
) -> Result<usize, StoreError> {
    let mut changed = 0;
    for (mail, is_settled) in mails_naming(connection, naming, reader)? {
        // One that may still leave keeps its bytes; who asks for ties is told of it.
        if is_settled {
            let sql = "UPDATE mail SET bytes = NULL WHERE id = ?1";
            changed += connection.prepare_cached(sql)?.execute([mail])?;
        }
    }
    Ok(changed)
}

fn forget_rows(
    connection: &Connection,
    (naming, pseudonym): (&Naming, &str),
) -> Result<usize, StoreError> {
    let mut changed = take_out(connection, &COLUMNS, (naming, pseudonym))?;
    let id = naming.id.as_str();
    changed += connection.execute("DELETE FROM link WHERE person = ?1", [id])?;
    // One that was refused is not tried again: there is nobody to send it to.
    changed += connection.execute(
        "UPDATE mail SET person = ?2, address = NULL, subject = NULL, bytes = NULL,
                state = iif(state = 'refused', 'dropped', state)
         WHERE person = ?1",
        params![id, pseudonym],
    )?;
    changed += connection.execute(
        "UPDATE notice SET recipient = ?2 WHERE recipient = ?1",
        params![id, pseudonym],
    )?;
    Ok(changed)
}

fn forget_in_record(
    record: &Path,
    (naming, pseudonym): (&Naming, &str),
) -> Result<usize, StoreError> {
    rewrite(record, Extent::Remove, |line, entry| {
        Ok(match entry {
            Some(entry) => {
                entry_without(&entry, naming, pseudonym).map_or(Fate::Stays, Fate::Becomes)
            }
            None if naming.is_in(&String::from_utf8_lossy(line), Writer::Program) => Fate::Goes,
            None => Fate::Stays,
        })
    })
}

/// A line of the record without the person; `None` where it does not name them.
fn entry_without(entry: &Entry, naming: &Naming, pseudonym: &str) -> Option<Entry> {
    let without = match entry {
        Entry::Left(left) => Entry::Left(Box::new(left_without(left, naming, pseudonym))),
        Entry::Noted(notices) => Entry::Noted(notices_without(notices, naming, pseudonym)),
        Entry::Returned(_) => return None,
    };
    (without != *entry).then_some(without)
}

fn left_without(left: &Left, naming: &Naming, pseudonym: &str) -> Left {
    let mut left = left.clone();
    replace_id(&mut left.person, naming, pseudonym);
    left.notices = notices_without(&left.notices, naming, pseudonym);
    if let Some(said) = &mut left.invitation {
        replace(&mut said.meeting, Holds::Key, naming, pseudonym);
        if naming.has_address(&said.address) {
            said.address.clear();
        }
        replace(&mut said.said, Holds::Json, naming, pseudonym);
        replace(&mut said.change, Holds::Json, naming, pseudonym);
    }
    left
}

fn notices_without(notices: &[LeftNotice], naming: &Naming, pseudonym: &str) -> Vec<LeftNotice> {
    let mut notices = notices.to_vec();
    for notice in &mut notices {
        replace_id(&mut notice.recipient, naming, pseudonym);
        replace(&mut notice.occurrence, Holds::Key, naming, pseudonym);
        replace(&mut notice.reason, Holds::Text, naming, pseudonym);
    }
    notices
}

fn replace_id(id: &mut String, naming: &Naming, pseudonym: &str) {
    if id == naming.id.as_str() {
        pseudonym.clone_into(id);
    }
}

fn replace(text: &mut String, holds: Holds, naming: &Naming, pseudonym: &str) {
    if let Some(new) = without(text, holds, naming, pseudonym) {
        *text = new;
    }
}
