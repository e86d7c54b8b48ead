//! Reading: one area at a time, with everybody who matters to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, params};

use super::Calendar;
use super::placed::IS_PLACED;
use super::row::{
    Wrong, address, bound, coming_date, date, date_time, each, each_in_part, fault, key, line,
    name, optional, optional_date, optional_key, plain, required, sequence, text, uid,
};
use crate::follow_up::{
    Absence, Activity, ActivityId, Appointment, Area, AreaId, AreaWorld, CheckIn, ChosenBy,
    Dialogue, Evaluation, FocusArea, Measure, MeasureId, Pair, Person, PersonId, Post, Role,
    RowFault, SchoolUnit, UnitCode,
};
use crate::store::StoreError;

/// How far back a slice reaches: what is settled and older is left in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Measures and dialogues of this school year and later, whatever their state; older
    /// measures only when unassessed, or to be looked at again after `from`.
    pub school_year: String,
    /// Check-ins from this day on.
    pub from: Date,
}

impl Calendar {
    /// Every area's identifier, in order.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn area_ids(&self) -> Result<Vec<AreaId>, StoreError> {
        self.database
            .run(|connection| area_ids(connection, &mut Vec::new()))
            .await
    }

    /// Every check-in that begins on the days `from` to `to`, whoever the two are. Rows that cannot be
    /// read are left out.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn check_ins_between(
        &self,
        from: Date,
        to: Date,
    ) -> Result<Vec<CheckIn>, StoreError> {
        self.database
            .run(move |connection| {
                let sql = format!("{} WHERE date(starts) BETWEEN ?1 AND ?2", *CHECK_INS);
                let of = params![from.to_string(), to.to_string()];
                each_in_part(
                    connection,
                    ("check_in", &sql),
                    of,
                    &mut Vec::new(),
                    check_in,
                )
            })
            .await
    }

    /// The areas that a person manages, managed or will.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn areas_managed_by(&self, person: PersonId) -> Result<Vec<AreaId>, StoreError> {
        self.database
            .run(move |connection| {
                let posts = appointments_of(connection, &person)?.into_iter();
                let managed = posts.filter_map(|post| match post.post {
                    Post::Area(area) if post.role == Role::AreaManager => Some(area),
                    _ => None,
                });
                Ok(managed.collect())
            })
            .await
    }

    /// The area of a unit.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn area_of(&self, unit: UnitCode) -> Result<Option<AreaId>, StoreError> {
        self.database
            .run(move |connection| {
                let sql = "SELECT area FROM school_unit WHERE code = ?1";
                let mut statement = connection.prepare_cached(sql)?;
                // One that cannot be read is told of where its units are.
                let area = statement.query_row([unit.as_str()], |row| Ok(key(row, "area").ok()));
                Ok(area.optional()?.flatten().map(AreaId::new))
            })
            .await
    }

    /// One area's slice; with `None`, the slice of the authority as a whole. An unknown area
    /// gives an empty slice.
    ///
    /// # Errors
    /// SQLite refused. Rows that cannot be read are set aside in [`AreaWorld::faults`].
    pub async fn area_world(
        &self,
        area: Option<AreaId>,
        reach: Reach,
    ) -> Result<AreaWorld, StoreError> {
        self.database
            .run(move |connection| {
                // One read transaction: an outside writer's change is seen whole or not at all.
                let snapshot = connection.transaction()?;
                let mut world = area_world(&snapshot, area.as_ref(), &reach)?;
                if area.is_some() && !world.faults.is_empty() {
                    let common = area_world(&snapshot, None, &reach)?.faults;
                    for fault in &mut world.faults {
                        fault.is_common = common.contains(fault);
                    }
                }
                Ok(world)
            })
            .await
    }
}

/// Identifiers that are no text are set aside with the other rows that cannot be read.
fn area_ids(
    connection: &Connection,
    faults: &mut Vec<RowFault>,
) -> Result<Vec<AreaId>, StoreError> {
    let sql = "SELECT id FROM area ORDER BY id";
    each(connection, ("area", sql), [], faults, |row| {
        Ok(AreaId::new(key(row, "id")?))
    })
}

