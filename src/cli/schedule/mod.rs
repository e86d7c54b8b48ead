//! `avstamd schedule`: times for the dialogues and check-ins of a school year.

mod page;
mod picture;

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::civil::Date;
use serde::Serialize;

use super::when::When;
use super::{open, output};
use crate::calendar::SchoolYear;
use crate::daemon::{Office, SliceWorld};
use crate::follow_up::{AreaWorld, PersonId, UnitCode};
use crate::plan::placing::{LongGap, Placement, Request, Unplaced, place};

/// Place the dialogues and check-ins of a school year
///
/// Gives every unit the dialogues it lacks, within their windows, and every principal and area
/// manager the check-ins they lack. Meetings on record stay where they are and are planned around.
/// What cannot be placed is told with the reason. What is written is reminded of as any other
/// meeting; look at it with --dry-run first. No invitations are sent in this version.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The school year, such as 2026/27; without it the present one
    #[arg(long, value_name = "YEAR")]
    year: Option<String>,
    /// Place nothing before this day, and never before tomorrow
    #[arg(long, value_name = "DAY")]
    from: Option<Date>,
    /// Show what would be placed, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Show it as a page too, in this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    #[command(flatten)]
    when: When,
    /// Print JSON: {school_year, from, dry_run, dialogues, check_ins, unplaced, gaps}
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Outcome<'a> {
    school_year: &'a str,
    from: Date,
    dry_run: bool,
    #[serde(flatten)]
    placement: &'a Placement,
}

pub async fn run(config: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let office = open(config)?;
    let calendar = &office.settings.calendar;
    let now = arguments.when.now(calendar);
    let today = calendar.today(now);
    let year = year(&office, arguments.year.as_deref(), today)?;
    let tomorrow = today.tomorrow().unwrap_or(today);
    let from = arguments.from.map_or(tomorrow, |from| from.max(tomorrow));
    // Seen from its first day, the whole year's meetings are on record.
    let mut slices = office.every_slice(year.administrative_year().from).await?;
    // What is only proposed has its time too.
    for slice in &mut slices {
        slice.world.settle(Date::MAX);
    }
    let worlds: Vec<&AreaWorld> = slices.iter().map(|slice| &slice.world).collect();
    let placement = place(&Request {
        year,
        from,
        worlds: &worlds,
        calendar,
        rules: &office.settings.placing,
        busy: &[],
    });
    let mut told = "A dry run: nothing was written.\n".to_owned();
    if !arguments.dry_run {
        let who = (now, format!("schedule {}", year.name));
        let written = (office.calendar)
            .write_placed(placement.clone(), None, who)
            .await?;
        told = format!("{}.\n", written.sentence());
    }
    let terms = || picture::terms(&office, (year, &slices), &placement);
    if let Some(file) = &arguments.html {
        page::write(file, (&office, &slices), (year, terms(), &placement))?;
    }
    if arguments.json {
        return output::json(&Outcome {
            school_year: &year.name,
            from,
            dry_run: arguments.dry_run,
            placement: &placement,
        });
    }
    output::print(&picture::text(&terms()));
    tell(&slices, &placement);
    output::print(&told);
    Ok(())
}

fn year<'a>(
    office: &'a Office,
    named: Option<&str>,
    today: Date,
) -> anyhow::Result<&'a SchoolYear> {
    let calendar = &office.settings.calendar;
    let found = match named {
        Some(name) => calendar.school_year(name),
        None => calendar.school_year_on(today),
    };
    let names = || {
        let years = calendar.school_years().iter();
        years.map(|year| year.name.as_str()).collect::<Vec<_>>()
    };
    found.ok_or_else(|| {
        let wanted = named.map_or_else(|| format!("the one of {today}"), str::to_owned);
        anyhow::anyhow!(
            "no school year {wanted} in the configuration; write a [[school-year]] for it, or name one of {}",
            names().join(", ")
        )
    })
}

fn tell(slices: &[SliceWorld], placement: &Placement) {
    let unplaced = placement.unplaced.iter();
    for told in unplaced.map(|unplaced| unplaced_line(slices, unplaced)) {
        output::print(&told);
    }
    for gap in &placement.gaps {
        output::print(&gap_line(slices, gap));
    }
    output::print(&format!(
        "Placed: {} dialogues, {} check-ins. Not placed: {} dialogues. Gaps too long: {}.\n",
        placement.dialogues.len(),
        placement.check_ins.len(),
        placement.unplaced.len(),
        placement.gaps.len()
    ));
}

fn unplaced_line(slices: &[SliceWorld], unplaced: &Unplaced) -> String {
    let key = &unplaced.dialogue;
    let name = unit_name(slices, &key.unit);
    format!(
        "not placed: dialogue {} of {name} ({}): {}\n",
        key.round.word(),
        key.unit,
        unplaced.obstacle.sentence()
    )
}

fn gap_line(slices: &[SliceWorld], gap: &LongGap) -> String {
    format!(
        "gap: {} and {} have no check-in from {} to {}, {} school weeks\n",
        name(slices, &gap.pair.principal),
        name(slices, &gap.pair.area_manager),
        gap.from,
        gap.to,
        gap.school_weeks
    )
}

fn unit_name<'a>(slices: &'a [SliceWorld], unit: &UnitCode) -> &'a str {
    let mut units = slices
        .iter()
        .filter_map(|slice| slice.world.units.get(unit));
    units.next().map_or("", |unit| unit.name.as_str())
}

/// A person's name, or the identifier where the record has none.
fn name(slices: &[SliceWorld], person: &PersonId) -> String {
    let mut known = slices
        .iter()
        .filter_map(|slice| slice.world.people.get(person));
    known
        .next()
        .map_or_else(|| person.to_string(), |person| person.name.clone())
}
