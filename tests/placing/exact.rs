//! Assigning held against trying everything: where everybody can have a slot, everybody gets one.

use std::collections::{BTreeMap, BTreeSet};

use avstamd::plan::placing::{Wish, assign};
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

fn collide(wishes: &[Wish], chosen: &[DateTime], next: (usize, DateTime)) -> bool {
    chosen.iter().enumerate().any(|(n, at)| {
        let shared: BTreeSet<_> = wishes[n]
            .people
            .intersection(&wishes[next.0].people)
            .collect();
        !shared.is_empty() && overlap((*at, next.1), (wishes[n].minutes, wishes[next.0].minutes))
    })
}

/// Whether there is a slot for each, found by trying all.
fn can_all(wishes: &[Wish], chosen: &mut Vec<DateTime>) -> bool {
    let next = chosen.len();
    if next == wishes.len() {
        return true;
    }
    wishes[next].slots.iter().any(|&slot| {
        if collide(wishes, chosen, (next, slot)) {
            return false;
        }
        chosen.push(slot);
        let found = can_all(wishes, chosen);
        chosen.pop();
        found
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn where_everybody_can_have_a_slot_everybody_gets_one(
        wishes in proptest::collection::vec(any_wish(), 1..7),
        most in 0usize..3,
    ) {
        let most: BTreeMap<_, _> = (0..5).map(|n| (principal(n), most)).collect();
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
        if can_all(&wishes, &mut Vec::new()) {
            prop_assert!(found.iter().all(Option::is_some), "{:?}", found);
            // One that nothing can be done for takes nobody else's.
            let hopeless = Wish { slots: Vec::new(), ..wishes[0].clone() };
            let found = assign(&[wishes, vec![hopeless]].concat(), &most);
            prop_assert_eq!(found.iter().filter(|slot| slot.is_none()).count(), 1);
        }
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
    let found = assign(&wishes, &BTreeMap::from([(principal(99), 4)]));
    assert_eq!(found.iter().filter(|slot| slot.is_none()).count(), 1);
}
