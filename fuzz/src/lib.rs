//! What is fuzzed: a function a target, which panics where something does not hold.
//!
//! libFuzzer drives them (`fuzz_targets/`), and so does `tests/corpus.rs`, on every file that is
//! kept of what was found. Where a target takes several texts, a record separator (U+001E) stands
//! between them.

mod files;
mod letters;
mod typed;
mod wire;
mod zip;

use std::path::Path;

use avstamd::config::{ConfigError, Settings};

pub use files::{calendar_file, tables, workbook};
pub use letters::{letter, words};
pub use typed::values;

/// A target: its name, and what it does with some bytes.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 8] = [
    ("configuration", configuration),
    ("tables", |data| _ = tables(data)),
    ("workbook", |data| _ = workbook(data)),
    ("calendar_file", |data| _ = calendar_file(data)),
    ("values", values),
    ("letter", letter),
    ("words", words),
    ("sent_record", sent_record),
];

/// A configuration that is sound.
const SOUND: &str = concat!(
    include_str!("../../tests/common/base.toml"),
    include_str!("../../tests/common/files.toml"),
    "breaks = [{ name = \"höstlov\", from = 2026-11-02, to = 2026-11-06 }]\n"
);

fn settings() -> Settings {
    avstamd::config::parse(Path::new("avstamd.toml"), SOUND).expect("a sound configuration")
}

/// The texts that some bytes hold.
fn texts(data: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(data);
    text.split('\u{1e}').map(str::to_owned).collect()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(work)
}

/// A configuration file: settings, or faults that each say what is wrong.
pub fn configuration(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match avstamd::config::parse(Path::new("avstamd.toml"), &text) {
        Ok(settings) => {
            let again = avstamd::config::parse(Path::new("avstamd.toml"), &text);
            let again = again.expect("what was sound is sound again");
            assert_eq!(settings.fingerprint(), again.fingerprint());
            typed::days(&settings.calendar, jiff::civil::date(2026, 12, 1));
        }
        Err(ConfigError::Faults(faults)) => {
            assert!(!faults.is_empty(), "refused without a word");
            for fault in faults {
                let told = fault.to_string();
                assert!(!fault.message.is_empty(), "{told}");
                assert!(told.chars().count() < 1_000, "it quotes too much: {told:?}");
                assert!(
                    !told.contains(['\r', '\n']),
                    "a fault is one line: {told:?}"
                );
            }
        }
        Err(error) => panic!("{error}"),
    }
}

/// The record of what has left: whatever is in it, it heals an empty ledger once.
pub fn sent_record(data: &[u8]) {
    let now = jiff::Timestamp::from_second(1_800_000_000).expect("an instant");
    let directory = tempfile::tempdir_in(memory()).expect("a directory");
    let path = directory.path().join("ledger.db");
    for (name, content) in empty_ledger() {
        std::fs::write(directory.path().join(name), content).expect("room for a ledger");
    }
    let ledger = avstamd::store::Ledger::open(&path).expect("a ledger");
    std::fs::write(directory.path().join("ledger.db.sent"), data).expect("room for a record");
    let first = block_on(ledger.heal(now));
    let Ok(first) = first else { return };
    let again = block_on(ledger.heal(now)).expect("what healed once heals again");
    assert_eq!(again.mails, 0, "it learnt {} and then again", first.mails);
}

/// A ledger in which nothing is: its file and its log.
fn empty_ledger() -> &'static [(&'static str, Vec<u8>)] {
    static LEDGER: std::sync::OnceLock<Vec<(&str, Vec<u8>)>> = std::sync::OnceLock::new();
    LEDGER.get_or_init(|| {
        let directory = tempfile::tempdir_in(memory()).expect("a directory");
        let path = directory.path().join("ledger.db");
        // Its log stays as long as it is open.
        let _ledger = avstamd::store::Ledger::open_or_create(&path).expect("a ledger");
        let files = ["ledger.db", "ledger.db-wal"].into_iter();
        let content = |name| std::fs::read(directory.path().join(name)).ok();
        files
            .filter_map(|name| Some((name, content(name)?)))
            .collect()
    })
}

/// A directory whose files need no disk, where there is one.
fn memory() -> std::path::PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    }
}
