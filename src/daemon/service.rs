//! The service: rounds of tick and deliver for ever, until it is told to stop.
//!
//! One task plans, one delivers, so that a slow relay never delays a decision. A round that fails
//! is told, once while it lasts, and tried again at the next beat. The watchdog is fed after each tick
//! that came to an answer, also where that was an error, while the courier moves; a database that was
//! replaced or whose thread is gone ends the service as a stop does, for a new start to find what is
//! there.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::clock::{Clock, Doubt};
use super::courier::{Courier, Present, Shared, round};
use super::deliver::{Delivered, Round, deliver, lock};
use super::health::Health;
use super::heartbeat::{Heartbeat, HeartbeatError};
use super::mask::masked;
use super::office::{Office, OfficeError};
use super::ping::Ping;
use super::placing::place_due_years;
use super::post::PostError;
use super::systemd;
use super::tick::{Ticked, tick};
use super::watch::{note_alive, note_clock, note_healed, note_outage};
use crate::config;
use crate::mail::WordsError;
use crate::plan::backoff::UNCERTAIN_RESENDS;
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
    /// The clock.
    #[error(transparent)]
    Clock(#[from] Doubt),
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
    present: watch::Sender<Present>,
    shared: Shared,
    /// Raised by a reload and by the stop: a round under way is left.
    leave: watch::Sender<u64>,
    clock: Clock,
    /// A school year is being placed: that may take longer than a watchdog waits for a tick.
    placing: Option<JoinHandle<()>>,
    ping: Ping,
    /// Ticks in a row that failed.
    unplanned: u32,
}

/// One tick and one round of deliveries at `clock`'s present: what `run --once` does.
///
/// # Errors
/// A database refused.
pub async fn once(office: Arc<Office>, clock: Clock) -> Result<(Ticked, Delivered), ServiceError> {
    let shared = Shared::default();
    let now = shared.belief.now(&clock)?;
    office.ledger.recover(now, UNCERTAIN_RESENDS).await?;
    place(&office, now).await;
    let ticked = planned(&office, (now, clock.goes())).await?;
    let leave = watch::channel(0).1;
    let round = Round {
        insists: false,
        ..round(Present::new(office)?, clock, (&leave, &shared))
    };
    Ok((ticked, deliver(&round).await?))
}

/// One tick, and the note that the daemon lives. At a time that was given it does not.
async fn planned(office: &Office, (now, goes): (Timestamp, bool)) -> Result<Ticked, OfficeError> {
    let ticked = tick(office, now).await?;
    if goes {
        note_alive(office, now).await?;
    }
    Ok(ticked)
}

async fn place(office: &Office, now: Timestamp) {
    if let Err(error) = place_due_years(office, now).await {
        tracing::error!(%error, "the meetings of a school year could not be placed; it is tried again");
    }
}

/// Finds what an earlier run left behind, before anything else is done: mails that the ledger does not
/// know to have left, and mails that were under way.
///
/// # Errors
/// A database or the record refused.
pub async fn resume(office: &Office, clock: &Clock) -> Result<(), StoreError> {
    let now = clock.now();
    let healed = office.ledger.heal(now).await?;
    note_healed(&office.ledger, healed, now).await?;
    let (found, uncertain) = office.ledger.recover(now, UNCERTAIN_RESENDS).await?;
    if found > 0 {
        tracing::warn!(
            found,
            uncertain,
            "mails of an earlier run were under way and wait again"
        );
    }
    if clock.goes() {
        note_clock(office, now).await?;
        note_outage(office, now).await?;
    }
    Ok(())
}

