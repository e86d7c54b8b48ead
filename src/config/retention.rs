//! `[retention]`: what `avstamd purge` removes, and when. A rule that would let a duty be said again
//! is refused, with the reason.

use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::plain::quoted;
use super::reader::{Place, Table};
use crate::plan::Rules;
use crate::plan::retention::{Kept, Retention, Unit};

/// Longer than any record is kept by a number.
const MOST_YEARS: i64 = 100;

/// A number of months or years, or `"keep"`.
enum Rule {
    For(i64),
    Keep,
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(
            untagged,
            expecting = "this is no number; write a whole number without quotes, or \"keep\""
        )]
        enum Word {
            Number(i64),
            Text(String),
        }
        match Word::deserialize(deserializer)? {
            Word::Number(number) => Ok(Self::For(number)),
            Word::Text(text) if text == "keep" => Ok(Self::Keep),
            Word::Text(text) => Err(D::Error::custom(format!(
                "{} is no number; write a whole number without quotes, or \"keep\"",
                quoted(&text)
            ))),
        }
    }
}

/// Reads the table; what is left out keeps its default.
pub fn read(mut table: Table<'_>, rules: &Rules) -> Retention {
    let mut retention = Retention::default();
    for kept in Kept::ALL {
        let (key, unit, _) = kept.rule();
        match table.take_placed::<Rule>(key) {
            None => {}
            Some((Rule::Keep, _)) => retention.set(kept, unit, None),
            Some((Rule::For(number), place)) => {
                if let Some(number) = checked(&table, (kept, number), &place, rules) {
                    retention.set(kept, unit, Some(number));
                }
            }
        }
    }
    part_of_mail(&table, &mut retention);
    table.finish();
    retention
}

fn checked(
    table: &Table<'_>,
    (kept, number): (Kept, i64),
    place: &Place,
    rules: &Rules,
) -> Option<u32> {
    let (key, unit, _) = kept.rule();
    let most = match unit {
        Unit::Months => MOST_YEARS * 12,
        Unit::Years => MOST_YEARS,
    };
    let (least, why) = kept.least(rules);
    if (i64::from(least)..=most).contains(&number) {
        return u32::try_from(number).ok();
    }
    let message = match why {
        Some(why) if (0..=most).contains(&number) => {
            format!("{key} is {number}: {why}; write {least} or more, or \"keep\"")
        }
        _ => format!("{key} is {number}; write a whole number from {least} to {most}, or \"keep\""),
    };
    table.fault_at(place, message);
    None
}

/// A mail's text and tries go with the mail at the latest: a default follows, and a rule that says
/// otherwise would not be kept.
fn part_of_mail(table: &Table<'_>, retention: &mut Retention) {
    let Some(mails) = retention.months(Kept::Mails) else {
        return;
    };
    let (mails_key, ..) = Kept::Mails.rule();
    for part in [Kept::MailText, Kept::Attempts] {
        if retention.months(part).is_some_and(|months| months <= mails) {
            continue;
        }
        let (key, unit, _) = part.rule();
        match table.places().of(key, None) {
            None => retention.set(part, unit, Some(mails)),
            Some(place) => table.fault_at(
                place,
                format!(
                    "{key} outlasts {mails_key}, with which the whole mail goes; write {mails} or less, or raise {mails_key}"
                ),
            ),
        }
    }
}
