//! `export --person` and `forget --person`.

use jiff::civil::date;
use serde_json::Value;

use super::place::{LAST, Place};

/// A principal until 31 October 2026, and an area manager until 31 December, who asked people to meetings.
const PRINCIPAL: &str = "desiree.palm";
const ADDRESS: &str = "desiree.palm@lindhamra.example";
const IN_CALENDAR: &str = "SELECT count(*) FROM person WHERE id = 'desiree.palm'";
const MANAGER: &str = "kerstin.bjorkdahl";

fn forget<'a>(person: &'a str, at: &'a str) -> [&'a str; 5] {
    ["forget", "--person", person, "--at", at]
}

const AFTER: &str = "2027-07-01T12:00";

fn with_traces() -> Place {
    let place = Place::after_a_year("");
    place
        .sql("calendar.db")
        .execute_batch(
            "UPDATE check_in SET note = 'Désirée Palm vill byta dag' WHERE id =
                 (SELECT min(id) FROM check_in WHERE principal = 'mustafa.al-jubouri');
             INSERT INTO absence (person, away_from, away_to) VALUES ('desiree.palm', '2026-09-01',
                 '2026-09-02');
             INSERT INTO busy (person, starts, minutes) VALUES ('desiree.palm', '2026-09-01T08:00', 60);
             INSERT INTO journal (at_utc, door, who, what) VALUES (1, 'command', 'desiree.palm',
                 'check-in of desiree.palm with amir.hadzic held on 2026-09-11');",
        )
        .unwrap();
    place
        .sql("ledger.db")
        .execute_batch("INSERT INTO link VALUES (x'01', 'desiree.palm', 'duty', 1, NULL);")
        .unwrap();
    place
}

#[test]
fn an_export_has_everything_that_is_stored_about_a_person() {
    let place = with_traces();
    let told = place.done(&["export", "--person", "Desiree.Palm@lindhamra.example"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["person"], PRINCIPAL);
    assert_eq!(told["known_by"]["names"][0], "Désirée Palm");
    let count = |part: &str, table: &str| told[part][table].as_array().unwrap().len() as i64;
    for (part, table, which) in [
        ("calendar", "person", "id = 'desiree.palm'"),
        ("calendar", "appointment", "person = 'desiree.palm'"),
        ("calendar", "absence", "person = 'desiree.palm'"),
        ("calendar", "check_in", "principal = 'desiree.palm'"),
        ("calendar", "busy", "person = 'desiree.palm'"),
        ("calendar", "journal", "who = 'desiree.palm'"),
        ("ledger", "mail", "person = 'desiree.palm'"),
        ("ledger", "link", "person = 'desiree.palm'"),
    ] {
        let sql = format!("SELECT count(*) FROM {table} WHERE {which}");
        let rows = place.number(&format!("{part}.db"), &sql);
        assert!(
            rows > 0 && count(part, table) == rows,
            "{part} {table}: {rows}"
        );
    }
    for table in ["attempt", "notice", "invitation", "record"] {
        assert!(count("ledger", table) > 0, "{table}");
    }
    let first = &told["ledger"]["mail"][0];
    let text = first["bytes"].as_str().unwrap();
    assert!(text.contains("Hej") && text.contains("To: "), "{text}");
    assert!(first["created_utc"].as_str().unwrap().starts_with("2026-"));
    let named = told["calendar"]["named_in"].to_string();
    assert!(named.contains("vill byta dag"), "{named}");
    let others = told["ledger"]["named_in"].to_string();
    assert!(others.contains("\"to\":\"amir.hadzic\""), "{others}");
    assert!(
        place
            .failed(&["export", "--person", "nobody"])
            .contains("nothing is stored")
    );
}

/// What integrity rests on: how much was said and when, apart from to whom.
fn said(place: &Place) -> (String, String) {
    let notices =
        "SELECT group_concat(x) FROM (SELECT step || due || role || on_day || decision AS x
                   FROM notice ORDER BY 1)";
    let mails = "SELECT ifnull(group_concat(x), '') FROM (SELECT message_id || slot || state AS x FROM mail ORDER BY 1)";
    (
        place.text("ledger.db", notices),
        place.text("ledger.db", mails),
    )
}

