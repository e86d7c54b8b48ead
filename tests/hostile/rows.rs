//! Rows that are not what they should be: each is told of, and no other is touched.

use rusqlite::types::Value;

use crate::letter::{Letter, MARK};
use crate::town::{MORNING, Town};

const RUT: &str = "rut@prov.example";
const BO: &str = "bo@prov.example";
const KIM: &str = "kim@prov.example";

fn invalid(bytes: &[u8]) -> String {
    let hexadecimal: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("CAST(x'{hexadecimal}' AS TEXT)")
}

#[tokio::test]
async fn fault_25_a_row_of_wrong_types_is_told_of_and_the_others_are_not_touched() {
    let town = Town::new().await;
    town.loosen("measure");
    let wrong = [
        ("decision", "x'00ff'".into(), "w0"),
        ("decision", "NULL".into(), "w1"),
        ("decision", "7".into(), "w2"),
        ("evaluate_by", "NULL".into(), "w3"),
        ("evaluate_by", "20261201".into(), "w4"),
        ("evaluate_by", "'i morgon'".into(), "w5"),
        ("evaluate_by", "1.5e300".into(), "w6"),
        ("status", "'maybe'".into(), "w7"),
        ("school_year", "x''".into(), "w8"),
        ("team", invalid(b"a\xff\xfe"), "w9"),
    ];
    for (column, value, id) in &wrong {
        town.sql(&format!(
            "INSERT INTO measure (id, unit, school_year, decision, evaluate_by)
                 VALUES ('{id}', '12345678', '2026/27', 'Läs.', '2026-12-01');
             UPDATE measure SET {column} = {value} WHERE id = '{id}'"
        ));
    }
    let before: Vec<String> = town.rows("SELECT quote(id) || quote(decision) FROM measure");
    let delivered = town.at(MORNING).await;
    assert_eq!((delivered.refused, delivered.later), (0, 0));
    for address in [RUT, BO] {
        assert!(town.one_to(address).tells("varje dag"), "{address}");
    }
    let told = town.one_to(KIM);
    for (column, value, id) in &wrong {
        // What it cannot be planned without is missed; a number for a text is still a wrong type.
        assert!(
            told.tells(&format!("{id}: {column}")),
            "{id} {value}: {}",
            told.text
        );
    }
    let after = town.rows("SELECT quote(id) || quote(decision) FROM measure");
    assert_eq!(
        before, after,
        "another system's rows are not ours to change"
    );
}

#[tokio::test]
async fn fault_25_every_table_may_hold_such_rows() {
    let bytes = invalid(b"\xff");
    let rows = [
        ("area", format!("INSERT INTO area (id, name) VALUES ('syd', {bytes})")),
        ("area", format!("INSERT INTO area (id, name) VALUES ({bytes}, 'x')")),
        ("school_unit", format!("INSERT INTO school_unit (code, name, area) VALUES ('11111111', {bytes}, 'norr')")),
        ("school_unit", "INSERT INTO school_unit (code, name, area, active_to) VALUES ('abc', 'x', 'norr', 'aldrig')".into()),
        ("person", format!("INSERT INTO person (id, name) VALUES ('x', {bytes})")),
        ("person", format!("UPDATE person SET email = {bytes} WHERE id = 'siv'")),
        ("appointment", "INSERT INTO appointment (id, person, role) VALUES (91, 'x', 'kung')".into()),
        ("appointment", format!("INSERT INTO appointment (id, person, role, valid_from) VALUES (92, {bytes}, 'quality_officer', '2026-13-41')")),
        ("absence", "INSERT INTO absence (id, person, away_from, away_to) VALUES (93, 'rut', 'nu', 'sen')".into()),
        ("evaluation", "INSERT INTO evaluation (id, measure, evaluated_on, effect) VALUES (94, 'm-rut', '2026-02-30', 'super')".into()),
        ("dialogue", "INSERT INTO dialogue (id, unit, school_year, round, starts, minutes, sequence) VALUES (95, '12345678', '2026/27', 'explore', 'imorgon', -1, -99999999999)".into()),
        ("focus_area", format!("INSERT INTO focus_area (id, dialogue, chosen_by, text) VALUES (96, 95, 'authority', {bytes})")),
        ("check_in", format!("INSERT INTO check_in (id, principal, area_manager, starts, minutes, uid) VALUES (97, 'rut', 'ake', '2026-12-02T08:30', 9223372036854775807, {bytes})")),
        ("activity", format!("INSERT INTO activity (id, title, role, due) VALUES ('a1', {bytes}, 'principal', '0000-00-00')")),
        ("dialogue", "UPDATE dialogue SET placed = 'x', imported = NULL".into()),
        ("check_in", "UPDATE check_in SET placed = 'x', imported = NULL".into()),
        ("absence", "UPDATE absence SET imported = 'x'".into()),
    ];
    let town = Town::new().await;
    for (_, sql) in &rows {
        town.sql(sql);
    }
    let delivered = town.at(MORNING).await;
    assert_eq!((delivered.refused, delivered.later), (0, 0));
    for address in [RUT, BO] {
        assert!(town.one_to(address).tells("varje dag"), "{address}");
    }
    let told = town.one_to(KIM);
    let tables: std::collections::BTreeSet<&str> = rows.iter().map(|(table, _)| *table).collect();
    for table in tables {
        assert!(told.tells(table), "{table}: {}", told.text);
    }
}

