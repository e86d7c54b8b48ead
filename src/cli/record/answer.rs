//! What the command line says, held against what may be said.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime};

use super::super::{output, person};
use super::{CheckInOutcome, DialogueArguments, DialogueOutcome, EvaluationArguments, What};
use crate::calendar::{parse_school_year_name, school_year_name, school_year_of};
use crate::follow_up::plausible::{self, Implausible};
use crate::follow_up::{
    Absence, ActivityId, AreaId, Effect, Evaluation, MeasureId, Pair, PersonId, Post, Round,
    UnitCode,
};
use crate::store::{Answer, Calendar, Known, Reach};

/// The answer that the arguments give, at the local time `now`.
///
/// # Errors
/// What cannot be meant, by its option, with what to write instead.
pub async fn answer(calendar: &Calendar, what: What, now: DateTime) -> anyhow::Result<Answer> {
    let today = now.date();
    match what {
        What::CheckIn {
            principal,
            area_manager,
            outcome,
            starts,
            note,
        } => {
            let known = calendar.known().await?;
            let pair = pair(calendar, &known, (principal, area_manager)).await?;
            let answer = check_in(pair, (outcome, starts), &note, today)?;
            if let Answer::CheckInHeld { pair, on, .. } = &answer {
                meet(calendar, &known, pair, *on).await?;
            }
            Ok(answer)
        }
        What::Evaluation(said) => evaluation(calendar, said, today).await,
        What::FocusArea {
            dialogue,
            chosen_by,
            text: words,
        } => {
            let text = text("--text", &words)?;
            anyhow::ensure!(
                !text.trim().is_empty(),
                "--text is empty: say which focus area"
            );
            Ok(Answer::FocusArea {
                dialogue: dialogue.key()?,
                chosen_by,
                text,
            })
        }
        What::Dialogue {
            dialogue,
            outcome,
            place,
        } => moved_or_held(dialogue.key()?, &outcome, place, now),
        What::Absence {
            person: who,
            from,
            to,
            deputy,
        } => {
            let days = (
                of("--from", plausible::day(from))?,
                of("--to", plausible::day(to))?,
            );
            let who = person(calendar, who).await?;
            away(who, days, maybe_person(calendar, deputy).await?)
        }
        What::Activity { id, done_on } => Ok(Answer::Done {
            activity: ActivityId::new(id),
            on: of("--done-on", plausible::past_day(done_on, today))?,
        }),
    }
}

/// Names the option that a fault is about.
fn of<T>(option: &str, value: Result<T, Implausible>) -> anyhow::Result<T> {
    value.map_err(|fault| anyhow::anyhow!("{option}: {fault}"))
}

/// Free text; a personal identity number in it is warned of.
fn text(option: &str, words: &str) -> anyhow::Result<String> {
    let text = of(option, plausible::text(words))?;
    if plausible::holds_personal_number(&text) {
        let what = "looks as if it holds a personal identity number; record it anew without one";
        output::print(&format!("warning: {option} {what}\n"));
    }
    Ok(text)
}

async fn maybe_person(
    calendar: &Calendar,
    word: Option<String>,
) -> anyhow::Result<Option<PersonId>> {
    match word {
        Some(word) => person(calendar, word).await.map(Some),
        None => Ok(None),
    }
}

/// A principal and an area manager.
async fn pair(
    calendar: &Calendar,
    known: &Known,
    (principal, area_manager): (String, String),
) -> anyhow::Result<Pair> {
    let pair = Pair {
        principal: person(calendar, principal).await?,
        area_manager: person(calendar, area_manager).await?,
    };
    let has = |person: &PersonId, role| {
        let mut posts = known.appointments.iter();
        posts.any(|post| &post.person == person && post.role == role)
    };
    match plausible::pair_faults(&pair, has).first() {
        Some((person, fault)) => {
            let option = match fault {
                Implausible::NoPrincipal => "--principal",
                _ => "--area-manager",
            };
            anyhow::bail!("{option} {person}: {fault}")
        }
        None => Ok(pair),
    }
}

