//! Invitations: what people's calendars should say of their meetings, minus what they were told.
//!
//! Pure, as the rest of the plan: the local time, a slice, and the last word to each person about
//! each meeting go in; the words still to be said come out. State, not events: a meeting moved
//! twice before anybody was told is told once, and one moved away and back is not told at all.
//!
//! One event per meeting under a key of its own (RFC 5545 UID). SEQUENCE is raised once where time
//! or place differ from what was last told (RFC 5546 2.1.4), and is the same for everybody. An
//! event cannot change its organizer (RFC 5546 2.1.3), so the area manager is part of the key: with
//! another manager the old event is cancelled and a new one begins.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use super::matter::DialogueKey;
use super::rules::{InvitationRules, Rules};
use crate::follow_up::{
    AreaId, AreaWorld, CheckIn, CheckInState, Dialogue, DialogueState, Pair, PersonId, Proposals,
};

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

    fn attendee(&self, person: &PersonId) -> Option<&Attendee> {
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
    /// Whether the mail was refused for good.
    pub refused: bool,
    /// Whose slice decided it.
    pub area: Option<AreaId>,
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
    /// The person is no longer to be there.
    Left,
}

impl Change {
    /// The reason as a sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::Invited => "the meeting is on record and the person has not been told".into(),
            Self::Moved { from } => {
                format!("its time or place has changed; it was to begin {from}")
            }
            Self::Company => "other people come to it than were told".into(),
            Self::Cancelled => "the meeting is not to be held then".into(),
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
#[serde(tag = "reason", rename_all = "snake_case")]
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
    /// The same with what one day may bring: beyond `most` new invitations to a person the rest
    /// waits, those that begin first going first. `had` is how many the person has got today, those
    /// among them that have their place: these do not wait, nor does what follows from something
    /// already told.
    pub fn rationed(
        mut self,
        most: u32,
        had: impl Fn(&PersonId) -> u32,
        has_place: impl Fn(&Call) -> bool,
    ) -> Self {
        let mut counted: BTreeMap<PersonId, u32> = BTreeMap::new();
        for word in &mut self.words {
            let Word::Call(call) = word else { continue };
            if call.change != Change::Invited || has_place(call) {
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

    /// What is to be said.
    pub fn calls(self) -> impl Iterator<Item = Call> {
        self.words.into_iter().filter_map(|word| match word {
            Word::Call(call) => Some(call),
            Word::Quiet { .. } => None,
        })
    }
}

/// A meeting that is to be held, under its key.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The key.
    pub uid: String,
    /// The meeting.
    pub meeting: Meeting,
    /// The lowest SEQUENCE it may have.
    floor: u32,
    /// The day from which people are told of it.
    from: Date,
    proposed_until: Option<Date>,
}

/// Every meeting of a slice that ends after `now` and is to be in people's calendars, by start.
pub fn wanted(now: DateTime, world: &AreaWorld, rules: &InvitationRules) -> Vec<Wanted> {
    meetings(now, world, (&world.dialogues, &world.check_ins), rules)
}

fn meetings(
    now: DateTime,
    world: &AreaWorld,
    (dialogues, check_ins): (&[Dialogue], &[CheckIn]),
    rules: &InvitationRules,
) -> Vec<Wanted> {
    let is_to_come =
        |starts: DateTime, minutes: u32| now < starts.saturating_add(i64::from(minutes).minutes());
    let dialogues = dialogues
        .iter()
        .filter(|d| rules.dialogues && is_to_come(d.starts, d.minutes))
        .filter(|d| d.state != DialogueState::Cancelled);
    let mut wanted: Vec<Wanted> = dialogues.filter_map(|d| of_dialogue(world, d)).collect();
    let mut pairs: BTreeMap<Date, BTreeSet<Pair>> = BTreeMap::new();
    let check_ins = check_ins
        .iter()
        .filter(|c| rules.check_ins && is_to_come(c.starts, c.minutes))
        .filter(|c| c.is_open(now.date()) || was_held_then(c));
    for check_in in check_ins {
        let day = check_in.starts.date();
        let pairs = pairs.entry(day).or_insert_with(|| world.pairs(day));
        if pairs.contains(&check_in.pair) {
            wanted.extend(of_check_in(world, check_in, rules));
        }
    }
    wanted.sort_by(|a, b| (a.meeting.starts, &a.uid).cmp(&(b.meeting.starts, &b.uid)));
    wanted
}

/// Whether a check-in was held on the day it was to be. Its time is not called off for that, also
/// where it is recorded before it is over; one that was held earlier has left its time free.
fn was_held_then(check_in: &CheckIn) -> bool {
    check_in.state == CheckInState::Held && check_in.held_on == Some(check_in.starts.date())
}

/// A dialogue at a unit in operation, in an area with a manager.
fn of_dialogue(world: &AreaWorld, dialogue: &Dialogue) -> Option<Wanted> {
    let day = dialogue.starts.date();
    let unit = world.units.get(&dialogue.unit)?;
    if !unit.is_active(day) {
        return None;
    }
    let managers = world.area_managers(day);
    let organizer = attendee(world, managers.first()?)?;
    let people = managers
        .into_iter()
        .chain(world.principal(&dialogue.unit, day));
    let key = DialogueKey {
        unit: dialogue.unit.clone(),
        school_year: dialogue.school_year.clone(),
        round: dialogue.round,
    };
    Some(Wanted {
        uid: format!(
            "dialogue/{}/{}/{}/{}",
            key.school_year, key.round, key.unit, organizer.person
        ),
        meeting: Meeting {
            organizer,
            attendees: attendees(world, people, day),
            kind: MeetingKind::Dialogue {
                dialogue: key,
                unit_name: unit.name.clone(),
            },
            starts: dialogue.starts,
            minutes: dialogue.minutes,
            place: dialogue.place.clone(),
        },
        floor: dialogue.sequence,
        from: Date::MIN,
        proposed_until: dialogue.proposed_until,
    })
}

fn of_check_in(world: &AreaWorld, check_in: &CheckIn, rules: &InvitationRules) -> Option<Wanted> {
    let day = check_in.starts.date();
    let Pair {
        principal,
        area_manager,
    } = check_in.pair.clone();
    let weeks = i64::from(rules.check_ins_weeks_before);
    Some(Wanted {
        uid: format!("check-in/{}", check_in.uid),
        meeting: Meeting {
            kind: MeetingKind::CheckIn,
            organizer: attendee(world, &area_manager)?,
            attendees: attendees(world, [area_manager, principal], day),
            starts: check_in.starts,
            minutes: check_in.minutes,
            place: String::new(),
        },
        floor: 0,
        from: day.saturating_sub(weeks.weeks()),
        proposed_until: check_in.proposed_until,
    })
}

/// Whoever is there on the day: the people themselves, or those who stand in for them.
fn attendees(
    world: &AreaWorld,
    people: impl IntoIterator<Item = PersonId>,
    day: Date,
) -> Vec<Attendee> {
    let mut attendees: Vec<Attendee> = Vec::new();
    for person in people {
        let there = world.stand_in(&person, day);
        let is_new = attendees.iter().all(|attendee| attendee.person != there);
        attendees.extend(attendee(world, &there).filter(|_| is_new));
    }
    attendees
}

fn attendee(world: &AreaWorld, person: &PersonId) -> Option<Attendee> {
    let known = world.people.get(person)?;
    Some(Attendee {
        person: person.clone(),
        name: known.name.clone(),
        email: known.email.trim().to_owned(),
    })
}

/// What is to be said about a slice's meetings at the local time `now`. `told` is the last word to
/// each person about each meeting that this slice has spoken of, or that is among [`wanted`].
pub fn invite(
    now: DateTime,
    world: &AreaWorld,
    told: &[Told],
    rules: &InvitationRules,
) -> Invitations {
    let mut round = Round {
        now,
        world,
        of: BTreeMap::new(),
        found: Invitations::default(),
    };
    for told in told {
        let of = round.of.entry(&told.uid).or_default();
        of.insert(&told.person, told);
    }
    let wanted = wanted(now, world, rules);
    for wanted in &wanted {
        round.request(wanted);
    }
    let keys: BTreeSet<&str> = wanted.iter().map(|wanted| wanted.uid.as_str()).collect();
    // Whoever switches invitations off has not cancelled anything.
    let is_on = |told: &Told| match told.meeting.kind {
        MeetingKind::Dialogue { .. } => rules.dialogues,
        MeetingKind::CheckIn => rules.check_ins,
    };
    for (uid, of) in round.of.clone() {
        if !keys.contains(uid) && of.values().all(|told| is_on(told)) {
            round.cancel(uid);
        }
    }
    round.tell_of_proposals(rules);
    let mut found = round.found;
    found.words.sort_by_key(|word| match word {
        Word::Call(call) => call.meeting.starts,
        Word::Quiet { meeting, .. } => meeting.starts,
    });
    found
}

/// The meetings of one person that end after `now`, each with its key and its SEQUENCE, by start:
/// also those that nobody is invited to yet. `told` as for [`invite`].
pub fn meetings_of(
    person: &PersonId,
    now: DateTime,
    world: &AreaWorld,
    told: &[Told],
) -> Vec<(String, u32, Meeting)> {
    let rules = InvitationRules {
        dialogues: true,
        check_ins: true,
        ..Rules::default().invitations
    };
    let own = wanted(now, world, &rules).into_iter();
    let own = own.filter(|wanted| wanted.meeting.attendee(person).is_some());
    own.map(|wanted| {
        let of = told.iter().filter(|told| told.uid == wanted.uid);
        let of = of.map(|told| (&told.person, told)).collect();
        let sequence = sequence(&wanted, &of);
        (wanted.uid, sequence, wanted.meeting)
    })
    .collect()
}

/// One look at a slice.
struct Round<'a> {
    now: DateTime,
    world: &'a AreaWorld,
    /// The last word to each person, by meeting.
    of: BTreeMap<&'a str, BTreeMap<&'a PersonId, &'a Told>>,
    found: Invitations,
}

impl<'a> Round<'a> {
    /// A meeting that is to be held: everybody who comes is to know it as it is, and whoever was to
    /// come and no longer is, that.
    fn request(&mut self, wanted: &Wanted) {
        let of = self
            .of
            .get(wanted.uid.as_str())
            .cloned()
            .unwrap_or_default();
        let sequence = sequence(wanted, &of);
        for attendee in &wanted.meeting.attendees {
            let told = of.get(&attendee.person).copied();
            match change(wanted, told, (sequence, &attendee.email)) {
                None => self.quiet(wanted, attendee, Quiet::Told { sequence }),
                Some(Change::Invited) if of.is_empty() && self.now.date() < wanted.from => {
                    self.look_again_on(wanted.from);
                    self.quiet(wanted, attendee, Quiet::NotYet { on: wanted.from });
                }
                Some(_) if !self.world.is_reachable(&attendee.person) => {
                    self.quiet(wanted, attendee, Quiet::NoAddress);
                }
                Some(change) => {
                    let what = (Method::Request, sequence, wanted.meeting.clone());
                    self.call(&wanted.uid, &attendee.person, what, change);
                }
            }
        }
        for (person, told) in of {
            let stays = wanted.meeting.attendee(person).is_some();
            if !stays && told.method == Method::Request {
                let what = (Method::Cancel, sequence, told.meeting.clone());
                self.call(&wanted.uid, person, what, Change::Left);
            }
        }
    }