/// The row is at fault, not the file: nobody is to throw a calendar away for it.
#[tokio::test]
async fn fault_25_a_row_that_breaks_a_check_stops_no_backup_and_is_no_damage() {
    let town = Town::new().await;
    town.loosen("measure");
    town.sql(
        "UPDATE measure SET status = 'maybe' WHERE id = 'm-rut';
         UPDATE school_unit SET level = 'x';
         UPDATE dialogue SET minutes = -1;
         INSERT INTO measure (id, unit, decision, evaluate_by)
             VALUES ('null', '12345678', NULL, NULL)",
    );
    let (said, error) = town.run(&["check", "--at", MORNING]).await;
    assert!(said.contains("row m-rut: status"), "{said}{error}");
    assert!(!said.contains("damaged"), "{said}{error}");
    let backup = town.path("kopia");
    let (said, error) = town.run(&["backup", backup.to_str().unwrap()]).await;
    assert!(backup.exists(), "{said}{error}");
}

#[tokio::test]
async fn fault_62_what_is_no_address_is_told_of_and_written_to_by_nobody() {
    let long = format!("{}@prov.example", "a".repeat(10_000_000));
    for address in [
        "",
        " ",
        "rut",
        "rut@",
        "@prov.example",
        "rut@prov.example, x@evil.example",
        "<rut@prov.example>",
        "Rut <rut@prov.example>",
        "\"rut\"@prov.example",
        "rut@prov.example\r\nRCPT TO:<x@evil.example>",
        "rut@prov.example>\r\nDATA\r\n",
        "rut\0@prov.example",
        "åsa@prov.example",
        "rut@prov..example",
        "rut@-prov.example",
        "rut@[127.0.0.1]",
        "rut@\u{202e}elpmaxe.vorp",
        "rut@evil.example SIZE=1 BODY=8BITMIME",
        long.as_str(),
    ] {
        let shown: String = address.chars().take(50).collect();
        let town = Town::new().await;
        town.put("UPDATE person SET email = ?1 WHERE id = 'rut'", [address]);
        let delivered = town.at(MORNING).await;
        assert_eq!((delivered.refused, delivered.relay), (0, None), "{shown:?}");
        assert!(town.one_to(BO).tells("varje dag"), "{shown:?}");
        let told = town.one_to(KIM);
        assert!(told.tells("Rut Öberg"), "{shown:?}: {}", told.text);
        let seen = town.relay.seen();
        let known = ["bo", "ake", "siv", "kim"].map(|name| format!("{name}@prov.example"));
        for to in &seen.recipients() {
            assert!(known.contains(to), "{shown:?}: {to}");
        }
    }
}

