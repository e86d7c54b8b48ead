//! References to what is not there, and circles.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::Kind;
use super::cross::Seen;
use super::report::Report;
use crate::follow_up::plausible::{Implausible, pair_faults};
use crate::follow_up::{Absence, AreaId, Pair, PersonId, Post, PostsTold, Role, UnitCode};
use crate::store::{Batch, Known, KnownAbsence, Unclear, Whom};

struct Check<'a> {
    seen: &'a Seen,
    whom: &'a Whom,
    report: &'a mut Report,
    areas: BTreeSet<&'a AreaId>,
    units: BTreeSet<&'a UnitCode>,
    people: BTreeSet<&'a PersonId>,
    roles: BTreeSet<(&'a PersonId, Role)>,
}

/// Checks every reference and looks for circles.
pub fn check(batch: &Batch, known: &Known, (seen, whom): (&Seen, &Whom), report: &mut Report) {
    let posts = known.appointments.iter().chain(&batch.appointments);
    let told = &batch.areas;
    let mut check = Check {
        seen,
        whom,
        report,
        areas: known
            .areas
            .iter()
            .chain(told.iter().map(|area| &area.id))
            .collect(),
        units: known
            .units
            .keys()
            .chain(batch.units.iter().map(|unit| &unit.code))
            .collect(),
        people: known
            .people
            .keys()
            .chain(batch.people.iter().map(|person| &person.id))
            .collect(),
        roles: posts.map(|post| (&post.person, post.role)).collect(),
    };
    check.organisation(batch);
    check.last_days(batch, known);
    check.follow_up(batch);
    check.successors(batch, known);
    check.deputies(batch, known);
}

