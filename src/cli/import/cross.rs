//! Between rows: where each record stands, and which of them are there twice.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::Kind;
use super::fields::Fields;
use super::layout::Place;
use crate::follow_up::{PersonId, UnitCode};
use crate::store::{Batch, Known, Whom};

/// What was seen where.
#[derive(Debug, Default)]
pub struct Seen {
    keys: BTreeMap<(Kind, String), Place>,
    /// The place of each record of the batch, by kind and its place in its list.
    places: BTreeMap<(Kind, usize), Place>,
    counts: BTreeMap<Kind, usize>,
    /// What a row with faults would have brought: others may refer to it without a fault of theirs.
    meant: BTreeSet<(Kind, String)>,
    /// Kinds of which a table could not be read.
    given_up: BTreeSet<Kind>,
}

impl Seen {
    /// Notes the records a row has added, and whether they are there already.
    pub fn note(&mut self, kind: Kind, row: &mut Fields<'_>, batch: &Batch) {
        let count = count(kind, batch);
        let before = self.counts.insert(kind, count).unwrap_or(0);
        for added in before..count {
            let place = row.place();
            self.places.insert((kind, added), place.clone());
            let (column, key) = key(kind, batch, added);
            if let Some(earlier) = self.keys.insert((kind, key), place) {
                let message = format!("is there already, in {}; keep one of them", earlier.words());
                row.fault(column, message);
            }
        }
        if row.is_sound() {
            return;
        }
        let meant = match kind {
            Kind::Areas => vec![row.raw("id").to_owned()],
            Kind::Units => UnitCode::parse(row.raw("code"))
                .map(|code| vec![code.to_string()])
                .unwrap_or_default(),
            Kind::People => vec![
                row.raw("id").to_lowercase(),
                row.raw("email").to_lowercase(),
            ],
            _ => Vec::new(),
        };
        self.meant.extend(meant.into_iter().map(|key| (kind, key)));
    }

    /// Notes that a table of a kind could not be read.
    pub fn give_up(&mut self, kind: Kind) {
        self.given_up.insert(kind);
        if kind == Kind::Units {
            // Their rows may have named areas.
            self.given_up.insert(Kind::Areas);
        }
    }

    /// Whether a table of a kind could not be read, so that nobody knows what is in it.
    pub fn gave_up(&self, kind: Kind) -> bool {
        self.given_up.contains(&kind)
    }

    /// Whether a row that has faults of its own means this.
    pub fn means(&self, kind: Kind, key: &str) -> bool {
        self.gave_up(kind) || self.meant.contains(&(kind, key.to_owned()))
    }

    /// Where a record stands, by kind and its place in its list.
    pub fn place(&self, kind: Kind, place: usize) -> Option<&Place> {
        self.places.get(&(kind, place))
    }
}

/// How many records of a kind there are. People are counted by their posts.
fn count(kind: Kind, batch: &Batch) -> usize {
    match kind {
        Kind::Areas => batch.areas.len(),
        Kind::Units => batch.units.len(),
        Kind::People => batch.appointments.len(),
        Kind::Measures => batch.measures.len(),
        Kind::Absences => batch.absences.len(),
        Kind::CheckIns => batch.check_ins.len(),
        Kind::Dialogues => batch.dialogues.len(),
        Kind::Activities => batch.activities.len(),
    }
}

/// What makes a record unique, and the column that says so.
fn key(kind: Kind, batch: &Batch, place: usize) -> (&'static str, String) {
    match kind {
        Kind::Areas => ("id", batch.areas[place].id.to_string()),
        Kind::Units => ("code", batch.units[place].code.to_string()),
        Kind::People => {
            let a = &batch.appointments[place];
            let key = format!("{}\t{}\t{:?}\t{:?}", a.person, a.role, a.post, a.from);
            ("role", key)
        }
        Kind::Measures => ("id", batch.measures[place].id.to_string()),
        Kind::Absences => {
            let absence = &batch.absences[place];
            ("from", format!("{}\t{}", absence.person, absence.from))
        }
        Kind::CheckIns => {
            let c = &batch.check_ins[place];
            let key = format!(
                "{}\t{}\t{}",
                c.pair.principal, c.pair.area_manager, c.starts
            );
            ("starts", key)
        }
        Kind::Dialogues => {
            let d = &batch.dialogues[place];
            (
                "round",
                format!("{}\t{}\t{}", d.unit, d.school_year, d.round),
            )
        }
        Kind::Activities => ("id", batch.activities[place].id.to_string()),
    }
}

/// Everybody there will be, with the addresses the batch gives them; a file beside it may still
/// have the old ones.
pub fn everybody(batch: &Batch, known: &Known) -> Whom {
    let mut people = known.people.clone();
    let told = batch.people.iter();
    people.extend(told.map(|person| (person.id.clone(), person.email.clone())));
    Whom::of(people).or_formerly(known.people.clone())
}

/// Turns references by address into identifiers. One that is unclear stays as it is written.
pub fn resolve_people(batch: &mut Batch, whom: &Whom) {
    let resolve = |person: &mut PersonId| {
        if let Ok(id) = whom.find(person.as_str()) {
            *person = id;
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
