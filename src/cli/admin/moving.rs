//! `bugtome admin copy`: its flags, how far it has come, and what it says at the end.
//! What is copied in which order is `app::moving`'s affair.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::database_url;
use super::output::{Output, table};
use crate::app::identity;
use crate::app::moving::{self, Copied, Doing, Way};
use crate::app::random::Random;
use crate::app::settings::DatabaseFlags;
use crate::cli::terminal::complain;
use crate::cli::{Failure, Outcome};
use crate::model::visible::visible;
use crate::store::database::DatabaseUrl;

/// What `copy` takes. A database that is not named is the one of the settings, where its password is not seen by others on the machine.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub(super) struct Copy {
    /// The database to copy; without it, the one that the settings name
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// The database to copy into, which must be empty; without it, the one that the settings name
    #[arg(long, value_name = "URL")]
    to: Option<String>,
}

#[derive(Serialize)]
struct Done {
    from: String,
    to: String,
    outcome: &'static str,
    tables: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    table: &'static str,
    rows: u64,
    digest: String,
}

pub(super) fn run(flags: &DatabaseFlags, output: Output, command: &Copy) -> Outcome {
    let (from, to) = (url(flags, "--from", command.from.as_deref())?, url(flags, "--to", command.to.as_deref())?);
    identity::become_owner_of(&[&from, &to])?;
    let mut progress = Progress::new();
    let copied = moving::copy(&from, &to, Random::system(), &mut |doing, row, of| progress.tell(doing, row, of));
    progress.end();
    let Copied { tables, way } = copied.map_err(|refused| Failure::Failed(visible(refused)))?;
    let tables = tables.into_iter().map(|(table, all)| Row { table, rows: all.rows, digest: all.digest() }).collect();
    let done = Done { from: from.to_string(), to: to.to_string(), outcome: word(way), tables };
    output.one(&done, &explain(&done, way))
}

fn url(flags: &DatabaseFlags, flag: &str, given: Option<&str>) -> Outcome<DatabaseUrl> {
    match given {
        // The error names no part of the text: a password may be in it.
        Some(text) => text.parse().map_err(|error| Failure::Usage(format!("{flag}: {}", visible(error)))),
        None => database_url(flags),
    }
}

const fn word(way: Way) -> &'static str {
    match way {
        Way::New => "copied",
        Way::Continued => "continued",
        Way::Anew => "begun_anew",
        Way::Complete => "complete_already",
    }
}

fn explain(done: &Done, way: Way) -> String {
    let (from, to, tables) = (visible(&done.from), visible(&done.to), &done.tables);
    let list = table(tables, ["TABLE", "ROWS", "SHA-256, THE SAME IN BOTH"], |row| {
        [row.table.to_owned(), row.rows.to_string(), row.digest.clone()]
    });
    let how = match way {
        Way::New => "everything has been copied",
        Way::Continued => "the unfinished copy has been finished",
        Way::Anew => "what was copied before was out of date; everything has been copied anew",
        Way::Complete => "the copy is complete already",
    };
    format!(
        "{list}\n\n{how}: {from} and {to} hold the same.\n\
         Now let the settings name {to} and start `bugtome serve`. Start nothing on {from} any more, and remove it when you are content: \
         it has the tokens as of now, and what is revoked from now on is not revoked there."
    )
}

/// How far the copy has come: a bar on a terminal, elsewhere a line now and then where it takes long. Both go to standard error.
enum Progress {
    Bar { bar: ProgressBar, doing: Option<Doing> },
    Lines { told_at: Instant },
}

/// After so long elsewhere than on a terminal.
const SECONDS: Duration = Duration::from_secs(5);

const TEMPLATE: &str = "{msg:28} {bar:30} {human_pos} of {human_len} ({eta} left)";

impl Progress {
    fn new() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::Lines { told_at: Instant::now() };
        }
        let bar = ProgressBar::new(0);
        // A fixed template that a test reads; were it wrong, the usual bar would do.
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style);
        }
        Self::Bar { bar, doing: None }
    }

    fn tell(&mut self, doing: Doing, row: u64, of: u64) {
        match self {
            Self::Bar { bar, doing: shown } => {
                if shown.replace(doing) != Some(doing) {
                    bar.reset();
                    bar.set_length(of);
                    bar.set_message(sentence(doing));
                }
                bar.set_position(row);
            }
            Self::Lines { told_at } => {
                if told_at.elapsed() >= SECONDS {
                    complain(&format!("{}: {row} of {of} rows", sentence(doing)));
                    *told_at = Instant::now();
                }
            }
        }
    }

    fn end(&self) {
        if let Self::Bar { bar, .. } = self {
            bar.finish_and_clear();
        }
    }
}

fn sentence(doing: Doing) -> String {
    match doing {
        Doing::Comparing(table) => format!("comparing {table}"),
        Doing::Copying(table) => format!("copying {table}"),
        Doing::Indexing => "indexing texts".to_owned(),
        Doing::Checking(table) => format!("checking {table}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_can_be_drawn() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }
}
