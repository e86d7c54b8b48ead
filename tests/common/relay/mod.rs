//! A mail server that does as it is told: for each step, connection and recipient a script says what
//! it does otherwise than a well one. It writes down what it saw.
//!
//! No story sleeps. Where a stage hangs, `Stopped` has tokio's clock stand still: the story waits
//! until the relay tells that it hangs, and then moves the clock by the stage's deadline. Without more
//! tokio would move the clock itself whenever nothing runs, which is also so while a database's
//! thread works or bytes are on their way; so a blocking task is kept open, and while one is, tokio
//! leaves the clock alone.

#![allow(dead_code, reason = "each test that shares this uses a part of it")]

mod script;
mod tls;

use std::io::{Error, ErrorKind, Result};
use std::sync::{Arc, Mutex, MutexGuard, mpsc};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub use script::{Does, HANGS, Rule, Script, Step, says};
pub use tls::{Certificate, acceptor};

/// A message whose final dot came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub connection: usize,
    pub from: String,
    pub to: String,
    /// As it was meant: without the points that stuffed it.
    pub bytes: Vec<u8>,
    /// Whether the relay has it: it said yes, or nothing that anybody could hear.
    pub taken: bool,
}

impl Message {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<String> {
        let text = String::from_utf8_lossy(&self.bytes);
        let prefix = format!("{name}: ");
        let mut lines = text.lines();
        lines.find_map(|line| Some(line.strip_prefix(&prefix)?.trim().to_owned()))
    }
}

/// What the relay saw, in order.
#[derive(Debug, Default)]
pub struct Seen {
    /// The commands of each connection; what is inside TLS begins with a `*`.
    pub connections: Vec<Vec<String>>,
    pub messages: Vec<Message>,
    open: usize,
}

impl Seen {
    /// The commands of all connections that begin with `verb`.
    pub fn commands(&self, verb: &str) -> usize {
        let all = self.connections.iter().flatten();
        all.filter(|line| line.trim_start_matches('*').starts_with(verb))
            .count()
    }

    /// The recipients that were asked for, in order.
    pub fn recipients(&self) -> Vec<String> {
        let all = self.connections.iter().flatten();
        all.filter_map(|line| address(line.trim_start_matches('*'), "RCPT TO:"))
            .collect()
    }

    /// The messages that the relay has for an address.
    pub fn taken_by(&self, to: &str) -> Vec<&Message> {
        let taken = self.messages.iter().filter(|message| message.taken);
        taken.filter(|message| message.to == to).collect()
    }
}

/// The relay: a port that stays its own, also while nobody listens on it.
pub struct Relay {
    pub port: u16,
    shared: Arc<Shared>,
    tls: Option<TlsAcceptor>,
    deaf: Mutex<Option<TcpSocket>>,
}

struct Shared {
    script: Mutex<Script>,
    seen: Mutex<Seen>,
    hangs: Notify,
}

impl Shared {
    fn does(&self, step: Step, connection: usize, to: &str) -> Option<Does> {
        self.script.lock().unwrap().does(step, connection, to)
    }
}

impl Relay {
    /// One that listens.
    pub fn start(script: Script) -> Self {
        let relay = Self::down(script, None);
        relay.up();
        relay
    }

    /// One that listens and knows TLS, if it offers it.
    pub fn secured(script: Script, tls: TlsAcceptor) -> Self {
        let relay = Self::down(script, Some(tls));
        relay.up();
        relay
    }

    /// One that has its port and does not listen yet: whoever calls is refused.
    pub fn down(script: Script, tls: Option<TlsAcceptor>) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let shared = Shared {
            script: Mutex::new(script),
            seen: Mutex::default(),
            hangs: Notify::new(),
        };
        Self {
            port: socket.local_addr().unwrap().port(),
            shared: Arc::new(shared),
            tls,
            deaf: Mutex::new(Some(socket)),
        }
    }

    /// Listens.
    pub fn up(&self) {
        let socket = self.deaf.lock().unwrap().take().unwrap();
        let listener = socket.listen(64).unwrap();
        let (shared, tls) = (Arc::clone(&self.shared), self.tls.clone());
        tokio::spawn(listen(listener, shared, tls));
    }

    /// From here it does as `script` says.
    pub fn does(&self, script: Script) {
        *self.shared.script.lock().unwrap() = script;
    }

    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.shared.seen.lock().unwrap()
    }

    /// Waits until it hangs somewhere, and whoever called it waits for it.
    pub async fn hangs(&self) {
        self.shared.hangs.notified().await;
        settle().await;
    }
}

