//! One area as the plan sees it: the slice of the calendar that is read at once.
//!
//! An area is what one manager follows, so everything the plan weighs together lies in one
//! slice, and a tick reads only the areas in which something falls due. Appointments for the
//! whole authority (school director, quality officer) come with every slice.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{
    Absence, Activity, Appointment, Area, CheckIn, Dialogue, Measure, Pair, Person, PersonId, Post,
    Role, SchoolUnit, UnitCode,
};

/// A row that could not be read as what it should be. It is set aside, the rest goes on, and
/// the quality officer is told.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RowFault {
    /// The table.
    pub table: String,
    /// The row's key as far as it could be read.
    pub key: String,
    /// What is wrong and what to write instead.
    pub message: String,
    /// Whether the authority's own slice meets it too: then it is told of there, and once.
    #[serde(skip)]
    pub is_common: bool,
}

/// Everything the record says about one area, and about the people of the whole authority.
#[derive(Debug, Clone, Default)]
pub struct AreaWorld {
    /// The area; `None` for the slice that belongs to the authority as a whole.
    pub area: Option<Area>,
    /// Its units, by code.
    pub units: BTreeMap<UnitCode, SchoolUnit>,
    /// Everybody who is mentioned.
    pub people: BTreeMap<PersonId, Person>,
    /// Appointments at the units, for the area and for the authority.
    pub appointments: Vec<Appointment>,
    /// Those who answer for a measure here and hold, or held, a post somewhere else.
    pub posted_elsewhere: BTreeSet<PersonId>,
    /// Absences of those people.
    pub absences: Vec<Absence>,
    /// Measures of the units that may still ask for something.
    pub measures: Vec<Measure>,
    /// Dialogues of the units that stand.
    pub dialogues: Vec<Dialogue>,
    /// Check-ins of the area's pairs that stand.
    pub check_ins: Vec<CheckIn>,
    /// Activities of the units and the area.
    pub activities: Vec<Activity>,
    /// Meetings that are so far only proposed; see [`AreaWorld::settle`].
    pub proposals: Proposals,
    /// Rows that were set aside.
    pub faults: Vec<RowFault>,
}

/// Meetings that nobody is to be told of before they stand.
#[derive(Debug, Clone, Default)]
pub struct Proposals {
    /// Dialogues.
    pub dialogues: Vec<Dialogue>,
    /// Check-ins.
    pub check_ins: Vec<CheckIn>,
}

impl Proposals {
    /// The first day on which one of them stands.
    pub fn next(&self) -> Option<Date> {
        let dialogues = self.dialogues.iter().filter_map(|d| d.proposed_until);
        let check_ins = self.check_ins.iter().filter_map(|c| c.proposed_until);
        dialogues.chain(check_ins).min()
    }
}

impl AreaWorld {
    /// The rows set aside that are told of under this slice.
    pub fn faults_to_tell(&self) -> impl Iterator<Item = &RowFault> {
        let of_authority = self.area.is_none();
        self.faults
            .iter()
            .filter(move |fault| of_authority || !fault.is_common)
    }

    /// Sets meetings that are only proposed on `day` aside, and takes up those that stand by then.
    pub fn settle(&mut self, day: Date) {
        let is_proposed = |until: Option<Date>| until.is_some_and(|until| day < until);
        self.dialogues.append(&mut self.proposals.dialogues);
        self.check_ins.append(&mut self.proposals.check_ins);
        (self.proposals.dialogues, self.dialogues) = std::mem::take(&mut self.dialogues)
            .into_iter()
            .partition(|dialogue| is_proposed(dialogue.proposed_until));
        (self.proposals.check_ins, self.check_ins) = std::mem::take(&mut self.check_ins)
            .into_iter()
            .partition(|check_in| is_proposed(check_in.proposed_until));
        self.dialogues
            .sort_by(|a, b| (a.starts, &a.unit).cmp(&(b.starts, &b.unit)));
        self.check_ins
            .sort_by(|a, b| (a.starts, &a.pair).cmp(&(b.starts, &b.pair)));
    }

    /// As [`AreaWorld::settle`], where a proposal stands by `day` at all.
    pub fn settle_by(&mut self, day: Date) {
        if self.proposals.next().is_some_and(|stands| stands <= day) {
            self.settle(day);
        }
    }

    /// The people who hold `role` at `post` on `day`, without repeats, by identifier.
    pub fn holders(&self, role: Role, post: &Post, day: Date) -> Vec<PersonId> {
        let mut holders: Vec<_> = self
            .appointments
            .iter()
            .filter(|a| a.role == role && &a.post == post && a.holds(day))
            .map(|a| a.person.clone())
            .collect();
        holders.sort();
        holders.dedup();
        holders
    }

