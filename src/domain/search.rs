//! The full-text index, made anew piece by piece while it goes on being used.
//! What is found, and by whom, is `ticket_lists`' affair.

use super::organizations::command_only;
use super::{Ctx, Result};
use crate::store::search::{self, Mark};

/// How far the making of a new index has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// At the tickets, after this one.
    Tickets(Mark),
    /// At the comments, after this one.
    Comments(Mark),
    /// At what the database knows of how much there is.
    Statistics,
    /// Over.
    Done,
}

impl Stage {
    /// Before all of it.
    pub const START: Self = Self::Tickets(Mark::START);
}

/// How many documents are made anew in one transaction: some 10 ms of work on SQLite.
const BATCH: i64 = 50;

/// Makes the words of some documents anew, each in exchange for its old ones, and at the end the statistics; the answer is where to go on.
pub fn reindex(ctx: &mut Ctx<'_>, stage: Stage) -> Result<Stage> {
    command_only(ctx)?;
    Ok(match stage {
        Stage::Tickets(mark) => search::renew_tickets(ctx.db, mark, BATCH)?.map_or(Stage::Comments(Mark::START), Stage::Tickets),
        Stage::Comments(mark) => search::renew_comments(ctx.db, mark, BATCH)?.map_or(Stage::Statistics, Stage::Comments),
        Stage::Statistics => {
            search::look_anew(ctx.db)?;
            Stage::Done
        }
        Stage::Done => Stage::Done,
    })
}
