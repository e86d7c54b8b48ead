//! Placing: when the meetings of a school year are held.
//!
//! Pure: the authority's slices, the rules and what is already booked go in, and meetings come out,
//! the same ones for the same input.
//!
//! # Hard rules
//! Nobody is in two places at once. No meeting on a day without school: breaks, red days, eves,
//! weekends, quiet weeks; staff days only where the rules allow them. Unit and people are there on
//! the day: the unit in operation, the appointments held, nobody absent. What is booked stays; what
//! an earlier placing put where it is, and nobody has touched since, is its own to move.
//!
//! # Soft rules, the first weighs most
//! 1. Every meeting that can be placed is, with a check-in in every so many school weeks, bridged
//!    over weeks that have no room.
//! 2. What an earlier placing put where it is stays there while it breaks no hard rule, and moves
//!    only to make room for what would find none: as few as do.
//! 3. The load of each area manager is even over the weeks.
//! 4. The two dialogues of a unit lie at the same place of their windows, so well apart.
//! 5. Check-ins keep their weekday and time.
//! 6. A manager's meetings lie on one day, beside each other: who travels does so once.

mod assign;
mod book;
mod check_ins;
mod days;
mod dialogues;
mod diary;
mod ground;
mod outcome;
mod rhythm;
mod room;

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime, Time, Weekday};
use serde::{Deserialize, Serialize};

pub use assign::{Most, Wish, assign};
use book::{Book, Own};

use super::matter::DialogueKey;
use super::rules::Rhythm;
use crate::calendar::{Calendar, SchoolYear};
use crate::follow_up::{AreaWorld, Pair, PersonId};

/// When meetings of a kind may begin, and how long they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    /// On which weekdays.
    pub weekdays: Vec<Weekday>,
    /// At which local times.
    pub times: Vec<Time>,
    /// Their length in minutes.
    pub minutes: u32,
    /// Whether staff days may hold them too.
    pub on_staff_days: bool,
}

/// The rules of placing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacingRules {
    /// Dialogues.
    pub dialogues: Times,
    /// Check-ins.
    pub check_ins: Times,
    /// How often check-ins are held.
    pub rhythm: Rhythm,
}

/// Time in which a person is taken by something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Busy {
    /// Who.
    pub person: PersonId,
    /// Local start.
    pub starts: DateTime,
    /// Length in minutes.
    pub minutes: u32,
}

/// What a placing rests on.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The school year.
    pub year: &'a SchoolYear,
    /// Nothing is placed before this day.
    pub from: Date,
    /// Every area's slice.
    pub worlds: &'a [&'a AreaWorld],
    /// Days, weeks and school years.
    pub calendar: &'a Calendar,
    /// The rules.
    pub rules: &'a PlacingRules,
    /// What people are taken by beside the meetings on record.
    pub busy: &'a [Busy],
}

/// A dialogue that was given a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlacedDialogue {
    /// Which.
    pub dialogue: DialogueKey,
    /// The principal who will be there.
    pub principal: PersonId,
    /// The area managers who will be there.
    pub area_managers: Vec<PersonId>,
    /// Local start.
    pub starts: DateTime,
    /// Length in minutes.
    pub minutes: u32,
    /// Where an earlier placing had put it; `None` for a new one.
    pub moved_from: Option<DateTime>,
}

/// A check-in that was given a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlacedCheckIn {
    /// Whose.
    pub pair: Pair,
    /// Local start.
    pub starts: DateTime,
    /// Length in minutes.
    pub minutes: u32,
    /// Where an earlier placing had put it; `None` for a new one.
    pub moved_from: Option<DateTime>,
}

/// A check-in of an earlier placing that can no longer be held then, and is needed at no other time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Withdrawn {
    /// Whose.
    pub pair: Pair,
    /// Local start.
    pub starts: DateTime,
}

/// A dialogue that could not be placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unplaced {
    /// Which.
    pub dialogue: DialogueKey,
    /// Where an earlier placing put it, and where it stands although it cannot be held then; `None`
    /// where it has no time at all.
    #[serde(default)]
    pub stands: Option<DateTime>,
    /// Why.
    pub obstacle: Obstacle,
}

