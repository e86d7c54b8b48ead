//! Databases of every earlier version, with rows in every table, brought up to date.

use std::path::Path;

use avstamd::config::Settings;
use avstamd::daemon::Office;
use avstamd::follow_up::AreaId;
use avstamd::plan::{Verdict, plan};
use avstamd::store::{Calendar, Ledger};
use jiff::civil::date;
use rusqlite::Connection;

const CONFIG: &str = concat!(
    include_str!("common/base.toml"),
    include_str!("common/files.toml")
);

const CALENDAR: [&str; 6] = [
    include_str!("../src/store/calendar/0001_calendar.sql"),
    include_str!("../src/store/calendar/0002_changes.sql"),
    include_str!("../src/store/calendar/0003_deputies.sql"),
    include_str!("../src/store/calendar/0004_imported.sql"),
    include_str!("../src/store/calendar/0005_posts.sql"),
    include_str!("../src/store/calendar/0006_placing.sql"),
];
const LEDGER: [&str; 4] = [
    include_str!("../src/store/ledger/0001_ledger.sql"),
    include_str!("../src/store/ledger/0002_states.sql"),
    include_str!("../src/store/ledger/0003_invitations.sql"),
    include_str!("../src/store/ledger/0004_traffic.sql"),
];

/// A row in every table of the first calendar, and in those that triggers fill.
const CALENDAR_ROWS: &str = "
INSERT INTO area VALUES ('norr', 'Norr');
INSERT INTO school_unit (code, name, area) VALUES ('12345678', 'Åsskolan', 'norr');
INSERT INTO person (id, name, email) VALUES ('rut', 'Rut Öberg', 'rut@prov.example'),
    ('ake', 'Åke Ärlig', 'ake@prov.example');
INSERT INTO appointment (person, role, unit) VALUES ('rut', 'principal', '12345678');
INSERT INTO appointment (person, role, area) VALUES ('ake', 'area_manager', 'norr');
INSERT INTO absence (person, away_from, away_to, deputy)
    VALUES ('rut', '2026-11-16', '2026-11-20', 'ake');
INSERT INTO development_area (id, unit, school_year, title)
    VALUES (7, '12345678', '2026/27', 'Läsning');
INSERT INTO measure (id, unit, school_year, development_area, decision, evaluate_by)
    VALUES ('m1', '12345678', '2026/27', 7, 'Läsning varje dag.', '2026-12-03');
INSERT INTO evaluation (measure, evaluated_on, effect, next_date)
    VALUES ('m1', '2026-10-01', 'too_early', '2026-12-03');
INSERT INTO dialogue (id, unit, school_year, round, starts)
    VALUES (3, '12345678', '2026/27', 'explore', '2026-12-08T08:30');
INSERT INTO focus_area (dialogue, chosen_by, text) VALUES (3, 'authority', 'Läsning');
INSERT INTO check_in (principal, area_manager, starts, state, held_on)
    VALUES ('rut', 'ake', '2026-11-10T08:30', 'held', '2026-11-10');
INSERT INTO person (id, name, email) VALUES ('a', 'A', ''), ('b/c', 'B C', ''), ('a/b', 'A B', ''), ('c', 'C', '');
INSERT INTO check_in (principal, area_manager, starts) VALUES ('a', 'b/c', '2026-11-10T08:30'),
    ('a/b', 'c', '2026-11-10T08:30');
INSERT INTO activity (id, title, unit, role, due)
    VALUES ('a1', 'Verksamhetsplan', '12345678', 'principal', '2026-12-01');
INSERT INTO journal (at_utc, door, who, what) VALUES (0, 'import', 'prov', 'allt');
";

/// A row in every table of the first ledger, a mail in every state.
const LEDGER_ROWS: &str = "
INSERT INTO mail (person, slot, message_id, state, next_attempt_utc, created_utc, settled_utc)
    SELECT state, '2026-11-19', state || '@prov.example', state, 0, 0,
        iif(state IN ('waiting', 'sending'), NULL, 0) FROM (
        SELECT 'waiting' AS state UNION ALL SELECT 'sending' UNION ALL SELECT 'sent'
        UNION ALL SELECT 'refused' UNION ALL SELECT 'held' UNION ALL SELECT 'withdrawn'
        UNION ALL SELECT 'dropped');
INSERT INTO attempt (mail, at_utc, stage, outcome) VALUES (1, 0, 'DATA', 'temporary');
INSERT INTO notice (occurrence, step, recipient, role, due, area, decision, reason, at_utc, on_day, mail)
    VALUES ('evaluation/m1', -10, 'rut', 'principal', '2026-12-03', 'norr', 'said', 'prov', 0,
            '2026-11-19', 1);
INSERT INTO link (hash, person, duty, expires_utc) VALUES (x'00', 'rut', 'prov', 0);
INSERT INTO agenda VALUES ('norr', '2026-11-19');
INSERT INTO fact VALUES ('calendar', 'prov');
";

/// A row of what the third ledger added.
const INVITED: &str = "
INSERT INTO invitation (mail, area, method, sequence, until, said, change)
    SELECT id, 'norr', 'request', 0, '2026-12-01T09:00:00', '{}', '{}' FROM mail WHERE state = 'sent';
";

