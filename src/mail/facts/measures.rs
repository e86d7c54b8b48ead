//! What there is to know about measures.

use std::collections::BTreeMap;

use jiff::civil::Date;
use minijinja::context;

use super::{Detail, Known, Teller, Told};
use crate::calendar::{short_date, swedish_order};
use crate::follow_up::{Measure, MeasureId, MeasureStatus, UnitCode};
use crate::mail::content::{Table, TableRow};
use crate::mail::words::{WordsError, count_word};
use crate::plan::answerable;

impl Teller<'_> {
    pub(super) fn measure(&self, id: &MeasureId) -> Option<Known> {
        let measure = self.find_measure(id)?;
        // The one named may have left: whoever answers for it today is told of.
        let (_, answers) = answerable(&self.view, measure);
        Some(Known {
            unit: self.unit_name(&measure.unit),
            title: self.title(measure),
            decision: measure.decision.clone(),
            expected: measure.expected_effect.clone(),
            indicator: measure.indicator.clone(),
            year: measure.school_year.clone(),
            person: answers.first().map(|id| self.name(id)).unwrap_or_default(),
            ..Known::default()
        })
    }

    pub(super) fn title(&self, measure: &Measure) -> String {
        match self.setting.detail {
            Detail::Link => measure.id.to_string(),
            Detail::Full | Detail::Titles if measure.team.is_empty() => {
                format!("{} ({})", measure.title(), measure.id)
            }
            Detail::Full | Detail::Titles => {
                format!("{}, {} ({})", measure.title(), measure.team, measure.id)
            }
        }
    }

    /// Earlier years' measures without an assessed effect: a unit's by title, an area's by unit.
    pub(super) fn unassessed(&self, unit: Option<&UnitCode>, school_year: &str) -> Told {
        let day = self.setting.day;
        let measures: Vec<&Measure> = self
            .slice
            .world
            .measures
            .iter()
            .filter(|measure| match (unit, self.carrier(measure)) {
                (None, carrier) => carrier.is_some(),
                (unit, carrier) => carrier == unit,
            })
            .filter(|measure| measure.is_unassessed(school_year, day))
            .collect();
        let list = match unit {
            Some(_) => measures.iter().map(|measure| self.title(measure)).collect(),
            None => self.counts_by_unit(&measures)?,
        };
        Ok(Some(Known {
            unit: unit.map(|unit| self.unit_name(unit)).unwrap_or_default(),
            area: self.area(),
            count: measures.len(),
            lists: BTreeMap::from([("list", list.clone())]),
            list,
            ..Known::default()
        }))
    }

    fn counts_by_unit(&self, measures: &[&Measure]) -> Result<Vec<String>, WordsError> {
        let mut counts: BTreeMap<&UnitCode, usize> = BTreeMap::new();
        for unit in measures.iter().filter_map(|measure| self.carrier(measure)) {
            *counts.entry(unit).or_default() += 1;
        }
        let mut counts: Vec<(String, usize)> = counts
            .into_iter()
            .map(|(unit, count)| (self.unit_name(unit), count))
            .collect();
        counts.sort_by(|a, b| swedish_order(&a.0, &b.0));
        counts
            .into_iter()
            .map(|(unit, count)| {
                let count_word = count_word(count, self.language);
                let values = context! { unit, count, count_word };
                self.words.say("line.measures-of-unit", &values)
            })
            .collect()
    }

    /// The unit that carries a measure: its own, or the one that took over from it.
    fn carrier<'m>(&'m self, measure: &'m Measure) -> Option<&'m UnitCode> {
        self.slice.world.heir(&measure.unit, self.setting.day)
    }

    /// A measure and a date, on a line.
    pub(super) fn dated(&self, measure: &Measure, due: Date) -> Result<String, WordsError> {
        let (title, due) = (self.title(measure), short_date(due, self.language));
        let late = context! { title, due };
        self.words.say("line.dated", &late)
    }

    /// A unit's measures of a school year, by development area.
    pub(super) fn measures_of(&self, unit: &UnitCode, school_year: &str) -> Vec<&Measure> {
        let mut measures: Vec<&Measure> = self
            .slice
            .world
            .measures
            .iter()
            .filter(|measure| {
                measure.school_year == school_year && self.carrier(measure) == Some(unit)
            })
            .collect();
        measures.sort_by(|a, b| {
            swedish_order(&a.development_area, &b.development_area).then_with(|| a.id.cmp(&b.id))
        });
        measures
    }

    /// The effect expected of each measure beside how and until when it is followed up.
    pub(super) fn plans(&self, measures: &[&Measure]) -> Result<Option<Table>, WordsError> {
        self.table(measures, "followed-up", |measure| {
            let due = measure.evaluation_due(self.setting.day);
            let due = short_date(due.unwrap_or(measure.evaluate_by), self.language);
            let indicator = match self.setting.detail {
                Detail::Full => measure.indicator.trim().trim_end_matches('.'),
                Detail::Titles | Detail::Link => "",
            };
            let followed_up = context! { indicator, due };
            Ok((self.words.say("line.followed-up", &followed_up)?, false))
        })
    }

    /// The effect expected of each measure beside the effect assessed; what is not assessed last.
    pub(super) fn outcomes(
        &self,
        mut measures: Vec<&Measure>,
    ) -> Result<Option<Table>, WordsError> {
        measures.sort_by_key(|measure| self.effect(measure) == "unassessed");
        self.table(&measures, "effect", |measure| {
            let effect = self.effect(measure);
            let said = self.words.say(&format!("effect.{effect}"), &context! {})?;
            Ok((said, effect == "unassessed"))
        })
    }

    /// Measures with the effect expected of them, where that is told, and in the column `last` what
    /// `tell` makes of each, and whether that is open.
    fn table(
        &self,
        measures: &[&Measure],
        last: &str,
        tell: impl Fn(&Measure) -> Result<(String, bool), WordsError>,
    ) -> Result<Option<Table>, WordsError> {
        if measures.is_empty() {
            return Ok(None);
        }
        let shows_expected = self.setting.detail == Detail::Full;
        let mut names = vec!["measure", "expected", last];
        names.retain(|name| shows_expected || *name != "expected");
        let columns = names
            .into_iter()
            .map(|name| self.words.say(&format!("table.{name}"), &context! {}))
            .collect::<Result<_, _>>()?;
        let row = |measure: &&Measure| {
            let (said, open) = tell(measure)?;
            let expected = shows_expected.then(|| measure.expected_effect.clone());
            let title = std::iter::once(self.title(measure));
            let cells = title.chain(expected).chain([said]).collect();
            Ok(TableRow { cells, open })
        };
        let rows = measures
            .iter()
            .map(row)
            .collect::<Result<_, WordsError>>()?;
        Ok(Some(Table { columns, rows }))
    }

    /// The word of the catalogue for the effect a measure had.
    fn effect(&self, measure: &Measure) -> &'static str {
        let day = self.setting.day;
        let assessed = measure.assessment(day).and_then(|found| found.effect);
        let latest = measure
            .latest_evaluation(day)
            .and_then(|found| found.effect);
        match assessed.or(latest) {
            Some(effect) => effect.word(),
            None if measure.status == MeasureStatus::Cancelled => "cancelled",
            None => "unassessed",
        }
    }
}
