//! Killed while it plans and sends, by `run --once`.

use std::thread;
use std::time::Duration;

use super::life::{Life, ONCE, Said};
use super::record;
use super::server::{Manner, Server};
use super::sweep::{Outcome, Tally, dice, every_point, points, times};
use super::town::{LATER, SMALL, SUNDAY, Size, Template};
use super::victim::{Blow, CALENDAR, Calls, LEDGER, NETWORK, NEW_LEDGER, Victim, writes};

/// The mails of the small town's morning.
const MAILS: usize = 9;

/// The small town and what its undisturbed morning says.
fn small() -> (Template, Said) {
    let template = Template::new(SMALL);
    let said = Life::undisturbed(&template, &Server::start());
    (template, said)
}

/// One kill in place of the n-th of `calls` while `arguments` run, and then an undisturbed end.
fn killed_at<'a>(
    (template, expected): &'a (Template, Said),
    arguments: &'a [&'a str],
) -> impl Fn(&Server, Calls, usize) -> Outcome + Sync + 'a {
    move |server, calls, n| {
        let life = Life::new(template, server);
        kill_and_end(life, server, (arguments, expected), (calls, n))
    }
}

fn kill_and_end(
    mut life: Life<'_>,
    server: &Server,
    (arguments, expected): (&[&str], &Said),
    (calls, n): (Calls, usize),
) -> Outcome {
    let end = life.run(arguments, Some((calls, Blow::Kill(n))));
    let taken = server.count();
    let came = life.end(expected);
    Outcome {
        taken: end.killed.then_some(taken),
        is_beyond: !end.killed,
        ..Outcome::of(&life, &format!("{} {n}", calls.calls), came)
    }
}

/// The kills reach from before the first mail to after the last.
fn spans(tally: &Tally, mails: usize) {
    assert_eq!(tally.taken, Some((0, mails)), "{tally:?}");
}

#[test]
#[ignore = "needs strace: .ci/run crash"]
fn fault_01_to_06_killed_at_every_write_of_the_ledger() {
    let small = small();
    let tally = every_point(
        "every write of the ledger",
        &writes(LEDGER),
        killed_at(&small, &ONCE),
    );
    spans(&tally, MAILS);
}

#[test]
#[ignore = "needs strace: .ci/run crash"]
fn fault_03_to_06_killed_at_every_word_with_the_mail_server() {
    let small = small();
    let tally = every_point(
        "every word with the mail server",
        &NETWORK,
        killed_at(&small, &ONCE),
    );
    spans(&tally, MAILS);
}

#[test]
#[ignore = "needs strace: .ci/run crash"]
fn killed_while_a_ledger_is_made() {
    let template = Template::without_ledger(SMALL);
    let said = Life::undisturbed(&template, &Server::start());
    let town = (template, said);
    let story = killed_at(&town, &["run", "--once", "--at", SUNDAY]);
    every_point("a new ledger", &writes(NEW_LEDGER), story);
}

#[test]
#[ignore = "needs strace: .ci/run crash"]
fn killed_at_every_reading_of_the_calendar() {
    let small = small();
    let kinds = [
        "openat",
        "pread64",
        "pwrite64",
        "ftruncate",
        "?unlink,unlinkat",
    ]
    .map(|calls| Calls {
        calls,
        on: CALENDAR,
    });
    every_point(
        "every reading of the calendar",
        &kinds,
        killed_at(&small, &ONCE),
    );
}

/// Every mail's answer was lost once; the second time, the program is killed.
#[test]
#[ignore = "needs strace: .ci/run crash"]
fn killed_while_it_sends_again_what_may_have_arrived() {
    let (template, expected) = small();
    let later = ["run", "--once", "--at", LATER[0]];
    every_point(
        "what may have arrived is sent again",
        &NETWORK,
        |server, calls, n| {
            let mut life = Life::new(&template, server);
            server.behave(Manner::ClosesAfterDot);
            life.run(&ONCE, None);
            server.behave(Manner::Prompt);
            life.times.remove(0);
            kill_and_end(life, server, (&later, &expected), (calls, n))
        },
    );
}

