//! A school year in figures: managers as rows, weeks as columns.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime};
use serde::Serialize;

use super::name;
use crate::calendar::{SchoolYear, Week, swedish_order};
use crate::cli::output;
use crate::daemon::{Office, SliceWorld};
use crate::follow_up::{DialogueState, Pair, PersonId, UnitCode};
use crate::plan::placing::Placement;

/// Meetings of a manager in a week, those on record and those placed.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Load {
    dialogues: usize,
    check_ins: usize,
}

/// A term: its school weeks, and each manager's load in them.
#[derive(Debug, Serialize)]
pub struct Term {
    weeks: Vec<i8>,
    managers: Vec<Manager>,
}

/// A manager's load in each week of a term.
#[derive(Debug, Serialize)]
pub struct Manager {
    name: String,
    loads: Vec<Load>,
}

type Loads = BTreeMap<PersonId, BTreeMap<Week, Load>>;

/// The terms of a school year; managers without a meeting in a term are left out of it.
pub fn terms(
    office: &Office,
    (year, slices): (&SchoolYear, &[SliceWorld]),
    placement: &Placement,
) -> Vec<Term> {
    let loads = loads(slices, placement);
    let calendar = &office.settings.calendar;
    let term = |days: crate::calendar::Span| {
        let weeks: BTreeSet<Week> = days.days().map(Week::of).collect();
        let mut weeks: Vec<Week> = weeks.into_iter().collect();
        weeks.retain(|&week| calendar.is_school_week(week));
        let mut managers: Vec<Manager> = loads
            .iter()
            .filter(|(_, own)| weeks.iter().any(|week| own.contains_key(week)))
            .map(|(manager, own)| Manager {
                name: name(slices, manager),
                loads: weeks
                    .iter()
                    .map(|week| own.get(week).copied().unwrap_or_default())
                    .collect(),
            })
            .collect();
        managers.sort_by(|a, b| swedish_order(&a.name, &b.name));
        Term {
            weeks: weeks.into_iter().map(Week::number).collect(),
            managers,
        }
    };
    year.terms.iter().map(|&days| term(days)).collect()
}

/// The terms as text, a table each.
pub fn text(terms: &[Term]) -> String {
    let cell = |count: usize| match count {
        0 => "·".to_owned(),
        count => count.to_string(),
    };
    let mut picture = String::new();
    for term in terms {
        let numbers: Vec<String> = term.weeks.iter().map(ToString::to_string).collect();
        let mut headings = vec!["AREA MANAGER", "WEEK"];
        headings.extend(numbers.iter().map(String::as_str));
        let mut rows = Vec::new();
        for manager in &term.managers {
            let mut dialogues = vec![manager.name.clone(), "dialogues".into()];
            dialogues.extend(manager.loads.iter().map(|load| cell(load.dialogues)));
            let mut check_ins = vec![String::new(), "check-ins".into()];
            check_ins.extend(manager.loads.iter().map(|load| cell(load.check_ins)));
            rows.extend([dialogues, check_ins]);
        }
        picture.push_str(&output::table(&headings, rows));
        picture.push('\n');
    }
    picture
}

fn loads(slices: &[SliceWorld], placement: &Placement) -> Loads {
    let mut loads = Loads::new();
    let mut of = |manager: &PersonId, day: Date, count: &dyn Fn(&mut Load)| {
        let own = loads.entry(manager.clone()).or_default();
        count(own.entry(Week::of(day)).or_default());
    };
    let dialogue = |load: &mut Load| load.dialogues += 1;
    let check_in = |load: &mut Load| load.check_ins += 1;
    // What moves, or is called off, is no longer where the record has it.
    let moved_units: BTreeSet<(&UnitCode, DateTime)> = placement
        .dialogues
        .iter()
        .filter_map(|placed| Some((&placed.dialogue.unit, placed.moved_from?)))
        .collect();
    let withdrawn = placement.withdrawn.iter().map(|w| (&w.pair, w.starts));
    let moved_pairs: BTreeSet<(&Pair, DateTime)> = placement
        .check_ins
        .iter()
        .filter_map(|placed| Some((&placed.pair, placed.moved_from?)))
        .chain(withdrawn)
        .collect();
    for world in slices.iter().map(|slice| &slice.world) {
        let on_record = world.dialogues.iter();
        for held in on_record.filter(|d| {
            d.state != DialogueState::Cancelled && !moved_units.contains(&(&d.unit, d.starts))
        }) {
            let day = held.starts.date();
            for manager in world.area_managers(day) {
                of(&manager, day, &dialogue);
            }
        }
    }
    // A principal's check-ins come with every area in which they lead a unit.
    let all = slices.iter().flat_map(|slice| &slice.world.check_ins);
    let on_record: BTreeMap<_, Date> = all
        .filter(|c| !moved_pairs.contains(&(&c.pair, c.starts)))
        .filter_map(|check_in| Some(((&check_in.pair, check_in.starts), check_in.day()?)))
        .collect();
    for ((pair, _), day) in on_record {
        of(&pair.area_manager, day, &check_in);
    }
    for placed in &placement.dialogues {
        for manager in &placed.area_managers {
            of(manager, placed.starts.date(), &dialogue);
        }
    }
    for placed in &placement.check_ins {
        of(&placed.pair.area_manager, placed.starts.date(), &check_in);
    }
    loads
}
