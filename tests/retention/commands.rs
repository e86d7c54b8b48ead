//! `purge` through the real program: its counts, what it leaves, and what a failure leaves of it. Kills
//! are in `tests/crash/purging.rs`.

use avstamd::config::load;
use avstamd::daemon::{Clock, Lock, resume};
use jiff::civil::date;
use serde_json::Value;

use super::place::Place;

/// As short as they may be.
const RULES: &str = "mail-text-months = 1
attempts-months = 1
mails-months = 3
invitations-months = 3
links-months = 1
notices-years = 3
busy-months = 1
absences-months = 1
check-in-notes-months = 1
evaluation-text-years = 1
check-ins-years = 2
dialogues-years = 2
activities-years = 1
measures-years = 2
journal-years = 1
people-months = 1";

const AT: [&str; 2] = ["--at", "2027-07-01T12:00"];
const PURGE: [&str; 3] = ["purge", AT[0], AT[1]];

fn removed(place: &Place, more: &[&str]) -> Value {
    let printed = place.done(&[&PURGE[..], &["--json"], more].concat());
    let mut told: Value = serde_json::from_str(&printed).unwrap();
    told["removed"].take()
}

fn sum(removed: &Value) -> u64 {
    let rows = removed.as_array().unwrap().iter();
    rows.map(|removed| removed["rows"].as_u64().unwrap()).sum()
}

fn bytes(place: &Place) -> Vec<Vec<u8>> {
    let names = ["calendar.db", "ledger.db", "ledger.db.sent"];
    names
        .map(|name| std::fs::read(place.path(name)).unwrap())
        .into()
}

#[test]
fn a_dry_run_counts_what_will_go_and_changes_nothing() {
    let place = Place::after_a_year(RULES);
    let before = bytes(&place);
    let foreseen = removed(&place, &["--dry-run"]);
    assert_eq!(bytes(&place), before);
    assert!(!place.path("ledger.db.sent.new").exists());
    assert_eq!(removed(&place, &[]), foreseen);
    for (rule, table) in [
        ("mail-text-months", "mail"),
        ("attempts-months", "attempt"),
        ("mails-months", "mail"),
        ("mails-months", "record"),
        ("invitations-months", "invitation"),
        ("absences-months", "absence"),
        ("evaluation-text-years", "evaluation"),
        ("activities-years", "activity"),
    ] {
        let of = |row: &&Value| row["rule"] == rule && row["table"] == table;
        let row = foreseen.as_array().unwrap().iter().find(of);
        let rows = row.map_or(0, |row| row["rows"].as_u64().unwrap());
        let expected_none = rule == "activities-years" || rule == "evaluation-text-years";
        assert!(rows > 0 || expected_none, "{rule} {table}: {foreseen:#}");
    }
    assert_eq!(sum(&removed(&place, &[])), 0, "once");
    let told = place.done(&PURGE);
    assert!(told.contains("mails-months"), "{told}");
}

/// A mail, a note and an answer of the server's, long ago, while another program has both files open: then
/// the texts are in the logs too.
#[test]
fn what_was_purged_can_be_read_in_none_of_the_files() {
    const SECRET: &str = "Hemligheten om Läsning";
    let place = Place::after_a_year(RULES);
    let (calendar, ledger) = (place.sql("calendar.db"), place.sql("ledger.db"));
    let message_id = place.text("ledger.db", "SELECT message_id FROM mail WHERE id = 1");
    ledger
        .execute_batch(&format!(
            "UPDATE mail SET subject = '{SECRET}', bytes = CAST('{SECRET}' AS BLOB),
                    address = '{SECRET}' WHERE id = 1;
             UPDATE attempt SET reply = '{SECRET}' WHERE mail = 1;
             INSERT INTO link VALUES (x'00', 'rut', '{SECRET}', 0, NULL);"
        ))
        .unwrap();
    calendar
        .execute_batch(&format!(
            "UPDATE check_in SET note = '{SECRET}' WHERE id =
                 (SELECT min(id) FROM check_in WHERE state = 'held');
             INSERT INTO journal (at_utc, door, who, what) VALUES (0, 'command', '{SECRET}', '');"
        ))
        .unwrap();
    for name in ["calendar.db-wal", "ledger.db-wal"] {
        assert!(
            place.files_with(SECRET).contains(&name.to_owned()),
            "{name}"
        );
    }
    assert!(
        place
            .files_with(&message_id)
            .contains(&"ledger.db.sent".to_owned())
    );
    place.done(&PURGE);
    assert_eq!(place.files_with(SECRET), [""; 0]);
    assert_eq!(place.files_with(&message_id), [""; 0]);
    drop((calendar, ledger));
    assert_eq!(place.files_with(SECRET), [""; 0]);
}