fn area_world(
    connection: &Connection,
    area: Option<&AreaId>,
    reach: &Reach,
) -> Result<AreaWorld, StoreError> {
    let mut world = AreaWorld::default();
    if let Some(area) = area {
        world.area = read_area(connection, area, &mut world.faults)?;
        if world.area.is_none() {
            return Ok(world);
        }
        read_units(connection, area, &mut world)?;
        read_measures(connection, area, reach, &mut world)?;
        read_dialogues(connection, area, reach, &mut world)?;
    } else {
        // Only their faults matter here.
        area_ids(connection, &mut world.faults)?;
        let sql = format!("{ACTIVITIES} {OF_AUTHORITY} AND {BY_AREA}");
        each_in_part(
            connection,
            ("activity", &sql),
            [],
            &mut world.faults,
            activity,
        )?;
    }
    read_activities(connection, area, &mut world)?;
    read_appointments(connection, area, &mut world)?;
    read_posts_elsewhere(connection, &mut world)?;
    read_check_ins(connection, reach, &mut world)?;
    read_people(connection, &mut world)?;
    Ok(world)
}

/// The area, if it is there. One whose name cannot be read goes on under its identifier.
fn read_area(
    connection: &Connection,
    area: &AreaId,
    faults: &mut Vec<RowFault>,
) -> Result<Option<Area>, StoreError> {
    let sql = "SELECT id, name FROM area WHERE id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([area.as_str()])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let name = name(row, "name", area.as_str()).unwrap_or_else(|message| {
        faults.push(fault("area", row, &message));
        area.to_string()
    });
    let id = area.clone();
    Ok(Some(Area { id, name }))
}

fn read_units(
    connection: &Connection,
    area: &AreaId,
    world: &mut AreaWorld,
) -> Result<(), StoreError> {
    let sql = "SELECT code, name, level, active_from, active_to, successor
               FROM school_unit WHERE area = ?1";
    let units = each(
        connection,
        ("school_unit", sql),
        [area.as_str()],
        &mut world.faults,
        |row| {
            let code = unit_code(row, "code")?;
            Ok(SchoolUnit {
                name: name(row, "name", code.as_str())?,
                code,
                area: area.clone(),
                level: required(row, "level")?,
                active_from: bound(row, "active_from")?,
                active_to: bound(row, "active_to")?,
                successor: optional_unit_code(row, "successor")?,
            })
        },
    )?;
    world.units = units
        .into_iter()
        .map(|unit| (unit.code.clone(), unit))
        .collect();
    Ok(())
}

fn read_measures(
    connection: &Connection,
    area: &AreaId,
    reach: &Reach,
    world: &mut AreaWorld,
) -> Result<(), StoreError> {
    let wanted = "FROM school_unit u JOIN measure m ON m.unit = u.code
                  WHERE u.area = ?1 AND (m.school_year >= ?2 OR (m.status <> 'cancelled'
                      AND (NOT EXISTS (SELECT 1 FROM evaluation s WHERE s.measure = m.id
                                       AND s.effect IS NOT NULL AND s.effect <> 'too_early')
                           OR EXISTS (SELECT 1 FROM evaluation s WHERE s.measure = m.id
                                      AND s.next_date >= ?3))))";
    let of = params![area.as_str(), reach.school_year, reach.from.to_string()];
    let sql = format!(
        "SELECT e.measure, e.evaluated_on, e.evaluated_by, e.effect, e.text, e.next_step, e.next_date
         FROM evaluation e WHERE e.measure IN (SELECT m.id {wanted})
         ORDER BY e.measure, e.evaluated_on, e.id"
    );
    let mut evaluations: BTreeMap<MeasureId, Vec<Evaluation>> = BTreeMap::new();
    let found = each_in_part(
        connection,
        ("evaluation", &sql),
        of,
        &mut world.faults,
        |row, left_out| {
            let evaluation = Evaluation {
                evaluated_on: date(row, "evaluated_on")?,
                by: optional_person(row, "evaluated_by")?,
                effect: optional(row, "effect")?,
                text: text(row, "text")?,
                next_step: optional(row, "next_step")?,
                next_date: coming_date(row, "next_date", left_out),
            };
            Ok((MeasureId::new(key(row, "measure")?), evaluation))
        },
    )?;
    for (measure, evaluation) in found {
        evaluations.entry(measure).or_default().push(evaluation);
    }
    let sql = format!(
        "SELECT m.id, m.unit, m.school_year, m.team, m.decision, m.expected_effect, m.indicator,
                m.responsible, m.decided_on, m.evaluate_by, m.status,
                ifnull((SELECT title FROM development_area d WHERE d.id = m.development_area), '')
                    AS area_title
         {wanted} ORDER BY m.id"
    );
    world.measures = each_in_part(
        connection,
        ("measure", &sql),
        of,
        &mut world.faults,
        |row, left_out| {
            Ok(Measure {
                id: MeasureId::new(key(row, "id")?),
                unit: unit_code(row, "unit")?,
                school_year: key(row, "school_year")?,
                development_area: line(row, "area_title")?,
                team: line(row, "team")?,
                decision: text(row, "decision")?,
                expected_effect: text(row, "expected_effect")?,
                indicator: text(row, "indicator")?,
                responsible: optional_person(row, "responsible")?,
                decided_on: optional_date(row, "decided_on", left_out),
                evaluate_by: date(row, "evaluate_by")?,
                status: required(row, "status")?,
                evaluations: Vec::new(),
            })
        },
    )?;
    for measure in &mut world.measures {
        measure.evaluations = evaluations.remove(&measure.id).unwrap_or_default();
    }
    Ok(())
}

