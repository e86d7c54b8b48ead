//! A pair and its school year: when the two can meet, when they do, and where that is too seldom.
//!
//! Weeks are counted in school weeks, so a break needs no case of its own: week 43 and week 45 stand
//! side by side.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime, Time, Weekday};

use super::ground::Ground;
use super::{GapObstacle, LongGap, Request};
use crate::calendar::{Calendar, Week};
use crate::follow_up::{AreaWorld, CheckIn, Pair, PersonId, SupportLevel};

/// One pair and its year.
pub struct Rhythm {
    pub pair: Pair,
    /// The two of them.
    pub people: BTreeSet<PersonId>,
    /// The days on which both can meet, week by week.
    pub days: Vec<Vec<Date>>,
    /// The times that are not used again: those that somebody said no to.
    pub barred: BTreeSet<DateTime>,
    /// The open days on which they are a pair, whether or not they can meet.
    together_on: BTreeSet<Date>,
    /// The weeks with such a day.
    together: BTreeSet<usize>,
    /// At least one in every so many school weeks, seen from each week.
    every: Vec<usize>,
    /// The first week in which something may be placed.
    begins: usize,
    /// How many meetings they have in a week.
    met: BTreeMap<usize, usize>,
    /// The weeks after which they met in a break. Those of earlier years are counted back from the
    /// year's first, which is 0.
    in_breaks: BTreeSet<i64>,
    /// Those of them before the week in which placing begins.
    in_past_breaks: BTreeSet<i64>,
    /// That week.
    from: Week,
    /// How often they meet on a weekday at a time, in the order in which they began to.
    habits: Vec<((Weekday, Time), usize)>,
}

/// School weeks in a row, as many as the rhythm allows, in which a pair does not meet.
pub struct Window {
    /// Its last week.
    pub last: usize,
    /// Its weeks in which they can meet.
    pub weeks: Vec<usize>,
}

/// Every pair of the year, with its days. A pair is one, in however many areas the two are.
pub fn rhythms(ground: &Ground<'_>) -> Vec<Rhythm> {
    let times = &ground.request.rules.check_ins;
    let days = ground.weeks.iter().flat_map(|week| week.days());
    let open: Vec<Date> = days.filter(|&day| ground.is_open(day, times)).collect();
    let mut all: BTreeMap<Pair, BTreeSet<Date>> = BTreeMap::new();
    let mut reinforced = Reinforced::new();
    for &day in &open {
        for world in ground.request.worlds {
            for pair in world.pairs(day) {
                all.entry(pair).or_default().insert(day);
            }
        }
        reinforced.insert(day, reinforced_on(ground.request.worlds, day));
    }
    all.into_iter()
        .map(|(pair, days)| Rhythm::new(ground, &reinforced, pair, days))
        .collect()
}

/// Who leads a unit with reinforced support, by day.
type Reinforced = BTreeMap<Date, BTreeSet<PersonId>>;

fn reinforced_on(worlds: &[&AreaWorld], day: Date) -> BTreeSet<PersonId> {
    let mut all = BTreeSet::new();
    for world in worlds {
        let units = world.active_units(day);
        let mut reinforced = units
            .filter(|unit| unit.level == SupportLevel::Reinforced)
            .peekable();
        if reinforced.peek().is_none() {
            continue;
        }
        let principals = world.principals(day);
        let leading = reinforced.filter_map(|unit| principals.get(&unit.code));
        all.extend(leading.map(|&person| person.clone()));
    }
    all
}

