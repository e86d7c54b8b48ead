//! `avstamd export --person` and `avstamd forget --person`: what is stored about a person, and its end.

use std::path::Path;

use clap::Args;
use mail_parser::{MessageParser, MimeHeaders, PartType};
use serde_json::json;

use super::purge::{alone, copies, tell_copies, told_to_end};
use super::when::Moment;
use super::{open, output};
use crate::daemon::clock::message_id;
use crate::daemon::{Forgotten, Known, Office, Ties, forget as forgotten, known_as, sweep};
use crate::follow_up::PersonId;
use crate::store::Unclear;

/// So much of a random number tells the forgotten apart.
const PSEUDONYM: usize = 12;

/// Whom it is about.
#[derive(Debug, Args)]
struct Whom {
    /// Identifier or address
    #[arg(long)]
    person: String,
    /// A name that texts may have for them too: a former one, a first name; more than once for more
    #[arg(long, value_name = "NAME")]
    also_known_as: Vec<String>,
}

/// Print everything that is stored about a person, as JSON
///
/// {person, known_by: {names, addresses}, calendar, ledger}: in each database the rows of every table
/// that point at the person, under the table's name; in named_in the texts that name them without
/// pointing at them: {table, row, column, text}; in ledger.record the lines of the record of what has
/// been sent. Mails are in text as they were sent. Texts may name others too: read it before it is
/// handed out. Searched for are the identifier, the whole name in the calendar, and the addresses there
/// and of mails; a former name, a first name alone, initials or a misspelling only if you give them.
#[derive(Debug, Args)]
pub struct ExportArguments {
    #[command(flatten)]
    whom: Whom,
}

/// Forget a person who has left; the daemon must be stopped
///
/// What was done, agreed and said stays, with its dates and keys, under a pseudonym: nothing is said
/// again, and no record loses its other half. The name, the addresses, when they were away or busy, and
/// the texts of mails to them go; in other texts that name them `[avidentifierad]` stands in place of
/// the name: the whole name in the calendar, and the addresses there and of mails. A former name, a first
/// name alone, initials or a misspelling are found only if you give them. Refused while the person holds
/// a post or mail to them waits. Import files that have the name, in whatever column, bring it back:
/// take it out of all of them first. So does a backup: after restoring one, end the post, forget them
/// again, and only then start the daemon.
#[derive(Debug, Args)]
pub struct ForgetArguments {
    #[command(flatten)]
    whom: Whom,
    #[command(flatten)]
    moment: Moment,
}

pub async fn export(config: &Path, arguments: ExportArguments) -> anyhow::Result<()> {
    let office = open(config)?;
    let word = &arguments.whom.person;
    let person = whom(&office, word).await?.ok_or_else(|| nobody(word))?;
    let Known { naming, is_here } = known(&office, &person, &arguments.whom).await?;
    let calendar = office.calendar.about(naming.clone()).await?;
    let ledger = office.ledger.about(naming.clone(), readable).await?;
    let has_rows = |about: &serde_json::Value| {
        let mut tables = about
            .as_object()
            .into_iter()
            .flat_map(|about| about.values());
        tables.any(|rows| rows.as_array().is_some_and(|rows| !rows.is_empty()))
    };
    anyhow::ensure!(
        is_here || has_rows(&calendar) || has_rows(&ledger),
        "nothing is stored about {person}"
    );
    output::json(&json!({
        "person": person,
        "known_by": { "names": naming.names, "addresses": naming.addresses },
        "calendar": calendar,
        "ledger": ledger,
    }))
}

pub async fn forget(config: &Path, arguments: ForgetArguments) -> anyhow::Result<()> {
    let (office, _lock) = alone(config)?;
    let now = arguments.moment.resumed(&office).await?;
    let today = office.settings.calendar.today(now);
    let was_unswept = office.ledger.is_unswept().await?;
    if was_unswept {
        told_to_end(&sweep(&office).await?)?;
    }
    let Some(person) = whom(&office, &arguments.whom.person).await? else {
        return ended(was_unswept, nobody(&arguments.whom.person));
    };
    let known = known(&office, &person, &arguments.whom).await?;
    let random: String = message_id()?.chars().take(PSEUDONYM).collect();
    let whom = (known, format!("avidentifierad-{random}"));
    match forgotten(&office, whom, today, readable).await? {
        Forgotten::Unknown => ended(
            was_unswept,
            anyhow::anyhow!("nothing is stored about {person}"),
        ),
        Forgotten::Tied(ties) => anyhow::bail!("{person} cannot be forgotten yet:{}", told(&ties)),
        Forgotten::Done {
            pseudonym,
            changed,
            unswept,
        } => {
            output::print(&format!(
                "Forgotten: {changed} rows and texts were changed. What was done and said is now that of {pseudonym}.\n"
            ));
            tell_copies(&copies(&office.settings.database));
            told_to_end(&unswept)
        }
    }
}

