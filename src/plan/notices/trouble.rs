//! What only a person can mend: addresses that fail, imports refused, rows that cannot be read.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use super::tell_again;
use crate::calendar::{parse_school_year_name, school_year_name};
use crate::follow_up::{AreaId, PersonId, Post, Role};
use crate::plan::decision::{Capacity, Decision};
use crate::plan::ladder::Ladder;
use crate::plan::matter::Matter;
use crate::plan::placing::Unplaced;
use crate::plan::storm::Storm;
use crate::plan::view::{Address, View};

const MANAGER_AND_OFFICER: [Role; 2] = [Role::AreaManager, Role::QualityOfficer];

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
    /// A mail to a person is held: nobody knows whether it arrived.
    Held {
        /// The person.
        person: PersonId,
        /// The ledger's number of the mail.
        mail: i64,
        /// Since when.
        since: Date,
    },
    /// An import was refused and none has gone through since.
    ImportRefused {
        /// When.
        since: Date,
        /// Which files and how many faults.
        summary: String,
    },
    /// The daemon has placed a school year's meetings.
    YearPlaced(YearPlaced),
    /// Far more mails than usual are held.
    Storm(Storm),
    /// Nobody can tell what was sent, so everything is held.
    RecordLost {
        /// The day it was seen.
        since: Date,
    },
    /// The ledger was older than what was sent, and has learnt of it.
    Healed {
        /// When.
        on: Date,
        /// How many mails it did not know of.
        mails: usize,
    },
    /// The daemon did not run through a mail day or more.
    WasDown {
        /// When it was last seen, local time.
        from: DateTime,
        /// When it ran again, local time.
        until: DateTime,
    },
    /// The mail server took no mail through a mail day or more.
    MailStopped {
        /// When it first did not, local time.
        from: DateTime,
        /// When it did again, local time.
        until: DateTime,
    },
    /// Mails cannot be put into words.
    Unworded {
        /// The ledger's numbers of them.
        mails: Vec<i64>,
        /// Since when the first cannot.
        since: Date,
    },
    /// A fault in the program keeps an area from being planned.
    ProgramFault {
        /// Which; `None` the authority's own matters.
        area: Option<AreaId>,
        /// Since when.
        since: Date,
    },
}

/// What came of placing a school year.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct YearPlaced {
    /// The school year.
    pub school_year: String,
    /// When it was placed, the last time that something was.
    pub on: Date,
    /// The day from which the meetings stand by themselves; `None` until somebody confirms them.
    pub stands_from: Option<Date>,
    /// New dialogues.
    pub dialogues: usize,
    /// New check-ins.
    pub check_ins: usize,
    /// Gaps between check-ins that are longer than the rhythm allows.
    pub gaps: usize,
    /// Dialogues that got no time, each with its unit's name.
    pub unplaced: Vec<(String, Unplaced)>,
}

/// Decides about troubles, a missing school year and unreadable rows.
pub fn decide(view: &View<'_>, troubles: &[Trouble], into: &mut Vec<Decision>) {
    let every = view.rules.trouble_every;
    let officer = &[Role::QualityOfficer];
    for trouble in troubles {
        let (matter, since, roles): (_, Date, &[Role]) = match trouble {
            Trouble::Undeliverable { person, since, .. } => {
                let person = person.clone();
                (
                    Matter::Undeliverable { person },
                    *since,
                    &MANAGER_AND_OFFICER,
                )
            }
            Trouble::Held { person, since, .. } => {
                let person = person.clone();
                (Matter::Held { person }, *since, officer)
            }
            Trouble::ImportRefused { since, .. } => {
                (Matter::ImportRefused { on: *since }, *since, officer)
            }
            Trouble::YearPlaced(placed) => {
                year_placed(view, placed, into);
                continue;
            }
            Trouble::Storm(storm) => (Matter::Storm { on: storm.on }, storm.on, officer),
            Trouble::RecordLost { since } => {
                (Matter::RecordLost { since: *since }, *since, officer)
            }
            Trouble::Healed { on, .. } => (Matter::Healed { on: *on }, *on, officer),
            Trouble::WasDown { from, until } => {
                (Matter::WasDown { from: from.date() }, until.date(), officer)
            }
            Trouble::MailStopped { from, until } => {
                let from = from.date();
                (Matter::MailStopped { from }, until.date(), officer)
            }
            Trouble::Unworded { since, .. } => {
                (Matter::Unworded { since: *since }, *since, officer)
            }
            Trouble::ProgramFault { area, since } => {
                (Matter::ProgramFault { area: area.clone() }, *since, officer)
            }
        };
        match trouble {
            Trouble::Healed { .. } | Trouble::WasDown { .. } | Trouble::MailStopped { .. } => {
                tell_once(view, matter, since, into);
            }
            _ => tell_again(view, &matter, (since, every), roles, into),
        }
    }
    if view.world.area.is_none() {
        school_year_missing(view, into);
    }
    let faults = view.world.faults_to_tell();
    let tables: BTreeSet<&String> = faults.map(|fault| &fault.table).collect();
    for table in tables {
        let matter = Matter::UnreadableRows {
            table: table.clone(),
            area: view.world.area.as_ref().map(|area| area.id.clone()),
        };
        // No date tells when a row went wrong.
        tell_again(view, &matter, (view.start_of_year(), every), officer, into);
    }
}

