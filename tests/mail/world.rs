//! A small area in which there is something of everything to tell.

use std::path::Path;

use avstamd::calendar::Language;
use avstamd::config::Settings;
use avstamd::follow_up::{
    Activity, ActivityId, Appointment, Area, AreaId, AreaWorld, CheckIn, CheckInState, ChosenBy,
    Dialogue, DialogueState, Effect, Evaluation, FocusArea, Measure, MeasureId, MeasureStatus,
    Pair, Person, PersonId, Post, Role, Round, RowFault, SchoolUnit, SupportLevel, UnitCode,
};
use avstamd::plan::placing::{Obstacle, Unplaced};
use avstamd::plan::{
    Capacity, Cause, Decision, DialogueKey, Excess, Matter, Storm, Trouble, Verdict, YearPlaced,
};
use jiff::civil::{Date, date};

/// What a person wrote: no mail at detail `link` may hold it.
pub const WRITTEN: &str = "SKRIVET";

pub const DAY: Date = date(2027, 4, 28);

const CONFIG: &str = concat!(
    include_str!("../common/base.toml"),
    include_str!("../common/files.toml"),
    r#"breaks = [{ name = "påsklov", from = 2027-04-05, to = 2027-04-09 }]
quality-report = 2026-12-15
"#
);

pub fn settings() -> Settings {
    avstamd::config::parse(Path::new("avstamd.toml"), CONFIG).unwrap()
}

pub fn code(number: u32) -> UnitCode {
    UnitCode::parse(&format!("9900000{number}")).unwrap()
}

pub fn unit(number: u32, name: &str) -> SchoolUnit {
    SchoolUnit {
        code: code(number),
        name: name.into(),
        area: AreaId::new("norr"),
        level: SupportLevel::Standard,
        active_from: None,
        active_to: None,
        successor: None,
    }
}

pub fn measure(id: &str, number: u32, evaluate_by: Date) -> Measure {
    let written = |what: &str| format!("{WRITTEN} {what}.");
    Measure {
        id: MeasureId::new(id),
        unit: code(number),
        school_year: "2026/27".into(),
        development_area: format!("{WRITTEN} område"),
        team: format!("{WRITTEN} lag"),
        decision: written("beslut"),
        expected_effect: written("effekt"),
        indicator: written("indikator"),
        responsible: None,
        decided_on: None,
        evaluate_by,
        status: MeasureStatus::Ongoing,
        evaluations: Vec::new(),
    }
}

pub fn evaluated(effect: Option<Effect>) -> Vec<Evaluation> {
    vec![Evaluation {
        evaluated_on: date(2027, 4, 1),
        by: None,
        effect,
        text: format!("{WRITTEN} bedömning"),
        next_step: None,
        next_date: (effect == Some(Effect::TooEarly)).then_some(date(2027, 6, 1)),
    }]
}

pub fn pair() -> Pair {
    Pair {
        principal: PersonId::new("rut"),
        area_manager: PersonId::new("ake"),
    }
}

fn appointed(world: &mut AreaWorld, id: &str, name: &str, (role, post): (Role, Post)) {
    let person = Person {
        id: PersonId::new(id),
        name: name.into(),
        email: format!("{id}@prov.example"),
        language: Language::Swedish,
    };
    world.people.insert(person.id.clone(), person);
    world.appointments.push(Appointment {
        person: PersonId::new(id),
        role,
        post,
        from: None,
        to: None,
    });
}

/// Two units that Rut leads and one that nobody does.
pub fn world() -> AreaWorld {
    let mut world = AreaWorld {
        area: Some(Area {
            id: AreaId::new("norr"),
            name: "Norra området".into(),
        }),
        ..AreaWorld::default()
    };
    for (number, name) in [
        (1, "Åsskolan F–6"),
        (2, "Björkskolan"),
        (3, "Vakanta skolan"),
    ] {
        world.units.insert(code(number), unit(number, name));
    }
    let at = |number| Post::Unit(code(number));
    appointed(&mut world, "rut", "Rut Öberg", (Role::Principal, at(1)));
    appointed(&mut world, "rut", "Rut Öberg", (Role::Principal, at(2)));
    let assistant = Role::AssistantPrincipal;
    appointed(&mut world, "bo", "Bo Ek", (assistant, at(1)));
    appointed(&mut world, "bo", "Bo Ek", (assistant, at(2)));
    let area = Post::Area(AreaId::new("norr"));
    appointed(&mut world, "ake", "Åke Ståhl", (Role::AreaManager, area));
    let authority = || Post::Authority;
    appointed(
        &mut world,
        "siv",
        "Siv Lund",
        (Role::SchoolDirector, authority()),
    );
    appointed(
        &mut world,
        "kim",
        "Kim Alm",
        (Role::QualityOfficer, authority()),
    );
    let mut last_year = measure("M0", 1, date(2026, 3, 2));
    last_year.school_year = "2025/26".into();
    let mut good = measure("M2", 1, date(2027, 4, 1));
    good.evaluations = evaluated(Some(Effect::Good));
    let mut early = measure("M3", 1, date(2027, 4, 1));
    early.evaluations = evaluated(Some(Effect::TooEarly));
    let near = measure("M4", 1, date(2027, 5, 4));
    let late = measure("M1", 1, date(2027, 3, 1));
    world.measures = vec![last_year, late, good, early, near];
    world.dialogues = [Round::Explore, Round::Evaluate].map(dialogue).to_vec();
    world.check_ins = vec![check_in(date(2027, 4, 29))];
    world.activities = vec![activity()];
    world.faults = vec![RowFault {
        table: "measure".into(),
        key: "M9".into(),
        message: format!("{WRITTEN} is no date"),
        is_common: false,
    }];
    world
}

