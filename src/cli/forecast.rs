//! `avstamd forecast`: every mail to come, if nothing else changes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;
use serde::Serialize;

use super::when::When;
use super::{open, output};
use crate::daemon::{Office, SliceWorld, sender};
use crate::follow_up::{AreaId, Person, PersonId};
use crate::mail::{Content, Desk, Slice, Slices, compose, invitation};
use crate::plan::{Call, Decision, Forecast, ForecastMail, InvitationsAhead, Said};

/// Show every mail to come
///
/// Goes through the days as the daemon will, with the calendar as it stands now: what nobody
/// answers is reminded of again and climbs, as it would. The days from today to --from are gone
/// through too, though not shown: what is said on them is not said again. Nothing is written or sent.
#[derive(Debug, Args)]
pub struct Arguments {
    /// First day, such as 2026-11-23
    #[arg(long, value_name = "DAY")]
    from: Date,
    /// Last day
    #[arg(long, value_name = "DAY")]
    to: Date,
    /// Only mail to this person: identifier or address
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,
    /// Render every mail as a page in this directory, with an index
    #[arg(long, value_name = "DIR")]
    html: Option<PathBuf>,
    #[command(flatten)]
    when: When,
    /// Print JSON: a list of {day, to, name, subject, notices: [{notice, occurrence, due, step, why}]};
    /// an invitation is a mail with the one notice "invitation", whose step is its sequence number
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    day: Date,
    to: String,
    name: String,
    subject: String,
    notices: Vec<Notice>,
}

#[derive(Debug, Serialize)]
struct Notice {
    notice: &'static str,
    occurrence: String,
    due: Date,
    step: i32,
    why: String,
}

pub async fn run(config: &Path, arguments: Arguments) -> anyhow::Result<()> {
    if arguments.from > arguments.to {
        super::wrong_usage("--from must not be later than --to");
    }
    let office = open(config)?;
    let wanted = match arguments.person {
        Some(word) => Some(super::person(&office.calendar, word).await?),
        None => None,
    };
    let calendar = &office.settings.calendar;
    let first = calendar
        .today(arguments.when.now(calendar))
        .min(arguments.from);
    let mut slices = office.every_slice(first).await?;
    let mut mails = foresee(&office, &slices, (first, arguments.to)).await?;
    mails.retain(|mail| mail.day >= arguments.from);
    let people = people(&slices);
    mails.retain(|mail| wanted.as_ref().is_none_or(|wanted| mail.to == *wanted));
    let mut rows = Vec::with_capacity(mails.len());
    let mut pages = Vec::new();
    let bar = progress(mails.len() as u64, "mails");
    for of_day in mails.chunk_by(|one, other| one.day == other.day) {
        for slice in &mut slices {
            slice.world.settle_by(of_day[0].day);
        }
        let view = by_area(&slices);
        for mail in of_day {
            bar.inc(1);
            let Some(person) = people.get(&mail.to) else {
                continue;
            };
            let content = match &mail.call {
                Some(call) => Some(invite(&office, call, (mail.day, person))?),
                None => render(&office, mail, person, &view)?,
            };
            let Some(content) = content else {
                continue;
            };
            rows.push(row(mail, person, &content));
            if arguments.html.is_some() {
                pages.push((mail.day, person.name.clone(), content));
            }
        }
    }
    bar.finish_and_clear();
    if let Some(directory) = &arguments.html {
        super::demo::pages::write(&office, directory, pages)?;
    }
    if arguments.json {
        return output::json(&rows);
    }
    let lines: Vec<Vec<String>> = rows
        .iter()
        .map(|row| vec![row.day.to_string(), row.name.clone(), row.subject.clone()])
        .collect();
    output::print(&output::table(&["DAY", "TO", "SUBJECT"], lines));
    let recipients: std::collections::BTreeSet<&str> =
        rows.iter().map(|row| row.to.as_str()).collect();
    output::print(&format!(
        "{} mails to {} people.\n",
        rows.len(),
        recipients.len()
    ));
    Ok(())
}

/// The mails from one day to another, by the calendar and the ledger as they stand.
pub async fn foresee(
    office: &Office,
    slices: &[SliceWorld],
    (from, to): (Date, Date),
) -> anyhow::Result<Vec<ForecastMail>> {
    let (said, mailed_on) = office.ledger.said_before(from).await?;
    let forecast = Forecast {
        slices: slices
            .iter()
            .map(|slice| (Cow::Borrowed(&slice.world), slice.troubles.as_slice()))
            .collect(),
        calendar: &office.settings.calendar,
        rules: &office.settings.rules,
        said,
        mailed_on,
        invitations: told_before(office, from).await?,
    };
    let days = u64::try_from((to - from).get_days()).unwrap_or(0) + 1;
    let bar = progress(days, "days");
    let mails = forecast.run(from, to, |_| bar.inc(1));
    bar.finish_and_clear();
    Ok(mails)
}

