//! Dates and times in text.

use avstamd::calendar::{
    Language, Span, Week, date_in_text, long_date, month_in_text, short_date, short_week,
    time_in_table, time_in_text, time_span_in_text, week_in_text, weekday_date,
};
use jiff::civil::{Date, date, time};

use super::{d, week};

use Language::{English, Swedish};

#[test]
fn dates_the_swedish_way() {
    let day = d("2026-12-03");
    assert_eq!(
        long_date(day, Swedish),
        "torsdagen den 3 december 2026 (vecka 49)"
    );
    assert_eq!(weekday_date(day, Swedish), "torsdagen den 3 december 2026");
    assert_eq!(date_in_text(day, Swedish), "den 3 december 2026");
    assert_eq!(short_date(day, Swedish), "tors 3 dec");
    assert_eq!(month_in_text(2026, 12, Swedish), "december 2026");
    assert_eq!(
        long_date(d("2027-01-01"), Swedish),
        "fredagen den 1 januari 2027 (vecka 53)"
    );
}

#[test]
fn dates_in_english() {
    let day = d("2026-12-03");
    assert_eq!(
        long_date(day, English),
        "Thursday 3 December 2026 (week 49)"
    );
    assert_eq!(weekday_date(day, English), "Thursday 3 December 2026");
    assert_eq!(date_in_text(day, English), "3 December 2026");
    assert_eq!(short_date(day, English), "Thu 3 Dec");
    assert_eq!(month_in_text(2026, 12, English), "December 2026");
}

#[test]
fn every_weekday_and_month_has_its_name() {
    let days = Span::new(d("2026-08-17"), d("2026-08-23")).days();
    let weekdays: Vec<String> = days.map(|day| short_date(day, Swedish)).collect();
    assert_eq!(
        weekdays,
        [
            "mån 17 aug",
            "tis 18 aug",
            "ons 19 aug",
            "tors 20 aug",
            "fre 21 aug",
            "lör 22 aug",
            "sön 23 aug",
        ],
    );
    let months: Vec<String> = (1..=12)
        .map(|month| short_date(date(2026, month, 1), Swedish))
        .map(|text| text.rsplit(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(
        months.join(" "),
        "jan feb mars apr maj juni juli aug sep okt nov dec"
    );
    let months: Vec<String> = (1..=12)
        .map(|month| month_in_text(2026, month, Swedish))
        .collect();
    assert_eq!(
        months.join(", ").replace(" 2026", ""),
        "januari, februari, mars, april, maj, juni, juli, augusti, september, oktober, november, \
         december",
    );
    assert_eq!(month_in_text(2026, 0, Swedish), "januari 2026");
    assert_eq!(month_in_text(2026, i8::MIN, Swedish), "januari 2026");
    assert_eq!(month_in_text(2026, i8::MAX, Swedish), "december 2026");
    for day in Span::new(d("2026-08-17"), d("2026-08-23")).days() {
        assert!(weekday_date(day, Swedish).contains("dagen den "));
        assert_eq!(
            weekday_date(day, English),
            day.strftime("%A %-d %B %Y").to_string()
        );
    }
}

#[test]
fn times_in_text_and_in_tables() {
    let (half_past, nine) = (time(8, 30, 0, 0), time(9, 0, 59, 0));
    assert_eq!(time_in_text(half_past, Swedish), "kl. 8.30");
    assert_eq!(time_in_text(nine, Swedish), "kl. 9");
    assert_eq!(time_in_text(time(15, 5, 0, 0), Swedish), "kl. 15.05");
    assert_eq!(time_in_text(time(0, 0, 0, 0), Swedish), "kl. 0");
    assert_eq!(time_in_text(half_past, English), "at 8:30");
    assert_eq!(time_in_text(nine, English), "at 9:00");
    assert_eq!(
        time_span_in_text(nine, time(15, 30, 0, 0), Swedish),
        "kl. 9–15.30"
    );
    assert_eq!(
        time_span_in_text(nine, time(15, 30, 0, 0), English),
        "at 9:00–15:30"
    );
    assert_eq!(time_in_table(half_past), "08.30");
    assert_eq!(time_in_table(time(15, 0, 0, 0)), "15.00");
}

#[test]
fn weeks_in_text() {
    assert_eq!(week_in_text(week(2026, 49), Swedish), "vecka 49");
    assert_eq!(week_in_text(week(2026, 49), English), "week 49");
    assert_eq!(short_week(week(2026, 5), Swedish), "v. 5");
    assert_eq!(short_week(week(2026, 5), English), "wk 5");
    assert_eq!(week(2026, 5).to_string(), "2026-W05");
}

#[test]
fn languages_by_code_and_by_name() {
    for (written, language) in [
        ("sv", Swedish),
        ("Svenska", Swedish),
        (" EN ", English),
        ("engelska", English),
    ] {
        assert_eq!(written.parse::<Language>(), Ok(language));
    }
    assert_eq!(
        "no".parse::<Language>().unwrap_err().to_string(),
        "\"no\" is not a language known here: write sv (Swedish) or en (English)",
    );
    assert_eq!(
        serde_json::to_string(&[Swedish, English]).unwrap(),
        r#"["sv","en"]"#
    );
    assert_eq!(serde_json::from_str::<Language>("\"en\"").unwrap(), English);
    assert_eq!(English.to_string(), "en");
}

#[test]
fn the_ends_of_time_have_words_too() {
    for day in [Date::MIN, Date::MAX] {
        for language in [Swedish, English] {
            assert!(long_date(day, language).contains(&day.year().to_string()));
        }
        assert!(Week::of(day).to_string().contains("-W"));
    }
}
