//! `avstamd feed`: a person's meetings as an iCalendar file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use super::when::When;
use super::{open, output};
use crate::daemon::sender;
use crate::mail::{Desk, feed};
use crate::plan::meetings_of;

/// Write a person's meetings as an iCalendar file
///
/// Holds every dialogue and check-in of the school year that the person is to attend, with the same
/// identities as in the invitations. Calendar programs open it or fetch it from where you put it.
/// What is only proposed is left out.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The person: address or identifier
    #[arg(long, value_name = "EMAIL")]
    person: String,
    /// Where to write it; without it, to standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    when: When,
}

pub async fn run(config: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let office = open(config)?;
    let person = super::person(&office.calendar, arguments.person).await?;
    let calendar = &office.settings.calendar;
    let now = arguments.when.now(calendar);
    let today = calendar.today(now);
    let year = calendar.school_year_on(today).with_context(|| {
        format!("no school year of {today} in the configuration; write a [[school-year]] for it")
    })?;
    let since = year.administrative_year().from.at(0, 0, 0, 0);
    let tomorrow = today.tomorrow().unwrap_or(today);
    let told = office.ledger.told_before(tomorrow, since).await?;
    let slices = office.every_slice(today).await?;
    // A check-in comes with every area in which the principal leads a unit.
    let mut meetings = BTreeMap::new();
    for slice in &slices {
        for (key, sequence, meeting) in meetings_of(&person, since, &slice.world, &told) {
            meetings.insert((meeting.starts, key), (sequence, meeting));
        }
    }
    let meetings: Vec<_> = meetings
        .into_iter()
        .map(|((_, key), (sequence, meeting))| (key, sequence, meeting))
        .collect();
    let mut people = slices
        .iter()
        .filter_map(|slice| slice.world.people.get(&person));
    let language = people
        .next()
        .map(|person| person.language)
        .unwrap_or_default();
    let (setting, sender) = (office.setting(today), sender(&office.settings));
    let desk = Desk {
        setting: &setting,
        sender: &sender,
        words: office.words(language),
    };
    let object = feed(&meetings, &person, desk, now)?;
    match &arguments.output {
        Some(file) => std::fs::write(file, object)
            .with_context(|| format!("{} cannot be written", file.display())),
        None => {
            output::print(&object);
            Ok(())
        }
    }
}
