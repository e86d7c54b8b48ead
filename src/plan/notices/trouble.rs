//! What only a person can mend: addresses that fail, imports refused, rows that cannot be read.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::tell_again;
use crate::follow_up::{PersonId, Role};
use crate::plan::decision::Decision;
use crate::plan::matter::Matter;
use crate::plan::view::View;

/// Something found outside the calendar itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "trouble", rename_all = "snake_case")]
pub enum Trouble {
    /// Mail to a person was refused for good, and the address has not changed since.
    Undeliverable {
        /// The person.
        person: PersonId,
        /// The address that was refused.
        address: String,
        /// Since when.
        since: Date,
        /// What the server said, cut short.
        reply: String,
    },
    /// An import was refused and none has gone through since.
    ImportRefused {
        /// When.
        since: Date,
        /// Which files and how many faults.
        summary: String,
    },
}

/// Decides about troubles, about people in post without an address, and about unreadable rows.
pub fn decide(view: &View<'_>, troubles: &[Trouble], into: &mut Vec<Decision>) {
    let every = view.rules.trouble_every;
    let officer = &[Role::QualityOfficer];
    for trouble in troubles {
        match trouble {
            Trouble::Undeliverable { person, since, .. } => {
                let matter = Matter::Undeliverable {
                    person: person.clone(),
                };
                let roles = [Role::AreaManager, Role::QualityOfficer];
                tell_again(view, &matter, (*since, every), &roles, into);
            }
            Trouble::ImportRefused { since, .. } => {
                let matter = Matter::ImportRefused { on: *since };
                tell_again(view, &matter, (*since, every), officer, into);
            }
        }
    }
    for (person, since) in without_address(view) {
        tell_again(
            view,
            &Matter::NoAddress { person },
            (since, every),
            officer,
            into,
        );
    }
    let mut tables: Vec<&String> = view.world.faults.iter().map(|fault| &fault.table).collect();
    tables.sort_unstable();
    tables.dedup();
    for table in tables {
        // No date tells when a row went wrong: the week it is seen in stands for it.
        let since = crate::calendar::Week::of(view.day).monday();
        let matter = Matter::UnreadableRows {
            table: table.clone(),
        };
        tell_again(view, &matter, (since, every), officer, into);
    }
}

/// People in post in this slice who cannot be written to, and since when they have been in post.
fn without_address(view: &View<'_>) -> BTreeMap<PersonId, Date> {
    let fallback = view
        .calendar
        .school_year_on(view.day)
        .and_then(|year| year.first_school_day())
        .filter(|&first| first <= view.day)
        .unwrap_or(view.day.first_of_year());
    view.world
        .appointments
        .iter()
        .filter(|appointment| appointment.holds(view.day))
        .filter(|appointment| {
            let person = view.world.people.get(&appointment.person);
            person.is_some_and(|person| person.email.trim().is_empty())
        })
        .map(|appointment| {
            (
                appointment.person.clone(),
                appointment.from.unwrap_or(fallback),
            )
        })
        .collect()
}
