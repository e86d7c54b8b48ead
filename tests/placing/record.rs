//! The record after a placing.

use avstamd::follow_up::{CheckIn, CheckInState, Dialogue, DialogueState};
use avstamd::plan::placing::Placement;

use super::authority::Authority;

/// Writes a placement into the record, as the shell does.
pub fn keep(authority: &mut Authority, placement: &Placement) {
    for world in &mut authority.worlds {
        for withdrawn in &placement.withdrawn {
            let own = world.check_ins.iter_mut();
            for check_in in
                own.filter(|own| own.pair == withdrawn.pair && own.starts == withdrawn.starts)
            {
                check_in.state = CheckInState::Cancelled;
            }
        }
        for placed in &placement.dialogues {
            let key = &placed.dialogue;
            world.dialogues.retain(|own| {
                own.unit != key.unit
                    || own.round != key.round
                    || Some(own.starts) != placed.moved_from
            });
            if world.units.contains_key(&key.unit) {
                world.dialogues.push(Dialogue {
                    unit: key.unit.clone(),
                    school_year: key.school_year.clone(),
                    round: key.round,
                    starts: placed.starts,
                    minutes: placed.minutes,
                    place: String::new(),
                    state: DialogueState::Planned,
                    sequence: 0,
                    focus_areas: Vec::new(),
                    is_placed: true,
                    proposed_until: None,
                });
            }
        }
        for placed in &placement.check_ins {
            let is_old =
                |own: &CheckIn| own.pair == placed.pair && Some(own.starts) == placed.moved_from;
            world.check_ins.retain(|own| !is_old(own));
            // A slice holds the check-ins of those who lead its units.
            let mut posts = world.appointments.iter();
            if !posts.any(|a| a.role.leads_unit() && a.person == placed.pair.principal) {
                continue;
            }
            world.check_ins.push(CheckIn {
                pair: placed.pair.clone(),
                starts: placed.starts,
                minutes: placed.minutes,
                state: CheckInState::Planned,
                held_on: None,
                note: String::new(),
                uid: String::new(),
                sequence: 0,
                is_placed: true,
                proposed_until: None,
            });
        }
        world
            .check_ins
            .sort_by(|a, b| (a.starts, &a.pair).cmp(&(b.starts, &b.pair)));
    }
}
