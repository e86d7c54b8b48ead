//! The command line: one file a command.
//!
//! Exit codes: 0 done, 1 it failed, 2 usage, 78 the configuration is wrong.

mod backup;
mod check;
mod demo;
mod explain;
mod feed;
mod forecast;
mod import;
pub mod log;
mod outbox;
mod output;
mod person;
mod purge;
mod record;
mod run;
mod schedule;
mod send_test;
mod status;
mod when;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use import::read_files;

use crate::config::{self, ConfigError};
use crate::daemon::{Office, masked};
use crate::follow_up::PersonId;
use crate::follow_up::plausible::shown;
use crate::mail::WordsError;
use crate::store::{Calendar, Ledger};

/// Wrong configuration (sysexits.h, EX_CONFIG): systemd does not restart on it.
const EX_CONFIG: u8 = 78;

/// avstamd sees to it that what a school authority decided to follow up is followed up.
///
/// It reads the follow-up calendar, reminds principals and area managers by mail, and can show
/// every mail before it is sent and say why it was, or was not.
#[derive(Debug, Parser)]
#[command(name = "avstamd", version, max_term_width = 100)]
pub struct CommandLine {
    /// The configuration file.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = "/etc/avstamd/avstamd.toml"
    )]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

// Each command's help is its arguments' own: words here would take their place.
#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Arguments),
    Demo(demo::Arguments),
    Check(check::Arguments),
    Import(import::Arguments),
    Schedule(schedule::Arguments),
    Forecast(forecast::Arguments),
    Explain(explain::Arguments),
    Feed(feed::Arguments),
    Status(status::Arguments),
    Record(record::Arguments),
    Outbox(outbox::Arguments),
    SendTest(send_test::Arguments),
    Backup(backup::BackupArguments),
    Restore(backup::RestoreArguments),
    Export(person::ExportArguments),
    Forget(person::ForgetArguments),
    Purge(purge::Arguments),
}

/// Runs the command line; everything it has to say is said when it returns.
pub async fn run(line: CommandLine) -> ExitCode {
    // What the daemon ends with stands in the log.
    let is_logged = matches!(line.command, Command::Run(_));
    let result = match line.command {
        Command::Run(arguments) => run::run(&line.config, arguments).await,
        Command::Demo(arguments) => demo::run(arguments).await,
        Command::Check(arguments) => check::run(&line.config, arguments).await,
        Command::Import(arguments) => import::run(&line.config, arguments).await,
        Command::Schedule(arguments) => schedule::run(&line.config, arguments).await,
        Command::Forecast(arguments) => forecast::run(&line.config, arguments).await,
        Command::Explain(arguments) => explain::run(&line.config, arguments).await,
        Command::Feed(arguments) => feed::run(&line.config, arguments).await,
        Command::Status(arguments) => status::run(&line.config, arguments).await,
        Command::Record(arguments) => record::run(&line.config, arguments).await,
        Command::Outbox(arguments) => outbox::run(&line.config, arguments).await,
        Command::SendTest(arguments) => send_test::run(&line.config, arguments).await,
        Command::Backup(arguments) => backup::back_up(&line.config, arguments).await,
        Command::Restore(arguments) => backup::restore(&line.config, arguments).await,
        Command::Export(arguments) => person::export(&line.config, arguments).await,
        Command::Forget(arguments) => person::forget(&line.config, arguments).await,
        Command::Purge(arguments) => purge::run(&line.config, arguments).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.downcast_ref::<AlreadyTold>().is_some() => ExitCode::FAILURE,
        Err(error) => {
            let mut told = told(&error);
            // What a fault quotes of the file may be an address.
            if is_logged && error.is::<ConfigError>() {
                told = masked(&told);
            }
            if !told.is_empty() {
                eprintln!("avstamd: {}", shown(&told, usize::MAX));
            }
            let wrong_config = error.is::<ConfigError>() || error.is::<WordsError>();
            ExitCode::from(if wrong_config { EX_CONFIG } else { 1 })
        }
    }
}

/// An error with its causes, each said once: many name their cause already.
fn told(error: &anyhow::Error) -> String {
    let mut told = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !told.contains(&cause) {
            told.push_str(": ");
            told.push_str(&cause);
        }
    }
    told
}

/// Ends the program as clap does when the command line is wrong.
fn wrong_usage(message: &str) -> ! {
    clap::Error::raw(
        clap::error::ErrorKind::ValueValidation,
        format!("{message}\n"),
    )
    .exit()
}

/// A failure whose every word is on the screen already.
#[derive(Debug, thiserror::Error)]
#[error("it failed, as told above")]
struct AlreadyTold;

/// Reads the configuration and opens both databases for looking into. Without a ledger nothing has
/// been said yet; the daemon makes it at its first start.
fn open(config: &Path) -> anyhow::Result<Office> {
    let settings = config::load(config)?;
    let calendar = Calendar::open(&settings.database.calendar)?;
    let ledger = Ledger::open_or_empty(&settings.database.ledger)?;
    Ok(Office::new(settings, calendar, ledger)?)
}

/// A person by identifier or address.
async fn person(calendar: &Calendar, word: String) -> anyhow::Result<PersonId> {
    let found = calendar.find_person(word.clone()).await?;
    found.map_err(|unclear| anyhow::anyhow!("{word} {unclear}"))
}
