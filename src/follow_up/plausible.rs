//! What may be said of days and in words, asked alike wherever people answer: files, the command
//! line, pages.

use jiff::civil::Date;
use thiserror::Error;

use super::{Pair, PersonId, Role};

/// The longest name, title or identifier, in characters.
pub const LONGEST_LINE: usize = 200;
/// The longest free text, in characters.
pub const LONGEST_TEXT: usize = 20_000;

/// Why a day or a text cannot be meant, and what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Implausible {
    /// A mistyped year.
    #[error("a year outside 1990–2100; correct the date")]
    Year,
    /// Said to have happened, and later than the day it is said.
    #[error("is later than today, {0}; write the day it happened")]
    Later(Date),
    /// No text where one is needed.
    #[error("is empty; fill it in")]
    Empty,
    /// More characters than there is room for.
    #[error("longer than {0} characters; shorten it")]
    Long(usize),
    /// A character that hides or turns text, or a line break in a line. Counted from 1.
    #[error("a line break or an invisible character at place {0}; type the text anew")]
    Hidden(usize),
    /// One person twice in a check-in.
    #[error("a check-in takes two; name somebody else")]
    Alone,
    /// Who stands as the principal of a check-in is none.
    #[error(
        "leads no school unit; name the principal here, and the area manager in the other place"
    )]
    NoPrincipal,
    /// Who stands as the area manager of a check-in is none.
    #[error("is no områdeschef; name the area manager here, and the principal in the other place")]
    NoManager,
}

/// A day of the years that a school authority plans and remembers.
///
/// # Errors
/// A year outside 1990–2100.
pub fn day(day: Date) -> Result<Date, Implausible> {
    if (1990..=2100).contains(&day.year()) {
        Ok(day)
    } else {
        Err(Implausible::Year)
    }
}

/// A day on which something is said to have happened.
///
/// # Errors
/// As [`day`], and a day later than `today`.
pub fn past_day(past: Date, today: Date) -> Result<Date, Implausible> {
    match day(past)? {
        past if past > today => Err(Implausible::Later(today)),
        past => Ok(past),
    }
}

/// A name, title or identifier: something on one line.
///
/// # Errors
/// Empty, too long, or with characters that cannot be seen.
pub fn line(text: &str) -> Result<&str, Implausible> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Implausible::Empty);
    }
    if text.chars().count() > LONGEST_LINE {
        return Err(Implausible::Long(LONGEST_LINE));
    }
    match text.chars().position(|c| is_hidden(c) && c != '\t') {
        Some(place) => Err(Implausible::Hidden(place + 1)),
        None => Ok(text),
    }
}

/// Free text, possibly empty: line ends become one kind, characters that hide or turn text go.
///
/// # Errors
/// Too long.
pub fn text(text: &str) -> Result<String, Implausible> {
    if text.chars().count() > LONGEST_TEXT {
        return Err(Implausible::Long(LONGEST_TEXT));
    }
    Ok(shown(text, LONGEST_TEXT))
}

/// What stands where a text was cut.
const CUT: char = '…';

/// A text as it is shown, whoever wrote it: line ends are of one kind, characters that hide or turn
/// text are gone, and past `most` characters it is cut, visibly.
pub fn shown(text: &str, most: usize) -> String {
    let mut shown = String::new();
    let mut letters = text.chars().peekable();
    let mut count = 0;
    while let Some(letter) = letters.next() {
        let letter = match letter {
            '\r' if letters.peek() == Some(&'\n') => continue,
            '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
            letter if is_hidden(letter) && !matches!(letter, '\n' | '\t') => continue,
            letter => letter,
        };
        if count == most {
            shown.push(CUT);
            break;
        }
        shown.push(letter);
        count += 1;
    }
    shown
}

/// The same on one line, without space around it.
pub fn shown_line(text: &str, most: usize) -> String {
    let mut shown = String::new();
    let (mut count, mut is_apart) = (0, false);
    for letter in text.chars() {
        if letter.is_whitespace() || letter.is_control() {
            is_apart = !shown.is_empty();
        } else if !is_hidden(letter) {
            let space = is_apart.then_some(' ');
            if count + usize::from(is_apart) >= most {
                shown.push(CUT);
                break;
            }
            shown.extend(space.into_iter().chain([letter]));
            count += 1 + usize::from(is_apart);
            is_apart = false;
        }
    }
    shown
}

