//! From content to bytes: headers, both parts, encodings.
//!
//! lettre builds the message. The boundary comes from the Message-ID, so the same content gives
//! the same bytes (RFC 2046 5.1.1 asks only that it does not occur in a part). Bodies are
//! quoted-printable: no line is too long, and none can be taken for the end of the message.

use std::time::{Duration, UNIX_EPOCH};

use jiff::{Timestamp, ZonedDateTime};
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use minijinja::value::{Serde, Value};
use thiserror::Error;

use super::content::Content;
use super::words::{Words, WordsError};
use crate::follow_up::envelope_address;
use crate::follow_up::plausible::shown_line;

/// Who a mail is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// Display name.
    pub name: String,
    /// Address.
    pub address: String,
    /// Where replies go.
    pub reply_to: String,
    /// The domain of Message-IDs and List-Ids: that of the address.
    pub domain: String,
    /// The authority, for the List-Id's words.
    pub authority: String,
}

/// What a message needs beside its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head<'a> {
    /// Recipient's name.
    pub to_name: &'a str,
    /// Recipient's address.
    pub to_address: &'a str,
    /// Message-ID, without angle brackets.
    pub message_id: &'a str,
    /// The instant in the Date header, in the authority's zone.
    pub date: ZonedDateTime,
    /// What the mail is about, for the thread; a key without spaces.
    pub thread: &'a str,
    /// The kind of mail, for the List-Id: `reminders`, `invitations`, `weekly-digest`,
    /// `monthly-digest`.
    pub kind: &'a str,
}

/// Why a message could not be made.
#[derive(Debug, Error)]
pub enum MessageError {
    /// The words fail.
    #[error(transparent)]
    Words(#[from] WordsError),
    /// An address is none.
    #[error(
        "\"{0}\" is not an e-mail address that mail can be sent to; correct it in people.csv and import it again"
    )]
    Address(String),
    /// lettre refused.
    #[error("the message could not be put together: {0}")]
    Build(#[from] lettre::error::Error),
    /// A header's value is not fit for one.
    #[error("the header {0} could not be written")]
    Header(&'static str),
}

/// An iCalendar object that a mail carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// What is done with it; the same as its METHOD (RFC 6047 2.4).
    pub method: &'static str,
    /// The object.
    pub text: String,
}

/// The bytes of a mail, with CRLF line ends and nothing beyond ASCII.
///
/// # Errors
/// A template fails or an address is not one.
pub fn message(
    content: &Content,
    head: &Head<'_>,
    (sender, event): (&Sender, Option<&Object>),
    words: &Words,
) -> Result<Vec<u8>, MessageError> {
    let values = Value::from(Serde(content.clone()));
    let text = words.say("mail.txt.j2", &values)?;
    let html = words.say("mail.html.j2", &values)?;
    let references = format!("<{}@{}>", head.thread, sender.domain);
    let kind = words.say(&format!("list-id.{}", head.kind), &Value::from(()))?;
    let list = format!(
        "{} <{}.avstamd.{}>",
        ascii(&format!("{}, {kind}", sender.authority)),
        head.kind,
        sender.domain
    );
    let boundary: String = head
        .message_id
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(60)
        .collect();
    let alternatives = MultiPart::alternative()
        .boundary(format!("avstamd-{boundary}"))
        .singlepart(part(ContentType::TEXT_PLAIN, text)?)
        .singlepart(part(ContentType::TEXT_HTML, html)?);
    let alternatives = match event {
        None => alternatives,
        Some(event) => alternatives.singlepart(calendar_part(event)?),
    };
    let mut message = Message::builder()
        .from(mailbox(&sender.name, &sender.address)?)
        .reply_to(mailbox("", &sender.reply_to)?)
        .to(mailbox(head.to_name, head.to_address)?)
        .subject(one_line(&content.subject))
        .message_id(Some(format!("<{}>", head.message_id)))
        .in_reply_to(references.clone())
        .references(references)
        .raw_header(plain("Auto-Submitted", "auto-generated")?)
        .raw_header(plain(
            "X-Auto-Response-Suppress",
            "OOF, DR, RN, NRN, AutoReply",
        )?)
        .raw_header(plain("List-Id", &list)?)
        .raw_header(plain("Content-Language", &content.language)?)
        .multipart(alternatives)?;
    // lettre writes every date in UTC; people compare the header with the clock on the wall.
    let date = jiff::fmt::rfc2822::to_string(&head.date);
    let date = date.map_err(|_| MessageError::Header("Date"))?;
    message.headers_mut().insert_raw(plain("Date", &date)?);
    Ok(message.formatted())
}

