//! Words of the authority's own: what no mail could be made of is refused when they are read.

use std::collections::BTreeMap;

use avstamd::calendar::Language;
use avstamd::mail::{Detail, Words, WordsError};
use toml::{Table, Value};

use crate::render::{Manner, mail};
use crate::topics::everything;
use crate::world::world;

const BUILT_IN: &str = include_str!("../../src/mail/words/sv.toml");

/// What is wrong with a directory that holds `text` as `file`.
fn faults(file: &str, text: &str) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(file), text).unwrap();
    match Words::load(Language::Swedish, Some(directory.path())) {
        Ok(_) => Vec::new(),
        Err(WordsError::Unfit(faults)) => faults,
        Err(error) => vec![error.to_string()],
    }
}

#[test]
fn a_fault_is_told_by_file_and_key_with_what_to_write() {
    for (text, words) in [
        (
            "greeting = \"Hej {{ name | nosuch }}!\"",
            ["sv.toml: greeting: ", "nosuch"],
        ),
        (
            "greeting = \"Hej {{ othr }}!\"",
            ["sv.toml: greeting: \"othr\"", "write one of name"],
        ),
        (
            "greeting = \"Hej {{ name }\"",
            ["sv.toml: greeting: ", "correct the template"],
        ),
        (
            "[topic.check-in]\nsubject-one = \"{% if late and role == 'area_manager' %}{{ unit | nosuch }}{% endif %}\"",
            ["sv.toml: topic.check-in.subject-one: ", "nosuch"],
        ),
        (
            "[topic.check-in]\nfacts = [\"\", \"{% if has.lat %}x{% endif %}\"]",
            ["sv.toml: topic.check-in.facts: ", "undefined"],
        ),
        (
            "[topic.check-in]\nlists = [{ lead = \"\", of = \"lat\" }]",
            [
                "sv.toml: topic.check-in.lists: ",
                "write one of late, near, effects",
            ],
        ),
        (
            "[topic.evaluation]\nheading = \"{{ late_count }}\"",
            ["topic.evaluation.heading: \"late_count\"", "write one of"],
        ),
        (
            "[digest]\nweekly-subjet = \"Vecka {{ week }}\"",
            ["sv.toml: digest.weekly-subjet: ", "no such key"],
        ),
    ] {
        let found = faults("sv.toml", text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        for word in words {
            assert!(found[0].contains(word), "{word} is not in {found:?}");
        }
    }
    let found = faults("mail.txt.j2", "{{ greting }}");
    assert!(found[0].contains("mail.txt.j2: \"greting\""), "{found:?}");
    let found = faults(
        "mail.html.j2",
        "{% for s in sections %}{{ s.hedding }}{% endfor %}",
    );
    assert!(found[0].contains("mail.html.j2: "), "{found:?}");
}

#[test]
fn every_fault_is_told_at_once_and_good_words_are_taken() {
    let two = "greeting = \"{{ a }}\"\n[why]\nprincipal = \"{{ b }}\"";
    assert_eq!(faults("sv.toml", two).len(), 2);
    let good = "greeting = \"Tjena {{ name | upper }}!\"\n[topic.unreadable-rows]\nfacts = [\"{{ count_word }}\"]";
    assert_eq!(faults("sv.toml", good), Vec::<String>::new());
}

/// Puts `text` behind every template of the catalogue; the sentence of each is its own.
fn behind_each(words: &mut Table, path: &str, text: &dyn Fn(&str) -> String) {
    for (key, value) in words {
        let path = format!("{path}{key}");
        behind(value, &path, text);
    }
}

fn behind(value: &mut Value, path: &str, text: &dyn Fn(&str) -> String) {
    match value {
        Value::String(template) => template.push_str(&text(path)),
        Value::Table(table) => {
            // What a list is of is no template.
            let of = table.remove("of");
            match table.get_mut("lead") {
                Some(lead) => behind(lead, path, text),
                None => behind_each(table, &format!("{path}."), text),
            }
            table.extend(of.map(|of| ("of".to_owned(), of)));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| behind(value, path, text)),
        _ => {}
    }
}

/// What a template is said to know it is given: each asks for all of it in a real mail.
#[test]
fn what_a_template_is_tried_with_is_what_a_mail_gives_it() {
    let mut words: Table = toml::from_str(BUILT_IN).unwrap();
    behind_each(&mut words, "", &|_| "{{ nosuch }}".into());
    let known: BTreeMap<String, Vec<String>> = faults("sv.toml", &words.to_string())
        .iter()
        .map(|fault| {
            let (place, rest) = fault.split_once(": \"nosuch\"").unwrap();
            let key = place.rsplit_once(": ").unwrap().1;
            let known = rest
                .split_once("write one of ")
                .map_or("", |(_, known)| known);
            let known = known.split(", ").filter(|name| !name.is_empty());
            (key.to_owned(), known.map(str::to_owned).collect())
        })
        .collect();
    assert!(known["topic.evaluation.facts"].contains(&"indicator".to_owned()));

    let asks = |path: &str| {
        let names = known[path]
            .iter()
            .map(|name| format!("{name} is undefined"));
        let names: Vec<String> = names.collect();
        match names.is_empty() {
            true => String::new(),
            false => format!(
                "{{% if {} %}}{{{{ 1 | missing }}}}{{% endif %}}",
                names.join(" or ")
            ),
        }
    };
    let mut words: Table = toml::from_str(BUILT_IN).unwrap();
    behind_each(&mut words, "", &asks);
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("sv.toml"), words.to_string()).unwrap();
    let words = Words::load(Language::Swedish, Some(directory.path())).unwrap();
    let manner = Manner {
        words: Some(words),
        ..Manner::new(Language::Swedish, Detail::Full)
    };
    let world = world();
    for decision in everything() {
        mail(&world, &[decision], &manner);
    }
}
