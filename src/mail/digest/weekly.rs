//! The area manager's week: a unit's words, and a cell a week under them.

use minijinja::context;

use super::summary::{summary, totals};
use super::{Drawn, concern_words, name_of};
use crate::calendar::{Week, swedish_order, week_in_text};
use crate::mail::content::{Band, Cell, Column, ConcernLine, Digest, Row};
use crate::mail::facts::{Setting, Slice, dialogue_words};
use crate::mail::words::{Words, WordsError, capitalised};
use crate::plan::{AreaStanding, Concern, UnitStanding, View, WeekCell, area_standing};

/// Units in phase are listed by name up to so many; beyond that the summary's number says it.
const NAMED: usize = 40;

/// Draws the week of the slice's area.
///
/// # Errors
/// A template fails.
pub fn weekly(slice: Slice<'_>, setting: &Setting<'_>, words: &Words) -> Result<Drawn, WordsError> {
    let view = View::new(setting.day, slice.world, setting.calendar, setting.rules);
    let standing = area_standing(&view);
    let area = slice.world.area.as_ref().map(|area| area.name.clone());
    let units: Vec<&UnitStanding> = standing.units.iter().collect();
    let speech = (words, setting.dialogue_name);
    let summary = summary("weekly", &units, &totals(units.iter().copied()), speech)?;
    let values = context! {
        area => area.unwrap_or_default(), week => Week::of(setting.day).number(),
        summary_short => summary.short,
        ..dialogue_words(setting.dialogue_name, words.language())
    };
    let (troubled, in_phase): (Vec<&UnitStanding>, Vec<&UnitStanding>) = units
        .into_iter()
        .partition(|unit| !unit.concerns.is_empty());
    let (late, near): (Vec<&UnitStanding>, Vec<&UnitStanding>) =
        troubled.into_iter().partition(|unit| unit.late() > 0);
    let mut bands = Vec::new();
    for (tone, units) in [("late", late), ("near", near)] {
        if !units.is_empty() {
            bands.push(band(tone, &units, &standing, (slice, setting, words))?);
        }
    }
    Ok(Drawn {
        subject: words.say("digest.weekly-subject", &values)?,
        digest: Digest {
            heading: words.say("digest.weekly-heading", &values)?,
            summary: summary.long,
            legend: words.say("digest.weekly-legend", &values)?,
            label: words.say("digest.weekly-label", &values)?,
            columns: columns(&standing, words)?,
            bands,
            in_phase: in_phase_line(&in_phase, words)?,
        },
    })
}

fn columns(standing: &AreaStanding, words: &Words) -> Result<Vec<Column>, WordsError> {
    let mut columns = vec![Column {
        label: words.say("digest.late-column", &context! {})?,
        present: false,
    }];
    for week in &standing.weeks {
        columns.push(Column {
            label: words.say("digest.week-column", &context! { number => week.number() })?,
            present: *week == standing.present,
        });
    }
    Ok(columns)
}

fn band(
    tone: &'static str,
    units: &[&UnitStanding],
    standing: &AreaStanding,
    (slice, setting, words): (Slice<'_>, &Setting<'_>, &Words),
) -> Result<Band, WordsError> {
    let count = units.len();
    let rows = units
        .iter()
        .map(|unit| row(unit, standing, (slice, setting, words)))
        .collect::<Result<_, _>>()?;
    Ok(Band {
        title: words.say(&format!("digest.{tone}-band"), &context! { count })?,
        tone,
        rows,
    })
}

fn row(
    unit: &UnitStanding,
    standing: &AreaStanding,
    (slice, setting, words): (Slice<'_>, &Setting<'_>, &Words),
) -> Result<Row, WordsError> {
    let people = match &unit.principal {
        Some(principal) => name_of(slice, principal),
        None => concern_words(&Concern::Vacant, words, setting.dialogue_name)?,
    };
    let told = unit.concerns.iter().filter(|c| **c != Concern::Vacant);
    let concerns = told
        .map(|concern| {
            let text = concern_words(concern, words, setting.dialogue_name)?;
            Ok(ConcernLine {
                text: capitalised(&text),
                late: concern.is_late(),
            })
        })
        .collect::<Result<_, WordsError>>()?;
    let mut cells = vec![late_cell(unit.late(), words)?];
    for (week, cell) in standing.weeks.iter().zip(&unit.weeks) {
        cells.push(week_cell(*week, cell, (setting, words))?);
    }
    Ok(Row {
        name: unit.name.clone(),
        people,
        vacant: unit.principal.is_none(),
        concerns,
        cells,
    })
}

/// How much is late in all, also what fell due before the weeks shown.
fn late_cell(count: usize, words: &Words) -> Result<Cell, WordsError> {
    let (text, tone) = match count {
        0 => (String::new(), "none"),
        count => (format!("! {count}"), "late"),
    };
    Ok(Cell {
        text,
        tone,
        label: words.say("digest.late-label", &context! { count })?,
    })
}

/// A week's signs: what most needs to be seen decides the colour, and every sign is a letter, a
/// mark or a number, so that the picture can be read without colours.
fn week_cell(
    week: Week,
    cell: &WeekCell,
    (setting, words): (&Setting<'_>, &Words),
) -> Result<Cell, WordsError> {
    let meeting = if cell.check_in_held {
        Some(("✓", "held"))
    } else if cell.gap {
        Some(("!", "missing"))
    } else {
        cell.check_in_planned.then_some(("○", "planned"))
    };
    let mut signs: Vec<(String, &str, usize)> = Vec::new();
    if cell.dialogue {
        signs.push(("D".to_owned(), "dialogue", 0));
    }
    signs.extend(meeting.map(|(sign, name)| (sign.to_owned(), name, 0)));
    if cell.late > 0 {
        signs.push((format!("{}!", cell.late), "late", cell.late));
    }
    if cell.due > 0 {
        signs.push((cell.due.to_string(), "due", cell.due));
    }
    if signs.is_empty() && !cell.school {
        signs.push(("L".to_owned(), "break", 0));
    }
    let tone = match signs.iter().map(|(_, name, _)| *name).collect::<Vec<_>>() {
        names if names.contains(&"missing") || names.contains(&"late") => "late",
        names if names.contains(&"due") => "due",
        names if names.contains(&"held") => "held",
        names if names.contains(&"break") => "off",
        names if names.is_empty() => "none",
        _ => "planned",
    };
    if signs.is_empty() {
        signs.push((String::new(), "nothing", 0));
    }
    let what = signs
        .iter()
        .map(|(_, name, count)| {
            let dialogue = dialogue_words(setting.dialogue_name, words.language());
            words.say(&format!("sign.{name}"), &context! { count, ..dialogue })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let texts: Vec<&str> = signs.iter().map(|(text, ..)| text.as_str()).collect();
    let week = week_in_text(week, words.language());
    Ok(Cell {
        text: texts.join(" "),
        tone,
        label: format!("{week}: {}", what.join(", ")),
    })
}

fn in_phase_line(units: &[&UnitStanding], words: &Words) -> Result<String, WordsError> {
    if units.is_empty() || units.len() > NAMED {
        return Ok(String::new());
    }
    let mut names: Vec<String> = units.iter().map(|unit| unit.name.clone()).collect();
    names.sort_by(|a, b| swedish_order(a, b));
    words.say("digest.in-phase", &context! { list => names })
}
