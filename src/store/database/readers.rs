//! SQLite's reads in place: a few connections, each kept for the worker that used it last.
//! Reads that may take long belong to `pool`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::connection::Connection;
use super::error::{Failure, Result};
use super::sqlite::{File, Purpose};

/// The idle connections. A worker comes back to its own seat: a connection that moves between cores leaves its pages in the other's cache,
/// which cost a third of a short read.
pub(super) struct Readers {
    file: File,
    seats: Vec<Mutex<Option<Connection>>>,
}

/// Which seat is this thread's.
fn own_seat() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static SEAT: usize = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    SEAT.with(|seat| *seat)
}

impl Readers {
    pub(super) fn new(file: File, kept: usize) -> Self {
        Self { file, seats: (0..kept.max(1)).map(|_| Mutex::default()).collect() }
    }

    /// The seats from this thread's own on.
    fn seats(&self) -> impl Iterator<Item = MutexGuard<'_, Option<Connection>>> {
        let own = own_seat() % self.seats.len();
        let (before, from) = self.seats.split_at(own);
        from.iter().chain(before).map(|seat| seat.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs `work` in one snapshot on the calling thread. A connection whose work panics is closed.
    pub(super) fn run<T, E: Failure>(&self, work: &mut impl FnMut(&mut Connection) -> Result<T, E>) -> Result<T, E> {
        let taken = self.seats().find_map(|mut seat| seat.take());
        let mut connection = match taken {
            Some(connection) => connection,
            None => Connection::sqlite(self.file.open(Purpose::Read)?),
        };
        let result = connection.snapshot(work);
        if connection.is_clear()
            && let Some(mut seat) = self.seats().find(|seat| seat.is_none())
        {
            *seat = Some(connection);
        }
        result
    }

    pub(super) fn idle(&self) -> usize {
        self.seats().filter(|seat| seat.is_some()).count()
    }

    /// Closes the idle connections.
    pub(super) fn close(&self) {
        self.seats().for_each(|mut seat| *seat = None);
    }
}
