//! The picture as a page, in Swedish: it is passed on to those whose weeks it shows.

use std::path::Path;

use anyhow::Context;
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};

use super::picture::Term;
use super::{name, unit_name};
use crate::calendar::{Language, SchoolYear, date_in_text};
use crate::daemon::{Office, SliceWorld};
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
    let unplaced = placement.unplaced.iter().map(|unplaced| {
        let unit = unit_name(slices, &unplaced.dialogue.unit);
        context! { unit, round => unplaced.dialogue.round.word(), obstacle => Serde(unplaced.obstacle) }
    });
    let gaps = placement.gaps.iter().map(|gap| {
        context! {
            principal => name(slices, &gap.pair.principal),
            manager => name(slices, &gap.pair.area_manager),
            from => date(gap.from), to => date(gap.to), weeks => gap.school_weeks,
        }
    });
    let values = context! {
        authority => office.settings.authority.clone(), year => year.name.clone(),
        terms => Serde(terms), dialogues => office.settings.dialogue_name.many.clone(),

        unplaced => unplaced.collect::<Vec<Value>>(), gaps => gaps.collect::<Vec<Value>>(),
    };
    let mut environment = Environment::new();
    environment.add_template("page.html", include_str!("page.html"))?;
    let page = environment.get_template("page.html")?.render(values)?;
    std::fs::write(file, page).with_context(|| format!("{} cannot be written", file.display()))
}
