//! The dead man's switch: while all is well an address outside is called at times. Whoever listens
//! there sounds the alarm when the calls stay away, also where neither this machine nor its mail
//! can say anything any more.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinHandle;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::config::WatchSettings;

/// A call that takes longer has failed.
const LONGEST: Duration = Duration::from_secs(20);

/// When it was last called, and how that went.
#[derive(Debug, Default)]
pub struct Ping {
    last: Option<Timestamp>,
    call: Option<JoinHandle<bool>>,
    fails: bool,
}

impl Ping {
    /// Whether it is time for a call.
    pub fn is_due(&self, settings: &WatchSettings, now: Timestamp) -> bool {
        let every = SignedDuration::from_mins(i64::from(settings.ping_every));
        let age = self.last.map(|last| now.duration_since(last));
        settings.ping_url.is_some()
            && self.call.as_ref().is_none_or(JoinHandle::is_finished)
            // Also where the clock was set back.
            && age.is_none_or(|age| age >= every || age < SignedDuration::ZERO)
    }

    /// Calls, beside everything else. That calls fail is told when it begins and when it ends.
    pub async fn call(&mut self, settings: &WatchSettings, now: Timestamp) {
        if let Some(call) = self.call.take() {
            self.learn(call.await.unwrap_or(false));
        }
        if let Some(url) = settings.ping_url.clone() {
            self.last = Some(now);
            self.call = Some(tokio::task::spawn_blocking(move || called(&url)));
        }
    }

    fn learn(&mut self, answered: bool) {
        match (answered, self.fails) {
            (false, false) => tracing::warn!(
                "ping-url does not answer; whoever listens there will take avstamd for dead"
            ),
            (true, true) => tracing::info!("ping-url answers again"),
            _ => {}
        }
        self.fails = !answered;
    }
}

/// Whether the address answered well. What went wrong is not told: it may hold the address.
fn called(url: &SecretString) -> bool {
    let system = rustls_native_certs::load_native_certs().certs;
    let roots = system
        .iter()
        .map(|one| Certificate::from_der(one).to_owned());
    let tls = TlsConfig::builder().root_certs(RootCerts::Specific(Arc::new(roots.collect())));
    let config = Agent::config_builder()
        .timeout_global(Some(LONGEST))
        .user_agent("avstamd")
        .tls_config(tls.build());
    let agent = Agent::from(config.build());
    agent.get(url.expose_secret()).call().is_ok()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[tokio::test]
    async fn it_calls_when_it_is_due_and_knows_whether_it_was_heard() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/key", listener.local_addr().unwrap());
        let settings = WatchSettings {
            ping_url: Some(url.into()),
            ping_every: 15,
        };
        let heard = std::thread::spawn(move || {
            let answers = ["200 OK", "500 No", "204 No Content"];
            answers.map(|answer| {
                let (mut stream, _) = listener.accept().unwrap();
                let mut said = [0; 1024];
                let length = stream.read(&mut said).unwrap();
                write!(
                    stream,
                    "HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                )
                .unwrap();
                String::from_utf8_lossy(&said[..length]).into_owned()
            })
        });
        let mut ping = Ping::default();
        let mut fails = Vec::new();
        for minute in [0, 15, 30] {
            let now = at(minute * 60);
            assert!(ping.is_due(&settings, now));
            ping.call(&settings, now).await;
            assert!(!ping.is_due(&settings, at(minute * 60 + 899)));
            let answered = ping.call.take().unwrap().await.unwrap();
            ping.learn(answered);
            fails.push(ping.fails);
        }
        assert_eq!(fails, [false, true, false]);
        for said in heard.join().unwrap() {
            assert!(said.starts_with("GET /key HTTP/1.1\r\n"), "{said}");
        }
        assert!(ping.is_due(&settings, at(0)), "the clock was set back");
    }

    #[test]
    fn without_an_address_it_never_calls() {
        let settings = WatchSettings {
            ping_url: None,
            ping_every: 1,
        };
        assert!(!Ping::default().is_due(&settings, at(1_000_000)));
    }
}
