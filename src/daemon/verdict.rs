//! What a try means for its mail and for the round: pure, with every outcome as an argument.
//!
//! A refusal says something of a mail only where the relay is otherwise well. So refusals wait for
//! a yes beside them: three in a row, and no yes yet, are the relay's; five where it has taken mail
//! before, for it may have reached the end of what it takes. A no comes sooner than a yes, so for
//! each other lane, whose mail may be on its way to one, there may be one more. Only where it tells
//! one address from another (unknown here, closed there) is it believed without a yes. What the
//! relay holds against us it may say of each recipient: such a refusal waits beside the others, and
//! no mail is ever given up for it. A refusal that was not believed is tried again behind the other
//! mails, and believed when they have shown that the relay is well. And a connection that breaks in
//! the middle of a transaction is taken for this mail's trouble until that has come three times in
//! a row.
//!
//! What is refused for now waits in the same way: alike in a row, and no yes between, it is the
//! relay's, from the second try of a mail on, for a relay with a grey list refuses every first one.
//! Given up for it is only who has been tried often, also on days on which the relay took others:
//! after a day or two of such it is the mail's own.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::deliver::{Delivered, RelayTrouble};
use super::post::Delivery;
use crate::mail::transport::Stage;
use crate::plan::backoff::{GIVE_UP_AFTER, Trouble, UNCERTAIN_RESENDS, next_try};
use crate::store::{Attempt, Claimed, Doubted, Settlement};

/// So many in a row, with no yes between them, are no accident.
const IN_A_ROW: usize = 3;

/// So many refusals in a row, after a yes: a closed school's addresses may be a few.
const IN_A_ROW_AFTER_YES: usize = 5;

/// Tries before a mail is given up for being refused for now: days alone are none, for over quiet
/// weeks nothing is tried.
const GIVE_UP_TRIES: u32 = 8;

/// Days of such tries on which the relay took others. One may be the day on which it fell ill, and
/// one the day on which it was mended.
const GIVE_UP_WELL_DAYS: u32 = 3;

/// From so many such days on, a mail's being refused for now says nothing of the relay.
const ITS_OWN_FROM: u32 = 2;

/// An unknown address that has been called so for so long is one.
const BELIEVED_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// How a round has gone so far.
#[derive(Debug, Default)]
pub struct Judge {
    /// What it came to.
    pub delivered: Delivered,
    /// Lanes at work.
    pub lanes: usize,
    troubles: usize,
    /// Refusals for now with no yes since, of mails that may be put off for the relay's sake.
    put_off: Vec<Attempt>,
    /// One of a mail that has been tried often: it is told, however few there are.
    put_off_often: Option<Attempt>,
    /// Refusals that wait for a yes beside them.
    refused: Vec<Refusal>,
    /// How many refusals have been heard, and how many had been when each try began.
    heard: usize,
    begun: BTreeMap<i64, usize>,
}

/// A refusal that waits for a yes beside it.
#[derive(Debug)]
struct Refusal {
    mail: i64,
    /// Which of those heard it is.
    number: usize,
    attempt: Attempt,
    /// When it is tried again, should it be the relay's.
    next: Timestamp,
    /// It has been said of this address before, and holds also where nothing else was heard.
    again: bool,
    /// It is held against us: nobody's address is bad for it.
    ours: bool,
    /// The relay has taken other mail since it first said so: it is in no trouble.
    alone: bool,
}

/// What is to be written down, and what comes of it.
#[derive(Debug, Default)]
pub struct Judgement {
    /// Mails and what became of them.
    pub settled: Vec<(i64, Settlement)>,
    /// The relay's trouble: nobody goes on.
    pub round_is_over: bool,
    /// This lane ends, and is counted no more; the others go on.
    pub lane_ends: bool,
}

impl Judge {
    /// A lane begins to work.
    pub fn lane_begins(&mut self) {
        self.lanes += 1;
    }

    /// A lane has ended, by itself.
    pub fn lane_ends(&mut self) {
        self.lanes = self.lanes.saturating_sub(1);
    }

