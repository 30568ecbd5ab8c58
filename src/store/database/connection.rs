//! A connection inside a transaction: what the store's functions run their statements on.
//! Beginning and ending transactions lives in `transaction`, the drivers' ways in `sqlite` and `postgres`.

use super::error::{Error, Failure, Result};
use super::meter::Meter;
use super::postgres::Session;
use super::rows::Row;
use super::select::{Dialect, Select};
use super::sqlite;
use super::statement::Bound;
use super::value::{Type, Value};

/// A connection to one of the databases, inside a transaction.
///
/// A statement that fails dooms its transaction or savepoint on both databases, as PostgreSQL has it:
/// wrap what may fail in a `savepoint`.
pub struct Connection {
    pub(super) driver: Driver,
    pub(super) doomed: bool,
    meter: Option<Meter>,
}

pub(super) enum Driver {
    Sqlite(rusqlite::Connection),
    Postgres(Box<Session>),
}

/// A statement's text and values, as the drivers take them.
struct Question<'a> {
    sqlite: &'a str,
    postgres: &'a str,
    types: &'a [Type],
    values: &'a [Value<'a>],
}

impl<'a, R> From<Bound<'a, R>> for Question<'a> {
    fn from(bound: Bound<'a, R>) -> Self {
        let statement = bound.statement;
        Self { sqlite: statement.sqlite, postgres: statement.postgres, types: statement.parameters, values: bound.values }
    }
}

impl Connection {
    pub(super) const fn sqlite(connection: rusqlite::Connection) -> Self {
        Self { driver: Driver::Sqlite(connection), doomed: false, meter: None }
    }

    pub(super) fn postgres(session: Session) -> Self {
        Self { driver: Driver::Postgres(Box::new(session)), doomed: false, meter: None }
    }

    /// Whether this is PostgreSQL. Prefer `; pg "…"` in `sql!` and `Select::push_pg`: the register knows those.
    pub const fn is_postgres(&self) -> bool {
        matches!(self.driver, Driver::Postgres(_))
    }

    /// Measures what is read from now on; `None` ends that. Where the meter says that there is no room, the statement fails with `NoRoom`.
    pub fn set_meter(&mut self, meter: Option<Meter>) {
        self.meter = meter;
    }

    /// All rows of a statement.
    pub fn query<R: Row>(&mut self, statement: Bound<'_, R>) -> Result<Vec<R>> {
        self.fetch(&statement.into(), usize::MAX)
    }

    /// The row of a statement that has at most one; more are a defect.
    pub fn query_opt<R: Row>(&mut self, statement: Bound<'_, R>) -> Result<Option<R>> {
        let name = statement.statement.name;
        let rows = self.fetch(&statement.into(), 2)?;
        single(rows, name)
    }

    /// The row of a statement that has exactly one; none and more are a defect.
    pub fn query_one<R: Row>(&mut self, statement: Bound<'_, R>) -> Result<R> {
        let name = statement.statement.name;
        self.query_opt(statement)?.ok_or_else(|| Error::Internal(format!("{name} answered with no row")))
    }

    /// Runs a statement that answers with no rows, and counts the rows it touched.
    pub fn execute(&mut self, statement: Bound<'_, ()>) -> Result<u64> {
        let question = Question::from(statement);
        self.check(question.values)?;
        let touched = match &mut self.driver {
            Driver::Sqlite(connection) => sqlite::execute(connection, question.sqlite, question.values),
            Driver::Postgres(session) => session.execute(question.postgres, question.types, question.values),
        };
        self.doomed |= touched.is_err();
        touched
    }

    /// All rows of an assembled select.
    pub fn select<R: Row>(&mut self, select: &Select<R>) -> Result<Vec<R>> {
        self.assembled(select, usize::MAX)
    }

    /// The row of an assembled select that has at most one; more are a defect.
    pub fn select_opt<R: Row>(&mut self, select: &Select<R>) -> Result<Option<R>> {
        let rows = self.assembled(select, 2)?;
        single(rows, "an assembled select")
    }

