//! Retention: what is kept for how long, and why a rule may not be shorter.
//!
//! A rule is a number of months; where there is none, the records are kept. From a rule and a day
//! follows the day before which a record is old enough to go. What a record is reckoned from is the
//! store's affair, and so is what stays all the same since it is not settled.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use jiff::{Timestamp, ToSpan};

use super::rules::{DueRules, Rules};
use crate::calendar::Calendar;

/// What is said may be asked for so many years after its longest repeat, and is still remembered.
const YEARS_BEYOND_A_REPEAT: u32 = 2;

/// Fewer working days than any year has: reckoned with these, a repeat is never taken for shorter
/// than it is.
const WORKING_DAYS_A_YEAR: u32 = 200;

/// A kind of record that a rule may remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kept {
    /// Subject and text of settled mails.
    MailText,
    /// Tries of settled mails, with the server's words.
    Attempts,
    /// The day's mails, settled.
    Mails,
    /// Invitations to meetings that are over.
    Invitations,
    /// Links that have expired.
    Links,
    /// What was said.
    Notices,
    /// Times at which people were busy.
    Busy,
    /// Absences that are over.
    Absences,
    /// Notes of check-ins.
    CheckInNotes,
    /// Free text of evaluations.
    EvaluationText,
    /// Check-ins themselves.
    CheckIns,
    /// Dialogues with their focus areas.
    Dialogues,
    /// Activities that were done.
    Activities,
    /// Measures that ask for nothing more, with their evaluations.
    Measures,
    /// Who changed what.
    Journal,
    /// People who hold no post any more and whom no record names.
    People,
}

/// How a rule is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// In months.
    Months,
    /// In years.
    Years,
}

impl Kept {
    /// Every kind, in the order people read them.
    pub const ALL: [Self; 16] = [
        Self::MailText,
        Self::Attempts,
        Self::Mails,
        Self::Invitations,
        Self::Links,
        Self::Notices,
        Self::Busy,
        Self::Absences,
        Self::CheckInNotes,
        Self::EvaluationText,
        Self::CheckIns,
        Self::Dialogues,
        Self::Activities,
        Self::Measures,
        Self::Journal,
        Self::People,
    ];

    /// The rule's key in the configuration, the unit it is written in, and the default.
    pub const fn rule(self) -> (&'static str, Unit, Option<u32>) {
        use Unit::{Months, Years};
        match self {
            Self::MailText => ("mail-text-months", Months, Some(6)),
            Self::Attempts => ("attempts-months", Months, Some(12)),
            Self::Mails => ("mails-months", Months, Some(24)),
            Self::Invitations => ("invitations-months", Months, Some(12)),
            Self::Links => ("links-months", Months, Some(6)),
            Self::Notices => ("notices-years", Years, None),
            Self::Busy => ("busy-months", Months, Some(1)),
            Self::Absences => ("absences-months", Months, Some(12)),
            Self::CheckInNotes => ("check-in-notes-months", Months, Some(24)),
            Self::EvaluationText => ("evaluation-text-years", Years, None),
            Self::CheckIns => ("check-ins-years", Years, None),
            Self::Dialogues => ("dialogues-years", Years, None),
            Self::Activities => ("activities-years", Years, None),
            Self::Measures => ("measures-years", Years, None),
            Self::Journal => ("journal-years", Years, Some(5)),
            Self::People => ("people-months", Months, None),
        }
    }

