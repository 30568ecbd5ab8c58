//! `bugtome admin backup` and `bugtome admin restore`.
//! What a restore takes over from the database that it replaces is `domain::restore`'s affair.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::Serialize;

use super::output::Output;
use super::{database_url, existing};
use crate::app::clock::Clock;
use crate::app::identity;
use crate::app::random::Random;
use crate::app::restore::{self, Refused, Restored};
use crate::app::settings::DatabaseFlags;
use crate::cli::{Failure, Outcome};
use crate::domain::restore::{Losses, Undecided};
use crate::model::visible::visible;
use crate::store::database::{BackUp, BackupFile, DatabaseUrl};

/// What `backup` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Backup {
    /// The file to make
    file: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    overwrite: bool,
}

/// What `restore` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Restore {
    /// The backup
    file: PathBuf,
    /// What becomes of tokens of which nobody knows whether they have been revoked since the backup: keep them, or revoke all
    #[arg(long)]
    tokens: Option<Tokens>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Tokens {
    /// They work as they did when the backup was made
    Keep,
    /// All tokens are revoked
    Revoke,
}

impl From<Tokens> for Undecided {
    fn from(tokens: Tokens) -> Self {
        match tokens {
            Tokens::Keep => Self::Keep,
            Tokens::Revoke => Self::Revoke,
        }
    }
}

#[derive(Serialize)]
struct Made<'a> {
    file: &'a Path,
    bytes: u64,
}

#[derive(Serialize)]
struct Done<'a> {
    file: &'a Path,
    #[serde(flatten)]
    losses: Losses,
    unreadable_kept_as: Option<&'a Path>,
}

/// PostgreSQL has tools of its own for this.
fn sqlite_only(url: DatabaseUrl) -> Outcome<PathBuf> {
    match url {
        DatabaseUrl::Sqlite(path) => Ok(path),
        DatabaseUrl::Postgres(_) => Err(Failure::Failed(POSTGRES.to_owned())),
    }
}

const POSTGRES: &str = "this works on SQLite; PostgreSQL has its own tools:
  pg_dump -Fc -d URL -f FILE                          makes a backup
  pg_restore --clean --if-exists --single-transaction -d URL FILE
                                                      restores it, while no bugtome runs
A restored database takes tokens back that were revoked since the backup. So before restoring write them down with
  bugtome admin token list --json > before.json
and afterwards, before you start bugtome, revoke each of them again with `bugtome admin token revoke ID`; where there is no such
list, revoke all. Users disabled, members removed and projects archived since have to be so again as well: see docs/backup.md";

pub(super) fn back_up(flags: &DatabaseFlags, output: Output, command: &Backup) -> Outcome {
    let database = sqlite_only(existing(flags)?)?;
    let file = &command.file;
    if file.exists() {
        if !command.overwrite {
            return Err(Failure::Failed(format!("{} exists; name another file, or --overwrite replaces it", visible(file.display()))));
        }
        if !file.is_file() || file.canonicalize()? == database.canonicalize()? {
            return Err(Failure::Failed(format!("{} is not to be replaced by a backup", visible(file.display()))));
        }
    }
    // The file is made and finished by whoever runs the command, and the database is read by its owner.
    let owner = identity::owner_of(&[&DatabaseUrl::Sqlite(database.clone())])?;
    let mut back_up = BackUp::to(file)?;
    match owner {
        Some(owner) => owner.lend(|| back_up.fill(&database).map_err(Failure::from))?,
        None => back_up.fill(&database)?,
    }
    let bytes = back_up.finish()?;
    output.one(&Made { file, bytes }, &format!("{} is a backup now ({bytes} bytes)", visible(file.display())))
}

pub(super) fn restore(flags: &DatabaseFlags, output: Output, command: &Restore) -> Outcome {
    let database = sqlite_only(database_url(flags)?)?;
    let file = &command.file;
    if !file.is_file() {
        return Err(Failure::Failed(format!("there is no backup {}", visible(file.display()))));
    }
    if database.exists() && file.canonicalize()? == database.canonicalize()? {
        return Err(Failure::Failed(format!("{} is the database itself", visible(file.display()))));
    }
    let backup = BackupFile::open(file);
    identity::become_owner_of(&[&DatabaseUrl::Sqlite(database.clone())])?;
    let restored = restore::restore(&database, backup, command.tokens.map(Undecided::from), Clock::system(), Random::system());
    let Restored { losses, kept } = restored.map_err(|refused| Failure::Failed(explain(&refused, &database)))?;
    let sentence = sentence(file, &losses, kept.as_deref());
    output.one(&Done { file, losses, unreadable_kept_as: kept.as_deref() }, &sentence)
}

fn explain(refused: &Refused, database: &Path) -> String {
    let (said, database) = (visible(refused), visible(database.display()));
    match refused {
        Refused::InUse => format!("{said} {database}: stop it first; nothing has been changed"),
        Refused::Undecided(_) => format!(
            "{said}: nothing says which of the backup's tokens have been revoked since it was made. Nothing has been changed; say \
             `--tokens revoke` to revoke all of them, or `--tokens keep` to have them work as they did then"
        ),
        Refused::Backup(_) | Refused::Failed(_) => format!("{said}; nothing has been changed"),
    }
}

/// What was taken over, as far as there was anything.
fn sentence(file: &Path, losses: &Losses, kept: Option<&Path>) -> String {
    let mut text = format!("{} has been restored", visible(file.display()));
    for (count, what) in [
        (losses.tokens_revoked, "tokens of the backup are revoked now"),
        (losses.tokens_ended, "tokens keep the rotation or the earlier end that came after the backup"),
        (losses.tokens_lost, "tokens made after the backup are gone: whoever has one needs a new one"),
        (losses.users_disabled, "users stay disabled"),
        (losses.passwords_changed, "users keep the password that they have now"),
        (losses.members_removed, "members stay removed"),
        (losses.roles_lowered, "members keep their lower role"),
        (losses.owners_kept, "owners are taken over, since otherwise nobody would own their organization"),
        (losses.without_owner, "organizations have no owner: `bugtome admin member add --role owner` gives them one"),
        (losses.projects_archived, "projects stay archived"),
        (losses.projects_deleted, "projects stay deleted"),
        (losses.tokens_shut_out, "tokens stay shut out of an organization"),
        (losses.policies_tightened, "organizations keep their tighter token policy"),
    ] {
        if count > 0 {
            text.extend(["\n  ", &count.to_string(), " ", what]);
        }
    }
    for back in &losses.addresses_back {
        let (now, later) = (visible(&back.now), visible(&back.later));
        text.extend(["\n  the address of ", &later, " is ", &now, " again, as it was then"]);
    }
    if let Some(kept) = kept {
        text.extend(["\n  the database that could not be read is kept as ", &visible(kept.display())]);
    }
    text
}
