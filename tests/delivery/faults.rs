//! Days with a relay, a network or a name service that fails, by their numbers in the list of faults.

use std::time::{Duration, Instant};

use avstamd::daemon::Delivered;
use avstamd::follow_up::MeasureStatus;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};

use crate::log::{PASSWORD, USER};
use crate::relay::{Certificate, Does, HANGS, Rule, Script, Step, Stopped, says, settle};
use crate::town::{MORNING, Town, address, batch, number};
use crate::unknown;

const ALARM: &str = "the mail server is in trouble; all mail waits";
const OFFICER: &str = "kim@prov.example";

/// When the rounds came that failed for the relay's sake.
fn failures(rounds: &[(Timestamp, Delivered)]) -> Vec<Timestamp> {
    let failed = rounds.iter().filter(|(_, it)| it.relay.is_some());
    failed.map(|(at, _)| *at).collect()
}

/// The minutes from one to the next.
fn gaps(times: &[Timestamp]) -> Vec<i64> {
    let pairs = times.windows(2);
    pairs
        .map(|it| it[1].duration_since(it[0]).as_mins())
        .collect()
}

/// Nobody's mail was tried, and nothing is counted against any.
async fn all_wait_uncounted(town: &Town, principals: usize) {
    for principal in 0..principals {
        let (mail, tries) = town.mail(principal).await;
        assert_eq!((mail.state.as_str(), mail.attempts), ("waiting", 0));
        assert_eq!(tries, []);
    }
}

/// A full disk: what cannot be recorded does not leave, and each try costs the relay a connection.
#[tokio::test]
async fn fault_11_a_ledger_that_takes_nothing_more_is_tried_ever_more_seldom_and_told_of_once() {
    let town = Town::new(Script::default(), 1, 3).await;
    town.to_ledger(
        "CREATE TRIGGER disk BEFORE UPDATE OF dot_utc ON mail WHEN NEW.dot_utc IS NOT NULL
         BEGIN SELECT RAISE(FAIL, 'the disk is full'); END",
    );
    let mut days = town.days(MORNING);
    let mut failed = Vec::new();
    for _ in 0..120 {
        if days.tried().await.is_err() {
            failed.push(days.now());
        }
        days.pass(1);
    }
    assert_eq!(gaps(&failed), [1, 2, 5, 10, 20, 67]);
    assert_eq!(town.relay.seen().connections.len(), failed.len());
    assert_eq!(town.relay.seen().messages.len(), 0);
    assert_eq!(town.log.lines_with("delivery stopped"), 1);
    town.to_ledger("DROP TRIGGER disk");
    days.until("2026-12-01T12:00", 10).await;
    assert_eq!(town.relay.seen().messages.len(), 3);
    assert_eq!(town.log.lines_with("delivery goes on"), 1);
}

#[tokio::test]
async fn fault_37_a_relay_that_is_down_for_a_week_loses_nothing_and_is_told_of_once() {
    let town = Town::without_relay(2, 6).await.with_officer().await;
    let mut days = town.days(MORNING);
    let rounds = days.until("2026-12-01T11:00", 1).await;
    assert_eq!(
        gaps(&failures(&rounds)),
        [1, 2, 5, 10, 20, 67, 67, 67],
        "rarer and rarer"
    );
    days.until("2026-12-07T12:00", 60).await;
    all_wait_uncounted(&town, 6).await;
    assert_eq!(town.log.lines_with(ALARM), 1);

    // What was done meanwhile is not asked for.
    let mut done = batch(6);
    done.measures[0].status = MeasureStatus::Cancelled;
    town.put(done).await;
    town.relay.up();
    days.until("2026-12-08T15:00", 60).await;
    assert_eq!(town.log.lines_with("the mail server takes mail again"), 1);
    let seen = town.relay.seen();
    assert_eq!(seen.taken_by(&address(0)).len(), 0);
    for principal in 1..6 {
        let taken = seen.taken_by(&address(principal));
        let dates: Vec<_> = taken.iter().filter_map(|it| it.header("Date")).collect();
        // The mail of the day it leaves, not seven of the days it did not; then the next day's.
        assert!(dates[0].starts_with("Mon, 7 Dec 2026"), "{dates:?}");
        assert!(dates.len() <= 2, "{dates:?}");
    }
    let told = seen.taken_by("kim@prov.example");
    let subjects = told
        .iter()
        .filter(|mail| mail.header("Subject").unwrap().contains("tog inte emot"));
    assert_eq!(
        subjects.count(),
        1,
        "the officer hears of it when it is over"
    );
}

