//! Envelopes: exactly one recipient, and addresses that can be put on the wire as they are.

use crate::follow_up::{AddressFault, envelope_address};

/// From and to, ASCII both (RFC 5321 4.1.2); a domain with other letters has its ASCII form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    from: String,
    to: String,
}

impl Envelope {
    /// An envelope from one address to another.
    ///
    /// # Errors
    /// Either is none that mail can be sent to.
    pub fn new(from: &str, to: &str) -> Result<Self, AddressFault> {
        Ok(Self {
            from: envelope_address(from)?,
            to: envelope_address(to)?,
        })
    }

    /// The sender's address.
    pub fn from(&self) -> &str {
        &self.from
    }

    /// The recipient's address.
    pub fn to(&self) -> &str {
        &self.to
    }
}
