//! Invitations: what people's calendars are told as meetings come, move and go.

use avstamd::follow_up::{Role, Round, SupportLevel};
use avstamd::mail::uid;
use avstamd::store::Answer;
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
    assert_eq!(
        told(&mails),
        [
            "ake REQUEST 0 20261208T130000",
            "rut REQUEST 0 20261208T130000"
        ]
    );
    assert_eq!(town.at("2026-09-02 07:00").await, []);

    let moved = Answer::DialogueMoved {
        dialogue: key(Round::Explore),
        starts: date(2026, 12, 10).at(8, 30, 0, 0),
        place: None,
    };
    record(&town, moved).await;
    let again = town.at("2026-09-03 13:00").await;
    assert_eq!(
        told(&again),
        [
            "ake REQUEST 1 20261210T083000",
            "rut REQUEST 1 20261210T083000"
        ]
    );
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
    assert_eq!(
        told(&last),
        [
            "ake CANCEL 2 20261210T083000",
            "rut CANCEL 2 20261210T083000"
        ]
    );
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
        [
            "ake REQUEST 1 20261210T090000",
            "rut REQUEST 1 20261210T090000"
        ]
    );
    sql(&town, "DELETE FROM check_in");
    assert_eq!(
        told(&town.at("2026-11-20 10:00").await),
        [
            "ake CANCEL 2 20261210T090000",
            "rut CANCEL 2 20261210T090000"
        ]
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
        mails[2].text.contains("Du deltar inte längre"),
        "{}",
        mails[2].text
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
    assert_eq!(
        told(&mails),
        [
            "ake REQUEST 0 20261208T083000",
            "rut REQUEST 0 20261208T083000"
        ]
    );
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
        [
            "ake REQUEST 1 20261209T100000",
            "rut REQUEST 1 20261209T100000"
        ]
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
    assert_eq!(
        told(&mails),
        [
            "ake REQUEST 0 20261209T130000",
            "rut REQUEST 0 20261209T130000"
        ]
    );
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

/// Our own events are known by this in calendars that people export.
#[test]
fn a_uid_tells_nothing_and_ends_in_our_name() {
    let one = uid("check-in/rut/åke/2026-12-08T08:30");
    assert!(one.ends_with("@avstamd"), "{one}");
    assert!(!one.contains("rut"), "{one}");
    assert_ne!(one, uid("check-in/rut/åke/2026-12-09T08:30"));
}
