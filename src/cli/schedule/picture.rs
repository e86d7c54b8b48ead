//! A school year in figures: managers as rows, weeks as columns.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::name;
use crate::calendar::{SchoolYear, Week};
use crate::cli::output;
use crate::daemon::{Office, SliceWorld};
use crate::follow_up::{CheckInState, DialogueState, PersonId};
use crate::plan::placing::Placement;

/// Meetings of a manager in a week.
#[derive(Debug, Clone, Copy, Default)]
struct Load {
    dialogues: usize,
    check_ins: usize,
}

type Loads = BTreeMap<PersonId, BTreeMap<Week, Load>>;

/// Every manager's dialogues and check-ins, those on record and those placed, a table a term.
pub fn of_year(
    office: &Office,
    (year, slices): (&SchoolYear, &[SliceWorld]),
    placement: &Placement,
) -> String {
    let loads = loads(slices, placement);
    let mut picture = String::new();
    for term in &year.terms {
        let weeks: BTreeSet<Week> = term.days().map(Week::of).collect();
        let calendar = &office.settings.calendar;
        let weeks: Vec<Week> = weeks
            .into_iter()
            .filter(|&week| calendar.is_school_week(week))
            .collect();
        let numbers: Vec<String> = weeks.iter().map(|week| week.number().to_string()).collect();
        let mut headings = vec!["AREA MANAGER", "WEEK"];
        headings.extend(numbers.iter().map(String::as_str));
        let mut rows = Vec::new();
        for (manager, own) in &loads {
            let cells = |of: &dyn Fn(&Load) -> usize| -> Vec<String> {
                let counts = weeks.iter().map(|week| own.get(week).map_or(0, of));
                let cell = |count| {
                    if count == 0 {
                        "·".to_owned()
                    } else {
                        format!("{count}")
                    }
                };
                counts.map(cell).collect()
            };
            let (dialogues, check_ins) = (cells(&|l| l.dialogues), cells(&|l| l.check_ins));
            rows.push([vec![name(slices, manager), "dialogues".into()], dialogues].concat());
            rows.push([vec![String::new(), "check-ins".into()], check_ins].concat());
        }
        picture.push_str(&output::table(&headings, rows));
        picture.push('\n');
    }
    picture
}

fn loads(slices: &[SliceWorld], placement: &Placement) -> Loads {
    let mut loads = Loads::new();
    let mut count = |manager: &PersonId, day: Date, load: Load| {
        let week = loads.entry(manager.clone()).or_default();
        let cell = week.entry(Week::of(day)).or_default();
        cell.dialogues += load.dialogues;
        cell.check_ins += load.check_ins;
    };
    let dialogue = Load {
        dialogues: 1,
        check_ins: 0,
    };
    let check_in = Load {
        dialogues: 0,
        check_ins: 1,
    };
    for world in slices.iter().map(|slice| &slice.world) {
        let on_record = world.dialogues.iter();
        for held in on_record.filter(|d| d.state != DialogueState::Cancelled) {
            let day = held.starts.date();
            for manager in world.area_managers(day) {
                count(&manager, day, dialogue);
            }
        }
        let on_record = world.check_ins.iter();
        for held in on_record.filter(|c| c.state != CheckInState::Cancelled) {
            let day = held.held_on.unwrap_or(held.starts.date());
            count(&held.pair.area_manager, day, check_in);
        }
    }
    for placed in &placement.dialogues {
        for manager in &placed.area_managers {
            count(manager, placed.starts.date(), dialogue);
        }
    }
    for placed in &placement.check_ins {
        count(&placed.pair.area_manager, placed.starts.date(), check_in);
    }
    loads
}
