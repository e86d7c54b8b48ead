//! The book that placing keeps: every meeting it answers for, and everybody's time.
//!
//! It answers for the dialogues that lack a date and for what an earlier placing put where it stands.
//! Of these, those that can still be held then stand there from the beginning; the others are taken
//! off, and placed anew or not.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime};

use super::diary::{Diary, Taker};
use super::ground::{Ground, attendants};
use super::rhythm::{Rhythm, rhythms};
use super::{Obstacle, Request, Times, Withdrawn};
use crate::calendar::{Span, Week};
use crate::follow_up::{
    AreaWorld, CheckIn, CheckInState, Dialogue, DialogueState, PersonId, Round, SchoolUnit,
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

/// The book. The first meetings are those of the occasions, in the same order.
pub struct Book<'a> {
    pub ground: Ground<'a>,
    pub occasions: Vec<Occasion<'a>>,
    pub rhythms: Vec<Rhythm>,
    pub meetings: Vec<Meeting>,
    /// Check-ins of an earlier placing whose two people are no pair any more.
    pub parted: Vec<Withdrawn>,
    /// The dialogues that stay where they are, by the managers whose week they fall in.
    staying: Vec<(Vec<PersonId>, DateTime)>,
    diary: Diary,
}

impl<'a> Book<'a> {
    /// The book at the beginning. The dialogues of `stuck` stay where they are, though they cannot
    /// be held there.
    pub fn new(request: &'a Request<'a>, stuck: &BTreeMap<DialogueKey, Obstacle>) -> Self {
        let ground = Ground::new(request);
        let mut book = Self {
            rhythms: rhythms(&ground),
            ground,
            occasions: Vec::new(),
            meetings: Vec::new(),
            parted: Vec::new(),
            staying: Vec::new(),
            diary: Diary::default(),
        };
        for busy in request.busy {
            let stretch = (busy.starts, busy.minutes);
            book.diary.take(&busy.person, stretch, Taker::Else);
        }
        let dialogues = book.enter_dialogues(stuck);
        let check_ins = book.enter_check_ins();
        for (number, dialogue) in dialogues {
            book.stand(number, dialogue.starts);
        }
        for check_in in check_ins {
            book.enter_own_check_in(check_in);
        }
        book
    }

