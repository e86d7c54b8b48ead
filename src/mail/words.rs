//! The words people read: one catalogue a language, and the two layouts.
//!
//! Every value of a catalogue is a small template. Text and HTML are laid out from the same
//! sentences, so both parts of a mail say the same.

use std::collections::BTreeMap;
use std::path::Path;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, escape_formatter};
use serde::Deserialize;
use thiserror::Error;

use super::spaces;
use crate::calendar::{Gender, Language};

/// What a template may cost: far above any mail, far below a loop without end.
const FUEL: u64 = 5_000_000;

/// A fault in the words or the layouts, built in or the authority's own.
#[derive(Debug, Error)]
pub enum WordsError {
    /// A file of the authority's own cannot be read.
    #[error("{file}: cannot be read: {source}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A catalogue is not what it should be.
    #[error("{file}: {message}")]
    Catalogue {
        /// The file.
        file: String,
        /// What is wrong, and where.
        message: String,
    },
    /// A template fails.
    #[error("template {0:#}")]
    Template(#[from] minijinja::Error),
}

/// The words about one topic.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Topic {
    heading: String,
    subject_one: String,
    subject_many: String,
    title: String,
    facts: Vec<String>,
    ask: String,
    #[serde(default)]
    lists: Vec<ListWords>,
}

/// A list of a topic's items: what is written above it, and which it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ListWords {
    lead: String,
    of: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Catalogue {
    greeting: String,
    subject_more: String,
    items_more: String,
    and: String,
    next: String,
    next_none: String,
    next_weekly: String,
    next_monthly: String,
    reply: String,
    signature: String,
    automatic: String,
    why: BTreeMap<String, String>,
    topic: BTreeMap<String, Topic>,
    digest: BTreeMap<String, String>,
    concern: BTreeMap<String, String>,
    total: BTreeMap<String, String>,
    sign: BTreeMap<String, String>,
    line: BTreeMap<String, String>,
    table: BTreeMap<String, String>,
    effect: BTreeMap<String, String>,
    list_id: BTreeMap<String, String>,
}

/// Every word of one language, ready to be rendered.
#[derive(Debug)]
pub struct Words {
    environment: Environment<'static>,
    facts: BTreeMap<String, usize>,
    lists: BTreeMap<String, Vec<String>>,
    language: Language,
}

impl Words {
    /// The words of `language`; files of the authority's own in `directory` come before the
    /// built-in ones.
    ///
    /// # Errors
    /// A file cannot be read or is not what it should be.
    pub fn load(language: Language, directory: Option<&Path>) -> Result<Self, WordsError> {
        let (name, built_in) = match language {
            Language::Swedish => ("sv.toml", include_str!("words/sv.toml")),
            Language::English => ("en.toml", include_str!("words/en.toml")),
        };
        let catalogue = catalogue(directory, name, built_in)?;
        let mut words = Self {
            environment: environment(language),
            facts: BTreeMap::new(),
            lists: BTreeMap::new(),
            language,
        };
        words.add_catalogue(catalogue)?;
        for (name, built_in) in [
            ("mail.txt.j2", include_str!("layout/mail.txt.j2")),
            ("mail.html.j2", include_str!("layout/mail.html.j2")),
        ] {
            let text = own(directory, name)?.unwrap_or_else(|| built_in.to_owned());
            words.environment.add_template_owned(name, text)?;
        }
        Ok(words)
    }

    /// The language of these words.
    pub const fn language(&self) -> Language {
        self.language
    }

    /// Renders the template `name` (`topic.evaluation.heading`, `greeting`, `mail.html.j2`).
    ///
    /// # Errors
    /// There is no such template, it names what it is not given, or it costs too much.
    pub fn say(&self, name: &str, with: &Value) -> Result<String, WordsError> {
        Ok(self.environment.get_template(name)?.render(with.clone())?)
    }

    /// The facts of a topic, those that come out empty left out.
    ///
    /// # Errors
    /// As [`Words::say`].
    pub fn facts(&self, topic: &str, with: &Value) -> Result<Vec<String>, WordsError> {
        let count = self.facts.get(topic).copied().unwrap_or(0);
        let mut facts = Vec::with_capacity(count);
        for number in 0..count {
            let fact = self.say(&format!("topic.{topic}.facts.{number}"), with)?;
            if !fact.trim().is_empty() {
                facts.push(fact);
            }
        }
        Ok(facts)
    }

    /// The lists of a topic: what is written above each, and the name of what is in it.
    ///
    /// # Errors
    /// As [`Words::say`].
    pub fn lists(&self, topic: &str, with: &Value) -> Result<Vec<(String, String)>, WordsError> {
        let lists = self.lists.get(topic).map(Vec::as_slice).unwrap_or_default();
        let lead = |(number, of): (usize, &String)| {
            let lead = self.say(&format!("topic.{topic}.lists.{number}"), with)?;
            Ok((lead, of.clone()))
        };
        lists.iter().enumerate().map(lead).collect()
    }

    /// Names in one sentence: `A`, `A och B`, `A, B och C`.
    ///
    /// # Errors
    /// As [`Words::say`].
    pub fn listed(&self, names: &[String]) -> Result<String, WordsError> {
        let and = self.say("and", &Value::from(()))?;
        Ok(listed(names, &and))
    }

