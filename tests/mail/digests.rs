//! The digests: worst first, late in red, and readable without colours.

use avstamd::calendar::{Language, Week};
use avstamd::follow_up::{AreaId, AreaWorld, CheckIn, CheckInState, Post, Role};
use avstamd::mail::Detail;
use avstamd::plan::Matter;
use jiff::civil::date;

use crate::render::{Mail, Manner, mail};
use crate::topics::{DIRECTOR, MANAGER};
use crate::world::{DAY, code, measure, pair, said, unit, world};

fn weekly(world: &AreaWorld) -> Mail {
    let matter = Matter::WeeklyDigest {
        area: AreaId::new("norr"),
        week: Week::of(DAY),
    };
    let manner = Manner::new(Language::Swedish, Detail::Titles);
    mail(world, &[said(matter, MANAGER, DAY)], &manner)
}

fn monthly(world: &AreaWorld) -> Mail {
    let matter = Matter::MonthlyDigest {
        year: 2027,
        month: 4,
    };
    let manner = Manner::new(Language::Swedish, Detail::Titles);
    mail(world, &[said(matter, DIRECTOR, DAY)], &manner)
}

/// Five units, of which one has one thing late, one three, one something near, one nothing, and
/// one nobody who leads it.
fn town() -> AreaWorld {
    let mut world = world();
    world.dialogues.clear();
    world.activities.clear();
    world.check_ins.clear();
    world.units.clear();
    for (number, name) in [
        (1, "Ö lite sent"),
        (2, "Ä mest sent"),
        (3, "Å utan rektor"),
        (4, "B nära"),
        (5, "A i fas"),
    ] {
        world.units.insert(code(number), unit(number, name));
    }
    let led = world.appointments[0].clone();
    for number in [4, 5] {
        let mut post = led.clone();
        post.post = Post::Unit(code(number));
        world.appointments.push(post);
    }
    let late = date(2027, 4, 20);
    world.measures = vec![
        measure("L1", 1, late),
        measure("L2", 2, date(2026, 11, 2)),
        measure("L3", 2, late),
        measure("L4", 2, late),
        measure("L5", 2, date(2027, 5, 3)),
        measure("L6", 4, date(2027, 5, 3)),
    ];
    // They met last week, so that no gap is late as well.
    world.check_ins.push(CheckIn {
        pair: pair(),
        starts: date(2027, 4, 22).at(8, 0, 0, 0),
        minutes: 45,
        state: CheckInState::Held,
        held_on: Some(date(2027, 4, 22)),
        note: String::new(),
        uid: String::new(),
        sequence: 0,
        is_placed: false,
        proposed_until: None,
    });
    world
}

#[test]
fn units_stand_worst_first_in_bands_with_what_is_late_in_red() {
    let mail = weekly(&town());
    let digest = mail.composed.content.digest.unwrap();
    let bands: Vec<(&str, Vec<&str>)> = digest
        .bands
        .iter()
        .map(|band| {
            let names = band.rows.iter().map(|row| row.name.as_str());
            (band.title.as_str(), names.collect())
        })
        .collect();
    assert_eq!(
        bands,
        [
            (
                "Behöver dig (3)",
                vec!["Å utan rektor", "Ä mest sent", "Ö lite sent"]
            ),
            ("På gång (1)", vec!["B nära"]),
        ]
    );
    assert_eq!(digest.in_phase, "I fas: A i fas.");
    assert_eq!(
        digest.summary,
        "3 av 5 skolenheter behöver dig: 1 vakans, 4 sena utvärderingar."
    );
    assert_eq!(
        mail.composed.content.subject,
        "Vecka 17: 3 av 5 skolenheter behöver dig – Norra området"
    );
    let worst = &digest.bands[0].rows[1];
    assert_eq!(
        worst.concerns[0].text,
        "3 sena utvärderingar, den äldsta sedan mån 2 nov"
    );
    let cells: Vec<(&str, &str)> = worst
        .cells
        .iter()
        .map(|cell| (cell.text.as_str(), cell.tone))
        .collect();
    assert_eq!(
        cells,
        [
            ("! 3", "late"),
            ("L", "off"),
            ("", "none"),
            ("✓ 2!", "late"),
            ("", "none"),
            ("1", "due"),
            ("", "none"),
            ("", "none"),
            ("", "none"),
        ],
        "what is late beyond the weeks shown counts in the first"
    );
    assert_eq!(
        worst.cells[3].label,
        "vecka 16: avstämning hållen, 2 försenade utvärderingar"
    );
    assert!(digest.bands[0].rows[0].vacant);
    assert_eq!(digest.bands[0].rows[0].people, "rektor saknas");
}

