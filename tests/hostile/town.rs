//! An authority whose calendar another system writes, straight into the file, and what its people get.

use std::path::PathBuf;
use std::sync::Arc;

use avstamd::daemon::{Clock, Delivered, Office, once};
use avstamd::store::{Calendar, Ledger};
use jiff::civil::DateTime;
use rusqlite::{Connection, Params};

use crate::letter::Letter;
use crate::relay::{Relay, Script};

/// The morning most stories are told of: the day the measures are due.
pub const MORNING: &str = "2026-12-01T07:00";

/// Two schools, their principals, and those above them.
const PEOPLE: &str = "
INSERT INTO area (id, name) VALUES ('norr', 'Norra området');
INSERT INTO school_unit (code, name, area) VALUES ('12345678', 'Åsskolan', 'norr'),
    ('87654321', 'Björkskolan', 'norr');
INSERT INTO person (id, name, email) VALUES
    ('rut', 'Rut Öberg', 'rut@prov.example'), ('bo', 'Bo Ek', 'bo@prov.example'),
    ('ake', 'Åke Ståhl', 'ake@prov.example'), ('siv', 'Siv Lund', 'siv@prov.example'),
    ('kim', 'Kim Alm', 'kim@prov.example');
INSERT INTO appointment (person, role, unit, area) VALUES
    ('rut', 'principal', '12345678', NULL), ('bo', 'principal', '87654321', NULL),
    ('ake', 'area_manager', NULL, 'norr'), ('siv', 'school_director', NULL, NULL),
    ('kim', 'quality_officer', NULL, NULL);
INSERT INTO measure (id, unit, school_year, decision, evaluate_by) VALUES
    ('m-rut', '12345678', '2026/27', 'Läsning varje dag.', '2026-12-01'),
    ('m-bo', '87654321', '2026/27', 'Räkning varje dag.', '2026-12-01');
";

pub struct Town {
    pub office: Arc<Office>,
    pub relay: Relay,
    pub directory: tempfile::TempDir,
    /// Another system's connection: it heeds no check and no reference.
    outside: Connection,
}

impl Town {
    pub async fn new() -> Self {
        Self::with(Script::default()).await
    }

    /// The same, with a relay that does something else.
    pub async fn with(script: Script) -> Self {
        let relay = Relay::start(script);
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("avstamd.toml");
        std::fs::write(&file, config(relay.port)).unwrap();
        let settings = avstamd::config::load(&file).unwrap();
        let calendar = Calendar::open_or_create(&settings.database.calendar).unwrap();
        let ledger = Ledger::open_or_create(&settings.database.ledger).unwrap();
        let outside = Connection::open(&settings.database.calendar).unwrap();
        let town = Self {
            office: Arc::new(Office::new(settings, calendar, ledger).unwrap()),
            relay,
            directory,
            outside,
        };
        town.sql("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;");
        town.sql(PEOPLE);
        town
    }

    pub fn sql(&self, sql: &str) {
        self.outside.execute_batch(sql).unwrap();
    }

    /// Writes rows, as another system does.
    pub fn put(&self, sql: &str, of: impl Params) {
        self.outside.execute(sql, of).unwrap();
    }

    /// The first column of what a query finds.
    pub fn rows(&self, sql: &str) -> Vec<String> {
        let mut statement = self.outside.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// The same town, with words of the authority's own.
    pub fn with_words(self, words: &str) -> Self {
        let directory = self.path("ord");
        std::fs::create_dir(&directory).unwrap();
        std::fs::write(directory.join("sv.toml"), words).unwrap();
        let mut settings = self.office.settings.clone();
        settings.mail.templates = Some(directory);
        let office = Arc::new(self.office.with_settings(settings).unwrap());
        Self { office, ..self }
    }

    /// Takes a table's types and its NOT NULL away, as a system does that made the table anew.
    pub fn loosen(&self, table: &str) {
        let version: i64 = self
            .outside
            .query_row("PRAGMA schema_version", [], |row| row.get(0))
            .unwrap();
        self.sql("PRAGMA writable_schema = ON");
        self.put(
            "UPDATE sqlite_schema SET sql = replace(replace(replace(replace(sql,
                 ') STRICT, ', ') '), ') STRICT', ')'), ' NOT NULL', ''), ' TEXT', ' BLOB')
             WHERE type = 'table' AND name = ?1",
            [table],
        );
        self.sql(&format!("PRAGMA schema_version = {}", version + 1));
        self.sql("PRAGMA writable_schema = RESET");
    }

    /// A round at a local time.
    pub async fn at(&self, local: &str) -> Delivered {
        let clock = self.clock(local);
        once(Arc::clone(&self.office), clock).await.unwrap().1
    }

    pub fn clock(&self, local: &str) -> Clock {
        let local: DateTime = local.parse().unwrap();
        let calendar = &self.office.settings.calendar;
        Clock::At(calendar.instant(local.date(), local.time()))
    }

    /// What has reached the relay, each message checked.
    pub fn letters(&self) -> Vec<Letter> {
        let seen = self.relay.seen();
        let messages = seen.messages.iter();
        messages
            .map(|message| Letter::read(&message.bytes))
            .collect()
    }

    /// What has reached one person.
    pub fn to(&self, address: &str) -> Vec<Letter> {
        let mut letters = self.letters();
        letters.retain(|letter| letter.to == address);
        letters
    }

    /// The one reminder that somebody got.
    pub fn one_to(&self, address: &str) -> Letter {
        let mut letters = self.to(address);
        letters.retain(|letter| letter.event.is_none());
        assert_eq!(letters.len(), 1, "mails to {address}");
        letters.remove(0)
    }

    /// Runs a command on the morning, and what it printed: standard output, then standard error.
    pub async fn run(&self, arguments: &[&str]) -> (String, String) {
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_avstamd"))
            .arg("--config")
            .arg(self.path("avstamd.toml"))
            .args(arguments)
            .env("AVSTAMD_LOG", "debug")
            .env_remove("JOURNAL_STREAM")
            .output()
            .await
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        assert!(output.status.code().is_some(), "it was killed");
        (text(output.stdout), text(output.stderr))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

/// Everything is told in full, to everybody, at once.
fn config(port: u16) -> String {
    let base = include_str!("../common/base.toml").replace(
        "invitations = { dialogues = false, check-ins = false }\n",
        "",
    );
    format!(
        r#"{base}detail = "full"
[mail.transport]
kind = "smtp"
host = "127.0.0.1"
port = {port}
security = "none"
per-minute = 100000
[[school-year]]
name = "2026/27"
terms = [{{ from = 2026-08-18, to = 2026-12-18 }}, {{ from = 2027-01-11, to = 2027-06-10 }}]
[reminders.check-in-gap]
enabled = false
"#
    )
}
