//! A sweep: one story again and again, struck at another point each time, a few at once.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::life::{Life, Phases};
use super::server::Server;
use super::victim::Calls;

/// Stories that go on at the same time: as many as a small machine has processors, and more of those
/// in which the program mostly waits.
const AT_ONCE: usize = 2;
const WAITING_AT_ONCE: usize = 8;

/// Stories that went wrong after which no more are told.
const ENOUGH: usize = 5;

/// The seed of all that is drawn; a sweep adds its own name's length to it.
pub const SEED: u64 = 20_261_201;

/// Dice of a sweep's own.
pub fn dice(seed: u64) -> fastrand::Rng {
    fastrand::Rng::with_seed(SEED + seed)
}

/// What one story came to.
#[derive(Debug, Default)]
pub struct Outcome {
    pub kills: Phases,
    /// Errors that were put in.
    pub faults: usize,
    pub mails: usize,
    pub again: usize,
    /// How much the server had taken at the first blow.
    pub taken: Option<usize>,
    pub wrong: Option<String>,
    /// Whether it ended by itself, before its point came.
    pub is_beyond: bool,
}

impl Outcome {
    /// What a life came to.
    pub fn of(life: &Life<'_>, what: &str, (mails, again): (usize, usize)) -> Self {
        Self {
            kills: life.kills.clone(),
            faults: life.faults,
            mails,
            again,
            wrong: life.told(what),
            ..Self::default()
        }
    }
}

/// What a sweep came to.
#[derive(Debug, Default)]
pub struct Tally {
    stories: usize,
    kills: Phases,
    faults: usize,
    mails: usize,
    pub again: usize,
    /// The least and the most that the server had taken at a blow.
    pub taken: Option<(usize, usize)>,
    wrong: Vec<String>,
}

impl Tally {
    fn add(&mut self, outcome: Outcome) {
        self.stories += 1;
        for (phase, kills) in outcome.kills {
            *self.kills.entry(phase).or_default() += kills;
        }
        self.faults += outcome.faults;
        self.mails += outcome.mails;
        self.again += outcome.again;
        self.wrong.extend(outcome.wrong);
        if let Some(taken) = outcome.taken {
            let (least, most) = self.taken.unwrap_or((taken, taken));
            self.taken = Some((least.min(taken), most.max(taken)));
        }
    }

    pub fn kills(&self) -> usize {
        self.kills.values().sum()
    }

    /// Tells what it came to, and fails if anything was wrong. `.ci/steps/75-crash.sh` adds the
    /// kills up.
    pub fn tell(self, name: &str) -> Self {
        let Self {
            stories,
            kills,
            faults,
            mails,
            again,
            wrong,
            ..
        } = &self;
        println!(
            "crash: {name}: {stories} stories, {faults} errors put in, {mails} mails, {again} of them again, {} violations",
            wrong.len()
        );
        for (phase, kills) in kills {
            println!("crash kills: {phase}: {kills}");
        }
        for told in wrong.iter().take(3) {
            println!("{told}");
        }
        assert!(
            wrong.is_empty(),
            "{name}: {} violations, the first {}",
            wrong.len(),
            wrong[0]
        );
        self
    }
}

/// Tells `story` with the first, second, third … call of each kind, until one ends by itself before
/// its point comes.
pub fn every_point(
    name: &str,
    kinds: &[Calls],
    story: impl Fn(&Server, Calls, usize) -> Outcome + Sync,
) -> Tally {
    let tally = Mutex::new(Tally::default());
    for &calls in kinds {
        each((&tally, AT_ONCE), 1.., |server, n| story(server, calls, n));
    }
    tally.into_inner().unwrap().tell(name)
}

/// As [`every_point`], at every `step`-th call: of stories in which the program mostly waits, or long
/// ones.
pub fn points(
    name: &str,
    (kinds, step): (&[Calls], usize),
    story: impl Fn(&Server, Calls, usize) -> Outcome + Sync,
) -> Tally {
    let tally = Mutex::new(Tally::default());
    for &calls in kinds {
        let some = (1..).step_by(step);
        each((&tally, WAITING_AT_ONCE), some, |server, n| {
            story(server, calls, n)
        });
    }
    tally.into_inner().unwrap().tell(name)
}

/// Tells `story` so many times, by number.
pub fn times(name: &str, most: usize, story: impl Fn(&Server, usize) -> Outcome + Sync) -> Tally {
    let tally = Mutex::new(Tally::default());
    each((&tally, AT_ONCE), 0..most, story);
    tally.into_inner().unwrap().tell(name)
}

fn each(
    (tally, at_once): (&Mutex<Tally>, usize),
    points: impl Iterator<Item = usize> + Send,
    story: impl Fn(&Server, usize) -> Outcome + Sync,
) {
    let points = Mutex::new(points);
    let end = AtomicUsize::new(usize::MAX);
    let work = || {
        let server = Server::start();
        loop {
            let next = points.lock().unwrap().next();
            let Some(point) = next.filter(|point| *point < end.load(Ordering::SeqCst)) else {
                return;
            };
            let outcome = story(&server, point);
            if outcome.is_beyond {
                end.fetch_min(point, Ordering::SeqCst);
            }
            let mut tally = tally.lock().unwrap();
            tally.add(outcome);
            if tally.wrong.len() >= ENOUGH {
                return;
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(work);
        }
    });
}
