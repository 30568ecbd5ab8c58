//! The sign that a SQLite database is in use: a lock on a file beside it, shared by all who have it open, held alone by a restore or a copy.
//! The kernel drops the lock with its process, however that ends. SQLite's own locks are its own affair.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::error::{Error, Result};

/// Held while a database is open.
#[derive(Debug)]
pub(super) struct InUse {
    _file: File,
}

impl InUse {
    /// Refused while a restore or a copy is at work.
    pub(super) fn of(database: &Path) -> Result<Self> {
        let file = open(database)?;
        match file.try_lock_shared() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::Unavailable(format!(
                "the database {} is being restored or copied: try again when that is done",
                database.display()
            ))),
            // A file system without such locks holds the database all the same; only restoring is refused there.
            Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => Ok(Self { _file: file }),
            Err(TryLockError::Error(error)) => Err(unlocked(database, &error)),
        }
    }
}

/// Held by whoever must be alone with a database: no server runs on it, no command uses it, and none begins to.
#[derive(Debug)]
pub struct Alone {
    _file: File,
    database: PathBuf,
}

impl Alone {
    /// `Busy` while anybody has the database open. It need not exist.
    pub fn with(database: &Path) -> Result<Self> {
        let file = open(database)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file, database: database.to_owned() }),
            Err(TryLockError::WouldBlock) => Err(Error::Busy),
            Err(TryLockError::Error(error)) => Err(unlocked(database, &error)),
        }
    }

    /// The database's file.
    pub fn database(&self) -> &Path {
        &self.database
    }
}

/// The path with something after its name: `bugtome.db` and `-lock` make `bugtome.db-lock`.
pub(super) fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = database.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The file is never removed: another process may wait for a lock on the very one that is there.
///
/// It lies in a folder of whoever runs the server, who can put something else in its place. So a link is not followed, and what is no plain file, or
/// has another name elsewhere, is refused.
fn open(database: &Path) -> Result<File> {
    let path = beside(database, "-lock");
    let refused =
        |why: &str| Error::Unavailable(format!("{} cannot be opened ({why}): remove it if nobody knows what it is", path.display()));
    let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) => File::from(file),
        Err(Errno::LOOP) => return Err(refused("it is a link")),
        Err(Errno::NXIO) => return Err(refused("it is no plain file")),
        Err(error) => {
            let what = format!("{} cannot be opened ({error}): the database's folder must exist and be writable", path.display());
            return Err(Error::Unavailable(what));
        }
    };
    let found = file.metadata().map_err(|error| unlocked(database, &error))?;
    if !found.is_file() {
        return Err(refused("it is no plain file"));
    }
    if found.nlink() > 1 {
        return Err(refused("it has another name elsewhere"));
    }
    // A server that the system's administrator started must not shut the one out that runs as somebody else.
    let _ = give_to_owner_of(database, &file);
    Ok(file)
}

/// Gives an open file to whom the database belongs, if there is one and that is somebody else.
pub(super) fn give_to_owner_of(database: &Path, file: &File) -> std::io::Result<()> {
    let (Ok(owner), own) = (std::fs::symlink_metadata(database), file.metadata()?) else { return Ok(()) };
    if owner.is_file() && (owner.uid(), owner.gid()) != (own.uid(), own.gid()) {
        fchown(file, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(())
}

fn unlocked(database: &Path, error: &std::io::Error) -> Error {
    Error::Unavailable(format!("no lock is to be had beside the database {}: {error}", database.display()))
}
