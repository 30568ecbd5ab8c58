//! Whole SQLite databases: copied while they are in use, and put in another's place.
//! What of the replaced one must live on is the domain's affair.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};

use super::error::{Error, Result};
use super::handle::Database;
use super::in_use::{Alone, InUse, beside, give_to_owner_of};
use super::migrations::STEPS;
use super::schema::refuse_strange;
use super::sqlite::{File, Purpose};
use super::url::Options;

/// How many pages are copied at a time.
const PAGES: i32 = 4096;

/// A copy under construction, of a database as of one moment, however busy that is. It is made, filled and finished, each perhaps as somebody
/// else: whoever names the file can make it, and the database's owner can read the database.
#[derive(Debug)]
pub struct BackUp {
    to: PathBuf,
    partial: Partial,
    target: rusqlite::Connection,
}

impl BackUp {
    /// Makes the file, under a name of its own and its owner's alone.
    pub fn to(to: &Path) -> Result<Self> {
        let partial = Partial(beside(to, &format!(".{}.partial", std::process::id())));
        partial.remove();
        let target = new_target(&partial.0)?;
        Ok(Self { to: to.to_owned(), partial, target })
    }

    /// Copies the database. No file is opened for it but the database's own.
    pub fn fill(&mut self, database: &Path) -> Result<()> {
        let _in_use = InUse::of(database)?;
        fill(&open_source(database)?, &mut self.target)
    }

    /// Reads the copy through, has it on disk and gives it its name; the answer is its length in bytes.
    pub fn finish(self) -> Result<u64> {
        drop(self.target);
        check(&self.partial.0)?;
        let length = sync(&self.partial.0)?;
        rename(&self.partial.0, &self.to)?;
        Ok(length)
    }
}

/// A backup that is open, so that whoever reads it need not be who opened it.
#[derive(Debug)]
pub struct BackupFile(rusqlite::Connection);

impl BackupFile {
    /// Opens the file.
    pub fn open(file: &Path) -> Result<Self> {
        open_source(file).map(Self)
    }
}

/// A file under construction, gone with its companions when it was not finished.
#[derive(Debug)]
struct Partial(PathBuf);

impl Partial {
    fn remove(&self) {
        for ending in ["", "-wal", "-shm", "-journal"] {
            // Mostly there is none.
            let _ = fs::remove_file(beside(&self.0, ending));
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        self.remove();
    }
}

/// In one transaction, else each write of the server would make the copy begin anew.
fn open_source(from: &Path) -> Result<rusqlite::Connection> {
    let source = File::new(from, 1).open(Purpose::Read)?;
    source.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema;")?;
    Ok(source)
}

fn new_target(to: &Path) -> Result<rusqlite::Connection> {
    let mut options = fs::OpenOptions::new();
    options.create_new(true).write(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(to).map(drop).map_err(|error| file_error(to, &error))?;
    let target = rusqlite::Connection::open(to)?;
    // No more than the file's bytes are written by it, so that it does without what else is asked of a connection.
    // Nobody reads it before it is whole, and it is synced once at the end.
    target.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
    Ok(target)
}

fn fill(source: &rusqlite::Connection, target: &mut rusqlite::Connection) -> Result<()> {
    let backup = Backup::new(source, target)?;
    loop {
        match backup.step(PAGES)? {
            StepResult::Done => return Ok(()),
            StepResult::Busy | StepResult::Locked => std::thread::sleep(Duration::from_millis(10)),
            _ => {}
        }
    }
}

/// Makes the copy a single file without a log, and reads it through once.
fn check(copy: &Path) -> Result<()> {
    settle(copy)?;
    let connection = File::new(copy, 1).open(Purpose::Read)?;
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(Error::Unavailable(format!("the database is damaged: {found}"))) }
}

/// Brings the log of a database that nobody else has open into its file, and leaves none behind.
fn settle(database: &Path) -> Result<()> {
    let connection = File::new(database, 1).open(Purpose::Write)?;
    let mode: String = connection.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))?;
    if mode == "delete" { Ok(()) } else { Err(Error::Busy) }
}

