//! A file read again takes back nothing: neither what people recorded since, nor what it does not
//! speak of.

use crate::town::{Town, good, told, warnings};

const DIALOGUE: &str = "unit;school_year;round;starts;minutes;place;state\n\
                        12345678;2026/27;explore;2026-10-06 13:00;90;Rum 2;\n";

const THIS_DIALOGUE: [&str; 7] = [
    "dialogue",
    "--unit",
    "12345678",
    "--school-year",
    "2026/27",
    "--round",
    "explore",
];

fn record(town: &Town, arguments: &[&str]) {
    let (code, said) = town.run(&[&["record"], arguments].concat());
    assert_eq!(code, 0, "{said}");
}

#[test]
fn what_was_recorded_stands() {
    let town = Town::settled();
    let check_in = ["check-in", "--principal", "rut", "--area-manager", "åke"];
    record(
        &town,
        &[
            &THIS_DIALOGUE[..],
            &["--moved-to", "2026-10-08T09:00", "--place", "Aulan"],
        ]
        .concat(),
    );
    record(&town, &[&THIS_DIALOGUE[..], &["--held"]].concat());
    record(&town, &["activity", "a1", "--done-on", "2026-09-14"]);
    record(
        &town,
        &[
            "absence",
            "--person",
            "rut",
            "--from",
            "2026-11-02",
            "--to",
            "2026-11-13",
        ],
    );
    record(
        &town,
        &["evaluation", "m2", "--on", "2026-05-01", "--effect", "some"],
    );
    record(
        &town,
        &[
            &check_in[..],
            &[
                "--starts",
                "2026-11-24T08:30",
                "--moved-to",
                "2026-11-26T10:00",
            ],
        ]
        .concat(),
    );
    let before = town.dump();
    for _ in 0..2 {
        let outcome = town.import(&good(str::as_bytes), &[]);
        assert_eq!(outcome["applied"], true, "{outcome:#}");
        for (table, change) in outcome["changes"].as_object().unwrap() {
            assert_eq!(
                (&change["added"], &change["changed"]),
                (&0.into(), &0.into()),
                "{table}"
            );
        }
        assert_eq!(town.dump(), before);
        let found = warnings(&outcome);
        assert!(
            told(&found, 2, "Börjar", "was moved by hand to 2026-10-08T09:00"),
            "{found:?}"
        );
        assert!(
            told(&found, 3, "Börjar", "was moved by hand to 2026-11-26T10:00"),
            "{found:?}"
        );
        assert!(
            told(&found, 2, "Till", "2026-11-13 was recorded"),
            "{found:?}"
        );
        assert!(
            told(&found, 2, "Ersättare", "nothing was recorded"),
            "{found:?}"
        );
    }
}

#[test]
fn a_file_that_says_something_new_is_heard() {
    let town = Town::settled();
    let sequence = || town.value("SELECT sequence || ' ' || starts || ' ' || state FROM dialogue");
    assert_eq!(town.file("dialogues.csv", DIALOGUE)["applied"], true);
    assert_eq!(sequence(), "0 2026-10-06T13:00 planned");
    record(
        &town,
        &[&THIS_DIALOGUE[..], &["--moved-to", "2026-10-08T09:00"]].concat(),
    );
    let moved = DIALOGUE.replace("2026-10-06 13:00", "2026-10-13 13:00");
    town.file("dialogues.csv", &moved);
    assert_eq!(sequence(), "2 2026-10-13T13:00 planned");
    town.file("dialogues.csv", moved.replace("Rum 2", "Rum 3"));
    assert_eq!(sequence(), "3 2026-10-13T13:00 planned");
    record(&town, &[&THIS_DIALOGUE[..], &["--held"]].concat());
    town.file("dialogues.csv", moved.replace("Rum 2", "Rum 3"));
    assert_eq!(sequence(), "3 2026-10-13T13:00 held");
    town.file("dialogues.csv", moved.replace("Rum 2;", "Rum 3;inställd"));
    assert_eq!(sequence(), "3 2026-10-13T13:00 cancelled");
    let by_status = moved.replace("state", "Status");
    town.file(
        "dialogues.csv",
        by_status.replace("Rum 2;", "Rum 3;genomförd"),
    );
    assert_eq!(sequence(), "3 2026-10-13T13:00 held");
}

