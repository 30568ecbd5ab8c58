//! The bounded pool of database threads, each with a connection of its own: all work on PostgreSQL, scans on SQLite.
//! SQLite's writer is no pool and lives in `writer`; its reads in place, in `readers`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::connection::{Connection, Driver};
use super::error::{Error, Failure, Result};
use super::queue::{Queue, join, shut_down};

/// What a pool's threads may do for the asker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One snapshot.
    Read,
    /// One writing transaction.
    Write,
}

/// What comes back from a database thread: the work's result, or the panic it ended in.
pub(super) type Outcome<T, E> = std::thread::Result<Result<T, E>>;

/// How much later than the thread the caller gives up: whoever holds the thread may be ending an earlier transaction over a dead connection.
const GRACE: Duration = Duration::from_millis(50);

type Job = Box<dyn FnOnce(&mut Lane) + Send>;
pub(super) type Open = Arc<dyn Fn() -> Result<Connection> + Send + Sync>;

/// The pool.
pub(super) struct Pool {
    queue: Arc<Queue<Job>>,
    busy: Arc<AtomicUsize>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// One thread's connection, opened when it is first needed and again after it was lost.
struct Lane {
    open: Open,
    connection: Option<Connection>,
}

impl Lane {
    fn run<T, E: Failure>(
        &mut self,
        kind: Kind,
        deadline: Instant,
        work: &mut impl FnMut(&mut Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        if Instant::now() >= deadline {
            return Err(Error::Deadline.into());
        }
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => self.connection.insert((self.open)()?),
        };
        connection.set_deadline(Some(deadline))?;
        match kind {
            Kind::Read => connection.snapshot(work),
            Kind::Write => connection.transaction(work),
        }
    }

    /// Tidies up when the answer is out.
    fn settle(&mut self, panicked: bool) {
        let Some(connection) = &mut self.connection else { return };
        if panicked && let Driver::Postgres(session) = &mut connection.driver {
            session.hang_up();
        }
        connection.settle();
        if panicked || !connection.is_clear() {
            self.connection = None;
        }
    }
}

impl Pool {
    /// Starts the threads; each opens its connection by `open` when it first needs one.
    pub(super) fn start(threads: usize, limit: usize, open: &Open) -> Result<Self> {
        let pool = Self { queue: Arc::new(Queue::<Job>::new(limit)), busy: Arc::default(), threads: Mutex::default() };
        for number in 0..threads.max(1) {
            let (queue, busy, open) = (Arc::clone(&pool.queue), Arc::clone(&pool.busy), Arc::clone(open));
            let work = move || {
                let mut lane = Lane { open, connection: None };
                while let Some(job) = queue.pop() {
                    busy.fetch_add(1, Ordering::Relaxed);
                    job(&mut lane);
                    busy.fetch_sub(1, Ordering::Relaxed);
                }
            };
            let thread = std::thread::Builder::new().name(format!("db-{number}")).spawn(work);
            let thread = thread.map_err(|error| Error::Unavailable(format!("no thread for the database ({error}): raise the limit")))?;
            pool.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(pool)
    }

    /// Runs `work` on one of the threads and waits for its outcome, until the deadline. A caller that goes away cancels nothing.
    pub(super) async fn run<T, E>(
        &self,
        kind: Kind,
        deadline: Instant,
        mut work: impl FnMut(&mut Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: Failure,
    {
        let (sender, receiver) = oneshot::channel::<Outcome<T, E>>();
        self.queue.push(Box::new(move |lane| {
            let outcome = catch_unwind(AssertUnwindSafe(|| lane.run(kind, deadline, &mut work)));
            let panicked = outcome.is_err();
            // The caller may have gone away.
            let _ = sender.send(outcome);
            lane.settle(panicked);
        }))?;
        match tokio::time::timeout_at((deadline + GRACE).into(), receiver).await {
            Ok(outcome) => received(outcome),
            Err(_) => Err(Error::Deadline.into()),
        }
    }

    /// How many pieces of work wait, and how many run.
    pub(super) fn load(&self) -> (usize, usize) {
        (self.queue.len(), self.busy.load(Ordering::Relaxed))
    }

    /// Does what is in line, then ends the threads.
    pub(super) fn close(&self) {
        self.queue.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        threads.into_iter().for_each(join);
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.close();
    }
}

/// The result of work done on another thread; its panic goes on in the caller.
pub(super) fn received<T, E: Failure>(outcome: Result<Outcome<T, E>, oneshot::error::RecvError>) -> Result<T, E> {
    match outcome {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => std::panic::resume_unwind(panic),
        Err(_) => Err(shut_down().into()),
    }
}