#[test]
fn while_another_program_reads_the_purge_says_that_the_text_is_still_there() {
    let place = Place::after_a_year(RULES);
    let calendar = place.sql("calendar.db");
    calendar
        .execute_batch("BEGIN; SELECT count(*) FROM person;")
        .unwrap();
    let told = place.failed(&PURGE);
    assert!(told.contains("of the calendar: another program"), "{told}");
    calendar.execute_batch("COMMIT").unwrap();
    place.done(&PURGE);
}

#[test]
fn the_daemon_must_be_stopped_for_a_purge_and_not_for_counting() {
    let place = Place::after_a_year(RULES);
    let settings = load(&place.path("avstamd.toml")).unwrap();
    let lock = Lock::take(&settings.database).unwrap();
    let told = place.failed(&PURGE);
    assert!(told.contains("another avstamd is running"), "{told}");
    assert!(sum(&removed(&place, &["--dry-run"])) > 0);
    drop(lock);
    place.done(&PURGE);
}

#[test]
fn what_is_not_settled_stays_however_old_it_is() {
    let place = Place::after_a_year(RULES);
    place
        .sql("ledger.db")
        .execute_batch(
            "INSERT INTO mail (id, person, slot, message_id, state, next_attempt_utc, dot_utc, uncertain,
                               created_utc, settled_utc, address, subject, bytes) VALUES
                 (90001, 'a', '2020-01-07', 'm1', 'waiting', 1, 1, 1, 1, NULL, 'a@b', 's', x'01'),
                 (90002, 'a', '2020-01-07', 'm2', 'held', 1, 1, 3, 1, 1, 'a@b', 's', x'01'),
                 (90003, 'gunilla.akerstrom', '2020-01-07', 'm3', 'refused', 1, NULL, 0, 1, 1,
                  'gunilla.akerstrom@lindhamra.example', 's', x'01'),
                 (90004, 'a', '2020-01-07', 'm4', 'sent', 1, 1, 0, 1, 1, 'a@b', 's', x'01'),
                 (90005, 'a', '2020-01-07', 'm5', 'refused', 1, 1, 1, 1, 1, 'a@b', 's', x'01');
             INSERT INTO attempt (mail, at_utc, stage, outcome)
                 SELECT id, 1, 'rcpt', 'permanent' FROM mail WHERE id > 90000;
             INSERT INTO notice (occurrence, step, recipient, role, due, area, decision, reason, at_utc,
                                 on_day, mail)
                 SELECT 'monthly-digest/2020-0' || (id - 90000), 0, person, 'director', '2020-01-07', '',
                        'said', '', 1, '2020-01-07', id FROM mail WHERE id > 90000;",
        )
        .unwrap();
    place
        .sql("calendar.db")
        .execute_batch(
            "INSERT INTO measure (id, unit, school_year, decision, evaluate_by, status) VALUES
                 ('M1', '99000101', '2015/16', 'd', '2016-01-01', 'ongoing'),
                 ('M2', '99000101', '2015/16', 'd', '2016-01-01', 'completed'),
                 ('M3', '99000101', '2015/16', 'd', '2016-01-01', 'completed'),
                 ('M4', '99000101', '2015/16', 'd', '2016-01-01', 'cancelled');
             INSERT INTO evaluation (measure, evaluated_on, effect) VALUES
                 ('M1', '2016-01-02', 'good'), ('M3', '2016-01-02', 'good');
             INSERT INTO dialogue (unit, school_year, round, starts, state) VALUES
                 ('99000101', '2015/16', 'explore', '2015-09-15T08:30', 'planned'),
                 ('99000101', '2015/16', 'evaluate', '2016-04-15T08:30', 'held');
             INSERT INTO activity (id, title, role, due, done) VALUES
                 ('A1', 't', 'principal', '2016-01-01', NULL),
                 ('A2', 't', 'principal', '2016-01-01', '2016-01-01');
             UPDATE journal SET at_utc = id;",
        )
        .unwrap();
    place.done(&PURGE);
    let mails = "SELECT group_concat(id) FROM (SELECT id FROM mail WHERE id > 90000 ORDER BY id)";
    assert_eq!(place.text("ledger.db", mails), "90001,90002,90003");
    for (table, column) in [("attempt", "mail"), ("notice", "mail")] {
        let sql = format!("SELECT count(*) FROM {table} WHERE {column} > 90000");
        assert_eq!(place.number("ledger.db", &sql), 3, "{table}");
    }
    let bytes = "SELECT count(bytes) FROM mail WHERE id IN (90001, 90002)";
    assert_eq!(
        place.number("ledger.db", bytes),
        2,
        "they may be sent again"
    );
    let left = "SELECT (SELECT group_concat(id) FROM measure WHERE school_year = '2015/16')
                || ' ' || (SELECT group_concat(round) FROM dialogue WHERE school_year = '2015/16')
                || ' ' || (SELECT group_concat(id) FROM activity WHERE id IN ('A1', 'A2'))
                || ' ' || (SELECT group_concat(door) FROM journal)";
    assert_eq!(place.text("calendar.db", left), "M1,M2 explore A1 import");
}

