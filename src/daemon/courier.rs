//! The courier: rounds of deliveries, with a wait after the mail server or a database failed.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tokio::sync::{Notify, watch};

use super::clock::{Belief, Clock};
use super::deliver::{Delivered, RelayTrouble, Round, deliver, lock};
use super::mask::masked;
use super::office::{Office, OfficeError};
use super::pace::Pace;
use super::post::{Post, PostError};
use super::pulse::Pulse;
use super::watch::note_mail;
use crate::config::TransportKind;
use crate::mail::transport::Stage;
use crate::plan::backoff::{Trouble, next_try};

/// What is in force: settings with their databases and words, and the way out they name.
#[derive(Clone)]
pub struct Present {
    /// Settings, databases, words.
    pub office: Arc<Office>,
    /// The way out.
    pub post: Arc<Post>,
}

impl Present {
    /// An office with the way out that its settings name.
    ///
    /// # Errors
    /// The password, the certificates or the host name.
    pub fn new(office: Arc<Office>) -> Result<Self, PostError> {
        let post = Arc::new(Post::new(&office.settings)?);
        Ok(Self { office, post })
    }
}

/// What the courier shares with the service that it works for.
#[derive(Clone, Default)]
pub struct Shared {
    /// The clock's credit.
    pub belief: Arc<Belief>,
    /// The wait after the mail server or a database failed.
    pub pause: Arc<Mutex<Pause>>,
    /// Its sign of life.
    pub pulse: Arc<Pulse>,
    /// Wakes it.
    pub wake: Arc<Notify>,
}

/// Delivers whenever it is woken: after each tick, so that a waiting mail whose time has come leaves
/// at the next beat.
pub struct Courier {
    present: watch::Receiver<Present>,
    leave: watch::Receiver<u64>,
    shared: Shared,
    clock: Clock,
    work: Round,
}

impl Courier {
    /// A courier for what is in force. A change of `leave` has it leave a round.
    pub fn new(
        mut present: watch::Receiver<Present>,
        leave: watch::Receiver<u64>,
        shared: Shared,
        clock: Clock,
    ) -> Self {
        let in_force = present.borrow_and_update().clone();
        let work = round(in_force, clock.clone(), (&leave, &shared));
        Self {
            present,
            leave,
            shared,
            clock,
            work,
        }
    }

    /// A courier that nobody calls back, over an office.
    ///
    /// # Errors
    /// The way out.
    pub fn alone(office: Arc<Office>, clock: Clock) -> Result<Self, PostError> {
        let present = watch::channel(Present::new(office)?).1;
        let leave = watch::channel(0).1;
        Ok(Self::new(present, leave, Shared::default(), clock))
    }

    /// Delivers at every waking, until `stop` is raised.
    pub async fn deliver_on(mut self, stop: watch::Receiver<bool>) {
        loop {
            self.shared.wake.notified().await;
            if !begins(&mut self.leave, &stop) {
                break;
            }
            // What went wrong has been told, and makes a wait.
            let _ = self.round().await;
            self.shared.pulse.rests();
        }
    }

    /// One round, unless delivery is to be left alone for now.
    ///
    /// # Errors
    /// A database refused; nothing is lost, and the next rounds wait.
    pub async fn round(&mut self) -> Result<Option<Delivered>, OfficeError> {
        if self.present.has_changed().unwrap_or(false) {
            let present = self.present.borrow_and_update().clone();
            let shared = (&self.leave, &self.shared);
            self.work = round(present, self.clock.clone(), shared).after(&self.work);
            *lock(&self.shared.pause) = Pause::default();
        }
        self.work.leave = self.leave.clone();
        if !lock(&self.shared.pause).is_over(self.clock.now()) {
            return Ok(None);
        }
        let delivered = self.deliver().await;
        let mut pause = lock(&self.shared.pause);
        match &delivered {
            Ok(_) => pause.works(),
            Err(error) => pause.fails(error, self.clock.now()),
        }
        delivered.map(Some)
    }

    async fn deliver(&self) -> Result<Delivered, OfficeError> {
        let delivered = deliver(&self.work).await?;
        let now = self.clock.now();
        lock(&self.shared.pause).learn(&delivered, now);
        if delivered.sent > 0 || delivered.relay.is_some() {
            note_mail(&self.work.office, now, delivered.sent > 0).await?;
        }
        Ok(delivered)
    }
}

/// Whether a round may begin. It is left by what comes after this: a stop is raised before the round
/// is bidden to leave, so one whose bidding is passed over here is seen.
fn begins(leave: &mut watch::Receiver<u64>, stop: &watch::Receiver<bool>) -> bool {
    leave.mark_unchanged();
    !*stop.borrow()
}

/// A round over what is in force.
pub fn round(
    present: Present,
    clock: Clock,
    (leave, shared): (&watch::Receiver<u64>, &Shared),
) -> Round {
    let Present { office, post } = present;
    let transport = &office.settings.transport;
    let pace = match transport.kind {
        TransportKind::Files { .. } => None,
        _ => Some(Arc::new(Mutex::new(Pace::new(transport.per_minute)))),
    };
    Round {
        office,
        post,
        clock,
        belief: Arc::clone(&shared.belief),
        pulse: Arc::clone(&shared.pulse),
        pace,
        leave: leave.clone(),
        insists: true,
    }
}

