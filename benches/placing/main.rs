//! What placing a school year costs: of an authority of 28 units, and of 150 areas with 12 units each;
//! and placing again when a unit is added.
//!
//! Machines are noisy: read the ratios, which are taken side by side in one run.

#[path = "../../tests/placing/authority.rs"]
#[allow(dead_code, reason = "only the orderly authorities are placed here")]
mod authority;
#[path = "../../tests/placing/record.rs"]
mod record;

use std::time::{Duration, Instant};

use authority::{Authority, add_unit, calendar, orderly};
use avstamd::follow_up::{AreaWorld, SupportLevel};
use avstamd::plan::placing::{Placement, place};

fn main() {
    // `cargo test --benches` asks only whether it runs.
    let is_small = std::env::args().any(|argument| argument == "--test");
    let larger = if is_small { (6, 4) } else { (150, 12) };
    let (year, again) = [(4, 7), larger].map(measure).into();
    let units = |(areas, units): (usize, usize)| (areas * units) as f64 / 28.0;
    println!(
        "{:.0} times the units: {:.1} times as long for a year, {:.1} times as long to place again",
        units(larger),
        ratio(again.0, year.0),
        ratio(again.1, year.1),
    );
}

/// The time that a year takes, and that placing again takes when a unit was added to it.
fn measure((areas, units): (usize, usize)) -> (Duration, Duration) {
    let mut authority = orderly(areas, units);
    let (year, placement) = placed(&authority);
    assert!(placement.unplaced.is_empty() && placement.gaps.is_empty());
    record::keep(&mut authority, &placement);
    let new = areas * units;
    add_unit(&mut authority.worlds[0], new, new, SupportLevel::Standard);
    let (again, added) = placed(&authority);
    println!(
        "{} units: {} meetings in {year:.2?}; one unit more: {} in {again:.2?}",
        areas * units,
        placement.dialogues.len() + placement.check_ins.len(),
        added.dialogues.len() + added.check_ins.len(),
    );
    (year, again)
}

fn placed(authority: &Authority) -> (Duration, Placement) {
    let calendar = calendar();
    let worlds: Vec<&AreaWorld> = authority.worlds.iter().collect();
    let started = Instant::now();
    let placement = place(&authority.request(&calendar, &worlds));
    (started.elapsed(), placement)
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}
