//! Killed while it keeps house: an import, a migration, a backup, a restore. Each is whole or has not
//! been, and the same command again does what it is for.

use std::path::PathBuf;

use super::life::{Life, ONCE, Said};
use super::record;
use super::server::Server;
use super::sweep::{Outcome, every_point};
use super::town::{SMALL, SUNDAY, Template, command};
use super::victim::{Blow, Calls, End, writes};

const CALENDAR: &[&str] = &[
    "calendar.db",
    "calendar.db-wal",
    "calendar.db.new",
    "calendar.db.new-journal",
];

/// Runs `arguments` in the name of `phase`, to be killed in place of the n-th of `calls`. Without such
/// a point it runs to its end.
pub fn struck(
    life: &mut Life<'_>,
    (phase, arguments): (&'static str, &[&str]),
    at: Option<(Calls, usize)>,
) -> End {
    life.doing = Some(phase);
    let end = life.run(arguments, at.map(|(calls, n)| (calls, Blow::Kill(n))));
    life.doing = None;
    end
}

/// What must succeed, for nothing befalls it.
pub fn undisturbed(life: &mut Life<'_>, arguments: &[&str]) {
    let end = life.run(arguments, None);
    if !end.succeeded() {
        life.wrong
            .push(format!("undisturbed, {arguments:?} failed: {}", end.errors));
    }
}

pub fn outcome(
    mut life: Life<'_>,
    (end, expected): (&End, &Said),
    (calls, n): (Calls, usize),
) -> Outcome {
    let came = life.end(expected);
    Outcome {
        is_beyond: !end.killed,
        ..Outcome::of(&life, &format!("{} {n}", calls.calls), came)
    }
}

/// What a story comes to that nothing befalls.
pub fn said(template: &Template, story: impl Fn(&mut Life<'_>)) -> Said {
    let server = Server::start();
    let mut life = Life::new(template, &server);
    story(&mut life);
    let said = life.say();
    assert_eq!(life.wrong, [""; 0]);
    said
}

#[test]
#[ignore = "needs strace: .ci/run crash"]
fn killed_while_the_first_import_makes_a_calendar() {
    let template = Template::of_files(SMALL);
    let import = ["import", "files", "--at", SUNDAY];
    let expected = said(&template, |life| undisturbed(life, &import));
    every_point("the first import", &writes(CALENDAR), |server, calls, n| {
        let mut life = Life::new(&template, server);
        let end = struck(&mut life, ("import", &import), Some((calls, n)));
        undisturbed(&mut life, &import);
        outcome(life, (&end, &expected), (calls, n))
    });
}

/// A row of each file is another, and there is one more.
fn changed_files(template: &Template) {
    let files = template.path().join("files");
    let change = |name: &str, from: &str, to: &str, more: &str| {
        let rows = std::fs::read_to_string(files.join(name)).unwrap();
        assert!(rows.contains(from), "{name}");
        std::fs::write(files.join(name), rows.replace(from, to) + more).unwrap();
    };
    change(
        "units.csv",
        "Skola 1",
        "Nya skolan",
        "10000009;Skola 9;norr\n",
    );
    change(
        "people.csv",
        "Dag Lind",
        "Dag Lund",
        "r9;Eva Ek;asa.r9@prov.example;rektor;;10000009\n",
    );
    change(
        "measures.csv",
        "m2;10000002;2026/27",
        "m2;10000002;2025/26",
        "m9;10000009;2026/27;Mer;;2026-12-01\n",
    );
    change(
        "dialogues.csv",
        "2026-12-08T",
        "2026-12-10T",
        "10000009;2026/27;explore;2026-12-09T13:00\n",
    );
}

#[test]
#[ignore = "needs strace: .ci/run crash"]
fn killed_while_an_import_changes_a_calendar() {
    let template = Template::new(SMALL);
    changed_files(&template);
    let before = record::rows(template.path(), "calendar.db").unwrap();
    let import = ["import", "files", "--at", SUNDAY];
    let after = std::sync::OnceLock::new();
    let expected = said(&template, |life| {
        undisturbed(life, &import);
        after
            .set(record::rows(life.path(), "calendar.db").unwrap())
            .unwrap();
    });
    let after = after.get().unwrap();
    every_point("a later import", &writes(CALENDAR), |server, calls, n| {
        let mut life = Life::new(&template, server);
        let end = struck(&mut life, ("import", &import), Some((calls, n)));
        let found = record::rows(life.path(), "calendar.db").unwrap();
        if found != before && found != *after {
            life.wrong.push("an import was kept in part".into());
        }
        undisturbed(&mut life, &import);
        outcome(life, (&end, &expected), (calls, n))
    });
}

/// What a migration of each database writes.
const MIGRATED: [(&str, i64, &[&str]); 2] = [
    (
        "calendar.db",
        6,
        &[
            "calendar.db",
            "calendar.db-wal",
            "calendar.db-journal",
            "calendar.db.backup-in-progress",
            "calendar.db.backup-in-progress-journal",
            "calendar.db.before-version-2",
        ],
    ),
    (
        "ledger.db",
        4,
        &[
            "ledger.db",
            "ledger.db-wal",
            "ledger.db-journal",
            "ledger.db.backup-in-progress",
            "ledger.db.backup-in-progress-journal",
            "ledger.db.before-version-2",
        ],
    ),
];

#[test]
#[ignore = "needs strace: .ci/run crash"]
fn fault_07_killed_during_a_migration_it_is_whole_or_has_not_been() {
    let template = Template::earlier(SMALL);
    let expected = said(&template, |_| {});
    let look = ["status", "--at", SUNDAY];
    for (name, newest, files) in MIGRATED {
        let rows = record::rows(template.path(), name).unwrap();
        every_point(
            &format!("a migration of {name}"),
            &writes(files),
            |server, calls, n| {
                let mut life = Life::new(&template, server);
                let end = struck(&mut life, ("migration", &look), Some((calls, n)));
                match record::version(life.path(), name) {
                    Ok(1) if record::rows(life.path(), name).as_ref() == Ok(&rows) => {}
                    Ok(version) if version == newest => {}
                    other => life
                        .wrong
                        .push(format!("{name} was migrated in part: {other:?}")),
                }
                let kept = format!("{name}.before-version-2");
                if life.path().join(&kept).exists()
                    && record::rows(life.path(), &kept).as_ref() != Ok(&rows)
                {
                    life.wrong.push(format!("{kept} is no copy of what was"));
                }
                outcome(life, (&end, &expected), (calls, n))
            },
        );
    }
}

#[test]
#[ignore = "needs strace: .ci/run crash"]
fn killed_while_a_backup_is_taken() {
    let template = Template::new(SMALL);
    let expected = Life::undisturbed(&template, &Server::start());
    let parts = &[
        "safe.part",
        "safe.part-journal",
        "safe.part.calendar",
        "safe.part.calendar-journal",
        "safe.part.ledger",
        "safe.part.ledger-journal",
        "safe",
    ];
    every_point("a backup", &writes(parts), |server, calls, n| {
        let mut life = Life::new(&template, server);
        let safe = life.file("safe");
        let end = struck(&mut life, ("backup", &["backup", &safe]), Some((calls, n)));
        if PathBuf::from(&safe).exists() {
            // Whatever has the name is whole.
            undisturbed(&mut life, &["restore", "--ledger", &safe]);
        } else {
            undisturbed(&mut life, &["backup", &safe]);
        }
        outcome(life, (&end, &expected), (calls, n))
    });
}

/// A morning that was sent, and the backup of the day before it.
const SAFE: &str = "safe";
const RESTORED: &[&str] = &[
    "calendar.db",
    "calendar.db-wal",
    "calendar.db.restoring",
    "calendar.db.restoring-wal",
    "calendar.db.restoring-journal",
    "calendar.db.before-restore",
    "ledger.db",
    "ledger.db-wal",
    "ledger.db.restoring",
    "ledger.db.restoring-wal",
    "ledger.db.before-restore",
];

#[test]
#[ignore = "needs strace: .ci/run crash"]
fn killed_while_a_backup_is_put_back() {
    let template = Template::new(SMALL);
    command(
        template.path(),
        &["backup", &template.path().join(SAFE).display().to_string()],
    );
    let restoring = |life: &mut Life<'_>, at: Option<(Calls, usize)>| {
        life.run(&ONCE, None);
        life.is_older = true;
        let safe = life.file(SAFE);
        let restore = ["restore", "--ledger", &safe];
        let end = struck(life, ("restore", &restore), at);
        if end.killed && at.is_some_and(|(_, n)| n % 2 == 0) {
            // Somebody starts the daemon all the same: it goes on, or says why it cannot.
            life.run(&ONCE, None);
        }
        undisturbed(life, &restore);
        undisturbed(life, &ONCE);
        life.is_older = false;
        end
    };
    let expected = said(&template, |life| drop(restoring(life, None)));
    every_point(
        "a backup put back",
        &writes(RESTORED),
        |server, calls, n| {
            let mut life = Life::new(&template, server);
            let end = restoring(&mut life, Some((calls, n)));
            outcome(life, (&end, &expected), (calls, n))
        },
    );
}

#[test]
#[ignore = "needs strace: .ci/run crash"]
fn killed_while_a_ledger_is_made_from_the_record() {
    let template = Template::new(SMALL);
    let made = |life: &mut Life<'_>, at: Option<(Calls, usize)>| {
        life.run(&ONCE, None);
        life.is_older = true;
        for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
            let _ = std::fs::remove_file(life.path().join(name));
        }
        let from_record = ["restore", "--from-record"];
        let end = struck(life, ("restore --from-record", &from_record), at);
        // Once there is one, the daemon's own start goes on with it, and tells that it did.
        life.more |= end.killed;
        let again = life.run(&from_record, None);
        if !again.succeeded() && !again.errors.contains("ledger.db: ") {
            life.wrong
                .push(format!("undisturbed, it failed: {}", again.errors));
        }
        undisturbed(life, &ONCE);
        life.is_older = false;
        end
    };
    let expected = said(&template, |life| drop(made(life, None)));
    let files = &[
        "ledger.db",
        "ledger.db-wal",
        "ledger.db.new",
        "ledger.db.new-journal",
    ];
    every_point(
        "a ledger made from the record",
        &writes(files),
        |server, calls, n| {
            let mut life = Life::new(&template, server);
            let end = made(&mut life, Some((calls, n)));
            outcome(life, (&end, &expected), (calls, n))
        },
    );
}
