//! Why the person got the mail.

use std::collections::BTreeSet;

use minijinja::context;

use super::{Ground, more};
use crate::calendar::weekday_date;
use crate::follow_up::{Person, PersonId, Post, Role, UnitCode};
use crate::mail::facts::Slice;
use crate::mail::room::Room;
use crate::mail::words::WordsError;
use crate::plan::{Capacity, Decision, Matter};

/// A sentence a role, and one for whom they stand in for; as many as there is room for, and then
/// how many more there are.
///
/// # Errors
/// A template fails.
pub fn why(
    person: &Person,
    decisions: &[Decision],
    (room, ground): (Room, Ground<'_>),
) -> Result<Vec<String>, WordsError> {
    let mut sentences: Vec<String> = Vec::new();
    let (mut seen, mut said) = (BTreeSet::new(), BTreeSet::new());
    for decision in decisions {
        let teller = ground.tellers.get(&decision.area);
        let (Some(holder), Some(teller)) = (&decision.recipient, teller) else {
            continue;
        };
        // Very many decisions may have one reason.
        let unit = match &decision.matter {
            Matter::Evaluation { measure } | Matter::Unassessed { measure, .. }
                if decision.capacity == Capacity::Responsible =>
            {
                teller.find_measure(measure).map(|measure| &measure.unit)
            }
            _ => None,
        };
        if !seen.insert((&decision.area, holder, decision.capacity, unit)) {
            continue;
        }
        let slice = teller.slice();
        let sentence = if *holder == person.id {
            let places = places((decision.capacity, unit), holder, slice, ground);
            let place = ground.words.listed(&places)?;
            let name = format!("why.{}", decision.capacity.word());
            ground.words.say(&name, &context! { place })?
        } else {
            stands_in(holder, slice, ground)?
        };
        if said.insert(sentence.clone()) {
            sentences.push(sentence);
        }
    }
    let left = more(sentences.len().saturating_sub(room.items), ground.words)?;
    sentences.truncate(room.items);
    sentences.extend(Some(left).filter(|left| !left.is_empty()));
    Ok(sentences)
}

fn stands_in(
    holder: &PersonId,
    slice: Slice<'_>,
    ground: Ground<'_>,
) -> Result<String, WordsError> {
    let (world, day) = (slice.world, ground.setting.day);
    let known = world.people.get(holder);
    let name = known.map_or_else(|| holder.to_string(), |person| person.name.clone());
    let mut absences = world.absences.iter();
    let last = absences
        .find(|absence| absence.person == *holder && absence.covers(day))
        .map_or(day, |absence| absence.to);
    let date = weekday_date(last, ground.words.language());
    ground.words.say("why.deputy", &context! { name, date })
}

/// The units or the area that the holder has the role for; none where it is for the authority.
fn places(
    (capacity, unit): (Capacity, Option<&UnitCode>),
    holder: &PersonId,
    slice: Slice<'_>,
    ground: Ground<'_>,
) -> Vec<String> {
    let (world, day) = (slice.world, ground.setting.day);
    match capacity {
        Capacity::Holder(role) if role.leads_unit() => {
            let units = world.units_led_by(holder, day);
            units.iter().map(|unit| unit.name.clone()).collect()
        }
        Capacity::Holder(Role::AreaManager) => {
            let area = world.area.as_ref();
            area.map(|area| area.name.clone()).into_iter().collect()
        }
        Capacity::Holder(role) => {
            let posts = world.appointments.iter().filter(|appointment| {
                appointment.person == *holder && appointment.role == role && appointment.holds(day)
            });
            let units = posts.filter_map(|appointment| match &appointment.post {
                Post::Unit(unit) => world.units.get(unit),
                Post::Area(_) | Post::Authority => None,
            });
            units.map(|unit| unit.name.clone()).collect()
        }
        Capacity::Responsible => {
            let unit = unit.and_then(|unit| world.units.get(unit));
            unit.map(|unit| unit.name.clone()).into_iter().collect()
        }
    }
}
