//! What is to be said of a slice's meetings, beside what the ledger says was told of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::office::{Office, OfficeError};
use crate::follow_up::{AreaId, AreaWorld, PersonId, UnitCode};
use crate::plan::{self, Call, Look, Told, Word, wanted};

/// What is to be said of a slice's meetings.
pub struct Found {
    /// The slice.
    pub area: Option<AreaId>,
    /// What to say.
    pub calls: Vec<Call>,
    /// Keys of meetings that another slice spoke of last and this one wants.
    pub adopted: BTreeSet<String>,
    /// When there may be more.
    pub look_on: Option<Date>,
}

/// What is to be said of a slice's meetings, as far as the day allows. An area that is gone wants
/// none held.
///
/// # Errors
/// A database refused.
pub async fn invite(
    office: &Office,
    (now, day): (Timestamp, Date),
    (area, world): (&Option<AreaId>, &AreaWorld),
    invited: &mut BTreeMap<PersonId, u32>,
) -> Result<Found, OfficeError> {
    let (calendar, rules) = (&office.settings.calendar, &office.settings.rules);
    let local = calendar.local(now);
    let keys = wanted(local, world, &rules.invitations).into_iter();
    let keys: BTreeSet<String> = keys.map(|wanted| wanted.uid).collect();
    let spoken = office
        .ledger
        .spoken_of(area.clone(), local, keys.clone())
        .await?;
    let elsewhere = held_elsewhere(office, (now, day), (area, &keys), &spoken.told).await?;
    let look = Look {
        now: local,
        area: area.as_ref(),
        world,
        elsewhere: &elsewhere,
        rules: &rules.invitations,
    };
    let found = plan::invite(&look, &spoken.told);
    for person in found.to() {
        if !invited.contains_key(person) {
            let today = office.ledger.invited_on(person.clone(), day).await?;
            invited.insert(person.clone(), today);
        }
    }
    // What waits already has its place in the day.
    let waits = |call: &Call| {
        spoken
            .waiting
            .contains(&(call.to.clone(), call.uid.clone()))
    };
    let had = |person: &PersonId| invited.get(person).copied().unwrap_or(0);
    let found = found.rationed((local, rules.invitations.most_per_day), had, waits);
    let mut look_on = found.look_again_on;
    if found.words.iter().any(Word::waits_for_tomorrow) {
        let tomorrow = calendar.working_days_after(day, 1);
        look_on = Some(look_on.map_or(tomorrow, |look_on| look_on.min(tomorrow)));
    }
    let calls: Vec<Call> = found.calls().collect();
    for call in calls.iter().filter(|call| !waits(call)) {
        *invited.entry(call.to.clone()).or_default() += 1;
    }
    let of_others = spoken.told.iter().filter(|told| told.area != *area);
    let adopted = of_others.filter(|told| keys.contains(&told.uid));
    Ok(Found {
        adopted: adopted.map(|told| told.uid.clone()).collect(),
        area: area.clone(),
        calls,
        look_on,
    })
}

/// What was told of and is no longer held here may be held in another area: a unit has moved, or a
/// principal leads units in two areas of one manager. The keys of what these areas want.
async fn held_elsewhere(
    office: &Office,
    (now, day): (Timestamp, Date),
    (area, keys): (&Option<AreaId>, &BTreeSet<String>),
    told: &[Told],
) -> Result<BTreeSet<String>, OfficeError> {
    let gone = || told.iter().filter(|told| !keys.contains(&told.uid));
    let organizers = gone().map(|told| told.meeting.organizer.person.clone());
    let organizers: BTreeSet<PersonId> = organizers.collect();
    let units = gone().filter_map(|told| told.meeting.kind.unit().cloned());
    let units: BTreeSet<UnitCode> = units.collect();
    let mut areas = BTreeSet::new();
    for organizer in organizers {
        areas.extend(office.calendar.areas_managed_by(organizer).await?);
    }
    for unit in units {
        areas.extend(office.calendar.area_of(unit).await?);
    }
    let (calendar, rules) = (&office.settings.calendar, &office.settings.rules);
    let mut held = BTreeSet::new();
    for other in areas {
        if area.as_ref() != Some(&other) {
            let slice = office.slice(Some(other), day, &BTreeMap::new()).await?;
            let wanted = wanted(calendar.local(now), &slice.world, &rules.invitations);
            held.extend(wanted.into_iter().map(|wanted| wanted.uid));
        }
    }
    Ok(held)
}
