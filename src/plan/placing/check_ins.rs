//! The check-ins of every pair: week by week, so that none waits longer than its rhythm allows.
//!
//! Weeks are counted in school weeks, so a break needs no case of its own: week 43 and week 45 stand
//! side by side. Each week has those who must meet now, since their rhythm ends with it or the weeks
//! until then have no room; and as many others, those due soonest, as make the manager's load even.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime, Time, Weekday};

use super::assign::{Wish, assign};
use super::ground::Ground;
use super::{LongGap, PlacedCheckIn, Placement, Request};
use crate::calendar::Week;
use crate::follow_up::{AreaWorld, CheckInState, Pair, PersonId, SupportLevel};

/// One pair and its year.
struct Rhythm {
    pair: Pair,
    /// At least one in every so many school weeks.
    every: usize,
    /// The days on which both can meet, week by week.
    days: Vec<Vec<Date>>,
    /// The weeks in which they meet.
    met: BTreeSet<usize>,
    /// Their usual weekday and time.
    home: Option<(Weekday, Time)>,
}

/// Places the check-ins the year lacks, from the first day of placing on.
pub fn place(ground: &mut Ground<'_>, placement: &mut Placement) {
    let weeks = ground.school_weeks();
    let mut rhythms = rhythms(ground, &weeks);
    let mut of_manager: BTreeMap<PersonId, Vec<usize>> = BTreeMap::new();
    for (number, rhythm) in rhythms.iter().enumerate() {
        let manager = rhythm.pair.area_manager.clone();
        of_manager.entry(manager).or_default().push(number);
    }
    for week in 0..weeks.len() {
        let mut wanted = Vec::new();
        for own in of_manager.values() {
            wanted.extend(wanted_in(&rhythms, own, week));
        }
        // Who has a usual time comes first, so that it is theirs.
        wanted.sort_by_key(|&number| (rhythms[number].home.is_none(), number));
        place_week(ground, (&mut rhythms, week), &wanted, placement);
    }
    for rhythm in &rhythms {
        placement.gaps.extend(gaps(rhythm, &weeks));
    }
}

/// Every pair of the year with its days and what is on record.
fn rhythms(ground: &Ground<'_>, weeks: &[Week]) -> Vec<Rhythm> {
    let mut all = Vec::new();
    let times = &ground.request.rules.check_ins;
    for world in ground.request.worlds {
        let mut days: BTreeMap<Pair, Vec<Vec<Date>>> = BTreeMap::new();
        for (number, week) in weeks.iter().enumerate() {
            for day in week.days().filter(|&day| ground.is_open(day, times)) {
                for pair in world.pairs(day) {
                    let own = days
                        .entry(pair)
                        .or_insert_with(|| vec![Vec::new(); weeks.len()]);
                    own[number].push(day);
                }
            }
        }
        for (pair, days) in days {
            all.push(rhythm(ground, world, (pair, days), weeks));
        }
    }
    all.sort_by(|a, b| a.pair.cmp(&b.pair));
    all
}

fn rhythm(
    ground: &Ground<'_>,
    world: &AreaWorld,
    (pair, mut days): (Pair, Vec<Vec<Date>>),
    weeks: &[Week],
) -> Rhythm {
    let Request { rules, from, .. } = ground.request;
    let first = days.iter().flatten().next().copied().unwrap_or(*from);
    let mut units = world.units_led_by(&pair.principal, first).into_iter();
    let reinforced = units.any(|unit| unit.level == SupportLevel::Reinforced);
    let every = match reinforced {
        true => rules.rhythm.reinforced_every_weeks,
        false => rules.rhythm.every_weeks,
    };
    let on_record = world
        .check_ins
        .iter()
        .filter(|check_in| check_in.pair == pair && check_in.state != CheckInState::Cancelled);
    let mut met = BTreeSet::new();
    let mut home = None;
    for check_in in on_record {
        let day = match check_in.state {
            CheckInState::Held => check_in.held_on.unwrap_or(check_in.starts.date()),
            CheckInState::Planned | CheckInState::Cancelled => check_in.starts.date(),
        };
        met.extend(weeks.binary_search(&Week::of(day)));
        home = Some((check_in.starts.date().weekday(), check_in.starts.time()));
    }
    for day in &mut days {
        day.retain(|&day| {
            day >= *from
                && rules.check_ins.weekdays.contains(&day.weekday())
                && !ground.is_away(&pair.principal, day)
                && !ground.is_away(&pair.area_manager, day)
        });
    }
    Rhythm {
        pair,
        every: (every as usize).max(1),
        days,
        met,
        home,
    }
}

impl Rhythm {
    fn can_meet(&self, week: usize) -> bool {
        self.days.get(week).is_some_and(|days| !days.is_empty())
    }

    /// The first and the last week in which they can meet.
    fn term(&self) -> Option<(usize, usize)> {
        let can_meet = |week: &usize| self.can_meet(*week);
        let first = (0..self.days.len()).find(can_meet)?;
        let last = (0..self.days.len()).rfind(can_meet)?;
        Some((first, last))
    }

    /// The last week by which they have to meet, seen from `week`: so many after they last met, or
    /// began. `None` when a meeting on record comes before it, or their time together ends.
    fn due(&self, week: usize) -> Option<usize> {
        let (first, last) = self.term()?;
        let met = self.met.range(..=week).next_back();
        let due = match met {
            Some(met) => met + self.every,
            None => first + self.every - 1,
        };
        let from = met.map_or(0, |met| met + 1);
        let comes = from <= due && self.met.range(from..=due).next().is_some();
        (due <= last && !comes).then_some(due)
    }

