//! avstamd remembers the follow-up of a Swedish school authority.
//!
//! # Layout
//! Imports point downwards only; `tests/layers.rs` holds that.
//!
//! | layer | module | knows |
//! |---|---|---|
//! | ground, pure | [`calendar`] | days, weeks, red days, school years, working days, local time |
//! | | [`follow_up`] | the domain's records |
//! | | [`plan`] | ladders, recipients, grouping, digests; a reason for every decision |
//! | edges | [`config`] | TOML to checked settings |
//! | | [`store`] | SQLite, migrations, the only SQL |
//! | | [`mail`] | decision to message, and the transports |
//! | top | [`daemon`] | the heartbeat, tick, deliver, signals, systemd |
//! | | [`cli`] | one file a command |

pub mod calendar;
pub mod cli;
pub mod follow_up;
pub mod store;
