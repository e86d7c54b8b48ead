//! A small authority whose days go by as the test says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use avstamd::calendar::Language;
use avstamd::daemon::{Clock, Office, Simulation, once, resume};
use avstamd::follow_up::{
    Absence, Appointment, Area, AreaId, Measure, MeasureId, MeasureStatus, Person, PersonId, Post,
    Role, SchoolUnit, SupportLevel, UnitCode,
};
use avstamd::store::{Batch, Calendar, Ledger, Writing};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

pub const CONFIG: &str = concat!(
    include_str!("../common/base.toml"),
    include_str!("../common/files.toml"),
    r#"breaks = [{ name = "höstlov", from = 2026-10-26, to = 2026-10-30 }]
quiet = [{ from = 2027-07-05, to = 2027-08-08 }]
[[school-year]]
name = "2027/28"
terms = [{ from = 2027-08-17, to = 2027-12-17 }, { from = 2028-01-10, to = 2028-06-09 }]
[reminders.check-in-gap]
enabled = false
[reminders.weekly-digest]
enabled = false
[reminders.monthly-digest]
enabled = false
"#
);

pub const UNIT: &str = "12345678";

/// A mail as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub date: Timestamp,
    /// The iCalendar object of an invitation, its lines unfolded.
    pub event: Option<String>,
}

pub struct Town {
    pub office: Arc<Office>,
    pub directory: tempfile::TempDir,
    config: String,
    seen: BTreeSet<PathBuf>,
}

fn open(directory: &Path, config: &str) -> Arc<Office> {
    let settings = avstamd::config::parse(&directory.join("avstamd.toml"), config).unwrap();
    let calendar = Calendar::open_or_create(&settings.database.calendar).unwrap();
    let ledger = Ledger::open_or_create(&settings.database.ledger).unwrap();
    Arc::new(Office::new(settings, calendar, ledger).unwrap())
}

impl Town {
    /// One unit with Rut as principal, Åke as area manager, a director and a quality officer.
    pub async fn new() -> Self {
        Self::with(CONFIG).await
    }

    /// The same, with the weekly digest.
    pub async fn with_digest() -> Self {
        let digest = "[reminders.weekly-digest]\nenabled = ";
        Self::with(&CONFIG.replace(&format!("{digest}false"), &format!("{digest}true"))).await
    }

    /// The same, with the director's digest.
    pub async fn with_monthly_digest() -> Self {
        let digest = "[reminders.monthly-digest]\nenabled = ";
        Self::with(&CONFIG.replace(&format!("{digest}false"), &format!("{digest}true"))).await
    }

    /// The same, with the gaps between check-ins.
    pub async fn with_gaps() -> Self {
        let gaps = "[reminders.check-in-gap]\nenabled = ";
        Self::with(&CONFIG.replace(&format!("{gaps}false"), &format!("{gaps}true"))).await
    }

    /// The same, where the year is placed on 20 August, with invitations and without the reminders of
    /// meetings; `more` ends the configuration.
    pub async fn placing(more: &str) -> Self {
        let config = CONFIG
            .replace(
                "invitations = { dialogues = false, check-ins = false }\n",
                "",
            )
            .replace(
                "breaks = [",
                "place-on = 2026-08-20\nexplore = { from = 2026-09-14, to = 2026-10-23 }\n\
                 evaluate = { from = 2027-04-19, to = 2027-06-04 }\nbreaks = [",
            );
        Self::with(&(config + more)).await
    }

    /// The same, with words of its own from a directory.
    pub async fn with_words(directory: &Path) -> Self {
        let own = format!("[mail]\ntemplates = {:?}\n", directory.to_str().unwrap());
        Self::with(&CONFIG.replace("[mail]\n", &own)).await
    }

    /// The same, with invitations, and only these.
    pub async fn with_invitations() -> Self {
        let config = CONFIG.replace(
            "invitations = { dialogues = false, check-ins = false }\n",
            "invitations = { check-ins-weeks-before = 4, most-per-day = 3 }\n",
        );
        let off = [
            "focus-area",
            "dialogue-agenda",
            "dialogue-not-recorded",
            "check-in",
        ]
        .map(|notice| format!("[reminders.{notice}]\nenabled = false\n"));
        Self::with(&(config + &off.concat())).await
    }

