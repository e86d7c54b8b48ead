//! The SMTP client against lettre's connection: the same messages to the same sink.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use avstamd::mail::transport::{
    Deadlines, Envelope, Parcel, Security, SmtpSettings, Transport, Verdict,
};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;

/// Sends `mails` messages over one connection of each, and tells both times.
pub async fn compare(mails: usize) {
    let port = crate::sink::start().await;
    let message = format!(
        "Subject: prov\r\n\r\n{}",
        "En rad bland flera.\r\n".repeat(400)
    );
    let ours = ours(port, message.as_bytes(), mails).await;
    let lettres = lettres(port, message.as_bytes(), mails).await;
    println!(
        "{mails} messages of {} bytes over one connection: our client {ours:.2?}, lettre's as shipped {lettres:.2?} ({:.1} times)",
        message.len(),
        crate::ratio(lettres, ours)
    );
}

async fn ours(port: u16, message: &[u8], mails: usize) -> Duration {
    let settings = SmtpSettings {
        host: "127.0.0.1".into(),
        port,
        security: Security::None,
        credentials: None,
        ca_file: None,
        hello_name: Some("bench.example".into()),
        deadlines: Deadlines::default(),
    };
    let mut session = Transport::smtp(settings).unwrap().session();
    let envelope = Envelope::new("a@b.example", "c@d.example").unwrap();
    let started = Instant::now();
    for _ in 0..mails {
        let parcel = Parcel {
            envelope: &envelope,
            bytes: message,
            name: "bench",
        };
        let outcome = session.send(parcel, || async { Ok::<(), Infallible>(()) });
        assert_eq!(outcome.await.unwrap().verdict, Verdict::Accepted);
    }
    started.elapsed()
}

async fn lettres(port: u16, message: &[u8], mails: usize) -> Duration {
    let hello = ClientId::Domain("bench.example".into());
    let server = ("127.0.0.1", port);
    let mut connection = AsyncSmtpConnection::connect_tokio1(server, None, &hello, None, None)
        .await
        .unwrap();
    let address = |text: &str| text.parse().unwrap();
    let (from, to) = (Some(address("a@b.example")), vec![address("c@d.example")]);
    let envelope = lettre::address::Envelope::new(from, to).unwrap();
    let started = Instant::now();
    for _ in 0..mails {
        assert!(
            connection
                .send(&envelope, message)
                .await
                .unwrap()
                .is_positive()
        );
    }
    started.elapsed()
}
