//! The SMTP client against a server that misbehaves at every stage.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use avstamd::mail::transport::{
    Credentials, Deadlines, Envelope, Outcome, Parcel, Security, SmtpSettings, Stage, Transport,
    Verdict, classify,
};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const MESSAGE: &[u8] = b"Subject: prov\r\n\r\n.en punkt\r\n\r\n..\r\nslut\r\n";

/// What the server does at a stage instead of going on.
#[derive(Debug, Clone)]
enum Does {
    Says(Vec<u8>),
    Closes,
    Hangs,
}

/// What a server saw: its connections, the commands, and the messages as they were meant.
#[derive(Debug, Default)]
struct Seen {
    connections: usize,
    commands: Vec<String>,
    messages: Vec<Vec<u8>>,
}

type Shared = Arc<Mutex<Seen>>;

/// A server that does `does` whenever it comes to `stage`.
async fn server(stage: Stage, does: Option<Does>) -> (u16, Shared) {
    server_with("LOGIN PLAIN", stage, does).await
}

/// The same, offering these ways to log in.
async fn server_with(logins: &'static str, stage: Stage, does: Option<Does>) -> (u16, Shared) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Shared::default();
    let kept = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            kept.lock().unwrap().connections += 1;
            let story = (logins, stage, does.clone());
            tokio::spawn(converse(stream, story, Arc::clone(&kept)));
        }
    });
    (port, seen)
}

async fn converse(
    stream: TcpStream,
    (logins, odd, does): (&str, Stage, Option<Does>),
    seen: Shared,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let answer = async |stream: &mut BufReader<TcpStream>, stage: Stage, usual: &[u8]| match (
        &does,
        stage == odd,
    ) {
        (Some(Does::Closes), true) => Err(ErrorKind::ConnectionAborted.into()),
        (Some(Does::Hangs), true) => std::future::pending().await,
        (Some(Does::Says(words)), true) => stream.write_all(words).await,
        _ => stream.write_all(usual).await,
    };
    answer(&mut stream, Stage::Greeting, b"220 hej\r\n").await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        seen.lock()
            .unwrap()
            .commands
            .push(line.trim_end().to_owned());
        match line.split([' ', ':', '\r']).next().unwrap_or_default() {
            "EHLO" => {
                let offers = format!("250-hej\r\n250-SIZE 5000\r\n250 AUTH {logins}\r\n");
                answer(&mut stream, Stage::Ehlo, offers.as_bytes()).await?;
            }
            "AUTH" => {
                if line.starts_with("AUTH LOGIN") {
                    // It asks for the name, then for the password.
                    for asks in [b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n"] {
                        stream.write_all(asks).await?;
                        let mut line = String::new();
                        stream.read_line(&mut line).await?;
                        seen.lock()
                            .unwrap()
                            .commands
                            .push(line.trim_end().to_owned());
                    }
                }
                answer(&mut stream, Stage::Auth, b"235 ok\r\n").await?;
            }
            "MAIL" => answer(&mut stream, Stage::MailFrom, b"250 ok\r\n").await?,
            "RCPT" => answer(&mut stream, Stage::RcptTo, b"250 ok\r\n").await?,
            "DATA" => {
                answer(&mut stream, Stage::Data, b"354 go on\r\n").await?;
                if odd == Stage::Data && does.is_some() {
                    continue;
                }
                let mut message = Vec::new();
                loop {
                    let mut line = Vec::new();
                    if stream.read_until(b'\n', &mut line).await? == 0 {
                        return Ok(());
                    }
                    if line == b".\r\n" {
                        break;
                    }
                    message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
                }
                seen.lock().unwrap().messages.push(message);
                answer(&mut stream, Stage::FinalDot, b"250 queued\r\n").await?;
            }
            "QUIT" => return stream.write_all(b"221 hej\r\n").await,
            _ => stream.write_all(b"250 ok\r\n").await?,
        }
    }
}

fn transport(port: u16, security: Security) -> Transport {
    let short = Duration::from_millis(150);
    let deadlines = Deadlines {
        connect: short,
        command: short,
        data: short,
        content: short,
        final_dot: short,
        courtesy: short,
    };
    let credentials = Some(Credentials {
        user: "u".into(),
        password: "hemligt".to_owned().into(),
    });
    let (host, hello_name) = ("127.0.0.1".to_owned(), Some("prov.example".to_owned()));
    Transport::smtp(SmtpSettings {
        host,
        port,
        security,
        credentials,
        ca_file: None,
        hello_name,
        deadlines,
    })
    .unwrap()
}

