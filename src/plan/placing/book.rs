//! The book that placing keeps: every meeting it answers for, and everybody's time.
//!
//! It answers for the dialogues that lack a date and for what an earlier placing put where it stands.
//! Of these, those that can still be held then stand there from the beginning; the others are taken
//! off, and placed anew or not.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime};

use super::days::Days;
use super::diary::{Diary, Taker};
use super::ground::{Ground, attendants};
use super::rhythm::{Rhythm, rhythms};
use super::{Obstacle, Request, Times};
use crate::calendar::Week;
use crate::follow_up::{
    AreaWorld, CheckIn, CheckInState, Dialogue, DialogueState, Pair, PersonId, Round, SchoolUnit,
    UnitCode,
};
use crate::plan::matter::DialogueKey;

/// A dialogue that placing answers for.
pub struct Occasion<'a> {
    pub world: &'a AreaWorld,
    pub unit: &'a SchoolUnit,
    pub key: DialogueKey,
    /// The days on which it can be held, and who is there then.
    pub days: BTreeMap<Date, BTreeSet<PersonId>>,
    /// What stands in the way, if it finds no time.
    pub obstacle: Obstacle,
    /// Who is there on the day that an earlier placing gave it.
    company: BTreeSet<PersonId>,
}

/// What a meeting is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The dialogue of an occasion.
    Dialogue(usize),
    /// A check-in of a pair.
    CheckIn(usize),
}

/// A meeting that placing answers for.
#[derive(Debug)]
pub struct Meeting {
    pub kind: Kind,
    pub minutes: u32,
    /// When it is held, so far.
    pub starts: Option<DateTime>,
    /// Where an earlier placing put it.
    pub was: Option<DateTime>,
}

/// Where the meetings stand that placing answers for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Own {
    /// Start and length of each dialogue.
    pub dialogues: BTreeMap<DialogueKey, (DateTime, u32)>,
    /// The length of each check-in.
    pub check_ins: BTreeMap<(DateTime, Pair), u32>,
}

impl Own {
    /// Those that are on record.
    pub fn on_record(request: &Request<'_>) -> Self {
        let mut own = Self::default();
        for &world in request.worlds {
            let dialogues = world.dialogues.iter();
            for dialogue in dialogues.filter(|d| is_own_dialogue(request, world, d)) {
                let stretch = (dialogue.starts, dialogue.minutes);
                own.dialogues.insert(key_of(dialogue), stretch);
            }
            let check_ins = world.check_ins.iter();
            for check_in in check_ins.filter(|check_in| is_own_check_in(request, check_in)) {
                let key = (check_in.starts, check_in.pair.clone());
                own.check_ins.insert(key, check_in.minutes);
            }
        }
        own
    }
}

/// The book. The first meetings are those of the occasions, in the same order.
pub struct Book<'a> {
    pub ground: Ground<'a>,
    pub occasions: Vec<Occasion<'a>>,
    pub rhythms: Vec<Rhythm>,
    pub meetings: Vec<Meeting>,
    /// The dialogues that stay where they are, by the managers whose week they fall in.
    staying: Vec<(Vec<PersonId>, DateTime)>,
    diary: Diary,
}

impl<'a> Book<'a> {
    /// The book at the beginning, with the meetings that placing answers for so far. The dialogues
    /// of `stuck` stay where they are, though they cannot be held there.
    pub fn new(
        request: &'a Request<'a>,
        own: &Own,
        stuck: &BTreeMap<DialogueKey, Obstacle>,
    ) -> Self {
        let ground = Ground::new(request);
        let mut book = Self {
            rhythms: rhythms(&ground),
            ground,
            occasions: Vec::new(),
            meetings: Vec::new(),
            staying: Vec::new(),
            diary: Diary::default(),
        };
        for busy in request.busy {
            let stretch = (busy.starts, busy.minutes);
            book.diary.take(&busy.person, stretch, Taker::Else);
        }
        let settled = book.enter_dialogues_on_record(own, stuck);
        book.enter_check_ins_on_record();
        book.enter_occasions(own, &settled);
        for number in 0..book.occasions.len() {
            book.stand(number);
        }
        for ((starts, pair), &minutes) in &own.check_ins {
            book.enter_own_check_in(pair, (*starts, minutes));
        }
        book
    }

