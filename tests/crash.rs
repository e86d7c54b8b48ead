//! `kill -9` in the middle of sending a thousand mails and two thousand invitations, again and again:
//! none lost, none doubled but those whose answer the dead process never wrote down, and those with
//! the same bytes.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What it shares with the other tests.
const BASE: &str = include_str!("common/base.toml");

/// Principals with a measure and a dialogue each, and their area managers.
const PRINCIPALS: usize = 1_000;
const MANAGERS: usize = PRINCIPALS / 50;
/// The day's mail to each of them, and an invitation on both sides of each dialogue.
const MAILS: usize = PRINCIPALS + MANAGERS + 2 * PRINCIPALS;
const DAY: &str = "2026-12-01T07:00";

/// Every message the server said yes to, in order.
type Accepted = Arc<Mutex<Vec<String>>>;

/// A mail server that says yes to everything.
fn server() -> (u16, Accepted) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let accepted = Accepted::default();
    let kept = Arc::clone(&accepted);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let accepted = Arc::clone(&kept);
            // A connection whose client dies ends with an error, which is no concern of the others.
            thread::spawn(move || drop(converse(stream, &accepted)));
        }
    });
    (port, accepted)
}

fn converse(stream: TcpStream, accepted: &Accepted) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream).lines();
    out.write_all(b"220 hej\r\n")?;
    while let Some(line) = lines.next() {
        let line = line?;
        let answer: &[u8] = match line.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => b"250 hej\r\n",
            "DATA" => {
                out.write_all(b"354 go on\r\n")?;
                let mut message = String::new();
                loop {
                    let line = lines
                        .next()
                        .unwrap_or_else(|| Err(std::io::ErrorKind::UnexpectedEof.into()))?;
                    if line == "." {
                        break;
                    }
                    message.push_str(&line);
                    message.push('\n');
                }
                // It is accepted from here on, whether or not the answer arrives.
                accepted.lock().unwrap().push(message);
                b"250 queued\r\n"
            }
            "QUIT" => return out.write_all(b"221 hej\r\n"),
            _ => b"250 ok\r\n",
        };
        out.write_all(answer)?;
    }
    Ok(())
}

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
    let mut command = Command::new(env!("CARGO_BIN_EXE_avstamd"));
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

fn header<'a>(message: &'a str, name: &str) -> &'a str {
    let found = message
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    found.unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn killed_while_sending_thousands_of_mails() {
    let directory = tempfile::tempdir().unwrap();
    let (port, accepted) = server();
    town(directory.path(), port);
    let count = || accepted.lock().unwrap().len();
    let mut kills = 0;
    // Each run is killed a little further on, in the middle of its sending.
    for round in 1..=8 {
        let mut child = once(directory.path());
        while count() < MAILS * round / 10 && child.try_wait().unwrap().is_none() {
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

    let accepted = accepted.lock().unwrap();
    // A person gets one mail of the day, and one invitation a meeting.
    let mut by_matter: BTreeMap<(&str, &str), Vec<&String>> = BTreeMap::new();
    for message in accepted.iter() {
        let meeting = match message.contains("<invitations.avstamd.prov.example>") {
            true => header(message, "In-Reply-To"),
            false => "",
        };
        let matter = (header(message, "To"), meeting);
        by_matter.entry(matter).or_default().push(message);
    }
    assert_eq!(by_matter.len(), MAILS, "every mail arrived");
    let doubled = accepted.len() - MAILS;
    println!("{kills} kills; {MAILS} mails arrived, {doubled} of them twice");
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
