//! What mails say: every topic, in both languages, at every detail, in both parts.

mod digests;
mod invitations;
mod own;
mod render;
mod topics;
mod world;

use avstamd::calendar::Language;
use avstamd::follow_up::{
    ActivityId, Appointment, DialogueName, MeasureId, PersonId, Post, Role, Round,
};
use avstamd::mail::Detail;
use avstamd::plan::{Capacity, Decision, Matter};
use jiff::civil::date;
use render::{Manner, mail, seen, words_of};
use topics::{MANAGER, PRINCIPAL, everything};
use world::{WRITTEN, key, pair, said, world};

const LANGUAGES: [Language; 2] = [Language::Swedish, Language::English];
const DETAILS: [Detail; 3] = [Detail::Full, Detail::Titles, Detail::Link];

#[test]
fn every_topic_is_told_in_both_languages_at_every_detail_and_both_parts_say_the_same() {
    let world = world();
    for language in LANGUAGES {
        for detail in DETAILS {
            for decision in everything() {
                let manner = Manner::new(language, detail);
                let mail = mail(&world, std::slice::from_ref(&decision), &manner);
                let about = format!("{language} {detail:?} {:?}\n{}", decision.matter, mail.text);
                assert_eq!(words_of(&mail.text), words_of(&seen(&mail.html)), "{about}");
                for sign in ["{{", "{%", "()", " .", ",,", "..", ":."] {
                    assert!(!mail.text.contains(sign), "\"{sign}\" in {about}");
                }
                let subject = &mail.composed.content.subject;
                assert!(
                    !subject.is_empty() && subject.trim() == subject,
                    "{subject:?}"
                );
                assert!(
                    !subject.ends_with('–') && !subject.ends_with(':'),
                    "{subject:?}"
                );
                assert!(!mail.composed.content.preview.is_empty(), "{about}");
            }
        }
    }
}

#[test]
fn at_detail_link_nothing_leaves_that_a_person_wrote() {
    let world = world();
    let mut found_at_full = 0;
    for language in LANGUAGES {
        for decision in everything() {
            let told = |detail| {
                let mail = mail(
                    &world,
                    std::slice::from_ref(&decision),
                    &Manner::new(language, detail),
                );
                format!(
                    "{}\n{}\n{}",
                    mail.composed.content.subject, mail.text, mail.html
                )
            };
            let link = told(Detail::Link);
            assert!(!link.contains(WRITTEN), "{link}");
            found_at_full += usize::from(told(Detail::Full).contains(WRITTEN));
        }
    }
    assert!(found_at_full > 15, "{found_at_full}: the test can fail");
}

#[test]
fn what_is_to_be_done_stands_before_the_items() {
    let mail = mail(
        &world(),
        &everything()[..1],
        &Manner::new(Language::Swedish, Detail::Titles),
    );
    for part in [&mail.text, &mail.html] {
        let place = |what: &str| part.rfind(what).unwrap();
        assert!(place("Svara på mejlet när") < place("(M1)"), "{part}");
    }
    assert!(
        !mail.text.contains("1. "),
        "one item needs no number: {}",
        mail.text
    );
}

#[test]
fn the_subject_and_the_thread_are_about_the_same_thing() {
    let near = said(
        Matter::Evaluation {
            measure: MeasureId::new("M4"),
        },
        PRINCIPAL,
        date(2027, 5, 4),
    );
    let late = said(
        Matter::Activity {
            activity: ActivityId::new("V1"),
        },
        PRINCIPAL,
        date(2027, 4, 20),
    );
    for decisions in [[near.clone(), late.clone()], [late.clone(), near]] {
        let manner = Manner::new(Language::Swedish, Detail::Titles);
        let composed = mail(&world(), &decisions, &manner).composed;
        assert_eq!(
            composed.content.subject,
            "Sista dagen var tis 20 apr: Verksamhetsplan – Åsskolan F–6 (+ 1 till)"
        );
        assert_eq!(composed.leading, late.matter);
    }
}

