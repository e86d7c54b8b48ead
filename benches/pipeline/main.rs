//! What the pipeline costs. `cargo bench` runs all of it; `AVSTAMD_BENCH_UNITS=1000000` sets the
//! larger of the two sizes a tick is compared at (100 000 where it is not set).
//!
//! Machines are noisy: read the ratios, which are taken side by side in one run.

mod authority;
mod client;
mod record;
mod sink;
mod upgrade;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use authority::{CONFIG, Due, spread};
use avstamd::daemon::{Clock, Office, once, tick};
use avstamd::plan::Forecast;
use avstamd::store::{Calendar, Ledger, Writing};
use jiff::Timestamp;
use jiff::civil::{Date, date};

fn main() {
    // `cargo test --benches` asks only whether it runs.
    let small = std::env::args().any(|argument| argument == "--test");
    let larger = std::env::var("AVSTAMD_BENCH_UNITS")
        .ok()
        .and_then(|n| n.parse().ok());
    let (smaller, larger) = if small {
        (150, 300)
    } else {
        (10_000, larger.unwrap_or(100_000))
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        forecast(if small { 30 } else { 1_714 }).await;
        let mails = if small { 30 } else { 1_000 };
        batch(mails, Way::Files).await;
        batch(mails, Way::Smtp { connections: 1 }).await;
        batch(mails, Way::Smtp { connections: 4 }).await;
        client::compare(mails).await;
        record::costs(mails, if small { 100 } else { 100_000 }).await;
        ticks(smaller, larger).await;
        upgrade::costs(if small { 100 } else { 1_000_000 });
        weighing(if small { 10 } else { 2_000 }).await;
    });
}

async fn town(directory: &Path, units: usize, due: Due<'_>) -> Arc<Office> {
    town_of(CONFIG, directory, units, due).await
}

async fn town_of(config: &str, directory: &Path, units: usize, due: Due<'_>) -> Arc<Office> {
    let settings = avstamd::config::parse(&directory.join("avstamd.toml"), config).unwrap();
    let calendar = Calendar::open_or_create(&settings.database.calendar).unwrap();
    let ledger = Ledger::open_or_create(&settings.database.ledger).unwrap();
    let step = 15_000;
    for from in (0..units).step_by(step) {
        let part = authority::batch(from, units.min(from + step), due);
        calendar
            .apply(part, Writing::Keep, Timestamp::UNIX_EPOCH, "bench".into())
            .await
            .unwrap();
    }
    Arc::new(Office::new(settings, calendar, ledger).unwrap())
}

fn at(office: &Office, day: Date) -> Timestamp {
    office
        .settings
        .calendar
        .instant(day, office.settings.rules.send_at)
}

/// A school year of every mail to come.
async fn forecast(units: usize) {
    let directory = tempfile::tempdir().unwrap();
    let office = town(directory.path(), units, &spread).await;
    let started = Instant::now();
    let slices = office.every_slice(date(2026, 8, 1)).await.unwrap();
    let read = started.elapsed();
    let started = Instant::now();
    let forecast = Forecast {
        slices: slices
            .iter()
            .map(|slice| (Cow::Borrowed(&slice.world), slice.troubles.as_slice()))
            .collect(),
        calendar: &office.settings.calendar,
        rules: &office.settings.rules,
        said: Default::default(),
        mailed_on: Default::default(),
        invitations: Default::default(),
    };
    let mails = forecast.run(date(2026, 8, 1), date(2027, 7, 31), |_| {});
    let planned = started.elapsed();
    println!(
        "forecast, {units} units, a school year: {} mails; read {read:.2?}, plan {planned:.2?}",
        mails.len()
    );
}

/// A way out.
enum Way {
    /// A file a mail.
    Files,
    /// A local sink.
    Smtp { connections: usize },
}

impl Way {
    fn name(&self) -> String {
        match self {
            Self::Files => "files".into(),
            Self::Smtp { connections } => format!("a local sink over {connections} connections"),
        }
    }

    async fn config(&self) -> String {
        let Self::Smtp { connections } = self else {
            return CONFIG.into();
        };
        let port = sink::start().await;
        CONFIG.replace(
            "kind = \"files\"\ndirectory = \"mail\"",
            &format!(
                "kind = \"smtp\"\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\nconnections = {connections}"
            ),
        )
    }
}

