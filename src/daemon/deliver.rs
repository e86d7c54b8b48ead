//! Deliver: what is written down is sent until the server says yes or no.
//!
//! One round claims what is due, renders it from current data, stores the bytes, and sends them
//! over a few connections at once. No transaction is held across the network. Trouble with the
//! relay ends the round: what was not sent waits, uncounted, and the caller pauses.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::clock::Clock;
use super::mask::masked;
use super::office::{Office, OfficeError, age};
use super::pace::Pace;
use super::post::{Delivery, Post};
use super::render::{Outcome, read_slices, render};
use crate::config::Settings;
use crate::plan::backoff::{GIVE_UP_AFTER, Trouble, UNCERTAIN_RESENDS, next_try};
use crate::plan::{Slot, slot};
use crate::store::{Attempt, Claimed, Prepared, Settlement};

/// Mails claimed at a time. Few enough to give back quickly, enough to keep connections busy.
const BATCH: usize = 64;

/// What one round came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delivered {
    /// Accepted by the server.
    pub sent: usize,
    /// Refused for good.
    pub refused: usize,
    /// Refused for now, or uncertain: to be tried again.
    pub later: usize,
    /// Held for a person to decide.
    pub held: usize,
    /// Nothing left to say.
    pub withdrawn: usize,
    /// The relay's trouble that ended the round.
    pub relay: Option<RelayTrouble>,
}

/// The relay is in trouble: nobody's mail is at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayTrouble {
    /// How far the try came and what the server said.
    pub attempt: Attempt,
    /// Whether it refused our login: then trying often would lock the account.
    pub login: bool,
}

/// What a round works with.
#[derive(Clone)]
pub struct Round {
    /// Settings, databases, words.
    pub office: Arc<Office>,
    /// The way out.
    pub post: Arc<Post>,
    /// The clock.
    pub clock: Clock,
    /// The limit a minute, shared between lanes; files have none.
    pub pace: Option<Arc<Mutex<Pace>>>,
    /// Turns true when the daemon stops: what is in flight ends, nothing new begins.
    pub stop: watch::Receiver<bool>,
}

impl Round {
    /// This round in place of `old`: what has left in the last minute still counts.
    pub fn after(self, old: &Self) -> Self {
        if let (Some(pace), Some(old)) = (&self.pace, &old.pace) {
            lock(pace).count_from(&lock(old));
        }
        self
    }
}

/// Claims and sends until nothing is due, mail may no longer leave today, the relay fails or the
/// daemon stops.
///
/// # Errors
/// A database refused. What was claimed is found again at the next start.
pub async fn deliver(round: &Round) -> Result<Delivered, OfficeError> {
    let mut delivered = Delivered::default();
    let Settings {
        calendar, rules, ..
    } = &round.office.settings;
    while !*round.stop.borrow() && delivered.relay.is_none() {
        // Asked anew for each batch: a long queue under a limit a minute may outlast the day.
        let now = round.clock.now();
        let Slot::Open(day) = slot(calendar, rules, calendar.local(now)) else {
            break;
        };
        let claimed = round.office.ledger.claim(now, BATCH).await?;
        if claimed.is_empty() {
            break;
        }
        let ready = prepare(round, claimed, day, &mut delivered).await?;
        send_all(round, ready, &mut delivered).await?;
    }
    Ok(delivered)
}