/// A database as an earlier program left it: `steps` of its schema, `rows` of the first, and what
/// changed `again` later.
fn earlier(path: &Path, (steps, rows, again): (&[&str], &str, &str), application: &[u8; 4]) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(steps[0]).unwrap();
    // Rows of the first version live through every later one.
    connection.execute_batch(rows).unwrap();
    for step in &steps[1..] {
        connection.execute_batch(step).unwrap();
    }
    let application = i32::from_be_bytes(*application);
    for (name, value) in [
        ("application_id", i64::from(application)),
        ("user_version", steps.len() as i64),
    ] {
        connection.pragma_update(None, name, value).unwrap();
    }
    if steps.len() > 1 {
        // The record of changes begins with the version that made it.
        connection.execute_batch(again).unwrap();
    }
    for table in tables(&connection) {
        assert!(count(&connection, &table) > 0, "{table} is empty");
    }
}

fn tables(connection: &Connection) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut statement = connection.prepare(sql).unwrap();
    let names = statement.query_map([], |row| row.get(0)).unwrap();
    names.collect::<Result<_, _>>().unwrap()
}

fn count(connection: &Connection, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    connection.query_row(&sql, [], |row| row.get(0)).unwrap()
}

fn counts(path: &Path) -> Vec<(String, i64)> {
    let connection = Connection::open(path).unwrap();
    let counted = |table: String| {
        let rows = count(&connection, &table);
        (table, rows)
    };
    tables(&connection).into_iter().map(counted).collect()
}

/// What must be so of a database that was brought up to date.
fn sound(path: &Path, (before, version): (&[(String, i64)], usize)) {
    let connection = Connection::open(path).unwrap();
    let said: String = connection
        .pragma_query_value(None, "integrity_check", |row| row.get(0))
        .unwrap();
    assert_eq!(said, "ok");
    let mut broken = connection.prepare("PRAGMA foreign_key_check").unwrap();
    assert!(!broken.exists([]).unwrap());
    let found: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(found, version as i64);
    for (table, rows) in before {
        assert_eq!(count(&connection, table), *rows, "{table}");
    }
}

/// The schema of a database.
fn schema(path: &Path) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name";
    let mut statement = connection.prepare(sql).unwrap();
    let lines = statement.query_map([], |row| row.get(0)).unwrap();
    lines.collect::<Result<_, _>>().unwrap()
}

fn settings(directory: &Path) -> Settings {
    avstamd::config::parse(&directory.join("avstamd.toml"), CONFIG).unwrap()
}

#[tokio::test]
async fn fault_21_83_every_earlier_version_is_brought_up_to_date_and_planned_from() {
    let fresh = tempfile::tempdir().unwrap();
    let database = settings(fresh.path()).database;
    drop(Calendar::open_or_create(&database.calendar).unwrap());
    drop(Ledger::open_or_create(&database.ledger).unwrap());
    for of_calendar in 1..=CALENDAR.len() {
        for of_ledger in 1..=LEDGER.len() {
            let directory = tempfile::tempdir().unwrap();
            let settings = settings(directory.path());
            let paths = &settings.database;
            let mut moved = "UPDATE area SET name = 'Norra området';".to_owned();
            if of_calendar >= 6 {
                moved += "INSERT INTO busy (person, starts, minutes) VALUES ('rut', '2026-12-04T10:00', 60);";
            }
            let calendar = (&CALENDAR[..of_calendar], CALENDAR_ROWS, moved.as_str());
            earlier(&paths.calendar, calendar, b"avCA");
            let invited = if of_ledger >= 3 { INVITED } else { "" };
            let ledger = (&LEDGER[..of_ledger], LEDGER_ROWS, invited);
            earlier(&paths.ledger, ledger, b"avLE");
            let before = (counts(&paths.calendar), counts(&paths.ledger));
            let calendar = Calendar::open(&paths.calendar).unwrap();
            let ledger = Ledger::open(&paths.ledger).unwrap();
            sound(&paths.calendar, (&before.0, CALENDAR.len()));
            sound(&paths.ledger, (&before.1, LEDGER.len()));
            assert_eq!(schema(&paths.calendar), schema(&database.calendar));
            assert_eq!(schema(&paths.ledger), schema(&database.ledger));

            let office = Office::new(settings, calendar, ledger).unwrap();
            said_on_the_day(&office).await;
        }
    }
}

/// The measure is asked about on its day, of the principal.
async fn said_on_the_day(office: &Office) {
    let day = date(2026, 12, 3);
    let slices = office.every_slice(day).await.unwrap();
    let norr = slices.iter().find(|slice| {
        let area = slice.world.area.as_ref();
        area.is_some_and(|area| area.id == AreaId::new("norr"))
    });
    let world = &norr.unwrap().world;
    assert!(world.faults.is_empty(), "{:?}", world.faults);
    assert_eq!(world.check_ins[0].uid, "rut/ake/2026-11-10T08:30");
    let planned = plan(
        day,
        world,
        &[],
        &office.settings.calendar,
        &office.settings.rules,
    );
    let said: Vec<String> = planned
        .decisions
        .iter()
        .filter(|decision| matches!(decision.verdict, Verdict::Say(_)))
        .map(|decision| decision.matter.occurrence())
        .collect();
    assert!(said.contains(&"evaluation/m1".to_owned()), "{said:?}");
    assert_eq!(office.ledger.queue().await.unwrap().held, 1);
}
