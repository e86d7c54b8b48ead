//! Wall clock and instants.

use avstamd::calendar::Calendar;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time, date, time};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::{calendar, d};

#[test]
fn every_local_time_around_the_changes_of_the_clock_agrees_with_an_independent_source() {
    let calendar = calendar();
    let mut rows = 0;
    let lines = include_str!("../oracle/local_times_2024_2030.csv").lines();
    for line in lines.filter(|line| line.starts_with("20")) {
        let (local, instant) = line.split_once(',').unwrap();
        let local: DateTime = local.parse().unwrap();
        let expected: Timestamp = instant.parse().unwrap();
        assert_eq!(
            calendar.instant(local.date(), local.time()),
            expected,
            "{line}"
        );
        rows += 1;
    }
    assert_eq!(rows, 7 * 2 * (30 + 2 * 12));
}

#[test]
fn fault_26_a_time_in_the_spring_gap_moves_to_the_gaps_end() {
    let calendar = calendar();
    let day = d("2027-03-28");
    let end = calendar.instant(day, time(3, 0, 0, 0));
    for minute in [0, 1, 30, 59] {
        let instant = calendar.instant(day, time(2, minute, 0, 0));
        assert_eq!(instant, end);
        assert_eq!(calendar.local(instant), day.at(3, 0, 0, 0));
    }
    assert_eq!(end.to_string(), "2027-03-28T01:00:00Z");
}

#[test]
fn fault_27_the_repeated_autumn_hour_counts_once_the_first_time() {
    let calendar = calendar();
    let day = d("2026-10-25");
    let first = calendar.instant(day, time(2, 30, 0, 0));
    assert_eq!(first.to_string(), "2026-10-25T00:30:00Z");
    let second = first + jiff::SignedDuration::from_hours(1);
    assert_eq!(calendar.local(second), calendar.local(first));
}

#[test]
fn seven_in_the_morning_stays_seven_on_both_days() {
    let calendar = calendar();
    let instant = |day| calendar.instant(d(day), time(7, 0, 0, 0)).to_string();
    assert_eq!(instant("2026-10-24"), "2026-10-24T05:00:00Z");
    assert_eq!(instant("2026-10-25"), "2026-10-25T06:00:00Z");
    assert_eq!(instant("2027-03-27"), "2027-03-27T06:00:00Z");
    assert_eq!(instant("2027-03-28"), "2027-03-28T05:00:00Z");
}

#[test]
fn today_is_the_authoritys_date() {
    let today = |instant: &str| calendar().today(instant.parse().unwrap());
    assert_eq!(today("2026-12-31T22:59:59Z"), d("2026-12-31"));
    assert_eq!(today("2026-12-31T23:00:00Z"), d("2027-01-01"));
    assert_eq!(today("2027-06-30T22:00:00Z"), d("2027-07-01"));
}

#[test]
fn gaps_of_half_an_hour_and_of_a_whole_day_end_where_they_end() {
    let local_after = |zone: &str, local: &str| {
        let calendar = Calendar::new(TimeZone::get(zone).unwrap(), vec![]).unwrap();
        let local: DateTime = local.parse().unwrap();
        calendar
            .local(calendar.instant(local.date(), local.time()))
            .to_string()
    };
    assert_eq!(
        local_after("Australia/Lord_Howe", "2026-10-04T02:10"),
        "2026-10-04T02:30:00"
    );
    assert_eq!(
        local_after("Pacific/Apia", "2011-12-30T12:00"),
        "2011-12-31T00:00:00"
    );
}

#[test]
fn the_ends_of_time_saturate() {
    let calendar = calendar();
    assert_eq!(calendar.instant(Date::MIN, Time::MIN), Timestamp::MIN);
    assert_eq!(calendar.instant(Date::MAX, Time::MAX), Timestamp::MAX);
    calendar.local(Timestamp::MIN);
    calendar.local(Timestamp::MAX);
}

fn any_date() -> impl Strategy<Value = Date> {
    (1980i16..2100, 1i8..=12, 1i8..=31).prop_map(|(year, month, day)| {
        date(year, month, day.min(date(year, month, 1).days_in_month()))
    })
}

/// Days on which the clock changes, or any.
fn interesting_date() -> impl Strategy<Value = Date> {
    prop_oneof![
        any_date(),
        (2024i16..2038, prop_oneof![Just(3i8), Just(10)]).prop_map(|(year, month)| {
            let last = date(year, month, 31);
            last - jiff::Span::new().days(last.weekday().to_sunday_zero_offset())
        }),
    ]
}

fn any_time() -> impl Strategy<Value = Time> {
    prop_oneof![
        (0i8..24, 0i8..60, 0i8..60)
            .prop_map(|(hour, minute, second)| time(hour, minute, second, 0)),
        (1i8..4, 0i8..60).prop_map(|(hour, minute)| time(hour, minute, 0, 0)),
    ]
}

proptest! {
    #[test]
    fn local_undoes_instant_but_in_the_gap_where_it_is_later(
        day in interesting_date(),
        clock in any_time(),
    ) {
        let calendar = calendar();
        let asked = day.to_datetime(clock);
        let shown = calendar.local(calendar.instant(day, clock));
        if shown != asked {
            let gap = calendar.zone().to_ambiguous_timestamp(asked).is_ambiguous();
            prop_assert!(gap && shown > asked, "{asked} became {shown}");
        }
    }

    #[test]
    fn later_on_the_wall_is_never_earlier_in_time(
        day in interesting_date(),
        one in any_time(),
        other in any_time(),
    ) {
        let calendar = calendar();
        let (sooner, later) = (one.min(other), one.max(other));
        prop_assert!(calendar.instant(day, sooner) <= calendar.instant(day, later));
        if let Ok(next) = day.tomorrow() {
            prop_assert!(calendar.instant(day, later) <= calendar.instant(next, sooner));
        }
    }
}
