//! The record of what has left: a file beside the ledger, only ever added to.
//!
//! A ledger put back from a backup has forgotten what was sent since, and would have it said again.
//! So each mail whose content is about to leave is also written here, a line of JSON each, and is on
//! the disk before the first byte of it leaves; what certainly did not arrive gets a second line.
//! Both come after the ledger's own commit of the mark and before its commit of the return, so that
//! a mail this file calls gone and the ledger does not can only mean an older ledger.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::store::StoreError;
use crate::store::file::{beside, sync_directory};

/// One line of the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// A mail's content is about to leave.
    Left(Box<Left>),
    /// It certainly did not arrive: the Message-ID.
    Returned(String),
}

/// A mail, as far as it has to be known to be said once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Left {
    /// Without angle brackets.
    pub message_id: String,
    /// The instant, in whole seconds.
    pub at_utc: i64,
    /// Whom it is for.
    pub person: String,
    /// The local day it leaves.
    pub day: String,
    /// The local day it was meant for.
    pub slot: String,
    /// The notices it carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<LeftNotice>,
    /// What it says of a meeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<LeftInvitation>,
}

/// A notice of a mail; the ledger's columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LeftNotice {
    pub occurrence: String,
    pub step: i32,
    pub recipient: String,
    pub role: String,
    pub due: String,
    pub area: String,
    pub reason: String,
    pub at_utc: i64,
    pub on_day: String,
}

/// An invitation; the ledger's columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LeftInvitation {
    pub meeting: String,
    pub address: String,
    pub area: String,
    pub method: String,
    pub sequence: i64,
    pub until: String,
    pub said: String,
    pub change: String,
}

/// The file, opened when it is first written to.
#[derive(Debug)]
pub struct SentRecord {
    path: PathBuf,
    file: Option<File>,
}

impl SentRecord {
    /// The record beside a ledger.
    pub fn beside(ledger: &Path) -> Self {
        Self {
            path: Self::path(ledger),
            file: None,
        }
    }

    /// Where a ledger's record lies.
    pub fn path(ledger: &Path) -> PathBuf {
        beside(ledger, ".sent")
    }

    /// Adds a line and sees it onto the disk.
    ///
    /// # Errors
    /// The disk refused. Then the file is opened anew before the next line: after a failed fsync
    /// nobody knows what is on the disk, and another may succeed without having written anything.
    pub fn add(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let added = self.try_to_add(entry);
        if added.is_err() {
            self.file = None;
        }
        added.map_err(|source| StoreError::Record {
            path: self.path.clone(),
            source,
        })
    }

    fn try_to_add(&mut self, entry: &Entry) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        let file = match &mut self.file {
            // One that was moved away is written to no more.
            Some(file) if is_at(file, &self.path) => file,
            _ => self.file.insert(open(&self.path)?),
        };
        file.write_all(&line)?;
        file.sync_data()
    }
}

/// Opens the record for adding to. A line that a crash cut short is cut off: its mail never left.
fn open(path: &Path) -> std::io::Result<File> {
    let is_new = !path.exists();
    let mut options = File::options();
    options.read(true).append(true).create(true).mode(0o600);
    let mut file = options.open(path)?;
    if is_new {
        sync_directory(path)?;
    }
    let whole = whole_lines(&mut file)?;
    if file.metadata()?.len() > whole {
        file.set_len(whole)?;
    }
    Ok(file)
}

