//! The database that is moved into: marked as unfinished until all is there, so that nothing else uses it before.
//! Writing rows lives in `records`.
//!
//! The mark is a row in `schema_steps`, which every program reads before it uses a database: this one says what the mark means, and an older one
//! refuses the database as a newer program's. Each change renews the mark first, so that of two copies into one database only one goes on.

use std::collections::HashSet;

use super::records::{Portion, Walk};
use super::source::{nobody_else, options};
use super::{Measured, Sum, Table, listed, quoted};
use crate::store::database::connection::Connection;
use crate::store::database::error::{Error, Failure, Result};
use crate::store::database::handle::Database;
use crate::store::database::in_use::Alone;
use crate::store::database::migrations::{LOCK, STEPS, pending_in};
use crate::store::database::schema::{refuse_strange, strange_in};
use crate::store::database::url::DatabaseUrl;

const UNFINISHED: &str = "unfinished copy of ";

/// Nobody reads SQLite's file meanwhile, so that its log may grow to 64 MB before it is copied, and pages are kept that many rows go to.
const SETTINGS: &str = "PRAGMA wal_autocheckpoint = 16000; PRAGMA cache_size = -32000";

/// Whether a step's name is the mark of an unfinished copy.
pub(in crate::store::database) fn is_unfinished(step: &str) -> bool {
    step.starts_with(UNFINISHED)
}

/// The database.
#[derive(Debug)]
pub struct Target {
    database: Database,
    mark: String,
    // Dropped after the database.
    _alone: Option<Alone>,
}

/// What is in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing of anybody's.
    Nothing,
    /// A copy that was broken off, of the installation with this sign; whether its schema is this program's.
    Unfinished {
        /// The sign.
        of: String,
        /// Whether the schema is as this program knows it.
        current: bool,
    },
    /// Something, in these tables; whether its schema is this program's.
    Data {
        /// The tables.
        tables: Vec<&'static str>,
        /// Whether the schema is as this program knows it.
        current: bool,
    },
}

impl Target {
    /// Opens it; a missing SQLite file is made. `Busy` while anybody has it open: for SQLite, where the lock beside it tells.
    pub fn at(url: &DatabaseUrl) -> Result<Self> {
        let (database, alone) = match url {
            DatabaseUrl::Sqlite(path) => {
                let alone = Alone::with(path)?;
                let database = Database::open_alone(path, options())?;
                database.run(|db| db.command_text(SETTINGS))?;
                (database, Some(alone))
            }
            DatabaseUrl::Postgres(_) => (Database::open(url, options())?, None),
        };
        Ok(Self { database, mark: String::new(), _alone: alone })
    }

    /// Looks what is in it, without a change. `Busy` where a bugtome is connected to PostgreSQL.
    ///
    /// `usual` are the tables in which something stands before anybody has used the database.
    pub fn look(&self, tables: &'static [Table], usual: &[&str]) -> Result<Found> {
        self.database.run(|db| {
            nobody_else(db)?;
            fit(db)?;
            found(db, tables, usual)
        })
    }

    /// Brings the schema up to date, and marks the database, which must have nothing in it, as the unfinished copy of the installation with the
    /// sign `of`. `run` tells this copy from any other.
    pub fn begin(&mut self, tables: &'static [Table], usual: &[&str], of: &str, run: &str) -> Result<()> {
        self.database.migrate()?;
        self.mark = format!("{UNFINISHED}{of}, {run}");
        let mark = self.mark.clone();
        self.database.run(|db| {
            // As for a step of the schema: a server that starts at the same time comes before or after.
            if db.is_postgres() {
                db.command_text(LOCK)?;
            }
            fit(db)?;
            if found(db, tables, usual)? != Found::Nothing {
                return Err(Error::Unavailable("somebody else has put something into the database just now".to_owned()));
            }
            // What a new database holds by itself comes from the source.
            for table in tables.iter().filter(|table| usual.contains(&table.name)) {
                db.command_text(&format!("DELETE FROM {}", quoted(table.name)))?;
            }
            db.execute(crate::sql!("INSERT INTO schema_steps (name, applied_at) VALUES (?1, 0)", str = mark))?;
            Ok(())
        })
    }

    /// Takes over a copy that was broken off. Whoever began it cannot go on any more.
    pub fn resume(&mut self, of: &str, run: &str) -> Result<()> {
        self.mark = format!("{UNFINISHED}{of}, {run}");
        let mark = self.mark.clone();
        self.database.run(|db| {
            let pattern = format!("{UNFINISHED}{of},%");
            let renewed = db.execute(crate::sql!("UPDATE schema_steps SET name = ?2 WHERE name LIKE ?1", str = pattern, str = mark))?;
            mine(renewed)
        })
    }

    /// Removes all that was copied, and the mark.
    pub fn empty<E: Failure>(&mut self, tables: &[Table], mut forget: impl FnMut(&mut Connection) -> Result<(), E>) -> Result<(), E> {
        let mark = std::mem::take(&mut self.mark);
        self.database.run(|db| {
            renew(db, &mark)?;
            forget(db)?;
            if db.is_postgres() {
                db.command_text(&format!("TRUNCATE {}", listed(tables.iter().map(|table| quoted(table.name)))))?;
            } else {
                for table in tables.iter().rev() {
                    db.command_text(&format!("DELETE FROM {}", quoted(table.name)))?;
                }
            }
            db.execute(crate::sql!("DELETE FROM schema_steps WHERE name = ?1", str = mark))?;
            Ok(())
        })
    }

