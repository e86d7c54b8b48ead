//! A slice is planned anew only on the day its plan names. Held here: between two such days a full
//! plan has nothing new to say, whatever the world is.

use std::collections::{BTreeSet, HashMap};

use avstamd::calendar::{Calendar, Language};
use avstamd::follow_up::{
    Absence, Activity, ActivityId, Appointment, Area, AreaId, AreaWorld, CheckIn, CheckInState,
    Dialogue, DialogueState, Effect, Evaluation, Measure, MeasureId, MeasureStatus, Pair, Person,
    PersonId, Post, Role, Round, SchoolUnit, SupportLevel, UnitCode,
};
use avstamd::plan::{Decision, Rules, plan, subtract};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use proptest::prelude::*;

const FIRST: Date = date(2026, 7, 20);
const LAST: Date = date(2027, 9, 20);
const PEOPLE: usize = 6;
const UNITS: usize = 3;

fn any_day() -> impl Strategy<Value = Date> {
    (0i32..430).prop_map(|n| FIRST.saturating_add(n.days()))
}

fn person(n: usize) -> PersonId {
    PersonId::new(format!("p{}", n % PEOPLE))
}

fn unit(n: usize) -> UnitCode {
    UnitCode::parse(&format!("{:08}", 10_000_000 + n % UNITS)).unwrap()
}

/// Two days in order, or one of them, or none.
fn any_span() -> impl Strategy<Value = (Option<Date>, Option<Date>)> {
    (
        proptest::option::of(any_day()),
        proptest::option::of(any_day()),
    )
        .prop_map(|(from, to)| match (from, to) {
            (Some(from), Some(to)) if to < from => (Some(to), Some(from)),
            other => other,
        })
}

fn any_appointment() -> impl Strategy<Value = Appointment> {
    let role = proptest::sample::select(Role::ALL);
    (role, 0..PEOPLE, 0..UNITS, any_span()).prop_map(|(role, who, at, (from, to))| Appointment {
        person: person(who),
        role,
        post: match role {
            role if role.is_held_at_unit() => Post::Unit(unit(at)),
            Role::AreaManager => Post::Area(AreaId::new("norr")),
            _ => Post::Authority,
        },
        from,
        to,
    })
}

fn any_measure() -> impl Strategy<Value = Measure> {
    let effect = proptest::option::of(proptest::sample::select(Effect::ALL));
    let evaluation = (any_day(), effect, 1i32..90);
    let status = proptest::sample::select(MeasureStatus::ALL);
    let responsible = proptest::option::of(0..PEOPLE);
    (
        0..UNITS,
        any::<bool>(),
        any_day(),
        status,
        responsible,
        proptest::option::of(evaluation),
    )
        .prop_map(
            |(at, earlier, evaluate_by, status, responsible, evaluation)| Measure {
                id: MeasureId::new("set below"),
                unit: unit(at),
                school_year: if earlier { "2025/26" } else { "2026/27" }.into(),
                development_area: "Läsning".into(),
                team: String::new(),
                decision: "Läsning varje dag.".into(),
                expected_effect: String::new(),
                indicator: String::new(),
                responsible: responsible.map(person),
                decided_on: None,
                evaluate_by,
                status,
                evaluations: evaluation
                    .map(|(on, effect, later)| Evaluation {
                        evaluated_on: on,
                        by: None,
                        effect,
                        text: String::new(),
                        next_step: None,
                        next_date: (effect == Some(Effect::TooEarly))
                            .then(|| on.saturating_add(later.days())),
                    })
                    .into_iter()
                    .collect(),
            },
        )
}

fn any_meetings() -> impl Strategy<Value = (Vec<Dialogue>, Vec<CheckIn>)> {
    let state = proptest::sample::select(DialogueState::ALL);
    let dialogue = (0..UNITS, any_day(), state);
    let hour = proptest::sample::select(vec![8, 13]);
    let check_in = (0..PEOPLE, any_day(), hour, proptest::option::of(0i32..4));
    let dialogues = proptest::collection::vec(dialogue, 0..3);
    let check_ins = proptest::collection::vec(check_in, 0..12);
    (dialogues, check_ins).prop_map(|(dialogues, check_ins)| {
        let dialogues = dialogues.into_iter().map(|(at, day, state)| Dialogue {
            unit: unit(at),
            school_year: "2026/27".into(),
            round: Round::Explore,
            starts: day.at(13, 0, 0, 0),
            minutes: 90,
            place: String::new(),
            state,
            sequence: 0,
            focus_areas: Vec::new(),
            is_placed: false,
            proposed_until: None,
        });
        let check_ins = check_ins.into_iter().map(|(who, day, hour, held)| CheckIn {
            pair: Pair {
                principal: person(who),
                area_manager: person(PEOPLE - 1),
            },
            starts: day.at(hour, 30, 0, 0),
            minutes: 45,
            state: match held {
                Some(_) => CheckInState::Held,
                None => CheckInState::Planned,
            },
            held_on: held.map(|days| day.saturating_add(days.days())),
            note: String::new(),
            uid: String::new(),
            sequence: 0,
            is_placed: false,
            proposed_until: None,
        });
        let mut unique = BTreeSet::new();
        let dialogues = dialogues
            .filter(|d| unique.insert(d.unit.clone()))
            .collect();
        // The calendar has one of a pair at a time.
        let mut unique = BTreeSet::new();
        let check_ins = check_ins
            .filter(|c| unique.insert((c.pair.clone(), c.starts)))
            .collect();
        (dialogues, check_ins)
    })
}

