//! Imports: what Swedish Excel writes is read, and what is wrong is told by its place, and then
//! nothing of it is written.

mod again;
mod answers;
mod broken;
mod busy;
mod doubts;
mod town;
mod workbooks;

use std::path::Path;

use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use town::{Files, GOOD, Town, faults, good, told, warnings};

#[test]
fn what_excel_may_make_of_a_file_gives_the_same_calendar() {
    let expected = Town::settled().dump();
    assert!(
        expected.iter().any(|row| row.contains("01234567")),
        "the lost zero is back"
    );
    let utf16 = |text: &str| {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect::<Vec<u8>>()
    };
    let windows = |text: &str| {
        let text = text.replace("\n", "\r\n").replace("dag.\r\nI", "dag.\nI");
        encoding_rs::WINDOWS_1252.encode(&text).0.into_owned()
    };
    let variants: [(&str, Files); 6] = [
        (
            "UTF-8 with a mark",
            good(|text| [b"\xef\xbb\xbf", text.as_bytes()].concat()),
        ),
        ("Windows-1252 and CRLF", good(windows)),
        ("UTF-16", good(utf16)),
        ("tabs", good(|text| text.replace(';', "\t").into_bytes())),
        ("sep=", good(|text| format!("sep=;\n{text}").into_bytes())),
        ("commas", good(|text| text.replace(';', ",").into_bytes())),
    ];
    for (what, files) in variants {
        let town = Town::new();
        let outcome = town.import(&files, &[]);
        assert_eq!(outcome["applied"], true, "{what}: {outcome:#}");
        assert_eq!(town.dump(), expected, "{what}");
    }
    let town = Town::new();
    let mut backwards = good(str::as_bytes);
    backwards.reverse();
    assert_eq!(town.import(&backwards, &[])["applied"], true);
    assert_eq!(town.dump().len(), expected.len(), "in any order");
}

#[test]
fn a_workbook_with_a_sheet_a_kind_gives_the_same_calendar() {
    let mut workbook = Workbook::new();
    let date = Format::new().set_num_format("yyyy-mm-dd");
    for (name, text) in GOOD {
        let sheet = workbook.add_worksheet();
        sheet.set_name(name.trim_end_matches(".csv")).unwrap();
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(b';')
            .has_headers(false)
            .from_reader(text.as_bytes());
        for (line, row) in (0..).zip(reader.records()) {
            for (column, cell) in (0..).zip(row.unwrap().iter()) {
                let day = (cell.len() == 10).then(|| ExcelDateTime::parse_from_str(cell));
                match (day, cell.parse::<f64>()) {
                    (Some(Ok(day)), _) => {
                        sheet.write_with_format(line, column, &day, &date).unwrap()
                    }
                    (_, Ok(number)) if !cell.contains(' ') => {
                        sheet.write(line, column, number).unwrap()
                    }
                    _ => sheet.write(line, column, cell).unwrap(),
                };
            }
        }
    }
    let town = Town::new();
    let outcome = town.import(
        &[("allt.xlsx".to_owned(), workbook.save_to_buffer().unwrap())],
        &[],
    );
    assert_eq!(outcome["applied"], true, "{outcome:#}");
    assert_eq!(town.dump(), Town::settled().dump());
}

#[test]
fn a_second_import_changes_nothing_and_a_dry_run_never_does() {
    let town = Town::new();
    let outcome = town.import(&good(str::as_bytes), &["--dry-run"]);
    assert_eq!(
        (&outcome["applied"], &outcome["changes"]["measure"]["added"]),
        (&false.into(), &2.into())
    );
    assert_eq!(town.dump(), [""; 0]);
    let town = Town::settled();
    let before = town.dump();
    let again = town.import(&good(str::as_bytes), &[]);
    for (table, change) in again["changes"].as_object().unwrap() {
        assert_eq!(
            (&change["added"], &change["changed"]),
            (&0.into(), &0.into()),
            "{table}"
        );
    }
    assert_eq!(town.dump(), before);
}

#[test]
fn an_identity_number_in_free_text_is_warned_of_and_not_repeated() {
    let town = Town::settled();
    let measure = "id;unit;school_year;decision;evaluate_by\nm9;12345678;2026/27;Stöd till 20120304-1234.;2026-12-01\n";
    let outcome = town.import(&[("measures.csv".to_owned(), measure)], &[]);
    assert_eq!(outcome["applied"], true);
    let warnings = outcome["warnings"].to_string();
    assert!(
        warnings.contains("identity number") && !warnings.contains("1234."),
        "{warnings}"
    );
}

