//! Broken configurations: each is told by its line, with what to write instead.

use std::path::{Path, PathBuf};
use std::process::Command;

use avstamd::config::{ConfigError, Fault, load, parse};

const GOOD: &str = r#"[authority]
name = "Lindhamra kommun"
time-zone = "Europe/Stockholm"
[database]
calendar = "calendar.db"
ledger = "ledger.db"
[mail]
from = "Kvalitet <kvalitet@skola.example>"
reply-to = "kvalitet@skola.example"
send-at = "07:00"
detail = "titles"
[mail.transport]
kind = "smtp"
host = "relay.example"
port = 587
security = "starttls"
user = "avstamd"
password-file = "password"
connections = 2
per-minute = 30
[[school-year]]
name = "2026/27"
terms = [{ from = 2026-08-18, to = 2026-12-18 }, { from = 2027-01-11, to = 2027-06-10 }]
breaks = [{ name = "höstlov", from = 2026-10-26, to = 2026-10-30 }]
staff-days = [2026-09-25]
quiet = [{ from = 2027-07-05, to = 2027-08-08 }]
explore = { from = 2026-09-14, to = 2026-10-23 }
evaluate = { from = 2027-04-19, to = 2027-06-04 }
[dialogues]
weekdays = ["tue", "wed", "thu"]
times = ["08:30", "10:15"]
minutes = 90
[check-ins]
every-weeks = 2
[reminders.evaluation]
before = [10, 3, 0]
overdue-every = 5
"#;

fn faults(text: &str) -> Vec<Fault> {
    match parse(Path::new("avstamd.toml"), text) {
        Err(ConfigError::Faults(faults)) => faults,
        Err(error) => panic!("{error}"),
        Ok(_) => Vec::new(),
    }
}

