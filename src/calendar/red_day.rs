//! Red days and the great eves.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

/// A Swedish public holiday (lag (1989:253) om allmänna helgdagar), plain Sundays aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RedDay {
    /// 1 January.
    NewYear,
    /// 6 January.
    Epiphany,
    /// The Friday before Easter.
    GoodFriday,
    /// Easter Sunday.
    EasterSunday,
    /// The Monday after Easter.
    EasterMonday,
    /// 1 May.
    MayDay,
    /// The sixth Thursday after Easter.
    Ascension,
    /// The seventh Sunday after Easter.
    Pentecost,
    /// 6 June, a red day since 2005.
    NationalDay,
    /// The Saturday from 20 to 26 June.
    Midsummer,
    /// The Saturday from 31 October to 6 November.
    AllSaints,
    /// 25 December.
    Christmas,
    /// 26 December.
    BoxingDay,
}

/// An eve that is no red day and on which nobody works (semesterlagen counts it as a Sunday).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Eve {
    /// The Friday before Midsummer Day.
    Midsummer,
    /// 24 December.
    Christmas,
    /// 31 December.
    NewYear,
}

impl RedDay {
    /// What Swedes call it.
    pub const fn swedish(self) -> &'static str {
        match self {
            Self::NewYear => "nyårsdagen",
            Self::Epiphany => "trettondedag jul",
            Self::GoodFriday => "långfredagen",
            Self::EasterSunday => "påskdagen",
            Self::EasterMonday => "annandag påsk",
            Self::MayDay => "första maj",
            Self::Ascension => "Kristi himmelsfärdsdag",
            Self::Pentecost => "pingstdagen",
            Self::NationalDay => "nationaldagen",
            Self::Midsummer => "midsommardagen",
            Self::AllSaints => "alla helgons dag",
            Self::Christmas => "juldagen",
            Self::BoxingDay => "annandag jul",
        }
    }
}

impl Eve {
    /// What Swedes call it.
    pub const fn swedish(self) -> &'static str {
        match self {
            Self::Midsummer => "midsommarafton",
            Self::Christmas => "julafton",
            Self::NewYear => "nyårsafton",
        }
    }
}

/// Easter Sunday of a year, by the Gregorian computus (Meeus, Jones and Butcher).
pub fn easter_sunday(year: i16) -> Date {
    let y = i32::from(year);
    let golden = y.rem_euclid(19);
    let (century, in_century) = (y.div_euclid(100), y.rem_euclid(100));
    let (quarter, odd) = (century.div_euclid(4), century.rem_euclid(4));
    let correction = (century - (century + 8).div_euclid(25) + 1).div_euclid(3);
    let epact = (19 * golden + century - quarter - correction + 15).rem_euclid(30);
    let (leap, rest) = (in_century / 4, in_century % 4);
    let weekday = (32 + 2 * odd + 2 * leap - epact - rest).rem_euclid(7);
    let late = (golden + 11 * epact + 22 * weekday).div_euclid(451);
    let sum = epact + weekday - 7 * late + 114;
    let (month, day) = (sum.div_euclid(31), sum.rem_euclid(31) + 1);
    let (month, day) = (
        i8::try_from(month).unwrap_or(4),
        i8::try_from(day).unwrap_or(1),
    );
    Date::new(year, month, day).unwrap_or(Date::MAX)
}

/// The red day that `date` is.
pub fn red_day(date: Date) -> Option<RedDay> {
    use RedDay as R;
    let saturday = date.weekday() == Weekday::Saturday;
    match (date.month(), date.day()) {
        (1, 1) => Some(R::NewYear),
        (1, 6) => Some(R::Epiphany),
        (5, 1) => Some(R::MayDay),
        (6, 6) if date.year() >= 2005 => Some(R::NationalDay),
        (6, 20..=26) if saturday => Some(R::Midsummer),
        (10, 31) | (11, 1..=6) if saturday => Some(R::AllSaints),
        (12, 25) => Some(R::Christmas),
        (12, 26) => Some(R::BoxingDay),
        (3..=6, _) => moving(date),
        _ => None,
    }
}

fn moving(date: Date) -> Option<RedDay> {
    use RedDay as R;
    let easter = easter_sunday(date.year());
    [
        (-2, R::GoodFriday),
        (0, R::EasterSunday),
        (1, R::EasterMonday),
        (39, R::Ascension),
        (49, R::Pentecost),
    ]
    .into_iter()
    .find(|(days, _)| easter.saturating_add(days.days()) == date)
    .map(|(_, day)| day)
}

/// The great eve that `date` is.
pub fn great_eve(date: Date) -> Option<Eve> {
    match (date.month(), date.day()) {
        (6, 19..=25) if date.weekday() == Weekday::Friday => Some(Eve::Midsummer),
        (12, 24) => Some(Eve::Christmas),
        (12, 31) => Some(Eve::NewYear),
        _ => None,
    }
}
