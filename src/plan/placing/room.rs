//! Room for what found none, by moving other meetings.
//!
//! A goal is a dialogue that lacks a time, or a window of weeks in which a pair should meet and does
//! not. To reach it, a meeting takes a time at which only meetings stand that may move; these move
//! on, and so forth, until everything that was met is met again. Who takes a time in the course of
//! it keeps it, so the search ends; and it goes through every way of reaching the goal there is, as
//! far as [`EACH`] looks at times go. It tries with no announced meeting moved first, then with one,
//! and so on, and each time with as few moves in all as do. An announced check-in moves within its
//! week only.
//!
//! What cannot be reached alone may be at another goal's expense: two goals for one that is given up,
//! and in the end all that are left, with one fewer given up than before. So as many are met as can
//! be, as far as [`ALL`] looks go; where people lack many times over, that may be too few.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

use super::book::{Book, Kind, Meeting};
use super::diary::Taker;
use crate::calendar::Week;

/// How many looks at a time one search may take, for each number of announced meetings moved.
const EACH: usize = 20_000;

/// How many looks all searches of a placing may take.
const ALL: usize = 60_000;

/// How many looks a step of a search counts as, beside those it takes.
const NODE: usize = 5;

/// How many announced meetings may move for one goal.
const OWN: usize = 4;

/// How many days ahead an announced meeting is left alone.
const NOTICE: i64 = 7;

/// How many meetings may move for one goal.
const MOVES: usize = 12;

/// What is to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Goal {
    /// The dialogue of an occasion has a time.
    Dialogue(usize),
    /// An announced check-in that was moved has a time in its week.
    Again(usize),
    /// A pair meets within the window that ends with a week.
    Window(usize, usize),
}

/// A time for a goal, and what it costs.
struct Way {
    /// How many announced meetings it moves.
    own: usize,
    /// The meetings it moves.
    out: BTreeSet<usize>,
    /// How unsuitable it is otherwise.
    unsuited: (i64, DateTime),
}

/// How much more may be done.
#[derive(Clone, Copy)]
struct Left {
    own: usize,
    moves: usize,
    given_up: usize,
}

/// What a search has come to.
#[derive(Clone, Default)]
struct State {
    /// The dialogues and announced check-ins that are looked after.
    single: BTreeSet<Goal>,
    /// The pairs whose windows are looked after.
    pairs: BTreeSet<usize>,
    /// The meetings that stay from here on.
    kept: BTreeSet<usize>,
    given_up: BTreeSet<Goal>,
}

/// Which bounds a search has met: a larger one is worth a try.
#[derive(Default)]
struct Met {
    own: bool,
    moves: bool,
}

struct Search<'s, 'a> {
    book: &'s mut Book<'a>,
    /// What was not met before, and what of it is looked for.
    lacking: &'s BTreeSet<Goal>,
    goals: BTreeSet<Goal>,
    /// The looks left for this search and for all.
    looks: usize,
    all: &'s mut usize,
    met: Met,
}

/// Moves what may be moved, where something lacks its time otherwise.
pub fn make(book: &mut Book<'_>) {
    let mut all = ALL;
    let mut left = lacking(book);
    for goal in possible(book, &left) {
        // The search for another may have met it too.
        if all > 0
            && left.contains(&goal)
            && Search::new(book, &left, &mut all).reach(&[goal], 0, EACH)
        {
            left = lacking(book);
        }
    }
    while all > 0 && reach_more(book, &mut all) {}
}

/// Reaches more goals than before at the expense of fewer others: two for one, or all but one fewer.
fn reach_more(book: &mut Book<'_>, all: &mut usize) -> bool {
    let lacking = lacking(book);
    let left = possible(book, &lacking);
    for (n, &one) in left.iter().enumerate() {
        for &other in &left[n + 1..] {
            if *all == 0 {
                return false;
            }
            if Search::new(book, &lacking, all).reach(&[one, other], 1, EACH / 10) {
                return true;
            }
        }
    }
    left.len() > 2 && Search::new(book, &lacking, all).reach(&left, left.len() - 1, EACH)
}

