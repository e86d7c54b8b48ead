//! `schedule` on the fictional authority of `config/demo`, without its meetings.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const AT: &str = "2026-08-10T08:00";

struct Town(tempfile::TempDir);

impl Town {
    fn new() -> Self {
        let town = Self(tempfile::tempdir().unwrap());
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/demo");
        let config = town.0.path().join("avstamd.toml");
        std::fs::copy(demo.join("avstamd.toml"), config).unwrap();
        let tables = ["areas", "units", "people", "absences"];
        let files = tables.map(|table| demo.join(format!("{table}.csv")).display().to_string());
        let mut arguments = vec!["import"];
        arguments.extend(files.iter().map(String::as_str));
        assert_eq!(town.avstamd(&arguments).0, 0);
        town
    }

    fn avstamd(&self, arguments: &[&str]) -> (i32, String) {
        let Output {
            status,
            stdout,
            stderr,
        } = Command::new(env!("CARGO_BIN_EXE_avstamd"))
            .arg("--config")
            .arg(self.0.path().join("avstamd.toml"))
            .args(arguments)
            .output()
            .unwrap();
        let told = [stdout, stderr].concat();
        (status.code().unwrap(), String::from_utf8(told).unwrap())
    }

    /// The rows of the picture as it would be now.
    fn picture(&self) -> Vec<String> {
        let (_, told) = self.avstamd(&["schedule", "--at", AT, "--dry-run"]);
        let is_row = |line: &&str| line.contains("dialogues  ") || line.contains("check-ins  ");
        told.lines().filter(is_row).map(str::to_owned).collect()
    }

    fn scheduled(&self, more: &[&str]) -> Value {
        let arguments = ["schedule", "--at", AT, "--json"];
        let (status, told) = self.avstamd(&[&arguments, more].concat());
        assert_eq!(status, 0, "{told}");
        serde_json::from_str(&told).unwrap()
    }
}

