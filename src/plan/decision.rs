//! Decisions: what is said to whom, or why it is not.

use jiff::civil::Date;
use serde::Serialize;

use super::matter::Matter;
use crate::calendar::Calendar;
use crate::follow_up::{AreaId, PersonId, Role, UnitCode};

/// In what capacity somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Capacity {
    /// Named as responsible for the measure.
    Responsible,
    /// Holder of a role.
    #[serde(untagged)]
    Holder(Role),
}

impl Capacity {
    /// The word the ledger keeps.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Responsible => "responsible",
            Self::Holder(role) => role.word(),
        }
    }

    /// Reads the ledger's word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "responsible" => Some(Self::Responsible),
            other => other.parse().ok().map(Self::Holder),
        }
    }
}

/// What makes a row of notices one: what it is about, who holds the duty, and the date it leads
/// to. Move the date and it is another row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct NoticeKey {
    /// What it is about, built from the authority's own identifiers.
    pub occurrence: String,
    /// Who holds the duty; a deputy may get the mail.
    pub recipient: PersonId,
    /// In what capacity.
    pub capacity: Capacity,
    /// The date it leads to.
    pub due: Date,
}

/// Why something is said now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// Working days from the due date, negative before it.
    pub step: i32,
    /// The mail day the step fell on. Earlier than the day of the decision when it was entered
    /// late, held, or missed while nothing ran.
    pub fell_on: Date,
    /// The day of the step after it, if one is to come.
    pub next: Option<Date>,
}

/// Why nothing is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Silence {
    /// No step has been reached.
    NotYet {
        /// The next one.
        next: Option<Date>,
    },
    /// This step or a later one has been said.
    AlreadySaid {
        /// The latest step said.
        step: i32,
        /// When.
        on: Date,
        /// The next step, if one is to come.
        next: Option<Date>,
    },
    /// It would be said, but the day is no mail day.
    Held {
        /// Why it would be said.
        cause: Cause,
        /// The next mail day.
        until: Date,
    },
    /// The person has had today's mail.
    MailedToday {
        /// The next mail day.
        until: Date,
    },
    /// It is done.
    Done,
    /// It was cancelled.
    Cancelled,
    /// Its date is past and it no longer helps.
    Passed,
    /// The unit is not in operation. Either none in its area has taken over from it, or the duty
    /// ends with the unit, as its dialogues do.
    UnitClosed {
        /// The unit that took over, where the record names one.
        successor: Option<UnitCode>,
    },
    /// There is no date to count from.
    NoDate {
        /// What would give one.
        wants: &'static str,
    },
    /// Another notice speaks of it.
    TakenOver {
        /// Which.
        by: &'static str,
    },
    /// Its date has been moved ahead, so it waits.
    DateAhead {
        /// To when.
        date: Date,
    },
    /// Nobody holds the post; its manager is told.
    Vacant,
    /// There is no address to send to; the quality officer is told.
    NoAddress,
    /// The person no longer holds, or does not yet hold, the post on that date.
    NotInPost,
    /// It is told in school weeks only, and this is none.
    OutsideSchoolWeeks,
    /// The configuration switches it off.
    SwitchedOff,
}

/// What the plan makes of one matter for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Say it now.
    Say(Cause),
    /// Say nothing.
    Silent(Silence),
}

/// One decision, for a notice or for silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// What it is about.
    pub matter: Matter,
    /// Who holds the duty; `None` when the post is vacant.
    pub recipient: Option<PersonId>,
    /// Who would get the mail: the recipient or whoever stands in.
    pub to: Option<PersonId>,
    /// In what capacity.
    pub capacity: Capacity,
    /// The date it leads to.
    pub due: Date,
    /// Whose slice decided it; `None` the authority's.
    pub area: Option<AreaId>,
    /// Say it, or why not.
    pub verdict: Verdict,
}

impl Decision {
    /// The row of notices it belongs to; `None` without a recipient.
    pub fn key(&self) -> Option<NoticeKey> {
        Some(NoticeKey {
            occurrence: self.matter.occurrence(),
            recipient: self.recipient.clone()?,
            capacity: self.capacity,
            due: self.due,
        })
    }

    /// Whether it is to be said.
    pub fn is_said(&self) -> bool {
        matches!(self.verdict, Verdict::Say(_))
    }
}

impl Silence {
    /// The reason as a sentence.
    pub fn sentence(&self) -> String {
        let date =
            |d: &Option<Date>, none: &str| d.map_or_else(|| none.to_owned(), |d| d.to_string());
        match self {
            Self::NotYet { next } => {
                format!(
                    "no step has been reached; the next falls on {}",
                    date(next, "no known day")
                )
            }
            Self::AlreadySaid { step, on, next } => format!(
                "{} was said on {on}; the next step falls on {}",
                step_name(*step),
                date(next, "no known day")
            ),
            Self::Held { until, .. } => format!("no mail is sent on this day; held until {until}"),
            Self::MailedToday { until } => {
                format!("one mail a day: the person has had today's; waits until {until}")
            }
            Self::Done => "it is done".into(),
            Self::Cancelled => "it was cancelled".into(),
            Self::Passed => "its date has passed and the reminder would help nobody".into(),
            Self::UnitClosed { successor: None } => "the unit is not in operation".into(),
            Self::UnitClosed {
                successor: Some(successor),
            } => format!("the unit is not in operation; {successor} took over from it"),
            Self::NoDate { wants } => format!("there is no date to count from: {wants}"),
            Self::TakenOver { by } => format!("the notice \"{by}\" speaks of it"),
            Self::DateAhead { date } => format!("its date was moved to {date}"),
            Self::Vacant => "nobody holds the post; the vacancy is told to its manager".into(),
            Self::NoAddress => "there is no address to send to; the quality officer is told".into(),
            Self::NotInPost => "the person does not hold the post on that date".into(),
            Self::OutsideSchoolWeeks => "told in school weeks only".into(),
            Self::SwitchedOff => "the configuration switches this notice off".into(),
        }
    }
}

impl Cause {
    /// The cause as a sentence, as seen on `day`.
    pub fn sentence(&self, day: Date) -> String {
        let step = step_name(self.step);
        if self.fell_on < day {
            format!("{step}: it fell on {} and had not been said", self.fell_on)
        } else {
            step
        }
    }
}

/// A step in words: `the step 10 working days before`.
pub fn step_name(step: i32) -> String {
    let days = step.unsigned_abs();
    let unit = if days == 1 {
        "working day"
    } else {
        "working days"
    };
    match step {
        0 => "the step on the day".into(),
        s if s < 0 => format!("the step {days} {unit} before"),
        _ => format!("the step {days} {unit} after"),
    }
}

/// Whether mail may be planned now, and for which day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// Yes, for this day.
    Open(Date),
    /// Not before this day's sending time.
    Closed {
        /// The next mail day.
        next: Date,
    },
}

impl Slot {
    /// The day whose mail leaves now, or next.
    pub const fn day(self) -> Date {
        match self {
            Self::Open(day) | Self::Closed { next: day } => day,
        }
    }
}

/// The slot at local time `now`: open on mail days between the two times of the rules.
pub fn slot(calendar: &Calendar, rules: &super::Rules, now: jiff::civil::DateTime) -> Slot {
    let today = now.date();
    let open = calendar.is_working_day(today);
    if open && rules.send_at <= now.time() && now.time() < rules.send_until {
        Slot::Open(today)
    } else if open && now.time() < rules.send_at {
        Slot::Closed { next: today }
    } else {
        Slot::Closed {
            next: calendar.working_days_after(today, 1),
        }
    }
}