fn read_dialogues(
    connection: &Connection,
    area: &AreaId,
    reach: &Reach,
    world: &mut AreaWorld,
) -> Result<(), StoreError> {
    let wanted = "FROM school_unit u JOIN dialogue d ON d.unit = u.code
                  WHERE u.area = ?1 AND d.school_year >= ?2";
    let of = params![area.as_str(), reach.school_year];
    let sql = format!(
        "SELECT f.dialogue, f.chosen_by, f.text FROM focus_area f
         WHERE f.dialogue IN (SELECT d.id {wanted}) ORDER BY f.dialogue, f.chosen_by"
    );
    let focus = each(
        connection,
        ("focus_area", &sql),
        of,
        &mut world.faults,
        |row| {
            let chosen_by: ChosenBy = required(row, "chosen_by")?;
            Ok((
                plain::<i64>(row, "dialogue")?,
                FocusArea {
                    chosen_by,
                    text: text(row, "text")?,
                },
            ))
        },
    )?;
    let mut by_dialogue: BTreeMap<i64, Vec<FocusArea>> = BTreeMap::new();
    for (dialogue, area) in focus {
        by_dialogue.entry(dialogue).or_default().push(area);
    }
    let sql = format!(
        "SELECT d.id, d.unit, d.school_year, d.round, d.starts, d.minutes, d.place, d.state,
                d.sequence, d.proposed_until,
                {IS_PLACED} AS is_placed
         {wanted} ORDER BY d.starts, d.unit"
    );
    world.dialogues = each(
        connection,
        ("dialogue", &sql),
        of,
        &mut world.faults,
        |row| {
            let id: i64 = plain(row, "id")?;
            let is_placed = plain::<Option<bool>>(row, "is_placed")? == Some(true);
            Ok(Dialogue {
                unit: unit_code(row, "unit")?,
                school_year: key(row, "school_year")?,
                round: required(row, "round")?,
                starts: date_time(row, "starts")?,
                minutes: plain(row, "minutes")?,
                place: line(row, "place")?,
                state: required(row, "state")?,
                sequence: sequence(row, "sequence")?,
                focus_areas: by_dialogue.get(&id).cloned().unwrap_or_default(),
                is_placed,
                proposed_until: bound(row, "proposed_until")?.filter(|_| is_placed),
            })
        },
    )?;
    Ok(())
}

const ACTIVITIES: &str =
    "SELECT a.id, a.title, a.unit, a.area, a.role, a.due, a.done FROM activity a";
const OF_AUTHORITY: &str = "WHERE a.unit IS NULL AND a.area IS NULL";
/// What the whole authority asks of every principal or area manager falls to each area.
const BY_AREA: &str =
    "a.role IN ('principal', 'assistant_principal', 'acting_principal', 'area_manager')";

fn activity(row: &rusqlite::Row<'_>, left_out: &mut Vec<Wrong>) -> Result<Activity, Wrong> {
    let id = key(row, "id")?;
    Ok(Activity {
        title: name(row, "title", &id)?,
        id: ActivityId::new(id),
        post: post(row)?,
        role: required(row, "role")?,
        due: date(row, "due")?,
        done_on: optional_date(row, "done", left_out),
    })
}

