//! Every answer at every step: what becomes of the mail, whom it is held against, what the ledger
//! keeps, and that nothing arrives twice.
//!
//! The table follows from two rules. A relay that refuses before it was told of a recipient says
//! nothing of any mail (DESIGN.md, promise 6): MAIL FROM names but ourselves. And from RCPT on a
//! refusal is this mail's, unless its code speaks of us (RFC 4954: 530 to 538; RFC 3463: X.5 protocol,
//! X.7 policy) or of the connection (421, 432).

use avstamd::plan::Trouble;

use crate::relay::{Certificate, Does, Rule, Script, Step, says};
use crate::town::{DUE, MORNING, Town, address, number};

/// | word | means |
/// |---|---|
/// | `relay` | the relay's trouble: all mail waits, nothing is counted against any |
/// | `login` | the same, and it is the login's: it is tried more seldom |
/// | `ours` | held against us: this mail is tried again behind the others, and never given up |
/// | `later` | this mail is tried again; given up after five days |
/// | `gone` | this mail is refused for good, and somebody is told |
/// | `unsure` | this mail may have arrived: the same bytes again |
/// | `sent` | it changes nothing |
const TABLE: &str = "
                        greeting EHLO  STARTTLS AUTH  MAIL  RCPT  DATA  dot    QUIT
421 4.3.2 closing       relay    relay relay    relay relay ours  ours  unsure sent
432 4.3.2 slow down     relay    relay relay    relay relay ours  ours  later  sent
450 4.2.0 greylisted    relay    relay relay    relay relay later later later  sent
451 4.3.0 local error   relay    relay relay    relay relay later later later  sent
452 4.3.1 no storage    relay    relay relay    relay relay later later later  sent
454 4.7.0 not now       relay    relay relay    relay relay later later later  sent
500 5.5.2 what          relay    relay relay    login relay ours  ours  gone   sent
530 5.7.0 log in first  relay    relay relay    login login login login login  sent
535 5.7.8 who are you   relay    relay relay    login login login login login  sent
538 5.7.11 encrypt      relay    relay relay    login login login login login  sent
550 5.1.1 unknown       relay    relay relay    login relay gone  gone  gone   sent
550 5.7.1 policy        relay    relay relay    login relay ours  ours  gone   sent
550 go away             relay    relay relay    login relay gone  gone  gone   sent
551 5.1.6 moved         relay    relay relay    login relay gone  gone  gone   sent
552 5.2.2 mailbox full  relay    relay relay    login relay gone  gone  gone   sent
552 5.3.4 too big       relay    relay relay    login relay gone  gone  gone   sent
554 5.7.1 access denied relay    relay relay    login relay ours  ours  gone   sent
554 no                  relay    relay relay    login relay gone  gone  gone   sent
hej                     relay    relay relay    relay relay later later unsure sent
it closes               relay    relay relay    relay relay later later unsure sent
it resets               relay    relay relay    relay relay later later unsure sent
";

/// The rows of a column: what the relay does, its name, and the word for what comes of it.
fn column(name: &str) -> impl Iterator<Item = (Does, &'static str, &'static str)> {
    let mut lines = TABLE.lines().skip(1);
    let words = lines.next().unwrap();
    let place = words.find(name).unwrap();
    lines.map(move |line| {
        let reply = line[..24].trim();
        let does = match reply {
            "it closes" => Does::Closes,
            "it resets" => Does::Resets,
            _ => says(reply),
        };
        let word = line[place..].split(' ').next().unwrap();
        (does, reply, word)
    })
}

/// Before the relay knows of a recipient: one town bears every answer, for nothing is counted.
async fn before_any_recipient(name: &str, step: Step) {
    let offers = match step {
        Step::StartTls => "STARTTLS",
        _ => "AUTH PLAIN",
    };
    let well = Script::default().offering(&[offers]);
    let town = match step {
        Step::StartTls => Town::secured(well.clone(), Certificate::Good, 3).await,
        _ => Town::new(well.clone(), 1, 3).await,
    };
    for (does, reply, word) in column(name) {
        let case = format!("{name}: {reply}");
        let before = town.relay.seen().connections.len();
        let script = Script::always(step, does);
        town.relay.does(script.offering(&[offers]));
        let delivered = town.at(MORNING).await;
        let relay = delivered.relay.expect(&case);
        assert_eq!(if relay.login { "login" } else { "relay" }, word, "{case}");
        assert_eq!(town.in_state("waiting").await, 3, "{case}");
        for principal in 0..3 {
            let (mail, tries) = town.mail(principal).await;
            assert_eq!((mail.attempts, tries.len()), (0, 0), "{case}");
        }
        let connections = town.relay.seen().connections.len() - before;
        assert_eq!(connections, 1, "{case}: it is asked once");
    }
    assert_eq!(town.relay.seen().messages.len(), 0);
    town.relay.does(well);
    assert_eq!(town.at("2026-12-01T10:00").await.sent, 3);
    assert_eq!(town.relay.seen().messages.len(), 3);
}

