//! What holds for every date, checked against a model that just walks.

use avstamd::calendar::{Calendar, DayKind, Span, Week, parse_school_year_name, school_year_name};
use jiff::civil::{Date, Weekday, date};
use proptest::prelude::*;

use super::{calendar, d};

/// Around the school years known, at the edge of the table of working days, and far away.
fn any_date() -> impl Strategy<Value = Date> {
    let year = prop_oneof![4 => 2025i16..2030, 2 => 2019i16..2036, 1 => 1900i16..2300];
    (year, 1i8..=12, 1i8..=31).prop_map(|(year, month, day)| {
        date(year, month, day.min(date(year, month, 1).days_in_month()))
    })
}

fn works(calendar: &Calendar, day: Date) -> bool {
    calendar.day_kind(day) == DayKind::Working
}

fn walk(calendar: &Calendar, from: Date, n: u32, step: impl Fn(Date) -> Date) -> Date {
    let mut day = from;
    if n == 0 {
        while !works(calendar, day) {
            day = step(day);
        }
    }
    for _ in 0..n {
        day = step(day);
        while !works(calendar, day) {
            day = step(day);
        }
    }
    day
}

proptest! {
    #[test]
    fn working_day_steps_agree_with_walking(day in any_date(), n in 0u32..40) {
        let calendar = calendar();
        let before = walk(calendar, day, n, |day| day.yesterday().unwrap());
        let after = walk(calendar, day, n, |day| day.tomorrow().unwrap());
        prop_assert_eq!(calendar.working_days_before(day, n), before);
        prop_assert_eq!(calendar.working_days_after(day, n), after);
        prop_assert!(calendar.is_working_day(before) && calendar.is_working_day(after));
        prop_assert_eq!(calendar.is_working_day(day), works(calendar, day));
        if n == 0 {
            prop_assert_eq!(calendar.on_or_before(day), before);
            prop_assert_eq!(calendar.on_or_after(day), after);
        }
    }

    #[test]
    fn before_and_after_undo_each_other(day in any_date(), n in 0u32..300) {
        let calendar = calendar();
        let day = calendar.on_or_after(day);
        prop_assert_eq!(calendar.working_days_after(calendar.working_days_before(day, n), n), day);
        prop_assert_eq!(calendar.working_days_before(calendar.working_days_after(day, n), n), day);
    }

    #[test]
    fn steps_keep_the_order_of_dates_and_of_numbers(
        one in any_date(),
        other in any_date(),
        n in 0u32..60,
    ) {
        let calendar = calendar();
        let (early, late) = (one.min(other), one.max(other));
        prop_assert!(calendar.working_days_before(early, n) <= calendar.working_days_before(late, n));
        prop_assert!(calendar.working_days_after(early, n) <= calendar.working_days_after(late, n));
        prop_assert!(calendar.working_days_before(early, n + 1) <= calendar.working_days_before(early, n));
        prop_assert!(calendar.working_days_after(early, n + 1) >= calendar.working_days_after(early, n));
    }

    #[test]
    fn differences_agree_with_counting_steps(day in any_date(), n in 1u32..300) {
        let calendar = calendar();
        let after = calendar.working_days_after(day, n);
        prop_assert_eq!(calendar.working_days_between(day, after), i64::from(n));
        let before = calendar.working_days_before(day, n);
        let own = i64::from(calendar.is_working_day(day));
        prop_assert_eq!(calendar.working_days_between(before, day), i64::from(n) - 1 + own);
    }

    #[test]
    fn a_week_is_seven_days_from_its_monday_and_has_two_neighbours(day in any_date()) {
        let week = Week::of(day);
        let days: Vec<Date> = week.days().collect();
        prop_assert!(days.contains(&day));
        prop_assert_eq!(days.len(), 7);
        prop_assert_eq!(week.monday().weekday(), Weekday::Monday);
        prop_assert_eq!((days[0], days[6]), (week.monday(), week.sunday()));
        prop_assert!(days.iter().all(|&day| Week::of(day) == week));
        prop_assert_eq!(week.next().previous(), week);
        prop_assert_eq!(week.next().monday(), week.sunday().tomorrow().unwrap());
        prop_assert!(week.previous() < week && week < week.next());
        prop_assert_eq!(Week::new(week.year(), week.number()), Some(week));
        prop_assert_eq!(week.previous().weeks_until(week.next()), 2);
    }

    #[test]
    fn school_weeks_are_counted_as_a_walk_counts_them(day in any_date(), n in 0u32..90) {
        let calendar = calendar();
        let start = Week::of(day);
        let last = Week::of(d("2028-06-09"));
        let later = std::iter::successors(Some(start), |week| Some(week.next()))
            .take_while(|&week| week <= last)
            .skip(usize::from(n > 0))
            .filter(|week| week.days().any(|day| calendar.is_school_day(day)));
        let found = calendar.nth_school_week_after(start, n);
        let steps = usize::try_from(n.saturating_sub(1)).unwrap();
        prop_assert_eq!(found, later.clone().nth(steps));
        if let Some(found) = found.filter(|_| n > 0) {
            prop_assert!(calendar.is_school_week(found));
            prop_assert_eq!(calendar.school_weeks_between(start, found), n);
            prop_assert_eq!(calendar.school_weeks_between(found, start), 0);
        }
    }

    #[test]
    fn a_school_day_lies_in_a_term_and_is_no_free_day(day in any_date()) {
        let calendar = calendar();
        if calendar.is_school_day(day) {
            let year = calendar.school_year_on(day).unwrap();
            prop_assert!(year.terms.iter().any(|term| term.contains(day)));
            prop_assert!(calendar.is_working_day(day), "quiet weeks keep clear of pupils");
            prop_assert!(calendar.is_school_week(Week::of(day)));
        }
    }

    #[test]
    fn a_school_year_name_leads_back_to_the_year(day in (1001i16..9990, 1i8..=12)) {
        let day = date(day.0, day.1, 1);
        let start = parse_school_year_name(&school_year_name(day)).unwrap();
        prop_assert_eq!(start, if day.month() >= 8 { day.year() } else { day.year() - 1 });
    }

    #[test]
    fn spans_agree_with_their_days(a in any_date(), length in 0i64..60, c in any_date()) {
        let span = Span::new(a, a.saturating_add(jiff::Span::new().days(length)));
        let days: Vec<Date> = span.days().collect();
        prop_assert_eq!(days.len() as i64, span.len_days());
        prop_assert!(days.iter().all(|&day| span.contains(day)));
        let mut weeks: Vec<Week> = days.iter().map(|&day| Week::of(day)).collect();
        weeks.dedup();
        prop_assert_eq!(span.weeks().collect::<Vec<_>>(), weeks);
        let other = Span::new(c, c.saturating_add(jiff::Span::new().days(20)));
        prop_assert_eq!(span.overlaps(&other), days.iter().any(|&day| other.contains(day)));
    }
}