    /// Every dialogue that stays where it is. Returns what needs no occasion.
    fn enter_dialogues_on_record(
        &mut self,
        own: &Own,
        stuck: &BTreeMap<DialogueKey, Obstacle>,
    ) -> BTreeSet<DialogueKey> {
        let request = self.ground.request;
        let mut settled = BTreeSet::new();
        for &world in request.worlds {
            for dialogue in &world.dialogues {
                if is_own_dialogue(request, world, dialogue) {
                    continue;
                }
                if dialogue.state != DialogueState::Cancelled {
                    let stretch = (dialogue.starts, dialogue.minutes);
                    self.enter_fixed_dialogue((world, &dialogue.unit), stretch);
                }
                settled.insert(key_of(dialogue));
            }
            let stuck = stuck
                .keys()
                .filter(|key| world.units.contains_key(&key.unit));
            for key in stuck {
                if let Some(&stretch) = own.dialogues.get(key) {
                    self.enter_fixed_dialogue((world, &key.unit), stretch);
                }
                settled.insert(key.clone());
            }
        }
        settled
    }

    /// An occasion for every other dialogue of the year.
    fn enter_occasions(&mut self, own: &Own, settled: &BTreeSet<DialogueKey>) {
        let request = self.ground.request;
        for round in [Round::Explore, Round::Evaluate] {
            for &world in request.worlds {
                let days = Days::of(&self.ground, world, round);
                for unit in world.units.values() {
                    let key = DialogueKey {
                        unit: unit.code.clone(),
                        school_year: request.year.name.clone(),
                        round,
                    };
                    let own = own.dialogues.get(&key).copied();
                    if settled.contains(&key) || (own.is_none() && !operates(request, unit)) {
                        continue;
                    }
                    let usual = request.rules.dialogues.minutes;
                    self.meetings.push(Meeting {
                        kind: Kind::Dialogue(self.occasions.len()),
                        minutes: own.map_or(usual, |(_, minutes)| minutes),
                        starts: None,
                        was: own.map(|(starts, _)| starts),
                    });
                    let (days, obstacle) = days.of_unit(&self.ground, unit);
                    self.occasions.push(Occasion {
                        company: own.map_or_else(BTreeSet::new, |(starts, _)| {
                            attendants(world, &unit.code, starts.date())
                        }),
                        world,
                        unit,
                        key,
                        days,
                        obstacle,
                    });
                }
            }
        }
    }

    fn enter_fixed_dialogue(
        &mut self,
        (world, unit): (&AreaWorld, &UnitCode),
        (starts, minutes): (DateTime, u32),
    ) {
        for person in attendants(world, unit, starts.date()) {
            self.diary.take(&person, (starts, minutes), Taker::Fixed);
        }
        let managers = world.area_managers(starts.date());
        self.staying.push((managers, starts));
    }

    /// Lets a dialogue stand where an earlier placing put it, if it still can.
    fn stand(&mut self, number: usize) {
        let Some(starts) = self.meetings[number].was else {
            return;
        };
        let Occasion {
            world,
            unit,
            company,
            ..
        } = &self.occasions[number];
        let day = starts.date();
        let can_stand = self
            .ground
            .is_open(day, &self.ground.request.rules.dialogues)
            && unit.is_active(day)
            && world.principal(&unit.code, day).is_some()
            && !world.area_managers(day).is_empty()
            && !self.ground.is_away(company, day)
            && (!self.is_proposed(world, number) || self.fits(number, starts));
        if can_stand && self.is_free(number, starts) {
            self.set(number, Some(starts));
        }
    }

    /// Whether a dialogue is on record as a proposal: nobody has been told of it.
    fn is_proposed(&self, world: &AreaWorld, number: usize) -> bool {
        let from = self.ground.request.from;
        let key = &self.occasions[number].key;
        let mut dialogues = world.dialogues.iter();
        dialogues.any(|d| d.proposed_until.is_some_and(|until| from <= until) && key_of(d) == *key)
    }

    /// Whether a dialogue's time is one that the rules give now.
    fn fits(&self, number: usize, starts: DateTime) -> bool {
        let Times { times, .. } = &self.ground.request.rules.dialogues;
        let days = &self.occasions[number].days;
        days.contains_key(&starts.date()) && times.contains(&starts.time())
    }

