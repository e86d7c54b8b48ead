//! A submission client (RFC 5321, 3207, 4954, 6409, 8314), stage by stage.
//!
//! Why our own over tokio-rustls, and not lettre's connection over a stream of ours: lettre takes
//! TLS inside and reads replies there past any stream of ours, so a reply with a byte beyond ASCII
//! is an error after the server took the mail; and it waits for a greeting on whatever it is
//! given, so TLS of our own cannot be handed to it after STARTTLS. lettre builds every message.
//! `benches/pipeline/client.rs` holds the two side by side.
//!
//! It does not pipeline (RFC 2920): with one recipient a message that would save two of five round
//! trips, and take answers out of step with what they answer; the limit a minute sets the pace.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::outcome::{Outcome, Reply, Stage, Verdict};
use super::wire::{Wire, stuffed};
use super::{Envelope, Parcel, TransportError, tls};

/// How the connection is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// STARTTLS, or nothing is sent.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// Clear text.
    None,
}

/// A login.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// User name.
    pub user: String,
    /// Password.
    pub password: SecretString,
}

/// How long each stage may take (RFC 5321 4.5.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Finding and reaching the server, and the TLS handshake.
    pub connect: Duration,
    /// Each answer up to RCPT.
    pub command: Duration,
    /// The 354.
    pub data: Duration,
    /// Handing the content over.
    pub content: Duration,
    /// The answer to the final dot.
    pub final_dot: Duration,
    /// Small courtesies: RSET, QUIT.
    pub courtesy: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        Self {
            connect: Duration::from_secs(30),
            command: minutes(5),
            data: minutes(2),
            content: minutes(3),
            final_dot: minutes(10),
            courtesy: Duration::from_secs(5),
        }
    }
}

/// A relay, as the configuration names it.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// Host name, as in its certificate.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is secured.
    pub security: Security,
    /// A login, where the relay asks for one.
    pub credentials: Option<Credentials>,
    /// A certificate authority to trust beside the system's.
    pub ca_file: Option<PathBuf>,
    /// The name to greet with; without one, the address the connection comes from (RFC 5321
    /// 4.1.1.1), which no server can hold to be another's.
    pub hello_name: Option<String>,
    /// How long each stage may take.
    pub deadlines: Deadlines,
}

/// A relay, ready to be connected to.
pub struct Server {
    settings: SmtpSettings,
    connector: Option<TlsConnector>,
    name: ServerName<'static>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// A relay.
    ///
    /// # Errors
    /// Certificates or host name.
    pub fn new(settings: SmtpSettings) -> Result<Self, TransportError> {
        let connector = match settings.security {
            Security::None => None,
            Security::StartTls | Security::Tls => {
                Some(tls::connector(settings.ca_file.as_deref())?)
            }
        };
        let name = ServerName::try_from(settings.host.clone())
            .map_err(|_| TransportError::HostName(settings.host.clone()))?;
        Ok(Self {
            settings,
            connector,
            name,
        })
    }
}

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Io for S {}

/// One connection that has greeted, secured itself and logged in.
pub struct Connection {
    wire: Wire<Box<dyn Io>>,
    deadlines: Deadlines,
    /// The largest message the server takes, in bytes; 0 means it does not say.
    size: usize,
    sound: bool,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("sound", &self.sound)
            .finish_non_exhaustive()
    }
}

type Tried<T> = Result<T, Outcome>;

