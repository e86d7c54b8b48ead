//! What the daemon notes about itself, for those who should know: when it last lived, that it was down,
//! that a day's mails are held, that its ledger had to learn, that a part of it fails.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::contained::contained_work;
use super::office::{Office, OfficeError};
use crate::follow_up::AreaId;
use crate::plan::{Storm, Trouble, missed_a_mail_day};
use crate::store::{Healed, Hold, Ledger, StoreError};

/// That it lives is written down so often.
const ALIVE_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// A queue that nothing is added to is weighed so often: a person may have let it go.
const WEIGHED_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// What has happened is told for so many days.
const TOLD_FOR_DAYS: i64 = 7;

/// What was down is known for the month's digest.
const DOWN_FOR_DAYS: i64 = 62;

/// What is wrong, and what to do, where nobody can tell what was sent.
pub const RECORD_IS_LOST: &str = "the record of what has left (the ledger's path and `.sent`) is gone, or lacks the mail that left last; should the ledger be an older one, put back from a backup, nobody knows what was sent since, so nothing leaves. If it is not, run `avstamd outbox release`. If it is, put the record back and restart; where that is lost, `avstamd outbox release` lets mail leave, and some may come a second time";

const ALIVE: &str = "alive";
const STORM: &str = "storm";
const HEALED: &str = "healed";
const DOWN: &str = "down/";
const NO_MAIL: &str = "no-mail";
const STOPPED: &str = "stopped/";
const FAULT: &str = "fault/";

fn fact(name: impl Into<String>, value: impl Into<String>) -> (String, String) {
    (name.into(), value.into())
}

fn seconds(text: &str) -> Option<Timestamp> {
    Timestamp::from_second(text.parse().ok()?).ok()
}

/// When the daemon last noted that it lives.
///
/// # Errors
/// SQLite refused.
pub async fn last_alive(office: &Office) -> Result<Option<Timestamp>, StoreError> {
    let last = office.ledger.fact(ALIVE).await?;
    Ok(last.as_deref().and_then(seconds))
}

/// Notes that the daemon lives: a tick of it ran to its end.
///
/// # Errors
/// SQLite refused.
pub async fn note_alive(office: &Office, now: Timestamp) -> Result<(), StoreError> {
    let is_fresh = last_alive(office).await?.is_some_and(|last| {
        let age = now.duration_since(last);
        age < ALIVE_EVERY && age >= SignedDuration::ZERO
    });
    if is_fresh {
        return Ok(());
    }
    let alive = fact(ALIVE, now.as_second().to_string());
    office.ledger.look_at(Vec::new(), vec![alive]).await
}

/// Notes, as the daemon starts, that it was down through a mail day or more, if it was.
///
/// # Errors
/// SQLite refused.
pub async fn note_outage(office: &Office, now: Timestamp) -> Result<(), StoreError> {
    let Some(last) = last_alive(office).await? else {
        return Ok(());
    };
    if !missed(office, last, now) {
        return Ok(());
    }
    tracing::warn!(since = %last, "avstamd did not run through a mail day or more; what is still so is said now");
    let down = fact(
        format!("{DOWN}{}", last.as_second()),
        now.as_second().to_string(),
    );
    office.ledger.look_at(vec![None], vec![down]).await
}

/// Longer than any wait, and than any correction of a clock: what lies further ahead was written down
/// by another time.
const AHEAD: SignedDuration = SignedDuration::from_hours(48);

/// Takes back, as the daemon starts, what a clock that was ahead has put off: mail that waits for a far
/// day, areas that are to be looked at then. What was said meanwhile stays said.
///
/// # Errors
/// SQLite refused.
pub async fn note_clock(office: &Office, now: Timestamp) -> Result<(), StoreError> {
    let until = now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
    let day = office.settings.calendar.today(until);
    if office.ledger.come_back((now, until), day).await? {
        tracing::error!(
            "the ledger has days that are still to come: the clock was ahead, or mail was sent with --at. What was said then is not said again; what was put off is taken up now"
        );
    }
    Ok(())
}

/// Notes that the mail server takes no mail, or takes it again. A stand that went through a mail day or
/// more is told when it is over: before, no mail could tell of it.
///
/// # Errors
/// SQLite refused.
pub async fn note_mail(office: &Office, now: Timestamp, takes: bool) -> Result<(), StoreError> {
    let since = office.ledger.fact(NO_MAIL).await?.unwrap_or_default();
    let mut facts = Vec::new();
    match (seconds(&since), takes) {
        (None, false) => facts.push(fact(NO_MAIL, now.as_second().to_string())),
        (Some(from), true) => {
            facts.push(fact(NO_MAIL, ""));
            if missed(office, from, now) {
                facts.push(fact(
                    format!("{STOPPED}{since}"),
                    now.as_second().to_string(),
                ));
            }
        }
        _ => return Ok(()),
    }
    let look_at = if facts.len() > 1 {
        vec![None]
    } else {
        Vec::new()
    };
    office.ledger.look_at(look_at, facts).await
}

