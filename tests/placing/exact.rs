//! Assigning held against trying everything: as many have a slot as can.

use std::collections::BTreeSet;

use avstamd::calendar::Week;
use avstamd::plan::placing::{Most, Wish, assign};
use jiff::ToSpan;
use jiff::civil::{DateTime, date};
use proptest::prelude::*;

use super::authority::principal;

/// Meetings of a few people, of two lengths, at times that overlap in part, over two weeks.
fn any_wish() -> impl Strategy<Value = Wish> {
    let starts = (0i32..3, 0i8..5).prop_map(|(day, half_hours)| {
        let day = date(2026, 10, 6).saturating_add((day * 4).days());
        day.at(8 + half_hours / 2, 30 * (half_hours % 2), 0, 0)
    });
    (
        proptest::collection::btree_set(0usize..5, 1..4),
        proptest::sample::select(vec![30u32, 45, 90]),
        proptest::collection::btree_set(starts, 1..6),
    )
        .prop_map(|(people, minutes, slots)| Wish {
            load_of: principal(*people.first().unwrap()),
            people: people.into_iter().map(principal).collect(),
            minutes,
            slots: slots.into_iter().collect(),
        })
}

fn overlap((one, other): (DateTime, DateTime), (minutes, others): (u32, u32)) -> bool {
    one < other.saturating_add(i64::from(others).minutes())
        && other < one.saturating_add(i64::from(minutes).minutes())
}

fn collide(wishes: &[Wish], chosen: &[Option<DateTime>], next: (usize, DateTime)) -> bool {
    chosen.iter().enumerate().any(|(n, at)| {
        let are_apart = wishes[n].people.is_disjoint(&wishes[next.0].people);
        let minutes = (wishes[n].minutes, wishes[next.0].minutes);
        !are_apart && at.is_some_and(|at| overlap((at, next.1), minutes))
    })
}

/// How many can have a slot beside those who have chosen, found by trying all.
fn most_of(wishes: &[Wish], chosen: &mut Vec<Option<DateTime>>) -> usize {
    let next = chosen.len();
    if next == wishes.len() {
        return chosen.iter().flatten().count();
    }
    let mut most = 0;
    let slots = wishes[next].slots.iter().copied().map(Some);
    for slot in slots.chain([None]) {
        if !slot.is_some_and(|slot| collide(wishes, chosen, (next, slot))) {
            chosen.push(slot);
            most = most.max(most_of(wishes, chosen));
            chosen.pop();
        }
    }
    most
}

/// The same limit for everybody in every week.
fn limits(most: usize) -> Most {
    let weeks = [5, 12].map(|day| Week::of(date(2026, 10, day)));
    (0..5)
        .flat_map(|n| weeks.map(|week| ((principal(n), week), most)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn as_many_have_a_slot_as_can(
        wishes in proptest::collection::vec(any_wish(), 1..7),
        most in 0usize..3,
    ) {
        let most = limits(most);
        let found = assign(&wishes, &most);
        prop_assert_eq!(found.len(), wishes.len());
        for (n, one) in found.iter().enumerate() {
            let Some(one) = *one else { continue };
            prop_assert!(wishes[n].slots.contains(&one));
            for (m, other) in found.iter().enumerate().skip(n + 1) {
                let shared = !wishes[n].people.is_disjoint(&wishes[m].people);
                let minutes = (wishes[n].minutes, wishes[m].minutes);
                prop_assert!(!shared || !other.is_some_and(|other| overlap((one, other), minutes)));
            }
        }
        let placed = found.iter().flatten().count();
        prop_assert_eq!(placed, most_of(&wishes, &mut Vec::new()), "{:?}", found);
        // One that nothing can be done for takes nobody else's.
        let hopeless = Wish { slots: Vec::new(), ..wishes[0].clone() };
        let found = assign(&[wishes, vec![hopeless]].concat(), &most);
        prop_assert_eq!(found.iter().flatten().count(), placed);
    }
}

/// One slot too few for people who all hang together: all but one have theirs, and the search for
/// what there is not comes to an end.
#[test]
fn one_slot_too_few_leaves_one_without() {
    let day = date(2026, 10, 6);
    let slots: Vec<DateTime> = (0..59)
        .map(|n| {
            day.saturating_add((n / 5).days())
                .at(8 + (n % 5) as i8, 0, 0, 0)
        })
        .collect();
    let wish = |n: usize| Wish {
        people: BTreeSet::from([principal(n), principal(99)]),
        load_of: principal(99),
        minutes: 45,
        slots: slots.clone(),
    };
    let wishes: Vec<Wish> = (0..60).map(wish).collect();
    let weeks: BTreeSet<Week> = slots.iter().map(|slot| Week::of(slot.date())).collect();
    let most = weeks.into_iter().map(|week| ((principal(99), week), 4));
    let found = assign(&wishes, &most.collect());
    assert_eq!(found.iter().filter(|slot| slot.is_none()).count(), 1);
}
