//! Matters: what a notice can be about.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::calendar::Week;
use crate::follow_up::{ActivityId, AreaId, MeasureId, Pair, PersonId, Role, Round, UnitCode};

/// The kind of the question what is to become of a day's mails that are held: its own mail is not.
pub const STORM: &str = "storm";

/// One of the two dialogues of a unit and school year.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DialogueKey {
    /// The unit.
    pub unit: UnitCode,
    /// The school year.
    pub school_year: String,
    /// Which of the two.
    pub round: Round,
}

/// What a notice is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Matter {
    /// A measure is to be evaluated, or should have been.
    Evaluation {
        /// The measure.
        measure: MeasureId,
    },
    /// The effect of an earlier year's measure is not assessed.
    Unassessed {
        /// The measure.
        measure: MeasureId,
        /// The school year that asks.
        school_year: String,
    },
    /// A unit's unassessed measures, told to the area manager before its first dialogue.
    UnassessedOfUnit {
        /// The unit.
        unit: UnitCode,
        /// The school year that asks.
        school_year: String,
    },
    /// An area's unassessed measures, told to the school director before the quality report.
    UnassessedOfArea {
        /// The area.
        area: AreaId,
        /// The school year that asks.
        school_year: String,
    },
    /// A focus area is to be chosen for a dialogue.
    FocusArea(DialogueKey),
    /// The agenda of a coming dialogue.
    Agenda(DialogueKey),
    /// Nobody has said whether a dialogue was held.
    NotRecorded(DialogueKey),
    /// A check-in is near.
    CheckIn {
        /// Whose.
        pair: Pair,
    },
    /// The gap between check-ins is too long.
    CheckInGap {
        /// Whose.
        pair: Pair,
    },
    /// Any other activity is due, or overdue.
    Activity {
        /// Which.
        activity: ActivityId,
    },
    /// The area manager's week.
    WeeklyDigest {
        /// The area.
        area: AreaId,
        /// The week.
        week: Week,
    },
    /// The school director's month.
    MonthlyDigest {
        /// Year.
        year: i16,
        /// Month, 1 to 12.
        month: i8,
    },
    /// A unit has no principal.
    VacantUnit {
        /// The unit.
        unit: UnitCode,
    },
    /// An area has no manager.
    VacantArea {
        /// The area.
        area: AreaId,
    },
    /// The authority has no school director, or no quality officer.
    VacantAuthority {
        /// Which.
        role: Role,
    },
    /// Mail to a person came to nothing.
    Undeliverable {
        /// The person.
        person: PersonId,
    },
    /// A mail may or may not have arrived, and a person must decide what becomes of it.
    Held {
        /// Whom it is for.
        person: PersonId,
    },
    /// A person with duties has no address that mail can be sent to.
    NoAddress {
        /// The person.
        person: PersonId,
    },
    /// An import was refused.
    ImportRefused {
        /// The day of it.
        on: Date,
    },
    /// A school year is near, or has begun, that the configuration does not have.
    SchoolYearMissing {
        /// Its name.
        school_year: String,
    },
    /// The daemon has placed a school year's meetings.
    YearPlaced {
        /// Its name.
        school_year: String,
    },
    /// Rows of the calendar that cannot be read.
    UnreadableRows {
        /// The table.
        table: String,
        /// Of which area; `None` the authority's own.
        area: Option<AreaId>,
    },
    /// Far more mails than usual are held.
    Storm {
        /// The day.
        on: Date,
    },
    /// Nobody can tell what was sent, so everything is held.
    RecordLost {
        /// The day it was seen.
        since: Date,
    },
    /// The ledger was older than what was sent, and has learnt of it.
    Healed {
        /// The day it did.
        on: Date,
    },
    /// The daemon did not run through a mail day or more.
    WasDown {
        /// The last day it ran before.
        from: Date,
    },
    /// The mail server took no mail through a mail day or more.
    MailStopped {
        /// The day it began.
        from: Date,
    },
    /// Mails cannot be put into words.
    Unworded {
        /// The day it began.
        since: Date,
    },
    /// A fault in the program keeps an area from being planned.
    ProgramFault {
        /// Which; `None` the authority's own matters.
        area: Option<AreaId>,
    },
}

