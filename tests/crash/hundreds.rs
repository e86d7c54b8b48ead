//! `kill -9` in the middle of sending five hundred mails and a thousand invitations, again and again:
//! none lost, none doubled but those whose answer the dead process never wrote down, and those with
//! the same bytes.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::server::{Message, Server};
use super::victim::program;

/// What it shares with the other tests.
const BASE: &str = include_str!("../common/base.toml");

/// Principals with a measure and a dialogue each, and their area managers.
const PRINCIPALS: usize = 500;
const MANAGERS: usize = PRINCIPALS / 50;
/// The day's mail to each of them, and an invitation on both sides of each dialogue.
const MAILS: usize = PRINCIPALS + MANAGERS + 2 * PRINCIPALS;
const DAY: &str = "2026-12-01T07:00";

fn town(directory: &Path, port: u16) {
    let base = BASE.replace(
        "invitations = { dialogues = false, check-ins = false }",
        "invitations = { most-per-day = 500 }",
    );
    let config = format!(
        r#"{base}[mail.transport]
kind = "smtp"
host = "127.0.0.1"
port = {port}
security = "none"
connections = 4
per-minute = 100000
[[school-year]]
name = "2026/27"
terms = [{{ from = 2026-08-18, to = 2026-12-18 }}, {{ from = 2027-01-11, to = 2027-06-10 }}]
"#
    );
    std::fs::write(directory.join("avstamd.toml"), config).unwrap();
    let mut units = String::from("code;name;area\n");
    let mut people = String::from("id;name;email;role;area;units\n");
    let mut measures = String::from("id;unit;school_year;decision;evaluate_by\n");
    let mut dialogues = String::from("unit;school_year;round;starts\n");
    for number in 0..MANAGERS {
        people.push_str(&format!(
            "c{number};Bo Ek;c{number}@prov.example;områdeschef;o{number};\n"
        ));
    }
    for number in 0..PRINCIPALS {
        let code = 10_000_000 + number;
        units.push_str(&format!("{code};Skola {number};o{}\n", number / 50));
        people.push_str(&format!(
            "r{number};Åsa Öberg;r{number}@prov.example;rektor;;{code}\n"
        ));
        measures.push_str(&format!(
            "m{number};{code};2026/27;Läsning varje dag;2026-12-01\n"
        ));
        dialogues.push_str(&format!("{code};2026/27;explore;2026-12-10T08:30\n"));
    }
    let areas: String = (0..MANAGERS)
        .map(|n| format!("o{n};Område {n}\n"))
        .collect();
    std::fs::write(directory.join("areas.csv"), format!("id;name\n{areas}")).unwrap();
    std::fs::write(directory.join("units.csv"), units).unwrap();
    std::fs::write(directory.join("people.csv"), people).unwrap();
    std::fs::write(directory.join("measures.csv"), measures).unwrap();
    std::fs::write(directory.join("dialogues.csv"), dialogues).unwrap();
    let done = avstamd(directory)
        .arg("import")
        .arg(directory)
        .status()
        .unwrap();
    assert!(done.success());
}

fn avstamd(directory: &Path) -> Command {
    let mut command = Command::new(program());
    command
        .arg("--config")
        .arg(directory.join("avstamd.toml"))
        .stdout(Stdio::null());
    command
}

fn once(directory: &Path) -> Child {
    avstamd(directory)
        .args(["run", "--once", "--at", DAY])
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn killed_while_sending_many_hundred_mails() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start();
    town(directory.path(), server.port);
    let mut kills = 0;
    // Each run is killed a little further on, in the middle of its sending.
    for round in 1..=8 {
        let mut child = once(directory.path());
        while server.count() < MAILS * round / 10 && child.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
            kills += 1;
        }
        child.wait().unwrap();
    }
    assert!(kills >= 6, "only {kills} runs were killed while sending");
    // Two more rounds, for what the last kill left uncertain.
    assert!(once(directory.path()).wait().unwrap().success());
    let mut later = avstamd(directory.path());
    assert!(
        later
            .args(["run", "--once", "--at", "2026-12-01T08:30"])
            .status()
            .unwrap()
            .success()
    );

    let accepted = server.accepted();
    // A person gets one mail of the day, and one invitation a meeting.
    let mut by_matter: BTreeMap<(&str, &str), Vec<&Message>> = BTreeMap::new();
    for message in &accepted {
        let meeting = match message.is_invitation() {
            true => message.header("In-Reply-To"),
            false => "",
        };
        let matter = (message.to.as_str(), meeting);
        by_matter.entry(matter).or_default().push(message);
    }
    assert_eq!(by_matter.len(), MAILS, "every mail arrived");
    let doubled = accepted.len() - MAILS;
    println!("{kills} kills; {MAILS} mails arrived, {doubled} of them twice");
    println!("crash kills: deliver: {kills}");
    // Each connection has one mail under way.
    assert!(
        doubled <= kills * 4,
        "{doubled} doubles after {kills} kills"
    );
    for copies in by_matter.values() {
        assert!(
            copies.iter().all(|copy| copy == &copies[0]),
            "a double with other bytes"
        );
    }
}