/// What the middle one of three mails comes to.
async fn of_one_recipient(name: &str, step: Step) {
    for (does, reply, word) in column(name) {
        let case = format!("{name}: {reply}");
        let mut rule = Rule::at(step, does);
        if step != Step::Quit {
            rule = rule.to(|to| number(to) == 1);
        }
        let town = Town::new(Script::new([rule]), 1, 3).await;
        let delivered = town.at(MORNING).await;
        let (mail, tries) = town.mail(1).await;
        let (state, outcomes): (_, &[_]) = match word {
            "login" => ("waiting", &[]),
            "ours" if reply.starts_with('5') => ("waiting", &["permanent"]),
            "ours" | "later" => ("waiting", &["temporary"]),
            "gone" => ("refused", &["permanent"]),
            "unsure" => ("waiting", &["unknown"]),
            "sent" => ("sent", &["accepted"]),
            _ => unreachable!("{case}"),
        };
        assert_eq!(mail.state, state, "{case}");
        let kept: Vec<_> = tries.iter().map(|it| it.outcome.as_str()).collect();
        assert_eq!(kept, outcomes, "{case}");
        let login = delivered.relay.map(|relay| relay.login);
        assert_eq!(login, (word == "login").then_some(true), "{case}");
        let others = if word == "login" { 1 } else { 2 };
        assert_eq!(
            delivered.sent,
            others + usize::from(word == "sent"),
            "{case}"
        );

        town.relay.does(Script::default());
        town.at("2026-12-01T10:00").await;
        town.at("2026-12-01T13:00").await;
        let blamed = blamed(&town).await;
        assert_eq!(blamed, word == "gone", "{case}: {:?}", town.mail(1).await);
        let copies = match word {
            "gone" => 0,
            // The relay had it, and did not tell, where it said nothing.
            "unsure" if !reply.starts_with('4') => 2,
            _ => 1,
        };
        let seen = town.relay.seen();
        for principal in 0..3 {
            let expected = if principal == 1 { copies } else { 1 };
            let taken = seen.taken_by(&address(principal));
            assert_eq!(taken.len(), expected, "{case}: {principal}");
        }
        if word == "unsure" {
            let (to, all) = (address(1), seen.messages.iter());
            let tries: Vec<_> = all.filter(|it| it.to == to).collect();
            assert_eq!(tries.len(), 2, "{case}");
            assert_eq!(tries[0].bytes, tries[1].bytes, "{case}");
        }
    }
}

/// Whether an address is told to be bad.
async fn blamed(town: &Town) -> bool {
    let slices = town.office.every_slice(DUE).await.unwrap();
    let mut troubles = slices.iter().flat_map(|slice| &slice.troubles);
    troubles.any(|trouble| matches!(trouble, Trouble::Undeliverable { .. }))
}

#[tokio::test]
async fn fault_39_no_answer_to_the_greeting_is_held_against_a_mail() {
    before_any_recipient("greeting", Step::Greeting).await;
}

#[tokio::test]
async fn fault_39_no_answer_to_ehlo_is_held_against_a_mail() {
    before_any_recipient("EHLO", Step::Ehlo).await;
}

#[tokio::test]
async fn fault_39_no_answer_to_starttls_is_held_against_a_mail() {
    before_any_recipient("STARTTLS", Step::StartTls).await;
}

#[tokio::test]
async fn fault_39_no_answer_to_auth_is_held_against_a_mail() {
    before_any_recipient("AUTH", Step::Auth).await;
}

#[tokio::test]
async fn fault_39_no_answer_to_mail_from_is_held_against_a_mail() {
    before_any_recipient("MAIL", Step::MailFrom).await;
}

#[tokio::test]
async fn fault_38_each_answer_to_rcpt_means_what_the_table_says() {
    of_one_recipient("RCPT", Step::RcptTo).await;
}

#[tokio::test]
async fn fault_38_each_answer_to_data_means_what_the_table_says() {
    of_one_recipient("DATA", Step::Data).await;
}

#[tokio::test]
async fn fault_38_each_answer_to_the_final_dot_means_what_the_table_says() {
    of_one_recipient("dot", Step::FinalDot).await;
}

#[tokio::test]
async fn fault_38_no_answer_to_quit_changes_anything() {
    of_one_recipient("QUIT", Step::Quit).await;
}