#[tokio::test]
async fn fault_62_a_domain_with_letters_of_its_own_is_written_in_ascii() {
    let town = Town::new().await;
    town.put(
        "UPDATE person SET email = ' rut@skolområdet.example ' WHERE id = 'rut'",
        [],
    );
    town.at(MORNING).await;
    let to = "rut@xn--skolomrdet-75a.example";
    assert!(town.one_to(to).tells("varje dag"));
    assert!(town.relay.seen().recipients().contains(&to.to_owned()));
}

#[tokio::test]
async fn fault_63_a_missing_principal_is_told_of_and_two_with_one_address_get_a_mail_each() {
    let town = Town::new().await;
    town.sql("DELETE FROM appointment WHERE person = 'rut'");
    town.at(MORNING).await;
    assert_eq!(town.to(RUT).len(), 0);
    let told = town.one_to("ake@prov.example");
    assert!(told.tells("Åsskolan"), "{}", told.text);

    let town = Town::new().await;
    town.sql("UPDATE person SET email = 'skolan@prov.example' WHERE id IN ('rut', 'bo')");
    town.at(MORNING).await;
    let mut letters = town.to("skolan@prov.example");
    letters.sort_by(|a, b| a.to_name.cmp(&b.to_name));
    let names: Vec<&str> = letters
        .iter()
        .map(|letter| letter.to_name.as_str())
        .collect();
    assert_eq!(names, ["Bo Ek", "Rut Öberg"]);
    assert_ne!(letters[0].message_id, letters[1].message_id);
    assert!(letters[0].tells("Räkning") && !letters[0].tells("Läsning"));

    let town = Town::new().await;
    town.sql("INSERT INTO appointment (person, role, unit) VALUES ('bo', 'principal', '12345678')");
    town.at(MORNING).await;
    let about: Vec<Letter> = town
        .letters()
        .into_iter()
        .filter(|one| one.tells("m-rut"))
        .collect();
    assert_eq!(
        about.len(),
        1,
        "one of the two answers, and only one is asked"
    );
}

#[tokio::test]
async fn fault_64_what_was_planned_for_one_principal_is_not_sent_to_who_has_left() {
    let town = Town::new().await;
    let at = town.clock(MORNING).now();
    avstamd::daemon::tick(&town.office, at).await.unwrap();
    town.sql(
        "UPDATE appointment SET unit = '87654321' WHERE person = 'rut';
         UPDATE appointment SET unit = '12345678' WHERE person = 'bo'",
    );
    town.at(MORNING).await;
    town.at("2026-12-01T07:05").await;
    for letter in town.letters() {
        let of_school = |school: &str| letter.text.contains(school);
        assert!(
            !(letter.to == RUT && of_school("Läsning")),
            "{}",
            letter.text
        );
        assert!(
            !(letter.to == BO && of_school("Räkning")),
            "{}",
            letter.text
        );
    }
    assert!(town.one_to(BO).tells("Läsning") && town.one_to(RUT).tells("Räkning"));
}

/// What cannot be put into words for one person: a template of the authority's own that passes every
/// trial and fails on what stands in one row.
#[tokio::test]
async fn fault_65_a_row_that_no_mail_can_be_made_of_stops_no_other() {
    let town = Town::new().await;
    let words = "[topic.evaluation]\ntitle = \"{% if 'GIFT' in decision %}{{ decision | int }}{% endif %}{{ decision }}\"\n";
    let town = town.with_words(words);
    town.sql("UPDATE measure SET decision = 'GIFT' WHERE id = 'm-rut'");
    for round in ["07:00", "07:30", "09:00", "12:00"] {
        town.at(&format!("2026-12-01T{round}")).await;
    }
    assert!(town.one_to(BO).tells("Räkning"));
    assert_eq!(
        town.to(RUT).len(),
        0,
        "it waits for the template to be mended"
    );
    assert_eq!(town.office.ledger.mails(false).await.unwrap().len(), 1);
    town.sql("UPDATE measure SET decision = 'Läsning varje dag.' WHERE id = 'm-rut'");
    town.at("2026-12-01T15:00").await;
    assert!(town.one_to(RUT).tells("Läsning"));
}

