//! One mail per person and day: decisions gathered into letters.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::decision::{Cause, Decision, NoticeKey, Silence, Verdict};
use crate::follow_up::PersonId;

/// One notice a letter carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The row of notices.
    pub key: NoticeKey,
    /// The step said.
    pub cause: Cause,
    /// The decision.
    pub decision: Decision,
}

/// What one person is to be told on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Who gets it.
    pub to: PersonId,
    /// What it carries.
    pub lines: Vec<Line>,
}

/// What is already on its way to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mailbox {
    /// The last local day on which mail left, or may have left, for the person.
    pub mailed_on: Option<Date>,
}

/// Gathers what is to be said into one letter a person. Who has had today's mail gets none; those
/// decisions become silence until the next mail day, `tomorrow`.
pub fn group(
    decisions: &mut [Decision],
    (today, tomorrow): (Date, Date),
    mailbox: impl Fn(&PersonId) -> Mailbox,
) -> Vec<Letter> {
    let mut letters: BTreeMap<PersonId, Vec<Line>> = BTreeMap::new();
    // What concerns a person of two areas is found in both slices, and said once.
    let mut seen: BTreeSet<NoticeKey> = BTreeSet::new();
    for decision in decisions {
        let Verdict::Say(cause) = decision.verdict else {
            continue;
        };
        let (Some(key), Some(to)) = (decision.key(), decision.to.clone()) else {
            continue;
        };
        if mailbox(&to).mailed_on == Some(today) {
            decision.verdict = Verdict::Silent(Silence::MailedToday { until: tomorrow });
            continue;
        }
        if !seen.insert(key.clone()) {
            continue;
        }
        letters.entry(to).or_default().push(Line {
            key,
            cause,
            decision: decision.clone(),
        });
    }
    letters
        .into_iter()
        .map(|(to, lines)| Letter { to, lines })
        .collect()
}