impl Matter {
    /// The name of its kind, as the configuration and `--json` write it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Evaluation { .. } => "evaluation",
            Self::Unassessed { .. }
            | Self::UnassessedOfUnit { .. }
            | Self::UnassessedOfArea { .. } => "unassessed",
            Self::FocusArea(_) => "focus-area",
            Self::Agenda(_) => "dialogue-agenda",
            Self::NotRecorded(_) => "dialogue-not-recorded",
            Self::CheckIn { .. } => "check-in",
            Self::CheckInGap { .. } => "check-in-gap",
            Self::Activity { .. } => "activity",
            Self::WeeklyDigest { .. } => "weekly-digest",
            Self::MonthlyDigest { .. } => "monthly-digest",
            Self::VacantUnit { .. } | Self::VacantArea { .. } | Self::VacantAuthority { .. } => {
                "vacancy"
            }
            Self::Undeliverable { .. } | Self::Held { .. } | Self::NoAddress { .. } => {
                "undeliverable"
            }
            Self::YearPlaced { .. } => "year-placed",
            Self::Storm { .. } | Self::RecordLost { .. } => STORM,
            Self::Healed { .. }
            | Self::WasDown { .. }
            | Self::MailStopped { .. }
            | Self::Unworded { .. }
            | Self::ProgramFault { .. } => "daemon",
            Self::ImportRefused { .. }
            | Self::UnreadableRows { .. }
            | Self::SchoolYearMissing { .. } => "import-trouble",
        }
    }

    /// The key the ledger keeps: the kind and the authority's own identifiers, so that it means
    /// the same after any backup is restored.
    pub fn occurrence(&self) -> String {
        let kind = self.kind();
        match self {
            Self::Evaluation { measure } => format!("{kind}/{measure}"),
            Self::Unassessed {
                measure,
                school_year,
            } => format!("{kind}/{school_year}/{measure}"),
            Self::UnassessedOfUnit { unit, school_year } => {
                format!("{kind}/{school_year}/unit/{unit}")
            }
            Self::UnassessedOfArea { area, school_year } => {
                format!("{kind}/{school_year}/area/{area}")
            }
            Self::FocusArea(key) | Self::Agenda(key) | Self::NotRecorded(key) => {
                format!("{kind}/{}/{}/{}", key.school_year, key.round, key.unit)
            }
            Self::CheckIn { pair } | Self::CheckInGap { pair } => {
                format!("{kind}/{}/{}", pair.principal, pair.area_manager)
            }
            Self::Activity { activity } => format!("{kind}/{activity}"),
            Self::WeeklyDigest { area, week } => format!("{kind}/{week}/{area}"),
            Self::MonthlyDigest { year, month } => format!("{kind}/{year}-{month:02}"),
            Self::VacantUnit { unit } => format!("{kind}/unit/{unit}"),
            Self::VacantArea { area } => format!("{kind}/area/{area}"),
            Self::VacantAuthority { role } => format!("{kind}/authority/{role}"),
            Self::Held { person } => format!("{kind}/held/{person}"),
            Self::Undeliverable { person } => format!("{kind}/{person}"),
            Self::NoAddress { person } => format!("{kind}/no-address/{person}"),
            Self::ImportRefused { on } => format!("{kind}/import/{on}"),
            Self::SchoolYearMissing { school_year } => format!("{kind}/year/{school_year}"),
            Self::YearPlaced { school_year } => format!("{kind}/{school_year}"),
            Self::Storm { on } => format!("{kind}/{on}"),
            Self::RecordLost { since } => format!("{kind}/record/{since}"),
            Self::Healed { on } => format!("{kind}/healed/{on}"),
            Self::WasDown { from } => format!("{kind}/down/{from}"),
            Self::MailStopped { from } => format!("{kind}/mail/{from}"),
            Self::Unworded { since } => format!("{kind}/unworded/{since}"),
            Self::ProgramFault { area } => match area {
                Some(area) => format!("{kind}/fault/{area}"),
                None => format!("{kind}/fault"),
            },
            Self::UnreadableRows { table, area } => match area {
                Some(area) => format!("{kind}/rows/{table}/{area}"),
                None => format!("{kind}/rows/{table}"),
            },
        }
    }

    /// Whether it is one of the two digests.
    pub const fn is_digest(&self) -> bool {
        matches!(self, Self::WeeklyDigest { .. } | Self::MonthlyDigest { .. })
    }
}
