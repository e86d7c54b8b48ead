//! What came of placing, told from the book.

use std::collections::BTreeMap;

use jiff::civil::DateTime;

use super::book::{Book, Kind, Meeting};
use super::{Obstacle, PlacedCheckIn, PlacedDialogue, Placement, Request, Unplaced, Withdrawn};
use crate::follow_up::DialogueState;
use crate::plan::matter::DialogueKey;

/// The dialogues of an earlier placing that can be held neither where they are nor elsewhere.
pub fn stuck(book: &Book<'_>) -> BTreeMap<DialogueKey, Obstacle> {
    let occasions = book.occasions.iter().zip(&book.meetings);
    occasions
        .filter(|(_, meeting)| meeting.starts.is_none() && meeting.was.is_some())
        .map(|(occasion, _)| (occasion.key.clone(), occasion.obstacle))
        .collect()
}

/// The placement that a full book amounts to.
pub fn outcome(book: Book<'_>, stuck: BTreeMap<DialogueKey, Obstacle>) -> Placement {
    let mut placement = Placement::default();
    placement.unplaced.extend(cancelled(book.ground.request));
    let stuck = stuck.into_iter();
    placement
        .unplaced
        .extend(stuck.map(|(dialogue, obstacle)| Unplaced { dialogue, obstacle }));
    dialogues(&book, &mut placement);
    check_ins(&book, &mut placement);
    for rhythm in &book.rhythms {
        placement.gaps.extend(rhythm.gaps(&book.ground.weeks));
    }
    placement.withdrawn.extend(book.parted);
    placement
        .dialogues
        .sort_by(|a, b| (a.starts, &a.dialogue).cmp(&(b.starts, &b.dialogue)));
    placement
        .check_ins
        .sort_by(|a, b| (a.starts, &a.pair).cmp(&(b.starts, &b.pair)));
    placement
        .withdrawn
        .sort_by(|a, b| (a.starts, &a.pair).cmp(&(b.starts, &b.pair)));
    placement.unplaced.sort_by(|a, b| {
        let key = |unplaced: &Unplaced| (unplaced.dialogue.round, unplaced.dialogue.unit.clone());
        key(a).cmp(&key(b))
    });
    placement
}

/// The dialogues of the year that somebody cancelled.
fn cancelled(request: &Request<'_>) -> Vec<Unplaced> {
    let all = request.worlds.iter().flat_map(|world| &world.dialogues);
    all.filter(|dialogue| {
        dialogue.state == DialogueState::Cancelled && dialogue.school_year == request.year.name
    })
    .map(|dialogue| Unplaced {
        dialogue: DialogueKey {
            unit: dialogue.unit.clone(),
            school_year: dialogue.school_year.clone(),
            round: dialogue.round,
        },
        obstacle: Obstacle::Cancelled,
    })
    .collect()
}

fn dialogues(book: &Book<'_>, placement: &mut Placement) {
    for (occasion, meeting) in book.occasions.iter().zip(&book.meetings) {
        let (world, dialogue) = (occasion.world, occasion.key.clone());
        let Some(starts) = meeting.starts else {
            let obstacle = occasion.obstacle;
            placement.unplaced.push(Unplaced { dialogue, obstacle });
            continue;
        };
        let day = starts.date();
        let principal = world.principal(&dialogue.unit, day);
        if let Some(principal) = principal.filter(|_| meeting.was != Some(starts)) {
            placement.dialogues.push(PlacedDialogue {
                dialogue,
                principal,
                area_managers: world.area_managers(day),
                starts,
                minutes: meeting.minutes,
                moved_from: meeting.was,
            });
        }
    }
}

/// A check-in that was moved keeps its place in people's calendars. One that had to be taken off is
/// the same meeting as the new one of its pair that lies nearest, so that it moves instead of being
/// cancelled beside a new invitation.
fn check_ins(book: &Book<'_>, placement: &mut Placement) {
    let mut new: Vec<Vec<&Meeting>> = book.rhythms.iter().map(|_| Vec::new()).collect();
    let mut taken_off: Vec<Vec<DateTime>> = book.rhythms.iter().map(|_| Vec::new()).collect();
    let mut moves = Vec::new();
    for meeting in &book.meetings {
        let Kind::CheckIn(number) = meeting.kind else {
            continue;
        };
        match (meeting.was, meeting.starts) {
            (None, Some(_)) => new[number].push(meeting),
            (Some(was), None) => taken_off[number].push(was),
            (Some(was), Some(starts)) if was != starts => {
                moves.push((number, starts, meeting.minutes, Some(was)));
            }
            _ => {}
        }
    }
    for (number, (new, mut taken_off)) in new.into_iter().zip(taken_off).enumerate() {
        let mut open: BTreeMap<DateTime, u32> = BTreeMap::new();
        for meeting in new {
            open.extend(meeting.starts.map(|starts| (starts, meeting.minutes)));
        }
        while let Some((starts, was)) = nearest(&open, &taken_off) {
            taken_off.retain(|&other| other != was);
            let minutes = open.remove(&starts).unwrap_or_default();
            moves.push((number, starts, minutes, Some(was)));
        }
        let new = open.into_iter();
        moves.extend(new.map(|(starts, minutes)| (number, starts, minutes, None)));
        let pair = &book.rhythms[number].pair;
        placement
            .withdrawn
            .extend(taken_off.into_iter().map(|starts| Withdrawn {
                pair: pair.clone(),
                starts,
            }));
    }
    for (number, starts, minutes, moved_from) in moves {
        placement.check_ins.push(PlacedCheckIn {
            pair: book.rhythms[number].pair.clone(),
            starts,
            minutes,
            moved_from,
        });
    }
}

/// The two times that lie nearest to each other, one of each.
fn nearest(new: &BTreeMap<DateTime, u32>, old: &[DateTime]) -> Option<(DateTime, DateTime)> {
    let all = new
        .keys()
        .flat_map(|&new| old.iter().map(move |&old| (new, old)));
    all.min_by_key(|(new, old)| (new.duration_until(*old).abs(), *new, *old))
}
