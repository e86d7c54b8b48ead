//! Areas, units, people and their posts.

use jiff::civil::Date;

use super::super::fields::Fields;
use super::Reading;
use crate::calendar::Language;
use crate::follow_up::{
    Appointment, Area, AreaId, Person, PersonId, Post, Role, SchoolUnit, SupportLevel,
};
use crate::store::{Batch, KnownUnit};

/// A row of areas.
pub fn area(row: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<()> {
    let id = row.needed_name("id");
    let name = row.needed_name("name");
    reading.batch.areas.push(Area {
        id: AreaId::new(id?),
        name: name?,
    });
    Some(())
}

/// A row of units.
pub fn unit(row: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<()> {
    let code = row.needed_unit_code("code");
    let name = row.needed_name("name");
    let known = reading.known;
    let stands = code.as_ref().and_then(|code| known.units.get(code));
    let area = unit_area(row, stands, reading);
    let level = row.choice("level");
    let successor = row.unit_code("successor");
    if successor.is_some() && successor == code {
        row.fault("successor", "a unit cannot be its own successor");
    }
    let mut unsaid = row.lacks(&["active_from", "successor"]);
    unsaid.extend(row.empty(&["level"]));
    if row.raw("area").is_empty() && reading.areas.from.is_none() && stands.is_some() {
        // --area is for units that have none.
        unsaid.push("area");
    }
    let active_from = row.date("active_from");
    let active_to = active_to(row, active_from, stands, &mut unsaid);
    let batch = &mut reading.batch;
    batch.leaves("school_unit", batch.units.len(), unsaid);
    batch.units.push(SchoolUnit {
        code: code?,
        name: name?,
        area: area?,
        level: level.unwrap_or(SupportLevel::Standard),
        active_from,
        active_to,
        successor,
    });
    Some(())
}

/// A unit's last day. The national register tells that a unit is dormant or closed, not since when:
/// the day before the import, unless the calendar has a day already.
fn active_to(
    row: &mut Fields<'_>,
    from: Option<Date>,
    stands: Option<&KnownUnit>,
    unsaid: &mut Vec<&'static str>,
) -> Option<Date> {
    let told = row.date("active_to");
    let (first, last) = stands.map_or((None, None), |unit| (unit.from, unit.to));
    let first = from.or(first.filter(|_| unsaid.contains(&"active_from")));
    let yesterday = row.today().yesterday().unwrap_or(Date::MIN);
    let status = row.raw("status").to_uppercase();
    let mut to = told;
    match status.as_str() {
        _ if told.is_some() => {}
        "VILANDE" | "UPPHORT" if last.is_some() => unsaid.push("active_to"),
        "VILANDE" | "UPPHORT" => to = Some(first.map_or(yesterday, |first| first.max(yesterday))),
        // It is open again: a last day that has passed stands no longer.
        "AKTIV" if last.is_some_and(|last| last <= yesterday) => {}
        _ => unsaid.extend(row.lacks(&["active_to"])),
    }
    if !["", "AKTIV", "VILANDE", "UPPHORT"].contains(&status.as_str()) {
        row.fault(
            "status",
            "is not a status of the register; write AKTIV, VILANDE or UPPHORT",
        );
    }
    let last = if unsaid.contains(&"active_to") {
        last
    } else {
        to
    };
    if let (Some(first), Some(last)) = (first, last)
        && last < first
    {
        let column = if row.raw("active_to").is_empty() {
            "active_from"
        } else {
            "active_to"
        };
        row.fault(
            column,
            format!("the first day ({first}) is after the last ({last}); correct one of them"),
        );
    }
    to
}

fn unit_area(
    row: &mut Fields<'_>,
    stands: Option<&KnownUnit>,
    reading: &mut Reading<'_>,
) -> Option<AreaId> {
    if let Some(area) = row.name("area") {
        return Some(AreaId::new(area));
    }
    if let (None, Some(unit)) = (&reading.areas.from, stands) {
        return Some(unit.area.clone());
    }
    if let Some(fixed) = &reading.areas.fixed {
        return Some(AreaId::new(fixed));
    }
    if let Some(from) = &reading.areas.from {
        let name = row.by_header(from).to_owned();
        if name.is_empty() {
            row.fault(
                from,
                "is empty, and --area-from makes an area of it; fill it in",
            );
            return None;
        }
        let id = AreaId::new(&name);
        if !reading.batch.areas.iter().any(|area| area.id == id) {
            reading.batch.areas.push(Area {
                id: id.clone(),
                name,
            });
        }
        return Some(id);
    }
    row.fault(
        "area",
        "is empty; name the unit's area, or use --area ID or --area-from COLUMN",
    );
    None
}

/// A row of people: a person, and a post or several.
pub fn person(row: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<()> {
    let id = row.needed_name("id");
    let name = row.needed_name("name");
    let email = row.email("email");
    let language = row.choice("language");
    let role: Option<Role> = row.choice("role");
    let from = row.date("valid_from");
    let to = row.date("valid_to");
    let posts = role.map(|role| posts(row, role)).unwrap_or_default();
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        row.fault(
            "valid_to",
            format!("is before valid_from ({from}); correct one of them"),
        );
    }
    let person = Person {
        id: PersonId::new(id?),
        name: name?,
        email,
        language: language.unwrap_or(Language::Swedish),
    };
    add_person(row, &person, &mut reading.batch);
    for post in posts {
        let appointment = Appointment {
            person: person.id.clone(),
            role: role?,
            post,
            from,
            to,
        };
        if row.is_sound() {
            let batch = &mut reading.batch;
            let unsaid = row.lacks(&["valid_from", "valid_to"]);
            batch.leaves("appointment", batch.appointments.len(), unsaid);
            batch.appointments.push(appointment);
        }
    }
    Some(())
}

/// A person has a row a post; all of them say the same of the person, or of the language nothing.
fn add_person(row: &mut Fields<'_>, person: &Person, batch: &mut Batch) {
    let there = batch.people.iter().position(|other| other.id == person.id);
    let Some(place) = there else {
        if row.raw("email").is_empty() {
            row.warn(
                "email",
                format!(
                    "is empty: {} will get no mail; write the address",
                    person.id
                ),
            );
        }
        row.warn_of_personal_number("id", person.id.as_str());
        batch.leaves("person", batch.people.len(), row.empty(&["language"]));
        batch.people.push(person.clone());
        return;
    };
    let says_language = !row.raw("language").is_empty();
    if says_language && batch.unsaid.remove(&("person", place)).is_some() {
        batch.people[place].language = person.language;
    }
    let other = &batch.people[place];
    let same_language = !says_language || other.language == person.language;
    if (&other.name, &other.email) != (&person.name, &person.email) || !same_language {
        let message = format!(
            "{} is also in another row with another name, address or language; write the same in each",
            person.id
        );
        row.fault("id", message);
    }
}

/// Where a role is held: principals at units, area managers for areas, the others as the row says.
fn posts(row: &mut Fields<'_>, role: Role) -> Vec<Post> {
    let units = row.unit_codes("units");
    let area = row.name("area").map(AreaId::new);
    if role.is_held_at_unit() {
        if units.is_empty() {
            row.fault(
                "units",
                format!(
                    "a {} leads school units; write their codes, separated by space",
                    role.swedish()
                ),
            );
        }
        return units.into_iter().map(Post::Unit).collect();
    }
    match (role, area) {
        (Role::AreaManager, None) => {
            row.fault("area", "an områdeschef has an area; write its id");
            Vec::new()
        }
        (Role::SchoolDirector, area) => {
            if area.is_some() {
                row.warn(
                    "area",
                    "a skolchef serves the whole authority; the area is left alone",
                );
            }
            vec![Post::Authority]
        }
        (Role::QualityOfficer, None) => vec![Post::Authority],
        (_, Some(area)) => vec![Post::Area(area)],
        (_, None) if !units.is_empty() => units.into_iter().map(Post::Unit).collect(),
        (_, None) => vec![Post::Authority],
    }
}
