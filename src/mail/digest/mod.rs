//! The digests' picture: where every unit stands, worst first, one line on top.

use std::collections::BTreeMap;

use jiff::civil::Date;
use minijinja::{Value, context};

use super::content::{Cell, Column, ConcernLine, Digest, Row};
use super::facts::{Setting, Slice};
use super::words::{Words, WordsError, capitalised, count_word};
use crate::calendar::{Week, month_in_text, short_date};
use crate::plan::{AreaStanding, Concern, UnitStanding, View, WeekCell, area_standing};

/// Units in phase are listed by name up to so many; beyond that the summary's number says it.
const NAMED: usize = 40;

/// A digest, and the subject of the mail that carries it.
pub struct Drawn {
    /// The picture.
    pub digest: Digest,
    /// The subject.
    pub subject: String,
}

/// The area manager's week.
///
/// # Errors
/// A template fails.
pub fn weekly(slice: Slice<'_>, setting: &Setting<'_>, words: &Words) -> Result<Drawn, WordsError> {
    let view = View::new(setting.day, slice.world, setting.calendar, setting.rules);
    let standing = area_standing(&view);
    let area = slice
        .world
        .area
        .as_ref()
        .map(|area| area.name.clone())
        .unwrap_or_default();
    let units: Vec<&UnitStanding> = standing.units.iter().collect();
    let week = Week::of(setting.day);
    let (summary, short) = summaries(&units, words)?;
    let values = context! { area => area, week => week.number(), summary_short => short };
    let (behind, in_phase): (Vec<&UnitStanding>, Vec<&UnitStanding>) = standing
        .units
        .iter()
        .partition(|unit| !unit.concerns.is_empty());
    let rows = behind
        .into_iter()
        .map(|unit| unit_row(unit, slice, words))
        .collect::<Result<_, _>>()?;
    Ok(Drawn {
        subject: words.say("digest.weekly-subject", &values)?,
        digest: Digest {
            heading: words.say("digest.weekly-heading", &values)?,
            summary,
            first_column: words.say("digest.unit-column", &values)?,
            weeks: week_columns(&standing, words)?,
            rows,
            in_phase: in_phase_line(&in_phase, words)?,
            legend: words.say("digest.legend", &values)?,
        },
    })
}

