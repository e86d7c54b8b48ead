//! `[dialogues]` and `[check-ins]`: when meetings may be placed, and how often. `[schedule]` and
//! `[invitations]`: when placed meetings stand, and how people are told of them.

use jiff::civil::{Weekday, time};

use super::check;
use super::reader::Table;
use super::values::{Clock, DayOfWeek};
use crate::plan::placing::{PlacingRules, Times};
use crate::plan::{InvitationRules, Rules};

/// Reads both tables.
pub fn read(mut dialogues: Table<'_>, mut check_ins: Table<'_>) -> PlacingRules {
    use Weekday::{Friday, Monday, Thursday, Tuesday, Wednesday};
    let usual = Times {
        weekdays: vec![Tuesday, Wednesday, Thursday],
        times: vec![time(8, 30, 0, 0), time(10, 15, 0, 0), time(13, 0, 0, 0)],
        minutes: 90,
        on_staff_days: false,
    };
    let of_dialogues = times(&mut dialogues, usual);
    dialogues.finish();
    let every_weeks = check::within(&mut check_ins, "every-weeks", 2, 1..=20);
    let reinforced_every_weeks = check::within(&mut check_ins, "reinforced-every-weeks", 1, 1..=20);
    let usual = Times {
        weekdays: vec![Monday, Tuesday, Wednesday, Thursday, Friday],
        times: [8, 9, 10, 13, 14, 15]
            .map(|hour| time(hour, 0, 0, 0))
            .to_vec(),
        minutes: 45,
        on_staff_days: false,
    };
    let of_check_ins = times(&mut check_ins, usual);
    check_ins.finish();
    PlacingRules {
        dialogues: of_dialogues,
        check_ins: of_check_ins,
        rhythm: crate::plan::Rhythm {
            every_weeks,
            reinforced_every_weeks,
        },
    }
}

/// For how many days placed meetings are proposals; `None` where they stand only once somebody has
/// confirmed them.
pub fn confirm_after_days(mut schedule: Table<'_>) -> Option<u32> {
    let by_itself = schedule.take_or("confirm-by-itself", true);
    let days = check::within(&mut schedule, "confirm-after-days", 14, 0..=365);
    schedule.finish();
    by_itself.then_some(days)
}

/// Reads `[invitations]`.
pub fn invitations(mut table: Table<'_>) -> InvitationRules {
    let defaults = Rules::default().invitations;
    let rules = InvitationRules {
        dialogues: table.take_or("dialogues", defaults.dialogues),
        check_ins: table.take_or("check-ins", defaults.check_ins),
        check_ins_weeks_before: check::within(
            &mut table,
            "check-ins-weeks-before",
            defaults.check_ins_weeks_before,
            1..=60,
        ),
        most_per_day: check::within(&mut table, "most-per-day", defaults.most_per_day, 1..=500),
    };
    table.finish();
    rules
}

/// When meetings of a kind may be placed; what the table does not say is as `usual`.
fn times(table: &mut Table<'_>, usual: Times) -> Times {
    let weekdays = filled::<DayOfWeek>(table, "weekdays");
    let times = filled::<Clock>(table, "times");
    Times {
        weekdays: weekdays.map_or(usual.weekdays, |list| {
            list.into_iter().map(|day| day.0).collect()
        }),
        times: times.map_or(usual.times, |list| {
            list.into_iter().map(|clock| clock.0).collect()
        }),
        minutes: check::within(table, "minutes", usual.minutes, 5..=480),
        on_staff_days: table.take("on-staff-days").unwrap_or(usual.on_staff_days),
    }
}

/// A list with something in it.
fn filled<T: serde::de::DeserializeOwned>(
    table: &mut Table<'_>,
    key: &'static str,
) -> Option<Vec<T>> {
    let (list, place) = table.take_placed::<Vec<T>>(key)?;
    if list.is_empty() {
        table.fault_at(
            &place,
            "an empty list leaves no time for meetings; name at least one",
        );
    }
    Some(list)
}
