//! A morning's mails against relays as they are: what is one mail's trouble and what is everybody's.

mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use avstamd::calendar::Language;
use avstamd::daemon::{Clock, Delivered, Office, Pace, Post, Round, deliver, once, tick};
use avstamd::follow_up::{
    Appointment, Area, AreaId, Measure, MeasureId, MeasureStatus, Person, PersonId, Post as At,
    Role, SchoolUnit, SupportLevel, UnitCode,
};
use avstamd::plan::Trouble;
use avstamd::store::{Batch, Calendar, Hold, Ledger, Writing};
use jiff::Timestamp;
use jiff::civil::date;
use server::{Does, Server, Shared};
use tokio::sync::watch;

/// What it shares with the other tests.
const BASE: &str = include_str!("../common/base.toml");

const DUE: jiff::civil::Date = date(2026, 12, 1);

fn config(port: u16, connections: usize) -> String {
    format!(
        r#"{BASE}[mail.transport]
kind = "smtp"
host = "127.0.0.1"
port = {port}
security = "none"
user = "avstamd"
password-file = "password"
connections = {connections}
per-minute = 100000
[[school-year]]
name = "2026/27"
terms = [{{ from = 2026-08-18, to = 2026-12-18 }}, {{ from = 2027-01-11, to = 2027-06-10 }}]
[reminders.check-in-gap]
enabled = false
"#
    )
}

struct Town {
    office: Arc<Office>,
    seen: Shared,
    directory: tempfile::TempDir,
}

impl Town {
    /// So many principals, each with a measure to evaluate that day.
    async fn new(server: Server, connections: usize, principals: usize) -> Self {
        let (port, seen) = server.start().await;
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("password"), "hemligt\n").unwrap();
        let file = directory.path().join("avstamd.toml");
        let settings = avstamd::config::parse(&file, &config(port, connections)).unwrap();
        let calendar = Calendar::open_or_create(&settings.database.calendar).unwrap();
        let ledger = Ledger::open_or_create(&settings.database.ledger).unwrap();
        let office = Arc::new(Office::new(settings, calendar, ledger).unwrap());
        let at = Timestamp::UNIX_EPOCH;
        let changed = office
            .calendar
            .apply(batch(principals), Writing::Keep, at, "test".into());
        changed.await.unwrap();
        Self {
            office,
            seen,
            directory,
        }
    }

    fn clock(&self, local: &str) -> Clock {
        let local: jiff::civil::DateTime = local.parse().unwrap();
        Clock::At(
            self.office
                .settings
                .calendar
                .instant(local.date(), local.time()),
        )
    }

    async fn at(&self, local: &str) -> Delivered {
        let clock = self.clock(local);
        once(Arc::clone(&self.office), clock).await.unwrap().1
    }

    /// How many mails are in a state.
    async fn in_state(&self, state: &str) -> usize {
        let mails = self.office.ledger.mails(true).await.unwrap();
        mails.iter().filter(|mail| mail.state == state).count()
    }
}

fn batch(principals: usize) -> Batch {
    let mut batch = Batch::default();
    let area = AreaId::new("norr");
    batch.areas.push(Area {
        id: area.clone(),
        name: "Norra området".into(),
    });
    for number in 0..principals {
        let code = UnitCode::parse(&format!("{:08}", 10_000_000 + number)).unwrap();
        batch.units.push(SchoolUnit {
            code: code.clone(),
            name: format!("Skola {number}"),
            area: area.clone(),
            level: SupportLevel::Standard,
            active_from: None,
            active_to: None,
            successor: None,
        });
        let id = PersonId::new(format!("r{number}"));
        batch.people.push(Person {
            id: id.clone(),
            name: format!("Åsa Öberg {number}"),
            email: format!("r{number}@prov.example"),
            language: Language::Swedish,
        });
        batch.appointments.push(Appointment {
            person: id,
            role: Role::Principal,
            post: At::Unit(code.clone()),
            from: None,
            to: None,
        });
        batch
            .measures
            .push(measure(number, code, MeasureStatus::Ongoing));
    }
    batch
}

fn measure(number: usize, unit: UnitCode, status: MeasureStatus) -> Measure {
    Measure {
        id: MeasureId::new(format!("m{number}")),
        unit,
        school_year: "2026/27".into(),
        development_area: "Läsning".into(),
        team: String::new(),
        decision: "Läsning varje dag.".into(),
        expected_effect: String::new(),
        indicator: String::new(),
        responsible: None,
        decided_on: None,
        evaluate_by: DUE,
        status,
        evaluations: Vec::new(),
    }
}

