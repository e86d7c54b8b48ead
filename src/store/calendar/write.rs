//! Areas, units, people, posts and measures of a batch.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::batch::{Applied, Batch, Changed, Stood};
use super::read::appointments_of;
use super::upsert::{Cell, Outcome, Upsert, maybe, text};
use crate::follow_up::{Appointment, Evaluation, Measure, Post, PostsTold};
use crate::store::StoreError;

/// Writes what of a batch is no meeting.
///
/// # Errors
/// SQLite refused.
pub fn batch(
    connection: &Connection,
    batch: &Batch,
    applied: &mut Applied,
) -> Result<(), StoreError> {
    let Applied { changed, stood, .. } = applied;
    for area in &batch.areas {
        let (key, rest) = ([("id", text(&area.id))], [("name", text(&area.name))]);
        Upsert::plain("area", (&key, &rest), &[]).run(connection, changed)?;
    }
    for (place, unit) in batch.units.iter().enumerate() {
        let rest = [
            ("name", text(&unit.name)),
            ("area", text(&unit.area)),
            ("level", text(unit.level)),
            ("active_from", maybe(unit.active_from)),
            ("active_to", maybe(unit.active_to)),
            ("successor", maybe(unit.successor.as_ref())),
        ];
        let unsaid = batch.unsaid("school_unit", place);
        let key = [("code", text(&unit.code))];
        Upsert::plain("school_unit", (&key, &rest), unsaid).run(connection, changed)?;
    }
    for (place, person) in batch.people.iter().enumerate() {
        let rest = [
            ("name", text(&person.name)),
            ("email", text(&person.email)),
            ("language", text(person.language)),
        ];
        let key = [("id", text(&person.id))];
        let unsaid = batch.unsaid("person", place);
        Upsert::plain("person", (&key, &rest), unsaid).run(connection, changed)?;
    }
    appointments(connection, batch, changed)?;
    for (place, measure) in batch.measures.iter().enumerate() {
        let unsaid = batch.unsaid("measure", place);
        write_measure(connection, (measure, unsaid), changed)?;
        for evaluation in &measure.evaluations {
            let outcome = write_evaluation(connection, measure, evaluation, changed)?;
            note("evaluation", place, outcome, stood);
        }
    }
    Ok(())
}

/// Keeps what stood against the source, for the one who imports to be told.
pub fn note(table: &'static str, place: usize, outcome: Outcome, stood: &mut Vec<Stood>) {
    stood.extend(outcome.stood.into_iter().map(|(column, value)| Stood {
        table,
        place,
        column,
        value: match value {
            Value::Text(text) => text,
            Value::Integer(number) => number.to_string(),
            Value::Null | Value::Real(_) | Value::Blob(_) => String::new(),
        },
    }));
}

fn appointments(
    connection: &Connection,
    batch: &Batch,
    changed: &mut Changed,
) -> Result<(), StoreError> {
    let posts = PostsTold::of(&batch.appointments);
    for (place, told) in batch.appointments.iter().enumerate() {
        let recorded = appointments_of(connection, &told.person)?;
        let meant = posts.meant(told, &recorded);
        let unsaid = batch.unsaid("appointment", place);
        write_appointment(connection, (told, meant), unsaid, changed)?;
    }
    Ok(())
}