/// Renders what may be rendered and stores the bytes, before anything is tried.
async fn prepare(
    round: &Round,
    claimed: Vec<Claimed>,
    day: Date,
    delivered: &mut Delivered,
) -> Result<VecDeque<(Claimed, Prepared)>, OfficeError> {
    let office = &round.office;
    let now = round.clock.now();
    let read = read_slices(office, &claimed, day).await?;
    let mut ready = VecDeque::new();
    let (mut bytes, mut withdrawn, mut look_at) = (Vec::new(), Vec::new(), Vec::new());
    let mut settled = Vec::new();
    for mail in claimed {
        if let Some(frozen) = mail.frozen.clone() {
            ready.push_back((mail, frozen));
            continue;
        }
        let rendered = render(office, &mail, &read, (now, day));
        withdrawn.extend(rendered.withdrawn);
        look_at.extend(rendered.look_at);
        match rendered.mail {
            Outcome::Ready(prepared) => {
                bytes.push((mail.id, prepared.clone()));
                ready.push_back((mail, prepared));
            }
            Outcome::Nothing => {
                delivered.withdrawn += 1;
                settled.push((mail.id, Settlement::Withdrawn));
            }
            Outcome::Impossible { address, reason } => {
                tracing::error!(
                    mail = mail.id,
                    reason = masked(&reason),
                    "a mail cannot be made and is set aside"
                );
                delivered.refused += 1;
                let attempt = Attempt {
                    at: now,
                    stage: "rendering".into(),
                    code: None,
                    reply: reason,
                };
                let nothing = Prepared {
                    address,
                    subject: String::new(),
                    bytes: Vec::new(),
                };
                bytes.push((mail.id, nothing));
                settled.push((mail.id, Settlement::Refused(attempt)));
            }
        }
    }
    office.ledger.prepare(bytes, withdrawn).await?;
    for (id, settlement) in settled {
        office.ledger.settle(id, settlement, now).await?;
    }
    if !look_at.is_empty() {
        look_at.dedup();
        office.ledger.look_at(look_at, Vec::new()).await?;
    }
    Ok(ready)
}

/// Sends over as many connections as the settings allow, each taking the next mail when it is
/// free.
async fn send_all(
    round: &Round,
    ready: VecDeque<(Claimed, Prepared)>,
    delivered: &mut Delivered,
) -> Result<(), OfficeError> {
    let connections = round.office.settings.transport.connections.min(ready.len());
    let queue = Arc::new(Mutex::new(ready));
    let mut lanes = JoinSet::new();
    for _ in 0..connections {
        lanes.spawn(lane(round.clone(), Arc::clone(&queue)));
    }
    let mut failed = None;
    while let Some(lane) = lanes.join_next().await {
        match lane {
            Ok(Ok(done)) => delivered.add(done),
            Ok(Err(error)) => failed = Some(error),
            Err(panic) => {
                // Its mail stays claimed; the next start finds it. The others go on.
                tracing::error!(%panic, "a fault in the program stopped one connection");
            }
        }
    }
    let left: Vec<i64> = lock(&queue).drain(..).map(|(mail, _)| mail.id).collect();
    let now = round.clock.now();
    for id in left {
        round
            .office
            .ledger
            .settle(id, Settlement::Released(now), now)
            .await?;
    }
    failed.map_or(Ok(()), Err)
}

async fn lane(
    round: Round,
    queue: Arc<Mutex<VecDeque<(Claimed, Prepared)>>>,
) -> Result<Delivered, OfficeError> {
    let mut delivered = Delivered::default();
    let mut counter = round.post.counter();
    while !*round.stop.borrow() {
        let Some((mail, prepared)) = lock(&queue).pop_front() else {
            break;
        };
        if !wait_for_pace(&round).await {
            lock(&queue).push_front((mail, prepared));
            break;
        }
        let before_dot = || {
            let (office, clock) = (Arc::clone(&round.office), round.clock);
            async move {
                let now = clock.now();
                let day = office.settings.calendar.today(now);
                office.ledger.mark_dot(mail.id, now, day).await
            }
        };
        let delivery = counter
            .send(&prepared, &mail.message_id, round.clock.now(), before_dot)
            .await;
        let delivery = match delivery {
            Ok(delivery) => delivery,
            Err(error) => {
                // It cannot be recorded, so nothing left; the mail waits again if that can be.
                let now = round.clock.now();
                round
                    .office
                    .ledger
                    .settle(mail.id, Settlement::Released(now), now)
                    .await?;
                return Err(error.into());
            }
        };
        let stop = matches!(delivery, Delivery::Relay { .. });
        settle(&round, &mail, delivery, &mut delivered).await?;
        if stop {
            // The others find out by themselves; this one takes nothing more.
            break;
        }
    }
    counter.close().await;
    Ok(delivered)
}

