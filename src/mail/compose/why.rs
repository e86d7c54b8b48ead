//! Why the person got the mail.

use minijinja::context;

use super::Ground;
use crate::calendar::weekday_date;
use crate::follow_up::{Person, PersonId, Post, Role};
use crate::mail::facts::Slice;
use crate::mail::words::WordsError;
use crate::plan::{Capacity, Decision, Matter};

/// A sentence a role, and one for whom they stand in for.
///
/// # Errors
/// A template fails.
pub fn why(
    person: &Person,
    decisions: &[Decision],
    ground: Ground<'_>,
) -> Result<Vec<String>, WordsError> {
    let mut sentences: Vec<String> = Vec::new();
    for decision in decisions {
        let slice = ground.slices.get(&decision.area);
        let (Some(holder), Some(slice)) = (&decision.recipient, slice) else {
            continue;
        };
        let sentence = if *holder == person.id {
            let places = places(decision, holder, *slice, ground);
            let place = ground.words.listed(&places)?;
            let name = format!("why.{}", decision.capacity.word());
            ground.words.say(&name, &context! { place })?
        } else {
            stands_in(holder, *slice, ground)?
        };
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
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
    decision: &Decision,
    holder: &PersonId,
    slice: Slice<'_>,
    ground: Ground<'_>,
) -> Vec<String> {
    let (world, day) = (slice.world, ground.setting.day);
    match decision.capacity {
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
        Capacity::Responsible => match &decision.matter {
            Matter::Evaluation { measure } | Matter::Unassessed { measure, .. } => world
                .measures
                .iter()
                .find(|candidate| candidate.id == *measure)
                .and_then(|measure| world.units.get(&measure.unit))
                .map(|unit| unit.name.clone())
                .into_iter()
                .collect(),
            _ => Vec::new(),
        },
    }
}