    /// Every check-in on record that stays where it is.
    fn enter_check_ins_on_record(&mut self) {
        let request = self.ground.request;
        for check_in in request.worlds.iter().flat_map(|world| &world.check_ins) {
            if is_own_check_in(request, check_in) {
                continue;
            }
            if check_in.day().is_some() {
                let stretch = (check_in.starts, check_in.minutes);
                for person in [&check_in.pair.principal, &check_in.pair.area_manager] {
                    self.diary.take(person, stretch, Taker::Fixed);
                }
            }
            if let Some(number) = self.rhythm_of(&check_in.pair) {
                let (weeks, calendar) = (&self.ground.weeks, request.calendar);
                self.rhythms[number].recall(check_in, weeks, calendar);
            }
        }
    }

    fn rhythm_of(&self, pair: &Pair) -> Option<usize> {
        let rhythms = &self.rhythms;
        rhythms
            .binary_search_by(|rhythm| rhythm.pair.cmp(pair))
            .ok()
    }

    /// Lets a check-in stand where an earlier placing put it, if it still can.
    fn enter_own_check_in(&mut self, pair: &Pair, (starts, minutes): (DateTime, u32)) {
        let Some(number) = self.rhythm_of(pair) else {
            return;
        };
        let meeting = self.meetings.len();
        self.meetings.push(Meeting {
            kind: Kind::CheckIn(number),
            minutes,
            starts: None,
            was: Some(starts),
        });
        self.rhythms[number].grow_used_to(starts);
        let rhythm = &self.rhythms[number];
        let day = starts.date();
        let rules = &self.ground.request.rules.check_ins;
        let fits = rules.weekdays.contains(&day.weekday()) && rules.times.contains(&starts.time());
        let can_stand = rhythm.are_together(day)
            && !self.ground.is_away(&rhythm.people, day)
            && (fits || !self.ground.proposed.contains(&(starts, pair.clone())));
        if can_stand && self.is_free(meeting, starts) {
            self.set(meeting, Some(starts));
        }
    }

    /// A new check-in of a pair, so far without a time.
    pub fn new_check_in(&mut self, rhythm: usize) -> usize {
        self.meetings.push(Meeting {
            kind: Kind::CheckIn(rhythm),
            minutes: self.ground.request.rules.check_ins.minutes,
            starts: None,
            was: None,
        });
        self.meetings.len() - 1
    }

