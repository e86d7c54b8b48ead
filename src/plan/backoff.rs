//! When to try again. Tables, so that the whole of a schedule can be read.

use jiff::{SignedDuration, Timestamp};

/// Seconds to the next try of a mail that was refused for now, by tries so far. The last repeats.
const MESSAGE: [i64; 5] = [300, 600, 1_200, 2_400, 4_000];

/// Seconds to the next try of a relay in trouble, by failures in a row. The last repeats.
const RELAY: [i64; 6] = [60, 120, 300, 600, 1_200, 4_000];

/// The same where the relay refused our password: trying often locks accounts.
const LOGIN: [i64; 4] = [300, 900, 1_800, 4_000];

/// Seconds to the next try of a mail that may have arrived.
const UNCERTAIN: [i64; 2] = [900, 3_600];

/// A mail that has been refused for now for so long is given up and told (RFC 5321 4.5.4.1 asks
/// for four to five days).
pub const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(5 * 24);

/// Uncertain tries after which the same bytes go out again; one more, and a person decides.
pub const UNCERTAIN_RESENDS: u32 = 2;

/// What makes a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// This mail was refused for now.
    Message,
    /// The relay is in trouble.
    Relay,
    /// The relay refused our login.
    Login,
    /// The answer to the final dot is unknown.
    Uncertain,
}

/// The instant of the next try after the `failures`-th failure in a row (from 1).
pub fn next_try(trouble: Trouble, failures: u32, now: Timestamp) -> Timestamp {
    let table: &[i64] = match trouble {
        Trouble::Message => &MESSAGE,
        Trouble::Relay => &RELAY,
        Trouble::Login => &LOGIN,
        Trouble::Uncertain => &UNCERTAIN,
    };
    let place = (failures.max(1) as usize - 1).min(table.len() - 1);
    now.checked_add(SignedDuration::from_secs(table[place]))
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(trouble: Trouble, tries: u32) -> Vec<i64> {
        let now = Timestamp::UNIX_EPOCH;
        (1..=tries)
            .map(|n| next_try(trouble, n, now).as_second())
            .collect()
    }

    #[test]
    fn the_schedules_as_they_are() {
        assert_eq!(
            waits(Trouble::Message, 6),
            [300, 600, 1_200, 2_400, 4_000, 4_000]
        );
        assert_eq!(
            waits(Trouble::Relay, 7),
            [60, 120, 300, 600, 1_200, 4_000, 4_000]
        );
        assert_eq!(waits(Trouble::Login, 5), [300, 900, 1_800, 4_000, 4_000]);
        assert_eq!(waits(Trouble::Uncertain, 3), [900, 3_600, 3_600]);
    }

    #[test]
    fn waits_never_shorten_and_time_does_not_run_out() {
        for trouble in [
            Trouble::Message,
            Trouble::Relay,
            Trouble::Login,
            Trouble::Uncertain,
        ] {
            assert!(waits(trouble, 12).is_sorted());
            assert_eq!(next_try(trouble, u32::MAX, Timestamp::MAX), Timestamp::MAX);
        }
    }
}
