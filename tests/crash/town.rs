//! A small authority with much to say on one morning: three schools, a manager, a director and a
//! quality officer, measures to evaluate and two dialogues to invite to.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use rusqlite::Connection;
use tempfile::TempDir;

use super::victim::program;

/// What it shares with the other tests.
const BASE: &str = include_str!("../common/base.toml");

/// The morning most stories are about, and later that day: what is made anew then has another Date.
pub const DAY: &str = "2026-12-01T07:00";
pub const SOON: &str = "2026-12-01T07:20";
pub const LATER: [&str; 3] = ["2026-12-01T08:30", "2026-12-01T10:30", "2026-12-01T12:30"];
/// A day without mail before it.
pub const SUNDAY: &str = "2026-11-29T07:00";

/// What no log may hold: the password, as it is and as AUTH PLAIN sends it, the words of a measure,
/// of an evaluation and of a note. Whole addresses are looked for apart.
pub const PASSWORD: &str = "hemligt-4711";
pub const FREE_TEXT: [&str; 4] = [
    "Läsning varje dag för Kalle i 4B",
    "Kalle läser bättre",
    "Kalle mår sämre",
    "Mer läsning för Kalle",
];

/// How large an authority is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub principals: usize,
    pub dialogues: usize,
    /// Connections to the mail server.
    pub connections: usize,
}

pub const SMALL: Size = Size {
    principals: 3,
    dialogues: 2,
    connections: 1,
};

/// The town as its first import left it, to be copied for each story.
#[derive(Debug)]
pub struct Template {
    directory: TempDir,
    size: Size,
}

impl Template {
    /// With a calendar, and with a ledger that nothing was said in yet.
    pub fn new(size: Size) -> Self {
        let template = Self::without_ledger(size);
        // Nothing leaves on a Sunday, so that it needs no server.
        command(
            template.directory.path(),
            &["run", "--once", "--at", SUNDAY],
        );
        fold_in(&template.path().join("calendar.db"));
        fold_in(&template.path().join("ledger.db"));
        template
    }

    /// With a calendar, before the daemon's first start.
    pub fn without_ledger(size: Size) -> Self {
        let template = Self::of_files(size);
        let path = template.directory.path();
        let files = path.join("files").display().to_string();
        command(path, &["import", &files, "--at", SUNDAY]);
        template
    }

    /// With files to import, and nothing else.
    pub fn of_files(size: Size) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        std::fs::create_dir(path.join("files")).unwrap();
        std::fs::write(path.join("password"), format!("{PASSWORD}\n")).unwrap();
        // Nobody listens at this port.
        std::fs::write(path.join("avstamd.toml"), config(9, size.connections)).unwrap();
        for (name, rows) in files(size) {
            std::fs::write(path.join("files").join(name), rows).unwrap();
        }
        Self { directory, size }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// With databases as the first version of the program left them: mails wait, none has been sent.
    pub fn earlier(size: Size) -> Self {
        let template = Self::new(size);
        let path = template.directory.path();
        // Nobody listens, so that what was decided waits.
        let done = program_in(path, &["run", "--once", "--at", DAY]);
        assert!(!done.success());
        for (name, application, first) in FIRST_VERSIONS {
            let now = path.join(format!("{name}.now"));
            fold_in(&path.join(name));
            std::fs::rename(path.join(name), &now).unwrap();
            let earlier = Connection::open(path.join(name)).unwrap();
            earlier.execute_batch(first).unwrap();
            earlier.execute("ATTACH ?1 AS now", [now.to_str()]).unwrap();
            carry_back(&earlier);
            let application = i32::from_be_bytes(*application);
            earlier
                .pragma_update(None, "application_id", application)
                .unwrap();
            earlier.pragma_update(None, "user_version", 1).unwrap();
            earlier.execute_batch("DETACH now").unwrap();
            std::fs::remove_file(now).unwrap();
        }
        template
    }

    /// A copy in `directory` whose mail server is at `port`.
    pub fn copy_to(&self, directory: &Path, port: u16) {
        copy(self.path(), directory);
        let config = config(port, self.size.connections);
        std::fs::write(directory.join("avstamd.toml"), config).unwrap();
    }
}

/// The first version of each database, and the number that marks it.
const FIRST_VERSIONS: [(&str, &[u8; 4], &str); 2] = [
    (
        "calendar.db",
        b"avCA",
        include_str!("../../src/store/calendar/0001_calendar.sql"),
    ),
    (
        "ledger.db",
        b"avLE",
        include_str!("../../src/store/ledger/0001_ledger.sql"),
    ),
];

