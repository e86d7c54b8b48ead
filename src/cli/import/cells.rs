//! The text of a cell as a day or a time, in the forms that spreadsheets write.

use jiff::civil::{Date, DateTime, Time};

/// What no value can be made of: a letter lost in an earlier conversion, a formula that failed.
pub fn damage(text: &str) -> Option<&'static str> {
    let of_error = |c: char| c.is_uppercase() || c.is_ascii_digit() || matches!(c, '/' | '_' | '#');
    let is_error = text.strip_prefix('#').is_some_and(|word| {
        let name = word.trim_end_matches(['!', '?']);
        let known = ["N/A", "SAKNAS"].contains(&name) || name.len() < word.len();
        known && !name.is_empty() && name.chars().all(of_error)
    });
    if is_error {
        Some("a formula failed here; write the value in its place")
    } else if text.len() >= 3 && text.bytes().all(|byte| byte == b'#') {
        Some("the column was too narrow to show the value; widen it and save the file anew")
    } else if text.contains('\u{fffd}') {
        Some("holds \u{fffd} where a letter was lost; type the text anew")
    } else {
        None
    }
}

/// `2026-12-03`, `20261203`, or the first with a midnight behind it, as some exports write it.
pub fn date(text: &str) -> Option<Date> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let text = text
        .strip_suffix(" 00:00:00")
        .or_else(|| text.strip_suffix("T00:00:00"))
        .unwrap_or(text);
    if text.len() == 8 && digits(text) {
        let (year, month, day) = (
            text[..4].parse().ok()?,
            text[4..6].parse().ok()?,
            text[6..].parse().ok()?,
        );
        return Date::new(year, month, day).ok();
    }
    let shaped = text.len() == 10
        && text.is_ascii()
        && text.as_bytes()[4] == b'-'
        && text.as_bytes()[7] == b'-';
    if shaped { text.parse().ok() } else { None }
}

/// A date, then `T` or a space, then a time of day.
pub fn date_time(text: &str) -> Option<DateTime> {
    let (day, time) = text.split_once(['T', ' '])?;
    Some(date(day)?.to_datetime(clock(time)?))
}

/// `08:30` or `08.30`, with or without `kl.` and seconds.
pub fn clock(text: &str) -> Option<Time> {
    let text = text.trim().trim_start_matches("kl.").trim();
    let mut parts = text.split(['.', ':']);
    let hour: i8 = parts.next()?.parse().ok()?;
    let minute: i8 = parts.next()?.parse().ok()?;
    match parts.next() {
        None | Some("00") => Time::new(hour, minute, 0, 0).ok(),
        Some(_) => None,
    }
}