#[tokio::test]
async fn circles_of_successors_and_deputies_come_to_an_end() {
    let town = Town::new().await;
    town.sql(
        "INSERT INTO school_unit (code, name, area, active_to, successor) VALUES
             ('11111111', 'Ett', 'norr', '2026-06-30', '22222222'),
             ('22222222', 'Två', 'norr', '2026-06-30', '33333333'),
             ('33333333', 'Tre', 'norr', '2026-06-30', '11111111'),
             ('44444444', 'Själv', 'norr', '2026-06-30', '44444444');
         INSERT INTO measure (id, unit, school_year, decision, evaluate_by) VALUES
             ('c1', '11111111', '2026/27', 'Läs.', '2026-12-01'),
             ('c2', '44444444', '2026/27', 'Läs.', '2026-12-01');
         INSERT INTO absence (person, away_from, away_to, deputy) VALUES
             ('rut', '2026-11-01', '2026-12-31', 'ake'), ('ake', '2026-11-01', '2026-12-31', 'siv'),
             ('siv', '2026-11-01', '2026-12-31', 'rut'), ('bo', '2026-11-01', '2026-12-31', 'bo');",
    );
    town.at(MORNING).await;
    assert!(
        town.one_to(BO).tells("Räkning"),
        "who stands in for themselves"
    );
    let read: Vec<Letter> = town
        .letters()
        .into_iter()
        .filter(|one| one.tells("m-rut"))
        .collect();
    assert!(!read.is_empty(), "somebody of the circle gets Rut's");
}

/// Days that no calendar of a school has, wherever one stands.
#[tokio::test]
async fn days_at_the_ends_of_time_are_planned_or_told_of() {
    for day in [
        "9999-12-31",
        "-009999-01-01",
        "-0001-01-01",
        "0000-01-01",
        "0001-01-01",
    ] {
        let town = Town::new().await;
        let all = [
            "INSERT INTO measure (id, unit, school_year, decision, decided_on, evaluate_by) VALUES ('f1', '12345678', '2026/27', 'Läs.', ?1, ?1)",
            "INSERT INTO measure (id, unit, school_year, decision, evaluate_by) VALUES ('f2', '12345678', '9999/00', 'Läs.', ?1)",
            "INSERT INTO evaluation (measure, evaluated_on, effect, next_date) VALUES ('f2', ?1, 'too_early', ?1)",
            "INSERT INTO dialogue (unit, school_year, round, starts, minutes) VALUES ('12345678', '2026/27', 'explore', ?1 || 'T23:59', 1440)",
            "INSERT INTO dialogue (unit, school_year, round, starts, state) VALUES ('87654321', '9999/00', 'evaluate', ?1 || 'T00:00', 'held')",
            "INSERT INTO check_in (principal, area_manager, starts, minutes) VALUES ('rut', 'ake', ?1 || 'T23:30', 4294967295)",
            "INSERT INTO check_in (principal, area_manager, starts, state, held_on) VALUES ('bo', 'ake', '2026-12-01T08:30', 'held', ?1)",
            "INSERT INTO activity (id, title, unit, role, due) VALUES ('a1', 'Nuläge', '12345678', 'principal', ?1)",
            "INSERT INTO absence (person, away_from, away_to, deputy) VALUES ('siv', ?1, ?1, 'kim')",
            "INSERT INTO appointment (person, role, unit, valid_from, valid_to) VALUES ('siv', 'acting_principal', '87654321', ?1, ?1)",
            "UPDATE school_unit SET active_from = ?1 WHERE code = '12345678' AND ?1 < '2026' AND ?1 <> '-0001-01-01'",
            "UPDATE school_unit SET active_to = ?1 WHERE code = '87654321' AND ?1 > '2026'",
            "INSERT INTO busy (person, starts, minutes) VALUES ('rut', ?1 || 'T23:59', 1440)",
        ];
        for sql in all {
            town.put(sql, [day]);
        }
        let delivered = town.at(MORNING).await;
        assert_eq!((delivered.refused, delivered.later), (0, 0), "{day}");
        for address in [RUT, BO] {
            assert!(town.one_to(address).tells("varje dag"), "{day}: {address}");
        }
        // Building a year of words takes a while: the outermost days speak for the others.
        if !day.contains("999") {
            continue;
        }
        for command in [
            &["forecast", "--from", "2026-12-01", "--to", "2026-12-31"][..],
            &["status", "--at", MORNING],
            &["explain", "--person", RUT, "--on", "2026-12-01"],
            &[
                "schedule",
                "--year",
                "2026/27",
                "--dry-run",
                "--at",
                MORNING,
            ],
        ] {
            let (said, error) = town.run(command).await;
            assert!(!error.contains("panicked"), "{day} {command:?}: {error}");
            assert!(!said.is_empty() || !error.is_empty(), "{day} {command:?}");
        }
    }
}

