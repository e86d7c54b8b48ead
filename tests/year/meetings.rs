//! Dialogues and check-ins told in days, and what comes of them when people and units change.

use std::collections::BTreeMap;

use avstamd::follow_up::{
    Activity, ActivityId, AreaId, CheckIn, CheckInState, ChosenBy, Dialogue, DialogueState, Effect,
    Evaluation, Measure, MeasureId, Pair, PersonId, Post, Role, Round, SupportLevel, UnitCode,
};
use avstamd::store::{Answer, Batch, Writing};
use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::NOBODY;
use super::town::{Town, UNIT, measure};

pub fn pair() -> Pair {
    Pair {
        principal: PersonId::new("rut"),
        area_manager: PersonId::new("åke"),
    }
}

async fn met(town: &Town, on: Date) {
    let answer = Answer::CheckInHeld {
        pair: pair(),
        on,
        note: String::new(),
    };
    record(town, answer).await;
}

pub async fn record(town: &Town, answer: Answer) {
    let at = town.instant("2026-09-01 12:00");
    let who = ("command", "test".to_owned());
    town.office.calendar.record(answer, at, who).await.unwrap();
}

pub async fn planned(town: &Town, day: Date) {
    let mut batch = Batch::default();
    batch.check_ins.push(CheckIn {
        pair: pair(),
        starts: day.at(8, 30, 0, 0),
        minutes: 45,
        state: CheckInState::Planned,
        held_on: None,
        note: String::new(),
        uid: String::new(),
        sequence: 0,
        is_placed: false,
        proposed_until: None,
    });
    town.put(batch).await;
}

pub async fn dialogue(town: &Town, day: Date, round: Round) {
    dialogue_of(town, UNIT, day, round).await;
}

pub async fn dialogue_of(town: &Town, unit: &str, day: Date, round: Round) {
    let mut batch = Batch::default();
    batch.dialogues.push(Dialogue {
        unit: UnitCode::parse(unit).unwrap(),
        school_year: "2026/27".into(),
        round,
        starts: day.at(13, 0, 0, 0),
        minutes: 90,
        place: "Rum 2".into(),
        state: DialogueState::Planned,
        sequence: 0,
        focus_areas: Vec::new(),
        is_placed: false,
        proposed_until: None,
    });
    town.put(batch).await;
}

pub fn key(round: Round) -> (UnitCode, String, Round) {
    (UnitCode::parse(UNIT).unwrap(), "2026/27".into(), round)
}

#[tokio::test]
async fn a_check_in_is_reminded_of_on_both_sides_the_working_day_before() {
    let mut town = Town::new().await;
    planned(&town, date(2026, 11, 30)).await;
    assert_eq!(town.to("2026-11-26 07:00").await, NOBODY);
    let mails = town.at("2026-11-27 07:00").await;
    assert_eq!(mails.len(), 2, "on the Friday before the Monday");
    assert!(
        mails[0].subject.contains("Rut Öberg"),
        "{}",
        mails[0].subject
    );
    assert!(
        mails[1].subject.contains("Åke Öberg"),
        "{}",
        mails[1].subject
    );
}

#[tokio::test]
async fn who_leaves_before_the_meeting_is_not_reminded_of_it() {
    let mut town = Town::new().await;
    planned(&town, date(2026, 11, 30)).await;
    let last = date(2026, 11, 29);
    town.appoint("rut", Role::Principal, (None, Some(last)))
        .await;
    town.appoint("pia", Role::Principal, (Some(date(2026, 11, 30)), None))
        .await;
    assert_eq!(town.to("2026-11-27 07:00").await, NOBODY);
}

