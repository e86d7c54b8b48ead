//! A ledger that is older than what was sent, or gone: nothing is said again, and all that is new is.

use std::path::Path;

use avstamd::daemon::Health;
use avstamd::store::safe::{self, Pair, Restoring};
use avstamd::store::{Attempt, Hold, Ledger, Prepared, Settlement, StoreError};
use jiff::Timestamp;
use jiff::civil::{Date, date};

use super::NOBODY;
use super::meetings::{dialogue, key, record};
use super::town::Town;
use avstamd::follow_up::Round;
use avstamd::store::Answer;

fn back_up(town: &Town) {
    let directory = town.directory.path();
    safe::back_up(
        pair(directory, &mut Default::default()),
        &directory.join("backup"),
    )
    .unwrap();
}

/// The two databases, with the paths kept where the caller has them.
fn pair<'a>(directory: &Path, kept: &'a mut [std::path::PathBuf; 2]) -> Pair<'a> {
    *kept = ["calendar.db", "ledger.db"].map(|name| directory.join(name));
    let [calendar, ledger] = kept;
    Pair { calendar, ledger }
}

fn restore(directory: &Path) {
    let mut kept = Default::default();
    let file = directory.join("backup");
    safe::restore(&file, pair(directory, &mut kept), Restoring::Both).unwrap();
}

/// The quality officer hears that the ledger is an older one, and nobody hears anything else.
const TOLD_OF_IT: [&str; 1] = ["kim"];

/// A measure whose ladder has begun when the backup is taken, and goes on after it.
async fn with_a_backup() -> Town {
    let mut town = Town::with_digest().await;
    town.measure("m1", date(2026, 12, 3)).await;
    assert_eq!(town.to("2026-11-19 07:00").await, ["ake", "rut"]);
    back_up(&town);
    assert_eq!(town.to("2026-11-23 07:00").await, ["ake"], "the digest");
    assert_eq!(town.to("2026-11-30 07:00").await, ["ake", "rut"]);
    assert_eq!(town.to("2026-12-03 07:00").await, ["rut"]);
    town
}

#[tokio::test]
async fn fault_16_a_ledger_put_back_from_a_backup_says_nothing_again() {
    let town = with_a_backup().await;
    let mut town = town.restarted("2026-12-03 08:00", restore).await;
    let mails = town.office.ledger.mails(true).await.unwrap();
    assert_eq!(mails.iter().filter(|mail| mail.state == "sent").count(), 6);
    assert_eq!(town.to("2026-12-03 08:00").await, TOLD_OF_IT);
    assert_eq!(town.to("2026-12-04 07:00").await, NOBODY);
    assert_eq!(
        town.to("2026-12-07 07:00").await,
        ["ake"],
        "the next digest"
    );
    assert_eq!(town.to("2026-12-10 07:00").await, ["rut"], "the next step");
}

/// The same after a disk was lost: of the record, too, at most an old part was found.
async fn with_an_old_disk(record: impl FnOnce(&Path)) -> Town {
    let town = with_a_backup().await;
    town.restarted("2026-12-03 08:00", |directory| {
        restore(directory);
        record(&directory.join("ledger.db.sent"));
    })
    .await
}

