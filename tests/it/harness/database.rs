//! A database for each story: a SQLite file in a temporary folder, or one on a PostgreSQL server, emptied for it.
//! Those are copied from a template that is made once for each state of the migrations, and kept for the next stories.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use bugtome::store::database::{Database, DatabaseUrl, Options};
use tokio_postgres::{Client, NoTls};

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
    _lease: Option<Lease>,
}

/// A language whose order of letters is not that of their numbers, as most servers have one: what leaves an order to it is found out.
const LANGUAGE: &str = "TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'";

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
                Self { database, _folder: Some(folder), _lease: None }
            }
            Kind::Postgres => {
                let lease = Lease::take();
                Self { database: Database::open(&url_of(&lease.name), options()).unwrap(), _folder: None, _lease: Some(lease) }
            }
        }
    }
}

/// A database of the server that is this story's alone until it ends. Making one takes half a second, so that it is emptied and used again:
/// whoever holds the lock of its number has it.
struct Lease {
    name: String,
    _ends: tokio::sync::oneshot::Sender<()>,
}

impl Lease {
    fn take() -> Self {
        let (told, name) = std::sync::mpsc::channel();
        let (ends, ended) = tokio::sync::oneshot::channel::<()>();
        // On a thread of its own, so that the lock's connection lives as long as the story.
        std::thread::spawn(move || {
            on_server(async |client| {
                told.send(free(client).await).unwrap();
                // It ends by being dropped.
                let _ = ended.await;
            });
        });
        Self { name: name.recv().expect("the PostgreSQL server has a database for this story"), _ends: ends }
    }
}

/// Takes the first database that nobody has, empty.
async fn free(client: &Client) -> String {
    let template = template(client).await;
    for number in 1.. {
        let row = client.query_one("SELECT pg_try_advisory_lock(7235421, $1)", &[&number]).await.unwrap();
        if !row.get::<_, bool>(0) {
            continue;
        }
        let name = format!("{template}_{number}");
        client.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", &[&name]).await.unwrap();
        if is_there(client, &name).await {
            empty(&name).await;
        } else {
            client.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await.unwrap();
        }
        return name;
    }
    unreachable!("there are always more numbers")
}

async fn empty(name: &str) {
    let DatabaseUrl::Postgres(url) = url_of(name) else { unreachable!("the server is a PostgreSQL server") };
    let (client, connection) = tokio_postgres::connect(url.secret(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let tables = client
        .query(
            "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() AND tablename NOT IN ('schema_steps', 'serials')",
            &[],
        )
        .await
        .unwrap();
    let tables: Vec<String> = tables.iter().map(|row| row.get(0)).collect();
    client.batch_execute(&format!("TRUNCATE {}; UPDATE serials SET last = 0", tables.join(", "))).await.unwrap();
}

async fn is_there(client: &Client, name: &str) -> bool {
    !client.query("SELECT 1 FROM pg_database WHERE datname = $1", &[&name]).await.unwrap().is_empty()
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

fn on_server<T>(work: impl AsyncFnOnce(&Client) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&server_url(), NoTls).await.expect("the PostgreSQL server answers");
        tokio::spawn(connection);
        work(&client).await
    })
}

/// The name of the migrated template, which the first process makes while the others wait.
async fn template(client: &Client) -> String {
    let mut hasher = DefaultHasher::new();
    (steps(), LANGUAGE).hash(&mut hasher);
    let name = format!("story_{:016x}", hasher.finish());
    if is_there(client, &name).await {
        return name;
    }
    client.batch_execute("SELECT pg_advisory_lock(7235421)").await.unwrap();
    if !is_there(client, &name).await {
        let draft = format!("{name}_draft");
        for command in [format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)"), format!("CREATE DATABASE {draft} {LANGUAGE}")] {
            client.batch_execute(&command).await.unwrap();
        }
        let url = url_of(&draft);
        let migrated = std::thread::spawn(move || {
            let database = Database::open(&url, options()).unwrap();
            database.migrate().unwrap();
            database.close();
        });
        migrated.join().unwrap();
        client.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", &[&draft]).await.unwrap();
        client.batch_execute(&format!("ALTER DATABASE {draft} RENAME TO {name}")).await.unwrap();
    }
    client.batch_execute("SELECT pg_advisory_unlock(7235421)").await.unwrap();
    name
}

/// The text of all steps: a changed step makes a new template.
fn steps() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/postgres");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}
