//! Invitations: what people's calendars are told as meetings come, move and go.

use avstamd::follow_up::{Role, Round, SupportLevel};
use avstamd::mail::uid;
use avstamd::store::{Answer, Hold};
use jiff::civil::{Date, date};
use rusqlite::Connection;

use super::meetings::{dialogue, dialogue_of, key, pair, planned, record};
use super::town::{Mail, Town, UNIT};

const DAY: Date = date(2026, 12, 8);

/// A property's value; empty where the event has none.
fn property<'a>(mail: &'a Mail, name: &str) -> &'a str {
    let event = mail.event.as_deref().expect("an invitation");
    let event = &event[event.find("BEGIN:VEVENT").unwrap_or(0)..];
    let is_it = |line: &&str| line.starts_with(name) && line[name.len()..].starts_with([':', ';']);
    let line = event.lines().find(is_it).unwrap_or_default();
    // The value begins after the first colon outside quotation marks.
    let mut quoted = false;
    let colon = line.find(|c| {
        quoted ^= c == '"';
        c == ':' && !quoted
    });
    colon.map_or("", |colon| &line[colon + 1..])
}

fn method(mail: &Mail) -> &str {
    let event = mail.event.as_deref().expect("an invitation");
    event
        .lines()
        .find_map(|line| line.strip_prefix("METHOD:"))
        .unwrap()
}

/// Each mail as recipient, METHOD, SEQUENCE and local start.
fn told(mails: &[Mail]) -> Vec<String> {
    let told = mails.iter().map(|mail| {
        let to = mail.to.replace("@prov.example", "");
        let (method, sequence) = (method(mail), property(mail, "SEQUENCE"));
        format!("{to} {method} {sequence} {}", property(mail, "DTSTART"))
    });
    told.collect()
}

/// What is told to both sides.
fn both(what: &str) -> [String; 2] {
    ["ake", "rut"].map(|to| format!("{to} {what}"))
}

fn sql(town: &Town, statement: &str) {
    let path = &town.office.settings.database.calendar;
    let calendar = Connection::open(path).unwrap();
    calendar.execute_batch(statement).unwrap();
}

#[tokio::test]
async fn a_dialogue_is_invited_to_moved_and_cancelled() {
    let mut town = Town::with_invitations().await;
    dialogue(&town, DAY, Round::Explore).await;
    let mails = town.at("2026-09-01 07:00").await;
    assert_eq!(told(&mails), both("REQUEST 0 20261208T130000"));
    assert_eq!(town.at("2026-09-02 07:00").await, []);

    let moved = Answer::DialogueMoved {
        dialogue: key(Round::Explore),
        starts: date(2026, 12, 10).at(8, 30, 0, 0),
        place: None,
    };
    record(&town, moved).await;
    let again = town.at("2026-09-03 13:00").await;
    assert_eq!(told(&again), both("REQUEST 1 20261210T083000"));
    assert_eq!(property(&again[0], "UID"), property(&mails[0], "UID"));
    assert!(
        again[0]
            .text
            .contains("Tidigare tid: tisdagen den 8 december"),
        "{}",
        again[0].text
    );
    assert_eq!(town.at("2026-09-04 07:00").await, []);

    let cancelled = Answer::DialogueCancelled {
        dialogue: key(Round::Explore),
    };
    record(&town, cancelled).await;
    let last = town.at("2026-09-07 07:00").await;
    assert_eq!(told(&last), both("CANCEL 2 20261210T083000"));
    assert_eq!(property(&last[1], "UID"), property(&mails[1], "UID"));
    assert_eq!(property(&last[1], "STATUS"), "CANCELLED");
    assert_eq!(town.at("2026-09-08 07:00").await, []);
}

