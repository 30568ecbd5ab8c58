//! The running program's means: the database with `read` and `write`, settings, clock, randomness, the audit log, shared counts, logging, as whom a command works, the signal to stop, and the looks that `doctor` takes.
//! No routes, no rules, no SQL.

pub mod audit;
pub mod checks;
pub mod clock;
pub mod counters;
mod finish;
pub mod identity;
pub mod logs;
pub mod machine;
pub mod moving;
pub mod passwords;
pub mod random;
pub mod ratchet;
pub mod request;
pub mod restore;
pub mod settings;
pub mod stop;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use audit::{Audit, Key};
use clock::Clock;
use finish::Finished;
use passwords::Passwords;
use random::Random;
use ratchet::Ratchet;
use request::Origin;

use crate::domain::audit::{Act, Log};
use crate::domain::{Ctx, Error, Ours, Result, Who};
use crate::model::events::Via;
use crate::model::id::Id;
use crate::model::time::{Span, Time};
use crate::model::users::User;
use crate::store::database::{Connection, Database};

/// The program's means, cheap to clone.
#[derive(Clone)]
pub struct App {
    database: Database,
    means: Arc<Means>,
    origin: Option<Origin>,
}

struct Means {
    clock: Clock,
    random: Random,
    base_url: Arc<str>,
    passwords: Passwords,
    audit: Audit,
    /// Tells the time where the database does not, and no test sets it.
    ratchet: Option<Arc<Ratchet>>,
    /// How far the database's clock was ahead of ours the last time, in microseconds.
    skew: AtomicI64,
}

impl App {
    /// Over a database, with a clock and the server's own address.
    pub fn new(database: Database, clock: Clock, random: Random, base_url: &str) -> Self {
        let ratchet = (!clock.is_set() && !database.is_postgres()).then(Arc::default);
        let means = Means {
            clock,
            random,
            base_url: base_url.into(),
            passwords: Passwords::default(),
            audit: Audit::default(),
            ratchet,
            skew: AtomicI64::new(0),
        };
        Self { database, means: Arc::new(means), origin: None }
    }

    /// The same means for one request: its reads and writes have one deadline together, and the audit log says where it came from.
    #[must_use]
    pub fn for_one_request(&self, origin: Origin) -> Self {
        Self { database: self.database.for_one_request(), means: Arc::clone(&self.means), origin: Some(origin) }
    }

    /// What time it is by this machine's clock. Operations go by `Ctx::now`, which on PostgreSQL is the database's.
    pub fn now(&self) -> Time {
        self.means.clock.now()
    }

    /// Takes the time up where the database was told it last. Due once, before the first request.
    pub async fn start_clock(&self) -> Result<()> {
        match &self.means.ratchet {
            Some(ratchet) => Ok(ratchet.load(&self.database, self.now()).await?),
            None => Ok(()),
        }
    }

    /// Leaves the time where it was told. Due once, after the last request.
    pub async fn stop_clock(&self) -> Result<()> {
        let Some(ratchet) = self.means.ratchet.clone() else { return Ok(()) };
        Ok(self.database.write(move |db| ratchet.settle(db)).await?)
    }

    /// How far the time by which rights go is ahead of this machine's.
    pub fn clock_skew(&self) -> Span {
        let database = || Span::from_micros(self.means.skew.load(Ordering::Relaxed));
        self.means.ratchet.as_ref().map_or_else(database, |ratchet| ratchet.ahead_of(self.now()))
    }

    async fn keep_time(&self) {
        let Some(ratchet) = &self.means.ratchet else { return };
        let now = self.now();
        if ratchet.is_due(now) {
            // In a room of its own, which hardly any request pays for.
            Box::pin(ratchet.keep(&self.database, now)).await;
        }
    }

    /// The server's own address, without a slash at its end.
    pub fn base_url(&self) -> Arc<str> {
        Arc::clone(&self.means.base_url)
    }

    /// The database, for what is no operation: migrating, closing, counting.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Random bytes.
    pub fn random(&self) -> Random {
        self.means.random
    }

    /// Who hashes and compares passwords.
    pub fn passwords(&self) -> &Passwords {
        &self.means.passwords
    }

    /// What is counted for the audit log.
    pub fn audit(&self) -> &Audit {
        &self.means.audit
    }

    /// Counts a try of what may be repeated at will, from the request for which these means are; `user` is the account that it was about.
    pub fn tried(&self, act: Act, key: Key, user: Option<Id<User>>) {
        self.means.audit.tried(act, key, user, self.origin, self.now());
    }

