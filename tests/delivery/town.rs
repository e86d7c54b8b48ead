//! Principals of one area who each get a mail the same morning, and the relay it goes through.

use std::sync::Arc;

use avstamd::calendar::Language;
use avstamd::daemon::{Clock, Courier, Delivered, Office, OfficeError, Simulation, once, tick};
use avstamd::follow_up::{
    Appointment, Area, AreaId, Measure, MeasureId, MeasureStatus, Person, PersonId, Post as At,
    Role, SchoolUnit, SupportLevel, UnitCode,
};
use avstamd::store::{AttemptRow, Batch, Calendar, Ledger, MailRow, Writing};
use jiff::civil::{Date, DateTime, date};
use jiff::{SignedDuration, Timestamp};

use crate::log::{FREE_TEXT, LOCAL_PART, Log, PASSWORD, USER};
use crate::relay::{Certificate, Relay, Script, acceptor};

/// What it shares with the other tests.
const BASE: &str = include_str!("../common/base.toml");

pub const DUE: Date = date(2026, 12, 1);
pub const MORNING: &str = "2026-12-01T07:00";

pub struct Town {
    pub office: Arc<Office>,
    pub relay: Relay,
    pub log: Log,
    pub directory: tempfile::TempDir,
}

/// The address of a principal.
pub fn address(number: usize) -> String {
    format!("{LOCAL_PART}{number}@prov.example")
}

/// Whose it is.
pub fn number(address: &str) -> usize {
    let number = address.strip_prefix(LOCAL_PART).unwrap_or(address);
    number.split('@').next().unwrap().parse().unwrap()
}

impl Town {
    /// So many principals, each with a measure to evaluate that day.
    pub async fn new(script: Script, connections: usize, principals: usize) -> Self {
        let relay = Relay::start(script);
        Self::with(relay, (connections, principals), "security = \"none\"").await
    }

    /// The same where the relay is not there.
    pub async fn without_relay(connections: usize, principals: usize) -> Self {
        let relay = Relay::down(Script::default(), None);
        Self::with(relay, (connections, principals), "security = \"none\"").await
    }

    /// The same through a relay that has this certificate.
    pub async fn secured(script: Script, certificate: Certificate, principals: usize) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let ca_file = directory.path().join("ca.pem");
        let relay = Relay::secured(script, acceptor(certificate, &ca_file));
        let more = "security = \"starttls\"\nca-file = \"ca.pem\"";
        let config = config("127.0.0.1", relay.port, (1, more));
        Self::configured((relay, directory), principals, &config).await
    }

    /// The same through a relay by this name.
    pub async fn by_name(host: &str, principals: usize) -> Self {
        let relay = Relay::down(Script::default(), None);
        let relay = (relay, tempfile::tempdir().unwrap());
        let config = config(host, 587, (1, "security = \"starttls\""));
        Self::configured(relay, principals, &config).await
    }

    async fn with(relay: Relay, (connections, principals): (usize, usize), more: &str) -> Self {
        let config = config("127.0.0.1", relay.port, (connections, more));
        let relay = (relay, tempfile::tempdir().unwrap());
        Self::configured(relay, principals, &config).await
    }

    async fn configured(
        (relay, directory): (Relay, tempfile::TempDir),
        principals: usize,
        config: &str,
    ) -> Self {
        let log = Log::start();
        std::fs::write(directory.path().join("password"), format!("{PASSWORD}\n")).unwrap();
        let file = directory.path().join("avstamd.toml");
        let settings = avstamd::config::parse(&file, config).unwrap();
        let calendar = Calendar::open_or_create(&settings.database.calendar).unwrap();
        let ledger = Ledger::open_or_create(&settings.database.ledger).unwrap();
        let town = Self {
            office: Arc::new(Office::new(settings, calendar, ledger).unwrap()),
            relay,
            log,
            directory,
        };
        town.put(batch(principals)).await;
        town
    }

    pub async fn put(&self, batch: Batch) {
        let at = Timestamp::UNIX_EPOCH;
        let calendar = &self.office.calendar;
        let changed = calendar.apply(batch, Writing::Keep, at, "test".into());
        changed.await.unwrap();
    }

    /// Kim is quality officer from here.
    pub async fn with_officer(self) -> Self {
        let mut batch = Batch::default();
        batch.people.push(person("kim", "kim@prov.example".into()));
        batch.appointments.push(Appointment {
            person: PersonId::new("kim"),
            role: Role::QualityOfficer,
            post: At::Authority,
            from: None,
            to: None,
        });
        self.put(batch).await;
        self
    }

    /// Does something to the ledger from outside.
    pub fn to_ledger(&self, sql: &str) {
        let file = &self.office.settings.database.ledger;
        let ledger = rusqlite::Connection::open(file).unwrap();
        ledger.execute_batch(sql).unwrap();
    }

    pub fn instant(&self, local: &str) -> Timestamp {
        let local: DateTime = local.parse().unwrap();
        let calendar = &self.office.settings.calendar;
        calendar.instant(local.date(), local.time())
    }

    pub fn clock(&self, local: &str) -> Clock {
        Clock::At(self.instant(local))
    }

    pub async fn at(&self, local: &str) -> Delivered {
        let clock = self.clock(local);
        once(Arc::clone(&self.office), clock).await.unwrap().1
    }

    /// The courier's days, from a local time on.
    pub fn days(&self, local: &str) -> Days<'_> {
        let time = Simulation::starting(self.instant(local));
        let clock = Clock::Simulated(Arc::clone(&time));
        let courier = Courier::alone(Arc::clone(&self.office), clock.clone()).unwrap();
        Days {
            town: self,
            time,
            clock,
            courier,
        }
    }

    /// How many mails are in a state.
    pub async fn in_state(&self, state: &str) -> usize {
        let mails = self.office.ledger.mails(true).await.unwrap();
        mails.iter().filter(|mail| mail.state == state).count()
    }

    /// A principal's latest mail and its tries.
    pub async fn mail(&self, principal: usize) -> (MailRow, Vec<AttemptRow>) {
        let ledger = &self.office.ledger;
        let person = PersonId::new(format!("r{principal}"));
        let mails = ledger.mails(true).await.unwrap();
        let of = mails.iter().rfind(|mail| mail.person == person);
        let id = of.expect("there is a mail").id;
        let (mail, tries, ..) = ledger.mail(id).await.unwrap().unwrap();
        (mail, tries)
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.log.is_clean();
        }
    }
}

