//! A database for each story: a SQLite file in a temporary folder, or one on a PostgreSQL server, copied from a migrated template.
//! The template is made once for each state of the migrations and then kept.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bugtome::store::database::{Database, DatabaseUrl, Options};
use tokio_postgres::NoTls;

/// On which database a story is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The embedded one.
    Sqlite,
    /// The server that `BUGTOME_TEST_POSTGRES_URL` names.
    Postgres,
}

/// A story's database, gone when the story is over.
pub struct Home {
    pub database: Database,
    _folder: Option<tempfile::TempDir>,
    name: Option<String>,
}

/// Few connections, and more patience than the program has: tests share two cores.
fn options() -> Options {
    Options { readers: 3, threads: 4, deadline: Duration::from_secs(20), ..Options::default() }
}

impl Home {
    /// Makes a migrated database.
    pub fn make(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let url = DatabaseUrl::Sqlite(folder.path().join("story.db"));
                let database = Database::open(&url, options()).unwrap();
                database.migrate().unwrap();
                Self { database, _folder: Some(folder), name: None }
            }
            Kind::Postgres => {
                static NUMBER: AtomicU32 = AtomicU32::new(0);
                let template = template();
                let name = format!("story_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
                server(&[&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"), &format!("CREATE DATABASE {name} TEMPLATE {template}")]);
                Self { database: Database::open(&url_of(&name), options()).unwrap(), _folder: None, name: Some(name) }
            }
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.database.close();
        if let Some(name) = self.name.take() {
            // A story may end inside a runtime, where blocking is not allowed.
            let ended = std::thread::spawn(move || server(&[&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")])).join();
            assert!(ended.is_ok() || std::thread::panicking(), "the story's database could not be dropped");
        }
    }
}

fn server_url() -> String {
    std::env::var("BUGTOME_TEST_POSTGRES_URL")
        .expect("BUGTOME_TEST_POSTGRES_URL must name a PostgreSQL server where databases may be made, such as ./test starts")
}

/// The URL of another database on the same server.
fn url_of(name: &str) -> DatabaseUrl {
    let server = server_url();
    let (address, options) = server.split_once('?').unwrap_or((&server, ""));
    let authority = address.split('/').take(3).collect::<Vec<_>>().join("/");
    format!("{authority}/{name}?{options}").parse().unwrap()
}

/// Runs commands on the server, one by one, outside of any transaction.
fn server(commands: &[&str]) {
    on_server(async |client| {
        for command in commands {
            client.batch_execute(command).await.unwrap_or_else(|error| panic!("{command}: {error:?}"));
        }
    });
}

fn on_server<T>(work: impl AsyncFnOnce(&tokio_postgres::Client) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&server_url(), NoTls).await.expect("the PostgreSQL server answers");
        tokio::spawn(connection);
        work(&client).await
    })
}

/// The name of the migrated template, which the first process makes while the others wait.
fn template() -> String {
    let mut hasher = DefaultHasher::new();
    include_dir_of_migrations().hash(&mut hasher);
    let name = format!("story_template_{:016x}", hasher.finish());
    let made = format!("{name}_made");
    on_server(async |client| {
        let is_there = async || {
            let rows = client.query("SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate", &[&name]).await.unwrap();
            !rows.is_empty()
        };
        if is_there().await {
            return;
        }
        client.batch_execute("SELECT pg_advisory_lock(7235421)").await.unwrap();
        if is_there().await {
            return;
        }
        for command in [format!("DROP DATABASE IF EXISTS {made} WITH (FORCE)"), format!("CREATE DATABASE {made}")] {
            client.batch_execute(&command).await.unwrap();
        }
        let url = url_of(&made);
        tokio::task::spawn_blocking(move || {
            let database = Database::open(&url, options()).unwrap();
            database.migrate().unwrap();
            database.close();
        })
        .await
        .unwrap();
        client.batch_execute(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{made}'")).await.unwrap();
        for command in [format!("ALTER DATABASE {made} RENAME TO {name}"), format!("ALTER DATABASE {name} WITH IS_TEMPLATE true")] {
            client.batch_execute(&command).await.unwrap();
        }
    });
    name
}

/// The text of all steps: a changed step makes a new template.
fn include_dir_of_migrations() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/postgres");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}
