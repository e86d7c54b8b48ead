//! Broken workbooks: each is told by its sheet's line and column, with what to write instead.

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet};

use crate::town::{Town, faults, told, warnings};

/// A sheet of that name with a header and one row of text.
fn sheet<'w>(workbook: &'w mut Workbook, name: &str, rows: &[&[&str]]) -> &'w mut Worksheet {
    let sheet = workbook.add_worksheet();
    sheet.set_name(name).unwrap();
    for (line, row) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(*row) {
            sheet.write(line, column, *cell).unwrap();
        }
    }
    sheet
}

const UNITS: &[&str] = &["Skolenhetskod", "Namn", "Område", "Gäller från"];
const PEOPLE: &[&str] = &["id", "Namn", "E-post", "Roll", "Skolenheter"];
const CHECK_INS: &[&str] = &["Rektor", "Områdeschef", "Börjar", "Genomförd"];
const MEASURES: &[&str] = &[
    "id",
    "Skolenhet",
    "Läsår",
    "Beslutad åtgärd",
    "Utvärderas senast",
    "Effekt",
];

/// What is wrong with a workbook: how it comes about, and the line, column and word it is told by.
type Case = (
    &'static str,
    fn(&mut Workbook),
    u64,
    &'static str,
    &'static str,
);

const BROKEN: [Case; 22] = [
    (
        "a stray cell far down",
        |w| {
            sheet(w, "Områden", &[&["id", "Namn"], &["x", "X"]])
                .write(1_048_575, 16_383, "x")
                .unwrap();
        },
        1_048_576,
        "",
        "XFD1048576",
    ),
    (
        "a stray cell far to the right",
        |w| {
            sheet(w, "Områden", &[&["id", "Namn"], &["x", "X"]])
                .write(1, 702, "x")
                .unwrap();
        },
        2,
        "",
        "AAA2",
    ),
    (
        "an error value",
        |w| {
            let failed = Formula::new("=1/0").set_result("#DIV/0!");
            sheet(w, "Områden", &[&["id", "Namn"], &["x"]])
                .write(1, 1, failed)
                .unwrap();
        },
        2,
        "Namn",
        "a formula failed",
    ),
    (
        "an error as text",
        |w| {
            sheet(w, "Områden", &[&["id", "Namn"], &["x", "#REFERENS!"]]);
        },
        2,
        "Namn",
        "a formula failed",
    ),
    (
        "a cell of spaces",
        |w| {
            sheet(w, "Områden", &[&["id", "Namn"], &["x", "  "]]);
        },
        2,
        "Namn",
        "fill it in",
    ),
    (
        "a date as a serial number",
        |w| {
            sheet(w, "Skolenheter", &[UNITS, &["12345678", "A", "norr"]])
                .write(1, 3, 46235)
                .unwrap();
        },
        2,
        "Gäller från",
        "2026-12-03",
    ),
    (
        "a number with a fraction as a code",
        |w| {
            sheet(w, "Skolenheter", &[UNITS, &["", "A", "norr"]])
                .write(1, 0, 12_345_678.5)
                .unwrap();
        },
        2,
        "Skolenhetskod",
        "eight digits",
    ),
    (
        "a rounded code",
        |w| {
            sheet(w, "Skolenheter", &[UNITS, &["1,23457E+07", "A", "norr"]]);
        },
        2,
        "Skolenhetskod",
        "as text",
    ),
    (
        "a code of nine digits",
        |w| {
            sheet(w, "Skolenheter", &[UNITS, &["", "A", "norr"]])
                .write(1, 0, 123_456_789)
                .unwrap();
        },
        2,
        "Skolenhetskod",
        "eight digits",
    ),
    (
        "a time alone",
        |w| {
            let time = ExcelDateTime::from_hms(8, 30, 0).unwrap();
            let format = Format::new().set_num_format("hh:mm");
            let sheet = sheet(w, "Avstämningar", &[CHECK_INS, &["rut", "åke"]]);
            sheet.write_with_format(1, 2, &time, &format).unwrap();
        },
        2,
        "Börjar",
        "without a day",
    ),
    (
        "a day alone",
        |w| {
            let day = ExcelDateTime::parse_from_str("2026-12-10").unwrap();
            let format = Format::new().set_num_format("yyyy-mm-dd");
            let sheet = sheet(w, "Avstämningar", &[CHECK_INS, &["rut", "åke"]]);
            sheet.write_with_format(1, 2, &day, &format).unwrap();
        },
        2,
        "Börjar",
        "08:30",
    ),
    (
        "yes for a day",
        |w| {
            let sheet = sheet(
                w,
                "Avstämningar",
                &[CHECK_INS, &["rut", "åke", "2026-11-10 08:30"]],
            );
            sheet.write(1, 3, true).unwrap();
        },
        2,
        "Genomförd",
        "2026-12-03",
    ),
    (
        "two principals in a check-in",
        |w| {
            let eva = ["eva", "Eva", "eva@skola.example", "rektor", "01234567"];
            sheet(w, "Personer", &[PEOPLE, &eva]);
            sheet(
                w,
                "Avstämningar",
                &[CHECK_INS, &["rut", "eva", "2026-12-10 08:30"]],
            );
        },
        2,
        "Områdeschef",
        "no områdeschef",
    ),
    (
        "a principal who leads no unit",
        |w| {
            let siv = ["siv", "Siv", "siv@skola.example", "skolchef"];
            sheet(w, "Personer", &[PEOPLE, &siv]);
            sheet(
                w,
                "Avstämningar",
                &[CHECK_INS, &["siv@skola.example", "åke", "2026-12-10 08:30"]],
            );
        },
        2,
        "Rektor",
        "leads no school unit",
    ),
    (
        "a missing column",
        |w| {
            sheet(w, "Områden", &[&["id", "Färg"], &["x", "blå"]]);
        },
        1,
        "name",
        "add it",
    ),
    (
        "two columns of one meaning",
        |w| {
            sheet(w, "Områden", &[&["id", "Namn", "name"], &["x", "X", "X"]]);
        },
        1,
        "name",
        "keep one",
    ),
    (
        "a header below a title",
        |w| {
            sheet(
                w,
                "Områden",
                &[&["Lista"], &[], &["id", "Namn"], &["x", ""], &["y", "Y"]],
            );
        },
        4,
        "Namn",
        "fill it in",
    ),
    (
        "a line break in a name",
        |w| {
            sheet(w, "Områden", &[&["id", "Namn"], &["x", "Norra\nområdet"]]);
        },
        2,
        "Namn",
        "line break",
    ),
    (
        "a unit that is nowhere",
        |w| {
            sheet(
                w,
                "Åtgärder",
                &[MEASURES, &["m", "87654321", "2026/27", "X", "2026-12-01"]],
            );
        },
        2,
        "Skolenhet",
        "units.csv",
    ),
    (
        "an effect without a day",
        |w| {
            sheet(
                w,
                "Åtgärder",
                &[
                    MEASURES,
                    &["m", "12345678", "2026/27", "X", "2026-12-01", "god"],
                ],
            );
        },
        2,
        "Effekt",
        "when it was assessed",
    ),
    (
        "a letter lost",
        |w| {
            sheet(w, "Områden", &[&["id", "Namn"], &["x", "S\u{fffd}dra"]]);
        },
        2,
        "Namn",
        "type the text anew",
    ),
    (
        "a sheet of the wrong columns",
        |w| {
            sheet(w, "Personer", &[&["Färg", "Form"], &["blå", "rund"]]);
        },
        1,
        "",
        "id, name, email",
    ),
];

