//! Broken CSV files: each is told by its file, line and column, with what to write instead, and
//! nothing of it is written.

use crate::town::{Town, faults, good, told};

/// A file's name, its content, the line and column of the fault, and a word of the remedy.
const BROKEN: [(&str, &str, u64, &str, &str); 96] = [
    ("areas.csv", "", 0, "", "name the columns"),
    ("areas.csv", "id;name\n;Norr\n", 2, "id", "fill it in"),
    ("areas.csv", "id;name\nn;\n", 2, "name", "fill it in"),
    ("areas.csv", "id\nn\n", 1, "name", "\"name\""),
    ("areas.csv", "id;name;Namn\nn;a;b\n", 1, "Namn", "keep one"),
    ("areas.csv", "id;name\nn;A\nn;B\n", 3, "id", "line 2"),
    (
        "areas.csv",
        "id;name\nn;A\u{202e}B\n",
        2,
        "name",
        "invisible",
    ),
    (
        "areas.csv",
        "id;name\nn;\"A\nB\"\n",
        2,
        "name",
        "line break",
    ),
    ("okänd.csv", "färg;form\nblå;rund\n", 1, "", "name the file"),
    (
        "units.csv",
        "code;name;area\n1234;A;norr\n",
        2,
        "code",
        "eight digits",
    ),
    (
        "units.csv",
        "code;name;area\n1,23E+07;A;norr\n",
        2,
        "code",
        "as text",
    ),
    (
        "units.csv",
        "code;name;area\nabc;A;norr\n",
        2,
        "code",
        "eight digits",
    ),
    (
        "units.csv",
        "code;name;area\n87654321;A;\n",
        2,
        "area",
        "--area",
    ),
    (
        "units.csv",
        "code;name;area\n87654321;A;väst\n",
        2,
        "area",
        "areas.csv",
    ),
    (
        "units.csv",
        "code;name;area;level\n87654321;A;norr;hög\n",
        2,
        "level",
        "reinforced",
    ),
    (
        "units.csv",
        "code;name;area;active_from\n87654321;A;norr;1/7 2020\n",
        2,
        "active_from",
        "2026-12-03",
    ),
    (
        "units.csv",
        "code;name;area;active_from\n87654321;A;norr;2020-02-30\n",
        2,
        "active_from",
        "2026-12-03",
    ),
    (
        "units.csv",
        "code;name;area;active_from\n87654321;A;norr;9999-01-01\n",
        2,
        "active_from",
        "1990–2100",
    ),
    (
        "units.csv",
        "code;name;area;active_from;active_to\n87654321;A;norr;2026-07-01;2026-06-30\n",
        2,
        "active_to",
        "correct one",
    ),
    (
        "units.csv",
        "code;name;area;successor\n87654321;A;norr;87654321\n",
        2,
        "successor",
        "own successor",
    ),
    (
        "units.csv",
        "code;name;area;successor\n87654321;A;norr;11111111\n",
        2,
        "successor",
        "units.csv",
    ),
    (
        "units.csv",
        "code;name;area;successor\n87654321;A;norr;11111111\n11111111;B;norr;87654321\n",
        2,
        "successor",
        "circle",
    ),
    (
        "units.csv",
        "code;name;area;status\n87654321;A;norr;KANSKE\n",
        2,
        "status",
        "AKTIV",
    ),
    (
        "people.csv",
        "id;name;email\np;P;inte en adress\n",
        2,
        "email",
        "namn@skola.example",
    ),
    (
        "people.csv",
        "id;name;email\np;P;a@b.example, c@d.example\n",
        2,
        "email",
        "namn@skola.example",
    ),
    (
        "people.csv",
        "id;name;email\np;P;<p@b.example>\n",
        2,
        "email",
        "namn@skola.example",
    ),
    (
        "people.csv",
        "id;name;email\np;P;pär@b.example\n",
        2,
        "email",
        "å, ä",
    ),
    (
        "people.csv",
        "id;name;email\np;P;p@b\n",
        2,
        "email",
        "namn@skola.example",
    ),
    (
        "people.csv",
        "id;name;email\np;P;p..q@b.example\n",
        2,
        "email",
        "namn@skola.example",
    ),
    (
        "people.csv",
        "id;name;email\np;P;a@b.example\np;Q;a@b.example\n",
        3,
        "id",
        "same in each",
    ),
    (
        "people.csv",
        "id;name;email;role\np;P;a@b.example;kung\n",
        2,
        "role",
        "rektor",
    ),
    (
        "people.csv",
        "id;name;email;role\np;P;a@b.example;rektor\n",
        2,
        "units",
        "codes",
    ),
    (
        "people.csv",
        "id;name;email;role\np;P;a@b.example;områdeschef\n",
        2,
        "area",
        "area",
    ),
    (
        "people.csv",
        "id;name;email;role;units\np;P;a@b.example;rektor;11111111\n",
        2,
        "units",
        "units.csv",
    ),
    (
        "people.csv",
        "id;name;email;role;units\np;P;a@b.example;rektor;12\n",
        2,
        "units",
        "eight digits",
    ),
    (
        "people.csv",
        "id;name;email;role;units;valid_from;valid_to\np;P;a@b.example;rektor;12345678;2026-08-01;2026-07-01\n",
        2,
        "valid_to",
        "correct one",
    ),
    (
        "people.csv",
        "id;name;email;language\np;P;a@b.example;fi\n",
        2,
        "language",
        "write sv",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision\nm;12345678;2026/27;X\n",
        1,
        "evaluate_by",
        "evaluate_by",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by\n;12345678;2026/27;X;2026-12-01\n",
        2,
        "id",
        "fill it in",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by\nm;;2026/27;X;2026-12-01\n",
        2,
        "unit",
        "eight digits",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by\nm;12345678;2026;X;2026-12-01\n",
        2,
        "school_year",
        "2026/27",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by\nm;12345678;2026/27;;2026-12-01\n",
        2,
        "decision",
        "decided",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by\nm;12345678;2026/27;X;\n",
        2,
        "evaluate_by",
        "2026-12-03",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by\nm;12345678;2026/27;X;3 dec\n",
        2,
        "evaluate_by",
        "2026-12-03",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by;decided_on\nm;12345678;2026/27;X;2026-12-01;2027-01-01\n",
        2,
        "decided_on",
        "correct one",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by;responsible\nm;12345678;2026/27;X;2026-12-01;ingen\n",
        2,
        "responsible",
        "people.csv",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by;status\nm;12345678;2026/27;X;2026-12-01;klart\n",
        2,
        "status",
        "completed",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by;effect\nm;12345678;2026/27;X;2026-12-01;god\n",
        2,
        "effect",
        "when it was assessed",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by;evaluated_on;effect\nm;12345678;2026/27;X;2026-12-01;2026-12-01;bra\n",
        2,
        "effect",
        "god",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by;evaluated_on;effect\nm;12345678;2026/27;X;2026-12-01;2026-12-05;för tidigt\n",
        2,
        "evaluate_by",
        "look again",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by;next_step\nm;12345678;2026/27;X;2026-12-01;fortsätt\n",
        2,
        "next_step",
        "when it was evaluated",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by\nm;12345678;2026/27;\"två\nrader\";2026-12-01\nn;12345678;2026/27;X;fel\n",
        4,
        "evaluate_by",
        "2026-12-03",
    ),
    (
        "absences.csv",
        "person;from;to\nrut;2026-11-06;2026-11-02\n",
        2,
        "to",
        "correct one",
    ),
    (
        "absences.csv",
        "person;from;to\nvem;2026-11-06;2026-11-09\n",
        2,
        "person",
        "people.csv",
    ),
    (
        "absences.csv",
        "person;from;to;deputy\nrut;2027-01-11;2027-01-15;rut\n",
        2,
        "deputy",
        "somebody else",
    ),
    (
        "absences.csv",
        "person;from;to;deputy\nrut;2027-01-11;2027-01-15;åke\nåke;2027-01-14;2027-01-20;rut\n",
        2,
        "deputy",
        "circle",
    ),
    (
        "check_ins.csv",
        "principal;area_manager;starts\nrut;rut;2026-11-10 08:30\n",
        2,
        "area_manager",
        "takes two",
    ),
    (
        "check_ins.csv",
        "principal;area_manager;starts\nrut;åke;2026-11-10\n",
        2,
        "starts",
        "08:30",
    ),
    (
        "dialogues.csv",
        "unit;school_year;round;starts\n12345678;2026/27;tredje;2026-11-10 08:30\n",
        2,
        "round",
        "explore",
    ),
    (
        "dialogues.csv",
        "unit;school_year;round;starts;minutes\n12345678;2026/27;explore;2026-11-10 08:30;många\n",
        2,
        "minutes",
        "whole number",
    ),
    (
        "activities.csv",
        "id;title;role;due;unit;area\na;T;rektor;2026-11-10;12345678;norr\n",
        2,
        "area",
        "keep one",
    ),
    (
        "activities.csv",
        "id;title;role;due\na;T;;2026-11-10\n",
        2,
        "role",
        "rektor",
    ),
    (
        "areas.csv",
        "id;name\nöst;\"Östra\nväst;Västra\nsyd;Södra\n",
        2,
        "",
        "never closed",
    ),
    (
        "areas.csv",
        "id;name\nöst;\"Östra\nväst;Västra\nsyd;\"Södra\"\n",
        2,
        "",
        "on line 4",
    ),
    (
        "areas.csv",
        "sep=;\nid;name\nöst;\"Östra\n",
        3,
        "",
        "never closed",
    ),
    (
        "areas.csv",
        "id;name\nöst;Östra;området\n",
        2,
        "",
        "in quotes",
    ),
    (
        "areas.csv",
        "id,name\nöst,Östra,området\n",
        2,
        "",
        "a comma",
    ),
    (
        "areas.csv",
        "id;name\nöst;V\u{fffd}stra\n",
        2,
        "name",
        "type the text anew",
    ),
    ("areas.csv", "färg;form\nblå;rund\n", 1, "", "id, name"),
    (
        "areas.csv",
        "id;name\nöst;#REF!\n",
        2,
        "name",
        "a formula failed",
    ),
    (
        "areas.csv",
        "id;name\nöst;#SAKNAS!\n",
        2,
        "name",
        "a formula failed",
    ),
    (
        "areas.csv",
        "id;name\nöst;########\n",
        2,
        "name",
        "widen it",
    ),
    ("areas.csv", "id;name\nöst;Östra\0\n", 2, "", "save it anew"),
    (
        "units.csv",
        "code;name;area\n34567890;C;norr\n\n3456789O;D;norr\n",
        4,
        "code",
        "eight digits",
    ),
    (
        "units.csv",
        "code;name\n34567890;C\n34567891;D\n",
        1,
        "area",
        "--area-from",
    ),
    (
        "units.csv",
        "code;name;area;active_to\n12345678;Åsskolan;norr;2020-01-01\n",
        2,
        "active_to",
        "correct one",
    ),
    (
        "people.csv",
        "id;name;email\nx;X;x@s.example\n\n;Y;y@s.example\n",
        4,
        "id",
        "fill it in",
    ),
    (
        "people.csv",
        "id;Namn;E-post;Roll;Skolenheter\nzz;Z;z@s.example;rektor;11111111 12345678\n",
        2,
        "Skolenheter",
        "units.csv",
    ),
    (
        "people.csv",
        "id;name;email;role;units;valid_to\nmia;Mia;mia@s.example;rektor;12345678;\nmia;Mia;mia@s.example;rektor;12345678;\n",
        3,
        "role",
        "line 2",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by\nm;12345678;2026/27;\"Rad 1\nRad 2\";2026-12-01\n;12345678;2026/27;Viktig;2026-12-01\n",
        4,
        "id",
        "fill it in",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by;assessment\nm;12345678;2026/27;X;2026-12-01;Det gick bra\n",
        2,
        "assessment",
        "when it was evaluated",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by;next_date\nm;12345678;2026/27;X;2026-12-01;2027-01-01\n",
        2,
        "next_date",
        "when it was evaluated",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by\nm;12345678;2026/27;Läs; mer;2026-12-01\n",
        2,
        "",
        "in quotes",
    ),
    (
        "measures.csv",
        "id;Skolenhet;Läsår;Beslutad åtgärd;Utvärderas senast;Ansvarig\nm;12345678;2026/27;X;2026-12-01;vem\n",
        2,
        "Ansvarig",
        "people.csv",
    ),
    (
        "measures.csv",
        "id;Skolenhet;Läsår;Beslutad åtgärd;Utvärderas senast;Effekt bedömd\nm;12345678;2026/27;X;2026-12-01;2026-11-20\n",
        2,
        "Effekt bedömd",
        "a day without an effect",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by;evaluated_on;effect;effect_assessed_on\nm;12345678;2026/27;X;2026-12-01;2026-11-20;god;2026-11-01\n",
        2,
        "effect_assessed_on",
        "correct one",
    ),
    (
        "check_ins.csv",
        "Rektor;Områdeschef;Börjar\nåke;åke;2026-11-10 08:30\n",
        2,
        "Områdeschef",
        "takes two",
    ),
    (
        "check_ins.csv",
        "principal;area_manager;starts\nrut;åke;08:30\n",
        2,
        "starts",
        "without a day",
    ),
    (
        "check_ins.csv",
        "principal;area_manager;starts\nrut;åke;1900-01-01 08:30\n",
        2,
        "starts",
        "1990–2100",
    ),
    (
        "check_ins.csv",
        "principal;area_manager;starts\nrut;åke;2026-12-10 08:30\nrut;åke;2026-12-10 08:30\n",
        3,
        "starts",
        "keep one",
    ),
    (
        "dialogues.csv",
        "unit;school_year;round;starts\n12345678;2026/27;;2026-11-10 08:30\n",
        2,
        "round",
        "explore",
    ),
    (
        "dialogues.csv",
        "unit;school_year;round;starts\n11111111;2026/27;explore;2026-11-10 08:30\n",
        2,
        "unit",
        "units.csv",
    ),
    (
        "dialogues.csv",
        "unit;school_year;round;starts;state\n12345678;2026/27;explore;2026-11-10 08:30;kanske\n",
        2,
        "state",
        "planned",
    ),
    (
        "activities.csv",
        "id;title;role;due\na;T;rektor;snart\n",
        2,
        "due",
        "2026-12-03",
    ),
    (
        "activities.csv",
        "id;title;role;due;area\na;T;rektor;2026-12-01;väst\n",
        2,
        "area",
        "areas.csv",
    ),
    (
        "absences.csv",
        "person;from;to\nrut;2027-01-11;2927-01-15\n",
        2,
        "to",
        "1990–2100",
    ),
];

