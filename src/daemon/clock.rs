//! The one place that reads the clock and draws at random.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use super::deliver::lock;

/// Where the present comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The system's clock.
    System,
    /// One instant, for trying things out and for the demo.
    At(Timestamp),
    /// A clock that stories set.
    Simulated(Arc<Simulation>),
}

/// A clock on the wall and the seconds the machine has been up, both set by hand.
#[derive(Debug, Default)]
pub struct Simulation {
    wall: AtomicI64,
    uptime: AtomicI64,
}

impl Simulation {
    /// Begins at an instant.
    pub fn starting(at: Timestamp) -> Arc<Self> {
        let simulation = Self::default();
        simulation.set(at);
        Arc::new(simulation)
    }

    /// Time passes: the wall's and the machine's.
    pub fn pass(&self, span: SignedDuration) {
        self.wall.fetch_add(span.as_secs(), Ordering::Relaxed);
        self.uptime.fetch_add(span.as_secs(), Ordering::Relaxed);
    }

    /// Somebody sets the clock on the wall.
    pub fn set(&self, at: Timestamp) {
        self.wall.store(at.as_second(), Ordering::Relaxed);
    }
}

impl Clock {
    /// The present.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => system(),
            Self::At(instant) => *instant,
            Self::Simulated(simulation) => {
                let wall = simulation.wall.load(Ordering::Relaxed);
                Timestamp::from_second(wall).unwrap_or(Timestamp::UNIX_EPOCH)
            }
        }
    }

    /// Whether time passes on it: it is not one instant, given for trying things out.
    pub fn goes(&self) -> bool {
        self.uptime().is_some()
    }

    /// How long the machine has been up, sleep included; nothing where the time was given.
    fn uptime(&self) -> Option<SignedDuration> {
        match self {
            Self::System => {
                let up = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
                Some(SignedDuration::from_secs(up.tv_sec))
            }
            Self::At(_) => None,
            Self::Simulated(simulation) => {
                let up = simulation.uptime.load(Ordering::Relaxed);
                Some(SignedDuration::from_secs(up))
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one clock")]
fn system() -> Timestamp {
    Timestamp::now()
}

/// A clock before this one has not been set yet: 1 January 2026, UTC.
const SET_SINCE: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// A clock that runs further ahead of the machine than this has been set wrongly, or the machine
/// stood still without noticing.
const AHEAD: SignedDuration = SignedDuration::from_hours(48);

/// Why the clock is not believed. Then nothing is planned and nothing sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Doubt {
    /// It has not been set since the machine started.
    #[error("the clock says {0}, it has not been set yet; mail waits until it is")]
    Unset(Timestamp),
    /// It went ahead while the machine was up.
    #[error(
        "the clock went {hours} hours ahead of the time the machine has been up, to {to}; mail waits. If that is the right time, restart avstamd (systemctl restart avstamd); if not, set the clock"
    )]
    Ahead {
        /// By how many hours.
        hours: i64,
        /// What it says.
        to: Timestamp,
    },
}

/// Whether the clock may be believed: what it said last, beside the time the machine has been up.
#[derive(Debug, Default)]
pub struct Belief {
    last: Mutex<Last>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Last {
    believed: Option<(Timestamp, SignedDuration)>,
    doubt: Option<Doubt>,
}

impl Belief {
    /// The present, if it can be believed. One that goes back is: what was said stays said, and
    /// nothing is due again. A doubt and its end are told once.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn now(&self, clock: &Clock) -> Result<Timestamp, Doubt> {
        let now = clock.now();
        let Some(uptime) = clock.uptime() else {
            return Ok(now);
        };
        let mut last = lock(&self.last);
        let doubt = doubt((now, uptime), last.believed);
        match (doubt, last.doubt) {
            (Some(doubt), None) => tracing::error!("{doubt}"),
            (None, Some(_)) => tracing::info!(%now, "the clock is believed again"),
            _ => {}
        }
        last.doubt = doubt;
        if let Some(doubt) = doubt {
            return Err(doubt);
        }
        last.believed = Some((now, uptime));
        Ok(now)
    }

    /// The doubt there is.
    pub fn doubt(&self) -> Option<Doubt> {
        lock(&self.last).doubt
    }
}

fn doubt(
    (now, uptime): (Timestamp, SignedDuration),
    believed: Option<(Timestamp, SignedDuration)>,
) -> Option<Doubt> {
    if now < SET_SINCE {
        return Some(Doubt::Unset(now));
    }
    let (then, up_then) = believed?;
    let ahead = now
        .duration_since(then)
        .saturating_sub(uptime.saturating_sub(up_then));
    (ahead > AHEAD).then_some(Doubt::Ahead {
        hours: ahead.as_hours(),
        to: now,
    })
}

/// A Message-ID's left part: 128 random bits.
///
/// # Errors
/// The system has no randomness to give.
pub fn message_id() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn simulated(at: &str) -> (Arc<Simulation>, Clock) {
        let simulation = Simulation::starting(at.parse().unwrap());
        (Arc::clone(&simulation), Clock::Simulated(simulation))
    }

    #[test]
    fn fault_31_a_clock_that_jumps_ahead_is_not_believed_until_it_is_right_again() {
        let (simulation, clock) = simulated("2026-12-01T06:00:00Z");
        let belief = Belief::default();
        let right = belief.now(&clock).unwrap();
        simulation.set("2027-12-01T06:00:00Z".parse().unwrap());
        for _ in 0..2 {
            let doubt = belief.now(&clock);
            assert!(
                matches!(doubt, Err(Doubt::Ahead { hours: 8760, .. })),
                "{doubt:?}"
            );
        }
        simulation.set(right);
        simulation.pass(SignedDuration::from_secs(15));
        assert_eq!(
            belief.now(&clock).map(|now| now.as_second()),
            Ok(right.as_second() + 15)
        );
    }

    #[test]
    fn fault_32_three_weeks_of_sleep_are_believed_for_the_machine_counts_them() {
        let (simulation, clock) = simulated("2026-12-01T06:00:00Z");
        let belief = Belief::default();
        belief.now(&clock).unwrap();
        simulation.pass(SignedDuration::from_hours(21 * 24));
        assert!(belief.now(&clock).is_ok());
    }

    #[test]
    fn fault_34_a_clock_that_was_never_set_is_not_believed() {
        let (simulation, clock) = simulated("1970-01-01T00:01:00Z");
        let belief = Belief::default();
        assert!(matches!(belief.now(&clock), Err(Doubt::Unset(_))));
        // The first time it says is no jump.
        simulation.set("2026-12-01T06:00:00Z".parse().unwrap());
        assert!(belief.now(&clock).is_ok());
    }

    #[test]
    fn fault_30_a_clock_set_back_a_day_and_right_again_is_believed() {
        let (simulation, clock) = simulated("2026-12-02T06:00:00Z");
        let belief = Belief::default();
        for day in ["2026-12-02", "2026-12-01", "2026-12-02"] {
            simulation.set(format!("{day}T06:00:00Z").parse().unwrap());
            assert!(belief.now(&clock).is_ok(), "{day}");
        }
        // A day ahead is within what a person may correct.
        simulation.set("2026-12-03T06:00:00Z".parse().unwrap());
        assert!(belief.now(&clock).is_ok());
    }

    #[test]
    fn the_systems_clock_is_believed() {
        let belief = Belief::default();
        assert!(belief.now(&Clock::System).is_ok());
        assert!(
            Clock::System
                .uptime()
                .is_some_and(|up| up > SignedDuration::ZERO)
        );
    }
}
