//! Broken configurations: each is told by its line, with what to write instead.

mod broken;

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

#[test]
fn what_stands_twice_is_named() {
    for (text, name) in [
        (
            "[authority]\nname = \"a\"\nname = \"b\"",
            ": name stands here",
        ),
        ("[mail]\n[authority]\n[mail]\n", ": mail stands here"),
        (
            "[mail.transport]\n[mail.transport]\n",
            ": transport stands here",
        ),
    ] {
        let found = faults(text);
        assert!(
            found.iter().any(|fault| fault.message.contains(name)),
            "{text}: {found:#?}"
        );
    }
}

#[test]
fn what_others_read_is_held_to_what_they_can_read() {
    for (good, bad, words) in [
        (
            "port = 587",
            "hello-name = \"mail avstamd\"",
            "is no host name",
        ),
        (
            "port = 587",
            "hello-name = \"a\\r\\nMAIL FROM:<x@y.example>\"",
            "is no host name",
        ),
        (
            "[mail.transport]",
            "[web]\nlisten = \"127.0.0.1:8480\"\nurl = \"https://av stamd.example\"\n[mail.transport]",
            "write it without",
        ),
        (
            "[mail.transport]",
            "[web]\nlisten = \"127.0.0.1:8480\"\nurl = \"https://avstamd.example\\u202E\"\n[mail.transport]",
            "write it without",
        ),
        (
            "[mail.transport]",
            "[web]\nlisten = \"127.0.0.1:8480\"\nurl = \"https://\"\n[mail.transport]",
            "begins with https://",
        ),
    ] {
        let found = faults(&GOOD.replacen(good, bad, 1));
        assert_eq!(found.len(), 1, "{bad}: {found:#?}");
        assert!(found[0].message.contains(words), "{bad}: {found:#?}");
    }
    let named = GOOD.replace("port = 587", "hello-name = \"avstamd.skola.example\"");
    assert_eq!(faults(&named), []);
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
fn what_cannot_be_read_is_not_said_to_be_missing() {
    for (good, bad) in [
        ("name = \"Lindhamra kommun\"", "name: \"Lindhamra kommun\""),
        ("[[school-year]]", "[school-year]"),
    ] {
        let found = faults(&GOOD.replacen(good, bad, 1));
        let missing = |fault: &&Fault| {
            fault.message.contains("missing") || fault.message.contains("no school year")
        };
        assert_eq!(found.iter().find(missing), None, "{bad}");
        assert!(!found.is_empty(), "{bad}");
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
                "ping-url",
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
    assert_eq!(written.watch.ping_every, plain.watch.ping_every);
    assert_eq!(written.retention, plain.retention);
    assert_eq!(
        plain.retention,
        avstamd::plan::retention::Retention::default()
    );
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