fn sync(path: &Path) -> Result<u64> {
    let file = fs::File::open(path).map_err(|error| file_error(path, &error))?;
    file.sync_all().map_err(|error| file_error(path, &error))?;
    file.metadata().map(|metadata| metadata.len()).map_err(|error| file_error(path, &error))
}

/// Renames, and has the folder remember it.
fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|error| file_error(to, &error))?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sync(folder).map(drop)
}

fn file_error(path: &Path, error: &std::io::Error) -> Error {
    Error::Unavailable(format!("{}: {error}", path.display()))
}

/// A backup's copy beside the database whose place it is to take.
#[derive(Debug)]
pub struct Replacement<'a> {
    copy: Partial,
    alone: &'a Alone,
}

impl<'a> Replacement<'a> {
    /// Copies the backup.
    pub fn of(backup: &BackupFile, alone: &'a Alone) -> Result<Self> {
        let copied = Partial(beside(alone.database(), "-restoring"));
        // What a killed restore left behind.
        copied.remove();
        let mut target = new_target(&copied.0)?;
        fill(&backup.0, &mut target)?;
        drop(target);
        check(&copied.0)?;
        Ok(Self { copy: copied, alone })
    }

    /// Opens the copy, brought up to date. `Newer` if its schema is a newer program's.
    pub fn open(&self, options: Options) -> Result<Database> {
        let database = Database::open_alone(&self.copy.0, options)?;
        if database.pending()?.len() == STEPS.len() {
            return Err(Error::Unavailable("it is a SQLite database, but none of bugtome".to_owned()));
        }
        refuse_strange(&database.strange()?)?;
        database.migrate()?;
        Ok(database)
    }

    /// Puts the copy in the database's place, at once: whoever looks finds the one or the other, also after a crash.
    ///
    /// A database that could not be read is kept beside, since nothing of it was taken over; the answer says where.
    pub fn put_in_place(self, readable: bool) -> Result<Option<PathBuf>> {
        let database = self.alone.database();
        settle(&self.copy.0)?;
        let copy = fs::File::open(&self.copy.0).map_err(|error| file_error(&self.copy.0, &error))?;
        give_to_owner_of(database, &copy).map_err(|error| file_error(database, &error))?;
        sync(&self.copy.0)?;
        // The old one's log must be gone before the new one has its name: SQLite would take it for the new one's.
        let kept = if readable {
            settle(database)?;
            None
        } else {
            set_aside(database)?
        };
        rename(&self.copy.0, database)?;
        Ok(kept)
    }
}

/// Opens the database to be replaced, brought up to date. An empty one is `Unavailable`, as is one that cannot be read.
pub fn open_replaced(alone: &Alone, options: Options) -> Result<Database> {
    let path = alone.database();
    if !path.exists() {
        return Err(Error::Unavailable(format!("there is no database {}", path.display())));
    }
    let database = Database::open_alone(path, options)?;
    if database.pending()?.len() == STEPS.len() {
        return Err(Error::Unavailable(format!("the database {} is empty", path.display())));
    }
    // What was revoked in it may not stand there.
    if let Err(error) = refuse_strange(&database.strange()?) {
        return Err(Error::Unavailable(format!("the database {} is not to be believed: {error}", path.display())));
    }
    database.migrate()?;
    Ok(database)
}

/// Keeps what cannot be read under another name. Its file keeps its own as well until it is replaced.
fn set_aside(database: &Path) -> Result<Option<PathBuf>> {
    let aside = (0..1_000)
        .map(|number| beside(database, &format!(".unreadable-{number}")))
        .find(|path| !path.exists())
        .ok_or_else(|| Error::Unavailable(format!("too many copies of {} lie about: remove some", database.display())))?;
    let there = database.exists();
    if there {
        fs::hard_link(database, &aside).or_else(|_| fs::copy(database, &aside).map(drop)).map_err(|error| file_error(&aside, &error))?;
    }
    for ending in ["-wal", "-shm", "-journal"] {
        let companion = beside(database, ending);
        if companion.exists() {
            fs::rename(&companion, beside(&aside, ending)).map_err(|error| file_error(&companion, &error))?;
        }
    }
    Ok(there.then_some(aside))
}
