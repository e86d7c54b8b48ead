//! What is foreseen is what is sent, and what is explained is what was done.

use std::borrow::Cow;
use std::collections::BTreeSet;
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

/// Invitations: when, to whom, of which meeting, under which SEQUENCE, and whether it is called off.
type Invited = BTreeSet<(Date, String, String, i32, String)>;

async fn foreseen(office: &Office) -> (Sent, Invited) {
    let told = InvitationsAhead::default();
    foreseen_after(office, (FROM, TO), told).await
}

async fn foreseen_after(
    office: &Office,
    (from, to): (Date, Date),
    invitations: InvitationsAhead,
) -> (Sent, Invited) {
    let slices = office.every_slice(from).await.unwrap();
    let (said, mailed_on) = office.ledger.said_before(from).await.unwrap();
    let forecast = Forecast {
        slices: slices
            .iter()
            .map(|slice| (Cow::Borrowed(&slice.world), slice.troubles.as_slice()))
            .collect(),
        calendar: &office.settings.calendar,
        rules: &office.settings.rules,
        said,
        mailed_on,
        invitations,
    };
    let mails = forecast.run(from, to, |_| {});
    let calls = mails
        .iter()
        .filter_map(|mail| mail.call.as_ref().map(|call| (mail.day, call)));
    let invited = calls.map(|(day, call)| {
        let sequence = i32::try_from(call.sequence).unwrap();
        let method = call.method.word().to_owned();
        (day, call.to.to_string(), call.uid.clone(), sequence, method)
    });
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

/// The invitations that the ledger has as sent on the days from one to another.
async fn invited(office: &Office, (from, to): (Date, Date)) -> Invited {
    let mut invited = Invited::new();
    let mails = office.ledger.mails(true).await.unwrap().into_iter();
    for mail in mails.filter(|mail| mail.meeting.is_some()) {
        let day: Date = mail.slot.parse().unwrap();
        if day < from || to < day || mail.state == "withdrawn" {
            continue;
        }
        assert_eq!(mail.state, "sent");
        let (_, _, notices, _) = office.ledger.mail(mail.id).await.unwrap().unwrap();
        let shown = &notices[0];
        invited.insert((
            day,
            mail.person.to_string(),
            mail.meeting.unwrap(),
            shown.step,
            shown.decision.clone(),
        ));
    }
    invited
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
    let invited = invited(&office, (FROM, TO)).await;
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

/// What is foreseen after weeks in which meetings were told of and then missed, moved, called off
/// and handed over.
#[tokio::test]
async fn changes_to_meetings_that_were_told_of_are_foreseen() {
    let directory = tempfile::tempdir().unwrap();
    let mut office = demo(directory.path());
    // So many changes in one day are held until a person lets them go.
    let settings = &mut Arc::get_mut(&mut office).unwrap().settings;
    settings.rules.hold_above_usual = 0;
    let calendar = &office.settings.calendar;
    let change = date(2026, 9, 14);
    let live = async |from: Date, to: Date| {
        let days = from.series(1.day()).take_while(|day| *day <= to);
        for day in days.filter(|day| calendar.is_working_day(*day)) {
            let clock = Clock::At(calendar.instant(day, office.settings.rules.send_at));
            once(Arc::clone(&office), clock).await.unwrap();
        }
    };
    live(date(2026, 8, 3), change.yesterday().unwrap()).await;
    rusqlite::Connection::open(&office.settings.database.calendar)
        .unwrap()
        .execute_batch(
            "UPDATE dialogue SET starts = '2026-10-13T13:00' WHERE unit IN
                 (SELECT code FROM school_unit ORDER BY code LIMIT 9) AND round = 'explore';
             UPDATE dialogue SET state = 'cancelled' WHERE unit =
                 (SELECT max(code) FROM school_unit);
             UPDATE OR IGNORE check_in SET starts = '2026-10-01' || substr(starts, 11), state = 'planned',
                 held_on = NULL WHERE starts LIKE '2026-09-0%';
             DELETE FROM check_in WHERE starts LIKE '2026-09-2%';
             INSERT INTO person (id, name, email) VALUES ('ny', 'Ny Chef', 'ny@lindhamra.example');
             UPDATE appointment SET valid_to = '2026-10-08' WHERE role = 'area_manager'
                 AND area = (SELECT min(id) FROM area);
             INSERT INTO appointment (person, role, area, valid_from)
                 SELECT 'ny', 'area_manager', min(id), '2026-10-09' FROM area;",
        )
        .unwrap();
    let span = (change, date(2026, 10, 30));
    let since = date(2026, 1, 1).at(0, 0, 0, 0);
    let told = office.ledger.told_before(change, since).await.unwrap();
    let (_, foreseen) = foreseen_after(&office, span, InvitationsAhead::new(told)).await;
    live(span.0, span.1).await;
    let sent = invited(&office, span).await;
    let called_off = sent
        .iter()
        .filter(|(.., method)| method == "cancel")
        .count();
    let moved = sent
        .iter()
        .filter(|(.., sequence, _)| *sequence > 0)
        .count();
    assert!(
        called_off > 40 && moved > called_off,
        "{called_off} of {moved}"
    );
    assert_eq!(foreseen, sent);
    no_reminder_contradicts_an_invitation(&office);
}

/// Whoever was reminded of a meeting had it in their calendar, on that day and no other.
fn no_reminder_contradicts_an_invitation(office: &Office) {
    let ledger = rusqlite::Connection::open(&office.settings.database.ledger).unwrap();
    let mut reminders = ledger
        .prepare(
            "SELECT n.occurrence, n.due, n.on_day, m.person,
                    EXISTS (SELECT 1 FROM mail i JOIN invitation s ON s.mail = i.id
                            WHERE i.person IN (m.person, n.recipient) AND i.slot <= n.on_day
                                AND s.method = 'request'
                                AND substr(json_extract(s.said, '$.starts'), 1, 10) = n.due
                                AND NOT EXISTS (SELECT 1 FROM mail later
                                    WHERE later.meeting = i.meeting AND later.person = i.person
                                        AND later.id > i.id AND later.slot <= n.on_day
                                        AND later.state = 'sent'))
             FROM notice n JOIN mail m ON m.id = n.mail
             WHERE n.decision = 'said' AND m.state = 'sent'
                 AND (n.occurrence LIKE 'check-in/%' OR n.occurrence LIKE 'dialogue-agenda/%')",
        )
        .unwrap();
    let rows = reminders.query_map([], |row| {
        let told: (String, String, String, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        Ok((told, row.get::<_, bool>(4)?))
    });
    let rows: Vec<_> = rows.unwrap().collect::<Result<_, _>>().unwrap();
    assert!(rows.len() > 100, "{}", rows.len());
    let wrong: Vec<_> = rows.iter().filter(|(_, invited)| !invited).collect();
    assert!(
        wrong.is_empty(),
        "{} of {}: {wrong:#?}",
        wrong.len(),
        rows.len()
    );
}