impl Connection {
    /// Connects, greets, secures and logs in.
    ///
    /// # Errors
    /// How far it came: always the relay's trouble, or the login's.
    pub async fn open(server: &Server) -> Tried<Self> {
        let SmtpSettings {
            security,
            deadlines,
            hello_name,
            ..
        } = &server.settings;
        let stream = reach(server).await?;
        let hello_name = match hello_name {
            Some(name) => name.clone(),
            None => address_literal(&stream),
        };
        let mut wire = match security {
            Security::Tls => Wire::new(handshake(server, stream).await?),
            Security::None | Security::StartTls => Wire::new(Box::new(stream) as Box<dyn Io>),
        };
        expect(&mut wire, Stage::Greeting, 220, deadlines.command).await?;
        let mut offers = hello(&mut wire, &hello_name, deadlines).await?;
        if *security == Security::StartTls {
            if !offers.iter().any(|offer| offer == "STARTTLS") {
                let why = "the server does not offer STARTTLS; nothing is sent in clear text";
                return Err(Outcome::silent(Stage::StartTls, why));
            }
            say(
                &mut wire,
                Stage::StartTls,
                "STARTTLS",
                220,
                deadlines.command,
            )
            .await?;
            let inner = wire
                .into_inner()
                .map_err(|why| Outcome::silent(Stage::StartTls, why))?;
            wire = Wire::new(handshake(server, inner).await?);
            // What was offered in clear text counts for nothing.
            offers = hello(&mut wire, &hello_name, deadlines).await?;
        }
        if let Some(credentials) = &server.settings.credentials {
            log_in(&mut wire, &offers, credentials, deadlines.command).await?;
        }
        let size = offers.iter().find_map(|offer| offer.strip_prefix("SIZE "));
        let size = size.and_then(|size| size.trim().parse().ok()).unwrap_or(0);
        Ok(Self {
            wire,
            deadlines: *deadlines,
            size,
            sound: true,
        })
    }

    /// Whether it can be used for another parcel.
    pub const fn is_sound(&self) -> bool {
        self.sound
    }

    /// MAIL FROM on a connection that was kept. Whether it still lives; a server may close an idle
    /// one at any time, and then nothing has happened.
    pub async fn greets_again(&mut self, envelope: &Envelope) -> bool {
        self.mail_from(envelope).await.is_ok()
    }

    /// MAIL FROM.
    ///
    /// # Errors
    /// How far it came.
    pub async fn mail_from(&mut self, envelope: &Envelope) -> Tried<()> {
        let line = format!("MAIL FROM:<{}>", envelope.from());
        self.step(Stage::MailFrom, &line, 250, self.deadlines.command)
            .await
    }

    /// RCPT TO and DATA, up to the server's 354.
    ///
    /// # Errors
    /// How far it came.
    pub async fn recipient_and_data(&mut self, parcel: Parcel<'_>) -> Tried<()> {
        if self.size > 0 && parcel.bytes.len() > self.size {
            let text = format!(
                "the message is larger than the {} bytes the server takes",
                self.size
            );
            let reply = Reply {
                code: Some(552),
                text,
            };
            return Err(Outcome {
                stage: Stage::Data,
                verdict: Verdict::Permanent,
                reply,
            });
        }
        let line = format!("RCPT TO:<{}>", parcel.envelope.to());
        self.step(Stage::RcptTo, &line, 250, self.deadlines.command)
            .await?;
        self.step(Stage::Data, "DATA", 354, self.deadlines.data)
            .await
    }

    /// The content, the final dot, and what the server says to it.
    pub async fn content(&mut self, bytes: &[u8]) -> Outcome {
        self.sound = false;
        if let Err(why) = self
            .wire
            .write(&stuffed(bytes), self.deadlines.content)
            .await
        {
            // Without its dot a message is none (RFC 5321 4.1.1.4).
            return Outcome::silent(Stage::Content, why);
        }
        if let Err(why) = self.wire.write(b".\r\n", self.deadlines.content).await {
            return Outcome::silent(Stage::FinalDot, why);
        }
        match self.wire.reply(self.deadlines.final_dot).await {
            Ok((code, lines)) => {
                // What is neither yes nor no, or came with more, leaves the two of us out of step.
                self.sound = code != 421 && code / 100 != 3 && self.wire.is_in_step();
                Outcome::answered(Stage::FinalDot, Reply::new(code, &lines))
            }
            Err(why) => Outcome::silent(Stage::FinalDot, why),
        }
    }

    /// Ends a refused transaction. Whether the connection can go on.
    pub async fn reset(&mut self) -> bool {
        self.sound
            && self
                .step(Stage::MailFrom, "RSET", 250, self.deadlines.courtesy)
                .await
                .is_ok()
    }

