//! Others at the databases: another daemon, a writer that holds the lock, a busy one, and hands that
//! spoil the files.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rustix::process::Signal;

use super::life::{LONG, Life, ONCE, Said};
use super::server::{Manner, Server};
use super::town::{SMALL, Template, fold_in};
use super::victim::{Running, Victim};

fn small() -> (Template, Server, Said) {
    let (template, server) = (Template::new(SMALL), Server::start());
    let said = Life::undisturbed(&template, &server);
    (template, server, said)
}

/// Ends a story in which `again` mails come twice.
fn end(mut life: Life<'_>, expected: &Said, again: usize) {
    let came = life.end(expected);
    assert_eq!(life.told("it was disturbed"), None);
    assert_eq!(came.1, again, "mails again");
}

/// A connection that holds the lock of a database.
fn holding(path: &Path) -> Connection {
    let other = Connection::open(path).unwrap();
    other.busy_timeout(Duration::from_secs(5)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

/// Begins a morning, and waits until the server has taken a mail. It says nothing until it is told to.
fn begun(life: &Life<'_>, server: &Server) -> Running {
    server.behave(Manner::Silent);
    let running = Victim::new(life.path(), &ONCE).begin(None);
    let started = Instant::now();
    while server.count() == 0 {
        assert!(started.elapsed() < LONG, "nothing was sent");
        thread::sleep(Duration::from_millis(1));
    }
    running
}

#[test]
fn fault_13_who_holds_the_calendars_lock_stops_no_mail() {
    let (template, server, said) = small();
    let mut life = Life::new(&template, &server);
    let other = holding(&life.path().join("calendar.db"));
    let morning = life.run(&ONCE, None);
    assert!(morning.succeeded(), "{}", morning.errors);
    drop(other);
    end(life, &said, 0);
}

/// Longer than the program waits for a lock at a time, which is ten seconds.
#[test]
#[ignore = "slow: .ci/run crash"]
fn fault_14_a_lock_between_the_yes_and_its_writing_down_is_waited_for() {
    let (template, server, said) = small();
    let mut life = Life::new(&template, &server);
    let running = begun(&life, &server);
    let other = holding(&life.path().join("ledger.db"));
    server.behave(Manner::Prompt);
    let started = Instant::now();
    while !running.errors().contains("locked") {
        assert!(started.elapsed() < LONG, "{}", running.errors());
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(
        server.count(),
        1,
        "nothing is sent that cannot be written down"
    );
    drop(other);
    let morning = running.end_within(LONG);
    let morning = life.look(morning);
    assert!(morning.succeeded(), "{}", morning.errors);
    end(life, &said, 0);
}

#[test]
fn fault_15_killed_while_a_lock_keeps_the_yes_from_being_written_down() {
    let (template, server, said) = small();
    let mut life = Life::new(&template, &server);
    let running = begun(&life, &server);
    let other = holding(&life.path().join("ledger.db"));
    server.behave(Manner::Prompt);
    running.signal(Signal::KILL);
    drop(other);
    let killed = running.end_within(LONG);
    assert!(life.look(killed).killed);
    end(life, &said, 1);
}

/// Runs the morning over a spoilt file, which must be left as it is.
fn refused(life: &mut Life<'_>, name: &str) -> String {
    let path = life.path().join(name);
    let before = std::fs::read(&path).ok();
    let morning = Victim::new(life.path(), &ONCE).run(None, LONG);
    assert_eq!(morning.code, Some(1), "{}", morning.errors);
    assert_eq!(morning.wrong(), [""; 0]);
    assert_eq!(std::fs::read(&path).ok(), before, "{name} was touched");
    morning.errors
}

#[test]
fn fault_18_a_database_that_is_garbage_or_gone_is_told_of_and_left_as_it_is() {
    let (template, server, said) = small();
    for name in ["calendar.db", "ledger.db"] {
        let mut life = Life::new(&template, &server);
        let path = life.path().join(name);
        let sound = std::fs::read(&path).unwrap();
        let mut garbled = sound.clone();
        garbled[..4096].fill(7);
        let half = sound[..sound.len() / 2].to_vec();
        for spoilt in [Some(garbled), Some(half), Some(Vec::new()), None] {
            // An empty ledger from which nothing was sent is as good as a new one.
            let is_new = name == "ledger.db" && spoilt.as_ref().is_none_or(Vec::is_empty);
            if is_new {
                continue;
            }
            match &spoilt {
                Some(bytes) => std::fs::write(&path, bytes).unwrap(),
                None => std::fs::remove_file(&path).unwrap(),
            }
            let told = refused(&mut life, name);
            assert!(told.contains(name), "{told}");
        }
        assert_eq!(server.count(), 0);
        std::fs::write(&path, sound).unwrap();
        end(life, &said, 0);
    }
}

/// Pages in the middle are garbage: what can be done is done, nothing is doubled, nothing panics.
#[test]
fn fault_18_a_ledger_with_spoilt_pages_sends_nothing_twice() {
    let (template, server, said) = small();
    let mut life = Life::new(&template, &server);
    life.run(&ONCE, None);
    let path = life.path().join("ledger.db");
    fold_in(&path);
    let sound = std::fs::read(&path).unwrap();
    let sent = server.count();
    for page in 1..sound.len() / 4096 {
        let mut spoilt = sound.clone();
        spoilt[page * 4096..][..4096].fill(0xa5);
        std::fs::write(&path, spoilt).unwrap();
        let morning = Victim::new(life.path(), &ONCE).run(None, LONG);
        assert_eq!(morning.wrong(), [""; 0]);
        assert!(
            morning.succeeded() || morning.errors.contains("avstamd: "),
            "{}",
            morning.errors
        );
        assert_eq!(server.count(), sent, "page {page}: {}", morning.errors);
        for ending in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(life.path().join(format!("ledger.db{ending}")));
        }
    }
    std::fs::write(&path, sound).unwrap();
    end(life, &said, 0);
}

#[test]
fn fault_20_a_database_of_a_newer_program_is_refused_untouched() {
    let (template, server, said) = small();
    for name in ["calendar.db", "ledger.db"] {
        let mut life = Life::new(&template, &server);
        let database = Connection::open(life.path().join(name)).unwrap();
        let version = |of: &str| database.pragma_update(None, "user_version", of).unwrap();
        let now: i64 = database
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        version("99");
        database
            .pragma_update(None, "wal_checkpoint", "TRUNCATE")
            .unwrap();
        let told = refused(&mut life, name);
        assert!(told.contains("newer"), "{told}");
        version(&now.to_string());
        drop(database);
        end(life, &said, 0);
    }
}

#[test]
fn fault_22_a_second_daemon_is_refused_while_the_first_sends() {
    let (template, server, said) = small();
    let mut life = Life::new(&template, &server);
    let running = begun(&life, &server);
    let second = refused_second(&life);
    assert!(second.contains("another avstamd is running"), "{second}");
    server.behave(Manner::Prompt);
    let first = running.end_within(LONG);
    assert!(life.look(first).succeeded());
    end(life, &said, 0);
}

/// Its words go elsewhere than the first one's.
fn refused_second(life: &Life<'_>) -> String {
    let second = std::process::Command::new(super::victim::program())
        .arg("--config")
        .arg(life.path().join("avstamd.toml"))
        .args(ONCE)
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    String::from_utf8(second.stderr).unwrap()
}

/// Hundreds of commits a second, and the log cut off again and again.
#[test]
fn fault_24_a_busy_writer_of_the_calendar_loses_no_mail() {
    let (template, server, said) = small();
    let mut life = Life::new(&template, &server);
    let path = life.path().join("calendar.db");
    let (stop, wrote) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            let writer = Connection::open(&path).unwrap();
            writer.busy_timeout(Duration::from_secs(5)).unwrap();
            let same = "UPDATE person SET language = language WHERE id = 'r0'";
            for number in 0.. {
                writer.execute(same, []).unwrap();
                if number % 5 == 0 {
                    writer
                        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
                        .unwrap();
                }
                wrote.store(true, Ordering::SeqCst);
                if stop.load(Ordering::SeqCst) {
                    return;
                }
            }
        });
        while !wrote.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        let morning = life.run(&ONCE, None);
        stop.store(true, Ordering::SeqCst);
        assert!(morning.succeeded(), "{}", morning.errors);
    });
    end(life, &said, 0);
}