#[test]
fn each_fault_is_told_by_its_place_and_nothing_is_written() {
    let town = Town::settled();
    let before = town.dump();
    for (name, content, line, column, remedy) in BROKEN {
        let outcome = town.file(name, content);
        let found = faults(&outcome);
        // Whoever is in a circle is told of it.
        let count = if remedy == "circle" { 2 } else { 1 };
        assert_eq!(found.len(), count, "{content}: {found:#?}");
        let (at, of, message) = &found[0];
        assert_eq!((*at, of.as_str()), (line, column), "{content}: {message}");
        assert!(message.contains(remedy), "{content}: {remedy}: {message}");
        let file = outcome["faults"][0]["file"].as_str().unwrap();
        assert!(file.ends_with(name), "{content}: {file}");
        assert_eq!(town.dump(), before, "{content}");
    }
}

#[test]
fn a_person_reads_the_same_in_words() {
    let town = Town::settled();
    for (name, content, line, column, remedy) in BROKEN.into_iter().step_by(7) {
        let (code, said) = town.words(&[(name.to_owned(), content)], &[]);
        let place = match (line, column) {
            (0, _) => format!("{name}: "),
            (_, "") => format!("{name}, line {line}"),
            _ => format!("{name}, line {line}, column {column}"),
        };
        let told = said
            .lines()
            .any(|l| l.contains(&place) && l.contains(remedy));
        assert!(code == 1 && told, "{place}, {remedy}: {said}");
        assert!(
            said.ends_with(" fault. Nothing was imported.\n") || said.contains("2 faults"),
            "{said}"
        );
    }
}