    /// The table whose rows go, or whose text does.
    pub const fn table(self) -> &'static str {
        match self {
            Self::MailText | Self::Mails => "mail",
            Self::Attempts => "attempt",
            Self::Invitations => "invitation",
            Self::Links => "link",
            Self::Notices => "notice",
            Self::Busy => "busy",
            Self::Absences => "absence",
            Self::CheckInNotes | Self::CheckIns => "check_in",
            Self::EvaluationText => "evaluation",
            Self::Dialogues => "dialogue",
            Self::Activities => "activity",
            Self::Measures => "measure",
            Self::Journal => "journal",
            Self::People => "person",
        }
    }

    /// The least a rule may be, in its own unit, and the reason where it is more than one.
    pub fn least(self, rules: &Rules) -> (u32, Option<String>) {
        let (least, why) = match self {
            Self::Notices => {
                let repeat = longest_repeat(rules).div_ceil(WORKING_DAYS_A_YEAR).max(1);
                let why = format!(
                    "the longest repeat of [reminders] takes up to {}, and what was said is remembered for {YEARS_BEYOND_A_REPEAT} years beyond that, or it would be said again",
                    years(repeat)
                );
                (repeat + YEARS_BEYOND_A_REPEAT, why)
            }
            Self::Mails | Self::Invitations => (
                3,
                "what leaves on a day is held against the twenty mail days before it, and a summer may lie between them".into(),
            ),
            Self::CheckIns => (
                2,
                "the gap to the next check-in is counted from one up to a year back, or people would be told of it again".into(),
            ),
            Self::Dialogues => (
                2,
                "dialogues of this school year and the one before are still spoken of".into(),
            ),
            Self::Measures => (
                2,
                "the effect of a measure is asked for, and told of, the year after".into(),
            ),
            _ => return (1, None),
        };
        (least, Some(why))
    }
}

fn years(number: u32) -> String {
    match number {
        1 => "a year".into(),
        _ => format!("{number} years"),
    }
}

/// The most working days that may lie between two steps of a row of reminders.
fn longest_repeat(rules: &Rules) -> u32 {
    let most = |steps: Option<&Vec<u32>>| steps.and_then(|steps| steps.iter().max().copied());
    let due = |rules: Option<&DueRules>| {
        let before = most(rules.map(|rules| &rules.before));
        before
            .unwrap_or(0)
            .saturating_add(rules.map_or(0, |rules| rules.overdue_every))
    };
    let unassessed = rules.unassessed.as_ref().map_or(0, |rules| {
        let managers = rules.area_manager_before_dialogue;
        rules.every.max(managers).max(rules.director_before_report)
    });
    [
        due(rules.evaluation.as_ref()),
        due(rules.activity.as_ref()),
        unassessed,
        most(rules.focus_area.as_ref()).unwrap_or(0),
        most(rules.agenda.as_ref()).unwrap_or(0),
        rules.not_recorded.as_ref().map_or(0, |rules| rules.every),
        most(rules.check_in.as_ref().map(|rules| &rules.before)).unwrap_or(0),
        rules.check_in_gap.as_ref().map_or(0, |rules| rules.every),
        rules.vacancy_every,
        rules.trouble_every,
    ]
    .into_iter()
    .max()
    .unwrap_or(0)
}

/// For how many months each kind is kept; what is not named is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention(BTreeMap<Kept, u32>);

impl Default for Retention {
    /// The defaults `config/avstamd.toml` documents.
    fn default() -> Self {
        let mut retention = Self(BTreeMap::new());
        for kept in Kept::ALL {
            let (_, unit, default) = kept.rule();
            retention.set(kept, unit, default);
        }
        retention
    }
}

impl Retention {
    /// Sets a rule, written in `unit`; `None` keeps the records.
    pub fn set(&mut self, kept: Kept, unit: Unit, number: Option<u32>) {
        let months = match unit {
            Unit::Months => 1,
            Unit::Years => 12,
        };
        match number {
            Some(number) => self.0.insert(kept, number.saturating_mul(months)),
            None => self.0.remove(&kept),
        };
    }

    /// The months for which a kind is kept.
    pub fn months(&self, kept: Kept) -> Option<u32> {
        self.0.get(&kept).copied()
    }

    /// Whether there is any rule.
    pub fn has_rules(&self) -> bool {
        !self.0.is_empty()
    }

    /// What is old enough to go on `today`.
    pub fn limits(&self, today: Date, calendar: &Calendar) -> Limits {
        let of = self.0.iter().map(|(kept, months)| {
            let day = today.saturating_sub(i64::from(*months).months());
            let at = calendar.instant(day, Time::midnight());
            (*kept, Limit { day, at })
        });
        Limits {
            today,
            of: of.collect(),
        }
    }
}

/// What is older may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Local days before this one.
    pub day: Date,
    /// The same as an instant.
    pub at: Timestamp,
}

/// What is old enough to go on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The day.
    pub today: Date,
    of: BTreeMap<Kept, Limit>,
}

impl Limits {
    /// The limit of a kind; `None` where it is kept.
    pub fn of(&self, kept: Kept) -> Option<Limit> {
        self.of.get(&kept).copied()
    }
}
