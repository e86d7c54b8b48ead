//! What is told, by topic and in the order a reader should meet it.

use minijinja::context;

use crate::mail::facts::Facts;
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

/// A decision and what is told of it.
pub type Told<'a> = (&'a Decision, Facts);

/// What is told of one topic.
pub type Group<'a> = (&'static str, Vec<Told<'a>>);

/// The facts by topic: topics with something late first, then in reading order; within a topic
/// the oldest date first.
pub fn groups(mut told: Vec<Told<'_>>) -> Vec<Group<'_>> {
    ask_in_agendas(&mut told);
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
        let known = ORDER.iter().position(|known| *known == topic);
        known.unwrap_or(ORDER.len())
    };
    groups.sort_by_key(|(topic, group)| (!group.iter().any(|(_, facts)| facts.late), place(topic)));
    groups
}

/// A dialogue that a mail both has the agenda of and asks a focus area for is one item: the
/// agenda, with the question in it.
fn ask_in_agendas(told: &mut Vec<Told<'_>>) {
    let agendas: Vec<DialogueKey> = told
        .iter()
        .filter_map(|(decision, _)| match &decision.matter {
            Matter::Agenda(key) => Some(key.clone()),
            _ => None,
        })
        .collect();
    let mut questions: Vec<(DialogueKey, &'static str)> = Vec::new();
    told.retain(|(decision, facts)| match &decision.matter {
        Matter::FocusArea(key) if agendas.contains(key) => {
            questions.push((key.clone(), facts.topic));
            false
        }
        _ => true,
    });
    for (decision, facts) in told {
        let Matter::Agenda(about) = &decision.matter else {
            continue;
        };
        if let Some((_, topic)) = questions.iter().find(|(key, _)| key == about) {
            facts.values = context! { asks_focus => *topic, ..facts.values.clone() };
        }
    }
}
