//! A year told in days: who gets mail, when, and who does not.

mod agenda;
mod clock;
mod forecast;
mod invitations;
mod meetings;
mod placing;
mod restored;
mod town;
mod watch;

use avstamd::daemon::tick;
use avstamd::follow_up::{Effect, Evaluation, MeasureId, Role};
use avstamd::store::Answer;
use jiff::civil::{Date, date};
use town::Town;

const NOBODY: [&str; 0] = [];

fn evaluated(on: Date, effect: Effect, next_date: Option<Date>) -> Evaluation {
    let (by, text, next_step) = (None, String::new(), None);
    Evaluation {
        evaluated_on: on,
        by,
        effect: Some(effect),
        text,
        next_step,
        next_date,
    }
}

async fn answer(town: &Town, measure: &str, evaluation: Evaluation) {
    let answer = Answer::Evaluated {
        measure: MeasureId::new(measure),
        evaluation,
    };
    let at = town.instant("2026-12-01 12:00");
    town.office
        .calendar
        .record(answer, at, ("command", "test".into()))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_measure_is_reminded_of_and_climbs_until_it_is_evaluated() {
    let mut town = Town::new().await;
    town.measure("m1", date(2026, 12, 3)).await;
    assert_eq!(town.to("2026-11-18 07:00").await, NOBODY);
    assert_eq!(
        town.to("2026-11-19 07:00").await,
        ["rut"],
        "ten working days before"
    );
    assert_eq!(town.to("2026-11-20 07:00").await, NOBODY);
    assert_eq!(town.to("2026-11-30 07:00").await, ["rut"], "three before");
    assert_eq!(town.to("2026-12-03 07:00").await, ["rut"], "on the day");
    assert_eq!(town.to("2026-12-10 07:00").await, ["rut"], "five after");
    assert_eq!(
        town.to("2026-12-17 07:00").await,
        ["ake", "rut"],
        "ten after"
    );
    assert_eq!(
        town.to("2026-12-28 07:00").await,
        ["ake", "rut"],
        "fifteen after"
    );
    assert_eq!(
        town.to("2027-01-07 07:00").await,
        ["ake", "rut", "siv"],
        "twenty after"
    );
    answer(&town, "m1", evaluated(date(2027, 1, 8), Effect::Good, None)).await;
    assert_eq!(town.to("2027-01-14 07:00").await, NOBODY);
}

#[tokio::test]
async fn fault_26_27_mail_leaves_at_seven_local_time_on_either_side_of_both_changes() {
    for (day, before, after) in [
        (date(2026, 10, 26), "2026-10-26 06:59", "2026-10-26 07:00"),
        (date(2027, 3, 30), "2027-03-30 06:59", "2027-03-30 07:00"),
    ] {
        let mut town = Town::new().await;
        town.measure("m1", day).await;
        assert_eq!(town.to(before).await, NOBODY, "{before}");
        let mails = town.at(after).await;
        assert_eq!(mails.len(), 1, "{after}");
        assert_eq!(mails[0].date, town.instant(after));
        assert_eq!(town.to(after).await, NOBODY, "once");
    }
}

#[tokio::test]
async fn a_step_on_christmas_eve_moves_earlier_and_one_after_moves_past_the_holidays() {
    let mut town = Town::new().await;
    town.measure("m1", date(2026, 12, 24)).await;
    assert_eq!(
        town.to("2026-12-22 07:00").await,
        ["rut"],
        "three before, late"
    );
    assert_eq!(
        town.to("2026-12-23 07:00").await,
        ["rut"],
        "the day itself, a day early"
    );
    for quiet in [
        "2026-12-24",
        "2026-12-25",
        "2026-12-26",
        "2026-12-31",
        "2027-01-01",
    ] {
        assert_eq!(town.to(&format!("{quiet} 07:00")).await, NOBODY, "{quiet}");
    }
    // Working days after the eve: 28, 29, 30 December, 4 and 5 January.
    assert_eq!(town.to("2027-01-04 07:00").await, NOBODY);
    assert_eq!(town.to("2027-01-05 07:00").await, ["rut"]);
}

#[tokio::test]
async fn fault_28_the_twenty_ninth_of_february_is_a_day_like_others() {
    let mut town = Town::new().await;
    town.measure("m1", date(2028, 2, 29)).await;
    assert_eq!(town.to("2028-02-24 07:00").await, ["rut"]);
    let mails = town.at("2028-02-29 07:00").await;
    assert!(
        mails[0]
            .text
            .contains("tisdagen den 29 februari 2028 (vecka 9)"),
        "{}",
        mails[0].text
    );
}

#[tokio::test]
async fn fault_29_week_53_has_one_digest_and_so_has_week_1() {
    let mut town = Town::with_digest().await;
    assert_eq!(
        town.at("2026-12-28 07:00").await[0].subject,
        "Vecka 53: allt är i fas – Norra området"
    );
    for day in ["2026-12-29", "2026-12-30"] {
        assert_eq!(town.to(&format!("{day} 07:00")).await, NOBODY);
    }
    assert_eq!(
        town.at("2027-01-04 07:00").await[0].subject,
        "Vecka 1: allt är i fas – Norra området"
    );
    // Easter Monday 2027 is 29 March: the week's first working day is a Tuesday.
    assert_eq!(town.to("2027-03-29 07:00").await, NOBODY);
    assert_eq!(town.to("2027-03-30 07:00").await, ["ake"]);
}

#[tokio::test]
async fn fault_32_after_three_weeks_asleep_one_mail_that_is_true_today() {
    let mut town = Town::new().await;
    town.measure("m1", date(2026, 12, 3)).await;
    town.measure("m2", date(2026, 12, 8)).await;
    town.measure("m3", date(2026, 12, 21)).await;
    assert_eq!(town.to("2026-11-19 07:00").await, ["rut"]);
    let mails = town.at("2026-12-10 09:30").await;
    assert_eq!(mails.len(), 1, "no burst");
    let text = &mails[0].text;
    assert!(
        text.contains("Skulle ha utvärderats senast torsdagen den 3 december 2026"),
        "{text}"
    );
    assert!(
        text.contains("Skulle ha utvärderats senast tisdagen den 8 december 2026"),
        "{text}"
    );
    assert!(
        text.contains("Utvärderas senast måndagen den 21 december 2026"),
        "{text}"
    );
    assert_eq!(
        town.to("2026-12-11 07:00").await,
        NOBODY,
        "what was missed is not made up for"
    );
}

#[tokio::test]
async fn a_moved_date_begins_its_ladder_anew() {
    let mut town = Town::new().await;
    town.measure("m1", date(2026, 12, 3)).await;
    assert_eq!(town.to("2026-11-30 07:00").await, ["rut"]);
    town.measure("m1", date(2026, 12, 15)).await;
    let mails = town.at("2026-12-01 07:00").await;
    assert!(
        mails[0]
            .text
            .contains("tisdagen den 15 december 2026 (vecka 51)"),
        "{}",
        mails[0].text
    );
    assert_eq!(
        town.to("2026-12-03 07:00").await,
        NOBODY,
        "the old date is nobody's any more"
    );
    assert_eq!(town.to("2026-12-10 07:00").await, ["rut"]);
}

#[tokio::test]
async fn too_early_moves_the_date() {
    let mut town = Town::new().await;
    town.measure("m1", date(2026, 12, 3)).await;
    assert_eq!(town.to("2026-11-30 07:00").await, ["rut"]);
    let moved = Some(date(2027, 2, 10));
    answer(
        &town,
        "m1",
        evaluated(date(2026, 12, 1), Effect::TooEarly, moved),
    )
    .await;
    assert_eq!(town.to("2026-12-03 07:00").await, NOBODY);
    assert_eq!(
        town.to("2027-01-27 07:00").await,
        ["rut"],
        "ten working days before the new date"
    );
}

#[tokio::test]
async fn a_late_entry_is_told_once_and_at_once() {
    let mut town = Town::new().await;
    assert_eq!(town.to("2026-12-01 07:00").await, NOBODY);
    town.measure("m1", date(2026, 12, 3)).await;
    assert_eq!(town.to("2026-12-01 10:00").await, ["rut"]);
    assert_eq!(town.to("2026-12-01 10:01").await, NOBODY);
    assert_eq!(town.to("2026-12-02 07:00").await, NOBODY);
}

#[tokio::test]
async fn one_mail_a_person_and_day() {
    let mut town = Town::new().await;
    town.measure("m1", date(2026, 12, 3)).await;
    assert_eq!(town.to("2026-12-01 07:00").await, ["rut"]);
    town.measure("m2", date(2026, 12, 4)).await;
    assert_eq!(
        town.to("2026-12-01 10:00").await,
        NOBODY,
        "she has had today's"
    );
    let mails = town.at("2026-12-02 07:00").await;
    assert!(
        mails[0].text.contains("m2") && !mails[0].text.contains("m1"),
        "{}",
        mails[0].text
    );
}

#[tokio::test]
async fn fault_64_a_principal_who_leaves_is_told_nothing_more_even_of_what_was_decided() {
    let mut town = Town::new().await;
    town.measure("m1", date(2026, 12, 3)).await;
    let now = town.instant("2026-11-30 07:00");
    assert_eq!(
        tick(&town.office, now).await.unwrap().noted.mails,
        1,
        "decided for Rut"
    );
    town.appoint("rut", Role::Principal, (None, Some(date(2026, 11, 29))))
        .await;
    town.appoint("pia", Role::Principal, (Some(date(2026, 11, 30)), None))
        .await;
    assert_eq!(town.to("2026-11-30 07:05").await, ["pia"]);
    assert_eq!(town.to("2026-12-03 07:00").await, ["pia"]);
}

#[tokio::test]
async fn fault_63_a_vacant_post_is_told_to_its_manager_and_never_mailed_into_the_void() {
    let mut town = Town::new().await;
    town.measure("m1", date(2026, 12, 3)).await;
    town.appoint("rut", Role::Principal, (None, Some(date(2026, 11, 15))))
        .await;
    let mails = town.at("2026-11-16 07:00").await;
    assert_eq!(mails.len(), 2);
    assert!(
        mails[0]
            .subject
            .contains("Ingen rektor är registrerad – Åsskolan"),
        "{}",
        mails[0].subject
    );
    assert_eq!(town.to("2026-11-19 07:00").await, NOBODY);
    assert_eq!(
        town.to("2026-11-30 07:00").await,
        ["ake", "kim"],
        "ten working days later"
    );
    town.appoint(
        "pia",
        Role::ActingPrincipal,
        (Some(date(2026, 12, 1)), None),
    )
    .await;
    assert_eq!(town.to("2026-12-01 07:00").await, ["pia"], "the duty stays");
}

#[tokio::test]
async fn a_deputy_gets_the_mail_and_the_one_who_returns_is_not_told_again() {
    let mut town = Town::new().await;
    town.measure("m1", date(2026, 12, 3)).await;
    town.appoint("pia", Role::DevelopmentOfficer, (None, None))
        .await;
    town.away("rut", (date(2026, 11, 16), date(2026, 11, 20)), "pia")
        .await;
    let mails = town.at("2026-11-19 07:00").await;
    assert_eq!(mails[0].to, "pia@prov.example");
    let text = &mails[0].text;
    assert!(
        text.contains("du ersätter Rut Öberg till och med fredagen den 20 november 2026"),
        "{text}"
    );
    assert_eq!(town.to("2026-11-23 07:00").await, NOBODY);
    assert_eq!(town.to("2026-11-30 07:00").await, ["rut"]);
}

#[tokio::test]
async fn fault_23_what_was_answered_between_decision_and_sending_is_left_out() {
    let mut town = Town::new().await;
    town.measure("m1", date(2026, 12, 3)).await;
    let now = town.instant("2026-11-30 07:00");
    assert_eq!(tick(&town.office, now).await.unwrap().noted.mails, 1);
    answer(
        &town,
        "m1",
        evaluated(date(2026, 11, 30), Effect::Some, None),
    )
    .await;
    assert_eq!(town.to("2026-11-30 07:05").await, NOBODY);
    let person = avstamd::follow_up::PersonId::new("rut");
    let notices = town
        .office
        .ledger
        .notices_on(person, date(2026, 11, 30))
        .await
        .unwrap();
    assert_eq!(
        (notices[0].decision.as_str(), notices[0].reason.as_str()),
        ("withdrawn", "it is done")
    );
}

#[tokio::test]
async fn quiet_weeks_hold_mail_and_swallow_none() {
    let mut town = Town::new().await;
    town.measure("m1", date(2027, 7, 14)).await;
    assert_eq!(
        town.to("2027-07-02 07:00").await,
        ["rut"],
        "the day itself moves to before the quiet"
    );
    for day in ["2027-07-05", "2027-07-14", "2027-08-06"] {
        assert_eq!(town.to(&format!("{day} 07:00")).await, NOBODY, "{day}");
    }
    // Five working days after the quiet weeks' end; it is last year's measure by then.
    assert_eq!(
        town.to("2027-08-16 07:00").await,
        ["rut"],
        "its effect is asked for"
    );
}
