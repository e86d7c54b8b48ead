//! What a person is known by in texts: identifier, names, addresses. Finds them and takes them out.
//!
//! Letter case and line breaks do not hide a name or an address. A word that is only part of another
//! is another: `Rut Berg` is in "Rut Bergs rum" and not in "Rut Bergström". A person's calendar is a
//! file by their name, `rut.berg.ics`: that names them.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::PersonId;

/// What stands in people's texts in place of a person who was forgotten.
pub const NOBODY: &str = "[avidentifierad]";

/// What one person is known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Naming {
    /// The authority's identifier.
    pub id: PersonId,
    /// Full names: the present one, and those that somebody gave.
    pub names: BTreeSet<String>,
    /// Addresses: the present one, and those to which mail went.
    pub addresses: BTreeSet<String>,
}

/// Who wrote a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// A person. An identifier that is a plain word or number may mean something else there.
    Person,
    /// The program: an identifier means the person.
    Program,
}

/// By what a text names somebody. The first is looked for first: an address may hold the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Address,
    Id,
    /// An identifier that could be a word, which it is not in the name of a calendar.
    File,
    Name,
}

impl Naming {
    /// Somebody of whom only the identifier is known.
    pub const fn new(id: PersonId) -> Self {
        Self {
            id,
            names: BTreeSet::new(),
            addresses: BTreeSet::new(),
        }
    }

    /// Adds a name and an address, where they say anything.
    pub fn learn(&mut self, name: &str, address: &str) {
        for (text, known) in [(name, &mut self.names), (address, &mut self.addresses)] {
            let text = in_one_line(text);
            if !text.is_empty() && text != NOBODY {
                known.insert(text);
            }
        }
    }

    /// Leaves out what somebody else is known by too: a text that says it may mean them.
    pub fn unlearn(&mut self, name: &str, address: &str) {
        self.names.retain(|known| !is_same(known, name));
        self.addresses.retain(|known| !is_same(known, address));
    }

    /// Whether a name is one of the person's.
    pub fn has_name(&self, name: &str) -> bool {
        let name = in_one_line(name);
        self.names.iter().any(|known| is_same(known, &name))
    }

    /// Whether an address is one of the person's.
    pub fn has_address(&self, address: &str) -> bool {
        self.addresses.iter().any(|known| is_same(known, address))
    }

    /// Whether a text names the person.
    pub fn is_in(&self, text: &str, writer: Writer) -> bool {
        find(text, 0, &self.known(writer)).is_some()
    }

    /// The text without the person, `pseudonym` in place of the identifier. Nothing where it does not
    /// name them.
    pub fn taken_out(&self, text: &str, pseudonym: &str, writer: Writer) -> Option<String> {
        let known = self.known(writer);
        let (mut out, mut rest) = (String::new(), 0);
        while let Some((from, to, kind)) = find(text, rest, &known) {
            out.push_str(text.get(rest..from)?);
            out.push_str(match kind {
                Kind::Id | Kind::File => pseudonym,
                Kind::Address | Kind::Name => NOBODY,
            });
            rest = to;
        }
        out.push_str(text.get(rest..)?);
        (rest > 0).then_some(out)
    }

    /// What to look for, in the order to look.
    fn known(&self, writer: Writer) -> Vec<(Kind, &str)> {
        let addresses = self
            .addresses
            .iter()
            .map(|word| (Kind::Address, word.as_str()));
        let names = self.names.iter().map(|word| (Kind::Name, word.as_str()));
        let id = match writer == Writer::Program || is_telling(self.id.as_str()) {
            true => Kind::Id,
            false => Kind::File,
        };
        let id = [(id, self.id.as_str())];
        let mut known: Vec<(Kind, &str)> = addresses.chain(names).chain(id).collect();
        known.sort_by_key(|(kind, word)| (*kind, Reverse(word.len())));
        known
    }
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.trim().to_lowercase()
}

/// Whether an identifier cannot be taken for a word or a number of the language.
fn is_telling(id: &str) -> bool {
    id.chars().any(char::is_alphabetic) && !id.chars().all(char::is_alphabetic)
}

/// The first place from `start` on where a text says one of `known`, and which.
fn find(text: &str, start: usize, known: &[(Kind, &str)]) -> Option<(usize, usize, Kind)> {
    let mut before = text.get(..start)?.chars().next_back();
    for (place, letter) in text.get(start..)?.char_indices() {
        let from = start + place;
        // Inside a word none begins.
        if !before.is_some_and(char::is_alphanumeric) {
            for (kind, word) in known {
                if let Some(to) = said_at(text, from, (*kind, word))
                    && is_whole((before, text.get(to..)?), *kind)
                {
                    return Some((from, to, *kind));
                }
            }
        }
        before = Some(letter);
    }
    None
}

/// Where `word` ends in a text that says it at `from`.
fn said_at(text: &str, from: usize, (kind, word): (Kind, &str)) -> Option<usize> {
    // A name of one word may be a common word too, in small letters.
    let folds = match kind {
        Kind::Address => true,
        Kind::Name => word.contains(' '),
        Kind::Id | Kind::File => false,
    };
    let mut rest = text.get(from..)?;
    for letter in word.chars() {
        let found = rest.chars().next()?;
        if letter == ' ' && found.is_whitespace() {
            rest = rest.trim_start();
        } else if found == letter || (folds && found.to_lowercase().eq(letter.to_lowercase())) {
            rest = rest.get(found.len_utf8()..)?;
        } else {
            return None;
        }
    }
    Some(text.len() - rest.len())
}

