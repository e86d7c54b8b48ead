//! A year, a purge, and the months after it: nobody hears anything again, and nobody misses anything.

use std::collections::BTreeMap;

use avstamd::daemon::{Clock, purge, resume};
use avstamd::plan::retention::{Kept, Retention, Unit};
use avstamd::store::{Extent, Removed};
use jiff::civil::{Date, Time, date};

use super::place::{LAST, Place};

/// Shorter than any configuration may be: whatever could be said again would be.
async fn purge_all(place: &Place, day: Date) -> Vec<Removed> {
    let office = place.office();
    let calendar = &office.settings.calendar;
    let now = calendar.instant(day, Time::midnight());
    let mut retention = Retention::default();
    for kept in Kept::ALL {
        let (least, _) = kept.least(&office.settings.rules);
        let (_, unit, _) = kept.rule();
        retention.set(kept, unit, Some(least));
    }
    for kept in [Kept::Notices, Kept::Mails, Kept::Invitations] {
        retention.set(kept, Unit::Months, Some(1));
    }
    resume(&office, &Clock::At(now)).await.unwrap();
    let limits = retention.limits(day, calendar);
    let purged = purge(&office, (now, limits), Extent::Remove).await.unwrap();
    assert!(purged.unswept.is_empty());
    place.closed(office);
    purged.removed
}

fn rows(removed: &[Removed], table: &str) -> usize {
    let of = removed.iter().filter(|removed| removed.table == table);
    of.map(|removed| removed.rows).sum()
}

#[tokio::test]
async fn what_was_purged_is_neither_said_again_nor_missed() {
    let purged = Place::after_a_year("");
    let whole = purged.copied();
    let mut day = LAST.tomorrow().unwrap();
    let end = date(2027, 10, 1);
    while day < end {
        let removed = purge_all(&purged, day).await;
        if day == LAST.tomorrow().unwrap() {
            for table in ["mail", "attempt", "invitation", "notice", "record"] {
                assert!(rows(&removed, table) > 100, "{table}: {removed:?}");
            }
        }
        let next = day.checked_add(jiff::Span::new().months(1)).unwrap();
        purged.live(day, next.yesterday().unwrap()).await;
        day = next;
    }
    whole
        .live(LAST.tomorrow().unwrap(), end.yesterday().unwrap())
        .await;
    let (purged, whole) = (purged.mails(), whole.mails());
    assert!(whole.len() > 200, "{}", whole.len());
    let differ = |one: &BTreeMap<_, usize>, other: &BTreeMap<_, usize>| {
        let differ = one
            .iter()
            .filter(|(told, count)| other.get(*told) != Some(count));
        differ
            .map(|(told, _)| format!("{told:?}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(differ(&purged, &whole), [""; 0], "said once too often");
    assert_eq!(differ(&whole, &purged), [""; 0], "not said");
}