impl Check<'_> {
    fn organisation(&mut self, batch: &Batch) {
        for (place, unit) in batch.units.iter().enumerate() {
            let at = (Kind::Units, place);
            self.area(at, "area", &unit.area);
            unit.successor
                .iter()
                .for_each(|code| self.unit(at, "successor", code));
        }
        for (place, appointment) in batch.appointments.iter().enumerate() {
            self.post((Kind::People, place), &appointment.post);
        }
    }

    /// A last day without a first is held against the first day the calendar has.
    fn last_days(&mut self, batch: &Batch, known: &Known) {
        let posts = PostsTold::of(&batch.appointments);
        for (place, told) in batch.appointments.iter().enumerate() {
            let Some(to) = told.to.filter(|_| told.from.is_none()) else {
                continue;
            };
            let meant = posts.meant(told, &known.appointments);
            if let Some(first) = meant.and_then(|meant| meant.from)
                && to < first
            {
                let message = format!(
                    "is before the first day in the calendar ({first}); write valid_from too, or correct it"
                );
                self.fault((Kind::People, place), "valid_to", to.to_string(), message);
            }
        }
    }

    fn follow_up(&mut self, batch: &Batch) {
        for (place, measure) in batch.measures.iter().enumerate() {
            let at = (Kind::Measures, place);
            self.unit(at, "unit", &measure.unit);
            measure
                .responsible
                .iter()
                .for_each(|who| self.person(at, "responsible", who));
        }
        for (place, absence) in batch.absences.iter().enumerate() {
            let at = (Kind::Absences, place);
            self.person(at, "person", &absence.person);
            absence
                .deputy
                .iter()
                .for_each(|who| self.person(at, "deputy", who));
        }
        for (place, check_in) in batch.check_ins.iter().enumerate() {
            let at = (Kind::CheckIns, place);
            self.person(at, "principal", &check_in.pair.principal);
            self.person(at, "area_manager", &check_in.pair.area_manager);
            self.pair(at, &check_in.pair);
        }
        for (place, dialogue) in batch.dialogues.iter().enumerate() {
            self.unit((Kind::Dialogues, place), "unit", &dialogue.unit);
        }
        for (place, activity) in batch.activities.iter().enumerate() {
            self.post((Kind::Activities, place), &activity.post);
        }
    }

    fn fault(
        &mut self,
        (kind, place): (Kind, usize),
        column: &str,
        value: String,
        message: String,
    ) {
        if let Some(place) = self.seen.place(kind, place) {
            self.report.fault(place.note(column, Some(value), message));
        }
    }

    fn area(&mut self, at: (Kind, usize), column: &str, area: &AreaId) {
        if !self.areas.contains(area) && !self.seen.means(Kind::Areas, area.as_str()) {
            let message =
                "there is no such area; write the id of one in areas.csv, or add it there";
            self.fault(at, column, area.to_string(), message.into());
        }
    }

    fn unit(&mut self, at: (Kind, usize), column: &str, unit: &UnitCode) {
        if !self.units.contains(unit) && !self.seen.means(Kind::Units, unit.as_str()) {
            let message =
                "there is no such school unit; write the code of one in units.csv, or add it there";
            self.fault(at, column, unit.to_string(), message.into());
        }
    }

    fn person(&mut self, at: (Kind, usize), column: &str, person: &PersonId) {
        let is_meant = || {
            self.seen
                .means(Kind::People, &person.as_str().to_lowercase())
        };
        if !self.people.contains(person) && !is_meant() {
            let message = match self.whom.find(person.as_str()) {
                Err(unclear @ Unclear::Several(..)) => unclear.to_string(),
                _ => "there is no such person; write the id or the address of one in people.csv, or add them there".into(),
            };
            self.fault(at, column, person.to_string(), message);
        }
    }

    /// A check-in is a principal's with an area manager; often the two columns are swapped.
    fn pair(&mut self, at: (Kind, usize), pair: &Pair) {
        let faults = pair_faults(pair, |person, role| self.roles.contains(&(person, role)));
        for (person, fault) in faults {
            let is_meant = self
                .seen
                .means(Kind::People, &person.as_str().to_lowercase());
            if self.people.contains(person) && !is_meant {
                let column = match fault {
                    Implausible::NoPrincipal => "principal",
                    _ => "area_manager",
                };
                self.fault(at, column, person.to_string(), fault.to_string());
            }
        }
    }

    fn post(&mut self, at: (Kind, usize), post: &Post) {
        let column = if at.0 == Kind::People {
            "units"
        } else {
            "unit"
        };
        match post {
            Post::Unit(unit) => self.unit(at, column, unit),
            Post::Area(area) => self.area(at, "area", area),
            Post::Authority => {}
        }
    }

    /// A chain of successors that comes back to where it began, through the file and the calendar.
    fn successors(&mut self, batch: &Batch, known: &Known) {
        let mut next: BTreeMap<&UnitCode, &UnitCode> = known
            .units
            .iter()
            .filter_map(|(code, unit)| Some((code, unit.successor.as_ref()?)))
            .collect();
        for (place, unit) in batch.units.iter().enumerate() {
            if batch.unsaid("school_unit", place).contains(&"successor") {
                continue;
            }
            match &unit.successor {
                Some(successor) => next.insert(&unit.code, successor),
                None => next.remove(&unit.code),
            };
        }
        for (place, unit) in batch.units.iter().enumerate() {
            let mut current = unit.successor.as_ref();
            let mut steps = 0;
            while let Some(code) = current {
                if code == &unit.code {
                    let message = "the successors form a circle that comes back to this unit; end it somewhere";
                    self.fault(
                        (Kind::Units, place),
                        "successor",
                        unit.code.to_string(),
                        message.into(),
                    );
                    break;
                }
                steps += 1;
                current = if steps > next.len() {
                    None
                } else {
                    next.get(code).copied()
                };
            }
        }
    }

    /// Two people who stand in for each other on the same day, by the file or the calendar.
    fn deputies(&mut self, batch: &Batch, known: &Known) {
        let absences = absences_to_be(batch, known);
        for (place, told) in batch.absences.iter().enumerate() {
            let absence = &absences[place];
            // A deputy that the file only says again stands as recorded, and is no news.
            let Some(deputy) = absence
                .deputy
                .as_ref()
                .filter(|_| told.deputy == absence.deputy)
            else {
                continue;
            };
            let circle = absences.iter().any(|other| {
                &other.person == deputy
                    && other.deputy.as_ref() == Some(&absence.person)
                    && other.from <= absence.to
                    && absence.from <= other.to
            });
            if circle {
                let message = format!(
                    "{deputy} is away too, with {} as deputy: a circle; name somebody else",
                    absence.person
                );
                self.fault(
                    (Kind::Absences, place),
                    "deputy",
                    deputy.to_string(),
                    message,
                );
            }
        }
    }
}

/// The absences of a batch as they will stand, and after them those of the calendar that it does
/// not speak of.
fn absences_to_be(batch: &Batch, known: &Known) -> Vec<Absence> {
    let key = |absence: &Absence| (absence.person.clone(), absence.from);
    let mut there: BTreeMap<_, &KnownAbsence> = known
        .absences
        .iter()
        .map(|there| (key(&there.absence), there))
        .collect();
    let mut absences = batch.absences.clone();
    for (place, told) in absences.iter_mut().enumerate() {
        if let Some(there) = there.remove(&key(told)) {
            let unsaid = batch.unsaid("absence", place).contains(&"deputy");
            if unsaid || told.deputy == there.imported_deputy {
                told.deputy.clone_from(&there.absence.deputy);
            }
        }
    }
    absences.extend(there.into_values().map(|there| there.absence.clone()));
    absences
}
