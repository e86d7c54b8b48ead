//! From decisions to one mail: worst first, what to do, why, and when the next comes.

use std::collections::BTreeMap;

use jiff::civil::Date;
use minijinja::{Value, context};

use super::content::{Content, Digest, Item, Section};
use super::digest;
use super::facts::{Facts, Setting, Slice, facts};
use super::words::{Words, WordsError, capitalised, count_word};
use crate::calendar::weekday_date;
use crate::follow_up::{AreaId, Person, PersonId, Role};
use crate::plan::{Capacity, Decision, Matter, Verdict};

/// Topics in the order a reader should meet them, late ones aside.
const ORDER: [&str; 22] = [
    "check-in",
    "evaluation",
    "focus-area",
    "agenda-explore",
    "agenda-evaluate",
    "not-recorded",
    "check-in-gap",
    "activity",
    "unassessed",
    "undeliverable",
    "no-address",
    "import-refused",
    "unreadable-rows",
    "school-year-missing",
    "vacant-unit",
    "vacant-area",
    "check-in-gap-manager",
    "evaluation-manager",
    "activity-manager",
    "unassessed-unit",
    "unassessed-area",
    "focus-area-manager",
];

/// Past so many items a section tells how many more there are: a mail must stay a mail.
const ITEMS: usize = 60;

/// The slices a mail draws on, by area; the authority's own under `None`.
pub type Slices<'a> = BTreeMap<Option<AreaId>, Slice<'a>>;

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
) -> Result<Option<Content>, WordsError> {
    let mut told: Vec<(&Decision, Facts)> = Vec::new();
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
        match decision.matter {
            Matter::WeeklyDigest { .. } => drawn = Some(digest::weekly(slice, setting, words)?),
            Matter::MonthlyDigest { .. } => {
                let all: Vec<Slice<'_>> = slices.values().copied().collect();
                drawn = Some(digest::monthly(&all, setting, words)?);
            }
            _ => told
                .extend(facts(decision, slice, setting, words.language()).map(|f| (decision, f))),
        }
    }
    if told.is_empty() && drawn.is_none() {
        return Ok(None);
    }
    let groups = groups(told);
    let subject = subject(
        &groups,
        drawn.as_ref().map(|drawn| drawn.subject.as_str()),
        words,
    )?;
    let sections = groups
        .iter()
        .map(|(topic, told)| section(topic, told, words))
        .collect::<Result<_, _>>()?;
    let digest = drawn.map(|drawn| drawn.digest);
    content(
        person,
        decisions,
        (subject, digest, sections),
        (slices, setting, words),
    )
    .map(Some)
}

type Group<'a> = (&'static str, Vec<(&'a Decision, Facts)>);

/// The facts by topic: topics with something late first, then in reading order; within a topic
/// the oldest date first.
fn groups(told: Vec<(&Decision, Facts)>) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (decision, facts) in told {
        match groups.iter_mut().find(|(topic, _)| *topic == facts.topic) {
            Some((_, group)) => group.push((decision, facts)),
            None => groups.push((facts.topic, vec![(decision, facts)])),
        }
    }
    for (_, group) in &mut groups {
        group.sort_by(|a, b| (a.1.due, &a.1.place).cmp(&(b.1.due, &b.1.place)));
    }
    let place = |topic: &str| {
        ORDER
            .iter()
            .position(|known| *known == topic)
            .unwrap_or(ORDER.len())
    };
    groups.sort_by_key(|(topic, group)| (!group.iter().any(|(_, facts)| facts.late), place(topic)));
    groups
}

fn section(topic: &str, told: &[(&Decision, Facts)], words: &Words) -> Result<Section, WordsError> {
    let mut items = told
        .iter()
        .take(ITEMS)
        .map(|(_, facts)| {
            Ok(Item {
                title: words.say(&format!("topic.{topic}.title"), &facts.values)?,
                place: facts.place.clone(),
                facts: words.facts(topic, &facts.values)?,
                late: facts.late,
            })
        })
        .collect::<Result<Vec<_>, WordsError>>()?;
    if let Some(more) = told.len().checked_sub(ITEMS).filter(|more| *more > 0) {
        items.push(Item {
            title: format!("+ {more}"),
            place: String::new(),
            facts: Vec::new(),
            late: false,
        });
    }
    let (_, first) = &told[0];
    Ok(Section {
        heading: words.say(&format!("topic.{topic}.heading"), &first.values)?,
        items,
        ask: words.say(&format!("topic.{topic}.ask"), &first.values)?,
    })
}