/// Outlook takes an invitation from oneself for one it should have sent itself.
#[tokio::test]
async fn the_area_manager_is_organizer_in_the_others_copies() {
    let mut town = Town::with_invitations().await;
    dialogue(&town, DAY, Round::Explore).await;
    let mails = town.at("2026-09-01 07:00").await;
    let organizer = |mail: &Mail| {
        let event = mail.event.clone().unwrap();
        let mut lines = event.lines().map(str::to_owned);
        lines.find(|line| line.starts_with("ORGANIZER")).unwrap()
    };
    assert_eq!(
        organizer(&mails[1]),
        "ORGANIZER;CN=\"Åke Öberg\";SENT-BY=\"mailto:kvalitet@prov.example\":mailto:ake@prov.example"
    );
    assert_eq!(
        organizer(&mails[0]),
        "ORGANIZER;CN=Kvalitet:mailto:kvalitet@prov.example"
    );
}

#[tokio::test]
async fn what_is_moved_from_outside_is_told_once_however_often_it_moved() {
    let mut town = Town::with_invitations().await;
    planned(&town, DAY).await;
    town.at("2026-11-20 07:00").await;
    for starts in ["2026-12-09T08:30", "2026-12-08T08:30"] {
        sql(&town, &format!("UPDATE check_in SET starts = '{starts}'"));
    }
    assert_eq!(town.at("2026-11-20 08:00").await, [], "there and back");
    for starts in ["2026-12-09T08:30", "2026-12-10T09:00"] {
        sql(&town, &format!("UPDATE check_in SET starts = '{starts}'"));
    }
    assert_eq!(
        told(&town.at("2026-11-20 09:00").await),
        both("REQUEST 4 20261210T090000")
    );
    sql(&town, "DELETE FROM check_in");
    assert_eq!(
        told(&town.at("2026-11-20 10:00").await),
        both("CANCEL 5 20261210T090000")
    );
}

/// Some systems write everything anew each night.
#[tokio::test]
async fn a_row_that_is_deleted_and_entered_again_is_the_same_meeting() {
    let mut town = Town::with_invitations().await;
    planned(&town, DAY).await;
    town.at("2026-11-20 07:00").await;
    sql(
        &town,
        "CREATE TEMP TABLE kept AS SELECT principal, area_manager, starts FROM check_in;
         DELETE FROM check_in;
         INSERT INTO check_in (principal, area_manager, starts) SELECT * FROM kept;",
    );
    assert_eq!(town.at("2026-11-20 08:00").await, []);
}

#[tokio::test]
async fn another_principal_is_invited_and_the_former_is_told() {
    let mut town = Town::with_invitations().await;
    dialogue(&town, DAY, Round::Explore).await;
    town.at("2026-09-01 07:00").await;
    sql(
        &town,
        "UPDATE appointment SET valid_to = '2026-10-31' WHERE person = 'rut'",
    );
    town.appoint("pia", Role::Principal, (Some(date(2026, 11, 1)), None))
        .await;
    let mails = town.at("2026-09-02 07:00").await;
    assert_eq!(
        told(&mails),
        [
            "ake REQUEST 0 20261208T130000",
            "pia REQUEST 0 20261208T130000",
            "rut CANCEL 0 20261208T130000",
        ]
    );
    assert!(
        mails[0].subject.starts_with("Andra deltagare"),
        "{}",
        mails[0].subject
    );
    // The meeting goes on for the others (RFC 5546 3.2.5).
    assert_eq!(property(&mails[2], "STATUS"), "");
    assert!(
        mails[2].subject.starts_with("Du deltar inte längre"),
        "{}",
        mails[2].subject
    );
}