proptest! {
    // Beyond the table a difference is walked, over centuries, so fewer cases do.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn differences_add_up(a in any_date(), b in any_date(), c in any_date()) {
        let between = |from, to| calendar().working_days_between(from, to);
        prop_assert_eq!(between(a, b) + between(b, c), between(a, c));
        prop_assert_eq!(between(a, b), -between(b, a));
    }
}

#[test]
fn the_ends_of_time_neither_panic_nor_take_for_ever() {
    let calendar = calendar();
    for day in [Date::MIN, Date::MAX] {
        for n in [0, 1, 5, 300] {
            calendar.working_days_before(day, n);
            calendar.working_days_after(day, n);
        }
        let week = Week::of(day);
        assert!(week.previous() <= week && week <= week.next());
        assert!(week.days().any(|candidate| candidate == day));
        calendar.first_working_day_of_week(week);
        calendar.first_working_day_of_month(day.year(), day.month());
        calendar.nth_school_week_after(week, u32::MAX);
        school_year_name(day);
        assert_eq!(calendar.school_year_on(day), None);
    }
    assert_eq!(calendar.working_days_before(Date::MIN, 1), Date::MIN);
    assert_eq!(
        calendar.on_or_after(Date::MAX),
        Date::MAX,
        "New Year's Eve, and nothing after"
    );
    assert_eq!(
        calendar.working_days_after(d("9998-01-01"), u32::MAX),
        Date::MAX
    );
    assert_eq!(
        calendar.working_days_before(date(-9998, 1, 1), u32::MAX),
        Date::MIN
    );
    assert_eq!(Week::of(Date::MAX).next(), Week::of(Date::MAX));
    assert_eq!(Week::of(Date::MIN).previous(), Week::of(Date::MIN));
    assert_eq!(Span::new(Date::MAX, Date::MAX).days().count(), 1);
    assert_eq!(Span::new(Date::MAX, Date::MIN).len_days(), 0);
}
