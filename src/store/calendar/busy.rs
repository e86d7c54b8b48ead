//! When people are busy, by their own calendars: only for placing. It says when, never with what,
//! and touches no area's plan.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Time};
use jiff::{SignedDuration, ToSpan};
use rusqlite::{Connection, params};

use super::Calendar;
use super::batch::Changed;
use super::row::{date_time, each, key, minute, plain};
use crate::follow_up::PersonId;
use crate::plan::placing::Busy;
use crate::store::StoreError;

/// Puts what is now known of people in place of all that was known of them. What is no longer
/// there counts as changed.
///
/// # Errors
/// SQLite refused.
pub fn replace(
    connection: &Connection,
    busy: &BTreeMap<PersonId, Vec<Busy>>,
    changed: &mut Changed,
) -> Result<(), StoreError> {
    for (person, stretches) in busy {
        let told = stretches.iter();
        let told: BTreeSet<(String, u32)> = told
            .map(|stretch| (minute(stretch.starts), stretch.minutes))
            .collect();
        let (known, unreadable) = known(connection, person)?;
        let change = changed.entry("busy").or_default();
        for id in unreadable {
            let sql = "DELETE FROM busy WHERE id = ?1";
            change.changed += connection.prepare_cached(sql)?.execute([id])?;
        }
        let sql = "DELETE FROM busy WHERE person = ?1 AND starts = ?2 AND minutes = ?3";
        for (starts, minutes) in known.difference(&told) {
            let of = params![person.as_str(), starts, minutes];
            change.changed += connection.prepare_cached(sql)?.execute(of)?;
        }
        let sql = "INSERT INTO busy (person, starts, minutes) VALUES (?1, ?2, ?3)";
        for (starts, minutes) in told.difference(&known) {
            let of = params![person.as_str(), starts, minutes];
            change.added += connection.prepare_cached(sql)?.execute(of)?;
        }
        change.unchanged += known.intersection(&told).count();
    }
    Ok(())
}

/// A start and so many minutes, as they are written.
type Stretches = BTreeSet<(String, u32)>;

/// What is known of a person, and the rows of theirs that say nothing that can be read.
fn known(connection: &Connection, person: &PersonId) -> Result<(Stretches, Vec<i64>), StoreError> {
    let sql = "SELECT id, starts, minutes FROM busy WHERE person = ?1";
    let of = [person.as_str()];
    let rows = each(connection, ("busy", sql), of, &mut Vec::new(), |row| {
        let stretch = plain(row, "starts").and_then(|starts| Ok((starts, plain(row, "minutes")?)));
        Ok(stretch.map_err(|_| plain::<i64>(row, "id")))
    })?;
    let (mut known, mut unreadable) = (Stretches::new(), Vec::new());
    for row in rows {
        match row {
            Ok(stretch) => drop(known.insert(stretch)),
            Err(id) => unreadable.extend(id),
        }
    }
    Ok((known, unreadable))
}

impl Calendar {
    /// Every stretch in which somebody is busy on the days from `from` to `to`, each within a day,
    /// by person and start.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn busy(&self, from: Date, to: Date) -> Result<Vec<Busy>, StoreError> {
        self.database
            .run(move |connection| between(connection, from, to))
            .await
    }
}

fn between(connection: &Connection, from: Date, to: Date) -> Result<Vec<Busy>, StoreError> {
    // One that another system wrote may have begun the evening before.
    let eve = minute(from.saturating_sub(1.day()).to_datetime(Time::midnight()));
    let end = minute(to.saturating_add(1.day()).to_datetime(Time::midnight()));
    let sql = "SELECT id, person, starts, minutes FROM busy WHERE starts >= ?1 AND starts < ?2
               ORDER BY person, starts, minutes";
    let busy = each(
        connection,
        ("busy", sql),
        params![eve, end],
        &mut Vec::new(),
        |row| {
            Ok(Busy {
                person: PersonId::new(key(row, "person")?),
                starts: date_time(row, "starts")?,
                minutes: plain(row, "minutes")?,
            })
        },
    )?;
    let days = busy.into_iter().flat_map(by_day);
    let is_within = |busy: &Busy| from <= busy.starts.date() && busy.starts.date() <= to;
    Ok(days.filter(is_within).collect())
}

/// What runs past midnight, as another system may write it, in two.
fn by_day(busy: Busy) -> impl Iterator<Item = Busy> {
    let length = SignedDuration::from_mins(i64::from(busy.minutes));
    let end = busy.starts.saturating_add(length);
    let midnight = end.date().to_datetime(Time::midnight());
    let after = Some(end.duration_since(midnight).as_mins())
        .filter(|_| busy.starts < midnight)
        .and_then(|minutes| u32::try_from(minutes).ok())
        .unwrap_or(0);
    let next = Busy {
        person: busy.person.clone(),
        starts: midnight,
        minutes: after,
    };
    let first = Busy {
        minutes: busy.minutes.saturating_sub(after),
        ..busy
    };
    [first, next].into_iter().filter(|busy| busy.minutes > 0)
}
