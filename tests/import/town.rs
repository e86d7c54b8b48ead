//! An authority to import into.

use std::process::Command;

use rusqlite::Connection;
use serde_json::Value;

pub const CONFIG: &str = concat!(
    include_str!("../common/base.toml"),
    r#"[mail.transport]
kind = "files"
directory = "mail"
[[school-year]]
name = "2026/27"
terms = [{ from = 2026-08-18, to = 2026-12-18 }]
"#
);

/// One of each kind, with Swedish column names.
pub const GOOD: [(&str, &str); 8] = [
    ("områden.csv", "id;Namn\nnorr;Norra området\n"),
    (
        "skolenheter.csv",
        "Skolenhetskod;Namn;Område;Nivå;Gäller från;Gäller till;Ersätts av\n\
         12345678;Åsskolan;norr;ordinarie;2020-07-01;;\n\
         1234567;Ängskolan;norr;förstärkt;;2026-06-30;12345678\n",
    ),
    (
        "personer.csv",
        "id;Namn;E-post;Roll;Område;Skolenheter;Gäller från;Gäller till;Språk\n\
         rut;Rut Öberg;rut@skola.example;rektor;;12345678 01234567;;;\n\
         åke;Åke Ärlig;ake@skola.example;områdeschef;norr;;2026-01-01;;en\n",
    ),
    (
        "åtgärder.csv",
        "id;Skolenhet;Läsår;Utvecklingsområde;Beslutad åtgärd;Förväntad effekt;Ansvarig;Utvärderas senast;Utvärderad;Effekt;Effekt bedömd;Bedömning av effekten;Nästa steg\n\
         m1;12345678;2026/27;Läsning;\"Läsning varje dag.\nI alla klasser.\";Fler läser.;rut@skola.example;2026-12-03;2026-12-01;god;2027-06-01;Det gick bra.;fortsätt\n\
         m2;01234567;2025/26;;Mattestöd.;;;2026-05-03;;;;;\n",
    ),
    (
        "frånvaro.csv",
        "Person;Från;Till;Ersättare\nrut;2026-11-02;2026-11-06;åke\n",
    ),
    (
        "avstämningar.csv",
        "Rektor;Områdeschef;Börjar;Genomförd\nrut;åke;2026-11-10 08.30;2026-11-10\nrut;åke;2026-11-24T08:30;\n",
    ),
    (
        "kvalitetsdialoger.csv",
        "Skolenhet;Läsår;Omgång;Börjar;Minuter;Plats;Läge\n12345678;2026/27;undersökande;2026-10-06 13:00;90;Rum 2;planerad\n",
    ),
    (
        "aktiviteter.csv",
        "id;Titel;Skolenhet;Område;Roll;Klar senast;Klar\na1;Nulägesanalys;12345678;;rektor;2026-09-15;\n",
    ),
];

pub type Files = Vec<(String, Vec<u8>)>;

pub struct Town(pub tempfile::TempDir);

impl Town {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("avstamd.toml"), CONFIG).unwrap();
        Self(directory)
    }

    /// A town with one of each kind.
    pub fn settled() -> Self {
        let town = Self::new();
        let outcome = town.import(&good(str::as_bytes), &[]);
        assert_eq!(outcome["applied"], true, "{outcome:#}");
        town
    }

    /// Imports files at a time, and what the program said of it: exit code and words.
    pub fn words<B: AsRef<[u8]>>(&self, files: &[(String, B)], options: &[&str]) -> (i32, String) {
        let directory = tempfile::tempdir().unwrap();
        let mut paths = Vec::new();
        for (name, content) in files {
            let path = directory.path().join(name);
            std::fs::write(&path, content).unwrap();
            paths.push(path.display().to_string());
        }
        let paths = paths.iter().map(String::as_str);
        let arguments: Vec<&str> = std::iter::once("import")
            .chain(paths)
            .chain(options.iter().copied())
            .collect();
        self.run(&arguments)
    }

    /// Runs a command on the morning of 24 November 2026, unless it says otherwise.
    pub fn run(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_avstamd"));
        command
            .arg("--config")
            .arg(self.0.path().join("avstamd.toml"))
            .args(arguments);
        if !arguments.contains(&"--at") {
            command.args(["--at", "2026-11-24T08:00"]);
        }
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        (output.status.code().unwrap(), said)
    }

    /// Imports files, and what the program said of it as JSON.
    pub fn import<B: AsRef<[u8]>>(&self, files: &[(String, B)], options: &[&str]) -> Value {
        let (code, said) = self.words(files, &[options, &["--json"]].concat());
        let outcome: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}"));
        let sound = outcome["faults"].as_array().unwrap().is_empty();
        assert_eq!(code, i32::from(!sound), "{said}");
        outcome
    }

    /// Imports one file.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> Value {
        self.import(&[(name.to_owned(), content)], &[])
    }

    /// One value of the calendar, as text.
    pub fn value(&self, sql: &str) -> String {
        let connection = Connection::open(self.0.path().join("calendar.db")).unwrap();
        connection
            .query_row(sql, [], |row| Ok(cell(row.get_ref(0).unwrap())))
            .unwrap()
    }

    /// Changes the calendar as another system does.
    pub fn change(&self, sql: &str) {
        let connection = Connection::open(self.0.path().join("calendar.db")).unwrap();
        connection.execute_batch(sql).unwrap();
    }

    /// Every row of every table that an import writes, as text.
    pub fn dump(&self) -> Vec<String> {
        let path = self.0.path().join("calendar.db");
        if !path.exists() {
            return Vec::new();
        }
        let connection = Connection::open(path).unwrap();
        let tables = [
            "area",
            "school_unit",
            "person",
            "appointment",
            "absence",
            "development_area",
            "measure",
            "evaluation",
            "dialogue",
            "check_in",
            "activity",
            "change",
        ];
        let mut rows = Vec::new();
        for table in tables {
            let mut statement = connection
                .prepare(&format!("SELECT * FROM {table}"))
                .unwrap();
            let columns = statement.column_count();
            let found = statement.query_map([], |row| {
                let cells: Vec<String> = (0..columns)
                    .map(|n| cell(row.get_ref(n).unwrap()))
                    .collect();
                Ok(format!("{table} {}", cells.join(" ")))
            });
            rows.extend(found.unwrap().map(Result::unwrap));
        }
        rows.sort();
        rows
    }
}

fn cell(value: rusqlite::types::ValueRef<'_>) -> String {
    match value {
        rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        other => format!("{other:?}"),
    }
}

pub fn good<B>(encode: impl Fn(&'static str) -> B) -> Vec<(String, B)> {
    GOOD.iter()
        .map(|(name, text)| ((*name).to_owned(), encode(text)))
        .collect()
}

/// The faults of an outcome: line (0 for none), column as the file names it (empty for none), and
/// the words.
pub fn faults(outcome: &Value) -> Vec<(u64, String, String)> {
    notes(outcome, "faults")
}

/// The warnings of an outcome, likewise.
pub fn warnings(outcome: &Value) -> Vec<(u64, String, String)> {
    notes(outcome, "warnings")
}

fn notes(outcome: &Value, list: &str) -> Vec<(u64, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = outcome[list].as_array().unwrap();
    list.iter()
        .map(|note| {
            let line = note["line"].as_u64().unwrap_or(0);
            (line, text(&note["column"]), text(&note["message"]))
        })
        .collect()
}

/// Whether a note of that place holds a word.
pub fn told(notes: &[(u64, String, String)], line: u64, column: &str, word: &str) -> bool {
    notes
        .iter()
        .any(|(at, of, message)| (*at, of.as_str()) == (line, column) && message.contains(word))
}