    /// A meeting that is not to be held: whoever believes so is told, unless its time has passed.
    fn cancel(&mut self, uid: &'a str) {
        let of = self.of.get(uid).cloned().unwrap_or_default();
        let highest = |method: Method| {
            let of_method = of.values().filter(|told| told.method == method);
            of_method.map(|told| told.sequence).max()
        };
        let (requested, cancelled) = (highest(Method::Request), highest(Method::Cancel));
        let next = requested.map_or(0, |requested| requested + 1);
        let sequence = cancelled.map_or(next, |cancelled| cancelled.max(next));
        for (person, told) in of {
            let open = told.method == Method::Request && self.now < told.meeting.ends();
            if open
                && self
                    .world
                    .people
                    .get(person)
                    .is_none_or(|p| p.is_reachable())
            {
                let what = (Method::Cancel, sequence, told.meeting.clone());
                self.call(uid, person, what, Change::Cancelled);
            }
        }
    }

    /// What is not told since it is only proposed.
    fn tell_of_proposals(&mut self, rules: &InvitationRules) {
        let Proposals {
            dialogues,
            check_ins,
        } = &self.world.proposals;
        for proposed in meetings(self.now, self.world, (dialogues, check_ins), rules) {
            let until = proposed.proposed_until.unwrap_or(Date::MAX);
            for attendee in &proposed.meeting.attendees {
                self.quiet(&proposed, attendee, Quiet::Proposed { until });
            }
        }
    }

