//! A limit on how many messages leave in a minute.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// The messages of the last minute.
#[derive(Debug, Clone)]
pub struct Pace {
    per_minute: usize,
    sent: VecDeque<Timestamp>,
}

impl Pace {
    /// At most `per_minute` messages in any minute.
    pub fn new(per_minute: u32) -> Self {
        Self {
            per_minute: per_minute.max(1) as usize,
            sent: VecDeque::new(),
        }
    }

    /// Gives back places that were taken and not used.
    pub fn give_back(&mut self, places: usize) {
        self.sent.truncate(self.sent.len().saturating_sub(places));
    }

    /// Goes on from another limit: what has left in the last minute still counts.
    pub fn count_from(&mut self, other: &Self) {
        self.sent.clone_from(&other.sent);
    }

    /// Takes up to `most` places at `now`, at least one; or tells how long to wait for one.
    pub fn take(&mut self, now: Timestamp, most: usize) -> Result<usize, SignedDuration> {
        let minute = SignedDuration::from_mins(1);
        // A clock set back must not lock the place for longer than a minute.
        while self
            .sent
            .front()
            .is_some_and(|&first| first > now || now.duration_since(first) >= minute)
        {
            self.sent.pop_front();
        }
        let free = self.per_minute.saturating_sub(self.sent.len()).min(most);
        if free > 0 {
            self.sent.extend(std::iter::repeat_n(now, free));
            return Ok(free);
        }
        let oldest = self
            .sent
            .front()
            .map_or(SignedDuration::ZERO, |&first| now.duration_since(first));
        Err((minute - oldest).max(SignedDuration::from_millis(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_of_two_a_minute_waits_for_the_first_to_age() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let mut pace = Pace::new(2);
        assert_eq!(pace.take(at(0), 1), Ok(1));
        assert_eq!(pace.take(at(10), 1), Ok(1));
        assert_eq!(pace.take(at(20), 1), Err(SignedDuration::from_secs(40)));
        assert_eq!(pace.take(at(60), 1), Ok(1));
        assert_eq!(pace.take(at(61), 1), Err(SignedDuration::from_secs(9)));
    }

    #[test]
    fn several_places_are_taken_as_far_as_they_go_and_given_back() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let mut pace = Pace::new(5);
        assert_eq!(pace.take(at(0), 3), Ok(3));
        assert_eq!(pace.take(at(10), 16), Ok(2));
        pace.give_back(1);
        assert_eq!(pace.take(at(20), 16), Ok(1));
        assert_eq!(pace.take(at(20), 16), Err(SignedDuration::from_secs(40)));
    }

    #[test]
    fn a_new_limit_counts_what_has_left_under_the_old_one() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let mut old = Pace::new(2);
        assert_eq!(old.take(at(0), 1), Ok(1));
        let mut new = Pace::new(1);
        new.count_from(&old);
        assert_eq!(new.take(at(20), 1), Err(SignedDuration::from_secs(40)));
    }

    #[test]
    fn a_clock_set_back_does_not_stop_the_mail() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let mut pace = Pace::new(1);
        assert_eq!(pace.take(at(1_000_000), 1), Ok(1));
        assert_eq!(pace.take(at(10), 1), Ok(1));
    }
}
