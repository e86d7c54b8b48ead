//! The two dialogues of every unit.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime};

use super::assign::{Wish, assign};
use super::diary::overlap;
use super::ground::{Ground, attendants};
use super::{Obstacle, PlacedDialogue, Placement, Request, Unplaced};
use crate::calendar::{Span, Week};
use crate::follow_up::{AreaWorld, DialogueState, PersonId, Round, SchoolUnit};
use crate::plan::matter::DialogueKey;

/// A dialogue that lacks a date.
struct Missing<'a> {
    world: &'a AreaWorld,
    unit: &'a SchoolUnit,
    key: DialogueKey,
    days: Vec<Date>,
}

/// Places the dialogues the year lacks.
pub fn place(ground: &mut Ground<'_>, placement: &mut Placement) {
    for round in [Round::Explore, Round::Evaluate] {
        let mut missing = Vec::new();
        placement.unplaced.extend(cancelled(ground.request, round));
        for (world, unit, key) in lacking(ground.request, round) {
            match days(ground, (world, unit), round) {
                Ok(days) => missing.push(Missing {
                    world,
                    unit,
                    key,
                    days,
                }),
                Err(obstacle) => placement.unplaced.push(Unplaced {
                    dialogue: key,
                    obstacle,
                }),
            }
        }
        place_round(ground, missing, placement);
    }
}

/// The units without a dialogue of a round, in order.
fn lacking<'a>(
    request: &Request<'a>,
    round: Round,
) -> Vec<(&'a AreaWorld, &'a SchoolUnit, DialogueKey)> {
    let year = &request.year.name;
    let mut lacking = Vec::new();
    for &world in request.worlds {
        let is_there = |unit: &SchoolUnit| {
            let mut dialogues = world.dialogues.iter();
            dialogues.any(|dialogue| {
                dialogue.unit == unit.code
                    && dialogue.school_year == *year
                    && dialogue.round == round
            })
        };
        let span = request.year.administrative_year();
        let operates = |unit: &SchoolUnit| {
            unit.active_from.is_none_or(|from| from <= span.to)
                && unit.active_to.is_none_or(|to| span.from <= to)
        };
        for unit in world.units.values().filter(|unit| operates(unit)) {
            if !is_there(unit) {
                let key = DialogueKey {
                    unit: unit.code.clone(),
                    school_year: year.clone(),
                    round,
                };
                lacking.push((world, unit, key));
            }
        }
    }
    lacking
}

/// The dialogues of a round that somebody cancelled.
fn cancelled(request: &Request<'_>, round: Round) -> Vec<Unplaced> {
    let all = request.worlds.iter().flat_map(|world| &world.dialogues);
    all.filter(|dialogue| {
        dialogue.state == DialogueState::Cancelled
            && dialogue.school_year == request.year.name
            && dialogue.round == round
    })
    .map(|dialogue| Unplaced {
        dialogue: DialogueKey {
            unit: dialogue.unit.clone(),
            school_year: dialogue.school_year.clone(),
            round,
        },
        obstacle: Obstacle::Cancelled,
    })
    .collect()
}

/// The days on which a unit's dialogue can be held, or what stands in the way.
fn days(
    ground: &Ground<'_>,
    (world, unit): (&AreaWorld, &SchoolUnit),
    round: Round,
) -> Result<Vec<Date>, Obstacle> {
    let Request {
        year, rules, from, ..
    } = ground.request;
    let window: Option<Span> = match round {
        Round::Explore => year.explore,
        Round::Evaluate => year.evaluate,
    };
    let window = window.ok_or(Obstacle::NoWindow)?;
    if window.to < *from {
        return Err(Obstacle::WindowPast);
    }
    let left = |days: Vec<Date>, obstacle| match days.is_empty() {
        true => Err(obstacle),
        false => Ok(days),
    };
    let days = left(ground.days(window, &rules.dialogues), Obstacle::NoDay)?;
    let operating = days.into_iter().filter(|&day| unit.is_active(day));
    let days = left(operating.collect(), Obstacle::NotInOperation)?;
    let filled = days.into_iter().filter(|&day| {
        world.principal(&unit.code, day).is_some() && !world.area_managers(day).is_empty()
    });
    let days = left(filled.collect(), Obstacle::Vacant)?;
    let present = days.into_iter().filter(|&day| {
        let people = attendants(world, &unit.code, day);
        !people.iter().any(|person| ground.is_away(person, day))
    });
    left(present.collect(), Obstacle::Away)
}

