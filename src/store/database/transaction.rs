//! Beginning and ending transactions on a connection, and running lost ones again.
//! Which thread this happens on is decided in `handle`, `pool` and `writer`.

use std::time::{Duration, Instant};

use super::connection::{Connection, Driver, database_error};
use super::error::{Error, Failure, Result};
use super::sqlite;

/// How often work runs again when it loses against concurrent transactions.
const TRIES: u32 = 8;

impl Connection {
    /// Bounds everything from now on.
    pub(super) fn set_deadline(&mut self, deadline: Option<Instant>) -> Result<()> {
        match &mut self.driver {
            // The handler is asked about once in 20 µs of work.
            Driver::Sqlite(connection) => match deadline {
                Some(deadline) => connection.progress_handler(1000, Some(move || Instant::now() >= deadline))?,
                None => connection.progress_handler(0, None::<fn() -> bool>)?,
            },
            Driver::Postgres(session) => session.set_deadline(deadline),
        }
        Ok(())
    }

    /// Runs `work` in one snapshot. On PostgreSQL its end is left for `settle`.
    pub(super) fn snapshot<T, E: Failure>(&mut self, work: &mut impl FnMut(&mut Self) -> Result<T, E>) -> Result<T, E> {
        self.doomed = false;
        if let Driver::Sqlite(connection) = &self.driver {
            sqlite::command(connection, "BEGIN")?;
            let result = work(self);
            let result = self.undoomed(result);
            self.end_sqlite();
            return result;
        }
        let mut tries = 0;
        loop {
            let result = self.once("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", work);
            self.owe(if result.is_ok() { "COMMIT" } else { "ROLLBACK" });
            if !self.again(&result, self.was_stale(), &mut tries) {
                return result;
            }
        }
    }

    /// Runs `work` in one writing transaction and commits it, or on `Err` rolls it back.
    pub(super) fn transaction<T, E: Failure>(&mut self, work: &mut impl FnMut(&mut Self) -> Result<T, E>) -> Result<T, E> {
        self.doomed = false;
        if let Driver::Sqlite(connection) = &self.driver {
            sqlite::command(connection, "BEGIN IMMEDIATE")?;
            let result = work(self);
            let result = self.undoomed(result);
            return match result {
                Ok(answer) => self.commit_sqlite().map(|()| answer).map_err(E::from),
                Err(error) => {
                    self.end_sqlite();
                    Err(error)
                }
            };
        }
        let mut tries = 0;
        loop {
            let result = self.once("BEGIN ISOLATION LEVEL READ COMMITTED", work);
            let stale = self.was_stale();
            let result = result.and_then(|answer| self.commit_postgres().map(|()| answer).map_err(E::from));
            if result.is_err() {
                self.owe("ROLLBACK");
            }
            if !self.again(&result, stale, &mut tries) {
                return result;
            }
        }
    }

    /// Whether the work runs again, and if so, tidies up for it.
    fn again<T, E: Failure>(&mut self, result: &Result<T, E>, stale: bool, tries: &mut u32) -> bool {
        *tries += 1;
        let lost = matches!(database_error(result), Some(Error::Retry)) && *tries < TRIES;
        if !(stale || lost) {
            return false;
        }
        if let Driver::Postgres(session) = &mut self.driver {
            session.settle_within_deadline();
        }
        // The winner should finish before the loser tries again.
        std::thread::sleep(Duration::from_micros(u64::from(*tries) * 700));
        true
    }

    fn once<T, E: Failure>(&mut self, begin: &'static str, work: &mut impl FnMut(&mut Self) -> Result<T, E>) -> Result<T, E> {
        self.doomed = false;
        if let Driver::Postgres(session) = &mut self.driver {
            session.begin(begin);
        }
        let result = work(self);
        self.undoomed(result)
    }

    fn commit_postgres(&mut self) -> Result<()> {
        match &mut self.driver {
            Driver::Postgres(session) => session.commit(),
            Driver::Sqlite(_) => Ok(()),
        }
    }

    fn owe(&mut self, command: &'static str) {
        if let Driver::Postgres(session) = &mut self.driver {
            session.owe(command);
        }
    }

    fn was_stale(&self) -> bool {
        matches!(&self.driver, Driver::Postgres(session) if session.was_stale())
    }

    /// Ends what an answered transaction left open, and lifts the deadline.
    pub(super) fn settle(&mut self) {
        match &mut self.driver {
            Driver::Postgres(session) => session.settle(),
            // Lifting a handler cannot fail on an open connection.
            Driver::Sqlite(_) => drop(self.set_deadline(None)),
        }
    }

    /// Whether the connection stands outside of a transaction, fit for the next.
    pub(super) fn is_clear(&self) -> bool {
        match &self.driver {
            Driver::Sqlite(connection) => connection.is_autocommit(),
            Driver::Postgres(_) => true,
        }
    }

    /// Commits on SQLite; if that fails the transaction is undone.
    pub(super) fn commit_sqlite(&mut self) -> Result<()> {
        let Driver::Sqlite(connection) = &self.driver else { return Ok(()) };
        let committed = sqlite::command(connection, "COMMIT");
        if committed.is_err() {
            self.end_sqlite();
        }
        committed
    }

    /// Undoes what is open on SQLite. An error may have ended it already, and another is told by `is_clear`.
    pub(super) fn end_sqlite(&mut self) {
        if let Driver::Sqlite(connection) = &self.driver
            && !connection.is_autocommit()
        {
            drop(sqlite::command(connection, "ROLLBACK"));
        }
    }
}
