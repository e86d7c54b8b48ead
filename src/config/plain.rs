//! A library's words about a value, in words that say what to write.

use crate::follow_up::plausible::shown_line;

/// How much of a value a fault quotes, in characters: what one knows it again by.
const GLIMPSE: usize = 60;

/// What the libraries expect, and what a person writes.
const EXPECTED: [(&str, &str); 6] = [
    ("a string", "a text in quotes"),
    ("path string", "a path in quotes"),
    ("i64", "a whole number without quotes"),
    ("a boolean", "true or false"),
    ("a sequence", "a list, such as [10, 3, 0]"),
    (
        "socket address",
        "address and port, such as \"127.0.0.1:8480\"",
    ),
];

/// What the libraries find, and what a person sees.
const FOUND: [(&str, &str); 8] = [
    ("string", "the text"),
    ("integer", "the number"),
    ("floating point", "the number"),
    ("boolean", "the word"),
    ("sequence", "a list"),
    ("map", "a table"),
    ("unit", "nothing"),
    ("datetime", "a date"),
];

/// Faults of TOML's own, and what to do about them.
const SYNTAX: [(&str, &str); 6] = [
    (
        "invalid basic string",
        "a text has no closing quote; end it with \"",
    ),
    (
        "string values must be quoted",
        "a value is missing, or a text without straight quotes; write it as \"text\"",
    ),
    (
        "key with no value",
        "a key without a value; write key = value",
    ),
    (
        "invalid unquoted key",
        "a key is made of letters a to z, digits, - and _; write key = value",
    ),
    (
        "unclosed table",
        "a table's name has no closing bracket; write it as [table]",
    ),
    (
        "cannot recurse further",
        "too many brackets within each other; write a list of values",
    ),
];

/// As much of a value as a fault tells: on one line, and the beginning of it where it is long.
pub fn glimpse(text: &str) -> String {
    shown_line(text, GLIMPSE)
}

/// The same between quotes.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", glimpse(text))
}

/// What is wrong with a value, and what to write instead.
pub fn value(message: &str) -> String {
    let line = shown_line(message, usize::MAX);
    if let Some(rest) = line
        .strip_prefix("invalid type: ")
        .or(line.strip_prefix("invalid value: "))
        && let Some((found, expected)) = rest.rsplit_once(", expected ")
    {
        return format!("this is {}; write {}", seen(found), wanted(expected));
    }
    for unknown in ["unknown variant ", "unknown field "] {
        if let Some((word, choices)) = line
            .strip_prefix(unknown)
            .and_then(|rest| rest.split_once(", expected "))
        {
            let word = quoted(word.trim_matches('`'));
            let choices = choices.trim_start_matches("one of ").replace('`', "");
            return format!("{word} is not known here; write one of {choices}");
        }
    }
    if let Some(field) = line.strip_prefix("missing field ") {
        return format!("{} is missing here; add it", field.replace('`', ""));
    }
    if line.contains("socket address") {
        return format!("write {}", wanted("socket address"));
    }
    line
}

/// What is wrong with the file's syntax, where `found` stands.
pub fn syntax(message: &str, found: &str) -> String {
    let line = shown_line(message, usize::MAX);
    if line.contains("duplicate key") {
        return format!(
            "{} stands here for the second time; keep one",
            glimpse(found)
        );
    }
    let known = SYNTAX.iter().find(|(words, _)| line.contains(words));
    known.map_or(line.clone(), |(_, plain)| (*plain).to_owned())
}

fn seen(found: &str) -> String {
    let found = found
        .trim_end_matches(" as i128")
        .trim_end_matches(" as u128");
    let found = glimpse(&found.replace('`', ""));
    let known = FOUND.iter().find(|(words, _)| found.starts_with(words));
    known.map_or(found.clone(), |(words, plain)| {
        found.replacen(words, plain, 1)
    })
}

fn wanted(expected: &str) -> String {
    let known = EXPECTED.iter().find(|(words, _)| expected == *words);
    known.map_or(expected, |(_, plain)| plain).to_owned()
}
