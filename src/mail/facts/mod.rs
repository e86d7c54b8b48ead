//! From a decision to what the words need to know about it.

use jiff::civil::Date;
use minijinja::{Value, context};

use super::words::{capitalised, count_word};
use crate::calendar::{Calendar, Language, long_date, short_date, time_in_text, weekday_date};
use crate::follow_up::{
    ActivityId, AreaWorld, ChosenBy, Dialogue, Effect, Measure, MeasureId, Pair, PersonId, Post,
    Role, Round, UnitCode,
};
use crate::plan::{Capacity, Decision, DialogueKey, Matter, Rules, Trouble};

/// How much of what people wrote a mail may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Titles, decisions, expected effects.
    Full,
    /// Titles and identifiers.
    Titles,
    /// Identifiers only.
    Link,
}

impl Detail {
    const fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Titles => "titles",
            Self::Link => "link",
        }
    }
}

/// One slice of the world and what was found beside it.
#[derive(Debug, Clone, Copy)]
pub struct Slice<'a> {
    /// The slice.
    pub world: &'a AreaWorld,
    /// Its troubles.
    pub troubles: &'a [Trouble],
}

/// What every mail of a run has in common.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// The day the mail is for.
    pub day: Date,
    /// Days, weeks and school years.
    pub calendar: &'a Calendar,
    /// The ladders' numbers.
    pub rules: &'a Rules,
    /// How much a mail carries.
    pub detail: Detail,
    /// What the authority calls its dialogues.
    pub dialogue_name: &'a str,
    /// The authority's name.
    pub authority: &'a str,
}

/// A decision, ready for the words.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The topic of the catalogue.
    pub topic: &'static str,
    /// What its templates are given.
    pub values: Value,
    /// The unit or area it is about, for the line under the title.
    pub place: String,
    /// Whether its date has passed.
    pub late: bool,
    /// The date it leads to.
    pub due: Date,
}

/// Everything a template may name, so that none is ever undefined.
#[derive(Debug, Clone, Default)]
struct Known {
    unit: String,
    area: String,
    title: String,
    decision: String,
    expected: String,
    indicator: String,
    count: usize,
    person: String,
    other: String,
    time: String,
    place: String,
    list: Vec<String>,
    focus: Vec<String>,
    since: String,
    planned: String,
    weeks: u32,
    year: String,
    reply: String,
    address: String,
}

/// Gathers the facts of one decision. `None` for digests, which have a shape of their own, and
/// where the record no longer has what it is about.
pub fn facts(
    decision: &Decision,
    slice: Slice<'_>,
    setting: &Setting<'_>,
    language: Language,
) -> Option<Facts> {
    let teller = Teller {
        slice,
        setting,
        language,
    };
    let own = matches!(decision.capacity, Capacity::Responsible)
        || matches!(decision.capacity, Capacity::Holder(role) if !is_manager(role));
    let (topic, known) = teller.known(decision, own)?;
    let late = decision.due < setting.day;
    let place = match topic {
        "evaluation" | "evaluation-manager" | "unassessed" | "activity" | "activity-manager" => {
            known.unit.clone()
        }
        _ => String::new(),
    };
    let values = context! {
        due => long_date(decision.due, language),
        due_short => short_date(decision.due, language),
        late => late,
        days => setting.calendar.working_days_between(decision.due, setting.day).max(0),
        detail => setting.detail.word(),
        dialogue => setting.dialogue_name,
        dialogue_Word => capitalised(setting.dialogue_name),
        count => known.count,
        count_word => count_word(known.count, language),
        count_Word => capitalised(&count_word(known.count, language)),
        count_of_weeks => count_word(known.weeks as usize, language),
        weeks => known.weeks,
        unit => known.unit, area => known.area, title => known.title,
        decision => known.decision, expected => known.expected, indicator => known.indicator,
        person => known.person, other => known.other, time => known.time, place => known.place,
        list => known.list, focus => known.focus, since => known.since, planned => known.planned,
        year => known.year, reply => known.reply, address => known.address,
    };
    Some(Facts {
        topic,
        values,
        place,
        late,
        due: decision.due,
    })
}

const fn is_manager(role: Role) -> bool {
    matches!(role, Role::AreaManager | Role::SchoolDirector)
}

struct Teller<'a> {
    slice: Slice<'a>,
    setting: &'a Setting<'a>,
    language: Language,
}

