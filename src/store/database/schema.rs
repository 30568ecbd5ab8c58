//! Whether a schema is what the steps make, and nothing else: a trigger can undo a revocation, a view or another table can stand for ours.
//! Applying steps lives in `migrations`; who refuses what is strange, and who only tells of it, is decided by others.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::connection::Connection;
use super::error::{Error, Result};
use super::handle::Database;
use super::migrations::{STEPS, TABLES, applied_in};

/// Something in the schema that the steps do not make, or make otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strange {
    /// What it is, with its name, so that it can stand behind "it has": `the trigger "x" on tokens`.
    pub what: String,
    /// The statement that puts it right, where one does.
    pub mend: Option<String>,
}

impl std::fmt::Display for Strange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.mend {
            Some(line) => write!(f, "{} ({line})", self.what),
            None => f.write_str(&self.what),
        }
    }
}

/// A row of SQLite's schema: kind and name, then table and text.
type Objects = BTreeMap<(String, String), (String, String)>;

/// What SQLite makes by itself when it is asked to analyze or to number (SQLite's "Database File Format", 2.6.2 to 2.6.5).
const OWN: [(&str, &str); 3] = [
    ("sqlite_stat1", "CREATE TABLE sqlite_stat1(tbl,idx,stat)"),
    ("sqlite_stat4", "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)"),
    ("sqlite_sequence", "CREATE TABLE sqlite_sequence(name,seq)"),
];

impl Database {
    /// What is strange in the schema. On SQLite it is looked at as if that were a write, by a connection that is there and has read the schema; on
    /// PostgreSQL by one of its own, since those of the pool are for requests.
    pub async fn look_for_strange(&self) -> Result<Vec<Strange>> {
        if !self.is_postgres() {
            return self.write(strange_in).await;
        }
        let own = self.clone();
        tokio::task::spawn_blocking(move || own.strange()).await.map_err(|error| Error::Internal(error.to_string()))?
    }

    /// As [`Database::look_for_strange`], on a connection of its own and as of one moment. Blocks like `run`.
    pub fn strange(&self) -> Result<Vec<Strange>> {
        let mut connection = self.connect()?;
        let strange = connection.snapshot(&mut strange_in)?;
        connection.settle();
        Ok(strange)
    }
}

/// What is strange in a schema, whichever of the steps have been applied; nothing in a database that has none of them. On PostgreSQL: triggers,
/// rules, policies and generated columns of our tables, what stands in the place of one, and functions under our names or those of the system.
pub fn strange_in(db: &mut Connection) -> Result<Vec<Strange>> {
    let applied: BTreeSet<String> = applied_in(db)?.into_iter().collect();
    if !STEPS.iter().any(|step| applied.contains(step.name)) {
        return Ok(Vec::new());
    }
    let found = db.query::<(String, String, String, String)>(crate::sql!(
        (String, String, String, String): "SELECT type, name, tbl_name, COALESCE(sql, '') FROM sqlite_schema";
        pg "WITH ours AS (SELECT oid, relname::TEXT AS name, relkind FROM pg_catalog.pg_class WHERE relnamespace = \
                 (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = current_schema())) \
            SELECT 'trigger', t.tgname::TEXT, o.name, '' FROM pg_catalog.pg_trigger t JOIN ours o ON o.oid = t.tgrelid WHERE NOT t.tgisinternal \
            UNION ALL SELECT 'rule', r.rulename::TEXT, o.name, '' FROM pg_catalog.pg_rewrite r JOIN ours o ON o.oid = r.ev_class WHERE r.rulename <> '_RETURN' \
            UNION ALL SELECT 'policy', p.polname::TEXT, o.name, '' FROM pg_catalog.pg_policy p JOIN ours o ON o.oid = p.polrelid \
            UNION ALL SELECT 'generated column', a.attname::TEXT, o.name, '' FROM pg_catalog.pg_attribute a JOIN ours o ON o.oid = a.attrelid \
                WHERE a.attgenerated <> '' AND NOT a.attisdropped \
            UNION ALL SELECT CASE o.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END, o.name, o.name, '' \
                FROM ours o WHERE o.relkind IN ('v', 'm', 'f') \
            UNION ALL SELECT 'function', p.proname::TEXT, pg_catalog.pg_get_function_identity_arguments(p.oid), p.prosrc \
                FROM pg_catalog.pg_proc p WHERE p.pronamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = current_schema()) \
                AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
    ))?;
    if db.is_postgres() {
        let system = system_functions(db)?;
        return Ok(strange_on_postgres(&found, &system));
    }
    let found = objects(found.into_iter());
    // What a newer program's steps make nobody can know here; that they make no trigger and no view can be known.
    let newer = applied.iter().any(|name| STEPS.iter().all(|step| step.name != name));
    let all: BTreeSet<String> = STEPS.iter().map(|step| step.name.to_owned()).collect();
    if all == applied && digest(&found) == MADE {
        return Ok(Vec::new());
    }
    let later = expected(&all)?;
    if all.is_subset(&applied) {
        return Ok(strange_on_sqlite(&found, &later, &later, newer));
    }
    Ok(strange_on_sqlite(&found, &expected(&applied)?, &later, newer))
}

