//! What may be meant, and more likely is not: warnings between rows.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::columns::Kind;
use super::cross::Seen;
use super::report::Report;
use crate::calendar::school_year_name;
use crate::follow_up::{Appointment, Post, PostsTold, Role, UnitCode};
use crate::store::{Batch, Known};

/// Tells every doubt about a batch.
pub fn tell(batch: &Batch, known: &Known, seen: &Seen, report: &mut Report) {
    principals(batch, known, seen, report);
    ended_posts(batch, known, seen, report);
    far_successors(batch, known, seen, report);
    for (place, dialogue) in batch.dialogues.iter().enumerate() {
        let day = dialogue.starts.date();
        if school_year_name(day) != dialogue.school_year
            && let Some(place) = seen.place(Kind::Dialogues, place)
        {
            let message = format!(
                "{day} lies outside the school year {}; see that both are meant",
                dialogue.school_year
            );
            report.warn(place.note("starts", None, message));
        }
    }
}

/// Somebody named for a post that has ended, by a file that says nothing of days: more likely they
/// are back than still gone.
fn ended_posts(batch: &Batch, known: &Known, seen: &Seen, report: &mut Report) {
    let posts = PostsTold::of(&batch.appointments);
    for (place, told) in batch.appointments.iter().enumerate() {
        let says_nothing = batch.unsaid("appointment", place).contains(&"valid_to");
        let meant = posts.meant(told, &known.appointments);
        if let Some(to) = meant.and_then(|meant| meant.to)
            && says_nothing
            && to < report.today
            && let Some(place) = seen.place(Kind::People, place)
        {
            let message = format!(
                "{} left this post on {to}, and that stands; write the first day (valid_from) of the time that has begun",
                told.person
            );
            let column = match told.post {
                Post::Unit(_) => "units",
                Post::Area(_) => "area",
                Post::Authority => "role",
            };
            report.warn(place.note(column, None, message));
        }
    }
}

/// A successor in another area: an area is followed by itself, so what the unit leaves behind would
/// reach nobody.
fn far_successors(batch: &Batch, known: &Known, seen: &Seen, report: &mut Report) {
    let area_of = |code: &UnitCode| {
        let told = batch.units.iter().find(|unit| &unit.code == code);
        let told = told.map(|unit| &unit.area);
        told.or_else(|| known.units.get(code).map(|unit| &unit.area))
    };
    for (place, unit) in batch.units.iter().enumerate() {
        if let Some(successor) = &unit.successor
            && let Some(area) = area_of(successor).filter(|area| **area != unit.area)
            && let Some(place) = seen.place(Kind::Units, place)
        {
            let message = format!(
                "{successor} lies in the area {area}, and this unit's measures do not follow it there; write them with the code {successor} in the measures file"
            );
            report.warn(place.note("successor", None, message));
        }
    }
}

/// Two principals of one unit on the same day: both would get every mail.
fn principals(batch: &Batch, known: &Known, seen: &Seen, report: &mut Report) {
    let same = |a: &Appointment, b: &Appointment| (&a.person, &a.post) == (&b.person, &b.post);
    let posts = PostsTold::of(&batch.appointments);
    let mut of_unit: BTreeMap<&UnitCode, Vec<Appointment>> = BTreeMap::new();
    let stands = |a: &&Appointment| {
        !batch
            .appointments
            .iter()
            .any(|told| told.role == a.role && same(told, a))
    };
    for appointment in known
        .appointments
        .iter()
        .filter(|a| a.role == Role::Principal)
    {
        if let Post::Unit(unit) = &appointment.post
            && batch
                .appointments
                .iter()
                .any(|told| told.post == appointment.post)
            && stands(&appointment)
        {
            of_unit.entry(unit).or_default().push(appointment.clone());
        }
    }
    for (place, told) in batch.appointments.iter().enumerate() {
        let Post::Unit(unit) = &told.post else {
            continue;
        };
        if told.role != Role::Principal {
            continue;
        }
        let before = posts.meant(told, &known.appointments);
        let unsaid = batch.unsaid("appointment", place);
        let mut told = told.clone();
        told.from = told.from.or(before.and_then(|before| before.from));
        if unsaid.contains(&"valid_to") {
            told.to = before.and_then(|before| before.to);
        }
        let others = of_unit.entry(unit).or_default();
        let meets = |other: &&Appointment| other.person != told.person && overlap(other, &told);
        if let (Some(other), Some(place)) =
            (others.iter().find(meets), seen.place(Kind::People, place))
        {
            let message = format!(
                "{} and {} are principals of {unit} on the same days; give the one who leaves a last day (valid_to)",
                told.person, other.person
            );
            report.warn(place.note("units", None, message));
        }
        others.push(told);
    }
}

fn overlap(a: &Appointment, b: &Appointment) -> bool {
    let first = |x: &Appointment| x.from.unwrap_or(Date::MIN);
    let last = |x: &Appointment| x.to.unwrap_or(Date::MAX);
    first(a) <= last(b) && first(b) <= last(a)
}
