//! `record`: what an import would refuse is refused, and what is recorded is told.

use crate::town::{Town, faults, told};

const DIALOGUE: &str = "dialogue --unit 12345678 --school-year 2026/27 --round explore";
const CHECK_IN: &str = "check-in --principal rut --area-manager åke";

/// What cannot be meant, the exit code, and a word of the reason.
const REFUSED: [(&str, i32, &str); 24] = [
    (
        "check-in --principal rut --area-manager åke --held-on 2026-11-25",
        1,
        "later than today",
    ),
    (
        "check-in --principal rut --area-manager åke --held-on 1926-11-10",
        1,
        "1990–2100",
    ),
    (
        "check-in --principal åke --area-manager rut --held-on 2026-11-10",
        1,
        "leads no school unit",
    ),
    (
        "check-in --principal rut --area-manager rut --held-on 2026-11-10",
        1,
        "takes two",
    ),
    (
        "check-in --principal vem --area-manager åke --held-on 2026-11-10",
        1,
        "vem is not in the calendar",
    ),
    (
        "check-in --principal rut --area-manager åke --cancelled",
        2,
        "--starts",
    ),
    (
        "check-in --principal rut --area-manager åke --moved-to 2026-11-26T10:00",
        2,
        "--starts",
    ),
    (
        "check-in --principal rut --area-manager åke",
        2,
        "--held-on",
    ),
    (
        "check-in --principal rut --area-manager åke --starts 2026-11-23T08:30 --cancelled",
        1,
        "is not in the calendar",
    ),
    (
        "check-in --principal rut --area-manager åke --starts 2026-11-10T08:30 --cancelled",
        1,
        "is not in the calendar",
    ),
    (
        "check-in --principal rut --area-manager åke --starts 2026-11-24T08:30 --moved-to 2026-11-10T08:30",
        1,
        "another time",
    ),
    (
        "check-in --principal rut --area-manager åke --starts 2026-11-24T08:30 --moved-to 2926-11-10T08:30",
        1,
        "1990–2100",
    ),
    (
        "evaluation m1 --on 2026-11-25 --effect good",
        1,
        "later than today",
    ),
    (
        "evaluation m1 --on 2026-11-20 --effect too_early",
        1,
        "--next-date",
    ),
    (
        "evaluation m1 --on 2026-11-20 --next-date 2926-01-01",
        1,
        "1990–2100",
    ),
    (
        "evaluation saknas --on 2026-11-20",
        1,
        "is not in the calendar",
    ),
    ("activity a1 --done-on 2026-11-25", 1, "later than today"),
    (
        "absence --person rut --from 2026-12-01 --to 2926-12-09",
        1,
        "--to",
    ),
    (
        "absence --person rut --from 2026-12-01 --to 2026-12-09 --deputy rut",
        1,
        "somebody else",
    ),
    (
        "dialogue --unit 12345678 --school-year 2026/27 --round explore --moved-to 1999-10-06T13:00",
        1,
        "2026/27",
    ),
    (
        "dialogue --unit 12345678 --school-year 2026/27 --round explore --held --place x",
        2,
        "--place",
    ),
    (
        "dialogue --unit 12345678 --school-year 2026/27 --round explore --moved-to 2026-10-06T13:00 --place \u{202e}x",
        1,
        "invisible",
    ),
    (
        "focus-area --unit 12345678 --school-year 2026/27 --round explore --text \u{202e}",
        1,
        "say which",
    ),
    (
        "activity a1 --done-on 2026-09-14 --who \u{202e}",
        1,
        "--who",
    ),
];

fn record(town: &Town, line: &str) -> (i32, String) {
    let arguments: Vec<&str> = std::iter::once("record").chain(line.split(' ')).collect();
    town.run(&arguments)
}

