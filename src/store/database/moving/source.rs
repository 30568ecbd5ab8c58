//! The database that is moved out of: held still, so that all that is read of it is of one moment, and left as it is.
//! Reading its rows lives in `records`.

use std::time::{Duration, Instant};

use super::{Table, listed, quoted};
use crate::store::database::connection::{Connection, Driver};
use crate::store::database::error::{Error, Result};
use crate::store::database::handle::Database;
use crate::store::database::in_use::Alone;
use crate::store::database::migrations::{STEPS, pending_in};
use crate::store::database::schema::{refuse_strange, strange_in};
use crate::store::database::sqlite::{self, File, Purpose};
use crate::store::database::url::{DatabaseUrl, Options};

/// The database.
pub struct Source {
    connection: Connection,
    // Dropped after the connection.
    _database: Option<Database>,
    _alone: Option<Alone>,
}

/// Waiting for a lock makes those wait who come later, so it is not for long; the rest may take as long as it does.
const SETTINGS: &str = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = 0; \
                        SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL cursor_tuple_fraction = 1.0";

/// A process that has just ended may still be seen for a moment.
const LEAVING: Duration = Duration::from_secs(2);

/// A command does one thing at a time.
pub(super) fn options() -> Options {
    Options { threads: 1, readers: 1, ..Options::default() }
}

impl Source {
    /// Opens it, for reading alone. `Busy` while anybody has it open: for SQLite, where the lock beside it tells.
    pub fn at(url: &DatabaseUrl) -> Result<Self> {
        match url {
            DatabaseUrl::Sqlite(path) if !path.exists() => Err(Error::Unavailable(format!("there is no database {}", path.display()))),
            DatabaseUrl::Sqlite(path) => {
                let alone = Alone::with(path)?;
                let connection = File::new(path, 1).open(Purpose::Read)?;
                // What is mapped counts as memory used, and each page is read once.
                connection.execute_batch("PRAGMA mmap_size = 0")?;
                Ok(Self { connection: Connection::sqlite(connection), _database: None, _alone: Some(alone) })
            }
            DatabaseUrl::Postgres(_) => {
                let database = Database::open(url, options())?;
                Ok(Self { connection: database.connect()?, _database: Some(database), _alone: None })
            }
        }
    }

    /// Runs `work` over the database as of one moment. On PostgreSQL nobody else can change the tables meanwhile; `Busy` where a bugtome is
    /// connected, or somebody has not ended a change within five seconds.
    pub fn still<T, E: From<Error>>(&mut self, tables: &[Table], work: impl FnOnce(&mut Connection) -> Result<T, E>) -> Result<T, E> {
        self.connection.snapshot(&mut ready)?;
        self.connection.settle();
        let held = self.hold(tables);
        let result = held.map_err(E::from).and_then(|()| work(&mut self.connection));
        match &mut self.connection.driver {
            Driver::Sqlite(_) => self.connection.end_sqlite(),
            Driver::Postgres(session) => session.owe("ROLLBACK"),
        }
        self.connection.settle();
        result
    }

    fn hold(&mut self, tables: &[Table]) -> Result<()> {
        self.connection.doomed = false;
        match &mut self.connection.driver {
            Driver::Sqlite(connection) => sqlite::command(connection, "BEGIN"),
            Driver::Postgres(session) => {
                let all = listed(tables.iter().map(|table| quoted(table.name)));
                session.begin("BEGIN ISOLATION LEVEL REPEATABLE READ");
                // The locks come before the first question, which decides as of what moment all are answered.
                session.batch(&format!("{SETTINGS}; LOCK TABLE {all} IN SHARE MODE; SET TRANSACTION READ ONLY"))?;
                // Who has come in between cannot write any more, but would go on afterwards.
                nobody_else(&mut self.connection)
            }
        }
    }
}

/// Whether it can be moved: nobody uses it, and it is as this program knows it.
fn ready(db: &mut Connection) -> Result<()> {
    nobody_else(db)?;
    let pending = pending_in(db)?;
    if pending.len() == STEPS.len() {
        return Err(Error::Unavailable("it is no database of bugtome".to_owned()));
    }
    if !pending.is_empty() {
        return Err(Error::Unavailable(
            "it was last used by an older bugtome: start this one's `bugtome serve` on it, which brings it up to date, stop it, and copy then"
                .to_owned(),
        ));
    }
    refuse_strange(&strange_in(db)?)
}

/// `Busy` where another session of a bugtome is connected to PostgreSQL. SQLite's file has a lock for this.
pub(super) fn nobody_else(db: &mut Connection) -> Result<()> {
    if !db.is_postgres() {
        return Ok(());
    }
    let began = Instant::now();
    loop {
        // Sessions by the name that bugtome gives itself, or that this command's URL gives it.
        let others = db.query::<(i64,)>(crate::sql!((i64,):
            "SELECT 1 WHERE FALSE";
            pg "SELECT CAST(pid AS BIGINT) FROM pg_catalog.pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
                AND application_name IN ('bugtome', current_setting('application_name')) LIMIT 1"
        ))?;
        if others.is_empty() {
            return Ok(());
        }
        if began.elapsed() >= LEAVING {
            return Err(Error::Busy);
        }
        std::thread::sleep(Duration::from_millis(50));
        db.command_text("SELECT pg_stat_clear_snapshot()")?;
    }
}
