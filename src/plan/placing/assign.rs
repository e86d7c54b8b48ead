//! Meetings to slots: as many as can be, each at a time that suits it well, nobody twice at once.
//!
//! A meeting that finds no free slot moves others on, by augmenting paths: where meetings collide
//! one to one (a manager's time slots) that finds a full assignment whenever there is one (Kuhn's
//! method; Berge's theorem). Where one slot collides with several others, or people meet across
//! managers, it may miss one; a complete search over the meetings that hang together then looks for
//! an assignment with fewer of them left out, as long as [`SEARCH`] looks at slots last. Groups for
//! which that is too little keep what was found.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::DateTime;

use super::diary::overlap;
use crate::calendar::Week;
use crate::follow_up::PersonId;

/// How many slots the complete searches of one call may look at.
const SEARCH: usize = 50_000;

/// How far the weekly limits give way one by one, before they fall.
const GIVES: usize = 3;

/// How many more meetings of one person's load fall in a week.
pub type Most = BTreeMap<(PersonId, Week), usize>;

/// A meeting that wants a slot.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Who has to be there.
    pub people: BTreeSet<PersonId>,
    /// Whose load it counts towards: at most so many a week, see [`assign`].
    pub load_of: PersonId,
    /// Its length.
    pub minutes: u32,
    /// Where it may begin, best first. Everybody is otherwise free at all of these.
    pub slots: Vec<DateTime>,
}

/// Gives every wish one of its slots, or none where none can be had. `most` gives way, one by one,
/// where a wish would otherwise go without.
pub fn assign(wishes: &[Wish], most: &Most) -> Vec<Option<DateTime>> {
    let mut chosen = vec![None; wishes.len()];
    let mut steps = SEARCH;
    for together in together(wishes) {
        let own: Vec<&Wish> = together.iter().map(|&wish| &wishes[wish]).collect();
        let found = Table::new(&own, most).assign(&mut steps);
        for (wish, slot) in together.into_iter().zip(found) {
            chosen[wish] = slot;
        }
    }
    chosen
}

/// The wishes that hang together: they share people, directly or through others.
fn together(wishes: &[Wish]) -> Vec<Vec<usize>> {
    let mut of_person: BTreeMap<&PersonId, Vec<usize>> = BTreeMap::new();
    for (number, wish) in wishes.iter().enumerate() {
        for person in wish.people.iter().chain([&wish.load_of]) {
            of_person.entry(person).or_default().push(number);
        }
    }
    let mut seen = vec![false; wishes.len()];
    let mut groups = Vec::new();
    for first in 0..wishes.len() {
        let mut group = Vec::new();
        let mut fresh = vec![first];
        while let Some(next) = fresh.pop() {
            if std::mem::replace(&mut seen[next], true) {
                continue;
            }
            group.push(next);
            let people = wishes[next].people.iter().chain([&wishes[next].load_of]);
            fresh.extend(people.flat_map(|person| &of_person[person]));
        }
        group.sort_unstable();
        groups.push(group);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

struct Table<'a> {
    wishes: &'a [&'a Wish],
    most: &'a Most,
    /// How far the weekly limits have given way.
    extra: usize,
    chosen: Vec<Option<DateTime>>,
    /// The wishes that want a person.
    of_person: BTreeMap<&'a PersonId, Vec<usize>>,
    /// The wishes that count towards a person's load.
    of_load: BTreeMap<&'a PersonId, Vec<usize>>,
}