#[tokio::test]
async fn fault_39_a_refused_password_is_tried_seldom_and_told_of_once() {
    let town = Town::new(Script::always(Step::Auth, says("535 5.7.8 wrong")), 4, 6).await;
    let mut days = town.days(MORNING);
    let rounds = days.until("2026-12-02T07:00", 1).await;
    let tries = failures(&rounds);
    assert_eq!(town.relay.seen().commands("AUTH"), tries.len());
    assert!(gaps(&tries).iter().all(|&minutes| minutes >= 5));
    assert!((2..=24).contains(&tries.len()), "{tries:?}");
    all_wait_uncounted(&town, 6).await;
    assert_eq!(town.log.lines_with(ALARM), 1);
    town.relay.does(Script::default());
    days.until("2026-12-02T09:00", 5).await;
    assert_eq!(town.relay.seen().messages.len(), 6);
}

/// Some servers break the connection off, or say "later", where they count a wrong password.
#[tokio::test]
async fn fault_39_a_login_that_fails_in_any_way_is_tried_as_seldom() {
    for does in [
        Does::Closes,
        says("421 4.7.0 too many errors"),
        says("454 4.7.0 temporary authentication failure"),
    ] {
        let town = Town::new(Script::always(Step::Auth, does), 2, 2).await;
        let rounds = town.days(MORNING).until("2026-12-01T09:00", 1).await;
        let tries = failures(&rounds);
        assert_eq!(town.relay.seen().commands("AUTH"), tries.len());
        assert!(gaps(&tries).iter().all(|&minutes| minutes >= 5));
    }
}

#[tokio::test]
async fn fault_40_of_500_recipients_half_are_refused_once_and_told_and_the_rest_served() {
    let town = Town::new(
        unknown(|to| to != OFFICER && number(to).is_multiple_of(2)),
        4,
        500,
    )
    .await;
    let town = town.with_officer().await;
    let mut days = town.days(MORNING);
    days.until("2026-12-02T12:00", 60).await;
    assert_eq!(town.in_state("refused").await, 250);
    let recipients = town.relay.seen().recipients();
    for principal in 0..500 {
        let to = address(principal);
        let asked = recipients.iter().filter(|it| **it == to).count();
        assert_eq!(asked, 1, "{principal}");
        let taken = town.relay.seen().taken_by(&to).len();
        assert_eq!(taken, principal % 2, "{principal}");
    }
    assert!(!town.relay.seen().taken_by(OFFICER).is_empty());
}

#[tokio::test]
async fn fault_41_one_who_is_always_put_off_delays_nobody_and_is_given_up_visibly() {
    let later = Rule::at(Step::RcptTo, says("450 4.2.1 mailbox busy"));
    let script = Script::new([later.to(|to| to == address(0))]);
    let town = Town::new(script, 1, 4).await.with_officer().await;
    let mut days = town.days(MORNING);
    let first = days.round().await.unwrap();
    assert!(first.sent >= 3, "{first:?}");
    days.until("2026-12-05T18:00", 60).await;
    assert_eq!(town.mail(0).await.0.state, "waiting");
    days.until("2026-12-09T12:00", 60).await;
    let mails = town.office.ledger.mails(true).await.unwrap();
    let refused = mails.iter().find(|mail| mail.state == "refused").unwrap();
    let (_, tries, ..) = town.office.ledger.mail(refused.id).await.unwrap().unwrap();
    assert_eq!(tries.last().unwrap().outcome, "expired");
    let seen = town.relay.seen();
    let mut told = seen.taken_by(OFFICER).into_iter();
    assert!(told.any(|it| says_of(&it.bytes, "mailbox busy")));
}

