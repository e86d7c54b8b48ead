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
use crate::calendar::{Calendar, Week};
use crate::follow_up::{AreaWorld, CheckIn, Pair, PersonId, SupportLevel};

/// One pair and its year.
struct Rhythm {
    pair: Pair,
    /// At least one in every so many school weeks, seen from each week.
    every: Vec<usize>,
    /// The days on which both can meet, week by week.
    days: Vec<Vec<Date>>,
    /// The weeks in which they are a pair, whether or not they can meet.
    together: BTreeSet<usize>,
    /// The first week in which something may be placed.
    begins: usize,
    /// The weeks in which they meet.
    met: BTreeSet<usize>,
    /// The weeks after which they met in a break. Those of earlier years are counted back from the
    /// year's first, which is 0.
    in_breaks: BTreeSet<i64>,
    /// When they were to meet and somebody said no.
    cancelled: BTreeSet<DateTime>,
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

/// Every pair of the year with its days and what is on record. A pair is one, in however many areas
/// the two are.
fn rhythms(ground: &Ground<'_>, weeks: &[Week]) -> Vec<Rhythm> {
    let times = &ground.request.rules.check_ins;
    let mut all: BTreeMap<Pair, Vec<BTreeSet<Date>>> = BTreeMap::new();
    for world in ground.request.worlds {
        for (number, week) in weeks.iter().enumerate() {
            for day in week.days().filter(|&day| ground.is_open(day, times)) {
                for pair in world.pairs(day) {
                    let own = all
                        .entry(pair)
                        .or_insert_with(|| vec![BTreeSet::new(); weeks.len()]);
                    own[number].insert(day);
                }
            }
        }
    }
    let days = weeks.iter().flat_map(|week| week.days());
    let days = days.filter(|&day| ground.is_open(day, times));
    let reinforced = days.map(|day| (day, reinforced_on(ground.request.worlds, day)));
    let reinforced: Reinforced = reinforced.collect();
    let mut on_record: BTreeMap<&Pair, Vec<&CheckIn>> = BTreeMap::new();
    for check_in in ground
        .request
        .worlds
        .iter()
        .flat_map(|world| &world.check_ins)
    {
        on_record.entry(&check_in.pair).or_default().push(check_in);
    }
    all.into_iter()
        .map(|(pair, days)| {
            let mut rhythm = rhythm(ground, &reinforced, (pair, days), weeks);
            for check_in in on_record.get(&rhythm.pair).into_iter().flatten() {
                rhythm.recall(check_in, weeks, ground.request.calendar);
            }
            rhythm
        })
        .collect()
}

fn rhythm(
    ground: &Ground<'_>,
    reinforced: &Reinforced,
    (pair, days): (Pair, Vec<BTreeSet<Date>>),
    weeks: &[Week],
) -> Rhythm {
    let Request { rules, from, .. } = ground.request;
    let can_meet = |day: &Date| {
        day >= from
            && rules.check_ins.weekdays.contains(&day.weekday())
            && !ground.is_away(&pair.principal, *day)
            && !ground.is_away(&pair.area_manager, *day)
    };
    Rhythm {
        every: days
            .iter()
            .map(|days| every(ground, reinforced, &pair, days))
            .collect(),
        begins: weeks.partition_point(|week| week.sunday() < *from),
        together: (0..days.len())
            .filter(|&week| !days[week].is_empty())
            .collect(),
        days: days
            .iter()
            .map(|days| days.iter().copied().filter(can_meet).collect())
            .collect(),
        met: BTreeSet::new(),
        in_breaks: BTreeSet::new(),
        cancelled: BTreeSet::new(),
        home: None,
        pair,
    }
}

/// The rhythm of a week by the units the principal leads in it, as the reminders reckon it.
fn every(
    ground: &Ground<'_>,
    reinforced: &Reinforced,
    pair: &Pair,
    days: &BTreeSet<Date>,
) -> usize {
    let rules = &ground.request.rules.rhythm;
    let on = days.first().and_then(|day| reinforced.get(day));
    let every = match on.is_some_and(|people| people.contains(&pair.principal)) {
        true => rules.reinforced_every_weeks,
        false => rules.every_weeks,
    };
    (every as usize).max(1)
}

/// Who leads a unit with reinforced support, by day.
type Reinforced = BTreeMap<Date, BTreeSet<PersonId>>;

fn reinforced_on(worlds: &[&AreaWorld], day: Date) -> BTreeSet<PersonId> {
    let mut all = BTreeSet::new();
    for world in worlds {
        let principals = world.principals(day);
        let units = world.active_units(day);
        let reinforced = units.filter(|unit| unit.level == SupportLevel::Reinforced);
        let leading = reinforced.filter_map(|unit| principals.get(&unit.code));
        all.extend(leading.map(|&person| person.clone()));
    }
    all
}

impl Rhythm {
    fn can_meet(&self, week: usize) -> bool {
        self.days.get(week).is_some_and(|days| !days.is_empty())
    }

