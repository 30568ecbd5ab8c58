//! Copies SQLite's write-ahead log into the database, off the writer's path.
//! Only a log that grew far too long, because writers never paused, is finished by the writer between two batches.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::error::{Error, Result};
use super::queue::join;
use super::sqlite::{File, Purpose};

/// The log is copied each time it has grown by that many pages (4 MB).
const STEP: i64 = 1000;

/// A log of that many pages (64 MB) is finished by the writer itself.
const LONG: i64 = 16_000;

/// What the writer and the checkpointer know of the log.
#[derive(Default)]
pub(super) struct Log {
    /// Its pages after the last commit.
    pages: AtomicI64,
    /// Its pages when it was last copied.
    copied: AtomicI64,
    order: Mutex<Order>,
    changed: Condvar,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Order {
    #[default]
    Wait,
    Copy,
    End,
}

impl Log {
    /// Has the connection report the log's length after each commit. This also turns off checkpoints on its path.
    pub(super) fn watch(self: &Arc<Self>, connection: &mut rusqlite::Connection) -> Result<()> {
        let log = Arc::clone(self);
        let hook = move |_: &mut rusqlite::hooks::Wal, pages: i32| {
            log.grew(i64::from(pages));
            Ok(())
        };
        connection.wal_hook(Some(hook))?;
        Ok(())
    }

    fn grew(&self, pages: i64) {
        self.pages.store(pages, Ordering::Relaxed);
        let copied = self.copied.load(Ordering::Relaxed);
        if pages < copied {
            self.copied.store(0, Ordering::Relaxed);
        } else if pages - copied >= STEP {
            self.copied.store(pages, Ordering::Relaxed);
            self.say(Order::Copy);
        }
    }

    fn say(&self, order: Order) {
        let mut current = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        if *current != Order::End {
            *current = order;
        }
        self.changed.notify_one();
    }

    fn next_order(&self) -> Order {
        let mut order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        while *order == Order::Wait {
            order = self.changed.wait(order).unwrap_or_else(PoisonError::into_inner);
        }
        let current = *order;
        if current == Order::Copy {
            *order = Order::Wait;
        }
        current
    }

    /// Finishes a log that grew far too long: the checkpointer never sees its end while commits keep coming.
    /// The next commit then begins at its start again. It waits for nobody.
    pub(super) fn between_batches(&self, writer: &rusqlite::Connection) {
        if self.pages.load(Ordering::Relaxed) >= LONG {
            // Not again before it has grown by another step, should an old reader keep it from being finished.
            self.pages.store(LONG - STEP, Ordering::Relaxed);
            report(copy(writer, "PASSIVE"));
        }
    }
}

fn copy(connection: &rusqlite::Connection, mode: &str) -> Result<()> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()))?;
    Ok(())
}

/// The log keeps what could not be copied; the next commit that cannot be written will tell its caller.
fn report(copied: Result<()>) {
    if let Err(error) = copied {
        tracing::warn!(%error, "the write-ahead log could not be copied into the database");
    }
}

/// The checkpointer's thread.
pub(super) struct Checkpointer {
    log: Arc<Log>,
    file: File,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Checkpointer {
    pub(super) fn start(file: File, log: Arc<Log>) -> Result<Self> {
        let connection = file.open(Purpose::Write)?;
        let orders = Arc::clone(&log);
        let work = move || {
            while orders.next_order() == Order::Copy {
                report(copy(&connection, "PASSIVE"));
            }
        };
        let thread = std::thread::Builder::new().name("db-checkpoint".to_owned()).spawn(work);
        let thread = thread.map_err(|error| Error::Unavailable(format!("no thread for the database ({error}): raise the limit")))?;
        Ok(Self { log, file, thread: Mutex::new(Some(thread)) })
    }

    fn finish(&self) -> Result<()> {
        let connection = self.file.open(Purpose::Write)?;
        // Beside a running server an admin command must not make it wait: then the log stays as it is.
        connection.busy_timeout(Duration::ZERO)?;
        copy(&connection, "TRUNCATE")
    }

    /// Ends the thread and copies the whole log, when nobody writes any more.
    pub(super) fn close(&self) {
        self.log.say(Order::End);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            join(thread);
            report(self.finish());
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.close();
    }
}