/// A milter that is broken, or a disk that is full at the relay: not one recipient is at fault.
#[tokio::test]
async fn fault_41_a_relay_that_puts_everybody_off_for_days_loses_nothing_and_is_told_of_once() {
    let later = says("451 4.7.1 Service unavailable - try again later");
    for principals in [2, 30] {
        let script = Script::always(Step::RcptTo, later.clone());
        let town = Town::new(script, 2, principals).await.with_officer().await;
        let mut days = town.days(MORNING);
        days.until("2026-12-10T12:00", 30).await;
        assert_eq!(town.in_state("refused").await, 0);
        assert_eq!(town.log.lines_with(ALARM), 1);
        let tried = town.relay.seen().recipients().len();
        assert!(tried < 12 * principals + 600, "{tried} tries");

        town.relay.does(Script::default());
        days.until("2026-12-11T12:00", 30).await;
        assert_eq!(town.in_state("refused").await, 0);
        assert_eq!(town.log.lines_with("the mail server takes mail again"), 1);
        let seen = town.relay.seen();
        for principal in 0..principals {
            let taken = seen.taken_by(&address(principal));
            assert!((1..=2).contains(&taken.len()), "{principal}");
        }
        let told = seen.taken_by(OFFICER);
        let mut subjects = told.iter().filter_map(|it| it.header("Subject"));
        assert!(subjects.any(|it| it.contains("tog inte emot")));
    }
}

/// It falls ill in the middle of the morning: that it took some that day makes no mail the culprit.
#[tokio::test]
async fn fault_41_a_relay_that_falls_ill_after_a_few_mails_loses_none_of_the_others() {
    let grey = Rule::at(Step::RcptTo, says("450 4.2.0 Greylisted")).first(20);
    let ill = Rule::at(Step::RcptTo, says("451 4.3.0 disk full")).after(3);
    let town = Town::new(Script::new([grey, ill]), 1, 20).await;
    let mut days = town.days(MORNING);
    days.until("2026-12-09T12:00", 30).await;
    assert_eq!(town.in_state("sent").await, 3);
    assert_eq!(town.in_state("refused").await, 0);
    assert_eq!(town.log.lines_with(ALARM), 1);
    town.relay.does(Script::default());
    days.until("2026-12-10T12:00", 30).await;
    assert_eq!(town.in_state("refused").await, 0);
    for principal in 0..20 {
        let taken = town.relay.seen().taken_by(&address(principal)).len();
        assert!((1..=3).contains(&taken), "{principal}: {taken}");
    }
}

/// Whether a message's text holds a word.
fn says_of(bytes: &[u8], word: &str) -> bool {
    let message = mail_parser::MessageParser::default().parse(bytes).unwrap();
    message.body_text(0).unwrap().contains(word)
}

#[tokio::test]
async fn fault_42_greylisted_mail_leaves_at_the_second_try_five_minutes_later_and_once() {
    let grey = says("450 4.2.0 Greylisted, try again in 300 seconds");
    let script = Script::new([Rule::at(Step::RcptTo, grey).first(8)]);
    let town = Town::new(script, 2, 8).await;
    let mut days = town.days(MORNING);
    let rounds = days.until("2026-12-01T10:00", 1).await;
    let begun: Vec<_> = rounds
        .iter()
        .filter(|(_, it)| it.later + it.sent > 0)
        .collect();
    let [(first, grey), (second, sent)] = begun[..] else {
        panic!("{begun:?}");
    };
    assert_eq!((grey.later, sent.sent), (8, 8));
    let waited = second.duration_since(*first);
    assert_eq!(waited, SignedDuration::from_mins(5));
    assert!(town.relay.seen().messages.len() == 8);
    assert_eq!(town.log.lines_with(ALARM), 0, "nobody's trouble");
}

