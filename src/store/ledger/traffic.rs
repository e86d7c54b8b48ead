//! How much leaves on a day, beside the days before it.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use rusqlite::{Connection, params};

use super::Ledger;
use super::agenda::fact;
use crate::plan::Count;
use crate::store::StoreError;

/// So many mail days tell what is usual.
const DAYS: usize = 20;

/// And what left so many days before and after the same day a year ago: some days come once a school year
/// for everybody.
const AROUND: i64 = 7;

/// The fact that tells for which day a person let everything go.
const RELEASED: &str = "released";

/// What leaves on a day and what left before it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traffic {
    /// What has left that day and what waits to.
    pub today: Count,
    /// What left on the mail days before it, the latest first, then around the day a year ago.
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
    /// Invitations of every kind.
    pub invitations: bool,
}

impl Hold {
    /// Everything, but for the question what is to become of it.
    pub const ALL: Self = Self {
        mails: true,
        changes: true,
        invitations: true,
    };
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
            .run(move |connection| traffic(connection, now, day))
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

fn traffic(connection: &Connection, now: Timestamp, date: Date) -> Result<Traffic, StoreError> {
    let day = &date.to_string();
    let released = fact(connection, RELEASED)?;
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
    before.extend(a_year_before(connection, date)?);
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

/// What left around the same day a year ago, each day by itself.
fn a_year_before(connection: &Connection, day: Date) -> Result<Vec<Count>, StoreError> {
    let year_ago = day.saturating_sub(1.year());
    let (from, to) = (
        year_ago.saturating_sub(AROUND.days()),
        year_ago.saturating_add(AROUND.days()),
    );
    let sql = "SELECT DISTINCT sent_on FROM mail WHERE sent_on BETWEEN ?1 AND ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let days = statement.query_map([from.to_string(), to.to_string()], |row| row.get(0))?;
    let days: Vec<String> = days.collect::<Result<_, _>>()?;
    days.iter().map(|day| sent(connection, day)).collect()
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

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::plan::Storm;

    /// So many mails to people of their own, on a day.
    fn left(connection: &Connection, day: Date, mails: usize) {
        let sql =
            "INSERT INTO mail (person, slot, message_id, state, next_attempt_utc, created_utc,
                                     dot_utc, sent_on, settled_utc)
                   VALUES (?1, ?2, ?1 || ?2, 'sent', 0, 0, 0, ?2, 0)";
        for person in 0..mails {
            let values = params![format!("p{person}"), day.to_string()];
            connection.execute(sql, values).unwrap();
        }
    }

    /// Each August everybody is asked for last year's effects on the same day.
    #[test]
    fn what_comes_once_a_school_year_is_a_storm_the_first_time_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        let path = std::path::Path::new(":memory:");
        crate::store::migration::migrate(&mut connection, path, &super::super::SCHEMA).unwrap();
        for year in [2026, 2027] {
            let spring = date(year, 5, 3);
            for week in 0..8 {
                for day in 0..4 {
                    left(&connection, spring + (7 * week + day).days(), 12);
                }
            }
            let day = date(year, 8, 17);
            left(&connection, day, 100);
            let traffic = traffic(&connection, Timestamp::UNIX_EPOCH, day).unwrap();
            let storm = Storm::weigh(day, traffic.today, &traffic.before, 3);
            assert_eq!(storm.is_some(), year == 2026, "{storm:?}");
        }
    }
}
