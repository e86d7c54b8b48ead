//! The mail of days to come, if nothing else changes: the plan run ahead with a ledger in memory.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;

use super::decision::NoticeKey;
use super::group::{Letter, Line, Mailbox, group};
use super::rules::Rules;
use super::{Trouble, plan, subtract};
use crate::calendar::Calendar;
use crate::follow_up::{AreaId, AreaWorld, PersonId};

/// What has been said so far: the latest step of each row of notices, and its day.
pub type Said = HashMap<NoticeKey, (i32, Date)>;

/// One mail to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForecastMail {
    /// The mail day.
    pub day: Date,
    /// Who gets it.
    pub to: PersonId,
    /// What it carries.
    pub lines: Vec<Line>,
}

/// The plan run ahead, day by day.
pub struct Forecast<'a> {
    /// Every area's slice and the authority's, with its troubles.
    pub slices: Vec<(&'a AreaWorld, &'a [Trouble])>,
    /// Days, weeks and school years.
    pub calendar: &'a Calendar,
    /// The ladders' numbers.
    pub rules: &'a Rules,
    /// What the ledger says was said. It is added to as days go by.
    pub said: Said,
    /// The last day each person was mailed.
    pub mailed_on: BTreeMap<PersonId, Date>,
}

impl Forecast<'_> {
    /// Every mail from the mail day `from` to `to`, both included, in order. `tick` is told each
    /// day that has been gone through.
    pub fn run(mut self, from: Date, to: Date, mut tick: impl FnMut(Date)) -> Vec<ForecastMail> {
        let mut look_on: BTreeMap<Option<AreaId>, Date> = BTreeMap::new();
        let mut mails = Vec::new();
        let mut day = from;
        while day <= to {
            if self.calendar.is_working_day(day) {
                mails.extend(self.day(day, &mut look_on));
            }
            tick(day);
            let Ok(tomorrow) = day.tomorrow() else { break };
            day = tomorrow;
        }
        mails
    }

    fn day(
        &mut self,
        day: Date,
        look_on: &mut BTreeMap<Option<AreaId>, Date>,
    ) -> Vec<ForecastMail> {
        let tomorrow = self.calendar.working_days_after(day, 1);
        let mut decisions = Vec::new();
        for (world, troubles) in &self.slices {
            let slice = world.area.as_ref().map(|area| area.id.clone());
            if look_on.get(&slice).is_some_and(|&look_on| day < look_on) {
                continue;
            }
            let planned = plan(day, world, troubles, self.calendar, self.rules);
            let planned = subtract(planned, |key| self.said.get(key).copied());
            look_on.insert(slice, planned.look_again_on.unwrap_or(Date::MAX));
            decisions.extend(
                planned
                    .decisions
                    .into_iter()
                    .filter(|decision| decision.is_said()),
            );
        }
        let mailed_on = &self.mailed_on;
        let letters = group(&mut decisions, (day, tomorrow), |person| Mailbox {
            mailed_on: mailed_on.get(person).copied(),
        });
        for decision in decisions.iter().filter(|decision| !decision.is_said()) {
            // Held over: the slice must be looked at again tomorrow.
            look_on.insert(decision.area.clone(), tomorrow);
        }
        letters
            .into_iter()
            .map(|letter| self.keep(day, letter))
            .collect()
    }

    fn keep(&mut self, day: Date, letter: Letter) -> ForecastMail {
        for line in &letter.lines {
            self.said.insert(line.key.clone(), (line.cause.step, day));
        }
        self.mailed_on.insert(letter.to.clone(), day);
        ForecastMail {
            day,
            to: letter.to,
            lines: letter.lines,
        }
    }
}
