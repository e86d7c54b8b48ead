//! Authorities made up at random, and the school year they live in.

use avstamd::calendar::{Calendar, Language, SchoolYear};
use avstamd::follow_up::{
    Absence, Appointment, Area, AreaId, AreaWorld, CheckIn, CheckInState, Pair, Person, PersonId,
    Post, Role, SchoolUnit, SupportLevel, UnitCode,
};
use avstamd::plan::Rhythm;
use avstamd::plan::placing::{Busy, PlacingRules, Request, Times};
use jiff::ToSpan;
use jiff::civil::{Date, Weekday, date, time};
use proptest::prelude::*;

const CONFIG: &str = concat!(
    include_str!("../common/base.toml"),
    include_str!("../common/files.toml"),
    r#"breaks = [
    { name = "höstlov", from = 2026-10-26, to = 2026-10-30 },
    { name = "sportlov", from = 2027-03-01, to = 2027-03-05 },
    { name = "påsklov", from = 2027-03-29, to = 2027-04-02 },
]
staff-days = [2026-09-21, 2027-05-07]
explore = { from = 2026-10-05, to = 2026-11-13 }
evaluate = { from = 2027-04-12, to = 2027-05-21 }
[[school-year]]
name = "2025/26"
terms = [{ from = 2025-08-19, to = 2025-12-19 }, { from = 2026-01-12, to = 2026-06-12 }]
"#
);

/// The days of [`CONFIG`].
pub fn calendar() -> Calendar {
    let settings = avstamd::config::parse(std::path::Path::new("avstamd.toml"), CONFIG);
    settings.unwrap().calendar
}

/// The school year that is placed.
pub fn year(calendar: &Calendar) -> &SchoolYear {
    calendar.school_year_on(date(2026, 9, 1)).unwrap()
}

/// An authority, its rules, and what its people are taken by.
#[derive(Debug, Clone)]
pub struct Authority {
    pub worlds: Vec<AreaWorld>,
    pub rules: PlacingRules,
    pub busy: Vec<Busy>,
    pub from: Date,
}

impl Authority {
    /// The request that places its year.
    pub fn request<'a>(
        &'a self,
        calendar: &'a Calendar,
        worlds: &'a [&'a AreaWorld],
    ) -> Request<'a> {
        Request {
            year: year(calendar),
            from: self.from,
            worlds,
            calendar,
            rules: &self.rules,
            busy: &self.busy,
        }
    }
}

pub fn rules() -> PlacingRules {
    PlacingRules {
        dialogues: Times {
            weekdays: vec![Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday],
            times: vec![time(8, 30, 0, 0), time(10, 30, 0, 0), time(13, 0, 0, 0)],
            minutes: 90,
            on_staff_days: false,
        },
        check_ins: Times {
            weekdays: vec![
                Weekday::Monday,
                Weekday::Tuesday,
                Weekday::Wednesday,
                Weekday::Thursday,
                Weekday::Friday,
            ],
            times: vec![time(8, 0, 0, 0), time(9, 0, 0, 0), time(15, 0, 0, 0)],
            minutes: 45,
            on_staff_days: false,
        },
        rhythm: Rhythm {
            every_weeks: 2,
            reinforced_every_weeks: 1,
        },
    }
}

pub fn principal(n: usize) -> PersonId {
    PersonId::new(format!("p{n}"))
}

pub fn manager(area: usize) -> PersonId {
    PersonId::new(format!("m{area}"))
}

pub fn unit(n: usize) -> UnitCode {
    UnitCode::parse(&format!("{:08}", 10_000_000 + n)).unwrap()
}

/// An area with its manager and no units.
pub fn area(number: usize) -> AreaWorld {
    let id = AreaId::new(format!("a{number}"));
    let mut world = AreaWorld {
        area: Some(Area {
            id: id.clone(),
            name: format!("Område {number}"),
        }),
        ..AreaWorld::default()
    };
    appoint(
        &mut world,
        manager(number),
        Role::AreaManager,
        Post::Area(id),
    );
    world
}

/// Adds a unit led by `leader` all year.
pub fn add_unit(world: &mut AreaWorld, number: usize, leader: usize, level: SupportLevel) {
    let code = unit(number);
    let post = Post::Unit(code.clone());
    appoint(world, principal(leader), Role::Principal, post);
    let school = SchoolUnit {
        code: code.clone(),
        name: format!("Skola {number}"),
        area: world.area.as_ref().unwrap().id.clone(),
        level,
        active_from: None,
        active_to: None,
        successor: None,
    };
    world.units.insert(code, school);
}

