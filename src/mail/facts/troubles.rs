//! What there is to know about what only a person can mend.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use minijinja::context;

use super::{Detail, Known, Teller, Told};
use crate::calendar::{Language, long_date, time_in_text};
use crate::follow_up::{AreaId, PersonId, RowFault};
use crate::mail::message::one_line;
use crate::mail::obstacle::unplaced_words;
use crate::mail::words::WordsError;
use crate::plan::{Matter, Trouble};

/// So many unreadable rows are named.
const ROWS: usize = 20;

/// A day and a time, in words.
pub fn moment(at: DateTime, language: Language) -> String {
    let time = time_in_text(at.time(), language);
    format!("{} {time}", long_date(at.date(), language))
}

impl Teller<'_> {
    pub(super) fn undeliverable(&self, person: &PersonId) -> Option<Known> {
        let mut troubles = self.slice.troubles.iter();
        troubles.find_map(|trouble| match trouble {
            Trouble::Undeliverable {
                person: of,
                address,
                reply,
                ..
            } if of == person => Some(Known {
                person: self.name(person),
                address: one_line(address),
                reply: one_line(reply),
                ..Known::default()
            }),
            _ => None,
        })
    }

    pub(super) fn held(&self, person: &PersonId) -> Option<Known> {
        let troubles = self.slice.troubles.iter();
        let mails: Vec<String> = troubles
            .filter_map(|trouble| match trouble {
                Trouble::Held {
                    person: of, mail, ..
                } if of == person => Some(mail.to_string()),
                _ => None,
            })
            .collect();
        (!mails.is_empty()).then(|| Known {
            person: self.name(person),
            list: mails,
            ..Known::default()
        })
    }

    pub(super) fn import_refused(&self, on: Date) -> Known {
        let mut troubles = self.slice.troubles.iter();
        let summary = troubles.find_map(|trouble| match trouble {
            Trouble::ImportRefused { since, summary } if *since == on => Some(one_line(summary)),
            _ => None,
        });
        Known {
            reply: summary.unwrap_or_default(),
            ..Known::default()
        }
    }

    /// What came of placing a school year; the dialogues without a time are named.
    pub(super) fn year_placed(&self, school_year: &str) -> Told {
        let mut troubles = self.slice.troubles.iter();
        let placed = troubles.find_map(|trouble| match trouble {
            Trouble::YearPlaced(placed) if placed.school_year == school_year => Some(placed),
            _ => None,
        });
        let Some(placed) = placed else {
            return Ok(None);
        };
        let list = placed.unplaced.iter().take(ROWS);
        let list = list.map(|(unit, unplaced)| unplaced_words(unit, unplaced, self.words));
        let list = list.collect::<Result<Vec<String>, WordsError>>()?;
        let list = self.and_more(list, placed.unplaced.len())?;
        Ok(Some(Known {
            year: school_year.to_owned(),
            count: placed.dialogues,
            check_ins: placed.check_ins,
            gaps: placed.gaps,
            planned: placed
                .stands_from
                .filter(|day| *day > placed.on)
                .map_or_else(String::new, |day| long_date(day, self.language)),
            chosen: placed.stands_from.is_some_and(|day| day <= placed.on),
            lists: BTreeMap::from([("list", list.clone())]),
            list,
            ..Known::default()
        }))
    }

    /// What is held of the day's mails: only what there is too much of has a number.
    pub(super) fn storm(&self) -> Option<Known> {
        let mut troubles = self.slice.troubles.iter();
        troubles.find_map(|trouble| match trouble {
            Trouble::Storm(storm) => Some(Known {
                count: storm.mails.map_or(0, |excess| excess.today as usize),
                usual: storm.mails.map_or(0, |excess| excess.usual),
                changes: storm.changes.map_or(0, |excess| excess.today),
                changes_usual: storm.changes.map_or(0, |excess| excess.usual),
                ..Known::default()
            }),
            _ => None,
        })
    }

    pub(super) fn healed(&self) -> Option<Known> {
        let mut troubles = self.slice.troubles.iter();
        troubles.find_map(|trouble| match trouble {
            Trouble::Healed { mails, .. } => Some(Known {
                count: *mails,
                ..Known::default()
            }),
            _ => None,
        })
    }

    /// From when to when the daemon, or the mail, stood still.
    pub(super) fn stood_still(&self, matter: &Matter, since: Date) -> Option<Known> {
        let mut troubles = self.slice.troubles.iter();
        let (from, until) = troubles.find_map(|trouble| match (matter, trouble) {
            (Matter::WasDown { .. }, Trouble::WasDown { from, until })
            | (Matter::MailStopped { .. }, Trouble::MailStopped { from, until })
                if from.date() == since =>
            {
                Some((*from, *until))
            }
            _ => None,
        })?;
        Some(Known {
            since: moment(from, self.language),
            time: moment(until, self.language),
            ..Known::default()
        })
    }

    /// How many mails cannot be put into words, and the numbers of the first of them.
    pub(super) fn unworded(&self) -> Told {
        let mut troubles = self.slice.troubles.iter();
        let mails = troubles.find_map(|trouble| match trouble {
            Trouble::Unworded { mails, .. } => Some(mails),
            _ => None,
        });
        let Some(mails) = mails else {
            return Ok(None);
        };
        let first = mails.iter().take(ROWS).map(ToString::to_string).collect();
        Ok(Some(Known {
            count: mails.len(),
            list: self.and_more(first, mails.len())?,
            ..Known::default()
        }))
    }

    /// An area that cannot be planned is named by what the ledger calls it: nothing else of it may
    /// be at hand.
    pub(super) fn program_fault(&self, area: Option<&AreaId>) -> Known {
        Known {
            area: area.map(ToString::to_string).unwrap_or_default(),
            ..Known::default()
        }
    }

    /// A list of the first of so many, and how many more there are.
    fn and_more(&self, mut list: Vec<String>, all: usize) -> Result<Vec<String>, WordsError> {
        let more = all.saturating_sub(list.len());
        if more > 0 {
            list.push(self.words.say("items-more", &context! { more })?);
        }
        Ok(list)
    }

    pub(super) fn unreadable(&self, table: &str) -> Told {
        let faults = self.slice.world.faults_to_tell();
        let faults: Vec<&RowFault> = faults.filter(|fault| fault.table == table).collect();
        let list = faults
            .iter()
            .take(ROWS)
            // What is wrong with a row may quote what somebody wrote in it.
            .map(|fault| match self.setting.detail {
                Detail::Link => fault.key.clone(),
                Detail::Full | Detail::Titles => format!("{}: {}", fault.key, fault.message),
            });
        let list = self.and_more(list.collect(), faults.len())?;
        Ok(Some(Known {
            title: table.to_owned(),
            count: faults.len(),
            lists: BTreeMap::from([("list", list.clone())]),
            list,
            ..Known::default()
        }))
    }
}