#[test]
fn each_fault_is_told_by_its_sheet_and_place_and_nothing_is_written() {
    let town = Town::settled();
    let before = town.dump();
    for (what, make, line, column, remedy) in BROKEN {
        let mut workbook = Workbook::new();
        make(&mut workbook);
        let outcome = town.file("allt.xlsx", workbook.save_to_buffer().unwrap());
        let found = faults(&outcome);
        assert_eq!(found.len(), 1, "{what}: {found:#?}");
        assert!(told(&found, line, column, remedy), "{what}: {found:#?}");
        assert!(
            outcome["faults"][0]["sheet"].is_string(),
            "{what}: {outcome:#}"
        );
        assert_eq!(town.dump(), before, "{what}");
    }
}

#[test]
fn what_is_no_workbook_says_what_it_is() {
    let town = Town::settled();
    let mut workbook = Workbook::new();
    sheet(&mut workbook, "Områden", &[&["id", "Namn"], &["x", "X"]]);
    let whole = workbook.save_to_buffer().unwrap();
    let compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
    let stream: Vec<u8> = "EncryptedPackage"
        .bytes()
        .flat_map(|byte| [byte, 0])
        .collect();
    for (name, bytes, word) in [
        (
            "a.xlsx",
            whole[..whole.len() / 2].to_vec(),
            "save it anew as .xlsx",
        ),
        ("a.xlsx", b"~".to_vec(), "save it anew as .xlsx"),
        (
            "a.xlsx",
            [&compound[..], &[0; 600]].concat(),
            "protected by a password",
        ),
        (
            "a.csv",
            [&compound[..], &[0; 600], &stream].concat(),
            "protected by a password",
        ),
        (
            "a.xls",
            [&compound[..], &[0; 600]].concat(),
            "save it as .xlsx or as CSV",
        ),
        (
            "a.xlsx",
            Workbook::new().save_to_buffer().unwrap(),
            "name the columns",
        ),
    ] {
        let found = faults(&town.file(name, bytes));
        assert!(
            found.len() == 1 && told(&found, 0, "", word),
            "{word}: {found:?}"
        );
    }
}

#[test]
fn notes_beside_a_table_are_left_alone_and_told() {
    let town = Town::settled();
    let mut workbook = Workbook::new();
    sheet(
        &mut workbook,
        "Blad1",
        &[&["id", "Namn"], &["x", "X", "", "ring Kalle"]],
    );
    sheet(&mut workbook, "Att göra", &[&["Ring", "Kalle"]]);
    let outcome = town.file("områden.xlsx", workbook.save_to_buffer().unwrap());
    assert_eq!(outcome["applied"], true, "{outcome:#}");
    let found = warnings(&outcome);
    assert!(told(&found, 1, "", "left alone"), "{found:?}");
    assert!(
        told(&found, 2, "", "to the right of the last column"),
        "{found:?}"
    );
}

#[test]
fn a_directory_is_read_without_what_lies_beside() {
    let town = Town::new();
    let directory = town.0.path().join("filer");
    std::fs::create_dir(&directory).unwrap();
    for (name, text) in [
        ("areas.csv", "id;name\nnorr;Norra\n"),
        ("~$areas.xlsx", "x"),
        (".areas.csv", "x"),
        ("README.txt", "Hej\n"),
    ] {
        std::fs::write(directory.join(name), text).unwrap();
    }
    let (code, said) = town.run(&["import", directory.to_str().unwrap()]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("README.txt, line 1: left alone"), "{said}");
    assert!(!said.contains("~$") && !said.contains("/.areas"), "{said}");
    let named = directory.join("README.txt");
    let (code, said) = town.run(&["import", named.to_str().unwrap()]);
    assert!(code == 1 && said.contains("name the file areas"), "{said}");
}
