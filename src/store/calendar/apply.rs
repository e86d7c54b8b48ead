//! Writing a batch: upserts by natural key, one transaction, counted.
//!
//! A row that would not change is not touched, so a second import changes nothing and nobody is
//! planned anew for it.

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use super::Calendar;
use super::batch::{Batch, Changed, Known};
use crate::follow_up::{
    ActivityId, Appointment, AreaId, Measure, MeasureId, PersonId, Post, UnitCode,
};
use crate::store::StoreError;

/// Whether a batch stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// It stays.
    Keep,
    /// It is tried, counted and taken back.
    Try,
}

impl Calendar {
    /// The identifiers the calendar has.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn known(&self) -> Result<Known, StoreError> {
        self.database
            .run(|connection| {
                let texts = |sql: &str| -> Result<Vec<String>, StoreError> {
                    let mut statement = connection.prepare(sql)?;
                    let rows = statement.query_map([], |row| row.get(0))?;
                    Ok(rows.collect::<Result<_, _>>()?)
                };
                let mut people = connection.prepare("SELECT id, email FROM person")?;
                let people = people
                    .query_map([], |row| {
                        Ok((PersonId::new(row.get::<_, String>(0)?), row.get(1)?))
                    })?
                    .collect::<Result<_, _>>()?;
                Ok(Known {
                    areas: texts("SELECT id FROM area")?
                        .into_iter()
                        .map(AreaId::new)
                        .collect(),
                    units: texts("SELECT code FROM school_unit")?
                        .iter()
                        .filter_map(|code| UnitCode::parse(code).ok())
                        .collect(),
                    people,
                    measures: texts("SELECT id FROM measure")?
                        .into_iter()
                        .map(MeasureId::new)
                        .collect(),
                    activities: texts("SELECT id FROM activity")?
                        .into_iter()
                        .map(ActivityId::new)
                        .collect(),
                })
            })
            .await
    }

    /// Writes a batch, whole or not at all, and tells what it changed.
    ///
    /// # Errors
    /// SQLite refused; then nothing of it is kept.
    pub async fn apply(
        &self,
        batch: Batch,
        writing: Writing,
        at: Timestamp,
        who: String,
    ) -> Result<Changed, StoreError> {
        self.database
            .run(move |connection| {
                let transaction = connection.transaction()?;
                // Units name successors, people come in any order: all is there at the end.
                transaction.execute_batch("PRAGMA defer_foreign_keys = ON")?;
                let mut changed = Changed::new();
                write(&transaction, &batch, &mut changed)?;
                let any = changed.values().any(|change| change.added + change.changed > 0);
                if any {
                    transaction.execute(
                        "INSERT INTO journal (at_utc, door, who, what) VALUES (?1, 'import', ?2, 'imported')",
                        params![at.as_second(), who],
                    )?;
                }
                match writing {
                    Writing::Keep => transaction.commit()?,
                    Writing::Try => transaction.rollback()?,
                }
                Ok(changed)
            })
            .await
    }

    /// Notes in the journal that an import was refused, so that the quality officer is told.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn note_refused_import(
        &self,
        at: Timestamp,
        summary: String,
    ) -> Result<(), StoreError> {
        self.database
            .run(move |connection| {
                connection.execute(
                    "INSERT INTO journal (at_utc, door, who, what) VALUES (?1, 'import', 'command', 'refused: ' || ?2)",
                    params![at.as_second(), summary],
                )?;
                Ok(())
            })
            .await
    }

    /// The latest import, where it was refused: when, and what it came to.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn refused_import(&self) -> Result<Option<(Timestamp, String)>, StoreError> {
        self.database
            .run(|connection| {
                let sql = "SELECT at_utc, what FROM journal WHERE door = 'import'
                           ORDER BY id DESC LIMIT 1";
                let mut statement = connection.prepare_cached(sql)?;
                let mut rows = statement.query([])?;
                let Some(row) = rows.next()? else {
                    return Ok(None);
                };
                let at = Timestamp::from_second(row.get(0)?).unwrap_or(Timestamp::UNIX_EPOCH);
                let what: String = row.get(1)?;
                Ok(what
                    .strip_prefix("refused: ")
                    .map(|summary| (at, summary.to_owned())))
            })
            .await
    }
}

