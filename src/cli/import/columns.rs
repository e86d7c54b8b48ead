//! Every kind of file and its columns, in English and Swedish.

use super::table::Table;
use super::text::composed;

/// The kinds of records a file can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Areas.
    Areas,
    /// School units.
    Units,
    /// People and their posts.
    People,
    /// Measures and what came of them.
    Measures,
    /// Absences and deputies.
    Absences,
    /// Check-ins.
    CheckIns,
    /// Dialogues.
    Dialogues,
    /// Other activities.
    Activities,
}

/// A column: its name, the other names it is known by, and whether the file must have it.
pub struct Column {
    /// The name in DESIGN and in the code.
    pub name: &'static str,
    /// Other names.
    pub also: &'static [&'static str],
    /// Whether a file of the kind must have it.
    pub needed: bool,
}

const fn needed(name: &'static str, also: &'static [&'static str]) -> Column {
    Column {
        name,
        also,
        needed: true,
    }
}

const fn optional(name: &'static str, also: &'static [&'static str]) -> Column {
    Column {
        name,
        also,
        needed: false,
    }
}

const AREAS: &[Column] = &[
    needed("id", &["område", "områdesid"]),
    needed("name", &["namn"]),
];

const UNITS: &[Column] = &[
    needed("code", &["skolenhetskod", "skol-enhetskod", "kod"]),
    needed("name", &["namn", "skola", "skolenhet"]),
    optional("area", &["område"]),
    optional("level", &["nivå"]),
    optional("active_from", &["gäller från", "startdatum"]),
    optional("active_to", &["gäller till", "slutdatum"]),
    optional("successor", &["ersätts av"]),
    optional("status", &[]),
];

const PEOPLE: &[Column] = &[
    needed("id", &["person"]),
    needed("name", &["namn"]),
    needed("email", &["e-post", "epost", "e-postadress", "mejl"]),
    optional("role", &["roll"]),
    optional("area", &["område"]),
    optional("units", &["skolenheter", "skolenhet", "unit"]),
    optional("valid_from", &["gäller från"]),
    optional("valid_to", &["gäller till"]),
    optional("language", &["språk"]),
];

const MEASURES: &[Column] = &[
    needed("id", &["åtgärdsid"]),
    needed("unit", &["skolenhet", "skolenhetskod"]),
    needed("school_year", &["läsår"]),
    optional("development_area", &["utvecklingsområde"]),
    optional("team", &["arbetslag", "ämneslag", "lag"]),
    needed("decision", &["beslutad åtgärd", "åtgärd"]),
    optional("expected_effect", &["förväntad effekt"]),
    optional("indicator", &["indikator"]),
    optional("responsible", &["ansvarig"]),
    optional("decided_on", &["beslutad"]),
    needed("evaluate_by", &["utvärderas senast"]),
    optional("status", &[]),
    optional("evaluated_on", &["utvärderad"]),
    optional("effect", &["effekt"]),
    optional("effect_assessed_on", &["effekt bedömd"]),
    optional("assessment", &["bedömning av effekten"]),
    optional("next_step", &["nästa steg"]),
    optional("next_date", &["nästa datum"]),
];

const ABSENCES: &[Column] = &[
    needed("person", &[]),
    needed("from", &["från"]),
    needed("to", &["till"]),
    optional("deputy", &["ersättare"]),
];

const CHECK_INS: &[Column] = &[
    needed("principal", &["rektor"]),
    needed("area_manager", &["områdeschef"]),
    needed("starts", &["börjar"]),
    optional("held_on", &["genomförd"]),
];

const DIALOGUES: &[Column] = &[
    needed("unit", &["skolenhet", "skolenhetskod"]),
    needed("school_year", &["läsår"]),
    needed("round", &["omgång"]),
    needed("starts", &["börjar"]),
    optional("minutes", &["minuter"]),
    optional("place", &["plats"]),
    optional("state", &["läge", "status"]),
];

const ACTIVITIES: &[Column] = &[
    needed("id", &[]),
    needed("title", &["titel"]),
    optional("unit", &["skolenhet", "skolenhetskod"]),
    optional("area", &["område"]),
    needed("role", &["roll"]),
    needed("due", &["klar senast"]),
    optional("done", &["klar"]),
];

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Areas,
        Self::Units,
        Self::People,
        Self::Measures,
        Self::Absences,
        Self::CheckIns,
        Self::Dialogues,
        Self::Activities,
    ];

    /// Its columns.
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Areas => AREAS,
            Self::Units => UNITS,
            Self::People => PEOPLE,
            Self::Measures => MEASURES,
            Self::Absences => ABSENCES,
            Self::CheckIns => CHECK_INS,
            Self::Dialogues => DIALOGUES,
            Self::Activities => ACTIVITIES,
        }
    }

    /// The kind whose file or sheet has that name.
    fn by_name(name: &str) -> Option<Self> {
        let name = folded(name);
        let names = |kind: &Self| kind.file_names().iter().any(|known| folded(known) == name);
        Self::ALL.into_iter().find(names)
    }

    /// The name of its file, as in DESIGN.
    pub const fn file_name(self) -> &'static str {
        self.file_names()[0]
    }

    const fn file_names(self) -> &'static [&'static str] {
        match self {
            Self::Areas => &["areas", "områden"],
            Self::Units => &["units", "skolenheter", "enheter"],
            Self::People => &["people", "personer"],
            Self::Measures => &["measures", "åtgärder"],
            Self::Absences => &["absences", "frånvaro"],
            Self::CheckIns => &["check_ins", "checkins", "avstämningar"],
            Self::Dialogues => &["dialogues", "dialoger", "kvalitetsdialoger"],
            Self::Activities => &["activities", "aktiviteter"],
        }
    }
}

