//! Whatever happens to an area's meetings and people, each person's calendar ends as it should be.
//!
//! A calendar program is played by the book: it takes an invitation or a change under the SEQUENCE
//! it knows or a higher one, and nothing else (RFC 5546 2.1.5).

use std::collections::{BTreeMap, BTreeSet};

use avstamd::calendar::Language;
use avstamd::follow_up::{
    Absence, Appointment, Area, AreaId, AreaWorld, CheckIn, CheckInState, Dialogue, DialogueState,
    Pair, Person, PersonId, Post, Role, Round, SchoolUnit, SupportLevel, UnitCode,
};
use avstamd::plan::{Call, InvitationRules, Look, Meeting, Method, Told, invite, wanted};
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, date};
use proptest::prelude::*;

const DAY: Date = date(2026, 9, 1);
const RULES: InvitationRules = InvitationRules {
    dialogues: true,
    check_ins: true,
    check_ins_weeks_before: 60,
    most_per_day: 500,
};
const PRINCIPALS: [&str; 3] = ["rut", "pia", "sam"];
const MANAGERS: [&str; 2] = ["ake", "bo"];

fn unit(number: usize) -> UnitCode {
    UnitCode::parse(&format!("1234567{number}")).unwrap()
}

/// Two units of an area, led by Rut and Pia, managed by Åke.
fn world() -> AreaWorld {
    let mut world = AreaWorld {
        area: Some(Area {
            id: AreaId::new("norr"),
            name: "Norr".into(),
        }),
        ..AreaWorld::default()
    };
    for (number, principal) in PRINCIPALS.iter().enumerate().take(2) {
        let unit = SchoolUnit {
            code: unit(number),
            name: format!("Skola {number}"),
            area: AreaId::new("norr"),
            level: SupportLevel::Standard,
            active_from: None,
            active_to: None,
            successor: None,
        };
        world.units.insert(unit.code.clone(), unit);
        appoint(&mut world, principal, number);
    }
    manage(&mut world, MANAGERS[0]);
    for id in PRINCIPALS.iter().chain(&MANAGERS) {
        let person = Person {
            id: PersonId::new(id),
            name: (*id).into(),
            email: format!("{id}@prov.example"),
            language: Language::Swedish,
        };
        world.people.insert(person.id.clone(), person);
    }
    world
}

fn appoint(world: &mut AreaWorld, id: &str, number: usize) {
    let post = Post::Unit(unit(number));
    world.appointments.retain(|a| a.post != post);
    world.appointments.push(Appointment {
        person: PersonId::new(id),
        role: Role::Principal,
        post,
        from: None,
        to: None,
    });
}

fn manage(world: &mut AreaWorld, id: &str) {
    let post = Post::Area(AreaId::new("norr"));
    world.appointments.retain(|a| a.post != post);
    world.appointments.push(Appointment {
        person: PersonId::new(id),
        role: Role::AreaManager,
        post,
        from: None,
        to: None,
    });
}

/// Something that happens.
#[derive(Debug, Clone)]
enum Event {
    Dialogue {
        unit: usize,
        day: i32,
    },
    CheckIn {
        principal: usize,
        manager: usize,
        day: i32,
    },
    MoveDialogue {
        which: usize,
        day: i32,
    },
    PlaceDialogue {
        which: usize,
        place: &'static str,
    },
    MoveCheckIn {
        which: usize,
        day: i32,
    },
    CancelDialogue {
        which: usize,
    },
    CancelCheckIn {
        which: usize,
    },
    DeleteCheckIn {
        which: usize,
    },
    Principal {
        unit: usize,
        who: usize,
    },
    Manager {
        who: usize,
    },
    Away {
        who: usize,
        deputy: usize,
        day: i32,
    },
    Back,
    Days(i32),
}