/// Places one round. The attendants of a unit may change within its window: then it is placed among
/// the days of those who have most of them, and where these are taken among the others'.
fn place_round(ground: &mut Ground<'_>, missing: Vec<Missing<'_>>, placement: &mut Placement) {
    let minutes = ground.request.rules.dialogues.minutes;
    let mut wishes = Vec::new();
    let mut of_manager: BTreeMap<PersonId, usize> = BTreeMap::new();
    for missing in &missing {
        let (people, days) = company(missing);
        let load_of = missing.world.area_managers(days[0]).swap_remove(0);
        let place = of_manager.entry(load_of.clone()).or_default();
        *place += 1;
        wishes.push((people, days, load_of, *place - 1));
    }
    let most: BTreeMap<PersonId, usize> = of_manager
        .iter()
        .map(|(manager, &count)| {
            let own = wishes
                .iter()
                .filter(|(_, _, load_of, _)| load_of == manager);
            let weeks: BTreeSet<Week> = own.flat_map(|(_, days, ..)| weeks(days)).collect();
            (manager.clone(), count.div_ceil(weeks.len().max(1)))
        })
        .collect();
    let wishes: Vec<Wish> = wishes
        .into_iter()
        .map(|(people, days, load_of, place)| {
            let share = (place, of_manager[&load_of]);
            let slots = slots(ground, (&people, &days), share);
            Wish {
                people,
                load_of,
                minutes,
                slots,
            }
        })
        .collect();
    let chosen = assign(&wishes, &most);
    let mut left = Vec::new();
    for (missing, starts) in missing.into_iter().zip(chosen) {
        match starts {
            Some(starts) => book(ground, missing, starts, placement),
            None => left.push(missing),
        }
    }
    for missing in left {
        match any_slot(ground, &missing) {
            Some(starts) => book(ground, missing, starts, placement),
            None => placement.unplaced.push(Unplaced {
                dialogue: missing.key,
                obstacle: Obstacle::Taken,
            }),
        }
    }
}

fn book(ground: &mut Ground<'_>, missing: Missing<'_>, starts: DateTime, into: &mut Placement) {
    let (minutes, day) = (ground.request.rules.dialogues.minutes, starts.date());
    let Missing {
        world, unit, key, ..
    } = missing;
    ground.take(&attendants(world, &unit.code, day), starts, minutes);
    if let Some(principal) = world.principal(&unit.code, day) {
        into.dialogues.push(PlacedDialogue {
            dialogue: key,
            principal,
            area_managers: world.area_managers(day),
            starts,
            minutes,
            moved_from: None,
        });
    }
}

/// The first time at which those who are there on the day are free, whoever they are.
fn any_slot(ground: &Ground<'_>, missing: &Missing<'_>) -> Option<DateTime> {
    let rules = &ground.request.rules.dialogues;
    missing.days.iter().find_map(|day| {
        let people = attendants(missing.world, &missing.unit.code, *day);
        ground.free_times(&people, *day, rules).first().copied()
    })
}

/// The people who are there on most of the days, and those days.
fn company(missing: &Missing<'_>) -> (BTreeSet<PersonId>, Vec<Date>) {
    let mut companies: BTreeMap<BTreeSet<PersonId>, Vec<Date>> = BTreeMap::new();
    for &day in &missing.days {
        let people = attendants(missing.world, &missing.unit.code, day);
        companies.entry(people).or_default().push(day);
    }
    let most = companies
        .into_iter()
        .max_by_key(|(_, days)| (days.len(), std::cmp::Reverse(days[0])));
    most.unwrap_or_default()
}

fn weeks(days: &[Date]) -> impl Iterator<Item = Week> {
    days.iter().map(|&day| Week::of(day))
}

/// The times at which everybody is free, those of the unit's own part of the window first. The
/// manager's units share the window's weeks in order; in a week those come first that leave the
/// most times for check-ins, then the earliest.
fn slots(
    ground: &Ground<'_>,
    (people, days): (&BTreeSet<PersonId>, &[Date]),
    (place, of): (usize, usize),
) -> Vec<DateTime> {
    let rules = &ground.request.rules.dialogues;
    let all: BTreeSet<Week> = weeks(days).collect();
    let all: Vec<Week> = all.into_iter().collect();
    let own = (place * all.len() / of.max(1)).min(all.len().saturating_sub(1));
    let distance = |day: Date| {
        let week = all.binary_search(&Week::of(day)).unwrap_or(own);
        week.abs_diff(own)
    };
    let mut slots: Vec<DateTime> = days
        .iter()
        .flat_map(|&day| ground.free_times(people, day, rules))
        .collect();
    let check_ins = &ground.request.rules.check_ins;
    let in_the_way = |starts: DateTime| {
        let times = check_ins.times.iter();
        let times = times.map(|time| (starts.date().to_datetime(*time), check_ins.minutes));
        times
            .filter(|&check_in| overlap((starts, rules.minutes), check_in))
            .count()
    };
    slots.sort_by_key(|&starts| (distance(starts.date()), in_the_way(starts), starts));
    slots
}
