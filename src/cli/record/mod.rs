//! `avstamd record`: what came of things, from the command line.

mod answer;

use std::path::Path;

use clap::{Args, Subcommand};
use jiff::civil::{Date, DateTime};

use super::output;
use super::when::When;
use crate::config;
use crate::follow_up::plausible;
use crate::follow_up::{ChosenBy, Effect, NextStep, Round};
use crate::store::Calendar;

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
    /// A check-in was held, moved or cancelled
    CheckIn {
        /// The principal: identifier or address
        #[arg(long)]
        principal: String,
        /// The area manager: identifier or address
        #[arg(long)]
        area_manager: String,
        #[command(flatten)]
        outcome: CheckInOutcome,
        /// When it was to begin, such as 2026-11-24T08:30; with --moved-to and --cancelled
        #[arg(long, value_name = "TIME", conflicts_with = "held_on")]
        starts: Option<DateTime>,
        /// A note, with --held-on
        #[arg(long, default_value = "", conflicts_with_all = ["moved_to", "cancelled"])]
        note: String,
    },
    /// A measure was evaluated
    Evaluation(EvaluationArguments),
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
        #[arg(long, requires = "moved_to", conflicts_with_all = ["held", "cancelled"])]
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
struct EvaluationArguments {
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
struct CheckInOutcome {
    /// The day it was held
    #[arg(long, value_name = "DAY")]
    held_on: Option<Date>,
    /// It will not be held
    #[arg(long, requires = "starts")]
    cancelled: bool,
    /// Its new local time, such as 2026-11-26T08:30
    #[arg(long, value_name = "TIME", requires = "starts")]
    moved_to: Option<DateTime>,
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

/// Runs the command.
pub async fn run(config: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let settings = config::load(config)?;
    let calendar = Calendar::open(&settings.database.calendar)?;
    let now = When { at: arguments.at }.now(&settings.calendar);
    let local = settings.calendar.local(now);
    let who = plausible::line(&arguments.who)
        .map_err(|fault| anyhow::anyhow!("--who: {fault}"))?
        .to_owned();
    let answer = answer::answer(&calendar, arguments.what, local).await?;
    let about = answer.about();
    calendar.record(answer, now, ("command", who)).await?;
    output::print(&format!("Recorded: {about}.\n"));
    Ok(())
}
