//! The handle that the program holds: opens a database, and runs work on it in the way that suits each of the two.
//! How transactions, threads and connections work lives in the files beside.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::checkpointer::{Checkpointer, Log};
use super::connection::Connection;
use super::error::{Failure, Result};
use super::in_use::InUse;
use super::patience::Patience;
use super::pool::{Kind, Open, Pool};
use super::postgres::Session;
use super::postgres_target::Target;
use super::queue::shut_down;
use super::readers::Readers;
use super::sqlite::{File, Purpose};
use super::url::{DatabaseUrl, Options, PostgresUrl};
use super::writer::{Tally, Writer};

/// An open database. Clones share it.
#[derive(Clone)]
pub struct Database(Arc<Inner>, Patience);

struct Inner {
    engine: Engine,
    /// Scans on SQLite, everything on PostgreSQL.
    pool: Pool,
    tally: Arc<Tally>,
    closed: AtomicBool,
    /// The connection of `run`, kept for its next call: an import makes thousands, and PostgreSQL's connections are dear.
    kept: Mutex<Option<Connection>>,
}

enum Engine {
    Sqlite(Box<Sqlite>),
    Postgres(Arc<Target>),
}

struct Sqlite {
    file: File,
    readers: Readers,
    writer: Writer,
    checkpointer: Checkpointer,
    /// Told to others as long as this lives.
    _in_use: Option<InUse>,
}

/// Numbers for the meters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Pieces of work waiting for SQLite's writer.
    pub writer_waiting: usize,
    /// Pieces of work waiting for the pool.
    pub pool_waiting: usize,
    /// Threads of the pool at work.
    pub pool_busy: usize,
    /// Connections for reads in place that are idle.
    pub readers_idle: usize,
    /// Commits of SQLite's writer.
    pub batches: u64,
    /// Pieces of work done: reads, scans and writes.
    pub works: u64,
    /// The time they took in all, waiting for the pool included.
    pub time: Duration,
}

impl Database {
    /// Opens the database. A SQLite file is made if it is missing, for its owner's eyes only; PostgreSQL is reached when first needed.
    /// The schema is left as it is: see `migrate`.
    #[expect(clippy::needless_pass_by_value, reason = "options are made for one database, and read better by value")]
    pub fn open(url: &DatabaseUrl, options: Options) -> Result<Self> {
        let tally = Arc::new(Tally::default());
        let (engine, pool) = match url {
            DatabaseUrl::Sqlite(path) => {
                let in_use = InUse::of(path)?;
                open_sqlite(path, &options, &tally, Some(in_use))?
            }
            DatabaseUrl::Postgres(url) => open_postgres(url, &options)?,
        };
        Ok(Self::over(engine, pool, tally, options.deadline))
    }

    fn over(engine: Engine, pool: Pool, tally: Arc<Tally>, deadline: Duration) -> Self {
        let inner = Inner { engine, pool, tally, closed: AtomicBool::new(false), kept: Mutex::new(None) };
        Self(Arc::new(inner), Patience::new(deadline))
    }

    /// The same database for one request: all that is asked of this handle and its clones has one deadline together,
    /// in which only the time counts that is spent here.
    #[must_use]
    pub fn for_one_request(&self) -> Self {
        Self(Arc::clone(&self.0), self.1.shared())
    }

    /// Opens a SQLite file for whoever is alone with it already.
    #[expect(clippy::needless_pass_by_value, reason = "as in `open`")]
    pub(super) fn open_alone(path: &Path, options: Options) -> Result<Self> {
        let tally = Arc::new(Tally::default());
        let (engine, pool) = open_sqlite(path, &options, &tally, None)?;
        Ok(Self::over(engine, pool, tally, options.deadline))
    }

    /// Whether this is PostgreSQL. Prefer `; pg "…"` in `sql!` and `Select::push_pg`: the register knows those.
    pub fn is_postgres(&self) -> bool {
        matches!(self.0.engine, Engine::Postgres(_))
    }

