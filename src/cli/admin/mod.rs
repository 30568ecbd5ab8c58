//! `bugtome admin`: looking after an installation, in process and on the database itself, while a server runs or not.
//! Each noun has a file; what a command does is the domain's affair.

mod clock;
mod copies;
mod members;
mod moving;
mod organizations;
mod output;
mod projects;
mod reindex;
mod returns;
mod tokens;
mod users;

use clap::Subcommand;

use super::terminal::complain;
use super::{Failure, Outcome};
use crate::app::App;
use crate::app::clock::Clock;
use crate::app::identity;
use crate::app::logs;
use crate::app::random::Random;
use crate::app::settings::{DatabaseFlags, Settings};
use crate::domain::{Ctx, Result};
use crate::model::draft::{Field, Text};
use crate::model::events::Via;
use crate::model::visible::visible;
use crate::store::database::{Database, DatabaseUrl, Options};

pub(super) use output::Output;
pub(super) use projects::ProjectName;

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
    /// Copy a SQLite database while it is in use
    Backup(copies::Backup),
    /// Put a backup in the place of a SQLite database; every right that was lost since stays lost
    Restore(copies::Restore),
    /// Copy everything into another database, SQLite or PostgreSQL, while no server runs; again, to go on after an interruption
    Copy(moving::Copy),
    /// Make the full-text index anew, while the server runs or not
    Reindex,
    /// The time by which a SQLite database's tokens end
    #[command(subcommand)]
    Clock(clock::Command),
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
    // What a command does to rights is said to the audit log, which for a command is its standard error.
    logs::set_up().map_err(Failure::because)?;
    let output = Output { json: args.json };
    match &args.noun {
        // Whole databases are copied as they are, not brought up to date first.
        Noun::Backup(backup) => return copies::back_up(&args.database, output, backup),
        Noun::Restore(restore) => return copies::restore(&args.database, output, restore),
        Noun::Copy(copy) => return moving::run(&args.database, output, copy),
        Noun::Clock(command) => return clock::run(&args.database, output, command),
        _ => {}
    }
    let app = if matches!(args.noun, Noun::Reindex) { open_existing(&args.database)? } else { open(&args.database)? };
    let desk = Desk { app, output };
    let outcome = match &args.noun {
        Noun::User(command) => users::run(&desk, command),
        Noun::Organization(command) => organizations::run(&desk, command),
        Noun::Member(command) => members::run(&desk, command),
        Noun::Project(command) => projects::run(&desk, command),
        Noun::Token(command) => tokens::run(&desk, command),
        Noun::Reindex => reindex::run(&desk),
        Noun::Backup(_) | Noun::Restore(_) | Noun::Copy(_) | Noun::Clock(_) => Ok(()),
    };
    desk.app.database().close();
    outcome
}

/// A command does one thing at a time.
fn options() -> Options {
    Options { threads: 1, readers: 1, ..Options::default() }
}

/// The database that the settings name.
pub(super) fn database_url(flags: &DatabaseFlags) -> Outcome<DatabaseUrl> {
    Ok(settings(flags)?.database_url)
}

/// The settings in force.
fn settings(flags: &DatabaseFlags) -> Outcome<Settings> {
    let loaded = Settings::load(&flags.clone().into())?;
    for warning in &loaded.warnings {
        complain(&format!("bugtome: {}", visible(warning)));
    }
    Ok(loaded.settings)
}

/// The program's means for a command: the database that the settings name, brought up to date.
pub(super) fn open(flags: &DatabaseFlags) -> Outcome<App> {
    let settings = settings(flags)?;
    identity::become_owner_of(&[&settings.database_url])?;
    let database = Database::open(&settings.database_url, options())?;
    if !database.pending()?.is_empty() {
        database.migrate()?;
    }
    let base_url = settings.base_url_at(settings.listen).to_string();
    Ok(App::new(database, Clock::system(), Random::system(), &base_url))
}

/// As [`open`] for what makes no sense without a database: a missing one is not made.
pub(super) fn open_existing(flags: &DatabaseFlags) -> Outcome<App> {
    existing(flags)?;
    open(flags)
}

/// As [`open_existing`], but nothing is written: a schema that is not up to date is said and left as it is.
pub(super) fn open_untouched(flags: &DatabaseFlags) -> Outcome<App> {
    let url = existing(flags)?;
    identity::become_owner_of(&[&url])?;
    let database = Database::open(&url, options())?;
    if !database.pending()?.is_empty() {
        let what = "the database was last used by an older bugtome and has to be brought up to date first: `bugtome serve` does it";
        return Err(Failure::Failed(what.to_owned()));
    }
    Ok(App::new(database, Clock::system(), Random::system(), ""))
}

/// The database that the settings name, if it is there.
pub(super) fn existing(flags: &DatabaseFlags) -> Outcome<DatabaseUrl> {
    let url = database_url(flags)?;
    match &url {
        DatabaseUrl::Sqlite(path) if !path.exists() => {
            Err(Failure::Failed(format!("there is no database {}; --database names another", visible(path.display()))))
        }
        _ => Ok(url),
    }
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
