//! Stories of the layer itself, told on both databases; each has a database of its own.
//! They make their own tables, so that they do not depend on the real schema.

mod bench;
mod limits;
mod statements;
mod types;
mod verifying;
mod writing;

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::*;

/// Tells one story on SQLite and on PostgreSQL.
macro_rules! both {
    ($($(#[$meta:meta])* fn $name:ident($fixture:ident) $body:block)+) => {$(
        mod $name {
            use super::*;

            fn story($fixture: &crate::store::database::tests::Fixture) $body

            #[test]
            $(#[$meta])*
            fn sqlite() {
                story(&crate::store::database::tests::Fixture::sqlite());
            }

            #[test]
            $(#[$meta])*
            fn postgres() {
                story(&crate::store::database::tests::Fixture::postgres());
            }
        }
    )+};
}
pub(super) use both;

/// A fresh database, gone when the story ends.
pub(super) struct Fixture {
    pub(super) db: Database,
    pub(super) url: DatabaseUrl,
    runtime: tokio::runtime::Runtime,
    folder: Option<tempfile::TempDir>,
}

pub(super) fn options() -> Options {
    Options { readers: 4, threads: 4, ..Options::default() }
}

impl Fixture {
    pub(super) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::Sqlite(folder.path().join("test.db"));
        Self::with(url, Some(folder))
    }

    pub(super) fn postgres() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("layer_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        server(&format!("CREATE DATABASE {name}"));
        let server = server_url();
        let (address, options) = server.split_once('?').unwrap_or((&server, ""));
        let authority = address.split('/').take(3).collect::<Vec<_>>().join("/");
        Self::with(format!("{authority}/{name}?{options}").parse().unwrap(), None)
    }

    fn with(url: DatabaseUrl, folder: Option<tempfile::TempDir>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        Self { db: Database::open(&url, options()).unwrap(), url, runtime, folder }
    }

    pub(super) fn is_sqlite(&self) -> bool {
        self.folder.is_some()
    }

    pub(super) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// What the PostgreSQL database is called.
    pub(super) fn name(&self) -> String {
        let DatabaseUrl::Postgres(url) = &self.url else { panic!("PostgreSQL") };
        url.secret().rsplit('/').next().unwrap().split('?').next().unwrap().to_owned()
    }

    /// Runs commands that need no registering.
    pub(super) fn batch(&self, text: &str) {
        let mut connection = self.db.connect().unwrap();
        match &mut connection.driver {
            connection::Driver::Sqlite(sqlite) => sqlite.execute_batch(text).unwrap(),
            connection::Driver::Postgres(session) => session.batch(text).unwrap(),
        }
    }

    /// Makes the tables of the stories.
    pub(super) fn with_tables(&self) -> &Self {
        let (id, bytes) = if self.is_sqlite() { ("BLOB", "BLOB") } else { ("UUID", "BYTEA") };
        self.batch(&format!(
            "CREATE TABLE parents (id {id} NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE);
             CREATE TABLE things (
                 id {id} NOT NULL PRIMARY KEY, parent_id {id} REFERENCES parents (id), number BIGINT NOT NULL, rank SMALLINT,
                 flag BOOLEAN, name TEXT, body {bytes}, made_at BIGINT
             );
             CREATE UNIQUE INDEX things_by_number ON things (number);
             CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, next BIGINT NOT NULL);
             INSERT INTO counters (name, next) VALUES ('a', 0), ('b', 0);"
        ));
        self
    }

    pub(super) fn counter(&self, name: &str) -> i64 {
        let name = name.to_owned();
        self.db.run(|db| db.query_one(sql!((i64,): "SELECT next FROM counters WHERE name = ?1", str = name))).unwrap().0
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.db.close();
        if let DatabaseUrl::Postgres(url) = &self.url {
            let name = url.secret().rsplit('/').next().unwrap().split('?').next().unwrap();
            server(&format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

fn server_url() -> String {
    std::env::var("BUGTOME_TEST_POSTGRES_URL")
        .expect("BUGTOME_TEST_POSTGRES_URL must name a PostgreSQL server where databases may be made, such as ./test starts")
}

fn server(command: &str) {
    let url: DatabaseUrl = server_url().parse().unwrap();
    let database = Database::open(&url, Options { threads: 1, ..options() }).unwrap();
    let mut connection = database.connect().unwrap();
    if let connection::Driver::Postgres(session) = &mut connection.driver {
        session.batch(command).unwrap();
    }
}

/// Counts up, as most stories do.
pub(super) fn count_up(db: &mut Connection, name: &str) -> Result<i64> {
    Ok(db.query_one(sql!((i64,): "UPDATE counters SET next = next + 1 WHERE name = ?1 RETURNING next", str = name))?.0)
}

/// Waits until something is so, at most five seconds.
pub(super) fn until(so: impl Fn() -> bool) {
    for _ in 0..500 {
        if so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it never came to be so");
}