/// An event cannot change its organizer (RFC 5546 2.1.3).
#[tokio::test]
async fn with_another_area_manager_a_new_event_takes_the_place_of_the_old() {
    let mut town = Town::with_invitations().await;
    dialogue(&town, DAY, Round::Explore).await;
    planned(&town, DAY).await;
    let first = town.at("2026-11-20 07:00").await;
    assert_eq!(first.len(), 4);
    sql(
        &town,
        "UPDATE appointment SET valid_to = '2026-11-30' WHERE role = 'area_manager'",
    );
    town.appoint("bo", Role::AreaManager, (Some(date(2026, 12, 1)), None))
        .await;
    let mut mails = told(&town.at("2026-11-20 08:00").await);
    mails.sort();
    assert_eq!(
        mails,
        [
            "ake CANCEL 1 20261208T083000",
            "ake CANCEL 1 20261208T130000",
            "bo REQUEST 0 20261208T130000",
            "rut CANCEL 1 20261208T083000",
            "rut CANCEL 1 20261208T130000",
            "rut REQUEST 0 20261208T130000",
        ]
    );
}

#[tokio::test]
async fn a_deputy_comes_while_the_principal_is_away() {
    let mut town = Town::with_invitations().await;
    dialogue(&town, DAY, Round::Explore).await;
    town.appoint_at("pia", Role::AssistantPrincipal, UNIT).await;
    town.at("2026-09-01 07:00").await;
    town.away("rut", (date(2026, 12, 1), date(2026, 12, 31)), "pia")
        .await;
    let mails = told(&town.at("2026-09-02 07:00").await);
    assert_eq!(
        mails,
        [
            "ake REQUEST 0 20261208T130000",
            "pia REQUEST 0 20261208T130000",
            "rut CANCEL 0 20261208T130000",
        ]
    );
}

#[tokio::test]
async fn check_ins_are_told_weeks_ahead_and_few_a_day() {
    let mut town = Town::with_invitations().await;
    for day in [8, 9, 10, 11, 14, 15] {
        planned(&town, date(2026, 12, day)).await;
    }
    assert_eq!(town.at("2026-11-09 07:00").await, []);
    let mails = town.at("2026-11-10 07:00").await;
    assert_eq!(told(&mails), both("REQUEST 0 20261208T083000"));
    // After an outage five are due: three go, and two the next day.
    let mails = town.at("2026-11-18 07:00").await;
    let starts = |mails: &[Mail], to: &str| {
        let own = mails.iter().filter(|mail| mail.to.starts_with(to));
        let mut starts: Vec<String> = own
            .map(|mail| property(mail, "DTSTART")[6..8].into())
            .collect();
        starts.sort();
        starts
    };
    assert_eq!(starts(&mails, "rut"), ["09", "10", "11"]);
    assert_eq!(town.at("2026-11-18 12:00").await, []);
    // What has been told and moves does not wait for its turn.
    sql(
        &town,
        "UPDATE check_in SET starts = '2026-12-09T10:00' WHERE starts = '2026-12-09T08:30'",
    );
    assert_eq!(
        told(&town.at("2026-11-18 13:00").await),
        both("REQUEST 1 20261209T100000")
    );
    let mails = town.at("2026-11-19 07:00").await;
    assert_eq!(starts(&mails, "rut"), ["14", "15"]);
}

#[tokio::test]
async fn a_meeting_that_is_over_is_never_spoken_of() {
    let mut town = Town::with_invitations().await;
    planned(&town, DAY).await;
    town.at("2026-11-20 07:00").await;
    record(
        &town,
        Answer::CheckInHeld {
            pair: pair(),
            on: DAY,
            note: String::new(),
        },
    )
    .await;
    assert_eq!(town.at("2026-12-08 08:45").await, [], "while it is held");
    sql(&town, "DELETE FROM check_in");
    assert_eq!(town.at("2026-12-08 10:00").await, [], "afterwards");
    dialogue(&town, date(2026, 12, 1), Round::Explore).await;
    assert_eq!(town.at("2026-12-08 11:00").await, [], "entered late");
}

