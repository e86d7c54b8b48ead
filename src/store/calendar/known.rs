//! What is already in the calendar, for those who bring something to it.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::Calendar;
use super::batch::{Known, KnownAbsence, KnownUnit};
use super::read::{appointment, optional_person, optional_unit_code};
use super::row::{address, bound, each, key, plain, required};
use crate::follow_up::{Absence, AreaId, PersonId, UnitCode};
use crate::store::StoreError;

impl Calendar {
    /// The areas, units, people, posts and absences the calendar has. Rows that cannot be read are left out.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn known(&self) -> Result<Known, StoreError> {
        self.database.run(|connection| read(connection)).await
    }
}

fn read(connection: &Connection) -> Result<Known, StoreError> {
    let faults = &mut Vec::new();
    let areas = each(
        connection,
        ("area", "SELECT id FROM area"),
        [],
        faults,
        |row| Ok(AreaId::new(key(row, "id")?)),
    )?;
    let sql = "SELECT code, area, active_from, active_to, successor FROM school_unit";
    let units = each(connection, ("school_unit", sql), [], faults, |row| {
        let code = plain::<String>(row, "code")?;
        let code = UnitCode::parse(&code).map_err(|error| error.to_string())?;
        let unit = KnownUnit {
            area: AreaId::new(key(row, "area")?),
            from: bound(row, "active_from")?,
            to: bound(row, "active_to")?,
            successor: optional_unit_code(row, "successor")?,
        };
        Ok((code, unit))
    })?;
    let sql = "SELECT id, person, role, unit, area, valid_from, valid_to FROM appointment";
    let appointments = each(connection, ("appointment", sql), [], faults, appointment)?;
    let sql = "SELECT id, person, away_from, away_to, deputy,
                      CASE WHEN json_valid(imported)
                           THEN json_extract(imported, '$.deputy') END AS imported_deputy
               FROM absence";
    let absences = each(connection, ("absence", sql), [], faults, |row| {
        Ok(KnownAbsence {
            absence: Absence {
                person: PersonId::new(key(row, "person")?),
                from: required(row, "away_from")?,
                to: required(row, "away_to")?,
                deputy: optional_person(row, "deputy")?,
            },
            imported_deputy: optional_person(row, "imported_deputy")?,
        })
    })?;
    Ok(Known {
        absences,
        areas: areas.into_iter().collect(),
        units: units.into_iter().collect(),
        people: people(connection)?,
        appointments,
    })
}

/// People and their addresses. Rows that cannot be read are left out.
pub fn people(connection: &Connection) -> Result<BTreeMap<PersonId, String>, StoreError> {
    let sql = "SELECT id, email FROM person";
    let people = each(connection, ("person", sql), [], &mut Vec::new(), |row| {
        let id = PersonId::new(key(row, "id")?);
        Ok((id, address(row, "email")?))
    })?;
    Ok(people.into_iter().collect())
}
