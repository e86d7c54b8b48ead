//! The day's budget: a day with several times the usual number of mails is held, and a person asked.
//!
//! What is one person's is bounded already: one mail a day, and few new invitations. A storm is what
//! comes over everybody at once: a calendar that was emptied calls every meeting off, an older one
//! moves them back. So the mails of the day and the changes to meetings are counted apart, each
//! beside the busiest of the mail days before. It is held until a person lets it go; what is no longer so
//! by then is not sent.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// So many mails, or changes to meetings, are no storm in the smallest authority.
const FEW: Count = Count {
    mails: 50,
    changes: 30,
};

/// With fewer mail days than this behind it nobody knows what is usual: an authority that begins has a
/// first day of everything.
const MAIL_DAYS: usize = 5;

/// What leaves on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Mails of the day, one a person.
    pub mails: u32,
    /// Meetings that people were told of and that are now called off or moved, one a person.
    pub changes: u32,
}

/// More than usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excess {
    /// Sent and waiting.
    pub today: u32,
    /// The most of any day it is weighed beside.
    pub usual: u32,
}

/// What is held on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storm {
    /// The day.
    pub on: Date,
    /// The mails of the day.
    pub mails: Option<Excess>,
    /// Changes to meetings.
    pub changes: Option<Excess>,
}

impl Storm {
    /// Weighs `today` against the mail days `before`. More than `times` the busiest of them is
    /// held; 0 holds nothing.
    pub fn weigh(on: Date, today: Count, before: &[Count], times: u32) -> Option<Self> {
        if times == 0 || before.len() < MAIL_DAYS {
            return None;
        }
        let excess = |of: fn(&Count) -> u32| {
            let usual = before.iter().map(of).max().unwrap_or(0);
            let today = of(&today);
            let most = usual.saturating_mul(times).max(of(&FEW));
            (today > most).then_some(Excess { today, usual })
        };
        let (mails, changes) = (excess(|count| count.mails), excess(|count| count.changes));
        (mails.is_some() || changes.is_some()).then_some(Self { on, mails, changes })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn weigh(today: (u32, u32), usual: (u32, u32), times: u32) -> Option<Storm> {
        let count = |(mails, changes)| Count { mails, changes };
        let before = vec![count(usual); 20];
        Storm::weigh(date(2026, 12, 1), count(today), &before, times)
    }

    #[test]
    fn fault_82_a_day_of_several_times_the_usual_is_held_each_kind_for_itself() {
        let storm = weigh((10_000, 4), (20, 4), 3).unwrap();
        let excess = Excess {
            today: 10_000,
            usual: 20,
        };
        assert_eq!((storm.mails, storm.changes), (Some(excess), None));
        let storm = weigh((20, 400), (20, 4), 3).unwrap();
        assert_eq!(storm.mails, None);
        assert!(storm.changes.is_some());
    }

    #[test]
    fn a_busy_day_is_no_storm_and_neither_is_a_small_authoritys() {
        assert_eq!(weigh((60, 30), (20, 4), 3), None);
        assert_eq!(weigh((50, 30), (1, 0), 3), None);
        assert_eq!(weigh((10_000, 400), (20, 4), 0), None, "switched off");
        let first = Storm::weigh(
            date(2026, 12, 1),
            Count {
                mails: 300,
                changes: 0,
            },
            &[Count::default(); 4],
            3,
        );
        assert_eq!(first, None, "nobody knows what is usual");
    }
}
