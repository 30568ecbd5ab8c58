//! What an installation has once, whichever nodes run it: the key under which shared counts hide whom they are about.
//! Counting is `app::counters`' affair.

use super::organizations::command_only;
use super::{Ctx, Result};
use crate::store::installation as store;

/// The key for shared counts: the same on every node of this database, made when it is first asked for.
pub fn counting_key(ctx: &mut Ctx<'_>) -> Result<[u8; 32]> {
    command_only(ctx)?;
    let fresh = ctx.random();
    Ok(store::key(ctx.db, "counts", &fresh)?)
}
