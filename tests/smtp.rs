//! The SMTP client against a server that misbehaves at every stage.

use std::convert::Infallible;
use std::time::Duration;

use avstamd::mail::transport::{
    Credentials, Deadlines, Envelope, Outcome, Parcel, Security, Session, SmtpSettings, Stage,
    Transport, Verdict, classify,
};

#[path = "common/relay/mod.rs"]
mod relay;

use relay::{Certificate, Does, HANGS, Relay, Rule, Script, Step, Stopped, acceptor, says, settle};
use tempfile::TempDir;

const MESSAGE: &[u8] = b"Subject: prov\r\n\r\n.en punkt\r\n\r\n..\r\nslut\r\n";

/// The steps that the client waits at in clear text, and what it calls them.
const STEPS: [(Step, Stage); 7] = [
    (Step::Greeting, Stage::Greeting),
    (Step::Ehlo, Stage::Ehlo),
    (Step::Auth, Stage::Auth),
    (Step::MailFrom, Stage::MailFrom),
    (Step::RcptTo, Stage::RcptTo),
    (Step::Data, Stage::Data),
    (Step::FinalDot, Stage::FinalDot),
];

fn settings(port: u16, security: Security) -> SmtpSettings {
    SmtpSettings {
        host: "127.0.0.1".into(),
        port,
        security,
        credentials: Some(Credentials {
            user: "u".into(),
            password: "hemligt".to_owned().into(),
        }),
        ca_file: None,
        hello_name: Some("prov.example".into()),
        deadlines: Deadlines::default(),
    }
}

fn session(relay: &Relay, security: Security) -> Session {
    let transport = Transport::smtp(settings(relay.port, security));
    transport.unwrap().session()
}

async fn send(session: &mut Session, bytes: &[u8]) -> Outcome {
    let envelope = Envelope::new("a@b.example", "c@d.example").unwrap();
    let parcel = Parcel {
        envelope: &envelope,
        bytes,
        name: "n",
    };
    let hook = || async { Ok::<(), Infallible>(()) };
    match session.send(parcel, hook).await {
        Ok(outcome) => outcome,
        Err(never) => match never {},
    }
}

/// One message in clear text to a relay that does this at a step.
async fn once(step: Step, does: Does) -> (Outcome, Relay) {
    let relay = Relay::start(Script::always(step, does));
    let outcome = send(&mut session(&relay, Security::None), MESSAGE).await;
    (outcome, relay)
}

/// A relay that offers STARTTLS and a session to it that trusts its authority.
fn secured(script: Script, certificate: Certificate) -> (Relay, Session, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let ca_file = directory.path().join("ca.pem");
    let script = script.offering(&["STARTTLS", "AUTH PLAIN"]);
    let relay = Relay::secured(script, acceptor(certificate, &ca_file));
    let transport = Transport::smtp(SmtpSettings {
        ca_file: Some(ca_file),
        ..settings(relay.port, Security::StartTls)
    });
    (relay, transport.unwrap().session(), directory)
}

#[tokio::test]
async fn a_message_arrives_as_it_was_and_the_connection_is_used_again() {
    let relay = Relay::start(Script::default());
    let mut session = session(&relay, Security::None);
    for _ in 0..3 {
        assert_eq!(send(&mut session, MESSAGE).await.verdict, Verdict::Accepted);
    }
    session.close().await;
    let seen = relay.seen();
    assert_eq!(seen.connections.len(), 1);
    assert_eq!(seen.messages.len(), 3);
    for message in &seen.messages {
        assert_eq!(message.bytes, MESSAGE);
        let envelope = (message.from.as_str(), message.to.as_str());
        assert_eq!(envelope, ("a@b.example", "c@d.example"));
    }
    assert_eq!(seen.connections[0][1], "AUTH PLAIN AHUAaGVtbGlndA==");
    assert_eq!(seen.connections[0].last().unwrap(), "QUIT");
}

/// A server may close an idle connection at any time; then nothing has happened.
#[tokio::test]
async fn a_kept_connection_that_was_closed_meanwhile_is_replaced() {
    for does in [
        Does::Closes,
        Does::Resets,
        Does::SaysAndCloses(b"421 4.4.2 idle too long\r\n".to_vec()),
    ] {
        let idle = Rule::at(Step::MailFrom, does).on(0..1).after(1);
        let relay = Relay::start(Script::new([idle]));
        let mut session = session(&relay, Security::None);
        for _ in 0..2 {
            assert_eq!(send(&mut session, MESSAGE).await.verdict, Verdict::Accepted);
        }
        let seen = relay.seen();
        let on: Vec<_> = seen.messages.iter().map(|it| it.connection).collect();
        assert_eq!(on, [0, 1]);
    }
}

