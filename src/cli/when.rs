//! "Now" for the commands: the clock's, or the one given by `--at`.

use clap::Args;
use jiff::Timestamp;
use jiff::civil::DateTime;

use crate::calendar::Calendar;
use crate::daemon::Clock;

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
