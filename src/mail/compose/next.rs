//! When the next mail comes.

use jiff::civil::Date;
use minijinja::context;

use crate::calendar::{Calendar, Week, long_date};
use crate::mail::facts::Setting;
use crate::mail::words::{Words, WordsError};
use crate::plan::{Decision, Matter, Verdict};

/// A year of weeks: beyond it nothing is promised.
const WEEKS: usize = 53;

/// The next reminder of what is told, that there is none, and the next digest.
///
/// # Errors
/// A template fails.
pub fn next(
    decisions: &[Decision],
    setting: &Setting<'_>,
    words: &Words,
) -> Result<Vec<String>, WordsError> {
    let (calendar, day) = (setting.calendar, setting.day);
    let mut sentences = Vec::new();
    let mut say = |name: &str, date: Option<Date>| {
        let date = date.map(|date| long_date(date, words.language()));
        let sentence = words.say(name, &context! { date => date.unwrap_or_default() })?;
        sentences.push(sentence);
        Ok::<(), WordsError>(())
    };
    let digest = decisions
        .iter()
        .find(|decision| decision.matter.is_digest());
    let reminders = || {
        decisions
            .iter()
            .filter(|decision| !decision.matter.is_digest())
    };
    let reminder = reminders()
        .filter_map(|decision| match decision.verdict {
            Verdict::Say(cause) => cause.next,
            Verdict::Silent(_) => None,
        })
        .filter(|&next| next > day)
        .min();
    match reminder {
        Some(date) => say("next", Some(date))?,
        None if digest.is_none() && reminders().next().is_some() => say("next-none", None)?,
        None => {}
    }
    match digest.map(|decision| &decision.matter) {
        Some(Matter::WeeklyDigest { .. }) => {
            if let Some(date) = next_week(calendar, day) {
                say("next-weekly", Some(date))?;
            }
        }
        Some(Matter::MonthlyDigest { .. }) => {
            if let Some(date) = next_month(calendar, day) {
                say("next-monthly", Some(date))?;
            }
        }
        _ => {}
    }
    Ok(sentences)
}

/// The first working day of the next week that has one.
fn next_week(calendar: &Calendar, day: Date) -> Option<Date> {
    std::iter::successors(Some(Week::of(day).next()), |week| Some(week.next()))
        .take(WEEKS)
        .find_map(|week| calendar.first_working_day_of_week(week))
}

/// The first working day of the next month that has one.
fn next_month(calendar: &Calendar, day: Date) -> Option<Date> {
    let first = |day: Date| day.last_of_month().tomorrow().ok();
    std::iter::successors(first(day), |month| first(*month))
        .take(12)
        .find_map(|month| calendar.first_working_day_of_month(month.year(), month.month()))
}