#[test]
fn a_person_goes_who_has_had_no_post_for_long_and_is_named_nowhere() {
    let place = Place::after_a_year(RULES);
    place
        .sql("calendar.db")
        .execute_batch(
            "INSERT INTO person (id, name) VALUES ('P1', 'n'), ('P2', 'n'), ('P3', 'n'), ('P4', 'n');
             INSERT INTO appointment (person, role, valid_to) VALUES
                 ('P1', 'development_officer', '2020-01-01'), ('P2', 'development_officer', '2027-06-25'),
                 ('P3', 'development_officer', '2020-01-01');
             UPDATE measure SET responsible = 'P3' WHERE id = (SELECT min(id) FROM measure);",
        )
        .unwrap();
    place.done(&PURGE);
    let left = "SELECT group_concat(id) FROM person WHERE id LIKE 'P_'";
    assert_eq!(place.text("calendar.db", left), "P2,P3,P4");
}

/// Killed after the record was written anew and before the ledger's commit: the ledger is as it was.
#[tokio::test]
async fn killed_between_the_record_and_the_ledger_the_two_are_sound_and_the_next_purge_goes_on() {
    let place = Place::after_a_year(RULES);
    let before = std::fs::read(place.path("ledger.db")).unwrap();
    let whole = removed(&place, &[]);
    std::fs::write(place.path("ledger.db"), before).unwrap();
    let office = place.office();
    let now = "2027-07-01T10:00:00Z".parse().unwrap();
    let healed = office.ledger.heal(now).await.unwrap();
    assert_eq!((healed.mails, healed.unreadable), (0, 0));
    resume(&office, &Clock::At(now)).await.unwrap();
    place.closed(office);
    let again = removed(&place, &["--dry-run"]);
    let mails = |removed: &Value| {
        let rows = removed.as_array().unwrap().iter();
        let of: Vec<Value> = rows.filter(|row| row["table"] == "mail").cloned().collect();
        of
    };
    assert_eq!(mails(&again), mails(&whole));
    place.done(&PURGE);
    assert_eq!(sum(&removed(&place, &[])), 0);
}