/// A line of the good configuration, what to write in its place, and a word of the remedy.
const BROKEN: [(&str, &str, &str); 66] = [
    (
        "name = \"Lindhamra kommun\"",
        "nam = \"Lindhamra kommun\"",
        "did you mean \"name\"",
    ),
    ("name = \"Lindhamra kommun\"", "name = \"\"", "write a name"),
    (
        "name = \"Lindhamra kommun\"",
        "name = \"Lind\\u202Ehamra\"",
        "invisible character",
    ),
    (
        "name = \"Lindhamra kommun\"",
        "name = \"Lind\\nhamra\"",
        "line break",
    ),
    (
        "time-zone = \"Europe/Stockholm\"",
        "dialogue-name = 3",
        "authority.dialogue-name: ",
    ),
    (
        "time-zone = \"Europe/Stockholm\"",
        "dialogue-name = \"\"",
        "write a name",
    ),
    (
        "time-zone = \"Europe/Stockholm\"",
        "dialogue-name = { one = \"samtal\", the = \"samtalet\", many = \"samtal\" }",
        "authority.dialogue-name.the-many is missing",
    ),
    (
        "time-zone = \"Europe/Stockholm\"",
        "dialogue-name = { one = \"samtal\", the = \"samtalet\", many = \"samtal\", the-many = \"\" }",
        "write a name",
    ),
    (
        "time-zone = \"Europe/Stockholm\"",
        "dialogue-name = { one = \"samtal\", the = \"samtalet\", many = \"samtal\", the_many = \"samtalen\" }",
        "did you mean \"the-many\"",
    ),
    (
        "time-zone = \"Europe/Stockholm\"",
        "dialogue-name = { one = \"samtal\", the = \"samtalet\", many = \"samtal\", the-many = \"samtalen\", english = \"quality\\ttalk\" }",
        "invisible character",
    ),
    ("name = \"Lindhamra kommun\"", "name = 7", "in quotes"),
    (
        "time-zone = \"Europe/Stockholm\"",
        "time-zone = \"Sweden\"",
        "Europe/Stockholm",
    ),
    (
        "time-zone = \"Europe/Stockholm\"",
        "timezone = \"Europe/Stockholm\"",
        "did you mean \"time-zone\"",
    ),
    (
        "time-zone = \"Europe/Stockholm\"",
        "colour = \"blue\"",
        "the keys here are",
    ),
    (
        "calendar = \"calendar.db\"",
        "calender = \"calendar.db\"",
        "did you mean \"calendar\"",
    ),
    (
        "ledger = \"ledger.db\"",
        "ledger = \"calendar.db\"",
        "another name",
    ),
    ("ledger = \"ledger.db\"", "ledger = 3", "in quotes"),
    (
        "from = \"Kvalitet <kvalitet@skola.example>\"",
        "from = \"kvalitet\"",
        "kvalitet@skola.example",
    ),
    (
        "from = \"Kvalitet <kvalitet@skola.example>\"",
        "from = \"Kvalitet <kvalitet@skola.example\"",
        "closing >",
    ),
    (
        "from = \"Kvalitet <kvalitet@skola.example>\"",
        "from = \"Kva\\rlitet <k@skola.example>\"",
        "invisible character",
    ),
    (
        "reply-to = \"kvalitet@skola.example\"",
        "reply-to = \"a@b.example, c@d.example\"",
        "one e-mail address",
    ),
    (
        "reply-to = \"kvalitet@skola.example\"",
        "reply-to = \"kvalité@skola.example\"",
        "one e-mail address",
    ),
    (
        "reply-to = \"kvalitet@skola.example\"",
        "reply_to = \"kvalitet@skola.example\"",
        "did you mean \"reply-to\"",
    ),
    (
        "send-at = \"07:00\"",
        "send-at = \"7 o'clock\"",
        "\"07:00\"",
    ),
    ("send-at = \"07:00\"", "send-at = \"25:00\"", "\"07:00\""),
    (
        "send-at = \"07:00\"",
        "send-at = \"18:00\"",
        "later in the day",
    ),
    ("send-at = \"07:00\"", "send-at = 7", "\"07:00\""),
    ("detail = \"titles\"", "detail = \"all\"", "titles"),
    ("kind = \"smtp\"", "kind = \"pigeon\"", "sendmail"),
    ("kind = \"smtp\"", "kind = \"files\"", "directory"),
    (
        "host = \"relay.example\"",
        "host = \"relay.example:25\"",
        "port under port",
    ),
    ("host = \"relay.example\"", "host = \"\"", "relay.example"),
    (
        "host = \"relay.example\"",
        "hst = \"relay.example\"",
        "did you mean \"host\"",
    ),
    ("port = 587", "port = 0", "from 1 to 65535"),
    ("port = 587", "port = 70000", "from 1 to 65535"),
    ("port = 587", "port = \"587\"", "whole number"),
    ("security = \"starttls\"", "security = \"none\"", "starttls"),
    ("security = \"starttls\"", "security = \"ssl\"", "starttls"),
    ("user = \"avstamd\"", "", "password-file without user"),
    (
        "password-file = \"password\"",
        "",
        "user without password-file",
    ),
    ("connections = 2", "connections = 0", "from 1 to 20"),
    ("connections = 2", "connections = 1000", "from 1 to 20"),
    ("per-minute = 30", "per-minute = -1", "whole number"),
    ("per-minute = 30", "per-minute = 2.5", "whole number"),
    ("name = \"2026/27\"", "name = \"2026\"", "2026/27"),
    ("name = \"2026/27\"", "name = \"2026/28\"", "2026/27"),
    ("name = \"2026/27\"", "name = \"2025/26\"", "2025/26"),
    (
        "terms = [",
        "terms = [{ from = 2026-12-18, to = 2026-08-18 }] #",
        "terms",
    ),
    (
        "terms = [",
        "terms = [{ from = 2026-08-18, to = 2027-01-20 }, { from = 2027-01-11, to = 2027-06-10 }] #",
        "terms",
    ),
    ("terms = [", "terms = [] #", "terms"),
    (
        "terms = [",
        "terms = [{ from = 2026-08-32, to = 2026-12-18 }] #",
        "TOML",
    ),
    (
        "terms = [",
        "terms = [{ from = \"18/8\", to = 2026-12-18 }] #",
        "2026-08-18",
    ),
    (
        "terms = [",
        "terms = [{ start = 2026-08-18, to = 2026-12-18 }] #",
        "from",
    ),
    (
        "breaks = [",
        "breaks = [{ name = \"höstlov\", from = 2028-10-26, to = 2028-10-30 }] #",
        "breaks",
    ),
    (
        "staff-days = [",
        "staff-days = [2026-07-01] #",
        "staff-days",
    ),
    (
        "quiet = [",
        "quiet = [{ from = 2027-08-08, to = 2027-07-05 }] #",
        "quiet",
    ),
    (
        "explore = {",
        "explore = { from = 2027-05-01, to = 2027-05-20 } #",
        "explore",
    ),
    ("weekdays = [", "weekdays = [\"tisdag\"] #", "mon, tue, wed"),
    ("weekdays = [", "weekdays = [] #", "name at least one"),
    ("times = [", "times = [\"8.30\"] #", "\"07:00\""),
    ("minutes = 90", "minutes = 2", "from 5 to 480"),
    ("every-weeks = 2", "every-weeks = 0", "from 1 to 20"),
    ("before = [10, 3, 0]", "before = [10, 10]", "once"),
    ("before = [10, 3, 0]", "before = [-3]", "0 to 500"),
    ("before = [10, 3, 0]", "before = 3", "a list"),
    (
        "overdue-every = 5",
        "overdue-evry = 5",
        "did you mean \"overdue-every\"",
    ),
];

#[test]
fn the_good_one_is_good() {
    assert_eq!(faults(GOOD), []);
    assert_eq!(
        faults(&GOOD.replace("2026-08-18", "\"2026-08-18\"")),
        [],
        "dates in quotes too"
    );
}