fn any_activity() -> impl Strategy<Value = Activity> {
    let role = proptest::sample::select(Role::ALL);
    (
        0..UNITS + 1,
        any_day(),
        proptest::option::of(any_day()),
        role,
    )
        .prop_map(|(at, due, done_on, role)| Activity {
            id: ActivityId::new("set below"),
            title: "Nulägesanalys".into(),
            post: match at {
                UNITS => Post::Area(AreaId::new("norr")),
                at => Post::Unit(unit(at)),
            },
            role,
            due,
            done_on,
        })
}

prop_compose! {
    fn any_world()(
        spans in proptest::collection::vec(any_span(), UNITS),
        appointments in proptest::collection::vec(any_appointment(), 0..10),
        absences in proptest::collection::vec((0..PEOPLE, any_day(), 0i32..40, 0..PEOPLE), 0..3),
        mut measures in proptest::collection::vec(any_measure(), 0..8),
        (dialogues, check_ins) in any_meetings(),
        mut activities in proptest::collection::vec(any_activity(), 0..4),
        reachable in proptest::collection::vec(proptest::bool::weighted(0.9), PEOPLE),
    ) -> AreaWorld {
        for (number, measure) in measures.iter_mut().enumerate() {
            measure.id = MeasureId::new(format!("m{number}"));
        }
        for (number, activity) in activities.iter_mut().enumerate() {
            activity.id = ActivityId::new(format!("a{number}"));
        }
        AreaWorld {
            area: Some(Area { id: AreaId::new("norr"), name: "Norra området".into() }),
            units: spans.into_iter().enumerate().map(|(n, (active_from, active_to))| {
                let level = if n == 0 { SupportLevel::Reinforced } else { SupportLevel::Standard };
                let successor = (n == 1).then(|| unit(2));
                let name = format!("Skola {n}");
                let area = AreaId::new("norr");
                let code = unit(n);
                (code.clone(), SchoolUnit { code, name, area, level, active_from, active_to, successor })
            }).collect(),
            people: (0..PEOPLE).map(|n| {
                let email = if reachable[n] { format!("p{n}@skola.example") } else { String::new() };
                let (id, name, language) = (person(n), format!("P {n}"), Language::Swedish);
                (id.clone(), Person { id, name, email, language })
            }).collect(),
            appointments,
            absences: absences.into_iter().filter(|(who, _, _, deputy)| who != deputy)
                .map(|(who, from, days, deputy)| Absence {
                    person: person(who),
                    from,
                    to: from.saturating_add(days.days()),
                    deputy: Some(person(deputy)),
                }).collect(),
            measures,
            dialogues,
            check_ins,
            activities,
            ..AreaWorld::default()
        }
    }
}

fn calendar() -> Calendar {
    let directory = std::path::Path::new("avstamd.toml");
    avstamd::config::parse(directory, super::town::CONFIG)
        .unwrap()
        .calendar
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) })]

    #[test]
    fn between_two_looks_there_is_nothing_to_say(world in any_world()) {
        let (calendar, rules) = (calendar(), Rules::default());
        let mut said = HashMap::new();
        let mut look_on = FIRST;
        for day in FIRST.series(1.day()).take_while(|day| *day <= LAST) {
            if !calendar.is_working_day(day) {
                continue;
            }
            let planned = plan(day, &world, &[], &calendar, &rules);
            let keys: Vec<_> = planned.decisions.iter().filter_map(Decision::key).collect();
            let unique: BTreeSet<_> = keys.iter().collect();
            prop_assert_eq!(unique.len(), keys.len(), "a row of notices is decided about once");
            let next = planned.look_again_on;
            let unsaid = subtract(planned, |key| said.get(key).copied());
            let new: Vec<&Decision> = unsaid.decisions.iter().filter(|d| d.is_said()).collect();
            if day < look_on {
                prop_assert!(new.is_empty(), "{} before the look on {}: {:#?}", day, look_on, new);
                continue;
            }
            for decision in new {
                if let (Some(key), avstamd::plan::Verdict::Say(cause)) = (decision.key(), &decision.verdict) {
                    said.insert(key, (cause.step, day));
                }
            }
            look_on = next.unwrap_or(Date::MAX);
        }
    }
}
