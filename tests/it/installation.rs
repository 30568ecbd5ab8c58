//! An installation that commands are run on: a database of its own on SQLite or PostgreSQL, one organization and one project.
//! What the commands must do is told in the files beside.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use bugtome::app::App;
use bugtome::app::clock::Clock;
use bugtome::app::random::Random;
use bugtome::domain::ticket_lists::{self, Position, Query};
use bugtome::domain::{Ctx, Result, projects};
use bugtome::model::draft::Field;
use bugtome::model::events::Via;
use bugtome::model::id::Id;
use bugtome::model::pages::{Page, Sort};
use bugtome::model::projects::{Code, Project};
use bugtome::model::tickets::Ticket;
use bugtome::store::database::{Database, Options};
use bugtome::store::tickets::TicketRow;

use crate::server::{on_postgres_at, postgres_url};

/// Tells one story on SQLite and on PostgreSQL.
macro_rules! both {
    ($($(#[$meta:meta])* fn $name:ident($place:ident) $body:block)+) => {$(
        mod $name {
            use super::*;

            fn story($place: &crate::installation::Installation) $body

            $(#[$meta])*
            #[test]
            fn sqlite() {
                story(&crate::installation::Installation::sqlite());
            }

            $(#[$meta])*
            #[test]
            fn postgres() {
                story(&crate::installation::Installation::postgres());
            }
        }
    )+};
}
pub(crate) use both;

/// A database with the organization `acme` of `ada@example.com` and its project `WEB`.
pub(crate) struct Installation {
    folder: tempfile::TempDir,
    pub(crate) url: String,
    postgres: Option<String>,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn new(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn failed(self) -> Self {
        assert_eq!(self.code, Some(1), "{self:?}");
        self
    }
}

impl Installation {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("bugtome.db").display());
        Self { folder, url, postgres: None }.furnished()
    }

    pub(crate) fn postgres() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("it_commands_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        on_postgres_at(&postgres_url(), &format!("CREATE DATABASE {name}"));
        let server = postgres_url();
        let (address, options) = server.split_once('?').unwrap_or((&server, ""));
        let authority = address.split('/').take(3).collect::<Vec<_>>().join("/");
        let url = format!("{authority}/{name}?{options}");
        Self { folder: tempfile::tempdir().unwrap(), url, postgres: Some(name) }.furnished()
    }

    fn furnished(self) -> Self {
        self.run(&["admin", "user", "create", "--email", "ada@example.com", "--name", "Ada"]).ok();
        self.run(&["admin", "organization", "create", "--name", "Acme", "--slug", "acme", "--owner", "ada@example.com"]).ok();
        self.run(&["admin", "project", "create", "--organization", "acme", "--name", "Web", "--code", "WEB"]).ok();
        self
    }

    /// The same with another database.
    pub(crate) fn at(mut self, url: String) -> Self {
        self.url = url;
        self
    }

    /// A file in the installation's folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The SQLite database.
    pub(crate) fn database_file(&self) -> PathBuf {
        self.file("bugtome.db")
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.file(name), text).unwrap();
        self.file(name).display().to_string()
    }

    /// A command on this database.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bugtome"));
        command.args(arguments).args(["--database", &self.url]).current_dir(self.folder.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BUGTOME_")) {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::new(&self.command(arguments).output().unwrap())
    }

    /// Runs something of the library on the database, as a command would.
    pub(crate) fn inside<T>(&self, work: impl FnMut(&mut Ctx<'_>) -> Result<T>) -> T {
        let options = Options { readers: 1, threads: 1, ..Options::default() };
        let database = Database::open(&self.url.parse().unwrap(), options).unwrap();
        let app = App::new(database, Clock::system(), Random::system(), "");
        let outcome = app.run(Via::Command, work);
        app.database().close();
        outcome.unwrap()
    }

    /// The project's id.
    pub(crate) fn project(&self) -> Id<Project> {
        self.inside(|ctx| {
            let organization = bugtome::domain::organizations::by_slug(ctx, "acme")?;
            projects::by_name(ctx, organization.id, &Code::from_text("WEB").unwrap()).map(|row| row.id)
        })
    }

    /// The project's tickets, newest first, those that match `text` if there is one; and how many there are by count.
    pub(crate) fn tickets(&self, text: Option<&str>) -> (Vec<TicketRow>, i64) {
        let project = self.project();
        let query = Query {
            organization: None,
            project: Some(project),
            code: None,
            status: Vec::new(),
            priority: Vec::new(),
            assignee: None,
            text: text.map(ToOwned::to_owned),
            created_after: None,
            created_before: None,
            updated_after: None,
            sort: Sort::NEWEST,
            position: Position::Page(Page { number: 1, size: 1_000_000 }),
        };
        let listed = self.inside(|ctx| ticket_lists::list(ctx, &query));
        (listed.tickets, listed.total.unwrap().count)
    }

    /// Files a ticket, as an admin command would.
    pub(crate) fn file_ticket(&self, title: &str) -> Id<Ticket> {
        let project = self.project();
        let text = |text: &str| Field::Value(text.into());
        self.inside(|ctx| {
            let draft = bugtome::domain::tickets::Draft {
                title: text(title),
                given: text("a clean checkout"),
                when: text("the tests are run"),
                then: text("one of them fails"),
                project_id: Field::Value(project),
                ..Default::default()
            };
            bugtome::domain::tickets::create(ctx, &draft).map(|row| row.id)
        })
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if let Some(name) = &self.postgres {
            on_postgres_at(&postgres_url(), &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

/// A file of the test data.
pub(crate) fn data(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name).display().to_string()
}
