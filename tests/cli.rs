//! The command line as a person meets it: help, exit codes, checks, lists.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const CONFIG: &str = concat!(
    include_str!("common/base.toml"),
    r#"templates = "templates"
[mail.transport]
kind = "files"
directory = "mail"
[[school-year]]
name = "2026/27"
terms = [{ from = 2026-08-18, to = 2026-12-18 }]
"#
);

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let place = Self(directory);
        place.write("avstamd.toml", CONFIG);
        std::fs::create_dir(place.path().join("templates")).unwrap();
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_avstamd"));
        command
            .arg("--config")
            .arg(self.path().join("avstamd.toml"))
            .args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What it prints, and its exit code.
    fn says(&self, arguments: &[&str]) -> (String, i32) {
        let output = self.run(arguments);
        let mut text = String::from_utf8(output.stdout).unwrap();
        text.push_str(&String::from_utf8(output.stderr).unwrap());
        (text, output.status.code().unwrap())
    }

    /// The same with an authority of two, and a measure.
    fn settled() -> Self {
        let place = Self::new();
        place.write("areas.csv", "id;name\nnorr;Norr\n");
        place.write("units.csv", "code;name;area\n12345678;Åsskolan;norr\n");
        place.write(
            "people.csv",
            "id;name;email;role;area;units\n\
             rut;Rut Öberg;rut@prov.example;rektor;;12345678\n\
             ake;Åke Ärlig;ake@prov.example;områdeschef;norr;\n",
        );
        place.write(
            "measures.csv",
            "id;unit;school_year;decision;evaluate_by\nm1;12345678;2026/27;Läsning.;2026-12-03\n",
        );
        let (said, code) = place.says(&["import", place.path().to_str().unwrap()]);
        assert_eq!(code, 0, "{said}");
        place
    }
}

#[test]
fn help_teaches() {
    let place = Place::new();
    for (command, words) in [
        ("import", "avstämningar"),
        ("import", "Skolverket"),
        ("explain", "the ledger as it stood that morning"),
        ("forecast", "Nothing is written or sent"),
        ("run", "SIGHUP"),
        ("restore", "said again"),
        ("check", "--connect"),
        ("status", "last_sent"),
        ("send-test", "no database"),
    ] {
        let (said, code) = place.says(&[command, "--help"]);
        assert_eq!(code, 0);
        let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(words), "{command}: {words} is not in\n{said}");
    }
}

#[test]
fn exit_codes_are_those_that_are_promised() {
    let place = Place::settled();
    for (arguments, code) in [
        (&["status"][..], 0),
        (&["no-such-command"], 2),
        (&["run", "--at", "2026-11-23T07:00"], 2),
        (
            &["forecast", "--from", "2026-12-02", "--to", "2026-12-01"],
            2,
        ),
        (
            &[
                "explain",
                "--person",
                "nobody@prov.example",
                "--on",
                "2026-12-01",
            ],
            1,
        ),
        (
            &[
                "forecast",
                "--person",
                "nobody",
                "--from",
                "2026-12-01",
                "--to",
                "2026-12-02",
            ],
            1,
        ),
        (&["outbox", "show", "7"], 1),
    ] {
        let (said, found) = place.says(arguments);
        assert_eq!(found, code, "{arguments:?}: {said}");
    }
    place.write(
        "avstamd.toml",
        &CONFIG.replace("name = \"Prov", "nmae = \"Prov"),
    );
    assert_eq!(place.says(&["status"]).1, 78);
    std::fs::remove_file(place.path().join("avstamd.toml")).unwrap();
    let (said, code) = place.says(&["check"]);
    assert_eq!(code, 78);
    assert_eq!(
        said.matches("No such file").count(),
        1,
        "a cause is said once: {said}"
    );
}

#[test]
fn output_that_cannot_be_written_is_no_success() {
    let place = Place::settled();
    let full = std::fs::File::options().write(true).open("/dev/full");
    let Ok(full) = full else { return };
    let mut command = place.command(&["status"]);
    let status = command.stdout(full).stderr(Stdio::null()).status();
    assert_eq!(status.unwrap().code(), Some(1));
}