/// Longer than the first wait: the second tries look like the relay's trouble, and none is lost.
#[tokio::test]
async fn fault_42_a_long_grey_list_for_all_holds_nobody_up_for_long() {
    let grey = says("450 4.2.0 Greylisted");
    let script = Script::new([Rule::at(Step::RcptTo, grey).first(40)]);
    let town = Town::new(script, 2, 30).await;
    town.days(MORNING).until("2026-12-01T08:00", 1).await;
    let seen = town.relay.seen();
    for principal in 0..30 {
        assert_eq!(seen.taken_by(&address(principal)).len(), 1, "{principal}");
    }
}

/// Waits until something is so, whatever the database's threads take; the clock stands still.
async fn until(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never is");
        settle().await;
    }
}

#[tokio::test]
async fn fault_43_a_relay_that_hangs_at_one_mail_delays_no_other() {
    let _stopped = Stopped::clock();
    for (step, deadline, outcome) in [
        (Step::RcptTo, 300, "temporary"),
        (Step::Data, 120, "temporary"),
        (Step::FinalDot, 600, "unknown"),
    ] {
        let hangs = Rule::at(step, HANGS).to(|to| to == address(1)).first(1);
        let town = Town::new(Script::new([hangs]), 2, 6).await;
        let others_then_the_deadline = async {
            town.relay.hangs().await;
            let others = |to: &String| *to != address(1);
            until(|| {
                let seen = town.relay.seen();
                let messages = seen.messages.iter().map(|it| &it.to);
                messages.filter(|to| others(to)).count() == 5
            })
            .await;
            tokio::time::advance(Duration::from_secs(deadline + 1)).await;
        };
        let (delivered, ()) = tokio::join!(town.at(MORNING), others_then_the_deadline);
        assert_eq!((delivered.sent, delivered.relay), (5, None));
        let (mail, tries) = town.mail(1).await;
        assert_eq!(mail.state, "waiting");
        assert_eq!(tries[0].outcome, outcome, "{step:?}");
    }
}

#[tokio::test]
async fn fault_43_a_relay_that_hangs_before_any_recipient_is_in_trouble() {
    let _stopped = Stopped::clock();
    for step in [Step::Greeting, Step::Ehlo, Step::Auth, Step::MailFrom] {
        let town = Town::new(Script::always(step, HANGS), 2, 3).await;
        let deadline = async {
            town.relay.hangs().await;
            tokio::time::advance(Duration::from_secs(301)).await;
        };
        let (delivered, ()) = tokio::join!(town.at(MORNING), deadline);
        assert!(delivered.relay.is_some(), "{step:?}");
        all_wait_uncounted(&town, 3).await;
        assert_eq!(town.relay.seen().connections.len(), 1);
    }
}

/// The server may have it or not: the same once more, and no more when that is answered.
#[tokio::test]
async fn fault_44_a_connection_lost_after_the_final_dot_sends_the_same_bytes_once_more() {
    for does in [
        Does::Resets,
        Does::Closes,
        says("421 4.3.2 closing"),
        Does::Repeats(b"250-".to_vec()),
    ] {
        let lost = Rule::at(Step::FinalDot, does).to(|to| to == address(1));
        let town = Town::new(Script::new([lost.first(1)]), 1, 3).await;
        town.days(MORNING).until("2026-12-01T12:00", 5).await;
        assert_eq!(town.in_state("sent").await, 3);
        let seen = town.relay.seen();
        assert_eq!(seen.messages.len(), 4);
        let copies: Vec<_> = seen
            .messages
            .iter()
            .filter(|it| it.to == address(1))
            .collect();
        assert_eq!(copies[0].bytes, copies[1].bytes);
        assert!(copies[0].header("Message-ID").is_some());
    }
}

