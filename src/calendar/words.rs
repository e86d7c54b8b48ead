//! Dates, weeks and times as Swedes (and the English) write them.
//!
//! Swedish public texts write `torsdagen den 3 december 2026 (vecka 49)`, and times with a point:
//! `kl. 8.30` in text, `08.30` where digits stand under each other.

use jiff::civil::{Date, Time};

use super::{Language, Week};

const DAYS_SV: [&str; 7] = [
    "måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag",
];
const DAYS_EN: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
const SHORT_DAYS_SV: [&str; 7] = ["mån", "tis", "ons", "tors", "fre", "lör", "sön"];
const SHORT_DAYS_EN: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS_SV: [&str; 12] = [
    "januari",
    "februari",
    "mars",
    "april",
    "maj",
    "juni",
    "juli",
    "augusti",
    "september",
    "oktober",
    "november",
    "december",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const SHORT_MONTHS_SV: [&str; 12] = [
    "jan", "feb", "mars", "apr", "maj", "juni", "juli", "aug", "sep", "okt", "nov", "dec",
];
const SHORT_MONTHS_EN: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "June", "July", "Aug", "Sept", "Oct", "Nov", "Dec",
];

fn day(date: Date, names: &[&'static str; 7]) -> &'static str {
    names[date.weekday().to_monday_zero_offset() as usize % 7]
}

fn month(number: i8, names: &[&'static str; 12]) -> &'static str {
    names[(number.clamp(1, 12) - 1) as usize]
}

/// `den 3 december 2026`, `3 December 2026`.
pub fn date_in_text(date: Date, language: Language) -> String {
    let (number, year) = (date.day(), date.year());
    match language {
        Language::Swedish => format!("den {number} {} {year}", month(date.month(), &MONTHS_SV)),
        Language::English => format!("{number} {} {year}", month(date.month(), &MONTHS_EN)),
    }
}

/// `torsdagen den 3 december 2026`, `Thursday 3 December 2026`.
pub fn weekday_date(date: Date, language: Language) -> String {
    let rest = date_in_text(date, language);
    match language {
        Language::Swedish => format!("{}en {rest}", day(date, &DAYS_SV)),
        Language::English => format!("{} {rest}", day(date, &DAYS_EN)),
    }
}

/// `torsdagen den 3 december 2026 (vecka 49)`, `Thursday 3 December 2026 (week 49)`.
pub fn long_date(date: Date, language: Language) -> String {
    let week = week_in_text(Week::of(date), language);
    format!("{} ({week})", weekday_date(date, language))
}

/// `tors 3 dec`, `Thu 3 Dec`: for subjects and narrow lists.
pub fn short_date(date: Date, language: Language) -> String {
    let (days, months) = match language {
        Language::Swedish => (&SHORT_DAYS_SV, &SHORT_MONTHS_SV),
        Language::English => (&SHORT_DAYS_EN, &SHORT_MONTHS_EN),
    };
    format!(
        "{} {} {}",
        day(date, days),
        date.day(),
        month(date.month(), months)
    )
}

/// `kl. 8.30`, `kl. 9`; `at 8.30 am`, `at 9 am`.
pub fn time_in_text(time: Time, language: Language) -> String {
    let (hour, minute) = (time.hour(), time.minute());
    let clock = |hour: i8| match minute {
        0 => hour.to_string(),
        _ => format!("{hour}.{minute:02}"),
    };
    match language {
        Language::Swedish => format!("kl. {}", clock(hour)),
        Language::English => {
            let half = if hour < 12 { "am" } else { "pm" };
            let hour = if hour % 12 == 0 { 12 } else { hour % 12 };
            format!("at {} {half}", clock(hour))
        }
    }
}

/// `08.30`: where digits stand under each other.
pub fn time_in_table(time: Time) -> String {
    format!("{:02}.{:02}", time.hour(), time.minute())
}

/// `vecka 49`, `week 49`.
pub fn week_in_text(week: Week, language: Language) -> String {
    match language {
        Language::Swedish => format!("vecka {}", week.number()),
        Language::English => format!("week {}", week.number()),
    }
}

/// `december 2026`, `December 2026`.
pub fn month_in_text(year: i16, number: i8, language: Language) -> String {
    match language {
        Language::Swedish => format!("{} {year}", month(number, &MONTHS_SV)),
        Language::English => format!("{} {year}", month(number, &MONTHS_EN)),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    #[test]
    fn dates_the_swedish_way() {
        let day = date(2026, 12, 3);
        assert_eq!(
            long_date(day, Language::Swedish),
            "torsdagen den 3 december 2026 (vecka 49)"
        );
        assert_eq!(
            long_date(day, Language::English),
            "Thursday 3 December 2026 (week 49)"
        );
        assert_eq!(short_date(day, Language::Swedish), "tors 3 dec");
        assert_eq!(
            short_date(date(2027, 3, 1), Language::Swedish),
            "mån 1 mars"
        );
    }

    #[test]
    fn times_the_swedish_way() {
        assert_eq!(
            time_in_text(time(8, 30, 0, 0), Language::Swedish),
            "kl. 8.30"
        );
        assert_eq!(time_in_text(time(9, 0, 0, 0), Language::Swedish), "kl. 9");
        assert_eq!(
            time_in_text(time(13, 5, 0, 0), Language::English),
            "at 1.05 pm"
        );
        assert_eq!(
            time_in_text(time(0, 0, 0, 0), Language::English),
            "at 12 am"
        );
        assert_eq!(time_in_table(time(8, 30, 0, 0)), "08.30");
    }
}