/// The agenda goes to those who will be there: to the new one once the post is theirs.
#[tokio::test]
async fn who_leaves_before_a_dialogue_is_not_given_its_agenda() {
    let mut town = Town::new().await;
    dialogue(&town, date(2026, 12, 8), Round::Explore).await;
    let last = date(2026, 12, 2);
    town.appoint("rut", Role::Principal, (None, Some(last)))
        .await;
    town.appoint("pia", Role::Principal, (Some(date(2026, 12, 3)), None))
        .await;
    town.at("2026-11-30 07:00").await;
    assert_eq!(town.to("2026-12-01 07:00").await, ["ake"], "five before");
    assert_eq!(town.to("2026-12-03 07:00").await, ["pia"]);
}

/// Week 44 has no school. From week 42 two school weeks are 43 and 45, so the gap is told of in 46.
#[tokio::test]
async fn the_autumn_break_neither_excuses_nor_blames() {
    let mut town = Town::with_gaps().await;
    met(&town, date(2026, 10, 13)).await;
    for day in ["2026-10-19", "2026-10-26", "2026-11-02", "2026-11-06"] {
        assert_eq!(town.to(&format!("{day} 07:00")).await, NOBODY, "{day}");
    }
    let mails = town.at("2026-11-09 07:00").await;
    assert_eq!(mails.len(), 2);
    let text = &mails[1].text;
    assert!(text.contains("tisdagen den 13 oktober 2026"), "{text}");
    assert_eq!(town.to("2026-11-10 07:00").await, NOBODY);
    assert_eq!(
        town.to("2026-11-16 07:00").await,
        ["ake", "rut"],
        "five later"
    );
    met(&town, date(2026, 11, 17)).await;
    assert_eq!(town.to("2026-11-23 07:00").await, NOBODY);
}

/// Weeks 52, 53 and 1 have no school: from week 50 two school weeks are 51 and 2.
#[tokio::test]
async fn christmas_with_its_week_53_does_not_count() {
    let mut town = Town::with_gaps().await;
    met(&town, date(2026, 12, 8)).await;
    for day in [
        "2026-12-21",
        "2026-12-28",
        "2027-01-04",
        "2027-01-11",
        "2027-01-15",
    ] {
        assert_eq!(town.to(&format!("{day} 07:00")).await, NOBODY, "{day}");
    }
    assert_eq!(town.to("2027-01-18 07:00").await, ["ake", "rut"]);
}

#[tokio::test]
async fn a_unit_with_reinforced_support_meets_every_school_week() {
    let mut town = Town::with_gaps().await;
    town.level(SupportLevel::Reinforced).await;
    met(&town, date(2026, 9, 8)).await;
    assert_eq!(town.to("2026-09-14 07:00").await, NOBODY);
    assert_eq!(town.to("2026-09-21 07:00").await, ["ake", "rut"]);
}

#[tokio::test]
async fn the_director_hears_of_a_gap_of_twice_the_length_and_nobody_outside_school_weeks() {
    let mut town = Town::with_gaps().await;
    met(&town, date(2026, 9, 8)).await;
    assert_eq!(town.to("2026-09-28 07:00").await, ["ake", "rut"]);
    assert_eq!(town.to("2026-10-05 07:00").await, ["ake", "rut"]);
    let mails = town.at("2026-10-12 07:00").await;
    assert_eq!(mails.len(), 3, "four school weeks have passed");
    assert_eq!(town.to("2026-10-19 07:00").await, ["ake", "rut", "siv"]);
    assert_eq!(town.to("2026-10-26 07:00").await, NOBODY, "a break");
    assert_eq!(town.to("2026-11-02 07:00").await, ["ake", "rut", "siv"]);
}