#[tokio::test]
async fn fault_45_one_whose_answer_is_always_lost_gets_three_copies_and_a_person_decides() {
    let lost = Rule::at(Step::FinalDot, Does::Resets).to(|to| to == address(1));
    let town = Town::new(Script::new([lost]), 1, 4)
        .await
        .with_officer()
        .await;
    town.days(MORNING).until("2026-12-02T15:00", 15).await;
    assert_eq!(town.mail(1).await.0.state, "held");
    let seen = town.relay.seen();
    let copies = seen.taken_by(&address(1));
    assert_eq!(copies.len(), 3);
    assert!(copies.iter().all(|it| it.bytes == copies[0].bytes));
    for other in [0, 2, 3] {
        assert_eq!(seen.taken_by(&address(other)).len(), 1);
    }
    let told = seen.taken_by(OFFICER);
    assert!(told.iter().any(|it| says_of(&it.bytes, "outbox")));
}

#[tokio::test]
async fn fault_46_a_yes_in_letters_of_its_own_is_a_yes_and_readable_in_the_ledger() {
    let yes = Does::Says(b"250 2.0.0 mottaget f\xf6r leverans \xe2\x80\xae\x1b[31m\r\n".to_vec());
    let town = Town::new(Script::always(Step::FinalDot, yes), 1, 2).await;
    assert_eq!(town.at(MORNING).await.sent, 2);
    let (_, tries) = town.mail(0).await;
    assert!(tries[0].reply.is_ascii() && !tries[0].reply.contains('\x1b'));
}

#[tokio::test]
async fn fault_47_a_relay_whose_answers_have_no_end_is_left() {
    for (step, outcome) in [
        (Step::Greeting, None),
        (Step::Ehlo, None),
        (Step::RcptTo, Some("temporary")),
        (Step::FinalDot, Some("unknown")),
    ] {
        let endless = Does::Repeats(b"250-a\r\n".to_vec());
        let town = Town::new(Script::always(step, endless), 1, 2).await;
        let delivered = town.at(MORNING).await;
        assert_eq!((delivered.sent, delivered.refused), (0, 0), "{step:?}");
        let (mail, tries) = town.mail(0).await;
        assert_eq!(mail.state, "waiting");
        let kept = tries.first().map(|it| it.outcome.as_str());
        assert_eq!(kept, outcome, "{step:?}");
    }
}

#[tokio::test]
async fn fault_48_a_certificate_that_does_not_hold_stops_all_mail_and_is_told_of_once() {
    for certificate in [
        Certificate::Expired,
        Certificate::OtherName,
        Certificate::SelfSigned,
    ] {
        let script = Script::default().offering(&["STARTTLS", "AUTH PLAIN"]);
        let town = Town::secured(script, certificate, 3).await;
        town.days(MORNING).until("2026-12-01T12:00", 10).await;
        all_wait_uncounted(&town, 3).await;
        assert_eq!(town.log.lines_with(ALARM), 1);
        assert_eq!(town.log.lines_with("certificate"), 1);
        let seen = town.relay.seen();
        assert_eq!((seen.commands("AUTH"), seen.commands("MAIL")), (0, 0));
    }
}

#[tokio::test]
async fn fault_49_a_relay_whose_starttls_was_stripped_gets_neither_password_nor_mail() {
    let stripped = Script::default().offering(&["AUTH PLAIN"]);
    let town = Town::secured(stripped, Certificate::Good, 3).await;
    let mut days = town.days(MORNING);
    days.until("2026-12-01T10:00", 10).await;
    all_wait_uncounted(&town, 3).await;
    assert_eq!(town.log.lines_with(ALARM), 1);
    let said = town.relay.seen().commands("EHLO");
    assert_eq!(town.relay.seen().connections.concat().len(), said);
    let well = Script::default().offering(&["STARTTLS"]);
    town.relay.does(well);
    days.until("2026-12-01T12:00", 10).await;
    assert_eq!(town.in_state("sent").await, 3);
}

