//! `avstamd run`: the daemon.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use jiff::civil::DateTime;

use super::output;
use super::when::When;
use crate::daemon::{Clock, Lock, Office, once, resume, serve};
use crate::store::{Calendar, Ledger};

/// Run the daemon, or one round of it
///
/// The daemon plans and delivers until it gets SIGTERM or SIGINT. SIGHUP has it read the configuration
/// anew; a wrong one is told in the log and the old one stays. Under systemd it says when it is ready
/// and how it is.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Plan once, deliver what is due, and end
    #[arg(long)]
    once: bool,
    /// Pretend that it is this local time: 2026-11-23T07:00. A daemon lives by the clock
    #[arg(long, value_name = "TIME", requires = "once")]
    at: Option<DateTime>,
}

impl Arguments {
    /// Whether it is one round, not the daemon.
    pub const fn is_once(&self) -> bool {
        self.once
    }
}

pub async fn run(config: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let settings = crate::config::load(config)?;
    let _lock = Lock::take(&settings.database)?;
    let calendar = Calendar::open(&settings.database.calendar)?;
    let ledger = Ledger::open_or_create(&settings.database.ledger)?;
    let office = Office::new(settings, calendar, ledger)?;
    if !arguments.once {
        return Ok(serve(office, config.to_owned(), Clock::System).await?);
    }
    let clock = When { at: arguments.at }.clock(&office.settings.calendar);
    resume(&office, &clock).await?;
    let (ticked, delivered) = once(Arc::new(office), clock).await?;
    if !ticked.open {
        output::print(
            "No mail is sent at this time: not a mail day, or outside send-at and send-until.\n",
        );
    }
    output::print(&format!(
        "{} notices written down in {} new mails, {} invitations; {} sent, {} refused, {} to be tried again, {} withdrawn, {} held.\n",
        ticked.noted.notices,
        ticked.noted.mails,
        ticked.noted.invitations,
        delivered.sent,
        delivered.refused,
        delivered.later,
        delivered.withdrawn,
        delivered.held
    ));
    match delivered.relay {
        None => Ok(()),
        Some(trouble) => anyhow::bail!(
            "the mail server is in trouble at {}: {}{}; every mail waits",
            trouble.attempt.stage,
            trouble
                .attempt
                .code
                .map(|code| format!("{code} "))
                .unwrap_or_default(),
            trouble.attempt.reply
        ),
    }
}
