//! What there is to know about dialogues and check-ins.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{Detail, Known, Teller, Told};
use crate::calendar::{time_in_text, weekday_date};
use crate::follow_up::{ChosenBy, Dialogue, FocusArea, Measure, Pair, Round};
use crate::mail::words::WordsError;
use crate::plan::{Decision, DialogueKey, check_in_rhythm};

/// How far ahead a check-in's list looks where its reminder is switched off, in days.
const LIST_DAYS: u32 = 28;

impl Teller<'_> {
    pub(super) fn find_dialogue(&self, key: &DialogueKey) -> Option<&Dialogue> {
        self.slice.world.dialogues.iter().find(|dialogue| {
            dialogue.unit == key.unit
                && dialogue.school_year == key.school_year
                && dialogue.round == key.round
        })
    }

    pub(super) fn dialogue(&self, key: &DialogueKey) -> Option<Known> {
        let dialogue = self.find_dialogue(key)?;
        // A focus area is told in the words of the one who chose it.
        let shows = self.setting.detail != Detail::Link;
        let words_of = |all: bool| {
            let areas = dialogue.focus_areas.iter().filter(move |_| shows);
            let areas = areas.filter(move |area| all || area.chosen_by == ChosenBy::Principal);
            // It stands within a sentence of ours, which ends with a full stop of its own.
            let text = |area: &FocusArea| area.text.trim().trim_end_matches('.').to_owned();
            areas.map(text).collect::<Vec<_>>()
        };
        Some(Known {
            unit: self.unit_name(&key.unit),
            time: time_in_text(dialogue.starts.time(), self.language),
            place: dialogue.place.clone(),
            chosen: dialogue.has_focus_area(ChosenBy::Principal),
            choice: words_of(false).join("; "),
            focus: words_of(true),
            count: dialogue.focus_areas.len(),
            ..Known::default()
        })
    }

    /// The dialogue and its unit's measures: how they are followed up, or what came of them.
    pub(super) fn agenda(&self, key: &DialogueKey) -> Told {
        let Some(mut known) = self.dialogue(key) else {
            return Ok(None);
        };
        let measures = self.measures_of(&key.unit, &key.school_year);
        known.list = measures.iter().map(|measure| self.title(measure)).collect();
        known.table = match key.round {
            Round::Explore => self.plans(&measures)?,
            Round::Evaluate => self.outcomes(measures)?,
        };
        Ok(Some(known))
    }

    pub(super) fn check_in(&self, pair: &Pair, decision: &Decision) -> Told {
        let Some(check_in) = self.view.check_in_on(pair, decision.due) else {
            return Ok(None);
        };
        let rules = self.setting.rules.check_in.as_ref();
        let list_days = rules.map_or(LIST_DAYS, |rules| rules.list_days);
        let units = self.view.units_led_by(&pair.principal);
        let told_to_principal = decision.recipient.as_ref() == Some(&pair.principal);
        let schools = units.iter().filter(|_| !told_to_principal);
        Ok(Some(Known {
            other: self.other(pair, decision)?,
            schools: schools.map(|unit| unit.name.clone()).collect(),
            time: time_in_text(check_in.starts.time(), self.language),
            lists: self.to_talk_about(pair, list_days)?,
            list_days,
            weeks: list_days / 7,
            ..Known::default()
        }))
    }

    /// What the two should have before them: what is late, what falls due, effects to assess.
    fn to_talk_about(
        &self,
        pair: &Pair,
        days: u32,
    ) -> Result<BTreeMap<&'static str, Vec<String>>, WordsError> {
        let day = self.setting.day;
        let until = day.saturating_add(jiff::Span::new().days(i64::from(days)));
        let view = &self.view;
        let units = view.units_led_by(&pair.principal);
        let (mut late, mut near, mut effects) = (Vec::new(), Vec::new(), Vec::new());
        for measure in &self.slice.world.measures {
            let heir = self.slice.world.heir(&measure.unit, day);
            if !units.iter().any(|unit| Some(&unit.code) == heir) {
                continue;
            }
            match measure.evaluation_due(day) {
                Some(due) if due >= day && due <= until => near.push((due, measure)),
                Some(due) if due >= day => {}
                _ if view.asks_for_effect(measure) => effects.push(self.title(measure)),
                Some(due) => late.push((due, measure)),
                None => {}
            }
        }
        let lines = |mut list: Vec<(Date, &Measure)>| {
            list.sort_by(|a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
            list.into_iter()
                .map(|(due, measure)| self.dated(measure, due))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(BTreeMap::from([
            ("late", lines(late)?),
            ("near", lines(near)?),
            ("effects", effects),
        ]))
    }

    pub(super) fn gap(&self, pair: &Pair, decision: &Decision) -> Told {
        let day = self.setting.day;
        let own = || self.view.check_ins(pair).iter();
        let last = own().filter_map(|check_in| check_in.held_by(day)).max();
        let next = own()
            .filter(|check_in| check_in.is_open(day) && check_in.starts.date() >= day)
            .map(|check_in| check_in.starts.date())
            .min();
        let date = |date: Option<Date>| {
            let text = date.map(|date| weekday_date(date, self.language));
            text.unwrap_or_default()
        };
        Ok(Some(Known {
            other: self.other(pair, decision)?,
            since: date(last),
            planned: date(next),
            weeks: check_in_rhythm(&self.view, pair),
            ..Known::default()
        }))
    }

    /// The other of a pair, or both where a third is told.
    fn other(&self, pair: &Pair, decision: &Decision) -> Result<String, WordsError> {
        let (principal, manager) = (self.name(&pair.principal), self.name(&pair.area_manager));
        match &decision.recipient {
            Some(person) if *person == pair.principal => Ok(manager),
            Some(person) if *person == pair.area_manager => Ok(principal),
            _ => self.words.listed(&[principal, manager]),
        }
    }
}
