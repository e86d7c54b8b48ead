//! A few stretches of the calendar, told by the day.

use avstamd::calendar::{Calendar, DayKind, Eve, Language, RedDay, Span, Week, long_date};

use super::{calendar, d, school_years, span, stockholm, week};

fn working_days(calendar: &Calendar, stretch: Span) -> Vec<String> {
    let days = stretch.days().filter(|&day| calendar.is_working_day(day));
    days.map(|day| day.strftime("%m-%d").to_string()).collect()
}

#[test]
fn the_year_2026_has_a_week_53_and_every_other_week_changes_parity_there() {
    let calendar = calendar();
    let last = Week::of(d("2026-12-31"));
    assert_eq!(last.to_string(), "2026-W53");
    assert_eq!(
        Week::of(d("2027-01-01")),
        last,
        "the week's year is its own"
    );
    assert_eq!(Week::of(d("2027-01-03")), last);
    assert_eq!(last.next(), week(2027, 1));
    assert_eq!(Week::new(2027, 53), None);

    let fortnights = std::iter::successors(Some(week(2026, 34)), |week| Some(week.next().next()));
    let numbers: Vec<i8> = fortnights.skip(8).take(4).map(Week::number).collect();
    assert_eq!(numbers, [50, 52, 1, 3], "even weeks become odd weeks");

    // Three weeks without school lie between, and count for nothing.
    assert_eq!(
        calendar.nth_school_week_after(week(2026, 51), 1),
        Some(week(2027, 2))
    );
    assert_eq!(
        calendar.school_weeks_between(week(2026, 50), week(2027, 2)),
        2
    );
    assert!(!calendar.is_school_week(last));
}

#[test]
fn every_second_week_from_week_34_meets_the_autumn_break() {
    let calendar = calendar();
    assert!(!calendar.is_school_week(week(2026, 44)));
    assert_eq!(
        calendar.nth_school_week_after(week(2026, 42), 2),
        Some(week(2026, 45))
    );
    assert_eq!(
        calendar.nth_school_week_after(week(2026, 44), 0),
        Some(week(2026, 45))
    );
    assert_eq!(
        calendar.school_weeks_between(week(2026, 42), week(2026, 46)),
        3
    );
}

#[test]
fn school_weeks_go_on_across_the_summer_until_the_known_years_run_out() {
    let calendar = calendar();
    assert_eq!(
        calendar.nth_school_week_after(week(2027, 23), 1),
        Some(week(2027, 33))
    );
    assert_eq!(calendar.nth_school_week_after(week(2028, 23), 1), None);
    assert_eq!(
        calendar.nth_school_week_after(week(2020, 1), 1),
        Some(week(2026, 34))
    );
}

#[test]
fn the_leap_day_of_2028_is_a_working_tuesday() {
    let calendar = calendar();
    let leap = d("2028-02-29");
    assert!(calendar.is_working_day(leap) && calendar.is_school_day(leap));
    assert_eq!(calendar.working_days_before(d("2028-03-01"), 1), leap);
    assert_eq!(
        calendar.working_days_after(d("2028-02-28"), 2),
        d("2028-03-01")
    );
    assert_eq!(
        long_date(leap, Language::Swedish),
        "tisdagen den 29 februari 2028 (vecka 9)"
    );
}

#[test]
fn christmas_2026() {
    let calendar = calendar();
    assert_eq!(
        working_days(calendar, span("2026-12-19", "2027-01-10")),
        [
            "12-21", "12-22", "12-23", "12-28", "12-29", "12-30", "01-04", "01-05", "01-07",
            "01-08"
        ],
    );
    assert_eq!(
        calendar.day_kind(d("2026-12-24")),
        DayKind::Eve(Eve::Christmas)
    );
    assert_eq!(
        calendar.day_kind(d("2026-12-26")),
        DayKind::RedDay(RedDay::BoxingDay)
    );
    assert_eq!(calendar.day_kind(d("2026-12-27")), DayKind::Weekend);
    assert_eq!(
        calendar.working_days_after(d("2026-12-23"), 1),
        d("2026-12-28")
    );
    assert_eq!(
        calendar.working_days_before(d("2027-01-07"), 3),
        d("2026-12-30")
    );
    assert_eq!(
        calendar.working_days_between(d("2026-12-18"), d("2027-01-08")),
        10
    );
    assert_eq!(
        calendar.working_days_between(d("2026-12-23"), d("2026-12-27")),
        0
    );
    assert_eq!(
        calendar.first_working_day_of_month(2027, 1),
        Some(d("2027-01-04"))
    );
    assert_eq!(
        calendar.first_working_day_of_week(week(2026, 53)),
        Some(d("2026-12-28"))
    );
}

