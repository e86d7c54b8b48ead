//! Invitations: what people's calendars should say of their meetings, minus what they were told.
//!
//! Pure, as the rest of the plan: the local time, a slice, and the last word to each person about
//! each meeting go in; the words still to be said come out. State, not events: a meeting moved
//! twice before anybody was told is told once, and one moved away and back is not told at all.
//!
//! One event per meeting under a key of its own (RFC 5545 UID). SEQUENCE is raised where time or place
//! differ from what was last told (RFC 5546 2.1.4), is never lower than the calendar's own, and is the
//! same for everybody. An event cannot change its organizer (RFC 5546 2.1.3), so the area manager is
//! part of the key: with another manager the old event is cancelled and a new one begins.

mod ahead;
mod compare;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

pub use ahead::{InvitationsAhead, held};
pub use compare::{Look, invite, meetings_of};
use wanted::about;
pub use wanted::{Wanted, wanted};

use super::matter::DialogueKey;
use crate::follow_up::{AreaId, PersonId, UnitCode};

/// A new invitation to what begins within so many days does not wait for its turn.
const NEAR_DAYS: i64 = 7;

/// What a meeting is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "meeting", rename_all = "snake_case")]
pub enum MeetingKind {
    /// A quality dialogue.
    Dialogue {
        /// Which.
        #[serde(flatten)]
        dialogue: DialogueKey,
        /// The unit's name.
        unit_name: String,
    },
    /// A check-in.
    CheckIn,
}

impl MeetingKind {
    /// The unit that a dialogue is about.
    pub const fn unit(&self) -> Option<&UnitCode> {
        match self {
            Self::Dialogue { dialogue, .. } => Some(&dialogue.unit),
            Self::CheckIn => None,
        }
    }
}

/// Somebody at a meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    /// Who.
    pub person: PersonId,
    /// Full name.
    pub name: String,
    /// Address.
    pub email: String,
}

/// A meeting as invitations carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    /// What it is.
    #[serde(flatten)]
    pub kind: MeetingKind,
    /// Whose meeting it is: the area manager, whoever stands in for them that day.
    pub organizer: Attendee,
    /// Who comes.
    pub attendees: Vec<Attendee>,
    /// Local start.
    pub starts: DateTime,
    /// Length in minutes.
    pub minutes: u32,
    /// Where, when known.
    pub place: String,
}

impl Meeting {
    /// Its local end.
    pub fn ends(&self) -> DateTime {
        self.starts
            .saturating_add(i64::from(self.minutes).minutes())
    }

    /// Whether it has the time and the place of another.
    pub fn is_at(&self, other: &Self) -> bool {
        (self.starts, self.minutes, &self.place) == (other.starts, other.minutes, &other.place)
    }

    /// Somebody who comes to it.
    pub fn attendee(&self, person: &PersonId) -> Option<&Attendee> {
        self.attendees.iter().find(|other| &other.person == person)
    }

    /// Whether the same people come to it as to another.
    pub fn has_the_people_of(&self, other: &Self) -> bool {
        let people = |meeting: &Self| -> BTreeSet<PersonId> {
            let all = meeting.attendees.iter();
            all.map(|attendee| attendee.person.clone()).collect()
        };
        people(self) == people(other)
    }
}

/// The two things an invitation can say (RFC 5546 1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// The meeting is held then.
    Request,
    /// It is not, or not with this person.
    Cancel,
}

impl Method {
    /// The word the ledger keeps.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Cancel => "cancel",
        }
    }

    /// Reads the ledger's word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Request, Self::Cancel]
            .into_iter()
            .find(|method| method.word() == word)
    }
}

/// The last word to a person about a meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The key of the meeting.
    pub uid: String,
    /// Who was told.
    pub person: PersonId,
    /// What.
    pub method: Method,
    /// Under which SEQUENCE.
    pub sequence: u32,
    /// The meeting as it was told.
    pub meeting: Meeting,
    /// Where it went; not known where it has not been put into a mail.
    pub address: Option<String>,
    /// Whether the mail was refused for good.
    pub refused: bool,
    /// Whether an invitation to the meeting has left for the person, now or before, or may have.
    pub asked: bool,
    /// Whose slice decided it.
    pub area: Option<AreaId>,
}

impl Told {
    /// The address it went to, or is to go to.
    pub fn sent_to(&self) -> Option<&str> {
        let attendee = self.meeting.attendee(&self.person);
        let named = attendee.map(|attendee| attendee.email.as_str());
        self.address.as_deref().or(named)
    }
}

/// Why something is said about a meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// The person has not heard of it.
    Invited,
    /// Its time or place is another.
    Moved {
        /// When it was to begin before.
        from: DateTime,
    },
    /// Others come to it.
    Company,
    /// It is not to be held.
    Cancelled,
    /// Another event takes its place: it has another organizer.
    Replaced,
    /// The person is no longer to be there.
    Left,
}

impl Change {
    /// The reason as a sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::Invited => "the meeting is on record and the person has not been told".into(),
            Self::Moved { from } => format!(
                "its time or place has changed; it was to begin {}",
                from.strftime("%Y-%m-%d %H:%M")
            ),
            Self::Company => "other people come to it than were told".into(),
            Self::Cancelled => "the meeting is not to be held then".into(),
            Self::Replaced => "it has another area manager, and a new invitation".into(),
            Self::Left => "the person is no longer to be there".into(),
        }
    }
}

