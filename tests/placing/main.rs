//! Placing: no hard rule is broken whatever the authority, and what can be placed is.

mod authority;
mod command;
mod exact;
mod record;
mod replacing;
mod rules;

use std::collections::BTreeMap;

use authority::{Authority, add_unit, any_authority, calendar, manager, orderly, principal, unit};
use avstamd::calendar::{Span, Week};
use avstamd::follow_up::{
    Absence, AreaWorld, CheckIn, CheckInState, Pair, PersonId, Round, SupportLevel,
};
use avstamd::plan::placing::{Busy, Obstacle, Placement, place};
use jiff::civil::{Date, date};
use proptest::prelude::*;
use rules::{broken, dialogues, gaps, school_weeks};

fn placed(authority: &Authority) -> Placement {
    let calendar = calendar();
    let worlds: Vec<&AreaWorld> = authority.worlds.iter().collect();
    place(&authority.request(&calendar, &worlds))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn whatever_the_authority_no_hard_rule_is_broken_and_nothing_is_passed_over(authority in any_authority()) {
        let calendar = calendar();
        let worlds: Vec<&AreaWorld> = authority.worlds.iter().collect();
        let request = authority.request(&calendar, &worlds);
        let placement = place(&request);
        prop_assert_eq!(broken(&request, &placement), Vec::<String>::new());
        let told = dialogues(&request, &placement);
        let mut once = told.clone();
        once.dedup();
        prop_assert_eq!(&once, &told, "each dialogue once");
        for world in &authority.worlds {
            for school in world.units.values().filter(|school| school.active_to.is_none()) {
                for round in [Round::Explore, Round::Evaluate] {
                    prop_assert!(told.contains(&(school.code.clone(), round)), "{} {round:?}", school.code);
                }
            }
        }
        let listed = placement.gaps.iter().map(|gap| (gap.pair.clone(), gap.from, gap.school_weeks));
        prop_assert_eq!(gaps(&request, &placement), listed.collect());
        prop_assert_eq!(place(&request), placement, "the same input, the same plan");
    }
}

/// With nothing in the way every meeting is placed, and the load of a manager is even.
#[test]
fn an_orderly_authority_has_all_its_meetings_evenly() {
    for units in [1, 3, 7, 10, 12] {
        let authority = orderly(2, units);
        let placement = placed(&authority);
        assert_eq!(placement.dialogues.len(), 2 * 2 * units);
        assert!(placement.unplaced.is_empty() && placement.gaps.is_empty());
        let calendar = calendar();
        let worlds: Vec<&AreaWorld> = authority.worlds.iter().collect();
        let weeks = school_weeks(&authority.request(&calendar, &worlds));
        for area in 0..2 {
            let load = |week: &Week| {
                let own = placement.check_ins.iter();
                own.filter(|placed| {
                    placed.pair.area_manager == manager(area)
                        && Week::of(placed.starts.date()) == *week
                })
                .count()
            };
            let loads: Vec<usize> = weeks.iter().map(load).collect();
            let (least, most) = (loads.iter().min().unwrap(), loads.iter().max().unwrap());
            assert!(most - least <= 1, "{units} units: {loads:?}");
            let (low, high) = dialogue_loads(&placement, area);
            assert!(
                high - low <= 1,
                "{units} units: dialogues {low} to {high} a week"
            );
        }
    }
}

/// The fewest and most dialogues of a manager in one week of the first window.
fn dialogue_loads(placement: &Placement, area: usize) -> (usize, usize) {
    // Weeks 41 to 46 but the break in week 44.
    let mut loads: BTreeMap<Week, usize> = [5, 12, 19]
        .map(|day| (Week::of(date(2026, 10, day)), 0))
        .into_iter()
        .chain([2, 9].map(|day| (Week::of(date(2026, 11, day)), 0)))
        .collect();
    for dialogue in &placement.dialogues {
        if dialogue.dialogue.round == Round::Explore && dialogue.area_managers == [manager(area)] {
            *loads.get_mut(&Week::of(dialogue.starts.date())).unwrap() += 1;
        }
    }
    let (low, high) = (loads.values().min().unwrap(), loads.values().max().unwrap());
    (*low, *high)
}

