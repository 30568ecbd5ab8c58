//! A SQLite database's clock, set back by somebody who knows that it ran ahead by mistake.
//! How the time is told otherwise is `app::ratchet`'s affair.

use super::audit::{Act, Noted};
use super::organizations::command_only;
use super::{Ctx, Error, Result};
use crate::model::time::Time;
use crate::store::tokens::TokenRow;
use crate::store::{clock as store, sessions};

/// What setting the clock did.
#[derive(Debug)]
pub struct Reset {
    /// The moment behind which the time did not go until now.
    pub from: Time,
    /// The machine's time, by which it goes now.
    pub to: Time,
    /// Tokens that had ended by the old time, and have not by this one, newest first: they work again.
    pub revived: Vec<TokenRow>,
}

/// Takes the machine's time again; where that is earlier, all sessions, links and invitations end. Nobody else may use the database. `Conflict` on PostgreSQL, which has a clock of its own.
pub fn reset(ctx: &mut Ctx<'_>, machine: Time) -> Result<Reset> {
    command_only(ctx)?;
    if ctx.db.is_postgres() {
        return Err(Error::Conflict("PostgreSQL tells the time here: set the clock of its machine"));
    }
    let from = store::kept_until(ctx.db)?;
    let revived = store::living_then_and_not_now(ctx.db, machine, from)?;
    if from > machine {
        // By the earlier time they would hold for longer than they were made for: sessions, links, invitations, and the door of a retry.
        sessions::delete_all(ctx.db)?;
        store::forget_retries_after(ctx.db, machine)?;
    }
    store::reset(ctx.db, machine)?;
    ctx.note(Noted { count: Some(revived.len() as u64), ..Noted::of(Act::ClockReset) });
    Ok(Reset { from, to: machine, revived })
}