#[tokio::test]
async fn fault_85_who_is_forgotten_is_in_no_file_and_what_was_said_stays_said() {
    let place = with_traces();
    let whole = place.copied();
    let rows = "SELECT (SELECT count(*) FROM check_in) || ' ' || (SELECT count(*) FROM measure)
                || ' ' || (SELECT count(*) FROM evaluation) || ' ' || (SELECT count(*) FROM appointment)";
    let before = (said(&place), place.text("calendar.db", rows));
    for (person, words) in [
        (
            PRINCIPAL,
            ["Désirée Palm", PRINCIPAL, "desiree.palm@lindhamra.example"],
        ),
        (
            MANAGER,
            [
                "Kerstin Björkdahl",
                MANAGER,
                "kerstin.bjorkdahl@lindhamra.example",
            ],
        ),
    ] {
        for word in words {
            assert!(place.files_with(word).len() >= 2, "{word}");
        }
        let told = place.done(&forget(person, AFTER));
        assert!(told.contains("avidentifierad-"), "{told}");
        for word in words {
            assert_eq!(place.files_with(word), [""; 0], "{word}");
        }
        let told = place.failed(&forget(person, AFTER));
        assert!(told.contains("nothing is stored"), "{told}");
    }
    assert_eq!((said(&place), place.text("calendar.db", rows)), before);
    let note = "SELECT note FROM check_in WHERE note <> ''";
    assert_eq!(
        place.text("calendar.db", note),
        "[avidentifierad] vill byta dag"
    );
    let broken = "SELECT count(*) FROM pragma_foreign_key_check";
    assert_eq!(place.number("calendar.db", broken), 0);
    let journal = place.text("calendar.db", "SELECT what FROM journal WHERE at_utc = 1");
    let pseudonym = journal.split(' ').nth(2).unwrap();
    let pair = format!(
        "SELECT count(*) FROM check_in WHERE principal = '{pseudonym}'
                            AND uid LIKE '{pseudonym}/%'"
    );
    assert!(place.number("calendar.db", &pair) > 0);
    let keys = format!(
        "SELECT count(*) FROM notice WHERE occurrence LIKE 'check-in/{pseudonym}/%'
                            AND recipient = '{pseudonym}'"
    );
    assert!(place.number("ledger.db", &keys) > 0);
    // Those who remain hear the same as if nobody had been forgotten.
    let (from, to) = (LAST.tomorrow().unwrap(), date(2027, 8, 27));
    place.live(from, to).await;
    whole.live(from, to).await;
    let mails = |place: &Place| -> Vec<_> {
        let mails = place.mails().into_iter();
        mails
            .map(|((day, to, _), count)| (day, to, count))
            .collect()
    };
    assert_eq!(mails(&place), mails(&whole));
    let healed = place
        .office()
        .ledger
        .heal(jiff::Timestamp::UNIX_EPOCH)
        .await
        .unwrap();
    assert_eq!(healed.mails, 0);
}

#[test]
fn who_is_still_needed_is_not_forgotten() {
    let place = with_traces();
    let told = place.failed(&forget("amir.hadzic", AFTER));
    assert!(told.contains("area_manager of centrum"), "{told}");
    let told = place.failed(&forget(PRINCIPAL, "2026-10-31T12:00"));
    assert!(told.contains("until 2026-10-31; end that first"), "{told}");
    place
        .sql("ledger.db")
        .execute_batch(
            "UPDATE mail SET state = 'held' WHERE id =
                 (SELECT max(id) FROM mail WHERE person = 'desiree.palm' AND meeting IS NULL)",
        )
        .unwrap();
    let told = place.failed(&forget(PRINCIPAL, AFTER));
    assert!(told.contains("avstamd outbox drop"), "{told}");
    let number = told.split("outbox drop ").nth(1).unwrap();
    let number = number.split('`').next().unwrap();
    place.done(&["outbox", "drop", number]);
    // As it stood before a meeting to which she had been asked.
    let ahead = "UPDATE invitation SET until = '2027-07-02T10:00:00', method = 'request' WHERE mail =
                     (SELECT max(id) FROM mail WHERE person = 'desiree.palm' AND meeting IS NOT NULL)";
    place.sql("ledger.db").execute_batch(ahead).unwrap();
    let told = place.failed(&forget(PRINCIPAL, AFTER));
    assert!(told.contains("let the daemon call it off"), "{told}");
    assert!(!place.files_with("Désirée Palm").is_empty());
    place.done(&forget(PRINCIPAL, "2027-07-03T12:00"));
}

