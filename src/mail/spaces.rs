//! Spaces that no line should break at: `kl. 8.30`, `v. 18`, `22 april`.

use std::sync::LazyLock;

use crate::calendar::{Language, month_in_text, short_date};

/// What a number follows on the same line.
const BEFORE_A_NUMBER: [&str; 5] = ["kl.", "v.", "wk", "vecka", "week"];

/// Signs of a digest, which a legend explains.
const SIGNS: [&str; 4] = ["✓", "○", "!", "L:"];

/// The names of months, long and short, in both languages.
static MONTHS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut months = Vec::new();
    for month in 1..=12 {
        for language in [Language::Swedish, Language::English] {
            let day = jiff::civil::Date::new(2027, month, 1).unwrap_or_default();
            let long = month_in_text(2027, month, language);
            let short = short_date(day, language);
            months.extend(long.split_whitespace().next().map(str::to_owned));
            months.extend(short.split_whitespace().last().map(str::to_owned));
        }
    }
    months.sort();
    months.dedup();
    months
});

/// The text with no-break spaces where a number and its word belong on one line.
pub fn kept_together(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut previous = "";
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 {
            kept.push(if belongs(previous, word) {
                '\u{a0}'
            } else {
                ' '
            });
        }
        kept.push_str(word);
        previous = word;
    }
    kept
}

fn belongs(first: &str, second: &str) -> bool {
    let number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let lead = first.trim_start_matches('(').to_lowercase();
    let day = first.len() <= 2 && first.bytes().all(|byte| byte.is_ascii_digit());
    let month = second.trim_end_matches([',', '.', ';', ':', ')', '?']);
    (number(second) && BEFORE_A_NUMBER.contains(&lead.as_str()))
        || (day && !first.is_empty() && MONTHS.iter().any(|known| known == month))
        || SIGNS.contains(&first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_with_their_words_and_nothing_else_changes() {
        for (text, kept) in [
            ("tors 3 dec kl. 8.30", "tors 3_dec kl._8.30"),
            (
                "den 3 december 2026 (vecka 49).",
                "den 3_december 2026 (vecka_49).",
            ),
            ("v. 18", "v._18"),
            ("wk 18: 1 May", "wk_18: 1_May"),
            ("! 3", "!_3"),
            (
                "✓ avstämning hållen · ○ planerad",
                "✓_avstämning hållen · ○_planerad",
            ),
            ("3 sena utvärderingar", "3 sena utvärderingar"),
            ("kl. okänd den 3  maj", "kl. okänd den 3  maj"),
            ("utan siffror den maj", "utan siffror den maj"),
        ] {
            assert_eq!(kept_together(text), kept.replace('_', "\u{a0}"));
        }
    }
}
