//! Pages to look around in: every mail as a page, and an index of them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use jiff::civil::Date;

use super::index;
use crate::calendar::Language;
use crate::daemon::Office;
use crate::follow_up::PersonId;
use crate::mail::{Content, html};

/// A mail that was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Whom it was for: something that tells them apart.
    pub person: String,
    /// Their name.
    pub name: String,
    /// The local day.
    pub day: Date,
    /// Its subject.
    pub subject: String,
    /// Its page.
    pub page: String,
    /// How long that is, in bytes.
    pub length: usize,
    /// The kinds of notices it carries, as far as they are known.
    pub kinds: Vec<String>,
    /// Whether it is in English.
    pub english: bool,
}

impl Sent {
    /// Whether it is an invitation.
    pub fn is_invitation(&self) -> bool {
        self.kinds.iter().any(|kind| kind == "invitation")
    }
}

/// Writes foreseen mails as pages, and an index of them.
///
/// # Errors
/// A template fails or the disk does.
pub fn write(
    office: &Office,
    directory: &Path,
    mails: Vec<(Date, String, Content)>,
) -> anyhow::Result<()> {
    std::fs::create_dir_all(directory)?;
    let mut sent = Vec::new();
    for (number, (day, person, content)) in mails.into_iter().enumerate() {
        let page = format!("{number:05}.html");
        let language = if content.language == "en" {
            Language::English
        } else {
            Language::Swedish
        };
        let text = html(&content, office.words(language))?;
        std::fs::write(directory.join(&page), &text)?;
        sent.push(Sent {
            name: person.clone(),
            person,
            day,
            subject: content.subject,
            page,
            length: text.len(),
            kinds: Vec::new(),
            english: language == Language::English,
        });
    }
    index::write(office, directory, &sent)
}

/// Writes every mail that the ledger has as sent as a page, and an index of them.
///
/// # Errors
/// The ledger, a message in it, or the disk fails.
pub async fn write_delivered(office: &Office, directory: &Path) -> anyhow::Result<Vec<Sent>> {
    let pages = directory.join("pages");
    std::fs::create_dir_all(&pages)?;
    let mut sent = Vec::new();
    let mut names = Names::default();
    for row in office.ledger.mails(true).await? {
        if row.state != "sent" {
            continue;
        }
        let Some((_, _, notices, Some(bytes))) = office.ledger.mail(row.id).await? else {
            continue;
        };
        let page = format!("{:05}.html", row.id);
        let part =
            html_part(&bytes).with_context(|| format!("mail {} has no HTML part", row.id))?;
        std::fs::write(pages.join(&page), &part)?;
        let day = row
            .slot
            .parse()
            .with_context(|| format!("mail {}", row.id))?;
        let kind = |occurrence: &str| occurrence.split('/').next().map(str::to_owned);
        sent.push(Sent {
            person: row.person.to_string(),
            name: names.of(office, &row.person, day).await?,
            day,
            subject: row.subject.unwrap_or_default(),
            page,
            length: part.len(),
            kinds: match row.meeting {
                Some(_) => vec!["invitation".to_owned()],
                None => notices.iter().filter_map(|n| kind(&n.occurrence)).collect(),
            },
            english: part.contains("<html lang=\"en\""),
        });
    }
    index::write(office, &pages, &sent)?;
    Ok(sent)
}

/// The HTML part of a message we made: base64 and quoted-printable are the only encodings.
fn html_part(bytes: &[u8]) -> Option<String> {
    let message = mail_parser::MessageParser::default().parse(bytes)?;
    message.body_html(0).map(|text| text.into_owned())
}

/// People's names, read anew only when somebody turns up who was not there before.
#[derive(Default)]
struct Names(BTreeMap<PersonId, String>);

impl Names {
    async fn of(
        &mut self,
        office: &Office,
        person: &PersonId,
        day: Date,
    ) -> anyhow::Result<String> {
        if !self.0.contains_key(person) {
            for slice in office.every_slice(day).await? {
                let people = slice.world.people.into_values();
                self.0.extend(people.map(|person| (person.id, person.name)));
            }
        }
        let name = self.0.entry(person.clone());
        Ok(name.or_insert_with(|| person.to_string()).clone())
    }
}
