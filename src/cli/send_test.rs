//! `avstamd send-test`: one mail through the real transport.

use std::path::Path;

use clap::Args;

use super::output;
use crate::daemon::{Clock, Delivery, Post, clock, sender};
use crate::mail::one_line;
use crate::store::Prepared;

/// Send one mail through the real transport and show the server's words
///
/// Needs the configuration alone, no database.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The address to send to
    email: String,
}

pub async fn run(config: &Path, arguments: Arguments) -> anyhow::Result<()> {
    let settings = crate::config::load(config)?;
    let now = Clock::System.now();
    let sender = sender(&settings);
    let message_id = format!("{}@{}", clock::message_id()?, sender.domain);
    let bytes = crate::mail::test_message(&sender, &arguments.email, (&message_id, now))?;
    let prepared = Prepared {
        address: arguments.email.clone(),
        subject: "Test av avstamd".into(),
        bytes,
    };
    let post = Post::new(&settings)?;
    let mut counter = post.counter();
    let delivery = counter
        .send(&prepared, &message_id, now, || async { Ok(()) })
        .await?;
    counter.close().await;
    let (word, attempt) = match &delivery {
        Delivery::Accepted(attempt) => ("accepted", attempt),
        Delivery::Temporary(attempt) => ("refused for now", attempt),
        Delivery::Permanent(attempt) => ("refused for good", attempt),
        Delivery::Unknown(attempt) => ("unanswered after the final dot", attempt),
        Delivery::Relay { attempt, .. } => ("the mail server is in trouble", attempt),
    };
    let code = attempt
        .code
        .map(|code| format!("{code} "))
        .unwrap_or_default();
    output::print(&format!(
        "{word}, at {}: {code}{}\n",
        attempt.stage,
        one_line(&attempt.reply)
    ));
    anyhow::ensure!(
        matches!(delivery, Delivery::Accepted(_)),
        "the mail was not accepted"
    );
    Ok(())
}