#[tokio::test]
async fn rows_outside_every_area_are_told_of_once_and_all_are_counted() {
    let town = Town::new().await;
    town.sql(
        "INSERT INTO area (id, name) VALUES ('syd', 'Södra området');
         INSERT INTO appointment (id, person, role) VALUES (91, 'siv', 'kung');
         INSERT INTO activity (id, title, role, due) VALUES ('a1', 'x', 'principal', 'nu');",
    );
    for number in 0..25 {
        town.sql(&format!(
            "INSERT INTO measure (id, unit, school_year, decision, evaluate_by)
                 VALUES ('x{number:02}', '12345678', '2026/27', 'Läs.', 'i morgon')"
        ));
    }
    town.at(MORNING).await;
    let told = town.one_to(KIM);
    assert!(
        told.text.contains("… och 5 till.") && !told.tells("x20"),
        "{}",
        told.text
    );
    let (said, error) = town.run(&["check", "--at", MORNING]).await;
    for row in ["91: role", "a1: due"] {
        assert_eq!(told.text.matches(row).count(), 1, "{row}: {}", told.text);
        assert_eq!(said.matches(row).count(), 1, "{row}: {said}{error}");
    }
}

/// Where a person's own calendar is brought anew, all that was there of them goes, also that.
#[tokio::test]
async fn a_busy_row_that_cannot_be_read_stops_no_import_of_that_calendar() {
    let town = Town::new().await;
    town.sql(&format!(
        "INSERT INTO busy (person, starts, minutes) VALUES
             ('rut', '2026-12-01T08:30', -1), ('rut', {}, 60), ('bo', '2026-12-01T08:30', -1)",
        invalid(b"\xff")
    ));
    let file = town.path("rut.ics");
    let day = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\n\
               DTSTART:20261202T083000\r\nDTEND:20261202T093000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    std::fs::write(&file, day).unwrap();
    let (said, error) = town
        .run(&["import", file.to_str().unwrap(), "--at", MORNING])
        .await;
    let rows =
        town.rows("SELECT person || ' ' || starts || '+' || minutes FROM busy ORDER BY person");
    assert_eq!(
        rows,
        ["bo 2026-12-01T08:30+-1", "rut 2026-12-02T08:30+60"],
        "{said}{error}"
    );
}

/// What a row that cannot be read says is not known: it calls nothing off, and what the calendar says
/// is cancelled is.
#[tokio::test]
async fn a_meeting_that_is_said_to_be_cancelled_is_called_off_beside_rows_that_cannot_be_read() {
    let town = Town::new().await;
    town.sql(
        "INSERT INTO check_in (principal, area_manager, starts) VALUES
             ('rut', 'ake', '2026-12-08T08:30'), ('bo', 'ake', '2026-12-09T08:30');
         INSERT INTO dialogue (unit, school_year, round, starts) VALUES
             ('12345678', '2026/27', 'explore', '2026-12-10T09:00'),
             ('87654321', '2026/27', 'explore', '2026-12-11T09:00')",
    );
    town.at(MORNING).await;
    town.sql(
        "UPDATE check_in SET state = 'cancelled' WHERE principal = 'rut';
         DELETE FROM check_in WHERE principal = 'bo';
         UPDATE dialogue SET state = 'cancelled' WHERE unit = '12345678';
         DELETE FROM dialogue WHERE unit = '87654321';
         INSERT INTO appointment (person, role, area) VALUES ('ake', 'kung', 'norr')",
    );
    town.at("2026-12-02T07:00").await;
    let called_off = |to| {
        let letters = town.to(to).into_iter();
        let events = letters.filter_map(|letter| letter.event);
        events
            .filter(|event| event.contains("METHOD:CANCEL"))
            .count()
    };
    assert_eq!((called_off(RUT), called_off(BO)), (2, 0));
    assert!(
        town.to(KIM)
            .iter()
            .any(|one| one.tells("ställs inga andra möten in"))
    );
}