#[tokio::test]
async fn fault_16_an_older_ledger_without_its_record_says_nothing_until_a_person_decides() {
    let gone: fn(&Path) = |record| std::fs::remove_file(record).unwrap();
    let older: fn(&Path) = |record| {
        let lines = std::fs::read_to_string(record).unwrap();
        let first = lines.split_inclusive('\n').next().unwrap();
        std::fs::write(record, first).unwrap();
    };
    for record in [gone, older] {
        let mut town = with_an_old_disk(record).await;
        let told = town.at("2026-12-03 08:00").await;
        let to: Vec<&str> = told.iter().map(|mail| mail.to.as_str()).collect();
        assert_eq!(to, ["kim@prov.example"]);
        assert!(told[0].text.contains("outbox release"), "{}", told[0].text);
        assert_eq!(town.to("2026-12-04 07:00").await, NOBODY);
        let health = Health::at(&town.office, town.instant("2026-12-04 12:00"));
        let problems = health.await.unwrap().problems(&town.office);
        assert!(problems[0].contains("outbox release"), "{problems:?}");
        let mut town = town.restarted("2026-12-07 07:00", |_| {}).await;
        assert_eq!(
            town.to("2026-12-07 07:00").await,
            NOBODY,
            "also after a start"
        );
        assert!(town.office.ledger.give_up_record().await.unwrap());
        assert_eq!(town.to("2026-12-07 08:00").await, ["ake", "rut"]);
        let mut town = town.restarted("2026-12-08 07:00", |_| {}).await;
        assert_eq!(town.to("2026-12-08 07:00").await, NOBODY);
        let health = Health::at(&town.office, town.instant("2026-12-08 07:30"));
        assert_eq!(health.await.unwrap().record_lost, None, "given up for good");
    }
}

#[tokio::test]
async fn a_record_that_is_given_up_before_anything_left_is_not_asked_for_again() {
    let gone = |record: &Path| std::fs::remove_file(record).unwrap();
    let town = with_an_old_disk(gone).await;
    assert!(town.office.ledger.give_up_record().await.unwrap());
    let mut town = town.restarted("2026-12-03 08:00", |_| {}).await;
    assert_eq!(town.office.ledger.record_lost().await.unwrap(), None);
    assert_eq!(town.to("2026-12-03 08:00").await, ["ake", "rut"]);
}

#[tokio::test]
async fn fault_16_a_record_that_is_put_back_heals_what_waited_for_it() {
    let mut town = with_an_old_disk(|record| {
        std::fs::rename(record, record.with_extension("found")).unwrap();
    })
    .await;
    assert_eq!(town.to("2026-12-04 07:00").await, ["kim"]);
    let mut town = town
        .restarted("2026-12-04 09:00", |directory| {
            let record = directory.join("ledger.db.sent");
            // In place of the one begun anew, which has the question alone.
            std::fs::rename(record.with_extension("found"), record).unwrap();
        })
        .await;
    assert_eq!(town.to("2026-12-04 09:00").await, NOBODY);
    // It does not know of the question, and need not.
    let mut town = town.restarted("2026-12-04 10:00", |_| {}).await;
    assert_eq!(town.office.ledger.record_lost().await.unwrap(), None);
    // And the quality officer hears that the ledger has learnt.
    assert_eq!(town.to("2026-12-07 07:00").await, ["ake", "kim"]);
    assert_eq!(town.to("2026-12-10 07:00").await, ["rut"]);
}

#[tokio::test]
async fn fault_19_a_ledger_that_lost_its_log_says_nothing_again() {
    let mut town = Town::new().await;
    town.measure("m1", date(2026, 12, 3)).await;
    let ledger = town.directory.path().join("ledger.db");
    let before = std::fs::read(&ledger).unwrap();
    assert_eq!(town.to("2026-11-19 07:00").await, ["rut"]);
    // All of it was in the log, which somebody took for rubbish after a crash.
    let mut town = town
        .restarted("2026-11-19 08:00", |_| {
            std::fs::write(&ledger, before).unwrap()
        })
        .await;
    assert_eq!(town.to("2026-11-19 08:00").await, TOLD_OF_IT);
    assert_eq!(town.to("2026-11-30 07:00").await, ["rut"]);
}

