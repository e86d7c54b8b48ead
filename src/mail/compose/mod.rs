//! From decisions to one mail: worst first, what to do, why, and when the next comes.

mod groups;
mod next;
mod subject;
mod why;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use minijinja::{Value, context};

use super::content::{Content, Digest, Item, List, Section, TableRow};
use super::digest;
use super::facts::{Facts, Setting, Slice, Teller};
use super::room::Room;
use super::words::{Words, WordsError};
use crate::follow_up::{AreaId, Person, Role};
use crate::plan::{Capacity, Decision, Matter};
use groups::{Told, groups};

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
    tellers: &'a BTreeMap<&'a Option<AreaId>, Teller<'a>>,
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
    let tellers = slices
        .iter()
        .map(|(area, slice)| (area, Teller::new(*slice, setting, words)))
        .collect();
    let ground = Ground {
        slices,
        tellers: &tellers,
        setting,
        words,
    };
    let (told, drawn) = tell(decisions, ground)?;
    let groups = groups(told);
    let mut topics = Vec::new();
    for (topic, told) in &groups {
        topics.extend(Topic::of(topic, told, ground)?);
    }
    let (subject, leading, digest) = match (drawn, topics.first()) {
        // A digest speaks for its whole mail.
        (Some((matter, drawn)), _) => (drawn.subject, matter, Some(drawn.digest)),
        (None, Some(first)) => {
            let subject = subject::subject(&topics, words)?;
            (subject, first.leading.clone(), None)
        }
        (None, None) => return Ok(None),
    };
    let content = Room::fit(|room| {
        let digest = digest.clone();
        let digest = digest.map(|digest| shortened(digest, room, words));
        let sections = topics.iter().map(|topic| topic.section(room, words));
        let sections = sections.collect::<Result<Vec<_>, _>>()?;
        let parts = (subject.clone(), digest.transpose()?, sections);
        let mut content = content(person, decisions, parts, (room, ground))?;
        content.cut(room.letters);
        Ok::<_, WordsError>(content)
    })?;
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
        ..
    } = ground;
    let mut told: Vec<Told<'_>> = Vec::new();
    let mut seen: BTreeSet<(String, Date)> = BTreeSet::new();
    let mut drawn = None;
    for decision in decisions {
        let Some(teller) = ground.tellers.get(&decision.area) else {
            continue;
        };
        if !seen.insert((decision.matter.occurrence(), decision.due)) {
            continue;
        }
        let digest = match decision.matter {
            Matter::WeeklyDigest { .. } => digest::weekly(teller.slice(), setting, words)?,
            Matter::MonthlyDigest { .. } => {
                let all: Vec<Slice<'_>> = slices.values().copied().collect();
                digest::monthly(&all, setting, words)?
            }
            _ => {
                told.extend(teller.head(decision).map(|head| Told {
                    decision,
                    head,
                    asks_focus: "",
                }));
                continue;
            }
        };
        drawn.get_or_insert((decision.matter.clone(), digest));
    }
    Ok((told, drawn))
}

/// A topic: all that is told under it, and in full what there is room for.
struct Topic<'a> {
    topic: &'static str,
    told: &'a [Told<'a>],
    facts: Vec<(&'a Told<'a>, Facts)>,
    /// What its subject and its heading are given: the first of them.
    first: Value,
    leading: Matter,
}

impl<'a> Topic<'a> {
    fn of(
        topic: &'static str,
        told: &'a [Told<'a>],
        ground: Ground<'_>,
    ) -> Result<Option<Self>, WordsError> {
        let mut facts = Vec::new();
        for one in told {
            if facts.len() == Room::MOST.items {
                break;
            }
            let teller = ground.tellers.get(&one.decision.area);
            let known = teller
                .map(|teller| teller.facts(one.decision))
                .transpose()?;
            if let Some(mut known) = known.flatten() {
                if !one.asks_focus.is_empty() {
                    let asks_focus = one.asks_focus;
                    known.values = context! { asks_focus, ..known.values.clone() };
                }
                facts.push((one, known));
            }
        }
        let first = facts.first().map(|(told, facts)| {
            let leading = told.decision.matter.clone();
            (facts.values.clone(), leading)
        });
        Ok(first.map(|(first, leading)| Self {
            topic,
            told,
            facts,
            first,
            leading,
        }))
    }

    fn section(&self, room: Room, words: &Words) -> Result<Section, WordsError> {
        let topic = self.topic;
        let items = self.facts.iter().take(room.items);
        let items = items.map(|(told, facts)| item(topic, (told, facts), room, words));
        Ok(Section {
            heading: words.say(&format!("topic.{topic}.heading"), &self.first)?,
            ask: words.say(&format!("topic.{topic}.ask"), &self.first)?,
            items: items.collect::<Result<_, _>>()?,
            more: more(self.told.len().saturating_sub(room.items), words)?,
        })
    }
}

/// That there are so many more; nothing where there are none.
fn more(more: usize, words: &Words) -> Result<String, WordsError> {
    match more {
        0 => Ok(String::new()),
        more => words.say("items-more", &context! { more }),
    }
}

fn item(
    topic: &str,
    (told, facts): (&Told<'_>, &Facts),
    room: Room,
    words: &Words,
) -> Result<Item, WordsError> {
    let mut lists = Vec::new();
    for (lead, of) in words.lists(topic, &facts.values)? {
        let lines = facts.lists.get(of.as_str()).map(Vec::as_slice);
        let Some(all @ [_, ..]) = lines else {
            continue;
        };
        let mut lines: Vec<String> = all.iter().take(room.lines).cloned().collect();
        let left = more(all.len() - lines.len(), words)?;
        lines.extend(Some(left).filter(|left| !left.is_empty()));
        lists.push(List { lead, lines });
    }
    let mut table = facts.table.clone();
    if let Some(table) = &mut table {
        let left = more(table.rows.len().saturating_sub(room.lines), words)?;
        table.rows.truncate(room.lines);
        if !left.is_empty() {
            // The text part ends each row's first cell with a full stop of its own.
            let first = left.trim_end_matches('.').to_owned();
            let mut cells = vec![String::new(); table.columns.len()];
            cells.splice(..1, [first]);
            table.rows.push(TableRow { cells, open: false });
        }
    }
    Ok(Item {
        title: words.say(&format!("topic.{topic}.title"), &facts.values)?,
        place: told.head.place.clone(),
        facts: words.facts(topic, &facts.values)?,
        lists,
        table,
        late: told.head.late,
    })
}

/// A digest with as many rows as there is room for. That there are more stands in its last line.
fn shortened(mut digest: Digest, room: Room, words: &Words) -> Result<Digest, WordsError> {
    let left = more(digest.keep_rows(room.rows), words)?;
    if !left.is_empty() {
        digest.in_phase = format!("{left} {}", digest.in_phase).trim_end().to_owned();
    }
    Ok(digest)
}

fn content(
    person: &Person,
    decisions: &[Decision],
    (subject, digest, sections): (String, Option<Digest>, Vec<Section>),
    (room, ground): (Room, Ground<'_>),
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
        why: why::why(person, decisions, (room, ground))?,
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
