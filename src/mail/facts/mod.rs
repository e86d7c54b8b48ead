//! From a decision to what the words need to know about it.

mod measures;
mod meetings;
mod setting;
mod troubles;

use std::cell::OnceCell;
use std::collections::BTreeMap;

use jiff::civil::Date;
use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::Serialize;

pub use setting::{Detail, Setting, Slice, dialogue_words};
pub use troubles::moment;

use super::content::Table;
use super::message::one_line;
use super::words::{Words, WordsError, capitalised, count_word};
use crate::calendar::{Language, long_date, short_date};
use crate::follow_up::{
    Activity, ActivityId, Measure, MeasureId, PersonId, Post, Role, Round, UnitCode,
};
use crate::plan::{Capacity, Decision, Matter, View};

/// What a decision is told under.
#[derive(Debug, Clone)]
pub struct Head {
    /// The topic of the catalogue.
    pub topic: &'static str,
    /// The unit or area it is about, for the line under the title.
    pub place: String,
    /// Whether its date has passed.
    pub late: bool,
    /// The date it leads to.
    pub due: Date,
}

/// What is told of a decision, ready for the words.
#[derive(Debug, Clone)]
pub struct Facts {
    /// What the topic's templates are given.
    pub values: Value,
    /// Lists, by the name the catalogue calls them.
    pub lists: BTreeMap<&'static str, Vec<String>>,
    /// A table.
    pub table: Option<Table>,
}

/// Everything a template may name, so that none is ever undefined.
#[derive(Debug, Clone, Default, Serialize)]
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
    schools: Vec<String>,
    time: String,
    place: String,
    list: Vec<String>,
    focus: Vec<String>,
    chosen: bool,
    choice: String,
    since: String,
    planned: String,
    weeks: u32,
    list_days: u32,
    check_ins: usize,
    gaps: usize,
    usual: u32,
    changes: u32,
    changes_usual: u32,
    year: String,
    reply: String,
    address: String,
    #[serde(skip)]
    lists: BTreeMap<&'static str, Vec<String>>,
    #[serde(skip)]
    table: Option<Table>,
}

/// What the record and the words say; nothing where the record no longer has it.
type Told = Result<Option<Known>, WordsError>;

/// Which lists there are, and whether anything is in them.
fn has(lists: &BTreeMap<&'static str, Vec<String>>) -> BTreeMap<&'static str, bool> {
    let filled = lists.iter().map(|(name, lines)| (*name, !lines.is_empty()));
    filled.collect()
}

const fn is_manager(role: Role) -> bool {
    matches!(role, Role::AreaManager | Role::SchoolDirector)
}

/// Knows a slice and how to tell of it.
pub struct Teller<'a> {
    slice: Slice<'a>,
    setting: &'a Setting<'a>,
    view: View<'a>,
    words: &'a Words,
    language: Language,
    // A person may have very many of either.
    measures: OnceCell<BTreeMap<&'a MeasureId, &'a Measure>>,
    activities: OnceCell<BTreeMap<&'a ActivityId, &'a Activity>>,
}

impl<'a> Teller<'a> {
    /// Of one slice.
    pub fn new(slice: Slice<'a>, setting: &'a Setting<'a>, words: &'a Words) -> Self {
        Self {
            view: View::new(setting.day, slice.world, setting.calendar, setting.rules),
            slice,
            setting,
            words,
            language: words.language(),
            measures: OnceCell::new(),
            activities: OnceCell::new(),
        }
    }

    /// What a decision is told under. `None` for digests, which have a shape of their own, and
    /// where the record no longer has what it is about.
    pub fn head(&self, decision: &Decision) -> Option<Head> {
        let topic = self.topic(decision)?;
        let place = match &decision.matter {
            Matter::Evaluation { measure } | Matter::Unassessed { measure, .. } => {
                self.unit_name(&self.find_measure(measure)?.unit)
            }
            Matter::Activity { activity } => self.post_name(&self.find_activity(activity)?.post),
            Matter::FocusArea(key) | Matter::NotRecorded(key) | Matter::Agenda(key) => {
                self.find_dialogue(key)?;
                String::new()
            }
            Matter::CheckIn { pair } => {
                self.view.check_in_on(pair, decision.due)?;
                String::new()
            }
            _ => String::new(),
        };
        Some(Head {
            topic,
            place,
            late: decision.due < self.setting.day,
            due: decision.due,
        })
    }