#[tokio::test]
async fn a_ledger_made_from_the_record_knows_what_was_sent() {
    let town = with_a_backup().await;
    let mut town = town
        .restarted("2026-12-03 08:00", |directory| {
            let ledger = directory.join("ledger.db");
            std::fs::remove_file(&ledger).unwrap();
            let refused = Ledger::open_or_create(&ledger);
            assert!(matches!(refused, Err(StoreError::Lost { .. })));
            assert!(!ledger.exists(), "none is made in its place");
            drop(Ledger::make_anew(&ledger).unwrap());
            while directory.join("ledger.db-wal").exists() {
                std::thread::yield_now();
            }
        })
        .await;
    assert_eq!(town.to("2026-12-03 08:00").await, TOLD_OF_IT);
    assert_eq!(town.to("2026-12-07 07:00").await, ["ake"]);
    assert_eq!(town.to("2026-12-10 07:00").await, ["rut"]);
}

#[tokio::test]
async fn fault_18_an_emptied_or_foreign_ledger_is_refused_and_a_restore_puts_one_in_its_place() {
    let town = with_a_backup().await;
    let calendar = town.directory.path().join("calendar.db");
    let mut town = town
        .restarted("2026-12-03 08:00", move |directory| {
            let ledger = directory.join("ledger.db");
            for content in [Vec::new(), vec![7; 8192], std::fs::read(calendar).unwrap()] {
                std::fs::write(&ledger, &content).unwrap();
                assert!(Ledger::open_or_create(&ledger).is_err());
                assert_eq!(std::fs::read(&ledger).unwrap(), content);
                let mut kept = Default::default();
                let (file, pair) = (directory.join("backup"), pair(directory, &mut kept));
                let back = safe::restore(&file, pair, Restoring::Calendar).unwrap();
                assert_eq!(back, ["calendar", "ledger"]);
                // A sound one has more in it than any backup, and stays.
                let back = safe::restore(&file, pair, Restoring::Calendar).unwrap();
                assert_eq!(back, ["calendar"]);
            }
        })
        .await;
    assert_eq!(town.to("2026-12-03 08:00").await, TOLD_OF_IT);
}

#[tokio::test]
async fn an_invitation_that_an_older_ledger_has_forgotten_is_not_sent_again() {
    let mut town = Town::with_invitations().await;
    back_up(&town);
    dialogue(&town, date(2026, 12, 10), Round::Explore).await;
    assert_eq!(town.to("2026-11-20 07:00").await, ["ake", "rut"]);
    let moved = |day: &str| Answer::DialogueMoved {
        dialogue: key(Round::Explore),
        starts: format!("{day}T10:15").parse().unwrap(),
        place: None,
    };
    record(&town, moved("2026-12-15")).await;
    assert_eq!(town.to("2026-11-23 07:00").await, ["ake", "rut"]);
    // Only the ledger: the calendar knows where the meeting is now.
    let mut town = town
        .restarted("2026-11-23 08:00", |directory| {
            let now = directory.join("calendar.db");
            std::fs::copy(&now, directory.join("now.db")).unwrap();
            restore(directory);
            std::fs::rename(directory.join("now.db"), now).unwrap();
        })
        .await;
    assert_eq!(town.to("2026-11-23 08:00").await, TOLD_OF_IT);
    assert_eq!(town.to("2026-11-24 07:00").await, NOBODY);
    record(&town, moved("2026-12-16")).await;
    let mails = town.at("2026-11-25 07:00").await;
    assert_eq!(mails.len(), 2);
    for mail in mails {
        assert!(mail.event.unwrap().contains("\r\nSEQUENCE:2\r\n"));
    }
}

/// What did not arrive is said again, also by a ledger that has forgotten the try.
#[tokio::test]
async fn what_was_refused_after_its_content_left_is_not_taken_for_sent() {
    let town = Town::new().await;
    town.measure("m1", date(2026, 12, 3)).await;
    let (day, at) = (date(2026, 11, 19), town.instant("2026-11-19 07:00"));
    avstamd::daemon::tick(&town.office, at).await.unwrap();
    back_up(&town);
    let id = under_way(&town, (at, day)).await;
    let ledger = &town.office.ledger;
    let refused = Attempt {
        at,
        stage: "final dot".into(),
        code: Some(451),
        reply: "later".into(),
    };
    ledger
        .settle(id, Settlement::Later(refused, at), at)
        .await
        .unwrap();
    let mut town = town.restarted("2026-11-19 08:00", restore).await;
    assert_eq!(town.to("2026-11-19 08:00").await, ["rut"]);
}

