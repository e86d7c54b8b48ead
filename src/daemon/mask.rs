//! Addresses in the log are masked: a server's words may name whom they are about.

/// The text with what stands before the @ of every address cut to its first letter.
pub fn masked(text: &str) -> String {
    let mask = |word: &str| match word.rsplit_once('@') {
        Some((local, domain)) => {
            let bracket = local
                .rfind(['<', ':', '"', '('])
                .map_or(0, |place| place + 1);
            let (before, local) = local.split_at(bracket);
            let first: String = local.chars().take(1).collect();
            format!("{before}{first}…@{domain}")
        }
        None => word.to_owned(),
    };
    text.split_inclusive([' ', ',', ';'])
        .map(mask)
        .collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_whole_address_is_left() {
        let said = "5.1.1 <asa.lindholm@skola.example>: unknown; to:kim@b.example åke@c.example";
        assert_eq!(
            masked(said),
            "5.1.1 <a…@skola.example>: unknown; to:k…@b.example å…@c.example"
        );
        assert_eq!(masked("2.0.0 queued as 7A"), "2.0.0 queued as 7A");
        assert_eq!(
            masked("a1@b.example,c1@d.example"),
            "a…@b.example,c…@d.example"
        );
    }
}