#[tokio::test]
async fn a_server_that_knows_only_login_gets_name_and_password_one_by_one() {
    let relay = Relay::start(Script::default().offering(&["AUTH LOGIN XOAUTH2"]));
    let outcome = send(&mut session(&relay, Security::None), MESSAGE).await;
    assert_eq!(outcome.verdict, Verdict::Accepted);
    let seen = relay.seen();
    let dialogue = &seen.connections[0][1..4];
    assert_eq!(dialogue, ["AUTH LOGIN", "dQ==", "aGVtbGlndA=="]);
    assert_eq!(seen.messages.len(), 1);
}

#[tokio::test]
async fn a_wrong_password_is_the_logins_trouble_whichever_way_it_is_given() {
    for logins in ["AUTH LOGIN", "AUTH PLAIN"] {
        let no = Script::always(Step::Auth, says("535 5.7.8 wrong"));
        let relay = Relay::start(no.offering(&[logins]));
        let outcome = send(&mut session(&relay, Security::None), MESSAGE).await;
        assert_eq!(
            (outcome.stage, outcome.verdict),
            (Stage::Auth, Verdict::Login),
            "{logins}"
        );
        assert_eq!(outcome.reply.text, "5.7.8 wrong");
        assert_eq!(relay.seen().commands("MAIL"), 0);
    }
}

#[tokio::test]
async fn a_server_that_knows_no_way_we_know_gets_no_password() {
    let relay = Relay::start(Script::default().offering(&["AUTH XOAUTH2"]));
    let outcome = send(&mut session(&relay, Security::None), MESSAGE).await;
    assert_eq!(
        (outcome.stage, outcome.verdict),
        (Stage::Auth, Verdict::Login)
    );
    assert_eq!(relay.seen().connections[0], ["EHLO prov.example"]);
}

#[tokio::test]
async fn a_refusal_means_what_stage_and_code_say() {
    for (step, stage) in STEPS {
        for reply in [
            "421 4.3.2 closing",
            "450 4.2.0 later",
            "452 4.3.1 full",
            "535 5.7.8 who",
            "550 5.1.1 unknown",
            "552 5.3.4 big",
            "554 5.7.1 no",
            "550 5.7.30 basic",
        ] {
            let (outcome, relay) = once(step, says(reply)).await;
            let (code, text) = reply.split_once(' ').unwrap();
            let expected = classify(stage, code.parse().unwrap(), text);
            assert_eq!(
                (outcome.stage, outcome.verdict),
                (stage, expected),
                "{stage} {reply}"
            );
            assert_eq!(outcome.reply.text, text);
            let arrived = relay.seen().messages.len();
            assert_eq!(
                arrived,
                usize::from(step == Step::FinalDot),
                "{stage} {reply}"
            );
        }
    }
}

#[tokio::test]
async fn silence_is_the_relays_trouble_before_the_final_dot_and_unknown_after_it() {
    for (step, stage) in STEPS {
        for does in [
            Does::Closes,
            Does::Resets,
            says("hej hopp"),
            Does::Says(b"\xff\xfe\r\n".to_vec()),
        ] {
            let (outcome, _) = once(step, does.clone()).await;
            let expected = if step == Step::FinalDot {
                Verdict::Unknown
            } else {
                Verdict::Relay
            };
            assert_eq!(
                (outcome.stage, outcome.verdict),
                (stage, expected),
                "{stage} {does:?}"
            );
        }
    }
}

