//! Posts nobody holds: told to whoever can fill them, never mailed into the void.

use jiff::civil::Date;

use super::tell_again;
use crate::follow_up::{Appointment, Post, Role, SchoolUnit};
use crate::plan::decision::Decision;
use crate::plan::matter::Matter;
use crate::plan::view::View;

/// Decides about every active unit without a principal, and about the area without a manager.
pub fn decide(view: &View<'_>, into: &mut Vec<Decision>) {
    let Some(area) = &view.world.area else { return };
    let every = view.rules.vacancy_every;
    for unit in view.world.active_units(view.day) {
        if view.world.principal(&unit.code, view.day).is_none() {
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

fn unit_vacant_since(view: &View<'_>, unit: &SchoolUnit) -> Date {
    let held = |a: &&Appointment| a.role.leads_unit() && a.post == Post::Unit(unit.code.clone());
    vacant_since(view, held, unit.active_from)
}

/// The day after the last holder left, else the day the post came to be, else the first day of
/// the school year: a date that stays the same while the vacancy lasts.
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
    let year = view
        .calendar
        .school_year_on(view.day)
        .and_then(|year| year.first_school_day());
    left.max(opened)
        .or(year.filter(|&first| first <= view.day))
        .unwrap_or(view.day.first_of_year())
}
