//! Measures, their evaluations and the effect they had.

use jiff::civil::Date;
use serde::Serialize;

use super::choice::choice;
use super::{MeasureId, PersonId, UnitCode};

choice! {
    /// Where a measure stands.
    MeasureStatus {
        /// Decided and under way.
        Ongoing = "ongoing" | "pågående",
        /// Carried out. It is still evaluated, and its effect assessed the year after.
        Completed = "completed" | "genomförd",
        /// Given up: nothing more is asked about it.
        Cancelled = "cancelled" | "avbruten",
    }
}

choice! {
    /// What a measure led to, held against the effect that was expected.
    Effect {
        /// As expected.
        Good = "good" | "god",
        /// Partly as expected.
        Some = "some" | "viss",
        /// None to be seen.
        None = "none" | "ingen",
        /// It cannot be told.
        NotAssessable = "not_assessable" | "kan inte bedömas",
        /// Too early to tell: the date moves, the measure stays unassessed.
        TooEarly = "too_early" | "för tidigt",
    }
}

choice! {
    /// What happens to a measure after an evaluation.
    NextStep {
        /// It goes on as it is.
        Continue = "continue" | "fortsätt",
        /// It goes on, changed.
        Adjust = "adjust" | "justera",
        /// It ends.
        Close = "close" | "avsluta",
    }
}

/// One look at how a measure went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evaluation {
    /// The day it was made. Until that day comes it does not count.
    pub evaluated_on: Date,
    /// Who made it, when the record says.
    pub by: Option<PersonId>,
    /// The effect found; `None` when the measure was evaluated and its effect left for later.
    pub effect: Option<Effect>,
    /// Free text. It may name pupils by mistake: it never reaches a log.
    pub text: String,
    /// What happens next.
    pub next_step: Option<NextStep>,
    /// When to look again. Always set with [`Effect::TooEarly`].
    pub next_date: Option<Date>,
}

impl Evaluation {
    fn assesses(&self) -> bool {
        self.effect.is_some_and(|effect| effect != Effect::TooEarly)
    }
}

/// A decided action with an expected effect and a date for its first evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Measure {
    /// The authority's identifier.
    pub id: MeasureId,
    /// The unit that carries it out.
    pub unit: UnitCode,
    /// The school year it was decided for, `2026/27`.
    pub school_year: String,
    /// Title of the prioritised development area it serves.
    pub development_area: String,
    /// The team that carries it out, when one is named.
    pub team: String,
    /// What was decided.
    pub decision: String,
    /// The effect expected of it.
    pub expected_effect: String,
    /// How the effect will be seen.
    pub indicator: String,
    /// Who answers for it; `None` means the unit's principal.
    pub responsible: Option<PersonId>,
    /// When it was decided.
    pub decided_on: Option<Date>,
    /// The date of its first evaluation.
    pub evaluate_by: Date,
    /// Where it stands.
    pub status: MeasureStatus,
    /// Its evaluations, oldest first.
    pub evaluations: Vec<Evaluation>,
}

impl Measure {
    /// The latest evaluation made on or before `day`.
    pub fn latest_evaluation(&self, day: Date) -> Option<&Evaluation> {
        self.evaluations
            .iter()
            .rfind(|evaluation| evaluation.evaluated_on <= day)
    }

    /// The date an evaluation is due, as things stand on `day`; `None` when nothing is due.
    pub fn evaluation_due(&self, day: Date) -> Option<Date> {
        if self.status == MeasureStatus::Cancelled {
            return None;
        }
        match self.latest_evaluation(day) {
            None => Some(self.evaluate_by),
            Some(latest) if latest.next_step == Some(NextStep::Close) => None,
            Some(latest) => latest.next_date,
        }
    }

    /// Whether somebody has said what effect it had, as things stand on `day`.
    pub fn is_assessed(&self, day: Date) -> bool {
        self.assessment(day).is_some()
    }

    /// The latest assessed effect, as things stand on `day`.
    pub fn assessment(&self, day: Date) -> Option<&Evaluation> {
        self.evaluations
            .iter()
            .rfind(|evaluation| evaluation.evaluated_on <= day && evaluation.assesses())
    }

    /// Whether it is *unassessed* in the school year `current`: decided for an earlier one, not
    /// cancelled, and its effect never assessed. School year names sort by time.
    pub fn is_unassessed(&self, current: &str, day: Date) -> bool {
        self.school_year.as_str() < current
            && self.status != MeasureStatus::Cancelled
            && !self.is_assessed(day)
    }

    /// What to call it in a list: the development area, else the start of the decision.
    pub fn title(&self) -> &str {
        if self.development_area.is_empty() {
            self.decision
                .split(['.', '\n'])
                .next()
                .unwrap_or(&self.decision)
        } else {
            &self.development_area
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn measure(evaluations: Vec<Evaluation>) -> Measure {
        Measure {
            id: MeasureId::new("M1"),
            unit: UnitCode::parse("12345678").unwrap(),
            school_year: "2026/27".into(),
            development_area: "Läsning".into(),
            team: String::new(),
            decision: "Gemensam läsning varje dag.".into(),
            expected_effect: String::new(),
            indicator: String::new(),
            responsible: None,
            decided_on: None,
            evaluate_by: date(2026, 12, 3),
            status: MeasureStatus::Ongoing,
            evaluations,
        }
    }

    fn evaluation(on: Date, effect: Option<Effect>, next: Option<Date>) -> Evaluation {
        Evaluation {
            evaluated_on: on,
            by: None,
            effect,
            text: String::new(),
            next_step: None,
            next_date: next,
        }
    }

    #[test]
    fn too_early_moves_the_date_and_leaves_the_measure_unassessed() {
        let moved = date(2027, 3, 1);
        let m = measure(vec![evaluation(
            date(2026, 12, 1),
            Some(Effect::TooEarly),
            Some(moved),
        )]);
        assert_eq!(
            m.evaluation_due(date(2026, 11, 30)),
            Some(date(2026, 12, 3))
        );
        assert_eq!(m.evaluation_due(date(2026, 12, 1)), Some(moved));
        assert!(m.is_unassessed("2027/28", date(2027, 9, 1)));
    }

    #[test]
    fn an_assessed_effect_ends_both_duties() {
        let m = measure(vec![evaluation(
            date(2026, 12, 1),
            Some(Effect::None),
            None,
        )]);
        assert_eq!(m.evaluation_due(date(2026, 12, 2)), None);
        assert!(!m.is_unassessed("2027/28", date(2027, 9, 1)));
    }

    #[test]
    fn evaluated_without_an_effect_is_still_unassessed_the_year_after() {
        let m = measure(vec![evaluation(date(2026, 12, 1), None, None)]);
        assert_eq!(m.evaluation_due(date(2026, 12, 2)), None);
        assert!(m.is_unassessed("2027/28", date(2027, 9, 1)));
        assert!(!m.is_unassessed("2026/27", date(2027, 2, 1)));
    }

    #[test]
    fn an_answer_dated_tomorrow_does_not_count_today() {
        let m = measure(vec![evaluation(
            date(2026, 12, 1),
            Some(Effect::Good),
            None,
        )]);
        assert_eq!(
            m.evaluation_due(date(2026, 11, 30)),
            Some(date(2026, 12, 3))
        );
    }
}
