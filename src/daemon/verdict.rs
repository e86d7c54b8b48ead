//! What a try means for its mail and for the round: pure, with every outcome as an argument.
//!
//! A refusal says something of a mail only where the relay is otherwise well. So the first refusals
//! of a round wait for a yes beside them: three in a row that are alike, and no yes, are the
//! relay's. And trouble in the middle of a transaction is taken for this mail's until it has come
//! three times in a row.

use jiff::{SignedDuration, Timestamp};

use super::deliver::{Delivered, RelayTrouble};
use super::post::Delivery;
use crate::mail::transport::Stage;
use crate::plan::backoff::{GIVE_UP_AFTER, Trouble, UNCERTAIN_RESENDS, next_try};
use crate::store::{Attempt, Claimed, Settlement};

/// So many alike in a row, with no yes between them, are no accident.
const IN_A_ROW: usize = 3;

/// How a round has gone so far.
#[derive(Debug, Default)]
pub struct Judge {
    /// What it came to.
    pub delivered: Delivered,
    lanes: usize,
    troubles: usize,
    /// Refusals that wait for a yes beside them.
    refused: Vec<(i64, Attempt)>,
}

/// What is to be written down, and what comes of it.
#[derive(Debug, Default)]
pub struct Judgement {
    /// Mails and what became of them.
    pub settled: Vec<(i64, Settlement)>,
    /// The relay's trouble: nobody goes on.
    pub round_is_over: bool,
    /// This lane ends; the others go on.
    pub lane_ends: bool,
}

impl Judge {
    /// A lane begins to work.
    pub fn lane_begins(&mut self) {
        self.lanes += 1;
    }

    /// A lane has ended.
    pub fn lane_ends(&mut self) {
        self.lanes = self.lanes.saturating_sub(1);
    }

