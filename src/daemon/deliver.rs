//! Deliver: what is written down is sent until the server says yes or no.
//!
//! A round keeps a few lanes busy, each with a connection of its own. One that finds nothing ready
//! claims what the limit a minute lets go now, renders it from what is so now and stores the bytes,
//! for all: what hangs in one lane is one mail. Nothing that waits has been put into words, and no
//! transaction is held across the network. The first lane opens its connection alone, so that a
//! wrong password is tried once; the others join it when the relay has taken it in. The round ends
//! with the queue, with the day, or with the relay: then what was not tried waits, uncounted, and
//! the caller pauses.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::civil::Date;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::clock::{Belief, Clock};
use super::mask::masked;
use super::office::{Office, OfficeError};
use super::pace::{Pace, Places};
use super::post::{Counter, Delivery, Post};
use super::pulse::Pulse;
use super::render::{Outcome, read_slices, render};
use super::verdict::{Judge, Judgement};
use super::watch::Scales;
use crate::config::Settings;
use crate::plan::backoff::{Trouble, UNCERTAIN_RESENDS, next_try};
use crate::plan::{Slot, slot};
use crate::store::{Attempt, Claimed, Prepared, Settlement, UNWORDED};

/// Mails that are claimed at a time: few enough to be fresh when they leave, enough to save writes.
const BATCH: usize = 16;

/// The wait between tries to write down what became of a mail, and the tries of a single round.
const WRITE_AGAIN: Duration = Duration::from_secs(5);
const WRITES_OF_ONE_ROUND: u32 = 6;

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
    /// The clock, and whether it may be believed.
    pub clock: Clock,
    /// The clock's credit.
    pub belief: Arc<Belief>,
    /// The sign of life.
    pub pulse: Arc<Pulse>,
    /// The limit a minute, shared between lanes; files have none.
    pub pace: Option<Arc<Mutex<Pace>>>,
    /// Changes when the round is to be left: what is in flight ends, nothing new begins.
    pub leave: watch::Receiver<u64>,
    /// Whether what became of a mail is written down however long that takes. A single round of the
    /// command line gives up after half a minute.
    pub insists: bool,
}

impl Round {
    /// This round in place of `old`: what has left in the last minute still counts.
    pub fn after(self, old: &Self) -> Self {
        if let (Some(pace), Some(old)) = (&self.pace, &old.pace) {
            lock(pace).count_from(&lock(old));
        }
        self
    }

    fn is_left(&self) -> bool {
        // An error means that nobody is left who could say so.
        self.leave.has_changed().unwrap_or(false)
    }
}

/// How the lanes stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    /// The first lane has not been taken in yet.
    Shut,
    /// The others may join.
    Open,
    /// The round is over.
    Over,
}

/// Mails claimed and put into words, for whichever lane comes first, their places in the minute, and
/// what is held of the day.
struct Ready {
    mails: VecDeque<(Claimed, Prepared)>,
    places: Places,
    scales: Scales,
}

/// What the lanes of a round share.
struct Desk {
    round: Round,
    ready: tokio::sync::Mutex<Ready>,
    judge: Mutex<Judge>,
    gate: watch::Sender<Gate>,
}

/// Claims and sends until nothing is due, mail may no longer leave today, the relay fails or the
/// round is left. There is only ever one round at a time.
///
/// # Errors
/// A database refused. What was claimed is found again by the next round.
pub async fn deliver(round: &Round) -> Result<Delivered, OfficeError> {
    let now = round.clock.now();
    // Nothing is under way now: what is still claimed was left behind by an error.
    round.office.ledger.recover(now, UNCERTAIN_RESENDS).await?;
    let desk = Arc::new(Desk {
        round: round.clone(),
        ready: tokio::sync::Mutex::new(Ready {
            mails: VecDeque::new(),
            places: Places::unlimited(0),
            scales: Scales::default(),
        }),
        judge: Mutex::default(),
        gate: watch::Sender::new(Gate::Shut),
    });
    let mut lanes = JoinSet::new();
    for number in 0..round.office.settings.transport.connections {
        lanes.spawn(lane(Arc::clone(&desk), number == 0));
    }
    let mut failed = None;
    while let Some(lane) = lanes.join_next().await {
        match lane {
            Ok(Ok(())) => {}
            Ok(Err(error)) => failed = Some(error),
            // Its mail stays claimed; the next round finds it. The other lanes go on.
            Err(_) => tracing::error!("a fault in the program stopped one connection"),
        }
    }
    let judgements = lock(&desk.judge).end();
    desk.write_down(judgements).await?;
    desk.give_back().await?;
    let delivered = lock(&desk.judge).delivered.clone();
    failed.map_or(Ok(delivered), Err)
}

