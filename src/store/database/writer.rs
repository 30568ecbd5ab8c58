//! SQLite's one writer: a thread that takes what is waiting, and lets it share one commit.
//! Checkpoints run off this path, in `checkpointer`; PostgreSQL has no need of this.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::checkpointer::Log;
use super::connection::{Connection, Driver, database_error};
use super::error::{Error, Failure, Result};
use super::pool::{Outcome, received};
use super::queue::{Queue, join};
use super::sqlite::{self, File, Purpose};

/// How many pieces of work share a commit at most.
const BATCH: usize = 64;

/// How long a batch goes on taking what has arrived meanwhile.
const GATHERING: Duration = Duration::from_millis(5);

/// How long the server's changes wait for another process that writes: clients shall hear within two seconds.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// Numbers for the meters.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) batches: AtomicU64,
    pub(super) pieces: AtomicU64,
    pub(super) nanos: AtomicU64,
}

/// The writer.
pub(super) struct Writer {
    queue: Arc<Queue<Box<dyn Piece>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// One caller's work within a batch.
trait Piece: Send {
    /// Runs in a savepoint of its own and keeps the outcome. Returns the database's error if there was one.
    fn run(&mut self, connection: &mut Connection) -> Option<Error>;
    /// Answers with the outcome, or with the error that undid the batch.
    fn answer(self: Box<Self>, batch: &Result<()>);
}

struct Asked<T, E, W> {
    work: W,
    outcome: Option<Outcome<T, E>>,
    sender: oneshot::Sender<Outcome<T, E>>,
}

impl<T, E, W> Piece for Asked<T, E, W>
where
    T: Send,
    E: Failure,
    W: FnMut(&mut Connection) -> Result<T, E> + Send,
{
    fn run(&mut self, connection: &mut Connection) -> Option<Error> {
        let outcome = self.outcome.insert(in_savepoint(connection, &mut self.work));
        outcome.as_ref().ok().and_then(database_error).cloned()
    }

    fn answer(self: Box<Self>, batch: &Result<()>) {
        let outcome = match (batch, self.outcome) {
            // A panic is told even then: it is what the caller must know.
            (_, Some(Err(panic))) => Err(panic),
            (Ok(()), Some(outcome)) => outcome,
            (Err(error), _) => Ok(Err(error.clone().into())),
            (Ok(()), None) => Ok(Err(Error::Internal("a piece of work was not run".to_owned()).into())),
        };
        // The caller may have gone away; that cancels nothing.
        let _ = self.sender.send(outcome);
    }
}

/// Runs `work` in a savepoint with a name of its own: a panic may have left other savepoints open inside.
fn in_savepoint<T, E: Failure>(connection: &mut Connection, work: &mut impl FnMut(&mut Connection) -> Result<T, E>) -> Outcome<T, E> {
    connection.doomed = false;
    if let Err(error) = command(connection, "SAVEPOINT piece") {
        return Ok(Err(error.into()));
    }
    let outcome = catch_unwind(AssertUnwindSafe(|| work(connection))).map(|result| connection.undoomed(result));
    let kept = matches!(outcome, Ok(Ok(_)));
    // A full disk or an I/O error may have ended the whole transaction, savepoints included: the batch notices.
    let ended = if kept { Ok(()) } else { command(connection, "ROLLBACK TO piece") }.and_then(|()| command(connection, "RELEASE piece"));
    match (outcome, ended) {
        (Ok(Ok(_)), Err(error)) => Ok(Err(error.into())),
        (outcome, _) => outcome,
    }
}

fn command(connection: &Connection, text: &'static str) -> Result<()> {
    match &connection.driver {
        Driver::Sqlite(sqlite) => sqlite::command(sqlite, text),
        Driver::Postgres(_) => Err(Error::Internal("the writer is SQLite's".to_owned())),
    }
}

impl Writer {
    /// Opens the writing connection and starts the thread.
    pub(super) fn start(file: File, limit: usize, tally: Arc<Tally>, log: Arc<Log>) -> Result<Self> {
        let queue = Arc::new(Queue::new(limit));
        let connection = open(&file, &log)?;
        let mut desk = Desk { file, connection, queue: Arc::clone(&queue), tally, log };
        let thread = std::thread::Builder::new().name("db-writer".to_owned()).spawn(move || desk.work());
        let thread = thread.map_err(|error| Error::Unavailable(format!("no thread for the database ({error}): raise the limit")))?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)) })
    }

    /// Puts `work` in line and waits until its batch is committed.
    pub(super) async fn run<T, E>(&self, work: impl FnMut(&mut Connection) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: Failure,
    {
        let (sender, receiver) = oneshot::channel();
        self.queue.push(Box::new(Asked { work, outcome: None, sender }))?;
        received(receiver.await)
    }

    pub(super) fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Finishes what is in line, then ends the thread.
    pub(super) fn close(&self) {
        self.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        thread.into_iter().for_each(join);
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

fn open(file: &File, log: &Arc<Log>) -> Result<Connection> {
    let mut connection = file.open(Purpose::Write)?;
    connection.busy_timeout(PATIENCE)?;
    log.watch(&mut connection)?;
    Ok(Connection::sqlite(connection))
}

/// What the thread works with.
struct Desk {
    file: File,
    connection: Connection,
    queue: Arc<Queue<Box<dyn Piece>>>,
    tally: Arc<Tally>,
    log: Arc<Log>,
}

impl Desk {
    fn work(&mut self) {
        while let Some(first) = self.queue.pop() {
            let began = Instant::now();
            let (pieces, result) = self.batch(first, began);
            self.tally.batches.fetch_add(1, Ordering::Relaxed);
            self.tally.pieces.fetch_add(pieces.len() as u64, Ordering::Relaxed);
            for piece in pieces {
                piece.answer(&result);
            }
            self.tally.nanos.fetch_add(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
            self.tidy();
        }
    }

    /// Runs what is waiting in one transaction, and commits it.
    fn batch(&mut self, first: Box<dyn Piece>, began: Instant) -> (Vec<Box<dyn Piece>>, Result<()>) {
        let mut pieces = Vec::with_capacity(BATCH);
        if let Err(error) = command(&self.connection, "BEGIN IMMEDIATE") {
            pieces.push(first);
            // Whoever came meanwhile has waited for the same lock: one wait is enough for all.
            pieces.extend(std::iter::from_fn(|| self.queue.pop_now()));
            return (pieces, Err(error));
        }
        // The wait for another process's lock does not count: what arrived meanwhile shall share the commit.
        let began = if began.elapsed() > GATHERING { Instant::now() } else { began };
        let mut next = Some(first);
        while let Some(mut piece) = next {
            let error = piece.run(&mut self.connection);
            pieces.push(piece);
            if self.connection.is_clear() {
                let cause = error.unwrap_or_else(|| Error::Internal("the transaction was ended from inside".to_owned()));
                return (pieces, Err(undone(&cause)));
            }
            next = if pieces.len() < BATCH && began.elapsed() < GATHERING { self.queue.pop_now() } else { None };
        }
        let committed = self.connection.commit_sqlite().map_err(|error| undone(&error));
        (pieces, committed)
    }

    /// Between batches: an unusable connection is replaced, a long log is cut.
    fn tidy(&mut self) {
        if !self.connection.is_clear()
            && let Ok(fresh) = open(&self.file, &self.log)
        {
            self.connection = fresh;
        }
        if let Driver::Sqlite(connection) = &self.connection.driver {
            self.log.between_batches(connection);
        }
    }
}

/// What all callers of a batch are told if it could not be committed.
fn undone(error: &Error) -> Error {
    Error::Unavailable(format!("the change could not be committed, nothing of it is kept: {error}"))
}
