//! Addresses in the log are masked: a server's words may name whom they are about.

/// What an address's local part cannot hold, but between quotes.
const ENDS: &str = "<>()[],;:";

/// The text with what stands before every @ cut to its first letter.
pub fn masked(text: &str) -> String {
    let mut parts = text.split('@').peekable();
    let mut masked = String::with_capacity(text.len());
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            masked.push_str(part);
            break;
        }
        let (before, local) = part.split_at(begin_of_local(part));
        masked.push_str(before);
        masked.extend(local.chars().take(1));
        masked.push_str("…@");
    }
    masked
}

/// Where the local part begins that ends with this text; between quotes it may hold anything.
fn begin_of_local(text: &str) -> usize {
    if let Some(quoted) = text.strip_suffix('"') {
        return quoted.find('"').unwrap_or(0);
    }
    let ends = |c: char| ENDS.contains(c) || c == '"' || c.is_whitespace() || c.is_control();
    let last = text.char_indices().rfind(|(_, c)| ends(*c));
    last.map_or(0, |(place, c)| place + c.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_whole_address_is_left() {
        for (said, told) in [
            (
                "5.1.1 <asa.lindholm@skola.example>: unknown; to:kim@b.example åke@c.example",
                "5.1.1 <a…@skola.example>: unknown; to:k…@b.example å…@c.example",
            ),
            ("2.0.0 queued as 7A", "2.0.0 queued as 7A"),
            ("a1@b.example,c1@d.example", "a…@b.example,c…@d.example"),
            (
                "<asa.lindholm@skola.example><bo@x.example>: no",
                "<a…@skola.example><b…@x.example>: no",
            ),
            ("asa.lindholm@bo.berg@x.example", "a…@b…@x.example"),
            (
                "[asa@x.example](bo@x.example)",
                "[a…@x.example](b…@x.example)",
            ),
            ("<\"asa lindholm\"@x.example>", "<\"…@x.example>"),
            ("no \"asa@x.example\"", "no \"a…@x.example\""),
            ("lindholm\"@x.example", "l…@x.example"),
            ("@", "…@"),
        ] {
            assert_eq!(masked(said), told);
        }
    }
}
