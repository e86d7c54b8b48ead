//! Where the log goes: to the journal with fields when systemd reads it, else to standard error.

use std::backtrace::Backtrace;
use std::io::IsTerminal;

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::{Command, CommandLine};

/// Has a panic tell its place and not its words: they may hold somebody's text. The place may be the
/// standard library's, so the way to it is told too.
pub fn tell_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let way = ours(&Backtrace::force_capture().to_string());
        tracing::error!(
            place,
            way,
            "a fault in the program; please report this place"
        );
    }));
}

/// The program's own functions in a backtrace, the innermost first, on one line.
fn ours(backtrace: &str) -> String {
    let frames = backtrace.lines().filter_map(|line| {
        let (_, function) = line.trim().split_once(": ")?;
        let is_ours = function.contains("avstamd::") && !function.contains("log::tell_panics");
        is_ours.then_some(function)
    });
    let frames: Vec<&str> = frames.take(8).collect();
    frames.join(" < ")
}

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
    tell_panics();
    if let Err(error) = started {
        eprintln!("avstamd: the log could not be started: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_a_panic_names_functions_of_ours_and_nothing_else() {
        let backtrace = "   0: std::backtrace::Backtrace::create\n\
             1: avstamd::cli::log::tell_panics::{{closure}}\n             at src/cli/log.rs:20:19\n\
             5: core::str::slice_error_fail\n   6: avstamd::mail::words::cut\n\
             7: <avstamd::plan::View as core::fmt::Debug>::fmt\n   8: main\n";
        assert_eq!(
            ours(backtrace),
            "avstamd::mail::words::cut < <avstamd::plan::View as core::fmt::Debug>::fmt"
        );
    }
}
