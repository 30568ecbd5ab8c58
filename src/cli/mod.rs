//! The command line: what each command takes, and how it ends (0 done, 1 failed, 2 wrong usage).
//! Commands translate and decide nothing; each has a file of its own.

mod admin;
mod config;
mod demo;
mod doctor;
pub mod import;
mod meters;
mod serve;
mod terminal;

use std::fmt;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::app::settings::{self, Fault, Origin};
use crate::domain;
use crate::model::visible::{visible, visible_lines};
use crate::store::database;

/// The bug tracker whose API tokens can be trusted.
#[derive(Debug, Parser)]
#[command(name = "bugtome", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::Args),
    /// Print the settings in force and where they come from
    Config(settings::Flags),
    /// Look at settings, database, disk, clock and certificate, and say what to do
    Doctor(doctor::Args),
    /// Look after users, organizations, members, projects and tokens; back up, restore, copy, reindex
    Admin(admin::Args),
    /// Import bugs from another tracker's export; run it again to go on after an interruption
    Import(import::Args),
}

/// Why a command did not do what it should.
#[derive(Debug)]
pub enum Failure {
    /// It was called wrongly.
    Usage(String),
    /// It was called rightly and failed.
    Failed(String),
}

/// Runs the command that the process was started for.
pub fn main() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(wrong) => return explain(&wrong),
    };
    let outcome = match command {
        Command::Serve(args) => serve::run(args),
        Command::Config(flags) => config::run(&flags),
        Command::Doctor(args) => doctor::run(&args),
        Command::Admin(args) => admin::run(&args),
        Command::Import(args) => import::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            terminal::complain(&format!("bugtome: {failure}"));
            ExitCode::from(if matches!(failure, Failure::Usage(_)) { 2 } else { 1 })
        }
    }
}

/// Wrong words end with 2, `--help` and `--version` with 0. An error repeats words of the command line, so they are made visible first.
fn explain(wrong: &clap::Error) -> ExitCode {
    if !wrong.use_stderr() {
        let _ = wrong.print();
        return ExitCode::SUCCESS;
    }
    let shown = std::env::args_os().map(|word| visible(word.to_string_lossy()));
    let text = match Cli::try_parse_from(shown) {
        Err(same) if same.use_stderr() => same.render().to_string(),
        _ => "error: the command line holds characters that cannot be shown".to_owned(),
    };
    terminal::complain(text.trim_end());
    ExitCode::from(2)
}

impl Failure {
    /// A failure whose cause may repeat words of others: a path, a file's content, a setting.
    fn because(cause: impl fmt::Display) -> Self {
        Self::Failed(visible(cause))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(what) | Self::Failed(what) => f.write_str(what),
        }
    }
}

/// A flag that makes no sense is wrong usage; a variable or a file is the machine's state.
impl From<settings::Error> for Failure {
    fn from(error: settings::Error) -> Self {
        let flagged = |fault: &Fault| matches!(fault, Fault::Value { origin: Origin::Flag, .. } | Fault::Half { origin: Origin::Flag, .. });
        let text = error.0.iter().map(visible).collect::<Vec<_>>().join("\n");
        if error.0.iter().all(flagged) { Self::Usage(text) } else { Self::Failed(text) }
    }
}

impl From<database::Error> for Failure {
    fn from(error: database::Error) -> Self {
        Self::Failed(visible(error))
    }
}

/// The command line's one mapping from what went wrong to what it says.
impl From<domain::Error> for Failure {
    fn from(error: domain::Error) -> Self {
        Self::Failed(match error {
            domain::Error::Invalid(problems) => visible_lines(&problems.to_string()),
            domain::Error::Conflict(what) => what.to_owned(),
            domain::Error::NotFound | domain::Error::Unreachable => "there is no such thing".to_owned(),
            error => visible(error),
        })
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(visible(error))
    }
}

/// What a command ends with.
pub type Outcome<T = ()> = Result<T, Failure>;
