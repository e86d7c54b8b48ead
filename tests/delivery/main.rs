//! A morning's mails against relays as they are: what is one mail's trouble and what is everybody's.

mod faults;
mod log;
mod matrix;
mod town;

#[path = "../common/relay/mod.rs"]
mod relay;

use std::sync::Arc;
use std::time::Duration;

use avstamd::daemon::{Delivered, Pace, Post, Round, deliver, tick};
use avstamd::follow_up::{Measure, MeasureStatus, UnitCode};
use avstamd::plan::Trouble;
use avstamd::store::{Batch, Claimed, Hold};
use jiff::Timestamp;
use jiff::civil::date;
use relay::{Does, Rule, Script, Step, says};
use tokio::sync::watch;
use town::{DUE, Town, address, batch, measure, number};

/// A relay that does not know some.
fn unknown(whom: fn(&str) -> bool) -> Script {
    let no = says("550 5.1.1 User unknown in relay recipient table");
    Script::new([Rule::at(Step::RcptTo, no).to(whom)])
}

#[tokio::test]
async fn connections_are_kept_and_every_mail_leaves_once() {
    let town = Town::new(Script::default(), 3, 100).await;
    let delivered = town.at("2026-12-01T07:00").await;
    assert_eq!((delivered.sent, delivered.relay), (100, None));
    let seen = town.relay.seen();
    assert_eq!(seen.messages.len(), 100);
    assert!(seen.connections.len() <= 3, "{:?}", seen.connections);
}

#[tokio::test]
async fn a_relay_that_takes_fewer_connections_gets_its_mail_over_those() {
    let script = Script {
        most: 1,
        ..Script::default()
    };
    let town = Town::new(script, 4, 60).await;
    let delivered = town.at("2026-12-01T07:00").await;
    assert_eq!((delivered.sent, delivered.relay), (60, None));
}

#[tokio::test]
async fn a_mail_that_breaks_its_connection_stops_no_other() {
    let breaks = Rule::at(Step::RcptTo, Does::Closes).to(|to| to == address(0));
    let town = Town::new(Script::new([breaks]), 1, 40).await;
    let delivered = town.at("2026-12-01T07:00").await;
    assert_eq!(
        (delivered.sent, delivered.later, delivered.relay),
        (39, 1, None)
    );
    assert_eq!(town.in_state("waiting").await, 1);
}

/// What Postfix holds against the client, its name or its sender, it says to RCPT.
#[tokio::test]
async fn what_is_held_against_us_makes_nobodys_address_bad() {
    for words in [
        "554 5.7.1 <unknown[127.0.0.1]>: Client host rejected: Access denied",
        "504 5.5.2 <srv01>: Helo command rejected: need fully-qualified hostname",
        "553 5.7.1 <kvalitet@prov.example>: Sender address rejected: not owned",
        "550 go away",
        "550 5.1.1 mailbox unavailable",
    ] {
        let town = Town::new(Script::always(Step::RcptTo, says(words)), 2, 20).await;
        let delivered = town.at("2026-12-01T07:00").await;
        assert_eq!((delivered.sent, delivered.refused), (0, 0), "{words:?}");
        assert!(delivered.relay.is_some(), "{words:?}");
        assert_eq!(town.in_state("waiting").await, 20, "{words:?}");
        let tried = town.relay.seen().recipients().len();
        assert!(tried <= 6, "{words:?}: {tried} tried");
    }
}

#[tokio::test]
async fn unknown_recipients_are_refused_and_the_others_get_theirs() {
    let town = Town::new(unknown(|to| number(to).is_multiple_of(2)), 2, 30).await;
    let delivered = town.at("2026-12-01T07:00").await;
    assert_eq!(
        (delivered.sent, delivered.refused, delivered.relay),
        (15, 15, None)
    );
    assert_eq!(
        town.at("2026-12-01T09:00").await,
        Delivered::default(),
        "asked once"
    );
}

#[tokio::test]
async fn a_relay_that_has_taken_its_days_mails_makes_nobodys_address_bad() {
    for no in [
        "550 5.4.5 Daily user sending limit exceeded",
        "550 no more of this",
    ] {
        let enough = Rule::at(Step::RcptTo, says(no)).after(6);
        let town = Town::new(Script::new([enough]), 2, 60).await;
        let delivered = town.at("2026-12-01T07:00").await;
        assert_eq!((delivered.sent, delivered.refused), (6, 0));
        assert!(delivered.relay.is_some());
        assert_eq!(town.in_state("waiting").await, 54);
    }
}

/// Spaces around an address do not leave with the mail, nor do they hide that it was refused.
#[tokio::test]
async fn an_address_with_spaces_around_it_is_told_as_any_other() {
    let town = Town::new(unknown(|to| number(to) == 0), 1, 3).await;
    let mut spaced = batch(3);
    spaced.people[0].email = format!(" {} ", address(0));
    town.put(spaced).await;
    assert_eq!(town.at("2026-12-01T07:00").await.refused, 1);
    let slices = town.office.every_slice(DUE).await.unwrap();
    let mut troubles = slices.iter().flat_map(|slice| &slice.troubles);
    assert!(troubles.any(|trouble| matches!(trouble, Trouble::Undeliverable { .. })));
}

