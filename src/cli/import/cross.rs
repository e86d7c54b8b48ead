//! Between rows: duplicates, references to what is not there, circles.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::columns::Kind;
use super::fields::{Fields, Note, Report};
use super::records::by_address;
use crate::follow_up::{AreaId, PersonId, Post, UnitCode};
use crate::store::{Batch, Known};

/// Where a row stands.
pub type Place = (PathBuf, Option<String>, usize);

/// What was seen where, and what the calendar already has.
pub struct Seen {
    known: Known,
    keys: BTreeMap<(Kind, String), Place>,
    /// The place of each record of the batch, by kind and its place in its list.
    places: BTreeMap<(Kind, usize), Place>,
    counts: BTreeMap<Kind, usize>,
}

impl Seen {
    /// Nothing seen yet.
    pub fn new(known: Known) -> Self {
        Self {
            known,
            keys: BTreeMap::new(),
            places: BTreeMap::new(),
            counts: BTreeMap::new(),
        }
    }

    /// Notes the record a row has added, if it has, and whether it is there already.
    pub fn note(&mut self, kind: Kind, row: &mut Fields<'_>, batch: &Batch, place: &Place) {
        let (count, key) = latest(kind, batch);
        let before = self.counts.insert(kind, count).unwrap_or(0);
        for added in before..count {
            self.places.insert((kind, added), place.clone());
        }
        let (true, Some((column, key))) = (count > before, key) else {
            return;
        };
        if let Some((file, _, line)) = self.keys.insert((kind, key), place.clone()) {
            let message = format!(
                "is there already, in {} line {line}; keep one of them",
                file.display()
            );
            row.fault(column, message);
        }
    }
}

/// How many records of a kind there are, and what makes the last one unique.
fn latest(kind: Kind, batch: &Batch) -> (usize, Option<(&'static str, String)>) {
    match kind {
        // Areas are also made by --area-from, so their rows are told apart by identifier alone.
        Kind::Areas => (
            batch.areas.len(),
            batch.areas.last().map(|area| ("id", area.id.to_string())),
        ),
        Kind::Units => (
            batch.units.len(),
            batch
                .units
                .last()
                .map(|unit| ("code", unit.code.to_string())),
        ),
        Kind::People => {
            let key = batch.appointments.last().map(|a| {
                (
                    "role",
                    format!("{}\t{}\t{:?}\t{:?}", a.person, a.role, a.post, a.from),
                )
            });
            (batch.appointments.len(), key)
        }
        Kind::Measures => (
            batch.measures.len(),
            batch.measures.last().map(|m| ("id", m.id.to_string())),
        ),
        Kind::Absences => {
            let key = batch
                .absences
                .last()
                .map(|a| ("from", format!("{}\t{}", a.person, a.from)));
            (batch.absences.len(), key)
        }
        Kind::CheckIns => {
            let key = batch.check_ins.last().map(|c| {
                (
                    "starts",
                    format!(
                        "{}\t{}\t{}",
                        c.pair.principal, c.pair.area_manager, c.starts
                    ),
                )
            });
            (batch.check_ins.len(), key)
        }
        Kind::Dialogues => {
            let key = batch.dialogues.last().map(|d| {
                (
                    "round",
                    format!("{}\t{}\t{}", d.unit, d.school_year, d.round),
                )
            });
            (batch.dialogues.len(), key)
        }
        Kind::Activities => (
            batch.activities.len(),
            batch.activities.last().map(|a| ("id", a.id.to_string())),
        ),
    }
}

/// Turns references by address into identifiers.
pub fn resolve_people(batch: &mut Batch, seen: &Seen) {
    let mut addresses: BTreeMap<String, PersonId> = seen
        .known
        .people
        .iter()
        .map(|(id, email)| (email.to_lowercase(), id.clone()))
        .collect();
    addresses.extend(by_address(&batch.people));
    let resolve = |person: &mut PersonId| {
        if let Some(id) = addresses.get(&person.as_str().to_lowercase()) {
            *person = id.clone();
        }
    };
    for measure in &mut batch.measures {
        measure.responsible.iter_mut().for_each(resolve);
    }
    for absence in &mut batch.absences {
        resolve(&mut absence.person);
        absence.deputy.iter_mut().for_each(resolve);
    }
    for check_in in &mut batch.check_ins {
        resolve(&mut check_in.pair.principal);
        resolve(&mut check_in.pair.area_manager);
    }
}

struct Check<'a> {
    seen: &'a Seen,
    report: &'a mut Report,
    areas: BTreeSet<&'a AreaId>,
    units: BTreeSet<&'a UnitCode>,
    people: BTreeSet<&'a PersonId>,
}

