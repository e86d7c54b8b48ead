//! The check-ins of every pair: week by week, so that none waits longer than its rhythm allows.
//!
//! Each week has those who must meet now, since their rhythm ends with it or the weeks until then
//! have no room; and as many others, those due soonest, as make the manager's load even.

use std::collections::BTreeMap;

use jiff::civil::DateTime;

use super::assign::{Most, Wish, assign};
use super::book::{Book, Kind};
use super::rhythm::Rhythm;
use crate::follow_up::PersonId;

/// Places the check-ins the year lacks, from the first day of placing on.
pub fn place(book: &mut Book<'_>) {
    let mut of_manager: BTreeMap<PersonId, Vec<usize>> = BTreeMap::new();
    for (number, rhythm) in book.rhythms.iter().enumerate() {
        let manager = rhythm.pair.area_manager.clone();
        of_manager.entry(manager).or_default().push(number);
    }
    for week in 0..book.ground.weeks.len() {
        let (mut now, mut soon) = (Vec::new(), Vec::new());
        for own in of_manager.values() {
            let (must, may) = wanted_in(&book.rhythms, own, week);
            now.extend(must);
            soon.extend(may);
        }
        // Those who must come before those who may; and who has a usual time first, so that it is
        // theirs, and the others gather around them.
        for wanted in [&now, &soon] {
            let is_at_home = |&&number: &&usize| book.rhythms[number].home().is_some();
            let (settled, new): (Vec<usize>, Vec<usize>) = wanted.iter().partition(is_at_home);
            place_week(book, week, &settled);
            place_week(book, week, &new);
        }
        for number in now {
            place_before(book, week, number);
        }
    }
}

/// Those of a manager's pairs who are to meet in a week: who must, and who makes the load even.
fn wanted_in(rhythms: &[Rhythm], own: &[usize], week: usize) -> (Vec<usize>, Vec<usize>) {
    let (mut must, mut may) = (Vec::new(), Vec::new());
    let (mut meeting, mut share) = (0, 0.0);
    for &number in own {
        let rhythm = &rhythms[number];
        if rhythm.can_meet(week) || rhythm.meets(week) {
            share += rhythm.share(week);
        }
        if rhythm.meets(week) {
            meeting += 1;
        } else if rhythm.must_meet(week) {
            must.push(number);
        } else if rhythm.may_meet(week) {
            may.push(number);
        }
    }
    may.sort_by_key(|&number| (rhythms[number].due(week), number));
    // A load of two and a half is two in one week and three in the next.
    let even = (share + 1e-9).floor() as usize;
    may.truncate(even.saturating_sub(meeting + must.len()));
    (must, may)
}

/// Gives each of a week's meetings its time, as far as there is one.
fn place_week(book: &mut Book<'_>, week: usize, wanted: &[usize]) {
    let wish = |&number: &usize| Wish {
        people: book.rhythms[number].people.clone(),
        load_of: book.rhythms[number].pair.area_manager.clone(),
        minutes: book.ground.request.rules.check_ins.minutes,
        slots: slots(book, number, week),
    };
    let wishes: Vec<Wish> = wanted.iter().map(wish).collect();
    let chosen = assign(&wishes, &Most::new());
    for (&number, starts) in wanted.iter().zip(chosen) {
        if let Some(starts) = starts {
            enter(book, number, starts);
        }
    }
}

/// Who must meet in a week and finds no time in it meets in an earlier one.
fn place_before(book: &mut Book<'_>, week: usize, number: usize) {
    let rhythm = &book.rhythms[number];
    if rhythm.meets(week) {
        return;
    }
    let mut earlier = (rhythm.free_since(week)..week).rev();
    if let Some(starts) = earlier.find_map(|week| slots(book, number, week).first().copied()) {
        enter(book, number, starts);
    }
}

fn enter(book: &mut Book<'_>, number: usize, starts: DateTime) {
    let meeting = book.new_check_in(number);
    book.set(meeting, Some(starts));
    book.rhythms[number].grow_used_to(starts);
}

/// The free times of a week: the usual one first, then the same weekday, and then those beside
/// another meeting of the manager, then the earliest.
fn slots(book: &Book<'_>, number: usize, week: usize) -> Vec<DateTime> {
    let rhythm = &book.rhythms[number];
    let minutes = book.ground.request.rules.check_ins.minutes;
    let what = (Kind::CheckIn(number), minutes);
    let mut slots = book.free_times(what, rhythm.days[week].iter().copied());
    slots.retain(|starts| !rhythm.barred.contains(starts));
    slots.sort_by_cached_key(|&starts| {
        let detour = book.detour(&rhythm.pair.area_manager, starts, minutes);
        (rhythm.strangeness(starts), detour, starts)
    });
    slots
}
