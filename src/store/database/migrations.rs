//! The schema's steps, embedded under the same names for both databases, and their runner.
//! What they say lives in `migrations/sqlite` and `migrations/postgres`.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::connection::{Connection, Driver};
use super::error::{Error, Result};
use super::handle::Database;
use super::moving::is_unfinished;

/// One step of the schema.
///
/// Its first line says whether it expands (`-- Expands: …`): then a program that does not know the step goes on working beside one that does,
/// and nodes can be upgraded one after another. One that contracts (`-- Contracts: …`) takes away what no program of the release before uses
/// any more; older ones are refused.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Its name, which is also its files'.
    pub name: &'static str,
    pub(super) sqlite: &'static str,
    pub(super) postgres: &'static str,
}

impl Step {
    /// Whether a program that does not know this step can live with it.
    fn expands(&self) -> bool {
        self.sqlite.starts_with(EXPANDS)
    }
}

const EXPANDS: &str = "-- Expands: ";

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
pub const STEPS: &[Step] = steps![
    "0001_foundation",
    "0002_accounts",
    "0003_reasons",
    "0004_activity",
    "0005_installation_keys",
    "0006_order_of_names",
    "0007_own_words",
    "0009_members_tokens",
    "0010_token_alerts",
    "0011_clock",
];

/// Any number that nothing else locks in a bugtome database: "bugtome" in ASCII.
pub(super) const LOCK: &str = "SELECT pg_advisory_xact_lock(27710126803217765)";

/// Another process's step may take long.
const PATIENCE: Duration = Duration::from_mins(5);

/// A step that waits for a lock on a table makes everybody wait who comes after it. So it waits shortly, and tries again later; and it gives way
/// long before PostgreSQL looks for a deadlock (a second), for which some request would have waited.
const SHORT_WAITS: &str = "SET LOCAL lock_timeout = '200ms'";

/// PostgreSQL ends an autovacuum that is in the way, after the same second.
const LONG_WAITS: &str = "SET LOCAL lock_timeout = '1200ms'";

/// So often it waits shortly before it waits long once.
const SHORT_TRIES: u32 = 9;

const IN_USE: &str = "a table that the schema's next step changes was in use for five minutes: \
                      end the transaction that pg_stat_activity shows as the oldest, and start again";

/// How long the others have the tables to themselves between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// Which steps are applied, and which of them expand.
pub(super) const TABLES: &str = "CREATE TABLE IF NOT EXISTS schema_steps (name TEXT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL); \
                      CREATE TABLE IF NOT EXISTS schema_expansions (name TEXT NOT NULL PRIMARY KEY)";

impl Database {
    /// Brings the schema up to date, and names the steps that were applied now. Blocks like `run`.
    pub fn migrate(&self) -> Result<Vec<&'static str>> {
        apply(self, STEPS)
    }

    /// The steps that `migrate` would apply. Blocks like `run`.
    pub fn pending(&self) -> Result<Vec<&'static str>> {
        let mut connection = self.connect()?;
        let pending = connection.snapshot(&mut pending_in)?;
        connection.settle();
        Ok(pending)
    }
}

/// The steps that [`Database::migrate`] would apply. `Newer` if the schema is a newer program's.
pub fn pending_in(db: &mut Connection) -> Result<Vec<&'static str>> {
    let applied = Applied::read(db)?;
    missing(STEPS, &applied).map(|steps| steps.iter().map(|step| step.name).collect())
}

/// The names of the steps that are applied, of newer programs' too; none where there is nothing of bugtome.
pub(super) fn applied_in(db: &mut Connection) -> Result<Vec<String>> {
    Ok(Applied::read(db)?.steps.into_iter().map(|(name,)| name).collect())
}