#[test]
fn a_forgetting_that_was_cut_short_is_gone_on_with_under_the_same_pseudonym() {
    let place = with_traces();
    // The calendar is done, the record cannot be.
    std::fs::create_dir(place.path("ledger.db.sent.new")).unwrap();
    place.failed(&forget(PRINCIPAL, AFTER));
    let pseudonym = "SELECT id FROM person WHERE id LIKE 'avidentifierad-%'";
    let begun = place.text("calendar.db", pseudonym);
    assert!(!place.files_with("Désirée Palm").is_empty());
    std::fs::remove_dir(place.path("ledger.db.sent.new")).unwrap();
    let told = place.done(&forget(PRINCIPAL, AFTER));
    assert!(told.contains(&begun), "{told}");
    for word in ["Désirée Palm", PRINCIPAL] {
        assert_eq!(place.files_with(word), [""; 0]);
    }
    let left = format!("SELECT count(*) FROM notice WHERE recipient = '{begun}'");
    assert!(place.number("ledger.db", &left) > 0);
}

/// Killed after the record was written anew and before the ledger's commit, with notices whose mails were
/// purged long ago: healing meets them under the pseudonym and makes nothing of them.
#[tokio::test]
async fn killed_between_the_record_and_the_ledger_forgetting_comes_to_the_same() {
    let place = with_traces();
    place.done(&["purge", "--anyway", "--at", "2029-07-01T12:00"]);
    std::fs::create_dir(place.path("ledger.db.sent.new")).unwrap();
    place.failed(&forget(PRINCIPAL, AFTER));
    std::fs::remove_dir(place.path("ledger.db.sent.new")).unwrap();
    let begun = place.whole("ledger.db");
    place.done(&forget(PRINCIPAL, AFTER));
    let notices = said(&place).0;
    std::fs::write(place.path("ledger.db"), begun).unwrap();
    let office = place.office();
    let healed = office
        .ledger
        .heal(jiff::Timestamp::UNIX_EPOCH)
        .await
        .unwrap();
    assert_eq!(healed.mails, 0, "the daemon starts, and nothing is news");
    place.closed(office);
    place.done(&forget(PRINCIPAL, AFTER));
    assert_eq!(said(&place).0, notices);
    assert_eq!(place.files_with(PRINCIPAL), [""; 0]);
}

/// The calendar no longer has them then, so that only the ledger knows the address.
#[test]
fn a_forgetting_that_was_cut_short_is_gone_on_with_by_address_and_a_check_tells_of_it() {
    let place = with_traces();
    std::fs::create_dir(place.path("ledger.db.sent.new")).unwrap();
    place.failed(&forget(ADDRESS, AFTER));
    std::fs::remove_dir(place.path("ledger.db.sent.new")).unwrap();
    assert_eq!(place.number("calendar.db", IN_CALENDAR), 0);
    let told = String::from_utf8(place.avstamd(&["check", "--at", AFTER]).stdout).unwrap();
    let problem = "problem: forgetting desiree.palm was cut short; run `avstamd forget --person desiree.palm` again";
    assert!(told.contains(problem), "{told}");
    place.done(&forget("Desiree.Palm@lindhamra.example", AFTER));
    for word in ["Désirée Palm", PRINCIPAL, ADDRESS] {
        assert_eq!(place.files_with(word), [""; 0], "{word}");
    }
    let told = String::from_utf8(place.avstamd(&["check", "--at", AFTER]).stdout).unwrap();
    assert!(!told.contains("cut short"), "{told}");
}

#[test]
fn whom_only_the_ledger_has_is_found_by_address_and_an_address_of_nobody_is_refused() {
    let place = with_traces();
    place
        .sql("calendar.db")
        .execute_batch(
            "PRAGMA foreign_keys = OFF; DELETE FROM appointment WHERE person = 'desiree.palm';
             DELETE FROM person WHERE id = 'desiree.palm'",
        )
        .unwrap();
    let told = place.done(&["export", "--person", ADDRESS]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["person"], PRINCIPAL);
    assert!(!told["ledger"]["mail"].as_array().unwrap().is_empty());
    for command in [
        &["export", "--person", "nobody@prov.example"][..],
        &forget("nobody@prov.example", AFTER),
    ] {
        let told = place.failed(command);
        assert!(told.contains("give the identifier"), "{told}");
    }
    place.done(&forget(ADDRESS, AFTER));
    let left = "SELECT count(*) FROM mail WHERE person = 'desiree.palm'";
    assert_eq!(place.number("ledger.db", left), 0);
}

