//! A mail server that treats each recipient as it is told.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// Takes the mail.
    Takes,
    /// Says this to RCPT.
    Says(&'static str),
    /// Closes the connection at RCPT.
    Closes,
}

/// What it has seen.
#[derive(Debug, Default)]
pub struct Seen {
    pub connections: usize,
    pub logins: usize,
    pub recipients: Vec<String>,
    pub messages: Vec<String>,
    open: usize,
}

pub type Shared = Arc<Mutex<Seen>>;

#[derive(Clone)]
pub struct Server {
    /// The connections it takes at once; another is told 421.
    pub most: usize,
    /// Whether it takes the password.
    pub takes_login: bool,
    pub does: fn(&str) -> Does,
}

impl Server {
    pub fn new(does: fn(&str) -> Does) -> Self {
        Self {
            most: usize::MAX,
            takes_login: true,
            does,
        }
    }

    /// Starts it on a port of its own.
    pub async fn start(self) -> (u16, Shared) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Shared::default();
        let kept = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (server, seen) = (self.clone(), Arc::clone(&kept));
                tokio::spawn(async move {
                    seen.lock().unwrap().connections += 1;
                    seen.lock().unwrap().open += 1;
                    // A connection that breaks is the story's affair.
                    let _ = server.converse(stream, &seen).await;
                    seen.lock().unwrap().open -= 1;
                });
            }
        });
        (port, seen)
    }

    async fn converse(&self, stream: TcpStream, seen: &Shared) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        if seen.lock().unwrap().open > self.most {
            return stream
                .write_all(b"421 4.7.0 too many connections\r\n")
                .await;
        }
        stream.write_all(b"220 hej\r\n").await?;
        let mut line = String::new();
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let answer: String = match line.split([' ', ':', '\r']).next().unwrap_or_default() {
                "EHLO" => "250-hej\r\n250 AUTH PLAIN\r\n".into(),
                "AUTH" => {
                    seen.lock().unwrap().logins += 1;
                    let answer = if self.takes_login {
                        "235 ok"
                    } else {
                        "535 5.7.8 no"
                    };
                    format!("{answer}\r\n")
                }
                "RCPT" => {
                    let recipient = line.trim().replace("RCPT TO:<", "").replace('>', "");
                    seen.lock().unwrap().recipients.push(recipient.clone());
                    match (self.does)(&recipient) {
                        Does::Takes => "250 ok\r\n".into(),
                        Does::Says(words) => format!("{words}\r\n"),
                        Does::Closes => return Ok(()),
                    }
                }
                "DATA" => {
                    stream.write_all(b"354 go on\r\n").await?;
                    let mut message = String::new();
                    while !message.ends_with("\r\n.\r\n") {
                        if stream.read_line(&mut message).await? == 0 {
                            return Ok(());
                        }
                    }
                    seen.lock().unwrap().messages.push(message);
                    "250 queued\r\n".into()
                }
                "QUIT" => return stream.write_all(b"221 hej\r\n").await,
                _ => "250 ok\r\n".into(),
            };
            stream.write_all(answer.as_bytes()).await?;
        }
    }
}
