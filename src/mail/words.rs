//! The words people read: one catalogue a language, and the two layouts.
//!
//! Every value of a catalogue is a small template. Text and HTML are laid out from the same
//! sentences, so both parts of a mail say the same. Templates of the authority's own are tried on
//! samples when they are read: what cannot be written in a mail is refused before there is one.

mod samples;

use std::collections::{BTreeMap, BTreeSet};
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
    /// Templates of the authority's own cannot be used: each with its file and key.
    #[error("{}", .0.join("\n"))]
    Unfit(Vec<String>),
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
    invitation: BTreeMap<String, String>,
    obstacle: BTreeMap<String, String>,
}

impl Catalogue {
    /// Every template but the topics' under its name.
    fn templates(&self) -> Vec<(String, String)> {
        let single = [
            ("greeting", &self.greeting),
            ("subject-more", &self.subject_more),
            ("items-more", &self.items_more),
            ("and", &self.and),
            ("next", &self.next),
            ("next-none", &self.next_none),
            ("next-weekly", &self.next_weekly),
            ("next-monthly", &self.next_monthly),
            ("reply", &self.reply),
            ("signature", &self.signature),
            ("automatic", &self.automatic),
        ];
        let groups = [
            ("why", &self.why),
            ("digest", &self.digest),
            ("concern", &self.concern),
            ("total", &self.total),
            ("sign", &self.sign),
            ("line", &self.line),
            ("table", &self.table),
            ("effect", &self.effect),
            ("list-id", &self.list_id),
            ("invitation", &self.invitation),
            ("obstacle", &self.obstacle),
        ];
        let single = single.map(|(name, template)| (name.to_owned(), template.clone()));
        let grouped = groups.into_iter().flat_map(|(group, templates)| {
            let named = templates.iter();
            named.map(move |(name, template)| (format!("{group}.{name}"), template.clone()))
        });
        let topics = self
            .topic
            .iter()
            .flat_map(|(name, topic)| topic.templates(name));
        single.into_iter().chain(grouped).chain(topics).collect()
    }

    /// The names of each topic's lists.
    fn lists(&self) -> BTreeMap<String, Vec<String>> {
        let names = |topic: &Topic| topic.lists.iter().map(|list| list.of.clone()).collect();
        let topics = self.topic.iter();
        topics
            .map(|(name, topic)| (name.clone(), names(topic)))
            .collect()
    }
}

impl Topic {
    fn templates(&self, topic: &str) -> Vec<(String, String)> {
        let facts = self.facts.iter().enumerate();
        let facts = facts.map(|(number, fact)| (format!("facts.{number}"), fact));
        let lists = self.lists.iter().enumerate();
        let lists = lists.map(|(number, list)| (format!("lists.{number}"), &list.lead));
        let single = [
            ("heading", &self.heading),
            ("subject-one", &self.subject_one),
            ("subject-many", &self.subject_many),
            ("title", &self.title),
            ("ask", &self.ask),
        ];
        let single = single.map(|(part, template)| (part.to_owned(), template));
        let all = single.into_iter().chain(facts).chain(lists);
        all.map(|(part, template)| (format!("topic.{topic}.{part}"), template.clone()))
            .collect()
    }
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
        let counts = catalogue.topic.iter();
        let mut words = Self {
            environment: environment(language),
            facts: counts
                .map(|(topic, words)| (topic.clone(), words.facts.len()))
                .collect(),
            lists: catalogue.lists(),
            language,
        };
        let and = catalogue.and.clone();
        words
            .environment
            .add_filter("listed", move |names: Vec<String>| listed(&names, &and));
        let mut templates = catalogue.templates();
        let mut built_in_ones = BTreeMap::new();
        for (layout, built_in) in [
            ("mail.txt.j2", include_str!("layout/mail.txt.j2")),
            ("mail.html.j2", include_str!("layout/mail.html.j2")),
        ] {
            let text = own(directory, layout)?.unwrap_or_else(|| built_in.to_owned());
            built_in_ones.insert(layout.to_owned(), built_in.to_owned());
            templates.push((layout.to_owned(), text));
        }
        let original: Catalogue =
            toml::from_str(built_in).map_err(|error| in_file(name, &error))?;
        built_in_ones.extend(original.templates());
        let faults = words.take_in(templates, &built_in_ones, &original.lists());
        if faults.is_empty() {
            return Ok(words);
        }
        let told = faults
            .iter()
            .map(|(template, fault)| told(directory, name, template, fault));
        Err(WordsError::Unfit(told.collect()))
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

