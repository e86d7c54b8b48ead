//! `avstamd status`: where every unit stands, worst first, and the queue.

use std::path::Path;

use clap::Args;
use jiff::civil::Date;
use serde::Serialize;

use super::when::When;
use super::{open, output};
use crate::calendar::Language;
use crate::daemon::Health;
use crate::mail::concern_words;
use crate::plan::{UnitStanding, View, area_standing};
use crate::store::QueueCounts;

/// Show where every unit stands, worst first, and the queue
///
/// A unit's line has what is next planned there, when its principal was last mailed, and what needs
/// somebody.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    when: When,
    /// Print JSON: {queue, health, units}; see below
    ///
    /// queue: {waiting, held, refused, sent, last_sent}. health: {silent_since, stuck: {waiting,
    /// since}, storm: {on, mails, changes}, record_lost, unworded: {mails, since}, faults}, null and
    /// empty where all is well. units: worst first, a list of {area, unit,
    /// name, principal, last_mailed, next_check_in, next_dialogue, concerns, weeks}; concerns: a list
    /// of {concern, …} with counts and dates; weeks: eight of {check_in_held, check_in_planned, gap,
    /// dialogue, late, due, school}, three before the present one and four after it
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Status {
    queue: QueueCounts,
    health: Health,
    units: Vec<Unit>,
}

#[derive(Debug, Serialize)]
struct Unit {
    area: String,
    last_mailed: Option<Date>,
    #[serde(flatten)]
    standing: UnitStanding,
}

pub async fn run(config: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let office = open(config)?;
    let now = arguments.when.now(&office.settings.calendar);
    let day = office.settings.calendar.today(now);
    let mailed = office.ledger.last_mailed(day).await?;
    let mut units = Vec::new();
    for slice in office.every_slice(day).await? {
        let Some(area) = &slice.world.area else {
            continue;
        };
        let view = View::new(
            day,
            &slice.world,
            &office.settings.calendar,
            &office.settings.rules,
        );
        let standings = area_standing(&view).units.into_iter();
        units.extend(standings.map(|standing| {
            Unit {
                area: area.name.clone(),
                last_mailed: standing
                    .principal
                    .as_ref()
                    .and_then(|principal| mailed.get(principal).copied()),
                standing,
            }
        }));
    }
    units.sort_by(|a: &Unit, b| a.standing.worst_first(&b.standing));
    let status = Status {
        queue: office.ledger.queue().await?,
        health: Health::at(&office, now).await?,
        units,
    };
    if arguments.json {
        return output::json(&status);
    }
    let words = office.words(Language::English);
    let mut rows = Vec::new();
    let day_or_none = |day: Option<Date>| day.map_or_else(|| "–".into(), |day| day.to_string());
    for unit in &status.units {
        let standing = &unit.standing;
        let concerns = standing
            .concerns
            .iter()
            .map(|concern| concern_words(concern, words, &office.settings.dialogue_name))
            .collect::<Result<Vec<_>, _>>()?;
        let next = [standing.next_check_in, standing.next_dialogue];
        rows.push(vec![
            standing.name.clone(),
            unit.area.clone(),
            day_or_none(next.into_iter().flatten().min()),
            day_or_none(unit.last_mailed),
            if concerns.is_empty() {
                "in phase".into()
            } else {
                concerns.join("; ")
            },
        ]);
    }
    let headings = ["UNIT", "AREA", "NEXT PLANNED", "LAST MAILED", "NEEDS"];
    output::print(&output::table(&headings, rows));
    let QueueCounts {
        waiting,
        held,
        refused,
        sent,
        last_sent,
    } = status.queue;
    let last = last_sent.map_or_else(String::new, |at| {
        let local = office.settings.calendar.local(at);
        format!(", the last {}", local.strftime("%F %R"))
    });
    output::print(&format!(
        "\nQueue: {waiting} waiting, {held} held, {refused} refused, {sent} sent{last}.\n"
    ));
    for problem in status.health.problems(&office) {
        output::print(&format!("problem: {problem}\n"));
    }
    Ok(())
}