/// Three unknown addresses on an otherwise empty morning look like the relay's trouble; they are
/// tried again behind what came meanwhile, and believed when that was taken.
#[tokio::test]
async fn a_few_unknown_recipients_hold_up_nobody_and_are_told() {
    let town = Town::new(unknown(|to| number(to) < 3), 1, 3).await;
    let delivered = town.at("2026-12-01T07:00").await;
    assert!(delivered.relay.is_some());
    assert_eq!((delivered.refused, town.in_state("waiting").await), (0, 3));
    town.put(batch(20)).await;
    let delivered = town.at("2026-12-01T07:30").await;
    assert_eq!(
        (delivered.sent, delivered.refused, delivered.relay),
        (17, 3, None)
    );
    let tried = town.relay.seen().recipients();
    assert!(tried[3..20].iter().all(|to| number(to) >= 3));
}

#[tokio::test]
async fn unknown_recipients_and_nobody_else_are_told_when_they_stay_unknown() {
    let town = Town::new(unknown(|_| true), 1, 3).await;
    assert_eq!(town.at("2026-12-01T07:00").await.refused, 0);
    assert_eq!(town.at("2026-12-01T07:30").await.refused, 0);
    assert_eq!(town.at("2026-12-01T08:30").await.refused, 3);
    assert_eq!(town.in_state("refused").await, 3);
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_a_round() {
    let wrong = Script::always(Step::Auth, says("535 5.7.8 no"));
    let town = Town::new(wrong, 8, 30).await;
    let delivered = town.at("2026-12-01T07:00").await;
    assert!(delivered.relay.is_some_and(|trouble| trouble.login));
    assert_eq!(town.relay.seen().commands("AUTH"), 1);
    assert_eq!(town.in_state("waiting").await, 30);
}

/// Under a limit a minute most of a long queue waits: it is put into words when its turn comes, and
/// a round that is left gives back what it has.
#[tokio::test]
async fn what_waits_under_the_limit_is_not_in_words_yet_and_what_is_cancelled_stays_home() {
    let town = Town::new(Script::default(), 2, 40).await;
    let clock = town.clock("2026-12-01T07:00");
    tick(&town.office, clock.now()).await.unwrap();
    let (leave, left) = watch::channel(0);
    let round = Round {
        belief: Arc::default(),
        pulse: Arc::default(),
        office: Arc::clone(&town.office),
        post: Arc::new(Post::new(&town.office.settings).unwrap()),
        clock,
        pace: Some(Arc::new(std::sync::Mutex::new(Pace::new(10)))),
        leave: left,
        insists: false,
    };
    let running = tokio::spawn(async move { deliver(&round).await });
    while town.relay.seen().messages.len() < 10 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    leave.send_modify(|leave| *leave += 1);
    assert_eq!(running.await.unwrap().unwrap().sent, 10);
    let mails = town.office.ledger.mails(false).await.unwrap();
    assert_eq!(mails.len(), 30);
    assert!(
        mails
            .iter()
            .all(|mail| mail.state == "waiting" && mail.subject.is_none())
    );

    let mut cancelled = batch(40);
    for measure in &mut cancelled.measures {
        measure.status = MeasureStatus::Cancelled;
    }
    town.put(cancelled).await;
    let delivered = town.at("2026-12-01T07:05").await;
    assert_eq!((delivered.sent, delivered.withdrawn), (0, 30));
}

/// Mails that were planned and claimed, and that nobody has tried.
async fn left_claimed(town: &Town, now: Timestamp) -> Vec<Claimed> {
    tick(&town.office, now).await.unwrap();
    let claimed = town.office.ledger.claim(now, DUE, 5, Hold::default());
    claimed.await.unwrap()
}

#[tokio::test]
async fn what_an_error_left_claimed_is_sent_by_the_next_round() {
    let town = Town::new(Script::default(), 2, 5).await;
    let clock = town.clock("2026-12-01T07:00");
    let claimed = left_claimed(&town, clock.now()).await;
    assert_eq!(claimed.len(), 5);
    assert_eq!(town.at("2026-12-01T07:01").await.sent, 5);
    assert!(town.directory.path().join("ledger.db").exists());
}

/// Whether a message is the old one, as it was.
fn has_old(town: &Town, message: usize) -> bool {
    let seen = town.relay.seen();
    seen.messages[message].header("Subject").as_deref() == Some("Som den var")
}

/// A mail that may have arrived is tried again the morning after, as it was: what is new that day
/// waits for the next, since a person gets one mail a day.
#[tokio::test]
async fn beside_one_that_is_tried_again_the_new_mail_waits() {
    let town = Town::new(Script::default(), 1, 1).await;
    let clock = town.clock("2026-12-01T16:50");
    let claimed = left_claimed(&town, clock.now()).await;
    let prepared = avstamd::store::Prepared {
        address: address(0),
        subject: "Som den var".into(),
        bytes: b"Subject: Som den var\r\n\r\nhej\r\n".to_vec(),
    };
    let ledger = &town.office.ledger;
    ledger
        .prepare(vec![(claimed[0].id, prepared)], Vec::new())
        .await
        .unwrap();
    ledger
        .mark_dot(claimed[0].id, clock.now(), DUE)
        .await
        .unwrap();

    let mut more = Batch::default();
    let code = UnitCode::parse("10000000").unwrap();
    more.measures.push(Measure {
        evaluate_by: date(2026, 12, 2),
        ..measure(99, code, MeasureStatus::Ongoing)
    });
    town.put(more).await;
    assert_eq!(town.at("2026-12-02T07:00").await.sent, 1);
    assert!(has_old(&town, 0));
    assert_eq!(town.at("2026-12-02T09:00").await.sent, 0, "one a day");
    assert_eq!(town.at("2026-12-03T07:00").await.sent, 1);
    assert!(!has_old(&town, 1));
}