/// Tokio's clock stands still until this goes, and moves only by `tokio::time::advance`.
pub struct Stopped(Option<mpsc::Sender<()>>);

impl Stopped {
    pub fn clock() -> Self {
        tokio::time::pause();
        let (sender, until) = mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || until.recv());
        Self(Some(sender))
    }
}

/// Lets every task run that can, and see what has come to it.
pub async fn settle() {
    // Tokio looks for news from outside once in 61 turns.
    for _ in 0..300 {
        tokio::task::yield_now().await;
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.take();
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>, tls: Option<TlsAcceptor>) {
    while let Ok((stream, _)) = listener.accept().await {
        let number = {
            let mut seen = shared.seen.lock().unwrap();
            seen.connections.push(Vec::new());
            seen.open += 1;
            seen.connections.len() - 1
        };
        let (shared, tls) = (Arc::clone(&shared), tls.clone());
        tokio::spawn(async move {
            // A connection that breaks is the story's affair.
            let _ = serve(stream, number, &shared, tls).await;
            shared.seen.lock().unwrap().open -= 1;
        });
    }
}

async fn serve(
    stream: TcpStream,
    number: usize,
    shared: &Shared,
    tls: Option<TlsAcceptor>,
) -> Result<()> {
    let most = shared.script.lock().unwrap().most;
    let mut talk = Talk {
        stream: BufReader::new(stream),
        number,
        shared,
        secured: false,
        to: String::new(),
        over: false,
    };
    if shared.seen.lock().unwrap().open > most {
        let busy = b"421 4.7.0 too many connections\r\n";
        return talk.stream.write_all(busy).await;
    }
    talk.answer(Step::Greeting, "220 hej").await?;
    if !talk.commands().await? {
        return Ok(());
    }
    // The answer to STARTTLS bade it, and the handshake has begun.
    talk.stream.get_ref().peek(&mut [0]).await?;
    talk.odd(Step::Tls).await?;
    let acceptor = tls.ok_or(ErrorKind::Unsupported)?;
    let mut talk = Talk {
        stream: BufReader::new(acceptor.accept(talk.stream.into_inner()).await?),
        number,
        shared,
        secured: true,
        to: String::new(),
        over: false,
    };
    talk.commands().await.map(drop)
}

/// A stream whose connection can be broken off.
trait Line: AsyncRead + AsyncWrite + Unpin {
    fn tcp(&self) -> &TcpStream;
}

impl Line for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Line for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

struct Talk<'a, S> {
    stream: BufReader<S>,
    number: usize,
    shared: &'a Shared,
    secured: bool,
    /// The recipient of the transaction under way.
    to: String,
    /// The connection is to be closed.
    over: bool,
}