/// A proposal is nobody's affair until it stands, and stands by itself on its day.
#[tokio::test]
async fn a_proposal_is_not_told_before_it_stands() {
    let mut town = Town::with_invitations().await;
    dialogue(&town, DAY, Round::Explore).await;
    sql(
        &town,
        "UPDATE dialogue SET imported = NULL, proposed_until = '2026-09-15',
            placed = json_object('starts', starts, 'minutes', minutes, 'place', place)",
    );
    assert_eq!(town.at("2026-09-01 07:00").await, []);
    assert_eq!(town.at("2026-09-14 07:00").await, []);
    assert_eq!(town.at("2026-09-15 07:00").await.len(), 2);
}

/// Whoever moves a proposal by hand has decided on it.
#[tokio::test]
async fn a_proposal_that_somebody_moves_stands() {
    let mut town = Town::with_invitations().await;
    dialogue(&town, DAY, Round::Explore).await;
    sql(
        &town,
        "UPDATE dialogue SET imported = NULL, proposed_until = '2026-09-15',
            placed = json_object('starts', starts, 'minutes', minutes, 'place', place)",
    );
    town.at("2026-09-01 07:00").await;
    sql(&town, "UPDATE dialogue SET starts = '2026-12-09T13:00'");
    assert_eq!(town.at("2026-09-01 08:00").await.len(), 2);
}

/// Nothing that was called off before it left is told at all.
#[tokio::test]
async fn an_invitation_that_waits_says_what_is_so_when_it_leaves() {
    let mut town = Town::with_invitations().await;
    dialogue(&town, DAY, Round::Explore).await;
    dialogue_of(&town, UNIT, date(2027, 5, 11), Round::Evaluate).await;
    let now = town.instant("2026-09-01 07:00");
    avstamd::daemon::tick(&town.office, now).await.unwrap();
    sql(
        &town,
        "UPDATE dialogue SET starts = '2026-12-09T13:00' WHERE round = 'explore';
         UPDATE dialogue SET state = 'cancelled' WHERE round = 'evaluate';",
    );
    let mails = town.at("2026-09-01 07:01").await;
    assert_eq!(told(&mails), both("REQUEST 1 20261209T130000"));
    assert!(
        mails[0].subject.starts_with("Inbjudan"),
        "{}",
        mails[0].subject
    );
}

/// The address is corrected, and the invitation goes there; where it is gone, nothing does.
#[tokio::test]
async fn who_has_no_address_is_told_when_there_is_one() {
    let mut town = Town::with_invitations().await;
    town.address("rut", "").await;
    dialogue(&town, DAY, Round::Explore).await;
    let mails = town.at("2026-09-01 07:00").await;
    let invited = mails.iter().filter(|mail| mail.event.is_some());
    assert_eq!(invited.count(), 1);
    town.address("rut", "rut@prov.example").await;
    let mails = town.at("2026-09-02 07:00").await;
    let invited: Vec<Mail> = mails
        .into_iter()
        .filter(|mail| mail.event.is_some())
        .collect();
    assert_eq!(told(&invited), ["rut REQUEST 0 20261208T130000"]);
}

/// Switching invitations off calls nothing off.
#[tokio::test]
async fn whatever_else_changes_in_the_area_nobody_is_told_again() {
    let mut town = Town::with_invitations().await;
    dialogue(&town, DAY, Round::Explore).await;
    planned(&town, date(2026, 9, 15)).await;
    town.at("2026-09-01 07:00").await;
    town.at("2026-09-01 07:05").await;
    town.level(SupportLevel::Reinforced).await;
    town.measure("m1", date(2027, 3, 1)).await;
    sql(&town, "UPDATE check_in SET note = 'Bra'");
    assert_eq!(town.at("2026-09-02 07:00").await, []);
    let mut rules = town.office.settings.clone();
    rules.rules.invitations.dialogues = false;
    rules.rules.invitations.check_ins = false;
    town.office = std::sync::Arc::new(town.office.with_settings(rules).unwrap());
    assert_eq!(town.at("2026-09-03 07:00").await, []);
}

