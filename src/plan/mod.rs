//! The plan: from what is so on a day to what should have been said by then.
//!
//! Pure, with the day as an argument. [`plan`] answers with *state*: every matter of a slice,
//! for every recipient, with the latest step reached or the reason for silence. [`subtract`]
//! takes away what the ledger says was said. Catching up after an outage, forecast, explanation,
//! demo and tests are these same two functions with another day.

pub mod backoff;
mod decision;
mod forecast;
mod group;
mod invitations;
mod ladder;
mod matter;
mod notices;
mod outage;
pub mod placing;
mod pseudonym;
pub mod retention;
mod rules;
mod standing;
mod storm;
mod view;

use jiff::civil::Date;

pub use decision::{Capacity, Cause, Decision, NoticeKey, Silence, Slot, Verdict, slot, step_name};
pub use forecast::{Forecast, ForecastMail, Said};
pub use group::{Letter, Line, Mailbox, group};
pub use invitations::{
    Attendee, Call, Change, Invitations, InvitationsAhead, Look, Meeting, MeetingKind, Method,
    Quiet, Told, Wanted, Word, held, invite, meetings_of, wanted,
};
pub use ladder::{After, Ladder, Position, Step};
pub use matter::{DialogueKey, Matter, STORM};
pub use notices::check_in::rhythm as check_in_rhythm;
pub use notices::evaluation::answerable;
pub use notices::trouble::{Trouble, YearPlaced};
pub use outage::missed_a_mail_day;
pub use pseudonym::{key_without, uid_without};
pub use rules::{
    CheckInRules, DueRules, GapRules, InvitationRules, NotRecordedRules, Rhythm, Rules,
    UnassessedRules,
};
pub use standing::{AreaStanding, Concern, UnitStanding, WeekCell, area_standing};
pub use storm::{Count, Excess, Storm};
pub use view::View;

use crate::calendar::Calendar;
use crate::follow_up::AreaWorld;

/// What the plan makes of one slice on one day.
#[derive(Debug, Clone)]
pub struct Plan {
    /// A decision for every matter and recipient.
    pub decisions: Vec<Decision>,
    /// The first later day on which, with nothing changing, there may be more to say.
    pub look_again_on: Option<Date>,
}

/// What decides: [`plan`], where nothing is tried out.
pub type Planner = fn(Date, &AreaWorld, &[Trouble], &Calendar, &Rules) -> Plan;

/// Decides about everything in `world`, an area's slice or the authority's, for `day`.
///
/// The decisions are those of a day on which nothing has been said yet; see [`subtract`].
pub fn plan(
    day: Date,
    world: &AreaWorld,
    troubles: &[Trouble],
    calendar: &Calendar,
    rules: &Rules,
) -> Plan {
    let view = View::new(day, world, calendar, rules);
    let mut decisions = Vec::new();
    notices::trouble::decide(&view, troubles, &mut decisions);
    notices::activity::decide(&view, &mut decisions);
    if world.area.is_some() {
        notices::evaluation::decide(&view, &mut decisions);
        notices::unassessed::decide(&view, &mut decisions);
        notices::dialogue::decide(&view, &mut decisions);
        notices::check_in::decide(&view, &mut decisions);
        notices::vacancy::decide(&view, &mut decisions);
        notices::digest::weekly(&view, &mut decisions);
    } else {
        notices::vacancy::decide(&view, &mut decisions);
        notices::digest::monthly(&view, &mut decisions);
    }
    notices::trouble::without_address(&view, &mut decisions);
    look_again_when_people_change(&view);
    let stand = world.proposals.next();
    stand.iter().for_each(|&day| view.look_again_on(day));
    let look_again_on = view.next_look();
    Plan {
        decisions,
        look_again_on,
    }
}

/// A post taken up or left, an absence begun or ended, a unit opened or closed, a new school
/// year: each may change who is told what.
fn look_again_when_people_change(view: &View<'_>) {
    for date in view.world.days_of_change() {
        view.look_again_on(date);
    }
    for absence in &view.world.absences {
        view.look_again_on(absence.from);
        let back = absence.to.tomorrow();
        back.iter().for_each(|&date| view.look_again_on(date));
    }
    for year in view.calendar.school_years() {
        year.first_school_day().iter().for_each(|&first| {
            view.look_again_on(crate::calendar::Week::of(first).monday());
        });
        let start = Date::new(year.start_year(), 8, 1);
        start.iter().for_each(|&start| view.look_again_on(start));
    }
}

/// Takes away what was said: a decision to say a step becomes silence when that step or a later
/// one of its row is in the ledger.
///
/// `said` gives the latest step said of a row of notices, and the day it was.
pub fn subtract(plan: Plan, said: impl Fn(&NoticeKey) -> Option<(i32, Date)>) -> Plan {
    let Plan {
        mut decisions,
        look_again_on,
    } = plan;
    for decision in &mut decisions {
        let (Verdict::Say(cause) | Verdict::Silent(Silence::Held { cause, .. })) = decision.verdict
        else {
            continue;
        };
        let Some((step, on)) = decision.key().as_ref().and_then(&said) else {
            continue;
        };
        if step >= cause.step {
            let next = cause.next;
            decision.verdict = Verdict::Silent(Silence::AlreadySaid { step, on, next });
        }
    }
    Plan {
        decisions,
        look_again_on,
    }
}
