//! Placing a school year: by command, and by the daemon itself on the day the configuration names.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::office::{Office, OfficeError, SliceWorld};
use crate::calendar::SchoolYear;
use crate::follow_up::AreaWorld;
use crate::plan::YearPlaced;
use crate::plan::placing::{Placement, Request, Unplaced, place};
use crate::store::{StoreError, Written};

/// A school year's meetings as they would be placed, and what they were placed around.
#[derive(Debug)]
pub struct PlacedYear {
    /// Every slice, with the meetings on record, those only proposed among them.
    pub slices: Vec<SliceWorld>,
    /// What came of placing.
    pub placement: Placement,
}

/// Places the meetings of a school year that begin on `from` or later. Nothing is written.
///
/// # Errors
/// A database refused.
pub async fn place_year(
    office: &Office,
    year: &SchoolYear,
    from: Date,
) -> Result<PlacedYear, OfficeError> {
    // Seen from its first day, the whole year's meetings are on record.
    let span = year.administrative_year();
    let mut slices = office.every_slice(span.from).await?;
    // What is only proposed has its time too.
    for slice in &mut slices {
        slice.world.settle(Date::MAX);
    }
    // Whoever has no post any more leaves check-ins behind, which are in nobody's slice.
    let known: BTreeSet<String> = slices
        .iter()
        .flat_map(|slice| &slice.world.check_ins)
        .map(|check_in| check_in.uid.clone())
        .collect();
    let mut left = office
        .calendar
        .check_ins_between(span.from, span.to)
        .await?;
    left.retain(|check_in| !known.contains(&check_in.uid));
    slices[0].world.check_ins.append(&mut left);
    let busy = office.calendar.busy(span.from, span.to).await?;
    let (calendar, rules) = (&office.settings.calendar, &office.settings.placing);
    let (calendar, rules, year) = (calendar.clone(), rules.clone(), year.clone());
    // It may take seconds, in which others have things to do.
    let placing = tokio::task::spawn_blocking(move || {
        let worlds: Vec<&AreaWorld> = slices.iter().map(|slice| &slice.world).collect();
        let placement = place(&Request {
            year: &year,
            from,
            worlds: &worlds,
            calendar: &calendar,
            rules: &rules,
            busy: &busy,
        });
        PlacedYear { slices, placement }
    });
    Ok(placing.await?)
}

/// The day from which meetings placed on `today` stand by themselves; `None` where somebody has to
/// confirm them.
pub fn stands_from(office: &Office, today: Date) -> Option<Date> {
    let days = office.settings.confirm_after_days?;
    Some(today.saturating_add(i64::from(days).days()))
}

/// Writes what was placed, as proposals.
///
/// # Errors
/// The calendar refused; then nothing of it is kept.
pub async fn write_year(
    office: &Office,
    placement: &Placement,
    (now, who): (Timestamp, String),
) -> Result<Written, StoreError> {
    let today = office.settings.calendar.today(now);
    let until = stands_from(office, today).unwrap_or(Date::MAX);
    let until = (until > today).then_some(until);
    (office.calendar)
        .write_placed(placement.clone(), until, (now, who))
        .await
}

/// The ledger's name for what it keeps of a year's placing.
fn fact(year: &SchoolYear) -> String {
    format!("placed/{}", year.name)
}

/// The ledger's name for the day on which a year's placing was last begun.
fn tried(year: &SchoolYear) -> String {
    format!("placing/{}", year.name)
}

/// Places each school year whose day has come, and keeps what came of it to be told. While dialogues
/// lack a time it is tried again each day: the post may be filled, the times be more. Once a day at
/// most, also where a try never ended: it does not keep the daemon from its other work for ever.
///
/// # Errors
/// A database refused; it is tried again at the next tick.
pub async fn place_due_years(office: &Office, now: Timestamp) -> Result<(), OfficeError> {
    let today = office.settings.calendar.today(now);
    for year in office.settings.calendar.school_years() {
        let is_due = office.settings.place_on.get(&year.name);
        let is_due = is_due.is_some_and(|day| *day <= today);
        if !is_due || year.administrative_year().to < today {
            continue;
        }
        let before = kept(office, year).await?;
        let tried = (tried(year), today.to_string());
        let is_whole = before.as_ref().is_some_and(|kept| kept.unplaced.is_empty());
        if !is_whole && office.ledger.fact(&tried.0).await?.as_ref() != Some(&tried.1) {
            let name = tried.0.clone();
            office.ledger.look_at(Vec::new(), vec![tried]).await?;
            let placed = place_due_year(office, (year, before), now).await;
            if let Err(OfficeError::Store(_)) = placed {
                // A database that was busy is no longer so at the next tick.
                let forgotten = vec![(name, String::new())];
                office.ledger.look_at(Vec::new(), forgotten).await?;
            }
            placed?;
        }
    }
    Ok(())
}

