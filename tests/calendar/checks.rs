//! School years that cannot be meant, and what is said about them.

use avstamd::calendar::{Break, Calendar, SchoolYear};

use super::{d, school_years, span, stockholm};

/// What is said after one change to the first of two good school years.
fn said(change: impl FnOnce(&mut SchoolYear)) -> Vec<String> {
    let mut years = school_years();
    change(&mut years[0]);
    let faults = Calendar::new(stockholm(), years).map(|_| ()).unwrap_err();
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn a_reversed_term() {
    let said = said(|year| year.terms[1] = span("2027-06-10", "2027-01-11"));
    assert!(
        said.contains(
            &"school year 2026/27, terms: from = 2027-06-10 is after to = 2027-01-11: \
              write from = 2027-01-11, to = 2027-06-10"
                .to_owned()
        ),
        "{said:#?}"
    );
}

#[test]
fn a_term_of_another_year() {
    assert_eq!(
        said(|year| year.terms[0].from = d("2025-08-18")),
        [
            "school year 2026/27, terms: 2025-08-18 to 2026-12-18 does not lie within 2026-08-01 to \
          2027-07-31: correct the date, or move it from 2026/27 to its own school year"
        ],
    );
}

#[test]
fn no_terms_terms_out_of_order_and_a_term_that_is_all_break() {
    let none = said(|year| year.terms.clear());
    assert!(
        none[0].contains("there are none: write at least one, terms = [{"),
        "{none:#?}"
    );
    assert_eq!(
        said(|year| year.terms.reverse()),
        [
            "school year 2026/27, terms: the term 2026-08-18 to 2026-12-18 does not start after \
          2027-01-11 to 2027-06-10 ends: write the terms in order, and without overlap"
        ],
    );
    let free = said(|year| year.terms[1].to = d("2027-01-10"));
    assert!(free[0].contains("from = 2027-01-11 is after"), "{free:#?}");
    let free = said(|year| {
        year.breaks.push(Break {
            name: "lov".to_owned(),
            span: span("2027-01-01", "2027-02-14"),
        });
        year.terms[1].to = d("2027-02-14");
        year.evaluate = None;
    });
    assert_eq!(
        free,
        [
            "school year 2026/27, terms: the term 2027-01-11 to 2027-02-14 has no school day outside \
          the breaks: correct it or the breaks"
        ],
    );
}

#[test]
fn breaks_that_overlap_have_no_name_or_lie_outside() {
    assert_eq!(
        said(|year| year.breaks[1].span = span("2026-10-30", "2026-11-03")),
        [
            "school year 2026/27, breaks: sportlov (2026-10-30 to 2026-11-03) overlaps höstlov \
          (2026-10-26 to 2026-10-30): give every day to one break only"
        ],
    );
    assert_eq!(
        said(|year| year.breaks[0].name = " ".to_owned()),
        [
            "school year 2026/27, breaks: the break 2026-10-26 to 2026-10-30 has no name: write what \
          it is called, name = \"höstlov\""
        ],
    );
    let outside = said(|year| year.breaks[0].span = span("2025-10-26", "2025-10-30"));
    assert!(
        outside[0].contains("does not lie within 2026-08-01 to 2027-07-31"),
        "{outside:#?}"
    );
}

#[test]
fn staff_days_twice_on_free_days_or_outside_the_terms() {
    let days = [
        "2026-09-25",
        "2026-09-25",
        "2026-09-26",
        "2027-05-06",
        "2027-06-21",
    ];
    assert_eq!(
        said(|year| year.staff_days = days.map(d).to_vec()),
        [
            "school year 2026/27, staff-days: 2026-09-25 is there twice: keep one",
            "school year 2026/27, staff-days: 2026-09-26 is a Saturday: write a day from Monday \
             to Friday that is not free",
            "school year 2026/27, staff-days: 2027-05-06 is Ascension Day: write a day from \
             Monday to Friday that is not free",
            "school year 2026/27, staff-days: 2027-06-21 is outside the terms, where there are no \
             pupils anyway: take it away or correct the date",
        ],
    );
}

#[test]
fn quiet_weeks_that_would_swallow_the_school_year() {
    assert_eq!(
        said(|year| year.quiet[0].from = d("2027-05-05")),
        [
            "school year 2026/27, quiet: 2027-05-05 to 2027-08-08 would hold all mail for 96 days: \
          write at most 70 days at a time"
        ],
    );
    assert_eq!(
        said(|year| year.quiet.push(span("2026-11-30", "2026-12-04"))),
        [
            "school year 2026/27, quiet: 2026-11-30 to 2026-12-04 would hold all mail on 5 school \
          days: keep quiet weeks outside the terms or inside a break"
        ],
    );
    let next_year = said(|year| year.quiet[0].to = d("2027-08-18"));
    assert!(
        next_year[0].contains("on 2 school days"),
        "of the next year: {next_year:#?}"
    );
    assert_eq!(
        said(|year| year.quiet.push(span("2027-08-02", "2027-08-10"))),
        [
            "school year 2026/27, quiet: 2027-08-02 to 2027-08-10 overlaps 2027-07-05 to \
          2027-08-08: write them as one"
        ],
    );
}

#[test]
fn windows_outside_the_terms_or_in_the_wrong_order() {
    assert_eq!(
        said(|year| year.explore = Some(span("2026-12-01", "2026-12-23"))),
        [
            "school year 2026/27, explore: 2026-12-23 is outside the terms: let the window start and \
          end on days of a term"
        ],
    );
    let no_day = said(|year| year.explore = Some(span("2026-10-24", "2026-11-01")));
    assert!(
        no_day[0].contains("holds no school day: widen it"),
        "{no_day:#?}"
    );
    let swapped = said(|year| std::mem::swap(&mut year.explore, &mut year.evaluate));
    assert!(
        swapped[0].contains("the first dialogue comes before the second"),
        "{swapped:#?}"
    );
    let report = said(|year| year.quality_report = Some(d("2027-12-11")));
    assert!(report[0].starts_with("school year 2026/27, quality-report: 2027-12-11 does not"));
}

#[test]
fn names_that_are_wrong_twice_or_leave_a_gap() {
    let name = |name: &'static str| said(move |year| year.name = name.to_owned());
    assert!(name("2026")[0].contains("\"2026\" is not a school year: write it as 2026/27"));
    assert!(name("2026/28")[0].contains("does not span two years in a row: write 2026/27"));
    let twice = name("2027/28");
    assert!(
        twice
            .iter()
            .any(|fault| fault.contains("is there twice: keep one")),
        "{twice:#?}"
    );
    let gap = name("2025/26");
    assert!(
        gap.iter()
            .any(|fault| fault.contains("2026/27 is missing before it")),
        "{gap:#?}"
    );
    let gap = name("2023/24");
    assert!(
        gap.iter()
            .any(|fault| fault.contains("2024/25 to 2026/27 are missing")),
        "{gap:#?}"
    );
}

#[test]
fn every_fault_is_told_at_once_with_its_key_and_item() {
    let mut years = school_years();
    years[0].breaks[1].name.clear();
    years[0].staff_days.push(d("2026-09-27"));
    years[1].terms[1].to = d("2029-06-09");
    years[1].quality_report = Some(d("2030-01-01"));
    let faults = Calendar::new(stockholm(), years).map(|_| ()).unwrap_err();
    let places: Vec<_> = faults
        .iter()
        .map(|fault| (fault.school_year.as_str(), fault.key, fault.item))
        .collect();
    assert_eq!(
        places,
        [
            ("2026/27", "breaks", Some(1)),
            ("2026/27", "staff-days", Some(1)),
            ("2027/28", "terms", Some(1)),
            ("2027/28", "quiet", Some(0)),
            ("2027/28", "quality-report", None),
        ],
    );
}

#[test]
fn two_years_may_name_the_same_summer() {
    let mut years = school_years();
    years[1].quiet.push(span("2027-07-05", "2027-08-08"));
    let calendar = Calendar::new(stockholm(), years).unwrap();
    assert_eq!(calendar.on_or_after(d("2027-07-05")), d("2027-08-09"));
}
