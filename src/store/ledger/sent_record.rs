//! The record of what has left: a file beside the ledger, only ever added to while mail is sent.
//!
//! A ledger put back from a backup has forgotten what was sent since, and would have it said again.
//! So each mail whose content is about to leave is also written here, a line of JSON each, and is on
//! the disk before the first byte of it leaves; what certainly did not arrive gets a second line.
//! Both come after the ledger's own commit of the mark and before its commit of the return, so that
//! a mail this file calls gone and the ledger does not can only mean an older ledger. A purge writes the
//! file anew, without what the ledger no longer keeps either.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::store::StoreError;
use crate::store::file::{beside, is_at, sync_directory};
use crate::store::purge::Extent;

/// One line of the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// A mail's content is about to leave.
    Left(Box<Left>),
    /// It certainly did not arrive: the Message-ID.
    Returned(String),
    /// What a mail said that left and of which nothing else is kept any more.
    Noted(Vec<LeftNotice>),
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
    /// The disk refused, and whether the line may stand there all the same. The file is opened anew
    /// before the next line: after a failed fsync nobody knows what is on the disk, and another may
    /// succeed without having written anything.
    pub fn add(&mut self, entry: &Entry) -> Result<(), NotAdded> {
        let added = self.try_to_add(entry);
        if added.is_err() {
            self.file = None;
        }
        added.map_err(|(source, may_stand)| NotAdded {
            error: StoreError::Record {
                path: self.path.clone(),
                source,
            },
            may_stand,
        })
    }

    fn try_to_add(&mut self, entry: &Entry) -> Result<(), (std::io::Error, bool)> {
        let untouched = |error| (error, false);
        let line = line_of(entry).map_err(untouched)?;
        let file = match &mut self.file {
            // One that was moved away is written to no more.
            Some(file) if is_at(file, &self.path) => file,
            _ => self.file.insert(open(&self.path).map_err(untouched)?),
        };
        let before = file.metadata().map_err(untouched)?.len();
        let written = file.write_all(&line).and_then(|()| file.sync_data());
        written.map_err(|error| {
            // A line that nothing came of would be taken for a mail that left.
            let taken_back = file.set_len(before).and_then(|()| file.sync_data());
            (error, taken_back.is_err())
        })
    }
}

/// A line was not added.
#[derive(Debug)]
pub struct NotAdded {
    /// Why.
    pub error: StoreError,
    /// Whether it may stand in the file all the same.
    pub may_stand: bool,
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

/// Hands every mail that left and did not return to `take`, oldest first, and what is noted of others.
/// How many lines could not be read: another hand has been in the file, or the disk fails.
///
/// # Errors
/// The file cannot be read, or `take` failed. No file is no mail.
pub fn read_left(
    path: &Path,
    mut take: impl FnMut(Entry) -> Result<(), StoreError>,
) -> Result<usize, StoreError> {
    let returned = returned(path)?;
    let mut unreadable = 0;
    each_line(path, |number, line| {
        match serde_json::from_slice(line) {
            Ok(Entry::Left(left)) if has_returned(&returned, &left, number) => {}
            Ok(Entry::Returned(_)) => {}
            Ok(entry) => take(entry)?,
            Err(_) => unreadable += 1,
        }
        Ok(())
    })?;
    Ok(unreadable)
}

/// Hands every line that can be read to `take`.
///
/// # Errors
/// The file cannot be read. No file is no line.
pub fn each_entry(path: &Path, mut take: impl FnMut(Entry)) -> Result<(), StoreError> {
    each_line(path, |_, line| {
        if let Ok(entry) = serde_json::from_slice(line) {
            take(entry);
        }
        Ok(())
    })
}

/// The mails that returned, and at which line last. By line numbers, so that a record of many years
/// needs little memory.
fn returned(path: &Path) -> Result<BTreeMap<String, usize>, StoreError> {
    let mut returned = BTreeMap::new();
    each_line(path, |number, line| {
        if let Ok(Entry::Returned(message_id)) = serde_json::from_slice(line) {
            returned.insert(message_id, number);
        }
        Ok(())
    })?;
    Ok(returned)
}

fn has_returned(returned: &BTreeMap<String, usize>, left: &Left, number: usize) -> bool {
    let last = returned.get(&left.message_id);
    last.is_some_and(|&last| last >= number)
}

/// What becomes of a line when the record is written anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It stays as it is.
    Stays,
    /// It says this instead.
    Becomes(Entry),
    /// It goes.
    Goes,
}