#[test]
fn unknown_columns_are_named_and_left_alone_and_formulas_are_text() {
    let town = Town::settled();
    let areas = "id;name;Färg\nöst;=HYPERLINK(\"http://x\");blå\n";
    let outcome = town.import(&[("areas.csv".to_owned(), areas)], &[]);
    assert!(outcome["warnings"].to_string().contains("Färg"));
    assert!(town.dump().iter().any(|row| row.contains("HYPERLINK")));
}

/// Invented units in the layout of Skolverket's exports: lines before the header, values that are
/// suppressed, footnotes in the columns of name and code; and dormant and closed units.
const GRADES: &str = include_str!("register/grades.csv");
const REGISTER: &str = include_str!("register/units.csv");

const ONE_AREA: &str = "id;name\nk;Kommunen\n";

#[test]
fn an_export_of_the_national_register_is_read_as_it_is() {
    let town = Town::new();
    let export = [("grades.csv".to_owned(), GRADES)];
    let outcome = town.import(&export, &["--area-from", "Skolkommun"]);
    assert_eq!(
        outcome["changes"]["school_unit"]["added"], 26,
        "{outcome:#}"
    );
    assert_eq!(outcome["changes"]["area"]["added"], 3, "{outcome:#}");
    let found = warnings(&outcome);
    assert!(
        told(&found, 34, "", "6 lines are taken for footnotes"),
        "{found:?}"
    );

    let town = Town::new();
    let files = [("areas.csv", ONE_AREA), ("units.csv", REGISTER)];
    let files = files.map(|(name, text)| (name.to_owned(), text));
    let outcome = town.import(&files, &["--area", "k"]);
    assert_eq!(
        outcome["changes"]["school_unit"]["added"], 25,
        "{outcome:#}"
    );
    let last = "SELECT group_concat(n || ' ' || ifnull(active_to, '-'), ', ') FROM
                (SELECT count(*) AS n, active_to FROM school_unit GROUP BY active_to)";
    assert_eq!(town.value(last), "15 -, 10 2026-11-23");
}

#[test]
#[ignore = "reads the whole exports, which lie outside the repository"]
fn the_whole_national_register_is_read_as_it_is() {
    let registry = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/registry");
    let read = |name: &str| {
        let bytes = std::fs::read(registry.join(name)).unwrap();
        vec![(name.to_owned(), bytes)]
    };
    let clean = read("skolenheter_ak9_2025.csv");
    let original = read("skolverket_slutbetyg_ak9_2024-25_skolenhet_ORIGINAL.csv");
    let town_register = read("kungsbacka_skolenhetsregister_2026.csv");
    for (files, column) in [(clean, "kommun"), (original, "Skolkommun")] {
        let outcome = Town::new().import(&files, &["--area-from", column]);
        assert_eq!(
            outcome["changes"]["school_unit"]["added"], 1714,
            "{outcome:#}"
        );
    }
    let town = Town::new();
    let area = ("areas.csv".to_owned(), b"id;name\nk;Kungsbacka\n".to_vec());
    let outcome = town.import(&[vec![area], town_register].concat(), &["--area", "k"]);
    assert_eq!(
        outcome["changes"]["school_unit"]["added"], 135,
        "{outcome:#}"
    );
    let closed = town
        .dump()
        .iter()
        .filter(|row| row.starts_with("school_unit") && !row.contains("Null Null Null"))
        .count();
    assert!(closed >= 53, "{closed} of them are dormant or closed");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic_and_never_enter(bytes in proptest::collection::vec(any::<u8>(), 0..600), excel in any::<bool>()) {
        let town = Town::new();
        let name = if excel { "people.xlsx" } else { "people.csv" };
        town.import(&[("areas.csv".to_owned(), b"id;name\nx;\n".to_vec()), (name.to_owned(), bytes)], &[]);
        prop_assert_eq!(town.dump(), [""; 0]);
    }

    #[test]
    fn random_tables_enter_whole_or_not_at_all(cells in proptest::collection::vec("[ -~åäö;\"\n]{0,12}", 14)) {
        let town = Town::new();
        let rows = cells.chunks(2).map(|row| row.join(";")).collect::<Vec<_>>().join("\n");
        let outcome = town.import(&[("areas.csv".to_owned(), format!("id;name\n{rows}\n"))], &[]);
        let entered = town.dump().iter().filter(|row| row.starts_with("area ")).count();
        if faults(&outcome).is_empty() {
            prop_assert_eq!(entered as u64, outcome["changes"]["area"]["added"].as_u64().unwrap_or(0));
        } else {
            prop_assert_eq!(entered, 0);
        }
    }
}
