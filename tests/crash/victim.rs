//! The real program as a child process, and what befalls it. strace puts a signal or an error in
//! place of its n-th system call of a kind: every effect is such a call, so that n from 1 on comes
//! between every two effects, and nothing in the program needs to know of it.
//!
//! strace counts each kind of call apart, thread by thread, and what reaches its n-th first is
//! struck. The calls on a database are its thread's, and with one worker those on the network are
//! that worker's, so that kind by kind no point is left out.

use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::town::{FREE_TEXT, PASSWORD, is_whole_address};

/// System calls of one kind, on some files.
#[derive(Debug, Clone, Copy)]
pub struct Calls {
    /// As strace takes them: one that machines call by different names, with a question mark before
    /// those that not every machine has.
    pub calls: &'static str,
    /// Only those on these files of the town's directory; none are all.
    pub on: &'static [&'static str],
}

/// What changes a file, kind by kind.
const WRITES: [&str; 6] = [
    "pwrite64",
    "write",
    "fsync,fdatasync",
    "ftruncate",
    "?unlink,unlinkat",
    "?rename,renameat,renameat2,?link,linkat",
];

/// Each kind of change, on some files.
pub const fn writes(on: &'static [&'static str]) -> [Calls; WRITES.len()] {
    let mut all = [Calls { calls: "", on }; WRITES.len()];
    let mut place = 0;
    while place < WRITES.len() {
        all[place].calls = WRITES[place];
        place += 1;
    }
    all
}

/// What the ledger is written in, and what is kept beside it.
pub const LEDGER: &[&str] = &["ledger.db", "ledger.db-wal", "ledger.db.sent"];
pub const NEW_LEDGER: &[&str] = &[
    "ledger.db.new",
    "ledger.db.new-journal",
    "ledger.db",
    "ledger.db-wal",
];
pub const CALENDAR: &[&str] = &["calendar.db", "calendar.db-wal", "calendar.db-shm"];
/// Whatever is written, also what is told.
pub const ANYTHING: &[&str] = &[];

/// What is said to the mail server, and what is heard of it.
pub const NETWORK: [Calls; 3] = [
    Calls {
        calls: "connect",
        on: ANYTHING,
    },
    Calls {
        calls: "sendto,sendmsg",
        on: ANYTHING,
    },
    Calls {
        calls: "recvfrom",
        on: ANYTHING,
    },
];

/// What befalls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blow {
    /// SIGKILL in place of the n-th call.
    Kill(usize),
    /// The n-th call fails with this error.
    Fails(&'static str, usize),
    /// Every call from the n-th on fails with this error.
    FailsOn(&'static str, usize),
    /// None, but the calls are written down.
    Nothing,
}

/// How it ended.
#[derive(Debug)]
pub struct End {
    pub killed: bool,
    /// Whether an error was put in.
    pub failed: bool,
    pub code: Option<i32>,
    /// Its standard error: the log, and what it told.
    pub errors: String,
    /// Its standard output.
    pub told: String,
    /// The calls that were counted.
    pub trace: String,
}

impl End {
    /// The last call before the end.
    pub fn last(&self) -> Option<&str> {
        let mut calls = self.trace.lines().filter(|line| !line.contains("+++"));
        calls.next_back()
    }

    pub fn succeeded(&self) -> bool {
        self.code == Some(0)
    }

    /// What must not be in any log, or on any screen beside it.
    pub fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let told = &format!("{}{}", self.errors, self.told);
        if told.contains("panicked at") {
            wrong.push(format!("it panicked: {told}"));
        }
        let login = base64(&format!("\0avstamd\0{PASSWORD}"));
        let secrets = [PASSWORD, login.as_str(), "Kalle"]
            .into_iter()
            .chain(FREE_TEXT);
        for secret in secrets.filter(|secret| told.contains(secret)) {
            wrong.push(format!("\"{secret}\" is in the log: {told}"));
        }
        if let Some(word) = told.split_whitespace().find(|word| is_whole_address(word)) {
            wrong.push(format!("a whole address is in the log: {word}"));
        }
        wrong
    }
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// A run of the program.
#[derive(Debug)]
pub struct Victim<'a> {
    pub directory: &'a Path,
    pub arguments: &'a [&'a str],
    /// More threads than one come to the network in no order that repeats itself.
    pub workers: usize,
}

