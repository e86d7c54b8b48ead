//! `avstamd schedule`: times for the dialogues and check-ins of a school year.

mod list;
mod page;
mod picture;

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::Serialize;

use super::when::When;
use super::{open, output};
use crate::calendar::SchoolYear;
use crate::daemon::{Office, PlacedYear, SliceWorld, place_year, stands_from, write_year};
use crate::follow_up::{Pair, PersonId, UnitCode};
use crate::plan::placing::{LongGap, Placement, Unplaced};
use crate::store::Written;

/// Place the dialogues and check-ins of a school year
///
/// Gives every unit the dialogues it lacks, within their windows, and every principal and area
/// manager the check-ins they lack. Meetings on record stay where they are and are planned around,
/// and so are the times at which people are busy by their own calendars (see import). What an
/// earlier run placed, and nobody has touched since, is moved where it has to be. What cannot be
/// placed is told with the reason. New meetings are proposals, of which nobody is told, until they
/// are confirmed or the configured days have passed.
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
    /// Show every meeting of the year with its day and time, also those on record
    #[arg(long)]
    list: bool,
    /// Let the year's proposals stand at once, and place nothing
    #[arg(long, conflicts_with_all = ["from", "dry_run", "html", "list"])]
    confirm: bool,
    /// Show it as a page too, in this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    #[command(flatten)]
    when: When,
    /// Print JSON: {school_year, from, dry_run, written, dialogues, check_ins, withdrawn, unplaced, gaps};
    /// with --confirm {school_year, confirmed}
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Confirmed<'a> {
    school_year: &'a str,
    confirmed: usize,
}

#[derive(Debug, Serialize)]
struct Outcome<'a> {
    school_year: &'a str,
    from: Date,
    dry_run: bool,
    /// What was written; nothing in a dry run.
    written: Written,
    #[serde(flatten)]
    placement: &'a Placement,
}

pub async fn run(config: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let office = open(config)?;
    let calendar = &office.settings.calendar;
    let now = arguments.when.now(calendar);
    let today = calendar.today(now);
    let year = year(&office, arguments.year.as_deref(), today)?;
    if arguments.confirm {
        return confirm(&office, (year, now), arguments.json).await;
    }
    let tomorrow = today.tomorrow().unwrap_or(today);
    let from = arguments.from.map_or(tomorrow, |from| from.max(tomorrow));
    let PlacedYear { slices, placement } = place_year(&office, year, from).await?;
    let mut told = "A dry run: nothing was written.\n".to_owned();
    let mut written = Written::default();
    if !arguments.dry_run {
        let who = (now, format!("schedule {}", year.name));
        written = write_year(&office, &placement, who).await?;
        told = format!("In the calendar: {}.\n", written.sentence());
        if written.dialogues + written.check_ins > 0 {
            told.push_str(&proposals(&placement, stands_from(&office, today), today));
        }
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
            written,
            placement: &placement,
        });
    }
    output::print(&picture::text(&terms()));
    if arguments.list {
        output::print(&list::text(year, &slices, &placement));
    }
    tell(&slices, &placement);
    output::print(&told);
    Ok(())
}

/// Lets the year's proposals stand from today on.
async fn confirm(
    office: &Office,
    (year, now): (&SchoolYear, Timestamp),
    json: bool,
) -> anyhow::Result<()> {
    let today = office.settings.calendar.today(now);
    let span = year.administrative_year();
    let who = (now, format!("schedule {} --confirm", year.name));
    let confirmed = (office.calendar)
        .confirm_placed((span.from, span.to), today, who)
        .await?;
    if json {
        return output::json(&Confirmed {
            school_year: &year.name,
            confirmed,
        });
    }
    output::print(&match confirmed {
        0 => format!("There are no proposals in {}.\n", year.name),
        _ => format!(
            "{confirmed} meetings of {} stand from now on; people are invited to them as the configuration says.\n",
            year.name
        ),
    });
    Ok(())
}