/// Another area that wants the meeting keeps it, and speaks of it from then on.
#[tokio::test]
async fn a_unit_that_moves_to_another_area_of_its_manager_keeps_its_meetings() {
    let mut town = Town::with_invitations().await;
    dialogue(&town, DAY, Round::Explore).await;
    planned(&town, date(2026, 9, 15)).await;
    assert_eq!(town.at("2026-09-01 07:00").await.len(), 4);
    sql(
        &town,
        "INSERT INTO area (id, name) VALUES ('syd', 'Södra området');
         INSERT INTO appointment (person, role, area) VALUES ('åke', 'area_manager', 'syd');
         UPDATE school_unit SET area = 'syd';",
    );
    for time in ["2026-09-01 08:00", "2026-09-02 07:00", "2026-09-03 07:00"] {
        assert_eq!(town.at(time).await, [], "{time}");
    }
    sql(&town, "UPDATE dialogue SET state = 'cancelled'");
    assert_eq!(
        told(&town.at("2026-09-04 07:00").await),
        both("CANCEL 1 20261208T130000")
    );
}

/// Whose area it was is forgotten, what was told of it is not.
#[tokio::test]
async fn an_area_that_is_renamed_or_dissolved_leaves_no_meeting_behind() {
    let mut town = Town::with_invitations().await;
    dialogue(&town, DAY, Round::Explore).await;
    town.at("2026-09-01 07:00").await;
    sql(&town, "UPDATE area SET id = 'nord' WHERE id = 'norr'");
    assert_eq!(town.at("2026-09-01 08:00").await, []);
    sql(
        &town,
        "INSERT INTO area (id, name) VALUES ('syd', 'Södra området');
         INSERT INTO person (id, name, email) VALUES ('bo', 'Bo Öberg', 'bo@prov.example');
         INSERT INTO appointment (person, role, area) VALUES ('bo', 'area_manager', 'syd');
         UPDATE school_unit SET area = 'syd';
         DELETE FROM appointment WHERE area = 'nord';
         DELETE FROM area WHERE id = 'nord';",
    );
    let mails = town.at("2026-09-02 07:00").await;
    let mut said = told(&mails);
    said.sort();
    assert_eq!(
        said,
        [
            "ake CANCEL 1 20261208T130000",
            "bo REQUEST 0 20261208T130000",
            "rut CANCEL 1 20261208T130000",
            "rut REQUEST 0 20261208T130000",
        ]
    );
    // Nobody reads that a dialogue is off which is on.
    let off = mails
        .iter()
        .filter(|mail| mail.subject.starts_with("Inställt"));
    assert_eq!(off.count(), 0, "{mails:#?}");
}

/// What a row says that cannot be read is not known: it calls nothing off.
#[tokio::test]
async fn a_row_that_cannot_be_read_calls_nothing_off() {
    let mut town = Town::with_invitations().await;
    dialogue(&town, DAY, Round::Explore).await;
    town.at("2026-09-01 07:00").await;
    for (broken, mended) in [
        (
            "UPDATE dialogue SET place = CAST(x'52756de5' AS TEXT)",
            "UPDATE dialogue SET place = 'Rum 2'",
        ),
        (
            "UPDATE person SET name = CAST(x'c56b65' AS TEXT) WHERE id = 'åke'",
            "UPDATE person SET name = 'Åke Öberg' WHERE id = 'åke'",
        ),
    ] {
        sql(&town, broken);
        let mails = town.at("2026-09-01 09:00").await;
        let events = mails.iter().filter(|mail| mail.event.is_some());
        assert_eq!(events.count(), 0, "{broken}: {mails:#?}");
        sql(&town, mended);
        assert_eq!(town.at("2026-09-01 10:00").await, [], "{mended}");
    }
}

/// Many relays take a mail first and send it back later.
#[tokio::test]
async fn a_corrected_address_is_invited_anew() {
    let mut town = Town::with_invitations().await;
    town.address("rut", "rutt@prov.example").await;
    dialogue(&town, DAY, Round::Explore).await;
    town.at("2026-09-01 07:00").await;
    town.address("rut", "rut@prov.example").await;
    let mails = town.at("2026-09-02 07:00").await;
    assert_eq!(told(&mails), ["rut REQUEST 0 20261208T130000"]);
}

