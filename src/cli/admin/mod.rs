//! `bugtome admin`: looking after an installation, in process and on the database itself, while a server runs or not.
//! Each noun has a file; what a command does is the domain's affair.

mod members;
mod organizations;
mod output;
mod projects;
mod tokens;
mod users;

use clap::Subcommand;

use super::{Failure, Outcome};
use crate::app::App;
use crate::app::clock::Clock;
use crate::app::random::Random;
use crate::app::settings::{DatabaseFlags, Settings};
use crate::domain::{Ctx, Result};
use crate::model::draft::{Field, Text};
use crate::model::events::Via;
use crate::store::database::{Database, Options};
use output::Output;

/// What `admin` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    database: DatabaseFlags,
    /// Answer in JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    noun: Noun,
}

#[derive(Debug, Subcommand)]
enum Noun {
    /// Users
    #[command(subcommand)]
    User(users::Command),
    /// Organizations
    #[command(subcommand)]
    Organization(organizations::Command),
    /// Members of organizations
    #[command(subcommand)]
    Member(members::Command),
    /// Projects
    #[command(subcommand)]
    Project(projects::Command),
    /// Tokens
    #[command(subcommand)]
    Token(tokens::Command),
}

/// What every admin command works with.
struct Desk {
    app: App,
    output: Output,
}

impl Desk {
    /// Runs one operation of the domain in one transaction.
    fn run<T>(&self, work: impl FnMut(&mut Ctx<'_>) -> Result<T>) -> Result<T> {
        self.app.run(Via::Command, work)
    }
}

/// Runs an admin command.
pub(super) fn run(args: &Args) -> Outcome {
    let desk = Desk { app: open(&args.database)?, output: Output { json: args.json } };
    let outcome = match &args.noun {
        Noun::User(command) => users::run(&desk, command),
        Noun::Organization(command) => organizations::run(&desk, command),
        Noun::Member(command) => members::run(&desk, command),
        Noun::Project(command) => projects::run(&desk, command),
        Noun::Token(command) => tokens::run(&desk, command),
    };
    desk.app.database().close();
    outcome
}

/// The program's means for a command: the database that the settings name, brought up to date.
pub(super) fn open(flags: &DatabaseFlags) -> Outcome<App> {
    let loaded = Settings::load(&flags.clone().into())?;
    for warning in &loaded.warnings {
        eprintln!("bugtome: {warning}");
    }
    let options = Options { threads: 1, readers: 1, ..Options::default() };
    let database = Database::open(&loaded.settings.database_url, options)?;
    if !database.pending()?.is_empty() {
        database.migrate()?;
    }
    Ok(App::new(database, Clock::system(), Random::system(), ""))
}

/// A text from the command line as the domain takes it.
pub(super) fn text(text: &str) -> Field<Text> {
    Field::Value(text.into())
}

/// `NotFound` in the command's own words.
pub(super) fn named<T>(outcome: Result<T>, what: impl FnOnce() -> String) -> Outcome<T> {
    outcome.map_err(|error| match error {
        crate::domain::Error::NotFound => Failure::Failed(what()),
        error => error.into(),
    })
}
