//! What tick and deliver work with: settings, the two databases, the words.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::civil::Date;
use thiserror::Error;

use super::placing::placed_years;
use super::watch::own_troubles;
use crate::calendar::{Language, school_year_name};
use crate::config::Settings;
use crate::follow_up::{AreaId, AreaWorld};
use crate::mail::{Detail, Sender, Setting, Words, WordsError};
use crate::plan::{Planner, Trouble, plan};
use crate::store::{Calendar, Failure, Ledger, Reach, StoreError};

/// Why the office could not do its work.
#[derive(Debug, Error)]
pub enum OfficeError {
    /// A database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The words people read.
    #[error(transparent)]
    Words(#[from] WordsError),
    /// A fault in the program ended something. Where, the log says: what a panic says may be
    /// somebody's text.
    #[error("a fault in the program; report the place that the log names")]
    Fault(#[from] tokio::task::JoinError),
    /// A record of its own cannot be written.
    #[error("what was placed cannot be written down: {0}")]
    Record(#[from] serde_json::Error),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

/// Settings, databases and words.
#[derive(Debug)]
pub struct Office {
    /// What the configuration says.
    pub settings: Settings,
    /// What is so.
    pub calendar: Calendar,
    /// What was said.
    pub ledger: Ledger,
    /// What decides.
    pub planner: Planner,
    swedish: Words,
    english: Words,
}

/// A slice of the calendar with what was found beside it.
#[derive(Debug, Clone)]
pub struct SliceWorld {
    /// The slice.
    pub world: AreaWorld,
    /// Its troubles.
    pub troubles: Vec<Trouble>,
}

impl Office {
    /// Opens an office.
    ///
    /// # Errors
    /// The words cannot be read.
    pub fn new(settings: Settings, calendar: Calendar, ledger: Ledger) -> Result<Self, WordsError> {
        let (swedish, english) = load_words(settings.mail.templates.as_deref())?;
        Ok(Self {
            settings,
            calendar,
            ledger,
            planner: plan,
            swedish,
            english,
        })
    }

    /// The same office under other settings, which name the same databases.
    ///
    /// # Errors
    /// The words cannot be read.
    pub fn with_settings(&self, settings: Settings) -> Result<Self, WordsError> {
        Ok(Self {
            planner: self.planner,
            ..Self::new(settings, self.calendar.clone(), self.ledger.clone())?
        })
    }

    /// The words of a language.
    pub fn words(&self, language: Language) -> &Words {
        match language {
            Language::Swedish => &self.swedish,
            Language::English => &self.english,
        }
    }

    /// Reads one slice as it stands.
    ///
    /// # Errors
    /// A database refused.
    pub async fn slice(
        &self,
        area: Option<AreaId>,
        day: Date,
        troubles: &BTreeMap<Option<AreaId>, Vec<Trouble>>,
    ) -> Result<SliceWorld, StoreError> {
        let troubles = troubles.get(&area).cloned().unwrap_or_default();
        let mut world = self.calendar.area_world(area, reach(day)).await?;
        world.settle(day);
        let troubles = troubles
            .into_iter()
            .filter(|trouble| still_holds(trouble, &world))
            .collect();
        Ok(SliceWorld { world, troubles })
    }

    /// Every slice: the authority's own, then each area's.
    ///
    /// # Errors
    /// A database refused.
    pub async fn every_slice(&self, day: Date) -> Result<Vec<SliceWorld>, StoreError> {
        let troubles = self.troubles(day).await?;
        let mut slices = vec![self.slice(None, day, &troubles).await?];
        for area in self.calendar.area_ids().await? {
            slices.push(self.slice(Some(area), day, &troubles).await?);
        }
        Ok(slices)
    }

    /// What was found outside the calendar, by slice, and is to be told on `day`.
    ///
    /// # Errors
    /// A database refused.
    pub async fn troubles(
        &self,
        day: Date,
    ) -> Result<BTreeMap<Option<AreaId>, Vec<Trouble>>, StoreError> {
        let mut troubles: BTreeMap<Option<AreaId>, Vec<Trouble>> = BTreeMap::new();
        for failed in self.ledger.failures(day).await? {
            let since = self.settings.calendar.today(failed.since);
            let person = failed.person;
            let trouble = match failed.what {
                Failure::Refused { address, reply } => Trouble::Undeliverable {
                    person,
                    address,
                    since,
                    reply,
                },
                Failure::Held { mail } => Trouble::Held {
                    person,
                    mail,
                    since,
                },
            };
            for area in failed.areas {
                troubles.entry(area).or_default().push(trouble.clone());
            }
        }
        if let Some((at, summary)) = self.calendar.refused_import().await? {
            let since = self.settings.calendar.today(at);
            troubles
                .entry(None)
                .or_default()
                .push(Trouble::ImportRefused { since, summary });
        }
        let own = own_troubles(self, day).await?;
        troubles.entry(None).or_default().extend(own);
        let placed = placed_years(self, day).await?.into_iter();
        let placed = placed.map(Trouble::YearPlaced);
        troubles.entry(None).or_default().extend(placed);
        Ok(troubles)
    }

    /// What every mail has in common.
    pub fn setting(&self, day: Date) -> Setting<'_> {
        Setting {
            day,
            calendar: &self.settings.calendar,
            rules: &self.settings.rules,
            detail: match self.settings.mail.detail {
                crate::config::Detail::Full => Detail::Full,
                crate::config::Detail::Titles => Detail::Titles,
                crate::config::Detail::Link => Detail::Link,
            },
            dialogue_name: &self.settings.dialogue_name,
            authority: &self.settings.authority,
        }
    }
}

/// Who mail is from.
pub fn sender(settings: &Settings) -> Sender {
    let mail = &settings.mail;
    let domain = mail.from_address.rsplit('@').next().unwrap_or("localhost");
    Sender {
        name: mail.from_name.clone(),
        address: mail.from_address.clone(),
        reply_to: mail.reply_to.clone(),
        domain: domain.to_owned(),
        authority: settings.authority.clone(),
    }
}

/// Reads the words of both languages: what is wrong with each. A layout is common to both.
pub fn check_words(templates: Option<&Path>) -> BTreeSet<String> {
    [Language::Swedish, Language::English]
        .into_iter()
        .filter_map(|language| Words::load(language, templates).err())
        .flat_map(|error| match error {
            WordsError::Unfit(faults) => faults,
            error => vec![error.to_string()],
        })
        .collect()
}

fn load_words(templates: Option<&Path>) -> Result<(Words, Words), WordsError> {
    Ok((
        Words::load(Language::Swedish, templates)?,
        Words::load(Language::English, templates)?,
    ))
}

/// How far back the plan needs to see from `day`: the school year before, for its measures and
/// for the last check-in of anybody who has met at all.
fn reach(day: Date) -> Reach {
    let year_ago = day.saturating_sub(jiff::Span::new().days(366));
    Reach {
        school_year: school_year_name(year_ago),
        from: year_ago,
    }
}

/// An address that was refused is mended when it has been changed.
fn still_holds(trouble: &Trouble, world: &AreaWorld) -> bool {
    match trouble {
        Trouble::Undeliverable {
            person, address, ..
        } => world
            .people
            .get(person)
            .is_some_and(|person| person.email.trim() == address.trim()),
        _ => true,
    }
}