/// Folds into a database what a process that ended left in its log: the last to close it does.
pub fn fold_in(path: &Path) {
    let database = Connection::open(path).unwrap();
    let log = database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
    assert_eq!(log, Ok(0));
}

/// Fills an earlier database with what it had room for of today's.
fn carry_back(earlier: &Connection) {
    let columns = |schema: &str, table: &str| -> Vec<String> {
        let sql = "SELECT name FROM pragma_table_info(?1, ?2)";
        let mut statement = earlier.prepare(sql).unwrap();
        let names = statement
            .query_map([table, schema], |row| row.get(0))
            .unwrap();
        names.collect::<Result<_, _>>().unwrap()
    };
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut statement = earlier.prepare(sql).unwrap();
    let tables = statement.query_map([], |row| row.get(0)).unwrap();
    let tables: Vec<String> = tables.collect::<Result<_, _>>().unwrap();
    earlier.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    for table in tables {
        let now = columns("now", &table);
        let mut both = columns("main", &table);
        both.retain(|column| now.contains(column));
        // It knew no invitations, and looks at everything anew.
        let which = match table.as_str() {
            "mail" => "WHERE meeting IS NULL",
            "attempt" | "agenda" | "fact" => "WHERE false",
            _ => "",
        };
        let both = both.join(", ");
        let copy =
            format!("INSERT INTO main.{table} ({both}) SELECT {both} FROM now.{table} {which}");
        earlier
            .execute(&copy, [])
            .unwrap_or_else(|error| panic!("{copy}: {error}"));
    }
}

/// Runs a command that must succeed.
pub fn command(directory: &Path, arguments: &[&str]) {
    let done = program_in(directory, arguments);
    assert!(done.success(), "{arguments:?}");
}

fn program_in(directory: &Path, arguments: &[&str]) -> ExitStatus {
    let done = Command::new(program())
        .arg("--config")
        .arg(directory.join("avstamd.toml"))
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    done.unwrap()
}

/// Copies a directory and what is in it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, target).unwrap();
        }
    }
}

fn config(port: u16, connections: usize) -> String {
    let base = BASE.replace(
        "invitations = { dialogues = false, check-ins = false }",
        "invitations = { most-per-day = 500 }",
    );
    format!(
        r#"{base}detail = "full"
[mail.transport]
kind = "smtp"
host = "127.0.0.1"
port = {port}
security = "none"
user = "avstamd"
password-file = "password"
connections = {connections}
per-minute = 100000
[[school-year]]
name = "2026/27"
terms = [{{ from = 2026-08-18, to = 2026-12-18 }}, {{ from = 2027-01-11, to = 2027-06-10 }}]
explore = {{ from = 2026-09-14, to = 2026-10-23 }}
evaluate = {{ from = 2027-04-19, to = 2027-06-04 }}
"#
    )
}

/// The tables to import, by file.
fn files(size: Size) -> [(&'static str, String); 5] {
    let code = |number: usize| 10_000_000 + number;
    let mut units = String::from("code;name;area\n");
    let mut people = String::from("id;name;email;role;area;units\n");
    let mut measures = String::from("id;unit;school_year;decision;expected_effect;evaluate_by\n");
    let mut dialogues = String::from("unit;school_year;round;starts\n");
    for number in 0..size.principals {
        units += &format!("{};Skola {number};norr\n", code(number));
        people += &format!(
            "r{number};Åsa Öberg;asa.r{number}@prov.example;rektor;;{}\n",
            code(number)
        );
        let [decision, effect, ..] = FREE_TEXT;
        measures += &format!(
            "m{number};{};2026/27;{decision};{effect};2026-12-01\n",
            code(number)
        );
    }
    for number in 0..size.dialogues {
        let day = 8 + number % 3;
        let minute = number % 60;
        dialogues += &format!(
            "{};2026/27;explore;2026-12-{day:02}T08:{minute:02}\n",
            code(number)
        );
    }
    people += "c;Dag Lind;dag.lind@prov.example;områdeschef;norr;\n";
    people += "s;Siv Alm;siv.alm@prov.example;skolchef;;\n";
    people += "k;Kim Ask;kim.ask@prov.example;kvalitetsutvecklare;;\n";
    [
        ("areas.csv", "id;name\nnorr;Norr\n".to_owned()),
        ("units.csv", units),
        ("people.csv", people),
        ("measures.csv", measures),
        ("dialogues.csv", dialogues),
    ]
}

/// The addresses of the town's people and of the authority.
pub fn is_whole_address(word: &str) -> bool {
    ["asa.r", "dag.lind@", "siv.alm@", "kim.ask@", "kvalitet@"]
        .iter()
        .any(|local| word.contains(local) && word.contains("@prov.example"))
}