impl<'a> Victim<'a> {
    pub const fn new(directory: &'a Path, arguments: &'a [&'a str]) -> Self {
        Self {
            directory,
            arguments,
            workers: 1,
        }
    }

    /// Begins it, to be struck by `blow`.
    pub fn begin(&self, blow: Option<(Calls, Blow)>) -> Running {
        let errors = self.directory.join("errors");
        let trace = self.directory.join("trace");
        let _ = std::fs::remove_file(&trace);
        let mut command = match blow {
            None => Command::new(program()),
            Some((calls, blow)) => {
                let mut strace = Command::new("strace");
                strace.args(["-f", "-qq", "-y", "-s", "40", "-o"]);
                strace.arg(&trace);
                for name in calls.on {
                    strace.arg("-P").arg(self.directory.join(name));
                }
                let does = match blow {
                    Blow::Kill(n) => Some(format!("signal=SIGKILL:when={n}")),
                    Blow::Fails(error, n) => Some(format!("error={error}:when={n}")),
                    Blow::FailsOn(error, n) => Some(format!("error={error}:when={n}+")),
                    Blow::Nothing => None,
                };
                strace.arg("-e").arg(format!("trace={}", calls.calls));
                if let Some(does) = does {
                    strace
                        .arg("-e")
                        .arg(format!("inject={}:{does}", calls.calls));
                }
                strace.arg(program());
                strace
            }
        };
        command
            .arg("--config")
            .arg(self.directory.join("avstamd.toml"))
            .args(self.arguments)
            .current_dir(self.directory)
            .env("AVSTAMD_LOG", "trace")
            .env("TOKIO_WORKER_THREADS", self.workers.to_string())
            .stdin(Stdio::null())
            .stdout(File::create(self.directory.join("told")).unwrap())
            .stderr(File::create(&errors).unwrap());
        // Of its own process group, so that it can be killed with strace or without.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        Running {
            child: command
                .spawn()
                .unwrap_or_else(|error| panic!("{command:?}: {error}")),
            directory: self.directory.to_owned(),
            struck: blow.is_some(),
        }
    }

    /// Runs it to its end, or kills it after `limit`.
    pub fn run(&self, blow: Option<(Calls, Blow)>, limit: Duration) -> End {
        self.begin(blow).end_within(limit)
    }
}

/// The program: the tests' own, or the one named by who runs them. A release is struck sooner.
pub fn program() -> OsString {
    let named = std::env::var_os("AVSTAMD_PROGRAM");
    named.unwrap_or_else(|| env!("CARGO_BIN_EXE_avstamd").into())
}

/// A run that has begun.
#[derive(Debug)]
pub struct Running {
    child: Child,
    directory: std::path::PathBuf,
    struck: bool,
}

impl Running {
    pub fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Its log so far.
    pub fn errors(&self) -> String {
        text(&self.directory.join("errors"))
    }

    pub fn signal(&self, signal: Signal) {
        // It may have ended meanwhile.
        let _ = kill_process_group(Pid::from_child(&self.child), signal);
    }

    /// Waits until it has ended, and kills it where that takes longer than `limit`.
    pub fn end_within(mut self, limit: Duration) -> End {
        let started = Instant::now();
        while !self.is_over() {
            if started.elapsed() > limit {
                self.signal(Signal::KILL);
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
        let status = self.child.wait().unwrap();
        let killed = std::os::unix::process::ExitStatusExt::signal(&status) == Some(9);
        let trace = match self.struck {
            true => text(&self.directory.join("trace")),
            false => String::new(),
        };
        End {
            killed,
            failed: trace.contains("(INJECTED)"),
            code: status.code(),
            errors: self.errors(),
            told: text(&self.directory.join("told")),
            trace,
        }
    }
}

fn text(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
