//! The schema's steps, embedded under the same names for both databases, and their runner.
//! What they say lives in `migrations/sqlite` and `migrations/postgres`.

use std::collections::HashSet;
use std::time::Duration;

use super::connection::{Connection, Driver};
use super::error::{Error, Result};
use super::handle::Database;

/// One step of the schema.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Its name, which is also its files'.
    pub name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! steps {
    ($($name:literal),* $(,)?) => {
        &[$(Step {
            name: $name,
            sqlite: include_str!(concat!("../../../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../../../migrations/postgres/", $name, ".sql")),
        }),*]
    };
}

/// All steps, in order.
pub const STEPS: &[Step] = steps!["0001_foundation", "0002_accounts", "0003_reasons", "0004_activity"];

/// Any number that nothing else locks in a bugtome database: "bugtome" in ASCII.
const LOCK: &str = "SELECT pg_advisory_xact_lock(27710126803217765)";

/// Another process's step may take long.
const PATIENCE: Duration = Duration::from_mins(5);

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_steps (name TEXT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)";

impl Database {
    /// Brings the schema up to date, and names the steps that were applied now. Blocks like `run`.
    pub fn migrate(&self) -> Result<Vec<&'static str>> {
        apply(self, STEPS)
    }

    /// The steps that `migrate` would apply. Blocks like `run`.
    pub fn pending(&self) -> Result<Vec<&'static str>> {
        let mut connection = self.connect()?;
        let pending = connection.snapshot(&mut pending);
        connection.settle();
        pending
    }
}

/// The steps that [`Database::migrate`] would apply. `Newer` if the schema is a newer program's.
pub fn pending(db: &mut Connection) -> Result<Vec<&'static str>> {
    let applied = applied(db)?;
    missing(STEPS, &applied).map(|steps| steps.iter().map(|step| step.name).collect())
}

fn apply(database: &Database, steps: &[Step]) -> Result<Vec<&'static str>> {
    let mut connection = database.connect()?;
    if let Driver::Sqlite(sqlite) = &connection.driver {
        sqlite.busy_timeout(PATIENCE)?;
        // A step that rebuilds a table would otherwise delete what refers to it; they are checked before its commit.
        sqlite.execute_batch("PRAGMA foreign_keys = OFF")?;
    }
    let mut done = Vec::new();
    // Each turn reads the table anew under the lock: another process may have applied a step meanwhile.
    while let Some(name) = connection.transaction(&mut |db: &mut Connection| apply_next(db, steps))? {
        done.push(name);
    }
    connection.settle();
    Ok(done)
}

/// Applies the first step that is missing, if one is.
fn apply_next(db: &mut Connection, steps: &[Step]) -> Result<Option<&'static str>> {
    if db.is_postgres() {
        batch(db, LOCK)?;
    }
    let applied = applied(db)?;
    let Some(step) = missing(steps, &applied)?.first().copied() else {
        return Ok(None);
    };
    batch(db, TABLE)?;
    let text = if db.is_postgres() { step.postgres } else { step.sqlite };
    batch(db, text).and_then(|()| references(db)).map_err(|error| match error {
        lost @ (Error::Retry | Error::Busy | Error::Unavailable(_)) => lost,
        other => Error::Internal(format!("the schema's step {} failed and left nothing behind: {other}", step.name)),
    })?;
    db.execute(crate::sql!(
        "INSERT INTO schema_steps (name, applied_at) VALUES (?1, CAST(unixepoch('subsec') * 1000000 AS INTEGER))";
        pg "INSERT INTO schema_steps (name, applied_at) VALUES (?1, CAST(extract(epoch FROM now()) * 1000000 AS BIGINT))",
        str = step.name
    ))?;
    Ok(Some(step.name))
}

/// The names in the table, none if it is not there yet.
fn applied(db: &mut Connection) -> Result<Vec<(String,)>> {
    let there = db.query::<(i64,)>(crate::sql!(
        (i64,): "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_steps'";
        pg "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = 'schema_steps'"
    ))?;
    if there.is_empty() {
        return Ok(Vec::new());
    }
    db.query(crate::sql!((String,): "SELECT name FROM schema_steps ORDER BY name"))
}

/// The steps that are not applied yet, in order; the schema of a newer program is refused.
fn missing<'a>(steps: &'a [Step], applied: &[(String,)]) -> Result<Vec<&'a Step>> {
    let known: HashSet<&str> = steps.iter().map(|step| step.name).collect();
    if let Some((unknown,)) = applied.iter().find(|(name,)| !known.contains(name.as_str())) {
        return Err(Error::Newer(format!(
            "the database's schema is newer than this program (it has the step {unknown}): \
             run the version of bugtome that last used it or a later one, or restore a backup from before the upgrade"
        )));
    }
    let applied: HashSet<&str> = applied.iter().map(|(name,)| name.as_str()).collect();
    Ok(steps.iter().filter(|step| !applied.contains(step.name)).collect())
}

fn batch(db: &mut Connection, text: &str) -> Result<()> {
    match &mut db.driver {
        Driver::Sqlite(connection) => Ok(connection.execute_batch(text)?),
        Driver::Postgres(session) => session.batch(text),
    }
}

/// Checks the references that were not enforced while a step ran.
fn references(db: &mut Connection) -> Result<()> {
    let Driver::Sqlite(connection) = &db.driver else { return Ok(()) };
    let mut broken = connection.prepare("PRAGMA foreign_key_check")?;
    match broken.query([])?.next()? {
        None => Ok(()),
        Some(row) => Err(Error::Internal(format!("rows of {} refer to nothing", row.get::<_, String>(0)?))),
    }
}

#[cfg(test)]
#[path = "tests/migrations.rs"]
mod tests;