/// Everything that is not met, whether or not it can be.
fn lacking(book: &Book<'_>) -> BTreeSet<Goal> {
    let dialogues = (0..book.occasions.len())
        .filter(|&number| book.meetings[number].starts.is_none())
        .map(Goal::Dialogue);
    let rhythms = book.rhythms.iter().enumerate();
    let windows = rhythms.flat_map(|(number, rhythm)| {
        let windows = rhythm.windows().into_iter();
        windows.map(move |window| Goal::Window(number, window.last))
    });
    dialogues.chain(windows).collect()
}

/// The goals that could be reached, were nothing in the way.
fn possible(book: &Book<'_>, goals: &BTreeSet<Goal>) -> Vec<Goal> {
    let is_possible = |goal: &&Goal| match **goal {
        Goal::Dialogue(number) => !book.occasions[number].days.is_empty(),
        Goal::Again(_) => true,
        Goal::Window(pair, last) => {
            let mut windows = book.rhythms[pair].windows().into_iter();
            windows.any(|window| window.last == last && !window.weeks.is_empty())
        }
    };
    goals.iter().filter(is_possible).copied().collect()
}

impl<'s, 'a> Search<'s, 'a> {
    fn new(book: &'s mut Book<'a>, lacking: &'s BTreeSet<Goal>, all: &'s mut usize) -> Self {
        Self {
            book,
            lacking,
            goals: BTreeSet::new(),
            looks: 0,
            all,
            met: Met::default(),
        }
    }

    /// Reaches the goals but for as many as may be given up, and leaves all as it was where it
    /// cannot.
    fn reach(&mut self, goals: &[Goal], given_up: usize, looks: usize) -> bool {
        let mut state = State::default();
        for &goal in goals {
            match goal {
                Goal::Window(pair, _) => state.pairs.insert(pair),
                single => state.single.insert(single),
            };
        }
        self.goals = goals.iter().copied().collect();
        for own in 0..=OWN {
            let looks = looks.min(*self.all);
            self.looks = looks;
            self.met = Met::default();
            let mut is_reached = false;
            for moves in own..=MOVES {
                self.met.moves = false;
                is_reached = self.pursue(
                    &state,
                    Left {
                        own,
                        moves,
                        given_up,
                    },
                );
                if is_reached || !self.met.moves || self.looks == 0 {
                    break;
                }
            }
            *self.all -= looks - self.looks;
            if is_reached || !self.met.own {
                return is_reached;
            }
        }
        false
    }

    /// Meets what is not met yet, or leaves all as it was. The goal with the fewest ways comes
    /// first: it fails soonest.
    fn pursue(&mut self, state: &State, left: Left) -> bool {
        self.looks = self.looks.saturating_sub(NODE);
        let mut next: Option<(Goal, Vec<Way>)> = None;
        for goal in self.open(state) {
            if next.as_ref().is_some_and(|(_, ways)| ways.is_empty()) {
                break;
            }
            let ways = self.ways(state, goal, left);
            if next
                .as_ref()
                .is_none_or(|(_, fewest)| ways.len() < fewest.len())
            {
                next = Some((goal, ways));
            }
        }
        let Some((goal, mut ways)) = next else {
            return true;
        };
        ways.sort_by_key(|way| (way.own, way.out.len(), way.unsuited));
        for way in ways {
            if self.looks == 0 {
                return false;
            }
            let left = Left {
                own: left.own - way.own,
                moves: left.moves - way.out.len(),
                ..left
            };
            if self.take(state, goal, &way, left) {
                return true;
            }
        }
        if left.given_up == 0 || !self.may_give_up(goal) {
            return false;
        }
        let mut without = state.clone();
        without.given_up.insert(goal);
        let given_up = left.given_up - 1;
        self.pursue(&without, Left { given_up, ..left })
    }