    /// What became of a mail, and what that means for the round.
    pub fn judge(&mut self, mail: &Claimed, delivery: Delivery, now: Timestamp) -> Judgement {
        match delivery {
            Delivery::Accepted(attempt) => {
                self.troubles = 0;
                let mut judgement = self.refuse_those_waiting();
                self.settle(&mut judgement, mail, Settlement::Sent(attempt));
                judgement
            }
            Delivery::Permanent(attempt) => self.refused(mail, attempt),
            Delivery::Temporary(attempt) => {
                let mut judgement = Judgement::default();
                let settlement = self.later(mail, attempt, now);
                self.settle(&mut judgement, mail, settlement);
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

    /// The round is over. Refusals that still wait for a yes are taken as they are, unless it was
    /// the relay's trouble that ended it.
    pub fn end(&mut self) -> Judgement {
        if self.delivered.relay.is_some() && self.delivered.sent == 0 {
            return self.release_those_waiting();
        }
        self.refuse_those_waiting()
    }

    fn release_those_waiting(&mut self) -> Judgement {
        let later = |attempt: &Attempt| next_try(Trouble::Relay, 1, attempt.at);
        let waiting = std::mem::take(&mut self.refused).into_iter();
        let settled = waiting
            .map(|(id, attempt)| (id, Settlement::Released(later(&attempt))))
            .collect();
        Judgement {
            settled,
            ..Judgement::default()
        }
    }

    fn trouble(
        &mut self,
        mail: &Claimed,
        (attempt, stage, login): (Attempt, Stage, bool),
        now: Timestamp,
    ) -> Judgement {
        let mut judgement = Judgement::default();
        let in_transaction = stage > Stage::MailFrom && !login;
        if in_transaction {
            // Perhaps this mail's: it goes behind the others.
            let settlement = self.later(mail, attempt.clone(), now);
            self.settle(&mut judgement, mail, settlement);
            self.strike(&mut judgement, attempt);
            return judgement;
        }
        self.settle(&mut judgement, mail, Settlement::Released(now));
        if self.lanes > 1 && !login {
            // The relay takes fewer connections than we are allowed; the others go on.
            judgement.lane_ends = true;
            return judgement;
        }
        self.end_by(&mut judgement, RelayTrouble { attempt, login });
        judgement
    }

    fn refused(&mut self, mail: &Claimed, attempt: Attempt) -> Judgement {
        let mut judgement = Judgement::default();
        if self.delivered.sent > 0 {
            self.settle(&mut judgement, mail, Settlement::Refused(attempt));
            return judgement;
        }
        let alike = self
            .refused
            .iter()
            .all(|(_, other)| is_alike(other, &attempt));
        self.refused.push((mail.id, attempt.clone()));
        if !alike {
            return self.refuse_those_waiting();
        }
        if self.refused.len() >= IN_A_ROW {
            judgement = self.release_those_waiting();
            let login = false;
            self.end_by(&mut judgement, RelayTrouble { attempt, login });
        }
        judgement
    }

    fn refuse_those_waiting(&mut self) -> Judgement {
        let mut judgement = Judgement::default();
        for (id, attempt) in std::mem::take(&mut self.refused) {
            let settlement = Settlement::Refused(attempt);
            self.delivered.count(&settlement);
            log(id, "", &settlement);
            judgement.settled.push((id, settlement));
        }
        judgement
    }

    /// Refused for now. Given up after days of it, but only where the relay takes other mail.
    fn later(&self, mail: &Claimed, attempt: Attempt, now: Timestamp) -> Settlement {
        let since = mail.first_refused.map_or(SignedDuration::ZERO, |first| {
            now.duration_since(first).max(SignedDuration::ZERO)
        });
        if since >= GIVE_UP_AFTER && (self.delivered.sent > 0 || attempt.code.is_some()) {
            return Settlement::Expired(attempt);
        }
        let next = next_try(Trouble::Message, mail.attempts + 1, now);
        Settlement::Later(attempt, next)
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

/// The same answer but for whom it names: code, and the first word where that is an enhanced code.
fn is_alike(one: &Attempt, other: &Attempt) -> bool {
    let enhanced = |attempt: &Attempt| {
        let first = attempt.reply.split_whitespace().next().unwrap_or_default();
        let is_code = first.contains('.') && first.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        is_code.then(|| first.to_owned())
    };
    one.code.is_some() && one.code == other.code && enhanced(one) == enhanced(other)
}

impl Delivered {
    /// Adds what became of one mail.
    pub fn count(&mut self, settlement: &Settlement) {
        match settlement {
            Settlement::Sent(_) => self.sent += 1,
            Settlement::Refused(_) | Settlement::Expired(_) => self.refused += 1,
            Settlement::Later(..) | Settlement::Unknown(..) => self.later += 1,
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
            frozen: None,
            lines: Vec::new(),
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
            Settlement::Released(_) => "released",
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
        let judgement = judge.judge(&mail(3), no("5.1.1 unknown"), NOW);
        assert_eq!(kinds(&judgement), [(3, "refused")]);
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
    fn different_refusals_are_each_their_own() {
        let mut judge = Judge::default();
        judge.judge(&mail(1), no("5.1.1 unknown"), NOW);
        let judgement = judge.judge(&mail(2), no("5.2.1 disabled"), NOW);
        assert_eq!(kinds(&judgement), [(1, "refused"), (2, "refused")]);
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

    #[test]
    fn a_lane_that_is_not_let_in_leaves_the_others_at_work() {
        let mut judge = Judge::default();
        judge.lane_begins();
        judge.lane_begins();
        let judgement = judge.judge(&mail(1), trouble(Stage::Greeting), NOW);
        assert_eq!(kinds(&judgement), [(1, "released")]);
        assert!(judgement.lane_ends && !judgement.round_is_over);
        judge.lane_ends();
        let judgement = judge.judge(&mail(1), trouble(Stage::Connect), NOW);
        assert!(judgement.round_is_over, "the last one speaks for the relay");
    }

    #[test]
    fn five_days_are_counted_from_the_first_refusal() {
        let later = |first: Option<i64>| {
            let mut mail = mail(1);
            let day = |day: i64| Timestamp::from_second(day * 86_400).unwrap();
            mail.first_refused = first.map(day);
            let refused = Delivery::Temporary(attempt(Some(450), "4.2.0 later"));
            kinds(&Judge::default().judge(&mail, refused, day(10)))[0].1
        };
        assert_eq!(later(None), "later");
        assert_eq!(later(Some(6)), "later");
        assert_eq!(later(Some(5)), "expired");
    }
}
