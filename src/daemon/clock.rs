//! The one place that reads the clock and draws at random.

use jiff::Timestamp;

/// Where the present comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The system's clock.
    System,
    /// One instant, for trying things out and for the demo.
    At(Timestamp),
}

impl Clock {
    /// The present.
    pub fn now(self) -> Timestamp {
        match self {
            Self::System => system(),
            Self::At(instant) => instant,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one clock")]
fn system() -> Timestamp {
    Timestamp::now()
}

/// A Message-ID's left part: 128 random bits.
///
/// # Errors
/// The system has no randomness to give.
pub fn message_id() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