/// What people will have been told of their meetings when `day` begins, by the ledger.
async fn told_before(office: &Office, day: Date) -> anyhow::Result<InvitationsAhead> {
    // A meeting that was missed and moved was told of, too.
    let since = day.saturating_sub(jiff::Span::new().days(400));
    let since = since.at(0, 0, 0, 0);
    Ok(InvitationsAhead::new(
        office.ledger.told_before(day, since).await?,
    ))
}

/// What has been said when a day begins.
pub struct Before {
    /// The latest step of each row of notices.
    pub said: Said,
    /// When each person was mailed last.
    pub mailed_on: BTreeMap<PersonId, Date>,
    /// What people were told of their meetings.
    pub invitations: InvitationsAhead,
}

/// What will have been said before `day`: what the ledger has, and from `today` on what the plan will
/// have done, if nothing else changes.
pub async fn said_before(office: &Office, (today, day): (Date, Date)) -> anyhow::Result<Before> {
    let (said, mailed_on) = office.ledger.said_before(day).await?;
    let mut before = Before {
        said,
        mailed_on,
        invitations: told_before(office, day).await?,
    };
    let yesterday = day.yesterday()?;
    if today <= yesterday {
        let slices = office.every_slice(today).await?;
        for mail in foresee(office, &slices, (today, yesterday)).await? {
            if let Some(call) = &mail.call {
                before.invitations.note(call, mail.day);
                continue;
            }
            for line in mail.lines {
                before.said.insert(line.key, (line.cause.step, mail.day));
            }
            before.mailed_on.insert(mail.to, mail.day);
        }
    }
    Ok(before)
}

/// A bar on a terminal, nothing elsewhere.
pub fn progress(length: u64, unit: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(&format!("{{bar:40}} {{pos}}/{{len}} {unit}"));
    ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn people(slices: &[SliceWorld]) -> BTreeMap<PersonId, Person> {
    let all = slices.iter().flat_map(|slice| slice.world.people.values());
    all.map(|person| (person.id.clone(), person.clone()))
        .collect()
}

fn by_area(slices: &[SliceWorld]) -> BTreeMap<Option<AreaId>, Slice<'_>> {
    slices
        .iter()
        .map(|slice| {
            let area = slice.world.area.as_ref().map(|area| area.id.clone());
            (
                area,
                Slice {
                    world: &slice.world,
                    troubles: &slice.troubles,
                },
            )
        })
        .collect()
}

fn render(
    office: &Office,
    mail: &ForecastMail,
    person: &Person,
    slices: &Slices<'_>,
) -> anyhow::Result<Option<Content>> {
    let decisions: Vec<Decision> = mail
        .lines
        .iter()
        .map(|line| line.decision.clone())
        .collect();
    let words = office.words(person.language);
    let setting = office.setting(mail.day);
    let composed = compose(person, &decisions, slices, &setting, words)?;
    Ok(composed.map(|composed| composed.content))
}

fn invite(office: &Office, call: &Call, (day, person): (Date, &Person)) -> anyhow::Result<Content> {
    let (setting, sender) = (office.setting(day), sender(&office.settings));
    let desk = Desk {
        setting: &setting,
        sender: &sender,
        words: office.words(person.language),
    };
    let calendar = &office.settings.calendar;
    let now = calendar.instant(day, office.settings.rules.send_at);
    let (content, _) = invitation(call, person, desk, now)?;
    Ok(content)
}

fn row(mail: &ForecastMail, person: &Person, content: &Content) -> Row {
    Row {
        day: mail.day,
        to: person.email.clone(),
        name: person.name.clone(),
        subject: content.subject.clone(),
        notices: mail
            .call
            .iter()
            .map(|call| Notice {
                notice: "invitation",
                occurrence: call.uid.clone(),
                due: call.meeting.starts.date(),
                step: i32::try_from(call.sequence).unwrap_or(i32::MAX),
                why: call.change.sentence(),
            })
            .chain(mail.lines.iter().map(|line| Notice {
                notice: line.decision.matter.kind(),
                occurrence: line.key.occurrence.clone(),
                due: line.key.due,
                step: line.cause.step,
                why: line.cause.sentence(mail.day),
            }))
            .collect(),
    }
}
