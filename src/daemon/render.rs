//! A claimed mail is rendered when it is sent, from what is so then: what was answered meanwhile
//! is left out, and text about a unit goes to nobody who has left it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::contained::{contained, contained_work};
use super::office::{Office, OfficeError, SliceWorld, sender};
use crate::calendar::Language;
use crate::follow_up::{AreaId, Person, PersonId};
use crate::mail::{
    Composed, Content, Desk, Head, MessageError, Object, Slice, Slices, compose, invitation,
    message,
};
use crate::plan::{
    Call, Decision, Matter, Meeting, Method, NoticeKey, Silence, Trouble, Verdict, wanted,
};
use crate::store::{Claimed, ClaimedLine, Prepared};

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
    /// The words fail, the authority's own perhaps, or the program does: it goes when that is mended.
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
    meetings: BTreeMap<Option<AreaId>, HashMap<String, Meeting>>,
    /// Areas that a fault of the program kept from being planned.
    failed: BTreeSet<Option<AreaId>>,
}

/// Reads the slices that `claimed` draw on and plans them, once each; every slice is read where a
/// monthly digest is among them.
///
/// # Errors
/// A database refused.
pub async fn read_slices(
    office: &Office,
    claimed: &[Claimed],
    (now, day): (Timestamp, Date),
) -> Result<Read, OfficeError> {
    let lines = claimed
        .iter()
        .filter(|mail| mail.frozen.is_none())
        .flat_map(|mail| &mail.lines);
    let calls = claimed.iter().filter_map(|mail| mail.call.as_ref());
    let of_calls: BTreeSet<Option<AreaId>> = calls.map(|call| call.area.clone()).collect();
    let mut areas: BTreeSet<Option<AreaId>> = lines.clone().map(|line| line.area.clone()).collect();
    areas.extend(of_calls.iter().cloned());
    let mut read = Read::default();
    let mut to_read = areas.clone();
    if lines.clone().any(is_of_the_month) {
        to_read.insert(None);
        to_read.extend(office.calendar.area_ids().await?.into_iter().map(Some));
    }
    if !to_read.is_empty() {
        let troubles = office.troubles(day).await?;
        for area in to_read {
            match contained_work(office.slice(area.clone(), day, &troubles)).await? {
                None => drop(read.failed.insert(area)),
                Some(slice) => drop(read.slices.insert(area, slice)),
            }
        }
    }
    for area in areas {
        let planned =
            contained(|| read.plan(office, (&area, of_calls.contains(&area)), (now, day)));
        match planned {
            None => drop(read.failed.insert(area)),
            Some((decisions, meetings)) => {
                read.decisions.insert(area.clone(), decisions);
                read.meetings.insert(area, meetings);
            }
        }
    }
    Ok(read)
}

/// Whether a line is the month's digest, which draws on every slice.
fn is_of_the_month(line: &ClaimedLine) -> bool {
    line.key.occurrence.starts_with("monthly-digest/")
}

/// Decisions and meetings by what they are known by.
type Planned = (HashMap<NoticeKey, Decision>, HashMap<String, Meeting>);

impl Read {
    fn plan(
        &self,
        office: &Office,
        (area, has_calls): (&Option<AreaId>, bool),
        (now, day): (Timestamp, Date),
    ) -> Planned {
        let Some(SliceWorld { world, troubles }) = self.slices.get(area) else {
            return Planned::default();
        };
        let (calendar, rules) = (&office.settings.calendar, &office.settings.rules);
        let wanted = match has_calls {
            true => wanted(calendar.local(now), world, &rules.invitations),
            false => Vec::new(),
        };
        let planned = (office.planner)(day, world, troubles, calendar, rules).decisions;
        let decisions = planned.into_iter();
        let decisions = decisions.filter_map(|decision| Some((decision.key()?, decision)));
        let meetings = wanted.into_iter();
        let meetings = meetings.map(|wanted| (wanted.uid, wanted.meeting));
        (decisions.collect(), meetings.collect())
    }

    /// Whether all that a mail draws on could be read and planned.
    fn has(&self, claimed: &Claimed) -> bool {
        if claimed.lines.iter().any(is_of_the_month) && !self.failed.is_empty() {
            return false;
        }
        let areas = claimed.lines.iter().map(|line| &line.area);
        let mut areas = areas.chain(claimed.call.iter().map(|call| &call.area));
        !areas.any(|area| self.failed.contains(area))
    }
}

