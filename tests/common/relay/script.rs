//! What a relay does otherwise than a well one, as data: rules by step, connection and recipient.

use std::ops::Range;

/// Where in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    Greeting,
    Ehlo,
    StartTls,
    /// The TLS handshake.
    Tls,
    Auth,
    MailFrom,
    RcptTo,
    Data,
    FinalDot,
    Rset,
    Quit,
}

/// What it does there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Does {
    /// Says these bytes, and goes on as they bid.
    Says(Vec<u8>),
    /// Says these bytes and closes the connection.
    SaysAndCloses(Vec<u8>),
    /// Says these bytes one by one, each in a segment of its own.
    Dribbles(Vec<u8>),
    /// Says these bytes again and again, for as long as somebody reads.
    Repeats(Vec<u8>),
    /// Closes the connection.
    Closes,
    /// Breaks it off, so that the other side sees a reset.
    Resets,
    /// Says these bytes and then nothing more, and keeps the connection.
    SaysAndHangs(Vec<u8>),
}

/// Says nothing, and keeps the connection.
pub const HANGS: Does = Does::SaysAndHangs(Vec::new());

/// One line, as a server says it.
pub fn says(line: &str) -> Does {
    Does::Says(format!("{line}\r\n").into_bytes())
}

/// When it does it. The first rule that holds is followed.
#[derive(Debug, Clone)]
pub struct Rule {
    pub step: Step,
    pub does: Does,
    connections: Range<usize>,
    to: fn(&str) -> bool,
    /// Which of the times that it would hold it holds.
    times: Range<usize>,
    met: usize,
}

impl Rule {
    /// At a step: always, until more is said.
    pub fn at(step: Step, does: Does) -> Self {
        Self {
            step,
            does,
            connections: 0..usize::MAX,
            to: |_| true,
            times: 0..usize::MAX,
            met: 0,
        }
    }

    /// Only for some recipients. Before RCPT there is none: the relay cannot know.
    pub fn to(self, to: fn(&str) -> bool) -> Self {
        Self { to, ..self }
    }

    /// Only so often.
    pub fn first(self, most: usize) -> Self {
        Self {
            times: 0..most,
            ..self
        }
    }

    /// Only after so many times without it.
    pub fn after(self, free: usize) -> Self {
        Self {
            times: free..usize::MAX,
            ..self
        }
    }

    /// Only on some connections, counted from 0.
    pub fn on(self, connections: Range<usize>) -> Self {
        Self {
            connections,
            ..self
        }
    }

    fn holds(&mut self, step: Step, connection: usize, to: &str) -> bool {
        if self.step != step || !self.connections.contains(&connection) || !(self.to)(to) {
            return false;
        }
        self.met += 1;
        self.times.contains(&(self.met - 1))
    }
}

/// A well relay but for its rules.
#[derive(Debug, Clone)]
pub struct Script {
    pub rules: Vec<Rule>,
    /// What it offers in clear text, and inside TLS where it speaks it.
    pub offers: Vec<&'static str>,
    pub offers_secured: Vec<&'static str>,
    /// The connections it takes at once; another is told 421.
    pub most: usize,
}

impl Script {
    /// One that does what `rules` say.
    pub fn new(rules: impl Into<Vec<Rule>>) -> Self {
        Self {
            rules: rules.into(),
            offers: vec!["SIZE 500000", "AUTH LOGIN PLAIN"],
            offers_secured: vec!["SIZE 500000", "AUTH LOGIN PLAIN"],
            most: usize::MAX,
        }
    }

    /// One that always does this at a step.
    pub fn always(step: Step, does: Does) -> Self {
        Self::new([Rule::at(step, does)])
    }

    /// The same, offering these in clear text.
    pub fn offering(self, offers: &[&'static str]) -> Self {
        let offers = offers.to_vec();
        Self { offers, ..self }
    }

    /// What it does otherwise here, if anything.
    pub fn does(&mut self, step: Step, connection: usize, to: &str) -> Option<Does> {
        let mut rules = self.rules.iter_mut();
        let rule = rules.find_map(|rule| rule.holds(step, connection, to).then_some(&rule.does));
        rule.cloned()
    }
}

impl Default for Script {
    fn default() -> Self {
        Self::new([])
    }
}
