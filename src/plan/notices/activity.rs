//! Any other activity of the year.
//!
//! What the whole authority or an area asks of a role falls to everybody who holds it there.

use super::{climb_to_managers, remind};
use crate::follow_up::{Activity, PersonId, Post, Role, UnitCode};
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
            Some(rules) => match &activity.post {
                Post::Unit(unit) if view.world.heir(unit, view.day).is_none() => {
                    view.silence(own, view.closed(unit), into);
                }
                _ => {
                    let to_managers = (own.matter.clone(), own.due, own.capacity);
                    remind(view, own, rules, into);
                    climb_to_managers(view, to_managers, rules, into);
                }
            },
        }
    }
}

fn recipients(view: &View<'_>, activity: &Activity) -> Vec<PersonId> {
    let world = view.world;
    let post = heir(view, &activity.post);
    match (&post, activity.role) {
        (Post::Unit(unit), role) if role.leads_unit() => view.principal(unit),
        (_, role) if role.leads_unit() => unique(
            world
                .active_units(view.day)
                .flat_map(|unit| view.principal(&unit.code)),
        ),
        (_, Role::AreaManager) => view.area_managers(),
        (Post::Unit(unit), Role::AssistantPrincipal) => {
            // A unit without one has its principal do it.
            let assistants = assistants(view, unit);
            if assistants.is_empty() {
                view.principal(unit)
            } else {
                assistants
            }
        }
        (_, Role::AssistantPrincipal) => unique(
            world
                .active_units(view.day)
                .flat_map(|unit| assistants(view, &unit.code)),
        ),
        (post, role) => {
            let mut holders = world.holders(role, post, view.day);
            if holders.is_empty() {
                holders = world.authority_holders(role, view.day);
            }
            holders
        }
    }
}

/// The post that carries the duties of `post`: the unit that took over from one that has closed.
fn heir(view: &View<'_>, post: &Post) -> Post {
    match post {
        Post::Unit(unit) => {
            let heir = view.world.heir(unit, view.day).unwrap_or(unit);
            Post::Unit(heir.clone())
        }
        Post::Area(_) | Post::Authority => post.clone(),
    }
}

fn assistants(view: &View<'_>, unit: &UnitCode) -> Vec<PersonId> {
    let post = Post::Unit(unit.clone());
    view.world
        .holders(Role::AssistantPrincipal, &post, view.day)
}

fn unique(people: impl Iterator<Item = PersonId>) -> Vec<PersonId> {
    let mut people: Vec<PersonId> = people.collect();
    people.sort();
    people.dedup();
    people
}