/// Writes the record anew as `decide` says of each line, handed as it is and as it reads. Of what
/// returned nothing is handed over: its lines go. Nobody else may have the record open. The new one
/// is whole and on the disk before it takes the name, and belongs to whom the old one did. How many
/// lines do not stay; when all do, or where it is only to be counted, the file is left as it is.
///
/// # Errors
/// The disk refused, or `decide` failed: then the record is as it was.
pub fn rewrite(
    path: &Path,
    extent: Extent,
    mut decide: impl FnMut(&[u8], Option<Entry>) -> Result<Fate, StoreError>,
) -> Result<usize, StoreError> {
    let failed = |source| StoreError::Record {
        path: path.to_owned(),
        source,
    };
    if !path.exists() {
        return Ok(0);
    }
    let new = beside(path, ".new");
    let mut out = match extent {
        Extent::Count => None,
        Extent::Remove => Some(BufWriter::new(begin(&new, path).map_err(failed)?)),
    };
    let (returned, mut changed) = (returned(path)?, 0);
    let written = each_line(path, |number, line| {
        let entry = serde_json::from_slice(line).ok();
        let fate = match &entry {
            Some(Entry::Left(left)) if has_returned(&returned, left, number) => Fate::Goes,
            _ => decide(line, entry)?,
        };
        changed += usize::from(fate != Fate::Stays);
        let Some(out) = &mut out else {
            return Ok(());
        };
        let line = match fate {
            Fate::Stays => line.to_vec(),
            Fate::Becomes(entry) => line_of(&entry).map_err(failed)?,
            Fate::Goes => return Ok(()),
        };
        out.write_all(&line).map_err(failed)
    });
    let done = written.and_then(|()| match out {
        Some(out) if changed > 0 => take_the_name(out, &new, path).map_err(failed),
        _ => Ok(()),
    });
    // Where it took the name there is none.
    let _ = std::fs::remove_file(&new);
    done.map(|()| changed)
}

/// Makes an empty file for the one who owns the record.
fn begin(new: &Path, path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::{MetadataExt, fchown};
    if let Err(error) = std::fs::remove_file(new)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut options = File::options();
    let file = options.write(true).create_new(true).mode(0o600).open(new)?;
    let (of, made) = (std::fs::metadata(path)?, file.metadata()?);
    if (of.uid(), of.gid()) != (made.uid(), made.gid()) {
        fchown(&file, Some(of.uid()), Some(of.gid()))?;
    }
    Ok(file)
}

fn take_the_name(out: BufWriter<File>, new: &Path, path: &Path) -> std::io::Result<()> {
    out.into_inner()?.sync_all()?;
    std::fs::rename(new, path)?;
    sync_directory(path)
}

fn line_of(entry: &Entry) -> std::io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    Ok(line)
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
        let unreadable = read_left(path, |entry| {
            if let Entry::Left(left) = entry {
                ids.push(left.message_id);
            }
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
    fn a_record_is_written_anew_without_what_returned_and_who_adds_to_it_goes_on_in_the_new_one() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let ledger = dir.path().join("ledger.db");
        let path = SentRecord::path(&ledger);
        let mut record = SentRecord::beside(&ledger);
        let all = |_: &[u8], _| Ok(Fate::Stays);
        assert_eq!(rewrite(&path, Extent::Remove, all).unwrap(), 0, "no file");
        let returned = Entry::Returned("a".into());
        for entry in [left("a"), left("b"), returned, left("c"), left("a")] {
            record.add(&entry).unwrap();
        }
        let before = std::fs::read(&path).unwrap();
        assert_eq!(rewrite(&path, Extent::Count, all).unwrap(), 1);
        assert_eq!(std::fs::read(&path).unwrap(), before);
        let decide = |_: &[u8], entry: Option<Entry>| {
            Ok(match entry {
                Some(Entry::Left(left)) if left.message_id == "b" => {
                    Fate::Becomes(Entry::Noted(vec![]))
                }
                Some(Entry::Left(_)) => Fate::Stays,
                _ => Fate::Goes,
            })
        };
        assert_eq!(rewrite(&path, Extent::Remove, decide).unwrap(), 3);
        record.add(&left("d")).unwrap();
        assert_eq!(ids(&path), (vec!["c".into(), "a".into(), "d".into()], 0));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("{\"noted\":[]}\n"), "{text}");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!beside(&path, ".new").exists());
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