#[tokio::test]
async fn a_dialogue_from_its_focus_area_to_its_record() {
    let mut town = Town::new().await;
    dialogue(&town, date(2026, 10, 8), Round::Explore).await;
    assert_eq!(town.to("2026-09-16 07:00").await, NOBODY);
    assert_eq!(town.to("2026-09-17 07:00").await, ["rut"], "fifteen before");
    let focus = Answer::FocusArea {
        dialogue: key(Round::Explore),
        chosen_by: ChosenBy::Principal,
        text: "Läsning i årskurs 4".into(),
    };
    record(&town, focus).await;
    let mails = town.at("2026-10-01 07:00").await;
    assert_eq!(mails.len(), 2, "five before: the agenda to both");
    for mail in &mails {
        assert!(mail.text.contains("Läsning i årskurs 4"), "{}", mail.text);
        assert!(mail.text.contains("Rum 2"), "{}", mail.text);
    }
    assert_eq!(town.to("2026-10-09 07:00").await, NOBODY);
    assert_eq!(town.to("2026-10-12 07:00").await, ["ake"], "two after");
    assert_eq!(town.to("2026-10-19 07:00").await, ["ake"], "seven after");
    assert_eq!(town.to("2026-10-22 07:00").await, ["siv"], "ten after");
    let held = Answer::DialogueHeld {
        dialogue: key(Round::Explore),
        by: date(2026, 10, 23).at(9, 0, 0, 0),
    };
    record(&town, held).await;
    assert_eq!(town.to("2026-10-26 07:00").await, NOBODY);
}

#[tokio::test]
async fn a_dialogue_held_before_its_day_is_asked_about_no_more() {
    let mut town = Town::new().await;
    dialogue(&town, date(2027, 4, 20), Round::Evaluate).await;
    let held = Answer::DialogueHeld {
        dialogue: key(Round::Evaluate),
        by: date(2027, 3, 1).at(10, 0, 0, 0),
    };
    record(&town, held).await;
    for day in ["2027-03-30", "2027-04-13", "2027-04-22"] {
        assert_eq!(town.to(&format!("{day} 07:00")).await, NOBODY, "{day}");
    }
}

#[tokio::test]
async fn a_moved_dialogue_begins_its_reminders_anew() {
    let mut town = Town::new().await;
    dialogue(&town, date(2026, 10, 8), Round::Explore).await;
    assert_eq!(town.to("2026-10-01 07:00").await, ["ake", "rut"]);
    let moved = Answer::DialogueMoved {
        dialogue: key(Round::Explore),
        starts: date(2026, 10, 20).at(9, 0, 0, 0),
        place: None,
    };
    record(&town, moved).await;
    assert_eq!(
        town.to("2026-10-02 07:00").await,
        ["rut"],
        "fifteen before is past"
    );
    assert_eq!(
        town.to("2026-10-12 07:00").await,
        NOBODY,
        "it has not been yet"
    );
    assert_eq!(
        town.to("2026-10-13 07:00").await,
        ["ake", "rut"],
        "five before"
    );
}

fn of_last_year(id: &str, unit: &str) -> Measure {
    Measure {
        unit: UnitCode::parse(unit).unwrap(),
        school_year: "2025/26".into(),
        evaluations: vec![Evaluation {
            evaluated_on: date(2026, 5, 18),
            by: None,
            effect: None,
            text: String::new(),
            next_step: None,
            next_date: None,
        }],
        ..measure(id, date(2026, 5, 20))
    }
}

#[tokio::test]
async fn the_effect_of_last_years_measures_is_asked_for_until_it_is_assessed() {
    let mut town = Town::new().await;
    dialogue(&town, date(2026, 10, 8), Round::Explore).await;
    let mut batch = Batch::default();
    batch.measures.push(of_last_year("m1", UNIT));
    town.put(batch).await;
    assert_eq!(town.to("2026-08-14 07:00").await, NOBODY);
    assert_eq!(
        town.to("2026-08-17 07:00").await,
        ["rut"],
        "the first school week"
    );
    assert_eq!(town.to("2026-08-31 07:00").await, ["rut"], "ten later");
    town.at("2026-09-17 07:00").await;
    let mails = town.at("2026-10-01 07:00").await;
    let to_manager = &mails[0];
    assert_eq!(to_manager.to, "ake@prov.example");
    assert!(
        to_manager.text.contains("saknar bedömning av effekten"),
        "told before the first dialogue: {}",
        to_manager.text
    );
    let assessed = Evaluation {
        evaluated_on: date(2026, 10, 5),
        effect: Some(Effect::Some),
        ..of_last_year("m1", UNIT).evaluations.remove(0)
    };
    let answer = Answer::Evaluated {
        measure: MeasureId::new("m1"),
        evaluation: assessed,
    };
    record(&town, answer).await;
    assert_eq!(town.to("2026-10-07 07:00").await, NOBODY);
}

