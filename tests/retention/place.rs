//! The fictional authority of `config/demo` after a school year, in a directory of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, OnceLock};

use avstamd::daemon::{Clock, Office, once};
use avstamd::store::{Calendar, Ledger};
use jiff::ToSpan;
use jiff::civil::{Date, date};

pub const FIRST: Date = date(2026, 8, 3);
pub const LAST: Date = date(2027, 6, 30);

const FILES: [&str; 4] = ["avstamd.toml", "calendar.db", "ledger.db", "ledger.db.sent"];

pub struct Place {
    directory: tempfile::TempDir,
}

/// A mail as it can be told from others of another run: day, recipient, subject.
pub type Told = (String, String, String);

/// In memory where the system has such a place: a year of mail is many thousands of fsyncs, which are
/// not what is tried here.
fn directory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    tempfile::tempdir_in(memory)
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

/// The year is lived through once for all tests.
fn lived() -> &'static Place {
    static LIVED: OnceLock<Place> = OnceLock::new();
    LIVED.get_or_init(|| {
        let thread = std::thread::spawn(|| {
            let place = Place {
                directory: directory(),
            };
            let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/demo");
            std::fs::copy(demo.join("avstamd.toml"), place.path("avstamd.toml")).unwrap();
            place.done(&["import", demo.to_str().unwrap()]);
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(place.live(FIRST, LAST));
            place
        });
        thread.join().unwrap()
    })
}

impl Place {
    /// A copy of the place after its year; `rules` is its `[retention]`.
    pub fn after_a_year(rules: &str) -> Self {
        let lived = lived();
        let place = Self {
            directory: directory(),
        };
        for name in FILES {
            std::fs::copy(lived.path(name), place.path(name)).unwrap();
        }
        let config = std::fs::read_to_string(place.path("avstamd.toml")).unwrap();
        let config = format!("{config}\n[retention]\n{rules}\n");
        std::fs::write(place.path("avstamd.toml"), config).unwrap();
        place
    }

    /// What a copy of it is now.
    pub fn copied(&self) -> Self {
        let place = Self {
            directory: directory(),
        };
        for name in FILES {
            std::fs::copy(self.path(name), place.path(name)).unwrap();
        }
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn office(&self) -> Arc<Office> {
        let settings = avstamd::config::load(&self.path("avstamd.toml")).unwrap();
        let calendar = Calendar::open_or_create(&settings.database.calendar).unwrap();
        let ledger = Ledger::open_or_create(&settings.database.ledger).unwrap();
        Arc::new(Office::new(settings, calendar, ledger).unwrap())
    }

    /// Waits until the threads of a dropped office have closed their files.
    pub fn closed(&self, office: Arc<Office>) {
        drop(office);
        while ["calendar.db-wal", "ledger.db-wal"]
            .iter()
            .any(|log| self.path(log).exists())
        {
            std::thread::yield_now();
        }
    }

    /// A round at seven on every working day.
    pub async fn live(&self, from: Date, to: Date) {
        let office = self.office();
        let calendar = &office.settings.calendar;
        let days = from.series(1.day()).take_while(|day| *day <= to);
        for day in days.filter(|day| calendar.is_working_day(*day)) {
            let clock = Clock::At(calendar.instant(day, office.settings.rules.send_at));
            once(Arc::clone(&office), clock).await.unwrap();
        }
        self.closed(office);
    }

    /// Every mail sent here since the copy was made, and how often.
    pub fn mails(&self) -> BTreeMap<Told, usize> {
        let mut mails = BTreeMap::new();
        let entries = std::fs::read_dir(self.path("mail")).into_iter().flatten();
        for path in entries.map(|entry| entry.unwrap().path()) {
            let bytes = std::fs::read(path).unwrap();
            let message = mail_parser::MessageParser::default().parse(&bytes).unwrap();
            let to = message.to().unwrap().first().unwrap().address().unwrap();
            let day = message.date().unwrap().to_rfc3339();
            let told = (day, to.to_owned(), message.subject().unwrap().to_owned());
            *mails.entry(told).or_default() += 1;
        }
        mails
    }

    pub fn avstamd(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_avstamd"))
            .arg("--config")
            .arg(self.path("avstamd.toml"))
            .args(arguments)
            .output()
            .unwrap()
    }

    /// A command that has to succeed; what it printed.
    pub fn done(&self, arguments: &[&str]) -> String {
        let output = self.avstamd(arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {told}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// A command that has to fail with exit code 1; what it said.
    pub fn failed(&self, arguments: &[&str]) -> String {
        let output = self.avstamd(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    pub fn sql(&self, database: &str) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path(database)).unwrap()
    }

    /// One number from a database.
    pub fn number(&self, database: &str, sql: &str) -> i64 {
        let connection = self.sql(database);
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// One text from a database.
    pub fn text(&self, database: &str, sql: &str) -> String {
        let connection = self.sql(database);
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// A database with what its log holds.
    pub fn whole(&self, database: &str) -> Vec<u8> {
        let connection = self.sql(database);
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        let checked: i64 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(checked, 0);
        std::fs::read(self.path(database)).unwrap()
    }

    /// The files beside the configuration that say `word`.
    pub fn files_with(&self, word: &str) -> Vec<String> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(self.directory.path()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if !path.is_file() || name == "avstamd.toml" {
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let mut parts = bytes.windows(word.len());
            if parts.any(|part| part == word.as_bytes()) {
                files.push(name);
            }
        }
        files.sort();
        files
    }
}
