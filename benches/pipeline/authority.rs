//! An authority of any size, made up in memory: the same for the same numbers.

use avstamd::follow_up::{
    Appointment, Area, AreaId, Measure, MeasureId, MeasureStatus, Person, PersonId, Post, Role,
    SchoolUnit, SupportLevel, UnitCode,
};
use avstamd::store::Batch;
use jiff::ToSpan;
use jiff::civil::{Date, date};

/// Units to an area.
pub const UNITS_AN_AREA: usize = 15;

/// When the measures of unit `number` are to be evaluated.
pub type Due<'a> = &'a dyn Fn(usize) -> Vec<Date>;

/// The configuration every benchmark runs under; mail becomes files in `mail`.
pub const CONFIG: &str = concat!(
    include_str!("../../tests/common/base.toml"),
    r#"[mail.transport]
kind = "files"
directory = "mail"
per-minute = 100000
[[school-year]]
name = "2026/27"
terms = [{ from = 2026-08-18, to = 2026-12-18 }, { from = 2027-01-11, to = 2027-06-10 }]
breaks = [{ name = "höstlov", from = 2026-10-26, to = 2026-10-30 }]
quiet = [{ from = 2027-07-05, to = 2027-08-08 }]
[[school-year]]
name = "2027/28"
terms = [{ from = 2027-08-17, to = 2027-12-17 }, { from = 2028-01-10, to = 2028-06-09 }]
[reminders.check-in-gap]
enabled = false
"#
);

/// Dates spread over the school year, four a unit.
pub fn spread(number: usize) -> Vec<Date> {
    let first = date(2026, 11, 2);
    (0..4)
        .map(|k| first.saturating_add(i64::try_from((number * 7 + k * 53) % 210).unwrap().days()))
        .collect()
}

/// The units from `from` up to `to`, with areas, principals, managers and measures.
pub fn batch(from: usize, to: usize, due: Due<'_>) -> Batch {
    let mut batch = Batch::default();
    for number in from..to {
        let area = number / UNITS_AN_AREA;
        if number % UNITS_AN_AREA == 0 {
            add_area(&mut batch, area);
        }
        let code = UnitCode::parse(&format!("{:08}", 10_000_000 + number)).unwrap();
        batch.units.push(SchoolUnit {
            code: code.clone(),
            name: format!("Skola {number}"),
            area: AreaId::new(format!("o{area}")),
            level: SupportLevel::Standard,
            active_from: None,
            active_to: None,
            successor: None,
        });
        add_person(
            &mut batch,
            format!("r{number}"),
            Role::Principal,
            Post::Unit(code.clone()),
        );
        for (k, evaluate_by) in due(number).into_iter().enumerate() {
            batch.measures.push(Measure {
                id: MeasureId::new(format!("m{number}-{k}")),
                unit: code.clone(),
                school_year: "2026/27".into(),
                development_area: format!("Läsning {k}"),
                team: String::new(),
                decision: "Gemensam läsning tjugo minuter varje dag i alla årskurser.".into(),
                expected_effect: "Fler elever når läsmålen på våren.".into(),
                indicator: "Skolverkets bedömningsstöd".into(),
                responsible: None,
                decided_on: None,
                evaluate_by,
                status: MeasureStatus::Ongoing,
                evaluations: Vec::new(),
            });
        }
    }
    batch
}

fn add_area(batch: &mut Batch, area: usize) {
    let id = AreaId::new(format!("o{area}"));
    batch.areas.push(Area {
        id: id.clone(),
        name: format!("Område {area}"),
    });
    add_person(batch, format!("c{area}"), Role::AreaManager, Post::Area(id));
}

fn add_person(batch: &mut Batch, id: String, role: Role, post: Post) {
    batch.people.push(Person {
        id: PersonId::new(&id),
        name: format!("Åsa Öberg {id}"),
        email: format!("{id}@prov.example"),
        language: avstamd::calendar::Language::Swedish,
    });
    batch.appointments.push(Appointment {
        person: PersonId::new(id),
        role,
        post,
        from: None,
        to: None,
    });
}