/// What stands in the way of a dialogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// The school year has no window for it.
    NoWindow,
    /// The window lies before the first day on which something may be placed.
    WindowPast,
    /// No day of the window is a day for dialogues.
    NoDay,
    /// The unit is not in operation on any of them.
    NotInOperation,
    /// Nobody leads the unit, or nobody manages its area, on any of them.
    Vacant,
    /// Principal or manager is away on all of them.
    Away,
    /// Principal or manager is taken at every time there is.
    Taken,
    /// Somebody cancelled it; that is not undone here.
    Cancelled,
}

impl Obstacle {
    /// Its word, as `--json` writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoWindow => "no_window",
            Self::WindowPast => "window_past",
            Self::NoDay => "no_day",
            Self::NotInOperation => "not_in_operation",
            Self::Vacant => "vacant",
            Self::Away => "away",
            Self::Taken => "taken",
            Self::Cancelled => "cancelled",
        }
    }

    /// The obstacle as a sentence, and what would remove it.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NoWindow => {
                "the school year has no window for it; set explore and evaluate in the configuration"
            }
            Self::WindowPast => "its window is past; set a later one, or record its date",
            Self::NoDay => {
                "no day of its window may hold dialogues; widen the window, or name more weekdays"
            }
            Self::NotInOperation => "the unit is not in operation within its window",
            Self::Vacant => {
                "nobody leads the unit, or manages its area, within its window; fill the post"
            }
            Self::Away => "principal or area manager is away for all of its window; widen it",
            Self::Taken => {
                "principal or area manager is taken at every time of its window; widen it, or name more times"
            }
            Self::Cancelled => "it was cancelled; record the time it is to have instead",
        }
    }
}

/// A stretch in which a pair has no check-in for more school weeks than its rhythm allows, those in
/// which the two are no pair left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LongGap {
    /// Whose.
    pub pair: Pair,
    /// The Monday of its first week.
    pub from: Date,
    /// The Sunday of its last.
    pub to: Date,
    /// How many school weeks it holds.
    pub school_weeks: usize,
    /// Why.
    pub obstacle: GapObstacle,
}

/// What stands in the way of a check-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GapObstacle {
    /// On every day that may hold check-ins one of the two is away.
    Away,
    /// One of the two is taken at every time there is.
    Taken,
}

impl GapObstacle {
    /// The obstacle as a sentence, and what would remove it.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Away => {
                "one of the two is away on every day that may hold check-ins; shorten the absence, name more weekdays, or record a time agreed by hand"
            }
            Self::Taken => {
                "one of the two is taken at every time there is; name more times or weekdays"
            }
        }
    }
}

/// What came of placing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Placement {
    /// Dialogues placed, by start.
    pub dialogues: Vec<PlacedDialogue>,
    /// Check-ins placed, by start.
    pub check_ins: Vec<PlacedCheckIn>,
    /// Check-ins to be cancelled, by start.
    pub withdrawn: Vec<Withdrawn>,
    /// Dialogues that could not be placed.
    pub unplaced: Vec<Unplaced>,
    /// Gaps between check-ins that could not be closed.
    pub gaps: Vec<LongGap>,
}

/// How many times placing goes over its own result.
const ROUNDS: usize = 8;

/// Places what the school year lacks: both dialogues of every unit, and every pair's check-ins.
/// Meetings on record stay where they are, and are planned around. What an earlier placing put there
/// moves where it can no longer be held, and otherwise only to make room for what finds none.
pub fn place(request: &Request<'_>) -> Placement {
    let on_record = Own::on_record(request);
    let mut own = on_record.clone();
    let mut rounds = 0;
    loop {
        let (book, stuck) = round(request, &own);
        let now = book.own(&own, &stuck);
        rounds += 1;
        // The result is one that placing has nothing to add to, so that it does not the next time.
        let placement = outcome::outcome(&book, &stuck, (&on_record, &now));
        let is_whole = placement.unplaced.is_empty() && placement.gaps.is_empty();
        if is_whole || now == own || rounds == ROUNDS {
            return placement;
        }
        own = now;
    }
}

/// Goes over the year once.
fn round<'a>(request: &'a Request<'a>, own: &Own) -> (Book<'a>, BTreeMap<DialogueKey, Obstacle>) {
    let mut stuck = BTreeMap::new();
    loop {
        let mut book = Book::new(request, own, &stuck);
        dialogues::place(&mut book);
        check_ins::place(&mut book);
        room::make(&mut book);
        let more = outcome::stuck(&book);
        if more.is_empty() {
            return (book, stuck);
        }
        // What cannot be moved either stays on record, and its time is taken after all.
        stuck.extend(more);
    }
}
