//! A stop while a mail is on its way; alone in its process, which is sent the signal.

#[path = "delivery/log.rs"]
mod log;
#[path = "common/relay/mod.rs"]
#[expect(unused_imports, reason = "other tests', too")]
mod relay;
#[path = "delivery/town.rs"]
#[expect(dead_code, reason = "another test's, too")]
mod town;

use std::time::{Duration, Instant};

use avstamd::daemon::{Clock, Office, ServiceError, Simulation, resume, serve};
use avstamd::store::StoreError;
use relay::{HANGS, Script, Step};
use rustix::process::{Signal, getpid, kill_process};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use town::{MORNING, Town};

/// A signal is heard by every daemon of the process.
static ALONE: Mutex<()> = Mutex::const_new(());

type Served = JoinHandle<Result<(), ServiceError>>;

/// A daemon whose mail server has come to `step` and says nothing there.
async fn hanging_at(step: Step, command: &str) -> (Town, Clock, Served) {
    let town = Town::new(Script::always(step, HANGS), 1, 1).await;
    let (settings, calendar, ledger) = (
        town.office.settings.clone(),
        town.office.calendar.clone(),
        town.office.ledger.clone(),
    );
    let office = Office::new(settings, calendar, ledger).unwrap();
    let clock = Clock::Simulated(Simulation::starting(town.instant(MORNING)));
    let config = town.directory.path().join("avstamd.toml");
    let served = tokio::spawn(serve(office, config, clock.clone()));
    let reached = async {
        while town.relay.seen().commands(command) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let reached = tokio::time::timeout(Duration::from_secs(60), reached).await;
    reached.expect("it comes to the mail server");
    (town, clock, served)
}

/// It is stopped there. How it ended, how long that took, and how often its mail may have arrived, by
/// what the next start finds.
async fn stopped_at(step: Step, command: &str) -> (bool, Duration, u32) {
    let (town, clock, served) = hanging_at(step, command).await;
    let started = Instant::now();
    kill_process(getpid(), Signal::TERM).unwrap();
    let ended = served.await.unwrap().is_ok();
    let took = started.elapsed();
    resume(&town.office, &clock).await.unwrap();
    let mails = town.office.ledger.mails(true).await.unwrap();
    assert_eq!(mails[0].state, "waiting");
    (ended, took, mails[0].uncertain)
}

#[tokio::test]
#[ignore = "waits for the grace of two stops; .ci/run runs it"]
async fn fault_81_a_stop_does_not_wait_for_a_mail_server_that_hangs_and_loses_nothing() {
    let _alone = ALONE.lock().await;
    for (step, command, uncertain) in [(Step::RcptTo, "RCPT", 0), (Step::FinalDot, "DATA", 1)] {
        let (ended, took, found) = stopped_at(step, command).await;
        assert!(ended);
        assert!(took < Duration::from_secs(15), "{step:?}: {took:?}");
        assert_eq!(found, uncertain, "{step:?}");
    }
}

/// A mail that is being handed over is waited for, as at any stop.
#[tokio::test]
#[ignore = "waits for a beat and the grace of a stop; .ci/run runs it"]
async fn a_calendar_that_was_replaced_ends_the_daemon_and_cuts_no_mail_off() {
    let _alone = ALONE.lock().await;
    let (town, _, served) = hanging_at(Step::FinalDot, "DATA").await;
    let calendar = &town.office.settings.database.calendar;
    let other = town.directory.path().join("other.db");
    std::fs::copy(calendar, &other).unwrap();
    std::fs::rename(&other, calendar).unwrap();
    let ended = served.await.unwrap();
    let replaced = matches!(ended, Err(ServiceError::Store(StoreError::Replaced { .. })));
    assert!(replaced, "{ended:?}");
    assert_eq!(town.log.lines_with("a mail was still under way"), 1);
}
