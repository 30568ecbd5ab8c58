//! SQLite's reads in place: a few connections, taken by whichever worker reads just now.
//! Reads that may take long belong to `pool`.

use std::sync::{Mutex, PoisonError};

use super::connection::Connection;
use super::error::{Failure, Result};
use super::sqlite::{File, Purpose};

/// The idle connections. The one used last is taken first: its caches are warm.
pub(super) struct Readers {
    file: File,
    idle: Mutex<Vec<Connection>>,
    kept: usize,
}

impl Readers {
    pub(super) const fn new(file: File, kept: usize) -> Self {
        Self { file, idle: Mutex::new(Vec::new()), kept }
    }

    /// Runs `work` in one snapshot on the calling thread. A connection whose work panics is closed.
    pub(super) fn run<T, E: Failure>(&self, work: &mut impl FnMut(&mut Connection) -> Result<T, E>) -> Result<T, E> {
        let taken = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match taken {
            Some(connection) => connection,
            None => Connection::sqlite(self.file.open(Purpose::Read)?),
        };
        let result = connection.snapshot(work);
        if connection.is_clear() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < self.kept {
                idle.push(connection);
            }
        }
        result
    }

    pub(super) fn idle(&self) -> usize {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Closes the idle connections.
    pub(super) fn close(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
