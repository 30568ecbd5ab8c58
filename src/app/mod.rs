//! The running program's means: the database with `read` and `write`, settings, clock, randomness, shared counts, logging, as whom a command works, the signal to stop, and the looks that `doctor` takes.
//! No routes, no rules, no SQL.

pub mod checks;
pub mod clock;
pub mod counters;
pub mod identity;
pub mod logs;
pub mod machine;
pub mod moving;
pub mod passwords;
pub mod random;
pub mod restore;
pub mod settings;
pub mod stop;

use std::sync::Arc;

use clock::Clock;
use passwords::Passwords;
use random::Random;

use crate::domain::{Ctx, Ours, Result, Who};
use crate::model::events::Via;
use crate::model::time::Time;
use crate::store::database::{Connection, Database};

/// The program's means, cheap to clone.
#[derive(Clone)]
pub struct App {
    database: Database,
    means: Arc<Means>,
}

struct Means {
    clock: Clock,
    random: Random,
    base_url: Arc<str>,
    passwords: Passwords,
}

impl App {
    /// Over a database, with a clock and the server's own address.
    pub fn new(database: Database, clock: Clock, random: Random, base_url: &str) -> Self {
        Self { database, means: Arc::new(Means { clock, random, base_url: base_url.into(), passwords: Passwords::default() }) }
    }

    /// The same means for one request: its reads and writes have one deadline together.
    #[must_use]
    pub fn for_one_request(&self) -> Self {
        Self { database: self.database.for_one_request(), means: Arc::clone(&self.means) }
    }

    /// What time it is by this machine's clock. Operations go by `Ctx::now`, which on PostgreSQL is the database's.
    pub fn now(&self) -> Time {
        self.means.clock.now()
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

    /// Judges who is calling and reads, in one snapshot.
    pub async fn read<T: Send + 'static>(
        &self,
        who: Who,
        via: Via,
        work: impl FnMut(&mut Ctx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.database.read(self.operation(who, via, work)).await
    }

    /// As [`App::read`] for what may have to look at many rows: on a bounded pool, with a deadline.
    pub async fn scan<T: Send + 'static>(
        &self,
        who: Who,
        via: Via,
        work: impl FnMut(&mut Ctx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.database.scan(self.operation(who, via, work)).await
    }

    /// Judges who is calling and writes, in one transaction: committed on `Ok`, undone on `Err`.
    pub async fn write<T: Send + 'static>(
        &self,
        who: Who,
        via: Via,
        work: impl FnMut(&mut Ctx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.database.write(self.operation(who, via, work)).await
    }

    /// As [`App::write`] for commands, which have no runtime: blocking, on a connection of its own.
    pub fn run<T>(&self, via: Via, work: impl FnMut(&mut Ctx<'_>) -> Result<T>) -> Result<T> {
        self.database.run(self.operation(Who::Command, via, work))
    }

    fn operation<T, W: FnMut(&mut Ctx<'_>) -> Result<T>>(
        &self,
        who: Who,
        via: Via,
        mut work: W,
    ) -> impl FnMut(&mut Connection) -> Result<T> + use<T, W> {
        let (clock, random) = (self.means.clock.clone(), self.means.random);
        move |db| {
            let fill = |bytes: &mut [u8]| random.fill(bytes);
            let ours = Ours { now: clock.now(), counts: clock.is_set() };
            let mut ctx = Ctx::open(db, &who, via, ours, &fill)?;
            work(&mut ctx)
        }
    }
}
