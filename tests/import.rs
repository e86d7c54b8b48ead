//! Imports: what Swedish Excel writes is read, and what is wrong is told by its place, and then
//! nothing of it is written.

use std::path::Path;
use std::process::Command;

use proptest::prelude::*;
use rusqlite::Connection;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use serde_json::Value;

const CONFIG: &str = r#"
[authority]
name = "Provkommunen"
[database]
calendar = "calendar.db"
ledger = "ledger.db"
[mail]
from = "Kvalitet <kvalitet@prov.example>"
reply-to = "kvalitet@prov.example"
[mail.transport]
kind = "files"
directory = "mail"
[[school-year]]
name = "2026/27"
terms = [{ from = 2026-08-18, to = 2026-12-18 }]
"#;

/// One of each kind, with Swedish column names.
const GOOD: [(&str, &str); 8] = [
    ("områden.csv", "id;Namn\nnorr;Norra området\n"),
    (
        "skolenheter.csv",
        "Skolenhetskod;Namn;Område;Nivå;Gäller från;Gäller till;Ersätts av\n\
         12345678;Åsskolan;norr;ordinarie;2020-07-01;;\n\
         1234567;Ängskolan;norr;förstärkt;;2026-06-30;12345678\n",
    ),
    (
        "personer.csv",
        "id;Namn;E-post;Roll;Område;Skolenheter;Gäller från;Gäller till;Språk\n\
         rut;Rut Öberg;rut@skola.example;rektor;;12345678 01234567;;;\n\
         åke;Åke Ärlig;ake@skola.example;områdeschef;norr;;2026-01-01;;en\n",
    ),
    (
        "åtgärder.csv",
        "id;Skolenhet;Läsår;Utvecklingsområde;Beslutad åtgärd;Förväntad effekt;Ansvarig;Utvärderas senast;Utvärderad;Effekt;Effekt bedömd;Bedömning av effekten;Nästa steg\n\
         m1;12345678;2026/27;Läsning;\"Läsning varje dag.\nI alla klasser.\";Fler läser.;rut@skola.example;2026-12-03;2026-12-01;god;2027-06-01;Det gick bra.;fortsätt\n\
         m2;01234567;2025/26;;Mattestöd.;;;2026-05-03;;;;;\n",
    ),
    (
        "frånvaro.csv",
        "Person;Från;Till;Ersättare\nrut;2026-11-02;2026-11-06;åke\n",
    ),
    (
        "avstämningar.csv",
        "Rektor;Områdeschef;Börjar;Genomförd\nrut;åke;2026-11-10 08.30;2026-11-10\nrut;åke;2026-11-24T08:30;\n",
    ),
    (
        "kvalitetsdialoger.csv",
        "Skolenhet;Läsår;Omgång;Börjar;Minuter;Plats;Läge\n12345678;2026/27;undersökande;2026-10-06 13:00;90;Rum 2;planerad\n",
    ),
    (
        "aktiviteter.csv",
        "id;Titel;Skolenhet;Område;Roll;Klar senast;Klar\na1;Nulägesanalys;12345678;;rektor;2026-09-15;\n",
    ),
];

type Files = Vec<(String, Vec<u8>)>;

struct Town(tempfile::TempDir);

impl Town {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("avstamd.toml"), CONFIG).unwrap();
        Self(directory)
    }

    /// A town with one of each kind.
    fn settled() -> Self {
        let town = Self::new();
        let outcome = town.import(&good(str::as_bytes), &[]);
        assert_eq!(outcome["applied"], true, "{outcome:#}");
        town
    }

    /// Imports files, and what the program said of it.
    fn import<B: AsRef<[u8]>>(&self, files: &[(String, B)], options: &[&str]) -> Value {
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_avstamd"));
        command
            .arg("--config")
            .arg(self.0.path().join("avstamd.toml"))
            .arg("import");
        for (name, content) in files {
            let path = directory.path().join(name);
            std::fs::write(&path, content).unwrap();
            command.arg(path);
        }
        let output = command
            .args(options)
            .args(["--json", "--at", "2026-11-24T08:00"])
            .output()
            .unwrap();
        let outcome: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        let sound = outcome["faults"].as_array().unwrap().is_empty();
        assert_eq!(output.status.code(), Some(if sound { 0 } else { 1 }));
        outcome
    }

    /// Every row of every table that an import writes, as text.
    fn dump(&self) -> Vec<String> {
        let path = self.0.path().join("calendar.db");
        if !path.exists() {
            return Vec::new();
        }
        let connection = Connection::open(path).unwrap();
        let tables = [
            "area",
            "school_unit",
            "person",
            "appointment",
            "absence",
            "development_area",
            "measure",
            "evaluation",
            "dialogue",
            "check_in",
            "activity",
            "change",
        ];
        let mut rows = Vec::new();
        for table in tables {
            let mut statement = connection
                .prepare(&format!("SELECT * FROM {table}"))
                .unwrap();
            let columns = statement.column_count();
            let found = statement.query_map([], |row| {
                let cells: Vec<String> = (0..columns)
                    .map(|n| cell(row.get_ref(n).unwrap()))
                    .collect();
                Ok(format!("{table} {}", cells.join(" ")))
            });
            rows.extend(found.unwrap().map(Result::unwrap));
        }
        rows.sort();
        rows
    }
}

