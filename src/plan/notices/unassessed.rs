//! The effect of earlier years' measures, not yet assessed: asked of the principal, told to the
//! area manager before the first dialogue and to the school director before the quality report.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::evaluation::answerable;
use crate::calendar::SchoolYear;
use crate::follow_up::{Measure, MeasureStatus, Role, Round, UnitCode};
use crate::plan::decision::{Capacity, Decision, Silence};
use crate::plan::ladder::{After, Ladder};
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
    let first = crate::calendar::Week::of(first).monday();
    let earlier = view
        .world
        .measures
        .iter()
        .filter(|measure| measure.school_year < year.name);
    let mut of_unit: BTreeMap<UnitCode, usize> = BTreeMap::new();
    for measure in earlier {
        let (capacity, recipients) = answerable(view, measure);
        let school_year = year.name.clone();
        let matter = Matter::Unassessed {
            measure: measure.id.clone(),
            school_year,
        };
        let own = Address {
            matter,
            due: first,
            capacity,
            recipients,
        };
        match silence(view, measure, year) {
            Some(silence) => view.silence(own, silence, into),
            None => {
                *of_unit.entry(measure.unit.clone()).or_default() += 1;
                ask(view, own, (first, last), into);
            }
        }
    }
    if let Some(rules) = &view.rules.unassessed {
        for unit in of_unit.keys() {
            tell_area_manager(view, rules, year, unit, into);
        }
        if !of_unit.is_empty() {
            tell_director(view, rules, year, into);
        }
    }
}

fn silence(view: &View<'_>, measure: &Measure, year: &SchoolYear) -> Option<Silence> {
    let active = view
        .world
        .units
        .get(&measure.unit)
        .is_some_and(|unit| unit.is_active(view.day));
    if view.rules.unassessed.is_none() {
        Some(Silence::SwitchedOff)
    } else if measure.status == MeasureStatus::Cancelled {
        Some(Silence::Cancelled)
    } else if !measure.is_unassessed(&year.name, view.day) {
        Some(Silence::Done)
    } else if !active {
        Some(Silence::Passed)
    } else {
        let due = measure
            .evaluation_due(view.day)
            .filter(|&due| due >= view.day);
        if let Some(date) = due {
            view.look_again_on(date.saturating_add(jiff::Span::new().days(1)));
        }
        due.map(|date| Silence::DateAhead { date })
    }
}

fn ask(view: &View<'_>, own: Address, (first, last): (Date, Date), into: &mut Vec<Decision>) {
    let Some(rules) = &view.rules.unassessed else {
        return;
    };
    let after = Some(After {
        first: 0,
        every: rules.every,
    });
    let ladder = Ladder {
        due: first,
        before: &[],
        after,
        period: None,
        until: Some(last),
    };
    view.climb(own, &ladder, into);
}

fn tell_area_manager(
    view: &View<'_>,
    rules: &UnassessedRules,
    year: &SchoolYear,
    unit: &UnitCode,
    into: &mut Vec<Decision>,
) {
    let dialogue = view.world.dialogues.iter().find(|dialogue| {
        &dialogue.unit == unit
            && dialogue.school_year == year.name
            && dialogue.round == Round::Explore
            && dialogue.is_open(view.day)
    });
    let Some(dialogue) = dialogue else { return };
    let due = dialogue.starts.date();
    let matter = Matter::UnassessedOfUnit {
        unit: unit.clone(),
        school_year: year.name.clone(),
    };
    let capacity = Capacity::Holder(Role::AreaManager);
    let address = Address {
        matter,
        due,
        capacity,
        recipients: view.area_managers(),
    };
    once_before(view, address, rules.area_manager_before_dialogue, into);
}

fn tell_director(
    view: &View<'_>,
    rules: &UnassessedRules,
    year: &SchoolYear,
    into: &mut Vec<Decision>,
) {
    let (Some(due), Some(area)) = (year.quality_report, &view.world.area) else {
        return;
    };
    let matter = Matter::UnassessedOfArea {
        area: area.id.clone(),
        school_year: year.name.clone(),
    };
    let capacity = Capacity::Holder(Role::SchoolDirector);
    let address = Address {
        matter,
        due,
        capacity,
        recipients: view.directors(),
    };
    once_before(view, address, rules.director_before_report, into);
}

fn once_before(view: &View<'_>, address: Address, days: u32, into: &mut Vec<Decision>) {
    let before = [days];
    let due = address.due;
    let ladder = Ladder {
        due,
        before: &before,
        after: None,
        period: None,
        until: Some(due),
    };
    view.climb(address, &ladder, into);
}
