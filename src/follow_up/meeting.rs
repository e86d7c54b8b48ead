//! Quality dialogues between authority and unit, and check-ins between two people.

use jiff::civil::{Date, DateTime};
use serde::Serialize;

use super::choice::choice;
use super::{PersonId, UnitCode};

choice! {
    /// Which of the year's two dialogues.
    Round {
        /// The first, exploratory one: results, causes, measures and how they will be followed up.
        Explore = "explore" | "undersökande",
        /// The second: follow-up and evaluation of the measures.
        Evaluate = "evaluate" | "utvärderande",
    }
}

choice! {
    /// Where a dialogue stands.
    DialogueState {
        /// It has a time.
        Planned = "planned" | "planerad",
        /// It was held.
        Held = "held" | "genomförd",
        /// It will not be held.
        Cancelled = "cancelled" | "inställd",
    }
}

choice! {
    /// Who chose a focus area.
    ChosenBy {
        /// The unit's principal.
        Principal = "principal" | "rektor",
        /// The authority, by the area manager.
        Authority = "authority" | "huvudman",
    }
}

/// What a dialogue is to dwell on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FocusArea {
    /// Who chose it.
    pub chosen_by: ChosenBy,
    /// In their words.
    pub text: String,
}

/// A formal quality dialogue between the authority and one school unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dialogue {
    /// The unit.
    pub unit: UnitCode,
    /// The school year, `2026/27`.
    pub school_year: String,
    /// Which of the two.
    pub round: Round,
    /// Local start.
    pub starts: DateTime,
    /// Length in minutes.
    pub minutes: u32,
    /// Where, when known.
    pub place: String,
    /// Where it stands.
    pub state: DialogueState,
    /// Raised when time or place changes (RFC 5545 SEQUENCE).
    pub sequence: u32,
    /// What it is to dwell on.
    pub focus_areas: Vec<FocusArea>,
    /// Whether it stands where placing put it: nobody has moved it or agreed on it since.
    pub is_placed: bool,
    /// Until this day it is a proposal that nobody is told of.
    pub proposed_until: Option<Date>,
}

impl Dialogue {
    /// Whether it has been held, as things stand on `day`.
    pub fn is_held(&self, day: Date) -> bool {
        self.state == DialogueState::Held && self.starts.date() <= day
    }

    /// Whether it is still to be held or recorded, as things stand on `day`.
    pub fn is_open(&self, day: Date) -> bool {
        self.state != DialogueState::Cancelled && !self.is_held(day)
    }

    /// Whether `who` has chosen a focus area.
    pub fn has_focus_area(&self, who: ChosenBy) -> bool {
        self.focus_areas.iter().any(|area| area.chosen_by == who)
    }
}

choice! {
    /// Where a check-in stands.
    CheckInState {
        /// It has a time.
        Planned = "planned" | "planerad",
        /// It was held.
        Held = "held" | "genomförd",
        /// It will not be held.
        Cancelled = "cancelled" | "inställd",
    }
}

/// A principal and their area manager: check-ins belong to the pair, not to a unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Pair {
    /// The principal.
    pub principal: PersonId,
    /// The area manager.
    pub area_manager: PersonId,
}

/// A short recurring meeting between a principal and the area manager.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckIn {
    /// Whose.
    pub pair: Pair,
    /// Local start.
    pub starts: DateTime,
    /// Length in minutes.
    pub minutes: u32,
    /// Where it stands.
    pub state: CheckInState,
    /// The day it was held.
    pub held_on: Option<Date>,
    /// A note by whoever recorded it.
    pub note: String,
    /// What it is known by in people's calendars, also after it was moved.
    pub uid: String,
    /// Raised when its time changes (RFC 5545 SEQUENCE).
    pub sequence: u32,
    /// Whether it stands where placing put it: nobody has moved it or agreed on it since.
    pub is_placed: bool,
    /// Until this day it is a proposal that nobody is told of.
    pub proposed_until: Option<Date>,
}

impl CheckIn {
    /// The day on which they meet or met; none where it was cancelled.
    pub fn day(&self) -> Option<Date> {
        match self.state {
            CheckInState::Planned => Some(self.starts.date()),
            CheckInState::Held => Some(self.held_on.unwrap_or(self.starts.date())),
            CheckInState::Cancelled => None,
        }
    }

    /// The day it was held, if it had been by `day`.
    pub fn held_by(&self, day: Date) -> Option<Date> {
        let held = self.day().filter(|_| self.state == CheckInState::Held);
        held.filter(|held| *held <= day)
    }

    /// Whether it is still to come or to be recorded, as things stand on `day`.
    pub fn is_open(&self, day: Date) -> bool {
        self.state != CheckInState::Cancelled && self.held_by(day).is_none()
    }
}