    fn look_again_on(&mut self, day: Date) {
        let next = self.found.look_again_on.get_or_insert(day);
        *next = day.min(*next);
    }

    fn quiet(&mut self, wanted: &Wanted, attendee: &Attendee, quiet: Quiet) {
        self.found.words.push(Word::Quiet {
            meeting: wanted.meeting.clone(),
            person: attendee.person.clone(),
            quiet,
        });
    }

    fn call(
        &mut self,
        uid: &str,
        to: &PersonId,
        (method, sequence, meeting): (Method, u32, Meeting),
        change: Change,
    ) {
        self.found.words.push(Word::Call(Call {
            uid: uid.to_owned(),
            to: to.clone(),
            method,
            sequence,
            meeting,
            change,
            area: self.world.area.as_ref().map(|area| area.id.clone()),
        }));
    }
}

/// The SEQUENCE of a meeting that is to be held: as it was last told, or one more where time or
/// place have changed since, or it was called off. Whoever comes back to a meeting that went on
/// without them is told under the same: the later mail counts (RFC 5546 2.1.5).
fn sequence(wanted: &Wanted, of: &BTreeMap<&PersonId, &Told>) -> u32 {
    let Some(last) = of.values().map(|told| told.sequence).max() else {
        return wanted.floor;
    };
    let is_current = of.values().any(|told| {
        told.method == Method::Request
            && told.sequence == last
            && told.meeting.is_at(&wanted.meeting)
    });
    match is_current {
        true => last,
        false => wanted.floor.max(last + 1),
    }
}

/// What has changed for a person since they were last told of a meeting; `None` where nothing has.
fn change(
    wanted: &Wanted,
    told: Option<&Told>,
    (sequence, address): (u32, &str),
) -> Option<Change> {
    let Some(told) = told.filter(|told| told.method == Method::Request) else {
        return Some(Change::Invited);
    };
    let was_sent_to = told.meeting.attendee(&told.person);
    let other_address = was_sent_to.is_none_or(|attendee| attendee.email != address);
    if told.refused && other_address {
        return Some(Change::Invited);
    }
    if told.sequence < sequence {
        let from = told.meeting.starts;
        return Some(Change::Moved { from });
    }
    (!told.meeting.has_the_people_of(&wanted.meeting)).then_some(Change::Company)
}