fn appoint(world: &mut AreaWorld, person: PersonId, role: Role, post: Post) {
    world.people.insert(
        person.clone(),
        Person {
            id: person.clone(),
            name: person.to_string(),
            email: format!("{person}@prov.example"),
            language: Language::Swedish,
        },
    );
    world.appointments.push(Appointment {
        person,
        role,
        post,
        from: None,
        to: None,
    });
}

/// `areas` areas of `units` units each, a principal for each unit, nothing in anybody's way.
pub fn orderly(areas: usize, units: usize) -> Authority {
    let worlds = (0..areas).map(|number| {
        let mut world = area(number);
        for n in 0..units {
            let n = number * units + n;
            add_unit(&mut world, n, n, SupportLevel::Standard);
        }
        world
    });
    Authority {
        worlds: worlds.collect(),
        rules: rules(),
        busy: Vec::new(),
        from: date(2026, 8, 1),
    }
}

pub fn any_day() -> impl Strategy<Value = Date> {
    (0i32..310).prop_map(|n| date(2026, 8, 10).saturating_add(n.days()))
}

prop_compose! {
    /// Principals of several units and areas, people who come, go and are away, units that open and
    /// close, meetings on record and other things in the way.
    pub fn any_authority()(
        units in proptest::collection::vec((0usize..3, 0usize..9, any::<bool>()), 1..14),
        terms in proptest::collection::vec((any_day(), 0usize..9), 0..4),
        closing in proptest::collection::vec((0usize..14, any_day()), 0..2),
        absences in proptest::collection::vec((0usize..12, any_day(), 0i32..30), 0..5),
        busy in proptest::collection::vec((0usize..12, any_day(), 8i8..16, 30u32..240), 0..30),
        meetings in proptest::collection::vec((0usize..9, 0usize..3, any_day(), 8i8..16), 0..6),
        times in 1usize..4,
        weekdays in 1usize..6,
        on_staff_days in any::<bool>(),
        from in any_day(),
        late in proptest::bool::weighted(0.3),
        shared in any::<bool>(),
        cancelled in any::<bool>(),
    ) -> Authority {
        let mut worlds: Vec<AreaWorld> = (0..3).map(area).collect();
        if shared {
            // One manager has two areas.
            worlds[1].appointments[0].person = manager(0);
        }
        for (n, (at, leader, reinforced)) in units.iter().enumerate() {
            let level = if *reinforced { SupportLevel::Reinforced } else { SupportLevel::Standard };
            add_unit(&mut worlds[*at], n, *leader, level);
        }
        // Somebody leaves, and another comes.
        for (n, (day, next)) in terms.iter().enumerate() {
            let world = &mut worlds[n % 3];
            let Some(post) = world.appointments.get(1 + n).map(|a| a.post.clone()) else { continue };
            world.appointments[1 + n].to = Some(*day);
            appoint(world, principal(*next), Role::ActingPrincipal, post);
            world.appointments.last_mut().unwrap().from = day.saturating_add(8.days()).into();
        }
        for (n, day) in closing {
            for world in &mut worlds {
                if let Some(school) = world.units.get_mut(&unit(n)) {
                    school.active_to = Some(day);
                }
            }
        }
        let somebody = |n: usize| if n < 9 { principal(n) } else { manager(n - 9) };
        for (who, day, days) in absences {
            let absence = Absence {
                person: somebody(who),
                from: day,
                to: day.saturating_add(days.days()),
                deputy: None,
            };
            for world in &mut worlds {
                world.absences.push(absence.clone());
            }
        }
        let busy = busy.into_iter().map(|(who, day, hour, minutes)| Busy {
            person: somebody(who),
            starts: day.at(hour, 15, 0, 0),
            minutes,
        });
        for (who, at, day, hour) in meetings {
            worlds[at].check_ins.push(CheckIn {
                pair: Pair { principal: principal(who), area_manager: manager(at) },
                starts: day.at(hour, 0, 0, 0),
                minutes: 45,
                state: if cancelled { CheckInState::Cancelled } else { CheckInState::Planned },
                held_on: None,
                note: String::new(),
                uid: String::new(),
                sequence: 0,
                is_placed: false,
                proposed_until: None,
            });
        }
        let mut rules = rules();
        rules.check_ins.times.truncate(times);
        rules.dialogues.times.truncate(times);
        rules.check_ins.weekdays.truncate(weekdays);
        rules.dialogues.on_staff_days = on_staff_days;
        rules.check_ins.on_staff_days = !on_staff_days;
        Authority {
            worlds,
            rules,
            busy: busy.collect(),
            from: if late { from } else { date(2026, 8, 1) },
        }
    }
}
