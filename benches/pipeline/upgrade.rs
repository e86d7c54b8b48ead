//! What an upgrade costs: a ledger of the first version, brought up to date in one transaction after a
//! copy of it is taken.

use std::time::Instant;

use avstamd::store::Ledger;
use rusqlite::Connection;

use super::ratio;

const FIRST: &str = include_str!("../../src/store/ledger/0001_ledger.sql");

/// A mail with a notice, `?1` times; of one in twenty the text is still kept.
const MAILS: &str = "
WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
INSERT INTO mail (person, slot, message_id, state, attempts, next_attempt_utc, created_utc, dot_utc,
                  settled_utc, sent_on, address, subject, bytes)
    SELECT 'person' || n % 5000, day, 'm' || n || '@bench.example', 'sent', 1, n, n, n, n, day,
        'person' || n % 5000 || '@bench.example', 'Tre åtgärder ska utvärderas före jul',
        iif(n % 20 = 0, randomblob(8192), NULL)
    FROM (SELECT n, date('2024-01-01', (n / 1000) || ' days') AS day FROM n)";
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
