//! Killed while it purges or forgets. The next round heals nothing that was not lost and says nothing
//! again, and the same command once more ends what the first began.

use rusqlite::Connection;

use super::keeping::{outcome, said, struck, undisturbed};
use super::life::{Life, ONCE};
use super::record;
use super::sweep::every_point;
use super::town::{SMALL, Template, fold_in};
use super::victim::{Calls, End, writes};

const FILES: &[&str] = &[
    "calendar.db",
    "calendar.db-wal",
    "ledger.db",
    "ledger.db-wal",
    "ledger.db.sent",
    "ledger.db.sent.new",
];

/// What the ledger noted about itself.
fn facts(life: &Life<'_>) -> String {
    let rows = record::rows(life.path(), "ledger.db").unwrap_or_default();
    rows.get("fact")
        .map(|facts| facts.join("\n"))
        .unwrap_or_default()
}

/// Nothing was lost, of the ledger or of the record.
fn must_not_have_healed(life: &mut Life<'_>) {
    let facts = facts(life);
    if ["healed", "record-lost"]
        .iter()
        .any(|fact| facts.contains(fact))
    {
        life.wrong
            .push(format!("it healed or missed what was not lost: {facts}"));
    }
}

/// No file of the databases may hold the word, not even where nothing is.
fn must_not_say(life: &mut Life<'_>, word: &str) {
    for name in FILES {
        let bytes = std::fs::read(life.path().join(name)).unwrap_or_default();
        if bytes
            .windows(word.len())
            .any(|part| part == word.as_bytes())
        {
            life.wrong.push(format!("{name} still says {word}"));
        }
    }
}

/// So long after the morning that its mails are old enough to go.
const TIMES: [&str; 4] = [
    "2029-02-06T07:00",
    "2029-02-06T08:30",
    "2029-02-06T10:30",
    "2029-02-06T12:30",
];
const PURGE: [&str; 4] = ["purge", "--anyway", "--at", "2029-02-05T12:00"];

/// The morning, a purge that is struck, a round, and the purge again.
fn purged(life: &mut Life<'_>, at: Option<(Calls, usize)>) -> End {
    undisturbed(life, &ONCE);
    let morning = record::read(life.path()).unwrap_or_default().mails;
    life.is_purged = true;
    life.times = TIMES.to_vec();
    let end = struck(life, ("purge", &PURGE), at);
    undisturbed(life, &["run", "--once", "--at", TIMES[0]]);
    must_not_have_healed(life);
    undisturbed(life, &PURGE);
    let left = life.run(&[&PURGE[..], &["--dry-run", "--json"]].concat(), None);
    let left: serde_json::Value = serde_json::from_str(&left.told).unwrap_or_default();
    let rows = left["removed"].as_array().cloned().unwrap_or_default();
    if rows.is_empty() || rows.iter().any(|row| row["rows"] != 0) {
        life.wrong
            .push(format!("the second purge left something: {left}"));
    }
    if morning.is_empty() {
        life.wrong
            .push("nothing was said that could be purged".into());
    }
    for mail in &morning {
        must_not_say(life, &mail.message_id);
    }
    end
}

#[test]
#[ignore = "needs strace: .ci/run crash"]
fn killed_while_it_purges() {
    let template = Template::new(SMALL);
    let expected = said(&template, |life| drop(purged(life, None)));
    every_point("a purge", &writes(FILES), |server, calls, n| {
        let mut life = Life::new(&template, server);
        let end = purged(&mut life, Some((calls, n)));
        outcome(life, (&end, &expected), (calls, n))
    });
}

const NAME: &str = "Ebba Lönn";
const ADDRESS: &str = "asa.r2@prov.example";
const FORGET: [&str; 5] = ["forget", "--person", "r2", "--at", "2026-12-02T06:00"];
const DAY_AFTER: [&str; 4] = [
    "2026-12-02T07:00",
    "2026-12-02T08:30",
    "2026-12-02T10:30",
    "2026-12-02T12:30",
];

/// A town in which the principal without a dialogue has a name of her own, and leaves.
fn with_one_who_leaves() -> Template {
    let template = Template::new(SMALL);
    let calendar = template.path().join("calendar.db");
    let leaves = format!(
        "UPDATE person SET name = '{NAME}' WHERE id = 'r2';
         UPDATE appointment SET valid_to = '2026-12-01' WHERE person = 'r2';"
    );
    let connection = Connection::open(&calendar).unwrap();
    connection.execute_batch(&leaves).unwrap();
    drop(connection);
    fold_in(&calendar);
    template
}

/// The morning, forgetting that is struck, and forgetting again, before or after a round.
fn forgotten(life: &mut Life<'_>, at: Option<(Calls, usize)>) -> End {
    undisturbed(life, &ONCE);
    life.times = DAY_AFTER.to_vec();
    let end = struck(life, ("forget", &FORGET), at);
    undisturbed(life, &["run", "--once", "--at", DAY_AFTER[0]]);
    must_not_have_healed(life);
    let facts = facts(life);
    let left = ["forgetting/", "unswept"];
    let is_over = !left.iter().any(|fact| facts.contains(fact));
    let again = life.run(&FORGET, None);
    let is_nobody = is_over && again.errors.contains("nothing is stored");
    if !again.succeeded() && !is_nobody {
        life.wrong
            .push(format!("forgetting did not end: {}", again.errors));
    }
    for word in [NAME, ADDRESS] {
        must_not_say(life, word);
    }
    end
}

#[test]
#[ignore = "needs strace: .ci/run crash"]
fn killed_while_it_forgets() {
    let template = with_one_who_leaves();
    let expected = said(&template, |life| drop(forgotten(life, None)));
    every_point("forgetting", &writes(FILES), |server, calls, n| {
        let mut life = Life::new(&template, server);
        let end = forgotten(&mut life, Some((calls, n)));
        outcome(life, (&end, &expected), (calls, n))
    });
}
