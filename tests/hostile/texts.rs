//! What people write: names, titles, decisions, places.

use crate::letter::{Letter, MARK};
use crate::relay::Script;
use crate::town::{MORNING, Town};

const RUT: &str = "rut@prov.example";
const BO: &str = "bo@prov.example";

/// Puts a text wherever another system can write one that Rut reads, and lets the morning come.
async fn written(text: &str) -> Town {
    let town = Town::new().await;
    write(&town, text);
    town.at(MORNING).await;
    // Whatever Rut's are, Bo's are as ever.
    let bo = town.one_to(BO);
    assert!(bo.tells("varje dag"), "{}", bo.text);
    town
}

fn write(town: &Town, text: &str) {
    town.put("UPDATE area SET name = ?1 || name", [text]);
    town.put(
        "UPDATE school_unit SET name = ?1 || name WHERE code = '12345678'",
        [text],
    );
    town.put(
        "UPDATE person SET name = ?1 || name WHERE id IN ('rut', 'ake')",
        [text],
    );
    town.put(
        "INSERT INTO development_area (id, unit, school_year, title) VALUES (1, '12345678', '2026/27', ?1)",
        [text],
    );
    town.put(
        "UPDATE measure SET decision = ?1 || decision, expected_effect = ?1, indicator = ?1, team = ?1,
             development_area = 1 WHERE id = 'm-rut'",
        [text],
    );
    town.put(
        "INSERT INTO activity (id, title, unit, role, due)
         VALUES ('a1', ?1 || 'Nulägesanalys', '12345678', 'principal', '2026-12-01')",
        [text],
    );
    town.put(
        "INSERT INTO dialogue (unit, school_year, round, starts, place)
         VALUES ('12345678', '2026/27', 'explore', '2026-12-08T13:00', ?1)",
        [text],
    );
    town.put(
        "INSERT INTO focus_area (dialogue, chosen_by, text) VALUES (1, 'principal', ?1)",
        [text],
    );
    town.put(
        "INSERT INTO check_in (principal, area_manager, starts, note)
         VALUES ('rut', 'ake', '2026-12-02T08:30', ?1)",
        [text],
    );
}

/// Rut's reminder, and her invitations: at least one of them.
fn ruts(town: &Town) -> (Letter, Vec<Letter>) {
    let mut invitations = town.to(RUT);
    invitations.retain(|letter| letter.event.is_some());
    assert!(!invitations.is_empty(), "Rut is invited to something");
    (town.one_to(RUT), invitations)
}

#[tokio::test]
async fn fault_55_line_ends_and_nul_are_cleaned_away_and_no_header_is_added() {
    let text =
        format!("{MARK}\r\nBcc: x@evil.example\r\n\r\n\0\u{2028}\u{2029}\u{85}\u{b}\u{c}\x1b[31m ");
    let town = written(&text).await;
    let (reminder, invitations) = ruts(&town);
    assert!(reminder.tells(MARK), "{}", reminder.text);
    assert!(
        reminder.subject.contains("Bcc: x@evil.example"),
        "on its line: {}",
        reminder.subject
    );
    for letter in invitations {
        assert!(letter.event.unwrap().contains(MARK));
    }
    let recipients = &town.relay.seen().recipients();
    assert!(
        !recipients.iter().any(|to| to.contains("evil")),
        "{recipients:?}"
    );
}

#[tokio::test]
async fn fault_56_encoded_words_stay_the_letters_they_are() {
    let word = format!("=?utf-8?q?{MARK}=0D=0ABcc:x=40evil.example?= =?utf-8?b?T05EU0tB?= ");
    let town = written(&word).await;
    let (reminder, invitations) = ruts(&town);
    for letter in [reminder].iter().chain(&invitations) {
        // A reader that decodes what we encoded meets no word to decode.
        for header in [&letter.subject, &letter.to_name] {
            assert!(header.contains("= ?utf-8?"), "{header}");
            assert!(!header.contains("=?"), "{header}");
        }
    }
}

#[tokio::test]
async fn fault_57_a_point_on_its_line_ends_no_mail() {
    let smuggled =
        "MAIL FROM:<x@evil.example>\r\nRCPT TO:<y@evil.example>\r\nDATA\r\nSubject: x\r\n\r\nx";
    for end in [
        "\n.\n",
        "\r.\r",
        "\n.\r\n",
        "\r\n.\r\n",
        "\r\n.\r",
        "\n..\n",
    ] {
        let text = format!("{MARK}{end}{smuggled}{end}.");
        let town = written(&text).await;
        let (reminder, _) = ruts(&town);
        assert!(reminder.tells("MAIL FROM:"), "{end:?}: {}", reminder.text);
        let seen = town.relay.seen();
        assert!(
            seen.recipients()
                .iter()
                .all(|to| to.ends_with("@prov.example")),
            "{end:?}"
        );
        assert_eq!(
            seen.messages.len(),
            seen.recipients().len(),
            "{end:?}: a message a recipient"
        );
    }
}

