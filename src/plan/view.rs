//! What the notices see of the world on one day, and how they speak of it.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::ToSpan;
use jiff::civil::Date;

use super::decision::{Capacity, Cause, Decision, Silence, Verdict};
use super::ladder::{Ladder, Position};
use super::matter::Matter;
use super::rules::Rules;
use crate::calendar::{Calendar, Week, parse_school_year_name, school_year_name};
use crate::follow_up::{
    AreaWorld, CheckIn, Measure, Pair, PersonId, Post, Role, SchoolUnit, UnitCode,
};

/// One slice of the world on one day, under the calendar and the rules.
pub struct View<'a> {
    /// The day the plan is made for.
    pub day: Date,
    /// The slice.
    pub world: &'a AreaWorld,
    /// Days, weeks and school years.
    pub calendar: &'a Calendar,
    /// The ladders' numbers.
    pub rules: &'a Rules,
    next: Cell<Option<Date>>,
    unreachable: RefCell<BTreeSet<PersonId>>,
    // What many notices ask again and again, found once.
    principals: OnceCell<BTreeMap<&'a UnitCode, &'a PersonId>>,
    led_by: OnceCell<BTreeMap<&'a PersonId, Vec<&'a SchoolUnit>>>,
    changes: OnceCell<BTreeSet<Date>>,
    pairs: RefCell<BTreeMap<usize, Rc<BTreeSet<Pair>>>>,
    check_ins: OnceCell<BTreeMap<&'a Pair, Vec<&'a CheckIn>>>,
}

/// A matter, the date it leads to, and who is told in what capacity.
pub struct Address {
    /// What it is about.
    pub matter: Matter,
    /// The date it leads to.
    pub due: Date,
    /// In what capacity somebody is told.
    pub capacity: Capacity,
    /// Who; empty when the post is vacant.
    pub recipients: Vec<PersonId>,
}

impl<'a> View<'a> {
    /// A view of `world` on `day`.
    pub fn new(day: Date, world: &'a AreaWorld, calendar: &'a Calendar, rules: &'a Rules) -> Self {
        Self {
            day,
            world,
            calendar,
            rules,
            next: Cell::new(None),
            unreachable: RefCell::default(),
            principals: OnceCell::new(),
            led_by: OnceCell::new(),
            changes: OnceCell::new(),
            pairs: RefCell::default(),
            check_ins: OnceCell::new(),
        }
    }

    /// Notes that things may stand otherwise on `date`, if that is to come.
    pub fn look_again_on(&self, date: Date) {
        if date > self.day && self.next.get().is_none_or(|next| date < next) {
            self.next.set(Some(date));
        }
    }

    /// The first day on which, with nothing else changing, there may be more to say.
    pub fn next_look(&self) -> Option<Date> {
        self.next.get()
    }

    /// Where a ladder stands today; its next step is noted.
    pub fn position(&self, ladder: &Ladder<'_>) -> Position {
        let position = ladder.position(self.calendar, self.day);
        if let Some(next) = position.next {
            self.look_again_on(next.on);
        }
        position
    }

    /// Decides for every recipient of `address` by where its ladder stands.
    pub fn climb(&self, address: Address, ladder: &Ladder<'_>, into: &mut Vec<Decision>) {
        let position = self.position(ladder);
        let verdict = match position {
            Position {
                reached: Some(step),
                next,
            } => {
                let cause = Cause {
                    step: step.offset,
                    fell_on: step.on,
                    next: next.map(|step| step.on),
                };
                if self.calendar.is_working_day(self.day) {
                    Verdict::Say(cause)
                } else {
                    let until = self.calendar.on_or_after(self.day);
                    self.look_again_on(until);
                    Verdict::Silent(Silence::Held { cause, until })
                }
            }
            Position {
                reached: None,
                next: None,
            } if ladder.due < self.day => Verdict::Silent(Silence::Passed),
            Position {
                reached: None,
                next,
            } => Verdict::Silent(Silence::NotYet {
                next: next.map(|step| step.on),
            }),
        };
        self.decide(address, verdict, into);
    }

    /// The same silence for every recipient of `address`.
    pub fn silence(&self, address: Address, silence: Silence, into: &mut Vec<Decision>) {
        self.decide(address, Verdict::Silent(silence), into);
    }

    fn decide(&self, address: Address, verdict: Verdict, into: &mut Vec<Decision>) {
        let area = self.world.area.as_ref().map(|area| area.id.clone());
        let decision = |recipient: Option<PersonId>, to, verdict| Decision {
            matter: address.matter.clone(),
            recipient,
            to,
            capacity: address.capacity,
            due: address.due,
            area: area.clone(),
            verdict,
        };
        if address.recipients.is_empty() {
            let silence = match &verdict {
                Verdict::Say(_) => Silence::Vacant,
                Verdict::Silent(silence) => silence.clone(),
            };
            into.push(decision(None, None, Verdict::Silent(silence)));
        }
        for recipient in &address.recipients {
            let to = self.world.stand_in(recipient, self.day);
            let verdict = match &verdict {
                Verdict::Say(_) if !self.world.is_reachable(&to) => {
                    self.unreachable.borrow_mut().insert(to.clone());
                    Verdict::Silent(Silence::NoAddress)
                }
                verdict => verdict.clone(),
            };
            into.push(decision(Some(recipient.clone()), Some(to), verdict));
        }
    }

    /// Those who were to be told something and cannot be written to, so far.
    pub fn unreachable(&self) -> BTreeSet<PersonId> {
        self.unreachable.borrow().clone()
    }