#[test]
fn what_cannot_be_meant_is_refused_with_the_reason() {
    let town = Town::settled();
    let before = town.dump();
    for (line, code, reason) in REFUSED {
        let (exit, said) = record(&town, line);
        assert_eq!(exit, code, "{line}: {said}");
        assert!(said.contains(reason), "{line}: {said}");
    }
    let long = "x".repeat(30_000);
    let (exit, said) = town.run(&[
        "record",
        "evaluation",
        "m1",
        "--on",
        "2026-11-20",
        "--text",
        &long,
    ]);
    assert!(exit == 1 && said.contains("shorten it"), "{said}");
    assert_eq!(town.dump(), before);
}

#[test]
fn what_is_recorded_is_told() {
    let town = Town::settled();
    for (line, told) in [
        (
            format!("{CHECK_IN} --held-on 2026-11-24"),
            "check-in of rut with åke held on 2026-11-24",
        ),
        (
            format!("{DIALOGUE} --moved-to 2026-10-08T09:00 --place Aulan"),
            "moved to 2026-10-08T09:00",
        ),
        (
            format!("{DIALOGUE} --held"),
            "dialogue 12345678 2026/27 explore held",
        ),
        (
            "evaluation m2 --on 2026-05-01".to_owned(),
            "evaluation of measure m2 on 2026-05-01",
        ),
        (
            "absence --person rut --from 2026-12-01 --to 2026-12-09".to_owned(),
            "absence of rut",
        ),
    ] {
        let (code, said) = record(&town, &line);
        assert!(
            code == 0 && said.starts_with("Recorded: ") && said.contains(told),
            "{said}"
        );
    }
}

#[test]
fn a_planned_check_in_is_moved_and_cancelled() {
    let town = Town::settled();
    let states = "SELECT group_concat(starts || ' ' || state) FROM check_in ORDER BY starts";
    let moved = format!("{CHECK_IN} --starts 2026-11-24T08:30 --moved-to 2026-11-26T10:00");
    assert_eq!(record(&town, &moved).0, 0);
    assert!(town.value(states).contains("2026-11-26T10:00 planned"));
    assert_eq!(record(&town, &moved).0, 1, "it is there no more");
    assert_eq!(
        record(
            &town,
            &format!("{CHECK_IN} --starts 2026-11-26T10:00 --cancelled")
        )
        .0,
        0
    );
    assert!(town.value(states).contains("2026-11-26T10:00 cancelled"));
}

#[test]
fn two_evaluations_of_a_day_are_one_and_an_identity_number_is_warned_of() {
    let town = Town::settled();
    let row = "SELECT group_concat(ifnull(effect, '-') || ' ' || text || ' ' || ifnull(next_date, '-')) FROM evaluation WHERE measure = 'm2'";
    let first =
        "evaluation m2 --on 2026-05-01 --effect too_early --next-date 2027-05-01 --text Snart";
    assert_eq!(record(&town, first).0, 0);
    assert_eq!(town.value(row), "too_early Snart 2027-05-01");
    assert_eq!(
        record(&town, "evaluation m2 --on 2026-05-01 --effect good").0,
        0
    );
    assert_eq!(town.value(row), "good Snart -");
    let (code, said) = record(&town, "evaluation m2 --on 2026-05-01 --text 20120304-1234");
    assert!(code == 0 && said.contains("identity number"), "{said}");
}

#[test]
fn two_check_ins_of_a_week_are_two_and_one_said_again_keeps_its_note() {
    let town = Town::settled();
    let held = "SELECT group_concat(state || ' ' || ifnull(held_on, '-') || ' ' || note, ', ')
                FROM (SELECT * FROM check_in WHERE starts > '2026-11-22' ORDER BY starts)";
    let later = |what: &str| {
        let (code, said) = record(&town, &format!("{CHECK_IN} {what} --at 2026-11-28T08:00"));
        assert_eq!(code, 0, "{said}");
    };
    later("--held-on 2026-11-23 --note Måndag");
    later("--held-on 2026-11-26");
    later("--held-on 2026-11-23");
    assert_eq!(town.value(held), "held 2026-11-23 Måndag, held 2026-11-26 ");
}

