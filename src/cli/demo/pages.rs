//! Pages to look around in: every mail as a page, and an index by week.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use jiff::civil::Date;
use minijinja::{Environment, context};

use crate::calendar::{Language, Week, weekday_date};
use crate::daemon::Office;
use crate::mail::{Content, html};

/// A mail that was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Whom it was for.
    pub person: String,
    /// The local day.
    pub day: Date,
    /// Its subject.
    pub subject: String,
    /// Its page.
    page: String,
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
        std::fs::write(directory.join(&page), text)?;
        sent.push(Sent {
            person,
            day,
            subject: content.subject,
            page,
        });
    }
    index(office, directory, &sent)
}

/// Writes every mail that the ledger has as sent as a page, and an index of them.
///
/// # Errors
/// The ledger, a message in it, or the disk fails.
pub async fn write_delivered(office: &Office, directory: &Path) -> anyhow::Result<Vec<Sent>> {
    let pages = directory.join("pages");
    std::fs::create_dir_all(&pages)?;
    let mut sent = Vec::new();
    for row in office.ledger.mails(true).await? {
        if row.state != "sent" {
            continue;
        }
        let Some((_, _, _, Some(bytes))) = office.ledger.mail(row.id).await? else {
            continue;
        };
        let page = format!("{:05}.html", row.id);
        let part =
            html_part(&bytes).with_context(|| format!("mail {} has no HTML part", row.id))?;
        std::fs::write(pages.join(&page), part)?;
        let day = row
            .slot
            .parse()
            .with_context(|| format!("mail {}", row.id))?;
        let (person, subject) = (row.person.to_string(), row.subject.unwrap_or_default());
        sent.push(Sent {
            person,
            day,
            subject,
            page,
        });
    }
    index(office, &pages, &sent)?;
    Ok(sent)
}

/// The HTML part of a message we made: base64 and quoted-printable are the only encodings.
fn html_part(bytes: &[u8]) -> Option<String> {
    let message = mail_parser::MessageParser::default().parse(bytes)?;
    message.body_html(0).map(|text| text.into_owned())
}

fn index(office: &Office, directory: &Path, sent: &[Sent]) -> anyhow::Result<()> {
    let mut weeks: BTreeMap<Week, Vec<&Sent>> = BTreeMap::new();
    for mail in sent {
        weeks.entry(Week::of(mail.day)).or_default().push(mail);
    }
    let weeks: Vec<_> = weeks
        .into_iter()
        .map(|(week, mails)| {
            let mails: Vec<_> = mails
                .into_iter()
                .map(|mail| {
                    context! {
                        day => weekday_date(mail.day, Language::Swedish),
                        person => mail.person.clone(), subject => mail.subject.clone(),
                        page => mail.page.clone()
                    }
                })
                .collect();
            context! { year => week.year(), number => week.number(), mails }
        })
        .collect();
    let mut environment = Environment::new();
    environment.add_template("index.html", include_str!("index.html"))?;
    let values =
        context! { authority => office.settings.authority.clone(), count => sent.len(), weeks };
    let page = environment.get_template("index.html")?.render(values)?;
    Ok(std::fs::write(directory.join("index.html"), page)?)
}
