//! Tick: what should have been said by now, minus what was said, written down.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::clock::message_id;
use super::invite::{Found, invite};
use super::office::{Office, OfficeError, sender};
use super::watch::{Faults, note_storm};
use crate::follow_up::{AreaId, PersonId, Role};
use crate::plan::{Capacity, Decision, Silence, Slot, Trouble, Verdict, group, slot, subtract};
use crate::store::{Noted, SliceCalls, Tick};

/// Slices planned and written down in one go. Each chunk is a transaction of its own, so a tick
/// over very many areas needs little memory and loses little when it is cut short.
const CHUNK: usize = 200;

/// What a tick came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ticked {
    /// Slices looked at.
    pub slices: usize,
    /// What was written down.
    pub noted: Noted,
    /// Whether the day's mail may go now.
    pub open: bool,
}

/// Plans everything that is due for a look at `now` and writes it down.
///
/// # Errors
/// A database refused; what was written in earlier chunks stays, and the next tick goes on.
pub async fn tick(office: &Office, now: Timestamp) -> Result<Ticked, OfficeError> {
    notice_changes(office).await?;
    let calendar = &office.settings.calendar;
    let Slot::Open(day) = slot(calendar, &office.settings.rules, calendar.local(now)) else {
        return Ok(Ticked::default());
    };
    let mut ticked = Ticked {
        open: true,
        ..Ticked::default()
    };
    let due = office.ledger.slices_due(day).await?;
    // What is still held is told in today's mails, which may leave before the tick has ended.
    note_storm(office, now, day).await?;
    if due.is_empty() {
        return Ok(ticked);
    }
    let troubles = office.troubles(day).await?;
    let mut faults = Faults::known(office).await?;
    for chunk in due.chunks(CHUNK) {
        let mut due = Due::default();
        for area in chunk {
            let looked = look(office, (now, day), (area, &troubles), &mut due.invited);
            match faults.contain((area, now), looked).await? {
                Some(looked) => due.found(area, looked),
                None => due.look_on(area.clone(), calendar.working_days_after(day, 1)),
            }
        }
        let noted = write_down(office, (now, day), due).await?;
        ticked.slices += chunk.len();
        ticked.noted.notices += noted.notices;
        ticked.noted.mails += noted.mails;
        ticked.noted.invitations += noted.invitations;
    }
    faults.note(office).await?;
    note_storm(office, now, day).await?;
    Ok(ticked)
}

/// What a look at a slice found.
struct Looked {
    calls: Found,
    decisions: Vec<Decision>,
    look_on: Date,
}

/// Plans one slice: what is to be said of it and has not been.
async fn look(
    office: &Office,
    (now, day): (Timestamp, Date),
    (area, troubles): (&Option<AreaId>, &BTreeMap<Option<AreaId>, Vec<Trouble>>),
    invited: &mut BTreeMap<PersonId, u32>,
) -> Result<Looked, OfficeError> {
    let (calendar, rules) = (&office.settings.calendar, &office.settings.rules);
    let slice = office.slice(area.clone(), day, troubles).await?;
    let slice_of = (area, &slice.world);
    let mut looked = Looked {
        calls: invite(office, (now, day), slice_of, invited).await?,
        decisions: Vec::new(),
        look_on: Date::MAX,
    };
    let is_gone = area.is_some() && slice.world.area.is_none();
    if !is_gone {
        let planned = (office.planner)(day, &slice.world, &slice.troubles, calendar, rules);
        looked.look_on = planned.look_again_on.unwrap_or(Date::MAX);
        warn_of_deaf_ears(&planned.decisions);
        looked.decisions = unsaid(office, planned).await?;
    }
    Ok(looked)
}

/// What a look at some slices found.
#[derive(Default)]
struct Due {
    decisions: Vec<Decision>,
    calls: Vec<Found>,
    look_on: BTreeMap<Option<AreaId>, Date>,
    /// How many invitations each person has got today, those found so far among them.
    invited: BTreeMap<PersonId, u32>,
}

impl Due {
    fn found(&mut self, area: &Option<AreaId>, looked: Looked) {
        let Looked {
            calls,
            decisions,
            look_on,
        } = looked;
        for day in [Some(look_on), calls.look_on].into_iter().flatten() {
            self.look_on(area.clone(), day);
        }
        self.calls.push(calls);
        self.decisions.extend(decisions);
    }

    /// The slice is next worth a look on `day`, if not before.
    fn look_on(&mut self, area: Option<AreaId>, day: Date) {
        let look_on = self.look_on.entry(area).or_insert(day);
        *look_on = day.min(*look_on);
    }
}

