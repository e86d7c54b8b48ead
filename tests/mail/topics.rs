//! Everything that can be said.

use avstamd::calendar::Week;
use avstamd::follow_up::{ActivityId, AreaId, MeasureId, PersonId, Role, Round};
use avstamd::plan::{Decision, Matter};
use jiff::civil::date;

use crate::world::{DAY, code, key, pair, said};

pub const PRINCIPAL: (&str, Role) = ("rut", Role::Principal);
pub const MANAGER: (&str, Role) = ("ake", Role::AreaManager);
pub const DIRECTOR: (&str, Role) = ("siv", Role::SchoolDirector);
pub const OFFICER: (&str, Role) = ("kim", Role::QualityOfficer);

/// Everything that can be said, one decision each.
pub fn everything() -> Vec<Decision> {
    let measure = |id: &str| Matter::Evaluation {
        measure: MeasureId::new(id),
    };
    let school_year = || "2026/27".to_owned();
    let area = || AreaId::new("norr");
    let activity = || Matter::Activity {
        activity: ActivityId::new("V1"),
    };
    let (soon, late, today) = (date(2027, 5, 4), date(2027, 4, 20), DAY);
    let mut all = vec![
        said(measure("M1"), PRINCIPAL, late),
        said(measure("M4"), PRINCIPAL, soon),
        said(measure("M4"), PRINCIPAL, today),
        said(measure("M1"), MANAGER, late),
        said(measure("M1"), DIRECTOR, late),
        said(
            Matter::Unassessed {
                measure: MeasureId::new("M0"),
                school_year: school_year(),
            },
            PRINCIPAL,
            late,
        ),
        said(
            Matter::UnassessedOfUnit {
                unit: code(1),
                school_year: school_year(),
            },
            MANAGER,
            soon,
        ),
        said(
            Matter::UnassessedOfArea {
                area: area(),
                school_year: school_year(),
            },
            DIRECTOR,
            soon,
        ),
        said(Matter::NotRecorded(key(Round::Explore)), MANAGER, late),
        said(Matter::NotRecorded(key(Round::Explore)), DIRECTOR, late),
        said(
            Matter::CheckIn { pair: pair() },
            PRINCIPAL,
            date(2027, 4, 29),
        ),
        said(Matter::CheckIn { pair: pair() }, MANAGER, date(2027, 4, 29)),
        said(Matter::CheckInGap { pair: pair() }, PRINCIPAL, late),
        said(Matter::CheckInGap { pair: pair() }, DIRECTOR, late),
        said(activity(), PRINCIPAL, late),
        said(activity(), MANAGER, late),
        said(Matter::VacantUnit { unit: code(3) }, MANAGER, late),
        said(Matter::VacantUnit { unit: code(3) }, OFFICER, late),
        said(Matter::VacantArea { area: area() }, OFFICER, late),
        said(Matter::ImportRefused { on: late }, OFFICER, late),
        said(
            Matter::SchoolYearMissing {
                school_year: "2027/28".into(),
            },
            OFFICER,
            late,
        ),
        said(
            Matter::YearPlaced {
                school_year: "2026/27".into(),
            },
            OFFICER,
            late,
        ),
        said(
            Matter::UnreadableRows {
                table: "measure".into(),
                area: None,
            },
            OFFICER,
            late,
        ),
        said(
            Matter::WeeklyDigest {
                area: area(),
                week: Week::of(DAY),
            },
            MANAGER,
            DAY,
        ),
        said(
            Matter::MonthlyDigest {
                year: 2027,
                month: 4,
            },
            DIRECTOR,
            DAY,
        ),
    ];
    for round in [Round::Explore, Round::Evaluate] {
        all.push(said(Matter::FocusArea(key(round)), PRINCIPAL, soon));
        all.push(said(Matter::FocusArea(key(round)), MANAGER, soon));
        all.push(said(Matter::Agenda(key(round)), PRINCIPAL, soon));
    }
    for (role, told) in [
        (Role::SchoolDirector, OFFICER),
        (Role::QualityOfficer, DIRECTOR),
    ] {
        all.push(said(Matter::VacantAuthority { role }, told, late));
    }
    for matter in [
        Matter::Storm { on: late },
        Matter::RecordLost { since: late },
        Matter::Unworded { since: late },
        Matter::Healed { on: late },
        Matter::WasDown { from: late },
        Matter::MailStopped { from: late },
        Matter::ProgramFault { area: Some(area()) },
        Matter::ProgramFault { area: None },
    ] {
        all.push(said(matter, OFFICER, late));
    }
    let rut = || PersonId::new("rut");
    all.push(said(Matter::Held { person: rut() }, OFFICER, late));
    for told in [MANAGER, OFFICER] {
        all.push(said(Matter::Undeliverable { person: rut() }, told, late));
        all.push(said(Matter::NoAddress { person: rut() }, told, late));
    }
    all
}
