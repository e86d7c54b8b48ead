//! Red days and great eves against the oracle files beside this folder.

use std::collections::BTreeMap;

use avstamd::calendar::{Eve, RedDay, Span, easter_sunday, great_eve, red_day};
use jiff::civil::{Date, date};

use super::d;

fn oracle() -> BTreeMap<Date, (String, String)> {
    include_str!("../oracle/red_days_2020_2040.csv")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.starts_with("date,"))
        .map(|line| {
            let fields: Vec<&str> = line.splitn(3, ',').collect();
            (d(fields[0]), (fields[1].to_owned(), fields[2].to_owned()))
        })
        .collect()
}

#[test]
fn red_days_and_eves_are_exactly_those_of_an_independent_source() {
    let oracle = oracle();
    assert_eq!(
        oracle.len(),
        21 * 16,
        "thirteen red days and three eves a year"
    );
    for day in Span::new(date(2020, 1, 1), date(2040, 12, 31)).days() {
        let ours = match (red_day(day), great_eve(day)) {
            (Some(red), None) => Some(("red", red.to_string())),
            (None, Some(eve)) => Some(("eve", eve.to_string())),
            (None, None) => None,
            both => panic!("{day} is {both:?}"),
        };
        let theirs = oracle.get(&day).map(|(kind, name)| {
            let name = name.replace("Second Day of Christmas", "Boxing Day");
            (kind.as_str(), name)
        });
        assert_eq!(ours, theirs, "{day}");
    }
}

#[test]
fn easter_is_right_at_its_earliest_and_latest_and_in_the_exceptions_of_the_rule() {
    for known in [
        "1818-03-22",
        "1943-04-25",
        "1954-04-18",
        "1981-04-19",
        "2008-03-23",
    ] {
        assert_eq!(easter_sunday(d(known).year()), d(known));
    }
    for known in [
        "2027-03-28",
        "2038-04-25",
        "2049-04-18",
        "2076-04-19",
        "2285-03-22",
    ] {
        assert_eq!(easter_sunday(d(known).year()), d(known));
    }
}

#[test]
fn easter_is_a_sunday_in_season_in_every_year_there_is() {
    for year in -9999..=9999 {
        let easter = easter_sunday(year);
        assert_eq!(easter.weekday(), jiff::civil::Weekday::Sunday, "{easter}");
        assert!(
            date(year, 3, 22) <= easter && easter <= date(year, 4, 25),
            "{easter}"
        );
        assert_eq!(red_day(easter), Some(RedDay::EasterSunday));
    }
    assert_eq!(easter_sunday(i16::MAX), easter_sunday(9999));
    assert_eq!(easter_sunday(i16::MIN), easter_sunday(-9999));
}

#[test]
fn a_day_that_is_two_things_has_the_name_with_the_fixed_date() {
    assert_eq!(
        red_day(d("2008-05-01")),
        Some(RedDay::FirstOfMay),
        "and Ascension Day"
    );
    assert_eq!(
        red_day(d("2049-06-06")),
        Some(RedDay::NationalDay),
        "and Pentecost"
    );
    assert_eq!(red_day(d("2004-06-06")), None, "not yet a red day");
}

#[test]
fn midsummer_and_all_saints_keep_to_their_weekdays() {
    for year in 1953..=2200 {
        let days = || Span::new(date(year, 1, 1), date(year, 12, 31)).days();
        let eves: Vec<Date> = days()
            .filter(|&day| great_eve(day) == Some(Eve::Midsummer))
            .collect();
        let midsummers: Vec<Date> = days()
            .filter(|&day| red_day(day) == Some(RedDay::MidsummerDay))
            .collect();
        let saints = days()
            .filter(|&day| red_day(day) == Some(RedDay::AllSaintsDay))
            .count();
        assert_eq!((eves.len(), midsummers.len(), saints), (1, 1, 1), "{year}");
        assert_eq!(eves[0].tomorrow().unwrap(), midsummers[0]);
    }
}
