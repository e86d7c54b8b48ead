//! The way out: the settings' transport, and what its outcomes mean for delivery.

use std::future::Future;

use jiff::Timestamp;
use secrecy::SecretString;
use thiserror::Error;

use crate::config::{self, Settings, TransportKind};
use crate::mail::transport::{
    Credentials, Deadlines, Envelope, Outcome, Parcel, Security, Session, SmtpSettings, Stage,
    Transport, TransportError, Verdict,
};
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
        /// How far it came, in words, and what was said.
        attempt: Attempt,
        /// How far it came.
        stage: Stage,
        /// Whether our login was refused.
        login: bool,
    },
}

/// Why there is no way out.
#[derive(Debug, Error)]
pub enum PostError {
    /// The password.
    #[error(
        "{path}: the password cannot be read: {source}; see that the file is there and that avstamd may read it"
    )]
    Password {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The password file holds nothing.
    #[error("{path}: the password file is empty; write the password on its first line")]
    NoPassword {
        /// The file.
        path: String,
    },
    /// Certificates or host name.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

/// The way out, as the settings name it.
#[derive(Debug)]
pub struct Post {
    transport: Transport,
    from: String,
}

/// One lane of it: a connection, opened when first needed and kept open.
#[derive(Debug)]
pub struct Counter {
    session: Session,
    from: String,
}

impl Post {
    /// The way out that the settings name.
    ///
    /// # Errors
    /// The password, the certificates or the host name.
    pub fn new(settings: &Settings) -> Result<Self, PostError> {
        let transport = match &settings.transport.kind {
            TransportKind::Files { directory } => Transport::Files {
                directory: directory.clone(),
            },
            TransportKind::Sendmail { command } => Transport::Sendmail {
                command: command.clone(),
            },
            TransportKind::Smtp {
                host,
                port,
                security,
                login,
                ca_file,
                hello_name,
            } => {
                let credentials = match login {
                    Some((user, file)) => Some(Credentials {
                        user: user.clone(),
                        password: password(file)?,
                    }),
                    None => None,
                };
                Transport::smtp(SmtpSettings {
                    host: host.clone(),
                    port: *port,
                    security: match security {
                        config::Security::StartTls => Security::StartTls,
                        config::Security::Tls => Security::Tls,
                        config::Security::None => Security::None,
                    },
                    credentials,
                    ca_file: ca_file.clone(),
                    hello_name: hello_name.clone().or_else(host_name),
                    deadlines: Deadlines::default(),
                })?
            }
        };
        Ok(Self {
            transport,
            from: settings.mail.from_address.clone(),
        })
    }

    /// A lane.
    pub fn counter(&self) -> Counter {
        Counter {
            session: self.transport.session(),
            from: self.from.clone(),
        }
    }
}

impl Counter {
    /// Sends one mail; `before_content` writes down that it is about to leave.
    ///
    /// # Errors
    /// It could not be written down: then nothing left.
    pub async fn send<F, W>(
        &mut self,
        prepared: &Prepared,
        message_id: &str,
        now: Timestamp,
        before_content: F,
    ) -> Result<Delivery, StoreError>
    where
        F: FnOnce() -> W,
        W: Future<Output = Result<(), StoreError>>,
    {
        let envelope = match Envelope::new(&self.from, &prepared.address) {
            Ok(envelope) => envelope,
            Err(fault) => {
                let (stage, reply) = ("address".into(), format!("the address {fault}"));
                return Ok(Delivery::Permanent(Attempt {
                    at: now,
                    stage,
                    code: None,
                    reply,
                }));
            }
        };
        let name = message_id.split('@').next().unwrap_or(message_id);
        let parcel = Parcel {
            envelope: &envelope,
            bytes: &prepared.bytes,
            name,
        };
        let outcome = self.session.send(parcel, before_content).await?;
        Ok(delivery(outcome, now))
    }

    /// Connects, secures, logs in and takes leave; files and commands need none of it.
    ///
    /// # Errors
    /// How far it came, and what the server said.
    pub async fn greet(mut self) -> Result<(), String> {
        let greeted = self.session.greet().await;
        self.close().await;
        greeted.map_err(|Outcome { stage, reply, .. }| match reply.code {
            Some(code) => format!("{stage}: {code} {}", reply.text),
            None => format!("{stage}: {}", reply.text),
        })
    }

    /// Takes leave of the server.
    pub async fn close(self) {
        self.session.close().await;
    }
}

fn delivery(outcome: Outcome, now: Timestamp) -> Delivery {
    let Outcome {
        stage,
        verdict,
        reply,
    } = outcome;
    let attempt = Attempt {
        at: now,
        stage: stage.to_string(),
        code: reply.code,
        reply: reply.text,
    };
    match verdict {
        Verdict::Accepted => Delivery::Accepted(attempt),
        Verdict::Temporary => Delivery::Temporary(attempt),
        Verdict::Permanent if says_we_sent_enough(&attempt.reply) => Delivery::Relay {
            attempt,
            stage,
            login: false,
        },
        Verdict::Permanent => Delivery::Permanent(attempt),
        Verdict::Unknown => Delivery::Unknown(attempt),
        Verdict::Relay | Verdict::Login => Delivery::Relay {
            attempt,
            stage,
            login: verdict == Verdict::Login,
        },
    }
}

/// Whether a refusal is of a limit on what we send: a day's mails, not this recipient's mailbox.
fn says_we_sent_enough(reply: &str) -> bool {
    let enhanced = reply.split_whitespace().next().unwrap_or_default();
    let lower = reply.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    // X.4.5 is congestion (RFC 3463), Gmail's daily limit; 5.1.90 is Exchange Online's.
    matches!(enhanced, "5.4.5" | "5.1.90")
        || (!enhanced.starts_with("5.2.")
            && says(&["limit", "quota"])
            && says(&[
                "sender",
                "sending",
                "daily",
                "hourly",
                "rate limit",
                "per day",
                "per hour",
            ])
            && !says(&["mailbox", "recipient", "size"]))
}

/// The password of a file: its first line, without the mark some editors put before it.
fn password(file: &std::path::Path) -> Result<SecretString, PostError> {
    let text = std::fs::read_to_string(file).map_err(|source| PostError::Password {
        path: file.display().to_string(),
        source,
    })?;
    let line = text
        .trim_start_matches('\u{feff}')
        .lines()
        .next()
        .unwrap_or_default();
    if line.is_empty() {
        return Err(PostError::NoPassword {
            path: file.display().to_string(),
        });
    }
    Ok(SecretString::from(line.to_owned()))
}

/// This machine's name, for the greeting. Asked of the kernel itself: the unit hides /proc/sys.
fn host_name() -> Option<String> {
    full_name(&rustix::system::uname().nodename().to_string_lossy())
}

/// A host's name where it is a full one: many servers refuse a bare one.
fn full_name(name: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
    (name.contains('.') && name.chars().all(plain)).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_full_name_greets() {
        assert_eq!(
            full_name("srv.prov.example").as_deref(),
            Some("srv.prov.example")
        );
        for name in ["srv", "", "srv prov.example", "srv.pr\u{f6}v.example"] {
            assert_eq!(full_name(name), None, "{name}");
        }
        // What the kernel calls itself, without the file that a unit may hide.
        if let Ok(name) = std::fs::read_to_string("/proc/sys/kernel/hostname") {
            assert_eq!(host_name(), full_name(name.trim()));
        }
    }

    #[test]
    fn a_limit_on_what_we_send_is_nobodys_bad_address() {
        for (reply, ours) in [
            ("5.4.5 Daily user sending limit exceeded", true),
            ("5.1.90 your message can't be sent: daily limit", true),
            ("Sender quota exceeded, try tomorrow", true),
            ("5.7.0 Hourly sending limit reached", true),
            ("5.2.2 mailbox full: quota exceeded", false),
            ("5.2.122 the recipient has reached its hourly limit", false),
            ("Quota exceeded (mailbox for user is full)", false),
            ("5.3.4 message size exceeds fixed limit", false),
            ("Sender's message exceeds the size limit", false),
            ("5.1.1 unknown user", false),
        ] {
            assert_eq!(says_we_sent_enough(reply), ours, "{reply}");
        }
    }
}
