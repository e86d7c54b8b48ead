//! temporary ground
#![allow(missing_docs)]
use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime, Time, Weekday},
    tz::TimeZone,
};
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Week {
    pub year: i16,
    pub number: i8,
}
impl serde::Serialize for Week {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl std::fmt::Display for Week {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-W{:02}", self.year, self.number)
    }
}
impl Week {
    pub fn of(d: Date) -> Self {
        let w = d.iso_week_date();
        Self {
            year: w.year(),
            number: w.week(),
        }
    }
    pub fn monday(self) -> Date {
        jiff::civil::ISOWeekDate::new(self.year, self.number, Weekday::Monday)
            .unwrap()
            .date()
    }
    pub fn sunday(self) -> Date {
        self.monday() + 6.days()
    }
    pub fn next(self) -> Self {
        Self::of(self.monday() + 7.days())
    }
    pub fn previous(self) -> Self {
        Self::of(self.monday() - 7.days())
    }
    pub fn days(self) -> impl Iterator<Item = Date> {
        let m = self.monday();
        (0..7).map(move |n| m + n.days())
    }
}
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: Date,
    pub to: Date,
}
impl Span {
    pub fn contains(self, d: Date) -> bool {
        self.from <= d && d <= self.to
    }
}
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    pub name: String,
    pub span: Span,
}
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchoolYear {
    pub name: String,
    pub terms: Vec<Span>,
    pub breaks: Vec<Break>,
    pub staff_days: Vec<Date>,
    pub quiet: Vec<Span>,
    pub explore: Option<Span>,
    pub evaluate: Option<Span>,
    pub quality_report: Option<Date>,
}
impl SchoolYear {
    pub fn first_school_day(&self) -> Option<Date> {
        self.terms.first().map(|t| t.from)
    }
    pub fn last_school_day(&self) -> Option<Date> {
        self.terms.last().map(|t| t.to)
    }
    pub fn start_year(&self) -> i16 {
        self.name[..4].parse().unwrap()
    }
}
pub fn school_year_of(y: i16) -> String {
    format!("{y}/{:02}", (y + 1) % 100)
}
pub fn school_year_name(d: Date) -> String {
    school_year_of(if d.month() >= 8 {
        d.year()
    } else {
        d.year() - 1
    })
}
pub fn parse_school_year_name(t: &str) -> Result<i16, String> {
    let y: i16 = t
        .get(..4)
        .and_then(|y| y.parse().ok())
        .ok_or("write it as 2026/27")?;
    if school_year_of(y) == t {
        Ok(y)
    } else {
        Err(format!("\"{t}\" is not a school year; write it as 2026/27"))
    }
}
#[derive(Debug, Clone)]
pub struct Calendar {
    years: Vec<SchoolYear>,
    zone: TimeZone,
}
fn easter(y: i16) -> Date {
    let y = y as i32;
    let a = y % 19;
    let b = y / 100;
    let c = y % 100;
    let d = b / 4;
    let e = b % 4;
    let f = (b + 8) / 25;
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let i = c / 4;
    let k = c % 4;
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let mo = (h + l - 7 * m + 114) / 31;
    let da = (h + l - 7 * m + 114) % 31 + 1;
    Date::new(y as i16, mo as i8, da as i8).unwrap()
}
fn off(d: Date) -> bool {
    let e = easter(d.year());
    matches!(
        (d.month(), d.day()),
        (1, 1) | (1, 6) | (5, 1) | (6, 6) | (12, 24) | (12, 25) | (12, 26) | (12, 31)
    ) || [-2, 1, 39].iter().any(|n| e + (*n).days() == d)
        || (d.month() == 6 && d.weekday() == Weekday::Friday && (19..=25).contains(&d.day()))
}
impl Calendar {
    pub fn new(zone: TimeZone, years: Vec<SchoolYear>) -> Result<Self, Vec<String>> {
        Ok(Self { years, zone })
    }
    pub fn school_years(&self) -> &[SchoolYear] {
        &self.years
    }
    pub fn school_year_on(&self, d: Date) -> Option<&SchoolYear> {
        self.school_year(&school_year_name(d))
    }
    pub fn school_year(&self, n: &str) -> Option<&SchoolYear> {
        self.years.iter().find(|y| y.name == n)
    }
    pub fn is_working_day(&self, d: Date) -> bool {
        !matches!(d.weekday(), Weekday::Saturday | Weekday::Sunday)
            && !off(d)
            && !self
                .years
                .iter()
                .any(|y| y.quiet.iter().any(|s| s.contains(d)))
    }
    pub fn is_school_day(&self, d: Date) -> bool {
        self.school_year_on(d).is_some_and(|y| {
            y.terms.iter().any(|t| t.contains(d))
                && !y.breaks.iter().any(|b| b.span.contains(d))
                && !y.staff_days.contains(&d)
        }) && !matches!(d.weekday(), Weekday::Saturday | Weekday::Sunday)
            && !off(d)
    }
    pub fn is_school_week(&self, w: Week) -> bool {
        w.days().any(|d| self.is_school_day(d))
    }
    pub fn on_or_before(&self, mut d: Date) -> Date {
        while !self.is_working_day(d) {
            d = d - 1.days();
        }
        d
    }
    pub fn on_or_after(&self, mut d: Date) -> Date {
        while !self.is_working_day(d) {
            d = d + 1.days();
        }
        d
    }
    pub fn working_days_before(&self, d: Date, n: u32) -> Date {
        if n == 0 {
            return self.on_or_before(d);
        }
        let mut d = d;
        for _ in 0..n {
            d = self.on_or_before(d - 1.days());
        }
        d
    }
    pub fn working_days_after(&self, d: Date, n: u32) -> Date {
        if n == 0 {
            return self.on_or_after(d);
        }
        let mut d = d;
        for _ in 0..n {
            d = self.on_or_after(d + 1.days());
        }
        d
    }
    pub fn working_days_between(&self, a: Date, b: Date) -> i64 {
        let mut n = 0;
        let mut d = a;
        while d < b {
            d = d + 1.days();
            if self.is_working_day(d) {
                n += 1;
            }
        }
        n
    }
    pub fn first_working_day_of_week(&self, w: Week) -> Option<Date> {
        w.days().find(|d| self.is_working_day(*d))
    }
    pub fn first_working_day_of_month(&self, y: i16, m: i8) -> Option<Date> {
        let f = Date::new(y, m, 1).ok()?;
        let d = self.on_or_after(f);
        (d.month() == m).then_some(d)
    }
    pub fn nth_school_week_after(&self, w: Week, n: u32) -> Option<Week> {
        let mut w = w;
        let mut n = n;
        let last = self.years.last()?.last_school_day()?;
        while n > 0 {
            w = w.next();
            if w.monday() > last {
                return None;
            }
            if self.is_school_week(w) {
                n -= 1;
            }
        }
        Some(w)
    }
    pub fn instant(&self, d: Date, t: Time) -> Timestamp {
        d.to_datetime(t)
            .to_zoned_datetime(self.zone.clone())
            .unwrap()
            .timestamp()
    }
    pub fn local(&self, t: Timestamp) -> DateTime {
        t.to_zoned_datetime(self.zone.clone()).datetime()
    }
    pub fn today(&self, t: Timestamp) -> Date {
        self.local(t).date()
    }
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }
}
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Language {
    #[serde(rename = "sv")]
    Swedish,
    #[serde(rename = "en")]
    English,
}
impl std::str::FromStr for Language {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "sv" => Ok(Self::Swedish),
            "en" => Ok(Self::English),
            _ => Err("write sv or en".into()),
        }
    }
}
impl Week { pub fn number(self) -> i8 { self.number } }
impl std::fmt::Display for Language { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(match self { Self::Swedish => "sv", Self::English => "en" }) } }
const DAYS: [&str; 7] = ["måndagen", "tisdagen", "onsdagen", "torsdagen", "fredagen", "lördagen", "söndagen"];
const MONTHS: [&str; 12] = ["januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december"];
pub fn weekday_date(d: Date, _l: Language) -> String { format!("{} den {} {} {}", DAYS[d.weekday().to_monday_zero_offset() as usize], d.day(), MONTHS[d.month() as usize - 1], d.year()) }
pub fn long_date(d: Date, l: Language) -> String { format!("{} (vecka {})", weekday_date(d, l), Week::of(d).number) }
pub fn short_date(d: Date, _l: Language) -> String { format!("{} {}", d.day(), &MONTHS[d.month() as usize - 1][..3]) }
pub fn time_in_text(t: Time, _l: Language) -> String { format!("kl. {}.{:02}", t.hour(), t.minute()) }
pub fn month_in_text(y: i16, m: i8, _l: Language) -> String { format!("{} {y}", MONTHS[m as usize - 1]) }
