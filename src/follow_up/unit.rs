//! School units and the areas they belong to.

use jiff::civil::Date;
use serde::Serialize;

use super::choice::choice;
use super::{AreaId, UnitCode};

/// The units of one area manager.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Area {
    /// The authority's identifier.
    pub id: AreaId,
    /// What people call it.
    pub name: String,
}

choice! {
    /// How closely a unit is followed.
    SupportLevel {
        /// The ordinary rhythm.
        Standard = "standard" | "ordinarie",
        /// More frequent check-ins for a time.
        Reinforced = "reinforced" | "förstärkt",
    }
}

/// A school unit: the smallest unit of law and statistics, led by one principal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SchoolUnit {
    /// The national register's code.
    pub code: UnitCode,
    /// What people call it. Names repeat across the country; nothing joins on them.
    pub name: String,
    /// The area it belongs to.
    pub area: AreaId,
    /// How closely it is followed.
    pub level: SupportLevel,
    /// The first day it is in operation; `None` when it always was.
    pub active_from: Option<Date>,
    /// The last day it is in operation; `None` while it is.
    pub active_to: Option<Date>,
    /// The unit that took over when it closed or was reorganised.
    pub successor: Option<UnitCode>,
}

impl SchoolUnit {
    /// Whether the unit is in operation on `day`.
    pub fn is_active(&self, day: Date) -> bool {
        self.active_from.is_none_or(|from| from <= day) && self.active_to.is_none_or(|to| day <= to)
    }
}
