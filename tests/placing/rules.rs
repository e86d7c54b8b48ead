//! The rules of placing told a second time, by looking at what came out.

use std::collections::{BTreeMap, BTreeSet};

use avstamd::calendar::Week;
use avstamd::follow_up::{
    CheckInState, DialogueState, Pair, PersonId, Round, SupportLevel, UnitCode,
};
use avstamd::plan::DialogueKey;
use avstamd::plan::placing::{Placement, Request, Times};
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

/// A stretch of somebody's time, and whether it was placed.
type Taken = (DateTime, DateTime, bool);

/// Every hard rule that a placement breaks, in words.
pub fn broken(request: &Request<'_>, placement: &Placement) -> Vec<String> {
    let mut broken = Vec::new();
    let mut taken: BTreeMap<PersonId, Vec<Taken>> = on_record(request, placement, &mut broken);
    for placed in &placement.dialogues {
        let key = &placed.dialogue;
        let day = placed.starts.date();
        let about = format!("the dialogue of {} at {}", key.unit, placed.starts);
        let window = match key.round {
            Round::Explore => request.year.explore,
            Round::Evaluate => request.year.evaluate,
        };
        if !window.is_some_and(|window| window.contains(day)) {
            broken.push(format!("{about}: outside its window"));
        }
        let world = request
            .worlds
            .iter()
            .find(|world| world.units.contains_key(&key.unit))
            .unwrap();
        if !world.units[&key.unit].is_active(day) {
            broken.push(format!("{about}: the unit is closed"));
        }
        if world.principal(&key.unit, day).as_ref() != Some(&placed.principal)
            || world.area_managers(day) != placed.area_managers
        {
            broken.push(format!("{about}: others hold the posts"));
        }
        on_a_day(
            request,
            (placed.starts, &request.rules.dialogues),
            &about,
            &mut broken,
        );
        let people: BTreeSet<_> = placed
            .area_managers
            .iter()
            .chain([&placed.principal])
            .collect();
        for person in people {
            take(&mut taken, person, (placed.starts, placed.minutes, true));
        }
    }
    for placed in &placement.check_ins {
        let day = placed.starts.date();
        let about = format!("the check-in of {:?} at {}", placed.pair, placed.starts);
        if !request
            .worlds
            .iter()
            .any(|world| world.pairs(day).contains(&placed.pair))
        {
            broken.push(format!("{about}: they are no pair"));
        }
        on_a_day(
            request,
            (placed.starts, &request.rules.check_ins),
            &about,
            &mut broken,
        );
        for person in [&placed.pair.principal, &placed.pair.area_manager] {
            take(&mut taken, person, (placed.starts, placed.minutes, true));
        }
    }
    for (person, mut stretches) in taken {
        stretches.sort();
        for (n, one) in stretches.iter().enumerate() {
            if one.2 && is_away(request, &person, one.0.date()) {
                broken.push(format!("{person} is away at {}", one.0));
            }
            for other in &stretches[n + 1..] {
                if other.0 < one.1 && (one.2 || other.2) {
                    broken.push(format!("{person} is in two places at {}", other.0));
                }
            }
        }
    }
    broken
}

fn on_a_day(
    request: &Request<'_>,
    (starts, times): (DateTime, &Times),
    about: &str,
    broken: &mut Vec<String>,
) {
    let day = starts.date();
    let staff = request.year.staff_days.contains(&day);
    let school = request.calendar.is_school_day(day);
    if day < request.from || !(school || (staff && times.on_staff_days)) {
        broken.push(format!("{about}: no day for meetings"));
    }
    if !times.weekdays.contains(&day.weekday()) || !times.times.contains(&starts.time()) {
        broken.push(format!("{about}: no time for meetings"));
    }
}