#[tokio::test]
async fn connections_are_kept_and_every_mail_leaves_once() {
    let town = Town::new(Server::new(|_| Does::Takes), 3, 100).await;
    let delivered = town.at("2026-12-01T07:00").await;
    assert_eq!((delivered.sent, delivered.relay), (100, None));
    let seen = town.seen.lock().unwrap();
    assert_eq!(seen.messages.len(), 100);
    assert!(seen.connections <= 3, "{}", seen.connections);
}

#[tokio::test]
async fn a_relay_that_takes_fewer_connections_gets_its_mail_over_those() {
    let server = Server {
        most: 1,
        ..Server::new(|_| Does::Takes)
    };
    let town = Town::new(server, 4, 60).await;
    let delivered = town.at("2026-12-01T07:00").await;
    assert_eq!((delivered.sent, delivered.relay), (60, None));
}

#[tokio::test]
async fn a_mail_that_breaks_its_connection_stops_no_other() {
    let does = |to: &str| {
        if to == "r0@prov.example" {
            Does::Closes
        } else {
            Does::Takes
        }
    };
    let town = Town::new(Server::new(does), 1, 40).await;
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
    let refusals: [fn(&str) -> Does; 5] = [
        |_| Does::Says("554 5.7.1 <unknown[127.0.0.1]>: Client host rejected: Access denied"),
        |_| Does::Says("504 5.5.2 <srv01>: Helo command rejected: need fully-qualified hostname"),
        |_| Does::Says("553 5.7.1 <kvalitet@prov.example>: Sender address rejected: not owned"),
        |_| Does::Says("550 go away"),
        |_| Does::Says("550 5.1.1 mailbox unavailable"),
    ];
    for does in refusals {
        let words = does("");
        let server = Server::new(does);
        let town = Town::new(server, 2, 20).await;
        let delivered = town.at("2026-12-01T07:00").await;
        assert_eq!((delivered.sent, delivered.refused), (0, 0), "{words:?}");
        assert!(delivered.relay.is_some(), "{words:?}");
        assert_eq!(town.in_state("waiting").await, 20, "{words:?}");
        let tried = town.seen.lock().unwrap().recipients.len();
        assert!(tried <= 6, "{words:?}: {tried} tried");
    }
}

#[tokio::test]
async fn unknown_recipients_are_refused_and_the_others_get_theirs() {
    let does = |to: &str| {
        let number: usize = to[1..].split('@').next().unwrap().parse().unwrap();
        match number % 2 {
            0 => Does::Says("550 5.1.1 User unknown in relay recipient table"),
            _ => Does::Takes,
        }
    };
    let town = Town::new(Server::new(does), 2, 30).await;
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
    static TAKEN: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];
    fn six(taken: &AtomicUsize, no: &'static str) -> Does {
        match taken.fetch_add(1, Ordering::Relaxed) {
            0..6 => Does::Takes,
            _ => Does::Says(no),
        }
    }
    let limits: [fn(&str) -> Does; 2] = [
        |_| six(&TAKEN[0], "550 5.4.5 Daily user sending limit exceeded"),
        |_| six(&TAKEN[1], "550 no more of this"),
    ];
    for does in limits {
        let town = Town::new(Server::new(does), 2, 60).await;
        let delivered = town.at("2026-12-01T07:00").await;
        assert_eq!((delivered.sent, delivered.refused), (6, 0));
        assert!(delivered.relay.is_some());
        assert_eq!(town.in_state("waiting").await, 54);
    }
}

/// Spaces around an address do not leave with the mail, nor do they hide that it was refused.
#[tokio::test]
async fn an_address_with_spaces_around_it_is_told_as_any_other() {
    let does = |to: &str| match to {
        "r0@prov.example" => Does::Says("550 5.1.1 unknown"),
        _ => Does::Takes,
    };
    let town = Town::new(Server::new(does), 1, 3).await;
    let mut spaced = batch(3);
    spaced.people[0].email = " r0@prov.example ".into();
    let at = Timestamp::UNIX_EPOCH;
    let changed = town
        .office
        .calendar
        .apply(spaced, Writing::Keep, at, "test".into());
    changed.await.unwrap();
    assert_eq!(town.at("2026-12-01T07:00").await.refused, 1);
    let slices = town.office.every_slice(DUE).await.unwrap();
    let mut troubles = slices.iter().flat_map(|slice| &slice.troubles);
    assert!(troubles.any(|trouble| matches!(trouble, Trouble::Undeliverable { .. })));
}

