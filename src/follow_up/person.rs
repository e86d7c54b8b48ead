//! People, the posts they hold and the days they are away.

use jiff::civil::Date;
use serde::Serialize;

use super::choice::choice;
use super::{AreaId, PersonId, UnitCode, envelope_address};
use crate::calendar::Language;

/// Somebody who can be written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    /// The authority's identifier.
    pub id: PersonId,
    /// Full name, as the person writes it.
    pub name: String,
    /// Work address. Empty when the authority has not given one, and as an outside system wrote
    /// it otherwise: who cannot be written to is reported, never guessed at.
    pub email: String,
    /// The language mail to the person is written in.
    pub language: Language,
}

impl Person {
    /// Whether mail can be sent to the address as it stands.
    pub fn is_reachable(&self) -> bool {
        envelope_address(&self.email).is_ok()
    }

    /// The name to greet with: the first word of the full name.
    pub fn first_name(&self) -> &str {
        self.name.split_whitespace().next().unwrap_or(&self.name)
    }
}

choice! {
    /// What a person is appointed as. Reminders go to the role of the day: people change, duties
    /// stay.
    Role {
        /// Leads a unit and answers for its quality work (skollagen 2 kap. 9–10 §§, 4 kap. 4 §).
        Principal = "principal" | "rektor",
        /// Deputy of the principal; owns measures.
        AssistantPrincipal = "assistant_principal" | "biträdande rektor",
        /// Principal for a time: the same duties between two dates.
        ActingPrincipal = "acting_principal" | "tf rektor",
        /// Line manager of the principals of an area.
        AreaManager = "area_manager" | "områdeschef",
        /// The statutory school director (skollagen 2 kap. 8 a §).
        SchoolDirector = "school_director" | "skolchef",
        /// Prepares data, reads what fails, answers replies: the daily administrator.
        QualityOfficer = "quality_officer" | "kvalitetsutvecklare",
        /// Supports current-state analyses and measures.
        DevelopmentOfficer = "development_officer" | "verksamhetsutvecklare",
    }
}

impl Role {
    /// Where the role can be held.
    pub const fn is_held_at_unit(self) -> bool {
        matches!(
            self,
            Self::Principal | Self::AssistantPrincipal | Self::ActingPrincipal
        )
    }

    /// Whether the role's holder answers for a unit as its principal.
    pub const fn leads_unit(self) -> bool {
        matches!(self, Self::Principal | Self::ActingPrincipal)
    }
}

/// Where an appointment is held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Post {
    /// At one school unit.
    Unit(UnitCode),
    /// For a whole area.
    Area(AreaId),
    /// For the whole authority.
    Authority,
}

/// A person holds a role somewhere, between two days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Appointment {
    /// Who.
    pub person: PersonId,
    /// As what.
    pub role: Role,
    /// Where.
    pub post: Post,
    /// First day; `None` when it goes back further than the record.
    pub from: Option<Date>,
    /// Last day; `None` while it lasts.
    pub to: Option<Date>,
}

impl Appointment {
    /// Whether it holds on `day`.
    pub fn holds(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

/// A person is away between two days, both included; the deputy gets the mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Absence {
    /// Who is away.
    pub person: PersonId,
    /// First day away.
    pub from: Date,
    /// Last day away.
    pub to: Date,
    /// Who stands in; without one, mail waits with the person.
    pub deputy: Option<PersonId>,
}

impl Absence {
    /// Whether the person is away on `day`.
    pub fn covers(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }
}