/// Renders one claimed mail at `now`, for the mail day `day`. A fault of the program in it is this
/// mail's alone.
pub fn render(office: &Office, claimed: &Claimed, read: &Read, at: (Timestamp, Date)) -> Rendered {
    let rendered = match read.has(claimed) {
        true => contained(|| written(office, claimed, read, at)),
        false => None,
    };
    rendered.unwrap_or_else(|| Rendered {
        mail: Outcome::Unworded("a fault in the program, told where it was".into()),
        withdrawn: Vec::new(),
        look_at: Vec::new(),
    })
}

fn written(
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
    if let Some(call) = &claimed.call {
        // Nobody is told off what they were never asked to.
        let is_asked = call.method == Method::Request || claimed.follows;
        if is_asked && still_so(call, read) {
            rendered.mail = invite(office, (claimed, call), (read, now, day));
        } else {
            rendered.look_at.push(call.area.clone());
        }
        return rendered;
    }
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

/// Whether what a call says of a meeting is still so.
fn still_so(call: &Call, read: &Read) -> bool {
    let meetings = read.meetings.get(&call.area);
    let meeting = meetings.and_then(|meetings| meetings.get(&call.uid));
    let comes = |meeting: &Meeting| {
        let mut attendees = meeting.attendees.iter();
        attendees.any(|attendee| attendee.person == call.to)
    };
    match call.method {
        Method::Request => meeting.is_some_and(|meeting| {
            meeting.is_at(&call.meeting) && meeting.has_the_people_of(&call.meeting)
        }),
        Method::Cancel => !meeting.is_some_and(comes),
    }
}

fn invite(
    office: &Office,
    (claimed, call): (&Claimed, &Call),
    (read, now, day): (&Read, Timestamp, Date),
) -> Outcome {
    let known = read
        .slices
        .values()
        .find_map(|slice| slice.world.people.get(&call.to));
    // Whoever has left the record altogether is told of a cancellation where they were told of it.
    let Some(person) = known.cloned().or_else(|| as_told(call)) else {
        return Outcome::Nothing;
    };
    let (setting, sender) = (office.setting(day), sender(&office.settings));
    let words = office.words(person.language);
    let desk = Desk {
        setting: &setting,
        sender: &sender,
        words,
    };
    let (content, object) = match invitation(call, &person, desk, now) {
        Ok(written) => written,
        Err(error) => return Outcome::Unworded(error.to_string()),
    };
    let thread = hashed(&format!("{}\n{}", call.uid, person.id));
    let of = (claimed, &person, thread, "invitations");
    bytes(office, of, (&content, Some(&object)), now)
}

fn as_told(call: &Call) -> Option<Person> {
    let mut attendees = call.meeting.attendees.iter();
    let told = attendees.find(|attendee| attendee.person == call.to)?;
    Some(Person {
        id: told.person.clone(),
        name: told.name.clone(),
        email: told.email.clone(),
        language: Language::Swedish,
    })
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
    let Composed { content, leading } = composed;
    let of = (claimed, person, thread(&leading, person), kind(&leading));
    bytes(office, of, (&content, None), now)
}

/// The mail that says `content`, with the object that belongs to it.
fn bytes(
    office: &Office,
    (claimed, person, thread, kind): (&Claimed, &Person, String, &str),
    (content, object): (&Content, Option<&Object>),
    now: Timestamp,
) -> Outcome {
    let head = Head {
        to_name: &person.name,
        to_address: &person.email,
        message_id: &claimed.message_id,
        date: now.to_zoned_datetime(office.settings.calendar.zone().clone()),
        thread: &thread,
        kind,
    };
    let words = office.words(person.language);
    match message(content, &head, (&sender(&office.settings), object), words) {
        Ok(bytes) => Outcome::Ready(Prepared {
            address: person.email.trim().to_owned(),
            subject: content.subject.clone(),
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
    hashed(&format!("{about}\n{}", person.id))
}

fn hashed(about: &str) -> String {
    let hash = Sha256::digest(about);
    hash.iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>()
        + ".thread"
}
