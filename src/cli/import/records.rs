//! Rows into records, a function a kind.

use std::collections::BTreeMap;

use super::Areas;
use super::columns::Kind;
use super::cross::{self, Seen};
use super::fields::{Fields, Layout, Report};
use super::table::{Row, Table};
use crate::calendar::Language;
use crate::follow_up::{
    Absence, Activity, ActivityId, Appointment, Area, AreaId, CheckIn, CheckInState, Dialogue,
    DialogueState, Effect, Evaluation, Measure, MeasureId, MeasureStatus, Pair, Person, PersonId,
    Post, Role, SchoolUnit, SupportLevel, UnitCode,
};
use crate::store::{Batch, Known};

/// Reads every table into one batch, and checks that all it refers to is there.
pub fn batch(
    mut tables: Vec<(Kind, Table)>,
    areas: &Areas,
    known: Known,
    report: &mut Report,
) -> Batch {
    // What others refer to is read first, whatever the order of the files.
    tables.sort_by_key(|(kind, _)| *kind);
    let mut batch = Batch::default();
    let mut seen = Seen::new(known);
    for (kind, table) in &tables {
        let layout = Layout::find(*kind, table, report);
        if *kind == Kind::Units {
            batch.tells_levels &= layout.has("level");
            let from = areas.from.as_deref();
            let lacks = from.is_some_and(|from| {
                !table
                    .header
                    .iter()
                    .any(|name| super::columns::folded(name) == super::columns::folded(from))
            });
            if let (true, Some(from)) = (lacks, from) {
                report.fault_of_table(
                    table,
                    format!("--area-from names the column {from}, which is not here"),
                );
            }
        }
        let footnotes = footnotes(*kind, &layout, table);
        if let Some(row) = table.rows.get(footnotes) {
            let message = format!(
                "the lines from {} on, after an empty one, hold no {}; they are taken for footnotes and left alone",
                row.line,
                kind.columns()[0].name
            );
            report.warn_of_table(table, message);
        }
        for row in &table.rows[..footnotes] {
            let mut fields = layout.row(row, report);
            let place = (table.file.clone(), table.sheet.clone(), fields.line());
            match kind {
                Kind::Areas => area(&mut fields, &mut batch),
                Kind::Units => unit(&mut fields, areas, &mut batch),
                Kind::People => person(&mut fields, &mut batch),
                Kind::Measures => measure(&mut fields, &mut batch),
                Kind::Absences => absence(&mut fields, &mut batch),
                Kind::CheckIns => check_in(&mut fields, &mut batch),
                Kind::Dialogues => dialogue(&mut fields, &mut batch),
                Kind::Activities => activity(&mut fields, &mut batch),
            };
            seen.note(*kind, &mut fields, &batch, &place);
        }
    }
    cross::resolve_people(&mut batch, &seen);
    cross::check(&batch, &seen, report);
    batch
}

/// Exports end with footnotes: where an empty row comes and no row after it has the key that every
/// record needs, the table ends. The number of rows before that.
fn footnotes(kind: Kind, layout: &Layout<'_>, table: &Table) -> usize {
    let has_key = |row: &Row| {
        let cell = layout.cell(row, kind.columns()[0].name);
        if kind == Kind::Units {
            UnitCode::parse(cell).is_ok()
        } else {
            !cell.is_empty()
        }
    };
    let last = table
        .rows
        .iter()
        .rposition(has_key)
        .map_or(0, |last| last + 1);
    let gap = table.rows[last..].iter().position(|row| row.after_gap);
    gap.map_or(table.rows.len(), |gap| last + gap)
}

fn area(row: &mut Fields<'_>, batch: &mut Batch) -> Option<()> {
    let id = row.needed_name("id");
    let name = row.needed_name("name");
    batch.areas.push(Area {
        id: AreaId::new(id?),
        name: name?,
    });
    Some(())
}

