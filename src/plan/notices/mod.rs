//! The notices: one file a kind, each with a decision for every matter and recipient.

pub mod activity;
pub mod check_in;
pub mod dialogue;
pub mod digest;
pub mod evaluation;
pub mod trouble;
pub mod unassessed;
pub mod vacancy;

use jiff::civil::Date;

use super::decision::{Capacity, Decision};
use super::ladder::Ladder;
use super::matter::Matter;
use super::rules::DueRules;
use super::view::{Address, View};
use crate::follow_up::Role;

/// Tells whoever answers for a date, before it and after.
fn remind(view: &View<'_>, own: Address, rules: &DueRules, into: &mut Vec<Decision>) {
    let every = rules.overdue_every;
    let ladder = Ladder {
        before: &rules.before,
        ..Ladder::after(own.due, every, every)
    };
    view.climb(own, &ladder, into);
}

/// Tells those above whoever answers for a date: the same matter and date, from later on. Who
/// answers for it is not told of it a second time.
fn climb_to_managers(
    view: &View<'_>,
    (matter, due, own): (Matter, Date, Capacity),
    rules: &DueRules,
    into: &mut Vec<Decision>,
) {
    let managers = view.area_managers();
    for (role, recipients, first) in [
        (Role::AreaManager, managers, rules.area_manager_after),
        (Role::SchoolDirector, view.directors(), rules.director_after),
    ] {
        let capacity = Capacity::Holder(role);
        if capacity == own {
            continue;
        }
        let address = Address {
            matter: matter.clone(),
            due,
            capacity,
            recipients,
        };
        view.climb(
            address,
            &Ladder::after(due, first, rules.overdue_every),
            into,
        );
    }
}

/// Tells those who can mend something since a date, at once and then again every so many working
/// days. Where nobody is area manager, that part is left out.
fn tell_again(
    view: &View<'_>,
    matter: &Matter,
    (since, every): (Date, u32),
    roles: &[Role],
    into: &mut Vec<Decision>,
) {
    for &role in roles {
        let recipients = match role {
            Role::AreaManager => view.area_managers(),
            Role::SchoolDirector => view.directors(),
            _ => view.quality_officers(),
        };
        if role == Role::AreaManager && recipients.is_empty() {
            continue;
        }
        let address = Address {
            matter: matter.clone(),
            due: since,
            capacity: Capacity::Holder(role),
            recipients,
        };
        view.climb(address, &Ladder::after(since, 0, every), into);
    }
}