#[test]
fn the_question_for_a_focus_area_is_asked_in_the_agenda() {
    let mut world = world();
    for dialogue in &mut world.dialogues {
        dialogue.focus_areas.clear();
    }
    let both = |told| {
        let matters = [
            Matter::Agenda(key(Round::Evaluate)),
            Matter::FocusArea(key(Round::Evaluate)),
        ];
        matters.map(|matter| said(matter, told, date(2027, 5, 4)))
    };
    let manner = Manner::new(Language::Swedish, Detail::Full);
    for (told, question) in [
        (
            PRINCIPAL,
            "Inget fokusområde är valt än. Svara på mejlet med ditt val.",
        ),
        (
            MANAGER,
            "Vill du lägga till ett fokusområde? Svara på mejlet.",
        ),
    ] {
        let mail = mail(&world, &both(told), &manner);
        let sections = &mail.composed.content.sections;
        assert_eq!(sections.iter().map(|s| s.items.len()).sum::<usize>(), 1);
        assert!(mail.text.contains(question), "{}", mail.text);
    }
}

#[test]
fn the_first_agenda_holds_how_each_measure_is_followed_up() {
    let decision = said(
        Matter::Agenda(key(Round::Explore)),
        PRINCIPAL,
        date(2026, 10, 8),
    );
    let table = |detail| {
        let decisions = std::slice::from_ref(&decision);
        let mail = mail(&world(), decisions, &Manner::new(Language::Swedish, detail));
        let item = &mail.composed.content.sections[0].items[0];
        item.table.clone().unwrap()
    };
    let full = table(Detail::Full);
    assert_eq!(full.columns, ["Åtgärd", "Förväntad effekt", "Följs upp"]);
    let how = &full.rows[0].cells[2];
    assert!(how.contains(", senast "), "{how}");
    let titles = table(Detail::Titles);
    assert_eq!(titles.columns, ["Åtgärd", "Följs upp"]);
    assert!(titles.rows[0].cells[1].starts_with("Senast "));
}

#[test]
fn the_second_agenda_holds_expected_beside_assessed_and_what_is_missing_last() {
    let decision = said(
        Matter::Agenda(key(Round::Evaluate)),
        PRINCIPAL,
        date(2027, 5, 4),
    );
    let decisions = std::slice::from_ref(&decision);
    let full = mail(
        &world(),
        decisions,
        &Manner::new(Language::Swedish, Detail::Full),
    );
    let table = full.composed.content.sections[0].items[0]
        .table
        .clone()
        .unwrap();
    assert_eq!(
        table.columns,
        ["Åtgärd", "Förväntad effekt", "Bedömd effekt"]
    );
    let effects: Vec<&str> = table.rows.iter().map(|row| row.cells[2].as_str()).collect();
    assert_eq!(
        effects,
        ["god", "för tidigt att bedöma", "inte bedömd", "inte bedömd"]
    );
    assert!(full.html.contains("<strong>inte bedömd</strong>"));
    let titles = mail(
        &world(),
        decisions,
        &Manner::new(Language::Swedish, Detail::Titles),
    );
    let table = titles.composed.content.sections[0].items[0]
        .table
        .clone()
        .unwrap();
    assert_eq!(table.columns, ["Åtgärd", "Bedömd effekt"]);
}

#[test]
fn a_check_in_tells_what_is_late_first_and_whose_schools_it_is_about() {
    let decision = said(Matter::CheckIn { pair: pair() }, MANAGER, date(2027, 4, 29));
    let decisions = std::slice::from_ref(&decision);
    let manner = Manner::new(Language::Swedish, Detail::Link);
    let text = mail(&world(), decisions, &manner).text;
    assert!(
        text.contains("Avstämning med Rut Öberg (Åsskolan F–6 och Björkskolan), torsdagen"),
        "{text}"
    );
    let place = |what: &str| {
        text.find(what)
            .unwrap_or_else(|| panic!("{what} in {text}"))
    };
    assert!(place("Försenat:") < place("M1, senast mån 1 mars"));
    assert!(place("M1,") < place("Ska utvärderas inom fyra veckor:"));
    assert!(place("inom fyra veckor:") < place("M4, senast tis 4 maj"));
    let mut calm = world();
    calm.measures.clear();
    let text = mail(&calm, decisions, &manner).text;
    let nothing = "Inget är försenat, och inget ska utvärderas inom fyra veckor.";
    assert!(text.contains(nothing), "{text}");
}