#[test]
fn easter_2027_falls_on_the_day_of_the_spring_gap() {
    let calendar = calendar();
    assert_eq!(
        working_days(calendar, span("2027-03-24", "2027-03-31")),
        ["03-24", "03-25", "03-30", "03-31"],
    );
    assert_eq!(calendar.on_or_before(d("2027-03-28")), d("2027-03-25"));
    assert_eq!(calendar.on_or_after(d("2027-03-26")), d("2027-03-30"));
    assert_eq!(
        calendar.first_working_day_of_week(week(2027, 13)),
        Some(d("2027-03-30"))
    );
}

#[test]
fn the_friday_after_ascension_2027_is_a_working_day() {
    let calendar = calendar();
    assert_eq!(
        calendar.day_kind(d("2027-05-06")),
        DayKind::RedDay(RedDay::AscensionDay)
    );
    assert_eq!(
        calendar.working_days_after(d("2027-05-05"), 1),
        d("2027-05-07")
    );
    assert!(calendar.is_school_day(d("2027-05-07")));
}

#[test]
fn midsummer_2027_makes_a_long_weekend() {
    let calendar = calendar();
    assert_eq!(
        calendar.day_kind(d("2027-06-25")),
        DayKind::Eve(Eve::Midsummer)
    );
    assert_eq!(
        calendar.working_days_after(d("2027-06-24"), 1),
        d("2027-06-28")
    );
}

#[test]
fn nothing_is_sent_in_the_quiet_weeks() {
    let calendar = calendar();
    assert_eq!(calendar.day_kind(d("2027-07-07")), DayKind::Quiet);
    assert_eq!(
        calendar.day_kind(d("2027-07-10")),
        DayKind::Weekend,
        "and quiet too"
    );
    assert!(calendar.is_quiet(d("2027-07-10")));
    assert_eq!(
        calendar.on_or_before(d("2027-08-06")),
        d("2027-07-02"),
        "a before step"
    );
    assert_eq!(
        calendar.on_or_after(d("2027-07-05")),
        d("2027-08-09"),
        "an after step"
    );
    assert_eq!(calendar.first_working_day_of_week(week(2027, 28)), None);
    assert_eq!(
        calendar.first_working_day_of_month(2027, 8),
        Some(d("2027-08-09"))
    );
    assert_eq!(calendar.first_working_day_of_month(2027, 13), None);
    assert!(
        calendar.is_working_day(d("2026-07-07")),
        "of that summer nothing is known"
    );
}

#[test]
fn breaks_and_staff_days_are_working_days_without_pupils() {
    let calendar = calendar();
    for day in ["2026-10-28", "2026-09-25"] {
        assert!(
            calendar.is_working_day(d(day)) && !calendar.is_school_day(d(day)),
            "{day}"
        );
    }
    assert!(
        calendar.is_school_week(week(2026, 39)),
        "the staff day's week has other days"
    );
}

#[test]
fn a_school_year_is_found_by_date_and_by_name() {
    let calendar = calendar();
    let name_on = |day| {
        calendar
            .school_year_on(d(day))
            .map(|year| year.name.as_str())
    };
    assert_eq!(name_on("2026-07-31"), None);
    assert_eq!(name_on("2026-08-01"), Some("2026/27"));
    assert_eq!(name_on("2027-07-31"), Some("2026/27"));
    assert_eq!(name_on("2027-08-01"), Some("2027/28"));
    assert_eq!(name_on("2028-08-01"), None);
    assert_eq!(
        calendar.school_year("2027/2028").unwrap().start_year(),
        2027
    );
    assert_eq!(calendar.school_year("2028/29"), None);
    let year = calendar.school_year("2026/27").unwrap();
    assert_eq!(year.first_school_day(), Some(d("2026-08-18")));
    assert_eq!(year.last_school_day(), Some(d("2027-06-10")));
}

#[test]
fn school_years_may_be_given_in_any_order_and_any_spelling() {
    let mut years = school_years();
    years.reverse();
    years[0].name = "27/28".to_owned();
    let calendar = Calendar::new(stockholm(), years).unwrap();
    let names: Vec<&str> = calendar
        .school_years()
        .iter()
        .map(|year| year.name.as_str())
        .collect();
    assert_eq!(names, ["2026/27", "2027/28"]);
}

#[test]
fn without_school_years_the_almanac_still_counts() {
    let calendar = Calendar::new(stockholm(), vec![]).unwrap();
    assert_eq!(
        calendar.working_days_after(d("2026-12-23"), 1),
        d("2026-12-28")
    );
    assert!(!calendar.is_school_day(d("2026-12-01")));
    assert_eq!(calendar.nth_school_week_after(week(2026, 34), 0), None);
}