    /// Runs a quick read in one snapshot: on SQLite in place, on PostgreSQL on the pool.
    pub async fn read<T, E>(&self, work: impl FnMut(&mut Connection) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: Failure,
    {
        let began = Instant::now();
        let result = match &self.0.engine {
            Engine::Sqlite(sqlite) => self.in_place(&sqlite.readers, work),
            Engine::Postgres(_) => self.0.pool.run(Kind::Read, self.1.deadline(began), work).await,
        };
        self.count(began);
        result
    }

    fn in_place<T, E: Failure>(&self, readers: &Readers, mut work: impl FnMut(&mut Connection) -> Result<T, E>) -> Result<T, E> {
        if self.0.closed.load(Ordering::Relaxed) { Err(shut_down().into()) } else { readers.run(&mut work) }
    }

    /// Runs a read that may take long, in one snapshot: on the pool, until the deadline.
    pub async fn scan<T, E>(&self, work: impl FnMut(&mut Connection) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: Failure,
    {
        let began = Instant::now();
        let result = self.0.pool.run(Kind::Read, self.1.deadline(began), work).await;
        self.count(began);
        result
    }

    /// Runs a change in one transaction and answers when it is committed; on `Err` nothing of it is kept.
    /// It may run more than once, and a caller that goes away does not stop it.
    pub async fn write<T, E>(&self, work: impl FnMut(&mut Connection) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: Failure,
    {
        let began = Instant::now();
        match &self.0.engine {
            // The writer counts its batches itself: its pieces share their time.
            Engine::Sqlite(sqlite) => sqlite.writer.run(work).await,
            Engine::Postgres(_) => {
                let result = self.0.pool.run(Kind::Write, self.1.deadline(began), work).await;
                self.count(began);
                result
            }
        }
    }

    /// Runs a change in one transaction on a connection of its own, on the calling thread and without a deadline:
    /// for admin commands, imports and tests. Must not be called inside an async runtime.
    pub fn run<T, E: Failure>(&self, mut work: impl FnMut(&mut Connection) -> Result<T, E>) -> Result<T, E> {
        let kept = self.0.kept().take();
        let mut connection = match kept {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let result = connection.transaction(&mut work);
        connection.settle();
        if connection.is_clear() && !self.0.closed.load(Ordering::Relaxed) {
            *self.0.kept() = Some(connection);
        }
        result
    }

    /// A connection of its own, for work outside of the pool and the writer.
    pub(super) fn connect(&self) -> Result<Connection> {
        match &self.0.engine {
            Engine::Sqlite(sqlite) => sqlite.file.open(Purpose::Write).map(Connection::sqlite),
            Engine::Postgres(target) => Session::new(Arc::clone(target)).map(Connection::postgres),
        }
    }

    fn count(&self, began: Instant) {
        let took = began.elapsed();
        self.1.took(took);
        self.0.tally.pieces.fetch_add(1, Ordering::Relaxed);
        self.0.tally.nanos.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Numbers for the meters.
    pub fn stats(&self) -> Stats {
        let tally = &self.0.tally;
        let (pool_waiting, pool_busy) = self.0.pool.load();
        let (writer_waiting, readers_idle) = match &self.0.engine {
            Engine::Sqlite(sqlite) => (sqlite.writer.waiting(), sqlite.readers.idle()),
            Engine::Postgres(_) => (0, 0),
        };
        Stats {
            writer_waiting,
            pool_waiting,
            pool_busy,
            readers_idle,
            batches: tally.batches.load(Ordering::Relaxed),
            works: tally.pieces.load(Ordering::Relaxed),
            time: Duration::from_nanos(tally.nanos.load(Ordering::Relaxed)),
        }
    }

    /// Whether the database answers a trivial question before the deadline.
    pub async fn ready(&self) -> Result<()> {
        self.scan(|db| db.query_one(crate::sql!((i64,): "SELECT COUNT(*) FROM sqlite_schema"; pg "SELECT 1"))).await.map(|_: (i64,)| ())
    }

    /// Finishes what is in line, copies SQLite's log into its file and ends the threads. Work that comes later is refused.
    pub fn close(&self) {
        self.0.close();
    }
}

impl Inner {
    fn kept(&self) -> MutexGuard<'_, Option<Connection>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        // First, since SQLite's log is finished by whoever is the last; on a thread, since a PostgreSQL connection has a runtime inside,
        // which cannot end within another, where this may be called.
        if let Some(kept) = self.kept().take() {
            std::thread::scope(|scope| drop(scope.spawn(move || drop(kept)).join()));
        }
        self.pool.close();
        if let Engine::Sqlite(sqlite) = &self.engine {
            sqlite.writer.close();
            sqlite.readers.close();
            sqlite.checkpointer.close();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("postgres", &self.is_postgres()).finish_non_exhaustive()
    }
}

fn open_sqlite(path: &Path, options: &Options, tally: &Arc<Tally>, in_use: Option<InUse>) -> Result<(Engine, Pool)> {
    let file = File::new(path, options.readers + options.threads);
    file.create()?;
    let log = Arc::new(Log::default());
    // The writer comes first: it makes a new file a WAL database before anyone reads it.
    let writer = Writer::start(file.clone(), options.queue, Arc::clone(tally), Arc::clone(&log))?;
    let checkpointer = Checkpointer::start(file.clone(), log)?;
    let scanned = file.clone();
    let open: Open = Arc::new(move || scanned.open(Purpose::Read).map(Connection::sqlite));
    let pool = Pool::start(options.threads, options.queue, &open)?;
    let readers = Readers::new(file.clone(), options.readers);
    Ok((Engine::Sqlite(Box::new(Sqlite { file, readers, writer, checkpointer, _in_use: in_use })), pool))
}

fn open_postgres(url: &PostgresUrl, options: &Options) -> Result<(Engine, Pool)> {
    let target = Arc::new(Target::new(url, options)?);
    let opened = Arc::clone(&target);
    let open: Open = Arc::new(move || Session::new(Arc::clone(&opened)).map(Connection::postgres));
    let pool = Pool::start(options.threads, options.queue, &open)?;
    Ok((Engine::Postgres(target), pool))
}