/// A person by identifier or address. Whom the calendar does not have, or no longer, the ledger may.
/// `None` for an address that is nobody's.
async fn whom(office: &Office, word: &str) -> anyhow::Result<Option<PersonId>> {
    match office.calendar.find_person(word.to_owned()).await? {
        Ok(person) => return Ok(Some(person)),
        Err(Unclear::Nobody) => {}
        Err(unclear) => anyhow::bail!("{word} {unclear}"),
    }
    match office.ledger.whom(word.to_owned()).await? {
        Ok(person) => Ok(Some(person)),
        Err(Unclear::Nobody) => Ok((!word.contains('@')).then(|| PersonId::new(word))),
        Err(unclear) => anyhow::bail!("{word} {unclear}"),
    }
}

/// What a person is known by, with the names that were given.
async fn known(office: &Office, person: &PersonId, whom: &Whom) -> anyhow::Result<Known> {
    let names = &whom.also_known_as;
    let known = known_as(office, person.clone(), names).await?;
    for name in names {
        anyhow::ensure!(
            known.naming.has_name(name),
            "nothing can be searched for by the name {name:?}: it is empty, or somebody else in the calendar has it"
        );
    }
    Ok(known)
}

fn nobody(address: &str) -> anyhow::Error {
    anyhow::anyhow!(
        "nobody is known by {address}, in the calendar or in the ledger; give the identifier"
    )
}

/// Nobody to forget is well where the last command was cut short with nothing but the files to sweep.
fn ended(was_unswept: bool, otherwise: anyhow::Error) -> anyhow::Result<()> {
    if was_unswept {
        output::print(&format!(
            "What an earlier command forgot is now out of the files too. Beyond that, {otherwise}.\n"
        ));
        return Ok(());
    }
    Err(otherwise)
}

fn told(ties: &Ties) -> String {
    let mut told = String::new();
    for post in &ties.posts {
        told.push_str(&format!(
            "\n  they are {post}; end that first (Gäller till in the people file, or valid_to in the calendar)"
        ));
    }
    for mail in &ties.mails {
        told.push_str(&format!(
            "\n  mail {mail}, to them or with their name in it, waits or is held; let the daemon send it, or give it up with `avstamd outbox drop {mail}`"
        ));
    }
    for meeting in &ties.meetings {
        told.push_str(&format!(
            "\n  the meeting {meeting} lies ahead and is in people's calendars; end the post, and let the daemon call it off"
        ));
    }
    told
}

/// A mail as a person reads it: its texts, decoded. What is no mail is shown as it is.
fn readable(bytes: &[u8]) -> String {
    let Some(message) = MessageParser::default().parse(bytes) else {
        return String::from_utf8_lossy(bytes).into_owned();
    };
    let mut text = String::new();
    for (name, address) in [("From", message.from()), ("To", message.to())] {
        let mailboxes = address.into_iter().flat_map(mail_parser::Address::iter);
        for mailbox in mailboxes {
            text.push_str(&format!(
                "{name}: {} <{}>\n",
                mailbox.name().unwrap_or_default(),
                mailbox.address().unwrap_or_default()
            ));
        }
    }
    text.push_str(&format!(
        "Subject: {}\n",
        message.subject().unwrap_or_default()
    ));
    for part in &message.parts {
        let is_page = part
            .content_type()
            .is_some_and(|kind| kind.subtype() == Some("html"));
        if let PartType::Text(part) = &part.body
            && !is_page
        {
            // An iCalendar object folds its lines.
            text.push('\n');
            text.push_str(&part.replace("\r\n ", ""));
        }
    }
    text
}
