//! Draws up the standing from the world of one day.

use jiff::civil::Date;

use super::{AreaStanding, Concern, UnitStanding, WeekCell};
use crate::calendar::Week;
use crate::follow_up::{ChosenBy, Dialogue, DialogueState, Measure, Pair, Post, SchoolUnit};
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
    let mut units: Vec<UnitStanding> = view
        .world
        .active_units(view.day)
        .map(|unit| unit_standing(view, unit, &weeks))
        .collect();
    units.sort_by(UnitStanding::worst_first);
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
    let overdue: Vec<Date> = view
        .world
        .activities
        .iter()
        .filter(|a| a.post == Post::Unit(unit.code.clone()))
        .filter(|a| a.is_open(view.day) && a.due < view.day)
        .map(|a| a.due)
        .collect();
    if let Some(&since) = overdue.iter().min() {
        concerns.push(Concern::ActivityOverdue {
            count: overdue.len(),
            since,
        });
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
            } else if on <= near && !dialogue.has_focus_area(ChosenBy::Principal) {
                Some(Concern::NoFocusArea { on })
            } else {
                None
            }
        })
        .collect()
}

fn gap_concern(view: &View<'_>, pairs: &[Pair]) -> Option<Concern> {
    view.rules.check_in_gap.as_ref()?;
    let (late, since) = pairs.iter().find_map(|pair| {
        let deadline = check_in::deadline(view, pair, check_in::rhythm(view, pair));
        Some((pair, deadline.filter(|deadline| *deadline < view.day)?))
    })?;
    let held = view
        .world
        .check_ins
        .iter()
        .filter(|check_in| &check_in.pair == late);
    Some(Concern::CheckInGap {
        last: held.filter_map(|check_in| check_in.held_by(view.day)).max(),
        since,
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
    let (late, due) = measures(view, unit)
        .filter_map(|measure| Some((measure, measure.evaluation_due(view.day)?)))
        .filter(|&(_, date)| within(date))
        .filter(|(measure, date)| *date >= view.day || !measure.is_unassessed(&year, view.day))
        .fold((0, 0), |(late, due), (_, date)| match date < view.day {
            true => (late + 1, due),
            false => (late, due + 1),
        });
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
        late,
        due,
        school: view.calendar.is_school_week(week),
    }
}
