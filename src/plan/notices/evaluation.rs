//! A measure is to be evaluated, or should have been.

use super::climb_to_managers;
use crate::follow_up::{Measure, MeasureStatus, PersonId, Post, Role};
use crate::plan::decision::{Capacity, Decision, Silence};
use crate::plan::matter::Matter;
use crate::plan::view::{Address, View};

/// Decides about every measure of the slice.
pub fn decide(view: &View<'_>, into: &mut Vec<Decision>) {
    for measure in &view.world.measures {
        look_again_at_answers(view, measure);
        decide_one(view, measure, into);
    }
}

fn decide_one(view: &View<'_>, measure: &Measure, into: &mut Vec<Decision>) {
    let due = measure.evaluation_due(view.day);
    let (capacity, recipients) = answerable(view, measure);
    let own = Address {
        matter: Matter::Evaluation {
            measure: measure.id.clone(),
        },
        due: due.unwrap_or(measure.evaluate_by),
        capacity,
        recipients,
    };
    let Some(rules) = &view.rules.evaluation else {
        return view.silence(own, Silence::SwitchedOff, into);
    };
    let active = view
        .world
        .units
        .get(&measure.unit)
        .is_some_and(|unit| unit.is_active(view.day));
    let silence = match due {
        _ if measure.status == MeasureStatus::Cancelled => Some(Silence::Cancelled),
        None => Some(Silence::Done),
        Some(_) if !active => Some(Silence::Passed),
        // The question about its effect asks for more, and is put to the same person.
        Some(due) if due < view.day && is_unassessed(view, measure) => {
            Some(Silence::TakenOver { by: "unassessed" })
        }
        Some(_) => None,
    };
    match silence {
        Some(silence) => view.silence(own, silence, into),
        None => climb_to_managers(view, own, rules, into),
    }
}

/// Whether the measure is an earlier year's and its effect is asked for.
fn is_unassessed(view: &View<'_>, measure: &Measure) -> bool {
    view.rules.unassessed.is_some()
        && view
            .calendar
            .school_year_on(view.day)
            .is_some_and(|year| measure.is_unassessed(&year.name, view.day))
}

/// Who answers for a measure: the one named, while in post; otherwise the principal.
pub fn answerable(view: &View<'_>, measure: &Measure) -> (Capacity, Vec<PersonId>) {
    match &measure.responsible {
        Some(person) if is_in_post(view, person, measure) => {
            (Capacity::Responsible, vec![person.clone()])
        }
        _ => (
            Capacity::Holder(Role::Principal),
            view.principal(&measure.unit),
        ),
    }
}

/// Text about a unit never goes to the one who left it. Somebody without any post on record (a
/// lead teacher, say) is taken to be there.
fn is_in_post(view: &View<'_>, person: &PersonId, measure: &Measure) -> bool {
    let mut at_unit = view
        .world
        .appointments
        .iter()
        .filter(|a| &a.person == person)
        .filter(|a| !matches!(&a.post, Post::Unit(code) if code != &measure.unit))
        .peekable();
    view.world.people.contains_key(person)
        && (at_unit.peek().is_none() || at_unit.any(|appointment| appointment.holds(view.day)))
}

fn look_again_at_answers(view: &View<'_>, measure: &Measure) {
    for evaluation in &measure.evaluations {
        view.look_again_on(evaluation.evaluated_on);
    }
}
