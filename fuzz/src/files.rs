//! Files that are imported: what is taken can be written, read back, and said again.

use std::cell::OnceCell;
use std::path::PathBuf;

use avstamd::cli::read_files;
use avstamd::config::Settings;
use avstamd::store::{Batch, Calendar, Known, Reach, Writing};
use jiff::Timestamp;
use jiff::civil::{Date, date};

use super::{block_on, settings, texts, zip};

const TODAY: Date = date(2026, 11, 24);

type Files = Vec<(PathBuf, Vec<u8>)>;

thread_local! {
    static SETTINGS: Settings = settings();
    static SETTLED: OnceCell<Known> = const { OnceCell::new() };
}

fn read(files: &Files, known: &Known) -> (Batch, Vec<String>) {
    SETTINGS.with(|settings| read_files(files.clone(), known, (&settings.calendar, TODAY)))
}

/// CSV files, as they are known by their columns. Whether they were taken.
pub fn tables(data: &[u8]) -> bool {
    let parts = data.split(|&byte| byte == 0x1e).enumerate();
    let name = |number: usize| PathBuf::from(format!("{number}.csv"));
    let files = parts.map(|(number, content)| (name(number), content.to_owned()));
    import(&files.collect())
}

const ROOT: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const RELATIONS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#;
const WORKBOOK: &str = r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Blad1" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const STYLES: &str = r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;

/// A workbook: an archive as it is, or the parts of one: sheet, styles, shared strings, workbook.
/// Whether it was taken.
pub fn workbook(data: &[u8]) -> bool {
    let content = if data.starts_with(b"PK") {
        data.to_owned()
    } else {
        let parts: Vec<&[u8]> = data.split(|&byte| byte == 0x1e).collect();
        let part = |number: usize, usual: &'static str| {
            let part = parts.get(number).copied().unwrap_or_default();
            if part.is_empty() {
                usual.as_bytes()
            } else {
                part
            }
        };
        let strings = r#"<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>"#;
        zip::archive(&[
            ("_rels/.rels", ROOT.as_bytes()),
            ("xl/workbook.xml", part(3, WORKBOOK)),
            ("xl/_rels/workbook.xml.rels", RELATIONS.as_bytes()),
            ("xl/styles.xml", part(1, STYLES)),
            ("xl/sharedStrings.xml", part(2, strings)),
            ("xl/worksheets/sheet1.xml", part(0, "")),
        ])
    };
    import(&vec![("allt.xlsx".into(), content)])
}

/// Imports into an empty calendar. Whether there was something to write.
fn import(files: &Files) -> bool {
    let (batch, faults) = read(files, &Known::default());
    for fault in &faults {
        assert!(
            !fault.contains(['\r', '\n']),
            "a fault is told on its line: {fault:?}"
        );
    }
    if !faults.is_empty() || is_empty(&batch) {
        return false;
    }
    let at = Timestamp::UNIX_EPOCH;
    block_on(async {
        let calendar = Calendar::in_memory().expect("a calendar");
        let applied = calendar.apply(batch, Writing::Keep, at, "test".into());
        applied
            .await
            .expect("what is read without a fault can be written");
        let known = calendar.known().await.expect("it can be read");
        let mut areas: Vec<_> = known.areas.iter().cloned().map(Some).collect();
        areas.push(None);
        for area in areas {
            let reach = Reach {
                school_year: String::new(),
                from: Date::MIN,
            };
            let world = calendar.area_world(area, reach).await.expect("a slice");
            assert!(world.faults.is_empty(), "{:?}", world.faults);
        }
        let (again, faults) = read(files, &known);
        assert_eq!(faults, [""; 0], "the same again is as sound");
        let applied = calendar.apply(again, Writing::Keep, at, "test".into());
        let applied = applied.await.expect("the same again can be written");
        for (table, change) in applied.changed {
            assert_eq!((change.added, change.changed), (0, 0), "{table} again");
        }
    });
    true
}

fn is_empty(batch: &Batch) -> bool {
    batch.areas.is_empty()
        && batch.units.is_empty()
        && batch.people.is_empty()
        && batch.activities.is_empty()
}

/// A small authority in which Rut leads a school.
const GOOD: &str = "id;namn\nnorr;Norra\n\u{1e}code;name;area\n12345678;Åsskolan;norr\n\u{1e}id;name;email;role;area;units\nrut;Rut Öberg;rut@skola.example;rektor;;12345678\n";

/// Somebody's own calendar: times of whole minutes, each within a day of the school years, in order.
/// Whether it was taken.
pub fn calendar_file(data: &[u8]) -> bool {
    let known = SETTLED.with(|settled| settled.get_or_init(known).clone());
    let (batch, faults) = read(&vec![("rut.ics".into(), data.to_owned())], &known);
    if !faults.is_empty() {
        return false;
    }
    for stretches in batch.busy.values() {
        let mut before = None;
        for busy in stretches {
            let day = busy.starts.date();
            assert!((1..=1440).contains(&busy.minutes), "{busy:?}");
            assert!(
                day >= date(2026, 8, 1) && day <= date(2027, 7, 31),
                "{busy:?}"
            );
            let end = busy
                .starts
                .saturating_add(jiff::SignedDuration::from_mins(busy.minutes.into()));
            let midnight = day.saturating_add(jiff::Span::new().days(1));
            assert!(
                end <= midnight.to_datetime(jiff::civil::Time::midnight()),
                "{busy:?}"
            );
            assert!(
                before.is_none_or(|before| before <= busy.starts),
                "{busy:?} comes too late"
            );
            before = Some(end);
        }
    }
    true
}

fn known() -> Known {
    let files: Files = texts(GOOD.as_bytes())
        .into_iter()
        .enumerate()
        .map(|(number, text)| (format!("{number}.csv").into(), text.into_bytes()))
        .collect();
    let (batch, faults) = read(&files, &Known::default());
    assert_eq!(faults, [""; 0]);
    block_on(async {
        let calendar = Calendar::in_memory().expect("a calendar");
        let applied = calendar.apply(batch, Writing::Keep, Timestamp::UNIX_EPOCH, "test".into());
        applied.await.expect("it is sound");
        calendar.known().await.expect("it can be read")
    })
}