/// One day on which every unit has something due: decide, render, record durably, send.
async fn batch(units: usize, way: Way) {
    let directory = tempfile::tempdir().unwrap();
    let day = date(2026, 12, 1);
    let config = way.config().await;
    let office = town_of(&config, directory.path(), units, &|_| vec![day]).await;
    let clock = Clock::At(at(&office, day));
    let started = Instant::now();
    let ticked = tick(&office, clock.now()).await.unwrap();
    let decided = started.elapsed();
    let started = Instant::now();
    let (_, delivered) = once(Arc::clone(&office), clock).await.unwrap();
    let sent = started.elapsed();
    let each = sent / u32::try_from(delivered.sent.max(1)).unwrap();
    assert_eq!(delivered.sent, ticked.noted.mails);
    println!(
        "a batch of {} mails to {}: decide {decided:.2?}, render, record and send {sent:.2?} ({each:.2?} a mail)",
        delivered.sent,
        way.name(),
    );
}

/// A tick with 100 areas due, among few and among many units; and one with nothing due.
async fn ticks(smaller: usize, larger: usize) {
    let mut medians = Vec::new();
    for units in [smaller, larger] {
        let directory = tempfile::tempdir().unwrap();
        // The first hundred areas' first units have something on each of these days; the others
        // only next spring.
        let days: Vec<Date> = (1..=3).map(|n| date(2026, 12, n)).collect();
        let due = |number: usize| match number {
            n if n % authority::UNITS_AN_AREA == 0 && n < 100 * authority::UNITS_AN_AREA => {
                days.clone()
            }
            _ => vec![date(2027, 5, 20)],
        };
        let office = town(directory.path(), units, &due).await;
        let started = Instant::now();
        tick(&office, at(&office, date(2026, 11, 30)))
            .await
            .unwrap();
        let first = started.elapsed();
        let mut times = Vec::new();
        let mut slices = 0;
        for &day in &days {
            let started = Instant::now();
            slices = tick(&office, at(&office, day)).await.unwrap().slices;
            times.push(started.elapsed());
        }
        times.sort();
        let started = Instant::now();
        tick(&office, at(&office, days[2])).await.unwrap();
        let idle = started.elapsed();
        println!(
            "tick, {units} units: first {first:.2?}, {slices} areas due {:.2?}, nothing due {idle:.2?}",
            times[1]
        );
        medians.push(times[1]);
    }
    println!(
        "tick among {larger} against {smaller} units: {:.2} times",
        ratio(medians[1], medians[0])
    );
}

/// A tick with nothing due after twenty days of so many mails: what weighing the day costs it.
async fn weighing(mails: usize) {
    let directory = tempfile::tempdir().unwrap();
    let mut office = town(directory.path(), 10, &spread).await;
    let day = date(2026, 12, 1);
    rusqlite::Connection::open(&office.settings.database.ledger)
        .unwrap()
        .execute(
            "WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < 21 * ?1)
             INSERT INTO mail (person, slot, message_id, state, next_attempt_utc, created_utc,
                               dot_utc, sent_on, settled_utc)
             SELECT 'p' || n, date('2026-12-01', -(n / ?1) || ' days'), 'm' || n, 'sent', 0, 0, 0,
                    date('2026-12-01', -(n / ?1) || ' days'), 0 FROM n",
            [mails as i64],
        )
        .unwrap();
    let mut times = Vec::new();
    for hold in [3, 0] {
        Arc::get_mut(&mut office)
            .unwrap()
            .settings
            .rules
            .hold_above_usual = hold;
        tick(&office, at(&office, day)).await.unwrap();
        let started = Instant::now();
        for _ in 0..10 {
            tick(&office, at(&office, day)).await.unwrap();
        }
        times.push(started.elapsed() / 10);
    }
    println!(
        "a tick with nothing due, {mails} mails a day behind it: {:.2?}, {:.1} times one that weighs nothing",
        times[0],
        ratio(times[0], times[1])
    );
}

pub fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}
