//! The invitations of days to come, if nothing else changes, with a ledger in memory.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime};

use super::{Call, Invitations, Look, Told, Word, invite, wanted};
use crate::follow_up::{AreaId, AreaWorld, PersonId};
use crate::plan::rules::InvitationRules;

/// What people will have been told of their meetings.
#[derive(Debug, Clone, Default)]
pub struct InvitationsAhead {
    told: BTreeMap<String, BTreeMap<PersonId, Told>>,
    /// How many invitations each person has got on a day.
    invited: BTreeMap<(PersonId, Date), u32>,
    look_on: BTreeMap<Option<AreaId>, Date>,
}

impl InvitationsAhead {
    /// Begins with what the ledger says was told.
    pub fn new(told: Vec<Told>) -> Self {
        let mut ahead = Self::default();
        told.into_iter().for_each(|told| ahead.keep(told));
        ahead
    }

    /// The slice is looked at again on the next day, whatever was said.
    pub fn look_again(&mut self, area: &Option<AreaId>) {
        self.look_on.remove(area);
    }

    /// What will be said on the day `now` of the meetings of `worlds`; it counts as said from then on.
    /// What the day has no room for follows `tomorrow`.
    pub fn day<'a>(
        &mut self,
        (now, tomorrow): (DateTime, Date),
        worlds: impl Iterator<Item = &'a AreaWorld> + Clone,
        rules: &InvitationRules,
    ) -> Vec<Call> {
        let day = now.date();
        let is_due = |world: &&AreaWorld| {
            let look_on = self.look_on.get(&area(world));
            look_on.is_none_or(|&look_on| look_on <= day)
        };
        let due: Vec<&AreaWorld> = worlds.clone().filter(is_due).collect();
        if due.is_empty() {
            return Vec::new();
        }
        let held = held(now, worlds, rules);
        let mut calls = Vec::new();
        for world in due {
            let found = self.look(now, (world, &held), rules);
            let enough = found.words.iter().any(Word::waits_for_tomorrow);
            let next = found.look_again_on.unwrap_or(Date::MAX);
            let next = if enough { next.min(tomorrow) } else { next };
            self.look_on.insert(area(world), next);
            for call in found.calls() {
                self.note(&call, day);
                calls.push(call);
            }
        }
        calls
    }

    /// A word for every meeting of a slice and person at the local time `now`, as far as the day has
    /// room. `held` is what [`held`] gives for every slice.
    pub fn look(
        &self,
        now: DateTime,
        (world, held): (&AreaWorld, &BTreeSet<String>),
        rules: &InvitationRules,
    ) -> Invitations {
        let area = area(world);
        let look = Look {
            now,
            area: area.as_ref(),
            world,
            elsewhere: held,
            rules,
        };
        let had = |person: &PersonId| {
            let of_day = self.invited.get(&(person.clone(), now.date()));
            of_day.copied().unwrap_or(0)
        };
        invite(&look, &self.told_to(&look)).rationed((now, rules.most_per_day), had, |_| false)
    }

    /// Counts a call as said on `day`.
    pub fn note(&mut self, call: &Call, day: Date) {
        *self.invited.entry((call.to.clone(), day)).or_default() += 1;
        self.keep(Told {
            uid: call.uid.clone(),
            person: call.to.clone(),
            method: call.method,
            sequence: call.sequence,
            meeting: call.meeting.clone(),
            address: None,
            refused: false,
            asked: true,
            area: call.area.clone(),
        });
    }

    fn keep(&mut self, told: Told) {
        let of = self.told.entry(told.uid.clone()).or_default();
        of.insert(told.person.clone(), told);
    }

    /// What was told of the meetings that the slice has spoken of, or wants to be held.
    fn told_to(&self, look: &Look<'_>) -> Vec<Told> {
        let keys = wanted(look.now, look.world, look.rules).into_iter();
        let keys: BTreeSet<String> = keys.map(|wanted| wanted.uid).collect();
        let own = self.told.iter().filter(|(uid, of)| {
            let is_own = |told: &Told| told.area.as_ref() == look.area;
            keys.contains(*uid) || of.values().any(is_own)
        });
        own.flat_map(|(_, of)| of.values().cloned()).collect()
    }
}

/// The keys of every meeting that some slice wants to be held.
pub fn held<'a>(
    now: DateTime,
    worlds: impl Iterator<Item = &'a AreaWorld>,
    rules: &InvitationRules,
) -> BTreeSet<String> {
    let wanted = worlds.flat_map(|world| wanted(now, world, rules));
    wanted.map(|wanted| wanted.uid).collect()
}

fn area(world: &AreaWorld) -> Option<AreaId> {
    world.area.as_ref().map(|area| area.id.clone())
}
