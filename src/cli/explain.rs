//! `avstamd explain`: every decision that touches a person on a day, and its reason.

use std::path::Path;

use clap::Args;
use jiff::civil::Date;
use serde::Serialize;

use super::forecast::{Before, said_before};
use super::when::When;
use super::{open, output};
use crate::follow_up::{Appointment, PersonId};
use crate::plan::{
    Cause, Decision, Mailbox, MeetingKind, Silence, Verdict, Word, group, held, plan, subtract,
};
use crate::store::NoticeRow;

/// Tell why a person got mail on a day, or why not
///
/// Shows what the ledger says was said, and what the plan makes of every matter that touches the
/// person on that day, with the calendar as it stands now and the ledger as it stood that morning.
/// For a day to come the days until then are foreseen first.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The person: address or identifier
    #[arg(long, value_name = "EMAIL")]
    person: String,
    /// The day, such as 2026-11-23
    #[arg(long, value_name = "DAY")]
    on: Date,
    #[command(flatten)]
    when: When,
    /// Show every silence; otherwise those whose date, or next step, is more than 14 days away are
    /// only counted
    #[arg(long)]
    all: bool,
    /// Print JSON: {person, day, posts, ledger, decisions, invitations}; see below
    ///
    /// posts: whether the person holds any that day, in words; null where they do.
    /// ledger: a list of {occurrence, step, recipient, role, due, decision, reason, on_day, mail,
    /// mail_state, mail_to}. decisions: every one, a list of {occurrence, said, reason, matter,
    /// recipient, to, capacity, due, area, verdict}; verdict is {say: {step, fell_on, next}} or
    /// {silent: {reason, …}}. Steps are working days from due, negative before it. invitations: one
    /// word a meeting to come, a list of {said, reason, …}, with the meeting as it is told.
    #[arg(long)]
    json: bool,
}

/// Silences about what is further away than this are only counted.
const NEAR_DAYS: i32 = 14;

#[derive(Debug, Serialize)]
struct Explanation {
    person: PersonId,
    day: Date,
    posts: Option<String>,
    ledger: Vec<NoticeRow>,
    decisions: Vec<Explained>,
    invitations: Vec<Told>,
}

/// What is said of a meeting on the day, or why nothing is.
#[derive(Debug, Serialize)]
struct Told {
    said: bool,
    reason: String,
    #[serde(flatten)]
    word: Word,
}

#[derive(Debug, Serialize)]
struct Explained {
    occurrence: String,
    said: bool,
    reason: String,
    #[serde(flatten)]
    decision: Decision,
}

pub async fn run(config: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let office = open(config)?;
    let day = arguments.on;
    let person = super::person(&office.calendar, arguments.person).await?;
    let slices = office.every_slice(day).await?;
    let today = arguments.when.now(&office.settings.calendar);
    let today = office.settings.calendar.today(today);
    let Before {
        said,
        mailed_on,
        invitations,
    } = said_before(&office, (today, day)).await?;
    let (calendar, rules) = (&office.settings.calendar, &office.settings.rules);
    let mut decisions = Vec::new();
    for slice in &slices {
        let planned = plan(day, &slice.world, &slice.troubles, calendar, rules);
        decisions.extend(subtract(planned, |key| said.get(key).copied()).decisions);
    }
    let tomorrow = calendar.working_days_after(day, 1);
    group(&mut decisions, (day, tomorrow), |person| Mailbox {
        mailed_on: mailed_on.get(person).copied(),
    });
    decisions.retain(|decision| {
        decision.recipient.as_ref() == Some(&person) || decision.to.as_ref() == Some(&person)
    });
    let all = decisions.clone();
    decisions.retain(|decision| !is_decided_elsewhere(decision, &all));
    let posts = slices.iter().flat_map(|slice| &slice.world.appointments);
    let own: Vec<&Appointment> = posts.filter(|post| post.person == person).collect();
    let posts = without_post(&own, day);
    let ledger = office.ledger.notices_on(person.clone(), day).await?;
    let decisions = decisions
        .into_iter()
        .map(|decision| explained(decision, day))
        .collect();
    let morning = day.to_datetime(rules.send_at);
    let rules = &rules.invitations;
    let worlds = slices.iter().map(|slice| &slice.world);
    let held = held(morning, worlds.clone(), rules);
    let words = worlds.flat_map(|world| invitations.look(morning, (world, &held), rules).words);
    let mut words_to: Vec<Word> = Vec::new();
    for word in words.filter(|word| word.person() == &person) {
        // A pair that leads and manages in two areas is one.
        if !words_to.contains(&word) {
            words_to.push(word);
        }
    }
    let explanation = Explanation {
        invitations: words_to.into_iter().map(told).collect(),
        person,
        day,
        posts,
        ledger,
        decisions,
    };
    if arguments.json {
        return output::json(&explanation);
    }
    output::print(&text(&explanation, arguments.all));
    Ok(())
}

fn told(word: Word) -> Told {
    let (said, reason) = match &word {
        Word::Call(call) => (true, call.change.sentence()),
        Word::Quiet { quiet, .. } => (false, quiet.sentence()),
    };
    Told { said, reason, word }
}