/// A daemon's rounds, on a clock of their own.
pub struct Days<'a> {
    town: &'a Town,
    time: Arc<Simulation>,
    clock: Clock,
    courier: Courier,
}

impl Days<'_> {
    /// The present.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// One round now; nothing where the courier leaves the relay alone.
    pub async fn round(&mut self) -> Option<Delivered> {
        self.tried().await.unwrap()
    }

    /// The same where a database may refuse.
    pub async fn tried(&mut self) -> Result<Option<Delivered>, OfficeError> {
        tick(&self.town.office, self.now()).await.unwrap();
        self.courier.round().await
    }

    /// Time goes by.
    pub fn pass(&self, minutes: i64) {
        self.time.pass(SignedDuration::from_mins(minutes));
    }

    /// Rounds, every so many minutes, up to a local time; when those were that delivered, and what
    /// they came to.
    pub async fn until(&mut self, local: &str, minutes: i64) -> Vec<(Timestamp, Delivered)> {
        let end = self.town.instant(local);
        let mut rounds = Vec::new();
        while self.now() < end {
            if let Some(delivered) = self.round().await {
                rounds.push((self.now(), delivered));
            }
            self.pass(minutes);
        }
        rounds
    }
}

fn config(host: &str, port: u16, (connections, more): (usize, &str)) -> String {
    format!(
        r#"{BASE}[mail.transport]
kind = "smtp"
host = "{host}"
port = {port}
{more}
user = "{USER}"
password-file = "password"
connections = {connections}
per-minute = 100000
[[school-year]]
name = "2026/27"
terms = [{{ from = 2026-08-18, to = 2026-12-18 }}, {{ from = 2027-01-11, to = 2027-06-10 }}]
[reminders.check-in-gap]
enabled = false
"#
    )
}

fn person(id: &str, email: String) -> Person {
    Person {
        id: PersonId::new(id),
        name: format!("Åsa {FREE_TEXT} {id}"),
        email,
        language: Language::Swedish,
    }
}

pub fn batch(principals: usize) -> Batch {
    let mut batch = Batch::default();
    let area = AreaId::new("norr");
    batch.areas.push(Area {
        id: area.clone(),
        name: "Norra området".into(),
    });
    for number in 0..principals {
        let code = UnitCode::parse(&format!("{:08}", 10_000_000 + number)).unwrap();
        batch.units.push(SchoolUnit {
            code: code.clone(),
            name: format!("Skola {number}"),
            area: area.clone(),
            level: SupportLevel::Standard,
            active_from: None,
            active_to: None,
            successor: None,
        });
        let person = person(&format!("r{number}"), address(number));
        batch.appointments.push(Appointment {
            person: person.id.clone(),
            role: Role::Principal,
            post: At::Unit(code.clone()),
            from: None,
            to: None,
        });
        batch.people.push(person);
        batch
            .measures
            .push(measure(number, code, MeasureStatus::Ongoing));
    }
    batch
}

pub fn measure(number: usize, unit: UnitCode, status: MeasureStatus) -> Measure {
    Measure {
        id: MeasureId::new(format!("m{number}")),
        unit,
        school_year: "2026/27".into(),
        development_area: format!("{FREE_TEXT} och läsning"),
        team: String::new(),
        decision: format!("{FREE_TEXT} varje dag."),
        expected_effect: String::new(),
        indicator: String::new(),
        responsible: None,
        decided_on: None,
        evaluate_by: DUE,
        status,
        evaluations: Vec::new(),
    }
}