/// What a row is about stands without a date that is only incidental to it.
#[tokio::test]
async fn a_date_that_nobody_can_mean_does_not_take_its_row_along() {
    let town = Town::new().await;
    town.sql(
        "UPDATE measure SET decided_on = '0001-01-01' WHERE id = 'm-rut';
         INSERT INTO evaluation (measure, evaluated_on, evaluated_by, effect, next_date)
             VALUES ('m-bo', '2026-11-20', 'bo', 'some', '9999-12-31');
         INSERT INTO check_in (principal, area_manager, starts, state, held_on)
             VALUES ('bo', 'ake', '2026-11-24T08:30', 'held', 'i tisdags');
         INSERT INTO activity (id, title, unit, role, due, done)
             VALUES ('a1', 'Nuläge', '12345678', 'principal', '2026-12-01', '0001-01-01')",
    );
    town.at(MORNING).await;
    assert_eq!(town.to(BO).len(), 0, "he has evaluated it");
    let asked = town.one_to(RUT);
    assert!(
        asked.tells("Läsning") && asked.tells("Nuläge"),
        "{}",
        asked.text
    );
    let told = town.one_to(KIM);
    for row in ["m-rut: decided_on", "a1: done", "held_on"] {
        assert!(told.tells(row), "{row}: {}", told.text);
    }
    assert!(!told.tells("next_date"), "never is no mistake");
}

/// Identifiers that look like another's: none of them is taken for it.
#[tokio::test]
async fn identifiers_that_differ_in_what_cannot_be_seen_are_told_of() {
    let town = Town::new().await;
    for id in [
        "rut ",
        " rut",
        "r\u{200b}ut",
        "rut\0",
        "rut\r\n",
        "\u{202e}rut",
    ] {
        town.put(
            "INSERT INTO person (id, name, email) VALUES (?1, ?2, 'x@evil.example')",
            [id, MARK],
        );
        town.put(
            "INSERT INTO appointment (person, role, unit) VALUES (?1, 'principal', '12345678')",
            [Value::Text(id.into())],
        );
    }
    town.at(MORNING).await;
    assert!(town.one_to(RUT).tells("Läsning"));
    assert!(town.one_to(KIM).tells("appointment"));
    assert!(town.to("x@evil.example").is_empty());
}

/// Calendars count in 32 bits with a sign, and a number that wraps round is older than all before it.
#[tokio::test]
async fn a_sequence_at_its_end_is_told_of_and_one_near_it_goes_up() {
    let town = Town::new().await;
    town.sql(
        "INSERT INTO check_in (principal, area_manager, starts, sequence) VALUES
             ('rut', 'ake', '2026-12-08T08:30', 4294967295),
             ('bo', 'ake', '2026-12-09T08:30', 1000000000)",
    );
    town.at(MORNING).await;
    assert!(town.one_to(KIM).tells("sequence: more than 1000000000"));
    assert!(town.to(RUT).iter().all(|letter| letter.event.is_none()));
    town.sql(
        "DROP TRIGGER check_in_moved;
         UPDATE check_in SET starts = '2026-12-10T08:30' WHERE principal = 'bo'",
    );
    town.at("2026-12-02T07:00").await;
    let events: Vec<String> = town
        .to(BO)
        .into_iter()
        .filter_map(|letter| letter.event)
        .collect();
    for sequence in ["SEQUENCE:1000000000", "SEQUENCE:1000000001"] {
        let is_told = events.iter().any(|event| event.contains(sequence));
        assert!(is_told, "{sequence}: {events:#?}");
    }
}