fn objects(rows: impl Iterator<Item = (String, String, String, String)>) -> Objects {
    rows.map(|(kind, name, table, text)| ((kind, name), (table, words(&text)))).collect()
}

/// What [`digest`] makes of what all steps make. With it nobody need make that anew, in memory that a server would keep, to see that nothing is
/// strange. A test says what it has to be after another step.
const MADE: &str = "1009f0edf4ba5aa9285850c6d68c83193ba867ba34c34f516b008bcb8122b44c";

/// SHA-256 of all objects, without what SQLite makes by itself.
fn digest(objects: &Objects) -> String {
    let mut hasher = Sha256::new();
    for ((kind, name), (table, text)) in objects.iter().filter(|(key, object)| !is_own(key, object)) {
        for part in [kind, name, table, text] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    hasher.finalize().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn is_own((kind, name): &(String, String), (_, text): &(String, String)) -> bool {
    OWN.iter().any(|(own, made)| kind == "table" && name == own && text == made)
}

/// A text whose white space does not matter.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What the applied steps make, made in memory.
fn expected(applied: &BTreeSet<String>) -> Result<Objects> {
    let memory = rusqlite::Connection::open_in_memory()?;
    // In one transaction, else each statement would be one.
    memory.execute_batch("BEGIN")?;
    memory.execute_batch(TABLES)?;
    for step in STEPS.iter().filter(|step| applied.contains(step.name)) {
        memory.execute_batch(step.sqlite)?;
    }
    let mut statement = memory.prepare("SELECT type, name, tbl_name, COALESCE(sql, '') FROM sqlite_schema")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    Ok(objects(rows.collect::<rusqlite::Result<Vec<_>>>()?.into_iter()))
}

/// `expected` is what the applied steps make, `later` what all do.
fn strange_on_sqlite(found: &Objects, expected: &Objects, later: &Objects, newer: bool) -> Vec<Strange> {
    let mut strange = Vec::new();
    for ((kind, name), object @ (table, _)) in found {
        let key = (kind.clone(), name.clone());
        let known = expected.get(&key);
        if known == Some(object)
            || later.get(&key) == Some(object)
            || is_own(&key, object)
            || newer && !matches!(kind.as_str(), "trigger" | "view")
        {
            continue;
        }
        let on = if kind == "trigger" || kind == "index" { format!(" on {table}") } else { String::new() };
        let what = format!("the {kind} {}{on}", quoted(name));
        strange.push(match known {
            Some(_) => Strange { what: format!("another {kind} {} than bugtome makes", quoted(name)), mend: None },
            None => Strange { what, mend: Some(format!("DROP {} {};", kind.to_uppercase(), quoted(name))) },
        });
    }
    for ((kind, name), (_, text)) in expected {
        // An older program's database has it when the next step is applied.
        if found.contains_key(&(kind.clone(), name.clone())) || name == "schema_expansions" || name.starts_with("sqlite_") {
            continue;
        }
        let mend = (kind == "index").then(|| format!("{text};"));
        strange.push(Strange { what: format!("no {kind} {}", quoted(name)), mend });
    }
    strange
}

/// The system's functions that one in our schema could be taken for.
fn system_functions(db: &mut Connection) -> Result<BTreeSet<String>> {
    let names = db.query::<(String,)>(crate::sql!(
        (String,): "SELECT '' WHERE FALSE";
        pg "SELECT DISTINCT p.proname::TEXT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_proc s ON s.proname = p.proname \
            WHERE p.pronamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = current_schema()) \
            AND s.pronamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'pg_catalog')"
    ))?;
    Ok(names.into_iter().map(|(name,)| name).collect())
}

fn strange_on_postgres(found: &[(String, String, String, String)], system: &BTreeSet<String>) -> Vec<Strange> {
    let (tables, functions) = (made("CREATE TABLE "), made("CREATE FUNCTION "));
    let judged = found.iter().filter_map(|(kind, name, table, text)| {
        let (shown, on) = (quoted(name), quoted(table));
        let (what, line) = match kind.as_str() {
            "function" => {
                let ours = functions.contains(name.as_str()) && STEPS.iter().any(|step| words(step.postgres).contains(&words(text)));
                let named = functions.contains(name.as_str()) || system.contains(name);
                let what = format!("the function {shown}({table})");
                (!ours && named).then_some((what, format!("DROP FUNCTION {shown}({table});")))?
            }
            _ if !tables.contains(table.as_str()) => return None,
            "generated column" => {
                let line = format!("ALTER TABLE {on} ALTER COLUMN {shown} DROP EXPRESSION;");
                (format!("the generated column {shown} of {on}"), line)
            }
            "trigger" | "rule" | "policy" => {
                (format!("the {kind} {shown} on {on}"), format!("DROP {} {shown} ON {on};", kind.to_uppercase()))
            }
            kind => (format!("the {kind} {shown} in the place of a table"), format!("DROP {} {shown};", kind.to_uppercase())),
        };
        Some(Strange { what, mend: Some(line) })
    });
    judged.collect()
}

/// The names that the steps make on PostgreSQL by these words.
fn made(words: &str) -> BTreeSet<&'static str> {
    let texts = STEPS.iter().map(|step| step.postgres).chain([TABLES]);
    let named = texts.flat_map(|text| text.split(words).skip(1).filter_map(name_of).collect::<Vec<_>>());
    named.collect()
}

fn name_of(text: &'static str) -> Option<&'static str> {
    text.trim_start_matches("IF NOT EXISTS ").split(|c: char| c.is_whitespace() || c == '(').next()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Refuses a schema that is not what the steps make.
pub(super) fn refuse_strange(strange: &[Strange]) -> Result<()> {
    if strange.is_empty() {
        return Ok(());
    }
    let all: Vec<String> = strange.iter().map(ToString::to_string).collect();
    Err(Error::Unavailable(format!(
        "its schema is not as bugtome makes it, and what is written could be undone there. It has {}. The statement in parentheses puts it right; \
         ask first who made it",
        all.join("; ")
    )))
}

/// Whether a connection to SQLite runs nothing but what the program says. Triggers and views, which the steps do not make, do nothing;
/// what a schema names is not trusted; and the schema is changed by its own statements only.
pub(super) fn harden(connection: &rusqlite::Connection) -> Result<()> {
    use rusqlite::config::DbConfig;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_what_the_steps_make() {
        let all = STEPS.iter().map(|step| step.name.to_owned()).collect();
        let mut made = expected(&all).unwrap();
        assert_eq!(digest(&made), MADE, "a step was added: this is the digest now");
        made.insert(("table".to_owned(), OWN[0].0.to_owned()), (OWN[0].0.to_owned(), OWN[0].1.to_owned()));
        assert_eq!(digest(&made), MADE, "SQLite may have analyzed");
        made.insert(("trigger".to_owned(), "t".to_owned()), ("tokens".to_owned(), "CREATE TRIGGER t".to_owned()));
        assert_ne!(digest(&made), MADE);
    }
}
