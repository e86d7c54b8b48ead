//! What holds of every message as it stands on the wire, whatever was written in it.

use mail_parser::MessageParser;

/// The headers we write, by name.
const HEADERS: [&str; 14] = [
    "Auto-Submitted",
    "Content-Language",
    "Content-Type",
    "Date",
    "From",
    "In-Reply-To",
    "List-ID",
    "MIME-Version",
    "Message-ID",
    "References",
    "Reply-To",
    "Subject",
    "To",
    "X-Auto-Response-Suppress",
];

/// Lines that every relay takes, the headers that we write, each once and no other, and one recipient.
pub fn sound(bytes: &[u8]) {
    assert!(bytes.is_ascii(), "something beyond ASCII");
    assert!(bytes.len() < 1_000_000, "{} bytes", bytes.len());
    let text = std::str::from_utf8(bytes).expect("ASCII");
    for line in text.split("\r\n") {
        assert!(line.len() <= 998, "a line of {} octets", line.len());
        assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
    }
    let parsed = MessageParser::default().parse(bytes).expect("a mail");
    let mut names: Vec<&str> = parsed.headers().iter().map(|h| h.name()).collect();
    names.sort_unstable();
    assert_eq!(names, HEADERS, "every header once, and no other");
    let to = parsed.to().and_then(|to| to.as_list()).map(<[_]>::len);
    assert_eq!(to, Some(1), "one recipient");
}
