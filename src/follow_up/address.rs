//! Addresses that mail can be sent to as they are.

use thiserror::Error;

/// Why a text is no address that mail can be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AddressFault {
    /// Several, none, or with words around it.
    #[error("is not one e-mail address")]
    NotOne,
    /// Letters before the @ beyond ASCII: they need SMTPUTF8 (RFC 6531), which relays refuse.
    #[error(
        "is not one e-mail address that every mail server takes: letters such as å, ä and ö stand before the @"
    )]
    NotAscii,
    /// What stands after the @.
    #[error("has no domain after the @")]
    NoDomain,
}

/// The address as it stands in an envelope, ASCII throughout (RFC 5321 4.1.2): a dot-string before
/// the @, and a domain in its ASCII form after it. No quotes, no comments, no route.
///
/// # Errors
/// Anything else.
pub fn envelope_address(text: &str) -> Result<String, AddressFault> {
    let (local, domain) = text.trim().rsplit_once('@').ok_or(AddressFault::NotOne)?;
    if !local.is_ascii() {
        return Err(AddressFault::NotAscii);
    }
    let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    let is_dot_string = local
        .split('.')
        .all(|part| !part.is_empty() && part.chars().all(atom));
    if local.len() > 64 || !is_dot_string {
        return Err(AddressFault::NotOne);
    }
    let domain = idna::domain_to_ascii_strict(domain).map_err(|_| AddressFault::NoDomain)?;
    if domain.len() > 253 || domain.split('.').any(str::is_empty) {
        return Err(AddressFault::NoDomain);
    }
    Ok(format!("{local}@{domain}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_addresses_and_domains_with_letters_of_their_own_go_through() {
        assert_eq!(
            envelope_address(" åsa.l@skola.example"),
            Err(AddressFault::NotAscii)
        );
        assert_eq!(
            envelope_address(" asa.l@skolområdet.example").unwrap(),
            "asa.l@xn--skolomrdet-75a.example"
        );
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
            "a@-b.example",
        ] {
            assert!(envelope_address(address).is_err(), "{address:?}");
        }
    }
}
