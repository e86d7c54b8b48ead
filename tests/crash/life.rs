//! A town's morning with blows in it, and what must hold whatever they were: what the server took
//! the ledger knows of, everything is delivered in the end and says what an undisturbed morning
//! says, and nothing comes twice but what had been taken and not yet written down; that with the
//! same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::record::{self, Record};
use super::server::{Manner, Message, Server};
use super::town::{DAY, LATER, SOON, Template};
use super::victim::{Blow, Calls, End, Victim};

/// Longer than anything takes that ends by itself.
pub const LONG: Duration = Duration::from_secs(60);
pub const ONCE: [&str; 4] = ["run", "--once", "--at", DAY];

/// Kills by what the program was about.
pub type Phases = BTreeMap<&'static str, usize>;

/// What an undisturbed morning says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// To whom and in which words, but for the random part of the Message-ID.
    mails: Vec<String>,
    notices: BTreeSet<String>,
}

impl Said {
    /// What one of them says and the other does not.
    fn differs_from(&self, other: &Self) -> String {
        let only = |of: &Self, not: &Self| {
            let mails = of.mails.iter().filter(|mail| !not.mails.contains(mail));
            let heads = mails.map(|mail| mail.lines().take(6).collect::<Vec<_>>().join("\n    "));
            let notices = of.notices.difference(&not.notices);
            heads
                .chain(notices.cloned())
                .collect::<Vec<_>>()
                .join("\n    ")
        };
        format!(
            "an undisturbed morning says what this did not:\n    {}\n  and this said:\n    {}",
            only(self, other),
            only(other, self)
        )
    }
}

/// A copy of the town with a past of its own.
#[derive(Debug)]
pub struct Life<'a> {
    directory: TempDir,
    server: &'a Server,
    /// How many copies of a message the server has been seen to take.
    copies: BTreeMap<String, usize>,
    /// How many of them were a doubt's: taken, and not written down when the program died.
    doubts: BTreeMap<String, usize>,
    pub kills: Phases,
    /// Errors that were put in.
    pub faults: usize,
    /// What it is about; where nothing is said, the ledger tells whether it plans or sends.
    pub doing: Option<&'static str>,
    /// Whether its ledger is an older one that the next start has to heal.
    pub is_older: bool,
    /// Whether mails that were sent may be gone from its ledger.
    pub is_purged: bool,
    /// When it is let run undisturbed: then, and later, until nothing is open.
    pub times: Vec<&'static str>,
    /// Whether more is told than otherwise: that a mail was uncertain so often that a person has to
    /// decide, that the ledger had to learn.
    pub more: bool,
    pub wrong: Vec<String>,
    /// Calls in place of which something happened.
    struck: Vec<String>,
}

impl<'a> Life<'a> {
    pub fn new(template: &Template, server: &'a Server) -> Self {
        server.forget();
        let directory = tempfile::tempdir().unwrap();
        template.copy_to(directory.path(), server.port);
        Self {
            directory,
            server,
            copies: BTreeMap::new(),
            doubts: BTreeMap::new(),
            kills: Phases::new(),
            faults: 0,
            doing: None,
            is_older: false,
            is_purged: false,
            times: [SOON].into_iter().chain(LATER).collect(),
            more: false,
            wrong: Vec::new(),
            struck: Vec::new(),
        }
    }

    /// What an undisturbed morning of the town says.
    pub fn undisturbed(template: &Template, server: &'a Server) -> Said {
        let mut life = Self::new(template, server);
        let said = life.say();
        assert_eq!(life.wrong, [""; 0]);
        said
    }

    /// Lets the morning go on undisturbed, and tells what was said in all of it.
    pub fn say(&mut self) -> Said {
        let end = self.run(&ONCE, None);
        assert!(end.succeeded(), "{}", end.errors);
        self.said(&record::read(self.path()).unwrap())
    }

