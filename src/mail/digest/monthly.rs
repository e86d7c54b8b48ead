//! The school director's month: an area's words, and a row of counts under them.

use minijinja::context;

use super::summary::{Totals, summary, totals};
use super::{Drawn, concern_words, name_of};
use crate::calendar::{month_in_text, swedish_order};
use crate::mail::content::{Band, Cell, Column, ConcernLine, Digest, Row};
use crate::mail::facts::{Setting, Slice, dialogue_words, moment};
use crate::mail::words::{Words, WordsError, capitalised};
use crate::plan::{Trouble, UnitStanding, View, area_standing};

/// What is counted, in the order of the columns: the kinds of concerns.
const COLUMNS: [&str; 6] = [
    "overdue",
    "check_in_gap",
    "unassessed",
    "dialogue_not_recorded",
    "activity_overdue",
    "vacant",
];

/// So many of an area's worst units are named.
const WORST: usize = 3;

/// One area with its units' standing.
struct Area {
    name: String,
    managers: Vec<String>,
    units: Vec<UnitStanding>,
    totals: Totals,
    late: usize,
}

/// Draws the month of every area among the slices.
///
/// # Errors
/// A template fails.
pub fn monthly(
    slices: &[Slice<'_>],
    setting: &Setting<'_>,
    words: &Words,
) -> Result<Drawn, WordsError> {
    let mut areas: Vec<Area> = slices
        .iter()
        .filter_map(|slice| area(*slice, setting))
        .collect();
    areas.sort_by(|a, b| {
        b.late
            .cmp(&a.late)
            .then_with(|| swedish_order(&a.name, &b.name))
    });
    let mut all = Totals::new();
    for (kind, count) in areas.iter().flat_map(|area| &area.totals) {
        *all.entry(*kind).or_default() += count;
    }
    let units: Vec<&UnitStanding> = areas.iter().flat_map(|area| &area.units).collect();
    let speech = (words, setting.dialogue_name);
    let summary = summary("monthly", &units, &all, speech)?;
    let month = month_in_text(setting.day.year(), setting.day.month(), words.language());
    let dialogue = dialogue_words(setting.dialogue_name, words.language());
    let column = |part: &str| {
        let say = |kind: &&str| words.say(&format!("digest.{kind}-{part}"), &dialogue);
        COLUMNS.iter().map(say).collect::<Result<Vec<_>, _>>()
    };
    let names = column("name")?;
    let values = context! {
        month_Word => capitalised(&month), month => month, summary_short => summary.short,
        authority => setting.authority, names => names.clone(),
    };
    let columns = column("column")?.into_iter();
    let rows = areas
        .iter()
        .map(|area| row(area, &names, (setting, words)))
        .collect::<Result<Vec<_>, _>>()?;
    let bands = match rows.is_empty() {
        true => Vec::new(),
        false => vec![Band {
            title: String::new(),
            tone: "plain",
            rows,
        }],
    };
    Ok(Drawn {
        subject: words.say("digest.monthly-subject", &values)?,
        digest: Digest {
            heading: words.say("digest.monthly-heading", &values)?,
            summary: summary.long + &down(slices, setting, words)?,
            legend: words.say("digest.monthly-legend", &values)?,
            label: words.say("digest.monthly-label", &values)?,
            columns: columns
                .map(|label| Column {
                    label,
                    present: false,
                })
                .collect(),
            bands,
            in_phase: String::new(),
        },
    })
}

/// That the daemon was down, for those times that ended within the month before today.
fn down(slices: &[Slice<'_>], setting: &Setting<'_>, words: &Words) -> Result<String, WordsError> {
    let month_ago = setting.day.saturating_sub(jiff::Span::new().months(1));
    let troubles = slices.iter().flat_map(|slice| slice.troubles);
    let down = troubles.filter_map(|trouble| match trouble {
        Trouble::WasDown { from, until } if until.date() >= month_ago => Some((from, until)),
        _ => None,
    });
    let language = words.language();
    let sentences = down.map(|(from, until)| {
        let (since, until) = (moment(*from, language), moment(*until, language));
        words.say("digest.monthly-down", &context! { since, until })
    });
    sentences.collect()
}

/// An area's standing. A post as manager that nobody holds is a vacancy like a principal's.
fn area(slice: Slice<'_>, setting: &Setting<'_>) -> Option<Area> {
    let name = slice.world.area.as_ref()?.name.clone();
    let view = View::new(setting.day, slice.world, setting.calendar, setting.rules);
    let units = area_standing(&view).units;
    let managers = slice.world.area_managers(setting.day);
    let mut totals = totals(&units);
    let mut late = units.iter().map(UnitStanding::late).sum();
    if managers.is_empty() && !units.is_empty() {
        *totals.entry("vacant").or_default() += 1;
        late += 1;
    }
    Some(Area {
        name,
        managers: managers.iter().map(|id| name_of(slice, id)).collect(),
        units,
        totals,
        late,
    })
}

fn row(
    area: &Area,
    names: &[String],
    (setting, words): (&Setting<'_>, &Words),
) -> Result<Row, WordsError> {
    let vacant = area.managers.is_empty();
    let people = match vacant {
        true => words.say("digest.no-manager", &context! {})?,
        false => area.managers.join(", "),
    };
    let worst = area.units.iter().filter(|unit| unit.late() > 0).take(WORST);
    let cells = COLUMNS.iter().zip(names).map(|(kind, name)| {
        let count = area.totals.get(kind).copied().unwrap_or(0);
        let (text, tone) = match (count, *kind) {
            (0, _) => ("–".to_owned(), "none"),
            (count, "unassessed") => (count.to_string(), "due"),
            (count, _) => (count.to_string(), "late"),
        };
        Cell {
            text,
            tone,
            label: format!("{name}: {count}"),
        }
    });
    Ok(Row {
        name: area.name.clone(),
        people,
        vacant,
        concerns: worst
            .map(|unit| unit_line(unit, setting, words))
            .collect::<Result<_, _>>()?,
        cells: cells.collect(),
    })
}

fn unit_line(
    unit: &UnitStanding,
    setting: &Setting<'_>,
    words: &Words,
) -> Result<ConcernLine, WordsError> {
    let late = unit.concerns.iter().filter(|concern| concern.is_late());
    let lines = late
        .map(|concern| concern_words(concern, words, setting.dialogue_name))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(ConcernLine {
        text: format!("{}: {}", unit.name, lines.join("; ")),
        late: true,
    })
}
