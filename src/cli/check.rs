//! `avstamd check`: everything that can be wrong before the first mail, told at once.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::when::When;
use super::{AlreadyTold, output};
use crate::config::{self, ConfigError, Fault, Settings, TransportKind};
use crate::daemon::{Health, Office, Post, check_words};
use crate::follow_up::AreaWorld;
use crate::store::{Calendar, Ledger};

/// Check configuration, databases, words and transport; tell every problem at once
///
/// Databases that are not there yet are no fault: the first import makes the calendar, the first run
/// the ledger. The mail server is asked only with --connect.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Also connect to the mail server, log in and take leave
    #[arg(long)]
    connect: bool,
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

impl Findings {
    fn problem(&mut self, path: &Path, what: &str) {
        self.problems.push(format!("{}: {what}", path.display()));
    }
}

pub async fn run(path: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let mut findings = Findings::default();
    match config::load(path) {
        Ok(settings) => {
            let now = arguments.when.now(&settings.calendar);
            look(settings, (now, arguments.connect), &mut findings).await;
        }
        Err(error) if arguments.json => {
            findings.faults = faults(path, error);
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

fn faults(path: &Path, error: ConfigError) -> Vec<Fault> {
    match error {
        ConfigError::Faults(faults) => faults,
        ConfigError::Unreadable { .. } => vec![Fault {
            file: path.to_owned(),
            line: None,
            column: None,
            message: error.to_string(),
        }],
    }
}

async fn look(settings: Settings, (now, connect): (Timestamp, bool), findings: &mut Findings) {
    school_year(&settings, now, findings);
    transport(&settings, connect, findings).await;
    if settings.web.is_some() {
        let note = "[web] is set, but this version serves no pages: mails carry no links yet";
        findings.notes.push(note.into());
    }
    let templates = settings.mail.templates.as_deref();
    if let Some(directory) = templates.filter(|directory| !directory.is_dir()) {
        let what = "there is no such directory; make it, or leave mail.templates out";
        findings.problem(directory, what);
    }
    let wrong_words = check_words(templates);
    let words_are_well = wrong_words.is_empty();
    findings.problems.extend(wrong_words);
    if let Err(error) = databases(settings, words_are_well, now, findings).await {
        findings.problems.push(super::told(&error));
    }
}

fn school_year(settings: &Settings, now: Timestamp, findings: &mut Findings) {
    let day = settings.calendar.today(now);
    if settings.calendar.school_year_on(day).is_none() {
        let year = crate::calendar::school_year_name(day);
        findings.problems.push(format!(
            "the school year {year}, which {day} lies in, is not in the configuration; add [[school-year]] name = \"{year}\""
        ));
    }
}

async fn transport(settings: &Settings, connect: bool, findings: &mut Findings) {
    match &settings.transport.kind {
        TransportKind::Smtp { login, .. } => {
            // The service gets its password by LoadCredential; elsewhere it is not there.
            let handed_over = login
                .as_ref()
                .is_some_and(|(_, file)| file.starts_with("/run/credentials") && !file.exists());
            if handed_over {
                let note = "the password is handed over by systemd when the service starts; it was not looked at";
                findings.notes.push(note.into());
                return;
            }
        }
        TransportKind::Sendmail { command } => {
            if !is_executable(command) {
                let what = "is no program that may be run; name the sendmail command";
                findings.problem(command, what);
            }
            return;
        }
        TransportKind::Files { directory } => {
            let cannot_be_made =
                parent(directory).is_some_and(|parent| !parent.is_dir()) || directory.exists();
            if !directory.is_dir() && cannot_be_made {
                let what = "mails cannot be written here; name a directory in one that is there";
                findings.problem(directory, what);
            }
            return;
        }
    }
    match Post::new(settings) {
        Err(error) => findings.problems.push(error.to_string()),
        Ok(post) if connect => match post.counter().greet().await {
            Ok(()) => {
                let note = "the mail server took us in";
                findings.notes.push(note.into());
            }
            Err(said) => {
                let problem = format!("the mail server did not take us in, at {said}");
                findings.problems.push(problem);
            }
        },
        Ok(_) => {}
    }
}

/// The directory a path names; none where it stands in the present one.
fn parent(path: &Path) -> Option<&Path> {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path)
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

async fn databases(
    settings: Settings,
    words_are_well: bool,
    now: Timestamp,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let database = &settings.database;
    for (path, made_by) in [
        (&database.calendar, "the first import makes it"),
        (&database.ledger, "the first run makes it"),
    ] {
        if parent(path).is_some_and(|directory| !directory.is_dir()) {
            let what = "its directory is not there; make it, writable for the daemon";
            findings.problem(path, what);
        } else if !path.exists() && path == &database.calendar && database.ledger.exists() {
            let what = "it is gone, and there is a ledger that spoke of it; restore a backup";
            findings.problem(path, what);
        } else if !path.exists() {
            let note = format!("{}: not there yet; {made_by}", path.display());
            findings.notes.push(note);
        }
    }
    let ledger = Ledger::open_or_empty(&database.ledger)?;
    for damage in ledger.damage().await? {
        findings.problem(&database.ledger, &damage);
    }
    let overdue = super::purge::overdue(&ledger, &settings, now).await?;
    findings.notes.extend(overdue);
    if !database.calendar.exists() {
        return queue(&ledger, findings).await;
    }
    let calendar = Calendar::open(&database.calendar)?;
    for damage in calendar.damage().await? {
        findings.problem(&database.calendar, &damage);
    }
    if !words_are_well {
        return queue(&ledger, findings).await;
    }
    let day = settings.calendar.today(now);
    let office = Office::new(settings, calendar, ledger)?;
    let mut without_address = BTreeSet::new();
    // Several slices may meet one row.
    let mut unreadable = BTreeSet::new();
    for slice in office.every_slice(day).await? {
        without_address.extend(in_post_without_address(&slice.world, day));
        for fault in slice.world.faults {
            let problem = format!(
                "calendar, table {}, row {}: {}",
                fault.table, fault.key, fault.message
            );
            if unreadable.insert(problem.clone()) {
                findings.problems.push(problem);
            }
        }
    }
    findings.problems.extend(without_address);
    let health = Health::at(&office, now).await?;
    findings.problems.extend(health.problems(&office));
    queue(&office.ledger, findings).await
}

fn in_post_without_address(world: &AreaWorld, day: Date) -> BTreeSet<String> {
    let in_post = world.appointments.iter().filter(|post| post.holds(day));
    let cut_off = in_post.filter(|post| !world.is_reachable(&post.person));
    cut_off
        .map(|post| {
            let (id, role) = (&post.person, post.role.word().replace('_', " "));
            format!("calendar: {id}, {role}, has no address that mail can be sent to; write it in people.csv and import the file again")
        })
        .collect()
}

async fn queue(ledger: &Ledger, findings: &mut Findings) -> anyhow::Result<()> {
    for person in ledger.half_forgotten().await? {
        findings.problems.push(format!(
            "forgetting {person} was cut short; run `avstamd forget --person {person}` again"
        ));
    }
    let queue = ledger.queue().await?;
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