    async fn with(config: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let town = Self {
            office: open(directory.path(), config),
            directory,
            config: config.to_owned(),
            seen: BTreeSet::new(),
        };
        let mut batch = Batch::default();
        batch.areas.push(Area {
            id: AreaId::new("norr"),
            name: "Norra området".into(),
        });
        batch.units.push(unit(UNIT, "Åsskolan"));
        town.put(batch).await;
        town.appoint("rut", Role::Principal, (None, None)).await;
        town.appoint("åke", Role::AreaManager, (None, None)).await;
        town.appoint("siv", Role::SchoolDirector, (None, None))
            .await;
        town.appoint("kim", Role::QualityOfficer, (None, None))
            .await;
        town
    }

    pub async fn put(&self, batch: Batch) {
        let at = Timestamp::UNIX_EPOCH;
        self.office
            .calendar
            .apply(batch, Writing::Keep, at, "test".into())
            .await
            .unwrap();
    }

    pub async fn appoint(&self, id: &str, role: Role, term: (Option<Date>, Option<Date>)) {
        let post = match role {
            Role::Principal | Role::ActingPrincipal => Post::Unit(UnitCode::parse(UNIT).unwrap()),
            Role::AreaManager => Post::Area(AreaId::new("norr")),
            _ => Post::Authority,
        };
        self.appoint_to(id, role, post, term).await;
    }

    pub async fn appoint_at(&self, id: &str, role: Role, code: &str) {
        let post = Post::Unit(UnitCode::parse(code).unwrap());
        self.appoint_to(id, role, post, (None, None)).await;
    }

    pub async fn appoint_to(
        &self,
        id: &str,
        role: Role,
        post: Post,
        (from, to): (Option<Date>, Option<Date>),
    ) {
        let mut batch = Batch::default();
        batch.people.push(person(id));
        batch.appointments.push(Appointment {
            person: PersonId::new(id),
            role,
            post,
            from,
            to,
        });
        self.put(batch).await;
    }

    /// Gives a person another address, as an outside system may.
    pub async fn address(&self, id: &str, email: &str) {
        let mut batch = Batch::default();
        let email = email.to_owned();
        batch.people.push(Person {
            email,
            ..person(id)
        });
        self.put(batch).await;
    }

    pub async fn level(&self, level: SupportLevel) {
        let mut batch = Batch::default();
        batch.units.push(SchoolUnit {
            level,
            ..unit(UNIT, "Åsskolan")
        });
        self.put(batch).await;
    }

    /// A unit in another area.
    pub async fn unit_in(&self, code: &str, area: &AreaId) {
        let mut batch = Batch::default();
        batch.units.push(SchoolUnit {
            area: area.clone(),
            ..unit(code, "Ängskolan")
        });
        self.put(batch).await;
    }

    pub async fn other_unit(&self, code: &str) {
        let mut batch = Batch::default();
        batch.units.push(unit(code, "Ängskolan"));
        self.put(batch).await;
    }

    /// Closes the unit after a day; another takes over.
    pub async fn close(&self, last: Date, successor: &str) {
        let mut batch = Batch::default();
        batch.units.push(unit(successor, "Ängskolan"));
        batch.units.push(SchoolUnit {
            active_to: Some(last),
            successor: Some(UnitCode::parse(successor).unwrap()),
            ..unit(UNIT, "Åsskolan")
        });
        self.put(batch).await;
    }

    pub async fn measure(&self, id: &str, evaluate_by: Date) {
        let mut batch = Batch::default();
        batch.measures.push(measure(id, evaluate_by));
        self.put(batch).await;
    }

    pub async fn measure_of(&self, id: &str, unit: &str, evaluate_by: Date) {
        let mut batch = Batch::default();
        batch.measures.push(Measure {
            unit: UnitCode::parse(unit).unwrap(),
            ..measure(id, evaluate_by)
        });
        self.put(batch).await;
    }

    pub async fn away(&self, person: &str, (from, to): (Date, Date), deputy: &str) {
        let mut batch = Batch::default();
        let (person, deputy) = (PersonId::new(person), Some(PersonId::new(deputy)));
        batch.absences.push(Absence {
            person,
            from,
            to,
            deputy,
        });
        self.put(batch).await;
    }

