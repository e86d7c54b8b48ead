//! A stop while a mail is on its way; alone in its process, which is sent the signal.

#[path = "delivery/log.rs"]
#[expect(dead_code, reason = "another test's, too")]
mod log;
#[path = "common/relay/mod.rs"]
#[expect(unused_imports, reason = "other tests', too")]
mod relay;
#[path = "delivery/town.rs"]
#[expect(dead_code, reason = "another test's, too")]
mod town;

use std::process::Command;
use std::time::{Duration, Instant};

use avstamd::daemon::{Clock, Office, Simulation, resume, serve};
use relay::{HANGS, Script, Step};
use town::{MORNING, Town};

/// The daemon is stopped once its mail server has come to `step` and says nothing there. How it ended,
/// how long that took, and how often its mail may have arrived, by what the next start finds.
async fn stopped_at(step: Step, command: &str) -> (bool, Duration, u32) {
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
    while town.relay.seen().commands(command) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let started = Instant::now();
    let process = std::process::id().to_string();
    assert!(
        Command::new("kill")
            .args(["-s", "TERM", &process])
            .status()
            .unwrap()
            .success()
    );
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
    for (step, command, uncertain) in [(Step::RcptTo, "RCPT", 0), (Step::FinalDot, "DATA", 1)] {
        let (ended, took, found) = stopped_at(step, command).await;
        assert!(ended);
        assert!(took < Duration::from_secs(15), "{step:?}: {took:?}");
        assert_eq!(found, uncertain, "{step:?}");
    }
}