fn read_activities(
    connection: &Connection,
    area: Option<&AreaId>,
    world: &mut AreaWorld,
) -> Result<(), StoreError> {
    let sql = match area {
        Some(_) => format!(
            "{ACTIVITIES} WHERE a.area = ?1
             UNION ALL {ACTIVITIES} JOIN school_unit u ON a.unit = u.code WHERE u.area = ?1
             UNION ALL {ACTIVITIES} {OF_AUTHORITY} AND {BY_AREA}"
        ),
        None => format!("{ACTIVITIES} {OF_AUTHORITY} AND NOT {BY_AREA} AND ?1 IS NULL"),
    };
    let of = params![area.map(AreaId::as_str)];
    let faults = &mut world.faults;
    world.activities = each_in_part(connection, ("activity", &sql), of, faults, activity)?;
    world
        .activities
        .sort_by(|a, b| (a.due, &a.id).cmp(&(b.due, &b.id)));
    Ok(())
}

fn read_appointments(
    connection: &Connection,
    area: Option<&AreaId>,
    world: &mut AreaWorld,
) -> Result<(), StoreError> {
    let columns = "SELECT a.id, a.person, a.role, a.unit, a.area, a.valid_from, a.valid_to";
    let sql = format!(
        "{columns} FROM school_unit u JOIN appointment a ON a.unit = u.code WHERE u.area = ?1
         UNION ALL {columns} FROM appointment a WHERE a.area = ?1
         UNION ALL {columns} FROM appointment a WHERE a.area IS NULL AND a.unit IS NULL"
    );
    let of = params![area.map(AreaId::as_str)];
    world.appointments = each(
        connection,
        ("appointment", &sql),
        of,
        &mut world.faults,
        appointment,
    )?;
    Ok(())
}

/// Which of those who answer for a measure have a post that is not among the slice's.
fn read_posts_elsewhere(connection: &Connection, world: &mut AreaWorld) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM appointment WHERE person = ?1")?;
    let responsible: BTreeSet<&PersonId> = world
        .measures
        .iter()
        .filter_map(|measure| measure.responsible.as_ref())
        .collect();
    let mut elsewhere = BTreeSet::new();
    for person in responsible {
        let here = world.appointments.iter().any(|a| &a.person == person);
        if !here && statement.exists([person.as_str()])? {
            elsewhere.insert(person.clone());
        }
    }
    world.posted_elsewhere = elsewhere;
    Ok(())
}

static CHECK_INS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT id, principal, area_manager, starts, minutes, state, held_on, note, uid, sequence,
                proposed_until, {IS_PLACED} AS is_placed
         FROM check_in"
    )
});

fn check_in(row: &rusqlite::Row<'_>, left_out: &mut Vec<Wrong>) -> Result<CheckIn, Wrong> {
    let is_placed = plain::<Option<bool>>(row, "is_placed")? == Some(true);
    Ok(CheckIn {
        pair: Pair {
            principal: PersonId::new(key(row, "principal")?),
            area_manager: PersonId::new(key(row, "area_manager")?),
        },
        starts: date_time(row, "starts")?,
        minutes: plain(row, "minutes")?,
        state: required(row, "state")?,
        held_on: optional_date(row, "held_on", left_out),
        note: text(row, "note")?,
        uid: uid(row, "uid")?,
        sequence: sequence(row, "sequence")?,
        is_placed,
        proposed_until: bound(row, "proposed_until")?.filter(|_| is_placed),
    })
}

/// Check-ins of everybody who leads one of the slice's units, with whichever manager.
fn read_check_ins(
    connection: &Connection,
    reach: &Reach,
    world: &mut AreaWorld,
) -> Result<(), StoreError> {
    let principals: BTreeSet<PersonId> = world
        .appointments
        .iter()
        .filter(|appointment| appointment.role.leads_unit())
        .map(|appointment| appointment.person.clone())
        .collect();
    let sql = format!("{} WHERE principal = ?1 AND starts >= ?2", *CHECK_INS);
    for principal in principals {
        let of = params![principal.as_str(), reach.from.to_string()];
        let faults = &mut world.faults;
        let mut found = each_in_part(connection, ("check_in", &sql), of, faults, check_in)?;
        world.check_ins.append(&mut found);
    }
    world
        .check_ins
        .sort_by(|a, b| (a.starts, &a.pair).cmp(&(b.starts, &b.pair)));
    Ok(())
}