/// Until when what was placed is only proposed, and how much of it begins before that.
fn proposals(placement: &Placement, stands_from: Option<Date>, today: Date) -> String {
    let dialogues = placement.dialogues.iter().map(|placed| placed.starts);
    let check_ins = placement.check_ins.iter().map(|placed| placed.starts);
    let early = |day: Date| {
        let starts = dialogues.chain(check_ins);
        starts.filter(|starts| starts.date() <= day).count()
    };
    match stands_from {
        Some(day) if day <= today => String::new(),
        Some(day) => {
            let mut told = format!(
                "They are proposals until {day}: nobody is told of them before. --confirm lets them stand at once.\n"
            );
            let early = early(day);
            if early > 0 {
                told.push_str(&format!(
                    "{early} of them begin before that or on that day.\n"
                ));
            }
            told
        }
        None => "They are proposals, and nobody is told of them, until --confirm.\n".into(),
    }
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
    for line in moved_lines(slices, placement) {
        output::print(&line);
    }
    let new_dialogues = placement
        .dialogues
        .iter()
        .filter(|d| d.moved_from.is_none());
    let new_check_ins = placement
        .check_ins
        .iter()
        .filter(|c| c.moved_from.is_none());
    output::print(&format!(
        "Placed: {} dialogues, {} check-ins. Not placed: {} dialogues. Gaps too long: {}.\n",
        new_dialogues.count(),
        new_check_ins.count(),
        placement.unplaced.len(),
        placement.gaps.len()
    ));
}

/// What an earlier run placed and this one moves or calls off.
fn moved_lines(slices: &[SliceWorld], placement: &Placement) -> Vec<String> {
    let at = |at: DateTime| at.strftime("%Y-%m-%d %H:%M").to_string();
    let pair = |pair: &Pair| {
        let (principal, manager) = (
            name(slices, &pair.principal),
            name(slices, &pair.area_manager),
        );
        format!("check-in of {principal} and {manager}")
    };
    let mut lines = Vec::new();
    for placed in &placement.dialogues {
        if let Some(from) = placed.moved_from {
            let key = &placed.dialogue;
            let (round, unit) = (key.round.word(), unit_name(slices, &key.unit));
            let (from, to) = (at(from), at(placed.starts));
            lines.push(format!(
                "moved: dialogue {round} of {unit} ({}): from {from} to {to}\n",
                key.unit
            ));
        }
    }
    for placed in &placement.check_ins {
        if let Some(from) = placed.moved_from {
            let (from, to) = (at(from), at(placed.starts));
            lines.push(format!(
                "moved: {}: from {from} to {to}\n",
                pair(&placed.pair)
            ));
        }
    }
    for withdrawn in &placement.withdrawn {
        let starts = at(withdrawn.starts);
        lines.push(format!("called off: {}: {starts}\n", pair(&withdrawn.pair)));
    }
    lines
}

fn unplaced_line(slices: &[SliceWorld], unplaced: &Unplaced) -> String {
    let key = &unplaced.dialogue;
    let name = unit_name(slices, &key.unit);
    if let Some(stands) = unplaced.stands {
        return format!(
            "cannot be held where it stands, {}: dialogue {} of {name} ({}), and nowhere else: {}; or record another time, or that it is cancelled\n",
            stands.strftime("%Y-%m-%d %H:%M"),
            key.round.word(),
            key.unit,
            unplaced.obstacle.sentence()
        );
    }
    format!(
        "not placed: dialogue {} of {name} ({}): {}\n",
        key.round.word(),
        key.unit,
        unplaced.obstacle.sentence()
    )
}

fn gap_line(slices: &[SliceWorld], gap: &LongGap) -> String {
    format!(
        "gap: {} and {} have no check-in from {} to {}, {} school weeks: {}\n",
        name(slices, &gap.pair.principal),
        name(slices, &gap.pair.area_manager),
        gap.from,
        gap.to,
        gap.school_weeks,
        gap.obstacle.sentence()
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