fn missed(office: &Office, from: Timestamp, until: Timestamp) -> bool {
    let (calendar, rules) = (&office.settings.calendar, &office.settings.rules);
    missed_a_mail_day(
        calendar,
        rules,
        (calendar.local(from), calendar.local(until)),
    )
}

/// Notes what the ledger had to learn from the record of what was sent.
///
/// # Errors
/// SQLite refused.
pub async fn note_healed(
    ledger: &Ledger,
    healed: Healed,
    now: Timestamp,
) -> Result<(), StoreError> {
    if healed.unreadable > 0 {
        tracing::warn!(
            lines = healed.unreadable,
            "the record of what was sent has lines that cannot be read"
        );
    }
    if healed.record_lost {
        tracing::error!("{RECORD_IS_LOST}");
        ledger.look_at(vec![None], Vec::new()).await?;
    }
    if healed.mails == 0 {
        return Ok(());
    }
    tracing::error!(
        mails = healed.mails,
        "the ledger is older than the record of what was sent; it has learnt from it, and nothing is said again"
    );
    let mut facts = vec![fact(
        HEALED,
        format!("{} {}", now.as_second(), healed.mails),
    )];
    // It lived until then, whatever an older ledger remembers.
    if let Some(last) = healed.last_left {
        facts.push(fact(ALIVE, last.as_second().to_string()));
    }
    ledger.look_at(vec![None], facts).await
}

/// What is held of the mail day `day`, as it stands at `now`.
///
/// # Errors
/// SQLite refused.
pub async fn storm(
    office: &Office,
    now: Timestamp,
    day: Date,
) -> Result<Option<Storm>, StoreError> {
    let times = office.settings.rules.hold_above_usual;
    if times == 0 {
        return Ok(None);
    }
    let traffic = office.ledger.traffic(now, day).await?;
    let storm = Storm::weigh(day, traffic.today, &traffic.before, times);
    Ok(storm.filter(|_| !traffic.is_released))
}

/// What a storm keeps from being claimed.
fn hold(storm: Option<&Storm>) -> Hold {
    storm.map_or_else(Hold::default, |storm| Hold {
        mails: storm.mails.is_some(),
        changes: storm.changes.is_some(),
        invitations: false,
    })
}

/// What is held, as it was last weighed: weighing reads twenty days of mails, and a queue is claimed
/// in many small parts.
#[derive(Debug, Default)]
pub struct Scales(Option<Weighed>);

#[derive(Debug)]
struct Weighed {
    day: Date,
    newest: Option<i64>,
    at: Timestamp,
    hold: Hold,
}

impl Scales {
    /// What is not to be claimed now. Weighed anew where mails have come since, and each minute.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn hold(
        &mut self,
        office: &Office,
        (now, day): (Timestamp, Date),
    ) -> Result<Hold, StoreError> {
        let newest = office.ledger.newest_mail().await?;
        let still_so = self.0.as_ref().filter(|last| {
            let age = now.duration_since(last.at).abs();
            last.day == day && last.newest == newest && age < WEIGHED_EVERY
        });
        if let Some(last) = still_so {
            return Ok(last.hold);
        }
        let hold = match office.ledger.record_lost().await? {
            Some(_) => Hold::ALL,
            None => hold(storm(office, now, day).await?.as_ref()),
        };
        self.0 = Some(Weighed {
            day,
            newest,
            at: now,
            hold,
        });
        Ok(hold)
    }
}

/// Notes that mails of the day are held, or that they are no longer: the quality officer is asked.
///
/// # Errors
/// SQLite refused, or what is noted cannot be written.
pub async fn note_storm(office: &Office, now: Timestamp, day: Date) -> Result<(), OfficeError> {
    let storm = storm(office, now, day).await?;
    let known = known_storm(office).await?;
    let held = |storm: &Option<Storm>| hold(storm.as_ref());
    if held(&known) == held(&storm) && (storm.is_none() || known.map(|known| known.on) == Some(day))
    {
        return Ok(());
    }
    match &storm {
        Some(Storm { mails, changes, .. }) => tracing::error!(
            mails = mails.map(|excess| excess.today),
            changes = changes.map(|excess| excess.today),
            "far more mails than usual are to leave today; they are held. If that is right, run `avstamd outbox release`; if not, mend the calendar first"
        ),
        None => tracing::info!("the mails that were held for their number may leave"),
    }
    let word = storm
        .map(|storm| serde_json::to_string(&storm))
        .transpose()?;
    let noted = fact(STORM, word.unwrap_or_default());
    Ok(office.ledger.look_at(vec![None], vec![noted]).await?)
}