impl<S: Line> Talk<'_, S> {
    /// Answers commands until the connection ends; whether it is to be secured.
    async fn commands(&mut self) -> Result<bool> {
        let mut from = String::new();
        while !self.over {
            let Some(line) = self.command().await? else {
                break;
            };
            match line.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => self.answer(Step::Ehlo, &self.offers()).await.map(drop)?,
                "STARTTLS" => {
                    if self.answer(Step::StartTls, "220 go on").await? == 220 {
                        return Ok(true);
                    }
                }
                "AUTH" => self.log_in(&line).await?,
                "MAIL" => {
                    from = address(&line, "MAIL FROM:").unwrap_or_default();
                    self.to.clear();
                    self.answer(Step::MailFrom, "250 ok").await?;
                }
                "RCPT" => {
                    self.to = address(&line, "RCPT TO:").unwrap_or_default();
                    self.answer(Step::RcptTo, "250 ok").await?;
                }
                "DATA" => {
                    if self.answer(Step::Data, "354 go on").await? == 354 {
                        self.message(&from).await?;
                    }
                }
                "RSET" => self.answer(Step::Rset, "250 ok").await.map(drop)?,
                "QUIT" => {
                    self.answer(Step::Quit, "221 hej").await?;
                    self.over = true;
                }
                _ => self.say(b"500 5.5.1 what\r\n").await?,
            }
        }
        Ok(false)
    }

    /// The next command, written down.
    async fn command(&mut self) -> Result<Option<String>> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let line = line.trim_end().to_owned();
        let mark = if self.secured { "*" } else { "" };
        let mut seen = self.shared.seen.lock().unwrap();
        seen.connections[self.number].push(format!("{mark}{line}"));
        Ok(Some(line))
    }

    fn offers(&self) -> String {
        let script = self.shared.script.lock().unwrap();
        let offers = match self.secured {
            true => &script.offers_secured,
            false => &script.offers,
        };
        let mut lines = vec!["hej"];
        lines.extend(offers);
        let last = lines.pop().unwrap_or_default();
        let lines: String = lines.iter().map(|line| format!("250-{line}\r\n")).collect();
        format!("{lines}250 {last}")
    }

    /// LOGIN asks for the name, then for the password.
    async fn log_in(&mut self, line: &str) -> Result<()> {
        if line.starts_with("AUTH LOGIN") {
            for asks in [b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n"] {
                self.say(asks).await?;
                self.command().await?;
            }
        }
        self.answer(Step::Auth, "235 ok").await.map(drop)
    }

    /// The content up to its final dot, and the answer to it.
    async fn message(&mut self, from: &str) -> Result<()> {
        let mut bytes = Vec::new();
        loop {
            let mut line = Vec::new();
            if self.stream.read_until(b'\n', &mut line).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if line == b".\r\n" {
                break;
            }
            bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
        let place = {
            let mut seen = self.shared.seen.lock().unwrap();
            seen.messages.push(Message {
                connection: self.number,
                from: from.to_owned(),
                to: self.to.clone(),
                bytes,
                taken: true,
            });
            seen.messages.len() - 1
        };
        let code = self.answer(Step::FinalDot, "250 queued").await?;
        if (400..600).contains(&code) {
            self.shared.seen.lock().unwrap().messages[place].taken = false;
        }
        Ok(())
    }

    /// What is said at a step: as usual, or as the script has it. The code that was said.
    async fn answer(&mut self, step: Step, usual: &str) -> Result<u16> {
        if let Some(said) = self.odd(step).await? {
            return Ok(said);
        }
        self.say(format!("{usual}\r\n").as_bytes()).await?;
        Ok(code(usual.as_bytes()))
    }

    /// What the script has at a step, if anything: the code that was said.
    async fn odd(&mut self, step: Step) -> Result<Option<u16>> {
        match self.shared.does(step, self.number, &self.to) {
            None => Ok(None),
            Some(Does::Says(words)) => {
                self.say(&words).await?;
                Ok(Some(code(&words)))
            }
            Some(Does::SaysAndCloses(words)) => {
                self.over = true;
                self.say(&words).await?;
                Ok(Some(code(&words)))
            }
            Some(Does::Dribbles(words)) => {
                self.stream.get_ref().tcp().set_nodelay(true)?;
                for byte in &words {
                    self.say(&[*byte]).await?;
                    tokio::task::yield_now().await;
                }
                Ok(Some(code(&words)))
            }
            Some(Does::Repeats(words)) => loop {
                self.say(&words).await?;
            },
            Some(Does::Closes) => Err(ErrorKind::ConnectionAborted.into()),
            Some(Does::Resets) => {
                self.stream.get_ref().tcp().set_zero_linger()?;
                Err(ErrorKind::ConnectionReset.into())
            }
            Some(Does::SaysAndHangs(words)) => {
                self.say(&words).await?;
                self.shared.hangs.notify_one();
                // Until the other side has had enough.
                let mut rest = Vec::new();
                self.stream.read_to_end(&mut rest).await?;
                Err(Error::from(ErrorKind::TimedOut))
            }
        }
    }

    async fn say(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }
}

/// The code that a reply ends with.
fn code(words: &[u8]) -> u16 {
    let last = words.trim_ascii_end().rsplit(|&byte| byte == b'\n').next();
    let digits = last.and_then(|line| line.get(..3));
    let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn address(line: &str, verb: &str) -> Option<String> {
    let rest = line.strip_prefix(verb)?.trim();
    Some(rest.trim_matches(['<', '>']).to_owned())
}