    /// Nobody loses a meeting that was announced.
    fn may_give_up(&self, goal: Goal) -> bool {
        match goal {
            Goal::Window(..) => true,
            Goal::Again(_) => false,
            Goal::Dialogue(number) => {
                self.book.meetings[number].was.is_none() || self.lacking.contains(&goal)
            }
        }
    }

    /// The goals that are to be met and are not.
    fn open(&self, state: &State) -> Vec<Goal> {
        let is_lacking = |goal: &&Goal| match **goal {
            Goal::Dialogue(number) | Goal::Again(number) => {
                self.book.meetings[number].starts.is_none()
            }
            Goal::Window(..) => false,
        };
        let mut open: Vec<Goal> = state.single.iter().filter(is_lacking).copied().collect();
        for &pair in &state.pairs {
            // A window into which a meeting will come back is met.
            let back: Vec<usize> = open
                .iter()
                .filter_map(|&goal| self.comes_back(goal, pair))
                .collect();
            let windows = self.book.rhythms[pair].windows().into_iter();
            let windows =
                windows.filter(|window| !window.weeks.iter().any(|week| back.contains(week)));
            open.extend(windows.map(|window| Goal::Window(pair, window.last)));
        }
        // What else was not met of the same pairs is not looked for.
        let is_aside = |goal: &Goal| self.lacking.contains(goal) && !self.goals.contains(goal);
        open.retain(|goal| !state.given_up.contains(goal) && !is_aside(goal));
        open
    }

    /// The week of a pair's check-in that is to have another time in it.
    fn comes_back(&self, goal: Goal, pair: usize) -> Option<usize> {
        let Goal::Again(number) = goal else {
            return None;
        };
        let Meeting { kind, was, .. } = self.book.meetings[number];
        (kind == Kind::CheckIn(pair)).then(|| self.week(was?))?
    }

    fn week(&self, starts: DateTime) -> Option<usize> {
        let weeks = &self.book.ground.weeks;
        weeks.binary_search(&Week::of(starts.date())).ok()
    }

    /// Every way of meeting a goal at once that the bounds allow.
    fn ways(&mut self, state: &State, goal: Goal, left: Left) -> Vec<Way> {
        let (kind, minutes, days) = self.wanted(goal);
        let times = self.book.times(kind).times.clone();
        let mut ways = Vec::new();
        for starts in days
            .iter()
            .flat_map(|day| times.iter().map(|time| day.to_datetime(*time)))
        {
            self.looks = self.looks.saturating_sub(1);
            let Some(out) = self.movable(state, (kind, minutes), starts) else {
                continue;
            };
            let own = out
                .iter()
                .filter(|&&other| self.is_announced(other))
                .count();
            if own > left.own {
                self.met.own = true;
            } else if out.len() > left.moves {
                self.met.moves = true;
            } else {
                let unsuited = (self.unsuited(goal, kind, starts), starts);
                ways.push(Way { own, out, unsuited });
            }
        }
        ways
    }

    /// What a goal wants: a meeting of a kind, its length, and the days on which it may be.
    fn wanted(&self, goal: Goal) -> (Kind, u32, Vec<Date>) {
        let book = &self.book;
        match goal {
            Goal::Dialogue(number) => {
                let days = book.occasions[number].days.keys().copied().collect();
                (Kind::Dialogue(number), book.meetings[number].minutes, days)
            }
            Goal::Again(number) => {
                let Meeting {
                    kind, minutes, was, ..
                } = book.meetings[number];
                let week = was.and_then(|was| self.week(was));
                let days = match (kind, week) {
                    (Kind::CheckIn(pair), Some(week)) => book.rhythms[pair].days[week].clone(),
                    _ => Vec::new(),
                };
                (kind, minutes, days)
            }
            Goal::Window(pair, last) => {
                let rhythm = &book.rhythms[pair];
                let mut windows = rhythm.windows().into_iter();
                let weeks = windows.find(|window| window.last == last);
                let weeks = weeks.map_or_else(Vec::new, |window| window.weeks);
                let days = weeks.iter().flat_map(|&week| rhythm.days[week].clone());
                let minutes = book.ground.request.rules.check_ins.minutes;
                (Kind::CheckIn(pair), minutes, days.collect())
            }
        }
    }