/// What is wrong with two people as the pair of a check-in, and with which of them. `has` tells
/// whether a person holds, held or will hold a role.
pub fn pair_faults(
    pair: &Pair,
    has: impl Fn(&PersonId, Role) -> bool,
) -> Vec<(&PersonId, Implausible)> {
    let Pair {
        principal,
        area_manager,
    } = pair;
    if principal == area_manager {
        return vec![(area_manager, Implausible::Alone)];
    }
    let any = |person, fits: fn(Role) -> bool| {
        let mut roles = Role::ALL.iter();
        roles.any(|role| fits(*role) && has(person, *role))
    };
    let leads_principals = |role| matches!(role, Role::AreaManager | Role::SchoolDirector);
    let mut faults = Vec::new();
    if !any(principal, Role::is_held_at_unit) {
        faults.push((principal, Implausible::NoPrincipal));
    }
    if !any(area_manager, leads_principals) {
        faults.push((area_manager, Implausible::NoManager));
    }
    faults
}

/// Control characters, and those that turn or hide text: marks of direction, letters without width,
/// blanks that count as letters, tags. Soft hyphens and the signs that choose an emoji's looks stay.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// Whether a text seems to hold a personal identity number: a date of birth in six or eight
/// digits, a hyphen or a plus, four digits; or all twelve digits together.
pub fn holds_personal_number(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit() && c != '-' && c != '+')
        .any(|word| match word.split_once(['-', '+']) {
            Some((date, last)) => is_birth(date) && is_digits(last, 4),
            None => word.get(..8).is_some_and(is_birth) && is_digits(word, 12),
        })
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `yymmdd` or `yyyymmdd`; a coordination number adds 60 to the day. An organisation number has
/// no month there.
fn is_birth(date: &str) -> bool {
    let short = match date.len() {
        8 if date.starts_with("19") || date.starts_with("20") => &date[2..],
        6 => date,
        _ => return false,
    };
    let number = |range: std::ops::Range<usize>| short.get(range)?.parse::<u32>().ok();
    is_digits(short, 6)
        && number(2..4).is_some_and(|month| (1..=12).contains(&month))
        && number(4..6).is_some_and(|day| (1..=31).contains(&day) || (61..=91).contains(&day))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn what_happened_happened_by_today() {
        let today = date(2026, 11, 24);
        assert_eq!(past_day(today, today), Ok(today));
        assert_eq!(
            past_day(date(2026, 11, 25), today),
            Err(Implausible::Later(today))
        );
        assert_eq!(past_day(date(1926, 11, 24), today), Err(Implausible::Year));
    }

    #[test]
    fn lines_are_lines_and_texts_lose_what_cannot_be_seen() {
        assert_eq!(line(" Läsning "), Ok("Läsning"));
        assert_eq!(line("A\u{202e}B"), Err(Implausible::Hidden(2)));
        assert_eq!(line("A\nB"), Err(Implausible::Hidden(2)));
        assert_eq!(line(" "), Err(Implausible::Empty));
        assert_eq!(line(&"x".repeat(201)), Err(Implausible::Long(LONGEST_LINE)));
        assert_eq!(text("A\r\nB\u{202e}\tC").unwrap(), "A\nB\tC");
        assert!(text(&"x".repeat(30_000)).is_err());
    }

    #[test]
    fn what_is_shown_neither_hides_nor_turns_nor_runs_on() {
        assert_eq!(
            shown("a\r\nb\rc\u{2028}d\0\u{202e}e\tf", 20),
            "a\nb\nc\nde\tf"
        );
        assert_eq!(
            shown_line(" a\r\n\0 b\u{200b}\u{61c}c\u{a0}d\n", 20),
            "a bc d"
        );
        for (most, text, line) in [(3, "a b…", "a b…"), (2, "a …", "a…"), (5, "a b c", "a b c")]
        {
            assert_eq!(shown("a b c", most), text);
            assert_eq!(shown_line("a b c", most), line);
        }
        assert_eq!(shown_line("\u{200b}", 9), "");
    }

    #[test]
    fn identity_numbers_are_seen_and_other_numbers_are_not() {
        for number in [
            "20120304-1234",
            "120304-1234",
            "201203041234",
            "120364+1234",
        ] {
            assert!(
                holds_personal_number(&format!("Stöd till {number}.")),
                "{number}"
            );
        }
        for number in [
            "556656-1796",
            "12345678",
            "2026-12-03",
            "070-1234567",
            "5566561796",
        ] {
            assert!(!holds_personal_number(&format!("se {number}.")), "{number}");
        }
    }
}