/// What is on record and stays there. What an earlier placing put there has to keep the hard rules,
/// unless it is told that it cannot.
fn on_record(
    request: &Request<'_>,
    placement: &Placement,
    broken: &mut Vec<String>,
) -> BTreeMap<PersonId, Vec<Taken>> {
    let mut taken = BTreeMap::new();
    for busy in request.busy {
        take(&mut taken, &busy.person, (busy.starts, busy.minutes, false));
    }
    let mut seen = BTreeSet::new();
    for world in request.worlds {
        for meeting in &world.check_ins {
            let (pair, starts) = (&meeting.pair, meeting.starts);
            let is_cancelled = meeting.state == CheckInState::Cancelled;
            if is_cancelled || leaves(placement, pair, starts) || !seen.insert((pair, starts)) {
                continue;
            }
            let own = is_own(
                request,
                meeting.is_placed && meeting.state == CheckInState::Planned,
                starts,
            );
            let mut worlds = request.worlds.iter();
            if own
                && !(is_open(request, starts.date())
                    && worlds.any(|world| world.pairs(starts.date()).contains(pair)))
            {
                broken.push(format!("{pair:?} cannot stay at {starts}"));
            }
            for person in [&pair.principal, &pair.area_manager] {
                take(&mut taken, person, (starts, meeting.minutes, own));
            }
        }
        for meeting in &world.dialogues {
            let is_same = |key: &DialogueKey| {
                (&key.unit, &key.school_year, key.round)
                    == (&meeting.unit, &meeting.school_year, meeting.round)
            };
            let mut moved = placement.dialogues.iter();
            if meeting.state == DialogueState::Cancelled
                || moved.any(|moved| is_same(&moved.dialogue))
            {
                continue;
            }
            let (unit, day) = (&meeting.unit, meeting.starts.date());
            let mut told = placement.unplaced.iter();
            let own = is_own(
                request,
                meeting.is_placed && meeting.state == DialogueState::Planned,
                meeting.starts,
            ) && !told.any(|told| is_same(&told.dialogue));
            let (principal, managers) = (world.principal(unit, day), world.area_managers(day));
            let staff =
                request.rules.dialogues.on_staff_days && request.year.staff_days.contains(&day);
            if own
                && (principal.is_none()
                    || managers.is_empty()
                    || !world.units[unit].is_active(day)
                    || !(request.calendar.is_school_day(day) || staff))
            {
                broken.push(format!(
                    "the dialogue of {unit} cannot stay at {}",
                    meeting.starts
                ));
            }
            let people: BTreeSet<PersonId> = managers.into_iter().chain(principal).collect();
            for person in people {
                take(&mut taken, &person, (meeting.starts, meeting.minutes, own));
            }
        }
    }
    taken
}

/// Whether placing answers for a meeting on record.
fn is_own(request: &Request<'_>, is_placed: bool, starts: DateTime) -> bool {
    is_placed && starts.date() >= request.from
}

/// Whether a check-in on record is moved or withdrawn.
fn leaves(placement: &Placement, pair: &Pair, starts: DateTime) -> bool {
    let mut moved = placement.check_ins.iter();
    let mut withdrawn = placement.withdrawn.iter();
    moved.any(|moved| &moved.pair == pair && moved.moved_from == Some(starts))
        || withdrawn.any(|gone| &gone.pair == pair && gone.starts == starts)
}

fn take(
    taken: &mut BTreeMap<PersonId, Vec<Taken>>,
    person: &PersonId,
    (starts, minutes, placed): (DateTime, u32, bool),
) {
    let ends = starts.saturating_add(i64::from(minutes).minutes());
    let own = taken.entry(person.clone()).or_default();
    own.push((starts, ends, placed));
}

fn is_away(request: &Request<'_>, person: &PersonId, day: Date) -> bool {
    let absences = request.worlds.iter().flat_map(|world| &world.absences);
    absences
        .filter(|absence| &absence.person == person)
        .any(|absence| absence.from <= day && day <= absence.to)
}

/// The dialogues of the year: on record, placed or named as not placed, each once.
pub fn dialogues(request: &Request<'_>, placement: &Placement) -> Vec<(UnitCode, Round)> {
    let on_record = request.worlds.iter().flat_map(|world| &world.dialogues);
    let on_record = on_record
        .filter(|dialogue| dialogue.state != DialogueState::Cancelled)
        .map(|dialogue| (dialogue.unit.clone(), dialogue.round));
    let placed = placement.dialogues.iter().map(|placed| &placed.dialogue);
    let unplaced = placement.unplaced.iter().map(|unplaced| &unplaced.dialogue);
    let new = placed
        .chain(unplaced)
        .map(|key| (key.unit.clone(), key.round));
    let mut all: Vec<_> = on_record.chain(new).collect();
    all.sort();
    all
}

