//! Lines on the wire: what we write is checked, what we read is bounded.
//!
//! A reply may hold any bytes and be of any length; it costs at most [`LONGEST_REPLY`] and never
//! more than its deadline. Nothing is read ahead of a reply unseen: what lies in the buffer when
//! TLS begins is an injection (CVE-2011-0411) and ends the connection.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// The longest reply read, all its lines together, in bytes.
const LONGEST_REPLY: usize = 64 * 1024;

/// The longest line of a message, without its end (RFC 5321 4.5.3.1.6).
const LONGEST_LINE: usize = 998;

/// A stream of lines both ways.
#[derive(Debug)]
pub struct Wire<S> {
    stream: S,
    buffer: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// Lines over `stream`.
    pub const fn new(stream: S) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// The stream itself, if nothing was read ahead.
    pub fn into_inner(self) -> io::Result<S> {
        if self.buffer.is_empty() {
            Ok(self.stream)
        } else {
            Err(io::Error::other(
                "the server sent more than its answer before TLS; this may be an attack",
            ))
        }
    }

    /// Whether nothing was read beyond the last answer.
    pub fn is_in_step(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Writes one command line.
    pub async fn command(&mut self, line: &str, deadline: Duration) -> io::Result<()> {
        if line.contains(['\r', '\n', '\0']) || !line.is_ascii() {
            return Err(io::Error::other("a command would have held a line break"));
        }
        self.write(format!("{line}\r\n").as_bytes(), deadline).await
    }

    /// Writes bytes.
    pub async fn write(&mut self, bytes: &[u8], deadline: Duration) -> io::Result<()> {
        let all = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        timeout(deadline, all)
            .await
            .unwrap_or_else(|_| Err(late(deadline)))
    }

    /// Reads one reply: its code and its lines.
    pub async fn reply(&mut self, deadline: Duration) -> io::Result<(u16, Vec<String>)> {
        timeout(deadline, self.read_reply())
            .await
            .unwrap_or_else(|_| Err(late(deadline)))
    }

    async fn read_reply(&mut self) -> io::Result<(u16, Vec<String>)> {
        let mut lines = Vec::new();
        let mut length = 0;
        loop {
            let line = self.read_line(LONGEST_REPLY - length).await?;
            length += line.len();
            let (code, last, text) = parse(&line)?;
            lines.push(text);
            if last {
                return Ok((code, lines));
            }
        }
    }

    async fn read_line(&mut self, most: usize) -> io::Result<Vec<u8>> {
        let mut searched = 0;
        loop {
            if let Some(end) = self.buffer[searched..]
                .iter()
                .position(|&byte| byte == b'\n')
            {
                let length = searched + end + 1;
                if length > most {
                    return Err(endless());
                }
                let rest = self.buffer.split_off(length);
                return Ok(std::mem::replace(&mut self.buffer, rest));
            }
            searched = self.buffer.len();
            if searched >= most {
                return Err(endless());
            }
            let mut chunk = [0; 4096];
            let read = self.stream.read(&mut chunk).await?;
            if read == 0 {
                let closed = "the server closed the connection";
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, closed));
            }
            self.buffer.extend_from_slice(&chunk[..read]);
        }
    }
}

fn endless() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the server's answer has no end")
}

fn late(deadline: Duration) -> io::Error {
    let seconds = deadline.as_secs_f32();
    io::Error::new(
        io::ErrorKind::TimedOut,
        format!("no answer within {seconds} s"),
    )
}

/// A line of a reply: its code, whether it is the last, and its text (RFC 5321 4.2.1).
fn parse(line: &[u8]) -> io::Result<(u16, bool, String)> {
    let wrong = || {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "the server's answer is not SMTP",
        )
    };
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let digits = line
        .get(..3)
        .filter(|digits| digits.iter().all(u8::is_ascii_digit))
        .ok_or_else(wrong)?;
    let code = digits
        .iter()
        .fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    let last = match line.get(3) {
        None | Some(b' ') => true,
        Some(b'-') => false,
        Some(_) => return Err(wrong()),
    };
    // What is not ASCII (a Latin-1 "250 mottaget för leverans") must not undo a yes.
    let text = line.get(4..).unwrap_or_default();
    Ok((
        code,
        last,
        text.iter()
            .map(|&byte| if byte.is_ascii() { byte as char } else { '?' })
            .collect(),
    ))
}

/// What makes content unfit for the wire, if anything: it could smuggle commands or be broken up
/// on its way (RFC 5321 2.3.8, 4.5.3.1.6).
pub fn content_fault(bytes: &[u8]) -> Option<&'static str> {
    let mut line = 0;
    let mut before = 0;
    for &byte in bytes {
        match (before, byte) {
            (b'\r', b'\n') => line = 0,
            (b'\r', _) | (_, b'\n') => return Some("the message holds a bare line end"),
            (_, b'\r') => {}
            (_, 0 | 128..) => return Some("the message holds bytes that are not ASCII"),
            _ => line += 1,
        }
        if line > LONGEST_LINE {
            return Some("the message holds a line of more than 998 characters");
        }
        before = byte;
    }
    (before == b'\r').then_some("the message holds a bare line end")
}

/// The content with every line that begins with a point given another, and a line end at the end
/// (RFC 5321 4.5.2). The final dot is not part of it.
pub fn stuffed(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 64);
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_read_whatever_bytes_they_hold() {
        assert_eq!(parse(b"250 ok\r\n").unwrap(), (250, true, "ok".into()));
        assert_eq!(parse(b"250-more\n").unwrap(), (250, false, "more".into()));
        assert_eq!(parse(b"250").unwrap(), (250, true, String::new()));
        assert_eq!(parse(b"250 mottaget f\xf6r\r\n").unwrap().2, "mottaget f?r");
        for wrong in [
            &b""[..],
            b"25",
            b"abc ok",
            b"250_ok",
            b"\xff\xff\xff",
            b"     ",
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }

    /// However the lines fall into the chunks that are read.
    #[tokio::test]
    async fn a_reply_without_end_ends_at_its_limit() {
        for first in [7, 100, 4096] {
            let (ours, mut theirs) = tokio::io::duplex(8192);
            tokio::spawn(async move {
                let lines = b"250-a\r\n".repeat(2000);
                let mut from = &lines[..first / 7 * 7];
                while theirs.write_all(from).await.is_ok() {
                    from = &lines;
                }
            });
            let mut wire = Wire::new(ours);
            let reply = wire.reply(Duration::from_secs(20)).await;
            assert_eq!(reply.unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
    }

    #[test]
    fn points_are_stuffed_and_the_content_ends_its_line() {
        assert_eq!(stuffed(b".a\r\n..b\r\nc"), b"..a\r\n...b\r\nc\r\n");
        assert_eq!(stuffed(b"a\r\n"), b"a\r\n");
    }

    #[test]
    fn content_that_could_mean_something_else_is_refused() {
        assert_eq!(content_fault(b"a\r\n.\r\nb\r\n"), None);
        for wrong in [
            &b"a\nb"[..],
            b"a\rb",
            b"a\r",
            b"\n",
            b"a\r\r\n",
            b"\xc3\xa5",
            b"a\0b",
        ] {
            assert!(content_fault(wrong).is_some(), "{wrong:?}");
        }
        assert!(content_fault(&[b'a'; 998]).is_none());
        assert!(content_fault(&[b'a'; 999]).is_some());
    }
}