fn unit(row: &mut Fields<'_>, areas: &Areas, batch: &mut Batch) -> Option<()> {
    let code = row.needed_unit_code("code");
    let name = row.needed_name("name");
    let area = unit_area(row, areas, batch);
    let level = row.choice("level");
    let active_from = row.date("active_from");
    let mut active_to = row.date("active_to");
    let successor = row.unit_code("successor");
    if let (Some(from), Some(to)) = (active_from, active_to)
        && to < from
    {
        row.fault(
            "active_to",
            format!("is before active_from ({from}); correct one of them"),
        );
    }
    // The national register tells that a unit is dormant or closed, not since when.
    let status = row.raw("status").to_uppercase();
    match status.as_str() {
        "" | "AKTIV" => {}
        "VILANDE" | "UPPHORT" => {
            active_to = active_to.or(Some(row.today().max(active_from.unwrap_or(row.today()))));
        }
        _ => row.fault(
            "status",
            "is not a status of the register; write AKTIV, VILANDE or UPPHORT",
        ),
    }
    if successor.is_some() && successor == code {
        row.fault("successor", "a unit cannot be its own successor");
    }
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

fn unit_area(row: &mut Fields<'_>, areas: &Areas, batch: &mut Batch) -> Option<AreaId> {
    if let Some(area) = row.name("area") {
        return Some(AreaId::new(area));
    }
    if let Some(fixed) = &areas.fixed {
        return Some(AreaId::new(fixed));
    }
    if let Some(from) = &areas.from {
        let name = row.by_header(from).to_owned();
        if name.is_empty() {
            row.fault(
                from,
                "is empty, and --area-from makes an area of it; fill it in",
            );
            return None;
        }
        let id = AreaId::new(&name);
        if !batch.areas.iter().any(|area| area.id == id) {
            batch.areas.push(Area {
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

fn person(row: &mut Fields<'_>, batch: &mut Batch) -> Option<()> {
    let id = row.needed_name("id");
    let name = row.needed_name("name");
    let email = row.email("email");
    let language = row.choice("language").unwrap_or(Language::Swedish);
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
        language,
    };
    match batch.people.iter().find(|other| other.id == person.id) {
        None => batch.people.push(person.clone()),
        Some(other) if *other == person => {}
        Some(_) => {
            let message = format!(
                "{} is also in another row with another name, address or language; write the same in each",
                person.id
            );
            row.fault("id", message);
        }
    }
    if !row.is_sound() {
        return None;
    }
    for post in posts {
        let person = person.id.clone();
        batch.appointments.extend(role.map(|role| Appointment {
            person,
            role,
            post,
            from,
            to,
        }));
    }
    Some(())
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
        (Role::SchoolDirector | Role::QualityOfficer, _) => vec![Post::Authority],
        (_, Some(area)) => vec![Post::Area(area)],
        (_, None) if !units.is_empty() => units.into_iter().map(Post::Unit).collect(),
        (_, None) => vec![Post::Authority],
    }
}

fn measure(row: &mut Fields<'_>, batch: &mut Batch) -> Option<()> {
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
fn evaluations(row: &mut Fields<'_>, due: Option<jiff::civil::Date>) -> Vec<Evaluation> {
    let evaluated_on = row.date("evaluated_on");
    let effect: Option<Effect> = row.choice("effect");
    let assessed_on = row
        .date("effect_assessed_on")
        .or(evaluated_on.filter(|_| effect.is_some()));
    let text = row.text("assessment");
    let next_step = row.choice("next_step");
    let mut next_date = row.date("next_date");
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
    if evaluated_on.is_none() && assessed_on.is_none() && next_step.is_some() {
        row.fault(
            "next_step",
            "a next step without an evaluation; write when it was evaluated",
        );
    }
    if let (Some(evaluated), Some(assessed)) = (evaluated_on, assessed_on)
        && assessed < evaluated
    {
        row.fault(
            "effect_assessed_on",
            format!("is before the evaluation ({evaluated}); correct one of them"),
        );
    }
    let last = assessed_on.or(evaluated_on);
    if effect == Some(Effect::TooEarly) {
        next_date = next_date.or(due);
    }
    if let (Some(last), Some(next)) = (last, next_date)
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

fn absence(row: &mut Fields<'_>, batch: &mut Batch) -> Option<()> {
    let person = row.needed_name("person").map(PersonId::new);
    let from = row.needed_date("from");
    let to = row.needed_date("to");
    let deputy = row.name("deputy").map(PersonId::new);
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        row.fault(
            "to",
            format!("is before the first day ({from}); correct one of them"),
        );
    }
    if deputy.is_some() && deputy == person {
        row.fault(
            "deputy",
            "nobody stands in for themselves; name somebody else or leave it empty",
        );
    }
    if !row.is_sound() {
        return None;
    }
    batch.absences.push(Absence {
        person: person?,
        from: from?,
        to: to?,
        deputy,
    });
    Some(())
}

fn check_in(row: &mut Fields<'_>, batch: &mut Batch) -> Option<()> {
    let principal = row.needed_name("principal").map(PersonId::new);
    let area_manager = row.needed_name("area_manager").map(PersonId::new);
    let starts = row.needed_date_time("starts");
    let held_on = row.date("held_on");
    if principal.is_some() && principal == area_manager {
        row.fault("area_manager", "a check-in takes two; name somebody else");
    }
    if !row.is_sound() {
        return None;
    }
    batch.check_ins.push(CheckIn {
        pair: Pair {
            principal: principal?,
            area_manager: area_manager?,
        },
        starts: starts?,
        minutes: 45,
        state: if held_on.is_some() {
            CheckInState::Held
        } else {
            CheckInState::Planned
        },
        held_on,
        note: String::new(),
    });
    Some(())
}

fn dialogue(row: &mut Fields<'_>, batch: &mut Batch) -> Option<()> {
    let unit = row.needed_unit_code("unit");
    let school_year = row.needed_school_year("school_year");
    if row.raw("round").is_empty() {
        row.fault(
            "round",
            "is empty; write explore (undersökande) or evaluate (utvärderande)",
        );
    }
    let round = row.choice("round");
    let starts = row.needed_date_time("starts");
    let minutes = row.number("minutes", 5..=1440).unwrap_or(90);
    let place = row.name("place").unwrap_or_default();
    let state = row.choice("state").unwrap_or(DialogueState::Planned);
    if !row.is_sound() {
        return None;
    }
    batch.dialogues.push(Dialogue {
        unit: unit?,
        school_year: school_year?,
        round: round?,
        starts: starts?,
        minutes,
        place,
        state,
        sequence: 0,
        focus_areas: Vec::new(),
    });
    Some(())
}

fn activity(row: &mut Fields<'_>, batch: &mut Batch) -> Option<()> {
    let id = row.needed_name("id");
    let title = row.needed_name("title");
    let unit = row.unit_code("unit");
    let area = row.name("area").map(AreaId::new);
    if row.raw("role").is_empty() {
        row.fault("role", "is empty; write who answers for it, such as rektor");
    }
    let role = row.choice("role");
    let due = row.needed_date("due");
    let done_on = row.date("done");
    let post = match (unit, area) {
        (Some(_), Some(_)) => {
            row.fault("area", "both a unit and an area; keep one of them");
            return None;
        }
        (Some(unit), None) => Post::Unit(unit),
        (None, Some(area)) => Post::Area(area),
        (None, None) => Post::Authority,
    };
    if !row.is_sound() {
        return None;
    }
    batch.activities.push(Activity {
        id: ActivityId::new(id?),
        title: title?,
        post,
        role: role?,
        due: due?,
        done_on,
    });
    Some(())
}

/// The people of a batch by address, for references that use it.
pub fn by_address(people: &[Person]) -> BTreeMap<String, PersonId> {
    people
        .iter()
        .filter(|person| !person.email.is_empty())
        .map(|person| (person.email.to_lowercase(), person.id.clone()))
        .collect()
}