/// Three unknown addresses on an otherwise empty morning look like the relay's trouble; they are
/// tried again behind what came meanwhile, and believed when that was taken.
#[tokio::test]
async fn a_few_unknown_recipients_hold_up_nobody_and_are_told() {
    let does = |to: &str| match to {
        "r0@prov.example" | "r1@prov.example" | "r2@prov.example" => {
            Does::Says("550 5.1.1 User unknown in relay recipient table")
        }
        _ => Does::Takes,
    };
    let town = Town::new(Server::new(does), 1, 3).await;
    let delivered = town.at("2026-12-01T07:00").await;
    assert!(delivered.relay.is_some());
    assert_eq!((delivered.refused, town.in_state("waiting").await), (0, 3));
    let at = Timestamp::UNIX_EPOCH;
    let more = town
        .office
        .calendar
        .apply(batch(20), Writing::Keep, at, "test".into());
    more.await.unwrap();
    let delivered = town.at("2026-12-01T07:30").await;
    assert_eq!(
        (delivered.sent, delivered.refused, delivered.relay),
        (17, 3, None)
    );
    let tried = town.seen.lock().unwrap().recipients.clone();
    assert!(tried[3..20].iter().all(|to| does(to) == Does::Takes));
}

#[tokio::test]
async fn unknown_recipients_and_nobody_else_are_told_when_they_stay_unknown() {
    let does = |_: &str| Does::Says("550 5.1.1 User unknown in relay recipient table");
    let town = Town::new(Server::new(does), 1, 3).await;
    assert_eq!(town.at("2026-12-01T07:00").await.refused, 0);
    assert_eq!(town.at("2026-12-01T07:30").await.refused, 0);
    assert_eq!(town.at("2026-12-01T08:30").await.refused, 3);
    assert_eq!(town.in_state("refused").await, 3);
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_a_round() {
    let server = Server {
        takes_login: false,
        ..Server::new(|_| Does::Takes)
    };
    let town = Town::new(server, 8, 30).await;
    let delivered = town.at("2026-12-01T07:00").await;
    assert!(delivered.relay.is_some_and(|trouble| trouble.login));
    assert_eq!(town.seen.lock().unwrap().logins, 1);
    assert_eq!(town.in_state("waiting").await, 30);
}

/// Under a limit a minute most of a long queue waits: it is put into words when its turn comes, and
/// a round that is left gives back what it has.
#[tokio::test]
async fn what_waits_under_the_limit_is_not_in_words_yet_and_what_is_cancelled_stays_home() {
    let town = Town::new(Server::new(|_| Does::Takes), 2, 40).await;
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
    while town.seen.lock().unwrap().messages.len() < 10 {
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
    let at = Timestamp::UNIX_EPOCH;
    let changed = town
        .office
        .calendar
        .apply(cancelled, Writing::Keep, at, "test".into());
    changed.await.unwrap();
    let delivered = town.at("2026-12-01T07:05").await;
    assert_eq!((delivered.sent, delivered.withdrawn), (0, 30));
}

#[tokio::test]
async fn what_an_error_left_claimed_is_sent_by_the_next_round() {
    let town = Town::new(Server::new(|_| Does::Takes), 2, 5).await;
    let clock = town.clock("2026-12-01T07:00");
    tick(&town.office, clock.now()).await.unwrap();
    let claimed = town
        .office
        .ledger
        .claim(clock.now(), DUE, 5, Hold::default())
        .await
        .unwrap();
    assert_eq!(claimed.len(), 5);
    assert_eq!(town.at("2026-12-01T07:01").await.sent, 5);
    assert!(town.directory.path().join("ledger.db").exists());
}

/// A mail that may have arrived is tried again the morning after, as it was: what is new that day
/// waits for the next, since a person gets one mail a day.
#[tokio::test]
async fn beside_one_that_is_tried_again_the_new_mail_waits() {
    let town = Town::new(Server::new(|_| Does::Takes), 1, 1).await;
    let clock = town.clock("2026-12-01T16:50");
    tick(&town.office, clock.now()).await.unwrap();
    let claimed = town
        .office
        .ledger
        .claim(clock.now(), DUE, 5, Hold::default())
        .await
        .unwrap();
    let prepared = avstamd::store::Prepared {
        address: "r0@prov.example".into(),
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
    let at = Timestamp::UNIX_EPOCH;
    town.office
        .calendar
        .apply(more, Writing::Keep, at, "test".into())
        .await
        .unwrap();
    assert_eq!(town.at("2026-12-02T07:00").await.sent, 1);
    assert!(town.seen.lock().unwrap().messages[0].contains("Som den var"));
    assert_eq!(town.at("2026-12-02T09:00").await.sent, 0, "one a day");
    assert_eq!(town.at("2026-12-03T07:00").await.sent, 1);
    assert!(!town.seen.lock().unwrap().messages[1].contains("Som den var"));
}
