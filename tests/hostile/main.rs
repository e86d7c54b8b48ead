//! Hostile data, wherever a person or another system can write: no mail is bent by it, no row of it
//! stops another, and a person is told.

#[path = "../common/relay/mod.rs"]
#[expect(unused_imports, reason = "other tests', too")]
mod relay;
#[path = "../../fuzz/src/wire.rs"]
mod wire;

mod files;
mod letter;
mod log;
mod rows;
mod texts;
mod town;
