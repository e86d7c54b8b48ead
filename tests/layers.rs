//! Imports point downwards only. The table is ARCHITECTURE.md's; this test reads the paths of every
//! source file, those from `crate::` and those up through `super::`, and fails on an edge the table
//! does not allow.

use std::fs;
use std::path::{Path, PathBuf};

/// Each layer, and the layers it may name.
const ALLOWED: [(&str, &[&str]); 8] = [
    ("calendar", &[]),
    ("follow_up", &["calendar"]),
    ("plan", &["calendar", "follow_up"]),
    ("config", &["calendar", "follow_up", "plan"]),
    ("store", &["calendar", "follow_up", "plan"]),
    ("mail", &["calendar", "follow_up", "plan"]),
    (
        "daemon",
        &["calendar", "follow_up", "plan", "config", "store", "mail"],
    ),
    (
        "cli",
        &[
            "calendar",
            "follow_up",
            "plan",
            "config",
            "store",
            "mail",
            "daemon",
        ],
    ),
];

/// What the ground must not know, and what only one file may name.
const GROUND: [&str; 3] = ["calendar", "follow_up", "plan"];
const NOT_IN_THE_GROUND: [&str; 8] = [
    "tokio",
    "rusqlite",
    "lettre",
    "serde_json",
    "std::fs",
    "std::net",
    "SystemTime",
    "async fn",
];

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files
}

/// The code of a file without its comments and its unit tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text
        .split("#[cfg(test)]")
        .next()
        .unwrap_or_default()
        .to_owned();
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// How many modules a file lies below the crate's root: so many `super::` lead there.
fn depth(file: &Path) -> usize {
    let inner = file.strip_prefix(root()).unwrap();
    let is_folder = inner.ends_with("mod.rs");
    inner.components().count() - usize::from(is_folder)
}

/// The layers a text names by `crate::layer`, also within `use crate::{…}`; `depth` times `super::`
/// leads as far up.
fn named(code: &str, depth: usize) -> Vec<String> {
    let up = "super::".repeat(depth);
    let mut code = code.to_owned();
    // Within `use super::{…}` there may be more of them.
    while let Some(place) = code.find("super::{super::") {
        code.replace_range(place..place + "super::{".len(), "super::");
    }
    let code = code.replace(&up, "crate::");
    let mut layers = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let word = |text: &str| {
            text.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect::<String>()
        };
        if let Some(group) = rest.strip_prefix('{') {
            let group = group.split(';').next().unwrap_or_default();
            layers.extend(group.split(',').map(|part| word(part.trim())));
        } else {
            layers.push(word(rest));
        }
    }
    layers
}

#[test]
fn imports_point_downwards() {
    let mut wrong = Vec::new();
    for (layer, allowed) in ALLOWED {
        for file in sources(&root().join(layer)) {
            for named in named(&code(&file), depth(&file)) {
                let is_layer = ALLOWED.iter().any(|(layer, _)| *layer == named);
                if is_layer && named != layer && !allowed.contains(&named.as_str()) {
                    wrong.push(format!("{} names crate::{named}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_folder_is_a_layer() {
    for entry in fs::read_dir(root()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let known = ALLOWED.iter().any(|(layer, _)| *layer == name);
        assert!(
            known || ["lib", "main"].contains(&name.as_str()),
            "{name} is in no layer"
        );
    }
}

#[test]
fn the_ground_is_pure() {
    for layer in GROUND {
        for file in sources(&root().join(layer)) {
            let code = code(&file);
            for word in NOT_IN_THE_GROUND {
                assert!(!code.contains(word), "{} names {word}", file.display());
            }
        }
    }
}

#[test]
fn only_the_store_speaks_sql_and_only_the_heartbeat_names_the_scheduler() {
    for file in sources(&root()) {
        let code = code(&file);
        if code.contains("rusqlite") {
            assert!(
                file.starts_with(root().join("store")),
                "{} names rusqlite",
                file.display()
            );
        }
        if code.contains("tokio_cron_scheduler::") {
            assert!(
                file.ends_with("daemon/heartbeat.rs"),
                "{} names the scheduler",
                file.display()
            );
        }
    }
}

#[test]
fn the_test_can_fail() {
    assert_eq!(
        named(
            "use crate::{store::Ledger, plan::Rules};\ncrate::mail::compose",
            2
        ),
        ["store", "plan", "mail"]
    );
    let up = "use super::super::store::Ledger;\nuse super::super::{daemon, cli::run};\nuse super::facts;";
    assert_eq!(named(up, 2), ["store", "daemon", "cli"]);
    assert_eq!(named("use super::{super::store::Ledger};", 2), ["store"]);
    assert_eq!(depth(&root().join("plan/view.rs")), 2);
    assert_eq!(depth(&root().join("plan/notices/mod.rs")), 2);
    assert_eq!(depth(&root().join("plan/notices/digest.rs")), 3);
}