    /// The first day of the administrative school year, 1 August: where nothing tells since when
    /// something has been so, it counts from here, and so from the same date all year.
    pub fn start_of_year(&self) -> Date {
        let year = parse_school_year_name(&school_year_name(self.day)).ok();
        year.and_then(|year| Date::new(year, 8, 1).ok())
            .unwrap_or(self.day)
    }

    /// Whether a unit is in operation.
    pub fn is_active(&self, unit: &UnitCode) -> bool {
        let unit = self.world.units.get(unit);
        unit.is_some_and(|unit| unit.is_active(self.day))
    }

    /// Whether a measure's effect is asked for: it is an earlier year's, nobody has assessed it, no
    /// date to look at it lies ahead, and the first school week has come. From then on that question
    /// takes over from its evaluation, and the summer after does not give it back.
    pub fn asks_for_effect(&self, measure: &Measure) -> bool {
        let Some(year) = self.calendar.school_year_on(self.day) else {
            return false;
        };
        let first = year.first_school_day();
        let has_begun = first.is_some_and(|first| Week::of(first).monday() <= self.day);
        // Measures older than the year before were asked about last year already.
        let asked_since = if has_begun {
            Some(year.name.clone())
        } else {
            let year_before = self.day.checked_sub(1.year()).ok();
            year_before.map(school_year_name)
        };
        let waits = measure
            .evaluation_due(self.day)
            .is_some_and(|due| due >= self.day);
        self.rules.unassessed.is_some()
            && !waits
            && asked_since.is_some_and(|year| measure.is_unassessed(&year, self.day))
    }

    /// Why nothing is said of a unit that is not in operation.
    pub fn closed(&self, unit: &UnitCode) -> Silence {
        let unit = self.world.units.get(unit);
        Silence::UnitClosed {
            successor: unit.and_then(|unit| unit.successor.clone()),
        }
    }

    /// The one who answers for each unit.
    pub fn principals(&self) -> &BTreeMap<&'a UnitCode, &'a PersonId> {
        self.principals
            .get_or_init(|| self.world.principals(self.day))
    }

    /// The unit's principal as a list of recipients.
    pub fn principal(&self, unit: &UnitCode) -> Vec<PersonId> {
        let principal = self.principals().get(unit);
        principal
            .map(|&person| person.clone())
            .into_iter()
            .collect()
    }

    /// The units a person leads.
    pub fn units_led_by(&self, person: &PersonId) -> &[&'a SchoolUnit] {
        let all = self.led_by.get_or_init(|| {
            let mut all: BTreeMap<&PersonId, Vec<&SchoolUnit>> = BTreeMap::new();
            for unit in self.world.active_units(self.day) {
                if let Some(&principal) = self.principals().get(&unit.code) {
                    all.entry(principal).or_default().push(unit);
                }
            }
            all
        });
        all.get(person).map_or(&[], Vec::as_slice)
    }

    /// The pairs that should meet for check-ins as things stand on `day`.
    pub fn pairs(&self, day: Date) -> Rc<BTreeSet<Pair>> {
        // Between two days on which somebody comes or goes they are the same.
        let changes = self.changes.get_or_init(|| self.world.days_of_change());
        let stretch = changes.iter().take_while(|&&change| change <= day).count();
        let mut known = self.pairs.borrow_mut();
        let pairs = known
            .entry(stretch)
            .or_insert_with(|| Rc::new(self.world.pairs(day)));
        Rc::clone(pairs)
    }

    /// The check-ins of a pair, by start.
    pub fn check_ins(&self, pair: &Pair) -> &[&'a CheckIn] {
        let all = self.check_ins.get_or_init(|| {
            let mut all: BTreeMap<&Pair, Vec<&CheckIn>> = BTreeMap::new();
            for check_in in &self.world.check_ins {
                all.entry(&check_in.pair).or_default().push(check_in);
            }
            all
        });
        all.get(pair).map_or(&[], Vec::as_slice)
    }

    /// The check-in a pair has on a day: with several, the first that is still to be held, else the
    /// first. A meeting moved within its day may leave a cancelled one behind.
    pub fn check_in_on(&self, pair: &Pair, date: Date) -> Option<&'a CheckIn> {
        let on_its_day = |check_in: &&&CheckIn| check_in.starts.date() == date;
        let all = self.check_ins(pair).iter().filter(on_its_day);
        all.min_by_key(|check_in| (!check_in.is_open(self.day), check_in.starts))
            .copied()
    }

    /// The area's managers.
    pub fn area_managers(&self) -> Vec<PersonId> {
        self.world.area_managers(self.day)
    }

    /// The school directors.
    pub fn directors(&self) -> Vec<PersonId> {
        self.world.authority_holders(Role::SchoolDirector, self.day)
    }

    /// The quality officers, those of the authority and those of the area. Where there is none who
    /// can be written to, the school directors: somebody must hear of what goes wrong.
    pub fn quality_officers(&self) -> Vec<PersonId> {
        let mut officers = self.world.authority_holders(Role::QualityOfficer, self.day);
        if let Some(area) = &self.world.area {
            let post = Post::Area(area.id.clone());
            officers.extend(self.world.holders(Role::QualityOfficer, &post, self.day));
        }
        let is_reached = |officer: &PersonId| {
            let reader = self.world.stand_in(officer, self.day);
            self.world.is_reachable(&reader)
        };
        let directors = self.directors();
        if !officers.iter().any(is_reached) && !directors.is_empty() {
            return directors;
        }
        officers.sort();
        officers.dedup();
        officers
    }
}