#[test]
fn looking_makes_no_ledger_and_send_test_needs_no_database() {
    let place = Place::settled();
    for arguments in [
        &["status"][..],
        &["outbox", "list"],
        &["explain", "--person", "rut", "--on", "2026-12-01"],
        &["forecast", "--from", "2026-12-01", "--to", "2026-12-02"],
    ] {
        assert_eq!(place.says(arguments).1, 0, "{arguments:?}");
    }
    assert!(!place.path().join("ledger.db").exists());
    let bare = Place::new();
    let (said, code) = bare.says(&["send-test", "rut@prov.example"]);
    assert_eq!((code, said.starts_with("accepted")), (0, true), "{said}");
    assert!(!bare.path().join("calendar.db").exists());
}

#[test]
fn check_tells_every_problem_at_once() {
    let place = Place::new();
    let (said, code) = place.says(&["check", "--at", "2026-11-23T07:00"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("the first import makes it"), "{said}");

    place.write("templates/sv.toml", "greeting = \"Hej {{ nam }\"\n");
    place.write("templates/en.toml", "greting = \"Hello\"\n");
    place.write(
        "ledger.db",
        "this is no database, but long enough to be looked at as one, is it not so? "
            .repeat(20)
            .as_str(),
    );
    place.write("mail", "a file where the directory should be");
    let (said, code) = place.says(&["check", "--at", "2028-11-23T07:00"]);
    assert_eq!(code, 1);
    for problem in [
        "the school year 2028/29",
        "templates/sv.toml: greeting: ",
        "greting",
        "templates/en.toml",
        "mails cannot be written here",
        "ledger.db",
    ] {
        assert!(said.contains(problem), "{problem} is not in\n{said}");
    }
}

#[test]
fn a_configuration_named_without_a_directory_is_as_good() {
    let place = Place::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_avstamd"));
    command.current_dir(place.path());
    command.args(["--config", "avstamd.toml", "check"]);
    let output = command.args(["--at", "2026-11-23T07:00"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
}

#[test]
fn those_who_cannot_be_written_to_are_found_where_nobody_can_be_told() {
    let place = Place::settled();
    place.write(
        "people.csv",
        "id;name;email;role;area;units\n\
         rut;Rut Öberg;rut@prov.example;rektor;;12345678\n\
         ake;Åke Ärlig;ake@prov.example;områdeschef;norr;\n\
         kim;Kim Alm;kim@prov.example;kvalitetsutvecklare;;\n",
    );
    let people = place.path().join("people.csv");
    let (said, code) = place.says(&["import", people.to_str().unwrap()]);
    assert_eq!(code, 0, "{said}");
    rusqlite::Connection::open(place.path().join("calendar.db"))
        .unwrap()
        .execute("UPDATE person SET email = 'x' WHERE id = 'kim'", [])
        .unwrap();
    let at = ["--at", "2026-11-19T07:00"];
    let (said, code) = place.says(&["check", at[0], at[1]]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("kim, quality officer, has no address"),
        "{said}"
    );
    let mut command = place.command(&["run", "--once", at[0], at[1]]);
    let output = command.env("AVSTAMD_LOG", "warn").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("nobody can be told"), "{said}");
}

/// Otherwise the check-in that is missing goes on missing, and nobody knows why.
#[test]
fn a_check_in_is_recorded_only_between_two_who_have_check_ins() {
    let place = Place::settled();
    place.write("areas.csv", "id;name\nnorr;Norr\nsyd;Syd\n");
    place.write(
        "people.csv",
        "id;name;email;role;area;units\n\
         rut;Rut Öberg;rut@prov.example;rektor;;12345678\n\
         ake;Åke Ärlig;ake@prov.example;områdeschef;norr;\n\
         bo;Bo Ek;bo@prov.example;områdeschef;syd;\n",
    );
    let (said, code) = place.says(&["import", place.path().to_str().unwrap()]);
    assert_eq!(code, 0, "{said}");
    let record = |manager| {
        let check_in = ["record", "check-in", "--principal", "rut", "--area-manager"];
        let held = ["--held-on", "2026-11-18", "--at", "2026-11-19T07:00"];
        place.says(&[&check_in[..], &[manager], &held].concat())
    };
    let (said, code) = record("bo");
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("write ake (Åke Ärlig)"), "{said}");
    assert_eq!(record("ake").1, 0);
}

#[test]
fn who_holds_no_post_is_told_so() {
    let place = Place::settled();
    place.write(
        "people.csv",
        "id;name;email;role;area;units;valid_from;valid_to\n\
         rut;Rut Öberg;rut@prov.example;rektor;;12345678;2026-08-01;2027-01-10\n",
    );
    let people = place.path().join("people.csv");
    let (said, code) = place.says(&["import", people.to_str().unwrap()]);
    assert_eq!(code, 0, "{said}");
    let told = |on| {
        let explain = ["explain", "--person", "rut", "--at", "2026-11-19T07:00"];
        place.says(&[&explain[..], &["--on", on]].concat()).0
    };
    let after = told("2027-01-12");
    assert!(
        after.contains("holds no post on this day; the last ended 2027-01-10"),
        "{after}"
    );
    let before = told("2026-07-01");
    assert!(before.contains("the next begins 2026-08-01"), "{before}");
    assert!(!told("2026-11-19").contains("holds no post"));
}

#[test]
fn status_knows_no_mail_of_a_day_to_come() {
    let place = Place::settled();
    let (said, code) = place.says(&["run", "--once", "--at", "2026-11-19T07:00"]);
    assert_eq!(code, 0, "{said}");
    let mailed = |at| {
        let (json, _) = place.says(&["status", "--at", at, "--json"]);
        let value: Value = serde_json::from_str(&json).unwrap();
        value["units"][0]["last_mailed"].clone()
    };
    assert_eq!(mailed("2026-11-18T07:00"), Value::Null);
    assert_eq!(mailed("2026-11-19T08:00"), "2026-11-19");
    assert_eq!(mailed("2026-12-01T08:00"), "2026-11-19");
}

#[test]
fn check_looks_at_the_way_out() {
    let place = Place::new();
    let smtp = "kind = \"smtp\"\nhost = \"127.0.0.1\"\nport = 9\nsecurity = \"none\"\nuser = \"u\"\npassword-file = \"password\"\n";
    place.write(
        "avstamd.toml",
        &CONFIG.replace("kind = \"files\"\ndirectory = \"mail\"\n", smtp),
    );
    let at = ["--at", "2026-11-23T07:00"];
    let (said, _) = place.says(&["check", at[0], at[1]]);
    assert!(said.contains("the password cannot be read"), "{said}");
    place.write("password", "\n");
    let (said, _) = place.says(&["check", at[0], at[1]]);
    assert!(said.contains("the password file is empty"), "{said}");
    place.write("password", "hemligt\n");
    assert_eq!(place.says(&["check", at[0], at[1]]).1, 0);
    let (said, code) = place.says(&["check", "--connect", at[0], at[1]]);
    assert_eq!(code, 1);
    assert!(
        said.contains("the mail server did not take us in, at connect"),
        "{said}"
    );
    assert!(!said.contains("hemligt"));
}

#[test]
fn explanations_have_each_key_once_and_count_what_is_far_away() {
    let place = Place::settled();
    let arguments = [
        "explain",
        "--person",
        "rut@prov.example",
        "--on",
        "2026-11-19",
    ];
    let at = ["--at", "2026-11-19T07:00"];
    let (json, _) = place.says(&[&arguments[..], &at, &["--json"]].concat());
    let value: Value = serde_json::from_str(&json).unwrap();
    let decisions = value["decisions"].as_array().unwrap();
    assert!(!decisions.is_empty());
    for key in ["\"due\":", "\"capacity\":", "\"to\":"] {
        let there = decisions
            .iter()
            .filter(|d| d.get(key.trim_matches(['"', ':'])).is_some());
        let told = json[json.find("\"decisions\"").unwrap()..]
            .matches(key)
            .count();
        assert_eq!(told, there.count(), "{key}");
    }
    let (text, _) = place.says(&[&arguments[..], &at].concat());
    assert!(text.contains("evaluation/m1"), "{text}");
    let (far, _) = place.says(
        &[
            &arguments[..4],
            &["2026-09-01"],
            &["--at", "2026-09-01T07:00"],
        ]
        .concat(),
    );
    assert!(far.contains("more than 14 days away"), "{far}");
    assert!(!far.contains("evaluation/m1"), "{far}");
}

/// What was said between now and the day asked about is not said again.
#[test]
fn a_day_to_come_is_foreseen_through_the_days_before_it() {
    let place = Place::settled();
    let at = ["--at", "2026-11-16T07:00"];
    let from = |from| {
        let arguments = [
            "forecast",
            "--from",
            from,
            "--to",
            "2026-12-03",
            "--person",
            "rut",
            "--json",
        ];
        let (json, _) = place.says(&[&arguments[..], &at].concat());
        let value: Value = serde_json::from_str(&json).unwrap();
        let mails = value.as_array().unwrap().iter();
        let days = mails.map(|mail| mail["day"].as_str().unwrap().to_owned());
        days.filter(|day| day.as_str() >= "2026-11-20")
            .collect::<Vec<_>>()
    };
    assert_eq!(from("2026-11-16"), from("2026-11-20"));
    let explain = ["explain", "--person", "rut", "--on", "2026-11-20"];
    let (said, _) = place.says(&[&explain[..], &at].concat());
    assert!(said.contains("evaluation/m1"), "{said}");
    assert!(said.contains("was said on 2026-11-19"), "{said}");
}

#[test]
fn an_authoritys_own_words_lie_over_the_built_in_ones() {
    let place = Place::settled();
    place.write(
        "templates/sv.toml",
        "greeting = \"Tjena {{ name }}!\"\n[topic.evaluation]\nheading = \"Nu utvärderar vi\"\n",
    );
    let (said, code) = place.says(&["run", "--once", "--at", "2026-11-19T07:00"]);
    assert_eq!(code, 0, "{said}");
    let mails = std::fs::read_dir(place.path().join("mail")).unwrap();
    let texts: Vec<String> = mails
        .map(|mail| std::fs::read(mail.unwrap().path()).unwrap())
        .map(|bytes| {
            let message = mail_parser::MessageParser::default().parse(&bytes).unwrap();
            message.body_text(0).unwrap().into_owned()
        })
        .collect();
    let text = texts
        .iter()
        .find(|text| text.contains("Tjena Rut!"))
        .unwrap();
    assert!(text.contains("NU UTVÄRDERAR VI"), "{text}");
    assert!(text.contains("3 december 2026"), "{text}");
}

#[test]
fn words_that_no_mail_can_be_made_of_are_refused_before_one_is() {
    let place = Place::settled();
    for template in ["{{ name | nosuch }}", "{{ nam }}"] {
        place.write("templates/sv.toml", &format!("greeting = \"{template}\"\n"));
        let at = ["--at", "2026-11-19T07:00"];
        let (said, code) = place.says(&["check", at[0], at[1]]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("templates/sv.toml: greeting: "), "{said}");
        let (said, code) = place.says(&["run", "--once", at[0], at[1]]);
        assert_eq!(code, 78, "{said}");
    }
}

/// Not every fault shows on samples. A mail whose words fail waits, and goes when they are mended.
#[test]
fn a_mail_whose_words_fail_is_not_lost() {
    let place = Place::settled();
    let broken = "greeting = \"{% if name == 'Rut' %}{{ name | nosuch }}{% endif %}\"\n";
    place.write("templates/sv.toml", broken);
    let (said, code) = place.says(&["run", "--once", "--at", "2026-11-19T07:00"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("0 refused, 1 to be tried again"), "{said}");
    assert!(said.contains("cannot be put into words"), "{said}");
    let (said, code) = place.says(&["check", "--at", "2026-11-19T08:00"]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("problem: 1 mails cannot be put into words"),
        "{said}"
    );
    place.write("templates/sv.toml", "greeting = \"Tjena {{ name }}!\"\n");
    let (said, _) = place.says(&["run", "--once", "--at", "2026-11-19T09:00"]);
    assert!(said.contains("1 sent, 0 refused"), "{said}");
}

/// What `run` refuses `check` does not call well.
#[test]
fn fault_18_a_ledger_or_a_calendar_that_is_gone_is_a_problem() {
    let place = Place::settled();
    let (said, code) = place.says(&["restore", "--from-record"]);
    assert_eq!(code, 1, "there is a record of nothing: {said}");
    let at = ["--at", "2026-11-19T07:00"];
    assert_eq!(place.says(&["run", "--once", at[0], at[1]]).1, 0);
    assert_eq!(place.says(&["check", at[0], at[1]]).1, 0);
    for gone in ["calendar.db", "ledger.db"] {
        let (file, kept) = (place.path().join(gone), place.path().join("kept"));
        std::fs::rename(&file, &kept).unwrap();
        let (said, code) = place.says(&["check", at[0], at[1]]);
        assert!(code == 1 && said.contains(gone), "{said}");
        assert_eq!(place.says(&["run", "--once", at[0], at[1]]).1, 1);
        assert!(!file.exists(), "none is made in its place");
        std::fs::rename(&kept, &file).unwrap();
    }
    std::fs::remove_file(place.path().join("ledger.db")).unwrap();
    let (said, code) = place.says(&["restore", "--from-record"]);
    assert!(code == 0 && said.contains("knows of 2 mails"), "{said}");
    let (said, _) = place.says(&["run", "--once", at[0], at[1]]);
    assert!(said.contains("0 sent"), "{said}");
}

#[test]
fn a_mail_that_is_tried_again_by_hand_joins_the_one_that_gathers() {
    let place = Place::settled();
    assert_eq!(
        place.says(&["run", "--once", "--at", "2026-11-19T07:00"]).1,
        0
    );
    let connection = rusqlite::Connection::open(place.path().join("ledger.db")).unwrap();
    connection
        .execute_batch(
            "UPDATE mail SET state = 'refused' WHERE person = 'rut';
             INSERT INTO mail (person, slot, message_id, state, next_attempt_utc, created_utc)
             VALUES ('rut', '2026-11-20', 'other@prov.example', 'waiting', 0, 0);",
        )
        .unwrap();
    let id: i64 = connection
        .query_row("SELECT id FROM mail WHERE state = 'refused'", [], |row| {
            row.get(0)
        })
        .unwrap();
    let (said, code) = place.says(&["outbox", "retry", &id.to_string()]);
    assert_eq!(code, 0, "{said}");
    let moved: i64 = connection
        .query_row(
            "SELECT count(*) FROM notice JOIN mail ON mail.id = notice.mail
             WHERE mail.message_id = 'other@prov.example'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert!(moved > 0);
}

/// Placed meetings are proposals: in no feed, and in no mail to come, before they stand.
#[test]
fn what_is_placed_is_a_proposal_until_it_is_confirmed_or_its_days_have_passed() {
    let place = Place::settled();
    let with_windows = CONFIG.replace(
        "invitations = { dialogues = false, check-ins = false }\n",
        "",
    ) + "explore = { from = 2026-09-14, to = 2026-10-23 }\n";
    place.write("avstamd.toml", &with_windows);
    let at = ["--at", "2026-08-19T08:00"];
    let says = |arguments: &[&str]| {
        let (said, code) = place.says(&[arguments, &at].concat());
        assert_eq!(code, 0, "{said}");
        said
    };
    let said = says(&["schedule"]);
    assert!(
        said.contains("They are proposals until 2026-09-02"),
        "{said}"
    );
    assert!(said.contains("begin before that or on that day"), "{said}");
    let feed = || says(&["feed", "--person", "rut"]);
    assert_eq!(feed().matches("BEGIN:VEVENT").count(), 0);
    let invitations = |from: &str, to: &str| {
        let mails = says(&["forecast", "--from", from, "--to", to, "--json"]);
        let mails: Value = serde_json::from_str(&mails).unwrap();
        let notices = mails.as_array().unwrap().iter();
        let of = |mail: &&Value| mail["notices"][0]["notice"] == "invitation";
        notices.filter(of).count()
    };
    assert_eq!(invitations("2026-08-19", "2026-09-01"), 0);
    assert!(invitations("2026-09-02", "2026-09-04") > 4);
    let told = says(&["explain", "--person", "rut", "--on", "2026-08-20"]);
    assert!(told.contains("it is a proposal until 2026-09-02"), "{told}");

    let said = says(&["schedule", "--confirm"]);
    assert!(said.contains("stand from now on"), "{said}");
    assert!(invitations("2026-08-19", "2026-08-20") > 4);
    let events = feed().matches("BEGIN:VEVENT").count();
    assert!(events > 8, "{events}");
    assert!(says(&["schedule", "--confirm"]).contains("There are no proposals"));
    let json = says(&["schedule", "--confirm", "--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["confirmed"], 0);
    let (said, code) = place.says(&["schedule", "--confirm", "--dry-run"]);
    assert_eq!(code, 2, "{said}");
}
