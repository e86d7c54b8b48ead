//! The index of the pages: where to begin, then every mail by week and day, and by person.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use minijinja::{Environment, Value, context};

use super::pages::Sent;
use crate::calendar::{
    Language, Week, date_in_text, in_threes, short_date, swedish_order, weekday_date,
};
use crate::daemon::Office;

/// What is worth seeing first: the kind of notice, and what a mail may carry beside it; `None`
/// where that may be anything.
const WORTH_SEEING: [(&str, Option<&str>); 7] = [
    ("weekly-digest", None),
    ("monthly-digest", None),
    ("evaluation", Some("evaluation")),
    ("dialogue-agenda", Some("focus-area")),
    ("check-in", Some("check-in")),
    ("invitation", Some("invitation")),
    ("vacancy", Some("vacancy")),
];

/// Writes `index.html` beside the pages.
///
/// # Errors
/// The template fails or the disk does.
pub fn write(office: &Office, directory: &Path, sent: &[Sent]) -> anyhow::Result<()> {
    let mut sorted: Vec<&Sent> = sent.iter().collect();
    sorted.sort_by(|a, b| {
        a.day
            .cmp(&b.day)
            .then_with(|| swedish_order(&a.name, &b.name))
    });
    let weeks = by(&sorted, |mail| Week::of(mail.day));
    let reminders = |mails: &[&Sent]| mails.iter().filter(|mail| !mail.is_invitation()).count();
    let fullest = weeks.iter().max_by_key(|(_, mails)| reminders(mails));
    let fullest = fullest.map(|(week, _)| *week);
    let weeks: Vec<Value> = weeks
        .iter()
        .map(|(week, mails)| {
            let days: Vec<Value> = by(mails, |mail| mail.day)
                .into_iter()
                .map(|(day, mails)| {
                    let day = weekday_date(day, Language::Swedish);
                    context! { day, mails => rows(&mails) }
                })
                .collect();
            let (year, number) = (week.year(), week.number());
            let open = Some(*week) == fullest;
            context! { year, number, open, count => mails.len(), days }
        })
        .collect();
    let people = people(&sorted);
    let span = sorted.first().zip(sorted.last());
    let span = span.map(|(first, last)| [plain_date(first.day), plain_date(last.day)].join("–"));
    let mut environment = Environment::new();
    environment.add_template("index.html", include_str!("index.html"))?;
    let values = context! {
        authority => office.settings.authority.clone(),
        count => in_threes(sent.len() as u64), persons => people.len(),
        span => span.unwrap_or_default(), start => start(&sorted), weeks, people,
    };
    let page = environment.get_template("index.html")?.render(values)?;
    Ok(std::fs::write(directory.join("index.html"), page)?)
}

/// The mails by a key, in the key's order.
fn by<'a, K: Ord>(mails: &[&'a Sent], key: impl Fn(&Sent) -> K) -> BTreeMap<K, Vec<&'a Sent>> {
    let mut groups: BTreeMap<K, Vec<&Sent>> = BTreeMap::new();
    for mail in mails {
        groups.entry(key(mail)).or_default().push(mail);
    }
    groups
}

fn people(mails: &[&Sent]) -> Vec<Value> {
    let mut people: Vec<_> = by(mails, |mail| mail.person.clone())
        .into_values()
        .collect();
    people.sort_by(|a, b| swedish_order(&a[0].name, &b[0].name));
    people
        .into_iter()
        .map(|mails| context! { name => mails[0].name.clone(), mails => rows(&mails) })
        .collect()
}

fn rows(mails: &[&Sent]) -> Vec<Value> {
    let row = |mail: &&Sent| {
        context! {
            day => short_date(mail.day, Language::Swedish), name => mail.name.clone(),
            subject => mail.subject.clone(), page => mail.page.clone()
        }
    };
    mails.iter().map(row).collect()
}

/// One mail of each kind, the one with most to show, and one in English.
fn start(mails: &[&Sent]) -> Vec<Value> {
    let fullest = |fits: &dyn Fn(&Sent) -> bool| {
        let fitting = mails.iter().filter(|mail| fits(mail));
        fitting.max_by_key(|mail| mail.length).copied()
    };
    let link = |kind: &str, mail: &Sent| {
        context! { kind, subject => mail.subject.clone(), page => mail.page.clone() }
    };
    let mut links: Vec<Value> = WORTH_SEEING
        .iter()
        .filter_map(|(kind, beside)| {
            let found = fullest(&|mail: &Sent| {
                let of_kind = |notice: &String| notice == kind;
                let fits = |notice: &String| {
                    of_kind(notice) || beside.is_none_or(|beside| notice == beside)
                };
                mail.kinds.iter().any(of_kind) && mail.kinds.iter().all(fits) && !mail.english
            })?;
            Some(link(kind, found))
        })
        .collect();
    links.extend(fullest(&|mail: &Sent| mail.english).map(|mail| link("english", mail)));
    links
}

fn plain_date(day: Date) -> String {
    let date = date_in_text(day, Language::Swedish);
    date.trim_start_matches("den ").replacen(' ', "\u{a0}", 1)
}