    /// The one who answers for a unit on `day`; see [`AreaWorld::principals`].
    pub fn principal(&self, unit: &UnitCode, day: Date) -> Option<PersonId> {
        self.principals(day).get(unit).map(|&person| person.clone())
    }

    /// The one who answers for each unit on `day`: an acting principal before a permanent one. With
    /// several of the same kind, the one appointed last, then the first by identifier.
    pub fn principals(&self, day: Date) -> BTreeMap<&UnitCode, &PersonId> {
        let rank = |a: &Appointment| (a.role == Role::ActingPrincipal, a.from);
        let mut leading: BTreeMap<&UnitCode, &Appointment> = BTreeMap::new();
        for appointment in &self.appointments {
            let Post::Unit(unit) = &appointment.post else {
                continue;
            };
            if !appointment.role.leads_unit() || !appointment.holds(day) {
                continue;
            }
            leading
                .entry(unit)
                .and_modify(|other| {
                    let (one, two) = (rank(appointment), rank(other));
                    if one > two || (one == two && appointment.person < other.person) {
                        *other = appointment;
                    }
                })
                .or_insert(appointment);
        }
        leading
            .into_iter()
            .map(|(unit, appointment)| (unit, &appointment.person))
            .collect()
    }

    /// The area's managers on `day`.
    pub fn area_managers(&self, day: Date) -> Vec<PersonId> {
        match &self.area {
            Some(area) => self.holders(Role::AreaManager, &Post::Area(area.id.clone()), day),
            None => Vec::new(),
        }
    }

    /// The unit that carries a unit's duties on `day`: itself while in operation, else the one that
    /// took over from it, and so on. `None` when that chain leaves the slice or ends.
    pub fn heir<'a>(&'a self, unit: &'a UnitCode, day: Date) -> Option<&'a UnitCode> {
        let mut current = unit;
        // A chain longer than there are units is a circle.
        for _ in 0..=self.units.len() {
            let unit = self.units.get(current)?;
            if unit.is_active(day) {
                return Some(&unit.code);
            }
            current = unit.successor.as_ref()?;
        }
        None
    }

    /// Those who hold a role for the whole authority on `day`.
    pub fn authority_holders(&self, role: Role, day: Date) -> Vec<PersonId> {
        self.holders(role, &Post::Authority, day)
    }

    /// The units in operation on `day`, by code.
    pub fn active_units(&self, day: Date) -> impl Iterator<Item = &SchoolUnit> {
        self.units.values().filter(move |unit| unit.is_active(day))
    }

    /// The units a person leads in this area on `day`.
    pub fn units_led_by(&self, person: &PersonId, day: Date) -> Vec<&SchoolUnit> {
        let principals = self.principals(day);
        self.active_units(day)
            .filter(|unit| principals.get(&unit.code) == Some(&person))
            .collect()
    }

    /// The pairs that should meet for check-ins on `day`: every principal with every manager of
    /// the area, a principal of two units once, nobody with themselves.
    pub fn pairs(&self, day: Date) -> BTreeSet<Pair> {
        let managers = self.area_managers(day);
        let principals = self.principals(day);
        self.active_units(day)
            .filter_map(|unit| principals.get(&unit.code))
            .flat_map(|&principal| {
                let others = managers.iter().filter(move |&manager| manager != principal);
                others.map(move |manager| Pair {
                    principal: principal.clone(),
                    area_manager: manager.clone(),
                })
            })
            .collect()
    }

    /// The days from which other appointments hold, or other units are in operation, than the day
    /// before.
    pub fn days_of_change(&self) -> BTreeSet<Date> {
        let after = |date: Option<Date>| date.and_then(|date| date.tomorrow().ok());
        let appointments = self.appointments.iter().map(|a| [a.from, after(a.to)]);
        let units = self.units.values();
        let units = units.map(|unit| [unit.active_from, after(unit.active_to)]);
        appointments.chain(units).flatten().flatten().collect()
    }

    /// Who gets mail meant for `person` on `day`: a deputy, the deputy's deputy, and so on. A
    /// circle of deputies, or one who is unknown or cannot be written to, ends the chain before it.
    pub fn stand_in(&self, person: &PersonId, day: Date) -> PersonId {
        let mut seen = vec![person.clone()];
        let mut current = person.clone();
        while let Some(deputy) = self.deputy(&current, day) {
            if seen.contains(deputy) || !self.is_reachable(deputy) {
                break;
            }
            seen.push(deputy.clone());
            current = deputy.clone();
        }
        current
    }

    /// Whether mail can be sent to a person.
    pub fn is_reachable(&self, person: &PersonId) -> bool {
        self.people.get(person).is_some_and(Person::is_reachable)
    }

    fn deputy(&self, person: &PersonId, day: Date) -> Option<&PersonId> {
        self.absences
            .iter()
            .filter(|absence| &absence.person == person && absence.covers(day))
            .find_map(|absence| absence.deputy.as_ref())
    }
}