/// Waits for a place in the minute; false when the daemon stops first. Always by the real clock:
/// the relay counts real minutes, also when the daemon is told that it is another time.
async fn wait_for_pace(round: &Round) -> bool {
    let Some(pace) = &round.pace else { return true };
    let mut stop = round.stop.clone();
    loop {
        let taken = lock(pace).take(Clock::System.now());
        let Err(wait) = taken else { return true };
        tokio::select! {
            () = tokio::time::sleep(wait.unsigned_abs()) => {}
            // An error means that nobody is left who could say stop.
            Ok(_) = stop.wait_for(|stop| *stop) => return false,
        }
    }
}

async fn settle(
    round: &Round,
    mail: &Claimed,
    delivery: Delivery,
    delivered: &mut Delivered,
) -> Result<(), OfficeError> {
    let now = round.clock.now();
    let (settlement, relay) = settlement(mail, delivery, now);
    match &settlement {
        Settlement::Sent(_) => delivered.sent += 1,
        Settlement::Refused(_) | Settlement::Expired(_) => delivered.refused += 1,
        Settlement::Later(..) | Settlement::Unknown(..) => delivered.later += 1,
        Settlement::Held(_) => delivered.held += 1,
        Settlement::Released(_) | Settlement::Withdrawn => {}
    }
    log(mail, &settlement);
    delivered.relay = relay.or(delivered.relay.take());
    Ok(round.office.ledger.settle(mail.id, settlement, now).await?)
}

/// What a delivery means for its mail, and the relay's trouble if it is that.
fn settlement(
    mail: &Claimed,
    delivery: Delivery,
    now: Timestamp,
) -> (Settlement, Option<RelayTrouble>) {
    match delivery {
        Delivery::Accepted(attempt) => (Settlement::Sent(attempt), None),
        Delivery::Permanent(attempt) => (Settlement::Refused(attempt), None),
        Delivery::Temporary(attempt) if age(mail.created, now) >= GIVE_UP_AFTER => {
            (Settlement::Expired(attempt), None)
        }
        Delivery::Temporary(attempt) => {
            let next = next_try(Trouble::Message, mail.attempts + 1, now);
            (Settlement::Later(attempt, next), None)
        }
        Delivery::Unknown(attempt) if mail.uncertain >= UNCERTAIN_RESENDS => {
            (Settlement::Held(attempt), None)
        }
        Delivery::Unknown(attempt) => {
            let next = next_try(Trouble::Uncertain, mail.uncertain + 1, now);
            (Settlement::Unknown(attempt, next), None)
        }
        Delivery::Relay { attempt, login } => (
            Settlement::Released(now),
            Some(RelayTrouble { attempt, login }),
        ),
    }
}

/// One line a mail, told where it is handled. Addresses and texts stay out of it.
fn log(mail: &Claimed, settlement: &Settlement) {
    match settlement {
        Settlement::Sent(attempt) => {
            tracing::info!(
                mail = mail.id,
                message_id = mail.message_id,
                code = attempt.code,
                "sent"
            );
        }
        Settlement::Later(attempt, next) => {
            tracing::warn!(mail = mail.id, stage = attempt.stage, code = attempt.code, %next, "refused for now");
        }
        Settlement::Refused(attempt) | Settlement::Expired(attempt) => {
            tracing::error!(
                mail = mail.id,
                stage = attempt.stage,
                code = attempt.code,
                "refused for good; see `avstamd outbox show`"
            );
        }
        Settlement::Unknown(attempt, next) => {
            tracing::warn!(mail = mail.id, stage = attempt.stage, %next, "no answer after the final dot; the same bytes will be sent again");
        }
        Settlement::Held(attempt) => {
            tracing::error!(
                mail = mail.id,
                stage = attempt.stage,
                "uncertain too often; held, see `avstamd outbox show`"
            );
        }
        Settlement::Released(_) | Settlement::Withdrawn => {}
    }
}

impl Delivered {
    fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.refused += other.refused;
        self.later += other.later;
        self.held += other.held;
        self.withdrawn += other.withdrawn;
        self.relay = self.relay.take().or(other.relay);
    }
}

/// A lock whose holder panicked still guards sound data here: queues and counters.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
