//! `avstamd demo`: a fictional authority lives through a school year, through the real pipeline.

mod index;
pub mod pages;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use jiff::civil::Date;

use super::output;
use crate::calendar::Week;
use crate::config;
use crate::daemon::{Clock, Office, once};
use crate::store::{Calendar, Ledger};

/// The fictional authority, built in so that the program needs nothing beside it.
const AUTHORITY: [(&str, &str); 9] = [
    (
        "avstamd.toml",
        include_str!("../../../config/demo/avstamd.toml"),
    ),
    ("areas.csv", include_str!("../../../config/demo/areas.csv")),
    ("units.csv", include_str!("../../../config/demo/units.csv")),
    (
        "people.csv",
        include_str!("../../../config/demo/people.csv"),
    ),
    (
        "measures.csv",
        include_str!("../../../config/demo/measures.csv"),
    ),
    (
        "absences.csv",
        include_str!("../../../config/demo/absences.csv"),
    ),
    (
        "check_ins.csv",
        include_str!("../../../config/demo/check_ins.csv"),
    ),
    (
        "dialogues.csv",
        include_str!("../../../config/demo/dialogues.csv"),
    ),
    (
        "activities.csv",
        include_str!("../../../config/demo/activities.csv"),
    ),
];

/// The school year it lives through.
const YEAR: (Date, Date) = (Date::constant(2026, 8, 1), Date::constant(2027, 7, 31));

/// Let a fictional authority live through a school year, into files
///
/// Lindhamra kommun has 28 school units in three areas. Its year goes by in seconds: every mail
/// day is planned and delivered as it would be, with a clock that runs fast. The mails end up as
/// files, with an index page to open.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Where to put everything; must not be there yet, or be a demo made before
    #[arg(long, value_name = "DIR", default_value = "demo")]
    directory: PathBuf,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let directory = arguments.directory;
    prepare(&directory)?;
    let config = directory.join("avstamd.toml");
    let settings = config::load(&config)?;
    let calendar = Calendar::open_or_create(&settings.database.calendar)?;
    let ledger = Ledger::open_or_create(&settings.database.ledger)?;
    super::import::import_directory(&calendar, &directory, YEAR.0).await?;
    let office = Arc::new(Office::new(settings, calendar, ledger)?);
    let mail_days = live(&office).await?;
    let report = pages::write_delivered(&office, &directory).await?;
    tell(&directory, mail_days, &report);
    Ok(())
}

/// Empties what an earlier demo left, and nothing else; writes the authority's files.
fn prepare(directory: &Path) -> anyhow::Result<()> {
    let marker = directory.join("avstamd.toml");
    if directory.exists() {
        let empty = std::fs::read_dir(directory)?.next().is_none();
        let ours = std::fs::read_to_string(&marker).is_ok_and(|text| text == AUTHORITY[0].1);
        anyhow::ensure!(
            empty || ours,
            "{} is there and is no earlier demo; name another with --directory",
            directory.display()
        );
        for name in [
            "calendar.db",
            "calendar.db-wal",
            "calendar.db-shm",
            "ledger.db",
            "ledger.db-wal",
            "ledger.db-shm",
            "ledger.db.lock",
        ] {
            let _ = std::fs::remove_file(directory.join(name));
        }
        for name in ["mail", "pages"] {
            let _ = std::fs::remove_dir_all(directory.join(name));
        }
    }
    std::fs::create_dir_all(directory)?;
    for (name, text) in AUTHORITY {
        std::fs::write(directory.join(name), text)?;
    }
    Ok(())
}

/// Goes through the year's mail days, each at its sending time.
async fn live(office: &Arc<Office>) -> anyhow::Result<usize> {
    let calendar = &office.settings.calendar;
    let days: Vec<Date> = YEAR
        .0
        .series(jiff::Span::new().days(1))
        .take_while(|day| *day <= YEAR.1)
        .filter(|day| calendar.is_working_day(*day))
        .collect();
    let bar = super::forecast::progress(days.len() as u64, "mail days");
    for day in &days {
        let now = calendar.instant(*day, office.settings.rules.send_at);
        once(Arc::clone(office), Clock::At(now)).await?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(days.len())
}

fn tell(directory: &Path, mail_days: usize, report: &[pages::Sent]) {
    let people: BTreeSet<&str> = report.iter().map(|mail| mail.person.as_str()).collect();
    let (invitations, mails): (Vec<&pages::Sent>, Vec<&pages::Sent>) =
        report.iter().partition(|mail| mail.is_invitation());
    let mut weeks: BTreeMap<(&str, Week), usize> = BTreeMap::new();
    for mail in &mails {
        *weeks.entry((&mail.person, Week::of(mail.day))).or_default() += 1;
    }
    let most = weeks.values().max().copied().unwrap_or(0);
    let average = mails.len() as f64 / people.len().max(1) as f64 / 44.0;
    output::print(&format!(
        "Lindhamra kommun lived through the school year 2026/27: {mail_days} mail days.\n\
         {} mails to {} people. The most anybody got in a week: {most}. On average {average:.1} a person and working week.\n\
         Beside them {} calendar invitations.\n\n\
         Look around:\n  {}\n\n\
         Every mail as it was sent is in {}.\n\
         Ask about any of it:\n  \
         avstamd --config {config} explain --person asa.lindholm --on 2026-11-23\n  \
         avstamd --config {config} status --at 2026-11-23T07:00\n\
         Place the meetings of the year after:\n  \
         avstamd --config {config} schedule --year 2027/28 --dry-run --at 2027-06-07T08:00\n\n\
         For your own authority: copy config/avstamd.toml, write your own names, dates and mail server,\n\
         then `avstamd --config FILE import` your files and `avstamd --config FILE forecast`.\n",
        mails.len(),
        people.len(),
        invitations.len(),
        directory.join("pages/index.html").display(),
        directory.join("mail").display(),
        config = directory.join("avstamd.toml").display(),
    ));
}