/// Claims the one mail there is and has its content leave.
async fn under_way(town: &Town, (at, day): (Timestamp, Date)) -> i64 {
    let ledger = &town.office.ledger;
    let claimed = ledger.claim(at, day, 1, Hold::default()).await.unwrap();
    let id = claimed[0].id;
    let prepared = Prepared {
        address: "rut@prov.example".into(),
        subject: "s".into(),
        bytes: b"b".to_vec(),
    };
    let prepared = vec![(id, prepared)];
    ledger.prepare(prepared, Vec::new()).await.unwrap();
    ledger.mark_dot(id, at, day).await.unwrap();
    id
}

/// A backup may catch a mail whose answer had not come yet.
#[tokio::test]
async fn what_an_older_ledger_has_under_way_is_held_for_a_person() {
    has_under_way(|_| {}).await;
}

#[tokio::test]
async fn fault_16_what_an_older_ledger_has_under_way_is_held_without_its_record_too() {
    has_under_way(|record| std::fs::remove_file(record).unwrap()).await;
}

async fn has_under_way(record: impl FnOnce(&Path)) {
    let mut town = Town::with_digest().await;
    town.measure("m1", date(2026, 12, 3)).await;
    assert_eq!(town.to("2026-11-16 07:00").await, ["ake"]);
    let (day, at) = (date(2026, 11, 19), town.instant("2026-11-19 07:00"));
    avstamd::daemon::tick(&town.office, at).await.unwrap();
    let id = under_way(&town, (at, day)).await;
    back_up(&town);
    let sent = Attempt {
        at,
        stage: "final dot".into(),
        code: Some(250),
        reply: "ok".into(),
    };
    let ledger = &town.office.ledger;
    ledger.settle(id, Settlement::Sent(sent), at).await.unwrap();
    assert_eq!(town.to("2026-11-23 07:00").await, ["ake"]);
    let mut town = town
        .restarted("2026-11-23 08:00", |directory| {
            restore(directory);
            record(&directory.join("ledger.db.sent"));
        })
        .await;
    assert_eq!(town.to("2026-11-23 08:00").await, TOLD_OF_IT);
    let mails = town.office.ledger.mails(true).await.unwrap();
    let held: Vec<i64> = mails
        .iter()
        .filter(|mail| mail.state == "held")
        .map(|mail| mail.id)
        .collect();
    assert_eq!(held, [id]);
}

#[tokio::test]
async fn a_line_of_the_record_that_does_not_fit_stops_no_start_and_hides_no_other() {
    let mut town = Town::new().await;
    town.measure("m1", date(2026, 12, 3)).await;
    let before = std::fs::read(town.directory.path().join("ledger.db")).unwrap();
    assert_eq!(town.to("2026-11-19 07:00").await, ["rut"]);
    let mut town = town
        .restarted("2026-11-19 08:00", |directory| {
            std::fs::write(directory.join("ledger.db"), before).unwrap();
            let record = directory.join("ledger.db.sent");
            let line = std::fs::read_to_string(&record).unwrap();
            let unfit = line.replace("\"message-id\":\"", "\"message-id\":\"x");
            let invitation = r#","invitation":{"meeting":"m","address":"a","area":"","method":"maybe","sequence":0,"until":"","said":"{}","change":"{}"}}}"#;
            let unfit = unfit.trim_end().strip_suffix("}}").unwrap().to_owned() + invitation + "\n";
            assert_ne!(line, unfit);
            std::fs::write(&record, unfit + &line).unwrap();
        })
        .await;
    assert_eq!(town.to("2026-11-19 08:00").await, TOLD_OF_IT);
    assert_eq!(town.to("2026-11-30 07:00").await, ["rut"]);
}