/// Warns of what only a person can mend where nobody can be told of it: then the log has to.
fn warn_of_deaf_ears(decisions: &[Decision]) {
    let is_deaf = |decision: &Decision| {
        matches!(
            decision.verdict,
            Verdict::Silent(Silence::Vacant | Silence::NoAddress)
        )
    };
    let is_officers =
        |decision: &&Decision| decision.capacity == Capacity::Holder(Role::QualityOfficer);
    let heard: BTreeSet<String> = decisions
        .iter()
        .filter(|decision| !is_deaf(decision))
        .map(|decision| decision.matter.occurrence())
        .collect();
    let deaf: BTreeSet<String> = decisions
        .iter()
        .filter(is_officers)
        .map(|decision| decision.matter.occurrence())
        .filter(|occurrence| !heard.contains(occurrence))
        .collect();
    if let Some(first) = deaf.first() {
        tracing::warn!(
            matters = deaf.len(),
            first,
            "nobody can be told of what needs mending; give a quality officer or a school director a working address in people.csv and import it"
        );
    }
}

/// The decisions of a plan that are to be said and have not been.
async fn unsaid(office: &Office, planned: crate::plan::Plan) -> Result<Vec<Decision>, OfficeError> {
    let keys = planned
        .decisions
        .iter()
        .filter(|d| d.is_said())
        .filter_map(Decision::key)
        .collect();
    let said = office.ledger.said(keys).await?;
    let planned = subtract(planned, |key| said.get(key).copied());
    Ok(planned
        .decisions
        .into_iter()
        .filter(Decision::is_said)
        .collect())
}

async fn write_down(
    office: &Office,
    (now, day): (Timestamp, Date),
    mut due: Due,
) -> Result<Noted, OfficeError> {
    let mut decisions = std::mem::take(&mut due.decisions);
    let people: BTreeSet<_> = decisions
        .iter()
        .filter_map(|decision| decision.to.clone())
        .collect();
    let mailboxes = office
        .ledger
        .mailboxes(people.into_iter().collect())
        .await?;
    let tomorrow = office.settings.calendar.working_days_after(day, 1);
    let letters = group(&mut decisions, (day, tomorrow), |person| {
        mailboxes.get(person).copied().unwrap_or_default()
    });
    for decision in &decisions {
        tracing::debug!(
            occurrence = decision.matter.occurrence(),
            capacity = decision.capacity.word(),
            said = decision.is_said(),
            "decided"
        );
        if let Verdict::Silent(_) = decision.verdict {
            // Held over for a person who has had today's mail.
            due.look_on(decision.area.clone(), tomorrow);
        }
    }
    let domain = sender(&office.settings).domain;
    let id = || Ok::<_, getrandom::Error>(format!("{}@{domain}", message_id()?));
    let letters = letters
        .into_iter()
        .map(|letter| Ok((letter, id()?)))
        .collect::<Result<_, getrandom::Error>>()?;
    let mut calls = Vec::new();
    for found in due.calls {
        let with_id = found.calls.into_iter().map(|call| Ok((call, id()?)));
        calls.push(SliceCalls {
            area: found.area,
            calls: with_id.collect::<Result<_, getrandom::Error>>()?,
            adopted: found.adopted,
        });
    }
    let look_on = due.look_on.into_iter().collect();
    Ok(office
        .ledger
        .write_down(Tick {
            at: now,
            day,
            letters,
            calls,
            look_on,
        })
        .await?)
}

/// Puts what changed since the last tick on the agenda. Another calendar, an older one (restored
/// from a backup), other settings or another program: then everything is looked at.
async fn notice_changes(office: &Office) -> Result<(), OfficeError> {
    let ledger = &office.ledger;
    let known = ledger.fact("calendar").await?;
    let seen: i64 = ledger
        .fact("calendar-seq")
        .await?
        .and_then(|seq| seq.parse().ok())
        .unwrap_or(-1);
    let ground = office.settings.fingerprint();
    let same_ground = ledger.fact("settings").await?.as_deref() == Some(ground.as_str());
    let changes = office.calendar.changes_after(seen).await?;
    let same = same_ground && known.as_deref() == Some(&changes.identity) && changes.seq >= seen;
    let mut slices: Vec<Option<AreaId>> = Vec::new();
    if !same || changes.areas.iter().any(|area| area == "*") {
        slices.push(None);
        slices.extend(office.calendar.area_ids().await?.into_iter().map(Some));
    } else {
        let named = changes.areas.iter();
        slices.extend(named.map(|area| (!area.is_empty()).then(|| AreaId::new(area))));
    }
    // A refused import changes nothing in any area, and is to be told.
    let refused = office.calendar.refused_import().await?;
    let refused = refused.map_or_else(String::new, |(at, _)| at.to_string());
    if ledger.fact("import-refused").await?.unwrap_or_default() != refused {
        slices.push(None);
    }
    if slices.is_empty() && same {
        return Ok(());
    }
    let facts = [
        ("import-refused", refused),
        ("calendar", changes.identity),
        ("calendar-seq", changes.seq.to_string()),
        ("settings", ground),
    ];
    let facts = facts.map(|(name, value)| (name.to_owned(), value)).to_vec();
    Ok(ledger.look_at(slices, facts).await?)
}
