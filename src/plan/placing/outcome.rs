//! What came of placing: what is new, what has moved and what is withdrawn, by where the meetings
//! stood before and where they stand now.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::DateTime;

use super::book::{Book, Own};
use super::{Obstacle, PlacedCheckIn, PlacedDialogue, Placement, Request, Unplaced, Withdrawn};
use crate::follow_up::{DialogueState, Pair};
use crate::plan::matter::DialogueKey;

/// The dialogues of an earlier placing that can be held neither where they are nor elsewhere.
pub fn stuck(book: &Book<'_>) -> BTreeMap<DialogueKey, Obstacle> {
    let occasions = book.occasions.iter().zip(&book.meetings);
    occasions
        .filter(|(_, meeting)| meeting.starts.is_none() && meeting.was.is_some())
        .map(|(occasion, _)| (occasion.key.clone(), occasion.obstacle))
        .collect()
}

/// The placement that takes the meetings from where they stood to where they stand in the book.
pub fn outcome(
    book: &Book<'_>,
    stuck: &BTreeMap<DialogueKey, Obstacle>,
    (before, now): (&Own, &Own),
) -> Placement {
    let mut placement = Placement {
        unplaced: unplaced(book, stuck, before),
        ..Placement::default()
    };
    for occasion in &book.occasions {
        let (dialogue, world) = (occasion.key.clone(), occasion.world);
        let was = before.dialogues.get(&dialogue).map(|(starts, _)| *starts);
        let Some(&(starts, minutes)) = now.dialogues.get(&dialogue) else {
            continue;
        };
        let principal = world.principal(&dialogue.unit, starts.date());
        if let Some(principal) = principal.filter(|_| was != Some(starts)) {
            placement.dialogues.push(PlacedDialogue {
                dialogue,
                principal,
                area_managers: world.area_managers(starts.date()),
                starts,
                minutes,
                moved_from: was,
            });
        }
    }
    check_ins((before, now), &mut placement);
    for rhythm in &book.rhythms {
        placement.gaps.extend(rhythm.gaps(&book.ground.weeks));
    }
    placement
        .dialogues
        .sort_by(|a, b| (a.starts, &a.dialogue).cmp(&(b.starts, &b.dialogue)));
    placement
        .check_ins
        .sort_by(|a, b| (a.starts, &a.pair).cmp(&(b.starts, &b.pair)));
    placement
        .withdrawn
        .sort_by(|a, b| (a.starts, &a.pair).cmp(&(b.starts, &b.pair)));
    placement
}

/// The dialogues without a time, or without one at which they can be held; by round and unit.
fn unplaced(
    book: &Book<'_>,
    stuck: &BTreeMap<DialogueKey, Obstacle>,
    before: &Own,
) -> Vec<Unplaced> {
    let lacking = book.occasions.iter().zip(&book.meetings);
    let lacking = lacking.filter(|(_, meeting)| meeting.starts.is_none());
    let lacking = lacking.map(|(occasion, _)| (occasion.key.clone(), None, occasion.obstacle));
    let stuck = stuck.iter().map(|(key, obstacle)| {
        let stands = before.dialogues.get(key).map(|(starts, _)| *starts);
        (key.clone(), stands, *obstacle)
    });
    let mut all: Vec<Unplaced> = cancelled(book.ground.request)
        .map(|key| (key, None, Obstacle::Cancelled))
        .chain(stuck)
        .chain(lacking)
        .map(|(dialogue, stands, obstacle)| Unplaced {
            dialogue,
            stands,
            obstacle,
        })
        .collect();
    all.sort_by(|a, b| {
        let (a, b) = (&a.dialogue, &b.dialogue);
        (a.round, &a.unit).cmp(&(b.round, &b.unit))
    });
    all
}

/// The dialogues of the year that somebody cancelled.
fn cancelled<'a>(request: &'a Request<'_>) -> impl Iterator<Item = DialogueKey> + 'a {
    let all = request.worlds.iter().flat_map(|world| &world.dialogues);
    let cancelled = all.filter(|dialogue| {
        dialogue.state == DialogueState::Cancelled && dialogue.school_year == request.year.name
    });
    cancelled.map(|dialogue| DialogueKey {
        unit: dialogue.unit.clone(),
        school_year: dialogue.school_year.clone(),
        round: dialogue.round,
    })
}

/// A pair's check-ins are alike. One that cannot stay and the new one that lies nearest to it are the
/// same meeting, so that it moves instead of being cancelled beside a new invitation.
fn check_ins((before, now): (&Own, &Own), placement: &mut Placement) {
    let of_pair = |own: &Own, other: &Own| {
        let mut all: BTreeMap<Pair, BTreeSet<DateTime>> = BTreeMap::new();
        for (key, minutes) in &own.check_ins {
            if other.check_ins.get(key) != Some(minutes) {
                let (starts, pair) = key.clone();
                all.entry(pair).or_default().insert(starts);
            }
        }
        all
    };
    let mut gone = of_pair(before, now);
    for (pair, mut new) in of_pair(now, before) {
        let gone = gone.entry(pair.clone()).or_default();
        let mut times = Vec::new();
        while let Some((starts, was)) = nearest(&new, gone) {
            new.remove(&starts);
            gone.remove(&was);
            times.push((starts, Some(was)));
        }
        times.extend(new.into_iter().map(|starts| (starts, None)));
        for (starts, moved_from) in times {
            placement.check_ins.push(PlacedCheckIn {
                minutes: now.check_ins[&(starts, pair.clone())],
                pair: pair.clone(),
                starts,
                moved_from,
            });
        }
    }
    for (pair, gone) in gone {
        let withdrawn = gone.into_iter().map(|starts| Withdrawn {
            pair: pair.clone(),
            starts,
        });
        placement.withdrawn.extend(withdrawn);
    }
}

/// The two times that lie nearest to each other, one of each.
fn nearest(new: &BTreeSet<DateTime>, old: &BTreeSet<DateTime>) -> Option<(DateTime, DateTime)> {
    let all = new
        .iter()
        .flat_map(|&new| old.iter().map(move |&old| (new, old)));
    all.min_by_key(|(new, old)| {
        let apart = new.duration_until(*old).abs();
        (apart, *new, *old)
    })
}
