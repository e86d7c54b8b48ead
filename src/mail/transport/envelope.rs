//! Envelopes: exactly one recipient, and addresses that can be put on the wire as they are.

use thiserror::Error;

/// From and to, ASCII both (RFC 5321 4.1.2); a domain with other letters has its ASCII form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    from: String,
    to: String,
}

/// An address that cannot be put on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("\"{address}\" cannot be sent to: {reason}")]
pub struct AddressFault {
    /// The address, made safe.
    pub address: String,
    /// Why, and what to write instead.
    pub reason: &'static str,
}

impl Envelope {
    /// An envelope from one address to another.
    ///
    /// # Errors
    /// Either is no address, or has letters before the @ that are not ASCII.
    pub fn new(from: &str, to: &str) -> Result<Self, AddressFault> {
        Ok(Self {
            from: on_the_wire(from)?,
            to: on_the_wire(to)?,
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

fn on_the_wire(text: &str) -> Result<String, AddressFault> {
    let fault = |reason| AddressFault {
        address: text.escape_debug().take(100).collect(),
        reason,
    };
    let text = text.trim();
    let (local, domain) = text
        .rsplit_once('@')
        .ok_or_else(|| fault("it has no @; write namn@skola.example"))?;
    if !local.is_ascii() {
        return Err(fault(
            "letters before the @ must be a to z; ask for such an address",
        ));
    }
    // A dot-string of RFC 5321: atoms between single points. No quotes, no comments, no route.
    let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    if local.len() > 64
        || local
            .split('.')
            .any(|part| part.is_empty() || !part.chars().all(atom))
    {
        return Err(fault(
            "what stands before the @ is not plain; write namn@skola.example",
        ));
    }
    let domain = idna::domain_to_ascii_strict(domain)
        .map_err(|_| fault("what stands after the @ is no domain; write namn@skola.example"))?;
    if domain.is_empty() || domain.len() > 253 || domain.split('.').any(str::is_empty) {
        return Err(fault(
            "what stands after the @ is no domain; write namn@skola.example",
        ));
    }
    Ok(format!("{local}@{domain}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_addresses_and_domains_with_letters_of_their_own_go_through() {
        let envelope = Envelope::new("a@b.example", " åsa.l@skolområdet.example").unwrap_err();
        assert!(envelope.reason.contains("a to z"));
        let envelope = Envelope::new("a@b.example", "asa.l@skolområdet.example").unwrap();
        assert_eq!(envelope.to(), "asa.l@xn--skolomrdet-75a.example");
    }

    #[test]
    fn nothing_that_could_mean_something_else_on_the_wire_goes_through() {
        for address in [
            "",
            "a",
            "a@",
            "@b.example",
            "a b@c.example",
            "a@b c.example",
            "a>@b.example",
            "a@b.example>",
            "<a@b.example>",
            "a\r\nRCPT TO:<x@y>@b.example",
            "a@b.example\r\nX",
            "a,b@c.example",
            "\"a\"@b.example",
            "a..b@c.example",
            ".a@b.example",
            "a@b..example",
            "a@@b.example",
            "a\0@b.example",
            "a@b.example SIZE=1",
            "a@[127.0.0.1]",
        ] {
            assert!(
                Envelope::new("x@y.example", address).is_err(),
                "{address:?}"
            );
        }
    }
}
