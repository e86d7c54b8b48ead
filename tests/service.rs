//! The daemon as a process: what it tells systemd, and what it does on signals.

use std::io::{ErrorKind, Read};
use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use avstamd::store::Ledger;
use rustix::process::{Pid, Signal, kill_process};

const CONFIG: &str = concat!(
    include_str!("common/base.toml"),
    include_str!("common/files.toml")
);

struct Daemon {
    process: Child,
    socket: UnixDatagram,
    directory: tempfile::TempDir,
}

impl Daemon {
    fn start() -> Self {
        Self::with(CONFIG, |_| {})
    }

    /// One with a configuration of its own, in a directory that is made ready.
    fn with(config: &str, make_ready: impl FnOnce(&Path)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("avstamd.toml"), config).unwrap();
        std::fs::write(directory.path().join("areas.csv"), "id;name\nn;Norr\n").unwrap();
        let mut import = command(directory.path());
        assert!(
            import
                .arg("import")
                .arg(directory.path())
                .status()
                .unwrap()
                .success()
        );
        make_ready(directory.path());
        let socket = UnixDatagram::bind(directory.path().join("notify")).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let process = command(directory.path())
            .arg("run")
            .env("NOTIFY_SOCKET", directory.path().join("notify"))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            process,
            socket,
            directory,
        }
    }

    /// Waits for a message to systemd that holds `word`.
    fn hear(&self, word: &str) -> String {
        let mut buffer = [0; 4096];
        loop {
            let length = match self.socket.recv(&mut buffer) {
                Ok(length) => length,
                // A stop of the whole machine ends a wait that has a limit (signal(7)).
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => panic!("{word}: {error}"),
            };
            let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if message.contains(word) {
                return message;
            }
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    /// Stops it; how it ended, how long that took, and its log.
    fn stop(mut self) -> (ExitStatus, Duration, String) {
        let started = Instant::now();
        self.signal(Signal::TERM);
        self.hear("STOPPING=1");
        let status = self.process.wait().unwrap();
        let mut log = String::new();
        self.process
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();
        (status, started.elapsed(), log)
    }
}

/// A test that fails leaves no daemon behind.
impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_avstamd"));
    command
        .arg("--config")
        .arg(directory.join("avstamd.toml"))
        .stdout(Stdio::null());
    command
}

#[test]
fn it_tells_systemd_and_stops_cleanly() {
    let daemon = Daemon::start();
    daemon.hear("READY=1");
    assert!(daemon.hear("STATUS=").contains("0 waiting"));
    daemon.hear("WATCHDOG=1");
    let (status, took, log) = daemon.stop();
    assert!(status.success(), "{log}");
    assert!(took < Duration::from_secs(10), "{took:?}");
}

/// A mail that could not be put into words and is tried again tomorrow.
const UNWORDED: &str = "
    INSERT INTO mail (id, person, slot, message_id, state, next_attempt_utc, created_utc)
        VALUES (1, 'rut', '2026-11-19', 'm1', 'waiting', unixepoch() + 86400, unixepoch());
    INSERT INTO attempt (mail, at_utc, stage, reply, outcome)
        VALUES (1, unixepoch(), 'words', 'a fault', 'temporary');";