fn apply(database: &Database, steps: &[Step]) -> Result<Vec<&'static str>> {
    let mut connection = database.connect()?;
    if let Driver::Sqlite(sqlite) = &connection.driver {
        sqlite.busy_timeout(PATIENCE)?;
        // A step that rebuilds a table would otherwise delete what refers to it; they are checked before its commit.
        sqlite.execute_batch("PRAGMA foreign_keys = OFF")?;
    }
    let mut done = Vec::new();
    let (began, mut tries) = (Instant::now(), 0);
    loop {
        let waits = waits(tries);
        tries += 1;
        // Each turn reads the table anew under the lock: another process may have applied a step meanwhile.
        match connection.transaction(&mut |db: &mut Connection| apply_next(db, steps, waits)) {
            Ok(Some(name)) => {
                done.push(name);
                tries = 0;
            }
            Ok(None) => break,
            Err(Error::Busy) if connection.is_postgres() => {
                if began.elapsed() > PATIENCE {
                    return Err(Error::Unavailable(IN_USE.to_owned()));
                }
                connection.settle();
                std::thread::sleep(PAUSE);
            }
            Err(error) => return Err(error),
        }
    }
    connection.settle();
    Ok(done)
}

/// How long a step waits for a table after so many tries that came to nothing.
const fn waits(tries: u32) -> &'static str {
    if tries % (SHORT_TRIES + 1) == SHORT_TRIES { LONG_WAITS } else { SHORT_WAITS }
}

/// Applies the first step that is missing, if one is.
fn apply_next(db: &mut Connection, steps: &[Step], waits: &str) -> Result<Option<&'static str>> {
    if db.is_postgres() {
        batch(db, LOCK)?;
        batch(db, waits)?;
    }
    let applied = Applied::read(db)?;
    let Some(step) = missing(steps, &applied)?.first().copied() else {
        return Ok(None);
    };
    batch(db, TABLES)?;
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
    if step.expands() {
        db.execute(crate::sql!("INSERT INTO schema_expansions (name) VALUES (?1)", str = step.name))?;
    }
    Ok(Some(step.name))
}

/// What the database says of itself.
struct Applied {
    steps: Vec<(String,)>,
    expansions: HashSet<String>,
}

impl Applied {
    /// Nothing, where the tables are not there yet.
    fn read(db: &mut Connection) -> Result<Self> {
        let tables = db.query::<(String,)>(crate::sql!(
            (String,): "SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ('schema_steps', 'schema_expansions')";
            pg "SELECT tablename::TEXT FROM pg_catalog.pg_tables \
                WHERE schemaname = current_schema() AND tablename IN ('schema_steps', 'schema_expansions')"
        ))?;
        let has = |table: &str| tables.iter().any(|(name,)| name == table);
        let mut applied = Self { steps: Vec::new(), expansions: HashSet::new() };
        if has("schema_steps") {
            applied.steps = db.query(crate::sql!((String,): "SELECT name FROM schema_steps ORDER BY name"))?;
        }
        if has("schema_expansions") {
            let names = db.query::<(String,)>(crate::sql!((String,): "SELECT name FROM schema_expansions"))?;
            applied.expansions = names.into_iter().map(|(name,)| name).collect();
        }
        Ok(applied)
    }
}

/// The steps that are not applied yet, in order. The schema of a newer program is refused, unless all that is new in it expands.
fn missing<'a>(steps: &'a [Step], applied: &Applied) -> Result<Vec<&'a Step>> {
    let known: HashSet<&str> = steps.iter().map(|step| step.name).collect();
    for (unknown,) in applied.steps.iter().filter(|(name,)| !known.contains(name.as_str())) {
        if is_unfinished(unknown) {
            return Err(Error::Unavailable(
                "the database holds an unfinished copy of another one and cannot be used: give the same `bugtome admin copy` again, which finishes it"
                    .to_owned(),
            ));
        }
        if !applied.expansions.contains(unknown) {
            return Err(Error::Newer(format!(
                "the database's schema is newer than this program (it has the step {unknown}): \
                 run the version of bugtome that last used it or a later one, or restore a backup from before the upgrade"
            )));
        }
        tracing::warn!(
            step = unknown,
            "the database's schema is newer than this program, which goes on beside the newer one: upgrade it soon"
        );
    }
    let applied: HashSet<&str> = applied.steps.iter().map(|(name,)| name.as_str()).collect();
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