    /// Runs a read in one transaction.
    pub fn read<T>(&self, work: impl FnMut(&mut Connection) -> Result<T>) -> Result<T> {
        self.database.run(work)
    }

    /// Runs a change in one transaction, unless another copy has taken over.
    pub fn change<T, E: Failure>(&self, mut work: impl FnMut(&mut Connection) -> Result<T, E>) -> Result<T, E> {
        self.database.run(|db| {
            renew(db, &self.mark)?;
            work(db)
        })
    }

    /// Writes a portion of a table's rows, in one transaction.
    pub fn write(&self, table: &Table, portion: &Portion) -> Result<()> {
        self.change(|db| db.insert_records(table, portion.records()))
    }

    /// What the table holds. `tell` is told how many rows have been read.
    pub fn measure(&self, table: &Table, tell: &mut dyn FnMut(u64)) -> Result<Measured> {
        self.database.run(|db| {
            let (mut sum, mut walk) = (Sum::over(table), Walk::through(table));
            if db.is_postgres() {
                db.command_text("SET LOCAL cursor_tuple_fraction = 1.0; SET LOCAL statement_timeout = 0")?;
            }
            loop {
                let page = walk.page(db)?;
                if page.is_empty() {
                    return Ok(sum.measured());
                }
                for record in &page {
                    sum.add(record);
                }
                tell(sum.rows());
            }
        })
    }

    /// Makes the database one that can be used: what it numbers by itself goes on after what was copied, PostgreSQL's planner knows the tables,
    /// and the mark is gone.
    pub fn finish(&self, tables: &[Table]) -> Result<()> {
        self.change(|db| {
            if db.is_postgres() {
                for table in tables {
                    for column in table.columns.iter().filter(|column| column.numbered) {
                        db.command_text(&number_on(table, column.name))?;
                    }
                }
                db.command_text("ANALYZE")?;
            }
            db.execute(crate::sql!("DELETE FROM schema_steps WHERE name = ?1", str = self.mark))?;
            Ok(())
        })
    }

    /// Brings SQLite's log into its file, and ends.
    pub fn close(self) {
        self.database.close();
    }
}

/// Has PostgreSQL give the number after the last one next.
fn number_on(table: &Table, column: &str) -> String {
    let (name, quoted_name, quoted_column) = (table.name, quoted(table.name), quoted(column));
    format!(
        "SELECT setval(pg_get_serial_sequence('{quoted_name}', '{column}'), COALESCE(max({quoted_column}), 1), max({quoted_column}) IS NOT NULL) \
         FROM {name}"
    )
}

/// Holds the mark until the transaction ends.
fn renew(db: &mut Connection, mark: &str) -> Result<()> {
    mine(db.execute(crate::sql!("UPDATE schema_steps SET applied_at = applied_at WHERE name = ?1", str = mark))?)
}

/// Refuses a SQLite file in whose schema there is anything else. What a trigger on PostgreSQL does to the rows is seen when the copy is checked.
fn fit(db: &mut Connection) -> Result<()> {
    if db.is_postgres() { Ok(()) } else { refuse_strange(&strange_in(db)?) }
}

fn mine(marks: u64) -> Result<()> {
    if marks == 1 { Ok(()) } else { Err(Error::Unavailable("another copy into the same database has taken over".to_owned())) }
}

fn found(db: &mut Connection, tables: &'static [Table], usual: &[&str]) -> Result<Found> {
    let there: HashSet<String> = db
        .query::<(String,)>(crate::sql!((String,):
            "SELECT name FROM sqlite_schema WHERE type = 'table'";
            pg "SELECT CAST(tablename AS TEXT) FROM pg_catalog.pg_tables WHERE schemaname = current_schema()"
        ))?
        .into_iter()
        .map(|(name,)| name)
        .collect();
    if there.contains("schema_steps") {
        let marks = db.query::<(String,)>(crate::sql!(
            (String,): "SELECT name FROM schema_steps WHERE name LIKE ?1", String = format!("{UNFINISHED}%")
        ))?;
        if let Some((mark,)) = marks.first() {
            if let Err(newer @ Error::Newer(_)) = pending_in(db) {
                return Err(newer);
            }
            let of = mark[UNFINISHED.len()..].split(',').next().unwrap_or_default().to_owned();
            let steps = db.query::<(String,)>(crate::sql!((String,): "SELECT name FROM schema_steps"))?;
            let current = STEPS.iter().all(|step| steps.iter().any(|(name,)| name == step.name));
            return Ok(Found::Unfinished { of, current });
        }
    }
    let mut filled = Vec::new();
    for table in tables.iter().filter(|table| there.contains(table.name) && !usual.contains(&table.name)) {
        if db.has_records(table)? {
            filled.push(table.name);
        }
    }
    // Also where nothing is in it: a newer program's is refused.
    let pending = pending_in(db)?;
    Ok(if filled.is_empty() { Found::Nothing } else { Found::Data { tables: filled, current: pending.is_empty() } })
}