/// Whether what stands before and after a word does not belong to it.
fn is_whole((before, after): (Option<char>, &str), kind: Kind) -> bool {
    let mut letters = after.chars();
    let next = letters.next();
    let ends = |letter: Option<char>| !letter.is_some_and(char::is_alphanumeric);
    if kind == Kind::Name {
        // The genitive.
        return ends(next) || (next == Some('s') && ends(letters.next()));
    }
    let joins = |letter: Option<char>| letter.is_some_and(|c| "._%+-@".contains(c));
    let goes_on = match next {
        _ if is_calendar(after) => false,
        _ if kind == Kind::File => true,
        Some('.') => !ends(letters.next()),
        _ => joins(next),
    };
    !joins(before) && ends(next) && !goes_on
}

/// Whether a word is the name of a calendar, by what stands after it.
fn is_calendar(after: &str) -> bool {
    let ending = after.split_at_checked(".ics".len());
    ending.is_some_and(|(ending, rest)| {
        ending.eq_ignore_ascii_case(".ics") && !rest.starts_with(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rut(id: &str) -> Naming {
        let mut naming = Naming::new(PersonId::new(id));
        naming.learn("Rut  Öberg", "rut.oberg@prov.example");
        naming
    }

    #[test]
    fn a_name_is_found_whole_in_any_case_and_across_a_line_break() {
        let naming = rut("p7");
        for (text, without) in [
            ("Rut Öberg.", Some("[avidentifierad].")),
            ("möte med RUT\r\n öberg", Some("möte med [avidentifierad]")),
            ("Rut Öbergs rum", Some("[avidentifierad]s rum")),
            ("Rut Öbergström", None),
            ("Gerut Öberg", None),
            ("Rut och Öberg", None),
            ("", None),
        ] {
            let out = naming.taken_out(text, "x", Writer::Person);
            assert_eq!(out.as_deref(), without, "{text}");
            assert_eq!(naming.is_in(text, Writer::Person), without.is_some());
        }
    }

    #[test]
    fn an_address_is_found_whole_and_before_what_is_in_it() {
        let naming = rut("rut.oberg");
        for (text, without) in [
            ("<Rut.Oberg@prov.example>", Some("<[avidentifierad]>")),
            (
                "mailto:rut.oberg@prov.example.",
                Some("mailto:[avidentifierad]."),
            ),
            ("gerut.rut.oberg@prov.example", None),
            ("rut.oberg@prov.example.com", None),
            ("x-rut.oberg@prov.example", None),
            ("rut.oberg", Some("x")),
        ] {
            let out = naming.taken_out(text, "x", Writer::Person);
            assert_eq!(out.as_deref(), without, "{text}");
        }
    }

    #[test]
    fn an_identifier_that_is_a_word_is_one_only_where_the_program_wrote_it() {
        let said = "absence of rut from 2026-11-02, rut.";
        let out = rut("rut").taken_out(said, "x", Writer::Program);
        assert_eq!(out.unwrap(), "absence of x from 2026-11-02, x.");
        assert!(!rut("rut").is_in("en rut", Writer::Person));
        assert!(!rut("12").is_in("12 elever", Writer::Person));
        assert!(rut("p12").is_in("av p12", Writer::Person));
        for other in ["rut.berg", "rut-1", "Rut", "rut@prov.example", "p-rut"] {
            assert!(!rut("rut").is_in(other, Writer::Program), "{other}");
        }
    }

    #[test]
    fn the_name_of_a_calendar_names_its_person() {
        for (id, text, without) in [
            ("rut", "units.csv, rut.ics", Some("units.csv, x.ics")),
            ("rut", "rut.ICS", Some("x.ICS")),
            (
                "p7",
                "refused: 2 fel i p7.ics",
                Some("refused: 2 fel i x.ics"),
            ),
            (
                "rut",
                "rut.oberg@prov.example.ics",
                Some("[avidentifierad].ics"),
            ),
            (
                "rut",
                "trut.ics, rut.icsx, rut.csv, en rut, p-rut.ics",
                None,
            ),
        ] {
            let out = rut(id).taken_out(text, "x", Writer::Person);
            assert_eq!(out.as_deref(), without, "{text}");
        }
    }

    #[test]
    fn a_name_of_one_word_is_a_common_word_in_small_letters() {
        let mut naming = Naming::new(PersonId::new("1"));
        naming.learn("Ek", "");
        assert!(naming.is_in("med Ek", Writer::Person));
        assert!(!naming.is_in("en ek", Writer::Person));
    }

    #[test]
    fn what_others_are_called_too_is_not_looked_for() {
        let mut naming = rut("p7");
        naming.unlearn("rut öberg", "RUT.oberg@prov.example ");
        assert!(!naming.is_in("Rut Öberg rut.oberg@prov.example", Writer::Person));
        assert!(!naming.has_address("rut.oberg@prov.example"));
    }
}