/// The length of the file up to its last line end.
fn whole_lines(file: &mut File) -> std::io::Result<u64> {
    const PIECE: u64 = 1 << 16;
    let mut end = file.metadata()?.len();
    while end > 0 {
        let start = end.saturating_sub(PIECE);
        file.seek(SeekFrom::Start(start))?;
        let mut piece = Vec::new();
        Read::take(&mut *file, end - start).read_to_end(&mut piece)?;
        if let Some(place) = piece.iter().rposition(|&byte| byte == b'\n') {
            return Ok(start + place as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let of = |found: std::io::Result<std::fs::Metadata>| found.ok().map(|f| (f.dev(), f.ino()));
    of(file.metadata()).is_some_and(|open| of(std::fs::metadata(path)) == Some(open))
}

/// Hands every mail that left and did not return to `take`, oldest first. How many lines could not be
/// read: another hand has been in the file, or the disk fails.
///
/// # Errors
/// The file cannot be read, or `take` failed. No file is no mail.
pub fn read_left(
    path: &Path,
    mut take: impl FnMut(Left) -> Result<(), StoreError>,
) -> Result<usize, StoreError> {
    // By line numbers, so that a record of many years needs little memory.
    let mut returned: BTreeMap<String, usize> = BTreeMap::new();
    let mut unreadable = 0;
    each_line(path, |number, line| {
        match serde_json::from_slice(line) {
            Ok(Entry::Returned(message_id)) => drop(returned.insert(message_id, number)),
            Ok(Entry::Left(_)) => {}
            Err(_) => unreadable += 1,
        }
        Ok(())
    })?;
    each_line(path, |number, line| match serde_json::from_slice(line) {
        Ok(Entry::Left(left))
            if returned
                .get(&left.message_id)
                .is_none_or(|&last| last < number) =>
        {
            take(*left)
        }
        _ => Ok(()),
    })?;
    Ok(unreadable)
}

fn each_line(
    path: &Path,
    mut take: impl FnMut(usize, &[u8]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let failed = |source| StoreError::Record {
        path: path.to_owned(),
        source,
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    let mut lines = BufReader::new(file);
    let (mut number, mut line) = (0, Vec::new());
    while lines.read_until(b'\n', &mut line).map_err(failed)? > 0 {
        // One without its end was cut short by a crash, before its mail left.
        if line.ends_with(b"\n") {
            take(number, &line)?;
        }
        number += 1;
        line.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(message_id: &str) -> Entry {
        Entry::Left(Box::new(Left {
            message_id: message_id.into(),
            at_utc: 7,
            person: "r".into(),
            day: "2026-12-01".into(),
            slot: "2026-12-01".into(),
            notices: Vec::new(),
            invitation: None,
        }))
    }

    fn ids(path: &Path) -> (Vec<String>, usize) {
        let mut ids = Vec::new();
        let unreadable = read_left(path, |left| {
            ids.push(left.message_id);
            Ok(())
        });
        (ids, unreadable.unwrap())
    }

    #[test]
    fn what_returned_has_not_left_until_it_leaves_again() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = dir.path().join("ledger.db");
        let mut record = SentRecord::beside(&ledger);
        let path = SentRecord::path(&ledger);
        assert_eq!(ids(&path), (vec![], 0), "no file, no mail");
        for entry in [left("a"), left("b"), Entry::Returned("a".into()), left("c")] {
            record.add(&entry).unwrap();
        }
        assert_eq!(ids(&path).0, ["b", "c"]);
        record.add(&left("a")).unwrap();
        assert_eq!(ids(&path).0, ["b", "c", "a"]);
    }

    #[test]
    fn a_line_cut_short_is_cut_off_and_a_spoilt_one_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = dir.path().join("ledger.db");
        let path = SentRecord::path(&ledger);
        SentRecord::beside(&ledger).add(&left("a")).unwrap();
        let add = |bytes: &[u8]| {
            let mut file = File::options().append(true).open(&path).unwrap();
            file.write_all(bytes).unwrap();
        };
        add(b"not a line of ours\n{\"left\":{\"message-id\":\"cut");
        assert_eq!(ids(&path), (vec!["a".into()], 1));
        SentRecord::beside(&ledger).add(&left("b")).unwrap();
        assert_eq!(ids(&path), (vec!["a".into(), "b".into()], 1));
    }

    #[test]
    fn a_record_that_was_moved_away_is_begun_anew_and_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let ledger = dir.path().join("ledger.db");
        let path = SentRecord::path(&ledger);
        let mut record = SentRecord::beside(&ledger);
        record.add(&left("a")).unwrap();
        std::fs::rename(&path, dir.path().join("moved")).unwrap();
        record.add(&left("b")).unwrap();
        assert_eq!(ids(&path).0, ["b"]);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