/// What is larger than the relay takes is no reason to try for days.
#[tokio::test]
async fn fault_50_a_mail_larger_than_the_relay_takes_is_told_before_any_of_it_leaves() {
    let small = Script::default().offering(&["SIZE 100", "AUTH PLAIN"]);
    let town = Town::new(small, 1, 1).await;
    assert_eq!(town.at(MORNING).await.refused, 1);
    assert_eq!(town.relay.seen().commands("DATA"), 0);
}

/// Exchange Online's "too many messages": for days, and yet nothing is given up.
#[tokio::test]
async fn fault_51_a_relay_that_slows_us_down_is_asked_rarely_and_no_mail_is_given_up() {
    for step in [Step::MailFrom, Step::RcptTo] {
        let slow = says("432 4.3.2 STOREDRV; message submission rate exceeded");
        let town = Town::new(Script::always(step, slow), 1, 4).await;
        let mut days = town.days(MORNING);
        days.until("2026-12-08T12:00", 120).await;
        assert_eq!(town.in_state("refused").await, 0, "{step:?}");
        assert!(town.relay.seen().commands("MAIL") < 250, "{step:?}");
        assert_eq!(town.log.lines_with(ALARM), 1, "{step:?}");
        town.relay.does(Script::default());
        days.until("2026-12-09T12:00", 60).await;
        for principal in 0..4 {
            let taken = town.relay.seen().taken_by(&address(principal)).len();
            assert!((1..=2).contains(&taken), "{step:?}: {taken}");
        }
    }
}

#[tokio::test]
async fn fault_52_a_relay_whose_name_is_gone_is_in_trouble_and_all_mail_waits() {
    let town = Town::by_name("relay.invalid", 3).await;
    let mut days = town.days(MORNING);
    let first = days.round().await.unwrap();
    assert_eq!(first.relay.unwrap().attempt.stage, "resolve");
    days.until("2026-12-02T12:00", 60).await;
    all_wait_uncounted(&town, 3).await;
    assert_eq!(town.log.lines_with(ALARM), 1);
}

#[tokio::test]
async fn fault_54_no_mail_asks_for_an_answer_by_a_machine() {
    let town = Town::new(Script::default(), 1, 3)
        .await
        .with_officer()
        .await;
    town.at(MORNING).await;
    let seen = town.relay.seen();
    assert!(seen.messages.len() >= 3);
    for message in &seen.messages {
        let header = |name| message.header(name);
        assert_eq!(header("Auto-Submitted").as_deref(), Some("auto-generated"));
        assert!(header("X-Auto-Response-Suppress").is_some());
        for asks in ["Disposition-Notification-To", "Return-Receipt-To"] {
            assert_eq!(header(asks), None);
        }
    }
}

/// A relay may say back whatever it was told.
#[tokio::test]
async fn fault_80_what_a_relay_repeats_of_a_login_or_an_address_is_not_in_the_log() {
    let plain = STANDARD.encode(format!("\0{USER}\0{PASSWORD}"));
    let password = STANDARD.encode(PASSWORD);
    for (login, echo) in [
        (
            "AUTH PLAIN",
            format!("535 5.7.8 what is AUTH PLAIN {plain}?"),
        ),
        ("AUTH PLAIN", format!("535-5.7.8 {PASSWORD}\r\n535 no")),
        ("AUTH LOGIN", format!("535 5.7.8 \"{password}\" is wrong")),
    ] {
        let script = Script::always(Step::Auth, says(&echo)).offering(&[login]);
        let town = Town::new(script, 1, 1).await;
        town.days(MORNING).until("2026-12-01T08:00", 20).await;
        assert_eq!(town.log.lines_with(ALARM), 1);
    }
    for step in [Step::RcptTo, Step::Data, Step::FinalDot] {
        let echo = format!("550 5.1.1 <{}>: unknown", address(0));
        let town = Town::new(Script::always(step, says(&echo)), 1, 4).await;
        town.days(MORNING).until("2026-12-01T10:00", 20).await;
        assert!(town.log.lines_with("refused") > 0);
    }
}
