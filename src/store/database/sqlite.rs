//! SQLite: opening its file, binding values, reading cells.
//! Who writes and who reads with which connection lives in `writer` and `readers`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, OpenFlags};

use super::error::{Error, Result};
use super::in_use::beside;
use super::meter::{self, Meter};
use super::rows::{Cells, Row};
use super::schema::harden;
use super::value::{Cell, Value};

/// More than the program has statements and shapes, so that none is prepared twice.
const STATEMENTS: usize = 1024;

/// How long to wait for another process that writes.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// Past this size the write-ahead log is cut back once it has been copied.
const LOG_KEPT: i64 = 64 << 20;

/// What would end a path in SQLite's URIs.
const IN_A_URI: &percent_encoding::AsciiSet = &percent_encoding::CONTROLS.add(b'%').add(b'?').add(b'#');

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Reading snapshots.
    Read,
    /// Writing, in the server's writer or another process.
    Write,
}

/// A SQLite file and how its connections are set up.
#[derive(Debug, Clone)]
pub(super) struct File {
    path: PathBuf,
    /// The page cache of each reading connection, in KiB.
    cache: usize,
}

impl File {
    /// The file. The page caches of `readers` connections stay under 40 MB, and each of the few writing ones under 8:
    /// the server's writer, and an import beside it.
    pub(super) fn new(path: &Path, readers: usize) -> Self {
        Self { path: path.to_owned(), cache: (40_000 / readers.max(1)).clamp(64, 8_000) }
    }

    /// Makes the file if it is missing, readable by its owner only; SQLite gives its log and index the same permissions.
    pub(super) fn create(&self) -> Result<()> {
        let mut options = std::fs::OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.path).map(drop).map_err(|error| {
            Error::Unavailable(format!(
                "the database file {} cannot be opened for writing ({error}): its folder must exist, and both must be writable for the user that \
                 runs bugtome",
                self.path.display()
            ))
        })
    }

    /// Opens a connection that only reads and leaves nothing behind: where nobody has the file open, SQLite's log and index are not made.
    pub(super) fn open_to_look(&self) -> Result<rusqlite::Connection> {
        // The log is there as long as anybody has the database open, and after a crash; and with it its index, unless somebody copied the files.
        if let Ok(log) = std::fs::metadata(beside(&self.path, "-wal")) {
            if beside(&self.path, "-shm").exists() {
                return self.open(Purpose::Read);
            }
            if log.len() > 0 {
                return Err(Error::Unavailable(format!(
                    "the log of {} has not been read into it yet, which would change it: check again when `bugtome serve` has been started once",
                    self.path.display()
                )));
            }
        }
        let escaped = percent_encoding::percent_encode(self.path.as_os_str().as_encoded_bytes(), IN_A_URI);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let connection = rusqlite::Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags)?;
        harden(&connection)?;
        Ok(connection)
    }

    /// Opens a connection.
    pub(super) fn open(&self, purpose: Purpose) -> Result<rusqlite::Connection> {
        let access = match purpose {
            Purpose::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
            Purpose::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
        };
        let connection = rusqlite::Connection::open_with_flags(&self.path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        harden(&connection)?;
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // Otherwise "misspelt" in double quotes would be a text and not an error.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        // Otherwise a statement whose plan might depend on a value is prepared anew each time that it gets another one: a third of a list's time.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        match purpose {
            Purpose::Read => connection.execute_batch(&format!(
                "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 268435456; PRAGMA cache_size = -{};",
                self.cache
            ))?,
            Purpose::Write => {
                keep_a_log(&connection)?;
                connection.execute_batch(&format!(
                    "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000; \
                     PRAGMA journal_size_limit = {LOG_KEPT};"
                ))?;
            }
        }
        Ok(connection)
    }
}

/// Makes the database a WAL database, if it is none yet. SQLite itself does not wait for another process that is just doing the same.
fn keep_a_log(connection: &rusqlite::Connection) -> Result<()> {
    let began = Instant::now();
    loop {
        match connection.execute_batch("PRAGMA page_size = 4096; PRAGMA journal_mode = WAL;") {
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) && began.elapsed() < BUSY => {
                std::thread::sleep(Duration::from_millis(5));
            }
            outcome => return Ok(outcome?),
        }
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Bool(truth) => ValueRef::Integer(i64::from(*truth)),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Id(uuid) => ValueRef::Blob(uuid.as_bytes()),
        }))
    }
}

/// One cell of a row, borrowed from it.
pub(super) fn cell<'a>(row: &'a rusqlite::Row<'_>, index: usize) -> Result<Cell<'a>> {
    Ok(match row.get_ref(index)? {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Text(text) => {
            Cell::Text(std::str::from_utf8(text).map_err(|_| Error::Internal(format!("column {index} holds no UTF-8 text")))?)
        }
        ValueRef::Blob(bytes) => Cell::Bytes(bytes),
        ValueRef::Real(_) => return Err(Error::Internal(format!("column {index} holds a floating-point number: cast it to INTEGER"))),
    })
}

fn bound<'c>(connection: &'c rusqlite::Connection, text: &str, values: &[Value<'_>]) -> Result<CachedStatement<'c>> {
    let mut statement = connection.prepare_cached(text)?;
    // SQLite would take NULL for what is missing.
    if statement.parameter_count() != values.len() {
        return Err(Error::Internal(format!("{} values for {} parameters of: {text}", values.len(), statement.parameter_count())));
    }
    for (index, value) in values.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, value)?;
    }
    Ok(statement)
}

/// The rows that a statement answers with, at most `limit`.
pub(super) fn fetch<R: Row>(
    connection: &rusqlite::Connection,
    text: &str,
    values: &[Value<'_>],
    limit: usize,
    meter: &mut Option<Meter>,
) -> Result<Vec<R>> {
    let mut statement = bound(connection, text, values)?;
    let mut rows = statement.raw_query();
    let mut read = Vec::new();
    while read.len() < limit
        && let Some(row) = rows.next()?
    {
        let mut cells = Cells::of_sqlite(row);
        read.push(R::take(&mut cells)?);
        meter::note(meter, cells.written())?;
    }
    Ok(read)
}

/// Runs a statement that answers with no rows, and counts the rows it touched.
pub(super) fn execute(connection: &rusqlite::Connection, text: &str, values: &[Value<'_>]) -> Result<u64> {
    let touched = bound(connection, text, values)?.raw_execute()?;
    Ok(u64::try_from(touched).unwrap_or(u64::MAX))
}

/// Runs one of the commands that steer transactions.
pub(super) fn command(connection: &rusqlite::Connection, text: &'static str) -> Result<()> {
    connection.prepare_cached(text)?.raw_execute()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_can_be_opened_by_many_at_once() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let file = File::new(&folder.path().join("new.db"), 1);
            file.create().unwrap();
            let together = std::sync::Barrier::new(8);
            let open = || {
                together.wait();
                let connection = file.open(Purpose::Write).unwrap();
                connection.query_row("PRAGMA journal_mode", [], |row| row.get::<_, String>(0)).unwrap()
            };
            let modes = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
            });
            assert_eq!(modes, ["wal"; 8]);
        }
    }
}
