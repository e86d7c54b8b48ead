//! The configuration: one TOML file to checked settings.
//!
//! Read twice over: the shape of every key, then the sense of the whole. All faults are told at
//! once, by line, with what to write instead; settings exist only where there are none. Paths are
//! taken from the file's own directory.

mod check;
mod dialogue_name;
mod placing;
mod plain;
mod reader;
mod reminders;
mod retention;
mod sections;
mod values;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use secrecy::SecretString;
use thiserror::Error;

pub use reader::Fault;

use crate::calendar::Calendar;
use crate::follow_up::DialogueName;
use crate::plan::Rules;
use crate::plan::placing::PlacingRules;
use crate::plan::retention::Retention;

/// Everything the configuration says.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The authority's name, as people write it.
    pub authority: String,
    /// What its quality dialogues are called.
    pub dialogue_name: DialogueName,
    /// Zone, school years, breaks and quiet weeks.
    pub calendar: Calendar,
    /// The two database files.
    pub database: DatabaseSettings,
    /// Who mail is from and how much it says.
    pub mail: MailSettings,
    /// How it leaves.
    pub transport: TransportSettings,
    /// The answer pages' address; `None` leaves out pages and links.
    pub web: Option<WebSettings>,
    /// Who else watches over the daemon.
    pub watch: WatchSettings,
    /// When dialogues and check-ins may be placed.
    pub placing: PlacingRules,
    /// From which day on the daemon places a school year's meetings, by its name.
    pub place_on: BTreeMap<String, Date>,
    /// For how many days placed meetings are proposals; `None` until somebody confirms them.
    pub confirm_after_days: Option<u32>,
    /// When to say what.
    pub rules: Rules,
    /// What `avstamd purge` removes, and when.
    pub retention: Retention,
}

impl Settings {
    /// A hash of everything that decides what is said when, and of the program's version: when it
    /// changes, every area is looked at anew.
    pub fn fingerprint(&self) -> String {
        use sha2::{Digest, Sha256};
        let ground = format!(
            "{} {:?} {:?} {:?}",
            env!("CARGO_PKG_VERSION"),
            self.calendar.zone().iana_name(),
            self.calendar.school_years(),
            self.rules
        );
        Sha256::digest(ground)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// The two database files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseSettings {
    /// What is so.
    pub calendar: PathBuf,
    /// What was said.
    pub ledger: PathBuf,
}

/// How much of what people wrote a mail carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Detail {
    /// Titles, decisions, expected effects.
    Full,
    /// Titles and identifiers.
    Titles,
    /// Identifiers in place of what people wrote about a measure or a dialogue. Names of people,
    /// units and areas, titles of activities and places of dialogues stand in every mail.
    Link,
}

/// Who mail is from and how much it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSettings {
    /// Display name of the sender.
    pub from_name: String,
    /// Address of the sender, in the authority's own domain.
    pub from_address: String,
    /// Where replies go: a person.
    pub reply_to: String,
    /// How much a mail carries.
    pub detail: Detail,
    /// The authority's own templates, which take the place of the built-in ones.
    pub templates: Option<PathBuf>,
}

/// How a connection to the relay is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// STARTTLS, required (RFC 3207).
    StartTls,
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// None: to loopback, or where it was asked for twice.
    None,
}

/// How mail leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportSettings {
    /// Which way.
    pub kind: TransportKind,
    /// Connections at once.
    pub connections: usize,
    /// Messages a minute at most.
    pub per_minute: u32,
}

/// The three ways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransportKind {
    /// A relay.
    Smtp {
        /// Host name, as in its certificate.
        host: String,
        /// Port.
        port: u16,
        /// How the connection is secured.
        security: Security,
        /// User name and the file that holds the password.
        login: Option<(String, PathBuf)>,
        /// A certificate authority to trust beside the system's.
        ca_file: Option<PathBuf>,
        /// The name to greet with; the host's own where left out.
        hello_name: Option<String>,
    },
    /// The system's sendmail command.
    Sendmail {
        /// Its path.
        command: PathBuf,
    },
    /// One `.eml` file a message.
    Files {
        /// Where.
        directory: PathBuf,
    },
}

/// Who else watches over the daemon.
#[derive(Debug, Clone)]
pub struct WatchSettings {
    /// What is called while all is well; whoever knows it can make all seem well.
    pub ping_url: Option<SecretString>,
    /// How often, in minutes.
    pub ping_every: u32,
}

/// The answer pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSettings {
    /// Address and port to listen on.
    pub listen: std::net::SocketAddr,
    /// What people's browsers call it.
    pub url: String,
}

/// Why there are no settings.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: cannot be read: {source}; name the configuration with --config FILE")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file has faults.
    #[error("{}", list(.0))]
    Faults(Vec<Fault>),
}

fn list(faults: &[Fault]) -> String {
    faults
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Reads the configuration file at `path`.
///
/// # Errors
/// The file cannot be read, or every fault in it.
pub fn load(path: &Path) -> Result<Settings, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count();
        ConfigError::Faults(vec![Fault {
            file: path.to_owned(),
            line: Some(line + 1),
            column: Some(1),
            message: "this line is not UTF-8; save the file as UTF-8".into(),
        }])
    })?;
    parse(path, text.strip_prefix('\u{feff}').unwrap_or(&text))
}

/// Reads `text` as the content of the configuration file `path`.
///
/// # Errors
/// Every fault in it.
pub fn parse(path: &Path, text: &str) -> Result<Settings, ConfigError> {
    let base = path.parent().unwrap_or(Path::new("")).to_owned();
    let source = reader::Source::new(path, text);
    let settings = sections::read(source.table(), &base);
    match settings {
        Some(settings) if source.is_sound() => Ok(settings),
        _ => Err(ConfigError::Faults(source.into_faults())),
    }
}