/// The gaps that are too long, found anew: of each pair the Monday its gap begins with and how many
/// school weeks it holds. Told from the days on which the two are a pair, whoever is away.
pub fn gaps(request: &Request<'_>, placement: &Placement) -> BTreeSet<(Pair, Date, usize)> {
    let weeks = school_weeks(request);
    let mut of_pair: BTreeMap<Pair, BTreeSet<Week>> = BTreeMap::new();
    for day in weeks.iter().flat_map(|week| week.days()) {
        for world in request.worlds.iter().filter(|_| is_open(request, day)) {
            for pair in world.pairs(day) {
                of_pair.entry(pair).or_default().insert(Week::of(day));
            }
        }
    }
    let mut gaps = BTreeSet::new();
    for (pair, together) in of_pair {
        let met = met(request, placement, &pair);
        let from = Week::of(request.from);
        // A stretch that began before placing does so with the last meeting, if there was one.
        let since = met.range(..from).next_back();
        let mut stretches: Vec<Vec<Week>> = vec![Vec::new()];
        let mut week_before = None;
        for &week in &weeks {
            // A meeting in a break ends a stretch too.
            let in_break = |before| met.range(before..week).any(|met| !weeks.contains(met));
            if week_before.is_some_and(in_break) {
                stretches.push(Vec::new());
            }
            week_before = Some(week);
            if met.contains(&week) {
                stretches.push(Vec::new());
            } else if together.contains(&week) && since.map_or(week >= from, |since| week > *since)
            {
                stretches.last_mut().unwrap().push(week);
            }
        }
        for stretch in stretches {
            let mut weeks = stretch.iter().enumerate();
            if weeks.any(|(n, week)| n + 1 >= every(request, &pair, *week)) {
                gaps.insert((pair.clone(), stretch[0].monday(), stretch.len()));
            }
        }
    }
    gaps
}

/// The weeks in which a pair meets, by the record and the placement.
fn met(request: &Request<'_>, placement: &Placement, pair: &Pair) -> BTreeSet<Week> {
    let recorded = request.worlds.iter().flat_map(|world| &world.check_ins);
    let recorded = recorded
        .filter(|meeting| &meeting.pair == pair && meeting.state != CheckInState::Cancelled)
        .filter(|meeting| !leaves(placement, pair, meeting.starts))
        .map(|meeting| Week::of(meeting.starts.date()));
    let placed = placement
        .check_ins
        .iter()
        .filter(|placed| &placed.pair == pair);
    let placed = placed.map(|placed| Week::of(placed.starts.date()));
    recorded.chain(placed).collect()
}

/// The rhythm of a pair in a week, by the units led on the first day on which they are one.
fn every(request: &Request<'_>, pair: &Pair, week: Week) -> usize {
    let mut days = week.days().filter(|&day| is_open(request, day));
    let is_pair = |day: &Date| {
        let mut worlds = request.worlds.iter();
        worlds.any(|world| world.pairs(*day).contains(pair))
    };
    let first = days.find(is_pair).unwrap();
    let worlds = request.worlds.iter();
    let mut units = worlds.flat_map(|world| world.units_led_by(&pair.principal, first));
    let rhythm = &request.rules.rhythm;
    match units.any(|unit| unit.level == SupportLevel::Reinforced) {
        true => rhythm.reinforced_every_weeks as usize,
        false => rhythm.every_weeks as usize,
    }
}

fn is_open(request: &Request<'_>, day: Date) -> bool {
    request.calendar.is_school_day(day)
        || (request.rules.check_ins.on_staff_days
            && request.year.staff_days.contains(&day)
            && request.calendar.is_working_day(day))
}

/// The weeks of the year with a school day.
pub fn school_weeks(request: &Request<'_>) -> Vec<Week> {
    let days = request.year.school_days();
    let days = days.filter(|&day| request.calendar.is_school_day(day));
    let weeks: BTreeSet<Week> = days.map(Week::of).collect();
    weeks.into_iter().collect()
}