#[test]
fn a_check_in_that_was_cancelled_gets_another_time() {
    let town = Town::new();
    town.scheduled(&[]);
    let calendar = rusqlite::Connection::open(town.0.path().join("calendar.db")).unwrap();
    let cancel = "UPDATE check_in SET state = 'cancelled'
                  WHERE id = (SELECT id FROM check_in ORDER BY starts LIMIT 1)";
    assert_eq!(calendar.execute(cancel, []).unwrap(), 1);
    let planned = || -> i64 {
        let sql = "SELECT count(*) FROM check_in WHERE state = 'planned'";
        calendar.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let before = planned();
    let again = town.scheduled(&[]);
    assert_eq!(count(&again, "check_ins"), 1);
    assert_eq!(planned(), before + 1, "{again:#}");
}

fn count(told: &Value, of: &str) -> usize {
    told[of].as_array().unwrap().len()
}

#[test]
fn a_year_is_placed_once_and_what_is_there_is_planned_around() {
    let town = Town::new();
    let dry = town.scheduled(&["--dry-run"]);
    assert_eq!(dry["from"], "2026-08-11", "not before tomorrow");
    assert_eq!(count(&dry, "dialogues"), 2 * 28);
    assert_eq!(count(&dry, "unplaced"), 0);
    assert!(count(&dry, "check_ins") > 400);
    let shown = town.picture();
    assert!(shown.len() > 10, "{shown:?}");
    let mut written = town.scheduled(&[]);
    assert_eq!(written["written"]["dialogues"], 2 * 28);
    (written["dry_run"], written["written"]) = (true.into(), dry["written"].clone());
    assert_eq!(
        written, dry,
        "a dry run wrote nothing, and shows what will be written"
    );
    assert_eq!(town.picture(), shown, "the same, placed or on record");
    let again = town.scheduled(&[]);
    assert_eq!(
        (count(&again, "dialogues"), count(&again, "check_ins")),
        (0, 0)
    );
    // A meeting moved by hand is left where it was put.
    let unit = dry["dialogues"][0]["dialogue"]["unit"].as_str().unwrap();
    let arguments = [
        "record",
        "dialogue",
        "--unit",
        unit,
        "--school-year",
        "2026/27",
        "--round",
    ];
    let to = ["explore", "--moved-to", "2026-10-21T15:00", "--at", AT];
    let (status, told) = town.avstamd(&[&arguments[..], &to[..]].concat());
    assert_eq!(status, 0, "{told}");
    let past = town.scheduled(&["--from", "2026-05-01"]);
    assert_eq!(
        (count(&past, "dialogues"), &past["from"]),
        (0, &dry["from"])
    );
    let (_, picture) = town.avstamd(&["schedule", "--at", AT, "--dry-run"]);
    assert!(picture.contains("AREA MANAGER"), "{picture}");
    assert!(
        picture.contains("Placed: 0 dialogues, 0 check-ins."),
        "{picture}"
    );
}

#[test]
fn a_year_that_is_not_configured_is_named() {
    let town = Town::new();
    let (status, told) = town.avstamd(&["schedule", "--year", "2031/32", "--dry-run"]);
    assert_eq!(status, 1);
    assert!(
        told.contains("2031/32") && told.contains("2026/27"),
        "{told}"
    );
}

/// When an area manager's meetings begin, of those that were placed.
fn meetings_of(told: &Value, manager: &str) -> Vec<jiff::civil::DateTime> {
    let list = |of: &str| told[of].as_array().unwrap().clone();
    let check_ins = list("check_ins");
    let check_ins = check_ins
        .iter()
        .filter(|check_in| check_in["pair"]["area_manager"] == manager);
    let dialogues = list("dialogues");
    let dialogues = dialogues.iter().filter(|dialogue| {
        let managers = dialogue["area_managers"].as_array().unwrap();
        managers.iter().any(|known| known == manager)
    });
    let starts = |meeting: &Value| meeting["starts"].as_str().unwrap().parse().unwrap();
    check_ins.chain(dialogues).map(starts).collect()
}

#[test]
fn the_mornings_that_a_manager_has_in_her_own_calendar_are_planned_around() {
    let town = Town::new();
    let is_taken = |at: &jiff::civil::DateTime| {
        at.weekday() == jiff::civil::Weekday::Tuesday && at.hour() < 12
    };
    let before = town.scheduled(&["--dry-run"]);
    let before = meetings_of(&before, "asa.lindholm");
    assert!(before.iter().any(is_taken), "{before:?}");
    // Every Tuesday from 7.30 to 12 since years ago.
    let series = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n\
        DTSTART;TZID=W. Europe Standard Time:20220816T073000\n\
        DTEND;TZID=W. Europe Standard Time:20220816T120000\n\
        RRULE:FREQ=WEEKLY;BYDAY=TU\nEND:VEVENT\nEND:VCALENDAR\n";
    let file = town.0.path().join("Asa.Lindholm@lindhamra.example.ics");
    std::fs::write(&file, series).unwrap();
    let (status, told) = town.avstamd(&["import", &file.display().to_string()]);
    assert_eq!(status, 0, "{told}");
    let after = town.scheduled(&[]);
    assert_eq!(count(&after, "unplaced"), 0);
    let meetings = meetings_of(&after, "asa.lindholm");
    assert!(meetings.len() > 100, "{meetings:?}");
    let mornings: Vec<_> = meetings.iter().filter(|at| is_taken(at)).collect();
    assert!(mornings.is_empty(), "{mornings:?}");
    let others = meetings_of(&after, "amir.hadzic");
    assert!(others.iter().any(is_taken), "her calendar is no one else's");
}

/// What an outside system does: the post gets another holder, and the former one none.
#[test]
fn check_ins_of_somebody_without_a_post_are_called_off() {
    let town = Town::new();
    town.scheduled(&[]);
    let calendar = rusqlite::Connection::open(town.0.path().join("calendar.db")).unwrap();
    calendar
        .execute_batch(
            "INSERT INTO person (id, name, email) VALUES ('ny', 'Ny Rektor', 'ny@prov.example');
             UPDATE appointment SET person = 'ny' WHERE person = 'sagal.jama';",
        )
        .unwrap();
    let told = town.scheduled(&["--dry-run"]);
    let withdrawn = told["withdrawn"].as_array().unwrap();
    assert!(withdrawn.len() > 10, "{}", withdrawn.len());
    let is_hers = |gone: &Value| gone["pair"]["principal"] == "sagal.jama";
    assert!(withdrawn.iter().all(is_hers));
    let (_, list) = town.avstamd(&["schedule", "--at", AT, "--dry-run", "--list"]);
    assert!(list.contains("Amir Hadžić, Ny Rektor"), "{list}");
    assert!(
        !list
            .lines()
            .any(|line| line.contains("Sagal Jama  ") && line.contains("check-in"))
    );
}

/// In 2028 1 May is a Monday, Ascension Day the Thursday of week 21, 6 June a Tuesday: nobody meets on
/// red days, and nobody waits too long for them.
#[test]
fn the_spring_of_2028_is_bridged() {
    let town = Town::new();
    let arguments = [
        "schedule",
        "--year",
        "2027/28",
        "--at",
        "2027-06-07T08:00",
        "--json",
    ];
    let (status, told) = town.avstamd(&arguments);
    assert_eq!(status, 0, "{told}");
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((count(&told, "unplaced"), count(&told, "gaps")), (0, 0));
    let meetings = ["dialogues", "check_ins"].map(|of| told[of].as_array().unwrap());
    let days: std::collections::BTreeSet<&str> = meetings
        .into_iter()
        .flatten()
        .map(|meeting| &meeting["starts"].as_str().unwrap()[..10])
        .collect();
    for free in [
        "2028-04-14",
        "2028-04-17",
        "2028-05-01",
        "2028-05-25",
        "2028-06-06",
    ] {
        assert!(!days.contains(free), "{free}");
    }
    // The weeks they fall in have meetings all the same.
    for (monday, friday) in [("2028-05-01", "2028-05-05"), ("2028-05-22", "2028-05-26")] {
        assert!(days.range(monday..=friday).next().is_some(), "{monday}");
    }
}