/// A table, the columns that make a row unique, and the others.
struct Into<'a> {
    table: &'static str,
    key: &'a [(&'static str, Value)],
    rest: &'a [(&'static str, Value)],
}

impl Into<'_> {
    /// Adds the row, or brings it up to date where it differs.
    fn upsert(&self, connection: &Connection, changed: &mut Changed) -> Result<(), StoreError> {
        let change = changed.entry(self.table).or_default();
        let key: Vec<String> = self
            .key
            .iter()
            .enumerate()
            .map(|(n, (name, _))| format!("{name} IS ?{}", n + 1))
            .collect();
        let key = key.join(" AND ");
        let all = || {
            self.key
                .iter()
                .chain(self.rest)
                .map(|(_, value)| value.clone())
        };
        let offset = self.key.len();
        let sets: Vec<String> = self
            .rest
            .iter()
            .enumerate()
            .map(|(n, (name, _))| format!("{name} = ?{}", offset + n + 1))
            .collect();
        let differs: Vec<String> = self
            .rest
            .iter()
            .enumerate()
            .map(|(n, (name, _))| format!("{name} IS NOT ?{}", offset + n + 1))
            .collect();
        if !sets.is_empty() {
            let sql = format!(
                "UPDATE {} SET {} WHERE {key} AND ({})",
                self.table,
                sets.join(", "),
                differs.join(" OR ")
            );
            if connection
                .prepare_cached(&sql)?
                .execute(params_from_iter(all()))?
                > 0
            {
                change.changed += 1;
                return Ok(());
            }
        }
        let sql = format!("SELECT 1 FROM {} WHERE {key}", self.table);
        let key_values = self.key.iter().map(|(_, value)| value.clone());
        if connection
            .prepare_cached(&sql)?
            .exists(params_from_iter(key_values))?
        {
            change.unchanged += 1;
            return Ok(());
        }
        let names: Vec<&str> = self
            .key
            .iter()
            .chain(self.rest)
            .map(|(name, _)| *name)
            .collect();
        let marks: Vec<String> = (1..=names.len()).map(|n| format!("?{n}")).collect();
        let sql = format!(
            "INSERT INTO {} ({}) VALUES ({})",
            self.table,
            names.join(", "),
            marks.join(", ")
        );
        connection
            .prepare_cached(&sql)?
            .execute(params_from_iter(all()))?;
        change.added += 1;
        Ok(())
    }
}

fn text(value: impl ToString) -> Value {
    Value::Text(value.to_string())
}

fn maybe(value: Option<impl ToString>) -> Value {
    value.map_or(Value::Null, text)
}

fn write(connection: &Connection, batch: &Batch, changed: &mut Changed) -> Result<(), StoreError> {
    for area in &batch.areas {
        let (key, rest) = ([("id", text(&area.id))], [("name", text(&area.name))]);
        Into {
            table: "area",
            key: &key,
            rest: &rest,
        }
        .upsert(connection, changed)?;
    }
    for unit in &batch.units {
        let key = [("code", text(&unit.code))];
        let mut rest = vec![
            ("name", text(&unit.name)),
            ("area", text(&unit.area)),
            ("active_from", maybe(unit.active_from)),
            ("active_to", maybe(unit.active_to)),
            ("successor", maybe(unit.successor.as_ref())),
        ];
        if batch.tells_levels {
            rest.push(("level", text(unit.level)));
        }
        Into {
            table: "school_unit",
            key: &key,
            rest: &rest,
        }
        .upsert(connection, changed)?;
    }
    for person in &batch.people {
        let key = [("id", text(&person.id))];
        let rest = [
            ("name", text(&person.name)),
            ("email", text(&person.email)),
            ("language", text(person.language)),
        ];
        Into {
            table: "person",
            key: &key,
            rest: &rest,
        }
        .upsert(connection, changed)?;
    }
    for appointment in &batch.appointments {
        write_appointment(connection, appointment, changed)?;
    }
    for absence in &batch.absences {
        let key = [
            ("person", text(&absence.person)),
            ("away_from", text(absence.from)),
        ];
        let rest = [
            ("away_to", text(absence.to)),
            ("deputy", maybe(absence.deputy.as_ref())),
        ];
        Into {
            table: "absence",
            key: &key,
            rest: &rest,
        }
        .upsert(connection, changed)?;
    }
    for measure in &batch.measures {
        write_measure(connection, measure, changed)?;
    }
    write_meetings(connection, batch, changed)
}