/// RFC 5321 4.5.3.2, in seconds; also where an answer has begun.
#[tokio::test]
async fn fault_43_a_server_that_hangs_is_left_at_each_stages_own_deadline() {
    let _stopped = Stopped::clock();
    for (step, stage, seconds) in [
        (Step::Greeting, Stage::Greeting, 300),
        (Step::Ehlo, Stage::Ehlo, 300),
        (Step::StartTls, Stage::StartTls, 300),
        (Step::Tls, Stage::Tls, 30),
        (Step::Auth, Stage::Auth, 300),
        (Step::MailFrom, Stage::MailFrom, 300),
        (Step::RcptTo, Stage::RcptTo, 300),
        (Step::Data, Stage::Data, 120),
        (Step::FinalDot, Stage::FinalDot, 600),
    ] {
        for does in [HANGS, Does::SaysAndHangs(b"250-a\r\n25".to_vec())] {
            if step == Step::Tls && does != HANGS {
                continue;
            }
            let (relay, mut session, _directory) =
                secured(Script::always(step, does), Certificate::Good);
            let sending = tokio::spawn(async move { send(&mut session, MESSAGE).await });
            relay.hangs().await;
            tokio::time::advance(Duration::from_secs(seconds - 1)).await;
            settle().await;
            assert!(!sending.is_finished(), "{stage}: too early");
            tokio::time::advance(Duration::from_secs(2)).await;
            settle().await;
            assert!(sending.is_finished(), "{stage}: too late");
            let outcome = sending.await.unwrap();
            let expected = match step {
                Step::FinalDot => Verdict::Unknown,
                _ => Verdict::Relay,
            };
            assert_eq!((outcome.stage, outcome.verdict), (stage, expected));
        }
    }
}

/// What comes after the yes changes nothing of it, and is not waited for long.
#[tokio::test]
async fn fault_43_a_server_that_hangs_at_the_farewell_is_left_within_seconds() {
    let _stopped = Stopped::clock();
    let relay = Relay::start(Script::always(Step::Quit, HANGS));
    let mut session = session(&relay, Security::None);
    assert_eq!(send(&mut session, MESSAGE).await.verdict, Verdict::Accepted);
    let closing = tokio::spawn(session.close());
    relay.hangs().await;
    tokio::time::advance(Duration::from_secs(6)).await;
    settle().await;
    assert!(closing.is_finished());
}

#[tokio::test]
async fn fault_46_a_yes_with_letters_of_its_own_or_in_pieces_is_a_yes() {
    for (does, text) in [
        (
            Does::Says(b"250 mottaget f\xf6r leverans\r\n".to_vec()),
            "mottaget f?r leverans",
        ),
        (Does::Says(b"250-ja\r\n250 visst\r\n".to_vec()), "ja visst"),
        (
            Does::Dribbles(b"250-ja\r\n250 visst\r\n".to_vec()),
            "ja visst",
        ),
        (Does::Says(b"250\n".to_vec()), ""),
    ] {
        let (outcome, _) = once(Step::FinalDot, does).await;
        assert_eq!(
            (outcome.verdict, outcome.reply.text.as_str()),
            (Verdict::Accepted, text)
        );
    }
}

#[tokio::test]
async fn fault_47_endless_answers_end() {
    for (step, stage) in STEPS {
        for does in [
            Does::Says(vec![b'x'; 2_000_000]),
            Does::Says(b"250-a\r\n".repeat(10_000)),
            Does::Says(vec![b' '; 100_000]),
            Does::Repeats(b"250-a\r\n".to_vec()),
            Does::Repeats(b"250 a".to_vec()),
        ] {
            let (outcome, _) = once(step, does).await;
            assert_eq!(outcome.stage, stage);
            assert_ne!(outcome.verdict, Verdict::Accepted, "{stage}");
            assert!(outcome.reply.text.contains("has no end"), "{outcome:?}");
        }
    }
}

/// Whatever three digits a server makes up.
#[tokio::test]
async fn fault_47_no_made_up_code_is_a_yes_but_200_to_299_after_the_final_dot() {
    for (step, stage) in STEPS {
        for code in [0, 1, 99, 100, 199, 200, 250, 299, 300, 354, 399, 600, 999] {
            let (outcome, relay) = once(step, says(&format!("{code:03} hej"))).await;
            let as_usual = match step {
                Step::Greeting => code == 220,
                // Without an offer to log in: that is told.
                Step::Ehlo => false,
                Step::Auth => code == 235,
                Step::Data => code == 354,
                _ => code == 250,
            };
            let yes = as_usual || (step == Step::FinalDot && code / 100 == 2);
            let accepted = outcome.verdict == Verdict::Accepted;
            assert_eq!(accepted, yes, "{stage} {code}: {outcome:?}");
            let refused = matches!(outcome.verdict, Verdict::Permanent | Verdict::Temporary);
            assert!(!refused, "{stage} {code}: no answer of RFC 5321");
            assert!(relay.seen().messages.len() <= 1);
        }
    }
}

