//! One file a message: for the demo, for trying things out, and for systems that pick mail up.

use std::io::Write;
use std::path::Path;

use super::Parcel;
use super::outcome::{Outcome, Reply, Stage, Verdict};

/// Writes a parcel under its name. The file appears whole or not at all; one that is there
/// already with the same bytes counts as written.
pub async fn write(directory: &Path, parcel: Parcel<'_>) -> Outcome {
    let stem: String = parcel
        .name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
        .collect();
    let (directory, bytes) = (directory.to_owned(), parcel.bytes.to_owned());
    let written = tokio::task::spawn_blocking(move || {
        std::fs::create_dir_all(&directory)?;
        let path = directory.join(format!("{stem}.eml"));
        if path.exists() {
            let same = std::fs::read(&path)? == bytes;
            let other = || std::io::Error::other("a file of this name with other content is there");
            return if same { Ok(()) } else { Err(other()) };
        }
        let part = directory.join(format!(".{stem}.part"));
        let mut file = std::fs::File::create(&part)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        std::fs::rename(&part, &path)?;
        std::fs::File::open(&directory)?.sync_all()
    });
    let stage = Stage::File;
    match written.await {
        Ok(Ok(())) => Outcome {
            stage,
            verdict: Verdict::Accepted,
            reply: Reply::default(),
        },
        Ok(Err(why)) => Outcome {
            stage,
            verdict: Verdict::Relay,
            reply: Reply::own(why),
        },
        Err(why) => Outcome {
            stage,
            verdict: Verdict::Relay,
            reply: Reply::own(why),
        },
    }
}
