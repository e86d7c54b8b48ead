//! What the daemon notes about itself and tells: held mails, time it was down, faults of its own.

use std::collections::BTreeSet;
use std::sync::Arc;

use avstamd::calendar::Calendar;
use avstamd::daemon::Health;
use avstamd::follow_up::{Area, AreaId, AreaWorld, Measure, Post, Role, Round, UnitCode};
use avstamd::plan::{Plan, Rules, Trouble, plan};
use avstamd::store::Batch;
use jiff::ToSpan;
use jiff::civil::{Date, date};
use rusqlite::Connection;

use super::NOBODY;
use super::meetings::dialogue_of;
use super::town::{Mail, Town, measure};

/// The mail days by which it is told what is usual.
const USUAL: [&str; 7] = [
    "11-23", "11-24", "11-25", "11-26", "11-27", "11-30", "12-01",
];

/// The code of one of many more units.
fn code(number: usize) -> String {
    format!("20000{number:03}")
}

/// So many more units with a principal each.
async fn add_units(town: &Town, count: usize) {
    for number in 0..count {
        town.other_unit(&code(number)).await;
        town.appoint_at(&format!("p{number}"), Role::Principal, &code(number))
            .await;
    }
}

/// Twenty more units, their dialogues announced to everybody by the second day of December.
async fn with_many_dialogues() -> Town {
    let mut town = Town::with_invitations().await;
    add_units(&town, 20).await;
    for number in 0..20 {
        for (day, round) in [
            (date(2027, 1, 12), Round::Explore),
            (date(2027, 4, 12), Round::Evaluate),
        ] {
            let later = i64::try_from(number).unwrap().days();
            dialogue_of(&town, &code(number), day + later, round).await;
        }
    }
    for day in USUAL {
        assert!(town.at(&format!("2026-{day} 07:00")).await.len() >= 3);
    }
    town
}

fn calendar(town: &Town) -> Connection {
    Connection::open(&town.office.settings.database.calendar).unwrap()
}

#[tokio::test]
async fn fault_82_an_emptied_table_calls_nothing_off_until_a_person_says_so() {
    let mut town = with_many_dialogues().await;
    calendar(&town)
        .execute_batch("DELETE FROM dialogue")
        .unwrap();
    let told = town.at("2026-12-02 07:00").await;
    assert_eq!(told.len(), 0, "it is held before anybody is asked");
    let told = town.at("2026-12-02 07:01").await;
    let to: Vec<&str> = told.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, ["kim@prov.example"]);
    assert!(
        told[0].text.contains("avstamd outbox release"),
        "{}",
        told[0].text
    );
    assert_eq!(town.to("2026-12-02 12:00").await, NOBODY);
    // The day after they are still held, and a person says that it is right.
    assert_eq!(town.to("2026-12-03 07:00").await, NOBODY);
    town.office.ledger.release(date(2026, 12, 3)).await.unwrap();
    let told = town.at("2026-12-03 08:00").await;
    let called_off = told.iter().filter(|mail| {
        let event = mail.event.as_deref().unwrap_or_default();
        event.contains("METHOD:CANCEL")
    });
    assert!(called_off.count() > 50);
}

#[tokio::test]
async fn fault_82_a_calendar_that_is_mended_leaves_nothing_to_say() {
    let mut town = with_many_dialogues().await;
    calendar(&town)
        .execute_batch("CREATE TABLE kept AS SELECT * FROM dialogue; DELETE FROM dialogue;")
        .unwrap();
    assert_eq!(town.to("2026-12-02 07:00").await, NOBODY);
    assert_eq!(town.to("2026-12-02 07:01").await, ["kim"]);
    calendar(&town)
        .execute_batch("INSERT INTO dialogue SELECT * FROM kept; DROP TABLE kept;")
        .unwrap();
    for at in ["2026-12-02 08:00", "2026-12-02 08:01"] {
        for mail in town.at(at).await {
            let event = mail.event.unwrap();
            assert!(event.contains("METHOD:REQUEST"), "{event}");
            assert!(event.contains("\r\nSEQUENCE:0\r\n"), "{event}");
        }
    }
    let health = Health::at(&town.office, town.instant("2026-12-02 08:02"))
        .await
        .unwrap();
    assert_eq!(health.storm, None);
}

/// Two hundred units with a principal each, and a week in which Rut alone had mail.
async fn with_many_principals() -> Town {
    let mut town = Town::new().await;
    add_units(&town, 200).await;
    for day in USUAL {
        let day: Date = format!("2026-{day}").parse().unwrap();
        town.measure(&format!("m{day}"), day + 14.days()).await;
        assert_eq!(town.to(&format!("{day} 07:00")).await, ["rut"]);
    }
    town
}

