//! The daemon: tick and deliver, for ever or once.

pub mod clock;
mod contained;
mod courier;
mod deliver;
mod health;
mod heartbeat;
mod invite;
mod lock;
mod mask;
mod office;
mod pace;
mod ping;
mod placing;
mod post;
mod pulse;
mod render;
mod retention;
mod service;
mod systemd;
mod tick;
mod verdict;
mod watch;

pub use clock::{Belief, Clock, Doubt, Simulation};
pub use courier::Courier;
pub use deliver::{Delivered, RelayTrouble, Round, deliver};
pub use health::{Health, Stuck};
pub use lock::{Lock, LockError};
pub use mask::masked;
pub use office::{Office, OfficeError, SliceWorld, check_words, sender};
pub use pace::Pace;
pub use placing::{PlacedYear, place_year, stands_from, write_year};
pub use post::{Delivery, Post, PostError};
pub use pulse::Pulse;
pub use retention::{
    Forgotten, Known, Purged, Ties, forget, known_as, last_purge, newest_known, purge, sweep,
};
pub use service::{ServiceError, once, resume, serve};
pub use tick::{Ticked, tick};
pub use watch::storm;
