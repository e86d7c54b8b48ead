//! Files that are imported: CSV, workbooks, the configuration.

use rust_xlsxwriter::Workbook;

use crate::letter::MARK;
use crate::town::{MORNING, Town};

const HIDDEN: [&str; 7] = [
    "\0", "\r", "\u{202e}", "\u{2066}", "\u{200b}", "\u{2028}", "\x1b[31m",
];

async fn import(town: &Town, name: &str, content: impl AsRef<[u8]>) -> (String, String) {
    let path = town.path(name);
    std::fs::write(&path, content).unwrap();
    let told = town
        .run(&["import", path.to_str().unwrap(), "--json", "--at", MORNING])
        .await;
    assert!(!told.1.contains("panicked"), "{}", told.1);
    told
}

fn workbook(rows: &[&[&str]]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (line, row) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(*row) {
            sheet.write_string(line, column, *cell).unwrap();
        }
    }
    workbook.save_to_buffer().unwrap()
}

/// A workbook of a few kilobytes can fill any memory.
#[tokio::test]
async fn a_workbook_that_unpacks_to_far_too_much_is_refused_before_it_is_opened() {
    let town = Town::new().await;
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write_row(0, 0, ["id", "name"]).unwrap();
    let long = "x".repeat(30_000);
    for row in 1..3_600 {
        sheet.write_string(row, 0, format!("{row}{long}")).unwrap();
    }
    let packed = workbook.save_to_buffer().unwrap();
    assert!(packed.len() < 2_000_000, "{}", packed.len());
    let (said, error) = import(&town, "areas.xlsx", packed).await;
    assert!(
        said.contains("unpacks to more than 100 MB") && said.contains("\"applied\": false"),
        "{said:.2000}{error:.2000}"
    );
}

fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

#[tokio::test]
async fn fault_55_names_with_hidden_letters_are_refused_by_their_place_in_both_kinds_of_file() {
    for hidden in HIDDEN {
        let town = Town::new().await;
        let before = town.rows("SELECT id || name FROM person ORDER BY id");
        let name = format!("{MARK}{hidden}Bcc");
        let csv = format!("id;name;email\nx;{};x@prov.example\n", quoted(&name));
        let xlsx = workbook(&[&["id", "name", "email"], &["x", &name, "x@prov.example"]]);
        for (file, content) in [("people.csv", csv.into_bytes()), ("people.xlsx", xlsx)] {
            let (said, error) = import(&town, file, content).await;
            assert!(
                said.contains("\"applied\": false"),
                "{file} {hidden:?}: {said}{error}"
            );
            assert!(said.contains("\"line\": 2"), "{file} {hidden:?}: {said}");
        }
        assert_eq!(
            town.rows("SELECT id || name FROM person ORDER BY id"),
            before
        );
    }
}

#[tokio::test]
async fn fault_58_texts_of_files_lose_what_cannot_be_seen() {
    let town = Town::new().await;
    let decision = format!("{MARK} {}slut.\r\nNy rad.", HIDDEN[1..].concat());
    let csv = format!(
        "id;unit;school_year;decision;evaluate_by\nx;12345678;2026/27;{};2026-12-01\n",
        quoted(&decision)
    );
    let (said, error) = import(&town, "measures.csv", csv).await;
    assert!(said.contains("\"applied\": true"), "{said}{error}");
    town.at(MORNING).await;
    assert!(town.one_to("rut@prov.example").tells(MARK));
}

/// Formulas are text: nobody's spreadsheet is written by us, and a mail is no spreadsheet.
#[tokio::test]
async fn formulas_in_files_are_letters() {
    let town = Town::new().await;
    for (number, formula) in [
        "=HYPERLINK(\"http://evil.example\";\"x\")",
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(1)",
    ]
    .iter()
    .enumerate()
    {
        let text = format!("{formula} {MARK}");
        let csv = format!(
            "id;unit;school_year;decision;evaluate_by\nx{number};12345678;2026/27;{};2026-12-01\n",
            quoted(&text)
        );
        let (said, error) = import(&town, "measures.csv", csv).await;
        assert!(said.contains("\"applied\": true"), "{said}{error}");
        let kept = town.rows(&format!(
            "SELECT decision FROM measure WHERE id = 'x{number}'"
        ));
        assert_eq!(kept, [text]);
    }
}

