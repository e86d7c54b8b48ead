//! Draws up the standing from the world of one day.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{AreaStanding, Concern, UnitStanding, WeekCell};
use crate::calendar::Week;
use crate::follow_up::{
    CheckIn, ChosenBy, Dialogue, DialogueState, Measure, Pair, PersonId, Post, SchoolUnit, UnitCode,
};
use crate::plan::notices::check_in;
use crate::plan::view::View;

/// Weeks before the present one in the picture.
const WEEKS_BACK: usize = 3;
/// Weeks after the present one in the picture.
const WEEKS_AHEAD: usize = 4;

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
    let measures = measures_by_unit(view);
    let mut units: Vec<UnitStanding> = view
        .world
        .active_units(view.day)
        .map(|unit| {
            let measures = measures.get(&unit.code).map_or(&[][..], Vec::as_slice);
            unit_standing(&Unit::new(view, unit, measures), &weeks)
        })
        .collect();
    units.sort_by(UnitStanding::worst_first);
    AreaStanding {
        weeks,
        present,
        units,
    }
}

/// The measures that each unit carries, those of units it took over from among them.
fn measures_by_unit<'a>(view: &View<'a>) -> BTreeMap<&'a UnitCode, Vec<&'a Measure>> {
    let mut by_unit: BTreeMap<&UnitCode, Vec<&Measure>> = BTreeMap::new();
    for measure in &view.world.measures {
        if let Some(unit) = view.world.heir(&measure.unit, view.day) {
            by_unit.entry(unit).or_default().push(measure);
        }
    }
    by_unit
}

/// One unit with what is asked about it again and again.
struct Unit<'v, 'a> {
    view: &'v View<'a>,
    unit: &'v SchoolUnit,
    principal: Option<PersonId>,
    measures: &'v [&'a Measure],
    check_ins: Vec<&'a CheckIn>,
    /// The earliest day by which a check-in should have been held.
    deadline: Option<Date>,
    /// The pair that is late, and since when.
    gap: Option<(Pair, Date)>,
    year: String,
}

impl<'v, 'a> Unit<'v, 'a> {
    fn new(view: &'v View<'a>, unit: &'v SchoolUnit, measures: &'v [&'a Measure]) -> Self {
        let principal = view.principal(&unit.code).pop();
        let all = view.pairs(view.day);
        let pairs = || {
            all.iter()
                .filter(|pair| Some(&pair.principal) == principal.as_ref())
        };
        let deadline = |pair: &Pair| check_in::deadline(view, pair, check_in::rhythm(view, pair));
        let mut check_ins: Vec<&CheckIn> = pairs()
            .flat_map(|pair| view.check_ins(pair).iter().copied())
            .collect();
        check_ins.sort_by_key(|check_in| check_in.starts);
        let late = |pair: &Pair| {
            let since = deadline(pair).filter(|deadline| *deadline < view.day)?;
            Some((pair.clone(), since))
        };
        let year = view.calendar.school_year_on(view.day);
        Self {
            deadline: pairs().filter_map(deadline).min(),
            gap: pairs().find_map(late),
            year: year.map(|year| year.name.clone()).unwrap_or_default(),
            view,
            unit,
            principal,
            measures,
            check_ins,
        }
    }

    fn dialogues(&self) -> impl Iterator<Item = &'a Dialogue> {
        let code = &self.unit.code;
        let dialogues = self.view.world.dialogues.iter();
        dialogues.filter(move |dialogue| dialogue.unit == *code)
    }

    /// The dates on which evaluations are due, where it is not the effect that is asked for.
    fn evaluations_due(&self) -> impl Iterator<Item = Date> {
        let day = self.view.day;
        self.measures
            .iter()
            .filter(move |measure| !self.view.asks_for_effect(measure))
            .filter_map(move |measure| measure.evaluation_due(day))
    }
}

