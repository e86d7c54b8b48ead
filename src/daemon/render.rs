//! A claimed mail is rendered when it is sent, from what is so then: what was answered meanwhile
//! is left out, and text about a unit goes to nobody who has left it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::office::{Office, OfficeError, SliceWorld, sender};
use crate::follow_up::{AreaId, Person, PersonId};
use crate::mail::{Composed, Head, MessageError, Slice, Slices, compose, message};
use crate::plan::{Decision, Matter, NoticeKey, Silence, Trouble, Verdict, plan};
use crate::store::{Claimed, Prepared};

/// What rendering made of a claimed mail.
#[derive(Debug)]
pub struct Rendered {
    /// The mail, or why there is none.
    pub mail: Outcome,
    /// Notices that hold no more, each with the reason.
    pub withdrawn: Vec<(i64, String)>,
    /// Slices to look at again: somebody else is to be told now.
    pub look_at: Vec<Option<AreaId>>,
}

/// A mail, or why there is none.
#[derive(Debug)]
pub enum Outcome {
    /// Ready to leave.
    Ready(Prepared),
    /// Nothing it was to say holds any more.
    Nothing,
    /// The words fail, the authority's own perhaps: it goes when they are mended.
    Unworded(String),
    /// It cannot be made: the address is at fault.
    Impossible {
        /// Where it was to go.
        address: String,
        /// Why.
        reason: String,
    },
}

/// The slices a batch of mails draws on, and what the plan makes of them today.
#[derive(Debug, Default)]
pub struct Read {
    slices: BTreeMap<Option<AreaId>, SliceWorld>,
    decisions: BTreeMap<Option<AreaId>, HashMap<NoticeKey, Decision>>,
}

/// Reads the slices that `claimed` draw on and plans them, once each; every slice is read where a
/// monthly digest is among them.
///
/// # Errors
/// A database refused.
pub async fn read_slices(
    office: &Office,
    claimed: &[Claimed],
    day: Date,
) -> Result<Read, OfficeError> {
    let lines = claimed
        .iter()
        .filter(|mail| mail.frozen.is_none())
        .flat_map(|mail| &mail.lines);
    let areas: BTreeSet<Option<AreaId>> = lines.clone().map(|line| line.area.clone()).collect();
    let mut read = Read::default();
    if lines
        .clone()
        .any(|line| line.key.occurrence.starts_with("monthly-digest/"))
    {
        for slice in office.every_slice(day).await? {
            let area = slice.world.area.as_ref().map(|area| area.id.clone());
            read.slices.insert(area, slice);
        }
    } else if !areas.is_empty() {
        let troubles = office.troubles().await?;
        for area in &areas {
            let slice = office.slice(area.clone(), day, &troubles).await?;
            read.slices.insert(area.clone(), slice);
        }
    }
    let (calendar, rules) = (&office.settings.calendar, &office.settings.rules);
    for area in areas {
        let Some(SliceWorld { world, troubles }) = read.slices.get(&area) else {
            continue;
        };
        let planned = plan(day, world, troubles, calendar, rules).decisions;
        let by_key = planned
            .into_iter()
            .filter_map(|decision| Some((decision.key()?, decision)));
        read.decisions.insert(area, by_key.collect());
    }
    Ok(read)
}

/// Renders one claimed mail at `now`, for the mail day `day`.
pub fn render(
    office: &Office,
    claimed: &Claimed,
    read: &Read,
    (now, day): (Timestamp, Date),
) -> Rendered {
    let mut rendered = Rendered {
        mail: Outcome::Nothing,
        withdrawn: Vec::new(),
        look_at: Vec::new(),
    };
    let mut decisions = Vec::new();
    for line in &claimed.lines {
        let planned = read.decisions.get(&line.area);
        let found = planned.and_then(|planned| planned.get(&line.key));
        match holds(found, &claimed.person) {
            Ok(decision) => decisions.push(decision.clone()),
            Err(reason) => {
                rendered.withdrawn.push((line.id, reason));
                rendered.look_at.push(line.area.clone());
            }
        }
    }
    let person = read
        .slices
        .values()
        .find_map(|slice| slice.world.people.get(&claimed.person));
    if let (Some(person), false) = (person, decisions.is_empty()) {
        rendered.mail = write(office, (claimed, person), &decisions, (read, now, day));
    }
    rendered
}

/// Whether a notice still holds for the person the mail is for, or why not.
fn holds<'a>(found: Option<&'a Decision>, person: &PersonId) -> Result<&'a Decision, String> {
    match found {
        None => Err("it is no longer on record, or its date or its holder has changed".into()),
        Some(decision) => match &decision.verdict {
            Verdict::Say(_) if decision.to.as_ref() == Some(person) => Ok(decision),
            Verdict::Say(_) => Err("somebody else gets the mail now".into()),
            Verdict::Silent(silence) => Err(Silence::sentence(silence)),
        },
    }
}

fn write(
    office: &Office,
    (claimed, person): (&Claimed, &Person),
    decisions: &[Decision],
    (read, now, day): (&Read, Timestamp, Date),
) -> Outcome {
    let slices: Slices<'_> = read
        .slices
        .iter()
        .map(|(area, slice)| {
            let troubles: &[Trouble] = &slice.troubles;
            (
                area.clone(),
                Slice {
                    world: &slice.world,
                    troubles,
                },
            )
        })
        .collect();
    let words = office.words(person.language);
    let composed = match compose(person, decisions, &slices, &office.setting(day), words) {
        Ok(Some(composed)) => composed,
        Ok(None) => return Outcome::Nothing,
        Err(error) => return Outcome::Unworded(error.to_string()),
    };
    let sender = sender(&office.settings);
    let Composed { content, leading } = composed;
    let thread = thread(&leading, person);
    let head = Head {
        to_name: &person.name,
        to_address: &person.email,
        message_id: &claimed.message_id,
        date: now.to_zoned_datetime(office.settings.calendar.zone().clone()),
        thread: &thread,
        kind: kind(&leading),
    };
    match message(&content, &head, &sender, words) {
        Ok(bytes) => Outcome::Ready(Prepared {
            address: person.email.trim().to_owned(),
            subject: content.subject,
            bytes,
        }),
        Err(MessageError::Words(error)) => Outcome::Unworded(error.to_string()),
        Err(error) => Outcome::Impossible {
            address: person.email.clone(),
            reason: error.to_string(),
        },
    }
}

/// The kind a mail is filed under by the reader's rules.
const fn kind(leading: &Matter) -> &'static str {
    if leading.is_digest() {
        leading.kind()
    } else {
        "reminders"
    }
}

/// One thread per occurrence and person: digests of an area follow each other; any other mail
/// hangs on what its subject names.
fn thread(leading: &Matter, person: &Person) -> String {
    let about = match leading {
        Matter::WeeklyDigest { area, .. } => format!("weekly-digest/{area}"),
        Matter::MonthlyDigest { .. } => "monthly-digest".to_owned(),
        matter => matter.occurrence(),
    };
    let hash = Sha256::digest(format!("{about}\n{}", person.id));
    hash.iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>()
        + ".thread"
}