/// The appointment that is meant is brought up to date, or a new one added.
fn write_appointment(
    connection: &Connection,
    (told, meant): (&Appointment, Option<&Appointment>),
    unsaid: &[&'static str],
    changed: &mut Changed,
) -> Result<(), StoreError> {
    let (unit, area) = post(&told.post);
    let first = meant.map_or(told.from, |meant| meant.from);
    let key = [
        ("person", text(&told.person)),
        ("role", text(told.role)),
        ("unit", unit),
        ("area", area),
        ("valid_from", maybe(first)),
    ];
    let last = ("valid_to", maybe(told.to));
    let rest = match told.from.filter(|_| told.from != first) {
        Some(from) => vec![("valid_from", maybe(Some(from))), last],
        None => vec![last],
    };
    Upsert::plain("appointment", (&key, &rest), unsaid).run(connection, changed)?;
    Ok(())
}

/// A post as the columns `unit` and `area`.
pub fn post(post: &Post) -> (Value, Value) {
    match post {
        Post::Unit(unit) => (text(unit), Value::Null),
        Post::Area(area) => (Value::Null, text(area)),
        Post::Authority => (Value::Null, Value::Null),
    }
}

fn write_measure(
    connection: &Connection,
    (measure, unsaid): (&Measure, &[&'static str]),
    changed: &mut Changed,
) -> Result<(), StoreError> {
    let development_area = development_area(connection, measure)?;
    let key = [("id", text(&measure.id))];
    let rest = [
        ("unit", text(&measure.unit)),
        ("school_year", text(&measure.school_year)),
        (
            "development_area",
            development_area.map_or(Value::Null, Value::Integer),
        ),
        ("team", text(&measure.team)),
        ("decision", text(&measure.decision)),
        ("expected_effect", text(&measure.expected_effect)),
        ("indicator", text(&measure.indicator)),
        ("responsible", maybe(measure.responsible.as_ref())),
        ("decided_on", maybe(measure.decided_on)),
        ("evaluate_by", text(measure.evaluate_by)),
        ("status", text(measure.status)),
    ];
    Upsert::plain("measure", (&key, &rest), unsaid).run(connection, changed)?;
    Ok(())
}

/// What is empty in an evaluation is not said: the answer may have come another way. An effect
/// settles the next date too, since only `too_early` needs one.
fn write_evaluation(
    connection: &Connection,
    measure: &Measure,
    evaluation: &Evaluation,
    changed: &mut Changed,
) -> Result<Outcome, StoreError> {
    let of_day = [
        ("measure", text(&measure.id)),
        ("evaluated_on", text(evaluation.evaluated_on)),
    ];
    let rest = [
        ("effect", maybe(evaluation.effect)),
        ("text", text(&evaluation.text)),
        ("next_step", maybe(evaluation.next_step)),
        ("next_date", maybe(evaluation.next_date)),
    ];
    let empty = [
        ("effect", evaluation.effect.is_none()),
        ("text", evaluation.text.is_empty()),
        ("next_step", evaluation.next_step.is_none()),
        (
            "next_date",
            evaluation.next_date.is_none() && evaluation.effect.is_none(),
        ),
    ];
    let unsaid: Vec<&'static str> = empty
        .into_iter()
        .filter_map(|(column, empty)| empty.then_some(column))
        .collect();
    // Another system may have written two of one day: one of them is brought up to date, first
    // the one an import brought, else the latest.
    let known = connection
        .prepare_cached(
            "SELECT id FROM evaluation WHERE measure = ?1 AND evaluated_on = ?2
             ORDER BY imported IS NULL, id DESC LIMIT 1",
        )?
        .query_row(
            params_from_iter(of_day.iter().map(|(_, value)| value)),
            |row| row.get(0),
        )
        .optional()?;
    let Some(id) = known else {
        let stood = left_behind(connection, measure)?;
        Upsert::answered("evaluation", (&of_day, &rest), &unsaid).add(connection, changed)?;
        return Ok(Outcome {
            stood,
            ..Outcome::default()
        });
    };
    let key = [("id", Value::Integer(id))];
    Upsert::answered("evaluation", (&key, &rest), &unsaid)
        .together(&[&["effect", "next_date"]])
        .run(connection, changed)
}

/// The days of evaluations that earlier imports brought and the source names no more: where a day
/// was corrected in the file, the evaluation of the old day is still there.
fn left_behind(connection: &Connection, measure: &Measure) -> Result<Vec<Cell>, StoreError> {
    let sql = "SELECT evaluated_on FROM evaluation WHERE measure = ?1 AND imported IS NOT NULL
               ORDER BY evaluated_on";
    let mut statement = connection.prepare_cached(sql)?;
    let days = statement.query_map([measure.id.as_str()], |row| row.get(0))?;
    let days: Vec<String> = days.collect::<Result<_, _>>()?;
    let is_told = |day: &str| {
        measure
            .evaluations
            .iter()
            .any(|told| told.evaluated_on.to_string() == day)
    };
    let left = days.into_iter().filter(|day| !is_told(day));
    Ok(left.map(|day| ("evaluated_on", text(day))).collect())
}

/// The development area of that title, made where it is new.
fn development_area(connection: &Connection, measure: &Measure) -> Result<Option<i64>, StoreError> {
    if measure.development_area.is_empty() {
        return Ok(None);
    }
    let of = params![
        measure.unit.as_str(),
        measure.school_year,
        measure.development_area
    ];
    let sql = "SELECT id FROM development_area WHERE unit = ?1 AND school_year = ?2 AND title = ?3";
    let mut statement = connection.prepare_cached(sql)?;
    if let Some(id) = statement
        .query_map(of, |row| row.get(0))?
        .next()
        .transpose()?
    {
        return Ok(Some(id));
    }
    connection
        .prepare_cached(
            "INSERT INTO development_area (unit, school_year, title, ordinal)
             VALUES (?1, ?2, ?3, (SELECT count(*) FROM development_area
                                  WHERE unit = ?1 AND school_year = ?2))",
        )?
        .execute(of)?;
    Ok(Some(connection.last_insert_rowid()))
}