fn dialogue(round: Round) -> Dialogue {
    Dialogue {
        unit: code(1),
        school_year: "2026/27".into(),
        round,
        starts: date(2027, 5, 4).at(8, 30, 0, 0),
        minutes: 90,
        place: "Rum 3".into(),
        state: DialogueState::Planned,
        sequence: 0,
        focus_areas: vec![FocusArea {
            chosen_by: ChosenBy::Principal,
            text: format!("{WRITTEN} fokus."),
        }],
        is_placed: false,
        proposed_until: None,
    }
}

fn check_in(day: Date) -> CheckIn {
    CheckIn {
        pair: pair(),
        starts: day.at(8, 30, 0, 0),
        minutes: 45,
        state: CheckInState::Planned,
        held_on: None,
        note: format!("{WRITTEN} anteckning"),
        uid: String::new(),
        sequence: 0,
        is_placed: false,
        proposed_until: None,
    }
}

fn activity() -> Activity {
    Activity {
        id: ActivityId::new("V1"),
        title: "Verksamhetsplan".into(),
        post: Post::Unit(code(1)),
        role: Role::Principal,
        due: date(2027, 4, 20),
        done_on: None,
    }
}

pub fn key(round: Round) -> DialogueKey {
    DialogueKey {
        unit: code(1),
        school_year: "2026/27".into(),
        round,
    }
}

/// A decision to say something of the area now.
pub fn said(matter: Matter, (person, role): (&str, Role), due: Date) -> Decision {
    let id = Some(PersonId::new(person));
    Decision {
        matter,
        recipient: id.clone(),
        to: id,
        capacity: Capacity::Holder(role),
        due,
        area: Some(AreaId::new("norr")),
        verdict: Verdict::Say(Cause {
            step: 0,
            fell_on: DAY,
            next: None,
        }),
    }
}

pub fn troubles() -> Vec<Trouble> {
    vec![
        Trouble::Undeliverable {
            person: PersonId::new("rut"),
            address: "rut@prov.example".into(),
            since: date(2027, 4, 20),
            reply: "550 no such user".into(),
        },
        Trouble::Held {
            person: PersonId::new("rut"),
            mail: 17,
            since: date(2027, 4, 20),
        },
        Trouble::ImportRefused {
            since: date(2027, 4, 20),
            summary: "people.csv: 3 faults".into(),
        },
        Trouble::Storm(Storm {
            on: date(2027, 4, 20),
            mails: Some(Excess {
                today: 412,
                usual: 31,
            }),
            changes: Some(Excess {
                today: 640,
                usual: 12,
            }),
        }),
        Trouble::Unworded {
            mails: vec![17, 18],
            since: date(2027, 4, 20),
        },
        Trouble::RecordLost {
            since: date(2027, 4, 20),
        },
        Trouble::Healed {
            on: date(2027, 4, 20),
            mails: 231,
        },
        Trouble::WasDown {
            from: date(2027, 4, 20).at(16, 40, 0, 0),
            until: date(2027, 4, 26).at(8, 5, 0, 0),
        },
        Trouble::MailStopped {
            from: date(2027, 4, 20).at(7, 0, 0, 0),
            until: date(2027, 4, 26).at(11, 15, 0, 0),
        },
        Trouble::YearPlaced(YearPlaced {
            school_year: "2026/27".into(),
            on: date(2027, 4, 20),
            stands_from: Some(date(2027, 5, 4)),
            dialogues: 54,
            check_ins: 412,
            gaps: 2,
            unplaced: vec![(
                "Åsskolan F–6".into(),
                Unplaced {
                    dialogue: key(Round::Explore),
                    stands: None,
                    obstacle: Obstacle::Taken,
                },
            )],
        }),
    ]
}