/// The school director's month: a row an area.
///
/// # Errors
/// A template fails.
pub fn monthly(
    slices: &[Slice<'_>],
    setting: &Setting<'_>,
    words: &Words,
) -> Result<Drawn, WordsError> {
    let mut areas = Vec::new();
    for slice in slices {
        let Some(area) = &slice.world.area else {
            continue;
        };
        let view = View::new(setting.day, slice.world, setting.calendar, setting.rules);
        let standing = area_standing(&view);
        let late: usize = standing.units.iter().map(UnitStanding::late).sum();
        areas.push((area.name.clone(), *slice, standing, late));
    }
    areas.sort_by(|a, b| b.3.cmp(&a.3).then_with(|| a.0.cmp(&b.0)));
    let all: Vec<&UnitStanding> = areas.iter().flat_map(|area| &area.2.units).collect();
    let (summary, short) = summaries(&all, words)?;
    let month = month_in_text(setting.day.year(), setting.day.month(), words.language());
    let values = context! {
        month_Word => capitalised(&month), month => month, summary_short => short,
        authority => setting.authority,
    };
    let columns = ["late", "gap", "unassessed", "dialogue", "vacant"];
    let weeks = columns
        .iter()
        .map(|column| {
            let label = words.say(&format!("digest.{column}-column"), &values)?;
            Ok(Column {
                label,
                present: false,
            })
        })
        .collect::<Result<_, WordsError>>()?;
    let rows = areas
        .iter()
        .map(|(name, slice, standing, _)| area_row(name, *slice, standing, (setting, words)))
        .collect::<Result<_, _>>()?;
    Ok(Drawn {
        subject: words.say("digest.monthly-subject", &values)?,
        digest: Digest {
            heading: words.say("digest.monthly-heading", &values)?,
            summary,
            first_column: words.say("digest.area-column", &values)?,
            weeks,
            rows,
            in_phase: String::new(),
            legend: String::new(),
        },
    })
}

fn area_row(
    name: &str,
    slice: Slice<'_>,
    standing: &AreaStanding,
    (setting, words): (&Setting<'_>, &Words),
) -> Result<Row, WordsError> {
    let totals = totals(standing.units.iter());
    let cell = |kind: &str| {
        let count = totals.get(kind).copied().unwrap_or(0);
        let tone = match (count, kind) {
            (0, _) => "none",
            (_, "unassessed") => "due",
            _ => "late",
        };
        Cell {
            text: count.to_string(),
            tone,
        }
    };
    let managers = slice.world.area_managers(setting.day);
    let people: Vec<String> = managers.iter().map(|id| name_of(slice, id)).collect();
    let worst = standing.units.iter().filter(|unit| unit.late() > 0).take(3);
    let concerns = worst
        .map(|unit| {
            let lines = unit
                .concerns
                .iter()
                .filter(|concern| concern.is_late())
                .map(|concern| concern_words(concern, words))
                .collect::<Result<Vec<_>, _>>()?;
            Ok(ConcernLine {
                text: format!("{}: {}", unit.name, lines.join(", ")),
                late: true,
            })
        })
        .collect::<Result<_, WordsError>>()?;
    let cells = [
        "overdue",
        "check_in_gap",
        "unassessed",
        "dialogue_not_recorded",
        "vacant",
    ];
    Ok(Row {
        name: name.to_owned(),
        people: people.join(", "),
        concerns,
        cells: cells.into_iter().map(cell).collect(),
    })
}

fn unit_row(unit: &UnitStanding, slice: Slice<'_>, words: &Words) -> Result<Row, WordsError> {
    let people = match &unit.principal {
        Some(principal) => name_of(slice, principal),
        None => String::new(),
    };
    let concerns = unit
        .concerns
        .iter()
        .map(|concern| {
            Ok(ConcernLine {
                text: concern_words(concern, words)?,
                late: concern.is_late(),
            })
        })
        .collect::<Result<_, WordsError>>()?;
    let cells = unit.weeks.iter().map(week_cell).collect();
    Ok(Row {
        name: unit.name.clone(),
        people,
        concerns,
        cells,
    })
}

fn name_of(slice: Slice<'_>, person: &crate::follow_up::PersonId) -> String {
    let known = slice.world.people.get(person);
    known.map_or_else(|| person.to_string(), |person| person.name.clone())
}

fn week_columns(standing: &AreaStanding, words: &Words) -> Result<Vec<Column>, WordsError> {
    let column = |week: &Week| {
        let values = context! { number => week.number() };
        let label = words.say("digest.week-column", &values)?;
        Ok(Column {
            label,
            present: *week == standing.present,
        })
    };
    standing.weeks.iter().map(column).collect()
}

/// A week's sign: what most needs to be seen decides the colour, and every sign is a letter or a
/// number, so that the picture can be read without colours.
fn week_cell(week: &WeekCell) -> Cell {
    let mut signs = Vec::new();
    if week.dialogue {
        signs.push("D".to_owned());
    }
    if week.check_in_held {
        signs.push("A".to_owned());
    } else if week.gap {
        signs.push("!".to_owned());
    } else if week.check_in_planned {
        signs.push("a".to_owned());
    }
    if week.due > 0 {
        signs.push(week.due.to_string());
    }
    let tone = if week.gap {
        "late"
    } else if week.due > 0 {
        "due"
    } else if week.check_in_held {
        "held"
    } else if week.check_in_planned || week.dialogue {
        "planned"
    } else if !week.school {
        "off"
    } else {
        "none"
    };
    Cell {
        text: signs.join(" "),
        tone,
    }
}

fn in_phase_line(units: &[&UnitStanding], words: &Words) -> Result<String, WordsError> {
    if units.is_empty() || units.len() > NAMED {
        return Ok(String::new());
    }
    let mut names: Vec<String> = units.iter().map(|unit| unit.name.clone()).collect();
    names.sort();
    words.say("digest.in-phase", &context! { list => names })
}

/// All units in one line, and in a few words for the subject.
fn summaries(units: &[&UnitStanding], words: &Words) -> Result<(String, String), WordsError> {
    let behind = units.iter().filter(|unit| unit.late() > 0).count();
    let counts = totals(units.iter().copied());
    let late = [
        "vacant",
        "overdue",
        "check_in_gap",
        "dialogue_not_recorded",
        "activity_overdue",
    ];
    let near = ["unassessed", "no_focus_area", "due_soon"];
    let say = |kinds: &[&str]| {
        kinds
            .iter()
            .filter_map(|kind| Some((kind, *counts.get(*kind)?)))
            .map(|(kind, count)| {
                let count_word = count_word(count, words.language());
                words.say(&format!("total.{kind}"), &context! { count, count_word })
            })
            .collect::<Result<Vec<_>, _>>()
    };
    let behind_word = count_word(behind, words.language());
    let values = |totals: Vec<String>| -> Value {
        context! {
            units => units.len(), behind => behind, behind_Word => capitalised(&behind_word),
            behind_word => behind_word.clone(), totals => totals,
        }
    };
    let (long, short, totals) = if behind > 0 {
        ("digest.summary", "digest.short", say(&late)?)
    } else {
        let totals = say(&near)?;
        match totals.is_empty() {
            true => ("digest.summary-none", "digest.short-none", totals),
            false => ("digest.summary-near", "digest.short-near", totals),
        }
    };
    let values = values(totals);
    Ok((words.say(long, &values)?, words.say(short, &values)?))
}

/// How many of each kind of concern; for evaluations and effects, how many of them.
fn totals<'a>(units: impl Iterator<Item = &'a UnitStanding>) -> BTreeMap<&'static str, usize> {
    let mut totals = BTreeMap::new();
    for concern in units.flat_map(|unit| &unit.concerns) {
        let (kind, count, _) = parts(concern);
        *totals.entry(kind).or_default() += count;
    }
    totals
}

/// A concern in the words of a language.
///
/// # Errors
/// A template fails.
pub fn concern_words(concern: &Concern, words: &Words) -> Result<String, WordsError> {
    let (kind, count, date) = parts(concern);
    let language = words.language();
    let date = date
        .map(|date| short_date(date, language))
        .unwrap_or_default();
    let count_word = count_word(count, language);
    words.say(
        &format!("concern.{kind}"),
        &context! { count, count_word, date },
    )
}

/// A concern's word in the catalogue, how many it stands for, and its date.
const fn parts(concern: &Concern) -> (&'static str, usize, Option<Date>) {
    match *concern {
        Concern::Vacant => ("vacant", 1, None),
        Concern::Overdue { count, since } => ("overdue", count, Some(since)),
        Concern::CheckInGap { last } => ("check_in_gap", 1, last),
        Concern::DialogueNotRecorded { on } => ("dialogue_not_recorded", 1, Some(on)),
        Concern::ActivityOverdue { count } => ("activity_overdue", count, None),
        Concern::Unassessed { count } => ("unassessed", count, None),
        Concern::NoFocusArea { on } => ("no_focus_area", 1, Some(on)),
        Concern::DueSoon { count, first } => ("due_soon", count, Some(first)),
    }
}
