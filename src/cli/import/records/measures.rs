//! Measures and what came of them.

use jiff::civil::Date;

use super::super::fields::Fields;
use crate::follow_up::{Effect, Evaluation, Measure, MeasureId, MeasureStatus, PersonId};
use crate::store::Batch;

/// A row of measures.
pub fn measure(row: &mut Fields<'_>, batch: &mut Batch) -> Option<()> {
    let id = row.needed_name("id");
    let unit = row.needed_unit_code("unit");
    let school_year = row.needed_school_year("school_year");
    let development_area = row.name("development_area").unwrap_or_default();
    let team = row.name("team").unwrap_or_default();
    let decision = row.text("decision");
    if decision.trim().is_empty() {
        row.fault("decision", "is empty; write what was decided");
    }
    let expected_effect = row.text("expected_effect");
    let indicator = row.text("indicator");
    let responsible = row.name("responsible").map(PersonId::new);
    let decided_on = row.date("decided_on");
    let evaluate_by = row.needed_date("evaluate_by");
    let status = row.choice("status").unwrap_or(MeasureStatus::Ongoing);
    if let (Some(decided), Some(due)) = (decided_on, evaluate_by)
        && decided > due
    {
        row.fault(
            "decided_on",
            format!("is after the date of the evaluation ({due}); correct one of them"),
        );
    }
    let evaluations = evaluations(row, evaluate_by);
    if !row.is_sound() {
        return None;
    }
    let mut unsaid = row.lacks(&[
        "development_area",
        "team",
        "expected_effect",
        "indicator",
        "responsible",
        "decided_on",
    ]);
    unsaid.extend(row.empty(&["status"]));
    batch.leaves("measure", batch.measures.len(), unsaid);
    batch.measures.push(Measure {
        id: MeasureId::new(id?),
        unit: unit?,
        school_year: school_year?,
        development_area,
        team,
        decision,
        expected_effect,
        indicator,
        responsible,
        decided_on,
        evaluate_by: evaluate_by?,
        status,
        evaluations,
    });
    Some(())
}

/// What a row tells of evaluations: the first one, and the assessment of the effect where that was
/// made on another day.
fn evaluations(row: &mut Fields<'_>, due: Option<Date>) -> Vec<Evaluation> {
    let evaluated_on = row.past_date("evaluated_on");
    let effect: Option<Effect> = row.choice("effect");
    let assessed_on = row
        .past_date("effect_assessed_on")
        .or(evaluated_on.filter(|_| effect.is_some()));
    let text = row.text("assessment");
    let next_step = row.choice("next_step");
    let mut next_date = row.date("next_date");
    if effect == Some(Effect::TooEarly) {
        next_date = next_date.or(due);
    }
    belong_together(row, (evaluated_on, assessed_on), effect);
    looks_again_later(row, assessed_on.or(evaluated_on), next_date);
    let evaluation = |evaluated_on| Evaluation {
        evaluated_on,
        by: None,
        effect: None,
        text: String::new(),
        next_step: None,
        next_date: None,
    };
    let mut evaluations: Vec<Evaluation> = Vec::new();
    evaluations.extend(
        evaluated_on
            .filter(|day| Some(*day) != assessed_on)
            .map(evaluation),
    );
    evaluations.extend(assessed_on.map(evaluation));
    if let Some(last) = evaluations.last_mut() {
        (last.effect, last.text, last.next_step, last.next_date) =
            (effect, text, next_step, next_date);
    }
    evaluations
}

/// What is said of an evaluation needs its day: without one it could not be kept.
fn belong_together(
    row: &mut Fields<'_>,
    (evaluated_on, assessed_on): (Option<Date>, Option<Date>),
    effect: Option<Effect>,
) {
    if effect.is_some() && assessed_on.is_none() {
        row.fault(
            "effect",
            "an effect without a day; write when it was assessed",
        );
    }
    if effect.is_none() && !row.raw("effect_assessed_on").is_empty() {
        row.fault(
            "effect_assessed_on",
            "a day without an effect; write god, viss, ingen, kan inte bedömas or för tidigt",
        );
    }
    for (column, what) in [
        ("next_step", "a next step"),
        ("next_date", "a next date"),
        ("assessment", "an assessment"),
    ] {
        // Beside an effect without a day, that one fault says it all.
        let alone = evaluated_on.is_none() && assessed_on.is_none() && effect.is_none();
        if alone && !row.raw(column).is_empty() {
            row.fault(
                column,
                format!("{what} without an evaluation; write when it was evaluated"),
            );
        }
    }
    if let (Some(evaluated), Some(assessed)) = (evaluated_on, assessed_on)
        && assessed < evaluated
    {
        row.fault(
            "effect_assessed_on",
            format!("is before the evaluation ({evaluated}); correct one of them"),
        );
    }
}

fn looks_again_later(row: &mut Fields<'_>, last: Option<Date>, next: Option<Date>) {
    if let (Some(last), Some(next)) = (last, next)
        && next <= last
    {
        let column = if row.raw("next_date").is_empty() {
            "evaluate_by"
        } else {
            "next_date"
        };
        row.fault(
            column,
            format!("must be later than the evaluation ({last}): it is the day to look again"),
        );
    }
}