fn any_event() -> impl Strategy<Value = Event> {
    let day = -3i32..60;
    let which = 0usize..6;
    prop_oneof![
        (0usize..2, day.clone()).prop_map(|(unit, day)| Event::Dialogue { unit, day }),
        (0usize..3, 0usize..2, day.clone()).prop_map(|(principal, manager, day)| {
            Event::CheckIn {
                principal,
                manager,
                day,
            }
        }),
        (which.clone(), day.clone()).prop_map(|(which, day)| Event::MoveDialogue { which, day }),
        (
            which.clone(),
            prop_oneof![Just(""), Just("Rum 1"), Just("Rum 2")]
        )
            .prop_map(|(which, place)| Event::PlaceDialogue { which, place }),
        (which.clone(), day.clone()).prop_map(|(which, day)| Event::MoveCheckIn { which, day }),
        which
            .clone()
            .prop_map(|which| Event::CancelDialogue { which }),
        which
            .clone()
            .prop_map(|which| Event::CancelCheckIn { which }),
        which.prop_map(|which| Event::DeleteCheckIn { which }),
        (0usize..2, 0usize..3).prop_map(|(unit, who)| Event::Principal { unit, who }),
        (0usize..2).prop_map(|who| Event::Manager { who }),
        (0usize..3, 0usize..3, day).prop_map(|(who, deputy, day)| Event::Away { who, deputy, day }),
        Just(Event::Back),
        (1i32..4).prop_map(Event::Days),
    ]
}

fn at(day: i32) -> DateTime {
    DAY.saturating_add(day.days()).at(9, 0, 0, 0)
}

/// Picks one of some; `None` where there are none.
fn pick<T>(all: &mut [T], which: usize) -> Option<&mut T> {
    match all.len() {
        0 => None,
        count => all.get_mut(which % count),
    }
}

fn happen(world: &mut AreaWorld, now: &mut DateTime, event: Event, number: usize) {
    match event {
        Event::Dialogue { unit: of, day } => {
            if world.dialogues.iter().all(|d| d.unit != unit(of)) {
                world.dialogues.push(Dialogue {
                    unit: unit(of),
                    school_year: "2026/27".into(),
                    round: Round::Explore,
                    starts: at(day),
                    minutes: 90,
                    place: String::new(),
                    state: DialogueState::Planned,
                    sequence: 0,
                    focus_areas: Vec::new(),
                    is_placed: false,
                    proposed_until: None,
                });
            }
        }
        Event::CheckIn {
            principal,
            manager,
            day,
        } => world.check_ins.push(CheckIn {
            pair: Pair {
                principal: PersonId::new(PRINCIPALS[principal]),
                area_manager: PersonId::new(MANAGERS[manager]),
            },
            starts: at(day),
            minutes: 45,
            state: CheckInState::Planned,
            held_on: None,
            note: String::new(),
            uid: number.to_string(),
            sequence: 0,
            is_placed: false,
            proposed_until: None,
        }),
        Event::MoveDialogue { which, day } => {
            if let Some(dialogue) = pick(&mut world.dialogues, which) {
                (dialogue.starts, dialogue.state) = (at(day), DialogueState::Planned);
            }
        }
        Event::PlaceDialogue { which, place } => {
            if let Some(dialogue) = pick(&mut world.dialogues, which) {
                dialogue.place = place.into();
            }
        }
        Event::MoveCheckIn { which, day } => {
            if let Some(check_in) = pick(&mut world.check_ins, which) {
                check_in.starts = at(day);
            }
        }
        Event::CancelDialogue { which } => {
            if let Some(dialogue) = pick(&mut world.dialogues, which) {
                dialogue.state = DialogueState::Cancelled;
            }
        }
        Event::CancelCheckIn { which } => {
            if let Some(check_in) = pick(&mut world.check_ins, which) {
                check_in.state = CheckInState::Cancelled;
            }
        }
        Event::DeleteCheckIn { which } => {
            let count = world.check_ins.len();
            if count > 0 {
                world.check_ins.remove(which % count);
            }
        }
        Event::Principal { unit, who } => appoint(world, PRINCIPALS[who], unit),
        Event::Manager { who } => manage(world, MANAGERS[who]),
        Event::Away { who, deputy, day } => {
            let deputy = (deputy != who).then(|| PersonId::new(PRINCIPALS[deputy]));
            world.absences.push(Absence {
                person: PersonId::new(PRINCIPALS[who]),
                from: at(day).date(),
                to: at(day + 5).date(),
                deputy,
            });
        }
        Event::Back => world.absences.clear(),
        Event::Days(days) => *now = now.saturating_add(days.days()),
    }
}

