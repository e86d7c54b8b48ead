//! Placing again, when something has changed: what is announced stays where it can.

use std::collections::BTreeSet;

use avstamd::calendar::Week;
use avstamd::follow_up::{
    AreaWorld, CheckIn, CheckInState, Dialogue, Pair, PersonId, Round, SupportLevel,
};
use avstamd::plan::placing::{Busy, Obstacle, Placement};
use jiff::ToSpan;
use jiff::civil::{Date, date, time};
use proptest::prelude::*;

use super::authority::{
    Authority, add_unit, any_authority, any_day, calendar, manager, orderly, principal, unit,
};
use super::record::keep;
use super::rules::{broken, gaps};
use super::{is_away, placed};

/// Nothing is written, moved or cancelled.
fn changes_nothing(placement: &Placement) -> bool {
    placement.dialogues.is_empty()
        && placement.check_ins.is_empty()
        && placement.withdrawn.is_empty()
}

/// How many announced meetings are moved or withdrawn.
fn moved(placement: &Placement) -> usize {
    let dialogues = placement
        .dialogues
        .iter()
        .filter_map(|placed| placed.moved_from);
    let check_ins = placement
        .check_ins
        .iter()
        .filter_map(|placed| placed.moved_from);
    dialogues.count() + check_ins.count() + placement.withdrawn.len()
}

/// Something that happens in the course of a year.
#[derive(Debug, Clone)]
enum Change {
    Unit {
        area: usize,
        leader: usize,
    },
    Absence {
        who: usize,
        from: Date,
        days: i32,
    },
    NewPrincipal {
        unit: usize,
        leader: usize,
        from: Date,
    },
    ByHand {
        meeting: usize,
        days: i32,
    },
    Busy {
        who: usize,
        day: Date,
        hour: i8,
    },
    Later {
        from: Date,
    },
}

fn any_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (0usize..3, 0usize..9).prop_map(|(area, leader)| Change::Unit { area, leader }),
        (0usize..12, any_day(), 0i32..20).prop_map(|(who, from, days)| Change::Absence {
            who,
            from,
            days
        }),
        (0usize..14, 0usize..12, any_day()).prop_map(|(unit, leader, from)| Change::NewPrincipal {
            unit,
            leader,
            from
        }),
        (0usize..1000, -3i32..4).prop_map(|(meeting, days)| Change::ByHand { meeting, days }),
        (0usize..12, any_day(), 8i8..16).prop_map(|(who, day, hour)| Change::Busy {
            who,
            day,
            hour
        }),
        any_day().prop_map(|from| Change::Later { from }),
    ]
}

fn somebody(n: usize) -> PersonId {
    if n < 9 { principal(n) } else { manager(n - 9) }
}

