//! The daemon places a school year by itself, tells of it, and invites when the meetings stand.

use avstamd::store::Calendar;
use jiff::civil::date;

use super::town::{Mail, Town};

fn invitations(mails: &[Mail]) -> usize {
    mails.iter().filter(|mail| mail.event.is_some()).count()
}

async fn meetings(calendar: &Calendar) -> (usize, usize) {
    let reach = avstamd::store::Reach {
        school_year: "2026/27".into(),
        from: date(2026, 8, 1),
    };
    let area = Some(avstamd::follow_up::AreaId::new("norr"));
    let world = calendar.area_world(area, reach).await.unwrap();
    (world.dialogues.len(), world.check_ins.len())
}

#[tokio::test]
async fn a_year_is_placed_on_its_day_told_of_and_invited_to_when_it_stands() {
    let mut town = Town::placing("").await;
    assert_eq!(town.at("2026-08-19 07:00").await, []);
    assert_eq!(meetings(&town.office.calendar).await, (0, 0));
    let mails = town.at("2026-08-20 07:00").await;
    assert_eq!(mails.len(), 1, "{mails:#?}");
    assert_eq!(mails[0].to, "kim@prov.example");
    assert_eq!(
        mails[0].subject,
        "Mötena läsåret 2026/27 har fått sina tider"
    );
    let (dialogues, check_ins) = meetings(&town.office.calendar).await;
    assert_eq!(dialogues, 2);
    assert!(check_ins > 15, "{check_ins}");
    let told = format!("{dialogues} kvalitetsdialoger och {check_ins} avstämningar");
    assert!(mails[0].text.contains(&told), "{}", mails[0].text);
    assert!(
        mails[0]
            .text
            .contains("till torsdagen den 3 september 2026"),
        "{}",
        mails[0].text
    );
    // Nobody is told of what is only proposed: no invitation, no reminder, no gap.
    for day in ["2026-08-21", "2026-08-26", "2026-09-01", "2026-09-02"] {
        assert_eq!(town.at(&format!("{day} 07:00")).await, [], "{day}");
    }
    let mails = town.at("2026-09-03 07:00").await;
    assert!(invitations(&mails) > 4, "{mails:#?}");
    assert_eq!(
        meetings(&town.office.calendar).await,
        (dialogues, check_ins)
    );
}

#[tokio::test]
async fn what_is_confirmed_stands_at_once() {
    let mut town = Town::placing("").await;
    town.at("2026-08-20 07:00").await;
    let year = (date(2026, 8, 1), date(2027, 7, 31));
    let who = (town.instant("2026-08-20 09:00"), "test".to_owned());
    let day = date(2026, 8, 20);
    let calendar = &town.office.calendar;
    let confirmed = calendar
        .confirm_placed(year, day, who.clone())
        .await
        .unwrap();
    assert!(confirmed > 15, "{confirmed}");
    let again = calendar.confirm_placed(year, day, who).await.unwrap();
    assert_eq!(again, 0);
    let mails = town.at("2026-08-20 09:01").await;
    assert!(invitations(&mails) > 4, "{mails:#?}");
}

/// Where nobody confirms, nobody is invited, and whoever is to confirm is asked again.
#[tokio::test]
async fn without_confirmation_the_officer_is_asked_again() {
    let schedule = "[schedule]\nconfirm-by-itself = false\n";
    let mut town = Town::placing(schedule).await;
    town.at("2026-08-20 07:00").await;
    let mut asked = 0;
    for day in [
        "2026-09-02",
        "2026-09-03",
        "2026-09-04",
        "2026-09-18",
        "2026-10-02",
    ] {
        for mail in town.at(&format!("{day} 07:00")).await {
            assert_eq!(mail.to, "kim@prov.example");
            assert!(mail.text.contains("tills du bekräftar"), "{}", mail.text);
            asked += 1;
        }
    }
    assert_eq!(asked, 3);
}

/// A daemon that was down on the day makes up for it; one that was up does nothing twice.
#[tokio::test]
async fn a_day_that_was_missed_is_made_up_for() {
    let mut town = Town::placing("").await;
    let mails = town.at("2026-11-02 07:00").await;
    assert_eq!(mails.len(), 1);
    assert!(
        mails[0]
            .text
            .contains("första dialogen: perioden för den är förbi"),
        "{}",
        mails[0].text
    );
}

/// Where there was nobody to meet on the day, it is tried again until there is.
#[tokio::test]
async fn what_got_no_time_is_tried_again_when_the_post_is_filled() {
    let mut town = Town::placing("").await;
    let calendar = town.office.settings.database.calendar.clone();
    let sql = |statement: &str| {
        let connection = rusqlite::Connection::open(&calendar).unwrap();
        connection.execute_batch(statement).unwrap();
    };
    sql("DELETE FROM appointment WHERE person = 'rut'");
    town.at("2026-08-20 07:00").await;
    assert_eq!(meetings(&town.office.calendar).await, (0, 0));
    town.at("2026-08-21 07:00").await;
    sql(
        "INSERT INTO appointment (person, role, unit) SELECT 'rut', 'principal', code FROM school_unit",
    );
    let mails = town.at("2026-08-24 07:00").await;
    let (dialogues, check_ins) = meetings(&town.office.calendar).await;
    assert!(dialogues == 2 && check_ins > 15, "{dialogues}, {check_ins}");
    let told = mails
        .iter()
        .find(|mail| mail.to.starts_with("kim"))
        .unwrap();
    assert!(told.text.contains("2 kvalitetsdialoger"), "{}", told.text);
}
