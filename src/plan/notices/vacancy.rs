//! Posts nobody holds: told to whoever can fill them, never mailed into the void.

use jiff::civil::Date;

use super::tell_again;
use crate::follow_up::{Appointment, Post, Role, SchoolUnit};
use crate::plan::decision::Decision;
use crate::plan::matter::Matter;
use crate::plan::view::View;

/// Decides about every active unit without a principal, the area without a manager, and the
/// authority without a school director or a quality officer.
pub fn decide(view: &View<'_>, into: &mut Vec<Decision>) {
    let Some(area) = &view.world.area else {
        return of_the_authority(view, into);
    };
    let every = view.rules.vacancy_every;
    for unit in view.world.active_units(view.day) {
        if !view.principals().contains_key(&unit.code) {
            let since = unit_vacant_since(view, unit);
            let matter = Matter::VacantUnit {
                unit: unit.code.clone(),
            };
            let roles = [Role::AreaManager, Role::QualityOfficer];
            tell_again(view, &matter, (since, every), &roles, into);
        }
    }
    if view.area_managers().is_empty() && view.world.active_units(view.day).next().is_some() {
        let held =
            |a: &&Appointment| a.role == Role::AreaManager && a.post == Post::Area(area.id.clone());
        let since = vacant_since(view, held, None);
        let matter = Matter::VacantArea {
            area: area.id.clone(),
        };
        tell_again(view, &matter, (since, every), &[Role::QualityOfficer], into);
    }
}

/// Each of the two tells of the other: nobody else serves the whole authority.
fn of_the_authority(view: &View<'_>, into: &mut Vec<Decision>) {
    for (role, teller) in [
        (Role::SchoolDirector, Role::QualityOfficer),
        (Role::QualityOfficer, Role::SchoolDirector),
    ] {
        if view.world.authority_holders(role, view.day).is_empty() {
            let held = |a: &&Appointment| a.role == role && a.post == Post::Authority;
            let since = vacant_since(view, held, None);
            let matter = Matter::VacantAuthority { role };
            tell_again(
                view,
                &matter,
                (since, view.rules.vacancy_every),
                &[teller],
                into,
            );
        }
    }
}

fn unit_vacant_since(view: &View<'_>, unit: &SchoolUnit) -> Date {
    let held = |a: &&Appointment| a.role.leads_unit() && a.post == Post::Unit(unit.code.clone());
    vacant_since(view, held, unit.active_from)
}

/// The day after the last holder left, else the day the post came to be, else the start of the
/// school year: a date that stays the same while the vacancy lasts, from one August to the next.
fn vacant_since(
    view: &View<'_>,
    held: impl Fn(&&Appointment) -> bool,
    opened: Option<Date>,
) -> Date {
    let left = view
        .world
        .appointments
        .iter()
        .filter(held)
        .filter_map(|appointment| appointment.to)
        .filter(|&to| to < view.day)
        .max()
        .and_then(|to| to.tomorrow().ok());
    left.max(opened).unwrap_or_else(|| view.start_of_year())
}
