//! A limit on how many messages leave in a minute.
//!
//! Whoever is about to claim mails takes places first, and each place counts from the instant its
//! message leaves: a slow relay does not make two minutes' messages fall into one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};

use super::deliver::lock;

/// The messages of the last minute, and the places taken for the next.
#[derive(Debug)]
pub struct Pace {
    per_minute: usize,
    taken: usize,
    sent: VecDeque<Timestamp>,
}

/// Places that were taken. Those that were not used are given back when it goes.
#[derive(Debug)]
pub struct Places {
    /// `None` where there is no limit.
    pace: Option<Arc<Mutex<Pace>>>,
    left: usize,
}

impl Places {
    /// So many places, where there is no limit.
    pub const fn unlimited(left: usize) -> Self {
        Self { pace: None, left }
    }

    /// Takes up to `most` places at `now`, at least one; or tells how long to wait for one.
    ///
    /// # Errors
    /// All are taken: the wait.
    pub fn take(
        pace: &Arc<Mutex<Pace>>,
        now: Timestamp,
        most: usize,
    ) -> Result<Self, SignedDuration> {
        let left = lock(pace).take(now, most)?;
        let pace = Some(Arc::clone(pace));
        Ok(Self { pace, left })
    }

    /// How many are left.
    pub const fn left(&self) -> usize {
        self.left
    }

    /// Gives back all but `most`.
    pub fn keep(&mut self, most: usize) {
        let back = self.left.saturating_sub(most);
        self.left -= back;
        if let Some(pace) = &self.pace {
            lock(pace).taken -= back;
        }
    }

    /// A message leaves at `now` on one of them.
    pub fn leaves(&mut self, now: Timestamp) {
        if self.left == 0 {
            return;
        }
        self.keep(self.left - 1);
        if let Some(pace) = &self.pace {
            lock(pace).sent.push_back(now);
        }
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        self.keep(0);
    }
}

impl Pace {
    /// At most `per_minute` messages in any minute.
    pub fn new(per_minute: u32) -> Self {
        Self {
            per_minute: per_minute.max(1) as usize,
            taken: 0,
            sent: VecDeque::new(),
        }
    }

    /// Goes on from another limit: what has left in the last minute still counts.
    pub fn count_from(&mut self, other: &Self) {
        self.sent.clone_from(&other.sent);
    }

    fn take(&mut self, now: Timestamp, most: usize) -> Result<usize, SignedDuration> {
        let minute = SignedDuration::from_mins(1);
        // A clock set back must not lock the place for longer than a minute.
        while self
            .sent
            .front()
            .is_some_and(|&first| first > now || now.duration_since(first) >= minute)
        {
            self.sent.pop_front();
        }
        let used = self.sent.len() + self.taken;
        let free = self.per_minute.saturating_sub(used).min(most);
        if free > 0 {
            self.taken += free;
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

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn pace(per_minute: u32) -> Arc<Mutex<Pace>> {
        Arc::new(Mutex::new(Pace::new(per_minute)))
    }

    /// Up to `most` messages that leave at once: how many, or how long to wait.
    fn send(pace: &Arc<Mutex<Pace>>, second: i64, most: usize) -> Result<usize, SignedDuration> {
        let mut places = Places::take(pace, at(second), most)?;
        let count = places.left();
        (0..count).for_each(|_| places.leaves(at(second)));
        Ok(count)
    }

    #[test]
    fn the_third_of_two_a_minute_waits_for_the_first_to_age() {
        let pace = pace(2);
        assert_eq!(send(&pace, 0, 1), Ok(1));
        assert_eq!(send(&pace, 10, 1), Ok(1));
        assert_eq!(send(&pace, 20, 1), Err(SignedDuration::from_secs(40)));
        assert_eq!(send(&pace, 60, 1), Ok(1));
        assert_eq!(send(&pace, 61, 1), Err(SignedDuration::from_secs(9)));
    }

    #[test]
    fn several_places_are_taken_as_far_as_they_go_and_given_back() {
        let pace = pace(5);
        assert_eq!(send(&pace, 0, 3), Ok(3));
        let mut places = Places::take(&pace, at(10), 16).unwrap();
        assert_eq!(places.left(), 2);
        assert_eq!(send(&pace, 10, 1), Err(SignedDuration::from_secs(50)));
        places.keep(1);
        assert_eq!(send(&pace, 20, 16), Ok(1));
        assert_eq!(send(&pace, 20, 16), Err(SignedDuration::from_secs(40)));
        drop(places);
        assert_eq!(send(&pace, 20, 16), Ok(1), "what is not used is given back");
    }

    #[test]
    fn a_slow_relay_gets_no_more_in_any_minute() {
        let pace = pace(16);
        let mut left = Vec::new();
        let mut now = 0;
        while now < 300 {
            match Places::take(&pace, at(now), 16) {
                Ok(mut places) => {
                    for _ in 0..places.left() {
                        places.leaves(at(now));
                        left.push(now);
                        // The first minute's are slow, the others are not.
                        now += if left.len() < 16 { 4 } else { 0 };
                    }
                }
                Err(wait) => now += wait.as_secs().max(1),
            }
        }
        for &first in &left {
            let minute = left.iter().filter(|&&at| (first..first + 60).contains(&at));
            assert!(minute.count() <= 16, "{first}: {left:?}");
        }
        assert!(left.len() > 60, "{left:?}");
    }

    #[test]
    fn a_new_limit_counts_what_has_left_under_the_old_one() {
        let (old, new) = (pace(2), pace(1));
        assert_eq!(send(&old, 0, 1), Ok(1));
        lock(&new).count_from(&lock(&old));
        assert_eq!(send(&new, 20, 1), Err(SignedDuration::from_secs(40)));
    }

    #[test]
    fn a_clock_set_back_does_not_stop_the_mail() {
        let pace = pace(1);
        assert_eq!(send(&pace, 1_000_000, 1), Ok(1));
        assert_eq!(send(&pace, 10, 1), Ok(1));
    }
}