#[test]
fn an_assistant_principal_is_told_for_which_units() {
    let mut decision = said(
        Matter::Activity {
            activity: ActivityId::new("V1"),
        },
        ("bo", Role::AssistantPrincipal),
        date(2027, 5, 4),
    );
    let why = |decision: &Decision| {
        let manner = Manner::new(Language::Swedish, Detail::Titles);
        mail(&world(), std::slice::from_ref(decision), &manner)
            .composed
            .content
            .why
    };
    assert_eq!(
        why(&decision),
        ["Du får mejlet för att du är biträdande rektor på Åsskolan F–6 och Björkskolan."]
    );
    decision.capacity = Capacity::Responsible;
    assert_eq!(
        why(&decision),
        ["Du får mejlet för att du är ansvarig för åtgärder."]
    );
}

#[test]
fn the_quality_officer_is_not_told_to_write_to_the_quality_officer() {
    let officers = everything()
        .into_iter()
        .filter(|d| d.to == Some(PersonId::new("kim")));
    for decision in officers {
        for language in LANGUAGES {
            let manner = Manner::new(language, Detail::Full);
            let text = mail(&world(), std::slice::from_ref(&decision), &manner).text;
            let asked = ["Svara på mejlet", "Reply to this email"];
            assert!(!asked.iter().any(|ask| text.contains(ask)), "{text}");
        }
    }
}

#[test]
fn one_who_has_left_is_not_called_responsible() {
    let mut world = world();
    world.measures[1].responsible = Some(PersonId::new("bo"));
    let decision = said(
        Matter::Evaluation {
            measure: MeasureId::new("M1"),
        },
        MANAGER,
        date(2027, 3, 1),
    );
    let manner = Manner::new(Language::Swedish, Detail::Titles);
    let told = |world: &_| mail(world, std::slice::from_ref(&decision), &manner).text;
    assert!(told(&world).contains("Ansvarig: Bo Ek."));
    let left = |post: &Appointment| post.person == PersonId::new("bo");
    for post in world.appointments.iter_mut().filter(|post| left(post)) {
        post.to = Some(date(2027, 3, 31));
        assert!(matches!(post.post, Post::Unit(_)));
    }
    assert!(
        told(&world).contains("Ansvarig: Rut Öberg."),
        "{}",
        told(&world)
    );
}

#[test]
fn no_mail_bends_the_name_of_the_dialogue_itself() {
    let name = DialogueName {
        one: "kvalitetssamtal".into(),
        the: "kvalitetssamtalet".into(),
        many: "kvalitetssamtal".into(),
        the_many: "kvalitetssamtalen".into(),
        english: "quality talk".into(),
        english_many: "quality talks".into(),
    };
    for language in LANGUAGES {
        for decision in everything() {
            let mut manner = Manner::new(language, Detail::Full);
            manner.dialogue = name.clone();
            let mail = mail(&world(), std::slice::from_ref(&decision), &manner);
            let told = format!("{}\n{}", mail.composed.content.subject, mail.text).to_lowercase();
            for wrong in [
                "kvalitetsdialog",
                "samtaler",
                "samtaleter",
                "quality dialogue",
                "talken",
            ] {
                assert!(!told.contains(wrong), "{wrong}: {told}");
            }
            if language == Language::English {
                assert!(!told.contains("kvalitetssamtal"), "{told}");
            }
        }
    }
}

#[test]
fn the_header_has_the_clock_on_the_wall_the_language_and_the_list() {
    for (language, code, list) in [
        (Language::Swedish, "sv", "paminnelser"),
        (Language::English, "en", "reminders"),
    ] {
        let manner = Manner::new(language, Detail::Titles);
        let head = mail(&world(), &everything()[..1], &manner).head;
        for line in [
            "Date: Wed, 28 Apr 2027 07:00:00 +0200".to_owned(),
            format!("Content-Language: {code}"),
            format!("List-Id: \"Provkommunen, {list}\" <reminders.avstamd.prov.example>"),
        ] {
            assert!(head.lines().any(|found| found == line), "{line} in {head}");
        }
    }
}