    /// Adds the templates and tries those that are not built in; what is wrong, by template.
    fn take_in(
        &mut self,
        templates: Vec<(String, String)>,
        built_in: &BTreeMap<String, String>,
        lists: &BTreeMap<String, Vec<String>>,
    ) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        for (topic, named) in &self.lists {
            let known = lists.get(topic).map(Vec::as_slice).unwrap_or_default();
            for list in named.iter().filter(|list| !known.contains(list)) {
                let fault = format!("there is no list \"{list}\"; {}", one_of(known));
                faults.push((format!("topic.{topic}.lists"), fault));
            }
        }
        for (name, template) in templates {
            let own = built_in.get(&name) != Some(&template);
            if own && !is_known(&name, built_in) {
                faults.push((name, "there is no such key; leave it out".to_owned()));
                continue;
            }
            let added = self.environment.add_template_owned(name.clone(), template);
            let fault = match added {
                Err(error) => Some(format!("{error}; correct the template")),
                Ok(()) if own => self.fault(&name, lists).err(),
                Ok(()) => None,
            };
            faults.extend(fault.map(|fault| (name, fault)));
        }
        faults
    }

    /// Tries a template on all it may be given.
    fn fault(&self, name: &str, lists: &BTreeMap<String, Vec<String>>) -> Result<(), String> {
        let topic = name.split('.').nth(1).unwrap_or_default();
        let lists = lists.get(topic).map(Vec::as_slice).unwrap_or_default();
        let samples = samples::samples(name, lists, self.language);
        let wrong = |error: minijinja::Error| format!("{error}; correct the template");
        let template = self.environment.get_template(name).map_err(wrong)?;
        // Every sample of a template has the same names.
        let keys = samples.first().and_then(|sample| sample.try_iter().ok());
        let known: BTreeSet<String> = keys
            .into_iter()
            .flatten()
            .map(|key| key.to_string())
            .collect();
        let globals: BTreeSet<&str> = self.environment.globals().map(|(name, _)| name).collect();
        let named = template.undeclared_variables(false);
        let unknown = named
            .iter()
            .filter(|name| !known.contains(*name) && !globals.contains(name.as_str()))
            .min();
        if let Some(unknown) = unknown {
            let known: Vec<String> = known.into_iter().collect();
            return Err(format!(
                "\"{unknown}\" is not known here; {}",
                one_of(&known)
            ));
        }
        for sample in samples {
            template.render(sample).map_err(wrong)?;
        }
        Ok(())
    }
}

/// Whether the authority may have words of its own under `name`: a topic has as many facts as it
/// likes, everything else is there already.
fn is_known(name: &str, built_in: &BTreeMap<String, String>) -> bool {
    match name.split('.').collect::<Vec<_>>().as_slice() {
        ["topic", topic, ..] => built_in.contains_key(&format!("topic.{topic}.heading")),
        _ => built_in.contains_key(name),
    }
}

fn one_of(known: &[String]) -> String {
    match known {
        [] => "leave it out".to_owned(),
        known => format!("write one of {}", known.join(", ")),
    }
}

/// A fault of a template with the file it stands in, and its key there.
fn told(directory: Option<&Path>, catalogue: &str, template: &str, fault: &str) -> String {
    let is_layout = template.ends_with(".j2");
    let file = if is_layout { template } else { catalogue };
    let file = directory.map_or_else(|| file.into(), |directory| directory.join(file));
    let key = template.trim_end_matches(|c: char| c == '.' || c.is_ascii_digit());
    match is_layout {
        true => format!("{}: {fault}", file.display()),
        false => format!("{}: {key}: {fault}", file.display()),
    }
}

fn in_file(file: &str, error: &toml::de::Error) -> WordsError {
    WordsError::Catalogue {
        file: file.to_owned(),
        message: error.to_string(),
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
    let wrong = |error: toml::de::Error| in_file(&file, &error);
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
