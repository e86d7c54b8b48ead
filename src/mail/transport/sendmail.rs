//! The system's sendmail command: the message on standard input, the verdict in the exit code.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

use super::Parcel;
use super::outcome::{Outcome, Reply, Stage, Verdict};

/// How long the command may take.
const DEADLINE: Duration = Duration::from_secs(60);

/// Hands a parcel to the command.
pub async fn pipe(command: &Path, parcel: Parcel<'_>) -> Outcome {
    let stage = Stage::Sendmail;
    let outcome = |verdict, why: String| Outcome {
        stage,
        verdict,
        reply: Reply::own(why),
    };
    // The addresses stand after options that end them, and are plain: none can be an option.
    let child = Command::new(command)
        .args([
            "-i",
            "-f",
            parcel.envelope.from(),
            "--",
            parcel.envelope.to(),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(why) => return outcome(Verdict::Relay, format!("{}: {why}", command.display())),
    };
    let local: Vec<u8> = parcel
        .bytes
        .iter()
        .copied()
        .filter(|&byte| byte != b'\r')
        .collect();
    let handed_over = async {
        if let Some(mut input) = child.stdin.take()
            && let Err(why) = input.write_all(&local).await
        {
            tracing::debug!(%why, "sendmail stopped reading; its exit code tells");
        }
        child.wait_with_output().await
    };
    match timeout(DEADLINE, handed_over).await {
        // It was given all of the message and may have queued it.
        Err(_) => outcome(Verdict::Unknown, "it did not end in time".into()),
        Ok(Err(why)) => outcome(Verdict::Unknown, why.to_string()),
        Ok(Ok(output)) => {
            let words = String::from_utf8_lossy(&output.stderr);
            outcome(verdict(output.status.code()), words.trim().to_owned())
        }
    }
}

/// What an exit code of sysexits.h means.
fn verdict(code: Option<i32>) -> Verdict {
    match code {
        Some(0) => Verdict::Accepted,
        // EX_DATAERR, EX_NOUSER, EX_NOHOST: this message, this recipient.
        Some(65 | 67 | 68) => Verdict::Permanent,
        // EX_TEMPFAIL.
        Some(75) => Verdict::Temporary,
        Some(_) => Verdict::Relay,
        // Killed: it may have queued the message before.
        None => Verdict::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::mail::transport::Envelope;

    /// One at a time: a child forked while another's script is being written inherits it open, and
    /// what is open for writing cannot be run.
    static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

    async fn with(script: &str) -> (Outcome, String) {
        let _one = ONE.lock().await;
        let dir = tempfile::tempdir().unwrap();
        let command = dir.path().join("sendmail");
        let seen = dir.path().join("seen");
        std::fs::write(
            &command,
            format!(
                "#!/bin/sh\n{}",
                script.replace("SEEN", seen.to_str().unwrap())
            ),
        )
        .unwrap();
        std::fs::set_permissions(&command, PermissionsExt::from_mode(0o755)).unwrap();
        let envelope = Envelope::new("a@b.example", "c@d.example").unwrap();
        let parcel = Parcel {
            envelope: &envelope,
            bytes: b"X: 1\r\n\r\nhej\r\n",
            name: "n",
        };
        let outcome = pipe(&command, parcel).await;
        (outcome, std::fs::read_to_string(seen).unwrap_or_default())
    }

    #[tokio::test]
    async fn it_gets_the_addresses_and_the_message_with_local_line_ends() {
        let (outcome, seen) = with("echo \"$@\" > SEEN; cat >> SEEN").await;
        assert_eq!(outcome.verdict, Verdict::Accepted);
        assert_eq!(seen, "-i -f a@b.example -- c@d.example\nX: 1\n\nhej\n");
    }

    #[tokio::test]
    async fn its_exit_code_and_its_words_are_told() {
        for (code, expected) in [
            (75, Verdict::Temporary),
            (67, Verdict::Permanent),
            (78, Verdict::Relay),
        ] {
            let (outcome, _) = with(&format!("echo nej >&2; exit {code}")).await;
            assert_eq!(
                (outcome.verdict, outcome.reply.text.as_str()),
                (expected, "nej"),
                "{code}"
            );
        }
        assert_eq!(with("kill -9 $$").await.0.verdict, Verdict::Unknown);
    }
}