    /// The whole name of a file beside the databases.
    pub fn file(&self, name: &str) -> String {
        self.path().join(name).display().to_string()
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The program once, with what befalls it, and a look at what it left.
    pub fn run(&mut self, arguments: &[&str], blow: Option<(Calls, Blow)>) -> End {
        let directory = self.directory.path().to_owned();
        let end = Victim::new(&directory, arguments).run(blow, LONG);
        self.look(end)
    }

    /// A look at what a run left behind.
    pub fn look(&mut self, end: End) -> End {
        self.server.settle();
        self.faults += usize::from(end.failed);
        self.struck.extend(end.last().map(str::to_owned));
        let mut wrong = end.wrong();
        if !end.killed && !end.succeeded() && !end.errors.contains("avstamd: ") {
            wrong.push(format!(
                "it failed ({:?}) without a word: {}",
                end.code, end.errors
            ));
        }
        wrong.extend(record::unsound(self.path()));
        match record::read(self.path()) {
            Ok(record) => {
                if end.killed {
                    let phase = self.doing.unwrap_or_else(|| record.phase());
                    *self.kills.entry(phase).or_default() += 1;
                }
                if !self.is_older && !self.is_purged {
                    self.compare(&record);
                }
            }
            Err(error) => wrong.push(error),
        }
        self.wrong.extend(wrong);
        end
    }

    /// What the ledger says beside what the server has taken.
    fn compare(&mut self, record: &Record) {
        let mut taken: BTreeMap<String, usize> = BTreeMap::new();
        for message in self.server.accepted() {
            *taken.entry(message.id()).or_default() += 1;
        }
        let left = record::left(self.path()).unwrap_or_else(|error| {
            self.wrong.push(error);
            BTreeSet::new()
        });
        for (id, copies) in &taken {
            if !left.contains(id) {
                self.wrong.push(format!(
                    "{id} was taken, and the record of what has left does not have it"
                ));
            }
            let Some(mail) = record.of(id) else {
                self.wrong.push(format!(
                    "{id} was taken, and the ledger knows nothing of it"
                ));
                continue;
            };
            let is_sent = mail.state == "sent";
            if !is_sent && !mail.marked {
                self.wrong.push(format!(
                    "{id} was taken, and the ledger says it cannot have been: {mail:?}"
                ));
            }
            if *copies > self.copies.get(id).copied().unwrap_or(0) && !is_sent {
                *self.doubts.entry(id.clone()).or_default() += 1;
            }
        }
        for mail in record.in_state("sent") {
            if !taken.contains_key(&mail.message_id) {
                self.wrong.push(format!(
                    "the ledger says that {mail:?} was sent, and nobody took it"
                ));
            }
        }
        self.copies = taken;
    }

    fn said(&self, record: &Record) -> Said {
        let mut texts: BTreeMap<String, String> = BTreeMap::new();
        for message in self.server.accepted() {
            texts.insert(message.id(), in_words(&message));
        }
        let mut mails: Vec<String> = texts.into_values().collect();
        mails.sort();
        Said {
            mails,
            notices: record.notices.clone(),
        }
    }

    /// Lets the program run undisturbed until nothing is open, and once more.
    fn carry_on(&mut self) {
        self.server.behave(Manner::Prompt);
        for (place, at) in self.times.clone().into_iter().enumerate() {
            let end = self.run(&["run", "--once", "--at", at], None);
            if !end.succeeded() {
                self.wrong
                    .push(format!("undisturbed, it failed: {}", end.errors));
            }
            let record = record::read(self.path()).unwrap_or_default();
            // At least twice: nothing may come then that has come before.
            if place > 0 && !record.is_open() {
                break;
            }
            for mail in record.in_state("held") {
                self.more = true;
                if mail.uncertain < 3 {
                    self.wrong.push(format!(
                        "it is held, and was not uncertain three times: {mail:?}"
                    ));
                }
                let id = mail.id.to_string();
                self.run(&["outbox", "retry", &id, "--at", at], None);
                *self.doubts.entry(mail.message_id.clone()).or_default() += 1;
            }
        }
    }

    /// What must be so in the end. Returns how many messages came, and how many of them again.
    pub fn end(&mut self, expected: &Said) -> (usize, usize) {
        self.carry_on();
        let record = record::read(self.path()).unwrap_or_default();
        let said = self.said(&record);
        if record.is_open() || (record.unsent > 0 && !self.is_purged) {
            self.wrong
                .push(format!("not everything was delivered: {:?}", record.mails));
        }
        let is_all = match self.more {
            false => said == *expected,
            true => said.notices.is_superset(&expected.notices),
        };
        if !is_all {
            self.wrong.push(expected.differs_from(&said));
        }
        let sent = record.in_state("sent").into_iter();
        let sent: BTreeSet<String> = sent.map(|mail| mail.message_id.clone()).collect();
        let left = record::left(self.path());
        if left.as_ref() != Ok(&sent) {
            self.wrong.push(format!(
                "the ledger sent {sent:?}, and its record says {left:?}"
            ));
        }
        let accepted = self.server.accepted();
        let mut by_id: BTreeMap<String, Vec<&Message>> = BTreeMap::new();
        for message in &accepted {
            by_id.entry(message.id()).or_default().push(message);
        }
        for (id, copies) in &by_id {
            let allowed = 1 + self.doubts.get(id).copied().unwrap_or(0);
            if copies.len() > allowed {
                self.wrong.push(format!(
                    "{id} came {} times, and may have come {allowed}",
                    copies.len()
                ));
            }
            if copies.iter().any(|copy| *copy != copies[0]) {
                self.wrong.push(format!("{id} came again with other bytes"));
            }
        }
        self.wrong
            .extend(more_than_one_a_day(&by_id).filter(|_| !self.more));
        (accepted.len(), accepted.len() - by_id.len())
    }

    /// What went wrong, with what it takes to see it again.
    pub fn told(&self, what: &str) -> Option<String> {
        let wrong = (!self.wrong.is_empty()).then(|| self.wrong.join("\n  "));
        wrong.map(|wrong| {
            format!(
                "{what}, struck at\n  {}\n  {wrong}",
                self.struck.join("\n  ")
            )
        })
    }
}

/// What a message says in words: without what is drawn at random, the minute it was written, and
/// the calendar's own language behind the words, which holds both.
fn in_words(message: &Message) -> String {
    let id = message.id();
    let drawn = id.split('@').next().unwrap_or_default();
    let lines = message.text.lines();
    let words = lines.take_while(|line| !line.starts_with("Content-Type: text/calendar"));
    let words = words.filter(|line| !line.starts_with("Date: "));
    let words: Vec<String> = words.map(|line| line.replace(drawn, "ID")).collect();
    format!("{}\n{}", message.to, words.join("\n"))
}

/// A person who got more than one mail of the day.
fn more_than_one_a_day(by_id: &BTreeMap<String, Vec<&Message>>) -> impl Iterator<Item = String> {
    let mut mails: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for copies in by_id.values().filter(|copies| !copies[0].is_invitation()) {
        let day = day_of(copies[0]);
        *mails.entry((copies[0].to.as_str(), day)).or_default() += 1;
    }
    let more = mails.into_iter().filter(|(_, mails)| *mails > 1);
    let told = more.map(|((to, day), mails)| format!("{to} got {mails} mails on {day}"));
    told.collect::<Vec<_>>().into_iter()
}

/// The day a message was written: `Tue, 1 Dec 2026`.
fn day_of(message: &Message) -> String {
    let mut lines = message.text.lines();
    let date = lines.find_map(|line| line.strip_prefix("Date: "));
    let words = date.unwrap_or_default().split_whitespace().take(4);
    words.collect::<Vec<_>>().join(" ")
}
