//! The meetings that people's calendars should hold.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

use super::{Attendee, Meeting, MeetingKind};
use crate::follow_up::{
    AreaWorld, CheckIn, CheckInState, Dialogue, DialogueState, Pair, PersonId, Post, Role,
};
use crate::plan::matter::DialogueKey;
use crate::plan::rules::InvitationRules;

/// A meeting that is to be held, under its key.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The key.
    pub uid: String,
    /// The meeting.
    pub meeting: Meeting,
    /// The lowest SEQUENCE it may have.
    pub(super) floor: u32,
    /// The day from which people are told of it.
    pub(super) from: Date,
    /// Until when it is only a proposal.
    pub(super) proposed_until: Option<Date>,
}

/// The key of what `about` names, with this organizer. An event cannot change its organizer, who is
/// known by the address (RFC 5546 2.1.3).
fn key(about: &str, organizer: &Attendee) -> String {
    let address = organizer.email.to_ascii_lowercase().replace('/', "%2F");
    format!("{about}/{address}")
}

/// What a dialogue's key is about.
pub fn about_dialogue(dialogue: &Dialogue) -> String {
    format!(
        "dialogue/{}/{}/{}",
        dialogue.school_year, dialogue.round, dialogue.unit
    )
}

/// What a check-in's key is about.
pub fn about_check_in(check_in: &CheckIn) -> String {
    format!("check-in/{}", check_in.uid)
}

/// What a key is about, whoever the organizer is.
pub fn about(key: &str) -> &str {
    key.rsplit_once('/').map_or(key, |(about, _)| about)
}

/// Every meeting of a slice that ends after `now` and is to be in people's calendars, by start.
pub fn wanted(now: DateTime, world: &AreaWorld, rules: &InvitationRules) -> Vec<Wanted> {
    meetings(now, world, (&world.dialogues, &world.check_ins), rules)
}

pub fn meetings(
    now: DateTime,
    world: &AreaWorld,
    (dialogues, check_ins): (&[Dialogue], &[CheckIn]),
    rules: &InvitationRules,
) -> Vec<Wanted> {
    let is_to_come =
        |starts: DateTime, minutes: u32| now < starts.saturating_add(i64::from(minutes).minutes());
    let dialogues = dialogues
        .iter()
        .filter(|d| rules.dialogues && is_to_come(d.starts, d.minutes))
        .filter(|d| d.state != DialogueState::Cancelled && !has_been_held(d, now));
    let mut wanted: Vec<Wanted> = dialogues.filter_map(|d| of_dialogue(world, d)).collect();
    let mut pairs: BTreeMap<Date, BTreeSet<Pair>> = BTreeMap::new();
    let check_ins = check_ins
        .iter()
        .filter(|c| rules.check_ins && is_to_come(c.starts, c.minutes))
        .filter(|c| c.is_open(now.date()) || was_held_then(c));
    for check_in in check_ins {
        let day = check_in.starts.date();
        let pairs = pairs.entry(day).or_insert_with(|| world.pairs(day));
        if pairs.contains(&check_in.pair) {
            wanted.extend(of_check_in(world, check_in, rules));
        }
    }
    wanted.sort_by(|a, b| (a.meeting.starts, &a.uid).cmp(&(b.meeting.starts, &b.uid)));
    wanted
}

/// Whether a dialogue is recorded as held, and has begun.
pub fn has_been_held(dialogue: &Dialogue, now: DateTime) -> bool {
    dialogue.state == DialogueState::Held && dialogue.starts <= now
}

/// Whether a check-in was held on the day it was to be. Its time is not called off for that, also
/// where it is recorded before it is over; one that was held earlier has left its time free.
fn was_held_then(check_in: &CheckIn) -> bool {
    check_in.state == CheckInState::Held && check_in.held_on == Some(check_in.starts.date())
}

/// A dialogue at a unit in operation, in an area with a manager.
fn of_dialogue(world: &AreaWorld, dialogue: &Dialogue) -> Option<Wanted> {
    let day = dialogue.starts.date();
    let unit = world.units.get(&dialogue.unit)?;
    if !unit.is_active(day) {
        return None;
    }
    let managers = world.area_managers(day);
    let organizer = attendee(world, &longest_in_post(world, &managers)?)?;
    let people = managers
        .into_iter()
        .chain(world.principal(&dialogue.unit, day));
    let which = DialogueKey {
        unit: dialogue.unit.clone(),
        school_year: dialogue.school_year.clone(),
        round: dialogue.round,
    };
    Some(Wanted {
        uid: key(&about_dialogue(dialogue), &organizer),
        meeting: Meeting {
            organizer,
            attendees: attendees(world, people, day),
            kind: MeetingKind::Dialogue {
                dialogue: which,
                unit_name: unit.name.clone(),
            },
            starts: dialogue.starts,
            minutes: dialogue.minutes,
            place: dialogue.place.trim().to_owned(),
        },
        floor: dialogue.sequence,
        from: Date::MIN,
        proposed_until: dialogue.proposed_until,
    })
}

fn of_check_in(world: &AreaWorld, check_in: &CheckIn, rules: &InvitationRules) -> Option<Wanted> {
    let day = check_in.starts.date();
    let Pair {
        principal,
        area_manager,
    } = check_in.pair.clone();
    let weeks = i64::from(rules.check_ins_weeks_before);
    let organizer = attendee(world, &area_manager)?;
    Some(Wanted {
        uid: key(&about_check_in(check_in), &organizer),
        meeting: Meeting {
            kind: MeetingKind::CheckIn,
            organizer,
            attendees: attendees(world, [area_manager, principal], day),
            starts: check_in.starts,
            minutes: check_in.minutes,
            place: String::new(),
        },
        floor: check_in.sequence,
        from: day.saturating_sub(weeks.weeks()),
        proposed_until: check_in.proposed_until,
    })
}

/// The manager who has been one for longest: who comes beside them changes nothing.
fn longest_in_post(world: &AreaWorld, managers: &[PersonId]) -> Option<PersonId> {
    let area = &world.area.as_ref()?.id;
    let since = |manager: &PersonId| {
        let posts = world.appointments.iter().filter(|post| {
            post.person == *manager
                && post.role == Role::AreaManager
                && post.post == Post::Area(area.clone())
        });
        posts.filter_map(|post| post.from).min()
    };
    let first = managers
        .iter()
        .min_by_key(|manager| (since(manager), *manager));
    first.cloned()
}

/// Whoever is there on the day: the people themselves, or those who stand in for them. Who would
/// stand in at their own meeting leaves the other a place in it: nobody meets alone.
fn attendees(
    world: &AreaWorld,
    people: impl IntoIterator<Item = PersonId>,
    day: Date,
) -> Vec<Attendee> {
    let people: Vec<PersonId> = people.into_iter().collect();
    let mut there: Vec<PersonId> = Vec::new();
    for person in &people {
        let stand_in = world.stand_in(person, day);
        let comes_anyhow = people.contains(&stand_in) || there.contains(&stand_in);
        let comes = if comes_anyhow {
            person.clone()
        } else {
            stand_in
        };
        if !there.contains(&comes) {
            there.push(comes);
        }
    }
    let attendees = there.iter().filter_map(|person| attendee(world, person));
    attendees.collect()
}

fn attendee(world: &AreaWorld, person: &PersonId) -> Option<Attendee> {
    let known = world.people.get(person)?;
    Some(Attendee {
        person: person.clone(),
        name: known.name.clone(),
        email: known.email.trim().to_owned(),
    })
}
