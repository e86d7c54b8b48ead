//! The calendar: what is so.
//!
//! Read area by area, written by imports and answers. Other programs may do both at the same
//! time; triggers keep a record of which areas changed, whoever changed them.

mod answer;
mod apply;
mod batch;
mod busy;
mod changes;
mod known;
mod person;
mod placed;
mod purge;
mod read;
mod row;
mod upsert;
mod whom;
mod write;
mod write_meetings;

use std::path::Path;

pub use answer::{Answer, AnswerError};
pub use apply::Writing;
pub use batch::{Applied, Batch, Change, Changed, Known, KnownAbsence, KnownUnit, Stood};
pub use changes::Changes;
pub use placed::Written;
pub use read::Reach;
pub use whom::{Unclear, Whom};

use super::StoreError;
use super::database::{Absent, Database};
use super::migration::Schema;

/// The calendar's schema. Other programs write to this file, so it stays readable by its group.
static SCHEMA: Schema = Schema {
    kind: "calendar",
    application_id: i32::from_be_bytes(*b"avCA"),
    synchronous: "FULL",
    private: false,
    migrations: &[
        include_str!("0001_calendar.sql"),
        include_str!("0002_changes.sql"),
        include_str!("0003_deputies.sql"),
        include_str!("0004_imported.sql"),
        include_str!("0005_posts.sql"),
        include_str!("0006_placing.sql"),
    ],
};

/// A handle to the calendar; clones share one connection and its thread.
#[derive(Clone, Debug)]
pub struct Calendar {
    database: Database,
}

impl Calendar {
    /// Opens the calendar, or makes an empty one.
    ///
    /// # Errors
    /// The file is foreign, newer, or cannot be written to.
    pub fn open_or_create(path: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            database: Database::open(path, &SCHEMA, Absent::Create)?,
        })
    }

    /// Opens a calendar that must be there.
    ///
    /// # Errors
    /// As [`Calendar::open_or_create`], and when the file is missing.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            database: Database::open(path, &SCHEMA, Absent::Refuse)?,
        })
    }

    /// An empty calendar that is gone with its last handle, for trying an import out.
    ///
    /// # Errors
    /// SQLite refused.
    pub fn in_memory() -> Result<Self, StoreError> {
        Ok(Self {
            database: Database::in_memory(&SCHEMA)?,
        })
    }

    /// What is wrong with the file, a line a fault; nothing where it is sound. Reads all of it.
    ///
    /// # Errors
    /// It cannot even be looked at.
    pub async fn damage(&self) -> Result<Vec<String>, StoreError> {
        self.database.damage().await
    }
}