/// The mailbox goes with the post: whoever opens it has the meeting still.
#[tokio::test]
async fn a_mailbox_that_goes_with_the_post_keeps_the_meeting() {
    let mut town = Town::with_invitations().await;
    town.address("rut", "rektor.asskolan@prov.example").await;
    dialogue(&town, DAY, Round::Explore).await;
    town.at("2026-09-01 07:00").await;
    sql(
        &town,
        "UPDATE appointment SET valid_to = '2026-10-31' WHERE person = 'rut'",
    );
    town.appoint("pia", Role::Principal, (Some(date(2026, 11, 1)), None))
        .await;
    town.address("pia", "Rektor.Asskolan@prov.example").await;
    let mails = told(&town.at("2026-09-02 07:00").await);
    assert!(
        mails.iter().all(|told| told.contains(" REQUEST 0 ")),
        "{mails:#?}"
    );
}

/// Who comes beside the area manager does not take their place.
#[tokio::test]
async fn a_second_area_manager_comes_along() {
    let mut town = Town::with_invitations().await;
    dialogue(&town, DAY, Round::Explore).await;
    town.at("2026-09-01 07:00").await;
    town.appoint("bo", Role::AreaManager, (Some(date(2026, 10, 1)), None))
        .await;
    let mails = told(&town.at("2026-09-02 07:00").await);
    assert_eq!(mails.len(), 3, "{mails:#?}");
    assert!(
        mails.iter().all(|told| told.contains(" REQUEST 0 ")),
        "{mails:#?}"
    );
}

/// A deputy who is there anyhow leaves the other a place: nobody meets alone.
#[tokio::test]
async fn nobody_is_invited_to_meet_alone() {
    let mut town = Town::with_invitations().await;
    planned(&town, DAY).await;
    town.away("åke", (date(2026, 12, 1), date(2026, 12, 31)), "rut")
        .await;
    let mails = town.at("2026-11-20 07:00").await;
    let invited: Vec<Mail> = mails
        .into_iter()
        .filter(|mail| mail.event.is_some())
        .collect();
    for mail in &invited {
        assert_eq!(mail.event.as_ref().unwrap().matches("ATTENDEE").count(), 2);
    }
    assert!(!invited.is_empty());
}

/// After an outage what waits counts too; what is near goes all the same.
#[tokio::test]
async fn few_a_day_holds_after_an_outage_and_what_is_near_does_not_wait() {
    let mut town = Town::with_invitations().await;
    for day in 8..=18 {
        planned(&town, date(2026, 12, day)).await;
    }
    let days = ["2026-11-18 07:00", "2026-11-19 07:00", "2026-11-20 07:00"];
    for day in days {
        let now = town.instant(day);
        avstamd::daemon::tick(&town.office, now).await.unwrap();
    }
    let to_rut = |mails: &[Mail]| {
        mails
            .iter()
            .filter(|mail| mail.to.starts_with("rut"))
            .count()
    };
    let mails = town.at("2026-11-20 09:00").await;
    assert_eq!(to_rut(&mails), 3, "{mails:#?}");
    planned(&town, date(2026, 11, 24)).await;
    let mails = town.at("2026-11-20 10:00").await;
    assert_eq!(to_rut(&mails), 1, "{mails:#?}");
}