    fn add(&mut self, name: String, template: String) -> Result<(), WordsError> {
        Ok(self.environment.add_template_owned(name, template)?)
    }

    fn add_catalogue(&mut self, catalogue: Catalogue) -> Result<(), WordsError> {
        let and = catalogue.and.clone();
        self.environment
            .add_filter("listed", move |names: Vec<String>| listed(&names, &and));
        for (name, template) in [
            ("greeting", catalogue.greeting),
            ("subject-more", catalogue.subject_more),
            ("items-more", catalogue.items_more),
            ("and", catalogue.and.clone()),
            ("next", catalogue.next),
            ("next-none", catalogue.next_none),
            ("next-weekly", catalogue.next_weekly),
            ("next-monthly", catalogue.next_monthly),
            ("reply", catalogue.reply),
            ("signature", catalogue.signature),
            ("automatic", catalogue.automatic),
        ] {
            self.add(name.to_owned(), template)?;
        }
        for (group, templates) in [
            ("why", catalogue.why),
            ("digest", catalogue.digest),
            ("concern", catalogue.concern),
            ("total", catalogue.total),
            ("sign", catalogue.sign),
            ("line", catalogue.line),
            ("table", catalogue.table),
            ("effect", catalogue.effect),
            ("list-id", catalogue.list_id),
        ] {
            for (name, template) in templates {
                self.add(format!("{group}.{name}"), template)?;
            }
        }
        for (topic, words) in catalogue.topic {
            self.add_topic(&topic, words)?;
        }
        Ok(())
    }

    fn add_topic(&mut self, topic: &str, words: Topic) -> Result<(), WordsError> {
        let part = |part: &str| format!("topic.{topic}.{part}");
        self.add(part("heading"), words.heading)?;
        self.add(part("subject-one"), words.subject_one)?;
        self.add(part("subject-many"), words.subject_many)?;
        self.add(part("title"), words.title)?;
        self.add(part("ask"), words.ask)?;
        self.facts.insert(topic.to_owned(), words.facts.len());
        for (number, fact) in words.facts.into_iter().enumerate() {
            self.add(part(&format!("facts.{number}")), fact)?;
        }
        let mut lists = Vec::new();
        for (number, ListWords { lead, of }) in words.lists.into_iter().enumerate() {
            self.add(part(&format!("lists.{number}")), lead)?;
            lists.push(of);
        }
        self.lists.insert(topic.to_owned(), lists);
        Ok(())
    }
}

/// The built-in catalogue with the authority's own words in place of those it names, so that words
/// added by a new version are there too.
fn catalogue(
    directory: Option<&Path>,
    name: &str,
    built_in: &str,
) -> Result<Catalogue, WordsError> {
    let file = directory.map_or_else(
        || name.to_owned(),
        |directory| directory.join(name).display().to_string(),
    );
    let wrong = |error: toml::de::Error| WordsError::Catalogue {
        file: file.clone(),
        message: error.to_string(),
    };
    let mut words: toml::Table = toml::from_str(built_in).map_err(wrong)?;
    if let Some(own) = own(directory, name)? {
        // Read by itself first: its faults are told by its own lines.
        overlay(&mut words, toml::from_str(&own).map_err(wrong)?);
    }
    Catalogue::deserialize(words).map_err(wrong)
}

fn overlay(words: &mut toml::Table, own: toml::Table) {
    for (name, value) in own {
        match (words.get_mut(&name), value) {
            (Some(toml::Value::Table(words)), toml::Value::Table(own)) => overlay(words, own),
            (_, value) => {
                words.insert(name, value);
            }
        }
    }
}

fn own(directory: Option<&Path>, name: &str) -> Result<Option<String>, WordsError> {
    let Some(path) = directory.map(|directory| directory.join(name)) else {
        return Ok(None);
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(WordsError::Unreadable {
            file: path.display().to_string(),
            source,
        }),
    }
}

fn environment(language: Language) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_auto_escape_callback(|name| {
        if name.ends_with(".html.j2") {
            AutoEscape::Html
        } else {
            AutoEscape::None
        }
    });
    // HTML is read in narrow columns: a number stays on the line of what it counts or names.
    environment.set_formatter(|out, state, value| match value.as_str() {
        Some(text) if *state.auto_escape() == AutoEscape::Html && !value.is_safe() => {
            let kept = Value::from(spaces::kept_together(text));
            escape_formatter(out, state, &kept)
        }
        _ => escape_formatter(out, state, value),
    });
    environment.add_function("count_word", move |count: usize| {
        count_word(count, language)
    });
    environment
}

fn listed(names: &[String], and: &str) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{}{and}{last}", first.join(", ")),
    }
}

/// A count in running text: a word up to twelve, digits beyond. What is counted here is of common
/// gender in Swedish: en åtgärd, en skolenhet, en vakans.
pub fn count_word(count: usize, language: Language) -> String {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    crate::calendar::count_word(count, Gender::Common, language)
}

/// The text with its first letter in upper case.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
