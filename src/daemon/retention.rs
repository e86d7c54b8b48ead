//! Retention: what has outlived its rule is removed, and what is still spoken of is not. A person who
//! has left is forgotten, and what was said to them stays said.

use jiff::Timestamp;
use jiff::civil::Date;

use super::office::{Office, OfficeError};
use super::watch::last_alive;
use crate::follow_up::{Naming, PersonId};
use crate::plan::retention::Limits;
use crate::plan::{Decision, Trouble, plan, slot};
use crate::store::{Extent, Ledger, Open, Reader, Removed, StoreError};

/// The day of the last purge.
const PURGED: &str = "purged";

/// What a purge came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purged {
    /// What was removed, or would be.
    pub removed: Vec<Removed>,
    /// Databases that another program held: what was deleted is still to be taken out of the file.
    pub unswept: Vec<&'static str>,
}

/// Removes what is older than `limits`, or counts it. The daemon is stopped and has healed; a purge that
/// was cut short is gone on with by the next.
///
/// # Errors
/// A database or the disk refused.
pub async fn purge(
    office: &Office,
    (now, limits): (Timestamp, Limits),
    extent: Extent,
) -> Result<Purged, OfficeError> {
    let open = still_open(office, now).await?;
    let today = limits.today.to_string();
    let unsettled = office.ledger.unsettled().await?;
    let mut removed = office.ledger.purge(limits.clone(), open, extent).await?;
    removed.extend(office.calendar.purge(limits, unsettled, extent).await?);
    let unswept = match extent {
        Extent::Count => Vec::new(),
        Extent::Remove => {
            let purged = vec![(PURGED.to_owned(), today)];
            office.ledger.look_at(Vec::new(), purged).await?;
            sweep(office).await?
        }
    };
    Ok(Purged { removed, unswept })
}

/// The day of the last purge.
///
/// # Errors
/// The ledger refused.
pub async fn last_purge(ledger: &Ledger) -> Result<Option<Date>, StoreError> {
    let day = ledger.fact(PURGED).await?;
    Ok(day.and_then(|day| day.parse().ok()))
}

/// The newest instant that either database knows of: a mail that left, a sign that the daemon lived, a
/// line of the journal.
///
/// # Errors
/// A database refused.
pub async fn newest_known(office: &Office) -> Result<Option<Timestamp>, StoreError> {
    let alive = last_alive(office).await?;
    let mail = office.ledger.last_mail().await?;
    Ok(alive.max(mail).max(office.calendar.last_change().await?))
}

/// Takes what was deleted out of both files; where that had to be left, the database is named.
///
/// # Errors
/// A database or the disk refused.
pub async fn sweep(office: &Office) -> Result<Vec<&'static str>, OfficeError> {
    let mut unswept = Vec::new();
    for (name, is_swept) in [
        ("ledger", office.ledger.sweep().await?),
        ("calendar", office.calendar.sweep().await?),
    ] {
        if !is_swept {
            unswept.push(name);
        }
    }
    if unswept.is_empty() {
        office.ledger.note_swept().await?;
    }
    Ok(unswept)
}

/// What the plan speaks of, as if nothing had been said: whatever of it the ledger forgot would be
/// said again, however long ago it was.
async fn still_open(office: &Office, now: Timestamp) -> Result<Open, OfficeError> {
    let (calendar, rules) = (&office.settings.calendar, &office.settings.rules);
    let day = slot(calendar, rules, calendar.local(now)).day();
    let mut open = Open::default();
    for slice in office.every_slice(day).await? {
        let planned = plan(day, &slice.world, &slice.troubles, calendar, rules);
        let keys = planned.decisions.iter().filter_map(Decision::key);
        open.notices.extend(keys);
        let failing = slice
            .troubles
            .into_iter()
            .filter_map(|trouble| match trouble {
                Trouble::Undeliverable { person, .. } => Some(person),
                _ => None,
            });
        open.failing.extend(failing);
    }
    Ok(open)
}

/// What keeps a person from being forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ties {
    /// Posts they hold, now or later, in words.
    pub posts: Vec<String>,
    /// Mails that wait or are held, to them or with their name in it.
    pub mails: Vec<i64>,
    /// Meetings that lie ahead and that somebody has in their calendar: who would call them off?
    pub meetings: Vec<String>,
}

/// What came of forgetting somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forgotten {
    /// Nothing: they are still needed.
    Tied(Ties),
    /// Nothing is stored about them.
    Unknown,
    /// They are forgotten.
    Done {
        /// What stands in place of the identifier.
        pseudonym: String,
        /// How many rows, texts and lines were changed.
        changed: usize,
        /// Databases that another program held; see [`Purged`].
        unswept: Vec<&'static str>,
    },
}

/// What a person is known by in both databases.
#[derive(Debug, Clone)]
pub struct Known {
    /// What texts are searched for.
    pub naming: Naming,
    /// Whether the calendar has them.
    pub is_here: bool,
}

/// What a person is known by in both databases, and by which other `names`.
///
/// # Errors
/// A database refused.
pub async fn known_as(
    office: &Office,
    person: PersonId,
    names: &[String],
) -> Result<Known, OfficeError> {
    let addresses = office.ledger.addresses_of(person.clone()).await?;
    let (mut naming, is_here) = office.calendar.naming(person).await?;
    for address in addresses {
        naming.learn("", &address);
    }
    for name in names {
        naming.learn(name, "");
    }
    let naming = office.calendar.only_theirs(naming).await?;
    Ok(Known { naming, is_here })
}

/// Forgets a person who is no longer needed on `today`. The daemon is stopped and has healed; what was
/// cut short is gone on with by the next try, under the same pseudonym.
///
/// # Errors
/// A database or the disk refused.
pub async fn forget(
    office: &Office,
    (Known { naming, is_here }, pseudonym): (Known, String),
    today: Date,
    reader: Reader,
) -> Result<Forgotten, OfficeError> {
    let person = naming.id.clone();
    let (mails, meetings) = office.ledger.ties(naming.clone(), today, reader).await?;
    let ties = Ties {
        posts: office.calendar.posts_from(person.clone(), today).await?,
        mails,
        meetings,
    };
    if ties != Ties::default() {
        return Ok(Forgotten::Tied(ties));
    }
    let is_known = is_here || office.ledger.is_forgetting(&person).await?;
    let (naming, pseudonym) = office.ledger.begin_to_forget(naming, pseudonym).await?;
    let of_calendar = office
        .calendar
        .forget(naming.clone(), pseudonym.clone())
        .await?;
    let of_ledger = (office.ledger)
        .forget(naming, pseudonym.clone(), reader)
        .await?;
    let unswept = sweep(office).await?;
    let changed = of_calendar + of_ledger;
    if changed == 0 && !is_known {
        return Ok(Forgotten::Unknown);
    }
    Ok(Forgotten::Done {
        pseudonym,
        changed,
        unswept,
    })
}