fn write_appointment(
    connection: &Connection,
    appointment: &Appointment,
    changed: &mut Changed,
) -> Result<(), StoreError> {
    let (unit, area) = post(&appointment.post);
    let key = [
        ("person", text(&appointment.person)),
        ("role", text(appointment.role)),
        ("unit", unit),
        ("area", area),
        ("valid_from", maybe(appointment.from)),
    ];
    let rest = [("valid_to", maybe(appointment.to))];
    Into {
        table: "appointment",
        key: &key,
        rest: &rest,
    }
    .upsert(connection, changed)
}

fn post(post: &Post) -> (Value, Value) {
    match post {
        Post::Unit(unit) => (text(unit), Value::Null),
        Post::Area(area) => (Value::Null, text(area)),
        Post::Authority => (Value::Null, Value::Null),
    }
}

fn write_measure(
    connection: &Connection,
    measure: &Measure,
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
    Into {
        table: "measure",
        key: &key,
        rest: &rest,
    }
    .upsert(connection, changed)?;
    for evaluation in &measure.evaluations {
        let key = [
            ("measure", text(&measure.id)),
            ("evaluated_on", text(evaluation.evaluated_on)),
        ];
        let rest = [
            ("effect", maybe(evaluation.effect)),
            ("text", text(&evaluation.text)),
            ("next_step", maybe(evaluation.next_step)),
            ("next_date", maybe(evaluation.next_date)),
        ];
        Into {
            table: "evaluation",
            key: &key,
            rest: &rest,
        }
        .upsert(connection, changed)?;
    }
    Ok(())
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

fn write_meetings(
    connection: &Connection,
    batch: &Batch,
    changed: &mut Changed,
) -> Result<(), StoreError> {
    let minute = |at: jiff::civil::DateTime| text(at.strftime("%Y-%m-%dT%H:%M"));
    for dialogue in &batch.dialogues {
        let key = [
            ("unit", text(&dialogue.unit)),
            ("school_year", text(&dialogue.school_year)),
            ("round", text(dialogue.round)),
        ];
        let rest = [
            ("starts", minute(dialogue.starts)),
            ("minutes", Value::Integer(i64::from(dialogue.minutes))),
            ("place", text(&dialogue.place)),
            ("state", text(dialogue.state)),
        ];
        Into {
            table: "dialogue",
            key: &key,
            rest: &rest,
        }
        .upsert(connection, changed)?;
    }
    for check_in in &batch.check_ins {
        let key = [
            ("principal", text(&check_in.pair.principal)),
            ("area_manager", text(&check_in.pair.area_manager)),
            ("starts", minute(check_in.starts)),
        ];
        // A file that does not tell of it takes back no check-in that was recorded as held.
        let held = [
            ("state", text(check_in.state)),
            ("held_on", maybe(check_in.held_on)),
        ];
        let rest = if check_in.held_on.is_some() {
            &held[..]
        } else {
            &[]
        };
        Into {
            table: "check_in",
            key: &key,
            rest,
        }
        .upsert(connection, changed)?;
    }
    for activity in &batch.activities {
        let (unit, area) = post(&activity.post);
        let key = [("id", text(&activity.id))];
        let rest = [
            ("title", text(&activity.title)),
            ("unit", unit),
            ("area", area),
            ("role", text(activity.role)),
            ("due", text(activity.due)),
            ("done", maybe(activity.done_on)),
        ];
        Into {
            table: "activity",
            key: &key,
            rest: &rest,
        }
        .upsert(connection, changed)?;
    }
    Ok(())
}