fn cell(value: rusqlite::types::ValueRef<'_>) -> String {
    match value {
        rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        other => format!("{other:?}"),
    }
}

fn good<B>(encode: impl Fn(&'static str) -> B) -> Vec<(String, B)> {
    GOOD.iter()
        .map(|(name, text)| ((*name).to_owned(), encode(text)))
        .collect()
}

fn faults(outcome: &Value) -> Vec<(u64, String)> {
    let list = outcome["faults"].as_array().unwrap();
    list.iter()
        .map(|f| {
            (
                f["line"].as_u64().unwrap_or(0),
                format!(
                    "{} {}",
                    f["column"].as_str().unwrap_or(""),
                    f["message"].as_str().unwrap_or("")
                ),
            )
        })
        .collect()
}

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

/// A file's name, its content, the line of the fault, and a word of the remedy.
const BROKEN: [(&str, &str, u64, &str); 62] = [
    ("areas.csv", "", 0, "name the columns"),
    ("areas.csv", "id;name\n;Norr\n", 2, "fill it in"),
    ("areas.csv", "id;name\nn;\n", 2, "fill it in"),
    ("areas.csv", "id\nn\n", 1, "\"name\""),
    ("areas.csv", "id;name;Namn\nn;a;b\n", 1, "keep one"),
    ("areas.csv", "id;name\nn;A\nn;B\n", 3, "line 2"),
    ("areas.csv", "id;name\nn;A\u{202e}B\n", 2, "invisible"),
    ("areas.csv", "id;name\nn;\"A\nB\"\n", 2, "line break"),
    ("okänd.csv", "färg;form\nblå;rund\n", 1, "name the file"),
    (
        "units.csv",
        "code;name;area\n1234;A;norr\n",
        2,
        "eight digits",
    ),
    (
        "units.csv",
        "code;name;area\n1,23E+07;A;norr\n",
        2,
        "as text",
    ),
    (
        "units.csv",
        "code;name;area\nabc;A;norr\n",
        2,
        "eight digits",
    ),
    ("units.csv", "code;name;area\n87654321;A;\n", 2, "--area"),
    (
        "units.csv",
        "code;name;area\n87654321;A;väst\n",
        2,
        "areas.csv",
    ),
    (
        "units.csv",
        "code;name;area;level\n87654321;A;norr;hög\n",
        2,
        "reinforced",
    ),
    (
        "units.csv",
        "code;name;area;active_from\n87654321;A;norr;1/7 2020\n",
        2,
        "2026-12-03",
    ),
    (
        "units.csv",
        "code;name;area;active_from\n87654321;A;norr;2020-02-30\n",
        2,
        "2026-12-03",
    ),
    (
        "units.csv",
        "code;name;area;active_from\n87654321;A;norr;9999-01-01\n",
        2,
        "1990–2100",
    ),
    (
        "units.csv",
        "code;name;area;active_from;active_to\n87654321;A;norr;2026-07-01;2026-06-30\n",
        2,
        "correct one",
    ),
    (
        "units.csv",
        "code;name;area;successor\n87654321;A;norr;87654321\n",
        2,
        "own successor",
    ),
    (
        "units.csv",
        "code;name;area;successor\n87654321;A;norr;11111111\n",
        2,
        "units.csv",
    ),
    (
        "units.csv",
        "code;name;area;successor\n87654321;A;norr;11111111\n11111111;B;norr;87654321\n",
        2,
        "circle",
    ),
    (
        "units.csv",
        "code;name;area;status\n87654321;A;norr;KANSKE\n",
        2,
        "AKTIV",
    ),
    (
        "people.csv",
        "id;name;email\np;P;inte en adress\n",
        2,
        "namn@skola.example",
    ),
    (
        "people.csv",
        "id;name;email\np;P;a@b.example, c@d.example\n",
        2,
        "namn@skola.example",
    ),
    (
        "people.csv",
        "id;name;email\np;P;<p@b.example>\n",
        2,
        "namn@skola.example",
    ),
    (
        "people.csv",
        "id;name;email\np;P;pär@b.example\n",
        2,
        "å, ä",
    ),
    (
        "people.csv",
        "id;name;email\np;P;p@b\n",
        2,
        "namn@skola.example",
    ),
    (
        "people.csv",
        "id;name;email\np;P;p..q@b.example\n",
        2,
        "namn@skola.example",
    ),
    (
        "people.csv",
        "id;name;email\np;P;a@b.example\np;Q;a@b.example\n",
        3,
        "same in each",
    ),
    (
        "people.csv",
        "id;name;email;role\np;P;a@b.example;kung\n",
        2,
        "rektor",
    ),
    (
        "people.csv",
        "id;name;email;role\np;P;a@b.example;rektor\n",
        2,
        "codes",
    ),
    (
        "people.csv",
        "id;name;email;role\np;P;a@b.example;områdeschef\n",
        2,
        "area",
    ),
    (
        "people.csv",
        "id;name;email;role;units\np;P;a@b.example;rektor;11111111\n",
        2,
        "units.csv",
    ),
    (
        "people.csv",
        "id;name;email;role;units\np;P;a@b.example;rektor;12\n",
        2,
        "eight digits",
    ),
    (
        "people.csv",
        "id;name;email;role;units;valid_from;valid_to\np;P;a@b.example;rektor;12345678;2026-08-01;2026-07-01\n",
        2,
        "correct one",
    ),
    (
        "people.csv",
        "id;name;email;language\np;P;a@b.example;fi\n",
        2,
        "write sv",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision\nm;12345678;2026/27;X\n",
        1,
        "evaluate_by",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by\n;12345678;2026/27;X;2026-12-01\n",
        2,
        "fill it in",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by\nm;;2026/27;X;2026-12-01\n",
        2,
        "eight digits",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by\nm;12345678;2026;X;2026-12-01\n",
        2,
        "2026/27",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by\nm;12345678;2026/27;;2026-12-01\n",
        2,
        "decided",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by\nm;12345678;2026/27;X;\n",
        2,
        "2026-12-03",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by\nm;12345678;2026/27;X;3 dec\n",
        2,
        "2026-12-03",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by;decided_on\nm;12345678;2026/27;X;2026-12-01;2027-01-01\n",
        2,
        "correct one",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by;responsible\nm;12345678;2026/27;X;2026-12-01;ingen\n",
        2,
        "people.csv",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by;status\nm;12345678;2026/27;X;2026-12-01;klart\n",
        2,
        "completed",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by;effect\nm;12345678;2026/27;X;2026-12-01;god\n",
        2,
        "when it was assessed",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by;evaluated_on;effect\nm;12345678;2026/27;X;2026-12-01;2026-12-01;bra\n",
        2,
        "god",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by;evaluated_on;effect\nm;12345678;2026/27;X;2026-12-01;2026-12-05;för tidigt\n",
        2,
        "look again",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by;next_step\nm;12345678;2026/27;X;2026-12-01;fortsätt\n",
        2,
        "when it was evaluated",
    ),
    (
        "measures.csv",
        "id;unit;school_year;decision;evaluate_by\nm;12345678;2026/27;\"två\nrader\";2026-12-01\nn;12345678;2026/27;X;fel\n",
        4,
        "2026-12-03",
    ),
    (
        "absences.csv",
        "person;from;to\nrut;2026-11-06;2026-11-02\n",
        2,
        "correct one",
    ),
    (
        "absences.csv",
        "person;from;to\nvem;2026-11-06;2026-11-09\n",
        2,
        "people.csv",
    ),
    (
        "absences.csv",
        "person;from;to;deputy\nrut;2027-01-11;2027-01-15;rut\n",
        2,
        "somebody else",
    ),
    (
        "absences.csv",
        "person;from;to;deputy\nrut;2027-01-11;2027-01-15;åke\nåke;2027-01-14;2027-01-20;rut\n",
        2,
        "circle",
    ),
    (
        "check_ins.csv",
        "principal;area_manager;starts\nrut;rut;2026-11-10 08:30\n",
        2,
        "takes two",
    ),
    (
        "check_ins.csv",
        "principal;area_manager;starts\nrut;åke;2026-11-10\n",
        2,
        "08:30",
    ),
    (
        "dialogues.csv",
        "unit;school_year;round;starts\n12345678;2026/27;tredje;2026-11-10 08:30\n",
        2,
        "explore",
    ),
    (
        "dialogues.csv",
        "unit;school_year;round;starts;minutes\n12345678;2026/27;explore;2026-11-10 08:30;många\n",
        2,
        "whole number",
    ),
    (
        "activities.csv",
        "id;title;role;due;unit;area\na;T;rektor;2026-11-10;12345678;norr\n",
        2,
        "keep one",
    ),
    (
        "activities.csv",
        "id;title;role;due\na;T;;2026-11-10\n",
        2,
        "rektor",
    ),
];

#[test]
fn each_fault_is_told_by_its_line_and_nothing_is_written() {
    let town = Town::settled();
    let before = town.dump();
    for (name, content, line, remedy) in BROKEN {
        let outcome = town.import(&[(name.to_owned(), content)], &[]);
        let found = faults(&outcome);
        let told = found
            .iter()
            .any(|(at, message)| *at == line && message.contains(remedy));
        assert!(
            told,
            "{content}: line {line}, \"{remedy}\" is not in {found:#?}"
        );
        assert_eq!(town.dump(), before, "{content}");
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

#[test]
fn the_national_register_is_read_as_it_is() {
    let registry = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/registry");
    let read = |name: &str| {
        std::fs::read(registry.join(name))
            .ok()
            .map(|bytes| vec![(name.to_owned(), bytes)])
    };
    let (Some(clean), Some(original), Some(town_register)) = (
        read("skolenheter_ak9_2025.csv"),
        read("skolverket_slutbetyg_ak9_2024-25_skolenhet_ORIGINAL.csv"),
        read("kungsbacka_skolenhetsregister_2026.csv"),
    ) else {
        eprintln!("the registers are not here; skipped");
        return;
    };
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