/// Letter case, spaces, hyphens and underscores do not tell names apart.
pub fn folded(name: &str) -> String {
    composed(name)
        .to_lowercase()
        .chars()
        .filter(|c| !matches!(c, ' ' | '_' | '-' | '\u{a0}'))
        .collect()
}

/// No column's name is longer, in bytes. A cell that is longer is not gone through once a column.
const LONGEST_NAME: usize = 100;

impl Column {
    /// Whether a table has it.
    pub fn is_in(&self, table: &Table) -> bool {
        table.header.iter().any(|header| self.is_named(header))
    }

    /// Whether `header` names this column.
    pub fn is_named(&self, header: &str) -> bool {
        if header.len() > LONGEST_NAME {
            return false;
        }
        let header = folded(header);
        folded(self.name) == header || self.also.iter().any(|also| folded(also) == header)
    }
}

/// Whether any kind has a column of that name.
pub fn is_known(header: &str) -> bool {
    !header.is_empty()
        && Kind::ALL
            .iter()
            .any(|kind| kind.columns().iter().any(|column| column.is_named(header)))
}

/// Whether a table has any column we know: else it is a note, not a table of ours.
pub fn has_known(table: &Table) -> bool {
    table.header.iter().any(|header| is_known(header))
}

/// What a table holds: by its name, else by its columns, where they fit one kind best. A sheet is
/// known by its workbook's name only where it has a column of that kind: others hold notes.
pub fn recognise(table: &Table) -> Option<Kind> {
    let stem = table.file.file_stem();
    let stem = stem.map(|stem| stem.to_string_lossy().into_owned());
    let sheet = table.sheet.as_deref().and_then(Kind::by_name);
    let file = stem.as_deref().and_then(Kind::by_name).filter(|kind| {
        let mut columns = kind.columns().iter();
        table.sheet.is_none() || columns.any(|column| column.is_in(table))
    });
    sheet.or(file).or_else(|| {
        let fits = |kind: &Kind| {
            let mut needed = kind.columns().iter().filter(|column| column.needed);
            needed.all(|column| column.is_in(table))
        };
        let named = |kind: &Kind| {
            let columns = kind.columns().iter();
            columns.filter(|column| column.is_in(table)).count()
        };
        Kind::ALL.into_iter().filter(fits).max_by_key(named)
    })
}

/// What to do about a table that fits no kind.
pub fn hint(table: &Table) -> String {
    let found = table
        .header
        .iter()
        .filter(|name| !name.is_empty())
        .cloned()
        .collect::<Vec<_>>();
    format!(
        "neither its name nor its columns ({}) tell what it holds; name the file areas, units, people, measures, absences, check_ins, dialogues or activities",
        found.join(", ")
    )
}
