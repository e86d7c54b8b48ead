//! The way out: the settings' transport, and what its outcomes mean for delivery.

use std::future::Future;

use jiff::Timestamp;

use crate::config::TransportKind;
use crate::store::{Attempt, Prepared, StoreError};

/// What became of one try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The server has it.
    Accepted(Attempt),
    /// This mail is refused for now, and nothing of it was kept.
    Temporary(Attempt),
    /// This mail is refused for good.
    Permanent(Attempt),
    /// The final dot went out and no answer came.
    Unknown(Attempt),
    /// The relay's trouble.
    Relay {
        /// How far it came.
        attempt: Attempt,
        /// Whether our login was refused.
        login: bool,
    },
}

/// The way out, as the settings name it.
#[derive(Debug)]
pub struct Post { kind: TransportKind }

/// One connection, opened when first needed and kept open.
#[derive(Debug)]
pub struct Counter { kind: TransportKind }

impl Post {
    /// provisional
    pub fn new(office: &super::Office) -> anyhow::Result<Self> { Ok(Self { kind: office.settings.transport.kind.clone() }) }
    /// provisional
    pub fn counter(&self) -> Counter { Counter { kind: self.kind.clone() } }
}

impl Counter {
    /// provisional
    pub async fn send<F, W>(&mut self, prepared: &Prepared, name: &str, now: Timestamp, before_dot: F) -> Delivery
    where F: FnOnce() -> W, W: Future<Output = Result<(), StoreError>> {
        let attempt = |reply: String| Attempt { at: now, stage: "file".into(), code: None, reply };
        if let Err(error) = before_dot().await { return Delivery::Relay { attempt: attempt(error.to_string()), login: false }; }
        let TransportKind::Files { directory } = &self.kind else { return Delivery::Relay { attempt: attempt("no".into()), login: false } };
        let local = name.split('@').next().unwrap_or(name);
        std::fs::create_dir_all(directory).unwrap();
        std::fs::write(directory.join(format!("{local}.eml")), &prepared.bytes).unwrap();
        Delivery::Accepted(attempt(String::new()))
    }
    /// provisional
    pub async fn close(self) {}
}
