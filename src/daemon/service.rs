//! The service: rounds of tick and deliver for ever, until it is told to stop.
//!
//! One task plans, one delivers, so that a slow relay never delays a decision. A round that fails
//! is told and tried again at the next beat. The watchdog is fed only after a whole round.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, mpsc, watch};

use super::clock::Clock;
use super::deliver::{Delivered, RelayTrouble, Round, deliver, lock};
use super::heartbeat::{Heartbeat, HeartbeatError};
use super::mask::masked;
use super::office::{Office, OfficeError};
use super::pace::Pace;
use super::post::{Post, PostError};
use super::systemd;
use super::tick::{Ticked, tick};
use crate::config;
use crate::mail::WordsError;
use crate::plan::backoff::{Trouble, UNCERTAIN_RESENDS, next_try};
use crate::store::StoreError;

/// How long a stop waits for what is in flight.
const GRACE: Duration = Duration::from_secs(12);

/// Why the service ended.
#[derive(Debug, Error)]
pub enum ServiceError {
    /// A database or the words.
    #[error(transparent)]
    Office(#[from] OfficeError),
    /// The ledger.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The way out.
    #[error(transparent)]
    Post(#[from] PostError),
    /// The heartbeat.
    #[error(transparent)]
    Heartbeat(#[from] HeartbeatError),
    /// The task that delivers is gone.
    #[error("a fault in the program ended delivery; start avstamd again, no mail is lost")]
    Delivering,
    /// Signals cannot be received.
    #[error("signals cannot be received: {0}")]
    Signals(#[from] std::io::Error),
}

/// What is in force: settings with their databases and words, and the way out they name.
#[derive(Clone)]
struct Present {
    office: Arc<Office>,
    post: Arc<Post>,
}

/// What the service keeps between rounds.
struct Service {
    config: PathBuf,
    present: watch::Sender<Present>,
    wake: Arc<Notify>,
    /// Raised by a reload and by the stop: a round under way is left.
    leave: watch::Sender<u64>,
    stop: watch::Sender<bool>,
    /// The wait after the mail server failed.
    pause: Arc<Mutex<Pause>>,
    clock: Clock,
}

/// One tick and one round of deliveries at `clock`'s present: what `run --once` does.
///
/// # Errors
/// A database refused.
pub async fn once(office: Arc<Office>, clock: Clock) -> Result<(Ticked, Delivered), ServiceError> {
    let now = clock.now();
    office.ledger.recover(now, UNCERTAIN_RESENDS).await?;
    let ticked = tick(&office, now).await?;
    let post = Arc::new(Post::new(&office.settings)?);
    let (_keep, leave) = watch::channel(0);
    let round = Round {
        insists: false,
        ..round(Present { office, post }, clock, leave)
    };
    Ok((ticked, deliver(&round).await?))
}

fn round(present: Present, clock: Clock, leave: watch::Receiver<u64>) -> Round {
    let Present { office, post } = present;
    let transport = &office.settings.transport;
    let pace = match transport.kind {
        config::TransportKind::Files { .. } => None,
        _ => Some(Arc::new(Mutex::new(Pace::new(transport.per_minute)))),
    };
    Round {
        office,
        post,
        clock,
        pace,
        leave,
        insists: true,
    }
}

/// Runs until SIGTERM or SIGINT; SIGHUP reads the configuration anew.
///
/// # Errors
/// It could not start. A round that fails later is told and tried again.
pub async fn serve(office: Office, config: PathBuf) -> Result<(), ServiceError> {
    let clock = Clock::System;
    let (found, uncertain) = office
        .ledger
        .recover(clock.now(), UNCERTAIN_RESENDS)
        .await?;
    if found > 0 {
        tracing::warn!(
            found,
            uncertain,
            "mails of an earlier run were under way and wait again"
        );
    }
    let (beats, mut beat) = mpsc::channel(1);
    let mut hang_up = signal(SignalKind::hangup())?;
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let heartbeat = Heartbeat::start(beats.clone()).await?;
    let post = Arc::new(Post::new(&office.settings)?);
    let office = Arc::new(office);
    let service = Service {
        config,
        present: watch::Sender::new(Present { office, post }),
        wake: Arc::default(),
        leave: watch::Sender::new(0),
        stop: watch::Sender::new(false),
        pause: Arc::default(),
        clock,
    };
    let mut delivering = tokio::spawn(service.courier().deliver_on());
    systemd::ready();
    tracing::info!("avstamd is running");
    let _ = beats.try_send(());
    loop {
        tokio::select! {
            // A tick writes in whole transactions, so it can be left at any point.
            _ = beat.recv() => tokio::select! {
                () = service.plan() => {}
                () = either(&mut terminate, &mut interrupt) => break,
            },
            _ = hang_up.recv() => service.reload(),
            () = either(&mut terminate, &mut interrupt) => break,
            // It ends by itself only by a fault of ours; a new start finds every mail.
            _ = &mut delivering => return Err(ServiceError::Delivering),
        }
    }
    systemd::stopping();
    tracing::info!("stopping: what is being sent is finished");
    heartbeat.stop().await;
    let _ = service.stop.send(true);
    service.leave.send_modify(|leave| *leave += 1);
    service.wake.notify_one();
    if tokio::time::timeout(GRACE, delivering).await.is_err() {
        tracing::warn!("a mail was still under way at the stop; the next start finds it");
    }
    Ok(())
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}

impl Service {
    /// Whoever delivers, with what it needs of the service.
    fn courier(&self) -> Courier {
        Courier {
            present: self.present.subscribe(),
            wake: Arc::clone(&self.wake),
            leave: self.leave.subscribe(),
            stop: self.stop.subscribe(),
            pause: Arc::clone(&self.pause),
            clock: self.clock,
        }
    }

    async fn plan(&self) {
        let office = Arc::clone(&self.present.borrow().office);
        match tick(&office, self.clock.now()).await {
            Ok(ticked) => {
                if ticked.noted.notices + ticked.noted.invitations > 0 {
                    let Ticked { slices, noted, .. } = ticked;
                    tracing::info!(
                        slices,
                        notices = noted.notices,
                        mails = noted.mails,
                        invitations = noted.invitations,
                        "planned"
                    );
                }
                self.wake.notify_one();
                self.tell(&office).await;
            }
            Err(error) => tracing::error!(%error, "the plan could not be made; it is tried again"),
        }
    }

    /// The status line, and the sign of life: only here, after a tick that went through and an
    /// answer from the ledger.
    async fn tell(&self, office: &Office) {
        match office.ledger.queue().await {
            Ok(queue) => {
                let mut line = format!("{} waiting, {} sent", queue.waiting, queue.sent);
                for (count, word) in [(queue.held, "held"), (queue.refused, "refused")] {
                    if count > 0 {
                        line.push_str(&format!(", {count} {word}"));
                    }
                }
                if let Some(trouble) = lock(&self.pause).words(self.clock.now()) {
                    line.push_str(&format!("; {trouble}"));
                }
                systemd::status(&line);
                systemd::alive();
            }
            Err(error) => tracing::error!(%error, "the ledger does not answer"),
        }
    }

    /// Reads the configuration anew; a bad one leaves the old in force, all of it, and says so.
    fn reload(&self) {
        systemd::reloading();
        let old = self.present.borrow().clone();
        match renewed(&self.config, &old.office) {
            Ok(present) => {
                self.present.send_replace(present);
                self.leave.send_modify(|leave| *leave += 1);
                self.wake.notify_one();
                tracing::info!("the configuration was read anew");
            }
            Err(error) => tracing::error!("the old configuration stays in force: {error}"),
        }
        systemd::ready();
    }
}

/// Why a configuration was not taken.
#[derive(Debug, Error)]
enum ReloadError {
    #[error(transparent)]
    Config(#[from] config::ConfigError),
    #[error("another database takes a restart")]
    Database,
    #[error(transparent)]
    Words(#[from] WordsError),
    #[error(transparent)]
    Post(#[from] PostError),
}

/// What a configuration file says now, over the databases of `old`.
fn renewed(config: &Path, old: &Office) -> Result<Present, ReloadError> {
    let settings = config::load(config)?;
    if settings.database != old.settings.database {
        return Err(ReloadError::Database);
    }
    let post = Arc::new(Post::new(&settings)?);
    let office = Arc::new(old.with_settings(settings)?);
    Ok(Present { office, post })
}

/// Delivers whenever it is woken: after each tick, so that a waiting mail whose time has come leaves
/// at the next beat.
struct Courier {
    present: watch::Receiver<Present>,
    wake: Arc<Notify>,
    leave: watch::Receiver<u64>,
    stop: watch::Receiver<bool>,
    pause: Arc<Mutex<Pause>>,
    clock: Clock,
}

impl Courier {
    async fn deliver_on(mut self) {
        let mut work = self.work();
        while !*self.stop.borrow() {
            self.wake.notified().await;
            // A round is left by what comes after this.
            self.leave.mark_unchanged();
            if self.present.has_changed().unwrap_or(false) {
                work = self.work().after(&work);
                *lock(&self.pause) = Pause::default();
            }
            work.leave = self.leave.clone();
            if *self.stop.borrow() || !lock(&self.pause).is_over(self.clock.now()) {
                continue;
            }
            match deliver(&work).await {
                Ok(delivered) => lock(&self.pause).learn(&delivered, self.clock.now()),
                Err(error) => tracing::error!(%error, "delivery stopped; it is tried again"),
            }
        }
    }

    fn work(&mut self) -> Round {
        let present = self.present.borrow_and_update().clone();
        round(present, self.clock, self.leave.clone())
    }
}

/// The wait after the relay failed.
#[derive(Debug, Default)]
struct Pause {
    failures: u32,
    until: Option<(Timestamp, Trouble)>,
    stage: String,
}

impl Pause {
    /// Also where the clock was set back: what lies further ahead than any wait was reckoned by
    /// another time.
    fn is_over(&self, now: Timestamp) -> bool {
        self.until
            .is_none_or(|(until, kind)| until <= now || until > next_try(kind, u32::MAX, now))
    }

    /// The trouble in words, while mail waits for it: a round under way has left it behind.
    fn words(&self, now: Timestamp) -> Option<String> {
        let (until, _) = self.until.filter(|_| !self.is_over(now))?;
        let stage = &self.stage;
        Some(format!(
            "the mail server is in trouble ({stage}); all mail waits until {until}"
        ))
    }

    /// One alarm when it begins, one word when it is over. A round that sent something was no
    /// failure in a row.
    fn learn(&mut self, delivered: &Delivered, now: Timestamp) {
        if self.failures > 0 && delivered.sent > 0 {
            tracing::info!(failures = self.failures, "the mail server takes mail again");
            *self = Self::default();
        }
        let Some(RelayTrouble { attempt, login }) = &delivered.relay else {
            return;
        };
        self.failures += 1;
        let kind = if *login {
            Trouble::Login
        } else {
            Trouble::Relay
        };
        let until = next_try(kind, self.failures, now);
        self.until = Some((until, kind));
        self.stage.clone_from(&attempt.stage);
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
    use crate::store::Attempt;

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

    #[test]
    fn a_clock_set_back_does_not_stop_the_mail() {
        let day = |day: i64| Timestamp::from_second(day * 86_400).unwrap();
        let mut pause = Pause::default();
        failed(&mut pause, day(30));
        assert!(!pause.is_over(day(30)));
        assert!(pause.is_over(day(1)));
    }
}
