//! What changed since the daemon last looked, whoever changed it.

use super::Calendar;
use crate::store::StoreError;

/// The areas that changed after a point, and where the record stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// Which calendar this is: another one means everything is new.
    pub identity: String,
    /// How far its record of changes goes.
    pub seq: i64,
    /// The areas changed after the point asked about: an identifier, `*` for every area, or
    /// nothing for the authority's own slice.
    pub areas: Vec<String>,
}

impl Calendar {
    /// The changes after `seen`.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn changes_after(&self, seen: i64) -> Result<Changes, StoreError> {
        self.database
            .run(move |connection| {
                let snapshot = connection.transaction()?;
                let identity =
                    snapshot.query_row("SELECT id FROM calendar_identity", [], |row| row.get(0))?;
                let seq: Option<i64> =
                    snapshot.query_row("SELECT max(seq) FROM change", [], |row| row.get(0))?;
                let mut statement = snapshot
                    .prepare_cached("SELECT area FROM change WHERE seq > ?1 ORDER BY area")?;
                let areas = statement
                    .query_map([seen], |row| {
                        // One that is no text is nobody's area; its row is told of elsewhere.
                        let bytes = row.get_ref(0)?.as_bytes().unwrap_or_default();
                        Ok(String::from_utf8_lossy(bytes).into_owned())
                    })?
                    .collect::<Result<_, _>>()?;
                drop(statement);
                Ok(Changes {
                    identity,
                    seq: seq.unwrap_or(0),
                    areas,
                })
            })
            .await
    }
}