/// The wait after the relay failed, or a round did for a database: each is counted by itself.
#[derive(Debug, Default)]
pub struct Pause {
    failures: u32,
    errors: u32,
    until: Option<(Timestamp, Trouble)>,
    why: String,
}

impl Pause {
    /// Also where the clock was set back: what lies further ahead than any wait was reckoned by
    /// another time.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.until
            .is_none_or(|(until, kind)| until <= now || until > next_try(kind, u32::MAX, now))
    }

    /// The trouble in words, while mail waits for it: a round under way has left it behind.
    pub fn words(&self, now: Timestamp) -> Option<String> {
        let (until, _) = self.until.filter(|_| !self.is_over(now))?;
        let why = &self.why;
        Some(format!("{why}; all mail waits until {until}"))
    }

    /// A round ended by an error: a connection, a login and a transaction that is broken off cost
    /// the relay something, and it would not help to try that at every beat.
    fn fails(&mut self, error: &OfficeError, now: Timestamp) {
        self.errors += 1;
        let until = next_try(Trouble::Relay, self.errors, now);
        self.until = Some((until, Trouble::Relay));
        self.why = format!("delivery stopped ({error})");
        if self.errors == 1 {
            tracing::error!(%error, %until, "delivery stopped; it is tried again, ever more seldom");
        } else {
            tracing::debug!(%error, errors = self.errors, %until, "delivery is still stopped");
        }
    }

    /// A round went through without an error.
    fn works(&mut self) {
        let errors = std::mem::take(&mut self.errors);
        if errors > 0 {
            tracing::info!(errors, "delivery goes on");
        }
    }

    /// One alarm when it begins, one word when it is over. A round that sent something was no
    /// failure in a row.
    fn learn(&mut self, delivered: &Delivered, now: Timestamp) {
        if self.failures > 0 && delivered.sent > 0 {
            tracing::info!(failures = self.failures, "the mail server takes mail again");
            self.failures = 0;
            self.until = None;
        }
        let Some(RelayTrouble { attempt, login }) = &delivered.relay else {
            return;
        };
        self.failures += 1;
        // Whatever fails at AUTH may be counted as a wrong password.
        let kind = if *login || attempt.stage == Stage::Auth.to_string() {
            Trouble::Login
        } else {
            Trouble::Relay
        };
        let until = next_try(kind, self.failures, now);
        self.until = Some((until, kind));
        self.why = format!("the mail server is in trouble ({})", attempt.stage);
        let (stage, code, reply) = (&attempt.stage, attempt.code, masked(&attempt.reply));
        if self.failures == 1 {
            tracing::error!(stage, code, reply, %until, "the mail server is in trouble; all mail waits");
        } else {
            tracing::debug!(stage, code, failures = self.failures, %until, "the mail server is still in trouble");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Attempt, StoreError};

    fn failed(pause: &mut Pause, now: Timestamp) {
        let attempt = Attempt {
            at: now,
            stage: "greeting".into(),
            code: Some(421),
            reply: "busy".into(),
        };
        let relay = Some(RelayTrouble {
            attempt,
            login: false,
        });
        let delivered = Delivered {
            relay,
            ..Delivered::default()
        };
        pause.learn(&delivered, now);
    }

    /// A round under a limit a minute takes hours, and learns what it came to when it ends.
    #[test]
    fn the_status_line_tells_of_trouble_while_mail_waits_for_it() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut pause = Pause::default();
        failed(&mut pause, at(0));
        assert!(
            pause
                .words(at(59))
                .is_some_and(|words| words.contains("greeting"))
        );
        assert_eq!(pause.words(at(60)), None);
    }

    /// A stop raises itself first, and then has a round under way leave.
    #[test]
    fn a_round_is_left_by_what_comes_after_it_began_and_none_begins_after_the_stop() {
        let (stop, leave) = (watch::Sender::new(false), watch::Sender::new(0));
        let (stopped, mut left) = (stop.subscribe(), leave.subscribe());
        leave.send_modify(|leave| *leave += 1);
        assert!(begins(&mut left, &stopped));
        assert!(!left.has_changed().unwrap(), "that was for another round");
        leave.send_modify(|leave| *leave += 1);
        assert!(left.has_changed().unwrap());
        stop.send_replace(true);
        assert!(!begins(&mut left, &stopped));
    }

    #[test]
    fn an_error_makes_a_wait_of_its_own_that_the_status_line_tells_of() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let error = OfficeError::Store(StoreError::Stopped);
        let mut pause = Pause::default();
        failed(&mut pause, at(0));
        pause.fails(&error, at(60));
        assert!(!pause.is_over(at(119)) && pause.is_over(at(120)));
        let words = pause.words(at(119)).unwrap();
        assert!(words.starts_with("delivery stopped"), "{words}");
        pause.fails(&error, at(120));
        assert!(!pause.is_over(at(239)) && pause.is_over(at(240)));
        pause.works();
        pause.fails(&error, at(300));
        assert!(pause.is_over(at(360)), "it begins anew");
    }

    #[test]
    fn a_clock_set_back_does_not_stop_the_mail() {
        let day = |day: i64| Timestamp::from_second(day * 86_400).unwrap();
        let mut pause = Pause::default();
        failed(&mut pause, day(30));
        assert!(!pause.is_over(day(30)));
        assert!(pause.is_over(day(1)));
    }
}
