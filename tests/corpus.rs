//! What the fuzzers were given and what they found, through every target, without a fuzzer.

#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::path::{Path, PathBuf};

/// Files of a directory, in order.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn whatever_was_found_once_holds_in_every_target() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let (mut tried, mut bytes) = (0, 0);
    for (name, target) in targets::TARGETS {
        let files = files(&corpus.join(name));
        assert!(!files.is_empty(), "{name} has no corpus");
        for file in files {
            let content = std::fs::read(&file).unwrap();
            assert!(content.len() < 20_000, "{} is large", file.display());
            bytes += content.len();
            tried += 1;
            let told = std::panic::catch_unwind(|| target(&content));
            assert!(told.is_ok(), "{} does not hold", file.display());
        }
    }
    assert!(bytes < 500_000, "{tried} files of {bytes} bytes");
}

/// Else the targets would be about nothing but refusals.
#[test]
fn the_sound_files_of_the_corpus_are_taken() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let read = |file: &str| std::fs::read(corpus.join(file)).unwrap();
    for file in ["good", "commas"] {
        assert!(targets::tables(&read(&format!("tables/{file}"))), "{file}");
    }
    for file in ["areas", "activities"] {
        assert!(
            targets::workbook(&read(&format!("workbook/{file}"))),
            "{file}"
        );
    }
    for file in ["outlook", "google", "apple", "series", "zone"] {
        assert!(
            targets::calendar_file(&read(&format!("calendar_file/{file}"))),
            "{file}"
        );
    }
}