    /// A mail's try begins.
    pub fn begins(&mut self, mail: &Claimed) {
        self.begun.insert(mail.id, self.heard);
    }

    /// What became of a mail, and what that means for the round.
    pub fn judge(&mut self, mail: &Claimed, delivery: Delivery, now: Timestamp) -> Judgement {
        let begun = self.begun.remove(&mail.id).unwrap_or(self.heard);
        match delivery {
            Delivery::Accepted(attempt) => {
                self.troubles = 0;
                self.put_off.clear();
                // A yes that began before a refusal shows nothing of the relay since.
                let mut judgement = self.believe(|refusal| refusal.number <= begun);
                self.settle(&mut judgement, mail, Settlement::Sent(attempt));
                judgement
            }
            Delivery::Permanent(attempt) => self.refused(mail, attempt, false, now),
            Delivery::Temporary(attempt) => {
                let mut judgement = Judgement::default();
                self.settle(&mut judgement, mail, later(mail, attempt.clone(), now));
                self.put_off(&mut judgement, mail, attempt);
                judgement
            }
            Delivery::Unknown(attempt) => {
                let mut judgement = Judgement::default();
                let settlement = if mail.uncertain >= UNCERTAIN_RESENDS {
                    Settlement::Held(attempt.clone())
                } else {
                    let next = next_try(Trouble::Uncertain, mail.uncertain + 1, now);
                    Settlement::Unknown(attempt.clone(), next)
                };
                self.settle(&mut judgement, mail, settlement);
                self.strike(&mut judgement, attempt);
                judgement
            }
            Delivery::Relay {
                attempt,
                stage,
                login,
            } => self.trouble(mail, (attempt, stage, login), now),
        }
    }

    /// The round is over. Refusals that still wait for a yes are taken as they are, unless the
    /// relay is in trouble: that also shows where nothing but refusals of ourselves was heard, or
    /// of what it has put off often.
    pub fn end(&mut self) -> Judgement {
        let mut waiting = self.refused.iter();
        let ours = waiting.find(|refusal| refusal.ours && !refusal.alone);
        let relays = ours.map(|refusal| &refusal.attempt);
        if let (0, Some(attempt)) = (self.delivered.sent, relays.or(self.put_off_often.as_ref())) {
            let (attempt, login) = (attempt.clone(), false);
            self.end_by(&mut Judgement::default(), RelayTrouble { attempt, login });
        }
        if self.delivered.relay.is_some() {
            return self.release_those_waiting();
        }
        self.believe(|_| true)
    }

    fn release_those_waiting(&mut self) -> Judgement {
        self.settle_those_waiting(|refusal| refusal.again)
    }

    fn trouble(
        &mut self,
        mail: &Claimed,
        (attempt, stage, login): (Attempt, Stage, bool),
        now: Timestamp,
    ) -> Judgement {
        let from_rcpt_on = stage >= Stage::RcptTo && stage <= Stage::FinalDot && !login;
        if from_rcpt_on && attempt.code.is_some() {
            return self.refused(mail, attempt, true, now);
        }
        let mut judgement = Judgement::default();
        if from_rcpt_on {
            // The connection broke, perhaps for this mail's sake: it goes behind the others.
            let next = next_try(Trouble::Message, mail.attempts + 1, now);
            self.settle(
                &mut judgement,
                mail,
                Settlement::Later(attempt.clone(), next),
            );
            self.strike(&mut judgement, attempt);
            return judgement;
        }
        self.settle(&mut judgement, mail, Settlement::Released(now));
        if self.lanes > 1 && stage < Stage::RcptTo && !login {
            // The relay takes fewer connections than we are allowed; the others go on. This one is
            // out from here on: of two that fail together the second speaks for the relay.
            judgement.lane_ends = true;
            self.lane_ends();
            return judgement;
        }
        self.end_by(&mut judgement, RelayTrouble { attempt, login });
        judgement
    }

