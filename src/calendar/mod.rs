//! The school authority's calendar: which days are which, and what the clock on the wall
//! says there. The pure ground everything else counts on.
//!
//! # Contract
//!
//! Nothing here reads the clock, does I/O, waits, or knows another layer: every function is
//! arithmetic over what it is given, so the same question has the same answer in the
//! daemon, in a forecast of next year and in a test.
//!
//! - A **working day** is a day on which mail may go out and leaders can be met: Monday to
//!   Friday, not a red day, not a great eve, not in the authority's quiet weeks. Breaks and
//!   staff days are working days: principals work on many days when pupils do not.
//! - A **school day** is a day with pupils: Monday to Friday inside a term, not a red day,
//!   not a great eve, not in a break, not a staff day.
//! - **Red days** are those of lag (1989:253) om allmänna helgdagar. The **great eves**
//!   (midsommarafton, julafton, nyårsafton) are no public holidays, but semesterlagen
//!   (1977:480) 3 a § treats them as Sundays, and so do we.
//! - Weeks are **ISO 8601** weeks: Monday first, and some years, 2026 among them, have 53.
//! - A **local time** in the spring gap moves forward to the gap's end; a time in the
//!   repeated autumn hour means the first of the two.
//! - No date panics and no search is endless. Outside the school years it was given the
//!   calendar knows no quiet weeks and no school days, and the arithmetic carries on
//!   without them. At the ends of time (the years -9999 and 9999) answers saturate.
//!
//! # Layout
//!
//! [`red_day`](fn@red_day) and [`great_eve`] know the almanac; [`Week`] the ISO week;
//! [`SchoolYear`] one school year as the authority decided it; [`Calendar`] joins them with
//! a time zone and counts working days and school weeks; the text functions write dates and
//! numbers the Swedish way.

mod collation;
mod fault;
mod local_time;
mod numbers;
mod red_day;
mod school_year;
mod school_year_name;
mod span;
mod week;
mod words;
mod working_day_table;
mod working_days;
mod year_calendar;
mod year_check;

pub use collation::swedish_order;
pub use fault::CalendarFault;
pub use numbers::{Gender, count, count_word, grouped, in_threes};
pub use red_day::{Eve, RedDay, easter_sunday, great_eve, red_day};
pub use school_year::{Break, SchoolYear};
pub use school_year_name::{
    SchoolYearNameError, parse_school_year_name, school_year_name, school_year_of,
};
pub use span::Span;
pub use week::Week;
pub use words::{
    Language, UnknownLanguage, date_in_text, long_date, month_in_text, short_date, short_week,
    time_in_table, time_in_text, time_span_in_text, week_in_text, weekday_date,
};
pub use year_calendar::{Calendar, DayKind};