    /// Takes leave, without waiting long.
    pub async fn quit(mut self) {
        let deadline = self.deadlines.courtesy;
        if self.sound && self.wire.command("QUIT", deadline).await.is_ok() {
            // The answer changes nothing; reading it lets the server close first.
            let _ = self.wire.reply(deadline).await;
        }
    }

    /// One command and its answer. Only an answer leaves the connection sound.
    async fn step(
        &mut self,
        stage: Stage,
        line: &str,
        hoped: u16,
        deadline: Duration,
    ) -> Tried<()> {
        self.sound = false;
        let result = say(&mut self.wire, stage, line, hoped, deadline).await;
        self.sound = match &result {
            Ok(_) => true,
            Err(outcome) => outcome.reply.code.is_some_and(|code| code != 421),
        };
        result.map(drop)
    }
}

/// Tries every address of the server, so that a dead IPv6 route leaves IPv4.
async fn reach(server: &Server) -> Tried<TcpStream> {
    let SmtpSettings {
        host,
        port,
        deadlines,
        ..
    } = &server.settings;
    let lookup = timeout(
        deadlines.connect,
        tokio::net::lookup_host((host.as_str(), *port)),
    )
    .await;
    let addresses = match lookup {
        Ok(Ok(addresses)) => addresses,
        Ok(Err(why)) => return Err(Outcome::silent(Stage::Resolve, why)),
        Err(_) => {
            return Err(Outcome::silent(
                Stage::Resolve,
                "no answer to the name in time",
            ));
        }
    };
    connect(addresses, deadlines.connect).await
}

/// A connection to the first address that answers.
async fn connect(
    addresses: impl IntoIterator<Item = SocketAddr>,
    deadline: Duration,
) -> Tried<TcpStream> {
    let mut last = Outcome::silent(Stage::Resolve, "the name has no address");
    for address in addresses {
        match timeout(deadline, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Commands are small and wait for answers: without this each costs 40 ms.
                if let Err(why) = stream.set_nodelay(true) {
                    tracing::debug!(%why, "TCP_NODELAY could not be set");
                }
                return Ok(stream);
            }
            Ok(Err(why)) => last = Outcome::silent(Stage::Connect, why),
            Err(_) => last = Outcome::silent(Stage::Connect, "no connection in time"),
        }
    }
    Err(last)
}

/// The address a connection comes from, as a name (RFC 5321 4.1.3).
fn address_literal(stream: &TcpStream) -> String {
    match stream.local_addr().map(|address| address.ip()) {
        Ok(IpAddr::V4(address)) => format!("[{address}]"),
        Ok(IpAddr::V6(address)) => format!("[IPv6:{address}]"),
        Err(_) => "localhost".to_owned(),
    }
}

async fn handshake(server: &Server, stream: impl Io + 'static) -> Tried<Box<dyn Io>> {
    let failed = |why: &dyn fmt::Display| Outcome::silent(Stage::Tls, why);
    let connector = server
        .connector
        .as_ref()
        .ok_or_else(|| failed(&"TLS was not set up"))?;
    let handshake = connector.connect(server.name.clone(), stream);
    match timeout(server.settings.deadlines.connect, handshake).await {
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(why)) => Err(failed(&why)),
        Err(_) => Err(failed(&"no handshake in time")),
    }
}

/// EHLO and what the server offers, in upper case.
async fn hello(
    wire: &mut Wire<Box<dyn Io>>,
    name: &str,
    deadlines: &Deadlines,
) -> Tried<Vec<String>> {
    let line = format!("EHLO {name}");
    let lines = say(wire, Stage::Ehlo, &line, 250, deadlines.command).await?;
    Ok(lines
        .into_iter()
        .skip(1)
        .map(|line| line.trim().to_ascii_uppercase())
        .collect())
}

