//! The clock on the authority's wall, against instants.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::year_calendar::Calendar;

impl Calendar {
    /// The instant when the authority's wall clock shows this time.
    ///
    /// A time in the spring gap moves forward to the gap's end: 02:30 on 2027-03-28 is
    /// 03:00 local. (jiff's "compatible" would say 03:30, and so let 02:30 come after
    /// 03:00.) In the repeated autumn hour it is the first of the two. Within a day a later
    /// wall-clock time is therefore never an earlier instant. Saturates at the ends of time.
    pub fn instant(&self, date: Date, time: Time) -> Timestamp {
        instant_in(self.zone(), date.to_datetime(time))
    }

    /// What the authority's wall shows at an instant.
    pub fn local(&self, instant: Timestamp) -> DateTime {
        self.zone().to_datetime(instant)
    }

    /// The authority's date at an instant.
    pub fn today(&self, instant: Timestamp) -> Date {
        self.local(instant).date()
    }
}

fn instant_in(zone: &TimeZone, local: DateTime) -> Timestamp {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    if let AmbiguousOffset::Gap { after, .. } = ambiguous.offset() {
        // Read with the offset after the gap, a time in the gap lies just before the
        // change; the next change is the gap's end.
        let before_change = after.to_timestamp(local);
        let change = before_change
            .ok()
            .and_then(|instant| zone.following(instant).next());
        if let Some(change) = change {
            return change.timestamp();
        }
    }
    ambiguous.compatible().unwrap_or_else(|_| {
        if local.year() < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        }
    })
}