#[test]
fn good_files_do_not_enter_beside_a_bad_one_and_all_faults_are_told_at_once() {
    let town = Town::new();
    let mut files: Vec<(String, String)> = good(str::to_owned);
    files.push(("absences.csv".into(), "person;from;to\nvem;x;y\n".into()));
    files.push(("areas.csv".into(), "id;name\nx;\n;y\n".into()));
    assert!(faults(&town.import(&files, &[])).len() >= 4);
    assert_eq!(town.dump(), [""; 0]);
}

#[test]
fn one_cause_is_one_fault() {
    let rows = "12345678;A\n23456789;B\n34567890;C\n";
    let people = "id;name;email;role;units\np;P;p@s.example;rektor;12345678 23456789\n";
    let town = Town::new();
    for (units, options, word) in [
        (format!("code;nam\n{rows}"), &[][..], "\"name\""),
        (format!("code;name\n{rows}"), &[], "--area-from"),
        (format!("code;name\n{rows}"), &["--area", "väst"], "väst"),
        (format!("code;name\n{rows}"), &["--area-from", "ort"], "ort"),
    ] {
        let files = [
            ("units.csv".to_owned(), units),
            ("people.csv".to_owned(), people.to_owned()),
        ];
        let found = faults(&town.import(&files, options));
        assert!(found.len() == 1 && found[0].2.contains(word), "{found:#?}");
    }
    // A row with a fault of its own is none of those who refer to it.
    let files = [
        ("areas.csv", "id;name\nn;Norr\n"),
        (
            "units.csv",
            "code;name;area;level\n12345678;A;n;hög\n23456789;B;n;\n",
        ),
        ("people.csv", people),
    ];
    let found = faults(&town.import(&files.map(|(name, text)| (name.to_owned(), text)), &[]));
    assert!(found.len() == 1 && found[0].1 == "level", "{found:#?}");
}

