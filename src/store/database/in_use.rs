//! The sign that a SQLite database is in use: a lock on a file beside it, shared by all who have it open, held alone by a restore or a copy.
//! The kernel drops the lock with its process, however that ends. SQLite's own locks are its own affair.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

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
fn open(database: &Path) -> Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let path = beside(database, "-lock");
    let file = options.open(&path).map_err(|error| {
        Error::Unavailable(format!("{} cannot be opened ({error}): the database's folder must exist and be writable", path.display()))
    })?;
    // A command that the system's administrator ran must not shut the server out that runs as somebody else.
    let _ = give_to_owner_of(database, &path);
    Ok(file)
}

/// Gives a file to whom the database belongs, if there is one and that is somebody else.
pub(super) fn give_to_owner_of(database: &Path, file: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, chown};
        let (Ok(owner), own) = (std::fs::metadata(database), std::fs::metadata(file)?) else { return Ok(()) };
        if (owner.uid(), owner.gid()) != (own.uid(), own.gid()) {
            chown(file, Some(owner.uid()), Some(owner.gid()))?;
        }
    }
    Ok(())
}

fn unlocked(database: &Path, error: &std::io::Error) -> Error {
    Error::Unavailable(format!("no lock is to be had beside the database {}: {error}", database.display()))
}
