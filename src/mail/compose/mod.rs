//! From decisions to one mail: worst first, what to do, why, and when the next comes.

mod groups;
mod next;
mod subject;
mod why;

use std::collections::BTreeMap;

use jiff::civil::Date;
use minijinja::{Value, context};

use super::content::{Content, Digest, Item, List, Section};
use super::digest;
use super::facts::{Facts, Setting, Slice, facts};
use super::words::{Words, WordsError};
use crate::follow_up::{AreaId, Person, Role};
use crate::plan::{Capacity, Decision, Matter};
use groups::{Group, Told, groups};

/// Past so many items a section tells how many more there are: a mail must stay a mail.
const ITEMS: usize = 60;

/// The slices a mail draws on, by area; the authority's own under `None`.
pub type Slices<'a> = BTreeMap<Option<AreaId>, Slice<'a>>;

/// A mail, and what it is about above all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// What it says.
    pub content: Content,
    /// The matter its subject names, for the thread.
    pub leading: Matter,
}

/// What a run and a language have in common.
#[derive(Clone, Copy)]
struct Ground<'a> {
    slices: &'a Slices<'a>,
    setting: &'a Setting<'a>,
    words: &'a Words,
}

/// Puts a mail to `person` together from what is to be said. `None` when nothing can be told:
/// the record no longer has what the decisions are about.
///
/// # Errors
/// A template fails.
pub fn compose(
    person: &Person,
    decisions: &[Decision],
    slices: &Slices<'_>,
    setting: &Setting<'_>,
    words: &Words,
) -> Result<Option<Composed>, WordsError> {
    let ground = Ground {
        slices,
        setting,
        words,
    };
    let (told, drawn) = tell(decisions, ground)?;
    let groups = groups(told);
    let (subject, leading, digest) = match (drawn, groups.first()) {
        // A digest speaks for its whole mail.
        (Some((matter, drawn)), _) => (drawn.subject, matter, Some(drawn.digest)),
        (None, Some((_, told))) => {
            let subject = subject::subject(&groups, words)?;
            (subject, told[0].0.matter.clone(), None)
        }
        (None, None) => return Ok(None),
    };
    let sections = groups
        .iter()
        .map(|(topic, told)| section(topic, told, words))
        .collect::<Result<Vec<_>, _>>()?;
    let content = content(person, decisions, (subject, digest, sections), ground)?;
    Ok(Some(Composed { content, leading }))
}

type Drawn = Option<(Matter, digest::Drawn)>;

/// What is told of every decision, each matter once, and the digest among them.
fn tell<'a>(
    decisions: &'a [Decision],
    ground: Ground<'_>,
) -> Result<(Vec<Told<'a>>, Drawn), WordsError> {
    let Ground {
        slices,
        setting,
        words,
    } = ground;
    let mut told: Vec<Told<'_>> = Vec::new();
    let mut seen: Vec<(String, Date)> = Vec::new();
    let mut drawn = None;
    for decision in decisions {
        let Some(&slice) = slices.get(&decision.area) else {
            continue;
        };
        let about = (decision.matter.occurrence(), decision.due);
        if seen.contains(&about) {
            continue;
        }
        seen.push(about);
        let digest = match decision.matter {
            Matter::WeeklyDigest { .. } => digest::weekly(slice, setting, words)?,
            Matter::MonthlyDigest { .. } => {
                let all: Vec<Slice<'_>> = slices.values().copied().collect();
                digest::monthly(&all, setting, words)?
            }
            _ => {
                let facts = facts(decision, slice, setting, words)?;
                told.extend(facts.map(|facts| (decision, facts)));
                continue;
            }
        };
        drawn.get_or_insert((decision.matter.clone(), digest));
    }
    Ok((told, drawn))
}

fn section(topic: &str, told: &[Told<'_>], words: &Words) -> Result<Section, WordsError> {
    let items = told
        .iter()
        .take(ITEMS)
        .map(|(_, facts)| item(topic, facts, words))
        .collect::<Result<Vec<_>, WordsError>>()?;
    let more = match told.len().saturating_sub(ITEMS) {
        0 => String::new(),
        more => words.say("items-more", &context! { more })?,
    };
    let (_, first) = &told[0];
    Ok(Section {
        heading: words.say(&format!("topic.{topic}.heading"), &first.values)?,
        ask: words.say(&format!("topic.{topic}.ask"), &first.values)?,
        items,
        more,
    })
}

fn item(topic: &str, facts: &Facts, words: &Words) -> Result<Item, WordsError> {
    let lists = words.lists(topic, &facts.values)?.into_iter();
    let lists = lists.filter_map(|(lead, of)| {
        let lines = facts.lists.get(of.as_str())?;
        (!lines.is_empty()).then(|| List {
            lead,
            lines: lines.clone(),
        })
    });
    Ok(Item {
        title: words.say(&format!("topic.{topic}.title"), &facts.values)?,
        place: facts.place.clone(),
        facts: words.facts(topic, &facts.values)?,
        lists: lists.collect(),
        table: facts.table.clone(),
        late: facts.late,
    })
}

fn content(
    person: &Person,
    decisions: &[Decision],
    (subject, digest, sections): (String, Option<Digest>, Vec<Section>),
    ground: Ground<'_>,
) -> Result<Content, WordsError> {
    let Ground { setting, words, .. } = ground;
    // To whoever reads the replies it makes no sense to say that they will.
    let officer = Capacity::Holder(Role::QualityOfficer);
    let capacities = || decisions.iter().map(|decision| decision.capacity);
    let role = capacities()
        .find(|capacity| *capacity == officer)
        .or_else(|| capacities().next());
    let role = role.map_or("", Capacity::word);
    Ok(Content {
        language: words.language().to_string(),
        subject,
        greeting: words.say("greeting", &context! { name => person.first_name() })?,
        preview: preview(digest.as_ref(), &sections),
        digest,
        sections,
        why: why::why(person, decisions, ground)?,
        next: next::next(decisions, setting, words)?,
        reply: words.say("reply", &context! { role })?,
        signature: words.say("signature", &context! { authority => setting.authority })?,
        automatic: words.say("automatic", &Value::from(()))?,
    })
}

/// What the mail is about, beyond its subject: the digest's line, or the first thing to do.
fn preview(digest: Option<&Digest>, sections: &[Section]) -> String {
    if let Some(digest) = digest {
        return digest.summary.clone();
    }
    let Some(section) = sections.first() else {
        return String::new();
    };
    if !section.ask.is_empty() {
        return section.ask.clone();
    }
    let Some(item) = section.items.first() else {
        return String::new();
    };
    match (item.facts.first(), item.lists.first()) {
        (Some(fact), _) => fact.clone(),
        (None, Some(list)) => format!("{} {}", list.lead, list.lines.join("; ")),
        (None, None) => item.title.clone(),
    }
}

type Groups<'a> = [Group<'a>];