    /// Whether it is now or too late.
    fn must_meet(&self, week: usize) -> bool {
        let is_due =
            |due: usize| due <= week || !(week + 1..=due).any(|later| self.can_meet(later));
        self.can_meet(week) && !self.met.contains(&week) && self.due(week).is_some_and(is_due)
    }

    /// Whether they may meet before they must.
    fn may_meet(&self, week: usize) -> bool {
        self.can_meet(week) && !self.met.contains(&week) && self.due(week).is_some()
    }
}

/// Those of a manager's pairs who are to meet in a week: who must, and who makes the load even.
fn wanted_in(rhythms: &[Rhythm], own: &[usize], week: usize) -> Vec<usize> {
    let (mut wanted, mut others): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    let (mut meeting, mut share) = (0, 0.0);
    for &number in own {
        let rhythm = &rhythms[number];
        if rhythm.can_meet(week) || rhythm.met.contains(&week) {
            share += 1.0 / rhythm.every as f64;
        }
        if rhythm.met.contains(&week) {
            meeting += 1;
        } else if rhythm.must_meet(week) {
            wanted.push(number);
        } else if rhythm.may_meet(week) {
            others.push(number);
        }
    }
    others.sort_by_key(|&number| (rhythms[number].due(week), number));
    // A load of two and a half is two in one week and three in the next.
    let even = (share + 1e-9).floor() as usize;
    let room = even.saturating_sub(meeting + wanted.len());
    wanted.extend(others.into_iter().take(room));
    wanted
}

/// Gives each of a week's meetings its time; who finds none in it is moved to an earlier week that
/// still has room.
fn place_week(
    ground: &mut Ground<'_>,
    (rhythms, week): (&mut [Rhythm], usize),
    wanted: &[usize],
    placement: &mut Placement,
) {
    let minutes = ground.request.rules.check_ins.minutes;
    let wishes: Vec<Wish> = wanted
        .iter()
        .map(|&number| {
            let rhythm = &rhythms[number];
            Wish {
                people: people(&rhythm.pair),
                load_of: rhythm.pair.area_manager.clone(),
                minutes,
                slots: slots(ground, rhythm, week),
            }
        })
        .collect();
    let chosen = assign(&wishes, &BTreeMap::new());
    for (&number, starts) in wanted.iter().zip(chosen) {
        let starts = starts.map(|starts| (week, starts));
        if let Some((week, starts)) = starts {
            book(ground, &mut rhythms[number], (week, starts), placement);
        }
    }
    for &number in wanted {
        let rhythm = &mut rhythms[number];
        if !rhythm.met.contains(&week) && rhythm.must_meet(week) {
            let since = rhythm
                .met
                .range(..week)
                .next_back()
                .map_or(0, |met| met + 1);
            let earlier = (since..week)
                .rev()
                .find_map(|week| Some((week, *slots(ground, rhythm, week).first()?)));
            if let Some(earlier) = earlier {
                book(ground, rhythm, earlier, placement);
            }
        }
    }
}

fn book(
    ground: &mut Ground<'_>,
    rhythm: &mut Rhythm,
    (week, starts): (usize, DateTime),
    placement: &mut Placement,
) {
    let minutes = ground.request.rules.check_ins.minutes;
    ground.take(&people(&rhythm.pair), starts, minutes);
    rhythm.met.insert(week);
    rhythm
        .home
        .get_or_insert((starts.date().weekday(), starts.time()));
    placement.check_ins.push(PlacedCheckIn {
        pair: rhythm.pair.clone(),
        starts,
        minutes,
    });
}

fn people(pair: &Pair) -> BTreeSet<PersonId> {
    BTreeSet::from([pair.principal.clone(), pair.area_manager.clone()])
}

/// The free times of a week: the usual one first, then the same weekday, then the same time, then
/// the earliest.
fn slots(ground: &Ground<'_>, rhythm: &Rhythm, week: usize) -> Vec<DateTime> {
    let rules = &ground.request.rules.check_ins;
    let people = people(&rhythm.pair);
    let strangeness = |starts: DateTime| match rhythm.home {
        None => 0,
        Some((weekday, time)) => {
            2 * u8::from(starts.date().weekday() != weekday) + u8::from(starts.time() != time)
        }
    };
    let mut slots: Vec<DateTime> = rhythm.days[week]
        .iter()
        .flat_map(|day| rules.times.iter().map(|time| day.to_datetime(*time)))
        .filter(|&starts| ground.are_free(&people, starts, rules.minutes))
        .collect();
    slots.sort_by_key(|&starts| (strangeness(starts), starts));
    slots
}

/// The stretches in which a pair goes without for more school weeks than its rhythm allows.
fn gaps(rhythm: &Rhythm, weeks: &[Week]) -> Vec<LongGap> {
    let Some((first, last)) = rhythm.term() else {
        return Vec::new();
    };
    let mut gaps = Vec::new();
    let mut from = first;
    let ends = rhythm.met.range(first..=last).copied().chain([last + 1]);
    for met in ends {
        if met >= from + rhythm.every {
            gaps.push(LongGap {
                pair: rhythm.pair.clone(),
                from: weeks[from].monday(),
                to: weeks[met - 1].sunday(),
                school_weeks: met - from,
            });
        }
        from = met + 1;
    }
    gaps
}