#[test]
fn a_record_that_cannot_be_written_anew_leaves_the_ledger_as_it_was() {
    let place = Place::after_a_year(RULES);
    let count = || place.number("ledger.db", "SELECT count(*) FROM mail");
    let before = count();
    let record = std::fs::read(place.path("ledger.db.sent")).unwrap();
    std::fs::create_dir(place.path("ledger.db.sent.new")).unwrap();
    let told = place.failed(&PURGE);
    assert!(told.contains("ledger.db.sent"), "{told}");
    assert_eq!(count(), before, "the record comes first");
    assert_eq!(std::fs::read(place.path("ledger.db.sent")).unwrap(), record);
    std::fs::remove_dir(place.path("ledger.db.sent.new")).unwrap();
    std::fs::write(place.path("ledger.db.sent.new"), "cut short by a kill").unwrap();
    place.done(&PURGE);
    assert!(count() < before);
    assert!(!place.path("ledger.db.sent.new").exists());
}

/// A ledger that is gone learns from the purged record what may not be said again.
#[tokio::test]
async fn of_a_purged_mail_the_record_keeps_the_notices_that_the_ledger_keeps() {
    let place = Place::after_a_year(RULES);
    place.done(&PURGE);
    let said = "SELECT count(*) FROM notice WHERE decision = 'said'
                AND (mail IS NULL OR mail IN (SELECT id FROM mail WHERE state = 'sent'))";
    let kept = place.number("ledger.db", said);
    assert!(
        place.number(
            "ledger.db",
            "SELECT count(*) FROM notice WHERE mail IS NULL"
        ) > 100
    );
    let record = std::fs::read_to_string(place.path("ledger.db.sent")).unwrap();
    assert!(record.contains("{\"noted\":"));
    std::fs::remove_file(place.path("ledger.db")).unwrap();
    place.done(&["restore", "--from-record"]);
    assert_eq!(place.number("ledger.db", said), kept);
    let mails = "SELECT count(*) FROM mail";
    let learnt = place.number("ledger.db", mails);
    let lines = record.lines().filter(|line| line.starts_with("{\"left\":"));
    assert_eq!(learnt, i64::try_from(lines.count()).unwrap());
    let copy = place.copied();
    let (from, to) = (date(2027, 7, 1), date(2027, 8, 13));
    copy.live(from, to).await;
    let whole = Place::after_a_year(RULES);
    whole.live(from, to).await;
    assert_eq!(copy.mails(), whole.mails());
}

#[test]
fn a_rule_under_which_a_duty_would_be_said_again_is_refused() {
    for (rule, reason) in [
        (
            "notices-years = 2",
            "or it would be said again; write 3 or more",
        ),
        ("check-ins-years = 1", "a year back"),
        ("mails-months = 2", "twenty mail days"),
        ("mail-text-months = 0", "a whole number from 1"),
        (
            "mails-months = 12\nattempts-months = 13",
            "outlasts mails-months",
        ),
        ("journal-years = \"for ever\"", "or \"keep\""),
        ("journals-years = 1", "journals-years"),
    ] {
        let place = Place::after_a_year(rule);
        let output = place.avstamd(&["purge", "--dry-run"]);
        assert_eq!(output.status.code(), Some(78), "{rule}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(reason), "{rule}: {told}");
    }
    let place = Place::after_a_year("mails-months = \"keep\"\nmail-text-months = \"keep\"");
    let told = removed(&place, &["--dry-run"]);
    let rules: Vec<&Value> = told
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["rule"])
        .collect();
    assert!(!rules.contains(&&Value::from("mails-months")), "{told:#}");
}

