//! `bugtome admin clock`: the time by which a SQLite database's tokens end.
//! What setting it does to them is `domain::clock`'s affair.

use clap::Subcommand;
use serde::Serialize;

use super::existing;
use super::output::Output;
use super::returns::{One, line};
use crate::app::clock::Clock;
use crate::app::random::Random;
use crate::app::settings::DatabaseFlags;
use crate::app::{App, identity};
use crate::cli::{Failure, Outcome};
use crate::domain::clock::{self, Reset};
use crate::model::events::Via;
use crate::model::time::Time;
use crate::store::database::{self, Alone, DatabaseUrl, open_replaced};

/// What there is to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Take the machine's time again where the clock ran ahead by mistake, while no server runs; says which tokens that brings back
    Reset,
}

#[derive(Serialize)]
struct Shown {
    from: Time,
    to: Time,
    revived: Vec<One>,
}

pub(super) fn run(flags: &DatabaseFlags, output: Output, Command::Reset: &Command) -> Outcome {
    let url = existing(flags)?;
    let DatabaseUrl::Sqlite(path) = &url else {
        return Err(Failure::Failed("PostgreSQL tells the time here, and no other clock counts: set the clock of its machine".to_owned()));
    };
    identity::become_owner_of(&[&url])?;
    let alone = Alone::with(path).map_err(|error| match error {
        database::Error::Busy => {
            Failure::Failed("a server or another command is using the database: stop it first; nothing has been changed".to_owned())
        }
        error => error.into(),
    })?;
    let clock = Clock::system();
    let app = App::new(open_replaced(&alone, super::options())?, clock.clone(), Random::system(), "");
    let reset = app.run(Via::Command, |ctx| clock::reset(ctx, clock.now()));
    app.database().close();
    let Reset { from, to, revived } = reset?;
    let mut text = if from > to {
        format!("tokens end by the machine's time again, {to}; until now it was {from} for them")
    } else {
        format!("tokens end by the machine's time, {to}, as they did before")
    };
    if from > to && revived.is_empty() {
        text.push_str("; no token comes back by that");
    }
    if from > to {
        text.push_str("; all sessions, invitations and links have ended");
    }
    if !revived.is_empty() {
        text.push_str("; these tokens had ended, and work again (`bugtome admin token revoke ID` ends one):");
        for token in &revived {
            text.extend(["\n  ", &line(token)]);
        }
    }
    let shown = Shown { from, to, revived: revived.iter().map(One::of).collect() };
    output.one(&shown, &text)
}
