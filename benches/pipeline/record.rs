//! What the record of what has left costs: its line beside a mail's other writes, and reading it all at
//! a start.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use avstamd::daemon::{Clock, once};
use jiff::civil::date;

use super::{at, ratio, town};

/// Sends `mails`, writes their lines once more by themselves, and starts with `lines` in the record.
pub async fn costs(mails: usize, lines: usize) {
    let directory = tempfile::tempdir().unwrap();
    let day = date(2026, 12, 1);
    let office = town(directory.path(), mails, &|_| vec![day]).await;
    let clock = Clock::At(at(&office, day));
    let started = Instant::now();
    let (_, delivered) = once(Arc::clone(&office), clock.clone()).await.unwrap();
    let all = started.elapsed();
    assert!(delivered.sent > 0);
    let path = directory.path().join("ledger.db.sent");
    let record = std::fs::read_to_string(&path).unwrap();
    let mut again = File::create(directory.path().join("again")).unwrap();
    let started = Instant::now();
    for line in record.lines() {
        writeln!(again, "{line}").unwrap();
        again.sync_data().unwrap();
    }
    let alone = started.elapsed();
    println!(
        "the record of what has left: {:.2} of what deciding, rendering, recording and writing {} mails into files takes",
        ratio(alone, all),
        delivered.sent,
    );

    let mut many = std::io::BufWriter::new(File::create(&path).unwrap());
    let known: Vec<&str> = record.lines().collect();
    for number in 0..lines {
        let line = known[number % known.len()];
        let line = line.replacen(
            "\"message-id\":\"",
            &format!("\"message-id\":\"{number}."),
            1,
        );
        writeln!(many, "{line}").unwrap();
    }
    many.into_inner().unwrap().sync_data().unwrap();
    let mut times = Vec::new();
    for learns in [true, false] {
        let started = Instant::now();
        let healed = office.ledger.heal(clock.now()).await.unwrap();
        assert_eq!(healed.mails > 0, learns);
        times.push(started.elapsed());
    }
    println!(
        "a start with {lines} lines in the record: {:.2?} where the ledger knows none of them, {:.2?} where it knows all",
        times[0], times[1]
    );
}