#[tokio::test]
async fn fault_82_ten_thousand_measures_at_noon_are_held_and_then_one_mail_each() {
    let mut town = with_many_principals().await;
    assert_eq!(town.to("2026-12-02 07:00").await, ["rut"]);
    let mut batch = Batch::default();
    for number in 0..10_000 {
        batch.measures.push(Measure {
            unit: UnitCode::parse(&code(number % 200)).unwrap(),
            ..measure(&format!("i{number}"), date(2026, 12, 16))
        });
    }
    town.put(batch).await;
    assert_eq!(town.to("2026-12-02 12:00").await, NOBODY);
    let told = town.at("2026-12-02 12:01").await;
    let to: Vec<&str> = told.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, ["kim@prov.example"]);
    assert!(told[0].text.contains("201 personer"), "{}", told[0].text);
    assert_eq!(town.to("2026-12-02 16:00").await, NOBODY);
    assert_eq!(town.to("2026-12-03 07:00").await, NOBODY);
    town.office.ledger.release(date(2026, 12, 3)).await.unwrap();
    let told = town.at("2026-12-03 08:00").await;
    let to: BTreeSet<&str> = told.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(
        (told.len(), to.len()),
        (201, 201),
        "Rut's own is among them"
    );
    assert!(told.iter().all(|mail| mail.text.contains("Läsning")));
    assert_eq!(town.to("2026-12-03 08:01").await, NOBODY);
}

#[tokio::test]
async fn a_daemon_that_was_down_tells_the_officer_and_the_directors_digest_since_when() {
    let mut town = Town::with_monthly_digest().await;
    town.measure("m1", date(2026, 12, 3)).await;
    town.lives("2026-11-17 07:00").await;
    let mut town = town.restarted("2026-11-24 09:30", |_| {}).await;
    let told = town.lives("2026-11-24 09:30").await;
    let to: Vec<&str> = told.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, ["kim@prov.example", "rut@prov.example"]);
    assert!(
        told[0].text.contains("tisdagen den 17 november"),
        "{}",
        told[0].text
    );
    // A restart that was missed by nobody is no news.
    let mut town = town.restarted("2026-11-24 15:00", |_| {}).await;
    for day in ["2026-11-24 15:01", "2026-11-25 07:00", "2026-11-26 07:00"] {
        assert_eq!(town.lives(day).await, [], "{day}");
    }
    let told = town.lives("2026-12-01 07:00").await;
    let digest = told
        .iter()
        .find(|mail| mail.to == "siv@prov.example")
        .unwrap();
    let said = "stod stilla från tisdagen den 17 november";
    assert!(digest.text.contains(said), "{}", digest.text);
    let told = town.lives("2027-01-04 07:00").await;
    let digest = told
        .iter()
        .find(|mail| mail.to == "siv@prov.example")
        .unwrap();
    assert!(!digest.text.contains("stod stilla"), "{}", digest.text);
}

/// A fault in the program that the area `söder` runs into.
fn with_a_fault(
    day: Date,
    world: &AreaWorld,
    troubles: &[Trouble],
    calendar: &Calendar,
    rules: &Rules,
) -> Plan {
    let area = world.area.as_ref().map(|area| area.id.as_str());
    assert_ne!(area, Some("söder"), "the fault");
    plan(day, world, troubles, calendar, rules)
}

impl Town {
    fn plans_with(&mut self, planner: avstamd::plan::Planner) {
        Arc::get_mut(&mut self.office).unwrap().planner = planner;
    }

    /// A second area, its unit with a principal of its own.
    async fn with_another_area() -> Self {
        let town = Self::new().await;
        let mut batch = Batch::default();
        let id = AreaId::new("söder");
        batch.areas.push(Area {
            id: id.clone(),
            name: "Södra området".into(),
        });
        town.put(batch).await;
        town.unit_in("20000000", &id).await;
        town.appoint_at("pia", Role::Principal, "20000000").await;
        town.appoint_to("ola", Role::AreaManager, Post::Area(id), (None, None))
            .await;
        for (id, unit) in [("m1", super::town::UNIT), ("m2", "20000000")] {
            town.measure_of(id, unit, date(2026, 12, 3)).await;
        }
        town
    }
}

fn to(mails: &[Mail]) -> Vec<&str> {
    mails
        .iter()
        .map(|mail| mail.to.trim_end_matches("@prov.example"))
        .collect()
}

#[tokio::test]
async fn a_panic_in_one_areas_planning_stops_no_other_and_is_told() {
    let mut town = Town::with_another_area().await;
    town.plans_with(with_a_fault);
    assert_eq!(to(&town.at("2026-11-19 07:00").await), ["rut"]);
    let told = town.at("2026-11-19 07:01").await;
    assert_eq!(to(&told), ["kim"]);
    assert!(told[0].text.contains("Området söder"), "{}", told[0].text);
    assert_eq!(town.to("2026-11-20 07:00").await, NOBODY);
    let now = town.instant("2026-11-20 09:00");
    let health = Health::at(&town.office, now).await.unwrap();
    assert_eq!(health.faults, [AreaId::new("söder")]);
    town.plans_with(plan);
    assert_eq!(to(&town.at("2026-11-23 07:00").await), ["pia"]);
    let health = Health::at(&town.office, now).await.unwrap();
    assert_eq!(health.faults, []);
}

