//! `avstamd export --person` and `avstamd forget --person`: what is stored about a person, and its end.

use std::path::Path;

use clap::Args;
use mail_parser::{MessageParser, MimeHeaders, PartType};
use serde_json::json;

use super::purge::{alone, copies, tell_copies, told_to_end};
use super::when::When;
use super::{open, output};
use crate::daemon::clock::message_id;
use crate::daemon::{Forgotten, Ties, forget as forgotten, known_as, resume};
use crate::follow_up::PersonId;
use crate::store::{Calendar, Unclear};

/// So much of a random number tells the forgotten apart.
const PSEUDONYM: usize = 12;

/// Print everything that is stored about a person, as JSON
///
/// {person, known_by: {names, addresses}, calendar, ledger}: in each database the rows of every table
/// that point at the person, under the table's name; in named_in the texts that name them without
/// pointing at them: {table, row, column, text}; in ledger.record the lines of the record of what has
/// been sent. Mails are in text as they were sent. Texts may name others too: read it before it is
/// handed out.
#[derive(Debug, Args)]
pub struct ExportArguments {
    /// Identifier or address
    #[arg(long)]
    person: String,
}

/// Forget a person who has left; the daemon must be stopped
///
/// What was done, agreed and said stays, with its dates and keys, under a pseudonym: nothing is said
/// again, and no record loses its other half. The name, the addresses, when they were away or busy, and
/// the texts of mails to them go; in other texts that name them `[avidentifierad]` stands in place of
/// the name. Refused while the person holds a post or mail to them waits. Import files that still have
/// the person bring them back: take them out there first. So does a backup: after restoring one,
/// forget them again.
#[derive(Debug, Args)]
pub struct ForgetArguments {
    /// Identifier or address
    #[arg(long)]
    person: String,
    #[command(flatten)]
    when: When,
}

pub async fn export(config: &Path, arguments: ExportArguments) -> anyhow::Result<()> {
    let office = open(config)?;
    let person = whom(&office.calendar, arguments.person).await?;
    let (naming, is_here) = known_as(&office, person.clone()).await?;
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
    let calendar = &office.settings.calendar;
    let clock = arguments.when.clock(calendar);
    let today = calendar.today(clock.now());
    resume(&office, &clock).await?;
    let person = whom(&office.calendar, arguments.person).await?;
    let random: String = message_id()?.chars().take(PSEUDONYM).collect();
    let whom = (person.clone(), format!("avidentifierad-{random}"));
    match forgotten(&office, whom, today, readable).await? {
        Forgotten::Unknown => anyhow::bail!("nothing is stored about {person}"),
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

/// A person by identifier or address; whom the calendar does not have, the ledger may, by identifier.
async fn whom(calendar: &Calendar, word: String) -> anyhow::Result<PersonId> {
    match calendar.find_person(word.clone()).await? {
        Ok(person) => Ok(person),
        Err(Unclear::Nobody) => Ok(PersonId::new(word)),
        Err(unclear) => anyhow::bail!("{word} {unclear}"),
    }
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