impl<'a> Table<'a> {
    fn new(wishes: &'a [&'a Wish], most: &'a Most) -> Self {
        let mut of_person: BTreeMap<&PersonId, Vec<usize>> = BTreeMap::new();
        let mut of_load: BTreeMap<&PersonId, Vec<usize>> = BTreeMap::new();
        for (number, wish) in wishes.iter().enumerate() {
            for person in &wish.people {
                of_person.entry(person).or_default().push(number);
            }
            of_load.entry(&wish.load_of).or_default().push(number);
        }
        Self {
            wishes,
            most,
            extra: 0,
            chosen: vec![None; wishes.len()],
            of_person,
            of_load,
        }
    }

    fn assign(mut self, steps: &mut usize) -> Vec<Option<DateTime>> {
        for wish in 0..self.wishes.len() {
            self.place(wish);
        }
        for extra in (1..=GIVES).chain([self.wishes.len()]) {
            self.extra = extra;
            for wish in 0..self.wishes.len() {
                if self.chosen[wish].is_none() {
                    self.place(wish);
                }
            }
        }
        let misses =
            |wish: usize| self.chosen[wish].is_none() && !self.wishes[wish].slots.is_empty();
        if (0..self.wishes.len()).any(misses) {
            self.search_all(steps);
        }
        self.chosen
    }

    /// Finds a slot, moving others on where that helps.
    fn place(&mut self, wish: usize) -> bool {
        let mut visited = BTreeSet::new();
        self.place_unless(wish, &mut visited)
    }

    fn place_unless(&mut self, wish: usize, visited: &mut BTreeSet<usize>) -> bool {
        visited.insert(wish);
        let slots = &self.wishes[wish].slots;
        for &slot in slots {
            if self.colliding(wish, slot).is_empty() && !self.is_full(wish, slot) {
                self.chosen[wish] = Some(slot);
                return true;
            }
        }
        for &slot in slots {
            let colliding = self.colliding(wish, slot);
            if colliding.iter().any(|other| visited.contains(other)) {
                continue;
            }
            if !colliding.is_empty() {
                if self.move_on(wish, slot, colliding, visited) {
                    return true;
                }
                continue;
            }
            // The slot is free and the week is full: any other of the week may make room.
            for other in self.of_week(wish, slot) {
                if !visited.contains(&other)
                    && self.move_on(wish, slot, BTreeSet::from([other]), visited)
                {
                    return true;
                }
            }
        }
        false
    }

    /// Takes a slot and finds others for those who had it, or leaves all as it was.
    fn move_on(
        &mut self,
        wish: usize,
        slot: DateTime,
        others: BTreeSet<usize>,
        visited: &mut BTreeSet<usize>,
    ) -> bool {
        let before = self.chosen.clone();
        for &other in &others {
            self.chosen[other] = None;
        }
        if self.is_full(wish, slot) {
            self.chosen = before;
            return false;
        }
        self.chosen[wish] = Some(slot);
        let moved = others
            .into_iter()
            .all(|other| self.place_unless(other, visited));
        if !moved {
            self.chosen = before;
        }
        moved
    }

    /// The placed wishes that cannot be held together with this one at a slot.
    fn colliding(&self, wish: usize, slot: DateTime) -> BTreeSet<usize> {
        let Wish {
            people, minutes, ..
        } = &self.wishes[wish];
        let others = people.iter().flat_map(|person| &self.of_person[person]);
        others
            .copied()
            .filter(|&other| other != wish)
            .filter(|&other| {
                let at = self.chosen[other].map(|at| (at, self.wishes[other].minutes));
                at.is_some_and(|at| overlap(at, (slot, *minutes)))
            })
            .collect()
    }

    fn of_week(&self, wish: usize, slot: DateTime) -> Vec<usize> {
        let week = Week::of(slot.date());
        let others = &self.of_load[&self.wishes[wish].load_of];
        let is_in_week = |at: DateTime| Week::of(at.date()) == week;
        others
            .iter()
            .copied()
            .filter(|&other| other != wish && self.chosen[other].is_some_and(is_in_week))
            .collect()
    }

    fn is_full(&self, wish: usize, slot: DateTime) -> bool {
        let load_of = self.wishes[wish].load_of.clone();
        let most = self.most.get(&(load_of, Week::of(slot.date())));
        most.is_some_and(|most| self.of_week(wish, slot).len() >= most + self.extra)
    }

    /// A complete search for an assignment that leaves out fewer, as few as can be; the weekly limits
    /// no longer count.
    fn search_all(&mut self, steps: &mut usize) {
        let hopeful = |wish: &usize| !self.wishes[*wish].slots.is_empty();
        let open: BTreeSet<usize> = (0..self.wishes.len()).filter(hopeful).collect();
        let is_left_out = |wish: &&usize| self.chosen[**wish].is_none();
        let left_out = open.iter().filter(is_left_out).count();
        let before = std::mem::replace(&mut self.chosen, vec![None; self.wishes.len()]);
        let mut fewer = 0..left_out;
        if !fewer.any(|left_out| self.search(&open, left_out, steps)) {
            self.chosen = before;
        }
    }

    fn search(&mut self, open: &BTreeSet<usize>, left_out: usize, steps: &mut usize) -> bool {
        // What is looked at is what it costs.
        let looks = open.iter().map(|&wish| self.wishes[wish].slots.len());
        match steps.checked_sub(looks.sum()) {
            Some(left) => *steps = left,
            None => return false,
        }
        // The one with the fewest slots left is placed next: it fails soonest.
        let free = |wish: usize| {
            let slots = self.wishes[wish].slots.iter().copied();
            let free = slots.filter(|&slot| self.colliding(wish, slot).is_empty());
            free.collect::<Vec<_>>()
        };
        let next = open.iter().map(|&wish| (wish, free(wish)));
        let Some((wish, slots)) = next.min_by_key(|(_, slots)| slots.len()) else {
            return true;
        };
        let mut rest = open.clone();
        rest.remove(&wish);
        for slot in slots {
            self.chosen[wish] = Some(slot);
            if self.search(&rest, left_out, steps) {
                return true;
            }
            self.chosen[wish] = None;
        }
        match left_out.checked_sub(1) {
            Some(left_out) => self.search(&rest, left_out, steps),
            None => false,
        }
    }
}
