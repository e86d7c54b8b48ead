//! The days on which the dialogues of an area can be held, and who is there then.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::ground::Ground;
use super::{Obstacle, Request};
use crate::calendar::Span;
use crate::follow_up::{AreaWorld, PersonId, Round, SchoolUnit, UnitCode};

/// Where the dialogues of an area's units can be held, and who is there.
pub struct Days<'a> {
    world: &'a AreaWorld,
    /// The days of the window, or what stands in the way of them all.
    open: Result<Vec<Staffed<'a>>, Obstacle>,
}

/// A day, and who holds which post on it.
struct Staffed<'a> {
    day: Date,
    principals: BTreeMap<&'a UnitCode, &'a PersonId>,
    managers: Vec<PersonId>,
}

impl<'a> Days<'a> {
    /// The days of a round's window.
    pub fn of(ground: &Ground<'_>, world: &'a AreaWorld, round: Round) -> Self {
        let Request {
            year, rules, from, ..
        } = ground.request;
        let window: Option<Span> = match round {
            Round::Explore => year.explore,
            Round::Evaluate => year.evaluate,
        };
        let staffed = |day| Staffed {
            day,
            principals: world.principals(day),
            managers: world.area_managers(day),
        };
        let open = match window {
            None => Err(Obstacle::NoWindow),
            Some(window) if window.to < *from => Err(Obstacle::WindowPast),
            Some(window) => {
                let days = ground.days(window, &rules.dialogues);
                Ok(days.into_iter().map(staffed).collect())
            }
        };
        Self { world, open }
    }

    /// The days on which a unit's dialogue can be held, and what stands in the way otherwise.
    pub fn of_unit(
        &self,
        ground: &Ground<'_>,
        unit: &SchoolUnit,
    ) -> (BTreeMap<Date, BTreeSet<PersonId>>, Obstacle) {
        debug_assert!(self.world.units.contains_key(&unit.code));
        let open = match &self.open {
            Ok(open) => open,
            Err(obstacle) => return (BTreeMap::new(), *obstacle),
        };
        let mut obstacle = Obstacle::NoDay;
        let mut days = BTreeMap::new();
        for staffed in open {
            // The obstacle that is told is the one of the day that comes nearest to being one.
            if !unit.is_active(staffed.day) {
                obstacle = obstacle.max(Obstacle::NotInOperation);
                continue;
            }
            let (Some(&principal), false) = (
                staffed.principals.get(&unit.code),
                staffed.managers.is_empty(),
            ) else {
                obstacle = obstacle.max(Obstacle::Vacant);
                continue;
            };
            let managers = staffed.managers.iter().chain([principal]);
            let people = managers.cloned().collect();
            if ground.is_away(&people, staffed.day) {
                obstacle = obstacle.max(Obstacle::Away);
                continue;
            }
            obstacle = Obstacle::Taken;
            days.insert(staffed.day, people);
        }
        (days, obstacle)
    }
}
