//! Dialogues: the focus area to choose, the agenda, and the one nobody has recorded.

use jiff::civil::Date;

use crate::follow_up::{ChosenBy, Dialogue, DialogueState, PersonId, Role};
use crate::plan::decision::{Capacity, Decision, Silence};
use crate::plan::ladder::Ladder;
use crate::plan::matter::{DialogueKey, Matter};
use crate::plan::view::{Address, View};

/// Decides about every dialogue of the slice.
pub fn decide(view: &View<'_>, into: &mut Vec<Decision>) {
    for dialogue in &view.world.dialogues {
        // A dialogue marked as held counts from its own day on.
        view.look_again_on(dialogue.starts.date());
        focus_area(view, dialogue, into);
        agenda(view, dialogue, into);
        not_recorded(view, dialogue, into);
    }
}

fn focus_area(view: &View<'_>, dialogue: &Dialogue, into: &mut Vec<Decision>) {
    let all = view.rules.focus_area.as_deref();
    let last = all
        .and_then(|steps| steps.iter().min())
        .map(std::slice::from_ref);
    for (role, by, recipients, steps) in [
        (
            Role::Principal,
            ChosenBy::Principal,
            view.principal(&dialogue.unit),
            all,
        ),
        (
            Role::AreaManager,
            ChosenBy::Authority,
            view.area_managers(),
            last,
        ),
    ] {
        let address = address(Matter::FocusArea(key(dialogue)), dialogue, role, recipients);
        let chosen = dialogue.has_focus_area(by).then_some(Silence::Done);
        before(view, dialogue, address, (steps, chosen), into);
    }
}

fn agenda(view: &View<'_>, dialogue: &Dialogue, into: &mut Vec<Decision>) {
    for (role, recipients) in [
        (Role::Principal, view.principal(&dialogue.unit)),
        (Role::AreaManager, view.area_managers()),
    ] {
        let address = address(Matter::Agenda(key(dialogue)), dialogue, role, recipients);
        before(
            view,
            dialogue,
            address,
            (view.rules.agenda.as_deref(), None),
            into,
        );
    }
}

fn before(
    view: &View<'_>,
    dialogue: &Dialogue,
    address: Address,
    (steps, silence): (Option<&[u32]>, Option<Silence>),
    into: &mut Vec<Decision>,
) {
    let due = dialogue.starts.date();
    let silence = silence.or_else(|| state_silence(view, dialogue));
    match (steps, silence) {
        (None, _) => view.silence(address, Silence::SwitchedOff, into),
        (_, Some(silence)) => view.silence(address, silence, into),
        (Some(before), None) => {
            let (stays, leaves) = by_whether_they_come(view, dialogue, address);
            if let Some(leaves) = leaves {
                view.silence(leaves, Silence::NotInPost, into);
            }
            if let Some(stays) = stays {
                view.climb(stays, &Ladder::before(due, before), into);
            }
        }
    }
}

/// Whoever has left the post when the dialogue is held is not invited to it, and not reminded of it;
/// whoever comes after them is, once the post is theirs. The first part is everybody else, or that
/// the post is vacant.
fn by_whether_they_come(
    view: &View<'_>,
    dialogue: &Dialogue,
    address: Address,
) -> (Option<Address>, Option<Address>) {
    let due = dialogue.starts.date();
    let mut there = view.world.area_managers(due);
    there.extend(view.world.principal(&dialogue.unit, due));
    let is_vacant = address.recipients.is_empty();
    let (come, leave): (Vec<PersonId>, Vec<PersonId>) = address
        .recipients
        .iter()
        .cloned()
        .partition(|person| there.contains(person));
    let with = |recipients: Vec<PersonId>| Address {
        matter: address.matter.clone(),
        recipients,
        ..address
    };
    let stays = (is_vacant || !come.is_empty()).then(|| with(come));
    let leaves = (!leave.is_empty()).then(|| with(leave));
    (stays, leaves)
}

fn not_recorded(view: &View<'_>, dialogue: &Dialogue, into: &mut Vec<Decision>) {
    let due = dialogue.starts.date();
    let Some(rules) = &view.rules.not_recorded else {
        let recipients = view.area_managers();
        let matter = Matter::NotRecorded(key(dialogue));
        let address = address(matter, dialogue, Role::AreaManager, recipients);
        return view.silence(address, Silence::SwitchedOff, into);
    };
    for (role, recipients, first) in [
        (Role::AreaManager, view.area_managers(), rules.after),
        (Role::SchoolDirector, view.directors(), rules.director_after),
    ] {
        let address = address(
            Matter::NotRecorded(key(dialogue)),
            dialogue,
            role,
            recipients,
        );
        match state_silence(view, dialogue).or_else(|| earlier_year(view, dialogue)) {
            Some(silence) => view.silence(address, silence, into),
            None => view.climb(address, &Ladder::after(due, first, rules.every), into),
        }
    }
}

fn state_silence(view: &View<'_>, dialogue: &Dialogue) -> Option<Silence> {
    match dialogue.state {
        DialogueState::Cancelled => Some(Silence::Cancelled),
        _ if dialogue.is_held(view.day) => Some(Silence::Done),
        _ if !view.is_active(&dialogue.unit) => Some(view.closed(&dialogue.unit)),
        DialogueState::Planned | DialogueState::Held => None,
    }
}

/// A dialogue of a year that has ended is history; nobody is asked about it any more.
fn earlier_year(view: &View<'_>, dialogue: &Dialogue) -> Option<Silence> {
    let current = view.calendar.school_year_on(view.day)?;
    (dialogue.school_year < current.name).then_some(Silence::Passed)
}

fn key(dialogue: &Dialogue) -> DialogueKey {
    DialogueKey {
        unit: dialogue.unit.clone(),
        school_year: dialogue.school_year.clone(),
        round: dialogue.round,
    }
}

fn address(matter: Matter, dialogue: &Dialogue, role: Role, recipients: Vec<PersonId>) -> Address {
    let due: Date = dialogue.starts.date();
    Address {
        matter,
        due,
        capacity: Capacity::Holder(role),
        recipients,
    }
}