    /// The meetings that would have to move; `None` where something stands that may not.
    fn movable(
        &self,
        state: &State,
        (kind, minutes): (Kind, u32),
        starts: DateTime,
    ) -> Option<BTreeSet<usize>> {
        if let Kind::CheckIn(pair) = kind
            && self.book.rhythms[pair].barred.contains(&starts)
        {
            return None;
        }
        let takers = self.book.in_the_way((kind, minutes), starts).into_iter();
        let movable = takers.map(|taker| match taker {
            Taker::Meeting(other)
                if state.kept.contains(&other) || self.is_due_too(kind, other) =>
            {
                None
            }
            Taker::Meeting(other) => Some(other),
            _ => None,
        });
        movable.collect()
    }

    /// Whether a meeting stays for the other's sake: an announced dialogue, which people prepare, gives
    /// way to no check-in; and nothing announced that is near gives way at all.
    fn is_due_too(&self, kind: Kind, other: usize) -> bool {
        let Meeting {
            kind: others,
            starts,
            ..
        } = self.book.meetings[other];
        let near = self.book.ground.request.from.saturating_add(NOTICE.days());
        let is_near = starts.is_some_and(|starts| starts.date() < near);
        let is_for_less = matches!((kind, others), (Kind::CheckIn(_), Kind::Dialogue(_)));
        self.is_announced(other) && (is_near || is_for_less)
    }

    /// Whether a meeting stands where people have been told.
    fn is_announced(&self, number: usize) -> bool {
        let Meeting { was, starts, .. } = self.book.meetings[number];
        was.is_some() && was == starts
    }

    fn unsuited(&self, goal: Goal, kind: Kind, starts: DateTime) -> i64 {
        let was = match goal {
            Goal::Dialogue(number) | Goal::Again(number) => self.book.meetings[number].was,
            Goal::Window(..) => None,
        };
        match (was, kind) {
            (Some(was), _) => was.duration_until(starts).abs().as_secs(),
            (None, Kind::CheckIn(pair)) => self.book.rhythms[pair].strangeness(starts).into(),
            (None, Kind::Dialogue(_)) => 0,
        }
    }

    /// Goes a way, and on from there; takes it all back where that leads nowhere.
    fn take(&mut self, state: &State, goal: Goal, way: &Way, left: Left) -> bool {
        let mut state = state.clone();
        let mut moved = Vec::new();
        for &other in &way.out {
            let Meeting {
                kind, was, starts, ..
            } = self.book.meetings[other];
            moved.push((other, starts));
            self.book.set(other, None);
            match kind {
                Kind::Dialogue(_) => drop(state.single.insert(Goal::Dialogue(other))),
                Kind::CheckIn(_) if was.is_some() => drop(state.single.insert(Goal::Again(other))),
                Kind::CheckIn(pair) => drop(state.pairs.insert(pair)),
            }
        }
        let (number, is_new) = match goal {
            Goal::Dialogue(number) | Goal::Again(number) => (number, false),
            Goal::Window(pair, _) => (self.book.new_check_in(pair), true),
        };
        let (_, starts) = way.unsuited;
        self.book.set(number, Some(starts));
        state.kept.insert(number);
        if self.pursue(&state, left) {
            return true;
        }
        self.book.set(number, None);
        if is_new {
            self.book.meetings.pop();
        }
        for (other, starts) in moved {
            self.book.set(other, starts);
        }
        false
    }
}