async fn send(session: &mut avstamd::mail::transport::Session, bytes: &[u8]) -> Outcome {
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

async fn once(stage: Stage, does: Does) -> (Outcome, Shared) {
    let (port, seen) = server(stage, Some(does)).await;
    let outcome = send(&mut transport(port, Security::None).session(), MESSAGE).await;
    (outcome, seen)
}

const STAGES: [Stage; 7] = [
    Stage::Greeting,
    Stage::Ehlo,
    Stage::Auth,
    Stage::MailFrom,
    Stage::RcptTo,
    Stage::Data,
    Stage::FinalDot,
];

#[tokio::test]
async fn a_message_arrives_as_it_was_and_the_connection_is_used_again() {
    let (port, seen) = server(Stage::File, None).await;
    let mut session = transport(port, Security::None).session();
    for _ in 0..3 {
        assert_eq!(send(&mut session, MESSAGE).await.verdict, Verdict::Accepted);
    }
    session.close().await;
    let seen = seen.lock().unwrap();
    assert_eq!(seen.connections, 1);
    assert_eq!(seen.messages, vec![MESSAGE.to_vec(); 3]);
    assert_eq!(seen.commands[1], "AUTH PLAIN AHUAaGVtbGlndA==");
    assert_eq!(seen.commands.last().unwrap(), "QUIT");
}

#[tokio::test]
async fn a_server_that_knows_only_login_gets_name_and_password_one_by_one() {
    let (port, seen) = server_with("LOGIN XOAUTH2", Stage::File, None).await;
    let outcome = send(&mut transport(port, Security::None).session(), MESSAGE).await;
    assert_eq!(outcome.verdict, Verdict::Accepted);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.commands[1..4], ["AUTH LOGIN", "dQ==", "aGVtbGlndA=="]);
    assert_eq!(seen.messages.len(), 1);
}

#[tokio::test]
async fn a_wrong_password_is_the_logins_trouble_whichever_way_it_is_given() {
    for logins in ["LOGIN", "PLAIN"] {
        let no = Does::Says(b"535 5.7.8 wrong\r\n".to_vec());
        let (port, seen) = server_with(logins, Stage::Auth, Some(no)).await;
        let outcome = send(&mut transport(port, Security::None).session(), MESSAGE).await;
        assert_eq!(
            (outcome.stage, outcome.verdict),
            (Stage::Auth, Verdict::Login),
            "{logins}"
        );
        assert_eq!(outcome.reply.text, "5.7.8 wrong");
        let seen = seen.lock().unwrap();
        assert!(!seen.commands.iter().any(|line| line.starts_with("MAIL")));
    }
}

#[tokio::test]
async fn a_server_that_knows_no_way_we_know_gets_no_password() {
    let (port, seen) = server_with("XOAUTH2", Stage::File, None).await;
    let outcome = send(&mut transport(port, Security::None).session(), MESSAGE).await;
    assert_eq!(
        (outcome.stage, outcome.verdict),
        (Stage::Auth, Verdict::Login)
    );
    assert_eq!(seen.lock().unwrap().commands.len(), 1, "EHLO");
}

#[tokio::test]
async fn a_refusal_means_what_stage_and_code_say() {
    for stage in STAGES {
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
            let (outcome, seen) =
                once(stage, Does::Says(format!("{reply}\r\n").into_bytes())).await;
            let (code, text) = reply.split_once(' ').unwrap();
            let expected = classify(stage, code.parse().unwrap(), text);
            assert_eq!(
                (outcome.stage, outcome.verdict),
                (stage, expected),
                "{stage} {reply}"
            );
            assert_eq!(outcome.reply.text, text);
            let arrived = seen.lock().unwrap().messages.len();
            assert_eq!(
                arrived,
                usize::from(stage == Stage::FinalDot),
                "{stage} {reply}"
            );
        }
    }
}