/// What the first topic says, and how much more there is. A digest speaks for its whole mail.
fn subject(
    groups: &[Group<'_>],
    digest: Option<&str>,
    words: &Words,
) -> Result<String, WordsError> {
    if let Some(subject) = digest {
        return Ok(subject.to_owned());
    }
    let Some((topic, told)) = groups.first() else {
        return Ok(String::new());
    };
    let (_, first) = &told[0];
    let one_place = told.iter().all(|(_, facts)| facts.place == first.place);
    let name = if told.len() == 1 {
        "subject-one"
    } else {
        "subject-many"
    };
    let count = count_word(told.len(), words.language());
    let all_late = told.iter().all(|(_, facts)| facts.late);
    let values = context! {
        count => told.len(), count_Word => capitalised(&count), count_word => count,
        late => all_late, ..first.values.clone()
    };
    let mut main = words.say(&format!("topic.{topic}.{name}"), &values)?;
    if !one_place && !first.place.is_empty() {
        // Several units: the subject names none rather than one of them.
        main = main.replace(&format!(" – {}", first.place), "");
    }
    let more: usize = groups.iter().skip(1).map(|(_, told)| told.len()).sum();
    if more == 0 {
        return Ok(main);
    }
    words.say("subject-more", &context! { main, more })
}

fn content(
    person: &Person,
    decisions: &[Decision],
    (subject, digest, sections): (String, Option<Digest>, Vec<Section>),
    (slices, setting, words): (&Slices<'_>, &Setting<'_>, &Words),
) -> Result<Content, WordsError> {
    let next = decisions
        .iter()
        .filter_map(|decision| match decision.verdict {
            Verdict::Say(cause) => cause.next,
            Verdict::Silent(_) => None,
        })
        .filter(|&next| next > setting.day)
        .min();
    let next = match next {
        Some(day) => words.say(
            "next",
            &context! { date => weekday_date(day, words.language()) },
        )?,
        None => String::new(),
    };
    let none = Value::from(());
    Ok(Content {
        language: words.language().to_string(),
        subject,
        greeting: words.say("greeting", &context! { name => person.first_name() })?,
        digest,
        sections,
        why: why(person, decisions, slices, (setting, words))?,
        next,
        reply: words.say("reply", &none)?,
        signature: words.say("signature", &context! { authority => setting.authority })?,
        automatic: words.say("automatic", &none)?,
    })
}

/// Why the person got the mail: a sentence a role, and one for whom they stand in for.
fn why(
    person: &Person,
    decisions: &[Decision],
    slices: &Slices<'_>,
    (setting, words): (&Setting<'_>, &Words),
) -> Result<Vec<String>, WordsError> {
    let mut sentences: Vec<String> = Vec::new();
    for decision in decisions {
        let (Some(holder), Some(slice)) = (&decision.recipient, slices.get(&decision.area)) else {
            continue;
        };
        let sentence = if *holder == person.id {
            let place = place_of(decision, holder, *slice, setting);
            words.say(
                &format!("why.{}", decision.capacity.word()),
                &context! { place },
            )?
        } else {
            let world = slice.world;
            let name = world
                .people
                .get(holder)
                .map_or_else(|| holder.to_string(), |p| p.name.clone());
            let last = world
                .absences
                .iter()
                .find(|absence| absence.person == *holder && absence.covers(setting.day))
                .map_or(setting.day, |absence| absence.to);
            let date = weekday_date(last, words.language());
            words.say("why.deputy", &context! { name, date })?
        };
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    Ok(sentences)
}

fn place_of(
    decision: &Decision,
    holder: &PersonId,
    slice: Slice<'_>,
    setting: &Setting<'_>,
) -> String {
    let world = slice.world;
    match decision.capacity {
        Capacity::Holder(role) if role.leads_unit() => {
            let units = world.units_led_by(holder, setting.day);
            let names: Vec<&str> = units.iter().map(|unit| unit.name.as_str()).collect();
            names.join(", ")
        }
        Capacity::Holder(Role::AreaManager) => world
            .area
            .as_ref()
            .map(|area| area.name.clone())
            .unwrap_or_default(),
        Capacity::Responsible => match &decision.matter {
            Matter::Evaluation { measure } | Matter::Unassessed { measure, .. } => world
                .measures
                .iter()
                .find(|candidate| candidate.id == *measure)
                .and_then(|measure| world.units.get(&measure.unit))
                .map(|unit| unit.name.clone())
                .unwrap_or_default(),
            _ => String::new(),
        },
        Capacity::Holder(_) => String::new(),
    }
}