/// The unit closed at the end of June, and another took over.
#[tokio::test]
async fn a_closed_units_duties_pass_to_the_one_that_took_over() {
    let mut town = Town::new().await;
    town.close(date(2026, 6, 30), "87654321").await;
    town.appoint_at("pia", Role::Principal, "87654321").await;
    let mut batch = Batch::default();
    batch.measures.push(of_last_year("m1", UNIT));
    town.put(batch).await;
    assert_eq!(town.to("2026-08-17 07:00").await, ["pia"]);
}

/// What the area manager reads of it counts what was inherited, and so does the agenda.
#[tokio::test]
async fn a_closed_units_measures_are_told_of_as_those_of_the_one_that_took_over() {
    let mut town = Town::new().await;
    town.close(date(2026, 6, 30), "87654321").await;
    town.appoint_at("pia", Role::Principal, "87654321").await;
    let mut batch = Batch::default();
    batch.measures.push(of_last_year("m1", UNIT));
    batch.measures.push(Measure {
        school_year: "2026/27".into(),
        evaluate_by: date(2027, 3, 1),
        ..of_last_year("m2", UNIT)
    });
    batch.activities.push(Activity {
        id: ActivityId::new("a1"),
        title: "Enkätsvar".into(),
        post: Post::Unit(UnitCode::parse(UNIT).unwrap()),
        role: Role::Principal,
        due: date(2026, 9, 30),
        done_on: None,
    });
    town.put(batch).await;
    dialogue_of(&town, "87654321", date(2026, 10, 8), Round::Explore).await;
    let mut told: BTreeMap<String, String> = BTreeMap::new();
    for day in date(2026, 9, 14).series(1.day()).take(24) {
        for mail in town.at(&format!("{day} 07:00")).await {
            told.entry(mail.to).or_default().push_str(&mail.text);
        }
    }
    let (manager, principal) = (&told["ake@prov.example"], &told["pia@prov.example"]);
    assert!(
        manager.contains("En åtgärd från tidigare läsår"),
        "{manager}"
    );
    assert!(principal.contains("(m2)"), "the agenda: {principal}");
    assert!(principal.contains("Enkätsvar"), "{principal}");
}

/// Its effect was asked for all last year; the summer hands nothing back to its evaluation.
#[tokio::test]
async fn a_measure_of_two_years_back_is_quiet_until_the_first_school_week() {
    let mut town = Town::new().await;
    let mut batch = Batch::default();
    batch.measures.push(Measure {
        evaluations: Vec::new(),
        ..of_last_year("m1", UNIT)
    });
    town.put(batch).await;
    assert_eq!(town.to("2026-08-17 07:00").await, ["rut"]);
    for day in date(2027, 8, 1).series(1.day()).take(15) {
        assert_eq!(town.to(&format!("{day} 07:00")).await, NOBODY, "{day}");
    }
    assert_eq!(town.to("2027-08-16 07:00").await, ["rut"], "its effect");
}

#[tokio::test]
async fn a_check_in_moved_within_its_day_is_reminded_of_at_its_new_time() {
    for (cancelled, kept) in [(8, 13), (13, 8)] {
        let mut town = Town::new().await;
        let mut batch = Batch::default();
        for (hour, state) in [
            (cancelled, CheckInState::Cancelled),
            (kept, CheckInState::Planned),
        ] {
            batch.check_ins.push(CheckIn {
                pair: pair(),
                starts: date(2026, 9, 15).at(hour, 30, 0, 0),
                minutes: 45,
                state,
                held_on: None,
                note: String::new(),
                uid: String::new(),
                sequence: 0,
                is_placed: false,
                proposed_until: None,
            });
        }
        town.put(batch).await;
        let mails = town.at("2026-09-14 07:00").await;
        assert_eq!(mails.len(), 2);
        for mail in mails {
            let (time, other) = (format!("{kept}.30"), format!("{cancelled}.30"));
            assert!(mail.text.contains(&time), "{}", mail.text);
            assert!(!mail.text.contains(&other), "{}", mail.text);
        }
    }
}

