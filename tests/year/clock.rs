//! A clock that goes wrong, and times around the one that mail leaves at.

use jiff::civil::date;

use super::NOBODY;
use super::town::Town;

#[tokio::test]
async fn fault_30_a_clock_set_back_a_day_says_nothing_again_and_nothing_early() {
    let mut town = Town::new().await;
    town.measure("m1", date(2026, 12, 3)).await;
    town.measure("m2", date(2026, 12, 4)).await;
    assert_eq!(town.to("2026-11-19 07:00").await, ["rut"]);
    assert_eq!(town.to("2026-11-18 07:00").await, NOBODY);
    assert_eq!(town.to("2026-11-18 16:59").await, NOBODY);
    assert_eq!(town.to("2026-11-19 07:00").await, NOBODY);
    assert_eq!(town.to("2026-11-20 07:00").await, ["rut"], "m2 on its day");
    assert_eq!(town.to("2026-11-30 07:00").await, ["rut"]);
}

#[tokio::test]
async fn fault_31_what_was_said_while_the_clock_was_ahead_is_not_said_again() {
    let mut town = Town::with_digest().await;
    town.measure("m1", date(2026, 12, 3)).await;
    assert_eq!(town.to("2026-11-18 07:00").await, ["ake"]);
    // Two days are within what a person may set it by; further ahead the daemon holds and asks.
    assert_eq!(town.to("2026-11-20 07:00").await, ["rut"]);
    for day in ["2026-11-18 12:00", "2026-11-19 07:00", "2026-11-20 07:00"] {
        assert_eq!(town.to(day).await, NOBODY, "{day}");
    }
    assert_eq!(
        town.to("2026-11-23 07:00").await,
        ["ake"],
        "the next digest"
    );
    assert_eq!(town.to("2026-11-30 07:00").await, ["ake", "rut"]);
}

#[tokio::test]
async fn fault_36_a_clock_that_trembles_around_seven_says_it_once() {
    let mut town = Town::new().await;
    town.measure("m1", date(2026, 12, 3)).await;
    let mut told = Vec::new();
    for _ in 0..10 {
        for second in ["06:59:57", "07:00:00", "06:59:59", "07:00:03", "07:00:01"] {
            told.extend(town.to(&format!("2026-11-19 {second}")).await);
        }
    }
    assert_eq!(told, ["rut"]);
}

/// After 2037 a second no longer fits in 32 bits.
#[tokio::test]
async fn the_year_2038_is_a_year_like_others() {
    let mut town = Town::new().await;
    town.measure("m1", date(2038, 2, 4)).await;
    // That no school year is known then, the quality officer is told.
    assert_eq!(town.to("2038-01-21 07:00").await, ["kim", "rut"]);
    assert_eq!(town.to("2038-01-21 07:01").await, NOBODY);
    let mails = town.at("2038-02-04 07:00").await;
    let rut = mails.iter().find(|mail| mail.to == "rut@prov.example");
    let text = &rut.unwrap().text;
    assert!(text.contains("torsdagen den 4 februari 2038"), "{text}");
}

/// A machine may start with a clock that is a year ahead, and live on by the right one.
#[tokio::test]
async fn fault_31_a_year_that_was_not_yet_puts_nothing_off() {
    let mut town = Town::new().await;
    town.measure("m1", date(2026, 12, 3)).await;
    assert_eq!(town.to("2026-11-19 07:00").await, ["rut"]);
    assert!(!town.to("2027-11-22 07:00").await.is_empty());
    town.measure("m2", date(2026, 12, 17)).await;
    let mut town = town.restarted("2026-11-30 06:00", |_| {}).await;
    // Three working days before m1, late; then the day of m1 and ten before m2.
    for day in ["2026-12-02 07:00", "2026-12-03 07:00"] {
        assert_eq!(town.to(day).await, ["rut"], "{day}");
    }
}