/// Tells the quality officer within a week of what is over.
fn tell_once(view: &View<'_>, matter: Matter, since: Date, into: &mut Vec<Decision>) {
    let address = Address {
        matter,
        due: since,
        capacity: Capacity::Holder(Role::QualityOfficer),
        recipients: view.quality_officers(),
    };
    let ladder = Ladder {
        until: Some(since.saturating_add(jiff::Span::new().weeks(1))),
        ..Ladder::after(since, 0, u32::MAX)
    };
    view.climb(address, &ladder, into);
}

/// Told at once, and again until the meetings stand.
fn year_placed(view: &View<'_>, placed: &YearPlaced, into: &mut Vec<Decision>) {
    let week = placed.on.saturating_add(jiff::Span::new().weeks(1));
    let address = Address {
        matter: Matter::YearPlaced {
            school_year: placed.school_year.clone(),
        },
        due: placed.on,
        capacity: Capacity::Holder(Role::QualityOfficer),
        recipients: view.quality_officers(),
    };
    let ladder = Ladder {
        until: placed
            .stands_from
            .map(|stands| stands.yesterday().unwrap_or(stands).max(week)),
        ..Ladder::after(placed.on, 0, view.rules.trouble_every)
    };
    view.climb(address, &ladder, into);
}

/// Six weeks before a school year begins its dates should be known: reminders count on them.
fn school_year_missing(view: &View<'_>, into: &mut Vec<Decision>) {
    let notice = jiff::Span::new().weeks(6);
    for day in [view.day, view.day.saturating_add(notice)] {
        let school_year = school_year_name(day);
        let known = view.calendar.school_year(&school_year).is_some();
        let start = parse_school_year_name(&school_year).ok();
        let Some(start) = start.and_then(|year| Date::new(year, 8, 1).ok()) else {
            continue;
        };
        if let Ok(next) = Date::new(start.year().saturating_add(1), 8, 1) {
            view.look_again_on(next.saturating_sub(notice));
        }
        if known {
            continue;
        }
        let since = (start.saturating_sub(notice), view.rules.trouble_every);
        let matter = Matter::SchoolYearMissing { school_year };
        tell_again(view, &matter, since, &[Role::QualityOfficer], into);
        break;
    }
}

/// Decides about people who cannot be written to: those in post here, deputies, and those to whom
/// something was to be said. Comes last, when that is known. Who serves the whole authority is the authority's
/// own affair.
pub fn without_address(view: &View<'_>, into: &mut Vec<Decision>) {
    let world = view.world;
    let is_of_authority = |person: &PersonId| {
        let mut posts = world.appointments.iter();
        posts.any(|a| &a.person == person && a.post == Post::Authority && a.holds(view.day))
    };
    let in_post = world
        .appointments
        .iter()
        .filter(|appointment| appointment.holds(view.day))
        .map(|appointment| &appointment.person);
    let standing_in = world
        .absences
        .iter()
        .filter(|absence| absence.covers(view.day))
        .filter_map(|absence| absence.deputy.as_ref());
    let mut people = view.unreachable();
    people.extend(
        in_post
            .chain(standing_in)
            .filter(|person| !world.is_reachable(person))
            .cloned(),
    );
    for person in people {
        if is_of_authority(&person) == world.area.is_some() {
            continue;
        }
        let posts = world.appointments.iter();
        let since = posts
            .filter(|appointment| appointment.person == person && appointment.holds(view.day))
            .filter_map(|appointment| appointment.from)
            .min()
            .unwrap_or_else(|| view.start_of_year());
        let matter = Matter::NoAddress { person };
        let again = (since, view.rules.trouble_every);
        tell_again(view, &matter, again, &MANAGER_AND_OFFICER, into);
    }
}
