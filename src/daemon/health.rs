//! How the daemon is, by what it wrote down: for `check`, for `status`, for whoever is called while all
//! is well.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::office::Office;
use super::watch::{RECORD_IS_LOST, faulty, last_alive, storm};
use crate::follow_up::AreaId;
use crate::plan::{Slot, Storm, slot};
use crate::store::{StoreError, Unworded};

/// A daemon that lives says so within this time, and in mail hours something happens to what is due.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);

/// How the daemon is.
#[derive(Debug, Serialize)]
pub struct Health {
    /// When a round of it last came to its end, where that is too long ago.
    pub silent_since: Option<Timestamp>,
    /// Mails that should have left, and none does.
    pub stuck: Option<Stuck>,
    /// Mails that are held since they are far more than usual.
    pub storm: Option<Storm>,
    /// Since when everything is held, for nobody can tell what was sent.
    pub record_lost: Option<Timestamp>,
    /// Mails that cannot be put into words, and wait.
    pub unworded: Option<Unworded>,
    /// Areas that a fault of the program keeps from being planned; the authority's own is empty.
    pub faults: Vec<AreaId>,
}

/// A queue that does not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Stuck {
    /// So many mails should have left.
    pub waiting: u64,
    /// Since then the first of them should.
    pub since: Timestamp,
}

impl Health {
    /// How it is at `now`.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn at(office: &Office, now: Timestamp) -> Result<Self, StoreError> {
        let faults = faulty(office).await?.into_iter();
        let patient_since = now.saturating_sub(PATIENCE).unwrap_or(Timestamp::MIN);
        let alive = last_alive(office).await?;
        let mut health = Self {
            silent_since: alive.filter(|alive| *alive < patient_since),
            stuck: None,
            storm: None,
            record_lost: office.ledger.record_lost().await?,
            unworded: office.ledger.waiting_for_words().await?,
            faults: faults.map(|(area, _)| AreaId::new(area)).collect(),
        };
        let (calendar, rules) = (&office.settings.calendar, &office.settings.rules);
        let Slot::Open(day) = slot(calendar, rules, calendar.local(now)) else {
            return Ok(health);
        };
        health.storm = storm(office, now, day).await?;
        let opened = calendar.instant(day, rules.send_at);
        if opened > patient_since {
            return Ok(health);
        }
        if health.storm.is_none() && health.record_lost.is_none() {
            let overdue = office.ledger.overdue(patient_since, day).await?;
            health.stuck = overdue.map(|(waiting, since)| Stuck {
                waiting,
                since: since.max(opened),
            });
        }
        Ok(health)
    }

    /// What is wrong, each with what to do; nothing where all is well.
    pub fn problems(&self, office: &Office) -> Vec<String> {
        let local = |at: Timestamp| {
            office
                .settings
                .calendar
                .local(at)
                .strftime("%F %R")
                .to_string()
        };
        let silent = self.silent_since.map(|since| format!(
            "the daemon has not come to the end of a round since {}; see `systemctl status avstamd`",
            local(since)
        ));
        let stuck = self.stuck.map(|stuck| format!(
            "{} mails should have left since {} and none does; see `journalctl -u avstamd`, and try `avstamd check --connect`",
            stuck.waiting,
            local(stuck.since)
        ));
        let storm = self.storm.map(|storm| {
            let of = [(storm.mails, "mails"), (storm.changes, "changes to meetings")];
            let of = of.iter().filter_map(|(excess, what)| {
                let excess = excess.as_ref()?;
                Some(format!("{} {what} (usually at most {})", excess.today, excess.usual))
            });
            format!(
                "far more than usual is to leave on {}, {}; it is held. If it is right, run `avstamd outbox release`; if not, mend the calendar first: what is no longer so is then not sent",
                storm.on,
                of.collect::<Vec<_>>().join(" and ")
            )
        });
        let unworded = self.unworded.as_ref().map(|unworded| format!(
            "{} mails cannot be put into words and wait, number {} is the first; `avstamd outbox show` has the reason. Mend the templates, or report the fault that the log names",
            unworded.mails.len(),
            unworded.mails.first().unwrap_or(&0)
        ));
        let faults = self.faults.iter().map(|area| {
            let whose = match area.as_str() {
                "" => "what concerns the whole authority".to_owned(),
                area => format!("the area {area}"),
            };
            format!("{whose} cannot be planned, for a fault in the program; report the place that the log names")
        });
        let record_lost = self.record_lost.map(|_| RECORD_IS_LOST.to_owned());
        [silent, stuck, storm, record_lost, unworded]
            .into_iter()
            .flatten()
            .chain(faults)
            .collect()
    }
}