/// Refuses a check-in between two who have none with each other that day: their real ones would
/// still be missing. One planned between them may be moved or cancelled all the same.
async fn meet(calendar: &Calendar, known: &Known, pair: &Pair, on: Date) -> anyhow::Result<()> {
    let own = known.appointments.iter();
    let leading = own.filter(|post| post.person == pair.principal && post.role.leads_unit());
    let areas: BTreeSet<&AreaId> = leading
        .filter_map(|appointment| match &appointment.post {
            Post::Unit(unit) => known.units.get(unit).map(|unit| &unit.area),
            Post::Area(_) | Post::Authority => None,
        })
        .collect();
    let mut partners = BTreeSet::new();
    for area in areas {
        let reach = Reach {
            school_year: school_year_name(on),
            from: on,
        };
        let world = calendar.area_world(Some(area.clone()), reach).await?;
        let pairs = world.pairs(on).into_iter();
        let own = pairs.filter(|own| own.principal == pair.principal);
        partners.extend(own.map(|own| match world.people.get(&own.area_manager) {
            Some(known) => (own.area_manager, format!(" ({})", known.name)),
            None => (own.area_manager, String::new()),
        }));
    }
    if partners.iter().any(|(id, _)| *id == pair.area_manager) {
        return Ok(());
    }
    let Pair {
        principal,
        area_manager,
    } = pair;
    anyhow::ensure!(
        !partners.is_empty(),
        "--held-on {on}: {principal} has check-ins with nobody that day; correct the day, or the posts in people.csv"
    );
    let right: Vec<String> = partners
        .iter()
        .map(|(id, name)| format!("{id}{name}"))
        .collect();
    anyhow::bail!(
        "--area-manager {area_manager}: {principal} has no check-ins with {area_manager} on {on}; write {}",
        right.join(" or ")
    )
}

fn check_in(
    pair: Pair,
    (outcome, starts): (CheckInOutcome, Option<DateTime>),
    note: &str,
    today: Date,
) -> anyhow::Result<Answer> {
    if let Some(on) = outcome.held_on {
        return Ok(Answer::CheckInHeld {
            pair,
            on: of("--held-on", plausible::past_day(on, today))?,
            note: text("--note", note)?,
        });
    }
    let Some(starts) = starts else {
        anyhow::bail!("--starts is missing; say when it was to begin, such as 2026-11-24T08:30");
    };
    match outcome.moved_to {
        Some(to) => {
            of("--moved-to", plausible::day(to.date()))?;
            Ok(Answer::CheckInMoved { pair, starts, to })
        }
        None => Ok(Answer::CheckInCancelled { pair, starts }),
    }
}

async fn evaluation(
    calendar: &Calendar,
    said: EvaluationArguments,
    today: Date,
) -> anyhow::Result<Answer> {
    let (effect, next_date) = (said.effect, said.next_date);
    anyhow::ensure!(
        effect != Some(Effect::TooEarly) || next_date.is_some(),
        "too early: say with --next-date when to look again"
    );
    let on = of("--on", plausible::past_day(said.on, today))?;
    if let Some(next) = next_date {
        of("--next-date", plausible::day(next))?;
        anyhow::ensure!(next > on, "--next-date must be later than --on");
    }
    let evaluation = Evaluation {
        evaluated_on: on,
        by: maybe_person(calendar, said.by).await?,
        effect,
        text: text("--text", &said.text)?,
        next_step: said.next_step,
        next_date,
    };
    Ok(Answer::Evaluated {
        measure: MeasureId::new(said.measure),
        evaluation,
    })
}

fn moved_or_held(
    dialogue: (UnitCode, String, Round),
    outcome: &DialogueOutcome,
    place: Option<String>,
    now: DateTime,
) -> anyhow::Result<Answer> {
    let Some(starts) = outcome.moved_to else {
        return Ok(if outcome.held {
            Answer::DialogueHeld { dialogue, by: now }
        } else {
            Answer::DialogueCancelled { dialogue }
        });
    };
    let day = starts.date();
    anyhow::ensure!(
        school_year_name(day) == dialogue.1,
        "--moved-to {day} lies outside the school year {}; name a day from August to July in it",
        dialogue.1
    );
    let place = match &place {
        Some(place) => Some(of("--place", plausible::line(place))?.to_owned()),
        None => None,
    };
    Ok(Answer::DialogueMoved {
        dialogue,
        starts,
        place,
    })
}

fn away(
    person: PersonId,
    (from, to): (Date, Date),
    deputy: Option<PersonId>,
) -> anyhow::Result<Answer> {
    anyhow::ensure!(from <= to, "--from must not be later than --to");
    anyhow::ensure!(
        deputy.as_ref() != Some(&person),
        "nobody stands in for themselves; name somebody else with --deputy"
    );
    Ok(Answer::Away(Absence {
        person,
        from,
        to,
        deputy,
    }))
}

impl DialogueArguments {
    fn key(self) -> anyhow::Result<(UnitCode, String, Round)> {
        let year = parse_school_year_name(&self.school_year)
            .map_err(|error| anyhow::anyhow!("--school-year {error}"))?;
        Ok((
            UnitCode::parse(&self.unit)?,
            school_year_of(year),
            self.round,
        ))
    }
}
