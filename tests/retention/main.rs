//! Retention: what has outlived its rule goes and leaves no trace in the files, nobody is told anything
//! again for it, and a person who has left is forgotten without a hole in the record.

mod commands;
mod forgetting;
mod place;
mod story;
