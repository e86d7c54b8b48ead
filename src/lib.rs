//! avstamd remembers the follow-up of a Swedish school authority.

pub mod calendar;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod follow_up;
pub mod mail;
pub mod plan;
pub mod store;