    fn refused(
        &mut self,
        mail: &Claimed,
        attempt: Attempt,
        ours: bool,
        now: Timestamp,
    ) -> Judgement {
        let mut judgement = Judgement::default();
        let belief = belief(mail, &attempt, self.delivered.sent);
        // Our own words of a mail are believed.
        if attempt.code.is_none() || (belief == Belief::Sure && !ours) {
            self.settle(&mut judgement, mail, Settlement::Refused(attempt));
            return judgement;
        }
        let differs = |other: &Refusal| !other.ours && !is_alike(&other.attempt, &attempt);
        let differ = !ours && self.refused.iter().any(differs);
        self.heard += 1;
        self.refused.push(Refusal {
            mail: mail.id,
            number: self.heard,
            attempt: attempt.clone(),
            next: next_try(Trouble::Message, mail.attempts + 1, now),
            again: belief == Belief::Again && !ours,
            ours,
            alone: alike(mail, &attempt).any(|doubted| doubted.taken_since),
        });
        if differ {
            judgement =
                self.believe(|refusal| !refusal.ours && names_the_recipient(&refusal.attempt));
        }
        if self.refused.len() >= self.in_a_row() {
            judgement
                .settled
                .extend(self.release_those_waiting().settled);
            let login = false;
            self.end_by(&mut judgement, RelayTrouble { attempt, login });
        }
        judgement
    }

    /// The relay was well when it said `which`: those of a mail hold, those held against us are
    /// tried again. The others wait on.
    fn believe(&mut self, which: impl Fn(&Refusal) -> bool) -> Judgement {
        let waiting = std::mem::take(&mut self.refused).into_iter();
        let (believed, others) = waiting.partition(which);
        self.refused = believed;
        let judgement = self.settle_those_waiting(|refusal| !refusal.ours);
        self.refused = others;
        judgement
    }

    fn settle_those_waiting(&mut self, believes: impl Fn(&Refusal) -> bool) -> Judgement {
        let mut judgement = Judgement::default();
        for refusal in std::mem::take(&mut self.refused) {
            let settlement = if believes(&refusal) {
                Settlement::Refused(refusal.attempt)
            } else {
                Settlement::Doubted(refusal.attempt, refusal.next)
            };
            self.delivered.count(&settlement);
            log(refusal.mail, "", &settlement);
            judgement.settled.push((refusal.mail, settlement));
        }
        judgement
    }

    /// Refused for now: the relay's trouble where that has come in a row.
    fn put_off(&mut self, judgement: &mut Judgement, mail: &Claimed, attempt: Attempt) {
        if mail.attempts == 0 || mail.well_days >= ITS_OWN_FROM {
            return;
        }
        if mail.attempts + 1 >= GIVE_UP_TRIES && mail.well_days == 0 {
            self.put_off_often.get_or_insert_with(|| attempt.clone());
        }
        self.put_off.push(attempt.clone());
        let others = self.put_off.iter();
        let in_a_row = others.filter(|other| is_alike(other, &attempt)).count();
        if in_a_row >= self.in_a_row() {
            let login = false;
            self.end_by(judgement, RelayTrouble { attempt, login });
        }
    }

    /// So many in a row are the relay's.
    fn in_a_row(&self) -> usize {
        let in_a_row = match self.delivered.sent {
            0 => IN_A_ROW,
            _ => IN_A_ROW_AFTER_YES,
        };
        in_a_row + self.lanes.saturating_sub(1)
    }

    fn strike(&mut self, judgement: &mut Judgement, attempt: Attempt) {
        self.troubles += 1;
        if self.troubles >= IN_A_ROW {
            let login = false;
            self.end_by(judgement, RelayTrouble { attempt, login });
        }
    }

    fn end_by(&mut self, judgement: &mut Judgement, trouble: RelayTrouble) {
        judgement.round_is_over = true;
        self.delivered.relay.get_or_insert(trouble);
    }

    fn settle(&mut self, judgement: &mut Judgement, mail: &Claimed, settlement: Settlement) {
        self.delivered.count(&settlement);
        log(mail.id, &mail.message_id, &settlement);
        judgement.settled.push((mail.id, settlement));
    }
}

