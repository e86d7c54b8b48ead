//! The records of the follow-up: what a school authority has decided and what came of it.
//!
//! Pure data with the few questions that every layer asks of it. Records carry the authority's
//! own identifiers and nothing joins on a name. An answer dated later than the day asked about
//! does not count yet, so one record serves yesterday's explanation and next year's forecast.

mod activity;
mod address;
mod choice;
mod dialogue_name;
mod id;
mod meant;
mod measure;
mod meeting;
mod naming;
mod person;
pub mod plausible;
mod unit;
mod world;

pub use activity::Activity;
pub use address::{AddressFault, envelope_address};
pub use choice::UnknownChoice;
pub use dialogue_name::DialogueName;
pub use id::{ActivityId, AreaId, MeasureId, PersonId, UnitCode, UnitCodeFault};
pub use meant::PostsTold;
pub use measure::{Effect, Evaluation, Measure, MeasureStatus, NextStep};
pub use meeting::{
    CheckIn, CheckInState, ChosenBy, Dialogue, DialogueState, FocusArea, Pair, Round,
};
pub use naming::{NOBODY, Naming, Writer};
pub use person::{Absence, Appointment, Person, Post, Role};
pub use unit::{Area, SchoolUnit, SupportLevel};
pub use world::{AreaWorld, Proposals, RowFault};