#[tokio::test]
async fn an_activity_of_an_areas_quality_officer_goes_to_that_one() {
    let mut town = Town::new().await;
    let area = Post::Area(AreaId::new("norr"));
    town.appoint_to(
        "bea",
        Role::QualityOfficer,
        area.clone(),
        (None, Some(date(2026, 12, 31))),
    )
    .await;
    let mut batch = Batch::default();
    for (id, due) in [("a1", date(2026, 12, 3)), ("a2", date(2027, 2, 3))] {
        batch.activities.push(Activity {
            id: ActivityId::new(id),
            title: "Områdets analys".into(),
            post: area.clone(),
            role: Role::QualityOfficer,
            due,
            done_on: None,
        });
    }
    town.put(batch).await;
    assert_eq!(town.to("2026-12-03 07:00").await, ["bea"]);
    let after = town.to("2027-02-03 07:00").await;
    assert!(
        after.contains(&"kim".to_owned()),
        "the authority's, {after:?}"
    );
    assert!(!after.contains(&"bea".to_owned()), "has left, {after:?}");
}

#[tokio::test]
async fn who_has_moved_to_another_unit_is_told_nothing_of_the_first() {
    let mut town = Town::new().await;
    town.other_unit("87654321").await;
    town.appoint_at("ann", Role::Principal, "87654321").await;
    town.appoint_at("pia", Role::AssistantPrincipal, "87654321")
        .await;
    let mut measure = of_last_year("m1", UNIT);
    measure.responsible = Some(PersonId::new("pia"));
    let mut batch = Batch::default();
    batch.measures.push(measure);
    town.put(batch).await;
    assert_eq!(town.to("2026-08-17 07:00").await, ["rut"]);
}

#[tokio::test]
async fn an_overdue_evaluation_climbs_on_over_the_summer() {
    let mut town = Town::new().await;
    town.measure("m1", date(2027, 6, 21)).await;
    assert_eq!(town.to("2027-06-21 07:00").await, ["rut"]);
    assert_eq!(town.to("2027-06-29 07:00").await, ["rut"], "five after");
    // Eight working days have passed when the quiet weeks begin, and the tenth comes after them. It is
    // last year's measure by then; its effect is asked for from the first school week on.
    assert_eq!(town.to("2027-08-09 07:00").await, NOBODY);
    assert_eq!(
        town.to("2027-08-10 07:00").await,
        ["ake", "rut"],
        "ten after"
    );
    assert_eq!(town.to("2027-08-16 07:00").await, ["rut"], "its effect");
    assert_eq!(town.to("2027-08-17 07:00").await, NOBODY);
}

#[tokio::test]
async fn an_activity_is_not_climbed_with_to_whoever_answers_for_it() {
    let mut town = Town::new().await;
    let mut batch = Batch::default();
    batch.activities.push(Activity {
        id: ActivityId::new("a1"),
        title: "Områdets analys".into(),
        post: Post::Area(AreaId::new("norr")),
        role: Role::AreaManager,
        due: date(2026, 12, 3),
        done_on: None,
    });
    town.put(batch).await;
    assert_eq!(town.to("2026-12-10 07:00").await, ["ake"], "five after");
    assert_eq!(town.to("2026-12-16 07:00").await, NOBODY);
    assert_eq!(
        town.to("2026-12-17 07:00").await,
        ["ake"],
        "ten after, once"
    );
    assert_eq!(town.to("2026-12-18 07:00").await, NOBODY);
}