/// Runs by `clock` until SIGTERM or SIGINT; SIGHUP reads the configuration anew.
///
/// # Errors
/// It could not start. A round that fails later is told and tried again.
pub async fn serve(office: Office, config: PathBuf, clock: Clock) -> Result<(), ServiceError> {
    resume(&office, &clock).await?;
    let (beats, mut beat) = mpsc::channel(1);
    let mut hang_up = signal(SignalKind::hangup())?;
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let heartbeat = Heartbeat::start(beats.clone()).await?;
    let mut service = Service {
        config,
        present: watch::Sender::new(Present::new(Arc::new(office))?),
        shared: Shared::default(),
        leave: watch::Sender::new(0),
        clock,
        placing: None,
        ping: Ping::default(),
        unplanned: 0,
    };
    let stop = watch::Sender::new(false);
    let mut delivering = tokio::spawn(service.courier().deliver_on(stop.subscribe()));
    systemd::ready();
    tracing::info!("avstamd is running");
    let _ = beats.try_send(());
    let ended = loop {
        tokio::select! {
            // A tick writes in whole transactions, so it can be left at any point.
            _ = beat.recv() => tokio::select! {
                planned = service.plan() => if let Err(error) = planned {
                    break Err(error);
                },
                () = either(&mut terminate, &mut interrupt) => break Ok(()),
            },
            _ = hang_up.recv() => service.reload(),
            () = either(&mut terminate, &mut interrupt) => break Ok(()),
            // It ends by itself only by a fault of ours; a new start finds every mail.
            _ = &mut delivering => return Err(ServiceError::Delivering),
        }
    };
    systemd::stopping();
    tracing::info!("stopping: what is being sent is finished");
    heartbeat.stop().await;
    let _ = stop.send(true);
    service.leave.send_modify(|leave| *leave += 1);
    service.shared.wake.notify_one();
    if tokio::time::timeout(GRACE, delivering).await.is_err() {
        tracing::warn!("a mail was still under way at the stop; the next start finds it");
    }
    ended
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
        let (present, leave) = (self.present.subscribe(), self.leave.subscribe());
        Courier::new(present, leave, self.shared.clone(), self.clock.clone())
    }

    /// One tick. Only what a new start has to mend is an error: the rest is told and tried again.
    async fn plan(&mut self) -> Result<(), ServiceError> {
        let office = Arc::clone(&self.present.borrow().office);
        let Ok(now) = self.shared.belief.now(&self.clock) else {
            self.tell(&office).await;
            return Ok(());
        };
        self.place(&office, now);
        let tick = {
            let (office, at) = (Arc::clone(&office), (now, self.clock.goes()));
            tokio::spawn(async move { planned(&office, at).await })
        };
        // A panic ends that task and not this one.
        match tick.await.unwrap_or_else(|fault| Err(fault.into())) {
            Ok(ticked) => {
                let failed = std::mem::take(&mut self.unplanned);
                if failed > 0 {
                    tracing::info!(failed, "the plan is made again");
                }
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
                self.shared.wake.notify_one();
                self.ping(&office, now).await;
            }
            Err(OfficeError::Store(
                error @ (StoreError::Replaced { .. } | StoreError::Stopped),
            )) => return Err(error.into()),
            Err(error) => {
                self.unplanned += 1;
                if self.unplanned == 1 {
                    tracing::error!(%error, "the plan could not be made; it is tried again");
                } else {
                    tracing::debug!(%error, failed = self.unplanned, "the plan could still not be made");
                }
            }
        }
        self.tell(&office).await;
        Ok(())
    }

    /// Places the school years whose day has come, beside everything else.
    fn place(&mut self, office: &Arc<Office>, now: Timestamp) {
        if self.placing.as_ref().is_none_or(JoinHandle::is_finished) {
            let office = Arc::clone(office);
            self.placing = Some(tokio::spawn(async move { place(&office, now).await }));
        }
    }

    /// The call outside, where all is well.
    async fn ping(&mut self, office: &Office, now: Timestamp) {
        let settings = &office.settings.watch;
        if !self.ping.is_due(settings, now) || self.shared.pulse.is_stuck() {
            return;
        }
        match Health::at(office, now).await {
            Ok(health) => match health.problems(office).as_slice() {
                [] => self.ping.call(settings, now).await,
                problems => tracing::debug!(?problems, "ping-url is not called"),
            },
            Err(error) => tracing::error!(%error, "how the daemon is cannot be read"),
        }
    }

    /// The status line, and the sign of life: only here, after a tick that came to an answer. One
    /// that failed did, and a ledger that somebody keeps locked answers so: no new start would help
    /// it. A courier that hangs is no sign of life.
    async fn tell(&self, office: &Office) {
        match office.ledger.queue().await {
            Ok(queue) => {
                let mut line = format!("{} waiting, {} sent", queue.waiting, queue.sent);
                for (count, word) in [(queue.held, "held"), (queue.refused, "refused")] {
                    if count > 0 {
                        line.push_str(&format!(", {count} {word}"));
                    }
                }
                if let Some(trouble) = lock(&self.shared.pause).words(self.clock.now()) {
                    line.push_str(&format!("; {trouble}"));
                }
                if let Some(doubt) = self.shared.belief.doubt() {
                    line = format!("{doubt}; {line}");
                }
                systemd::status(&line);
            }
            Err(error) => systemd::status(&format!("the ledger does not answer: {error}")),
        }
        if self.shared.pulse.is_stuck() {
            tracing::error!("delivery hangs; the watchdog is fed no more");
        } else {
            systemd::alive();
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
                self.shared.wake.notify_one();
                tracing::info!("the configuration was read anew");
            }
            // What a fault quotes of the file may be an address.
            Err(ReloadError::Config(faults)) => faults.to_string().lines().for_each(|fault| {
                tracing::error!("the old configuration stays in force: {}", masked(fault));
            }),
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
    Ok(Present::new(Arc::new(old.with_settings(settings)?))?)
}
