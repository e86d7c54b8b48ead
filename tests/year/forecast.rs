//! What is foreseen is what is sent, and what is explained is what was done.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use avstamd::daemon::{Clock, Office, once};
use avstamd::plan::{Forecast, InvitationsAhead, Mailbox, Silence, Verdict, group, plan, subtract};
use avstamd::store::{Calendar, Ledger};
use jiff::ToSpan;
use jiff::civil::{Date, date};

const FROM: Date = date(2026, 8, 1);
const TO: Date = date(2027, 7, 31);

type Sent = BTreeSet<(Date, String, String, i32)>;

/// The fictional authority of `config/demo`, in a directory of its own.
fn demo(directory: &Path) -> Arc<Office> {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/demo");
    let config = directory.join("avstamd.toml");
    std::fs::copy(demo.join("avstamd.toml"), &config).unwrap();
    let mut import = Command::new(env!("CARGO_BIN_EXE_avstamd"));
    let done = import
        .arg("--config")
        .arg(&config)
        .arg("import")
        .arg(&demo)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stdout)
    );
    let settings = avstamd::config::load(&config).unwrap();
    let calendar = Calendar::open(&settings.database.calendar).unwrap();
    let ledger = Ledger::open_or_create(&settings.database.ledger).unwrap();
    Arc::new(Office::new(settings, calendar, ledger).unwrap())
}

/// Invitations: when, to whom, of which meeting.
type Invited = BTreeSet<(Date, String, String)>;

async fn foreseen(office: &Office) -> (Sent, Invited) {
    let slices = office.every_slice(FROM).await.unwrap();
    let forecast = Forecast {
        slices: slices
            .iter()
            .map(|slice| (Cow::Borrowed(&slice.world), slice.troubles.as_slice()))
            .collect(),
        calendar: &office.settings.calendar,
        rules: &office.settings.rules,
        said: Default::default(),
        mailed_on: BTreeMap::new(),
        invitations: InvitationsAhead::default(),
    };
    let mails = forecast.run(FROM, TO, |_| {});
    let calls = mails
        .iter()
        .filter_map(|mail| mail.call.as_ref().map(|call| (mail.day, call)));
    let invited = calls.map(|(day, call)| (day, call.to.to_string(), call.uid.clone()));
    let invited = invited.collect();
    let said = mails
        .into_iter()
        .flat_map(|mail| {
            let row = move |line: &avstamd::plan::Line| {
                (
                    mail.day,
                    mail.to.to_string(),
                    line.key.occurrence.clone(),
                    line.cause.step,
                )
            };
            mail.lines.iter().map(row).collect::<Vec<_>>()
        })
        .collect();
    (said, invited)
}

async fn invited(office: &Office) -> Invited {
    let mails = office.ledger.mails(true).await.unwrap().into_iter();
    let invitations = mails.filter_map(|mail| {
        assert_eq!(mail.state, "sent");
        Some((
            mail.slot.parse().unwrap(),
            mail.person.to_string(),
            mail.meeting?,
        ))
    });
    invitations.collect()
}

/// What the plan says of one day, with the ledger as it was that morning.
async fn explained(office: &Office, day: Date) -> Sent {
    let (said, mailed_on) = office.ledger.said_before(day).await.unwrap();
    let (calendar, rules) = (&office.settings.calendar, &office.settings.rules);
    let mut decisions = Vec::new();
    for slice in office.every_slice(day).await.unwrap() {
        let planned = plan(day, &slice.world, &slice.troubles, calendar, rules);
        decisions.extend(subtract(planned, |key| said.get(key).copied()).decisions);
    }
    let next = calendar.working_days_after(day, 1);
    let letters = group(&mut decisions, (day, next), |person| Mailbox {
        mailed_on: mailed_on.get(person).copied(),
    });
    let rows = letters.into_iter().flat_map(|letter| {
        let to = letter.to.to_string();
        letter
            .lines
            .into_iter()
            .map(move |line| (day, to.clone(), line.key.occurrence, line.cause.step))
    });
    rows.collect()
}

#[tokio::test]
async fn what_is_foreseen_and_what_is_explained_is_what_is_sent() {
    let directory = tempfile::tempdir().unwrap();
    let office = demo(directory.path());
    let (foreseen, foreseen_invitations) = foreseen(&office).await;
    let calendar = &office.settings.calendar;
    let (mut sent, mut held) = (Sent::new(), Sent::new());
    // Explaining costs more than doing: every seventh day, so that each weekday comes round.
    let mut days = 0;
    for day in FROM.series(1.day()).take_while(|day| *day <= TO) {
        if !calendar.is_working_day(day) {
            // Until a step is said, every day that holds it says so, and no day after.
            if day.day() % 5 == 0 {
                held.extend(held_on(&office, day).await);
            }
            continue;
        }
        days += 1;
        let explained = match days % 7 {
            0 => Some(explained(&office, day).await),
            _ => None,
        };
        let clock = Clock::At(calendar.instant(day, office.settings.rules.send_at));
        once(Arc::clone(&office), clock).await.unwrap();
        let today = said_on(&office, day).await;
        if let Some(explained) = explained {
            assert_eq!(explained, today, "{day}");
        }
        sent.extend(today);
    }
    assert!(sent.len() > 2_000, "{}", sent.len());
    assert_eq!(foreseen, sent);
    let invited = invited(&office).await;
    assert!(invited.len() > 1_000, "{}", invited.len());
    assert_eq!(foreseen_invitations, invited);
    let missing: Vec<_> = held.difference(&sent).collect();
    assert!(missing.is_empty(), "held and not sent: {missing:#?}");
}

/// What the plan holds on a day without mail, as sent on the day it is held until.
async fn held_on(office: &Office, day: Date) -> Sent {
    let (said, _) = office.ledger.said_before(day).await.unwrap();
    let (calendar, rules) = (&office.settings.calendar, &office.settings.rules);
    let mut held = Sent::new();
    for slice in office.every_slice(day).await.unwrap() {
        let planned = plan(day, &slice.world, &slice.troubles, calendar, rules);
        for decision in subtract(planned, |key| said.get(key).copied()).decisions {
            let (Verdict::Silent(Silence::Held { cause, until }), Some(to)) =
                (&decision.verdict, &decision.to)
            else {
                continue;
            };
            let occurrence = decision.matter.occurrence();
            held.insert((*until, to.to_string(), occurrence, cause.step));
        }
    }
    held
}

/// What the ledger has as said on a day and sent in a mail.
async fn said_on(office: &Office, day: Date) -> Sent {
    let mut said = Sent::new();
    let mut people = BTreeSet::new();
    for mail in office.ledger.mails(true).await.unwrap() {
        people.insert(mail.person);
    }
    for person in people {
        for notice in office.ledger.notices_on(person, day).await.unwrap() {
            assert_eq!(notice.mail_state.as_deref(), Some("sent"), "{notice:?}");
            if notice.decision == "said" {
                let to = notice.mail_to.unwrap().to_string();
                said.insert((day, to, notice.occurrence, notice.step));
            }
        }
    }
    said
}