    /// Judges who is calling and reads, in one snapshot.
    pub async fn read<T: Send + 'static>(
        &self,
        who: Who,
        via: Via,
        work: impl FnMut(&mut Ctx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.keep_time().await;
        self.said(via, self.database.read(self.operation(who, via, work)).await)
    }

    /// As [`App::read`] for what may have to look at many rows: on a bounded pool, with a deadline.
    pub async fn scan<T: Send + 'static>(
        &self,
        who: Who,
        via: Via,
        work: impl FnMut(&mut Ctx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.keep_time().await;
        self.said(via, self.database.scan(self.operation(who, via, work)).await)
    }

    /// Judges who is calling and writes, in one transaction: committed on `Ok`, undone on `Err`.
    pub async fn write<T: Send + 'static>(
        &self,
        who: Who,
        via: Via,
        work: impl FnMut(&mut Ctx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.keep_time().await;
        let (app, mut work) = (self.clone(), self.operation(who, via, work));
        let said = Arc::new(Mutex::new(None));
        let saying = Arc::clone(&said);
        let work = move |db: &mut Connection| {
            *saying.lock().unwrap_or_else(PoisonError::into_inner) = None;
            let (answer, log) = work(db)?;
            *saying.lock().unwrap_or_else(PoisonError::into_inner) = log;
            Ok(answer)
        };
        // Finished in any case: a caller who goes away while it is committed must not take its line in the audit log along.
        Finished::new(async move {
            let outcome = app.database.write(work).await;
            let log = said.lock().unwrap_or_else(PoisonError::into_inner).take();
            // Where the database did not answer in time, the change may be committed all the same.
            if let Some(log) = log.filter(|_| matches!(outcome, Ok(_) | Err(Error::Store(_)))) {
                app.means.audit.say(&log, via, app.origin, app.now(), outcome.is_ok());
            }
            outcome
        })
        .await
    }

    /// As [`App::write`] for commands, which have no runtime: blocking, on a connection of its own.
    pub fn run<T>(&self, via: Via, work: impl FnMut(&mut Ctx<'_>) -> Result<T>) -> Result<T> {
        let (clock, mut work) = (self.means.clock.clone(), work);
        let has_ratchet = self.means.ratchet.is_some();
        let mut operation = self.operation_at(Who::Command, via, move |ctx| work(ctx));
        self.said(
            via,
            self.database.run(|db| {
                // Commands work beside a server, which has a memory of its own of what it has told.
                let now = if has_ratchet { ratchet::for_command(db, clock.now())? } else { clock.now() };
                operation(db, now)
            }),
        )
    }

    /// The answer of an operation that has been committed, after the audit log has said what it has to say.
    fn said<T>(&self, via: Via, outcome: Result<(T, Option<Log>)>) -> Result<T> {
        let (answer, log) = outcome?;
        if let Some(log) = log {
            self.means.audit.say(&log, via, self.origin, self.now(), true);
        }
        Ok(answer)
    }

    fn operation<T, W: FnMut(&mut Ctx<'_>) -> Result<T>>(
        &self,
        who: Who,
        via: Via,
        work: W,
    ) -> impl FnMut(&mut Connection) -> Result<(T, Option<Log>)> + use<T, W> {
        let (clock, ratchet) = (self.means.clock.clone(), self.means.ratchet.clone());
        let mut operation = self.operation_at(who, via, work);
        move |db| {
            let machine = clock.now();
            operation(db, ratchet.as_ref().map_or(machine, |ratchet| ratchet.tell(machine)))
        }
    }

    /// As [`App::operation`], at the time that it is given, unless the database tells another.
    fn operation_at<T, W: FnMut(&mut Ctx<'_>) -> Result<T>>(
        &self,
        who: Who,
        via: Via,
        mut work: W,
    ) -> impl FnMut(&mut Connection, Time) -> Result<(T, Option<Log>)> + use<T, W> {
        let (means, from) = (Arc::clone(&self.means), self.origin.map(|origin| origin.address));
        move |db, now| {
            let fill = |bytes: &mut [u8]| means.random.fill(bytes);
            let mut ctx = Ctx::open(db, &who, via, Ours { now, counts: means.clock.is_set() }, &fill)?;
            means.skew.store(ctx.now.since(now).micros(), Ordering::Relaxed);
            ctx.from = from;
            let answer = work(&mut ctx)?;
            Ok((answer, ctx.take_log()))
        }
    }
}
