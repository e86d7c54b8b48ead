//! Hostile data, wherever a person or another system can write: no mail is bent by it, no row of it
//! stops another, and a person is told.

#[path = "../delivery/server.rs"]
#[allow(dead_code, reason = "the stories of delivery need more of it")]
mod server;

mod files;
mod letter;
mod log;
mod rows;
mod texts;
mod town;