/// That somebody with these posts holds none on `day`, and which is nearest; nothing where they
/// hold one.
fn without_post(own: &[&Appointment], day: Date) -> Option<String> {
    if own.is_empty() {
        return Some("has no post on record".into());
    }
    if own.iter().any(|post| post.holds(day)) {
        return None;
    }
    let ended = own.iter().filter_map(|post| post.to);
    let ended = ended.filter(|to| *to < day).max();
    let begins = own.iter().filter_map(|post| post.from);
    let begins = begins.filter(|from| *from > day).min();
    let mut text = "holds no post on this day".to_owned();
    if let Some(ended) = ended {
        text.push_str(&format!("; the last ended {ended}"));
    }
    if let Some(begins) = begins {
        text.push_str(&format!("; the next begins {begins}"));
    }
    Some(text)
}

fn explained(decision: Decision, day: Date) -> Explained {
    let reason = match &decision.verdict {
        Verdict::Say(cause) => Cause::sentence(cause, day),
        Verdict::Silent(silence) => Silence::sentence(silence),
    };
    Explained {
        occurrence: decision.matter.occurrence(),
        said: decision.is_said(),
        reason,
        decision,
    }
}

/// Whether somebody who asks about `day` wants to see it: what is said, and what is near.
fn is_near(decision: &Decision, day: Date) -> bool {
    let is_near = |date: Date| (date - day).get_days().abs() <= NEAR_DAYS;
    let next = match &decision.verdict {
        Verdict::Say(_) => Some(day),
        Verdict::Silent(Silence::NotYet { next } | Silence::AlreadySaid { next, .. }) => *next,
        Verdict::Silent(Silence::Held { until, .. } | Silence::MailedToday { until }) => {
            Some(*until)
        }
        Verdict::Silent(_) => None,
    };
    is_near(decision.due) || next.is_some_and(is_near)
}

/// What another slice decides is no affair of a slice that does not know the person's post.
fn is_decided_elsewhere(decision: &Decision, all: &[Decision]) -> bool {
    decision.verdict == Verdict::Silent(Silence::NotInPost)
        && all.iter().any(|other| {
            other.key() == decision.key() && other.verdict != Verdict::Silent(Silence::NotInPost)
        })
}

fn text(explanation: &Explanation, all: bool) -> String {
    let Explanation {
        person,
        day,
        posts,
        ledger,
        decisions,
        invitations,
    } = explanation;
    let mut text = format!("{person}, {day}\n");
    if let Some(posts) = posts {
        text.push_str(&format!("{person} {posts}.\n"));
    }
    text.push_str("\nIn the ledger for this day:\n");
    if ledger.is_empty() {
        text.push_str("  nothing\n");
    }
    let rows: Vec<Vec<String>> = ledger
        .iter()
        .map(|notice| {
            let mail = match (&notice.mail, &notice.mail_state, &notice.mail_to) {
                (Some(mail), Some(state), Some(to)) => format!("mail {mail} to {to}, {state}"),
                _ => "no mail".into(),
            };
            vec![
                format!("  {}", notice.decision),
                notice.occurrence.clone(),
                format!("due {}", notice.due),
                mail,
                notice.reason.clone(),
            ]
        })
        .collect();
    text.push_str(&output::columns(&rows));
    let hidden = |explained: &&Explained| !all && !is_near(&explained.decision, *day);
    let is_far = |told: &&Told| {
        let away = (told.word.meeting().starts.date() - *day).get_days();
        !all && !told.said && away > NEAR_DAYS
    };
    let far = decisions.iter().filter(hidden).count() + invitations.iter().filter(is_far).count();
    for (heading, said) in [
        ("\nTo be said by the plan:\n", true),
        ("\nSilent, and why:\n", false),
    ] {
        text.push_str(heading);
        let rows: Vec<Vec<String>> = decisions
            .iter()
            .filter(|explained| explained.said == said && !hidden(explained))
            .map(|explained| {
                let decision = &explained.decision;
                let stands_in = match (&decision.recipient, &decision.to) {
                    (Some(recipient), Some(to)) if recipient != to => {
                        format!(" (of {recipient}; {to} stands in)")
                    }
                    _ => String::new(),
                };
                vec![
                    format!("  {}", explained.occurrence),
                    format!("{}{stands_in}", decision.capacity.word()),
                    format!("due {}", decision.due),
                    explained.reason.clone(),
                ]
            })
            .chain(
                invitations
                    .iter()
                    .filter(|told| told.said == said && !is_far(told))
                    .map(invitation_row),
            )
            .collect();
        text.push_str(&if rows.is_empty() {
            "  nothing\n".into()
        } else {
            output::columns(&rows)
        });
    }
    if far > 0 {
        text.push_str(&format!(
            "\nAnd {far} silences about what is more than {NEAR_DAYS} days away; --all shows them.\n"
        ));
    }
    text
}

fn invitation_row(told: &Told) -> Vec<String> {
    let meeting = told.word.meeting();
    let about = match &meeting.kind {
        MeetingKind::Dialogue { dialogue, .. } => format!(
            "dialogue/{}/{}/{}",
            dialogue.school_year, dialogue.round, dialogue.unit
        ),
        MeetingKind::CheckIn => {
            let people = meeting.attendees.iter();
            let people: Vec<&str> = people.map(|party| party.person.as_str()).collect();
            format!("check-in/{}", people.join("/"))
        }
    };
    vec![
        format!("  invitation/{about}"),
        "invited".into(),
        format!("at {}", meeting.starts.strftime("%Y-%m-%d %H:%M")),
        told.reason.clone(),
    ]
}
