//! Where the units of an area stand: the digest's substance, worst first.

mod draw;

use std::cmp::{Ordering, Reverse};

use jiff::civil::Date;
use serde::Serialize;

pub use draw::area_standing;

use crate::calendar::{Week, swedish_order};
use crate::follow_up::{PersonId, UnitCode};

/// One thing about a unit that needs somebody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "concern", rename_all = "snake_case")]
pub enum Concern {
    /// Nobody leads the unit.
    Vacant,
    /// Evaluations past their date.
    Overdue {
        /// How many.
        count: usize,
        /// The oldest date.
        since: Date,
    },
    /// No check-in within the longest gap allowed.
    CheckInGap {
        /// The last one held, if any is on record.
        last: Option<Date>,
        /// The last day by which there should have been one.
        since: Date,
    },
    /// A dialogue whose date passed and that nobody has recorded.
    DialogueNotRecorded {
        /// Its date.
        on: Date,
    },
    /// Activities past their date.
    ActivityOverdue {
        /// How many.
        count: usize,
        /// The oldest date.
        since: Date,
    },
    /// Earlier measures whose effect nobody has assessed.
    Unassessed {
        /// How many.
        count: usize,
    },
    /// No focus area chosen for a dialogue that is near.
    NoFocusArea {
        /// The dialogue's date.
        on: Date,
    },
    /// Evaluations due within ten working days.
    DueSoon {
        /// How many.
        count: usize,
        /// The first date.
        first: Date,
    },
}

impl Concern {
    /// Whether it is late already; the others are near, or can still be mended in time.
    pub const fn is_late(&self) -> bool {
        !matches!(
            self,
            Self::Unassessed { .. } | Self::NoFocusArea { .. } | Self::DueSoon { .. }
        )
    }

    /// How many things it stands for.
    pub const fn count(&self) -> usize {
        match self {
            Self::Overdue { count, .. }
            | Self::ActivityOverdue { count, .. }
            | Self::Unassessed { count }
            | Self::DueSoon { count, .. } => *count,
            Self::Vacant
            | Self::CheckInGap { .. }
            | Self::DialogueNotRecorded { .. }
            | Self::NoFocusArea { .. } => 1,
        }
    }

    /// The oldest date that has passed, where it is late and has one.
    const fn late_since(&self) -> Option<Date> {
        match self {
            Self::Overdue { since, .. }
            | Self::CheckInGap { since, .. }
            | Self::ActivityOverdue { since, .. } => Some(*since),
            Self::DialogueNotRecorded { on } => Some(*on),
            Self::Vacant
            | Self::Unassessed { .. }
            | Self::NoFocusArea { .. }
            | Self::DueSoon { .. } => None,
        }
    }
}

/// What one week of a unit shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct WeekCell {
    /// A check-in was held.
    pub check_in_held: bool,
    /// A check-in is planned.
    pub check_in_planned: bool,
    /// The week passed the longest gap without a check-in.
    pub gap: bool,
    /// A dialogue is planned or was held.
    pub dialogue: bool,
    /// Evaluations whose date fell here, and that are not made.
    pub late: usize,
    /// Evaluations whose date falls here, and is still to come.
    pub due: usize,
    /// Whether there is school.
    pub school: bool,
}

/// One unit's line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnitStanding {
    /// The unit.
    pub unit: UnitCode,
    /// Its name.
    pub name: String,
    /// Who leads it.
    pub principal: Option<PersonId>,
    /// What needs somebody, worst first.
    pub concerns: Vec<Concern>,
    /// The weeks of the picture.
    pub weeks: Vec<WeekCell>,
    /// The next check-in, if one is planned.
    pub next_check_in: Option<Date>,
    /// The next dialogue, if one is planned.
    pub next_dialogue: Option<Date>,
}

impl UnitStanding {
    /// How many late things it has: evaluations, activities and the rest, each counted.
    pub fn late(&self) -> usize {
        self.count(true)
    }

    /// How many things are near, or can still be mended in time.
    pub fn near(&self) -> usize {
        self.count(false)
    }

    fn count(&self, late: bool) -> usize {
        let counted = self.concerns.iter().filter(|c| c.is_late() == late);
        counted.map(Concern::count).sum()
    }

    /// The order in which whoever follows several units should look at them: those that nobody
    /// leads, then those with most that is late, then with what has been late longest, then with
    /// most that is near, then by name.
    pub fn worst_first(&self, other: &Self) -> Ordering {
        let key = |unit: &Self| {
            let oldest = unit.concerns.iter().filter_map(Concern::late_since).min();
            (
                !unit.concerns.contains(&Concern::Vacant),
                Reverse(unit.late()),
                // Without a date there is nothing old about it.
                oldest.unwrap_or(Date::MAX),
                Reverse(unit.near()),
            )
        };
        key(self)
            .cmp(&key(other))
            .then_with(|| swedish_order(&self.name, &other.name))
            .then_with(|| self.unit.cmp(&other.unit))
    }
}

/// An area's units, worst first, and the weeks of the picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AreaStanding {
    /// The weeks, oldest first.
    pub weeks: Vec<Week>,
    /// The week of the day it was drawn up for.
    pub present: Week,
    /// The units, as [`UnitStanding::worst_first`] has them.
    pub units: Vec<UnitStanding>,
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn unit(name: &str, concerns: Vec<Concern>) -> UnitStanding {
        UnitStanding {
            unit: UnitCode::parse("12345678").unwrap(),
            name: name.into(),
            principal: None,
            concerns,
            weeks: Vec::new(),
            next_check_in: None,
            next_dialogue: None,
        }
    }

    fn overdue(count: usize, since: Date) -> Concern {
        Concern::Overdue { count, since }
    }

    #[test]
    fn worst_first_goes_by_how_much_is_late_and_how_long_and_not_by_how_many_kinds() {
        let on = date(2027, 4, 15);
        let mut units = [
            unit("Ö i fas", vec![]),
            unit("Å i fas", vec![]),
            unit("Z i fas", vec![]),
            unit("två nära", vec![Concern::Unassessed { count: 2 }]),
            unit(
                "två sorter",
                vec![
                    overdue(1, on),
                    Concern::ActivityOverdue {
                        count: 1,
                        since: on,
                    },
                ],
            ),
            unit("en sedan länge", vec![overdue(1, date(2027, 1, 8))]),
            unit("en ny", vec![overdue(1, on)]),
            unit("fem av en sort", vec![overdue(5, on)]),
            unit("vakant", vec![Concern::Vacant]),
        ];
        units.sort_by(UnitStanding::worst_first);
        let names: Vec<&str> = units.iter().map(|unit| unit.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "vakant",
                "fem av en sort",
                "två sorter",
                "en sedan länge",
                "en ny",
                "två nära",
                "Z i fas",
                "Å i fas",
                "Ö i fas",
            ]
        );
    }
}