/// The morning after the last mail by 401 days.
#[test]
fn a_time_that_cannot_be_right_is_refused_and_nothing_waits_for_a_pretended_one() {
    const FAR: &str = "2028-08-05T12:00";
    let place = Place::after_a_year(RULES);
    place
        .sql("calendar.db")
        .execute_batch("UPDATE journal SET at_utc = id")
        .unwrap();
    let claimed =
        "INSERT INTO mail (id, person, slot, message_id, state, next_attempt_utc, dot_utc,
                                     created_utc)
                   VALUES (90001, 'a', '2027-06-30', 'm1', 'sending', 1, 2, 1)";
    place.sql("ledger.db").execute_batch(claimed).unwrap();
    let before = bytes(&place);
    for command in [&["purge"][..], &["forget", "--person", "desiree.palm"]] {
        let told = place.failed(&[command, &["--at", FAR]].concat());
        assert!(told.contains("--anyway"), "{told}");
    }
    assert_eq!(bytes(&place), before);
    place.done(&["purge", "--dry-run", "--at", FAR]);
    place.done(&["purge", "--at", "2028-08-01T12:00"]);
    let waits = "SELECT next_attempt_utc FROM mail WHERE id = 90001 AND state = 'waiting'";
    let next = place.number("ledger.db", waits);
    let next = jiff::Timestamp::from_second(next).unwrap().to_string();
    assert!(next.starts_with("2027-06-"), "{next}");
    place.done(&["purge", "--anyway", "--at", "2029-08-01T12:00"]);
}

#[test]
fn whatever_lies_beside_a_database_under_its_name_is_named() {
    let place = Place::after_a_year(RULES);
    for name in [
        "calendar.db.before-restore",
        "ledger.db.2026-10-01",
        "ledger.db.sent.old",
        "ledger.db-copy",
        "ledger.dbx",
    ] {
        std::fs::write(place.path(name), "").unwrap();
    }
    let told = place.done(&[&PURGE[..], &["--json"]].concat());
    let told: Value = serde_json::from_str(&told).unwrap();
    let copies = told["copies"].as_array().unwrap().iter();
    let names: Vec<&str> = copies
        .map(|copy| copy.as_str().unwrap().rsplit('/').next().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "calendar.db.before-restore",
            "ledger.db.2026-10-01",
            "ledger.db.sent.old"
        ]
    );
}

#[test]
fn a_check_says_when_nothing_has_been_purged_for_long() {
    let note = |place: &Place, at: &str| {
        let told = place.avstamd(&["check", "--at", at]).stdout;
        let told = String::from_utf8(told).unwrap();
        let note = told.lines().find(|line| line.contains("purged"));
        note.unwrap_or_default().to_owned()
    };
    let place = Place::after_a_year(RULES);
    assert_eq!(note(&place, "2026-09-01T12:00"), "");
    let told = note(&place, AT[1]);
    assert!(
        told.starts_with("note: nothing has been purged yet"),
        "{told}"
    );
    place.done(&PURGE);
    assert_eq!(note(&place, "2027-10-09T12:00"), "");
    let told = note(&place, "2027-10-10T12:00");
    assert!(told.contains("purged since 2027-07-01; see"), "{told}");
    let keep = RULES.split('\n').map(|rule| {
        let (key, _) = rule.split_once(" = ").unwrap();
        format!("{key} = \"keep\"\n")
    });
    let place = Place::after_a_year(&keep.collect::<String>());
    assert_eq!(note(&place, AT[1]), "");
}

#[tokio::test]
async fn a_mail_that_was_learned_from_the_record_is_as_old_as_it_is() {
    let place = Place::after_a_year(RULES);
    let lost = "DELETE FROM mail WHERE id < 100 AND meeting IS NULL";
    place.sql("ledger.db").execute_batch(lost).unwrap();
    let office = place.office();
    let now = "2028-07-01T10:00:00Z".parse().unwrap();
    let healed = office.ledger.heal(now).await.unwrap();
    assert!(healed.mails > 0, "{healed:?}");
    place.closed(office);
    let younger = "SELECT count(*) FROM mail WHERE settled_utc > dot_utc + 600";
    assert_eq!(place.number("ledger.db", younger), 0);
}
