//! `kill -9`, a full disk and failing writes at any point, and what must hold after each: see
//! `life.rs`. The sweeps need strace; `.ci/run crash` runs them.

mod failing;
mod hundreds;
mod keeping;
mod life;
mod purging;
mod record;
mod sending;
mod server;
mod shared;
mod sweep;
mod town;
mod victim;