#[test]
fn a_path_that_leads_nowhere_hides_no_other_fault() {
    let town = Town::new();
    let file = town.0.path().join("areas.csv");
    std::fs::write(&file, "id;name\nx;\n").unwrap();
    let (code, said) = town.run(&["import", "--json", "saknas.csv", file.to_str().unwrap()]);
    let outcome = serde_json::from_str(&said).unwrap();
    let found = faults(&outcome);
    assert_eq!(code, 1);
    assert!(
        found.len() == 2 && found[0].2.contains("see that it is there"),
        "{found:#?}"
    );
}

#[test]
fn bytes_that_are_not_the_files_own_are_told_by_their_line() {
    let town = Town::settled();
    let before = town.dump();
    let mixed = ["id;name\nöst;Östra\nsör;Sö".as_bytes(), b"dr\xe4\n"].concat();
    let found = faults(&town.file("areas.csv", mixed));
    assert!(
        found.len() == 1 && found[0].0 == 3 && found[0].2.contains("CSV UTF-8"),
        "{found:?}"
    );
    assert_eq!(town.dump(), before);
    // Windows-1252 stays what it is, and a Mac's letters in two pieces are the same letters.
    assert_eq!(
        town.file("areas.csv", b"id;name\nv;V\xe4st \x96 \xf6st\n")["applied"],
        true
    );
    assert_eq!(
        town.value("SELECT name FROM area WHERE id = 'v'"),
        "Väst – öst"
    );
    let mac = "id;Namn\na\u{30a}s;A\u{308}ng\n";
    assert_eq!(town.file("omra\u{30a}den.csv", mac)["applied"], true);
    assert_eq!(town.value("SELECT name FROM area WHERE id = 'ås'"), "Äng");
}

#[test]
fn a_circle_that_the_calendar_closes_is_a_fault() {
    let town = Town::settled();
    let units = "code;name;successor\n12345678;Åsskolan;01234567\n";
    let found = faults(&town.file("units.csv", units));
    assert!(told(&found, 2, "successor", "circle"), "{found:?}");
    let absences = "person;from;to;deputy\nåke;2026-11-05;2026-11-09;rut\n";
    let found = faults(&town.file("absences.csv", absences));
    assert!(told(&found, 2, "deputy", "circle"), "{found:?}");
    // What the file ends in the same breath is no circle, and neither is another day.
    let units = "code;name;successor\n12345678;Åsskolan;01234567\n01234567;Ängskolan;\n";
    assert_eq!(faults(&town.file("units.csv", units)), []);
    let absences = "person;from;to;deputy\nåke;2026-11-07;2026-11-09;rut\n";
    assert_eq!(faults(&town.file("absences.csv", absences)), []);
}