/// Refused for now. Given up after days and many tries, but only where the relay took other mail.
fn later(mail: &Claimed, attempt: Attempt, now: Timestamp) -> Settlement {
    let first = mail.first_refused;
    let days = first.is_some_and(|first| now.duration_since(first) >= GIVE_UP_AFTER);
    let its_own = mail.well_days >= GIVE_UP_WELL_DAYS;
    if days && its_own && mail.attempts + 1 >= GIVE_UP_TRIES {
        return Settlement::Expired(attempt);
    }
    let next = next_try(Trouble::Message, mail.attempts + 1, now);
    Settlement::Later(attempt, next)
}

/// What an earlier refusal of a mail adds to a new one that is like it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Belief {
    /// Nothing.
    None,
    /// The address has been called unknown long enough.
    Again,
    /// The relay has taken other mail meanwhile: it is this mail's.
    Sure,
}

fn belief(mail: &Claimed, attempt: &Attempt, sent: usize) -> Belief {
    let belief = |doubted: &Doubted| {
        let since = attempt.at.duration_since(doubted.attempt.at);
        let taken = sent > 0 || doubted.taken_since;
        let unknown = names_the_recipient(attempt);
        match (unknown, taken) {
            (true, true) => Belief::Sure,
            (true, false) if since >= BELIEVED_AFTER => Belief::Again,
            // Words of its own may speak of us: only days of them tell.
            (false, true) if since >= GIVE_UP_AFTER => Belief::Sure,
            _ => Belief::None,
        }
    };
    alike(mail, attempt)
        .map(belief)
        .max()
        .unwrap_or(Belief::None)
}

/// The earlier refusals of a mail that are like this one.
fn alike<'a>(mail: &'a Claimed, attempt: &'a Attempt) -> impl Iterator<Item = &'a Doubted> {
    let doubted = mail.doubted.iter();
    doubted.filter(|doubted| is_alike(&doubted.attempt, attempt))
}

/// Whether a refusal can mean nothing but this address (RFC 3463): no such mailbox, no such domain,
/// or one that is closed.
fn names_the_recipient(attempt: &Attempt) -> bool {
    let unknown = ["5.1.1", "5.1.2", "5.1.3", "5.1.10", "5.2.1"];
    enhanced(attempt).is_some_and(|code| unknown.contains(&code))
}

/// The same answer but for whom it names: code, and the first word where that is an enhanced code.
fn is_alike(one: &Attempt, other: &Attempt) -> bool {
    one.code.is_some() && one.code == other.code && enhanced(one) == enhanced(other)
}

/// The enhanced code that a reply begins with.
fn enhanced(attempt: &Attempt) -> Option<&str> {
    let first = attempt.reply.split_whitespace().next()?;
    let is_code = first.contains('.') && first.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    is_code.then_some(first)
}

impl Delivered {
    /// Adds what became of one mail.
    pub fn count(&mut self, settlement: &Settlement) {
        match settlement {
            Settlement::Sent(_) => self.sent += 1,
            Settlement::Refused(_) | Settlement::Expired(_) => self.refused += 1,
            Settlement::Later(..) | Settlement::Doubted(..) | Settlement::Unknown(..) => {
                self.later += 1
            }
            Settlement::Held(_) => self.held += 1,
            Settlement::Withdrawn => self.withdrawn += 1,
            Settlement::Released(_) => {}
        }
    }
}

