//! One file a message: for the demo, for trying things out, and for systems that pick mail up.

use std::io::{self, Write};
use std::path::Path;

use super::Parcel;
use super::outcome::{Outcome, Reply, Stage, Verdict};

/// Writes a parcel under its name. The file appears whole or not at all; one that is there
/// already with the same bytes counts as written; one with others is another mail's, and stays.
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
            let is_same = std::fs::read(&path)? == bytes;
            return Ok(is_same.then_some(()).ok_or(path));
        }
        let part = directory.join(format!(".{stem}.part"));
        let mut file = std::fs::File::create(&part)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        std::fs::rename(&part, &path)?;
        std::fs::File::open(&directory)?.sync_all()?;
        Ok(Ok(()))
    });
    let written = written
        .await
        .unwrap_or_else(|why| Err(io::Error::other(why)));
    let (verdict, reply) = match written {
        Ok(Ok(())) => (Verdict::Accepted, Reply::default()),
        Ok(Err(path)) => {
            let path = path.display();
            let what = format!("{path} is there, with another mail in it; move it away");
            (Verdict::Permanent, Reply::own(what))
        }
        Err(why) => (Verdict::Relay, Reply::own(why)),
    };
    Outcome {
        stage: Stage::File,
        verdict,
        reply,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::transport::Envelope;

    #[tokio::test]
    async fn a_file_of_another_mail_is_not_written_over_and_stops_no_other_mail() {
        let directory = tempfile::tempdir().unwrap();
        let envelope = Envelope::new("a@prov.example", "b@prov.example").unwrap();
        let written = async |name: &str, bytes: &[u8]| {
            let parcel = Parcel {
                envelope: &envelope,
                bytes,
                name,
            };
            write(directory.path(), parcel).await
        };
        for _ in 0..2 {
            assert_eq!(written("n", b"one").await.verdict, Verdict::Accepted);
        }
        let refused = written("n", b"other").await;
        assert_eq!(refused.verdict, Verdict::Permanent);
        assert!(refused.reply.text.contains("n.eml"), "{refused:?}");
        assert_eq!(
            std::fs::read(directory.path().join("n.eml")).unwrap(),
            b"one"
        );
        assert_eq!(written("m", b"other").await.verdict, Verdict::Accepted);
    }
}