#[tokio::test]
async fn after_a_refused_recipient_the_connection_goes_on() {
    let relay = Relay::start(Script::always(Step::RcptTo, says("550 5.1.1 unknown")));
    let mut session = session(&relay, Security::None);
    for _ in 0..3 {
        assert_eq!(
            send(&mut session, MESSAGE).await.verdict,
            Verdict::Permanent
        );
    }
    let seen = relay.seen();
    assert_eq!((seen.connections.len(), seen.commands("RSET")), (1, 3));
}

/// What a relay does on a refusal's way back must not touch the next message.
#[tokio::test]
async fn a_relay_that_fails_at_rset_gets_the_next_message_on_a_new_connection() {
    for does in [
        Does::Closes,
        Does::Resets,
        says("421 4.3.2 closing"),
        says("hej"),
        Does::SaysAndCloses(b"250 ok\r\n".to_vec()),
    ] {
        let relay = Relay::start(Script::new([
            Rule::at(Step::RcptTo, says("450 4.2.0 later")).first(1),
            Rule::at(Step::Rset, does.clone()),
        ]));
        let mut session = session(&relay, Security::None);
        let first = send(&mut session, MESSAGE).await;
        assert_eq!(first.verdict, Verdict::Temporary);
        let second = send(&mut session, MESSAGE).await;
        assert_eq!(second.verdict, Verdict::Accepted, "{does:?}");
        let seen = relay.seen();
        assert_eq!((seen.connections.len(), seen.messages.len()), (2, 1));
    }
}

#[tokio::test]
async fn inside_tls_a_message_arrives_and_the_password_was_never_in_clear_text() {
    let (relay, mut session, _directory) = secured(Script::default(), Certificate::Good);
    assert_eq!(send(&mut session, MESSAGE).await.verdict, Verdict::Accepted);
    let seen = relay.seen();
    let before = seen.connections[0].iter().filter(|it| !it.starts_with('*'));
    assert!(before.eq(["EHLO prov.example", "STARTTLS"]));
    assert_eq!(seen.commands("AUTH"), 1);
}

#[tokio::test]
async fn fault_48_a_certificate_that_does_not_hold_gets_neither_password_nor_message() {
    for certificate in [
        Certificate::Expired,
        Certificate::OtherName,
        Certificate::SelfSigned,
    ] {
        let (relay, mut session, _directory) = secured(Script::default(), certificate);
        let outcome = send(&mut session, MESSAGE).await;
        assert_eq!(
            (outcome.stage, outcome.verdict),
            (Stage::Tls, Verdict::Relay),
            "{certificate:?}"
        );
        assert!(outcome.reply.text.contains("certificate"), "{outcome:?}");
        let seen = relay.seen();
        assert_eq!(seen.connections, [["EHLO prov.example", "STARTTLS"]]);
    }
}

/// A handshake record of TLS 1.0: its greeting, with a cipher of its time.
#[tokio::test]
async fn fault_48_tls_of_old_is_not_spoken() {
    let mut hello = vec![0x16, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1];
    hello.extend([7; 32]);
    hello.extend([0, 0, 0x2f, 0]);
    let script = Script::always(Step::Tls, Does::Says(hello));
    let (relay, mut session, _directory) = secured(script, Certificate::Good);
    let outcome = send(&mut session, MESSAGE).await;
    assert_eq!(
        (outcome.stage, outcome.verdict),
        (Stage::Tls, Verdict::Relay)
    );
    assert_eq!(relay.seen().commands("AUTH"), 0);
}

#[tokio::test]
async fn fault_49_without_starttls_neither_password_nor_message_leaves() {
    let relay = Relay::start(Script::default());
    let outcome = send(&mut session(&relay, Security::StartTls), MESSAGE).await;
    assert_eq!(
        (outcome.stage, outcome.verdict),
        (Stage::StartTls, Verdict::Relay)
    );
    assert_eq!(relay.seen().connections, [["EHLO prov.example"]]);

    for no in ["454 4.7.0 TLS not available", "502 5.5.1 unknown", "250 ok"] {
        let script = Script::always(Step::StartTls, says(no));
        let (relay, mut session, _directory) = secured(script, Certificate::Good);
        let outcome = send(&mut session, MESSAGE).await;
        assert_eq!(
            (outcome.stage, outcome.verdict),
            (Stage::StartTls, Verdict::Relay)
        );
        let seen = relay.seen();
        assert_eq!(seen.connections, [["EHLO prov.example", "STARTTLS"]]);
    }
}