/// The ledger's own note says so, as after a kill between its commit and the end of the sweep.
#[test]
fn a_forgetting_that_has_only_to_sweep_ends_well() {
    for person in [PRINCIPAL, ADDRESS] {
        let place = with_traces();
        let reader = place.sql("calendar.db");
        let reading = "BEGIN; SELECT count(*) FROM person;";
        reader.execute_batch(reading).unwrap();
        let told = place.failed(&forget(person, AFTER));
        assert!(told.contains("another program has it open"), "{told}");
        reader.execute_batch("COMMIT").unwrap();
        let told = place.done(&forget(person, AFTER));
        assert!(told.contains("out of the files"), "{told}");
        drop(reader);
        assert_eq!(place.files_with("Désirée Palm"), [""; 0]);
        place.failed(&forget(person, AFTER));
    }
}

#[test]
fn two_titles_that_a_name_told_apart_are_told_apart_by_a_number() {
    let place = with_traces();
    let titles = [
        "Läsning ([avidentifierad])",
        "Läsning (Désirée Palm)",
        "Läsning (Desiree.Palm@lindhamra.example)",
    ];
    for title in titles {
        let area = "INSERT INTO development_area (unit, school_year, title)
                    SELECT min(code), '2026/27', ?1 FROM school_unit";
        place.sql("calendar.db").execute(area, [title]).unwrap();
    }
    place.done(&forget(PRINCIPAL, AFTER));
    let left = "SELECT group_concat(title, '; ') FROM
                    (SELECT title FROM development_area WHERE title LIKE 'Läsning (%' ORDER BY id)";
    assert_eq!(
        place.text("calendar.db", left),
        "Läsning ([avidentifierad]); Läsning ([avidentifierad]) (2); Läsning ([avidentifierad]) (3)"
    );
    assert_eq!(place.files_with("Désirée Palm"), [""; 0]);
}

#[test]
fn a_name_that_is_given_is_searched_for_too_unless_it_is_somebody_elses() {
    const FORMER: &str = "Désirée  Lövgren";
    let place = with_traces();
    let note = "UPDATE check_in SET note = 'Désirée Lövgren ringde' WHERE note <> ''";
    place.sql("calendar.db").execute_batch(note).unwrap();
    let export = ["export", "--person", PRINCIPAL];
    assert!(!place.done(&export).contains("Désirée Lövgren"));
    let named = ["--also-known-as", FORMER, "--also-known-as", "Dessan"];
    let told = place.done(&[&export[..], &named].concat());
    assert!(told.contains("Désirée Lövgren ringde"), "{told}");
    for name in ["Mustafa Al-Jubouri", " "] {
        let told = place.failed(&[&export[..], &["--also-known-as", name]].concat());
        assert!(told.contains("nothing can be searched for"), "{told}");
    }
    // Begun without the name: it counts all the same.
    std::fs::create_dir(place.path("ledger.db.sent.new")).unwrap();
    place.failed(&forget(PRINCIPAL, AFTER));
    std::fs::remove_dir(place.path("ledger.db.sent.new")).unwrap();
    place.done(&[&forget(PRINCIPAL, AFTER)[..], &named].concat());
    for word in ["Désirée Lövgren", "Désirée Palm"] {
        assert_eq!(place.files_with(word), [""; 0], "{word}");
    }
}

#[test]
fn a_journal_that_has_the_name_of_a_calendar_is_without_it_after_forgetting() {
    let place = with_traces();
    place
        .sql("calendar.db")
        .execute_batch(
            "INSERT INTO journal (at_utc, door, who, what) VALUES
                 (2, 'import', 'units.csv, desiree.palm.ics, desiree.palm@lindhamra.example.ics', 'imported'),
                 (3, 'import', 'command', 'refused: 1 fel i desiree.palm.ics')",
        )
        .unwrap();
    place.done(&forget(PRINCIPAL, AFTER));
    assert_eq!(place.files_with(PRINCIPAL), [""; 0]);
    let kept = "SELECT count(*) FROM journal WHERE at_utc IN (2, 3)
                    AND (who LIKE 'units.csv, avid%.ics' OR what LIKE 'refused: 1 fel i avid%.ics')";
    assert_eq!(place.number("calendar.db", kept), 2);
}
