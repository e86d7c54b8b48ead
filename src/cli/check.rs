//! `avstamd check`: everything that can be wrong before the first mail, told at once.

use std::path::Path;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::when::When;
use super::{AlreadyTold, output};
use crate::config::{self, ConfigError, Fault, Settings, TransportKind};
use crate::daemon::Office;
use crate::store::{Calendar, Ledger};

/// Check configuration, databases, words and transport; tell every problem at once
///
/// Databases that are not there yet are no fault: the first import and the first start make them.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Print JSON: {faults: [{file, line, column, message}], problems: […], notes: […]}
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    when: When,
}

#[derive(Debug, Default, Serialize)]
struct Findings {
    faults: Vec<Fault>,
    problems: Vec<String>,
    notes: Vec<String>,
}

pub async fn run(path: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let mut findings = Findings::default();
    match config::load(path) {
        Ok(settings) => {
            let now = arguments.when.now(&settings.calendar);
            look(settings, now, &mut findings).await;
        }
        Err(ConfigError::Faults(faults)) if arguments.json => {
            findings.faults = faults;
            output::json(&findings)?;
            return Err(ConfigError::Faults(Vec::new()).into());
        }
        Err(error) => return Err(error.into()),
    }
    if arguments.json {
        output::json(&findings)?;
    } else {
        for problem in &findings.problems {
            output::print(&format!("problem: {problem}\n"));
        }
        for note in &findings.notes {
            output::print(&format!("note: {note}\n"));
        }
        if findings.problems.is_empty() {
            output::print("All is well.\n");
        }
    }
    if findings.problems.is_empty() {
        Ok(())
    } else {
        Err(AlreadyTold.into())
    }
}

async fn look(settings: Settings, now: Timestamp, findings: &mut Findings) {
    transport(&settings, findings);
    if settings.web.is_some() {
        let note = "[web] is set, but this version serves no pages: mails carry no links yet";
        findings.notes.push(note.into());
    }
    let database = settings.database.clone();
    let mut there = true;
    for path in [&database.calendar, &database.ledger] {
        if !path.exists() {
            findings.notes.push(format!(
                "{}: not there yet; it is made when needed",
                path.display()
            ));
            there = false;
        }
    }
    if let Err(error) = crate::daemon::check_words(settings.mail.templates.as_deref()) {
        findings.problems.push(error.to_string());
        return;
    }
    if there && let Err(error) = databases(settings, now, findings).await {
        findings.problems.push(format!("{error:#}"));
    }
}

fn transport(settings: &Settings, findings: &mut Findings) {
    let mut readable = |path: &Path, what: &str| {
        if let Err(error) = std::fs::File::open(path) {
            findings.problems.push(format!(
                "{}: the {what} cannot be read: {error}; see that the file is there and that avstamd may read it",
                path.display()
            ));
        }
    };
    match &settings.transport.kind {
        TransportKind::Smtp { login, ca_file, .. } => {
            if let Some((_, file)) = login {
                // The service gets its password by LoadCredential; elsewhere it is not there.
                if !file.starts_with("/run/credentials") {
                    readable(file, "password file");
                }
            }
            if let Some(file) = ca_file {
                readable(file, "ca-file");
            }
        }
        TransportKind::Sendmail { command } => readable(command, "sendmail command"),
        TransportKind::Files { .. } => {}
    }
}

async fn databases(
    settings: Settings,
    now: Timestamp,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let calendar = Calendar::open(&settings.database.calendar)?;
    let ledger = Ledger::open(&settings.database.ledger)?;
    let day = settings.calendar.today(now);
    if settings.calendar.school_year_on(day).is_none() {
        let year = crate::calendar::school_year_name(day);
        findings.problems.push(format!(
            "the school year {year}, which {day} lies in, is not in the configuration; add [[school-year]] name = \"{year}\""
        ));
    }
    let office = Office::new(settings, calendar, ledger)?;
    for slice in office.every_slice(day).await? {
        for fault in slice.world.faults {
            findings.problems.push(format!(
                "calendar, table {}, row {}: {}",
                fault.table, fault.key, fault.message
            ));
        }
    }
    let queue = office.ledger.queue().await?;
    if queue.held > 0 {
        findings.problems.push(format!(
            "{} mails are held for a person to decide; see `avstamd outbox list`",
            queue.held
        ));
    }
    if queue.refused > 0 {
        findings.notes.push(format!(
            "{} mails were refused for good; see `avstamd outbox list`",
            queue.refused
        ));
    }
    Ok(())
}
