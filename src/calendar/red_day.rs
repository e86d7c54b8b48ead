//! The almanac: red days and great eves, for any year, from rules alone.

use std::fmt;

use jiff::civil::{Date, Weekday};

use super::words::Language;

/// A public holiday other than the plain Sundays: lag (1989:253) om allmänna helgdagar,
/// as it has stood since 2005.
///
/// Earlier years follow the same rules, except that 6 June counts only from 2005. (Whit
/// Monday, which 6 June replaced, is not known here.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RedDay {
    NewYearsDay,
    Epiphany,
    GoodFriday,
    EasterSunday,
    EasterMonday,
    FirstOfMay,
    AscensionDay,
    Pentecost,
    NationalDay,
    MidsummerDay,
    AllSaintsDay,
    ChristmasDay,
    BoxingDay,
}

impl RedDay {
    /// The day's name inside a sentence.
    pub fn name(self, language: Language) -> &'static str {
        let (swedish, english) = match self {
            Self::NewYearsDay => ("nyårsdagen", "New Year's Day"),
            Self::Epiphany => ("trettondedag jul", "Epiphany"),
            Self::GoodFriday => ("långfredagen", "Good Friday"),
            Self::EasterSunday => ("påskdagen", "Easter Sunday"),
            Self::EasterMonday => ("annandag påsk", "Easter Monday"),
            Self::FirstOfMay => ("första maj", "May Day"),
            Self::AscensionDay => ("Kristi himmelsfärdsdag", "Ascension Day"),
            Self::Pentecost => ("pingstdagen", "Pentecost"),
            Self::NationalDay => ("nationaldagen", "National Day"),
            Self::MidsummerDay => ("midsommardagen", "Midsummer Day"),
            Self::AllSaintsDay => ("alla helgons dag", "All Saints' Day"),
            Self::ChristmasDay => ("juldagen", "Christmas Day"),
            Self::BoxingDay => ("annandag jul", "Boxing Day"),
        };
        language.pick(swedish, english)
    }
}

impl fmt::Display for RedDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name(Language::English))
    }
}

/// A great eve: not a public holiday, but treated as a Sunday by semesterlagen (1977:480).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Eve {
    Midsummer,
    Christmas,
    NewYear,
}

impl Eve {
    /// The eve's name inside a sentence.
    pub fn name(self, language: Language) -> &'static str {
        let (swedish, english) = match self {
            Self::Midsummer => ("midsommarafton", "Midsummer Eve"),
            Self::Christmas => ("julafton", "Christmas Eve"),
            Self::NewYear => ("nyårsafton", "New Year's Eve"),
        };
        language.pick(swedish, english)
    }
}

impl fmt::Display for Eve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name(Language::English))
    }
}

/// Easter Sunday of a Gregorian year; a year beyond ±9999 counts as ±9999.
pub fn easter_sunday(year: i16) -> Date {
    let year = year.clamp(Date::MIN.year(), Date::MAX.year());
    let day = easter_day_of_march(year);
    let (month, day) = if day <= 31 { (3, day) } else { (4, day - 31) };
    // Month and day are always real ones; jiff just cannot know it.
    Date::new(year, month, day as i8).unwrap_or(Date::MIN)
}

/// The red day that falls on this date, if one does. A plain Sunday is not one.
///
/// When two fall together (Ascension on 1 May 2008) the one with a fixed date is named.
pub fn red_day(date: Date) -> Option<RedDay> {
    match (date.month(), date.day()) {
        (1, 1) => Some(RedDay::NewYearsDay),
        (1, 6) => Some(RedDay::Epiphany),
        (5, 1) => Some(RedDay::FirstOfMay),
        (6, 6) if date.year() >= 2005 => Some(RedDay::NationalDay),
        (12, 25) => Some(RedDay::ChristmasDay),
        (12, 26) => Some(RedDay::BoxingDay),
        (6, 20..=26) if date.weekday() == Weekday::Saturday => Some(RedDay::MidsummerDay),
        (10, 31) | (11, 1..=6) if date.weekday() == Weekday::Saturday => Some(RedDay::AllSaintsDay),
        (3..=6, _) => days_of_easter(date),
        _ => None,
    }
}

/// The great eve that falls on this date, if one does.
pub fn great_eve(date: Date) -> Option<Eve> {
    match (date.month(), date.day()) {
        (6, 19..=25) if date.weekday() == Weekday::Friday => Some(Eve::Midsummer),
        (12, 24) => Some(Eve::Christmas),
        (12, 31) => Some(Eve::NewYear),
        _ => None,
    }
}

fn days_of_easter(date: Date) -> Option<RedDay> {
    let days_before_month = match date.month() {
        3 => 0,
        4 => 31,
        5 => 61,
        _ => 92,
    };
    match days_before_month + i32::from(date.day()) - easter_day_of_march(date.year()) {
        -2 => Some(RedDay::GoodFriday),
        0 => Some(RedDay::EasterSunday),
        1 => Some(RedDay::EasterMonday),
        39 => Some(RedDay::AscensionDay),
        49 => Some(RedDay::Pentecost),
        _ => None,
    }
}

/// Easter Sunday as a day counted from the first of March: 22 to 56, where 32 is 1 April.
///
/// The "anonymous Gregorian" computus (Nature, 1876; Meeus, Astronomical Algorithms, ch. 8).
fn easter_day_of_march(year: i16) -> i32 {
    let year = i32::from(year);
    let golden = year.rem_euclid(19);
    let (century, of_century) = (year.div_euclid(100), year.rem_euclid(100));
    let correction = (century - (century + 8).div_euclid(25) + 1).div_euclid(3);
    let moon = (19 * golden + century - century.div_euclid(4) - correction + 15).rem_euclid(30);
    let weekday = (32 + 2 * century.rem_euclid(4) + 2 * (of_century / 4) - moon - of_century % 4)
        .rem_euclid(7);
    let late_moon = (golden + 11 * moon + 22 * weekday) / 451;
    22 + moon + weekday - 7 * late_moon
}
