//! What each template is given, in samples: every name it may use, filled and empty, for every
//! reader. Words of the authority's own are tried on them before any mail needs them.

use minijinja::value::Serde;
use minijinja::{Value, context};

use crate::calendar::Language;
use crate::follow_up::DialogueName;
use crate::mail::content::{
    Band, Cell, Column, ConcernLine, Content, Digest, Item, List, Row, Section, Table, TableRow,
};
use crate::mail::facts::dialogue_words;

const ROLES: [&str; 8] = [
    "principal",
    "acting_principal",
    "assistant_principal",
    "responsible",
    "area_manager",
    "school_director",
    "quality_officer",
    "development_officer",
];
const WORD: &str = "ord";

/// What the template `name` is given; `lists` are those that its topic's items have.
pub fn samples(name: &str, lists: &[String], language: Language) -> Vec<Value> {
    let dialogue = || dialogue_words(&DialogueName::default(), language);
    let one = |sample: Value| vec![sample];
    let parts: Vec<&str> = name.split('.').collect();
    match parts.as_slice() {
        ["mail", ..] => contents(),
        ["greeting"] => one(context! { name => WORD }),
        ["subject-more"] => one(context! { main => WORD, more => 2 }),
        ["items-more"] => one(context! { more => 2 }),
        ["next" | "next-none" | "next-weekly" | "next-monthly"] => one(context! { date => WORD }),
        ["reply"] => ROLES.map(|role| context! { role }).to_vec(),
        ["signature"] => one(context! { authority => WORD }),
        ["why", "deputy"] => one(context! { name => WORD, date => WORD }),
        ["why", _] => ["", WORD].map(|place| context! { place }).to_vec(),
        ["topic", _, part, ..] => topic(part.starts_with("subject"), lists, &dialogue()),
        ["digest", part] => digest(part, &dialogue()),
        ["concern", _] => ["", WORD]
            .map(|date| counted(&context! { date, ..dialogue() }))
            .concat(),
        ["total" | "sign", _] => counted(&dialogue()),
        ["line", "measures-of-unit"] => counted(&context! { unit => WORD, count_word => WORD }),
        ["line", "followed-up"] => ["", WORD]
            .map(|indicator| context! { indicator, due => WORD })
            .to_vec(),
        ["invitation", part] => invitation(part, &dialogue()),
        ["obstacle", "stands"] => one(context! { when => WORD }),
        ["line", _] => one(context! { title => WORD, due => WORD }),
        _ => one(context! {}),
    }
}

fn counted(with: &Value) -> Vec<Value> {
    [0, 1, 12]
        .map(|count| context! { count, ..with.clone() })
        .to_vec()
}

fn digest(part: &str, dialogue: &Value) -> Vec<Value> {
    let one = |sample: Value| vec![sample];
    match part {
        "weekly-subject" | "weekly-heading" | "weekly-legend" | "weekly-label" => one(context! {
            area => WORD, week => 12, summary_short => WORD, ..dialogue.clone()
        }),
        "monthly-subject" | "monthly-heading" | "monthly-legend" | "monthly-label" => {
            one(context! {
                month_Word => WORD, month => WORD, summary_short => WORD, authority => WORD,
                names => [WORD, WORD],
            })
        }
        "monthly-down" => one(context! { since => WORD, until => WORD }),
        "late-band" | "near-band" | "late-label" => counted(&context! {}),
        "week-column" => one(context! { number => 12 }),
        "in-phase" => one(context! { list => [WORD, WORD] }),
        "no-manager" | "late-column" => one(context! {}),
        _ if part.ends_with("-summary") || part.ends_with("-short") => [
            (0, 0, vec![]),
            (1, 0, vec![WORD]),
            (12, 3, vec![WORD, WORD]),
        ]
        .map(|(units, behind, totals)| context! { units, behind, totals })
        .to_vec(),
        _ => one(dialogue.clone()),
    }
}

/// An invitation after each change, with and without what it may lack.
fn invitation(part: &str, dialogue: &Value) -> Vec<Value> {
    let who = || vec![WORD, WORD];
    match part {
        "summary" => ["", WORD]
            .map(|unit| context! { unit, round => "explore", who => who(), ..dialogue.clone() })
            .to_vec(),
        "description" => [false, true]
            .map(|invites| context! { who => who(), authority => WORD, invites })
            .to_vec(),
        _ => [
            "invited",
            "moved",
            "company",
            "cancelled",
            "replaced",
            "left",
        ]
        .into_iter()
        .flat_map(|change| ["", WORD].map(|word| (change, word)))
        .map(|(change, word)| {
            context! {
                change, summary => WORD, who => who(), place => word, when => WORD, When => WORD,
                when_short => WORD, was => word,
            }
        })
        .collect(),
    }
}