    /// Takes in a check-in on record.
    fn recall(&mut self, check_in: &CheckIn, weeks: &[Week], calendar: &Calendar) {
        let starts = check_in.starts;
        let Some(day) = check_in.day() else {
            self.cancelled.insert(starts);
            return;
        };
        let week = Week::of(day);
        if let Ok(met) = weeks.binary_search(&week) {
            self.met.insert(met);
        } else if let Some(&first) = weeks.first() {
            let since = i64::from(calendar.school_weeks_between(first, week));
            let until = i64::from(calendar.school_weeks_between(week, first));
            self.in_breaks.insert(since - until);
        }
        self.home = Some((starts.date().weekday(), starts.time()));
    }

    /// The last week before `week` in or after which they met.
    fn met_before(&self, week: usize) -> Option<i64> {
        let met = self.met.range(..week).next_back();
        let in_break = self.in_breaks.range(..week as i64).next_back();
        met.map(|met| *met as i64).max(in_break.copied())
    }

    /// The last week by which they have to meet, seen from a week in which they do not: so many after
    /// they last met, or began. `None` when a meeting on record comes before it, or their time
    /// together ends.
    fn due(&self, week: usize) -> Option<usize> {
        let last = (0..self.days.len()).rfind(|&week| self.can_meet(week))?;
        let met = self.met_before(week);
        let due = match met {
            Some(met) => usize::try_from(met + self.every[week] as i64).unwrap_or(0),
            None => self.together.range(self.begins..).next()? + self.every[week] - 1,
        };
        let from = met.map_or(0, after);
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

/// The year's first week after one that may lie before the year.
fn after(week: i64) -> usize {
    usize::try_from(week + 1).unwrap_or(0)
}

/// Those of a manager's pairs who are to meet in a week: who must, and who makes the load even.
fn wanted_in(rhythms: &[Rhythm], own: &[usize], week: usize) -> Vec<usize> {
    let (mut wanted, mut others): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    let (mut meeting, mut share) = (0, 0.0);
    for &number in own {
        let rhythm = &rhythms[number];
        if rhythm.can_meet(week) || rhythm.met.contains(&week) {
            share += 1.0 / rhythm.every[week] as f64;
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
        if let Some(starts) = starts {
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
        moved_from: None,
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
        .flat_map(|&day| ground.free_times(&people, day, rules))
        .filter(|starts| !rhythm.cancelled.contains(starts))
        .collect();
    slots.sort_by_key(|&starts| (strangeness(starts), starts));
    slots
}

/// The stretches in which a pair goes without for more school weeks than its rhythm allows, since
/// they last met or from the first week of placing on, within the year. Weeks in which they are no
/// pair do not count.
fn gaps(rhythm: &Rhythm, weeks: &[Week]) -> Vec<LongGap> {
    let since = rhythm
        .met_before(rhythm.begins)
        .map_or(rhythm.begins, after);
    let mut gaps = Vec::new();
    let mut without: Vec<usize> = Vec::new();
    // Their last week together ends a stretch as a meeting does.
    let end = rhythm.together.last().map_or(0, |last| last + 1);
    for week in since..=end {
        let meets = rhythm.met.contains(&week);
        if week == end || meets || rhythm.in_breaks.contains(&(week as i64 - 1)) {
            gaps.extend(gap(rhythm, &without, weeks));
            without.clear();
        }
        if week < end && !meets {
            without.extend(rhythm.together.get(&week));
        }
    }
    gaps
}

/// The gap that some weeks without a check-in make, if they are too many.
fn gap(rhythm: &Rhythm, without: &[usize], weeks: &[Week]) -> Option<LongGap> {
    let is_long = |(n, &week): (usize, &usize)| n + 1 >= rhythm.every[week];
    let (first, last) = without.first().zip(without.last())?;
    without.iter().enumerate().any(is_long).then(|| LongGap {
        pair: rhythm.pair.clone(),
        from: weeks[*first].monday(),
        to: weeks[*last].sunday(),
        school_weeks: without.len(),
    })
}