#[tokio::test]
async fn a_fault_in_an_area_that_is_removed_is_over() {
    let mut town = Town::with_another_area().await;
    town.plans_with(with_a_fault);
    assert_eq!(to(&town.at("2026-11-19 07:00").await), ["rut"]);
    let sql = "PRAGMA foreign_keys = OFF; DELETE FROM school_unit WHERE area = 'söder';
               DELETE FROM area WHERE id = 'söder';";
    calendar(&town).execute_batch(sql).unwrap();
    assert_eq!(town.to("2026-11-19 07:01").await, NOBODY);
    let health = Health::at(&town.office, town.instant("2026-11-19 07:02"));
    assert_eq!(health.await.unwrap().faults, []);
}

#[tokio::test]
async fn a_panic_while_a_mail_is_made_holds_back_that_mail_alone() {
    let mut town = Town::with_another_area().await;
    let at = town.instant("2026-11-19 07:00");
    avstamd::daemon::tick(&town.office, at).await.unwrap();
    town.plans_with(with_a_fault);
    assert_eq!(to(&town.at("2026-11-19 07:00").await), ["rut"]);
    assert_eq!(to(&town.at("2026-11-19 07:01").await), ["kim"], "is told");
    town.plans_with(plan);
    assert_eq!(to(&town.at("2026-11-20 07:00").await), ["pia"]);
}

#[tokio::test]
async fn fault_61_words_that_fail_for_one_person_hold_back_that_mail_alone_and_are_told_of() {
    let words = tempfile::tempdir().unwrap();
    let greeting = "{% if name == 'Rut' %}{{ 1 // 0 }}{% endif %}Hej {{ name }}!";
    std::fs::write(
        words.path().join("sv.toml"),
        format!("greeting = \"{greeting}\"\n"),
    )
    .unwrap();
    let mut town = Town::with_words(words.path()).await;
    town.other_unit("20000000").await;
    town.appoint_at("pia", Role::Principal, "20000000").await;
    for (id, unit) in [("m1", "12345678"), ("m2", "20000000")] {
        town.measure_of(id, unit, date(2026, 12, 3)).await;
    }
    assert_eq!(town.to("2026-11-19 07:00").await, ["pia"]);
    let told = town.at("2026-11-19 07:01").await;
    assert_eq!(to(&told), ["kim"]);
    assert_eq!(told[0].subject, "Ett mejl kan inte skrivas");
    assert_eq!(town.to("2026-11-20 07:00").await, NOBODY);
    // The words are mended, and what waited for them leaves.
    std::fs::write(words.path().join("sv.toml"), "").unwrap();
    let mut town = town.restarted("2026-11-23 07:00", |_| {}).await;
    assert_eq!(town.to("2026-11-23 07:00").await, ["rut"]);
    let health = Health::at(&town.office, town.instant("2026-11-23 08:30"));
    assert_eq!(health.await.unwrap().unworded, None);
}

#[tokio::test]
async fn fault_84_a_queue_that_does_not_move_is_seen() {
    let mut town = Town::new().await;
    town.measure("m1", date(2026, 12, 3)).await;
    let at = |local: &str| town.instant(local);
    let (ticked, patient, stuck) = (
        at("2026-11-19 07:00"),
        at("2026-11-19 07:59"),
        at("2026-11-19 08:01"),
    );
    avstamd::daemon::tick(&town.office, ticked).await.unwrap();
    let health = Health::at(&town.office, patient).await.unwrap();
    assert_eq!(health.problems(&town.office), NOBODY);
    let health = Health::at(&town.office, stuck).await.unwrap();
    let said = health.problems(&town.office).concat();
    assert!(
        said.starts_with("1 mails should have left since 2026-11-19 07:00"),
        "{said}"
    );
    assert_eq!(town.to("2026-11-19 08:02").await, ["rut"]);
    let health = Health::at(&town.office, stuck).await.unwrap();
    assert_eq!(health.problems(&town.office), NOBODY);
}

#[tokio::test]
async fn a_daemon_that_is_silent_is_seen_at_any_hour() {
    let mut town = Town::new().await;
    town.lives("2026-11-19 16:00").await;
    for (local, is_silent) in [
        ("2026-11-19 16:59", false),
        ("2026-11-19 17:30", true),
        ("2026-11-21 12:00", true),
    ] {
        let now = town.instant(local);
        let health = Health::at(&town.office, now).await.unwrap();
        assert_eq!(health.silent_since.is_some(), is_silent, "{local}");
    }
}