async fn place_due_year(
    office: &Office,
    (year, before): (&SchoolYear, Option<YearPlaced>),
    now: Timestamp,
) -> Result<(), OfficeError> {
    let today = office.settings.calendar.today(now);
    let from = today.tomorrow().unwrap_or(today);
    let placed = place_year(office, year, from).await?;
    let who = (now, format!("daemon, school year {}", year.name));
    let written = write_year(office, &placed.placement, who).await?;
    tracing::info!(
        school_year = year.name,
        dialogues = written.dialogues,
        check_ins = written.check_ins,
        not_placed = placed.placement.unplaced.len(),
        "placed the school year's meetings"
    );
    let told = before.filter(|_| written == Written::default());
    let (on, stands) = told.as_ref().map_or_else(
        || (today, stands_from(office, today)),
        |told| (told.on, told.stands_from),
    );
    let is_news = told.is_none();
    let kept = YearPlaced {
        school_year: year.name.clone(),
        on,
        stands_from: stands,
        gaps: placed.placement.gaps.len(),
        ..counted(placed, year)
    };
    let facts = vec![(fact(year), serde_json::to_string(&kept)?)];
    // The authority's own slice tells of it.
    let slices = if is_news { vec![None] } else { Vec::new() };
    Ok(office.ledger.look_at(slices, facts).await?)
}

/// What was kept of a year's placing.
async fn kept(office: &Office, year: &SchoolYear) -> Result<Option<YearPlaced>, StoreError> {
    let kept = office.ledger.fact(&fact(year)).await?;
    Ok(kept.and_then(|json| serde_json::from_str(&json).ok()))
}

/// How many of the year's meetings stand where placing put them, also where an earlier try wrote them
/// and got no further, and what got no time.
fn counted(placed: PlacedYear, year: &SchoolYear) -> YearPlaced {
    let span = year.administrative_year();
    let worlds = || placed.slices.iter().map(|slice| &slice.world);
    let dialogues = worlds().flat_map(|world| &world.dialogues);
    let dialogues = dialogues.filter(|d| d.is_placed && d.school_year == year.name);
    // A check-in comes with every area in which the principal leads a unit.
    let check_ins = worlds().flat_map(|world| &world.check_ins);
    let check_ins = check_ins.filter(|c| c.is_placed && span.contains(c.starts.date()));
    let check_ins: BTreeSet<&str> = check_ins.map(|check_in| check_in.uid.as_str()).collect();
    let fresh = &placed.placement;
    let new_dialogues = fresh.dialogues.iter().filter(|d| d.moved_from.is_none());
    let new_check_ins = fresh.check_ins.iter().filter(|c| c.moved_from.is_none());
    YearPlaced {
        dialogues: dialogues.count() + new_dialogues.count(),
        check_ins: check_ins.len() + new_check_ins.count(),
        unplaced: named(placed),
        ..YearPlaced::default()
    }
}

/// The dialogues without a time, each with its unit's name.
fn named(placed: PlacedYear) -> Vec<(String, Unplaced)> {
    let PlacedYear { slices, placement } = placed;
    let name = |unplaced: &Unplaced| {
        let unit = &unplaced.dialogue.unit;
        let mut units = slices
            .iter()
            .filter_map(|slice| slice.world.units.get(unit));
        units
            .next()
            .map_or_else(|| unit.to_string(), |unit| unit.name.clone())
    };
    let unplaced = placement.unplaced.into_iter();
    unplaced
        .map(|unplaced| (name(&unplaced), unplaced))
        .collect()
}

/// What is still to be told of years that were placed: for a week, and then as long as something of
/// them is only proposed.
///
/// # Errors
/// A database refused.
pub async fn placed_years(office: &Office, day: Date) -> Result<Vec<YearPlaced>, StoreError> {
    let mut years = Vec::new();
    for year in office.settings.calendar.school_years() {
        let Some(kept) = kept(office, year).await? else {
            continue;
        };
        let span = year.administrative_year();
        let fresh = day <= kept.on.saturating_add(1.week());
        if fresh
            || office
                .calendar
                .has_proposals((span.from, span.to), day)
                .await?
        {
            years.push(kept);
        }
    }
    Ok(years)
}
