//! What goes away by itself: deleted tickets after their time in the bin, the tickets of deleted projects, kept answers after a day, sessions
//! and invitations that are over.
//! When to sweep is `jobs`' affair; each call takes a short transaction's worth.

use super::Result;
use super::idempotency::KEPT_FOR;
use super::invitations::HOLDS;
use super::sessions::{DEVICE, IDLE, LONGEST};
use super::tickets::BIN;
use crate::model::time::Time;
use crate::store::database::Connection;
use crate::store::{idempotency, invitations, search, sessions, tickets};

/// How many rows one call removes of each kind, so that others get to write in between.
const BATCH: i64 = 100;

/// Removes some of what is over, or else joins some of the full text's pieces; the answer is whether there may be more.
pub fn sweep(db: &mut Connection, now: Time) -> Result<bool> {
    let mut tickets = tickets::deleted_before(db, now.minus(BIN), BATCH)?;
    if tickets.is_empty() {
        tickets = tickets::of_deleted_projects(db, BATCH)?;
    }
    for ticket in &tickets {
        tickets::purge(db, ticket)?;
    }
    let over = sessions::delete_over(db, now.minus(IDLE), now.minus(LONGEST), BATCH)?
        + sessions::delete_old_devices(db, now.minus(DEVICE), BATCH)?
        + invitations::delete_over(db, now.minus(HOLDS), BATCH)?;
    let forgotten = idempotency::forget(db, now.minus(KEPT_FOR), BATCH)?;
    let removed = !tickets.is_empty() || forgotten > 0 || over > 0;
    Ok(removed || search::merge(db)?)
}
