//! Where the units of an area stand: the digest's substance, worst first.

use jiff::civil::Date;
use serde::Serialize;

use super::notices::check_in;
use super::view::View;
use crate::calendar::Week;
use crate::follow_up::{Dialogue, DialogueState, Measure, Pair, PersonId, SchoolUnit, UnitCode};

/// Weeks before the present one in the picture.
const WEEKS_BACK: usize = 3;
/// Weeks after the present one in the picture.
const WEEKS_AHEAD: usize = 4;

/// One thing about a unit that needs somebody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "concern", rename_all = "snake_case")]
pub enum Concern {
    /// Nobody leads the unit.
    Vacant,
    /// Evaluations past their date.
    Overdue {
        /// How many.
        count: usize,
        /// The oldest date.
        since: Date,
    },
    /// No check-in within the longest gap allowed.
    CheckInGap {
        /// The last one held, if any is on record.
        last: Option<Date>,
    },
    /// A dialogue whose date passed and that nobody has recorded.
    DialogueNotRecorded {
        /// Its date.
        on: Date,
    },
    /// Activities past their date.
    ActivityOverdue {
        /// How many.
        count: usize,
    },
    /// Earlier measures whose effect nobody has assessed.
    Unassessed {
        /// How many.
        count: usize,
    },
    /// No focus area chosen for a dialogue that is near.
    NoFocusArea {
        /// The dialogue's date.
        on: Date,
    },
    /// Evaluations due within ten working days.
    DueSoon {
        /// How many.
        count: usize,
        /// The first date.
        first: Date,
    },
}

impl Concern {
    /// Whether it is late already; the others are near, or can still be mended in time.
    pub const fn is_late(&self) -> bool {
        !matches!(
            self,
            Self::Unassessed { .. } | Self::NoFocusArea { .. } | Self::DueSoon { .. }
        )
    }
}

/// What one week of a unit shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct WeekCell {
    /// A check-in was held.
    pub check_in_held: bool,
    /// A check-in is planned.
    pub check_in_planned: bool,
    /// The week passed the longest gap without a check-in.
    pub gap: bool,
    /// A dialogue is planned or was held.
    pub dialogue: bool,
    /// Evaluations still due whose date falls here.
    pub due: usize,
    /// Whether there is school.
    pub school: bool,
}

/// One unit's line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnitStanding {
    /// The unit.
    pub unit: UnitCode,
    /// Its name.
    pub name: String,
    /// Who leads it.
    pub principal: Option<PersonId>,
    /// What needs somebody, worst first.
    pub concerns: Vec<Concern>,
    /// The weeks of the picture.
    pub weeks: Vec<WeekCell>,
    /// The next check-in, if one is planned.
    pub next_check_in: Option<Date>,
    /// The next dialogue, if one is planned.
    pub next_dialogue: Option<Date>,
}

impl UnitStanding {
    /// How many of its concerns are late.
    pub fn late(&self) -> usize {
        self.concerns
            .iter()
            .filter(|concern| concern.is_late())
            .count()
    }
}

/// An area's units, worst first, and the weeks of the picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AreaStanding {
    /// The weeks, oldest first.
    pub weeks: Vec<Week>,
    /// The week of the day it was drawn up for.
    pub present: Week,
    /// The units: those with most that is late first, then with most that is near, then by name.
    pub units: Vec<UnitStanding>,
}

/// Draws up the standing of every active unit of the view's area.
pub fn area_standing(view: &View<'_>) -> AreaStanding {
    let present = Week::of(view.day);
    let mut weeks = vec![present];
    for _ in 0..WEEKS_BACK {
        weeks.insert(0, weeks[0].previous());
    }
    for _ in 0..WEEKS_AHEAD {
        weeks.push(weeks[weeks.len() - 1].next());
    }
    let mut units: Vec<UnitStanding> = view
        .world
        .active_units(view.day)
        .map(|unit| unit_standing(view, unit, &weeks))
        .collect();
    units.sort_by(|a, b| {
        let weight = |unit: &UnitStanding| (unit.late(), unit.concerns.len());
        weight(b).cmp(&weight(a)).then_with(|| a.name.cmp(&b.name))
    });
    AreaStanding {
        weeks,
        present,
        units,
    }
}

fn unit_standing(view: &View<'_>, unit: &SchoolUnit, weeks: &[Week]) -> UnitStanding {
    let principal = view.world.principal(&unit.code, view.day);
    let pairs: Vec<Pair> = view
        .world
        .pairs(view.day)
        .into_iter()
        .filter(|pair| Some(&pair.principal) == principal.as_ref())
        .collect();
    let mut concerns = concerns(view, unit, &pairs);
    if principal.is_none() {
        concerns.push(Concern::Vacant);
    }
    concerns.sort();
    let planned = |pairs: &[Pair]| {
        let check_ins = view
            .world
            .check_ins
            .iter()
            .filter(|c| pairs.contains(&c.pair));
        check_ins
            .filter(|c| c.is_open(view.day))
            .map(|c| c.starts.date())
            .find(|&d| d >= view.day)
    };
    UnitStanding {
        unit: unit.code.clone(),
        name: unit.name.clone(),
        weeks: weeks
            .iter()
            .map(|&week| week_cell(view, unit, &pairs, week))
            .collect(),
        next_check_in: planned(&pairs),
        next_dialogue: dialogues(view, unit)
            .filter(|dialogue| dialogue.is_open(view.day))
            .map(|dialogue| dialogue.starts.date())
            .find(|&date| date >= view.day),
        principal,
        concerns,
    }
}