/// Something to be said to one person about one meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// The key of the meeting.
    pub uid: String,
    /// Who is told.
    pub to: PersonId,
    /// What.
    pub method: Method,
    /// Under which SEQUENCE.
    pub sequence: u32,
    /// The meeting; when it is cancelled, as it was told last.
    pub meeting: Meeting,
    /// Why.
    #[serde(flatten)]
    pub change: Change,
    /// Whose slice decided it.
    pub area: Option<AreaId>,
}

/// Why nothing is said about a meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "quiet", rename_all = "snake_case")]
pub enum Quiet {
    /// The person has been told.
    Told {
        /// Under which SEQUENCE.
        sequence: u32,
    },
    /// It is told nearer to its time.
    NotYet {
        /// When.
        on: Date,
    },
    /// It is only a proposal.
    Proposed {
        /// Until when.
        until: Date,
    },
    /// There is no address to send to.
    NoAddress,
    /// A row that it rests on cannot be read; the quality officer is told.
    Unreadable,
    /// The person has got as many invitations as one day may bring.
    Enough,
}

impl Quiet {
    /// The reason as a sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::Told { sequence } => format!("the person has been told (sequence {sequence})"),
            Self::NotYet { on } => format!("it is told nearer to its time, on {on}"),
            Self::Proposed { until } => {
                format!("it is a proposal until {until}, unless it is confirmed before")
            }
            Self::NoAddress => "there is no address to send to; the quality officer is told".into(),
            Self::Unreadable => {
                "a row that it rests on cannot be read; the quality officer is told".into()
            }
            Self::Enough => {
                "the day has brought as many invitations as it may; it goes on the next".into()
            }
        }
    }
}

/// What is said of a meeting to one person, or why nothing is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Word {
    /// Say it.
    Call(Call),
    /// Say nothing.
    Quiet {
        /// The meeting.
        meeting: Meeting,
        /// Who.
        person: PersonId,
        /// Why.
        #[serde(flatten)]
        quiet: Quiet,
    },
}

/// What comes of a look at a slice's meetings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invitations {
    /// A word for every meeting to come and person, by start.
    pub words: Vec<Word>,
    /// The first later day on which, with nothing changing, there may be more to say.
    pub look_again_on: Option<Date>,
}

impl Word {
    /// The meeting it is about.
    pub const fn meeting(&self) -> &Meeting {
        match self {
            Self::Call(Call { meeting, .. }) | Self::Quiet { meeting, .. } => meeting,
        }
    }

    /// Whom it is to.
    pub const fn person(&self) -> &PersonId {
        match self {
            Self::Call(Call { to, .. }) => to,
            Self::Quiet { person, .. } => person,
        }
    }

    /// Whether it would be said, had the day room for it.
    pub const fn waits_for_tomorrow(&self) -> bool {
        matches!(
            self,
            Self::Quiet {
                quiet: Quiet::Enough,
                ..
            }
        )
    }
}

impl Invitations {
    /// The same with what the day `now` may bring: beyond `most` new invitations to a person the rest
    /// waits, those that begin first going first. `had` is how many the person has got today, those
    /// among them that have their place: these do not wait, nor does what is near, what takes the place
    /// of something that is called off, or what follows from something already told.
    pub fn rationed(
        mut self,
        (now, most): (DateTime, u32),
        had: impl Fn(&PersonId) -> u32,
        has_place: impl Fn(&Call) -> bool,
    ) -> Self {
        let mut counted: BTreeMap<PersonId, u32> = BTreeMap::new();
        let replaced: BTreeSet<(PersonId, String)> = self
            .words
            .iter()
            .filter_map(|word| match word {
                Word::Call(call) if call.change == Change::Replaced => {
                    Some((call.to.clone(), about(&call.uid).to_owned()))
                }
                _ => None,
            })
            .collect();
        for word in &mut self.words {
            let Word::Call(call) = word else { continue };
            let follows = replaced.contains(&(call.to.clone(), about(&call.uid).to_owned()));
            let is_near = call.meeting.starts < now.saturating_add(NEAR_DAYS.days());
            if call.change != Change::Invited || is_near || follows || has_place(call) {
                continue;
            }
            let count = counted.entry(call.to.clone());
            let count = count.or_insert_with_key(|person| had(person));
            *count += 1;
            if *count > most {
                *word = Word::Quiet {
                    meeting: call.meeting.clone(),
                    person: call.to.clone(),
                    quiet: Quiet::Enough,
                };
            }
        }
        self
    }

    /// Who is to be told something.
    pub fn to(&self) -> BTreeSet<&PersonId> {
        let calls = self.words.iter().filter_map(|word| match word {
            Word::Call(call) => Some(&call.to),
            Word::Quiet { .. } => None,
        });
        calls.collect()
    }

    /// What is to be said.
    pub fn calls(self) -> impl Iterator<Item = Call> {
        self.words.into_iter().filter_map(|word| match word {
            Word::Call(call) => Some(call),
            Word::Quiet { .. } => None,
        })
    }
}
