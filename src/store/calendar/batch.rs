//! What an import brings, and what it changed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;

use crate::follow_up::{
    Absence, Activity, Appointment, Area, AreaId, CheckIn, Dialogue, Measure, Person, PersonId,
    SchoolUnit, UnitCode,
};
use crate::plan::placing::Busy;

/// Records to be written together or not at all.
#[derive(Debug, Clone, Default)]
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
    /// When people are busy, in place of all that was known of them before.
    pub busy: BTreeMap<PersonId, Vec<Busy>>,
    /// Columns of single records that their source says nothing of, by table and place in the list
    /// above. A record that is there keeps its own; a new one gets what the record here has.
    pub unsaid: BTreeMap<(&'static str, usize), Vec<&'static str>>,
}

impl Batch {
    /// The columns of a record that its source says nothing of.
    pub fn unsaid(&self, table: &'static str, place: usize) -> &[&'static str] {
        self.unsaid.get(&(table, place)).map_or(&[], Vec::as_slice)
    }
}

/// What an import came to.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    /// How many records it added, changed or found as they were.
    pub changed: Changed,
    /// What it left as it was recorded since the last import.
    pub stood: Vec<Stood>,
    /// New check-ins, by their place in the batch's list, on a day when the two have another one
    /// planned, and the local start of that.
    pub same_day: Vec<(usize, String)>,
}

/// A value that stands because the source only repeats what it said at the last import, and
/// somebody has recorded something else since; or the day of an evaluation that an earlier import
/// brought and the source names no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stood {
    /// The table.
    pub table: &'static str,
    /// The record's place in the batch's list; an evaluation's is its measure's.
    pub place: usize,
    /// The column.
    pub column: &'static str,
    /// What stands in it; empty for nothing.
    pub value: String,
}

/// What is already in the calendar, for checking a batch before anything of it is written.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Areas.
    pub areas: BTreeSet<AreaId>,
    /// Units.
    pub units: BTreeMap<UnitCode, KnownUnit>,
    /// Every post anybody holds, held or will hold.
    pub appointments: Vec<Appointment>,
    /// Absences.
    pub absences: Vec<KnownAbsence>,
    /// People and their addresses.
    pub people: BTreeMap<PersonId, String>,
}

/// A unit of the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownUnit {
    /// Its area.
    pub area: AreaId,
    /// Its first day.
    pub from: Option<Date>,
    /// Its last day.
    pub to: Option<Date>,
    /// The unit that takes over from it.
    pub successor: Option<UnitCode>,
}

/// An absence of the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAbsence {
    /// The absence as it stands.
    pub absence: Absence,
    /// The deputy the last import gave it.
    pub imported_deputy: Option<PersonId>,
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