/// A mail for trying the transport out.
///
/// # Errors
/// The address is not one.
pub fn test_message(
    sender: &Sender,
    to: &str,
    (message_id, now): (&str, Timestamp),
) -> Result<Vec<u8>, MessageError> {
    let date = UNIX_EPOCH + Duration::from_secs(now.as_second().unsigned_abs());
    let text = "Det här är ett testmejl från avstamd. Kommer det fram, med å, ä och ö, så fungerar utskicken.\r\n";
    let message = Message::builder()
        .from(mailbox(&sender.name, &sender.address)?)
        .reply_to(mailbox("", &sender.reply_to)?)
        .to(mailbox("", to)?)
        .subject("Test av avstamd: å, ä och ö")
        .date(date)
        .message_id(Some(format!("<{message_id}>")))
        .raw_header(plain("Auto-Submitted", "auto-generated")?)
        .raw_header(plain(
            "X-Auto-Response-Suppress",
            "OOF, DR, RN, NRN, AutoReply",
        )?)
        .singlepart(part(ContentType::TEXT_PLAIN, text.to_owned())?)?;
    Ok(message.formatted())
}

/// The HTML of a mail, for looking at it without sending it.
///
/// # Errors
/// A template fails.
pub fn html(content: &Content, words: &Words) -> Result<String, WordsError> {
    words.say("mail.html.j2", &Value::from(Serde(content.clone())))
}

fn part(kind: ContentType, text: String) -> Result<SinglePart, MessageError> {
    let encoding = ContentTransferEncoding::QuotedPrintable;
    let body = Body::new_with_encoding(text, encoding)
        .map_err(|_| MessageError::Header("Content-Transfer-Encoding"))?;
    Ok(SinglePart::builder().header(kind).body(body))
}

/// Base64, so that the object arrives to the byte.
fn calendar_part(object: &Object) -> Result<SinglePart, MessageError> {
    let wrong = MessageError::Header("Content-Type");
    let kind = format!("text/calendar; charset=utf-8; method={}", object.method);
    let kind = ContentType::parse(&kind).map_err(|_| wrong)?;
    let encoding = ContentTransferEncoding::Base64;
    let body = Body::new_with_encoding(object.text.clone().into_bytes(), encoding)
        .map_err(|_| MessageError::Header("Content-Transfer-Encoding"))?;
    Ok(SinglePart::builder().header(kind).body(body))
}

fn mailbox(name: &str, address: &str) -> Result<Mailbox, MessageError> {
    let wrong = || MessageError::Address(address.to_owned());
    // lettre would also take letters beyond ASCII, for which a relay has to know SMTPUTF8.
    let address = envelope_address(address).map_err(|_| wrong())?;
    let address: Address = address.parse().map_err(|_| wrong())?;
    let name = one_line(name);
    Ok(Mailbox::new((!name.is_empty()).then_some(name), address))
}

fn plain(name: &'static str, value: &str) -> Result<HeaderValue, MessageError> {
    let header =
        HeaderName::new_from_ascii(name.to_owned()).map_err(|_| MessageError::Header(name))?;
    Ok(HeaderValue::new(header, value.to_owned()))
}

/// The longest text of a header, in characters.
const LONGEST_HEADER: usize = 400;

/// Text fit for a header: one line, without characters that turn or hide text, and without what
/// readers would take for an encoded word (RFC 2047) and decode into something else.
pub fn one_line(text: &str) -> String {
    shown_line(text, LONGEST_HEADER).replace("=?", "= ?")
}

/// The words of a List-Id stay ASCII: some readers show encoded ones as they stand.
fn ascii(text: &str) -> String {
    let folded: String = one_line(text)
        .chars()
        .map(|c| match c {
            'å' | 'ä' | 'à' | 'á' => 'a',
            'Å' | 'Ä' => 'A',
            'ö' | 'ø' => 'o',
            'Ö' => 'O',
            'é' | 'è' => 'e',
            'ü' => 'u',
            c if c.is_ascii_alphanumeric() || " -,".contains(c) => c,
            _ => ' ',
        })
        .collect();
    format!(
        "\"{}\"",
        folded.split_whitespace().collect::<Vec<_>>().join(" ")
    )
}
