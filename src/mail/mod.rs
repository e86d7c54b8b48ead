//! Mail: from a decision to a message, and the ways a message leaves.
//!
//! `facts` asks the record, `words` puts it into sentences, `compose` orders them, `message`
//! makes bytes of them; `invitation` and `event` do the same for meetings. Everything but
//! `transport` is pure.

mod compose;
mod content;
mod digest;
mod event;
mod facts;
mod invitation;
mod message;
mod obstacle;
mod room;
mod spaces;
pub mod transport;
mod words;

pub use compose::{Composed, Slices, compose};
pub use content::Content;
pub use digest::concern_words;
pub use event::uid;
pub use facts::{Detail, Setting, Slice};
pub use invitation::{Desk, feed, invitation};
pub use message::{Head, MessageError, Object, Sender, html, message, one_line, test_message};
pub use obstacle::{gap_words, unplaced_words};
pub use words::{Words, WordsError};
