//! Whether the school years make sense together: every fault at once, each a sentence a
//! person can act on.

use super::school_year::SchoolYear;
use super::school_year_name::{parse_school_year_name, school_year_of};
use super::year_check::YearCheck;

/// Something in the school years that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("school year {school_year}, {key}: {problem}")]
pub struct CalendarFault {
    /// The school year as it was named.
    pub school_year: String,
    /// Which of its keys, as the configuration spells it: `terms`, `staff-days`.
    pub key: &'static str,
    /// Which of the key's items, counted from 0, where it is a list.
    pub item: Option<usize>,
    /// What is wrong and what to write instead.
    pub problem: String,
}

/// Every fault in the school years; none means they can be used.
pub(super) fn check(years: &[SchoolYear]) -> Vec<CalendarFault> {
    let mut faults = Vec::new();
    for year in years {
        YearCheck::new(year, years, &mut faults).all();
    }
    check_names(years, &mut faults);
    faults
}

/// No name twice, and none missing in between: a gap would make a year without quiet weeks.
fn check_names(years: &[SchoolYear], faults: &mut Vec<CalendarFault>) {
    let mut starts: Vec<(i16, &SchoolYear)> = years
        .iter()
        .filter_map(|year| Some((parse_school_year_name(&year.name).ok()?, year)))
        .collect();
    starts.sort_by_key(|&(start, _)| start);
    for pair in starts.windows(2) {
        let [(before, _), (start, year)] = pair else {
            continue;
        };
        let problem = match start - before {
            0 => format!("{} is there twice: keep one", school_year_of(*start)),
            1 => continue,
            2 => format!(
                "{} is missing before it: add it",
                school_year_of(before + 1)
            ),
            _ => format!(
                "{} to {} are missing before it: add them, or correct the name",
                school_year_of(before + 1),
                school_year_of(start - 1),
            ),
        };
        let school_year = year.name.clone();
        faults.push(CalendarFault {
            school_year,
            key: "name",
            item: None,
            problem,
        });
    }
}
