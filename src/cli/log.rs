//! Where the log goes: to the journal with fields when systemd reads it, else to standard error.

use std::io::IsTerminal;

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::{Command, CommandLine};

/// Starts the log. `AVSTAMD_LOG` sets what is told (`debug`, `avstamd::daemon=debug`); the daemon
/// tells what it does, the other commands only what goes wrong.
pub fn start(line: &CommandLine) {
    let usual = match &line.command {
        Command::Run(arguments) if !arguments.is_once() => "info,tokio_cron_scheduler=warn",
        _ => "error",
    };
    let filter = EnvFilter::try_from_env("AVSTAMD_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    let registry = tracing_subscriber::registry().with(filter);
    // systemd sets JOURNAL_STREAM when standard error goes to the journal.
    let journal = std::env::var_os("JOURNAL_STREAM").and_then(|_| tracing_journald::layer().ok());
    let started = match journal {
        Some(journal) => registry
            .with(journal.with_field_prefix(Some("AVSTAMD".into())))
            .try_init(),
        None => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .with_writer(std::io::stderr)
                    .with_ansi(std::io::stderr().is_terminal())
                    .with_target(false),
            )
            .try_init(),
    };
    if let Err(error) = started {
        eprintln!("avstamd: the log could not be started: {error}");
    }
}
