//! `[reminders.*]`: one table per notice, each with its defaults, each with `enabled`.

use super::check::{steps, within};
use super::reader::Table;
use crate::plan::{CheckInRules, DueRules, GapRules, NotRecordedRules, Rules, UnassessedRules};

/// Counts of working days stay below two years' worth.
const DAYS: std::ops::RangeInclusive<u32> = 0..=500;
/// A repeat of 0 would be a mail a day for ever.
const REPEAT: std::ops::RangeInclusive<u32> = 1..=500;

/// Reads every reminder's table; what is left out keeps its default.
pub fn read(mut table: Table<'_>) -> Rules {
    let defaults = Rules::default();
    let rules = Rules {
        evaluation: due(table.table("evaluation"), defaults.evaluation),
        activity: due(table.table("activity"), defaults.activity),
        unassessed: unassessed(table.table("unassessed"), defaults.unassessed),
        focus_area: before(table.table("focus-area"), defaults.focus_area),
        agenda: before(table.table("dialogue-agenda"), defaults.agenda),
        not_recorded: not_recorded(table.table("dialogue-not-recorded"), defaults.not_recorded),
        check_in: check_in(table.table("check-in"), defaults.check_in),
        check_in_gap: gap(table.table("check-in-gap"), defaults.check_in_gap),
        vacancy_every: every(table.table("vacancy"), defaults.vacancy_every),
        trouble_every: every(table.table("trouble"), defaults.trouble_every),
        weekly_digest: digest(table.table("weekly-digest")),
        monthly_digest: digest(table.table("monthly-digest")),
        ..defaults
    };
    table.finish();
    rules
}

/// Reads a table with `enabled`: `None` when it is switched off, whatever else it says.
fn switchable<R>(
    mut table: Table<'_>,
    default: Option<R>,
    read: impl FnOnce(&mut Table<'_>, R) -> R,
) -> Option<R> {
    let enabled = table.take_or("enabled", true);
    let rules = default.map(|default| read(&mut table, default));
    table.finish();
    rules.filter(|_| enabled)
}

fn due(table: Table<'_>, default: Option<DueRules>) -> Option<DueRules> {
    switchable(table, default, |table, default| DueRules {
        before: steps(table, "before", default.before),
        overdue_every: within(table, "overdue-every", default.overdue_every, REPEAT),
        area_manager_after: within(
            table,
            "area-manager-after",
            default.area_manager_after,
            DAYS,
        ),
        director_after: within(table, "director-after", default.director_after, DAYS),
    })
}

fn unassessed(table: Table<'_>, default: Option<UnassessedRules>) -> Option<UnassessedRules> {
    switchable(table, default, |table, default| UnassessedRules {
        every: within(table, "every", default.every, REPEAT),
        area_manager_before_dialogue: within(
            table,
            "area-manager-before-dialogue",
            default.area_manager_before_dialogue,
            DAYS,
        ),
        director_before_report: within(
            table,
            "director-before-report",
            default.director_before_report,
            DAYS,
        ),
    })
}

fn before(table: Table<'_>, default: Option<Vec<u32>>) -> Option<Vec<u32>> {
    switchable(table, default, |table, default| {
        steps(table, "before", default)
    })
}

fn not_recorded(table: Table<'_>, default: Option<NotRecordedRules>) -> Option<NotRecordedRules> {
    switchable(table, default, |table, default| NotRecordedRules {
        after: within(table, "after", default.after, REPEAT),
        every: within(table, "overdue-every", default.every, REPEAT),
        director_after: within(table, "director-after", default.director_after, DAYS),
    })
}

fn check_in(table: Table<'_>, default: Option<CheckInRules>) -> Option<CheckInRules> {
    switchable(table, default, |table, default| CheckInRules {
        before: steps(table, "before", default.before),
        list_days: within(table, "list-days", default.list_days, DAYS),
    })
}

fn gap(table: Table<'_>, default: Option<GapRules>) -> Option<GapRules> {
    switchable(table, default, |table, default| GapRules {
        every: within(table, "overdue-every", default.every, REPEAT),
        director_after_gaps: within(
            table,
            "director-after-gaps",
            default.director_after_gaps,
            1..=20,
        ),
    })
}

fn every(mut table: Table<'_>, default: u32) -> u32 {
    let every = within(&mut table, "every", default, REPEAT);
    table.finish();
    every
}

fn digest(mut table: Table<'_>) -> bool {
    let enabled = table.take_or("enabled", true);
    table.finish();
    enabled
}
