//! The ways out: a mail server, the system's sendmail, or files.
//!
//! A [`Session`] takes one parcel at a time and tells what became of it by stage and code
//! together (see [`Outcome`]). Before the first byte of content leaves, the caller's hook runs; if
//! it fails, nothing leaves. A session that was interrupted is never used again.

mod envelope;
mod files;
mod outcome;
mod sendmail;
mod smtp;
mod tls;
mod wire;

use std::future::Future;
use std::path::PathBuf;

use thiserror::Error;

pub use envelope::Envelope;
pub use outcome::{Outcome, Reply, Stage, Verdict, classify};
pub use smtp::{Credentials, Deadlines, Security, SmtpSettings};

/// A message on its way: who to, and the bytes as they leave.
#[derive(Debug, Clone, Copy)]
pub struct Parcel<'a> {
    /// From and to.
    pub envelope: &'a Envelope,
    /// The message: ASCII, lines of at most 998 characters, CRLF line ends.
    pub bytes: &'a [u8],
    /// A name for a file of it.
    pub name: &'a str,
}

/// Why a transport could not be set up.
#[derive(Debug, Error)]
pub enum TransportError {
    /// A file of certificates.
    #[error("{path}: the certificates cannot be read: {reason}; give a file in PEM form")]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// TLS itself.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
    /// The server's name.
    #[error("\"{0}\" is no host name a certificate can be checked against")]
    HostName(String),
}

/// A way out.
#[derive(Debug, Clone)]
pub enum Transport {
    /// A mail server.
    Smtp(std::sync::Arc<smtp::Server>),
    /// The system's command.
    Sendmail {
        /// Its path.
        command: PathBuf,
    },
    /// One file a message.
    Files {
        /// Where.
        directory: PathBuf,
    },
}

impl Transport {
    /// A mail server.
    ///
    /// # Errors
    /// Certificates or host name.
    pub fn smtp(settings: SmtpSettings) -> Result<Self, TransportError> {
        Ok(Self::Smtp(std::sync::Arc::new(smtp::Server::new(
            settings,
        )?)))
    }

    /// A session that opens its connection when it is first needed.
    pub fn session(&self) -> Session {
        Session {
            transport: self.clone(),
            connection: None,
        }
    }
}

/// One lane out: keeps its connection open between parcels.
#[derive(Debug)]
pub struct Session {
    transport: Transport,
    connection: Option<smtp::Connection>,
}

impl Session {
    /// Sends one parcel. `before_content` runs when the server is ready for the content and before
    /// any of it leaves.
    ///
    /// # Errors
    /// What the hook returned: then nothing left.
    pub async fn send<E, F, W>(
        &mut self,
        parcel: Parcel<'_>,
        before_content: F,
    ) -> Result<Outcome, E>
    where
        F: FnOnce() -> W,
        W: Future<Output = Result<(), E>>,
    {
        let server = match &self.transport {
            Transport::Files { directory } => {
                before_content().await?;
                return Ok(files::write(directory, parcel).await);
            }
            Transport::Sendmail { command } => {
                before_content().await?;
                return Ok(sendmail::pipe(command, parcel).await);
            }
            Transport::Smtp(server) => server.clone(),
        };
        if let Some(fault) = wire::content_fault(parcel.bytes) {
            let reply = Reply::own(fault);
            return Ok(Outcome {
                stage: Stage::Data,
                verdict: Verdict::Permanent,
                reply,
            });
        }
        let mut before_content = Some(before_content);
        // The connection is taken out while it works: if this future is dropped midway, so is it.
        if let Some(mut kept) = self.connection.take() {
            if kept.greets_again(parcel.envelope).await {
                return self.finish(kept, parcel, &mut before_content).await;
            }
            tracing::debug!("the kept connection was closed meanwhile; a new one is opened");
        }
        match smtp::Connection::open(&server).await {
            Err(outcome) => Ok(outcome),
            Ok(mut fresh) => match fresh.mail_from(parcel.envelope).await {
                Ok(()) => self.finish(fresh, parcel, &mut before_content).await,
                Err(outcome) => Ok(outcome),
            },
        }
    }

    async fn finish<E, F, W>(
        &mut self,
        mut connection: smtp::Connection,
        parcel: Parcel<'_>,
        before_content: &mut Option<F>,
    ) -> Result<Outcome, E>
    where
        F: FnOnce() -> W,
        W: Future<Output = Result<(), E>>,
    {
        if let Err(outcome) = connection.recipient_and_data(parcel).await {
            if connection.reset().await {
                self.connection = Some(connection);
            }
            return Ok(outcome);
        }
        if let Some(hook) = before_content.take() {
            hook().await?;
        }
        let outcome = connection.content(parcel.bytes).await;
        if connection.is_sound() {
            self.connection = Some(connection);
        }
        Ok(outcome)
    }

    /// Opens the connection and logs in, where there is one to open.
    ///
    /// # Errors
    /// How far it came.
    pub async fn greet(&mut self) -> Result<(), Outcome> {
        if let Transport::Smtp(server) = &self.transport {
            self.connection = Some(smtp::Connection::open(server).await?);
        }
        Ok(())
    }

    /// Takes leave.
    pub async fn close(mut self) {
        if let Some(connection) = self.connection.take() {
            connection.quit().await;
        }
    }
}
