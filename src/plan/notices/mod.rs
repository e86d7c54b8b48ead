//! One file a notice: from the world of one day to decisions, each with its reason.

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
use super::ladder::{After, Ladder};
use super::matter::Matter;
use super::rules::DueRules;
use super::view::{Address, View};
use crate::follow_up::Role;

/// Tells whoever answers for a date, then the area manager, then the school director: the same
/// matter and date for each, from later on.
fn climb_to_managers(view: &View<'_>, own: Address, rules: &DueRules, into: &mut Vec<Decision>) {
    let Address { matter, due, .. } = &own;
    let (matter, due) = (matter.clone(), *due);
    let every = rules.overdue_every;
    let after = (every > 0).then_some(After {
        first: every,
        every,
    });
    let ladder = Ladder {
        due,
        before: &rules.before,
        after,
        period: None,
        until: None,
    };
    view.climb(own, &ladder, into);
    for (role, recipients, first) in [
        (
            Role::AreaManager,
            view.area_managers(),
            rules.area_manager_after,
        ),
        (Role::SchoolDirector, view.directors(), rules.director_after),
    ] {
        let after = Some(After { first, every });
        let ladder = Ladder {
            due,
            before: &[],
            after,
            period: None,
            until: None,
        };
        let capacity = Capacity::Holder(role);
        view.climb(
            Address {
                matter: matter.clone(),
                due,
                capacity,
                recipients,
            },
            &ladder,
            into,
        );
    }
}

/// Tells those who can mend something since a date, at once and then again every so many working
/// days: area managers where there are any, quality officers always.
fn tell_again(
    view: &View<'_>,
    matter: &Matter,
    (since, every): (Date, u32),
    roles: &[Role],
    into: &mut Vec<Decision>,
) {
    let after = Some(After { first: 0, every });
    let ladder = Ladder {
        due: since,
        before: &[],
        after,
        period: None,
        until: None,
    };
    for &role in roles {
        let recipients = match role {
            Role::AreaManager => view.area_managers(),
            _ => view.quality_officers(),
        };
        if role == Role::AreaManager && recipients.is_empty() {
            continue;
        }
        let (matter, capacity) = (matter.clone(), Capacity::Holder(role));
        view.climb(
            Address {
                matter,
                due: since,
                capacity,
                recipients,
            },
            &ladder,
            into,
        );
    }
}