async fn known_storm(office: &Office) -> Result<Option<Storm>, StoreError> {
    let word = office.ledger.fact(STORM).await?;
    Ok(word.and_then(|word| serde_json::from_str(&word).ok()))
}

/// The slices that a fault of the program keeps from being planned, each by its area's name and since
/// when; the authority's own slice is one without a name.
///
/// # Errors
/// SQLite refused.
pub async fn faulty(office: &Office) -> Result<Vec<(String, Timestamp)>, StoreError> {
    let known = office.ledger.facts(FAULT).await?.into_iter();
    let since = known.filter_map(|(area, since)| Some((area, seconds(&since)?)));
    Ok(since.collect())
}

/// Slices that a fault of the program keeps from being planned.
#[derive(Debug)]
pub struct Faults {
    known: BTreeSet<String>,
    news: Vec<(String, String)>,
}

impl Faults {
    /// Those known.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn known(office: &Office) -> Result<Self, StoreError> {
        let known = faulty(office).await?.into_iter();
        Ok(Self {
            known: known.map(|(area, _)| area).collect(),
            news: Vec::new(),
        })
    }

    /// Does `work` for a slice. A panic in it stops nothing else: then there is no answer.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn contain<T>(
        &mut self,
        (area, now): (&Option<AreaId>, Timestamp),
        work: impl Future<Output = Result<T, OfficeError>>,
    ) -> Result<Option<T>, OfficeError> {
        let done = contained_work(work).await?;
        let area = area.as_ref().map_or("", AreaId::as_str);
        if done.is_none() {
            tracing::error!(
                area,
                "a fault in the program: this area cannot be planned; the others are"
            );
        }
        if done.is_some() == self.known.contains(area) {
            let since = match done {
                Some(_) => String::new(),
                None => now.as_second().to_string(),
            };
            self.news.push(fact(format!("{FAULT}{area}"), since));
        }
        Ok(done)
    }

    /// Notes what is new, to be told. Comes after the slices that were looked at are off the agenda.
    ///
    /// # Errors
    /// SQLite refused.
    pub async fn note(self, office: &Office) -> Result<(), StoreError> {
        match self.news {
            news if news.is_empty() => Ok(()),
            news => office.ledger.look_at(vec![None], news).await,
        }
    }
}

/// What the daemon noted about itself and is to be told on `day`.
///
/// # Errors
/// SQLite refused.
pub async fn own_troubles(office: &Office, day: Date) -> Result<Vec<Trouble>, StoreError> {
    let calendar = &office.settings.calendar;
    let is_since = |on: Date, days: i64| on <= day && on > day.saturating_sub(days.days());
    let mut troubles = Vec::new();
    if let Some(storm) = known_storm(office).await?.filter(|storm| storm.on == day) {
        troubles.push(Trouble::Storm(storm));
    }
    if let Some(since) = office.ledger.record_lost().await? {
        let since = calendar.today(since);
        troubles.push(Trouble::RecordLost { since });
    }
    let healed = office.ledger.fact(HEALED).await?.unwrap_or_default();
    if let Some((at, mails)) = healed.split_once(' ')
        && let (Some(at), Ok(mails)) = (seconds(at), mails.parse())
    {
        let on = calendar.today(at);
        if is_since(on, TOLD_FOR_DAYS) {
            troubles.push(Trouble::Healed { on, mails });
        }
    }
    for (prefix, days) in [(DOWN, DOWN_FOR_DAYS), (STOPPED, TOLD_FOR_DAYS)] {
        for (from, until) in office.ledger.facts(prefix).await? {
            let (Some(from), Some(until)) = (seconds(&from), seconds(&until)) else {
                continue;
            };
            let (from, until) = (calendar.local(from), calendar.local(until));
            if is_since(until.date(), days) {
                troubles.push(match prefix {
                    DOWN => Trouble::WasDown { from, until },
                    _ => Trouble::MailStopped { from, until },
                });
            }
        }
    }
    if let Some(unworded) = office.ledger.waiting_for_words().await? {
        troubles.push(Trouble::Unworded {
            mails: unworded.mails,
            since: calendar.today(unworded.since),
        });
    }
    for (area, since) in faulty(office).await? {
        let since = calendar.today(since);
        let area = (!area.is_empty()).then(|| AreaId::new(area));
        troubles.push(Trouble::ProgramFault { area, since });
    }
    Ok(troubles)
}
