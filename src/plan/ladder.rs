//! Ladders: which step of a row of reminders has been reached.
//!
//! A step is a number of working days from the due date, negative before it. The ladder answers
//! with *state*, never with an event: the latest step reached by a day, whatever was missed
//! before it. So a long silence, a late entry and a moved date need no case of their own.

use jiff::civil::Date;

use crate::calendar::Calendar;

/// A row of steps around one date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ladder<'a> {
    /// The date it leads to.
    pub due: Date,
    /// Steps this many working days before; 0 is the day itself.
    pub before: &'a [u32],
    /// Steps after the date: the first so many working days after, and then again so often.
    pub after: Option<After>,
    /// The rhythm of what recurs, in working days: a step before that reaches back to the
    /// occurrence before is no step of this one.
    pub period: Option<u32>,
    /// The last day anything is said; afterwards it is too late to matter.
    pub until: Option<Date>,
}

/// Steps after the date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// Working days to the first.
    pub first: u32,
    /// Working days between them; 0 means there is only the first.
    pub every: u32,
}

/// One step and the day it falls on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Working days from the due date, negative before it.
    pub offset: i32,
    /// The mail day it falls on: "before" steps move earlier, "after" steps later.
    pub on: Date,
}

/// Where a ladder stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The latest step reached.
    pub reached: Option<Step>,
    /// The first step still to come.
    pub next: Option<Step>,
}

impl<'a> Ladder<'a> {
    /// A ladder without steps.
    pub const fn to(due: Date) -> Self {
        Self {
            due,
            before: &[],
            after: None,
            period: None,
            until: None,
        }
    }

    /// Steps before a date, and nothing once it is past.
    pub const fn before(due: Date, before: &'a [u32]) -> Self {
        Self {
            before,
            until: Some(due),
            ..Self::to(due)
        }
    }

    /// Steps after a date: the first so many working days after it, and then again so often.
    pub const fn after(due: Date, first: u32, every: u32) -> Self {
        Self {
            after: Some(After { first, every }),
            ..Self::to(due)
        }
    }

    /// The latest step on or before `day`, and the one after it.
    pub fn position(&self, calendar: &Calendar, day: Date) -> Position {
        if self.until.is_some_and(|until| until < day) {
            return Position {
                reached: None,
                next: None,
            };
        }
        let mut position = Position {
            reached: None,
            next: None,
        };
        let mut consider = |step: Step| {
            if step.on <= day {
                if position
                    .reached
                    .is_none_or(|reached| reached.offset < step.offset)
                {
                    position.reached = Some(step);
                }
            } else if position
                .next
                .is_none_or(|next| (step.on, step.offset) < (next.on, next.offset))
            {
                position.next = Some(step);
            }
        };
        for &days in self
            .before
            .iter()
            .filter(|&&days| self.is_within_period(days))
        {
            consider(Step {
                offset: -i32::try_from(days).unwrap_or(i32::MAX),
                on: calendar.working_days_before(self.due, days),
            });
        }
        for step in self.around(calendar, day) {
            consider(step);
        }
        position.next = position
            .next
            .filter(|next| self.until.is_none_or(|until| next.on <= until));
        position
    }

    fn is_within_period(&self, days: u32) -> bool {
        self.period.is_none_or(|period| days < period)
    }

    /// The steps after the date that lie on either side of `day`.
    fn around(&self, calendar: &Calendar, day: Date) -> impl Iterator<Item = Step> {
        let due = self.due;
        self.after
            .into_iter()
            .flat_map(move |After { first, every }| {
                let gone = calendar.working_days_between(due, day).max(0);
                let gone = u32::try_from(gone).unwrap_or(u32::MAX);
                let rounds = gone.saturating_sub(first).checked_div(every).unwrap_or(0);
                // On a day without mail the count has not moved, but a step may have slid past it.
                let earlier = rounds.saturating_sub(1);
                let later = if every == 0 {
                    0
                } else {
                    rounds.saturating_add(1)
                };
                (earlier..=later).filter_map(move |round| {
                    let days = first.checked_add(every.checked_mul(round)?)?;
                    let on = calendar.working_days_after(due, days);
                    Some(Step {
                        offset: i32::try_from(days).ok()?,
                        on,
                    })
                })
            })
    }
}
