//! What became of a try: the stage it came to and the server's code, taken together.
//!
//! The same code means different things at different stages: a 550 to RCPT is about this
//! recipient, a 550 to EHLO about ourselves. Nothing the relay holds against us is ever taken for
//! a bounce, and after the final dot only an answer counts as one.

use std::fmt;

/// How far a try came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Finding the server's addresses.
    Resolve,
    /// Opening the connection.
    Connect,
    /// Waiting for the server's greeting.
    Greeting,
    /// EHLO.
    Ehlo,
    /// STARTTLS.
    StartTls,
    /// The TLS handshake.
    Tls,
    /// AUTH.
    Auth,
    /// MAIL FROM.
    MailFrom,
    /// RCPT TO.
    RcptTo,
    /// DATA, up to the server's 354.
    Data,
    /// The content, up to but not with the final dot.
    Content,
    /// The final dot and its answer.
    FinalDot,
    /// Writing a file.
    File,
    /// The sendmail command.
    Sendmail,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::Ehlo => "EHLO",
            Self::StartTls => "STARTTLS",
            Self::Tls => "TLS handshake",
            Self::Auth => "AUTH",
            Self::MailFrom => "MAIL FROM",
            Self::RcptTo => "RCPT TO",
            Self::Data => "DATA",
            Self::Content => "content",
            Self::FinalDot => "final dot",
            Self::File => "file",
            Self::Sendmail => "sendmail",
        })
    }
}

/// What it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The server has the message.
    Accepted,
    /// This message is refused for now; nothing of it was kept.
    Temporary,
    /// This message is refused for good.
    Permanent,
    /// The final dot was sent and nothing that counts came back.
    Unknown,
    /// The relay's trouble: no message is at fault.
    Relay,
    /// The relay does not take our login: trying often may lock it.
    Login,
}

/// A server's answer, or our own words where there was none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// The three digits; `None` where the words are our own.
    pub code: Option<u16>,
    /// The words: printable ASCII, cut short.
    pub text: String,
}

/// What became of one try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How far it came.
    pub stage: Stage,
    /// What it means.
    pub verdict: Verdict,
    /// The server's answer.
    pub reply: Reply,
}

impl Reply {
    /// The longest text kept.
    const LONGEST: usize = 400;

    /// A server's answer. Bytes that are not printable ASCII become `?`, so that it can stand in a
    /// log line.
    pub fn new(code: u16, lines: &[String]) -> Self {
        let text = lines.join(" ");
        let text = text
            .chars()
            .map(|c| if (' '..='~').contains(&c) { c } else { '?' });
        Self {
            code: Some(code),
            text: text.take(Self::LONGEST).collect(),
        }
    }

    /// Our own words, for what no server said.
    pub fn own(text: impl fmt::Display) -> Self {
        let text = text.to_string();
        let text = text.chars().map(|c| if c.is_control() { ' ' } else { c });
        Self {
            code: None,
            text: text.take(Self::LONGEST).collect(),
        }
    }
}

impl Outcome {
    /// An answer at a stage.
    pub fn answered(stage: Stage, reply: Reply) -> Self {
        let verdict = reply
            .code
            .map_or(Verdict::Relay, |code| classify(stage, code, &reply.text));
        Self {
            stage,
            verdict,
            reply,
        }
    }

    /// No answer: time ran out, or the connection broke.
    pub fn silent(stage: Stage, why: impl fmt::Display) -> Self {
        let verdict = if stage == Stage::FinalDot {
            Verdict::Unknown
        } else {
            Verdict::Relay
        };
        Self {
            stage,
            verdict,
            reply: Reply::own(why),
        }
    }
}