#[tokio::test]
async fn fault_58_nothing_turns_or_hides_text_and_the_address_stands_beside_the_name() {
    let turns = "\u{202e}\u{202d}\u{2066}\u{2067}\u{2069}\u{200e}\u{200f}\u{61c}\u{200b}\u{200d}\u{feff}\u{2060}\u{ad}\u{3164}\u{e0041}";
    let text = format!("{MARK}{turns}fdp.exe ");
    // That no mail holds any of it is checked of each.
    let town = written(&text).await;
    let (reminder, invitations) = ruts(&town);
    for letter in [reminder].iter().chain(&invitations) {
        assert!(
            letter.to_name.starts_with(MARK) && letter.to == RUT,
            "{}",
            letter.to_name
        );
    }
}

/// Twenty thousand measures of one person, and texts of ten megabytes.
#[tokio::test]
async fn fault_59_what_is_far_too_much_is_cut_and_counted_and_holds_nobody_up() {
    let long = format!("{MARK} {}", "å<&\u{1f600} ".repeat(1_000_000));
    assert!(long.len() > 9_000_000);
    // A mail is below a megabyte, and a relay takes ten times that as a rule.
    let town = Town::with(Script {
        offers: vec!["SIZE 1000000"],
        ..Script::default()
    })
    .await;
    town.put(
        "INSERT INTO measure (id, unit, school_year, decision, evaluate_by)
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
         SELECT 'n' || n, '12345678', '2026/27', ?1, '2026-12-01' FROM n",
        ["Läsning & räkning, varje dag. ".repeat(30)],
    );
    write(&town, &long);
    let delivered = town.at(MORNING).await;
    assert_eq!(
        (delivered.refused, delivered.later, delivered.relay),
        (0, 0, None)
    );
    assert!(town.one_to(BO).tells("varje dag"));
    let reminder = town.one_to(RUT);
    // A list names a hundred of the twenty thousand and one that there are.
    assert!(
        reminder.text.contains("… och 19901 till."),
        "{:.3000}",
        reminder.text
    );
    assert!(
        reminder.size > 20_000,
        "it tells what there is room for: {}",
        reminder.size
    );
    assert!(reminder.subject.chars().count() < 200 && reminder.to_name.chars().count() < 402);
}

#[tokio::test]
async fn fault_60_markup_is_shown_and_never_done() {
    for text in [
        "<script>alert('ONDSKA')</script>",
        "<img src=x onerror=ONDSKA>",
        "\"><a href='javascript:ONDSKA'>här</a>",
        "</td></table><style>*{background:url(ONDSKA)}</style><!--[if mso]>",
        "<iframe srcdoc=ONDSKA>&#60;script&#62;]]>",
    ] {
        let town = written(&format!("{text} ")).await;
        let (reminder, invitations) = ruts(&town);
        // That no tag holds any of it is checked of each.
        for letter in [reminder].iter().chain(&invitations) {
            assert!(letter.html.contains(MARK), "{text}");
            assert!(
                letter
                    .text
                    .contains(text.split_whitespace().next().unwrap()),
                "{}",
                letter.text
            );
        }
    }
}

#[tokio::test]
async fn fault_61_template_signs_in_data_are_letters() {
    let town = written("ONDSKA {{7*191}} {% raise %} {# x #} %s %n ${7*191} {0} {{ self }} ").await;
    let (reminder, invitations) = ruts(&town);
    for letter in [reminder].iter().chain(&invitations) {
        assert!(
            letter.text.contains("{{7*191}}") && letter.text.contains("%s"),
            "{}",
            letter.text
        );
        assert!(
            !letter.text.contains("1337") && !letter.html.contains("1337"),
            "{}",
            letter.text
        );
    }
}

/// Broken words are found by whoever starts or asks, not by the first mail of the morning.
#[tokio::test]
async fn fault_61_a_broken_template_is_found_at_the_start() {
    let town = Town::new().await;
    let config = std::fs::read_to_string(town.path("avstamd.toml")).unwrap();
    let config = config.replace(
        "detail = \"full\"\n",
        "detail = \"full\"\ntemplates = \"ord\"\n",
    );
    std::fs::write(town.path("avstamd.toml"), config).unwrap();
    std::fs::create_dir(town.path("ord")).unwrap();
    for (file, words, told) in [
        ("sv.toml", "greeting = \"Hej {{ name }\"\n", "greeting"),
        ("sv.toml", "greeting = \"Hej {{ nmae }}\"\n", "nmae"),
        ("sv.toml", "\0\u{202e} = [", "sv.toml"),
        ("mail.html.j2", "{% for x in %}", "mail.html.j2"),
    ] {
        std::fs::write(town.path("ord").join(file), words).unwrap();
        for command in [&["check"][..], &["run", "--once", "--at", MORNING]] {
            let (said, error) = town.run(command).await;
            assert!(
                (said + &error).contains(told),
                "{command:?} of {words:?}: {error}"
            );
        }
        std::fs::remove_file(town.path("ord").join(file)).unwrap();
    }
    assert_eq!(
        town.relay.seen().messages.len(),
        0,
        "nothing was sent by halves"
    );
}
