//! What is printed and logged: a record is a line, and no letter in it does anything.

use avstamd::follow_up::plausible::is_hidden;

use crate::relay::{Rule, Script, Step, says};
use crate::town::{MORNING, Town};

const EVIL: &str = "A\r\n2026-12-01T06:00:00Z  INFO forged\n\x1b[2J\u{202e}\u{9b}31m\0B";

#[tokio::test]
async fn fault_79_what_others_wrote_begins_no_line_of_the_log_and_moves_no_cursor() {
    let no = says("550 5.1.1 no\u{1b}[2J \u{7}such \u{202e}user");
    let script = Script::new([Rule::at(Step::RcptTo, no).to(|to| to.starts_with('r'))]);
    let town = Town::with(script).await;
    town.put("UPDATE area SET name = ?1, id = id", [EVIL]);
    town.put("UPDATE person SET name = ?1", [EVIL]);
    town.put("UPDATE person SET email = ?1 WHERE id = 'siv'", [EVIL]);
    town.put(
        "UPDATE measure SET decision = ?1, evaluate_by = '2026-12-01'",
        [EVIL],
    );
    town.put("INSERT INTO measure (id, unit, school_year, decision, evaluate_by) VALUES (?1, '12345678', '2026/27', 'x', '2026-12-01')", [EVIL]);
    town.put("INSERT INTO area (id, name) VALUES (?1, 'x')", [EVIL]);
    let commands: [&[&str]; 9] = [
        &["run", "--once", "--at", MORNING],
        &["run", "--once", "--at", "2026-12-01T09:00"],
        &["outbox", "list", "--all"],
        &["outbox", "show", "1"],
        &["outbox", "show", "2"],
        &["status", "--at", MORNING],
        &[
            "explain",
            "--person",
            "rut@prov.example",
            "--on",
            "2026-12-01",
        ],
        &["forecast", "--from", "2026-12-02", "--to", "2026-12-31"],
        &["check"],
    ];
    for command in commands {
        let (said, error) = town.run(command).await;
        for text in [&said, &error] {
            let found = text
                .chars()
                .find(|&c| is_hidden(c) && c != '\n' && c != '\t');
            assert_eq!(found.map(u32::from), None, "{command:?}: {text:?}");
        }
        // A mail that is shown has lines of its own.
        let lines = said
            .lines()
            .filter(|_| command.get(1) != Some(&"show"))
            .chain(error.lines());
        for line in lines {
            assert!(
                !line.starts_with("2026-12-01T06:00:00Z  INFO"),
                "{command:?}: {line}"
            );
        }
        assert!(!error.contains("panicked"), "{command:?}: {error}");
    }
    assert!(!town.relay.seen().messages.is_empty(), "the round was one");
}