#[test]
fn a_cancelled_check_in_is_not_the_one_that_was_held() {
    let town = Town::settled();
    let states = "SELECT group_concat(state, ' ') FROM
                  (SELECT * FROM check_in WHERE starts > '2026-11-22' ORDER BY starts)";
    let cancelled = format!("{CHECK_IN} --starts 2026-11-24T08:30 --cancelled");
    assert_eq!(record(&town, &cancelled).0, 0);
    let held = format!("{CHECK_IN} --held-on 2026-11-26 --at 2026-11-28T08:00");
    assert_eq!(record(&town, &held).0, 0);
    assert_eq!(town.value(states), "cancelled held");
}

#[test]
fn an_address_that_two_people_have_is_nobodys() {
    let town = Town::settled();
    let both = "is the address of both mia and åke";
    town.change("INSERT INTO person (id, name, email) VALUES ('mia', 'Mia', 'AKE@skola.example')");
    let held = "check-in --principal rut --area-manager ake@skola.example --held-on 2026-11-10";
    let (code, said) = record(&town, held);
    assert!(code == 1 && said.contains(both), "{said}");
    let check_in = "principal;area_manager;starts\nrut;ake@skola.example;2026-12-10 08:30\n";
    let found = faults(&town.file("check_ins.csv", check_in));
    assert!(
        told(&found, 2, "area_manager", both) && found.len() == 1,
        "{found:?}"
    );
    // A new address in the file takes the place of the old one.
    let mended = "id;name;email\nmia;Mia;mia@skola.example\n";
    let files = [("check_ins.csv", check_in), ("people.csv", mended)];
    let outcome = town.import(&files.map(|(name, text)| (name.to_owned(), text)), &[]);
    assert_eq!(outcome["applied"], true, "{outcome:#}");
    // An identifier comes before an address.
    town.change("INSERT INTO person (id, name) VALUES ('ake@skola.example', 'En annan')");
    let absence = "person;from;to\nake@skola.example;2026-12-01;2026-12-02\n";
    town.file("absences.csv", absence);
    let away = town.value("SELECT person FROM absence WHERE away_from = '2026-12-01'");
    assert_eq!(away, "ake@skola.example");
}

#[test]
fn an_address_that_changes_in_one_file_may_stand_in_another() {
    let town = Town::settled();
    let people = "id;name;email\nåke;Åke Ärlig;ake@ny.example\n";
    let absences = "person;from;to\nake@skola.example;2026-12-01;2026-12-02\nake@ny.example;2026-12-05;2026-12-06\n";
    let files = [("people.csv", people), ("absences.csv", absences)];
    let outcome = town.import(&files.map(|(name, text)| (name.to_owned(), text)), &[]);
    assert_eq!(outcome["applied"], true, "{outcome:#}");
}

/// Another system is in the middle of writing: the answer waits for it, and both are kept.
#[test]
fn an_answer_waits_for_another_program_that_is_writing() {
    let town = Town::settled();
    let mut other = rusqlite::Connection::open(town.0.path().join("calendar.db")).unwrap();
    let writing = other
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .unwrap();
    let title = "UPDATE activity SET title = 'Analys' WHERE id = 'a1'";
    writing.execute(title, []).unwrap();
    std::thread::scope(|scope| {
        let recorded = scope.spawn(|| record(&town, "evaluation m2 --on 2026-11-20"));
        // Long enough for the answer to have come to the lock.
        std::thread::sleep(std::time::Duration::from_millis(500));
        writing.commit().unwrap();
        let (exit, said) = recorded.join().unwrap();
        assert_eq!(exit, 0, "{said}");
    });
    let kept = "SELECT count(*) || '' FROM evaluation WHERE evaluated_on = '2026-11-20'";
    assert_eq!(town.value(kept), "1");
    assert_eq!(
        town.value("SELECT title FROM activity WHERE id = 'a1'"),
        "Analys"
    );
}
