//! Restoring a backup, step by step: alone with the database, its rights read, the copy made to fit, then put in its place.
//! What must be taken over is `domain::restore`'s affair, how files change places the store's.

use std::path::{Path, PathBuf};

use super::App;
use super::clock::Clock;
use super::random::Random;
use crate::domain;
use crate::domain::restore::{self, Losses, Undecided};
use crate::model::events::Via;
use crate::store::clock;
use crate::store::database::{self, Alone, BackupFile, Options, Replacement, open_replaced};
use crate::store::rights::{self, Rights};

/// Why nothing was restored. The database is what it was.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Somebody uses the database.
    #[error("a server or another command is using the database")]
    InUse,
    /// The backup cannot be used.
    #[error("the backup cannot be used: {0}")]
    Backup(database::Error),
    /// Nothing says which of the backup's tokens have been revoked since; why.
    #[error("{0}")]
    Undecided(String),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] domain::Error),
}

impl From<database::Error> for Refused {
    fn from(error: database::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// What was done.
#[derive(Debug)]
pub struct Restored {
    /// What was taken over from the replaced database.
    pub losses: Losses,
    /// Where the replaced database is kept, if it could not be read.
    pub kept: Option<PathBuf>,
}

/// Puts the backup in the database's place. What could not be opened is told about when its turn comes.
pub fn restore(
    database: &Path,
    backup: database::Result<BackupFile>,
    undecided: Option<Undecided>,
    machine: Clock,
    random: Random,
) -> Result<Restored, Refused> {
    let alone = Alone::with(database).map_err(|error| if error == database::Error::Busy { Refused::InUse } else { error.into() })?;
    let old = replaced(&alone);
    if let (Err(error), None) = (&old, undecided) {
        return Err(Refused::Undecided(error.to_string()));
    }
    let replacement = backup.and_then(|backup| Replacement::of(&backup, &alone)).map_err(Refused::Backup)?;
    let copy = replacement.open(options()).map_err(Refused::Backup)?;
    // Time goes on where the replaced database was told it; what the backup says of that, somebody may have written.
    let told = old.as_ref().map_or(machine.now(), |old| old.kept_until);
    copy.run(|db| clock::reset(db, told))?;
    let app = App::new(copy, machine, random, "");
    let taken = app.run(Via::Command, |ctx| restore::take_over(ctx, old.as_ref().ok(), undecided));
    app.database().close();
    drop(app);
    let Some(losses) = taken? else {
        let why = format!("the database {} is no later state of this backup", database.display());
        return Err(Refused::Undecided(why));
    };
    let kept = replacement.put_in_place(old.is_ok())?;
    Ok(Restored { losses, kept })
}

fn options() -> Options {
    Options { threads: 1, readers: 1, ..Options::default() }
}

/// The rights in the database that is to be replaced.
fn replaced(alone: &Alone) -> database::Result<Rights> {
    let database = open_replaced(alone, options())?;
    let read = database.run(rights::read);
    database.close();
    read
}