/// AUTH PLAIN (RFC 4616), else LOGIN; whichever the server offers.
async fn log_in(
    wire: &mut Wire<Box<dyn Io>>,
    offers: &[String],
    credentials: &Credentials,
    deadline: Duration,
) -> Tried<()> {
    let offered = offers
        .iter()
        .find_map(|offer| offer.strip_prefix("AUTH"))
        .unwrap_or_default();
    let offers = |mechanism: &str| offered.split([' ', '=']).any(|word| word == mechanism);
    let (user, password) = (&credentials.user, credentials.password.expose_secret());
    let encoded = |text: &str| STANDARD.encode(text);
    let steps = if offers("PLAIN") {
        let secret = encoded(&format!("\0{user}\0{password}"));
        vec![(format!("AUTH PLAIN {secret}"), 235, secret)]
    } else if offers("LOGIN") {
        let (user, secret) = (encoded(user), encoded(password));
        vec![
            ("AUTH LOGIN".to_owned(), 334, secret.clone()),
            (user, 334, secret.clone()),
            (secret.clone(), 235, secret),
        ]
    } else {
        let why = "the server offers neither AUTH PLAIN nor LOGIN; leave out user and password-file if it needs no login";
        return Err(Outcome {
            verdict: Verdict::Login,
            ..Outcome::silent(Stage::Auth, why)
        });
    };
    for (line, hoped, secret) in steps {
        wire.command(&line, deadline)
            .await
            .map_err(|why| Outcome::silent(Stage::Auth, why))?;
        let (code, mut lines) = wire
            .reply(deadline)
            .await
            .map_err(|why| Outcome::silent(Stage::Auth, why))?;
        tracing::debug!(stage = %Stage::Auth, code, "answered");
        if code != hoped {
            for line in &mut lines {
                hide(line, &secret, password);
            }
            return Err(Outcome::answered(Stage::Auth, Reply::new(code, &lines)));
        }
    }
    Ok(())
}

/// Takes what a server repeats of a password out of its words, which are told and logged.
fn hide(words: &mut String, secret: &str, password: &str) {
    let as_read = |byte: u8| if byte.is_ascii() { byte as char } else { '?' };
    let password: String = password.bytes().map(as_read).collect();
    for secret in [secret, &password] {
        *words = words.replace(secret, "(password)");
    }
}

async fn say(
    wire: &mut Wire<Box<dyn Io>>,
    stage: Stage,
    line: &str,
    hoped: u16,
    deadline: Duration,
) -> Tried<Vec<String>> {
    wire.command(line, deadline)
        .await
        .map_err(|why| Outcome::silent(stage, why))?;
    expect(wire, stage, hoped, deadline).await
}

/// The hoped-for answer, or what the other one means. 251 and 252 are as good as 250.
async fn expect(
    wire: &mut Wire<Box<dyn Io>>,
    stage: Stage,
    hoped: u16,
    deadline: Duration,
) -> Tried<Vec<String>> {
    let (code, lines) = wire
        .reply(deadline)
        .await
        .map_err(|why| Outcome::silent(stage, why))?;
    tracing::debug!(%stage, code, "answered");
    if code == hoped || (hoped == 250 && (250..=259).contains(&code)) {
        Ok(lines)
    } else {
        Err(Outcome::answered(stage, Reply::new(code, &lines)))
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn fault_52_a_dead_address_leaves_the_next() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let alive = listener.local_addr().unwrap();
        let dead = SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], alive.port()));
        let stream = connect([dead, alive], Duration::from_secs(30)).await;
        assert_eq!(stream.unwrap().peer_addr().unwrap(), alive);
        let refused = connect([dead], Duration::from_secs(30)).await.unwrap_err();
        assert_eq!(refused.stage, Stage::Connect);
        let nowhere = connect([], Duration::from_secs(30)).await.unwrap_err();
        assert_eq!(nowhere.stage, Stage::Resolve);
    }

    #[test]
    fn what_a_server_repeats_of_a_password_is_hidden() {
        let mut words = "no bMO2c2Vu, l?sen".to_owned();
        hide(&mut words, "bMO2c2Vu", "l\u{f6}sen");
        // Its letters come as they are read: each byte that is not ASCII as a question mark.
        assert_eq!(words, "no (password), l?sen");
        let mut words = "no l??sen".to_owned();
        hide(&mut words, "bMO2c2Vu", "l\u{f6}sen");
        assert_eq!(words, "no (password)");
    }
}
