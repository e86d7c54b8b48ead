//! Single values: days over all of time, names, words, addresses.

use avstamd::calendar::{
    Calendar, Language, Week, date_in_text, easter_sunday, great_eve, long_date,
    parse_school_year_name, red_day, school_year_name, short_date, short_week, week_in_text,
    weekday_date,
};
use avstamd::follow_up::plausible::{self, is_hidden, shown, shown_line};
use avstamd::follow_up::{
    Effect, MeasureStatus, NextStep, Role, SupportLevel, UnitCode, envelope_address,
};
use avstamd::mail::one_line;
use jiff::civil::{Date, Time};

use super::{settings, texts};

thread_local! {
    static CALENDAR: Calendar = settings().calendar;
}

/// A day, a number and texts: the first six bytes are the former.
pub fn values(data: &[u8]) {
    let (head, rest) = data.split_at(data.len().min(6));
    if let Ok([a, b, c, d, e, f]) = <[u8; 6]>::try_from(head) {
        let year = i16::from_le_bytes([a, b]).clamp(-9999, 9999);
        let day = Date::new(year, (c % 12 + 1) as i8, (d % 28 + 1) as i8).expect("a day");
        CALENDAR.with(|calendar| {
            days(calendar, day);
            around(calendar, day, u32::from(u16::from_le_bytes([e, f])));
        });
    }
    for text in texts(rest) {
        words(&text);
        text_as_shown(&text);
        address(&text);
    }
}

/// What is asked of a day.
pub fn days(calendar: &Calendar, day: Date) {
    let week = Week::of(day);
    for language in [Language::Swedish, Language::English] {
        let told = [
            long_date(day, language),
            weekday_date(day, language),
            date_in_text(day, language),
            short_date(day, language),
            week_in_text(week, language),
            short_week(week, language),
        ];
        assert!(told.iter().all(|told| !told.is_empty()));
    }
    assert!(week.monday() <= day && day <= week.sunday(), "{day}");
    assert!(week.next() >= week && week.previous() <= week);
    let _ = (red_day(day), great_eve(day), easter_sunday(day.year()));
    let name = school_year_name(day);
    if (1000..9999).contains(&day.year()) {
        let start = parse_school_year_name(&name).expect("a name we made");
        assert!(start == day.year() || start + 1 == day.year(), "{name}");
    }
    let _ = (
        calendar.day_kind(day),
        calendar.school_year_on(day),
        calendar.is_quiet(day),
    );
    let instant = calendar.instant(day, Time::midnight());
    let _ = (calendar.local(instant), calendar.today(instant));
}

/// What is asked of a day and a number of days.
fn around(calendar: &Calendar, day: Date, number: u32) {
    let few = number % 400;
    let before = calendar.working_days_before(day, few);
    let after = calendar.working_days_after(day, few);
    assert!(before <= day && day <= after, "{before} {day} {after}");
    let _ = calendar.working_days_between(before, after);
    let _ = (calendar.on_or_before(day), calendar.on_or_after(day));
    let week = Week::of(day);
    let _ = calendar.first_working_day_of_week(week);
    let _ = calendar.first_working_day_of_month(day.year(), day.month());
    let _ = calendar.nth_school_week_after(week, number);
    let _ = calendar.school_weeks_between(week, week.next());
}

fn words(text: &str) {
    let _ = (
        text.parse::<Role>(),
        text.parse::<Effect>(),
        text.parse::<NextStep>(),
    );
    let _ = (
        text.parse::<MeasureStatus>(),
        text.parse::<SupportLevel>(),
        text.parse::<Language>(),
    );
    if let Ok(code) = UnitCode::parse(text) {
        assert_eq!(UnitCode::parse(code.as_str()).as_ref(), Ok(&code));
    }
    if let Ok(start) = parse_school_year_name(text) {
        assert!((1000..=9999).contains(&start), "{text:?}");
    }
    let _ = plausible::holds_personal_number(text);
}

fn text_as_shown(text: &str) {
    for most in [0, 1, 7, 200] {
        let shown = shown(text, most);
        assert!(shown.chars().count() <= most + 1, "{shown:?}");
        assert!(
            shown
                .chars()
                .all(|c| !is_hidden(c) || c == '\n' || c == '\t'),
            "{shown:?}"
        );
        let line = shown_line(text, most);
        assert!(line.chars().count() <= most + 1, "{line:?}");
        assert!(
            !line.chars().any(is_hidden) && line.trim() == line,
            "{line:?}"
        );
    }
    let header = one_line(text);
    assert!(
        !header.chars().any(is_hidden) && !header.contains("=?"),
        "{header:?}"
    );
    if let Ok(line) = plausible::line(text) {
        assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
    }
    if let Ok(text) = plausible::text(text) {
        assert_eq!(plausible::text(&text).as_ref(), Ok(&text), "it is clean");
    }
}

fn address(text: &str) {
    let Ok(address) = envelope_address(text) else {
        return;
    };
    let is_plain = |c: char| c.is_ascii_graphic() && !"<>()[]\\,;:\" ".contains(c);
    assert!(address.chars().all(is_plain), "{address:?} of {text:?}");
    assert_eq!(address.matches('@').count(), 1, "{address:?}");
    assert_eq!(
        envelope_address(&address).as_ref(),
        Ok(&address),
        "it is one itself"
    );
}
