//! What an upgrade costs: a ledger of the first version, brought up to date in one transaction after a
//! copy of it is taken.

use std::time::Instant;

use avstamd::store::Ledger;
use rusqlite::Connection;

use super::ratio;

const FIRST: &str = include_str!("../../src/store/ledger/0001_ledger.sql");

/// A mail with a notice, `?1` times.
const MAILS: &str = "
WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
INSERT INTO mail (person, slot, message_id, state, next_attempt_utc, created_utc, settled_utc)
    SELECT 'p' || n, '2026-11-19', 'm' || n || '@bench.example', 'sent', 0, 0, 0 FROM n";
const NOTICES: &str = "
INSERT INTO notice (occurrence, step, recipient, role, due, area, decision, reason, at_utc, on_day, mail)
    SELECT 'evaluation/' || id, -10, person, 'principal', '2026-12-03', 'norr', 'said', 'bench', 0,
        '2026-11-19', id FROM mail";

/// Brings a ledger with so many mails up to date.
pub fn costs(mails: usize) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger.db");
    {
        let ledger = Connection::open(&path).unwrap();
        ledger.execute_batch(FIRST).unwrap();
        ledger.execute(MAILS, [mails as i64]).unwrap();
        ledger.execute(NOTICES, []).unwrap();
        let application = i32::from_be_bytes(*b"avLE");
        ledger
            .pragma_update(None, "application_id", application)
            .unwrap();
        ledger.pragma_update(None, "user_version", 1).unwrap();
    }
    let started = Instant::now();
    std::fs::copy(&path, directory.path().join("copy")).unwrap();
    let copied = started.elapsed();
    let started = Instant::now();
    drop(Ledger::open_or_create(&path).unwrap());
    let upgraded = started.elapsed();
    println!(
        "an upgrade of a ledger with {mails} mails and their notices: {upgraded:.2?}, {:.0} times a copy of the file",
        ratio(upgraded, copied)
    );
}
