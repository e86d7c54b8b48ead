//! A measure is to be evaluated, or should have been.

use super::{climb_to_managers, remind};
use crate::follow_up::{Measure, MeasureStatus, PersonId, Post, Role};
use crate::plan::decision::{Capacity, Decision, Silence};
use crate::plan::matter::Matter;
use crate::plan::view::{Address, View};

/// Decides about every measure of the slice.
pub fn decide(view: &View<'_>, into: &mut Vec<Decision>) {
    for measure in &view.world.measures {
        for evaluation in &measure.evaluations {
            view.look_again_on(evaluation.evaluated_on);
        }
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
    let closed = view.world.heir(&measure.unit, view.day).is_none();
    let silence = match due {
        _ if measure.status == MeasureStatus::Cancelled => Some(Silence::Cancelled),
        None => Some(Silence::Done),
        Some(_) if closed => Some(view.closed(&measure.unit)),
        Some(_) => None,
    };
    if let Some(silence) = silence {
        return view.silence(own, silence, into);
    }
    if view.asks_for_effect(measure) {
        // That asks for more, is put to the same person, and climbs in its own way.
        return view.silence(own, Silence::TakenOver { by: "unassessed" }, into);
    }
    let to_managers = (own.matter.clone(), own.due, capacity);
    remind(view, own, rules, into);
    climb_to_managers(view, to_managers, rules, into);
}

/// Who answers for a measure: the one named, while in post; otherwise the principal of the unit, or
/// of the one that took over from it.
pub fn answerable(view: &View<'_>, measure: &Measure) -> (Capacity, Vec<PersonId>) {
    match &measure.responsible {
        Some(person) if is_in_post(view, person, measure) => {
            (Capacity::Responsible, vec![person.clone()])
        }
        _ => {
            let heir = view.world.heir(&measure.unit, view.day);
            let principal = view.principal(heir.unwrap_or(&measure.unit));
            (Capacity::Holder(Role::Principal), principal)
        }
    }
}

/// Text about a unit never goes to the one who left it. Somebody without any post on record (a
/// lead teacher, say) is taken to be there.
fn is_in_post(view: &View<'_>, person: &PersonId, measure: &Measure) -> bool {
    let world = view.world;
    let heir = world.heir(&measure.unit, view.day);
    let is_here = |post: &Post| match post {
        Post::Unit(code) => code == &measure.unit || Some(code) == heir,
        Post::Area(_) | Post::Authority => true,
    };
    let (here, elsewhere): (Vec<_>, Vec<_>) = world
        .appointments
        .iter()
        .filter(|appointment| &appointment.person == person)
        .partition(|appointment| is_here(&appointment.post));
    let without_post =
        here.is_empty() && elsewhere.is_empty() && !world.posted_elsewhere.contains(person);
    world.people.contains_key(person)
        && (without_post || here.iter().any(|appointment| appointment.holds(view.day)))
}