/// Checks every reference and looks for circles.
pub fn check(batch: &Batch, seen: &Seen, report: &mut Report) {
    let mut check = Check {
        seen,
        report,
        areas: seen
            .known
            .areas
            .iter()
            .chain(batch.areas.iter().map(|area| &area.id))
            .collect(),
        units: seen
            .known
            .units
            .iter()
            .chain(batch.units.iter().map(|unit| &unit.code))
            .collect(),
        people: seen
            .known
            .people
            .keys()
            .chain(batch.people.iter().map(|p| &p.id))
            .collect(),
    };
    for (place, unit) in batch.units.iter().enumerate() {
        check.area((Kind::Units, place), "area", &unit.area);
        unit.successor
            .iter()
            .for_each(|code| check.unit((Kind::Units, place), "successor", code));
    }
    for (place, appointment) in batch.appointments.iter().enumerate() {
        check.post((Kind::People, place), &appointment.post);
    }
    for (place, measure) in batch.measures.iter().enumerate() {
        check.unit((Kind::Measures, place), "unit", &measure.unit);
        measure
            .responsible
            .iter()
            .for_each(|p| check.person((Kind::Measures, place), "responsible", p));
    }
    for (place, absence) in batch.absences.iter().enumerate() {
        check.person((Kind::Absences, place), "person", &absence.person);
        absence
            .deputy
            .iter()
            .for_each(|p| check.person((Kind::Absences, place), "deputy", p));
    }
    for (place, check_in) in batch.check_ins.iter().enumerate() {
        check.person(
            (Kind::CheckIns, place),
            "principal",
            &check_in.pair.principal,
        );
        check.person(
            (Kind::CheckIns, place),
            "area_manager",
            &check_in.pair.area_manager,
        );
    }
    for (place, dialogue) in batch.dialogues.iter().enumerate() {
        check.unit((Kind::Dialogues, place), "unit", &dialogue.unit);
    }
    for (place, activity) in batch.activities.iter().enumerate() {
        check.post((Kind::Activities, place), &activity.post);
    }
    check.successors(batch);
    check.deputies(batch);
}

impl Check<'_> {
    fn fault(&mut self, at: (Kind, usize), column: &str, value: String, message: String) {
        let (file, sheet, line) = match self.seen.places.get(&at) {
            Some((file, sheet, line)) => (file.clone(), sheet.clone(), Some(*line)),
            None => (PathBuf::new(), None, None),
        };
        let (column, value) = (Some(column.to_owned()), Some(value));
        self.report.faults.push(Note {
            file,
            sheet,
            line,
            column,
            value,
            message,
        });
    }

    fn area(&mut self, at: (Kind, usize), column: &str, area: &AreaId) {
        if !self.areas.contains(area) {
            let message =
                "there is no such area; write the id of one in areas.csv, or add it there";
            self.fault(at, column, area.to_string(), message.into());
        }
    }

    fn unit(&mut self, at: (Kind, usize), column: &str, unit: &UnitCode) {
        if !self.units.contains(unit) {
            let message =
                "there is no such school unit; write the code of one in units.csv, or add it there";
            self.fault(at, column, unit.to_string(), message.into());
        }
    }

    fn person(&mut self, at: (Kind, usize), column: &str, person: &PersonId) {
        if !self.people.contains(person) {
            let message = "there is no such person; write the id or the address of one in people.csv, or add them there";
            self.fault(at, column, person.to_string(), message.into());
        }
    }

    fn post(&mut self, at: (Kind, usize), post: &Post) {
        match post {
            Post::Unit(unit) => self.unit(
                at,
                if at.0 == Kind::People {
                    "units"
                } else {
                    "unit"
                },
                unit,
            ),
            Post::Area(area) => self.area(at, "area", area),
            Post::Authority => {}
        }
    }

    /// A chain of successors that comes back to where it began.
    fn successors(&mut self, batch: &Batch) {
        let next: BTreeMap<&UnitCode, &UnitCode> = batch
            .units
            .iter()
            .filter_map(|unit| Some((&unit.code, unit.successor.as_ref()?)))
            .collect();
        for (place, unit) in batch.units.iter().enumerate() {
            let mut current = next.get(&unit.code).copied();
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

    /// Two people who stand in for each other on the same day.
    fn deputies(&mut self, batch: &Batch) {
        for (place, absence) in batch.absences.iter().enumerate() {
            let Some(deputy) = &absence.deputy else {
                continue;
            };
            let circle = batch.absences.iter().any(|other| {
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