async fn lane(desk: Arc<Desk>, first: bool) -> Result<(), OfficeError> {
    if !first {
        let mut leave = desk.round.leave.clone();
        let mut gate = desk.gate.subscribe();
        tokio::select! {
            opened = gate.wait_for(|gate| *gate != Gate::Shut) => {
                if opened.is_ok_and(|gate| *gate == Gate::Over) {
                    return Ok(());
                }
            }
            Ok(()) = leave.changed() => return Ok(()),
        }
    }
    let mut at_work = AtWork::begin(&desk.judge, &desk.gate, first);
    let mut counter = desk.round.post.counter();
    let worked = desk.work(&mut counter, &mut at_work).await;
    drop(at_work);
    counter.close().await;
    worked
}

/// A lane while it works. However it ends, also by a panic, it is counted no more, and where it
/// was the first nobody waits at the gate for it.
struct AtWork<'a> {
    judge: &'a Mutex<Judge>,
    gate: &'a watch::Sender<Gate>,
    first: bool,
    counted: bool,
}

impl<'a> AtWork<'a> {
    fn begin(judge: &'a Mutex<Judge>, gate: &'a watch::Sender<Gate>, first: bool) -> Self {
        lock(judge).lane_begins();
        Self {
            judge,
            gate,
            first,
            counted: true,
        }
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        if self.counted {
            lock(self.judge).lane_ends();
        }
        if self.first {
            from_shut_to(self.gate, Gate::Over);
        }
    }
}

fn from_shut_to(gate: &watch::Sender<Gate>, next: Gate) {
    gate.send_if_modified(|gate| {
        let shut = *gate == Gate::Shut;
        if shut {
            *gate = next;
        }
        shut
    });
}

impl Desk {
    /// Whether another mail may be begun.
    fn goes_on(&self) -> bool {
        !self.round.is_left() && *self.gate.borrow() != Gate::Over
    }

    async fn work(
        &self,
        counter: &mut Counter,
        at_work: &mut AtWork<'_>,
    ) -> Result<(), OfficeError> {
        while let Some((mail, prepared)) = self.next().await? {
            if !self.send((counter, at_work), &mail, &prepared).await? {
                break;
            }
        }
        Ok(())
    }

    /// The next mail to be sent, if another may be begun. Whoever finds none ready claims some, and
    /// the others wait for that.
    async fn next(&self) -> Result<Option<(Claimed, Prepared)>, OfficeError> {
        let mut ready = self.ready.lock().await;
        while self.goes_on() {
            if let Some(next) = ready.mails.pop_front() {
                ready.places.leaves(Clock::System.now());
                return Ok(Some(next));
            }
            let Some(places) = self.places().await else {
                break;
            };
            let Some(mails) = self.claim(places.left(), &mut ready.scales).await? else {
                break;
            };
            ready.places = places;
            ready.places.keep(mails.len());
            ready.mails = mails;
        }
        Ok(None)
    }

    /// Claims up to `most` of what is due, renders it and stores the bytes, before anything is tried.
    /// `None` when nothing is due or mail may no longer leave today.
    async fn claim(
        &self,
        most: usize,
        scales: &mut Scales,
    ) -> Result<Option<VecDeque<(Claimed, Prepared)>>, OfficeError> {
        let Round {
            office,
            clock,
            belief,
            ..
        } = &self.round;
        let Settings {
            calendar, rules, ..
        } = &office.settings;
        // Asked anew each time: a long queue under a limit a minute may outlast the day.
        let Ok(now) = belief.now(clock) else {
            return Ok(None);
        };
        let Slot::Open(day) = slot(calendar, rules, calendar.local(now)) else {
            return Ok(None);
        };
        let hold = scales.hold(office, (now, day)).await?;
        let claimed = office.ledger.claim(now, day, most, hold).await?;
        if claimed.is_empty() {
            return Ok(None);
        }
        Ok(Some(self.prepare(claimed, day).await?))
    }