fn measures<'a>(view: &View<'a>, unit: &SchoolUnit) -> impl Iterator<Item = &'a Measure> {
    let code = unit.code.clone();
    view.world
        .measures
        .iter()
        .filter(move |measure| measure.unit == code)
}

fn dialogues<'a>(view: &View<'a>, unit: &SchoolUnit) -> impl Iterator<Item = &'a Dialogue> {
    let code = unit.code.clone();
    view.world
        .dialogues
        .iter()
        .filter(move |dialogue| dialogue.unit == code)
}

fn current_year(view: &View<'_>) -> String {
    view.calendar
        .school_year_on(view.day)
        .map(|year| year.name.clone())
        .unwrap_or_default()
}

fn concerns(view: &View<'_>, unit: &SchoolUnit, pairs: &[Pair]) -> Vec<Concern> {
    let mut concerns = evaluation_concerns(view, unit);
    concerns.extend(dialogue_concerns(view, unit));
    concerns.extend(gap_concern(view, pairs));
    let overdue = view
        .world
        .activities
        .iter()
        .filter(|a| a.post == crate::follow_up::Post::Unit(unit.code.clone()))
        .filter(|a| a.is_open(view.day) && a.due < view.day)
        .count();
    if overdue > 0 {
        concerns.push(Concern::ActivityOverdue { count: overdue });
    }
    concerns
}

fn evaluation_concerns(view: &View<'_>, unit: &SchoolUnit) -> Vec<Concern> {
    let year = current_year(view);
    let unassessed = |measure: &&Measure| measure.is_unassessed(&year, view.day);
    let asked = measures(view, unit).filter(unassessed).count();
    let mut due: Vec<Date> = measures(view, unit)
        .filter_map(|measure| Some((measure, measure.evaluation_due(view.day)?)))
        .filter(|(measure, due)| *due >= view.day || !unassessed(measure))
        .map(|(_, due)| due)
        .collect();
    due.sort();
    let soon = view.calendar.working_days_after(view.day, 10);
    let late: Vec<Date> = due.iter().copied().filter(|&due| due < view.day).collect();
    let near: Vec<Date> = due
        .into_iter()
        .filter(|&due| due >= view.day && due <= soon)
        .collect();
    let mut concerns = Vec::new();
    if let Some(&since) = late.first() {
        concerns.push(Concern::Overdue {
            count: late.len(),
            since,
        });
    }
    if asked > 0 {
        concerns.push(Concern::Unassessed { count: asked });
    }
    if let Some(&first) = near.first() {
        concerns.push(Concern::DueSoon {
            count: near.len(),
            first,
        });
    }
    concerns
}

fn dialogue_concerns(view: &View<'_>, unit: &SchoolUnit) -> Vec<Concern> {
    let year = current_year(view);
    let near = view.calendar.working_days_after(view.day, 15);
    dialogues(view, unit)
        .filter(|dialogue| dialogue.school_year == year && dialogue.is_open(view.day))
        .filter_map(|dialogue| {
            let on = dialogue.starts.date();
            if on < view.day {
                Some(Concern::DialogueNotRecorded { on })
            } else if on <= near && !dialogue.has_focus_area(crate::follow_up::ChosenBy::Principal)
            {
                Some(Concern::NoFocusArea { on })
            } else {
                None
            }
        })
        .collect()
}

fn gap_concern(view: &View<'_>, pairs: &[Pair]) -> Option<Concern> {
    view.rules.check_in_gap.as_ref()?;
    let late = pairs.iter().find(|pair| {
        let deadline = check_in::deadline(view, pair, check_in::rhythm(view, pair));
        deadline.is_some_and(|deadline| deadline < view.day)
    })?;
    let held = view
        .world
        .check_ins
        .iter()
        .filter(|check_in| &check_in.pair == late);
    Some(Concern::CheckInGap {
        last: held.filter_map(|check_in| check_in.held_by(view.day)).max(),
    })
}

fn week_cell(view: &View<'_>, unit: &SchoolUnit, pairs: &[Pair], week: Week) -> WeekCell {
    let within = |date: Date| Week::of(date) == week;
    let check_ins: Vec<_> = view
        .world
        .check_ins
        .iter()
        .filter(|check_in| pairs.contains(&check_in.pair))
        .collect();
    let held = check_ins
        .iter()
        .any(|c| c.held_by(view.day).is_some_and(within));
    let deadline = pairs
        .iter()
        .filter_map(|pair| check_in::deadline(view, pair, check_in::rhythm(view, pair)))
        .min();
    let year = current_year(view);
    WeekCell {
        check_in_held: held,
        check_in_planned: check_ins
            .iter()
            .any(|c| c.is_open(view.day) && c.starts.date() >= view.day && within(c.starts.date())),
        gap: !held
            && week <= Week::of(view.day)
            && deadline.is_some_and(|deadline| deadline < view.day && Week::of(deadline) <= week)
            && view.calendar.is_school_week(week),
        dialogue: dialogues(view, unit)
            .any(|d| d.state != DialogueState::Cancelled && within(d.starts.date())),
        due: measures(view, unit)
            .filter(|measure| {
                measure.evaluation_due(view.day).is_some_and(|due| {
                    within(due) && (due >= view.day || !measure.is_unassessed(&year, view.day))
                })
            })
            .count(),
        school: view.calendar.is_school_week(week),
    }
}
