//! Anything else of the year that has a date and somebody who answers for it.

use jiff::civil::Date;
use serde::Serialize;

use super::{ActivityId, Post, Role};

/// A fixed point of the year: a current-state analysis, the quality report, the first follow-up
/// of a subject team's goals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Activity {
    /// The authority's identifier.
    pub id: ActivityId,
    /// What it is.
    pub title: String,
    /// For whom: a unit, an area or the whole authority.
    pub post: Post,
    /// The role that answers for it.
    pub role: Role,
    /// When it should be done.
    pub due: Date,
    /// The day it was done.
    pub done_on: Option<Date>,
}

impl Activity {
    /// Whether it is still to do, as things stand on `day`.
    pub fn is_open(&self, day: Date) -> bool {
        self.done_on.is_none_or(|done| day < done)
    }
}