    async fn prepare(
        &self,
        claimed: Vec<Claimed>,
        day: Date,
    ) -> Result<VecDeque<(Claimed, Prepared)>, OfficeError> {
        let office = &self.round.office;
        let now = self.round.clock.now();
        let read = read_slices(office, &claimed, (now, day)).await?;
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
                Outcome::Nothing => settled.push((mail.id, Settlement::Withdrawn)),
                Outcome::Unworded(reason) => {
                    // Nobody's address is at fault, so nothing is counted against the mail.
                    let next = next_try(Trouble::Message, u32::MAX, now);
                    tracing::error!(
                        mail = mail.id,
                        reason = masked(&reason),
                        %next,
                        "a mail cannot be put into words and waits; run `avstamd check` and mend the templates"
                    );
                    let attempt = Attempt {
                        at: now,
                        stage: UNWORDED.into(),
                        code: None,
                        reply: reason,
                    };
                    office.ledger.unworded(mail.id, attempt).await?;
                    // The quality officer is told.
                    look_at.push(None);
                    lock(&self.judge).delivered.later += 1;
                    settled.push((mail.id, Settlement::Released(next)));
                }
                Outcome::Impossible { address, reason } => {
                    tracing::error!(
                        mail = mail.id,
                        reason = masked(&reason),
                        "a mail cannot be made and is set aside"
                    );
                    let attempt = Attempt {
                        at: now,
                        stage: "rendering".into(),
                        code: None,
                        reply: reason,
                    };
                    bytes.push((mail.id, Prepared::nothing(address)));
                    settled.push((mail.id, Settlement::Refused(attempt)));
                }
            }
        }
        office.ledger.prepare(bytes, withdrawn).await?;
        for (id, settlement) in settled {
            lock(&self.judge).delivered.count(&settlement);
            office.ledger.settle(id, settlement, now).await?;
        }
        if !look_at.is_empty() {
            look_at.dedup();
            office.ledger.look_at(look_at, Vec::new()).await?;
        }
        Ok(ready)
    }

    /// Sends one mail and writes down what became of it. Whether the lane goes on.
    async fn send(
        &self,
        (counter, at_work): (&mut Counter, &mut AtWork<'_>),
        mail: &Claimed,
        prepared: &Prepared,
    ) -> Result<bool, OfficeError> {
        let Round { office, clock, .. } = &self.round;
        let before_dot = || async {
            let now = clock.now();
            let day = office.settings.calendar.today(now);
            office.ledger.mark_dot(mail.id, now, day).await
        };
        self.round.pulse.moves();
        lock(&self.judge).begins(mail);
        // An error: it cannot be recorded, so nothing left.
        let delivery = counter
            .send(prepared, &mail.message_id, clock.now(), before_dot)
            .await?;
        let taken_in = !matches!(delivery, Delivery::Relay { .. });
        let judgements = lock(&self.judge).judge(mail, delivery, clock.now());
        let (over, lane_ends) = (judgements.round_is_over, judgements.lane_ends);
        at_work.counted = !lane_ends;
        // Before it is written down: nobody begins another meanwhile.
        if over {
            self.gate.send_replace(Gate::Over);
        }
        self.write_down(judgements).await?;
        if taken_in {
            from_shut_to(&self.gate, Gate::Open);
        }
        Ok(!over && !lane_ends)
    }

    /// Writes down what became of mails. Once a server has answered, that must not be forgotten: it
    /// is tried until it goes, and meanwhile this lane sends nothing more.
    async fn write_down(&self, judgement: Judgement) -> Result<(), OfficeError> {
        let mut tries = 0;
        for (id, settlement) in judgement.settled {
            let now = self.round.clock.now();
            while let Err(error) = (self.round.office.ledger)
                .settle(id, settlement.clone(), now)
                .await
            {
                tries += 1;
                if tries == 1 {
                    tracing::error!(mail = id, %error, "what became of a mail cannot be written down; it is tried until it can");
                }
                let gives_up = !self.round.insists && tries >= WRITES_OF_ONE_ROUND;
                if gives_up || self.round.is_left() {
                    return Err(error.into());
                }
                self.round.pulse.moves();
                tokio::time::sleep(WRITE_AGAIN).await;
            }
        }
        Ok(())
    }

    /// Mails that were claimed and not begun wait again.
    async fn give_back(&self) -> Result<(), OfficeError> {
        let now = self.round.clock.now();
        for (mail, _) in std::mem::take(&mut self.ready.lock().await.mails) {
            let ledger = &self.round.office.ledger;
            ledger
                .settle(mail.id, Settlement::Released(now), now)
                .await?;
        }
        Ok(())
    }

    /// Waits for places in the minute; `None` when the round ends first. Always by the real clock:
    /// the relay counts real minutes, also when the daemon is told that it is another time.
    async fn places(&self) -> Option<Places> {
        let Some(pace) = &self.round.pace else {
            return Some(Places::unlimited(BATCH));
        };
        let mut leave = self.round.leave.clone();
        let mut gate = self.gate.subscribe();
        loop {
            let wait = match Places::take(pace, Clock::System.now(), BATCH) {
                Ok(places) => return Some(places),
                Err(wait) => wait,
            };
            self.round.pulse.moves();
            tokio::select! {
                () = tokio::time::sleep(wait.unsigned_abs()) => {}
                Ok(()) = leave.changed() => return None,
                Ok(_) = gate.wait_for(|gate| *gate == Gate::Over) => return None,
            }
        }
    }
}

/// A lock whose holder panicked still guards sound data in this layer: counters, a line of text.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn a_first_lane_that_panics_leaves_nobody_at_the_gate() {
        let (judge, gate) = (Mutex::default(), watch::Sender::new(Gate::Shut));
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _at_work = AtWork::begin(&judge, &gate, true);
            panic!("on purpose");
        }));
        assert!(panicked.is_err());
        assert_eq!(*gate.borrow(), Gate::Over);
        // It is counted no more: a lane that fails now is the last one.
        let _other = AtWork::begin(&judge, &gate, false);
        assert_eq!(lock(&judge).lanes, 1);
    }
}
