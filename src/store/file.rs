//! Which file a name stands for, and what it lies on.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::StoreError;

/// A file apart from its name.
type Inode = (u64, u64);

/// A database's file and its write-ahead log, as they were when they were opened.
#[derive(Debug)]
pub struct Identity {
    database: Inode,
    /// It comes with the first write.
    log: Option<Inode>,
}

impl Identity {
    /// What `path` stands for now; nothing where there is no file.
    pub fn of(path: &Path) -> Option<Self> {
        Some(Self {
            database: inode(path)?,
            log: inode(&log(path)),
        })
    }

    /// The log goes with its connection; another comes with the next one.
    pub const fn log_may_go(&mut self) {
        self.log = None;
    }

    /// Whether `path` still stands for it.
    pub fn holds(&mut self, path: &Path) -> bool {
        let now = inode(&log(path));
        let same_log = match (self.log, now) {
            (Some(before), now) => now == Some(before),
            (None, now) => {
                self.log = now;
                true
            }
        };
        same_log && inode(path) == Some(self.database)
    }
}

fn inode(path: &Path) -> Option<Inode> {
    Some(inode_of(&fs::metadata(path).ok()?))
}

fn inode_of(file: &fs::Metadata) -> Inode {
    (file.dev(), file.ino())
}

/// Whether `path` still stands for an open file.
pub fn is_at(file: &fs::File, path: &Path) -> bool {
    let open = file.metadata().ok();
    open.is_some_and(|open| inode(path) == Some(inode_of(&open)))
}

fn log(path: &Path) -> PathBuf {
    beside(path, "-wal")
}

/// The path with `ending` after its name.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Sees a directory's names onto the disk: a new or renamed file's among them.
pub fn sync_directory(path: &Path) -> std::io::Result<()> {
    fs::File::open(directory(path))?.sync_all()
}

/// The directory a path lies in.
pub fn directory(path: &Path) -> &Path {
    let named = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    named.unwrap_or(Path::new("."))
}

/// Network file systems by their magic numbers (statfs(2)): the write-ahead log needs memory that
/// both ends share, and their locks are promises at best.
const NETWORK: [(i128, &str); 5] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x0102_1997, "9P"),
];

/// Refuses a database on a network file system.
///
/// # Errors
/// It lies on one.
pub fn refuse_network(path: &Path) -> Result<(), StoreError> {
    let place = if path.exists() { path } else { directory(path) };
    // What cannot be asked is told by the opening itself.
    let Ok(found) = rustix::fs::statfs(place) else {
        return Ok(());
    };
    match network(found.f_type.into()) {
        None => Ok(()),
        Some(system) => Err(StoreError::Network {
            path: path.to_owned(),
            system,
        }),
    }
}

fn network(magic: i128) -> Option<&'static str> {
    let mut known = NETWORK.iter();
    // The numbers have 32 bits, whatever width the system tells them in.
    known.find_map(|(number, name)| (number & 0xffff_ffff == magic & 0xffff_ffff).then_some(*name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_19_a_network_file_system_is_told_from_a_disk() {
        assert_eq!(network(0x6969), Some("NFS"));
        assert_eq!(network(i128::from(0xff53_4d42_u32 as i32)), Some("CIFS"));
        for disk in [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994] {
            assert_eq!(network(disk), None, "{disk:x}");
        }
        let dir = tempfile::tempdir().unwrap();
        refuse_network(&dir.path().join("none-yet.db")).unwrap();
    }
}
