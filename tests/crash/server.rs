//! A mail server that takes everything and remembers who was sent what. It names the recipient in
//! its answers, as servers do, so that an address which slips into a log is seen there.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// What it does when a message comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Takes it and says so.
    Prompt,
    /// Takes it, and says so after a while.
    Late(Duration),
    /// Takes it, and says nothing until it is to behave otherwise.
    Silent,
    /// Takes it, and closes the connection without a word.
    ClosesAfterDot,
}

/// A message it said yes to, or was about to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub to: String,
    pub text: String,
}

impl Message {
    /// The value of a header.
    pub fn header(&self, name: &str) -> &str {
        let found = self.text.lines().take_while(|line| !line.is_empty());
        let found = { found }.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        found.unwrap_or_else(|| panic!("no {name} in\n{}", self.text))
    }

    /// Its Message-ID, without the angle brackets.
    pub fn id(&self) -> String {
        self.header("Message-ID").replace(['<', '>'], "")
    }

    pub fn is_invitation(&self) -> bool {
        self.header("List-Id").contains("<invitations.")
    }
}

#[derive(Debug)]
struct Shared {
    accepted: Mutex<Vec<Message>>,
    manner: Mutex<Manner>,
    open: AtomicUsize,
}

/// The server, in threads of this process.
#[derive(Debug, Clone)]
pub struct Server {
    pub port: u16,
    shared: Arc<Shared>,
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            accepted: Mutex::default(),
            manner: Mutex::new(Manner::Prompt),
            open: AtomicUsize::new(0),
        });
        let kept = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&kept);
                shared.open.fetch_add(1, Ordering::SeqCst);
                thread::spawn(move || {
                    // A client that dies ends its connection with an error, which is nobody else's concern.
                    let _ = shared.converse(stream);
                    shared.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { port, shared }
    }

    pub fn behave(&self, manner: Manner) {
        *self.shared.manner.lock().unwrap() = manner;
    }

    /// How many messages it has taken.
    pub fn count(&self) -> usize {
        self.shared.accepted.lock().unwrap().len()
    }

    /// Every message it has taken, in order.
    pub fn accepted(&self) -> Vec<Message> {
        self.shared.accepted.lock().unwrap().clone()
    }

    /// Forgets what it has taken: another story begins.
    pub fn forget(&self) {
        self.settle();
        self.shared.accepted.lock().unwrap().clear();
        self.behave(Manner::Prompt);
    }

    /// Waits until it has read all that a dead client sent.
    pub fn settle(&self) {
        let started = Instant::now();
        while self.shared.open.load(Ordering::SeqCst) > 0 {
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "a connection stays open"
            );
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Shared {
    fn keep_silent(&self) {
        while *self.manner.lock().unwrap() == Manner::Silent {
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn converse(&self, stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut out = stream.try_clone()?;
        let mut lines = BufReader::new(stream).lines();
        out.write_all(b"220 hej\r\n")?;
        let mut to = String::new();
        while let Some(line) = lines.next() {
            let line = line?;
            let answer = match line.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => "250-hej\r\n250 AUTH PLAIN".to_owned(),
                "RCPT" => {
                    to = line.replace("RCPT TO:<", "").replace('>', "");
                    format!("250 2.1.5 <{to}> is known here")
                }
                "DATA" => {
                    out.write_all(b"354 go on\r\n")?;
                    let manner = *self.manner.lock().unwrap();
                    let Some(text) = content(&mut lines)? else {
                        return Ok(());
                    };
                    let to = to.clone();
                    // It is accepted from here on, whether or not the answer arrives.
                    self.accepted.lock().unwrap().push(Message {
                        to: to.clone(),
                        text,
                    });
                    match manner {
                        Manner::Late(wait) => thread::sleep(wait),
                        Manner::Silent => self.keep_silent(),
                        Manner::ClosesAfterDot => return Ok(()),
                        Manner::Prompt => {}
                    }
                    format!("250 2.0.0 queued for <{to}>")
                }
                "AUTH" => "235 ok".to_owned(),
                "QUIT" => return out.write_all(b"221 hej\r\n"),
                _ => "250 ok".to_owned(),
            };
            out.write_all(format!("{answer}\r\n").as_bytes())?;
        }
        Ok(())
    }
}

/// A message up to its dot; none where that does not come.
fn content(
    lines: &mut impl Iterator<Item = std::io::Result<String>>,
) -> std::io::Result<Option<String>> {
    let mut text = String::new();
    for line in lines {
        let line = line?;
        if line == "." {
            return Ok(Some(text));
        }
        text.push_str(&line);
        text.push('\n');
    }
    Ok(None)
}