    fn assembled<R: Row>(&mut self, select: &Select<R>, limit: usize) -> Result<Vec<R>> {
        let text = select.text(if self.is_postgres() { Dialect::Postgres } else { Dialect::Sqlite });
        self.fetch(&Question { sqlite: &text, postgres: &text, types: &select.types, values: &select.values }, limit)
    }

    fn fetch<R: Row>(&mut self, question: &Question<'_>, limit: usize) -> Result<Vec<R>> {
        self.check(question.values)?;
        let rows = match &mut self.driver {
            Driver::Sqlite(connection) => sqlite::fetch(connection, question.sqlite, question.values, limit, &mut self.meter),
            Driver::Postgres(session) => session.fetch(question.postgres, question.types, question.values, &mut self.meter),
        };
        // Giving up for want of room is no failure of the database.
        self.doomed |= rows.as_ref().is_err_and(|error| *error != Error::NoRoom);
        rows
    }

    /// Refuses what must not reach the database.
    fn check(&self, values: &[Value<'_>]) -> Result<()> {
        if self.doomed {
            return Err(swallowed());
        }
        if values.iter().any(|value| matches!(value, Value::Text(text) if text.as_bytes().contains(&0))) {
            return Err(Error::NulInText);
        }
        Ok(())
    }

    /// Runs `work` in a savepoint: on `Err` what it did is undone, and the transaction goes on.
    pub fn savepoint<T, E: From<Error>>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        self.open_savepoint()?;
        let result = work(self);
        let result = self.undoomed(result);
        let ended = self.close_savepoint(result.is_ok());
        // Where an error has ended the whole transaction, that error is the one to tell.
        result.and_then(|answer| ended.map(|()| answer).map_err(E::from))
    }

    /// Begins a savepoint, for those who cannot hand their work over to [`Connection::savepoint`].
    pub fn open_savepoint(&mut self) -> Result<()> {
        if self.doomed {
            return Err(swallowed());
        }
        self.command("SAVEPOINT s")
    }

    /// Ends the innermost savepoint. What was done in it is undone unless it is to be kept; it cannot be kept after a statement failed.
    pub fn close_savepoint(&mut self, keep: bool) -> Result<()> {
        if keep && self.doomed {
            return Err(swallowed());
        }
        // Savepoints may share a name: the innermost is meant. SQLite wants two commands to undo one.
        let ended = if keep {
            self.command("RELEASE SAVEPOINT s")
        } else {
            self.command("ROLLBACK TO SAVEPOINT s").and_then(|()| self.command("RELEASE SAVEPOINT s"))
        };
        self.doomed = ended.is_err();
        ended
    }

    /// The result, unless a failed statement was overlooked: PostgreSQL would not commit after it.
    pub(super) fn undoomed<T, E: From<Error>>(&self, result: Result<T, E>) -> Result<T, E> {
        if self.doomed && result.is_ok() { Err(swallowed().into()) } else { result }
    }

    fn command(&mut self, text: &'static str) -> Result<()> {
        match &mut self.driver {
            Driver::Sqlite(connection) => sqlite::command(connection, text),
            Driver::Postgres(session) => {
                session.steer(text);
                Ok(())
            }
        }
    }
}

/// The database's error inside a result, if that is what went wrong.
pub(super) fn database_error<T, E: Failure>(result: &Result<T, E>) -> Option<&Error> {
    result.as_ref().err().and_then(Failure::database)
}

fn swallowed() -> Error {
    Error::Internal("a statement failed earlier in this transaction, outside of a savepoint".to_owned())
}

fn single<R>(mut rows: Vec<R>, name: &str) -> Result<Option<R>> {
    if rows.len() > 1 {
        return Err(Error::Internal(format!("{name} answered with more than one row")));
    }
    Ok(rows.pop())
}
