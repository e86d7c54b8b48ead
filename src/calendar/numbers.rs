//! Numbers in running text.

use super::words::Language;

/// The grammatical gender of the Swedish noun that a number counts: *en åtgärd*, *ett möte*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gender {
    /// *en*-words.
    Common,
    /// *ett*-words.
    Neuter,
}

const SWEDISH: [&str; 13] = [
    "noll", "en", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio", "tio", "elva", "tolv",
];

const ENGLISH: [&str; 13] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
];

/// Words up to twelve, digits above: `två`, `ett`, `13`; `two`, `one`, `13`.
pub fn count_word(n: u32, gender: Gender, language: Language) -> String {
    let word = usize::try_from(n)
        .ok()
        .and_then(|n| language.pick(&SWEDISH, &ENGLISH).get(n));
    match (word, gender, language, n) {
        (_, Gender::Neuter, Language::Swedish, 1) => "ett".to_owned(),
        (Some(word), ..) => (*word).to_owned(),
        (None, ..) => grouped(n),
    }
}

/// In digits, with the noun in the right number: `1 åtgärd`, `3 åtgärder`.
pub fn count(n: u32, singular: &str, plural: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { singular } else { plural })
}

/// Digits in groups of three from 10 000 up, held together by no-break spaces; right in
/// Swedish and in English.
pub fn grouped(n: u32) -> String {
    if n < 10_000 {
        return n.to_string();
    }
    in_threes(u64::from(n))
}

/// Digits in groups of three, also for four digits: for a number that stands by itself.
pub fn in_threes(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + 6);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (count, text) in [
            (7, "7"),
            (999, "999"),
            (2020, "2_020"),
            (1_234_567, "1_234_567"),
        ] {
            assert_eq!(in_threes(count), text.replace('_', "\u{a0}"));
        }
    }

    #[test]
    fn small_numbers_are_words_and_one_agrees_with_its_noun() {
        let swedish = |n, gender| count_word(n, gender, Language::Swedish);
        assert_eq!(swedish(0, Gender::Common), "noll");
        assert_eq!(swedish(1, Gender::Common), "en");
        assert_eq!(swedish(1, Gender::Neuter), "ett");
        assert_eq!(swedish(2, Gender::Neuter), "två");
        assert_eq!(swedish(12, Gender::Common), "tolv");
        assert_eq!(swedish(13, Gender::Common), "13");
        assert_eq!(count_word(1, Gender::Neuter, Language::English), "one");
        assert_eq!(
            count_word(u32::MAX, Gender::Common, Language::English),
            grouped(u32::MAX)
        );
    }

    #[test]
    fn only_one_is_singular() {
        let measures = |n| count(n, "åtgärd", "åtgärder");
        assert_eq!(measures(0), "0 åtgärder");
        assert_eq!(measures(1), "1 åtgärd");
        assert_eq!(measures(21), "21 åtgärder");
    }

    #[test]
    fn long_numbers_are_grouped_and_four_digits_are_not() {
        assert_eq!(grouped(9_999), "9999");
        assert_eq!(grouped(10_000), "10\u{a0}000");
        assert_eq!(grouped(1_234_567), "1\u{a0}234\u{a0}567");
    }
}