impl Rhythm {
    fn new(
        ground: &Ground<'_>,
        reinforced: &Reinforced,
        pair: Pair,
        together_on: BTreeSet<Date>,
    ) -> Self {
        let Request { rules, from, .. } = ground.request;
        let people = BTreeSet::from([pair.principal.clone(), pair.area_manager.clone()]);
        let can_meet = |day: &Date| {
            day >= from
                && rules.check_ins.weekdays.contains(&day.weekday())
                && !ground.is_away(&people, *day)
        };
        // The rhythm of a week by the units the principal leads in it, as the reminders reckon it.
        let every = |week: &Week| {
            let on = together_on.range(week.monday()..=week.sunday()).next();
            let leading = on.and_then(|day| reinforced.get(day));
            let every = match leading.is_some_and(|people| people.contains(&pair.principal)) {
                true => rules.rhythm.reinforced_every_weeks,
                false => rules.rhythm.every_weeks,
            };
            (every as usize).max(1)
        };
        let days_of = |week: &Week| {
            let days = together_on.range(week.monday()..=week.sunday()).copied();
            days.collect::<Vec<Date>>()
        };
        let weeks = || ground.weeks.iter();
        Self {
            every: weeks().map(every).collect(),
            begins: ground.weeks.partition_point(|week| week.sunday() < *from),
            together: (0..ground.weeks.len())
                .filter(|&week| !days_of(&ground.weeks[week]).is_empty())
                .collect(),
            days: weeks()
                .map(|week| days_of(week).into_iter().filter(can_meet).collect())
                .collect(),
            together_on,
            barred: BTreeSet::new(),
            met: BTreeMap::new(),
            in_breaks: BTreeSet::new(),
            in_past_breaks: BTreeSet::new(),
            from: Week::of(*from),
            habits: Vec::new(),
            people,
            pair,
        }
    }

    /// Whether they are a pair on a day that may hold meetings.
    pub fn are_together(&self, day: Date) -> bool {
        self.together_on.contains(&day)
    }

    /// Takes in a check-in on record that stays where it is.
    pub fn recall(&mut self, check_in: &CheckIn, weeks: &[Week], calendar: &Calendar) {
        let Some(day) = check_in.day() else {
            self.barred.insert(check_in.starts);
            return;
        };
        let week = Week::of(day);
        if let Ok(met) = weeks.binary_search(&week) {
            // A check-in is read once for every area its principal is in.
            self.met.insert(met, 1);
        } else if let Some(&first) = weeks.first() {
            let since = i64::from(calendar.school_weeks_between(first, week));
            let until = i64::from(calendar.school_weeks_between(week, first));
            self.in_breaks.insert(since - until);
            if week < self.from {
                self.in_past_breaks.insert(since - until);
            }
        }
        self.grow_used_to(check_in.starts);
    }

    /// Counts a meeting towards their usual weekday and time.
    pub fn grow_used_to(&mut self, starts: DateTime) {
        let habit = (starts.weekday(), starts.time());
        match self.habits.iter_mut().find(|(known, _)| *known == habit) {
            Some((_, count)) => *count += 1,
            None => self.habits.push((habit, 1)),
        }
    }

    /// Their usual weekday and time: the most common one.
    pub fn home(&self) -> Option<(Weekday, Time)> {
        let most = self.habits.iter().map(|(_, count)| *count).max()?;
        let mut habits = self.habits.iter();
        habits
            .find(|(_, count)| *count == most)
            .map(|(habit, _)| *habit)
    }

    /// How far a time is from the usual one: the weekday counts before the time.
    pub fn strangeness(&self, starts: DateTime) -> u8 {
        match self.home() {
            Some((weekday, _)) if starts.weekday() != weekday => 2,
            Some((_, time)) if starts.time() != time => 1,
            _ => 0,
        }
    }

    /// Notes that they meet once more in a week.
    pub fn meet(&mut self, week: usize) {
        *self.met.entry(week).or_default() += 1;
    }

    /// Notes that they meet once less in a week.
    pub fn miss(&mut self, week: usize) {
        if let Some(met) = self.met.get_mut(&week) {
            *met -= 1;
            if *met == 0 {
                self.met.remove(&week);
            }
        }
    }

    /// Whether they meet in a week.
    pub fn meets(&self, week: usize) -> bool {
        self.met.contains_key(&week)
    }