fn change(authority: &mut Authority, (number, change): (usize, &Change)) {
    match *change {
        Change::Unit { area, leader } => {
            let world = &mut authority.worlds[area];
            add_unit(world, 50 + number, leader, SupportLevel::Standard);
        }
        Change::Absence { who, from, days } => {
            is_away(
                authority,
                somebody(who),
                (from, from.saturating_add(days.days())),
            );
        }
        Change::NewPrincipal {
            unit: of,
            leader,
            from,
        } => {
            let post = avstamd::follow_up::Post::Unit(unit(of));
            for world in &mut authority.worlds {
                let leads =
                    |a: &&mut avstamd::follow_up::Appointment| a.post == post && a.to.is_none();
                let Some(before) = world.appointments.iter_mut().find(leads) else {
                    continue;
                };
                let mut next = before.clone();
                before.to = from.yesterday().ok();
                (next.person, next.from) = (principal(leader), Some(from));
                world.appointments.push(next);
            }
        }
        Change::ByHand { meeting, days } => {
            let mut all: Vec<&mut CheckIn> = authority
                .worlds
                .iter_mut()
                .flat_map(|world| &mut world.check_ins)
                .filter(|check_in| check_in.is_placed)
                .collect();
            let len = all.len();
            if len > 0 {
                let check_in = &mut all[meeting % len];
                check_in.starts = check_in.starts.saturating_add(days.days());
                check_in.is_placed = false;
                // What is read for several areas is one meeting.
                let moved = check_in.clone();
                for world in &mut authority.worlds {
                    world.check_ins.retain(|own| {
                        own.pair != moved.pair
                            || !own.is_placed
                            || own.starts != moved.starts.saturating_sub(days.days())
                    });
                }
            }
        }
        Change::Busy { who, day, hour } => authority.busy.push(Busy {
            person: somebody(who),
            starts: day.at(hour, 0, 0, 0),
            minutes: 90,
        }),
        Change::Later { from } => authority.from = authority.from.max(from),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn whatever_changes_no_hard_rule_is_broken_and_only_own_meetings_move(
        mut authority in any_authority(),
        changes in proptest::collection::vec(any_change(), 1..5),
    ) {
        let first = placed(&authority);
        keep(&mut authority, &first);
        let again = placed(&authority);
        prop_assert!(changes_nothing(&again), "{:#?}", again);
        prop_assert_eq!((&again.unplaced, &again.gaps), (&first.unplaced, &first.gaps));
        for change_and_number in changes.iter().enumerate() {
            change(&mut authority, change_and_number);
        }
        let placement = placed(&authority);
        let calendar = calendar();
        let worlds: Vec<&AreaWorld> = authority.worlds.iter().collect();
        let request = authority.request(&calendar, &worlds);
        prop_assert_eq!(broken(&request, &placement), Vec::<String>::new());
        let listed = placement.gaps.iter().map(|gap| (gap.pair.clone(), gap.from, gap.school_weeks));
        prop_assert_eq!(gaps(&request, &placement), listed.collect());
        let own: BTreeSet<_> = worlds.iter().flat_map(|world| &world.check_ins)
            .filter(|own| own.is_placed && own.state == CheckInState::Planned && own.starts.date() >= authority.from)
            .map(|own| (&own.pair, own.starts))
            .collect();
        let moves = placement.check_ins.iter().filter_map(|placed| Some((&placed.pair, placed.moved_from?)));
        let withdrawn = placement.withdrawn.iter().map(|gone| (&gone.pair, gone.starts));
        let touched: Vec<_> = moves.chain(withdrawn).collect();
        let once: BTreeSet<_> = touched.iter().copied().collect();
        prop_assert_eq!(once.len(), touched.len(), "each once");
        prop_assert!(once.is_subset(&own), "only those that placing put there");
        // Written one by one, no meeting comes to lie where another of its pair still stands.
        for placed in &placement.check_ins {
            prop_assert!(!own.contains(&(&placed.pair, placed.starts)), "{:?}", placed);
        }
        for moved in placement.dialogues.iter().filter(|placed| placed.moved_from.is_some()) {
            let is_it = |own: &&Dialogue| {
                own.unit == moved.dialogue.unit && own.round == moved.dialogue.round
                    && own.is_placed && own.starts.date() >= authority.from
            };
            let mut own = worlds.iter().flat_map(|world| &world.dialogues);
            prop_assert_eq!(own.find(is_it).map(|own| own.starts), moved.moved_from);
        }
        keep(&mut authority, &placement);
        let again = placed(&authority);
        prop_assert!(changes_nothing(&again), "{:#?}", again);
    }
}

/// The demo's size: 28 units, all placed and announced.
fn announced() -> Authority {
    let mut authority = orderly(4, 7);
    let placement = placed(&authority);
    assert!(placement.unplaced.is_empty() && placement.gaps.is_empty());
    keep(&mut authority, &placement);
    assert!(changes_nothing(&placed(&authority)));
    authority
}

#[test]
fn another_unit_moves_no_meeting() {
    let mut authority = announced();
    add_unit(&mut authority.worlds[0], 99, 99, SupportLevel::Standard);
    let after = placed(&authority);
    assert_eq!((after.dialogues.len(), moved(&after)), (2, 0));
    assert!(after.unplaced.is_empty() && after.gaps.is_empty());
    let mut new = after.check_ins.iter();
    assert!(new.all(|placed| placed.pair.principal == principal(99)));
}

#[test]
fn two_weeks_without_a_manager_move_only_theirs() {
    for from in [date(2026, 10, 5), date(2027, 1, 18), date(2027, 4, 26)] {
        let mut authority = announced();
        let to = from.saturating_add(13.days());
        is_away(&mut authority, manager(1), (from, to));
        let after = placed(&authority);
        assert!(moved(&after) > 0);
        assert_eq!(after.unplaced, []);
        for placed in &after.dialogues {
            assert_eq!(placed.area_managers, [manager(1)]);
            assert!(
                placed
                    .moved_from
                    .is_some_and(|was| from <= was.date() && was.date() <= to)
            );
        }
        for placed in &after.check_ins {
            assert_eq!(placed.pair.area_manager, manager(1));
            let was = placed.moved_from.map(|was| was.date());
            assert!(was.is_none_or(|was| from <= was && was <= to), "{was:?}");
        }
        let mut withdrawn = after.withdrawn.iter();
        assert!(withdrawn.all(|gone| gone.pair.area_manager == manager(1)));
    }
}

/// The new principal takes the old one's dialogues over, and check-ins of the new pair take the
/// place of the old pair's.
#[test]
fn a_new_principal_moves_nobody_elses() {
    let mut authority = announced();
    let from = date(2027, 1, 11);
    let change_of = Change::NewPrincipal {
        unit: 3,
        leader: 77,
        from,
    };
    change(&mut authority, (0, &change_of));
    let after = placed(&authority);
    assert_eq!(after.dialogues, []);
    assert!(
        after
            .withdrawn
            .iter()
            .all(|gone| gone.pair.principal == principal(3))
    );
    assert!(
        after
            .withdrawn
            .iter()
            .all(|gone| gone.starts.date() >= from)
    );
    assert!(
        after
            .check_ins
            .iter()
            .all(|new| new.pair.principal == principal(77) && new.moved_from.is_none())
    );
    assert!(after.withdrawn.len() >= 9 && after.check_ins.len() >= 9);
    assert_eq!(after.gaps, []);
}

/// Six of twelve dialogues stand in one week already: the others share the other weeks evenly.
#[test]
fn dialogues_on_record_count_towards_an_even_load() {
    let mut authority = orderly(1, 12);
    let mut all = placed(&authority);
    all.check_ins.clear();
    all.dialogues
        .retain(|placed| placed.dialogue.round == Round::Explore);
    all.dialogues.truncate(6);
    for (n, placed) in all.dialogues.iter_mut().enumerate() {
        let day = date(2026, 10, 6).saturating_add(i64::from(n >= 3).days());
        placed.starts = day.to_datetime(authority.rules.dialogues.times[n % 3]);
    }
    keep(&mut authority, &all);
    let after = placed(&authority);
    let explore = after.dialogues.iter();
    let mut weeks: Vec<Week> = explore
        .filter(|placed| placed.dialogue.round == Round::Explore)
        .map(|placed| Week::of(placed.starts.date()))
        .collect();
    weeks.dedup_by_key(|week| week.number());
    assert_eq!(after.dialogues.len(), 6 + 12);
    let numbers: Vec<i8> = weeks.into_iter().map(Week::number).collect();
    assert_eq!(numbers, [42, 43, 45, 46]);
}

/// A dialogue that somebody moved stays, and others are planned around it; what placing put where it
/// now is moves.
#[test]
fn what_was_moved_by_hand_stays_and_the_others_give_way() {
    let mut authority = announced();
    let world = &mut authority.worlds[0];
    let other = world.dialogues[1].clone();
    let by_hand = &mut world.dialogues[0];
    (by_hand.starts, by_hand.is_placed) = (other.starts, false);
    let after = placed(&authority);
    let [moved] = &after.dialogues[..] else {
        panic!("{:?}", after.dialogues)
    };
    assert_eq!(moved.dialogue.unit, other.unit);
    assert_eq!(moved.moved_from, Some(other.starts));
}

/// The only times that a new unit's people have are those of announced meetings: one of them moves,
/// and no more.
#[test]
fn as_few_announced_meetings_move_as_do() {
    let mut authority = orderly(1, 3);
    let placement = placed(&authority);
    keep(&mut authority, &placement);
    add_unit(&mut authority.worlds[0], 99, 99, SupportLevel::Standard);
    let dialogue = placement
        .dialogues
        .iter()
        .find(|placed| placed.dialogue.round == Round::Explore)
        .unwrap();
    for day in authority_window() {
        let starts = day.at(7, 0, 0, 0);
        let (person, minutes) = (principal(99), 600);
        let whole = Busy {
            person: person.clone(),
            starts,
            minutes,
        };
        if day != dialogue.starts.date() {
            authority.busy.push(whole);
            continue;
        }
        // Free for just as long as that dialogue lasts.
        let until = dialogue.starts;
        let minutes = until.duration_since(starts).as_mins().try_into().unwrap();
        authority.busy.push(Busy {
            person: person.clone(),
            starts,
            minutes,
        });
        let starts = until.saturating_add(90.minutes());
        authority.busy.push(Busy {
            person,
            starts,
            minutes: 600,
        });
    }
    let after = placed(&authority);
    assert_eq!(after.unplaced, []);
    let moves: Vec<_> = after
        .dialogues
        .iter()
        .filter_map(|placed| placed.moved_from)
        .collect();
    assert_eq!(moves, [dialogue.starts]);
    assert_eq!(moved(&after), 1);
}

fn authority_window() -> impl Iterator<Item = Date> {
    avstamd::calendar::Span::new(date(2026, 10, 5), date(2026, 11, 13)).days()
}

/// Away for the whole window: the dialogue stays on record, and is told as not placed.
#[test]
fn a_dialogue_that_can_be_held_nowhere_stays_and_is_told() {
    let mut authority = announced();
    is_away(
        &mut authority,
        principal(5),
        (date(2026, 10, 1), date(2026, 11, 30)),
    );
    let after = placed(&authority);
    assert_eq!(after.dialogues, []);
    let [told] = &after.unplaced[..] else {
        panic!("{:?}", after.unplaced)
    };
    assert_eq!(
        (&told.dialogue.unit, told.obstacle),
        (&unit(5), Obstacle::Away)
    );
    assert!(
        after
            .check_ins
            .iter()
            .all(|placed| placed.pair.principal == principal(5))
    );
}

/// A check-in that falls away is moved within the weeks of its rhythm, not cancelled beside a new one.
#[test]
fn a_broken_check_in_moves_to_the_nearest_time() {
    let mut authority = announced();
    let check_in = authority.worlds[0].check_ins[30].clone();
    let Pair { principal, .. } = check_in.pair.clone();
    authority.busy.push(Busy {
        person: principal,
        starts: check_in.starts,
        minutes: 30,
    });
    let after = placed(&authority);
    let [moved] = &after.check_ins[..] else {
        panic!("{:?}", after.check_ins)
    };
    assert_eq!(moved.moved_from, Some(check_in.starts));
    assert_eq!(
        Week::of(moved.starts.date()),
        Week::of(check_in.starts.date())
    );
    assert_eq!(after.withdrawn, []);
}

/// A meeting that moves is as long as it was, whatever the rules say of new ones.
#[test]
fn another_length_for_new_meetings_puts_nobody_in_two_places() {
    let mut authority = orderly(2, 7);
    authority.rules.dialogues.minutes = 180;
    authority.rules.dialogues.times.truncate(1);
    let placement = placed(&authority);
    keep(&mut authority, &placement);
    authority.rules.dialogues.minutes = 60;
    authority.rules.dialogues.times = [9, 10, 12].map(|hour| time(hour, 0, 0, 0)).to_vec();
    let first = &placement.dialogues[0];
    let (who, day) = (first.area_managers[0].clone(), first.starts.date());
    is_away(&mut authority, who, (day, day.saturating_add(10.days())));
    let after = placed(&authority);
    assert!(
        after
            .dialogues
            .iter()
            .any(|placed| placed.moved_from.is_some())
    );
    let calendar = calendar();
    let worlds: Vec<&AreaWorld> = authority.worlds.iter().collect();
    let broken = broken(&authority.request(&calendar, &worlds), &after);
    assert!(broken.is_empty(), "{broken:#?}");
    keep(&mut authority, &after);
    assert!(changes_nothing(&placed(&authority)));
}

/// Nobody has been told of a proposal: it follows the rules as they are now. What was announced stays.
#[test]
fn proposals_follow_the_rules_and_what_was_announced_stays() {
    let mut authority = announced();
    authority.rules.dialogues.times = vec![time(15, 0, 0, 0)];
    authority.rules.check_ins.times = vec![time(9, 0, 0, 0), time(10, 0, 0, 0), time(11, 0, 0, 0)];
    assert_eq!(moved(&placed(&authority)), 0);
    let until = Some(authority.from.saturating_add(14.days()));
    for world in &mut authority.worlds {
        world
            .dialogues
            .iter_mut()
            .for_each(|d| d.proposed_until = until);
        world
            .check_ins
            .iter_mut()
            .for_each(|c| c.proposed_until = until);
    }
    let after = placed(&authority);
    assert!(after.unplaced.is_empty(), "{:#?}", after.unplaced);
    assert_eq!(after.dialogues.len(), 2 * 28);
    let starts = after.dialogues.iter().map(|placed| placed.starts.time());
    assert!(starts.into_iter().all(|at| at == time(15, 0, 0, 0)));
    let mut check_ins = after.check_ins.iter().map(|placed| placed.starts.time());
    assert!(check_ins.all(|at| at != time(8, 0, 0, 0) && at != time(15, 0, 0, 0)));
}
