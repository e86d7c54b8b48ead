//! What a school year is called: `2026/27`, in the database, in files and in text.

use jiff::civil::Date;

use super::span::Span;

/// What was written is not the name of a school year.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchoolYearNameError {
    #[error("\"{0}\" is not a school year: write it as 2026/27")]
    Shape(String),
    #[error("\"{written}\" does not span two years in a row: write {name}", name = school_year_of(*.start))]
    NotConsecutive { written: String, start: i16 },
}

/// The school year a date belongs to, by the administrative year 1 August to 31 July:
/// 2026-08-01 is in `2026/27`, the day before in `2025/26`.
pub fn school_year_name(date: Date) -> String {
    school_year_of(start_year_of(date))
}

/// The calendar year in which a school year starts, from its name.
///
/// Takes `2026/27`, and what people also write: `2026/2027`, `26/27` (of this century),
/// `2026-2027`. `2026-27` is not taken, because `2011-12` could be a month.
pub fn parse_school_year_name(text: &str) -> Result<i16, SchoolYearNameError> {
    let shape = || SchoolYearNameError::Shape(text.to_owned());
    let written = text.trim();
    let (first, second) = match written.split_once('/') {
        Some(parts) => parts,
        None => written
            .split_once(['-', '–'])
            .filter(|(first, second)| first.len() == 4 && second.len() == 4)
            .ok_or_else(shape)?,
    };
    let (first, second) = (first.trim(), second.trim());
    let number = |digits: &str| -> Option<i16> {
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| plain)
    };
    let start = match (first.len(), number(first)) {
        (4, Some(year)) if year >= 1000 => year,
        (2, Some(year)) if second.len() == 2 => 2000 + year,
        _ => return Err(shape()),
    };
    let expected = match second.len() {
        4 => start + 1,
        2 => (start + 1) % 100,
        _ => return Err(shape()),
    };
    match number(second) {
        None => Err(shape()),
        Some(end) if end == expected => Ok(start),
        Some(_) => Err(SchoolYearNameError::NotConsecutive {
            written: written.to_owned(),
            start,
        }),
    }
}

/// `2026/27` for 2026, `1999/00` for 1999.
pub fn school_year_of(start_year: i16) -> String {
    format!(
        "{start_year}/{:02}",
        (i32::from(start_year) + 1).rem_euclid(100)
    )
}

/// The calendar year in which the administrative year around a date starts.
pub(super) fn start_year_of(date: Date) -> i16 {
    if date.month() >= 8 {
        date.year()
    } else {
        date.year() - 1
    }
}

/// 1 August to 31 July, cut off at the ends of time.
pub(super) fn administrative_year(start_year: i16) -> Span {
    Span::new(
        Date::new(start_year, 8, 1).unwrap_or(Date::MIN),
        Date::new(start_year.saturating_add(1), 7, 31).unwrap_or(Date::MAX),
    )
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_administrative_year_turns_on_the_first_of_august() {
        assert_eq!(school_year_name(date(2026, 7, 31)), "2025/26");
        assert_eq!(school_year_name(date(2026, 8, 1)), "2026/27");
        assert_eq!(school_year_name(date(2000, 1, 1)), "1999/00");
        assert_eq!(school_year_name(date(2099, 9, 1)), "2099/00");
    }

    #[test]
    fn a_name_is_read_in_the_ways_people_write_it() {
        for written in [
            "2026/27",
            "2026/2027",
            "26/27",
            " 2026 / 27 ",
            "2026-2027",
            "2026–2027",
        ] {
            assert_eq!(parse_school_year_name(written), Ok(2026), "{written}");
        }
        assert_eq!(parse_school_year_name("1999/00"), Ok(1999));
        assert_eq!(parse_school_year_name("1999/2000"), Ok(1999));
    }

    #[test]
    fn anything_else_is_told_what_to_write() {
        for written in [
            "",
            "/",
            "2026",
            "2026-27",
            "26-27",
            "26/2027",
            "2026/7",
            "+026/27",
            "åå/öö",
            "0026/27",
        ] {
            let error = parse_school_year_name(written).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("\"{written}\" is not a school year: write it as 2026/27"),
            );
        }
        for written in ["2026/26", "2026/28", "2026/2028", "26/26"] {
            assert_eq!(
                parse_school_year_name(written).unwrap_err().to_string(),
                format!("\"{written}\" does not span two years in a row: write 2026/27"),
            );
        }
    }
}
