//! Every meeting of a school year, with its day and time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::DateTime;

use super::{name, unit_name};
use crate::calendar::{SchoolYear, Week};
use crate::cli::output;
use crate::daemon::SliceWorld;
use crate::follow_up::{CheckInState, DialogueState, Pair, PersonId};
use crate::plan::placing::Placement;

/// A meeting: when, who comes, what it is, and what placing does to it.
type Line = (DateTime, Vec<PersonId>, String, &'static str);

/// The meetings of the year in order: those on record that stay, and those that are placed.
pub fn text(year: &SchoolYear, slices: &[SliceWorld], placement: &Placement) -> String {
    let mut lines: BTreeSet<Line> = on_record(year, slices, placement).collect();
    for placed in &placement.dialogues {
        let mut people = placed.area_managers.clone();
        people.push(placed.principal.clone());
        let (key, does) = (&placed.dialogue, does(placed.moved_from));
        let what = dialogue(key.round.word(), unit_name(slices, &key.unit));
        lines.insert((placed.starts, people, what, does));
    }
    for placed in &placement.check_ins {
        let does = does(placed.moved_from);
        lines.insert((placed.starts, pair(&placed.pair), "check-in".into(), does));
    }
    let rows = lines.into_iter().map(|(starts, people, what, does)| {
        let people: Vec<String> = people.iter().map(|person| name(slices, person)).collect();
        vec![
            starts.strftime("%a %Y-%m-%d %H:%M").to_string(),
            format!("w. {}", Week::of(starts.date()).number()),
            people.join(", "),
            what,
            does.to_owned(),
        ]
    });
    let headings = ["STARTS", "WEEK", "WHO", "WHAT", ""];
    output::table(&headings, rows.collect()) + "\n"
}

const fn does(moved_from: Option<DateTime>) -> &'static str {
    match moved_from {
        Some(_) => "moved",
        None => "new",
    }
}

fn dialogue(round: &str, unit: &str) -> String {
    format!("dialogue {round}, {unit}")
}

fn pair(pair: &Pair) -> Vec<PersonId> {
    vec![pair.area_manager.clone(), pair.principal.clone()]
}

/// The meetings on record that neither move nor are called off. A check-in comes with every area in
/// which the principal leads a unit; the set takes it once.
fn on_record<'a>(
    year: &'a SchoolYear,
    slices: &'a [SliceWorld],
    placement: &Placement,
) -> impl Iterator<Item = Line> + use<'a> {
    let moved = placement.dialogues.iter();
    let moved: BTreeMap<_, _> = moved
        .map(|placed| (placed.dialogue.clone(), placed.moved_from))
        .collect();
    let gone = placement.check_ins.iter();
    let gone = gone.filter_map(|placed| Some((placed.pair.clone(), placed.moved_from?)));
    let withdrawn = placement
        .withdrawn
        .iter()
        .map(|w| (w.pair.clone(), w.starts));
    let gone: BTreeSet<(Pair, DateTime)> = gone.chain(withdrawn).collect();
    let span = year.administrative_year();
    slices.iter().flat_map(move |slice| {
        let world = &slice.world;
        let dialogues = world.dialogues.iter().filter(|d| {
            let is_moved = moved
                .keys()
                .any(|key| key.unit == d.unit && key.round == d.round);
            d.school_year == year.name && d.state != DialogueState::Cancelled && !is_moved
        });
        let dialogues = dialogues.map(|d| {
            let day = d.starts.date();
            let mut people = world.area_managers(day);
            people.extend(world.principal(&d.unit, day));
            let unit = world.units.get(&d.unit);
            let what = dialogue(d.round.word(), unit.map_or("", |unit| &unit.name));
            (d.starts, people, what, "on record")
        });
        let check_ins = world.check_ins.iter().filter(|c| {
            c.state != CheckInState::Cancelled
                && span.contains(c.starts.date())
                && !gone.contains(&(c.pair.clone(), c.starts))
        });
        let check_ins =
            check_ins.map(|c| (c.starts, pair(&c.pair), "check-in".into(), "on record"));
        dialogues.chain(check_ins).collect::<Vec<Line>>()
    })
}