/// Whether a call comes to `outside` before `until`.
fn is_called(outside: &TcpListener, until: Instant) -> bool {
    outside.set_nonblocking(true).unwrap();
    loop {
        match outside.accept() {
            Ok(_) => return true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("{error}"),
        }
        if Instant::now() >= until {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn it_calls_outside_while_all_is_well_and_not_while_a_mail_waits_for_words() {
    for (sql, all_is_well) in [("", true), (UNWORDED, false)] {
        let outside = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/call", outside.local_addr().unwrap());
        let config = format!("{CONFIG}\n[watch]\nping-url = \"{url}\"\n");
        let daemon = Daemon::with(&config, |directory| {
            let ledger = directory.join("ledger.db");
            drop(Ledger::open_or_create(&ledger).unwrap());
            let ledger = rusqlite::Connection::open(ledger).unwrap();
            ledger.execute_batch(sql).unwrap();
        });
        daemon.hear("WATCHDOG=1");
        let patience = Duration::from_secs(if all_is_well { 20 } else { 1 });
        assert_eq!(is_called(&outside, Instant::now() + patience), all_is_well);
        assert!(daemon.stop().0.success());
    }
}

#[test]
fn fault_77_a_bad_new_configuration_keeps_the_old_one_and_says_so() {
    let daemon = Daemon::start();
    daemon.hear("READY=1");
    let file = daemon.directory.path().join("avstamd.toml");
    let bad = CONFIG.replace("reply-to", "replyto");
    let bad = bad.replace("<kvalitet@prov.example>", "<nils.canary@@prov.example>");
    assert!(bad.contains("nils.canary"));
    std::fs::write(&file, bad).unwrap();
    daemon.signal(Signal::HUP);
    let reloading = daemon.hear("RELOADING=1");
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    daemon.hear("READY=1");
    std::fs::write(&file, CONFIG.replace("Provkommunen", "Nykommunen")).unwrap();
    daemon.signal(Signal::HUP);
    daemon.hear("RELOADING=1");
    daemon.hear("READY=1");
    let (status, _, log) = daemon.stop();
    assert!(status.success());
    let faults: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("avstamd.toml:"))
        .collect();
    assert!(faults.len() > 1, "{log}");
    for fault in faults {
        assert!(
            fault.contains("the old configuration stays in force"),
            "{log}"
        );
    }
    assert!(log.contains("did you mean \"reply-to\"?"), "{log}");
    assert!(!log.contains("canary"), "{log}");
    assert!(log.contains("the configuration was read anew"), "{log}");
}

#[test]
fn fault_77_a_storm_of_reloads_leaves_it_at_work_with_no_more_files_open() {
    let daemon = Daemon::start();
    daemon.hear("READY=1");
    daemon.hear("WATCHDOG=1");
    let file = daemon.directory.path().join("avstamd.toml");
    let open = || {
        let files = format!("/proc/{}/fd", daemon.process.id());
        std::fs::read_dir(files).unwrap().count()
    };
    // Whole at once: half a file is another test's.
    let write = |text: &str| {
        let new = file.with_extension("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(&new, &file).unwrap();
    };
    let before = open();
    for round in 0..60 {
        let name = ["Provkommunen", "Nykommunen"][round % 2];
        let text = CONFIG.replace("Provkommunen", name);
        let text = match round % 3 {
            2 => text.replace("reply-to", "replyto"),
            _ => text,
        };
        write(&text);
        daemon.signal(Signal::HUP);
        // Signals that come together are one: each is heard out, so that they are many.
        daemon.hear("RELOADING=1");
        daemon.hear("READY=1");
    }
    write(CONFIG);
    for _ in 0..20 {
        daemon.signal(Signal::HUP);
    }
    daemon.hear("READY=1");
    daemon.hear("WATCHDOG=1");
    assert!(
        open() <= before + 2,
        "{before} files were open, now {}",
        open()
    );
    let (status, _, log) = daemon.stop();
    assert!(status.success(), "{log}");
    let anew = log.matches("the configuration was read anew").count();
    assert!(anew >= 20, "only {anew} times: {log}");
}

/// Timers stand still while a machine sleeps; the daemon goes on when it wakes.
#[test]
#[ignore = "takes most of a minute; .ci/run runs it"]
fn fault_33_a_daemon_that_slept_goes_on_within_a_beat_of_waking() {
    let daemon = Daemon::start();
    daemon.hear("WATCHDOG=1");
    daemon.signal(Signal::STOP);
    std::thread::sleep(Duration::from_secs(35));
    daemon.signal(Signal::CONT);
    daemon.hear("WATCHDOG=1");
    daemon.hear("WATCHDOG=1");
    assert!(daemon.stop().0.success());
}

/// The watchdog is fed meanwhile: no new start would mend a database.
#[test]
#[ignore = "takes a minute; .ci/run runs it"]
fn fault_13_a_plan_that_fails_for_long_is_told_of_once_and_when_it_is_over() {
    let daemon = Daemon::start();
    daemon.hear("WATCHDOG=1");
    let ledger = daemon.directory.path().join("ledger.db");
    let rename = |from: &str, to: &str| {
        let ledger = rusqlite::Connection::open(&ledger).unwrap();
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        ledger.execute_batch(&sql).unwrap();
    };
    rename("fact", "gone");
    for _ in 0..3 {
        daemon.hear("WATCHDOG=1");
    }
    rename("gone", "fact");
    daemon.hear("WATCHDOG=1");
    daemon.hear("WATCHDOG=1");
    let (status, _, log) = daemon.stop();
    assert!(status.success(), "{log}");
    for told in ["the plan could not be made", "the plan is made again"] {
        assert_eq!(log.matches(told).count(), 1, "{log}");
    }
}

/// A ledger whose facts are never read to their end.
const ENDLESS: &str = "
    ALTER TABLE fact RENAME TO facts;
    CREATE VIEW fact AS WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n)
        SELECT name, value FROM facts, n WHERE n < 0;";

#[test]
#[ignore = "takes a minute; .ci/run runs it"]
fn fault_84_a_tick_that_never_answers_is_no_sign_of_life() {
    let mut daemon = Daemon::start();
    daemon.hear("WATCHDOG=1");
    let ledger = rusqlite::Connection::open(daemon.directory.path().join("ledger.db")).unwrap();
    ledger.execute_batch(ENDLESS).unwrap();
    // A round under way may still come to its end.
    std::thread::sleep(Duration::from_secs(2));
    daemon.socket.set_nonblocking(true).unwrap();
    let mut buffer = [0; 4096];
    while daemon.socket.recv(&mut buffer).is_ok() {}
    std::thread::sleep(Duration::from_secs(35));
    while let Ok(length) = daemon.socket.recv(&mut buffer) {
        let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
        assert!(!message.contains("WATCHDOG=1"), "{message}");
    }
    assert!(daemon.process.try_wait().unwrap().is_none(), "it hangs");
    daemon.process.kill().unwrap();
}

#[test]
fn fault_61_words_that_no_mail_can_be_made_of_leave_the_old_ones_in_force() {
    let daemon = Daemon::start();
    daemon.hear("READY=1");
    let directory = daemon.directory.path();
    std::fs::write(directory.join("sv.toml"), "greeting = \"{{ nam }}\"").unwrap();
    let own = CONFIG.replace("[mail]\n", "[mail]\ntemplates = \".\"\n");
    std::fs::write(directory.join("avstamd.toml"), own).unwrap();
    daemon.signal(Signal::HUP);
    daemon.hear("RELOADING=1");
    daemon.hear("READY=1");
    let (status, _, log) = daemon.stop();
    assert!(status.success());
    assert!(
        log.contains("the old configuration stays in force"),
        "{log}"
    );
    assert!(log.contains("sv.toml: greeting: "), "{log}");
}

#[test]
fn fault_22_never_two_daemons_on_one_ledger() {
    let daemon = Daemon::start();
    daemon.hear("READY=1");
    let second = command(daemon.directory.path())
        .args(["run"])
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains("another avstamd is running"), "{said}");
    assert!(daemon.stop().0.success());
}

#[test]
fn backup_while_it_runs_and_restore_when_it_does_not() {
    let daemon = Daemon::start();
    daemon.hear("READY=1");
    let directory = daemon.directory.path().to_owned();
    let file = directory.join("backup");
    assert!(
        command(&directory)
            .arg("backup")
            .arg(&file)
            .status()
            .unwrap()
            .success()
    );
    let refused = command(&directory)
        .arg("restore")
        .arg(&file)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(refused.code(), Some(1), "not while it runs");
    let kept = tempfile::tempdir().unwrap();
    std::fs::copy(&file, kept.path().join("backup")).unwrap();
    assert!(daemon.stop().0.success());

    std::fs::write(kept.path().join("avstamd.toml"), CONFIG).unwrap();
    let backup = kept.path().join("backup");
    assert!(
        command(kept.path())
            .arg("restore")
            .arg(&backup)
            .status()
            .unwrap()
            .success()
    );
    assert!(
        command(kept.path())
            .args(["check", "--at", "2026-11-24T08:00"])
            .status()
            .unwrap()
            .success()
    );
    let mode = |name: &str| {
        let file = std::fs::metadata(kept.path().join(name)).unwrap();
        std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o777
    };
    assert_eq!((mode("ledger.db"), mode("backup")), (0o600, 0o600));
    let again = command(kept.path())
        .arg("restore")
        .arg(&backup)
        .stdout(Stdio::piped())
        .output();
    let said = String::from_utf8(again.unwrap().stdout).unwrap();
    assert!(
        said.contains("calendar") && !said.contains("ledger"),
        "{said}"
    );
    assert!(kept.path().join("calendar.db.before-restore").exists());
    let mut bytes = std::fs::read(&backup).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 64].fill(0xaa);
    std::fs::write(&backup, bytes).unwrap();
    let damaged = command(kept.path())
        .arg("restore")
        .arg(&backup)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(damaged.status.code(), Some(1));
    let said = String::from_utf8_lossy(&damaged.stderr).into_owned();
    assert!(said.contains("nothing was restored"), "{said}");
}