/// Everybody the slice mentions, their absences, their deputies, and the deputies' deputies.
fn read_people(connection: &Connection, world: &mut AreaWorld) -> Result<(), StoreError> {
    let mut wanted: Vec<PersonId> = Vec::new();
    wanted.extend(world.appointments.iter().map(|a| a.person.clone()));
    wanted.extend(world.measures.iter().filter_map(|m| m.responsible.clone()));
    wanted.extend(world.check_ins.iter().map(|c| c.pair.area_manager.clone()));
    let mut seen = BTreeSet::new();
    while let Some(id) = wanted.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        if let Some(person) = read_person(connection, &id, &mut world.faults)? {
            world.people.insert(id.clone(), person);
        }
        for absence in read_absences(connection, &id, &mut world.faults)? {
            wanted.extend(absence.deputy.clone());
            world.absences.push(absence);
        }
    }
    Ok(())
}

fn read_person(
    connection: &Connection,
    id: &PersonId,
    faults: &mut Vec<RowFault>,
) -> Result<Option<Person>, StoreError> {
    let sql = "SELECT id, name, email, language FROM person WHERE id = ?1";
    let found = each(connection, ("person", sql), [id.as_str()], faults, |row| {
        Ok(Person {
            id: id.clone(),
            name: name(row, "name", id.as_str())?,
            email: address(row, "email")?,
            language: required(row, "language")?,
        })
    })?;
    Ok(found.into_iter().next())
}

fn read_absences(
    connection: &Connection,
    person: &PersonId,
    faults: &mut Vec<RowFault>,
) -> Result<Vec<Absence>, StoreError> {
    let sql = "SELECT id, away_from, away_to, deputy FROM absence WHERE person = ?1";
    each(
        connection,
        ("absence", sql),
        [person.as_str()],
        faults,
        |row| {
            Ok(Absence {
                person: person.clone(),
                from: required(row, "away_from")?,
                to: required(row, "away_to")?,
                deputy: optional_person(row, "deputy")?,
            })
        },
    )
}

fn unit_code(row: &rusqlite::Row<'_>, column: &str) -> Result<UnitCode, Wrong> {
    UnitCode::parse(&plain::<String>(row, column)?).map_err(|error| format!("{column}: {error}"))
}

pub(super) fn optional_unit_code(
    row: &rusqlite::Row<'_>,
    column: &str,
) -> Result<Option<UnitCode>, Wrong> {
    let text: Option<String> = plain(row, column)?;
    text.map(|text| UnitCode::parse(&text).map_err(|error| format!("{column}: {error}")))
        .transpose()
}

pub(super) fn optional_person(
    row: &rusqlite::Row<'_>,
    column: &str,
) -> Result<Option<PersonId>, Wrong> {
    Ok(optional_key(row, column)?.map(PersonId::new))
}

/// The post that the columns `unit` and `area` name.
fn post(row: &rusqlite::Row<'_>) -> Result<Post, Wrong> {
    Ok(
        match (optional_unit_code(row, "unit")?, optional_key(row, "area")?) {
            (Some(unit), _) => Post::Unit(unit),
            (None, Some(area)) => Post::Area(AreaId::new(area)),
            (None, None) => Post::Authority,
        },
    )
}

/// Every post a person holds, held or will hold. Rows that cannot be read are left out.
pub(super) fn appointments_of(
    connection: &Connection,
    person: &PersonId,
) -> Result<Vec<Appointment>, StoreError> {
    let sql = "SELECT id, person, role, unit, area, valid_from, valid_to FROM appointment
               WHERE person = ?1";
    let of = [person.as_str()];
    each(
        connection,
        ("appointment", sql),
        of,
        &mut Vec::new(),
        appointment,
    )
}

/// Who holds which post, and when.
pub(super) fn appointment(row: &rusqlite::Row<'_>) -> Result<Appointment, Wrong> {
    Ok(Appointment {
        person: PersonId::new(key(row, "person")?),
        role: required(row, "role")?,
        post: post(row)?,
        from: bound(row, "valid_from")?,
        to: bound(row, "valid_to")?,
    })
}