/// The autumn break, Christmas with its week 53, and a spring of red days: no gap is too long.
#[test]
fn breaks_are_bridged() {
    let mut authority = orderly(1, 5);
    authority.rules.rhythm.every_weeks = 1;
    let placement = placed(&authority);
    assert_eq!(placement.gaps, []);
    let rut: Vec<Date> = placement
        .check_ins
        .iter()
        .filter(|placed| placed.pair.principal == principal(0))
        .map(|placed| placed.starts.date())
        .collect();
    let met = |from: Date, to: Date| {
        rut.iter()
            .filter(|day| from <= **day && **day <= to)
            .count()
    };
    assert_eq!(met(date(2026, 10, 19), date(2026, 10, 23)), 1, "week 43");
    assert_eq!(met(date(2026, 10, 26), date(2026, 10, 30)), 0, "week 44");
    assert_eq!(met(date(2026, 11, 2), date(2026, 11, 6)), 1, "week 45");
    assert_eq!(
        met(date(2026, 12, 19), date(2027, 1, 10)),
        0,
        "to week 53 and on"
    );
    assert_eq!(met(date(2027, 1, 11), date(2027, 1, 15)), 1);
    assert_eq!(
        met(date(2027, 3, 22), date(2027, 3, 25)),
        1,
        "before Good Friday"
    );
    assert_eq!(
        met(date(2027, 3, 26), date(2027, 4, 4)),
        0,
        "Easter and its break"
    );
    assert_eq!(
        met(date(2027, 5, 3), date(2027, 5, 5)),
        1,
        "Ascension Day is 6 May"
    );
}

fn is_away(authority: &mut Authority, person: PersonId, (from, to): (Date, Date)) {
    authority.worlds[0].absences.push(Absence {
        person,
        from,
        to,
        deputy: None,
    });
}

/// Two weeks without the manager: they are met before, and the gap that is left is listed.
#[test]
fn an_absence_is_met_before() {
    let mut authority = orderly(1, 4);
    is_away(
        &mut authority,
        manager(0),
        (date(2026, 9, 14), date(2026, 9, 27)),
    );
    let placement = placed(&authority);
    for pair in 0..4 {
        let before = placement.check_ins.iter().any(|placed| {
            placed.pair.principal == principal(pair)
                && Week::of(placed.starts.date()) == Week::of(date(2026, 9, 7))
        });
        assert!(before, "p{pair} meets in the last week before");
    }
    assert_eq!(placement.gaps.len(), 4);
    assert!(placement.gaps.iter().all(|gap| gap.school_weeks == 2));
}

/// The principal of most of the window has no time with the manager; the one who follows has.
#[test]
fn a_dialogue_is_held_with_whoever_has_the_time() {
    let mut authority = orderly(1, 1);
    let world = &mut authority.worlds[0];
    world.appointments[1].to = Some(date(2026, 10, 30));
    let mut next = world.appointments[1].clone();
    (next.person, next.from, next.to) = (principal(1), Some(date(2026, 11, 1)), None);
    world
        .people
        .insert(principal(1), world.people[&principal(0)].clone());
    world.appointments.push(next);
    for day in Span::new(date(2026, 10, 5), date(2026, 10, 30)).days() {
        authority.busy.push(Busy {
            person: manager(0),
            starts: day.at(8, 0, 0, 0),
            minutes: 600,
        });
    }
    let placement = placed(&authority);
    assert_eq!(placement.unplaced, []);
    assert_eq!(placement.dialogues[0].principal, principal(1));
}

/// They last met a school week before the summer, so they meet in the first week after it.
#[test]
fn the_summer_is_bridged_too() {
    let mut authority = orderly(1, 1);
    authority.worlds[0].check_ins.push(CheckIn {
        pair: Pair {
            principal: principal(0),
            area_manager: manager(0),
        },
        starts: date(2026, 6, 2).at(8, 0, 0, 0),
        minutes: 45,
        state: CheckInState::Planned,
        held_on: None,
        note: String::new(),
        uid: String::new(),
        sequence: 0,
        is_placed: false,
        proposed_until: None,
    });
    let placement = placed(&authority);
    let first = placement.check_ins[0].starts.date();
    assert_eq!(Week::of(first), Week::of(date(2026, 8, 18)));
}