    /// Whether they could.
    pub fn can_meet(&self, week: usize) -> bool {
        self.days.get(week).is_some_and(|days| !days.is_empty())
    }

    /// The share of a meeting that a week is to hold.
    pub fn share(&self, week: usize) -> f64 {
        1.0 / self.every[week] as f64
    }

    /// The first week after they last met before `week`, whether in a week or in a break.
    pub fn free_since(&self, week: usize) -> usize {
        self.met_before(week).map_or(0, after)
    }

    /// The last week before `week` in or after which they met.
    fn met_before(&self, week: usize) -> Option<i64> {
        let met = self.met.range(..week).next_back();
        let in_break = self.in_breaks.range(..week as i64).next_back();
        met.map(|(met, _)| *met as i64).max(in_break.copied())
    }

    /// The last week by which they have to meet, seen from a week in which they do not: so many after
    /// they last met, or began. `None` when a meeting on record comes before it, or their time
    /// together ends.
    pub fn due(&self, week: usize) -> Option<usize> {
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
    pub fn must_meet(&self, week: usize) -> bool {
        let is_due =
            |due: usize| due <= week || !(week + 1..=due).any(|later| self.can_meet(later));
        self.can_meet(week) && !self.meets(week) && self.due(week).is_some_and(is_due)
    }

    /// Whether they may meet before they must.
    pub fn may_meet(&self, week: usize) -> bool {
        self.can_meet(week) && !self.meets(week) && self.due(week).is_some()
    }

    /// The stretches of weeks in which they go without, since they last met or from the first week
    /// of placing on, within the year. Weeks in which they are no pair do not count.
    fn stretches(&self) -> Vec<Vec<usize>> {
        let met = self.met.range(..self.begins).next_back();
        let in_break = self.in_past_breaks.range(..self.begins as i64).next_back();
        let last = met.map(|(met, _)| *met as i64).max(in_break.copied());
        let since = last.map_or(self.begins, after);
        let mut stretches = Vec::new();
        let mut without = Vec::new();
        // Their last week together ends a stretch as a meeting does.
        let end = self.together.last().map_or(0, |last| last + 1);
        for week in since..end {
            if self.meets(week) || self.in_breaks.contains(&(week as i64 - 1)) {
                stretches.push(std::mem::take(&mut without));
            }
            if !self.meets(week) {
                without.extend(self.together.get(&week));
            }
        }
        stretches.push(without);
        stretches
    }

    /// Every window in which they should meet and do not, whether or not they can.
    pub fn windows(&self) -> Vec<Window> {
        let mut windows = Vec::new();
        for stretch in self.stretches() {
            for (n, &last) in stretch.iter().enumerate() {
                let Some(first) = (n + 1).checked_sub(self.every[last]) else {
                    continue;
                };
                let weeks = stretch[first..=n].iter().copied();
                let weeks = weeks.filter(|&week| self.can_meet(week)).collect();
                windows.push(Window { last, weeks });
            }
        }
        windows
    }

    /// The stretches that are longer than the rhythm allows.
    pub fn gaps(&self, weeks: &[Week]) -> Vec<LongGap> {
        let is_long = |(n, &week): (usize, &usize)| n + 1 >= self.every[week];
        let gap = |stretch: Vec<usize>| {
            let (first, last) = stretch.first().zip(stretch.last())?;
            stretch.iter().enumerate().any(is_long).then(|| LongGap {
                pair: self.pair.clone(),
                from: weeks[*first].monday(),
                to: weeks[*last].sunday(),
                school_weeks: stretch.len(),
                obstacle: match stretch.iter().all(|&week| self.days[week].is_empty()) {
                    true => GapObstacle::Away,
                    false => GapObstacle::Taken,
                },
            })
        };
        self.stretches().into_iter().filter_map(gap).collect()
    }
}

/// The year's first week after one that may lie before the year.
fn after(week: i64) -> usize {
    usize::try_from(week + 1).unwrap_or(0)
}
