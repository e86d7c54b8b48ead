//! Whether a daemon that was down was missed.

use jiff::civil::DateTime;

use super::decision::{Slot, slot};
use super::rules::Rules;
use crate::calendar::Calendar;

/// Whether a whole mail day lies between two local times: mail that should have left on it did not.
pub fn missed_a_mail_day(
    calendar: &Calendar,
    rules: &Rules,
    (from, until): (DateTime, DateTime),
) -> bool {
    let days = from.date().series(jiff::Span::new().days(1));
    days.take_while(|day| *day <= until.date()).any(|day| {
        let (opens, closes) = (
            day.to_datetime(rules.send_at),
            day.to_datetime(rules.send_until),
        );
        from < opens && closes <= until && slot(calendar, rules, opens) == Slot::Open(day)
    })
}