#[tokio::test]
async fn an_address_that_cannot_be_sent_to_is_told_before_any_mail_fails() {
    let mut town = Town::new().await;
    town.address("rut", "inte@en@adress").await;
    town.measure("m1", date(2026, 12, 3)).await;
    let mails = town.at("2026-11-19 07:00").await;
    let to: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, ["ake@prov.example", "kim@prov.example"]);
    assert!(
        mails[1].text.contains("inte@en@adress"),
        "{}",
        mails[1].text
    );
}

#[tokio::test]
async fn an_officer_who_cannot_be_written_to_is_told_of_to_the_director() {
    let mut town = Town::new().await;
    town.address("kim", "x").await;
    let mails = town.at("2026-11-23 07:00").await;
    let to: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, ["siv@prov.example"]);
    assert!(mails[0].text.contains("adressen x"), "{}", mails[0].text);
    // What the officer would have heard goes the same way.
    town.address("rut", "x").await;
    let to = town.to("2026-11-24 07:00").await;
    assert!(to.contains(&"siv".to_owned()), "{to:?}");
}

#[tokio::test]
async fn a_deputy_without_an_address_is_passed_over_and_told_of() {
    let mut town = Town::new().await;
    town.measure("m1", date(2026, 12, 3)).await;
    town.appoint("pia", Role::DevelopmentOfficer, (None, None))
        .await;
    town.address("pia", "").await;
    town.away("rut", (date(2026, 11, 16), date(2026, 11, 20)), "pia")
        .await;
    assert_eq!(town.to("2026-11-19 07:00").await, ["kim", "rut"]);
}

#[tokio::test]
async fn an_authority_without_a_director_is_told_to_the_quality_officer() {
    let mut town = Town::new().await;
    town.appoint(
        "siv",
        Role::SchoolDirector,
        (None, Some(date(2026, 11, 15))),
    )
    .await;
    let mails = town.at("2026-11-16 07:00").await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, "kim@prov.example");
    assert!(
        mails[0].subject.contains("skolchef"),
        "{}",
        mails[0].subject
    );
}

/// An outside system wrote an area whose identifier is no text: the others go on, and it is told.
#[tokio::test]
async fn an_area_that_cannot_be_read_stops_no_other() {
    let mut town = Town::new().await;
    town.measure("m1", date(2026, 12, 3)).await;
    let outside = rusqlite::Connection::open(town.directory.path().join("calendar.db")).unwrap();
    outside
        .execute_batch("INSERT INTO area (id, name) VALUES (CAST(x'f67374' AS TEXT), 'Östra')")
        .unwrap();
    assert_eq!(town.to("2026-11-19 07:00").await, ["kim", "rut"]);
}

#[tokio::test]
async fn a_refused_import_is_told_at_the_next_round() {
    let mut town = Town::new().await;
    assert_eq!(town.to("2026-11-17 07:00").await, NOBODY);
    let at = town.instant("2026-11-17 09:00");
    let calendar = &town.office.calendar;
    calendar
        .note_refused_import(at, "3 fel i people.csv".into())
        .await
        .unwrap();
    assert_eq!(town.to("2026-11-17 09:01").await, ["kim"]);
}

#[tokio::test]
async fn a_refused_import_that_was_followed_by_one_that_was_kept_is_told_no_more() {
    let mut town = Town::new().await;
    assert_eq!(town.to("2026-11-17 07:00").await, NOBODY);
    let at = town.instant("2026-11-17 08:00");
    let calendar = &town.office.calendar;
    calendar
        .note_refused_import(at, "3 fel i people.csv".into())
        .await
        .unwrap();
    // It brings nothing that is not there already.
    let kept = calendar.apply(Batch::default(), Writing::Keep, at, "people.csv".into());
    kept.await.unwrap();
    assert_eq!(town.to("2026-11-17 09:01").await, NOBODY);
}
