//! The service: rounds of tick and deliver for ever, until it is told to stop.
//!
//! One task plans, one delivers, so that a slow relay never delays a decision. A round that fails
//! is told and tried again at the next beat. The watchdog is fed only after a whole round.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, mpsc, watch};

use super::clock::Clock;
use super::deliver::{Delivered, RelayTrouble, Round, deliver};
use super::heartbeat::{Heartbeat, HeartbeatError};
use super::mask::masked;
use super::office::{Office, OfficeError};
use super::pace::Pace;
use super::post::{Post, PostError};
use super::systemd;
use super::tick::{Ticked, tick};
use crate::config;
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

/// What the service keeps between rounds.
struct Service {
    config: PathBuf,
    office: watch::Sender<Arc<Office>>,
    wake: Arc<Notify>,
    stop: watch::Sender<bool>,
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
    let (_keep, stop) = watch::channel(false);
    let round = round(&office, clock, stop)?;
    Ok((ticked, deliver(&round).await?))
}

fn round(
    office: &Arc<Office>,
    clock: Clock,
    stop: watch::Receiver<bool>,
) -> Result<Round, PostError> {
    let transport = &office.settings.transport;
    let pace = match transport.kind {
        config::TransportKind::Files { .. } => None,
        _ => Some(Arc::new(Mutex::new(Pace::new(transport.per_minute)))),
    };
    let post = Arc::new(Post::new(&office.settings)?);
    Ok(Round {
        office: Arc::clone(office),
        post,
        clock,
        pace,
        stop,
    })
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
    let (office, _) = watch::channel(Arc::new(office));
    let service = Service {
        config,
        office,
        wake: Arc::default(),
        stop: watch::channel(false).0,
        clock,
    };
    let first = round(
        &service.office.borrow().clone(),
        clock,
        service.stop.subscribe(),
    )?;
    let mut delivering = tokio::spawn(deliver_on(
        first,
        service.office.subscribe(),
        Arc::clone(&service.wake),
    ));
    systemd::ready();
    tracing::info!("avstamd is running");
    let _ = beats.try_send(());
    loop {
        tokio::select! {
            _ = beat.recv() => service.plan().await,
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
    async fn plan(&self) {
        let office = Arc::clone(&self.office.borrow());
        match tick(&office, self.clock.now()).await {
            Ok(ticked) => {
                if ticked.noted.notices > 0 {
                    let Ticked { slices, noted, .. } = ticked;
                    tracing::info!(
                        slices,
                        notices = noted.notices,
                        mails = noted.mails,
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
                systemd::status(&line);
                systemd::alive();
            }
            Err(error) => tracing::error!(%error, "the ledger does not answer"),
        }
    }

    /// Reads the configuration anew; a bad one leaves the old in force and says so.
    fn reload(&self) {
        systemd::reloading();
        let old = Arc::clone(&self.office.borrow());
        match config::load(&self.config) {
            Err(error) => tracing::error!("the old configuration stays in force:\n{error}"),
            Ok(settings) if settings.database != old.settings.database => {
                tracing::error!(
                    "the old configuration stays in force: another database takes a restart"
                );
            }
            Ok(settings) => match old.with_settings(settings) {
                Ok(office) => {
                    self.office.send_replace(Arc::new(office));
                    tracing::info!("the configuration was read anew");
                }
                Err(error) => tracing::error!(%error, "the old configuration stays in force"),
            },
        }
        systemd::ready();
    }
}

/// Delivers whenever it is woken: after each tick, so that a waiting mail whose time has come leaves
/// at the next beat.
async fn deliver_on(mut work: Round, mut office: watch::Receiver<Arc<Office>>, wake: Arc<Notify>) {
    let mut pause = Pause::default();
    while !*work.stop.borrow() {
        wake.notified().await;
        if office.has_changed().unwrap_or(false) {
            let present = Arc::clone(&office.borrow_and_update());
            match round(&present, work.clock, work.stop.clone()) {
                Ok(renewed) => (work, pause) = (renewed.after(&work), Pause::default()),
                Err(error) => {
                    tracing::error!(%error, "mail leaves the old way until this is mended")
                }
            }
        }
        if pause.is_over(work.clock.now()) {
            match deliver(&work).await {
                Ok(delivered) => pause.learn(&delivered, work.clock.now()),
                Err(error) => tracing::error!(%error, "delivery stopped; it is tried again"),
            }
        }
    }
}

/// The wait after the relay failed.
#[derive(Debug, Default)]
struct Pause {
    failures: u32,
    until: Option<Timestamp>,
}

impl Pause {
    fn is_over(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until <= now)
    }

    /// One alarm when it begins, one word when it is over.
    fn learn(&mut self, delivered: &Delivered, now: Timestamp) {
        match &delivered.relay {
            Some(RelayTrouble { attempt, login }) => {
                self.failures += 1;
                let kind = if *login {
                    Trouble::Login
                } else {
                    Trouble::Relay
                };
                let until = next_try(kind, self.failures, now);
                self.until = Some(until);
                let (stage, code, reply) = (&attempt.stage, attempt.code, masked(&attempt.reply));
                if self.failures == 1 {
                    tracing::error!(stage, code, reply, %until, "the mail server is in trouble; all mail waits");
                } else {
                    tracing::debug!(stage, code, failures = self.failures, %until, "the mail server is still in trouble");
                }
                systemd::status(&format!(
                    "the mail server is in trouble ({stage}); all mail waits until {until}"
                ));
            }
            None => {
                if self.failures > 0 && delivered.sent > 0 {
                    tracing::info!(failures = self.failures, "the mail server is well again");
                    *self = Self::default();
                }
            }
        }
    }
}
