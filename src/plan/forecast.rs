//! The mail of days to come, if nothing else changes: the plan run ahead with a ledger in memory.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;

use super::decision::NoticeKey;
use super::group::{Letter, Line, Mailbox, group};
use super::invitations::{Call, InvitationsAhead};
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
    /// What it says of a meeting, if it is an invitation; then it carries no lines.
    pub call: Option<Call>,
}

/// The plan run ahead, day by day.
pub struct Forecast<'a> {
    /// Every area's slice and the authority's, with its troubles.
    pub slices: Vec<(Cow<'a, AreaWorld>, &'a [Trouble])>,
    /// Days, weeks and school years.
    pub calendar: &'a Calendar,
    /// The ladders' numbers.
    pub rules: &'a Rules,
    /// What the ledger says was said. It is added to as days go by.
    pub said: Said,
    /// The last day each person was mailed.
    pub mailed_on: BTreeMap<PersonId, Date>,
    /// What people were told of their meetings. It is added to as days go by.
    pub invitations: InvitationsAhead,
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
                self.settle(day);
                mails.extend(self.day(day, &mut look_on));
                mails.extend(self.invite(day));
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

    /// Takes up the proposals that stand by `day`.
    fn settle(&mut self, day: Date) {
        for (world, _) in &mut self.slices {
            if world.proposals.next().is_some_and(|stands| stands <= day) {
                world.to_mut().settle(day);
                let area = world.area.as_ref().map(|area| area.id.clone());
                self.invitations.look_again(&area);
            }
        }
    }

    fn invite(&mut self, day: Date) -> Vec<ForecastMail> {
        let now = day.to_datetime(self.rules.send_at);
        let tomorrow = self.calendar.working_days_after(day, 1);
        let worlds = self.slices.iter().map(|(world, _)| world.as_ref());
        let rules = &self.rules.invitations;
        let calls = self.invitations.day((now, tomorrow), worlds, rules);
        let mail = |call: Call| ForecastMail {
            day,
            to: call.to.clone(),
            lines: Vec::new(),
            call: Some(call),
        };
        calls.into_iter().map(mail).collect()
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
            call: None,
        }
    }
}