#[tokio::test]
async fn fault_49_what_is_offered_in_clear_text_counts_for_nothing_inside_tls() {
    let script = Script {
        offers_secured: vec!["AUTH XOAUTH2"],
        ..Script::default()
    };
    let (relay, mut session, _directory) = secured(script, Certificate::Good);
    let outcome = send(&mut session, MESSAGE).await;
    assert_eq!(
        (outcome.stage, outcome.verdict),
        (Stage::Auth, Verdict::Login)
    );
    assert_eq!(relay.seen().commands("AUTH"), 0);
}

#[tokio::test]
async fn fault_49_what_the_server_says_too_early_is_not_taken_for_what_it_says_inside_tls() {
    let injected = Does::Says(b"220 go\r\n250 AUTH PLAIN\r\n".to_vec());
    let script = Script::always(Step::StartTls, injected);
    let (relay, mut session, _directory) = secured(script, Certificate::Good);
    let outcome = send(&mut session, MESSAGE).await;
    assert_eq!(
        (outcome.stage, outcome.verdict),
        (Stage::StartTls, Verdict::Relay)
    );
    let text = &outcome.reply.text;
    assert!(text.contains("attack"), "{text}");
    assert_eq!(relay.seen().commands("AUTH"), 0);
}

#[tokio::test]
async fn fault_50_what_is_too_large_or_unfit_is_told_before_any_of_it_leaves() {
    let relay = Relay::start(Script::default().offering(&["SIZE 5000", "AUTH PLAIN"]));
    let mut session = session(&relay, Security::None);
    let large = b"a line\r\n".repeat(1_000);
    for bytes in [
        large.as_slice(),
        b"bare\nline",
        b"\xc3\xa5\r\n",
        &[b'a'; 2_000],
    ] {
        let outcome = send(&mut session, bytes).await;
        assert_eq!(
            (outcome.stage, outcome.verdict),
            (Stage::Data, Verdict::Permanent)
        );
    }
    assert_eq!(send(&mut session, MESSAGE).await.verdict, Verdict::Accepted);
    let seen = relay.seen();
    assert_eq!((seen.messages.len(), seen.commands("DATA")), (1, 1));
}

#[tokio::test]
async fn fault_52_a_name_without_an_address_is_the_relays_trouble() {
    let transport = Transport::smtp(SmtpSettings {
        host: "relay.invalid".into(),
        ..settings(587, Security::StartTls)
    });
    let outcome = send(&mut transport.unwrap().session(), MESSAGE).await;
    assert_eq!(
        (outcome.stage, outcome.verdict),
        (Stage::Resolve, Verdict::Relay)
    );
}

#[tokio::test]
async fn what_cannot_be_written_down_does_not_leave() {
    let relay = Relay::start(Script::default());
    let mut session = session(&relay, Security::None);
    let envelope = Envelope::new("a@b.example", "c@d.example").unwrap();
    let parcel = Parcel {
        envelope: &envelope,
        bytes: MESSAGE,
        name: "n",
    };
    let refused = session.send(parcel, || async { Err("disk full") }).await;
    assert_eq!(refused.unwrap_err(), "disk full");
    assert_eq!(send(&mut session, MESSAGE).await.verdict, Verdict::Accepted);
    let seen = relay.seen();
    assert_eq!(
        (seen.connections.len(), seen.messages.len()),
        (2, 1),
        "on a new connection"
    );
}

#[tokio::test]
async fn an_abandoned_send_takes_its_connection_with_it() {
    let relay = Relay::start(Script::new([Rule::at(Step::FinalDot, HANGS).first(1)]));
    let mut session = session(&relay, Security::None);
    tokio::select! {
        outcome = send(&mut session, MESSAGE) => panic!("{outcome:?}"),
        () = relay.hangs() => {}
    }
    assert_eq!(send(&mut session, MESSAGE).await.verdict, Verdict::Accepted);
    assert_eq!(relay.seen().connections.len(), 2);
}