#[test]
fn both_parts_of_a_digest_have_the_same_order() {
    let mail = weekly(&town());
    for part in [
        &mail.text,
        &mail.html.split("</h1>").nth(1).unwrap().to_owned(),
    ] {
        let lower = part.to_lowercase();
        let places: Vec<usize> = [
            "3 av 5 skolenheter",
            "avstämning planerad",
            "behöver dig (3)",
            "å utan rektor",
            "ä mest sent",
            "ö lite sent",
            "på gång (1)",
            "b nära",
            "i fas: ",
        ]
        .map(|what| {
            lower
                .find(what)
                .unwrap_or_else(|| panic!("{what} in {part}"))
        })
        .to_vec();
        assert!(places.is_sorted(), "{places:?} {part}");
    }
}

#[test]
fn a_digest_without_anything_to_tell_says_so_of_one_unit_and_of_many() {
    let mut calm = town();
    calm.measures.clear();
    calm.units.remove(&code(3));
    let mail = weekly(&calm);
    assert_eq!(
        mail.composed.content.preview,
        "Allt är i fas på alla 4 skolenheter."
    );
    let one = code(1);
    calm.units.retain(|code, _| *code == one);
    let mail = weekly(&calm);
    assert_eq!(
        mail.composed.content.preview,
        "Allt är i fas på skolenheten."
    );
    assert_eq!(
        mail.composed.content.next,
        ["Nästa veckobrev kommer måndagen den 3 maj 2027 (vecka 18)."]
    );
    assert!(
        !mail.text.contains("avstämning planerad"),
        "no legend without a picture"
    );
}

#[test]
fn a_month_counts_by_area_and_an_area_without_a_manager_is_a_vacancy() {
    let mut town = town();
    let texts = |mail: &Mail| -> Vec<String> {
        let digest = mail.composed.content.digest.as_ref().unwrap();
        let cells = digest.bands[0].rows[0].cells.iter();
        cells.map(|cell| cell.text.clone()).collect()
    };
    let mail = monthly(&town);
    assert_eq!(texts(&mail), ["4", "–", "–", "–", "–", "1"]);
    assert_eq!(
        mail.composed.content.subject,
        "April 2027: 3 av 5 skolenheter ligger efter"
    );
    assert_eq!(
        mail.composed.content.next,
        ["Nästa månadsbrev kommer måndagen den 3 maj 2027 (vecka 18)."]
    );
    town.appointments
        .retain(|post| post.role != Role::AreaManager);
    let mail = monthly(&town);
    assert_eq!(texts(&mail), ["4", "–", "–", "–", "–", "2"]);
    let digest = mail.composed.content.digest.unwrap();
    let row = &digest.bands[0].rows[0];
    assert_eq!(
        (row.people.as_str(), row.vacant),
        ("områdeschef saknas", true)
    );
    assert!(
        digest.summary.contains("2 vakanser, 4 sena utvärderingar"),
        "{}",
        digest.summary
    );
    let named: Vec<&str> = row.concerns.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(
        named,
        [
            "Å utan rektor: rektor saknas",
            "Ä mest sent: 3 sena utvärderingar, den äldsta sedan mån 2 nov",
            "Ö lite sent: 1 sen utvärdering, sedan tis 20 apr",
        ]
    );
}