    /// The rules by which a meeting gets a time.
    pub fn times(&self, kind: Kind) -> &'a Times {
        match kind {
            Kind::Dialogue(_) => &self.ground.request.rules.dialogues,
            Kind::CheckIn(_) => &self.ground.request.rules.check_ins,
        }
    }

    /// Who is at a meeting on a day.
    fn people(&self, kind: Kind, day: Date) -> &BTreeSet<PersonId> {
        people(&self.occasions, &self.rhythms, kind, day)
    }

    /// Gives a meeting a time, or takes it off.
    pub fn set(&mut self, number: usize, starts: Option<DateTime>) {
        let Meeting { kind, minutes, .. } = self.meetings[number];
        let before = std::mem::replace(&mut self.meetings[number].starts, starts);
        let taker = Taker::Meeting(number);
        if let Some(before) = before {
            for person in people(&self.occasions, &self.rhythms, kind, before.date()) {
                self.diary.release(person, before.date(), taker);
            }
        }
        if let Some(starts) = starts {
            for person in people(&self.occasions, &self.rhythms, kind, starts.date()) {
                self.diary.take(person, (starts, minutes), taker);
            }
        }
        if let Kind::CheckIn(rhythm) = kind {
            let week = |at: DateTime| self.ground.weeks.binary_search(&Week::of(at.date())).ok();
            let (before, after) = (before.and_then(week), starts.and_then(week));
            if let Some(week) = before {
                self.rhythms[rhythm].miss(week);
            }
            if let Some(week) = after {
                self.rhythms[rhythm].meet(week);
            }
        }
    }

    /// What would be in two places at once, were a meeting held at a time.
    pub fn in_the_way(&self, (kind, minutes): (Kind, u32), starts: DateTime) -> Vec<Taker> {
        let people = self.people(kind, starts.date()).iter();
        people
            .flat_map(|person| self.diary.takers(person, (starts, minutes)))
            .collect()
    }

    /// Whether everybody is free for a meeting at a time.
    pub fn is_free(&self, number: usize, starts: DateTime) -> bool {
        let Meeting { kind, minutes, .. } = self.meetings[number];
        self.in_the_way((kind, minutes), starts).is_empty()
    }

    /// The free times of some days for a meeting of a kind and a length.
    pub fn free_times(
        &self,
        (kind, minutes): (Kind, u32),
        days: impl IntoIterator<Item = Date>,
    ) -> Vec<DateTime> {
        let Times { times, .. } = self.times(kind);
        let starts = days.into_iter();
        let starts = starts.flat_map(|day| times.iter().map(move |time| day.to_datetime(*time)));
        starts
            .filter(|&starts| self.in_the_way((kind, minutes), starts).is_empty())
            .collect()
    }

    /// How far a time is from a manager's nearest meeting of the day: who has travelled stays on.
    pub fn detour(&self, manager: &PersonId, starts: DateTime, minutes: u32) -> u32 {
        let apart = self.diary.apart(manager, (starts, minutes));
        apart.unwrap_or(u32::MAX)
    }

    /// Where the meetings stand now, of those that stood at `before`.
    pub fn own(&self, before: &Own, stuck: &BTreeMap<DialogueKey, Obstacle>) -> Own {
        let mut own = Own::default();
        let stay = before
            .dialogues
            .iter()
            .filter(|(key, _)| stuck.contains_key(key));
        own.dialogues
            .extend(stay.map(|(key, stretch)| (key.clone(), *stretch)));
        for meeting in &self.meetings {
            let Some(starts) = meeting.starts else {
                continue;
            };
            match meeting.kind {
                Kind::Dialogue(number) => {
                    let key = self.occasions[number].key.clone();
                    own.dialogues.insert(key, (starts, meeting.minutes));
                }
                Kind::CheckIn(number) => {
                    let pair = self.rhythms[number].pair.clone();
                    own.check_ins.insert((starts, pair), meeting.minutes);
                }
            }
        }
        own
    }

    /// The dialogues of each manager, week by week.
    pub fn dialogue_load(&self) -> BTreeMap<(PersonId, Week), usize> {
        let mut load = BTreeMap::new();
        let mut count = |managers: &[PersonId], starts: DateTime| {
            for manager in managers {
                let key = (manager.clone(), Week::of(starts.date()));
                *load.entry(key).or_default() += 1;
            }
        };
        for (managers, starts) in &self.staying {
            count(managers, *starts);
        }
        for (occasion, meeting) in self.occasions.iter().zip(&self.meetings) {
            if let Some(starts) = meeting.starts {
                count(&occasion.world.area_managers(starts.date()), starts);
            }
        }
        load
    }
}

/// See [`Book::people`].
fn people<'b>(
    occasions: &'b [Occasion<'_>],
    rhythms: &'b [Rhythm],
    kind: Kind,
    day: Date,
) -> &'b BTreeSet<PersonId> {
    match kind {
        Kind::CheckIn(number) => &rhythms[number].people,
        Kind::Dialogue(number) => {
            let Occasion { days, company, .. } = &occasions[number];
            days.get(&day).unwrap_or(company)
        }
    }
}

fn key_of(dialogue: &Dialogue) -> DialogueKey {
    DialogueKey {
        unit: dialogue.unit.clone(),
        school_year: dialogue.school_year.clone(),
        round: dialogue.round,
    }
}

/// Whether a unit is in operation at some time of the year.
fn operates(request: &Request<'_>, unit: &SchoolUnit) -> bool {
    let span = request.year.administrative_year();
    unit.active_from.is_none_or(|from| from <= span.to)
        && unit.active_to.is_none_or(|to| span.from <= to)
}

/// Whether placing answers for a dialogue on record.
fn is_own_dialogue(request: &Request<'_>, world: &AreaWorld, dialogue: &Dialogue) -> bool {
    dialogue.is_placed
        && dialogue.state == DialogueState::Planned
        && dialogue.school_year == request.year.name
        && dialogue.starts.date() >= request.from
        && world.units.contains_key(&dialogue.unit)
}

/// Whether placing answers for a check-in on record.
fn is_own_check_in(request: &Request<'_>, check_in: &CheckIn) -> bool {
    let day = check_in.starts.date();
    check_in.is_placed
        && check_in.state == CheckInState::Planned
        && day >= request.from
        && request.year.administrative_year().contains(day)
}
