//! The invitations of days to come, if nothing else changes, with a ledger in memory.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime};

use super::invitations::{Call, Invitations, Told, Word, invite, wanted};
use super::rules::InvitationRules;
use crate::follow_up::{AreaId, AreaWorld, PersonId};

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

    /// What will be said of a slice's meetings at the local time `now`; it counts as said from then
    /// on. What the day has no room for follows `tomorrow`.
    pub fn day(
        &mut self,
        (now, tomorrow): (DateTime, Date),
        world: &AreaWorld,
        rules: &InvitationRules,
    ) -> Vec<Call> {
        let (day, area) = (now.date(), area(world));
        if self
            .look_on
            .get(&area)
            .is_some_and(|&look_on| day < look_on)
        {
            return Vec::new();
        }
        let found = self.look(now, world, rules);
        let enough = found.words.iter().any(Word::waits_for_tomorrow);
        let next = found.look_again_on.unwrap_or(Date::MAX);
        let next = if enough { next.min(tomorrow) } else { next };
        self.look_on.insert(area, next);
        let calls: Vec<Call> = found.calls().collect();
        calls.iter().for_each(|call| self.note(call, day));
        calls
    }

    /// A word for every meeting of a slice and person at the local time `now`, as far as the day has
    /// room.
    pub fn look(&self, now: DateTime, world: &AreaWorld, rules: &InvitationRules) -> Invitations {
        let found = invite(now, world, &self.told_to(now, world, rules), rules);
        let had = |person: &PersonId| {
            let of_day = self.invited.get(&(person.clone(), now.date()));
            of_day.copied().unwrap_or(0)
        };
        found.rationed(rules.most_per_day, had, |_| false)
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
            refused: false,
            area: call.area.clone(),
        });
    }

    fn keep(&mut self, told: Told) {
        let of = self.told.entry(told.uid.clone()).or_default();
        of.insert(told.person.clone(), told);
    }

    /// What was told of the meetings that the slice has spoken of, or wants to be held.
    fn told_to(&self, now: DateTime, world: &AreaWorld, rules: &InvitationRules) -> Vec<Told> {
        let area = area(world);
        let keys = wanted(now, world, rules).into_iter();
        let keys: BTreeSet<String> = keys.map(|wanted| wanted.uid).collect();
        let own = self
            .told
            .iter()
            .filter(|(uid, of)| keys.contains(*uid) || of.values().any(|told| told.area == area));
        own.flat_map(|(_, of)| of.values().cloned()).collect()
    }
}

fn area(world: &AreaWorld) -> Option<AreaId> {
    world.area.as_ref().map(|area| area.id.clone())
}
