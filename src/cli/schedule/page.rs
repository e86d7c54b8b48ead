//! The picture as a page, in Swedish: it is passed on to those whose weeks it shows.

use std::path::Path;

use anyhow::Context;
use jiff::civil::DateTime;
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};

use super::picture::Term;
use super::{name, unit_name};
use crate::calendar::{Language, SchoolYear, date_in_text, short_date, time_in_text};
use crate::daemon::{Office, SliceWorld};
use crate::follow_up::Pair;
use crate::mail::{gap_words, unplaced_words};
use crate::plan::placing::Placement;

/// Writes the page.
///
/// # Errors
/// The template fails or the disk does.
pub fn write(
    file: &Path,
    (office, slices): (&Office, &[SliceWorld]),
    (year, terms, placement): (&SchoolYear, Vec<Term>, &Placement),
) -> anyhow::Result<()> {
    let date = |day| date_in_text(day, Language::Swedish);
    let words = office.words(Language::Swedish);
    let unplaced = placement.unplaced.iter().map(|unplaced| {
        let unit = unit_name(slices, &unplaced.dialogue.unit);
        unplaced_words(unit, unplaced, words)
    });
    let unplaced = unplaced.collect::<Result<Vec<String>, _>>()?;
    let mut gaps = Vec::new();
    for gap in &placement.gaps {
        gaps.push(context! {
            principal => name(slices, &gap.pair.principal),
            manager => name(slices, &gap.pair.area_manager),
            from => date(gap.from), to => date(gap.to), weeks => gap.school_weeks,
            why => gap_words(gap.obstacle, words)?,
        });
    }
    let values = context! {
        authority => office.settings.authority.clone(), year => year.name.clone(),
        terms => Serde(terms), dialogues => office.settings.dialogue_name.many.clone(),
        changes => changes(office, slices, placement), unplaced, gaps,
    };
    let mut environment = Environment::new();
    environment.add_template("page.html", include_str!("page.html"))?;
    let page = environment.get_template("page.html")?.render(values)?;
    std::fs::write(file, page).with_context(|| format!("{} cannot be written", file.display()))
}

/// What an earlier placing put somewhere and this one moves or calls off.
fn changes(office: &Office, slices: &[SliceWorld], placement: &Placement) -> Vec<Value> {
    let when = |at: DateTime| {
        let (date, time) = (at.date(), at.time());
        let language = Language::Swedish;
        format!(
            "{} {}",
            short_date(date, language),
            time_in_text(time, language)
        )
    };
    let change = |what: String, from: DateTime, to: Option<DateTime>| {
        context! { what, from => when(from), to => to.map(when) }
    };
    let people = |pair: &Pair| {
        let (manager, principal) = (&pair.area_manager, &pair.principal);
        let (manager, principal) = (name(slices, manager), name(slices, principal));
        format!("avstämning, {manager} och {principal}")
    };
    let dialogues = placement.dialogues.iter().filter_map(|placed| {
        let unit = unit_name(slices, &placed.dialogue.unit);
        let what = format!("{}, {unit}", office.settings.dialogue_name.one);
        Some(change(what, placed.moved_from?, Some(placed.starts)))
    });
    let check_ins = placement.check_ins.iter().filter_map(|placed| {
        let from = placed.moved_from?;
        Some(change(people(&placed.pair), from, Some(placed.starts)))
    });
    let off = placement.withdrawn.iter();
    let off = off.map(|gone| change(people(&gone.pair), gone.starts, None));
    dialogues.chain(check_ins).chain(off).collect()
}