    /// Every dialogue of the year: a day of its own for those that stay, an occasion for the others.
    /// Returns those whose date is an earlier placing's.
    fn enter_dialogues(
        &mut self,
        stuck: &BTreeMap<DialogueKey, Obstacle>,
    ) -> Vec<(usize, &'a Dialogue)> {
        let request = self.ground.request;
        let mut own: BTreeMap<DialogueKey, &Dialogue> = BTreeMap::new();
        let mut on_record = BTreeSet::new();
        for &world in request.worlds {
            for dialogue in &world.dialogues {
                let key = key_of(dialogue);
                if is_own_dialogue(request, dialogue)
                    && world.units.contains_key(&dialogue.unit)
                    && !stuck.contains_key(&key)
                {
                    own.insert(key, dialogue);
                } else {
                    self.enter_fixed_dialogue(world, dialogue);
                    on_record.insert(key);
                }
            }
        }
        let mut placed = Vec::new();
        for round in [Round::Explore, Round::Evaluate] {
            for &world in request.worlds {
                let days = Days::of(&self.ground, world, round);
                for unit in world.units.values() {
                    let key = DialogueKey {
                        unit: unit.code.clone(),
                        school_year: request.year.name.clone(),
                        round,
                    };
                    let own = own.get(&key).copied();
                    if on_record.contains(&key) || (own.is_none() && !operates(request, unit)) {
                        continue;
                    }
                    let number = self.occasions.len();
                    placed.extend(own.map(|own| (number, own)));
                    let (days, obstacle) = days.of_unit(&self.ground, unit);
                    self.meetings.push(Meeting {
                        kind: Kind::Dialogue(number),
                        minutes: own.map_or(request.rules.dialogues.minutes, |own| own.minutes),
                        starts: None,
                        was: own.map(|own| own.starts),
                    });
                    self.occasions.push(Occasion {
                        company: own.map_or_else(BTreeSet::new, |own| {
                            attendants(world, &unit.code, own.starts.date())
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
        placed
    }

    fn enter_fixed_dialogue(&mut self, world: &AreaWorld, dialogue: &Dialogue) {
        if dialogue.state == DialogueState::Cancelled {
            return;
        }
        let day = dialogue.starts.date();
        for person in attendants(world, &dialogue.unit, day) {
            let stretch = (dialogue.starts, dialogue.minutes);
            self.diary.take(&person, stretch, Taker::Fixed);
        }
        let managers = world.area_managers(day);
        self.staying.push((managers, dialogue.starts));
    }

    /// Lets a dialogue stand where an earlier placing put it, if it still can.
    fn stand(&mut self, number: usize, starts: DateTime) {
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
            && !self.ground.is_away(company, day);
        if can_stand && self.is_free(number, starts) {
            self.set(number, Some(starts));
        }
    }

    /// Every check-in on record that stays. Returns those that an earlier placing put there.
    fn enter_check_ins(&mut self) -> Vec<&'a CheckIn> {
        let request = self.ground.request;
        let mut own: BTreeMap<_, &CheckIn> = BTreeMap::new();
        let numbers: BTreeMap<_, usize> = (self.rhythms.iter().enumerate())
            .map(|(number, rhythm)| (rhythm.pair.clone(), number))
            .collect();
        for check_in in request.worlds.iter().flat_map(|world| &world.check_ins) {
            if is_own_check_in(request, check_in) {
                own.insert((check_in.starts, &check_in.pair), check_in);
                continue;
            }
            if check_in.day().is_some() {
                let stretch = (check_in.starts, check_in.minutes);
                for person in [&check_in.pair.principal, &check_in.pair.area_manager] {
                    self.diary.take(person, stretch, Taker::Fixed);
                }
            }
            if let Some(&number) = numbers.get(&check_in.pair) {
                let (weeks, calendar) = (&self.ground.weeks, request.calendar);
                self.rhythms[number].recall(check_in, weeks, calendar);
            }
        }
        own.into_values().collect()
    }

    /// Lets a check-in stand where an earlier placing put it, if it still can.
    fn enter_own_check_in(&mut self, check_in: &CheckIn) {
        let pairs = self
            .rhythms
            .binary_search_by(|rhythm| rhythm.pair.cmp(&check_in.pair));
        let Ok(number) = pairs else {
            self.parted.push(Withdrawn {
                pair: check_in.pair.clone(),
                starts: check_in.starts,
            });
            return;
        };
        let meeting = self.meetings.len();
        self.meetings.push(Meeting {
            kind: Kind::CheckIn(number),
            minutes: check_in.minutes,
            starts: None,
            was: Some(check_in.starts),
        });
        let rhythm = &mut self.rhythms[number];
        rhythm.barred.insert(check_in.starts);
        rhythm.grow_used_to(check_in.starts);
        let day = check_in.starts.date();
        let can_stand =
            rhythm.are_together(day) && !self.ground.is_away(&self.rhythms[number].people, day);
        if can_stand && self.is_free(meeting, check_in.starts) {
            self.set(meeting, Some(check_in.starts));
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

    /// The free times of some days for a meeting of a kind, of the length that the rules say.
    pub fn free_times(&self, kind: Kind, days: impl IntoIterator<Item = Date>) -> Vec<DateTime> {
        let Times { times, minutes, .. } = self.times(kind);
        let starts = days.into_iter();
        let starts = starts.flat_map(|day| times.iter().map(move |time| day.to_datetime(*time)));
        starts
            .filter(|&starts| self.in_the_way((kind, *minutes), starts).is_empty())
            .collect()
    }

    /// How far a time is from a manager's nearest meeting of the day: who has travelled stays on.
    pub fn detour(&self, manager: &PersonId, starts: DateTime, minutes: u32) -> u32 {
        let apart = self.diary.apart(manager, (starts, minutes));
        apart.unwrap_or(u32::MAX)
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

/// Where the dialogues of an area's units can be held, and who is there.
struct Days<'a> {
    world: &'a AreaWorld,
    /// The days of the window, or what stands in the way of them all.
    open: Result<Vec<Staffed<'a>>, Obstacle>,
}

/// A day, and who holds which post on it.
struct Staffed<'a> {
    day: Date,
    principals: BTreeMap<&'a UnitCode, &'a PersonId>,
    managers: Vec<PersonId>,
}

impl<'a> Days<'a> {
    fn of(ground: &Ground<'_>, world: &'a AreaWorld, round: Round) -> Self {
        let Request {
            year, rules, from, ..
        } = ground.request;
        let window: Option<Span> = match round {
            Round::Explore => year.explore,
            Round::Evaluate => year.evaluate,
        };
        let staffed = |day| Staffed {
            day,
            principals: world.principals(day),
            managers: world.area_managers(day),
        };
        let open = match window {
            None => Err(Obstacle::NoWindow),
            Some(window) if window.to < *from => Err(Obstacle::WindowPast),
            Some(window) => {
                let days = ground.days(window, &rules.dialogues);
                Ok(days.into_iter().map(staffed).collect())
            }
        };
        Self { world, open }
    }

    /// The days on which a unit's dialogue can be held, and what stands in the way otherwise.
    fn of_unit(
        &self,
        ground: &Ground<'_>,
        unit: &SchoolUnit,
    ) -> (BTreeMap<Date, BTreeSet<PersonId>>, Obstacle) {
        debug_assert!(self.world.units.contains_key(&unit.code));
        let open = match &self.open {
            Ok(open) => open,
            Err(obstacle) => return (BTreeMap::new(), *obstacle),
        };
        let mut obstacle = Obstacle::NoDay;
        let mut days = BTreeMap::new();
        for staffed in open {
            // The obstacle that is told is the one of the day that comes nearest to being one.
            if !unit.is_active(staffed.day) {
                obstacle = obstacle.max(Obstacle::NotInOperation);
                continue;
            }
            let (Some(&principal), false) = (
                staffed.principals.get(&unit.code),
                staffed.managers.is_empty(),
            ) else {
                obstacle = obstacle.max(Obstacle::Vacant);
                continue;
            };
            let managers = staffed.managers.iter().chain([principal]);
            let people = managers.cloned().collect();
            if ground.is_away(&people, staffed.day) {
                obstacle = obstacle.max(Obstacle::Away);
                continue;
            }
            obstacle = Obstacle::Taken;
            days.insert(staffed.day, people);
        }
        (days, obstacle)
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

fn is_own_dialogue(request: &Request<'_>, dialogue: &Dialogue) -> bool {
    dialogue.is_placed
        && dialogue.state == DialogueState::Planned
        && dialogue.school_year == request.year.name
        && dialogue.starts.date() >= request.from
}

fn is_own_check_in(request: &Request<'_>, check_in: &CheckIn) -> bool {
    let day = check_in.starts.date();
    check_in.is_placed
        && check_in.state == CheckInState::Planned
        && day >= request.from
        && request.year.administrative_year().contains(day)
}
