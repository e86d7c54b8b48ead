//! What may be meant, and more likely is not, is read and warned of.

use crate::town::{Town, told, warnings};

/// A file's name, its content, the line and column of the warning, and a word of it.
const DOUBTFUL: [(&str, &str, u64, &str, &str); 14] = [
    ("areas.csv", "id;name\n", 1, "", "0 rows"),
    (
        "areas.csv",
        "id;;name\nöst;blå;Östra\n",
        1,
        "",
        "the nameless column 2",
    ),
    (
        "units.csv",
        "code;name;area\n12345;Liten;norr\n",
        2,
        "code",
        "00012345",
    ),
    (
        "people.csv",
        "id;name;email\nmia;Mia;\n",
        2,
        "email",
        "will get no mail",
    ),
    (
        "people.csv",
        "id;name;email\n19800101-1234;Mia;mia@s.example\n",
        2,
        "id",
        "identity number",
    ),
    (
        "people.csv",
        "id;name;email;role;area\nmia;Mia;mia@s.example;skolchef;norr\n",
        2,
        "area",
        "whole authority",
    ),
    (
        "people.csv",
        "id;name;email;role;Skolenheter\nmia;Mia;mia@s.example;rektor;12345678\n",
        2,
        "Skolenheter",
        "mia and rut",
    ),
    (
        "people.csv",
        "id;name;email;role;units;valid_from;valid_to\nmia;Mia;mia@s.example;rektor;01234567;2030-08-01;\neva;Eva;eva@s.example;rektor;01234567;;\nrut;Rut Öberg;rut@skola.example;rektor;01234567;;2026-06-30\n",
        3,
        "units",
        "eva and mia",
    ),
    (
        "dialogues.csv",
        "unit;school_year;round;starts\n12345678;2025/26;explore;2026-10-06 13:00\n",
        2,
        "starts",
        "outside the school year 2025/26",
    ),
    (
        "check_ins.csv",
        "principal;area_manager;starts;held_on\nrut;åke;2026-12-10 08:30;2026-12-10\n",
        2,
        "held_on",
        "yet to come",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by\nm9;12345678;2026/27;Stöd till 201203041234.;2026-12-01\n",
        2,
        "decision",
        "identity number",
    ),
    (
        "units.csv",
        "code;name;area\n34567890;C;norr\n\nUppgifterna är från 2026.\n;och gäller norr\n",
        4,
        "",
        "2 lines are taken for footnotes",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by;Källa\nm8;12345678;2026/27;\"Rad 1\nRad 2\";2026-12-01;\n\n;;;;;Från Stratsys\n",
        5,
        "",
        "footnotes",
    ),
    (
        "activities.csv",
        "id;title;role;due;done\na9;T;rektor;2026-12-10;2026-12-09\n",
        2,
        "done",
        "yet to come",
    ),
];

#[test]
fn doubts_are_told_by_their_place_and_the_rest_is_read() {
    for (name, content, line, column, word) in DOUBTFUL {
        let town = Town::settled();
        let outcome = town.file(name, content);
        assert_eq!(outcome["applied"], true, "{content}: {outcome:#}");
        let found = warnings(&outcome);
        assert!(told(&found, line, column, word), "{content}: {found:#?}");
    }
}

#[test]
fn who_follows_whom_at_a_unit_is_no_doubt() {
    let town = Town::settled();
    let people = "id;name;email;role;units;valid_from;valid_to\n\
                  rut;Rut Öberg;rut@skola.example;rektor;12345678;;2026-12-31\n\
                  mia;Mia;mia@s.example;rektor;12345678;2027-01-01;\n\
                  eva;Eva;eva@s.example;tf rektor;12345678;2026-11-01;2026-11-30\n";
    let outcome = town.file("people.csv", people);
    assert_eq!(warnings(&outcome), [], "{outcome:#}");
}

#[test]
fn a_quality_officer_may_be_an_areas() {
    let town = Town::settled();
    let people = "id;name;email;role;area\nkim;Kim;kim@s.example;kvalitetsutvecklare;norr\n";
    town.file("people.csv", people);
    let area = "SELECT area FROM appointment WHERE person = 'kim'";
    assert_eq!(town.value(area), "norr");
}

#[test]
fn commas_in_free_text_separate_nothing() {
    let town = Town::settled();
    let file =
        "id;title;role;due\na9;Frånvaro, betyg, prov, enkäter, trygghet;skolchef;2026-12-01\n";
    assert_eq!(town.file("activities.csv", file)["applied"], true);
    let file = "id;namn\nöst;Förskola, skola, fritids\n";
    assert_eq!(town.file("areas.csv", file)["applied"], true);
    assert_eq!(
        town.value("SELECT name FROM area WHERE id = 'öst'"),
        "Förskola, skola, fritids"
    );
}

#[test]
fn a_post_that_has_ended_is_not_taken_up_again_without_a_first_day() {
    let town = Town::settled();
    let file =
        "id;name;email;role;units;valid_to\nmia;Mia;mia@s.example;rektor;01234567;2024-06-30\n";
    let found = warnings(&town.file("people.csv", file));
    assert!(!told(&found, 2, "units", "left this post"), "{found:?}");
    let back = "id;name;email;role;units\nmia;Mia;mia@s.example;rektor;01234567\n";
    let found = warnings(&town.file("people.csv", back));
    assert!(
        told(&found, 2, "units", "mia left this post on 2024-06-30"),
        "{found:?}"
    );
    // An empty last day is said, and the post goes on.
    let back = file.replace("2024-06-30", "");
    let found = warnings(&town.file("people.csv", &back));
    assert!(!told(&found, 2, "units", "left this post"), "{found:?}");
}

#[test]
fn two_check_ins_of_a_pair_on_one_day_are_told() {
    let town = Town::settled();
    let file = "principal;area_manager;starts\nrut;åke;2026-11-24 13:00\n";
    let found = warnings(&town.file("check_ins.csv", file));
    assert!(told(&found, 2, "starts", "2026-11-24T08:30"), "{found:?}");
    assert_eq!(warnings(&town.file("check_ins.csv", file)), [], "told once");
    let other = file.replace("11-24 13:00", "11-25 13:00");
    assert_eq!(warnings(&town.file("check_ins.csv", other)), []);
}

/// What a unit leaves behind follows its successor within an area only.
#[test]
fn a_successor_in_another_area_is_warned_of() {
    let town = Town::settled();
    let files = [
        ("areas.csv".to_owned(), "id;name\nfjärran;Fjärran\n"),
        (
            "units.csv".to_owned(),
            "code;name;area;successor\n22222222;Bort;fjärran;\n33333333;Hit;norr;22222222\n",
        ),
    ];
    let found = warnings(&town.import(&files, &[]));
    assert!(told(&found, 3, "successor", "fjärran"), "{found:?}");
    assert_eq!(found.len(), 1, "{found:?}");
}