/// One that waits as another leaves is not said before it, nor without it.
#[tokio::test]
async fn what_was_never_asked_is_not_called_off() {
    let mut town = Town::with_invitations().await;
    dialogue(&town, DAY, Round::Explore).await;
    let now = town.instant("2026-09-01 07:00");
    let office = std::sync::Arc::clone(&town.office);
    avstamd::daemon::tick(&office, now).await.unwrap();
    let claimed = office
        .ledger
        .claim(now, date(2026, 9, 1), 10, Hold::default())
        .await
        .unwrap();
    assert_eq!(claimed.len(), 2);
    // While they are on their way the dialogue is cancelled, and then the process dies.
    sql(&town, "UPDATE dialogue SET state = 'cancelled'");
    avstamd::daemon::tick(&office, now).await.unwrap();
    assert_eq!(office.ledger.recover(now, 2).await.unwrap(), (2, 0));
    assert_eq!(town.at("2026-09-01 07:02").await, []);
    assert_eq!(town.at("2026-09-02 07:00").await, []);
}

/// What may have arrived goes first, and is not tried again by hand once it is no longer true.
#[tokio::test]
async fn a_cancellation_follows_what_it_cancels() {
    let town = Town::with_invitations().await;
    dialogue(&town, DAY, Round::Explore).await;
    let now = town.instant("2026-09-01 07:00");
    let office = std::sync::Arc::clone(&town.office);
    avstamd::daemon::tick(&office, now).await.unwrap();
    let claimed = office
        .ledger
        .claim(now, date(2026, 9, 1), 10, Hold::default())
        .await
        .unwrap();
    let prepared = avstamd::store::Prepared {
        address: "rut@prov.example".into(),
        subject: "s".into(),
        bytes: b"b".to_vec(),
    };
    for mail in &claimed {
        let mails = vec![(mail.id, prepared.clone())];
        office.ledger.prepare(mails, Vec::new()).await.unwrap();
        office
            .ledger
            .mark_dot(mail.id, now, date(2026, 9, 1))
            .await
            .unwrap();
    }
    let attempt = avstamd::store::Attempt {
        at: now,
        stage: "dot".into(),
        code: None,
        reply: String::new(),
    };
    // One waits to be tried again, the other is held for a person.
    let later = town.instant("2026-09-01 09:00");
    let unknown = avstamd::store::Settlement::Unknown(attempt.clone(), later);
    office
        .ledger
        .settle(claimed[0].id, unknown, now)
        .await
        .unwrap();
    let held = avstamd::store::Settlement::Held(attempt);
    office
        .ledger
        .settle(claimed[1].id, held, now)
        .await
        .unwrap();
    sql(&town, "UPDATE dialogue SET state = 'cancelled'");
    avstamd::daemon::tick(&office, now).await.unwrap();
    let mut free = office
        .ledger
        .claim(now, date(2026, 9, 1), 10, Hold::default())
        .await
        .unwrap();
    free.retain(|mail| mail.call.is_some());
    assert_eq!(free.len(), 1, "the first is not overtaken: {free:#?}");
    assert_eq!(free[0].person, claimed[1].person);
    assert!(!office.ledger.retry(claimed[1].id, now).await.unwrap());
}

/// Marks what was sent since as refused before its content left.
fn refuse(town: &Town, which: &str) {
    let path = &town.office.settings.database.ledger;
    let ledger = Connection::open(path).unwrap();
    let sql = format!(
        "UPDATE mail SET state = 'refused', dot_utc = NULL, sent_on = NULL
         WHERE meeting IS NOT NULL AND {which}"
    );
    assert!(ledger.execute(&sql, []).unwrap() > 0);
}