/// What an answer that is not the hoped-for one means at a stage (RFC 5321 4.2, RFC 3463, RFC
/// 4954). A 2xx to the final dot is acceptance.
///
/// Servers put off what they hold against us until RCPT (Postfix's `smtpd_delay_reject`) or DATA,
/// before which nothing of the message has been said: there the enhanced code decides. Addresses
/// (5.1.x), mailboxes (5.2.x) and routing (5.4.x) are the recipient's; protocol (5.5.x), policy (5.7.x)
/// and a sender they do not like are ours. MAIL FROM names but ourselves, and no size.
pub fn classify(stage: Stage, code: u16, text: &str) -> Verdict {
    let enhanced = text.split_whitespace().next().unwrap_or_default();
    match (stage, code) {
        (Stage::FinalDot, 200..=299) => Verdict::Accepted,
        // It may have taken the message and then gone away.
        (Stage::FinalDot, 421) => Verdict::Unknown,
        (Stage::FinalDot, 400..=499) => Verdict::Temporary,
        // By RFC 4954 these speak of the login wherever they come.
        (Stage::FinalDot, 530 | 534 | 535 | 538) => Verdict::Login,
        (Stage::FinalDot, 500..=599) => Verdict::Permanent,
        (Stage::FinalDot, _) => Verdict::Unknown,
        (Stage::Auth, 500..=599) => Verdict::Login,
        (Stage::MailFrom | Stage::RcptTo | Stage::Data, 500..=599)
            if wants_login(code, enhanced, text) =>
        {
            Verdict::Login
        }
        // 421: closing down. 432: slow down (RFC 4954; Exchange Online's throttling).
        (_, 421 | 432) => Verdict::Relay,
        (Stage::RcptTo | Stage::Data, 500..=599) if is_held_against_us(enhanced, text) => {
            Verdict::Relay
        }
        (Stage::RcptTo | Stage::Data, 400..=499) => Verdict::Temporary,
        (Stage::RcptTo | Stage::Data, 500..=599) => Verdict::Permanent,
        _ => Verdict::Relay,
    }
}

/// "Authentication required", "too weak", "credentials invalid", "encryption required"; Exchange
/// Online's refusals of passwords (5.7.30) and of clients that have not logged in (5.7.57).
fn wants_login(code: u16, enhanced: &str, text: &str) -> bool {
    matches!(code, 530 | 534 | 535 | 538)
        || matches!(enhanced, "5.7.8" | "5.7.9" | "5.7.11" | "5.7.30" | "5.7.57")
        || (!is_enhanced(enhanced)
            && text
                .to_ascii_lowercase()
                .contains("authentication required"))
}

/// Whether a refusal of RCPT or DATA says something of us and not of the recipient.
fn is_held_against_us(enhanced: &str, text: &str) -> bool {
    if is_enhanced(enhanced) {
        return enhanced.starts_with("5.5.")
            || enhanced.starts_with("5.7.")
            || matches!(enhanced, "5.1.7" | "5.1.8");
    }
    let lower = text.to_ascii_lowercase();
    let words = [
        "relay access denied",
        "relaying denied",
        "unable to relay",
        "relay not permitted",
        "not permitted to relay",
    ];
    words.iter().any(|words| lower.contains(words))
}

