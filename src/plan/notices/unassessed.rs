//! The effect of earlier years' measures, not yet assessed: asked of the principal, told to the
//! area manager before the first dialogue and to the school director before the quality report.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::evaluation::answerable;
use crate::calendar::{SchoolYear, Week};
use crate::follow_up::{Dialogue, Measure, MeasureStatus, Role, Round, UnitCode};
use crate::plan::decision::{Capacity, Decision, Silence};
use crate::plan::ladder::Ladder;
use crate::plan::matter::Matter;
use crate::plan::rules::UnassessedRules;
use crate::plan::view::{Address, View};

/// Decides about every measure of an earlier school year.
pub fn decide(view: &View<'_>, into: &mut Vec<Decision>) {
    let Some(year) = view.calendar.school_year_on(view.day) else {
        return;
    };
    let Some((first, last)) = year.first_school_day().zip(year.last_school_day()) else {
        return;
    };
    let first = Week::of(first).monday();
    let earlier = view
        .world
        .measures
        .iter()
        .filter(|measure| measure.school_year < year.name);
    let mut units = BTreeSet::new();
    for measure in earlier {
        let (capacity, recipients) = answerable(view, measure);
        let own = Address {
            matter: Matter::Unassessed {
                measure: measure.id.clone(),
                school_year: year.name.clone(),
            },
            due: first,
            capacity,
            recipients,
        };
        let heir = view.world.heir(&measure.unit, view.day);
        match (silence(view, measure, year, heir), &view.rules.unassessed) {
            (None, Some(rules)) => {
                units.extend(heir.cloned());
                let ladder = Ladder {
                    until: Some(last),
                    ..Ladder::after(first, 0, rules.every)
                };
                view.climb(own, &ladder, into);
            }
            (silence, _) => view.silence(own, silence.unwrap_or(Silence::SwitchedOff), into),
        }
    }
    if let Some(rules) = &view.rules.unassessed {
        for unit in &units {
            tell_area_manager(view, rules, (year, first), unit, into);
        }
        if !units.is_empty() {
            tell_director(view, rules, (year, first), into);
        }
    }
}

fn silence(
    view: &View<'_>,
    measure: &Measure,
    year: &SchoolYear,
    heir: Option<&UnitCode>,
) -> Option<Silence> {
    if view.rules.unassessed.is_none() {
        return Some(Silence::SwitchedOff);
    }
    if measure.status == MeasureStatus::Cancelled {
        return Some(Silence::Cancelled);
    }
    if !measure.is_unassessed(&year.name, view.day) {
        return Some(Silence::Done);
    }
    if heir.is_none() {
        return Some(view.closed(&measure.unit));
    }
    let date = measure
        .evaluation_due(view.day)
        .filter(|&due| due >= view.day)?;
    view.look_again_on(date.saturating_add(jiff::Span::new().days(1)));
    Some(Silence::DateAhead { date })
}

/// Before the unit's first dialogue; where none is on record, before the end of its window.
fn tell_area_manager(
    view: &View<'_>,
    rules: &UnassessedRules,
    (year, first): (&SchoolYear, Date),
    unit: &UnitCode,
    into: &mut Vec<Decision>,
) {
    let is_first = |dialogue: &&Dialogue| {
        &dialogue.unit == unit
            && dialogue.school_year == year.name
            && dialogue.round == Round::Explore
    };
    let dialogue = view.world.dialogues.iter().find(is_first);
    let address = |due| Address {
        matter: Matter::UnassessedOfUnit {
            unit: unit.clone(),
            school_year: year.name.clone(),
        },
        due,
        capacity: Capacity::Holder(Role::AreaManager),
        recipients: view.area_managers(),
    };
    if let Some(held) = dialogue.filter(|dialogue| dialogue.is_held(view.day)) {
        return view.silence(address(held.starts.date()), Silence::Passed, into);
    }
    let planned = dialogue.filter(|dialogue| dialogue.is_open(view.day));
    let due = planned
        .map(|dialogue| dialogue.starts.date())
        .or(year.explore.map(|window| window.to));
    let wants = "record the unit's first dialogue, or set explore for the school year";
    let days = [rules.area_manager_before_dialogue];
    match due {
        Some(due) => view.climb(address(due), &Ladder::before(due, &days), into),
        None => view.silence(address(first), Silence::NoDate { wants }, into),
    }
}

fn tell_director(
    view: &View<'_>,
    rules: &UnassessedRules,
    (year, first): (&SchoolYear, Date),
    into: &mut Vec<Decision>,
) {
    let Some(area) = &view.world.area else { return };
    let address = |due| Address {
        matter: Matter::UnassessedOfArea {
            area: area.id.clone(),
            school_year: year.name.clone(),
        },
        due,
        capacity: Capacity::Holder(Role::SchoolDirector),
        recipients: view.directors(),
    };
    let wants = "set quality-report for the school year";
    let days = [rules.director_before_report];
    match year.quality_report {
        Some(due) => view.climb(address(due), &Ladder::before(due, &days), into),
        None => view.silence(address(first), Silence::NoDate { wants }, into),
    }
}