impl Teller<'_> {
    fn known(&self, decision: &Decision, own: bool) -> Option<(&'static str, Known)> {
        let pick = |mine, managers| if own { mine } else { managers };
        Some(match &decision.matter {
            Matter::Evaluation { measure } => (
                pick("evaluation", "evaluation-manager"),
                self.measure(measure)?,
            ),
            Matter::Unassessed { measure, .. } => ("unassessed", self.measure(measure)?),
            Matter::UnassessedOfUnit { unit, school_year } => {
                ("unassessed-unit", self.unassessed(Some(unit), school_year))
            }
            Matter::UnassessedOfArea { school_year, .. } => {
                ("unassessed-area", self.unassessed(None, school_year))
            }
            Matter::FocusArea(key) => (
                pick("focus-area", "focus-area-manager"),
                self.dialogue(key)?,
            ),
            Matter::Agenda(key) => {
                let topic = match key.round {
                    Round::Explore => "agenda-explore",
                    Round::Evaluate => "agenda-evaluate",
                };
                (topic, self.dialogue(key)?)
            }
            Matter::NotRecorded(key) => ("not-recorded", self.dialogue(key)?),
            Matter::CheckIn { pair } => ("check-in", self.check_in(pair, decision)?),
            Matter::CheckInGap { pair } => {
                let director = decision.capacity == Capacity::Holder(Role::SchoolDirector);
                let topic = if director {
                    "check-in-gap-manager"
                } else {
                    "check-in-gap"
                };
                (topic, self.gap(pair, decision))
            }
            Matter::Activity { activity } => {
                let owner = self.activity_role(activity)?;
                let mine = decision.capacity == Capacity::Holder(owner);
                (
                    if mine { "activity" } else { "activity-manager" },
                    self.activity(activity)?,
                )
            }
            Matter::VacantUnit { unit } => (
                "vacant-unit",
                Known {
                    unit: self.unit_name(unit),
                    ..Known::default()
                },
            ),
            Matter::VacantArea { .. } => (
                "vacant-area",
                Known {
                    area: self.area(),
                    ..Known::default()
                },
            ),
            Matter::Undeliverable { person } => ("undeliverable", self.undeliverable(person)?),
            Matter::NoAddress { person } => (
                "no-address",
                Known {
                    person: self.name(person),
                    ..Known::default()
                },
            ),
            Matter::ImportRefused { on } => ("import-refused", self.import_refused(*on)),
            Matter::SchoolYearMissing { school_year } => {
                let year = school_year.clone();
                (
                    "school-year-missing",
                    Known {
                        year,
                        ..Known::default()
                    },
                )
            }
            Matter::UnreadableRows { table } => ("unreadable-rows", self.unreadable(table)),
            Matter::WeeklyDigest { .. } | Matter::MonthlyDigest { .. } => return None,
        })
    }

    fn measure(&self, id: &MeasureId) -> Option<Known> {
        let measure = self
            .slice
            .world
            .measures
            .iter()
            .find(|measure| &measure.id == id)?;
        let principal = self.slice.world.principal(&measure.unit, self.setting.day);
        let person = measure.responsible.clone().or(principal);
        Some(Known {
            unit: self.unit_name(&measure.unit),
            title: self.title(measure),
            decision: measure.decision.clone(),
            expected: measure.expected_effect.clone(),
            indicator: measure.indicator.clone(),
            year: measure.school_year.clone(),
            person: person.map(|person| self.name(&person)).unwrap_or_default(),
            ..Known::default()
        })
    }

    fn title(&self, measure: &Measure) -> String {
        match self.setting.detail {
            Detail::Link => measure.id.to_string(),
            Detail::Full | Detail::Titles if measure.team.is_empty() => {
                format!("{} ({})", measure.title(), measure.id)
            }
            Detail::Full | Detail::Titles => {
                format!("{}, {} ({})", measure.title(), measure.team, measure.id)
            }
        }
    }

    fn unassessed(&self, unit: Option<&UnitCode>, school_year: &str) -> Known {
        let day = self.setting.day;
        let measures: Vec<&Measure> = self
            .slice
            .world
            .measures
            .iter()
            .filter(|measure| unit.is_none_or(|unit| &measure.unit == unit))
            .filter(|measure| measure.is_unassessed(school_year, day))
            .filter(|measure| self.is_active(&measure.unit))
            .collect();
        let list = match unit {
            Some(_) => measures.iter().map(|measure| self.title(measure)).collect(),
            None => self.counts_by_unit(&measures),
        };
        Known {
            unit: unit.map(|unit| self.unit_name(unit)).unwrap_or_default(),
            area: self.area(),
            count: measures.len(),
            list,
            ..Known::default()
        }
    }

    fn counts_by_unit(&self, measures: &[&Measure]) -> Vec<String> {
        let mut units: Vec<&UnitCode> = measures.iter().map(|measure| &measure.unit).collect();
        units.dedup();
        units.sort();
        units.dedup();
        units
            .into_iter()
            .map(|unit| {
                let count = measures
                    .iter()
                    .filter(|measure| &measure.unit == unit)
                    .count();
                format!("{} {}", self.unit_name(unit), count)
            })
            .collect()
    }

    fn find_dialogue(&self, key: &DialogueKey) -> Option<&Dialogue> {
        self.slice.world.dialogues.iter().find(|dialogue| {
            dialogue.unit == key.unit
                && dialogue.school_year == key.school_year
                && dialogue.round == key.round
        })
    }

    fn dialogue(&self, key: &DialogueKey) -> Option<Known> {
        let dialogue = self.find_dialogue(key)?;
        let focus: Vec<String> = dialogue
            .focus_areas
            .iter()
            .map(|area| area.text.clone())
            .collect();
        let chosen = dialogue
            .focus_areas
            .iter()
            .filter(|area| area.chosen_by == ChosenBy::Principal);
        let measures =
            self.slice.world.measures.iter().filter(|measure| {
                measure.unit == key.unit && measure.school_year == key.school_year
            });
        let list = match key.round {
            Round::Evaluate => measures.map(|measure| self.outcome(measure)).collect(),
            Round::Explore => measures.map(|measure| self.title(measure)).collect(),
        };
        let shows = self.setting.detail != Detail::Link;
        Some(Known {
            unit: self.unit_name(&key.unit),
            time: time_in_text(dialogue.starts.time(), self.language),
            place: dialogue.place.clone(),
            list: if self.setting.detail == Detail::Link {
                Vec::new()
            } else {
                list
            },
            person: chosen
                .map(|area| area.text.clone())
                .collect::<Vec<_>>()
                .join("; "),
            focus: if shows { focus } else { Vec::new() },
            ..Known::default()
        })
    }

    /// A measure with the effect expected beside the effect assessed.
    fn outcome(&self, measure: &Measure) -> String {
        let effect = measure
            .assessment(self.setting.day)
            .and_then(|evaluation| evaluation.effect);
        let effect = match self.language {
            Language::Swedish => match effect {
                None => "effekten är inte bedömd",
                Some(Effect::Good) => "god effekt",
                Some(Effect::Some) => "viss effekt",
                Some(Effect::None) => "ingen effekt",
                Some(Effect::NotAssessable | Effect::TooEarly) => "effekten kan inte bedömas",
            },
            Language::English => match effect {
                None => "effect not assessed",
                Some(Effect::Good) => "good effect",
                Some(Effect::Some) => "some effect",
                Some(Effect::None) => "no effect",
                Some(Effect::NotAssessable | Effect::TooEarly) => "effect cannot be assessed",
            },
        };
        if self.setting.detail == Detail::Full && !measure.expected_effect.is_empty() {
            format!(
                "{}: {} → {effect}",
                self.title(measure),
                measure.expected_effect.trim_end_matches('.')
            )
        } else {
            format!("{}: {effect}", self.title(measure))
        }
    }

    fn check_in(&self, pair: &Pair, decision: &Decision) -> Option<Known> {
        let check_in =
            self.slice.world.check_ins.iter().find(|check_in| {
                &check_in.pair == pair && check_in.starts.date() == decision.due
            })?;
        let days = self
            .setting
            .rules
            .check_in
            .as_ref()
            .map_or(28, |rules| rules.list_days);
        let until = self
            .setting
            .day
            .saturating_add(jiff::Span::new().days(i64::from(days)));
        let day = self.setting.day;
        let units = self.slice.world.units_led_by(&pair.principal, day);
        let list = self
            .slice
            .world
            .measures
            .iter()
            .filter(|measure| units.iter().any(|unit| unit.code == measure.unit))
            .filter_map(|measure| Some((measure, measure.evaluation_due(day)?)))
            .filter(|(_, due)| *due >= day && *due <= until)
            .map(|(measure, due)| {
                format!(
                    "{}, {}",
                    self.title(measure),
                    short_date(due, self.language)
                )
            })
            .collect();
        Some(Known {
            other: self.other(pair, decision),
            time: time_in_text(check_in.starts.time(), self.language),
            list,
            weeks: days.div_ceil(7),
            ..Known::default()
        })
    }

    fn gap(&self, pair: &Pair, decision: &Decision) -> Known {
        let day = self.setting.day;
        let own = || {
            self.slice
                .world
                .check_ins
                .iter()
                .filter(|check_in| &check_in.pair == pair)
        };
        let last = own().filter_map(|check_in| check_in.held_by(day)).max();
        let next = own()
            .filter(|check_in| check_in.is_open(day) && check_in.starts.date() >= day)
            .map(|check_in| check_in.starts.date())
            .min();
        let reinforced = self
            .slice
            .world
            .units_led_by(&pair.principal, day)
            .iter()
            .any(|unit| unit.level == crate::follow_up::SupportLevel::Reinforced);
        let rhythm = &self.setting.rules.rhythm;
        let date = |date: Option<Date>| {
            date.map(|date| weekday_date(date, self.language))
                .unwrap_or_default()
        };
        Known {
            other: self.other(pair, decision),
            since: date(last),
            planned: date(next),
            weeks: if reinforced {
                rhythm.reinforced_every_weeks
            } else {
                rhythm.every_weeks
            },
            ..Known::default()
        }
    }

    /// The other of a pair, or both where a third is told.
    fn other(&self, pair: &Pair, decision: &Decision) -> String {
        match &decision.recipient {
            Some(person) if *person == pair.principal => self.name(&pair.area_manager),
            Some(person) if *person == pair.area_manager => self.name(&pair.principal),
            _ => format!(
                "{} – {}",
                self.name(&pair.principal),
                self.name(&pair.area_manager)
            ),
        }
    }

    fn activity_role(&self, id: &ActivityId) -> Option<Role> {
        self.slice
            .world
            .activities
            .iter()
            .find(|activity| &activity.id == id)
            .map(|a| a.role)
    }

    fn activity(&self, id: &ActivityId) -> Option<Known> {
        let activity = self
            .slice
            .world
            .activities
            .iter()
            .find(|activity| &activity.id == id)?;
        let (unit, person) = match &activity.post {
            Post::Unit(unit) => {
                let principal = self.slice.world.principal(unit, self.setting.day);
                let person = principal.filter(|_| activity.role.leads_unit());
                (
                    self.unit_name(unit),
                    person.map(|person| self.name(&person)),
                )
            }
            Post::Area(_) => (self.area(), None),
            Post::Authority => (String::new(), None),
        };
        let title = activity.title.clone();
        Some(Known {
            unit,
            title,
            person: person.unwrap_or_default(),
            ..Known::default()
        })
    }

    fn undeliverable(&self, person: &PersonId) -> Option<Known> {
        self.slice
            .troubles
            .iter()
            .find_map(|trouble| match trouble {
                Trouble::Undeliverable {
                    person: of,
                    address,
                    reply,
                    ..
                } if of == person => Some(Known {
                    person: self.name(person),
                    address: address.clone(),
                    reply: reply.clone(),
                    ..Known::default()
                }),
                _ => None,
            })
    }

    fn import_refused(&self, on: Date) -> Known {
        let summary = self
            .slice
            .troubles
            .iter()
            .find_map(|trouble| match trouble {
                Trouble::ImportRefused { since, summary } if *since == on => Some(summary.clone()),
                _ => None,
            });
        Known {
            reply: summary.unwrap_or_default(),
            ..Known::default()
        }
    }

    fn unreadable(&self, table: &str) -> Known {
        let faults = self
            .slice
            .world
            .faults
            .iter()
            .filter(|fault| fault.table == table);
        let list: Vec<String> = faults
            .map(|fault| format!("{}: {}", fault.key, fault.message))
            .take(20)
            .collect();
        Known {
            title: table.to_owned(),
            count: list.len(),
            list,
            ..Known::default()
        }
    }

    fn is_active(&self, unit: &UnitCode) -> bool {
        self.slice
            .world
            .units
            .get(unit)
            .is_some_and(|unit| unit.is_active(self.setting.day))
    }

    fn unit_name(&self, unit: &UnitCode) -> String {
        let known = self.slice.world.units.get(unit);
        known.map_or_else(|| unit.to_string(), |unit| unit.name.clone())
    }

    fn area(&self) -> String {
        self.slice
            .world
            .area
            .as_ref()
            .map(|area| area.name.clone())
            .unwrap_or_default()
    }

    fn name(&self, person: &PersonId) -> String {
        let known = self.slice.world.people.get(person);
        known.map_or_else(|| person.to_string(), |person| person.name.clone())
    }
}
