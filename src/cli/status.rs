//! `avstamd status`: where every unit stands, worst first, and the queue.

use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::when::When;
use super::{open, output};
use crate::calendar::Language;
use crate::mail::concern_words;
use crate::plan::{UnitStanding, View, area_standing};
use crate::store::QueueCounts;

/// Show where every unit stands, worst first, and the queue
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    when: When,
    /// Print JSON: {queue: {waiting, held, refused, sent}, units: [{area, unit, name, …}]}
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Status {
    queue: QueueCounts,
    units: Vec<Unit>,
}

#[derive(Debug, Serialize)]
struct Unit {
    area: String,
    #[serde(flatten)]
    standing: UnitStanding,
}

pub async fn run(config: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let office = open(config)?;
    let day = office
        .settings
        .calendar
        .today(arguments.when.now(&office.settings.calendar));
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
        units.extend(standings.map(|standing| Unit {
            area: area.name.clone(),
            standing,
        }));
    }
    units.sort_by(|a: &Unit, b| a.standing.worst_first(&b.standing));
    let status = Status {
        queue: office.ledger.queue().await?,
        units,
    };
    if arguments.json {
        return output::json(&status);
    }
    let words = office.words(Language::English);
    let mut rows = Vec::new();
    for Unit { area, standing } in &status.units {
        let concerns = standing
            .concerns
            .iter()
            .map(|concern| concern_words(concern, words, &office.settings.dialogue_name))
            .collect::<Result<Vec<_>, _>>()?;
        let next = standing
            .next_check_in
            .min(standing.next_dialogue)
            .or(standing.next_check_in);
        let next = next.or(standing.next_dialogue);
        rows.push(vec![
            standing.name.clone(),
            area.clone(),
            next.map_or_else(|| "nothing planned".into(), |next| format!("next {next}")),
            if concerns.is_empty() {
                "in phase".into()
            } else {
                concerns.join("; ")
            },
        ]);
    }
    output::print(&output::columns(&rows));
    let QueueCounts {
        waiting,
        held,
        refused,
        sent,
    } = status.queue;
    output::print(&format!(
        "\nQueue: {waiting} waiting, {held} held, {refused} refused, {sent} sent.\n"
    ));
    Ok(())
}
