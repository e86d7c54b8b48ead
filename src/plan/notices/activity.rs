//! Any other activity of the year.
//!
//! What the whole authority or an area asks of a role falls to everybody who holds it there.

use super::climb_to_managers;
use crate::follow_up::{Activity, PersonId, Post, Role};
use crate::plan::decision::{Capacity, Decision, Silence};
use crate::plan::matter::Matter;
use crate::plan::view::{Address, View};

/// Decides about every activity of the slice.
pub fn decide(view: &View<'_>, into: &mut Vec<Decision>) {
    for activity in &view.world.activities {
        if let Some(done) = activity.done_on {
            view.look_again_on(done);
        }
        let own = Address {
            matter: Matter::Activity {
                activity: activity.id.clone(),
            },
            due: activity.due,
            capacity: Capacity::Holder(activity.role),
            recipients: recipients(view, activity),
        };
        match &view.rules.activity {
            None => view.silence(own, Silence::SwitchedOff, into),
            Some(_) if !activity.is_open(view.day) => view.silence(own, Silence::Done, into),
            Some(_) if is_closed(view, activity) => view.silence(own, Silence::Passed, into),
            Some(rules) => climb_to_managers(view, own, rules, into),
        }
    }
}

fn is_closed(view: &View<'_>, activity: &Activity) -> bool {
    match &activity.post {
        Post::Unit(code) => !view
            .world
            .units
            .get(code)
            .is_some_and(|unit| unit.is_active(view.day)),
        Post::Area(_) | Post::Authority => false,
    }
}

fn recipients(view: &View<'_>, activity: &Activity) -> Vec<PersonId> {
    let world = view.world;
    match (&activity.post, activity.role) {
        (Post::Unit(unit), role) if role.leads_unit() => view.principal(unit),
        (_, role) if role.leads_unit() => unique(
            world
                .active_units(view.day)
                .filter_map(|unit| world.principal(&unit.code, view.day)),
        ),
        (_, Role::AreaManager) => view.area_managers(),
        (_, role @ (Role::SchoolDirector | Role::QualityOfficer)) => {
            world.authority_holders(role, view.day)
        }
        (Post::Authority, Role::AssistantPrincipal) => {
            unique(world.active_units(view.day).flat_map(|unit| {
                world.holders(
                    Role::AssistantPrincipal,
                    &Post::Unit(unit.code.clone()),
                    view.day,
                )
            }))
        }
        (post, role) => {
            let mut holders = world.holders(role, post, view.day);
            if holders.is_empty() {
                holders = world.authority_holders(role, view.day);
            }
            holders
        }
    }
}

fn unique(people: impl Iterator<Item = PersonId>) -> Vec<PersonId> {
    let mut people: Vec<PersonId> = people.collect();
    people.sort();
    people.dedup();
    people
}
