//! The calendar's ground: days, weeks, school years, working days, local time.
//!
//! Pure: no clock, no files, no database, and no other layer of the program.
//!
//! A *working day* is a day on which leaders can be asked for something: Monday to Friday, no red
//! day (lag (1989:253) om allmänna helgdagar), none of the three great eves that semesterlagen
//! counts as Sundays (midsommarafton, julafton, nyårsafton), and not within a quiet span of the
//! configuration. Breaks and staff days are working days for leaders; they are no *school days*.
//!
//! Dates outside every configured school year still work: they know no breaks and no quiet spans.

mod language;
mod red_day;
mod school_year;
mod week;
mod words;
mod year_calendar;

pub use language::{Language, UnknownLanguage};
pub use red_day::{Eve, RedDay, easter_sunday, great_eve, red_day};
pub use school_year::{
    Break, SchoolYear, SchoolYearNameFault, Span, parse_school_year_name, school_year_name,
    school_year_of,
};
pub use week::Week;
pub use words::{
    date_in_text, long_date, month_in_text, short_date, time_in_table, time_in_text, week_in_text,
    weekday_date,
};
pub use year_calendar::{Calendar, CalendarFault, DayKind};