/// One line a mail, told where it is decided. Addresses and texts stay out of it.
fn log(mail: i64, message_id: &str, settlement: &Settlement) {
    match settlement {
        Settlement::Sent(attempt) => {
            tracing::info!(mail, message_id, code = attempt.code, "sent");
        }
        Settlement::Later(attempt, next) => {
            tracing::warn!(mail, stage = attempt.stage, code = attempt.code, %next, "refused for now");
        }
        Settlement::Doubted(attempt, next) => {
            tracing::warn!(mail, stage = attempt.stage, code = attempt.code, %next, "refused, perhaps for the relay's sake; tried again");
        }
        Settlement::Refused(attempt) | Settlement::Expired(attempt) => {
            tracing::error!(
                mail,
                stage = attempt.stage,
                code = attempt.code,
                "refused for good; see `avstamd outbox show`"
            );
        }
        Settlement::Unknown(attempt, next) => {
            tracing::warn!(mail, stage = attempt.stage, %next, "no answer after the final dot; the same bytes will be sent again");
        }
        Settlement::Held(attempt) => {
            tracing::error!(
                mail,
                stage = attempt.stage,
                "uncertain too often; held, see `avstamd outbox show`"
            );
        }
        Settlement::Released(_) | Settlement::Withdrawn => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follow_up::PersonId;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn mail(id: i64) -> Claimed {
        Claimed {
            id,
            person: PersonId::new(format!("p{id}")),
            message_id: format!("{id}@prov.example"),
            attempts: 0,
            uncertain: 0,
            first_refused: None,
            well_days: 0,
            doubted: Vec::new(),
            frozen: None,
            lines: Vec::new(),
            call: None,
            follows: false,
        }
    }

    fn attempt(code: Option<u16>, reply: &str) -> Attempt {
        let (at, stage, reply) = (NOW, "RCPT TO".into(), reply.into());
        Attempt {
            at,
            stage,
            code,
            reply,
        }
    }

    fn no(reply: &str) -> Delivery {
        Delivery::Permanent(attempt(Some(550), reply))
    }

    fn trouble(stage: Stage) -> Delivery {
        Delivery::Relay {
            attempt: attempt(None, "the server closed the connection"),
            stage,
            login: false,
        }
    }

    fn kinds(judgement: &Judgement) -> Vec<(i64, &'static str)> {
        let kind = |settlement: &Settlement| match settlement {
            Settlement::Sent(_) => "sent",
            Settlement::Refused(_) => "refused",
            Settlement::Later(..) => "later",
            Settlement::Released(_) | Settlement::Doubted(..) => "released",
            Settlement::Expired(_) => "expired",
            Settlement::Unknown(..) => "unknown",
            Settlement::Held(_) => "held",
            Settlement::Withdrawn => "withdrawn",
        };
        let settled = judgement.settled.iter();
        settled.map(|(id, s)| (*id, kind(s))).collect()
    }

    #[test]
    fn a_refusal_waits_for_a_yes_beside_it() {
        let mut judge = Judge::default();
        assert_eq!(kinds(&judge.judge(&mail(1), no("5.1.1 unknown"), NOW)), []);
        let yes = Delivery::Accepted(attempt(Some(250), "ok"));
        let judgement = judge.judge(&mail(2), yes, NOW);
        assert_eq!(kinds(&judgement), [(1, "refused"), (2, "sent")]);
        assert_eq!(kinds(&judge.judge(&mail(3), no("5.1.1 unknown"), NOW)), []);
        assert_eq!(kinds(&judge.end()), [(3, "refused")]);
    }

    #[test]
    fn five_alike_in_a_row_after_a_yes_are_the_relays() {
        let yes = || Delivery::Accepted(attempt(Some(250), "ok"));
        let mut judge = Judge::default();
        judge.judge(&mail(1), yes(), NOW);
        for id in 2..=5 {
            assert_eq!(kinds(&judge.judge(&mail(id), no("enough"), NOW)), []);
        }
        let judgement = judge.judge(&mail(6), yes(), NOW);
        assert_eq!(judgement.settled.len(), 5, "a yes ends the row");
        assert_eq!(judge.delivered.refused, 4);
        for id in 7..=10 {
            assert!(!judge.judge(&mail(id), no("enough"), NOW).round_is_over);
        }
        let judgement = judge.judge(&mail(11), no("enough"), NOW);
        let of_five: Vec<_> = (7..=11).map(|id| (id, "released")).collect();
        assert_eq!(kinds(&judgement), of_five);
        assert!(judgement.round_is_over && judge.delivered.relay.is_some());
    }

    #[test]
    fn three_alike_and_no_yes_are_the_relays() {
        let mut judge = Judge::default();
        judge.judge(&mail(1), no("5.7.1 <a@b.example>: no"), NOW);
        judge.judge(&mail(2), no("5.7.1 <c@d.example>: no"), NOW);
        let judgement = judge.judge(&mail(3), no("5.7.1 <e@f.example>: no"), NOW);
        assert_eq!(
            kinds(&judgement),
            [(1, "released"), (2, "released"), (3, "released")]
        );
        assert!(judgement.round_is_over && judge.delivered.relay.is_some());
        assert_eq!(judge.delivered.refused, 0);
    }

    #[test]
    fn an_unknown_address_is_believed_when_it_was_called_so_before() {
        let refused = |reply: &str, minutes: i64, taken_since: bool, sent: usize| {
            let doubted = Doubted {
                attempt: attempt(Some(550), reply),
                taken_since,
            };
            let mail = Claimed {
                doubted: vec![doubted],
                ..mail(1)
            };
            let mut new = attempt(Some(550), reply);
            new.at = NOW + SignedDuration::from_mins(minutes);
            belief(&mail, &new, sent)
        };
        assert_eq!(refused("5.1.1 unknown", 5, false, 0), Belief::None);
        assert_eq!(refused("5.1.1 unknown", 5, true, 0), Belief::Sure);
        assert_eq!(refused("5.1.1 unknown", 5, false, 1), Belief::Sure);
        assert_eq!(refused("5.1.1 unknown", 60, false, 0), Belief::Again);
        assert_eq!(refused("go away", 60, true, 1), Belief::None);
        assert_eq!(refused("go away", 5 * 24 * 60, true, 0), Belief::Sure);
        assert_eq!(refused("go away", 5 * 24 * 60, false, 0), Belief::None);
    }

    #[test]
    fn different_refusals_are_each_their_own() {
        let mut judge = Judge::default();
        judge.judge(&mail(1), no("5.1.1 unknown"), NOW);
        let judgement = judge.judge(&mail(2), no("5.2.1 disabled"), NOW);
        assert_eq!(kinds(&judgement), [(1, "refused"), (2, "refused")]);
    }

    /// With several lanes the last yes may be told after the first no.
    #[test]
    fn a_yes_that_began_before_a_refusal_makes_no_address_bad() {
        let yes = Delivery::Accepted(attempt(Some(250), "ok"));
        let mut judge = Judge::default();
        judge.judge(&mail(1), no("go away"), NOW);
        judge.begins(&mail(2));
        judge.judge(&mail(3), no("go away"), NOW);
        let judgement = judge.judge(&mail(2), yes, NOW);
        assert_eq!(kinds(&judgement), [(1, "refused"), (2, "sent")]);
        for id in 4..=6 {
            judge.judge(&mail(id), no("go away"), NOW);
        }
        let judgement = judge.judge(&mail(7), no("go away"), NOW);
        let of_five: Vec<_> = [3, 4, 5, 6, 7].map(|id| (id, "released")).into();
        assert_eq!(kinds(&judgement), of_five);
    }

    /// A relay that has had enough still tells who is unknown.
    #[test]
    fn an_unknown_address_between_makes_no_other_bad() {
        let mut judge = Judge::default();
        let yes = Delivery::Accepted(attempt(Some(250), "ok"));
        judge.judge(&mail(1), yes, NOW);
        for id in 2..=4 {
            assert_eq!(kinds(&judge.judge(&mail(id), no("enough"), NOW)), []);
        }
        let judgement = judge.judge(&mail(5), no("5.1.1 unknown"), NOW);
        assert_eq!(kinds(&judgement), [(5, "refused")]);
        judge.judge(&mail(6), no("enough"), NOW);
        let judgement = judge.judge(&mail(7), no("enough"), NOW);
        assert_eq!(judgement.settled.len(), 5);
        assert!(judgement.round_is_over);
        assert_eq!(judge.delivered.refused, 1);
    }

    /// Every second address unknown: of two lanes one may hear several before the other's yes.
    #[test]
    fn refusals_heard_while_another_lane_sends_are_not_yet_in_a_row() {
        let mut judge = Judge::default();
        judge.lane_begins();
        judge.lane_begins();
        judge.begins(&mail(1));
        for id in 2..=4 {
            assert!(!judge.judge(&mail(id), no("go away"), NOW).round_is_over);
        }
        let judgement = judge.judge(&mail(5), no("go away"), NOW);
        assert!(judgement.round_is_over);
    }

    #[test]
    fn a_lone_refusal_is_taken_as_it_is_when_the_queue_ends() {
        let mut judge = Judge::default();
        judge.judge(&mail(1), no("5.1.1 unknown"), NOW);
        assert_eq!(kinds(&judge.end()), [(1, "refused")]);
    }

    #[test]
    fn a_mail_that_breaks_its_connection_stops_no_other() {
        let mut judge = Judge::default();
        let judgement = judge.judge(&mail(1), trouble(Stage::RcptTo), NOW);
        assert_eq!(kinds(&judgement), [(1, "later")]);
        assert!(!judgement.round_is_over && !judgement.lane_ends);
        judge.judge(&mail(2), trouble(Stage::Content), NOW);
        let judgement = judge.judge(&mail(3), trouble(Stage::Data), NOW);
        assert!(judgement.round_is_over, "three in a row are the relay's");
    }

    fn held_against_us(reply: &str) -> Delivery {
        Delivery::Relay {
            attempt: attempt(Some(554), reply),
            stage: Stage::RcptTo,
            login: false,
        }
    }

    #[test]
    fn what_is_held_against_us_gives_no_mail_up_and_is_told_however_few_there_are() {
        let mut judge = Judge::default();
        let old = Claimed {
            first_refused: Some(NOW),
            ..mail(1)
        };
        let late = NOW + GIVE_UP_AFTER * 2;
        let judgement = judge.judge(&old, held_against_us("5.7.1 Relay access denied"), late);
        assert_eq!(kinds(&judgement), []);
        assert_eq!(kinds(&judge.end()), [(1, "released")]);
        assert!(judge.delivered.relay.is_some());

        let mut judge = Judge::default();
        judge.judge(&mail(1), held_against_us("5.7.1 Relay access denied"), NOW);
        let yes = Delivery::Accepted(attempt(Some(250), "ok"));
        let judgement = judge.judge(&mail(2), yes, NOW);
        assert_eq!(kinds(&judgement), [(1, "released"), (2, "sent")]);
        judge.end();
        assert_eq!(judge.delivered.relay, None, "the relay is well");
    }

    /// A group that takes no mail from us is tried on, alone; that stops nobody's mail.
    #[test]
    fn one_recipient_closed_to_us_is_no_trouble_of_the_relays() {
        let reply = "5.7.133 sender not authenticated for group";
        let closed = Claimed {
            doubted: vec![Doubted {
                attempt: attempt(Some(554), reply),
                taken_since: true,
            }],
            ..mail(1)
        };
        let mut judge = Judge::default();
        judge.judge(&closed, held_against_us(reply), NOW + GIVE_UP_AFTER * 2);
        assert_eq!(kinds(&judge.end()), [(1, "released")]);
        assert_eq!(judge.delivered.relay, None);
    }

    #[test]
    fn a_broken_connection_gives_no_mail_up() {
        let old = Claimed {
            first_refused: Some(NOW),
            ..mail(1)
        };
        let mut judge = Judge::default();
        judge.delivered.sent = 1;
        let judgement = judge.judge(&old, trouble(Stage::Data), NOW + GIVE_UP_AFTER * 2);
        assert_eq!(kinds(&judgement), [(1, "later")]);
    }

    #[test]
    fn a_way_out_without_connections_fails_for_all_at_once() {
        for stage in [Stage::File, Stage::Sendmail] {
            let mut judge = Judge::default();
            judge.lane_begins();
            judge.lane_begins();
            let judgement = judge.judge(&mail(1), trouble(stage), NOW);
            assert_eq!(kinds(&judgement), [(1, "released")]);
            assert!(judgement.round_is_over && judge.delivered.relay.is_some());
        }
    }

    #[test]
    fn a_lane_that_is_not_let_in_leaves_the_others_at_work() {
        let mut judge = Judge::default();
        judge.lane_begins();
        judge.lane_begins();
        let judgement = judge.judge(&mail(1), trouble(Stage::Greeting), NOW);
        assert_eq!(kinds(&judgement), [(1, "released")]);
        assert!(judgement.lane_ends && !judgement.round_is_over);
        let judgement = judge.judge(&mail(1), trouble(Stage::Connect), NOW);
        assert!(judgement.round_is_over, "the last one speaks for the relay");
    }

    /// A lane takes its time to end; another that fails meanwhile is the last one all the same.
    #[test]
    fn of_two_lanes_that_fail_together_one_speaks_for_the_relay() {
        let mut judge = Judge::default();
        judge.lane_begins();
        judge.lane_begins();
        let judgement = judge.judge(&mail(1), trouble(Stage::Connect), NOW);
        assert!(judgement.lane_ends);
        let judgement = judge.judge(&mail(2), trouble(Stage::Connect), NOW);
        assert!(judgement.round_is_over && judge.delivered.relay.is_some());
    }

    fn put_off(reply: &str) -> Delivery {
        Delivery::Temporary(attempt(Some(451), reply))
    }

    /// A mail that has been tried so often.
    fn tried(id: i64, attempts: u32) -> Claimed {
        Claimed {
            attempts,
            first_refused: Some(NOW),
            ..mail(id)
        }
    }

    #[test]
    fn a_mail_is_given_up_after_many_tries_over_days_that_the_relay_took_others() {
        let day = |day: i64| Timestamp::from_second(day * 86_400).unwrap();
        let later = |attempts: u32, first: i64, well_days: u32| {
            let mail = Claimed {
                first_refused: Some(day(first)),
                well_days,
                ..tried(1, attempts)
            };
            kinds(&Judge::default().judge(&mail, put_off("4.2.0 later"), day(10)))[0].1
        };
        assert_eq!(later(7, 5, 3), "expired");
        assert_eq!(later(7, 6, 3), "later", "four days");
        assert_eq!(later(6, 5, 3), "later", "tried too seldom");
        assert_eq!(later(99, 0, 2), "later", "the relay was mostly ill");
    }

    #[test]
    fn put_off_alike_in_a_row_is_the_relays_and_nobodys_first_try_is() {
        let mut judge = Judge::default();
        for id in 1..=20 {
            let judgement = judge.judge(&mail(id), put_off("4.7.1 Greylisted"), NOW);
            assert!(!judgement.round_is_over, "a grey list puts off all");
        }
        judge.judge(&tried(21, 1), put_off("4.7.1 later"), NOW);
        judge.judge(&tried(22, 1), put_off("4.2.1 mailbox busy"), NOW);
        judge.judge(&tried(23, 1), put_off("4.7.1 later"), NOW);
        assert_eq!(judge.delivered.relay, None, "not alike");
        let judgement = judge.judge(&tried(24, 1), put_off("4.7.1 later"), NOW);
        assert_eq!(kinds(&judgement), [(24, "later")]);
        assert!(judgement.round_is_over && judge.delivered.relay.is_some());
    }

    #[test]
    fn a_yes_between_or_earlier_makes_it_the_mails_own() {
        let mut judge = Judge::default();
        for id in 1..=12 {
            judge.judge(&tried(id, 1), put_off("4.7.1 later"), NOW);
            if id % 2 == 0 {
                let yes = Delivery::Accepted(attempt(Some(250), "ok"));
                judge.judge(&mail(100 + id), yes, NOW);
            }
        }
        for id in 21..=30 {
            let mail = Claimed {
                well_days: 2,
                ..tried(id, 9)
            };
            judge.judge(&mail, put_off("4.7.1 later"), NOW);
        }
        judge.end();
        assert_eq!(judge.delivered.relay, None);
    }

    #[test]
    fn a_lone_mail_put_off_often_is_told_as_the_relays() {
        for (attempts, well_days, relays) in [(6, 0, false), (7, 0, true), (7, 1, false)] {
            let mail = Claimed {
                well_days,
                ..tried(1, attempts)
            };
            let mut judge = Judge::default();
            judge.judge(&mail, put_off("4.7.1 later"), NOW);
            judge.end();
            assert_eq!(judge.delivered.relay.is_some(), relays, "{attempts}");
        }
    }
}
