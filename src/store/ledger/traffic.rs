//! How much leaves on a day, beside the days before it.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, params};

use super::Ledger;
use crate::plan::Count;
use crate::store::StoreError;

/// So many mail days tell what is usual.
const DAYS: usize = 20;

/// The fact that tells for which day a person let everything go.
const RELEASED: &str = "released";

/// What leaves on a day and what left before it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traffic {
    /// What has left that day and what waits to.
    pub today: Count,
    /// What left on the mail days before it, the latest first.
    pub before: Vec<Count>,
    /// Whether a person has let the day's go.
    pub is_released: bool,
}

/// What is not to be claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hold {
    /// Mails of the day, but for the one that asks what is to become of them.
    pub mails: bool,
    /// Changes to meetings.
    pub changes: bool,
}

/// A meeting that was told of is called off or moved.
pub const IS_CHANGE: &str = "EXISTS (SELECT 1 FROM invitation i WHERE i.mail = m.id
                                     AND (i.method = 'cancel' OR i.sequence > 0))";

impl Ledger {
    /// The traffic of the local day `day`, as it stands at `now`.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn traffic(&self, now: Timestamp, day: Date) -> Result<Traffic, StoreError> {
        self.database
            .run(move |connection| traffic(connection, now, &day.to_string()))
            .await
    }

    /// The number of the mail written down last.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn newest_mail(&self) -> Result<Option<i64>, StoreError> {
        self.database
            .run(|connection| {
                let mut statement = connection.prepare_cached("SELECT max(id) FROM mail")?;
                Ok(statement.query_row([], |row| row.get(0))?)
            })
            .await
    }

    /// Lets everything go that leaves on a local day, however much it is.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn release(&self, day: Date) -> Result<(), StoreError> {
        let fact = (RELEASED.to_owned(), day.to_string());
        self.look_at(vec![None], vec![fact]).await
    }
}

fn traffic(connection: &Connection, now: Timestamp, day: &str) -> Result<Traffic, StoreError> {
    let released: Option<String> = connection
        .prepare_cached("SELECT value FROM fact WHERE name = ?1")?
        .query_row([RELEASED], |row| row.get(0))
        .optional()?;
    let mut before = Vec::new();
    let mut last = day.to_owned();
    while before.len() < DAYS {
        // By the index, a step a day: a GROUP BY would read every mail there ever was.
        let sql = "SELECT max(sent_on) FROM mail WHERE sent_on < ?1";
        let mut statement = connection.prepare_cached(sql)?;
        let Some(earlier) = statement.query_row([&last], |row| row.get::<_, Option<String>>(0))?
        else {
            break;
        };
        before.push(sent(connection, &earlier)?);
        last = earlier;
    }
    let (sent, waiting) = (sent(connection, day)?, waiting(connection, now)?);
    Ok(Traffic {
        today: Count {
            mails: sent.mails + waiting.mails,
            changes: sent.changes + waiting.changes,
        },
        before,
        is_released: released.as_deref() == Some(day),
    })
}

fn sent(connection: &Connection, day: &str) -> Result<Count, StoreError> {
    count(connection, "m.sent_on = ?1", params![day])
}

fn waiting(connection: &Connection, now: Timestamp) -> Result<Count, StoreError> {
    let which = "m.state = 'waiting' AND m.dot_utc IS NULL AND m.next_attempt_utc <= ?1";
    count(connection, which, params![now.as_second()])
}

fn count(
    connection: &Connection,
    which: &str,
    of: impl rusqlite::Params,
) -> Result<Count, StoreError> {
    let sql = format!(
        "SELECT count(*) FILTER (WHERE m.meeting IS NULL),
                count(*) FILTER (WHERE m.meeting IS NOT NULL AND {IS_CHANGE})
         FROM mail m WHERE {which}"
    );
    let count = connection.prepare_cached(&sql)?.query_row(of, |row| {
        Ok(Count {
            mails: row.get(0)?,
            changes: row.get(1)?,
        })
    })?;
    Ok(count)
}