/// The server takes its time over each answer, so that many a kill comes between the dot and it.
#[test]
fn killed_at_any_time_while_answers_are_late() {
    let (template, expected) = small();
    let tally = times("at any time, answers late", 24, |server, number| {
        let mut life = Life::new(&template, server);
        server.behave(Manner::Late(Duration::from_millis(20)));
        let mut dice = dice(number as u64);
        let (mails, more) = (dice.usize(..MAILS), dice.u64(..25));
        let directory = life.path().to_owned();
        let mut running = Victim::new(&directory, &ONCE).begin(None);
        while server.count() < mails && !running.is_over() {
            thread::sleep(Duration::from_millis(1));
        }
        let end = running.end_within(Duration::from_millis(more));
        life.look(end);
        let came = life.end(&expected);
        Outcome::of(&life, &format!("{more} ms after mail {mails}"), came)
    });
    assert!(tally.kills() > 0, "{tally:?}");
}

/// A point drawn from those of a morning.
fn drawn(dice: &mut fastrand::Rng, most: usize) -> (Calls, Blow) {
    let ledger = writes(LEDGER);
    let kinds = [ledger[0], ledger[0], ledger[2], NETWORK[1], NETWORK[2]];
    let calls = kinds[dice.usize(..kinds.len())];
    (calls, Blow::Kill(dice.usize(1..=most)))
}

#[test]
#[ignore = "needs strace: .ci/run crash"]
fn killed_while_two_connections_send() {
    let size = Size {
        connections: 2,
        ..SMALL
    };
    let template = Template::new(size);
    let expected = Life::undisturbed(&template, &Server::start());
    times("two connections", 60, |server, number| {
        let mut life = Life::new(&template, server);
        let blow = drawn(&mut dice(1_000 + number as u64), 60);
        let directory = life.path().to_owned();
        let victim = Victim {
            workers: 2,
            ..Victim::new(&directory, &ONCE)
        };
        let end = victim.run(Some(blow), super::life::LONG);
        life.look(end);
        let came = life.end(&expected);
        Outcome::of(&life, &format!("{blow:?}"), came)
    });
}

#[test]
#[ignore = "needs strace: .ci/run crash"]
fn killed_several_times_in_a_row() {
    let (template, expected) = small();
    times("three to five times in a row", 40, |server, number| {
        let mut dice = dice(2_000 + number as u64);
        let mut life = Life::new(&template, server);
        let blows: Vec<_> = (0..dice.usize(3..=5))
            .map(|_| drawn(&mut dice, 50))
            .collect();
        for &blow in &blows {
            life.run(&ONCE, Some(blow));
        }
        let came = life.end(&expected);
        Outcome::of(&life, &format!("{blows:?}"), came)
    });
}

/// A crash loop: it never lives to its end, and comes to its end all the same.
#[test]
#[ignore = "needs strace: .ci/run crash"]
fn fault_09_killed_again_and_again_it_makes_progress() {
    let template = Template::new(Size {
        principals: 20,
        ..SMALL
    });
    let expected = Life::undisturbed(&template, &Server::start());
    times("again and again until all is sent", 4, |server, number| {
        let mut dice = dice(3_000 + number as u64);
        let mut life = Life::new(&template, server);
        let mut lives = 0;
        loop {
            lives += 1;
            let end = life.run(&ONCE, Some(drawn(&mut dice, 100)));
            if !end.killed && !record::read(life.path()).is_ok_and(|record| record.is_open()) {
                break;
            }
            assert!(lives < 200, "no progress: {}", end.errors);
        }
        let came = life.end(&expected);
        Outcome::of(&life, &format!("{lives} lives"), came)
    });
}

/// A morning so long that the ledger's log is moved into the ledger in the middle of it.
#[test]
#[ignore = "needs strace: .ci/run crash"]
fn fault_07_killed_while_the_log_is_moved_into_the_ledger() {
    let template = Template::new(Size {
        principals: 60,
        ..SMALL
    });
    let town = Life::undisturbed(&template, &Server::start());
    let kinds = (&writes(&["ledger.db"])[..], 5);
    let tally = points("a checkpoint", kinds, killed_at(&(template, town), &ONCE));
    assert!(tally.kills() > 20, "{tally:?}");
}
