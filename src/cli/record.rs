//! `avstamd record`: what came of things, from the command line.

use std::path::Path;

use clap::{Args, Subcommand};
use jiff::civil::{Date, DateTime};

use super::when::When;
use super::{open_calendar, output, person};
use crate::follow_up::{
    Absence, ActivityId, ChosenBy, Effect, Evaluation, MeasureId, NextStep, Pair, Round, UnitCode,
};
use crate::store::{Answer, Calendar};

/// Record what came of something: the same answers as by mail
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
    /// Pretend that it is this local time: 2026-11-23T07:00
    #[arg(long, global = true, value_name = "TIME")]
    at: Option<DateTime>,
    /// Who says so, for the journal
    #[arg(long, global = true, default_value = "command line")]
    who: String,
}

#[derive(Debug, Subcommand)]
enum What {
    /// A check-in was held
    CheckIn {
        /// The principal: identifier or address
        #[arg(long)]
        principal: String,
        /// The area manager: identifier or address
        #[arg(long)]
        area_manager: String,
        /// The day it was held
        #[arg(long, value_name = "DAY")]
        held_on: Date,
        /// A note
        #[arg(long, default_value = "")]
        note: String,
    },
    /// A measure was evaluated
    Evaluation {
        /// The measure's identifier
        measure: String,
        /// The day it was evaluated
        #[arg(long, value_name = "DAY")]
        on: Date,
        /// good, some, none, not_assessable or too_early; left out when it is assessed later
        #[arg(long)]
        effect: Option<Effect>,
        /// The assessment, in words
        #[arg(long, default_value = "")]
        text: String,
        /// continue, adjust or close
        #[arg(long)]
        next_step: Option<NextStep>,
        /// When to look again; needed with too_early
        #[arg(long, value_name = "DAY")]
        next_date: Option<Date>,
        /// Who evaluated it: identifier or address
        #[arg(long)]
        by: Option<String>,
    },
    /// A focus area was chosen for a dialogue
    FocusArea {
        #[command(flatten)]
        dialogue: DialogueArguments,
        /// principal or authority
        #[arg(long, default_value = "principal")]
        chosen_by: ChosenBy,
        /// The focus area, in words
        #[arg(long)]
        text: String,
    },
    /// A dialogue was held, moved or cancelled
    Dialogue {
        #[command(flatten)]
        dialogue: DialogueArguments,
        #[command(flatten)]
        outcome: DialogueOutcome,
        /// The new place, with --moved-to
        #[arg(long, requires = "moved_to")]
        place: Option<String>,
    },
    /// Somebody is away, and somebody may stand in
    Absence {
        /// Who: identifier or address
        #[arg(long)]
        person: String,
        /// First day away
        #[arg(long, value_name = "DAY")]
        from: Date,
        /// Last day away
        #[arg(long, value_name = "DAY")]
        to: Date,
        /// Who gets the mail meanwhile: identifier or address
        #[arg(long)]
        deputy: Option<String>,
    },
    /// An activity was done
    Activity {
        /// The activity's identifier
        id: String,
        /// The day it was done
        #[arg(long, value_name = "DAY")]
        done_on: Date,
    },
}

#[derive(Debug, Args)]
struct DialogueArguments {
    /// The unit's code
    #[arg(long)]
    unit: String,
    /// The school year, such as 2026/27
    #[arg(long)]
    school_year: String,
    /// explore or evaluate
    #[arg(long)]
    round: Round,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct DialogueOutcome {
    /// It was held
    #[arg(long)]
    held: bool,
    /// It will not be held
    #[arg(long)]
    cancelled: bool,
    /// Its new local time, such as 2026-10-06T08:30
    #[arg(long, value_name = "TIME")]
    moved_to: Option<DateTime>,
}

pub async fn run(config: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let (settings, calendar) = open_calendar(config)?;
    let now = When { at: arguments.at }.now(&settings.calendar);
    let local = settings.calendar.local(now);
    let answer = answer(&calendar, arguments.what, local).await?;
    calendar
        .record(answer, now, ("command", arguments.who))
        .await?;
    output::print("Recorded.\n");
    Ok(())
}

async fn answer(calendar: &Calendar, what: What, now: DateTime) -> anyhow::Result<Answer> {
    Ok(match what {
        What::CheckIn {
            principal,
            area_manager,
            held_on,
            note,
        } => Answer::CheckInHeld {
            pair: Pair {
                principal: person(calendar, principal).await?,
                area_manager: person(calendar, area_manager).await?,
            },
            on: held_on,
            note,
        },
        What::Evaluation {
            measure,
            on,
            effect,
            text,
            next_step,
            next_date,
            by,
        } => {
            anyhow::ensure!(
                effect != Some(Effect::TooEarly) || next_date.is_some(),
                "too early: say with --next-date when to look again"
            );
            anyhow::ensure!(
                next_date.is_none_or(|next| next > on),
                "--next-date must be later than --on"
            );
            let by = match by {
                Some(by) => Some(person(calendar, by).await?),
                None => None,
            };
            let evaluation = Evaluation {
                evaluated_on: on,
                by,
                effect,
                text,
                next_step,
                next_date,
            };
            Answer::Evaluated {
                measure: MeasureId::new(measure),
                evaluation,
            }
        }
        What::FocusArea {
            dialogue,
            chosen_by,
            text,
        } => {
            anyhow::ensure!(
                !text.trim().is_empty(),
                "--text is empty: say which focus area"
            );
            Answer::FocusArea {
                dialogue: dialogue.key()?,
                chosen_by,
                text,
            }
        }
        What::Dialogue {
            dialogue,
            outcome,
            place,
        } => {
            let dialogue = dialogue.key()?;
            match outcome.moved_to {
                Some(starts) => Answer::DialogueMoved {
                    dialogue,
                    starts,
                    place,
                },
                None if outcome.held => Answer::DialogueHeld { dialogue, by: now },
                None => Answer::DialogueCancelled { dialogue },
            }
        }
        What::Absence {
            person: who,
            from,
            to,
            deputy,
        } => {
            anyhow::ensure!(from <= to, "--from must not be later than --to");
            let deputy = match deputy {
                Some(deputy) => Some(person(calendar, deputy).await?),
                None => None,
            };
            let who = person(calendar, who).await?;
            anyhow::ensure!(
                deputy.as_ref() != Some(&who),
                "nobody stands in for themselves"
            );
            Answer::Away(Absence {
                person: who,
                from,
                to,
                deputy,
            })
        }
        What::Activity { id, done_on } => Answer::Done {
            activity: ActivityId::new(id),
            on: done_on,
        },
    })
}

impl DialogueArguments {
    fn key(self) -> anyhow::Result<(UnitCode, String, Round)> {
        let year = crate::calendar::parse_school_year_name(&self.school_year)
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok((
            UnitCode::parse(&self.unit)?,
            crate::calendar::school_year_of(year),
            self.round,
        ))
    }
}