    /// The daemon stops, `meanwhile` happens to its directory, and it starts again at a local time.
    pub async fn restarted(self, local: &str, meanwhile: impl FnOnce(&Path)) -> Self {
        let now = self.instant(local);
        let Self {
            office,
            directory,
            config,
            seen,
        } = self;
        drop(office);
        // Its threads close their files, and the last to close takes the log away.
        while ["calendar.db-wal", "ledger.db-wal"]
            .iter()
            .any(|log| directory.path().join(log).exists())
        {
            std::thread::yield_now();
        }
        meanwhile(directory.path());
        let office = open(directory.path(), &config);
        resume(&office, &Clock::Simulated(Simulation::starting(now)))
            .await
            .unwrap();
        Self {
            office,
            directory,
            config,
            seen,
        }
    }

    pub fn instant(&self, local: &str) -> Timestamp {
        let local: DateTime = local.replace(' ', "T").parse().unwrap();
        self.office
            .settings
            .calendar
            .instant(local.date(), local.time())
    }

    /// One round at a local time; the mails it sent.
    pub async fn at(&mut self, local: &str) -> Vec<Mail> {
        let clock = Clock::At(self.instant(local));
        once(Arc::clone(&self.office), clock).await.unwrap();
        self.new_mails()
    }

    /// As [`Self::at`], where the clock goes, as it does for the daemon.
    pub async fn lives(&mut self, local: &str) -> Vec<Mail> {
        let clock = Clock::Simulated(Simulation::starting(self.instant(local)));
        once(Arc::clone(&self.office), clock).await.unwrap();
        self.new_mails()
    }

    /// The mails written since last asked, by recipient.
    pub fn new_mails(&mut self) -> Vec<Mail> {
        let Ok(entries) = std::fs::read_dir(self.directory.path().join("mail")) else {
            return Vec::new();
        };
        let mut mails = Vec::new();
        for path in entries.map(|entry| entry.unwrap().path()) {
            if self.seen.insert(path.clone()) {
                mails.push(read(&std::fs::read(path).unwrap()));
            }
        }
        mails.sort_by(|a, b| a.to.cmp(&b.to));
        mails
    }

    /// The recipients of one round's mails, without their domain.
    pub async fn to(&mut self, local: &str) -> Vec<String> {
        let mails = self.at(local).await;
        mails
            .into_iter()
            .map(|mail| mail.to.replace("@prov.example", ""))
            .collect()
    }
}

/// A measure of the school year, without an evaluation.
pub fn measure(id: &str, evaluate_by: Date) -> Measure {
    Measure {
        id: MeasureId::new(id),
        unit: UnitCode::parse(UNIT).unwrap(),
        school_year: "2026/27".into(),
        development_area: "Läsning".into(),
        team: String::new(),
        decision: "Läsning varje dag.".into(),
        expected_effect: String::new(),
        indicator: String::new(),
        responsible: None,
        decided_on: None,
        evaluate_by,
        status: MeasureStatus::Ongoing,
        evaluations: Vec::new(),
    }
}

fn unit(code: &str, name: &str) -> SchoolUnit {
    SchoolUnit {
        code: UnitCode::parse(code).unwrap(),
        name: name.into(),
        area: AreaId::new("norr"),
        level: SupportLevel::Standard,
        active_from: None,
        active_to: None,
        successor: None,
    }
}

fn person(id: &str) -> Person {
    Person {
        id: PersonId::new(id),
        name: format!("{} Öberg", capitalised(id)),
        email: format!("{}@prov.example", id.replace('å', "a")),
        language: Language::Swedish,
    }
}

fn capitalised(id: &str) -> String {
    let mut letters = id.chars();
    letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect()
}

fn read(bytes: &[u8]) -> Mail {
    let message = mail_parser::MessageParser::default().parse(bytes).unwrap();
    Mail {
        to: message
            .to()
            .unwrap()
            .first()
            .unwrap()
            .address()
            .unwrap()
            .to_owned(),
        subject: message.subject().unwrap().to_owned(),
        text: message.body_text(0).unwrap().into_owned(),
        date: Timestamp::from_second(message.date().unwrap().to_timestamp()).unwrap(),
        event: message
            .parts
            .iter()
            .find(|part| {
                let kind = mail_parser::MimeHeaders::content_type(*part);
                kind.is_some_and(|kind| kind.subtype() == Some("calendar"))
            })
            .map(|part| part.text_contents().unwrap().replace("\r\n ", "")),
    }
}
