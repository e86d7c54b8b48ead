//! The record, on SQLite: the only SQL in the program.
//!
//! Two files. The [`Calendar`] says what is so and is a public interface; the [`Ledger`] says
//! what was said and is the daemon's alone. Each has one thread that owns its connection, so
//! writes come in order, a slow disk pushes back, and a caller who gives up leaves nothing half
//! done. The verbs are the domain's, so that a second engine can stand behind them.

mod calendar;
mod damage;
mod database;
mod error;
mod file;
mod ledger;
mod migration;
mod personal;
mod purge;
pub mod safe;

pub use calendar::{
    Answer, AnswerError, Applied, Batch, Calendar, Change, Changed, Changes, Known, KnownAbsence,
    KnownUnit, Reach, Stood, Unclear, Whom, Writing, Written,
};
pub use error::StoreError;
pub use ledger::{
    Attempt, AttemptRow, Claimed, ClaimedLine, Doubted, Failed, Failure, Healed, Hold, Ledger,
    MailRow, Noted, NoticeRow, Prepared, QueueCounts, Settlement, SliceCalls, Tick, Traffic,
    UNWORDED, Unworded,
};
pub use personal::Reader;
pub use purge::{Extent, Open, Removed};