fn mails_begun(town: &Town) -> i64 {
    let path = &town.office.settings.database.ledger;
    let ledger = Connection::open(path).unwrap();
    let sql = "SELECT count(*) FROM mail WHERE meeting IS NOT NULL";
    ledger.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// What was refused is told to those who can mend it, and neither sent nor begun again and again.
#[tokio::test]
async fn a_refusal_is_no_loop() {
    let mut town = Town::with_invitations().await;
    dialogue(&town, DAY, Round::Explore).await;
    town.at("2026-09-01 07:00").await;
    // Rut never got the invitation; Åke did, and his cancellation is refused at a new address.
    refuse(&town, "person = 'rut'");
    sql(&town, "UPDATE dialogue SET state = 'cancelled'");
    town.address("åke", "akee@prov.example").await;
    let mails = town.at("2026-09-02 07:00").await;
    let events: Vec<Mail> = mails
        .into_iter()
        .filter(|mail| mail.event.is_some())
        .collect();
    assert_eq!(told(&events), ["akee CANCEL 1 20261208T130000"]);
    refuse(
        &town,
        "person = 'åke' AND state = 'sent' AND address LIKE 'akee%'",
    );
    let begun = mails_begun(&town);
    for time in ["2026-09-02 07:05", "2026-09-03 07:00", "2026-09-04 07:00"] {
        sql(&town, "UPDATE school_unit SET level = 'reinforced'");
        town.at(time).await;
    }
    assert_eq!(mails_begun(&town), begun);
}

/// Without the organizer's address there is no event: what was told stands until there is one.
#[tokio::test]
async fn an_area_manager_without_an_address_calls_nothing_off() {
    let mut town = Town::with_invitations().await;
    dialogue(&town, DAY, Round::Explore).await;
    town.at("2026-09-01 07:00").await;
    town.address("åke", "").await;
    let mails = town.at("2026-09-02 07:00").await;
    assert!(mails.iter().all(|mail| mail.event.is_none()), "{mails:#?}");
    town.address("åke", "ake@prov.example").await;
    let mails = town.at("2026-09-03 07:00").await;
    assert!(mails.iter().all(|mail| mail.event.is_none()), "{mails:#?}");
}

/// A dialogue that was held before its time leaves that time free; one that is held then does not.
#[tokio::test]
async fn a_dialogue_that_was_held_is_not_moved_to_when_it_was() {
    let held = |at| Answer::DialogueHeld {
        dialogue: key(Round::Explore),
        by: at,
    };
    let mut town = Town::with_invitations().await;
    dialogue(&town, DAY, Round::Explore).await;
    town.at("2026-09-01 07:00").await;
    record(&town, held(date(2026, 9, 2).at(10, 0, 0, 0))).await;
    assert_eq!(
        told(&town.at("2026-09-02 10:01").await),
        both("CANCEL 1 20261208T130000")
    );
    assert_eq!(town.at("2026-09-02 15:00").await, []);

    let mut town = Town::with_invitations().await;
    dialogue(&town, DAY, Round::Explore).await;
    town.at("2026-09-01 07:00").await;
    record(&town, held(DAY.at(13, 30, 0, 0))).await;
    assert_eq!(town.at("2026-12-08 13:31").await, []);
    assert_eq!(town.at("2026-12-08 15:00").await, []);
}

/// What takes the place of something that is called off does not wait for its turn.
#[tokio::test]
async fn another_address_of_the_area_manager_leaves_nobody_without_their_meetings() {
    let mut town = Town::with_invitations().await;
    for day in 8..=18 {
        planned(&town, date(2026, 12, day)).await;
    }
    for day in ["18", "19", "20", "23", "24"] {
        town.at(&format!("2026-11-{day} 07:00")).await;
    }
    town.address("åke", "ny@prov.example").await;
    let mails = town.at("2026-11-25 07:00").await;
    let to_rut = |method: &str| {
        let own = told(&mails).into_iter();
        own.filter(|told| told.starts_with(&format!("rut {method}")))
            .count()
    };
    assert!(to_rut("CANCEL") > 5, "{}", to_rut("CANCEL"));
    assert_eq!(to_rut("CANCEL"), to_rut("REQUEST"));
}

/// Our own events are known by this in calendars that people export.
#[test]
fn a_uid_tells_nothing_and_ends_in_our_name() {
    let one = uid("check-in/rut/åke/2026-12-08T08:30");
    assert!(one.ends_with("@avstamd"), "{one}");
    assert!(!one.contains("rut"), "{one}");
    assert_ne!(one, uid("check-in/rut/åke/2026-12-09T08:30"));
}