#[test]
fn each_fault_is_told_by_its_line_with_the_remedy() {
    for (good, bad, remedy) in BROKEN {
        assert!(GOOD.contains(good), "{good}");
        let found = faults(&GOOD.replacen(good, bad, 1));
        let told = found.iter().find(|fault| fault.message.contains(remedy));
        let told = told.unwrap_or_else(|| panic!("{bad}: \"{remedy}\" is not in {found:#?}"));
        let line = GOOD
            .lines()
            .position(|line| line.starts_with(good))
            .unwrap()
            + 1;
        let near = told.line.unwrap_or(0);
        // What is missing is told at its table; a whole school year at its own head.
        let head = GOOD
            .lines()
            .take(line)
            .filter(|l| l.starts_with('['))
            .count();
        let table = GOOD
            .lines()
            .enumerate()
            .filter(|(_, l)| l.starts_with('['))
            .nth(head - 1)
            .unwrap()
            .0
            + 1;
        let next = line + 1;
        let before = line - 1; // a pair of keys is told at the one that is there
        assert!(
            [before, line, table, next].contains(&near),
            "{bad}: line {line} or {table}, not {near}: {}",
            told.message
        );
    }
}

#[test]
fn all_faults_are_told_at_once_by_line() {
    let text = GOOD
        .replace("time-zone = \"Europe/Stockholm\"", "time-zone = \"Sweden\"")
        .replace("port = 587", "port = 0")
        .replace("every-weeks = 2", "every-weeks = 99")
        .replace("[check-ins]", "[chek-ins]");
    let found = faults(&text);
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found.is_sorted_by_key(|fault| fault.line));
}

#[test]
fn what_is_not_toml_is_told_too() {
    for (text, line) in [
        ("[authority\nname = 1", 1),
        ("[authority]\nname = \"a\"\nname = \"b\"", 3),
        ("a = ", 1),
    ] {
        let found = faults(text);
        assert!(
            found
                .iter()
                .any(|fault| fault.line == Some(line) && fault.message.contains("not TOML")),
            "{text}: {found:#?}"
        );
    }
}

fn configurations(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            configurations(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "toml") {
            found.push(path);
        }
    }
}

#[test]
fn every_shipped_configuration_is_sound() {
    let mut found = Vec::new();
    configurations(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("config"),
        &mut found,
    );
    assert!(found.len() >= 2);
    for path in found {
        load(&path).unwrap();
    }
}

#[test]
fn the_annotated_configuration_shows_every_default() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/avstamd.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let plain = parse(&path, &text).unwrap();
    // With every key that is commented out written out, nothing changes.
    let shown: String = text
        .lines()
        .map(|line| {
            let key = line.strip_prefix("# ").filter(|rest| {
                let key = rest.split(" = ").next().unwrap_or_default();
                rest.contains(" = ") && key.chars().all(|c| c.is_ascii_lowercase() || c == '-')
            });
            let alternative = [
                "templates",
                "user",
                "password-file",
                "ca-file",
                "hello-name",
                "kind",
                "listen",
                "url",
                "allow-plain-text",
            ];
            match key {
                Some(rest) if !alternative.iter().any(|word| rest.starts_with(word)) => {
                    format!("{rest}\n")
                }
                _ => format!("{line}\n"),
            }
        })
        .collect();
    assert!(
        shown.lines().filter(|line| !line.starts_with('#')).count()
            > text.lines().filter(|line| !line.starts_with('#')).count() + 25
    );
    let written = parse(&path, &shown).unwrap();
    assert_eq!(written.rules, plain.rules);
    assert_eq!(written.placing, plain.placing);
    assert_eq!(written.mail, plain.mail);
    assert_eq!(written.transport, plain.transport);
    assert_eq!(plain.rules, avstamd::plan::Rules::default());
}

#[test]
fn exit_codes() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("avstamd.toml");
    std::fs::write(&file, GOOD.replace("port = 587", "port = 0")).unwrap();
    let code = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_avstamd"));
        let output = command
            .arg("--config")
            .arg(&file)
            .args(arguments)
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    for arguments in [
        &["check"][..],
        &["run", "--once"],
        &["import", "x.csv"],
        &["status"],
        &["check", "--json"],
    ] {
        assert_eq!(code(arguments).0, Some(78), "{arguments:?}");
    }
    assert!(
        code(&["check"]).1.contains("avstamd.toml:15:"),
        "{}",
        code(&["check"]).1
    );
    assert_eq!(code(&["forecast"]).0, Some(2));
    assert_eq!(code(&["nonsense"]).0, Some(2));
    std::fs::write(&file, [b"# \xe5\n", GOOD.as_bytes()].concat()).unwrap();
    let (latin, said) = code(&["check"]);
    assert_eq!(latin, Some(78));
    assert!(said.contains("save the file as UTF-8"), "{said}");
}
