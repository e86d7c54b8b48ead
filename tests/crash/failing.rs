//! A disk that is full, failing or read-only at any point. What cannot be written down is not sent;
//! what was decided is said once the disk is sound again; and the program says what is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use super::life::{LONG, Life, ONCE};
use super::server::Server;
use super::sweep::{Outcome, Tally, points};
use super::town::{SMALL, Template};
use super::victim::{Blow, CALENDAR, Calls, LEDGER, Victim};

/// A run that has not ended so long after it told of trouble waits for a better disk, and is killed.
const PATIENCE: Duration = Duration::from_millis(500);

const CHANGES: [&str; 3] = ["pwrite64", "write", "ftruncate"];
/// Nothing of a short morning need be cut off.
const MAY_BE_NONE: &str = "ftruncate";
const SYNC: &str = "fsync,fdatasync";

const fn on(calls: &'static str, on: &'static [&'static str]) -> Calls {
    Calls { calls, on }
}

/// The morning, with the error that `blow` makes of the n-th call, and then a sound disk.
fn failing(
    name: &str,
    (kinds, step): (&[Calls], usize),
    (patience, blow): (Duration, impl Fn(usize) -> Blow + Sync),
) -> Tally {
    let template = Template::new(SMALL);
    let expected = Life::undisturbed(&template, &Server::start());
    let struck = Mutex::new(BTreeSet::<(&str, &[&str])>::new());
    let tally = points(name, (kinds, step), |server, calls, n| {
        let mut life = Life::new(&template, server);
        life.doing = Some("waiting for a sound disk");
        let directory = life.path().to_owned();
        let mut running = Victim::new(&directory, &ONCE).begin(Some((calls, blow(n))));
        let started = Instant::now();
        while !running.is_over() && !tells(&running.errors()) {
            assert!(started.elapsed() < LONG, "it waits without a word");
            thread::sleep(Duration::from_millis(5));
        }
        let end = running.end_within(patience);
        let end = life.look(end);
        life.doing = None;
        let came = life.end(&expected);
        if end.failed {
            struck.lock().unwrap().insert((calls.calls, calls.on));
        }
        Outcome {
            is_beyond: !end.failed,
            ..Outcome::of(&life, &format!("{:?} of {}", blow(n), calls.calls), came)
        }
    });
    // A sweep in which no error was put in says nothing.
    let struck = struck.into_inner().unwrap();
    for calls in kinds.iter().filter(|kind| kind.calls != MAY_BE_NONE) {
        let on = (calls.calls, calls.on);
        assert!(struck.contains(&on), "{name}: no error in {on:?}");
    }
    tally
}

/// Whether a log tells of trouble. An undisturbed morning's does not.
fn tells(log: &str) -> bool {
    ["ERROR", "WARN"].iter().any(|level| log.contains(level))
}

#[test]
#[ignore = "needs strace: .ci/run crash"]
fn fault_11_a_disk_that_is_full_at_any_write() {
    let kinds = CHANGES.map(|calls| on(calls, LEDGER));
    failing(
        "a full disk, once",
        (&kinds, 2),
        (PATIENCE, |n| Blow::Fails("ENOSPC", n)),
    );
}

/// Nothing comes twice where the program is let wait for the disk.
#[test]
#[ignore = "needs strace: .ci/run crash"]
fn fault_11_a_full_disk_is_waited_for() {
    let kinds = [on("pwrite64", LEDGER), on("write", LEDGER)];
    let tally = failing(
        "a full disk, waited for",
        (&kinds, 9),
        (LONG, |n| Blow::Fails("ENOSPC", n)),
    );
    assert_eq!(tally.again, 0);
}

#[test]
#[ignore = "needs strace: .ci/run crash"]
fn fault_11_a_disk_that_stays_full_from_any_write_on() {
    let kinds = CHANGES.map(|calls| on(calls, LEDGER));
    failing(
        "a full disk, for good",
        (&kinds, 3),
        (PATIENCE, |n| Blow::FailsOn("ENOSPC", n)),
    );
}

#[test]
#[ignore = "needs strace: .ci/run crash"]
fn fault_12_a_disk_that_fails_to_take_what_was_written() {
    let kinds = [on(SYNC, LEDGER)];
    failing(
        "a failed fsync",
        (&kinds, 1),
        (PATIENCE, |n| Blow::Fails("EIO", n)),
    );
    // By itself: that of the ledger's log would come first, and end the run.
    failing(
        "a failed fsync of the record",
        (&[on(SYNC, &["ledger.db.sent"])], 1),
        (PATIENCE, |n| Blow::Fails("EIO", n)),
    );
    failing(
        "fsync fails for good",
        (&kinds, 3),
        (PATIENCE, |n| Blow::FailsOn("EIO", n)),
    );
}

#[test]
#[ignore = "needs strace: .ci/run crash"]
fn fault_12_a_disk_that_fails_at_any_write_or_reading() {
    let mut kinds: Vec<Calls> = CHANGES.map(|calls| on(calls, LEDGER)).to_vec();
    kinds.extend(["pread64", "openat"].map(|calls| on(calls, LEDGER)));
    kinds.extend(["pread64", "openat"].map(|calls| on(calls, CALENDAR)));
    failing(
        "a failing disk",
        (&kinds, 3),
        (PATIENCE, |n| Blow::Fails("EIO", n)),
    );
}

#[test]
#[ignore = "needs strace: .ci/run crash"]
fn fault_11_a_disk_that_became_read_only() {
    let kinds = [
        on("openat", LEDGER),
        on("openat", CALENDAR),
        on("pwrite64", LEDGER),
        on("write", LEDGER),
    ];
    failing(
        "a read-only disk",
        (&kinds, 4),
        (PATIENCE, |n| Blow::FailsOn("EROFS", n)),
    );
}

/// Whatever a power cut takes of what was written and not yet seen onto the disk, no mail has left by
/// then that the ledger and its record might forget.
#[test]
#[ignore = "needs strace: .ci/run crash"]
fn fault_10_nothing_leaves_before_the_disk_has_what_is_needed_to_say_it_once() {
    let template = Template::new(SMALL);
    let server = Server::start();
    let mut life = Life::new(&template, &server);
    let calls = Calls {
        calls: "pwrite64,write,ftruncate,fsync,fdatasync,sendto,sendmsg",
        on: &[],
    };
    let end = life.run(&ONCE, Some((calls, Blow::Nothing)));
    assert!(end.succeeded() && !tells(&end.errors), "{}", end.errors);
    let (mut unsynced, mut left) = (BTreeMap::new(), 0);
    for line in end.trace.lines() {
        let file = line
            .split_once('<')
            .and_then(|(_, rest)| rest.split('>').next());
        let file = file.unwrap_or_default();
        let is_kept = ["ledger.db-wal", "ledger.db.sent"]
            .iter()
            .any(|name| file.ends_with(name));
        let is_content = [r#", "From: "#, r#", ".\r\n""#]
            .iter()
            .any(|begin| line.contains(begin));
        if line.contains("sync(") {
            unsynced.remove(file);
        } else if line.contains("send") && is_content {
            assert_eq!(unsynced, BTreeMap::new(), "{line} leaves before that");
            left += usize::from(line.contains(r#", ".\r\n""#));
        } else if is_kept {
            unsynced.insert(file, line);
        }
    }
    assert_eq!(left, server.count(), "every mail was seen to leave");
}