    /// The facts of a decision, where the record has what it is about.
    ///
    /// # Errors
    /// A template fails.
    pub fn facts(&self, decision: &Decision) -> Result<Option<Facts>, WordsError> {
        Ok(self.known(decision)?.map(|known| Facts {
            values: self.values(decision, &known),
            lists: known.lists,
            table: known.table,
        }))
    }

    /// The slice.
    pub const fn slice(&self) -> Slice<'a> {
        self.slice
    }

    /// A measure of the slice.
    pub fn find_measure(&self, id: &MeasureId) -> Option<&'a Measure> {
        let of_slice = || self.slice.world.measures.iter();
        let measures = || of_slice().map(|measure| (&measure.id, measure)).collect();
        self.measures.get_or_init(measures).get(id).copied()
    }

    fn find_activity(&self, id: &ActivityId) -> Option<&'a Activity> {
        let of_slice = || self.slice.world.activities.iter();
        let activities = || of_slice().map(|known| (&known.id, known)).collect();
        self.activities.get_or_init(activities).get(id).copied()
    }

    fn values(&self, decision: &Decision, known: &Known) -> Value {
        let (language, due, day) = (self.language, decision.due, self.setting.day);
        let count = count_word(known.count, language);
        context! {
            role => decision.capacity.word(),
            due => long_date(due, language),
            due_short => short_date(due, language),
            late => due < day,
            today => due == day,
            days => self.setting.calendar.working_days_between(due, day).max(0),
            detail => self.setting.detail.word(),
            count_Word => capitalised(&count), count_word => count,
            count_of_weeks => count_word(known.weeks as usize, language),
            asks_focus => "",
            has => has(&known.lists),
            ..context! {
                ..dialogue_words(self.setting.dialogue_name, language),
                ..Value::from(Serde(known.clone()))
            }
        }
    }

    /// The topic of the catalogue; those who hold a duty and those above them have their own.
    fn topic(&self, decision: &Decision) -> Option<&'static str> {
        let own = match decision.capacity {
            Capacity::Responsible => true,
            Capacity::Holder(role) => !is_manager(role),
        };
        let pick = |mine, managers| Some(if own { mine } else { managers });
        match &decision.matter {
            Matter::Evaluation { .. } => pick("evaluation", "evaluation-manager"),
            Matter::Unassessed { .. } => Some("unassessed"),
            Matter::UnassessedOfUnit { .. } => Some("unassessed-unit"),
            Matter::UnassessedOfArea { .. } => Some("unassessed-area"),
            Matter::FocusArea(_) => pick("focus-area", "focus-area-manager"),
            Matter::Agenda(key) => Some(match key.round {
                Round::Explore => "agenda-explore",
                Round::Evaluate => "agenda-evaluate",
            }),
            Matter::NotRecorded(_) => Some("not-recorded"),
            Matter::CheckIn { .. } => Some("check-in"),
            Matter::CheckInGap { .. } => Some(match decision.capacity {
                Capacity::Holder(Role::SchoolDirector) => "check-in-gap-manager",
                _ => "check-in-gap",
            }),
            Matter::Activity { activity } => {
                let owner = Capacity::Holder(self.find_activity(activity)?.role);
                Some(match decision.capacity == owner {
                    true => "activity",
                    false => "activity-manager",
                })
            }
            Matter::VacantUnit { .. } => Some("vacant-unit"),
            Matter::VacantArea { .. } => Some("vacant-area"),
            Matter::VacantAuthority { .. } => Some("vacant-authority"),
            Matter::Undeliverable { .. } => Some("undeliverable"),
            Matter::Held { .. } => Some("held"),
            Matter::NoAddress { .. } => Some("no-address"),
            Matter::ImportRefused { .. } => Some("import-refused"),
            Matter::SchoolYearMissing { .. } => Some("school-year-missing"),
            Matter::YearPlaced { .. } => Some("year-placed"),
            Matter::Storm { .. } => Some("storm"),
            Matter::RecordLost { .. } => Some("record-lost"),
            Matter::Healed { .. } => Some("healed"),
            Matter::WasDown { .. } => Some("was-down"),
            Matter::MailStopped { .. } => Some("mail-stopped"),
            Matter::Unworded { .. } => Some("unworded"),
            Matter::ProgramFault { .. } => Some("program-fault"),
            Matter::UnreadableRows { .. } => Some("unreadable-rows"),
            Matter::WeeklyDigest { .. } | Matter::MonthlyDigest { .. } => None,
        }
    }

    fn known(&self, decision: &Decision) -> Told {
        let plain = |known| Ok(Some(known));
        match &decision.matter {
            Matter::Evaluation { measure } | Matter::Unassessed { measure, .. } => {
                Ok(self.measure(measure))
            }
            Matter::UnassessedOfUnit { unit, school_year } => {
                self.unassessed(Some(unit), school_year)
            }
            Matter::UnassessedOfArea { school_year, .. } => self.unassessed(None, school_year),
            Matter::FocusArea(key) | Matter::NotRecorded(key) => Ok(self.dialogue(key)),
            Matter::Agenda(key) => self.agenda(key),
            Matter::CheckIn { pair } => self.check_in(pair, decision),
            Matter::CheckInGap { pair } => self.gap(pair, decision),
            Matter::Activity { activity } => Ok(self.activity(activity)),
            Matter::VacantUnit { unit } => plain(Known {
                unit: self.unit_name(unit),
                ..Known::default()
            }),
            Matter::VacantArea { .. } => plain(Known {
                area: self.area(),
                ..Known::default()
            }),
            Matter::VacantAuthority { role } => plain(Known {
                title: self.role(*role),
                ..Known::default()
            }),
            Matter::Undeliverable { person } => Ok(self.undeliverable(person)),
            Matter::Held { person } => Ok(self.held(person)),
            Matter::NoAddress { person } => plain(Known {
                person: self.name(person),
                address: self.address(person),
                ..Known::default()
            }),
            Matter::ImportRefused { on } => plain(self.import_refused(*on)),
            Matter::SchoolYearMissing { school_year } => plain(Known {
                year: school_year.clone(),
                ..Known::default()
            }),
            Matter::YearPlaced { school_year } => self.year_placed(school_year),
            Matter::Storm { .. } => Ok(self.storm()),
            Matter::RecordLost { .. } => plain(Known::default()),
            Matter::Healed { .. } => Ok(self.healed()),
            Matter::WasDown { from } | Matter::MailStopped { from } => {
                Ok(self.stood_still(&decision.matter, *from))
            }
            Matter::Unworded { .. } => self.unworded(),
            Matter::ProgramFault { area } => plain(self.program_fault(area.as_ref())),
            Matter::UnreadableRows { table, .. } => self.unreadable(table),
            Matter::WeeklyDigest { .. } | Matter::MonthlyDigest { .. } => Ok(None),
        }
    }

    fn activity(&self, id: &ActivityId) -> Option<Known> {
        let activity = self.find_activity(id)?;
        let person = match &activity.post {
            Post::Unit(unit) => {
                let heir = self.slice.world.heir(unit, self.setting.day);
                let principal = self.view.principals().get(heir.unwrap_or(unit));
                let person = principal.filter(|_| activity.role.leads_unit());
                person.map(|person| self.name(person))
            }
            Post::Area(_) | Post::Authority => None,
        };
        Some(Known {
            unit: self.post_name(&activity.post),
            title: activity.title.clone(),
            person: person.unwrap_or_default(),
            ..Known::default()
        })
    }

    fn unit_name(&self, unit: &UnitCode) -> String {
        let known = self.slice.world.units.get(unit);
        known.map_or_else(|| unit.to_string(), |unit| unit.name.clone())
    }

    fn post_name(&self, post: &Post) -> String {
        match post {
            Post::Unit(unit) => self.unit_name(unit),
            Post::Area(_) => self.area(),
            Post::Authority => String::new(),
        }
    }

    fn area(&self) -> String {
        let area = self.slice.world.area.as_ref();
        area.map(|area| area.name.clone()).unwrap_or_default()
    }

    fn role(&self, role: Role) -> String {
        match self.language {
            Language::Swedish => role.swedish().to_owned(),
            Language::English => role.word().replace('_', " "),
        }
    }

    fn address(&self, person: &PersonId) -> String {
        let known = self.slice.world.people.get(person);
        known.map_or_else(String::new, |person| one_line(&person.email))
    }

    fn name(&self, person: &PersonId) -> String {
        let known = self.slice.world.people.get(person);
        known.map_or_else(|| person.to_string(), |person| person.name.clone())
    }
}
