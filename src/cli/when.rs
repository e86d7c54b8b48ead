//! "Now" for the commands: the clock's, or the one given by `--at`.

use clap::Args;
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};

use crate::calendar::Calendar;
use crate::daemon::{Clock, Office, newest_known, resume};

/// A time so long after everything that is known is a wrong one, or an office that was closed for a year.
const FAR: SignedDuration = SignedDuration::from_hours(400 * 24);

/// `--at`, for trying things out.
#[derive(Debug, Clone, Copy, Args)]
pub struct When {
    /// Pretend that it is this local time: 2026-11-23T07:00
    #[arg(long, value_name = "TIME")]
    pub at: Option<DateTime>,
}

impl When {
    /// The clock to go by.
    pub fn clock(self, calendar: &Calendar) -> Clock {
        match self.at {
            Some(local) => Clock::At(calendar.instant(local.date(), local.time())),
            None => Clock::System,
        }
    }

    /// The instant to go by.
    pub fn now(self, calendar: &Calendar) -> Timestamp {
        self.clock(calendar).now()
    }
}

/// `--at` and `--anyway`, for what cannot be undone: a wrong time would take too much.
#[derive(Debug, Clone, Copy, Args)]
pub struct Moment {
    #[command(flatten)]
    pub when: When,
    /// Even if the time is more than 400 days after everything that the databases know of
    #[arg(long)]
    anyway: bool,
}

impl Moment {
    /// The instant to go by, once the ledger has healed and what was under way waits again.
    ///
    /// # Errors
    /// The time cannot be right, or a database refused.
    pub async fn resumed(self, office: &Office) -> anyhow::Result<Timestamp> {
        let clock = self.when.clock(&office.settings.calendar);
        let now = clock.now();
        let newest = newest_known(office).await?;
        if let Some(newest) = newest.filter(|newest| now.duration_since(*newest) > FAR) {
            let calendar = &office.settings.calendar;
            anyhow::ensure!(
                self.anyway,
                "it is said to be {}, and the newest that the databases know of is from {}: see that the clock is right; if it is, run this again with --anyway",
                calendar.today(now),
                calendar.today(newest)
            );
        }
        // Mail that waits again must not wait for a time that was only pretended.
        let clock = match (clock, newest) {
            (Clock::At(at), Some(newest)) => Clock::At(at.min(newest)),
            (clock, _) => clock,
        };
        resume(office, &clock).await?;
        Ok(now)
    }
}