/// Whether a word is an enhanced code of a refusal: `5.1.1`.
fn is_enhanced(word: &str) -> bool {
    word.starts_with("5.") && word.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stage_and_code_together() {
        use Stage as S;
        use Verdict as V;
        for (stage, code, text, verdict) in [
            (S::Greeting, 554, "no", V::Relay),
            (S::Greeting, 421, "busy", V::Relay),
            (S::Ehlo, 550, "no", V::Relay),
            (S::StartTls, 454, "TLS not available", V::Relay),
            (S::Auth, 535, "5.7.8 bad", V::Login),
            (S::Auth, 454, "4.7.0 later", V::Relay),
            (S::MailFrom, 530, "5.7.0 must authenticate", V::Login),
            (
                S::MailFrom,
                550,
                "5.7.30 Basic authentication is not supported",
                V::Login,
            ),
            (S::MailFrom, 550, "5.1.8 sender unknown", V::Relay),
            (S::MailFrom, 452, "4.3.1 storage", V::Relay),
            (S::MailFrom, 552, "5.2.2 sender over quota", V::Relay),
            (S::RcptTo, 550, "5.1.1 unknown user", V::Permanent),
            (S::RcptTo, 450, "4.2.0 greylisted", V::Temporary),
            (S::RcptTo, 452, "4.2.2 full", V::Temporary),
            (S::RcptTo, 552, "5.2.2 full", V::Permanent),
            (S::RcptTo, 421, "4.3.2 closing", V::Relay),
            (S::RcptTo, 432, "4.3.2 too many connections", V::Relay),
            (S::RcptTo, 554, "5.7.1 Relay access denied", V::Relay),
            (S::RcptTo, 535, "5.7.3 not authenticated", V::Login),
            (
                S::RcptTo,
                550,
                "5.1.1 User unknown in relay recipient table",
                V::Permanent,
            ),
            (
                S::RcptTo,
                550,
                "5.4.1 Recipient address rejected: Access denied",
                V::Permanent,
            ),
            (S::RcptTo, 550, "no such user", V::Permanent),
            (S::RcptTo, 554, "Relaying denied", V::Relay),
            (
                S::RcptTo,
                554,
                "5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied",
                V::Relay,
            ),
            (
                S::RcptTo,
                504,
                "5.5.2 <srv01>: Helo command rejected: need fully-qualified hostname",
                V::Relay,
            ),
            (
                S::RcptTo,
                553,
                "5.7.1 Sender address rejected: not owned by user",
                V::Relay,
            ),
            (
                S::RcptTo,
                550,
                "5.7.133 sender not authenticated for group",
                V::Relay,
            ),
            (
                S::RcptTo,
                550,
                "5.1.8 sender address rejected: domain not found",
                V::Relay,
            ),
            (
                S::MailFrom,
                550,
                "5.7.57 client was not authenticated",
                V::Login,
            ),
            (S::MailFrom, 550, "Authentication required", V::Login),
            (S::Data, 451, "4.3.0 later", V::Temporary),
            (S::Data, 554, "no valid recipients", V::Permanent),
            (S::Data, 530, "5.7.0 must authenticate", V::Login),
            (S::Data, 554, "5.7.1 Client host rejected", V::Relay),
            (S::FinalDot, 250, "2.0.0 queued", V::Accepted),
            (S::FinalDot, 451, "4.3.0 later", V::Temporary),
            (S::FinalDot, 552, "5.3.4 too big", V::Permanent),
            (S::FinalDot, 554, "5.7.1 spam", V::Permanent),
            (S::FinalDot, 530, "5.7.0 must authenticate", V::Login),
            (S::FinalDot, 421, "4.3.2 closing", V::Unknown),
            (S::FinalDot, 0, "", V::Unknown),
            (S::FinalDot, 354, "go on", V::Unknown),
        ] {
            assert_eq!(
                classify(stage, code, text),
                verdict,
                "{stage} {code} {text}"
            );
        }
    }

    #[test]
    fn only_the_final_dot_can_accept_and_only_from_rcpt_on_can_a_message_be_refused() {
        for code in 0..=999 {
            for stage in [Stage::Greeting, Stage::Ehlo, Stage::StartTls, Stage::Auth] {
                let verdict = classify(stage, code, "");
                assert!(
                    matches!(verdict, Verdict::Relay | Verdict::Login),
                    "{stage} {code}"
                );
            }
            for stage in [Stage::MailFrom, Stage::RcptTo, Stage::Data] {
                assert_ne!(
                    classify(stage, code, ""),
                    Verdict::Accepted,
                    "{stage} {code}"
                );
            }
        }
    }

    #[test]
    fn a_reply_can_stand_in_a_log_line() {
        let reply = Reply::new(550, &["5.1.1 ok\u{e5}nd\r\nX-Injected: 1\u{1b}[31m".into()]);
        assert_eq!(reply.text, "5.1.1 ok?nd??X-Injected: 1?[31m");
        assert!(Reply::new(550, &["x".repeat(10_000)]).text.len() <= 400);
    }
}