#[tokio::test]
async fn silence_is_the_relays_trouble_before_the_final_dot_and_unknown_after_it() {
    for stage in STAGES {
        for does in [
            Does::Closes,
            Does::Hangs,
            Does::Says(b"hej hopp\r\n".to_vec()),
            Does::Says(b"\xff\xfe\r\n".to_vec()),
        ] {
            let (outcome, _) = once(stage, does.clone()).await;
            let expected = if stage == Stage::FinalDot {
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

#[tokio::test]
async fn a_yes_with_letters_of_its_own_is_a_yes() {
    let (outcome, _) = once(
        Stage::FinalDot,
        Does::Says(b"250 mottaget f\xf6r leverans\r\n".to_vec()),
    )
    .await;
    assert_eq!(outcome.verdict, Verdict::Accepted);
    let (outcome, _) = once(
        Stage::FinalDot,
        Does::Says(b"250-ja\r\n250 visst\r\n".to_vec()),
    )
    .await;
    assert_eq!(
        (outcome.verdict, outcome.reply.text.as_str()),
        (Verdict::Accepted, "ja visst")
    );
}

#[tokio::test]
async fn endless_answers_end() {
    for stage in [Stage::Greeting, Stage::Ehlo, Stage::FinalDot] {
        for words in [
            vec![b'x'; 2_000_000],
            b"250-a\r\n".repeat(50_000),
            vec![b' '; 100_000],
        ] {
            let (outcome, _) = once(stage, Does::Says(words)).await;
            assert_ne!(outcome.verdict, Verdict::Accepted, "{stage}");
        }
    }
}

#[tokio::test]
async fn after_a_refused_recipient_the_connection_goes_on() {
    let (port, seen) = server(
        Stage::RcptTo,
        Some(Does::Says(b"550 5.1.1 unknown\r\n".to_vec())),
    )
    .await;
    let mut session = transport(port, Security::None).session();
    for _ in 0..3 {
        assert_eq!(
            send(&mut session, MESSAGE).await.verdict,
            Verdict::Permanent
        );
    }
    let seen = seen.lock().unwrap();
    assert_eq!(seen.connections, 1);
    assert_eq!(
        seen.commands
            .iter()
            .filter(|command| *command == "RSET")
            .count(),
        3
    );
}

#[tokio::test]
async fn without_starttls_neither_password_nor_message_leaves() {
    let (port, seen) = server(Stage::File, None).await;
    let outcome = send(&mut transport(port, Security::StartTls).session(), MESSAGE).await;
    assert_eq!(
        (outcome.stage, outcome.verdict),
        (Stage::StartTls, Verdict::Relay)
    );
    assert_eq!(seen.lock().unwrap().commands, ["EHLO prov.example"]);
}

#[tokio::test]
async fn what_the_server_says_too_early_is_not_taken_for_what_it_says_inside_tls() {
    let words = b"250-hej\r\n250 STARTTLS\r\n".to_vec();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 hej\r\n").await.unwrap();
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        stream.write_all(&words).await.unwrap();
        stream.read_line(&mut line).await.unwrap();
        stream
            .write_all(b"220 go\r\n250 AUTH PLAIN\r\n")
            .await
            .unwrap();
        std::future::pending::<()>().await;
    });
    let outcome = send(&mut transport(port, Security::StartTls).session(), MESSAGE).await;
    assert_eq!(
        (outcome.stage, outcome.verdict),
        (Stage::StartTls, Verdict::Relay)
    );
    assert!(
        outcome.reply.text.contains("attack"),
        "{}",
        outcome.reply.text
    );
}

#[tokio::test]
async fn what_is_too_large_or_unfit_is_told_before_any_of_it_leaves() {
    let (port, seen) = server(Stage::File, None).await;
    let mut session = transport(port, Security::None).session();
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
    assert_eq!(seen.lock().unwrap().messages.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_written_down_does_not_leave() {
    let (port, seen) = server(Stage::File, None).await;
    let mut session = transport(port, Security::None).session();
    let envelope = Envelope::new("a@b.example", "c@d.example").unwrap();
    let parcel = Parcel {
        envelope: &envelope,
        bytes: MESSAGE,
        name: "n",
    };
    let refused = session.send(parcel, || async { Err("disk full") }).await;
    assert_eq!(refused.unwrap_err(), "disk full");
    assert_eq!(send(&mut session, MESSAGE).await.verdict, Verdict::Accepted);
    let seen = seen.lock().unwrap();
    assert_eq!(
        (seen.connections, seen.messages.len()),
        (2, 1),
        "on a new connection"
    );
}

#[tokio::test]
async fn an_abandoned_send_takes_its_connection_with_it() {
    let (port, seen) = server(Stage::FinalDot, Some(Does::Hangs)).await;
    let mut session = transport(port, Security::None).session();
    let abandoned =
        tokio::time::timeout(Duration::from_millis(60), send(&mut session, MESSAGE)).await;
    assert!(abandoned.is_err());
    assert_eq!(send(&mut session, MESSAGE).await.verdict, Verdict::Unknown);
    assert_eq!(seen.lock().unwrap().connections, 2);
}
