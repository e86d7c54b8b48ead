//! The courier's sign of life, for whoever watches over it.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::deliver::lock;

/// Longer than every stage of one mail's way may take, one after the other: a kept connection that
/// died, a new one with TLS and a login in three steps, and the mail come to about 70 minutes
/// (`transport::Deadlines`). Whoever has shown no sign of life for so long hangs.
const LONGEST: Duration = Duration::from_secs(90 * 60);

/// Since when what is under way has been so.
#[derive(Debug, Default)]
pub struct Pulse {
    since: Mutex<Option<Instant>>,
}

impl Pulse {
    /// Another step is begun.
    pub fn moves(&self) {
        *lock(&self.since) = Some(Instant::now());
    }

    /// There is nothing to do.
    pub fn rests(&self) {
        *lock(&self.since) = None;
    }

    /// Whether a step has been under way for so long that it will never end.
    pub fn is_stuck(&self) -> bool {
        self.is_stuck_at(Instant::now())
    }

    fn is_stuck_at(&self, now: Instant) -> bool {
        lock(&self.since).is_some_and(|since| now.saturating_duration_since(since) > LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::transport::Deadlines;

    #[test]
    fn a_mail_may_take_all_its_deadlines() {
        let deadlines = Deadlines::default();
        // The name, two addresses and two handshakes.
        let connecting = deadlines.connect * 5;
        // MAIL where the old connection was dead; the greeting, EHLO, STARTTLS and EHLO; AUTH LOGIN
        // with its two questions; MAIL and RCPT.
        let commands = deadlines.command * (1 + 4 + 3 + 2);
        // The content and its dot are written one after the other.
        let message = deadlines.data + deadlines.content * 2 + deadlines.final_dot;
        // RSET, QUIT and its answer.
        let leave = deadlines.courtesy * 3;
        assert!(LONGEST > connecting + commands + message + leave);
    }

    #[test]
    fn fault_84_a_courier_that_hangs_is_told_from_one_that_is_slow_or_has_nothing_to_do() {
        let pulse = Pulse::default();
        let later = |seconds| Instant::now() + Duration::from_secs(seconds);
        assert!(!pulse.is_stuck_at(later(100_000)), "it has nothing to do");
        pulse.moves();
        assert!(!pulse.is_stuck_at(later(5_300)), "a slow relay");
        assert!(pulse.is_stuck_at(later(5_500)));
        pulse.rests();
        assert!(!pulse.is_stuck_at(later(100_000)));
    }
}
