//! Looking at a database without changing anything: no file is made, no schema, no log.
//! What is seen is judged by others.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::error::{Failure, Result};
use super::in_use::beside;
use super::postgres::Session;
use super::postgres_target::Target;
use super::sqlite::File;
use super::url::{DatabaseUrl, Options};

/// Runs `work` in one snapshot that only reads, within `patience`. A missing SQLite file is `Unavailable`. Blocks, on a connection of its own.
pub fn look<T, E: Failure>(url: &DatabaseUrl, patience: Duration, mut work: impl FnMut(&mut Connection) -> Result<T, E>) -> Result<T, E> {
    let mut connection = match url {
        DatabaseUrl::Sqlite(path) => Connection::sqlite(File::new(path, 1).open_to_look()?),
        DatabaseUrl::Postgres(url) => {
            let target = Target::new(url, &Options::default())?;
            Connection::postgres(Session::new(Arc::new(target))?)
        }
    };
    connection.set_deadline(Some(Instant::now() + patience))?;
    let seen = connection.snapshot(&mut work);
    connection.settle();
    seen
}

/// Whether a SQLite file says that changes go to a log first (its write version is 2: SQLite's "Database File Format", 1.3.3).
/// One that is empty yet counts as such, since it will.
pub fn keeps_a_log(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    std::fs::File::open(path)?.take(20).read_to_end(&mut head)?;
    Ok(head.is_empty() || head.get(18) == Some(&2))
}

/// How many bytes a SQLite database takes: its file, and the log that is not yet copied into it.
pub fn size(path: &Path) -> io::Result<u64> {
    let log = std::fs::metadata(beside(path, "-wal")).map_or(0, |metadata| metadata.len());
    Ok(std::fs::metadata(path)?.len() + log)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::database::{Database, Error};

    fn files(folder: &Path) -> Vec<std::ffi::OsString> {
        let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    }

    #[test]
    fn looking_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        // A name that a URI would cut.
        let path = folder.path().join("50% sure?.db#1");
        let url = DatabaseUrl::Sqlite(path.clone());
        let count = || look(&url, Duration::from_secs(5), |db| db.query_one(crate::sql!((i64,): "SELECT COUNT(*) FROM sqlite_schema")));
        assert!(matches!(count(), Err(Error::Unavailable(_))));
        assert_eq!(files(folder.path()).len(), 0, "a missing file is not made");

        let database = Database::open(&url, Options::default()).unwrap();
        database.migrate().unwrap();
        let (there,): (i64,) = count().unwrap();
        assert!(there > 10);
        database.close();
        drop(database);
        let before = files(folder.path());
        assert_eq!(count().unwrap(), (there,));
        assert_eq!(files(folder.path()), before);
        assert!(keeps_a_log(&path).unwrap());
    }
}