/// A topic's item before its date, on it and after it, at every detail, to every reader.
fn topic(is_subject: bool, lists: &[String], dialogue: &Value) -> Vec<Value> {
    let mut samples = Vec::new();
    for (filled, asks_focus) in [
        (false, ""),
        (true, "focus-area"),
        (true, "focus-area-manager"),
    ] {
        let mut item = context! { asks_focus, ..item(filled, lists) };
        if is_subject {
            item = context! { late_count => usize::from(filled), ..item };
        }
        let item = context! { ..item, ..dialogue.clone() };
        for role in ROLES {
            for detail in ["full", "titles", "link"] {
                for (late, today, days) in [(false, false, 0), (false, true, 0), (true, false, 3)] {
                    samples.push(context! { role, detail, late, today, days, ..item.clone() });
                }
            }
        }
    }
    samples
}

fn item(filled: bool, lists: &[String]) -> Value {
    let word = if filled { WORD } else { "" };
    let words = Value::from(vec![WORD; if filled { 2 } else { 0 }]);
    let (count, weeks, list_days) = if filled { (12, 4, 28) } else { (0, 0, 0) };
    let has: std::collections::BTreeMap<&str, bool> =
        lists.iter().map(|list| (list.as_str(), filled)).collect();
    context! {
        due => WORD, due_short => WORD, count, count_word => WORD, count_Word => WORD,
        usual => count, changes => count, changes_usual => count,
        count_of_weeks => WORD, weeks, list_days, has, check_ins => count, gaps => weeks,
        ..context! {
            unit => word, area => word, title => word, decision => word, expected => word,
            indicator => word, person => word, other => word, schools => words.clone(), time => word,
            place => word, list => words.clone(), focus => words, chosen => filled, choice => word,
            since => word, planned => word, year => word, reply => word, address => word,
        }
    }
}

/// A mail of everything, a mail of a digest alone, and one of sections alone.
fn contents() -> Vec<Value> {
    let all = Content {
        language: "sv".into(),
        subject: WORD.into(),
        greeting: WORD.into(),
        preview: WORD.into(),
        digest: Some(picture()),
        sections: vec![section()],
        why: vec![WORD.into()],
        next: vec![WORD.into()],
        reply: WORD.into(),
        signature: WORD.into(),
        automatic: WORD.into(),
    };
    let digest = Content {
        sections: Vec::new(),
        ..all.clone()
    };
    let sections = Content {
        digest: None,
        next: Vec::new(),
        ..all.clone()
    };
    [all, digest, sections]
        .map(|content| Value::from(Serde(content)))
        .to_vec()
}

fn section() -> Section {
    let full = Item {
        title: WORD.into(),
        place: WORD.into(),
        facts: vec![WORD.into()],
        lists: vec![List {
            lead: WORD.into(),
            lines: vec![WORD.into()],
        }],
        table: Some(Table {
            columns: vec![WORD.into(), WORD.into()],
            rows: vec![TableRow {
                cells: vec![WORD.into(), WORD.into()],
                open: true,
            }],
        }),
        late: true,
    };
    let bare = Item {
        place: String::new(),
        facts: Vec::new(),
        lists: Vec::new(),
        table: None,
        late: false,
        ..full.clone()
    };
    Section {
        heading: WORD.into(),
        ask: WORD.into(),
        items: vec![full, bare],
        more: WORD.into(),
    }
}

fn picture() -> Digest {
    let cell = |tone| Cell {
        text: WORD.into(),
        tone,
        label: WORD.into(),
    };
    let tones = ["late", "held", "planned", "due", "off", "none"];
    let band = |tone| Band {
        title: WORD.into(),
        tone,
        rows: vec![Row {
            name: WORD.into(),
            people: WORD.into(),
            vacant: true,
            concerns: vec![ConcernLine {
                text: WORD.into(),
                late: true,
            }],
            cells: tones.map(cell).to_vec(),
        }],
    };
    let column = |present| Column {
        label: WORD.into(),
        present,
    };
    Digest {
        heading: WORD.into(),
        summary: WORD.into(),
        legend: WORD.into(),
        label: WORD.into(),
        columns: [true, false, false, false, false, false]
            .map(column)
            .to_vec(),
        bands: ["late", "near", "plain"].map(band).to_vec(),
        in_phase: WORD.into(),
    }
}