/// What a person's calendar program holds, and which SEQUENCE it knows of each event.
#[derive(Default)]
struct Calendars {
    held: BTreeMap<(PersonId, String), Meeting>,
    known: BTreeMap<(PersonId, String), u32>,
}

impl Calendars {
    fn receive(&mut self, call: &Call) {
        let key = (call.to.clone(), call.uid.clone());
        let known = self.known.get(&key).copied();
        assert!(
            known.is_none_or(|known| call.sequence >= known),
            "a program that knows {known:?} throws this away: {call:#?}"
        );
        let held = self.held.get(&key);
        match call.method {
            Method::Request => {
                let is_news =
                    held != Some(&call.meeting) || known.is_none_or(|k| k < call.sequence);
                assert!(is_news, "told again: {call:#?}");
                if let (Some(held), Some(known)) = (held, known) {
                    let same =
                        (held.starts, &held.place) == (call.meeting.starts, &call.meeting.place);
                    assert!(
                        !same || known == call.sequence,
                        "raised for nothing: {call:#?}"
                    );
                }
                self.held.insert(key.clone(), call.meeting.clone());
            }
            Method::Cancel => {
                assert!(held.is_some(), "called off and never asked to: {call:#?}");
                self.held.remove(&key);
            }
        }
        self.known.insert(key, call.sequence);
    }

    /// The meetings to come, by person.
    fn to_come(&self, now: DateTime) -> BTreeMap<(PersonId, String), Meeting> {
        let held = self.held.iter();
        let held = held.filter(|(_, meeting)| now < meeting.ends());
        held.map(|(key, meeting)| (key.clone(), meeting.clone()))
            .collect()
    }
}

fn look(now: DateTime, world: &AreaWorld, told: &[Told]) -> Vec<Call> {
    let look = Look {
        now,
        area: world.area.as_ref().map(|area| &area.id),
        world,
        elsewhere: &BTreeSet::new(),
        rules: &RULES,
    };
    invite(&look, told).calls().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_calendar_ends_as_it_should_be(
        rounds in proptest::collection::vec(proptest::collection::vec(any_event(), 1..4), 1..14)
    ) {
        let (mut world, mut now) = (world(), DAY.at(7, 0, 0, 0));
        let mut calendars = Calendars::default();
        let mut told: BTreeMap<(PersonId, String), Told> = BTreeMap::new();
        let mut number = 0;
        for events in rounds {
            for event in events {
                number += 1;
                happen(&mut world, &mut now, event, number);
            }
            let last: Vec<Told> = told.values().cloned().collect();
            for call in look(now, &world, &last) {
                calendars.receive(&call);
                let key = (call.to.clone(), call.uid.clone());
                told.insert(key, Told {
                    uid: call.uid,
                    person: call.to,
                    method: call.method,
                    sequence: call.sequence,
                    meeting: call.meeting,
                    address: None,
                    refused: false,
                    asked: true,
                    area: call.area,
                });
            }
            let should: BTreeMap<(PersonId, String), Meeting> = wanted(now, &world, &RULES)
                .into_iter()
                .flat_map(|wanted| {
                    let people = wanted.meeting.attendees.clone().into_iter();
                    people.map(move |attendee| {
                        ((attendee.person, wanted.uid.clone()), wanted.meeting.clone())
                    })
                })
                .collect();
            prop_assert_eq!(calendars.to_come(now), should);
            let last: Vec<Told> = told.values().cloned().collect();
            prop_assert_eq!(look(now, &world, &last), vec![]);
        }
    }
}