fn unit_standing(unit: &Unit<'_, '_>, weeks: &[Week]) -> UnitStanding {
    let day = unit.view.day;
    let mut concerns = concerns(unit);
    concerns.sort();
    let mut check_ins = unit.check_ins.iter().filter(|c| c.is_open(day));
    let mut dialogues = unit.dialogues().filter(|dialogue| dialogue.is_open(day));
    UnitStanding {
        unit: unit.unit.code.clone(),
        name: unit.unit.name.clone(),
        weeks: weeks.iter().map(|&week| week_cell(unit, week)).collect(),
        next_check_in: check_ins
            .find(|check_in| check_in.starts.date() >= day)
            .map(|check_in| check_in.starts.date()),
        next_dialogue: dialogues
            .find(|dialogue| dialogue.starts.date() >= day)
            .map(|dialogue| dialogue.starts.date()),
        principal: unit.principal.clone(),
        concerns,
    }
}

fn concerns(unit: &Unit<'_, '_>) -> Vec<Concern> {
    let view = unit.view;
    let mut concerns = evaluation_concerns(unit);
    concerns.extend(dialogue_concerns(unit));
    concerns.extend(gap_concern(unit));
    let carries = |post: &Post| match post {
        Post::Unit(code) => view.world.heir(code, view.day) == Some(&unit.unit.code),
        Post::Area(_) | Post::Authority => false,
    };
    let overdue: Vec<Date> = view
        .world
        .activities
        .iter()
        .filter(|a| a.is_open(view.day) && a.due < view.day && carries(&a.post))
        .map(|a| a.due)
        .collect();
    if let Some(&since) = overdue.iter().min() {
        concerns.push(Concern::ActivityOverdue {
            count: overdue.len(),
            since,
        });
    }
    if unit.principal.is_none() {
        concerns.push(Concern::Vacant);
    }
    concerns
}

fn evaluation_concerns(unit: &Unit<'_, '_>) -> Vec<Concern> {
    let view = unit.view;
    let asked = unit
        .measures
        .iter()
        .filter(|measure| view.asks_for_effect(measure))
        .count();
    let mut due: Vec<Date> = unit.evaluations_due().collect();
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

fn dialogue_concerns(unit: &Unit<'_, '_>) -> Vec<Concern> {
    let view = unit.view;
    let near = view.calendar.working_days_after(view.day, 15);
    unit.dialogues()
        .filter(|dialogue| dialogue.school_year == unit.year && dialogue.is_open(view.day))
        .filter_map(|dialogue| {
            let on = dialogue.starts.date();
            if on < view.day {
                Some(Concern::DialogueNotRecorded { on })
            } else if on <= near && !dialogue.has_focus_area(ChosenBy::Principal) {
                Some(Concern::NoFocusArea { on })
            } else {
                None
            }
        })
        .collect()
}

fn gap_concern(unit: &Unit<'_, '_>) -> Option<Concern> {
    let view = unit.view;
    view.rules.check_in_gap.as_ref()?;
    let (late, since) = unit.gap.as_ref()?;
    let held = view.check_ins(late).iter();
    Some(Concern::CheckInGap {
        last: held.filter_map(|check_in| check_in.held_by(view.day)).max(),
        since: *since,
    })
}

fn week_cell(unit: &Unit<'_, '_>, week: Week) -> WeekCell {
    let (day, calendar) = (unit.view.day, unit.view.calendar);
    let within = |date: Date| Week::of(date) == week;
    let is_held = |c: &&CheckIn| c.held_by(day).is_some_and(within);
    let is_planned = |c: &&CheckIn| {
        let starts = c.starts.date();
        starts >= day && within(starts) && c.is_open(day)
    };
    let held = unit.check_ins.iter().any(is_held);
    let school = calendar.is_school_week(week);
    let passed = |deadline: Date| deadline < day && Week::of(deadline) <= week;
    let (late, due): (Vec<Date>, Vec<Date>) = unit
        .evaluations_due()
        .filter(|&date| within(date))
        .partition(|&date| date < day);
    WeekCell {
        check_in_held: held,
        check_in_planned: unit.check_ins.iter().any(is_planned),
        gap: !held && school && week <= Week::of(day) && unit.deadline.is_some_and(passed),
        dialogue: unit
            .dialogues()
            .any(|d| d.state != DialogueState::Cancelled && within(d.starts.date())),
        late: late.len(),
        due: due.len(),
        school,
    }
}