/// Away when the year begins: they meet as soon as they can, and the gap is listed.
#[test]
fn who_is_away_at_the_beginning_is_met_at_once_and_told_of() {
    let mut authority = orderly(1, 4);
    is_away(
        &mut authority,
        principal(0),
        (date(2026, 8, 1), date(2026, 9, 27)),
    );
    let placement = placed(&authority);
    let mut own = placement.check_ins.iter();
    let first = own
        .find(|placed| placed.pair.principal == principal(0))
        .unwrap();
    assert_eq!(Week::of(first.starts.date()), Week::of(date(2026, 9, 28)));
    let [gap] = &placement.gaps[..] else {
        panic!("{:?}", placement.gaps)
    };
    assert_eq!((gap.from, gap.school_weeks), (date(2026, 8, 17), 6));
}

/// A long stretch that a meeting in the break ends, on the very day from which placing begins, was
/// long all the same.
#[test]
fn a_gap_that_a_meeting_in_a_break_ends_is_told() {
    let mut authority = orderly(1, 1);
    authority.from = date(2026, 12, 21);
    for day in [date(2026, 8, 10), authority.from] {
        authority.worlds[0].check_ins.push(CheckIn {
            pair: Pair {
                principal: principal(0),
                area_manager: manager(0),
            },
            starts: day.at(8, 0, 0, 0),
            minutes: 45,
            state: CheckInState::Planned,
            held_on: None,
            note: String::new(),
            uid: String::new(),
            sequence: 0,
            is_placed: false,
            proposed_until: None,
        });
    }
    let gaps = placed(&authority).gaps;
    let told: Vec<_> = gaps
        .iter()
        .map(|gap| (gap.from, gap.school_weeks))
        .collect();
    assert_eq!(told, [(date(2026, 8, 17), 17)]);
}

/// A principal and a manager who meet in two areas are one pair.
#[test]
fn a_pair_in_two_areas_has_one_check_in() {
    let mut authority = orderly(2, 1);
    for (world, person) in authority.worlds.iter_mut().zip([manager(0), manager(0)]) {
        world.appointments[0].person = person;
        world.appointments[1].person = principal(0);
    }
    let placement = placed(&authority);
    let mut weeks: Vec<Week> = placement
        .check_ins
        .iter()
        .map(|placed| Week::of(placed.starts.date()))
        .collect();
    assert!(weeks.len() < 22, "every other week: {}", weeks.len());
    weeks.dedup();
    assert_eq!(weeks.len(), placement.check_ins.len());
    assert_eq!(placement.gaps, []);
}

/// Who leads a unit with reinforced support from the new year on is met oftener from then on.
#[test]
fn the_rhythm_follows_the_units_that_are_led() {
    let mut authority = orderly(1, 1);
    add_unit(&mut authority.worlds[0], 1, 0, SupportLevel::Reinforced);
    authority.worlds[0].appointments[2].from = Some(date(2027, 1, 1));
    let placement = placed(&authority);
    let met = |from: Date, to: Date| {
        let days = placement
            .check_ins
            .iter()
            .map(|placed| placed.starts.date());
        days.filter(|day| from <= *day && *day <= to).count()
    };
    // Seventeen school weeks before Christmas, twenty after it.
    assert_eq!(met(date(2026, 8, 1), date(2026, 12, 31)), 8);
    assert_eq!(met(date(2027, 1, 1), date(2027, 6, 30)), 20);
    assert_eq!(placement.gaps, []);
}

#[test]
fn what_cannot_be_placed_says_why() {
    let why = |change: &dyn Fn(&mut Authority)| {
        let mut authority = orderly(1, 1);
        change(&mut authority);
        let mut why: Vec<Obstacle> = placed(&authority)
            .unplaced
            .iter()
            .map(|u| u.obstacle)
            .collect();
        why.dedup();
        why
    };
    assert_eq!(why(&|_| ()), []);
    assert_eq!(why(&|a| a.from = date(2027, 6, 1)), [Obstacle::WindowPast]);
    assert_eq!(
        why(&|a| a.rules.dialogues.weekdays.clear()),
        [Obstacle::NoDay]
    );
    assert_eq!(
        why(&|a| a.worlds[0].units.get_mut(&unit(0)).unwrap().active_to = Some(date(2026, 9, 1))),
        [Obstacle::NotInOperation]
    );
    assert_eq!(
        why(&|a| a.worlds[0].appointments.truncate(1)),
        [Obstacle::Vacant]
    );
    let away = |a: &mut Authority| {
        is_away(a, principal(0), (date(2026, 8, 1), date(2027, 7, 31)));
    };
    assert_eq!(why(&away), [Obstacle::Away]);
    assert_eq!(why(&|a| a.rules.dialogues.times.clear()), [Obstacle::Taken]);
}
