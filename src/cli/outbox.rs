//! `avstamd outbox`: the queue, and what a person decides about it.

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::json;

use super::when::When;
use super::{open, output};
use crate::plan::slot;

/// Look into the outbox, and decide about mails in it
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Mails that wait, are held or were refused
    List {
        /// Every mail, sent ones too
        #[arg(long)]
        all: bool,
        /// Print JSON: a list of {id, person, address, slot, state, attempts, uncertain,
        /// next_attempt, settled, message_id, subject}
        #[arg(long)]
        json: bool,
    },
    /// One mail: its notices, its tries with the server's words, and its text
    Show {
        /// The mail's number, from the list
        id: i64,
        /// Print JSON: {mail, attempts, notices, message}
        ///
        /// mail as in the list; attempts: {at, stage, code, reply, outcome}; notices: {occurrence, step,
        /// recipient, role, due, decision, reason, on_day, mail, mail_state, mail_to}; message: its text
        #[arg(long)]
        json: bool,
    },
    /// Try a mail at once that waits, is held or was refused
    Retry {
        /// The mail's number
        id: i64,
        #[command(flatten)]
        when: When,
    },
    /// Let today's mails go that are held because they are far more than usual
    ///
    /// Outside mail hours, those of the next mail day. Where everything is held since the record of
    /// what has left is lost, that is given up first, and only that.
    Release {
        #[command(flatten)]
        when: When,
    },
    /// Give up a mail that waits, is held or was refused
    Drop {
        /// The mail's number
        id: i64,
        #[command(flatten)]
        when: When,
    },
}

pub async fn run(config: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let office = open(config)?;
    let missing = |id| {
        anyhow::anyhow!(
            "no mail {id} that waits, is held or was refused; see `avstamd outbox list`"
        )
    };
    match arguments.what {
        What::List { all, json } => {
            let mails = office.ledger.mails(all).await?;
            if json {
                return output::json(&mails);
            }
            let mut rows: Vec<Vec<String>> = Vec::new();
            for mail in &mails {
                let next = mail
                    .next_attempt
                    .map(|at| office.settings.calendar.local(at));
                rows.push(vec![
                    mail.id.to_string(),
                    mail.state.clone(),
                    mail.slot.clone(),
                    mail.person.to_string(),
                    mail.address.clone().unwrap_or_else(|| "–".into()),
                    mail.attempts.to_string(),
                    next.map_or_else(|| "–".into(), |at| at.strftime("%F %R").to_string()),
                    mail.subject
                        .clone()
                        .filter(|subject| !subject.is_empty())
                        .unwrap_or_else(|| "(not rendered yet)".into()),
                ]);
            }
            let headings = [
                "ID", "STATE", "DAY", "PERSON", "ADDRESS", "TRIES", "NEXT", "SUBJECT",
            ];
            output::print(&output::table(&headings, rows));
            output::print(&format!("{} mails.\n", mails.len()));
        }
        What::Show { id, json } => show(&office, id, json).await?,
        What::Retry { id, when } => {
            let now = when.now(&office.settings.calendar);
            anyhow::ensure!(office.ledger.retry(id, now).await?, missing(id));
            output::print("It is tried at the next round.\n");
        }
        What::Release { when } => {
            let (calendar, rules) = (&office.settings.calendar, &office.settings.rules);
            let day = slot(calendar, rules, calendar.local(when.now(calendar))).day();
            if office.ledger.give_up_record().await? {
                output::print(
                    "The record of what has left is given up: mail leaves again. What is far more than usual is still held.\n",
                );
            } else {
                office.ledger.release(day).await?;
                output::print(&format!(
                    "What is to leave on {day} leaves, however much it is.\n"
                ));
            }
        }
        What::Drop { id, when } => {
            let now = when.now(&office.settings.calendar);
            anyhow::ensure!(office.ledger.drop_mail(id, now).await?, missing(id));
            output::print("It is given up.\n");
        }
    }
    Ok(())
}

async fn show(office: &crate::daemon::Office, id: i64, as_json: bool) -> anyhow::Result<()> {
    let Some((mail, attempts, notices, bytes)) = office.ledger.mail(id).await? else {
        anyhow::bail!("there is no mail {id}; see `avstamd outbox list --all`");
    };
    let message = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if as_json {
        return output::json(&json!({
            "mail": mail, "attempts": attempts, "notices": notices, "message": message
        }));
    }
    let mut text = format!(
        "Mail {} to {}, {}, for {}\n\nNotices:\n",
        mail.id, mail.person, mail.state, mail.slot
    );
    let rows: Vec<Vec<String>> = notices
        .iter()
        .map(|n| {
            vec![
                format!("  {}", n.decision),
                n.occurrence.clone(),
                format!("due {}", n.due),
                n.reason.clone(),
            ]
        })
        .collect();
    text.push_str(&output::columns(&rows));
    text.push_str("\nTries:\n");
    let rows: Vec<Vec<String>> = attempts
        .iter()
        .map(|a| {
            let code = a.code.map(|code| code.to_string()).unwrap_or_default();
            vec![
                format!("  {}", a.at),
                a.outcome.clone(),
                a.stage.clone(),
                code,
                a.reply.clone(),
            ]
        })
        .collect();
    text.push_str(&output::columns(&rows));
    text.push_str(&format!(
        "\n{}\n",
        message
            .as_deref()
            .unwrap_or("It has not been rendered yet.")
    ));
    output::print(&text);
    Ok(())
}