#[test]
fn a_cancelled_check_in_stays_so_until_it_is_said_to_be_held() {
    let town = Town::settled();
    let file = "principal;area_manager;starts;held_on\nrut;åke;2026-11-24T08:30;\n";
    let cancel = [
        "check-in",
        "--principal",
        "rut",
        "--area-manager",
        "åke",
        "--cancelled",
    ];
    record(
        &town,
        &[&cancel[..], &["--starts", "2026-11-24T08:30"]].concat(),
    );
    let state = "SELECT state FROM check_in WHERE starts = '2026-11-24T08:30'";
    town.file("check_ins.csv", file);
    assert_eq!(town.value(state), "cancelled");
    town.file("check_ins.csv", file.replace("08:30;", "08:30;2026-11-24"));
    assert_eq!(town.value(state), "held");
}

#[test]
fn a_column_that_is_not_there_changes_nothing() {
    let town = Town::settled();
    let full = [
        (
            "units.csv",
            "code;name;area;level;active_from;active_to;successor\n12345678;Åsskolan;norr;förstärkt;2020-07-01;2030-06-30;01234567\n01234567;Ängskolan;norr;förstärkt;;2030-06-30;\n",
        ),
        (
            "people.csv",
            "id;name;email;role;units;valid_from;valid_to;language\nrut;Rut Öberg;rut@skola.example;rektor;12345678 01234567;2026-08-01;2028-06-30;en\n",
        ),
        (
            "measures.csv",
            "id;unit;school_year;development_area;team;decision;expected_effect;indicator;responsible;decided_on;evaluate_by;status\nm1;12345678;2026/27;Läsning;Lag 1;Läs;Fler;Prov;rut;2026-08-20;2026-12-03;genomförd\n",
        ),
        (
            "dialogues.csv",
            "unit;school_year;round;starts;minutes;place;state\n12345678;2026/27;explore;2026-10-06 13:00;60;Rum 9;genomförd\n",
        ),
        (
            "absences.csv",
            "person;from;to;deputy\nrut;2026-11-02;2026-11-06;åke\n",
        ),
        (
            "activities.csv",
            "id;title;unit;role;due;done\na1;Nulägesanalys;12345678;rektor;2026-09-15;2026-09-14\n",
        ),
    ];
    let bare = [
        ("units.csv", "code;name\n12345678;Åsskolan\n"),
        (
            "people.csv",
            "id;name;email;role;units\nrut;Rut Öberg;rut@skola.example;rektor;12345678 01234567\n",
        ),
        (
            "measures.csv",
            "id;unit;school_year;decision;evaluate_by\nm1;12345678;2026/27;Läs;2026-12-03\n",
        ),
        (
            "dialogues.csv",
            "unit;school_year;round;starts\n12345678;2026/27;explore;2026-10-06 13:00\n",
        ),
        (
            "absences.csv",
            "person;from;to\nrut;2026-11-02;2026-11-06\n",
        ),
        (
            "activities.csv",
            "id;title;role;due\na1;Nulägesanalys;rektor;2026-09-15\n",
        ),
    ];
    let named =
        |files: [(&str, &'static str); 6]| files.map(|(name, text)| (name.to_owned(), text));
    let outcome = town.import(&named(full), &[]);
    assert_eq!(outcome["applied"], true, "{outcome:#}");
    let before = town.dump();
    let outcome = town.import(&named(bare), &[]);
    assert_eq!(outcome["applied"], true, "{outcome:#}");
    assert_eq!(town.dump(), before);
}

#[test]
fn a_first_day_filled_in_later_is_no_second_post() {
    let town = Town::settled();
    let posts = "SELECT count(*) || ' ' || max(ifnull(valid_from, '')) FROM appointment WHERE person = 'rut' AND unit = '12345678'";
    let people = "id;name;email;role;units;valid_from\nrut;Rut Öberg;rut@skola.example;rektor;12345678;2026-08-01\n";
    town.file("people.csv", people);
    assert_eq!(town.value(posts), "1 2026-08-01");
    town.file("people.csv", people.replace("2026-08-01", ""));
    assert_eq!(town.value(posts), "1 2026-08-01");
    // Two times at one post are two, also when the first has no first day.
    let twice = "id;name;email;role;units;valid_from;valid_to\n\
                 mia;Mia;mia@s.example;rektor;01234567;;2024-06-30\n\
                 mia;Mia;mia@s.example;rektor;01234567;2026-08-01;\n";
    for added in [2, 0] {
        let outcome = town.file("people.csv", twice);
        assert_eq!(
            outcome["changes"]["appointment"]["added"], added,
            "{outcome:#}"
        );
    }
}

#[test]
fn a_dormant_unit_keeps_its_last_day_and_opens_again() {
    let town = Town::settled();
    let last = "SELECT ifnull(active_to, '') FROM school_unit WHERE code = '34567890'";
    let at = |status: &str, at: &str| {
        let file = format!("code;name;status\n34567890;Vilan;{status}\n");
        let outcome = town.import(
            &[("units.csv".to_owned(), file)],
            &["--area", "norr", "--at", at],
        );
        assert_eq!(outcome["applied"], true, "{outcome:#}");
        town.value(last)
    };
    assert_eq!(at("VILANDE", "2026-11-24T08:00"), "2026-11-23");
    assert_eq!(at("VILANDE", "2026-12-24T08:00"), "2026-11-23");
    assert_eq!(at("AKTIV", "2027-01-24T08:00"), "");
}

#[test]
fn a_dry_run_or_a_refused_import_makes_no_calendar() {
    let town = Town::new();
    let calendar = town.0.path().join("calendar.db");
    let outcome = town.import(&good(str::as_bytes), &["--dry-run"]);
    assert_eq!(outcome["changes"]["measure"]["added"], 2);
    town.file("areas.csv", "id;name\n;x\n");
    let (code, said) = town.run(&["record", "activity", "a1", "--done-on", "2026-09-14"]);
    assert!(code == 1 && said.contains("avstamd import"), "{said}");
    assert!(!calendar.exists());
    town.import(&good(str::as_bytes), &[]);
    town.file("areas.csv", "id;name\n;x\n");
    let refused = "SELECT what FROM journal ORDER BY id DESC LIMIT 1";
    assert_eq!(town.value(refused), "refused: 1 fel i areas.csv");
}

#[test]
fn what_belongs_together_is_said_again_together_or_anew() {
    let town = Town::settled();
    let measures = "id;unit;school_year;decision;evaluate_by;evaluated_on;effect;next_date\n\
                    m2;01234567;2025/26;Mattestöd.;2026-05-03;2026-05-01;viss;2027-05-01\n";
    let evaluation =
        "SELECT effect || ' ' || ifnull(next_date, '-') FROM evaluation WHERE measure = 'm2'";
    town.file("measures.csv", measures);
    record(
        &town,
        &["evaluation", "m2", "--on", "2026-05-01", "--effect", "good"],
    );
    assert_eq!(town.value(evaluation), "good -");
    town.file("measures.csv", measures);
    assert_eq!(town.value(evaluation), "good -");
    let outcome = town.file("measures.csv", measures.replace("viss", "för tidigt"));
    assert_eq!(outcome["applied"], true, "{outcome:#}");
    assert_eq!(town.value(evaluation), "too_early 2027-05-01");
}

#[test]
fn an_activity_that_comes_to_another_place_leaves_the_first() {
    let town = Town::settled();
    let place =
        "SELECT ifnull(unit, '-') || ' ' || ifnull(area, '-') FROM activity WHERE id = 'a9'";
    let at = |unit: &str, area: &str| {
        let file = format!("id;title;role;due;unit;area\na9;T;rektor;2026-12-01;{unit};{area}\n");
        let outcome = town.file("activities.csv", file);
        assert_eq!(outcome["applied"], true, "{outcome:#}");
        town.value(place)
    };
    assert_eq!(at("12345678", ""), "12345678 -");
    town.change("UPDATE activity SET unit = NULL, area = 'norr' WHERE id = 'a9'");
    assert_eq!(at("12345678", ""), "- norr");
    assert_eq!(at("01234567", ""), "01234567 -");
}

#[test]
fn an_import_that_changes_nothing_still_ends_the_story_of_one_refused() {
    let town = Town::settled();
    let latest = "SELECT count(*) || ' ' || (SELECT what FROM journal WHERE door = 'import'
                  ORDER BY id DESC LIMIT 1) FROM journal";
    town.file("areas.csv", "id;name\n;x\n");
    assert_eq!(town.value(latest), "2 refused: 1 fel i areas.csv");
    town.import(&good(str::as_bytes), &["--dry-run"]);
    assert_eq!(town.value(latest), "2 refused: 1 fel i areas.csv");
    town.import(&good(str::as_bytes), &[]);
    assert_eq!(town.value(latest), "3 imported");
    town.import(&good(str::as_bytes), &[]);
    assert_eq!(town.value(latest), "3 imported");
}

#[test]
fn two_evaluations_another_system_wrote_on_one_day_stay_two() {
    let town = Town::settled();
    town.change(
        "INSERT INTO evaluation (measure, evaluated_on, effect, text)
         VALUES ('m2', '2026-05-01', 'some', 'Ett'), ('m2', '2026-05-01', NULL, 'Två')",
    );
    let measures = "id;unit;school_year;decision;evaluate_by;evaluated_on;assessment\n\
                    m2;01234567;2025/26;Mattestöd.;2026-05-03;2026-05-01;Tre\n";
    town.file("measures.csv", measures);
    let texts = "SELECT group_concat(text) FROM
                 (SELECT text FROM evaluation WHERE measure = 'm2' ORDER BY id)";
    assert_eq!(town.value(texts), "Ett,Tre");
}

#[test]
fn a_corrected_day_of_an_evaluation_is_warned_of() {
    let town = Town::settled();
    let measures = "id;unit;school_year;decision;evaluate_by;evaluated_on\n\
                    m2;01234567;2025/26;Mattestöd.;2026-05-03;2026-05-01\n";
    assert_eq!(warnings(&town.file("measures.csv", measures)), []);
    assert_eq!(warnings(&town.file("measures.csv", measures)), []);
    let outcome = town.file(
        "measures.csv",
        measures.replace(";2026-05-01", ";2026-05-02"),
    );
    let found = warnings(&outcome);
    assert!(told(&found, 2, "evaluated_on", "2026-05-01"), "{found:?}");
}

#[test]
fn a_post_touches_every_area_where_its_holder_answers_for_something() {
    let town = Town::settled();
    town.change(
        "INSERT INTO area VALUES ('söder', 'Södra');
         INSERT INTO school_unit (code, name, area) VALUES ('20000000', 'Ö', 'söder');
         INSERT INTO person (id, name) VALUES ('eva', 'Eva');
         INSERT INTO measure (id, unit, school_year, decision, responsible, evaluate_by)
         VALUES ('m8', '20000000', '2026/27', 'X', 'eva', '2026-12-01');",
    );
    let seq = || town.value("SELECT printf('%d', seq) FROM change WHERE area = 'söder'");
    let mut before = seq();
    for change in [
        "INSERT INTO appointment (person, role, unit) VALUES ('eva', 'principal', '12345678')",
        "UPDATE appointment SET valid_to = '2026-12-31' WHERE person = 'eva'",
        "DELETE FROM appointment WHERE person = 'eva'",
    ] {
        town.change(change);
        assert_ne!(seq(), before, "{change}");
        before = seq();
    }
}

#[test]
fn a_file_with_two_times_at_a_post_is_not_held_against_the_later() {
    let town = Town::settled();
    let later =
        "id;name;email;role;units;valid_from\nmia;Mia;mia@s.example;rektor;01234567;2026-08-01\n";
    town.file("people.csv", later);
    let both = "id;name;email;role;units;valid_from;valid_to\n\
                mia;Mia;mia@s.example;rektor;01234567;;2024-06-30\n\
                mia;Mia;mia@s.example;rektor;01234567;2026-08-01;\n";
    let outcome = town.file("people.csv", both);
    assert_eq!(outcome["changes"]["appointment"]["added"], 1, "{outcome:#}");
}

#[test]
fn an_empty_level_or_language_changes_nothing() {
    let town = Town::settled();
    let units = "code;name;level\n01234567;Ängskolan;\n";
    let people = "id;name;email;language\nåke;Åke Ärlig;ake@skola.example;\n";
    for (name, file) in [("units.csv", units), ("people.csv", people)] {
        assert_eq!(town.file(name, file)["applied"], true);
    }
    let both = "SELECT level || ' ' || language FROM school_unit, person
                WHERE code = '01234567' AND id = 'åke'";
    assert_eq!(town.value(both), "reinforced en");
    let twice = "id;name;email;role;units;language\n\
                 mia;Mia;mia@s.example;rektor;12345678;\n\
                 mia;Mia;mia@s.example;rektor;01234567;en\n";
    let outcome = town.file("people.csv", twice);
    assert_eq!(outcome["applied"], true, "{outcome:#}");
    assert_eq!(
        town.value("SELECT language FROM person WHERE id = 'mia'"),
        "en"
    );
}

#[test]
fn rows_from_before_imports_were_remembered_are_first_taken_at_the_files_word() {
    let town = Town::settled();
    let away = || town.value("SELECT away_to FROM absence WHERE person = 'rut'");
    let record = |to| {
        record(
            &town,
            &[
                "absence",
                "--person",
                "rut",
                "--from",
                "2026-11-02",
                "--to",
                to,
            ],
        );
    };
    town.change("UPDATE absence SET imported = NULL");
    record("2026-11-13");
    town.import(&good(str::as_bytes), &[]);
    assert_eq!(away(), "2026-11-06");
    record("2026-11-13");
    town.import(&good(str::as_bytes), &[]);
    assert_eq!(away(), "2026-11-13");
}
