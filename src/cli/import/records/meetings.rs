//! Absences, check-ins, dialogues and activities.

use super::super::fields::Fields;
use crate::follow_up::{
    Absence, Activity, ActivityId, AreaId, CheckIn, CheckInState, Dialogue, DialogueState, Pair,
    PersonId, Post,
};
use crate::store::Batch;

/// A row of absences.
pub fn absence(row: &mut Fields<'_>, batch: &mut Batch) -> Option<()> {
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
    batch.leaves("absence", batch.absences.len(), row.empty(&["deputy"]));
    batch.absences.push(Absence {
        person: person?,
        from: from?,
        to: to?,
        deputy,
    });
    Some(())
}

/// A row of check-ins.
pub fn check_in(row: &mut Fields<'_>, batch: &mut Batch) -> Option<()> {
    let principal = row.needed_name("principal").map(PersonId::new);
    let area_manager = row.needed_name("area_manager").map(PersonId::new);
    let starts = row.needed_date_time("starts");
    let held_on = row.past_date("held_on");
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
        uid: String::new(),
        sequence: 0,
        is_placed: false,
        proposed_until: None,
    });
    Some(())
}

/// A row of dialogues.
pub fn dialogue(row: &mut Fields<'_>, batch: &mut Batch) -> Option<()> {
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
    let mut unsaid = row.lacks(&["place"]);
    unsaid.extend(row.empty(&["minutes", "state"]));
    batch.leaves("dialogue", batch.dialogues.len(), unsaid);
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
        is_placed: false,
        proposed_until: None,
    });
    Some(())
}

/// A row of activities.
pub fn activity(row: &mut Fields<'_>, batch: &mut Batch) -> Option<()> {
    let id = row.needed_name("id");
    let title = row.needed_name("title");
    let unit = row.unit_code("unit");
    let area = row.name("area").map(AreaId::new);
    if row.raw("role").is_empty() {
        row.fault("role", "is empty; write who answers for it, such as rektor");
    }
    let role = row.choice("role");
    let due = row.needed_date("due");
    let done_on = row.past_date("done");
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
    let mut unsaid = row.empty(&["done"]);
    if post == Post::Authority {
        unsaid.extend(row.lacks(&["unit", "area"]));
    }
    batch.leaves("activity", batch.activities.len(), unsaid);
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
