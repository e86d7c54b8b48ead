//! Absences, dialogues, check-ins and activities of a batch: what people also answer about, so
//! that a file which only repeats itself takes back nothing.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params};

use super::batch::{Applied, Batch, Changed};
use super::row::minute;
use super::upsert::{Outcome, Upsert, maybe, text};
use super::write::{note, post};
use crate::follow_up::{CheckIn, CheckInState, Dialogue};
use crate::store::StoreError;

/// Writes the meetings of a batch, its absences and its activities.
///
/// # Errors
/// SQLite refused.
pub fn batch(
    connection: &Connection,
    batch: &Batch,
    applied: &mut Applied,
) -> Result<(), StoreError> {
    let Applied {
        changed,
        stood,
        same_day,
    } = applied;
    for (place, absence) in batch.absences.iter().enumerate() {
        let key = [
            ("person", text(&absence.person)),
            ("away_from", text(absence.from)),
        ];
        let rest = [
            ("away_to", text(absence.to)),
            ("deputy", maybe(absence.deputy.as_ref())),
        ];
        let unsaid = batch.unsaid("absence", place);
        let outcome =
            Upsert::answered("absence", (&key, &rest), unsaid).run(connection, changed)?;
        note("absence", place, outcome, stood);
    }
    for (place, dialogue) in batch.dialogues.iter().enumerate() {
        let unsaid = batch.unsaid("dialogue", place);
        let outcome = write_dialogue(connection, (dialogue, unsaid), changed)?;
        note("dialogue", place, outcome, stood);
    }
    for (place, check_in) in batch.check_ins.iter().enumerate() {
        let other = planned_that_day(connection, check_in)?;
        same_day.extend(other.map(|starts| (place, starts)));
        let outcome = write_check_in(connection, check_in, changed)?;
        note("check_in", place, outcome, stood);
    }
    for (place, activity) in batch.activities.iter().enumerate() {
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
        let unsaid = batch.unsaid("activity", place);
        let outcome = Upsert::answered("activity", (&key, &rest), unsaid)
            .together(&[&["unit", "area"]])
            .run(connection, changed)?;
        note("activity", place, outcome, stood);
    }
    Ok(())
}

fn write_dialogue(
    connection: &Connection,
    (dialogue, unsaid): (&Dialogue, &[&'static str]),
    changed: &mut Changed,
) -> Result<Outcome, StoreError> {
    let key = [
        ("unit", text(&dialogue.unit)),
        ("school_year", text(&dialogue.school_year)),
        ("round", text(dialogue.round)),
    ];
    let rest = [
        ("starts", text(minute(dialogue.starts))),
        ("minutes", Value::Integer(i64::from(dialogue.minutes))),
        ("place", text(&dialogue.place)),
        ("state", text(dialogue.state)),
    ];
    Upsert::answered("dialogue", (&key, &rest), unsaid).run(connection, changed)
}

/// A check-in is known by the two people and the time the source gives it, also after somebody has
/// moved it. A source that says nothing of it takes back no check-in that was held or cancelled.
fn write_check_in(
    connection: &Connection,
    check_in: &CheckIn,
    changed: &mut Changed,
) -> Result<Outcome, StoreError> {
    let starts = text(minute(check_in.starts));
    let pair = [
        ("principal", text(&check_in.pair.principal)),
        ("area_manager", text(&check_in.pair.area_manager)),
    ];
    let rest = [
        ("starts", starts.clone()),
        ("state", text(check_in.state)),
        ("held_on", maybe(check_in.held_on)),
    ];
    let unsaid: &[&'static str] = match check_in.held_on {
        Some(_) => &[],
        None => &["state", "held_on"],
    };
    let known = connection
        .prepare_cached(
            "SELECT id FROM check_in WHERE principal = ?1 AND area_manager = ?2
                AND (starts = ?3 OR CASE WHEN json_valid(imported)
                                         THEN json_extract(imported, '$.starts') = ?3 END)
             ORDER BY starts <> ?3 LIMIT 1",
        )?
        .query_row(params![pair[0].1, pair[1].1, starts], |row| row.get(0))
        .optional()?;
    match known {
        Some(id) => {
            let key = [("id", Value::Integer(id))];
            Upsert::answered("check_in", (&key, &rest), unsaid)
                .together(&[&["state", "held_on"]])
                .run(connection, changed)
        }
        None => {
            Upsert::answered("check_in", (&pair, &rest), unsaid).add(connection, changed)?;
            Ok(Outcome::default())
        }
    }
}

/// The start of a planned check-in of the two on the day of a planned one that is new: a time that
/// was corrected in the file leaves the old one in place.
fn planned_that_day(
    connection: &Connection,
    check_in: &CheckIn,
) -> Result<Option<String>, StoreError> {
    if check_in.state != CheckInState::Planned {
        return Ok(None);
    }
    let sql = "SELECT starts FROM check_in WHERE principal = ?1 AND area_manager = ?2
                   AND state = 'planned' AND date(starts) = date(?3)
                   AND NOT EXISTS (SELECT 1 FROM check_in WHERE principal = ?1
                       AND area_manager = ?2
                       AND (starts = ?3 OR CASE WHEN json_valid(imported)
                                           THEN json_extract(imported, '$.starts') = ?3 END))";
    let of = params![
        check_in.pair.principal.as_str(),
        check_in.pair.area_manager.as_str(),
        minute(check_in.starts)
    ];
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row(of, |row| row.get(0)).optional()?)
}
