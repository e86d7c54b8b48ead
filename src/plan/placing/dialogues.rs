//! The two dialogues of every unit.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime};

use super::assign::{Most, Wish, assign};
use super::book::{Book, Kind, Occasion};
use super::diary::overlap;
use crate::calendar::Week;
use crate::follow_up::{PersonId, Round};

/// Places the dialogues the year lacks.
pub fn place(book: &mut Book<'_>) {
    for round in [Round::Explore, Round::Evaluate] {
        let lacking: Vec<usize> = (0..book.occasions.len())
            .filter(|&number| {
                let Occasion { key, days, .. } = &book.occasions[number];
                let has_time = book.meetings[number].starts.is_some();
                key.round == round && !has_time && !days.is_empty()
            })
            .collect();
        place_round(book, &lacking);
    }
}

/// Places one round. The attendants of a unit may change within its window: then it is placed among
/// the days of those who have most of them, and where these are taken among the others'.
fn place_round(book: &mut Book<'_>, lacking: &[usize]) {
    let shares = Shares::new(book, lacking);
    let wish = |(&number, share): (&usize, &Share)| Wish {
        people: share.people.clone(),
        load_of: share.manager.clone(),
        minutes: book.meetings[number].minutes,
        slots: slots(book, number, share),
    };
    let wishes: Vec<Wish> = lacking.iter().zip(&shares.shares).map(wish).collect();
    let chosen = assign(&wishes, &shares.most);
    for (&number, starts) in lacking.iter().zip(chosen) {
        book.set(number, starts);
    }
    for &number in lacking {
        if book.meetings[number].starts.is_none() {
            let days: Vec<Date> = book.occasions[number].days.keys().copied().collect();
            let what = (Kind::Dialogue(number), book.meetings[number].minutes);
            let free = book.free_times(what, days);
            book.set(number, free.first().copied());
        }
    }
}

/// A dialogue's part of its manager's year.
struct Share {
    people: BTreeSet<PersonId>,
    manager: PersonId,
    days: Vec<Date>,
    /// Its own week: a manager's dialogues have the weeks in order, as many in each as make the load
    /// even.
    own: Week,
}

struct Shares {
    shares: Vec<Share>,
    most: Most,
}

impl Shares {
    fn new(book: &Book<'_>, lacking: &[usize]) -> Self {
        let load = book.dialogue_load();
        let mut shares = Vec::new();
        let mut of_manager: BTreeMap<PersonId, BTreeSet<Week>> = BTreeMap::new();
        let mut count: BTreeMap<PersonId, usize> = BTreeMap::new();
        for &number in lacking {
            let occasion = &book.occasions[number];
            let (people, days) = company(occasion);
            let manager = occasion.world.area_managers(days[0]).swap_remove(0);
            of_manager
                .entry(manager.clone())
                .or_default()
                .extend(days.iter().map(|&day| Week::of(day)));
            *count.entry(manager.clone()).or_default() += 1;
            shares.push(Share {
                own: Week::of(days[0]),
                people,
                manager,
                days,
            });
        }
        let mut most = Most::new();
        let mut own: BTreeMap<&PersonId, std::vec::IntoIter<Week>> = BTreeMap::new();
        for (manager, weeks) in &of_manager {
            let held = |week: Week| load.get(&(manager.clone(), week)).copied().unwrap_or(0);
            let mut loads: BTreeMap<Week, usize> = weeks.iter().map(|&w| (w, held(w))).collect();
            let mut new = Vec::new();
            for _ in 0..count[manager] {
                if let Some((week, load)) = loads.iter_mut().min_by_key(|(_, load)| **load) {
                    *load += 1;
                    new.push(*week);
                }
            }
            new.sort_unstable();
            let highest = new.iter().map(|week| loads[week]).max().unwrap_or(0);
            most.extend(
                weeks
                    .iter()
                    .map(|&week| ((manager.clone(), week), highest.saturating_sub(held(week)))),
            );
            own.insert(manager, new.into_iter());
        }
        for share in &mut shares {
            let weeks = own.get_mut(&share.manager);
            share.own = weeks.and_then(Iterator::next).unwrap_or(share.own);
        }
        Self { shares, most }
    }
}

/// The people who are there on most of the days, and those days.
fn company(occasion: &Occasion<'_>) -> (BTreeSet<PersonId>, Vec<Date>) {
    let mut companies: BTreeMap<&BTreeSet<PersonId>, Vec<Date>> = BTreeMap::new();
    for (&day, people) in &occasion.days {
        companies.entry(people).or_default().push(day);
    }
    let most = companies
        .into_iter()
        .max_by_key(|(_, days)| (days.len(), std::cmp::Reverse(days[0])));
    most.map(|(people, days)| (people.clone(), days))
        .unwrap_or_default()
}

/// The times at which everybody is free, those of the unit's own part of the window first. In a week
/// those come first that leave the most times for check-ins, then those beside another meeting of
/// the manager, then the earliest.
fn slots(book: &Book<'_>, number: usize, share: &Share) -> Vec<DateTime> {
    let minutes = book.meetings[number].minutes;
    let distance = |starts: DateTime| share.own.weeks_until(Week::of(starts.date())).abs();
    let check_ins = &book.ground.request.rules.check_ins;
    let in_the_way = |starts: DateTime| {
        let times = check_ins.times.iter();
        let times = times.map(|time| (starts.date().to_datetime(*time), check_ins.minutes));
        times
            .filter(|&check_in| overlap((starts, minutes), check_in))
            .count()
    };
    let what = (Kind::Dialogue(number), minutes);
    let mut slots = book.free_times(what, share.days.iter().copied());
    slots.sort_by_cached_key(|&starts| {
        let detour = book.detour(&share.manager, starts, minutes);
        (distance(starts), in_the_way(starts), detour, starts)
    });
    slots
}
