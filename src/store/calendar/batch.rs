//! What an import brings, and what it changed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::follow_up::{
    Absence, Activity, ActivityId, Appointment, Area, AreaId, CheckIn, Dialogue, Measure,
    MeasureId, Person, PersonId, SchoolUnit, UnitCode,
};

/// Records to be written together or not at all.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Areas.
    pub areas: Vec<Area>,
    /// Units.
    pub units: Vec<SchoolUnit>,
    /// People.
    pub people: Vec<Person>,
    /// Their posts. An appointment is known by person, role, post and first day.
    pub appointments: Vec<Appointment>,
    /// Absences, known by person and first day.
    pub absences: Vec<Absence>,
    /// Measures with the evaluations the file tells of. An evaluation is known by measure and day.
    pub measures: Vec<Measure>,
    /// Dialogues, known by unit, school year and round. Focus areas are left as they are.
    pub dialogues: Vec<Dialogue>,
    /// Check-ins, known by the two people and the start.
    pub check_ins: Vec<CheckIn>,
    /// Activities.
    pub activities: Vec<Activity>,
    /// Whether the units' levels were told; otherwise those in the calendar stay.
    pub tells_levels: bool,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            areas: Vec::new(),
            units: Vec::new(),
            people: Vec::new(),
            appointments: Vec::new(),
            absences: Vec::new(),
            measures: Vec::new(),
            dialogues: Vec::new(),
            check_ins: Vec::new(),
            activities: Vec::new(),
            tells_levels: true,
        }
    }
}

/// The identifiers already in the calendar, for checking references before anything is written.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Areas.
    pub areas: BTreeSet<AreaId>,
    /// Units.
    pub units: BTreeSet<UnitCode>,
    /// People and their addresses.
    pub people: BTreeMap<PersonId, String>,
    /// Measures.
    pub measures: BTreeSet<MeasureId>,
    /// Activities.
    pub activities: BTreeSet<ActivityId>,
}

/// How many records of one kind an import added, changed or found as they were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Change {
    /// New.
    pub added: usize,
    /// There, and now different.
    pub changed: usize,
    /// There, and the same.
    pub unchanged: usize,
}

/// [`Change`] by table.
pub type Changed = BTreeMap<&'static str, Change>;
