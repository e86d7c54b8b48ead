//! What is told, by topic and in the order a reader should meet it.

use std::collections::{BTreeMap, BTreeSet};

use crate::mail::facts::Head;
use crate::plan::{Decision, DialogueKey, Matter};

/// Topics in the order a reader should meet them, late ones aside.
const ORDER: [&str; 30] = [
    "storm",
    "check-in",
    "evaluation",
    "focus-area",
    "agenda-explore",
    "agenda-evaluate",
    "not-recorded",
    "check-in-gap",
    "activity",
    "unassessed",
    "held",
    "program-fault",
    "healed",
    "was-down",
    "mail-stopped",
    "undeliverable",
    "no-address",
    "import-refused",
    "unreadable-rows",
    "school-year-missing",
    "year-placed",
    "vacant-unit",
    "vacant-area",
    "vacant-authority",
    "check-in-gap-manager",
    "evaluation-manager",
    "activity-manager",
    "unassessed-unit",
    "unassessed-area",
    "focus-area-manager",
];

/// A decision that is told, and what it is told under.
pub struct Told<'a> {
    /// The decision.
    pub decision: &'a Decision,
    /// What it is told under.
    pub head: Head,
    /// The topic of the question that is asked with it, where one is.
    pub asks_focus: &'static str,
}

/// What is told of one topic.
pub type Group<'a> = (&'static str, Vec<Told<'a>>);

/// What is told by topic: topics with something late first, then in reading order; within a topic
/// the oldest date first.
pub fn groups(mut told: Vec<Told<'_>>) -> Vec<Group<'_>> {
    ask_in_agendas(&mut told);
    let mut groups: Vec<Group<'_>> = Vec::new();
    for one in told {
        match groups
            .iter_mut()
            .find(|(topic, _)| *topic == one.head.topic)
        {
            Some((_, group)) => group.push(one),
            None => groups.push((one.head.topic, vec![one])),
        }
    }
    for (_, group) in &mut groups {
        group.sort_by(|a, b| (a.head.due, &a.head.place).cmp(&(b.head.due, &b.head.place)));
    }
    let place = |topic: &str| {
        let known = ORDER.iter().position(|known| *known == topic);
        known.unwrap_or(ORDER.len())
    };
    groups.sort_by_key(|(topic, group)| (!group.iter().any(|told| told.head.late), place(topic)));
    groups
}

/// A dialogue that a mail both has the agenda of and asks a focus area for is one item: the
/// agenda, with the question in it.
fn ask_in_agendas(told: &mut Vec<Told<'_>>) {
    let agenda = |told: &Told<'_>| match &told.decision.matter {
        Matter::Agenda(key) => Some(key.clone()),
        _ => None,
    };
    let agendas: BTreeSet<DialogueKey> = told.iter().filter_map(agenda).collect();
    let mut questions: BTreeMap<&DialogueKey, &'static str> = BTreeMap::new();
    told.retain(|one| match &one.decision.matter {
        Matter::FocusArea(key) if agendas.contains(key) => {
            questions.entry(key).or_insert(one.head.topic);
            false
        }
        _ => true,
    });
    for one in told {
        if let Matter::Agenda(about) = &one.decision.matter {
            one.asks_focus = questions.get(about).copied().unwrap_or_default();
        }
    }
}