#[tokio::test]
async fn fault_62_addresses_in_files_are_refused_before_anything_is_written() {
    let town = Town::new().await;
    for address in [
        "a@x.example, b@x.example",
        "<a@x.example>",
        "åsa@x.example",
        "a@x",
        "a@x.example\nb@x.example",
        "a b@x.example",
    ] {
        let csv = format!("id;name;email\nx;Åsa;{}\n", quoted(address));
        let (said, _) = import(&town, "people.csv", csv).await;
        assert!(
            said.contains("\"applied\": false") && said.contains("namn@skola.example"),
            "{said}"
        );
    }
    assert_eq!(town.rows("SELECT id FROM person WHERE id = 'x'"), [""; 0]);
}

#[tokio::test]
async fn fault_59_files_of_ten_megabytes_are_told_what_is_too_long() {
    let town = Town::new().await;
    let long = "x".repeat(10_000_000);
    for (file, content) in [
        ("areas.csv", format!("id;name\nsyd;{long}\n")),
        ("units.csv", format!("code;name;area\n{long};x;norr\n")),
        (
            "measures.csv",
            format!(
                "id;unit;school_year;decision;evaluate_by\nx;12345678;2026/27;{long};2026-12-01\n"
            ),
        ),
        (
            "people.csv",
            format!("id;name;email\nx;Åsa;{long}@x.example\n"),
        ),
    ] {
        let (said, error) = import(&town, file, content).await;
        assert!(
            said.contains("\"applied\": false"),
            "{file}: {said:.300}{error:.300}"
        );
        assert!(
            said.len() < 100_000,
            "{file}: a fault does not repeat it all: {}",
            said.len()
        );
    }
}

#[tokio::test]
async fn circles_duplicates_and_days_far_off_are_refused_by_their_place() {
    let town = Town::new().await;
    for (file, content, told) in [
        (
            "units.csv",
            "code;name;area;active_to;successor\n11111111;A;norr;2026-06-30;22222222\n22222222;B;norr;2026-06-30;11111111\n",
            "successor",
        ),
        ("areas.csv", "id;name\nsyd;A\nsyd;B\n", "syd"),
        (
            "measures.csv",
            "id;unit;school_year;decision;evaluate_by\nx;12345678;2026/27;Läs.;2026-12-01\nx;12345678;2026/27;Skriv.;2026-12-01\n",
            "\"x\"",
        ),
        (
            "measures.csv",
            "id;unit;school_year;decision;evaluate_by\nx;12345678;2026/27;Läs.;9999-12-31\n",
            "1990–2100",
        ),
        (
            "absences.csv",
            "person;from;to;deputy\nrut;2026-12-01;2026-12-02;rut\n",
            "deputy",
        ),
    ] {
        let (said, error) = import(&town, file, content).await;
        assert!(
            said.contains("\"applied\": false") && said.contains(told),
            "{content}: {said}{error}"
        );
    }
}

#[tokio::test]
async fn fault_77_a_configuration_of_any_letters_is_refused_line_by_line() {
    let town = Town::new().await;
    let sound = std::fs::read_to_string(town.path("avstamd.toml")).unwrap();
    for (from, to) in [
        ("Provkommunen", "Prov\\r\\nBcc: x@evil.example"),
        ("Provkommunen", "Prov\\u202Ekommunen"),
        ("kvalitet@prov.example>", "a@x.example, b@x.example>"),
        (
            "reply-to = \"kvalitet@prov.example\"",
            "reply-to = \"a\\r\\nb@x.example\"",
        ),
        ("2026-08-18", "9999-12-31"),
        (
            "per-minute = 100000",
            "per-minute = 99999999999999999999999",
        ),
    ] {
        assert!(sound.contains(from), "{from}");
        std::fs::write(town.path("avstamd.toml"), sound.replace(from, to)).unwrap();
        let (said, error) = town.run(&["check"]).await;
        assert!(!error.contains("panicked"), "{error}");
        assert!((said + &error).contains("avstamd.toml:"), "{to}: {error}");
    }
}
