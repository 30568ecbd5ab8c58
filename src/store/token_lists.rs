//! Lists of tokens for settings: a user's, a project's, a chain.
//! One token and what happens to it is in `tokens`, members' tokens are in `member_tokens`.

use super::database::{Connection, Result, sql};
use super::tokens::{TokenRow, living, token};
use crate::model::id::Id;
use crate::model::projects::Project;
use crate::model::time::Time;
use crate::model::tokens::Token;
use crate::model::users::User;

/// A page of living tokens, or of those that have ended, newest first.
macro_rules! page {
    ($($where:expr),+) => {
        token!("WHERE ", $($where),+, " ORDER BY t.id DESC LIMIT ?3 OFFSET ?4")
    };
}

/// How many tokens there are, counted to a limit.
macro_rules! counted {
    ($($where:expr),+) => {
        concat!("SELECT count(*) FROM (SELECT 1 FROM tokens t WHERE ", $($where),+, " LIMIT ?3) w")
    };
}

/// Which part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Those that still work.
    Living,
    /// Those that have ended.
    Ended,
}

/// Where a page of a part begins and how long it is.
#[derive(Debug, Clone, Copy)]
pub struct Slice {
    /// So many rows of the part come before it.
    pub offset: i64,
    /// So many rows it has at the most.
    pub limit: i64,
}

/// A slice of the user's personal tokens, newest first.
pub fn of_user(db: &mut Connection, user: Id<User>, part: Part, now: Time, slice: Slice) -> Result<Vec<TokenRow>> {
    let Slice { offset, limit } = slice;
    match part {
        Part::Living => db.query(sql!(TokenRow:
            page!("t.user_id = ?1 AND ", living!("t", "?2")),
            Id<User> = user, Time = now, i64 = limit, i64 = offset
        )),
        Part::Ended => db.query(sql!(TokenRow:
            page!("t.user_id = ?1 AND NOT (", living!("t", "?2"), ")"),
            Id<User> = user, Time = now, i64 = limit, i64 = offset
        )),
    }
}

/// A slice of the project's tokens, newest first.
pub fn of_project(db: &mut Connection, project: Id<Project>, part: Part, now: Time, slice: Slice) -> Result<Vec<TokenRow>> {
    let Slice { offset, limit } = slice;
    match part {
        Part::Living => db.query(sql!(TokenRow:
            page!("t.project_id = ?1 AND ", living!("t", "?2")),
            Id<Project> = project, Time = now, i64 = limit, i64 = offset
        )),
        Part::Ended => db.query(sql!(TokenRow:
            page!("t.project_id = ?1 AND NOT (", living!("t", "?2"), ")"),
            Id<Project> = project, Time = now, i64 = limit, i64 = offset
        )),
    }
}

/// How many tokens of the user there are in a part, counted to `most`.
pub fn count_of_user(db: &mut Connection, user: Id<User>, part: Part, now: Time, most: i64) -> Result<i64> {
    let (count,) = match part {
        Part::Living => db.query_one(sql!((i64,):
            counted!("t.user_id = ?1 AND ", living!("t", "?2")), Id<User> = user, Time = now, i64 = most
        ))?,
        Part::Ended => db.query_one(sql!((i64,):
            counted!("t.user_id = ?1 AND NOT (", living!("t", "?2"), ")"), Id<User> = user, Time = now, i64 = most
        ))?,
    };
    Ok(count)
}

/// How many tokens of the project there are in a part, counted to `most`.
pub fn count_of_project(db: &mut Connection, project: Id<Project>, part: Part, now: Time, most: i64) -> Result<i64> {
    let (count,) = match part {
        Part::Living => db.query_one(sql!((i64,):
            counted!("t.project_id = ?1 AND ", living!("t", "?2")), Id<Project> = project, Time = now, i64 = most
        ))?,
        Part::Ended => db.query_one(sql!((i64,):
            counted!("t.project_id = ?1 AND NOT (", living!("t", "?2"), ")"), Id<Project> = project, Time = now, i64 = most
        ))?,
    };
    Ok(count)
}

/// How many chains of the user have a living token.
pub fn living_chains_of_user(db: &mut Connection, user: Id<User>, now: Time) -> Result<i64> {
    let (count,) = db.query_one(sql!((i64,):
        concat!("SELECT count(DISTINCT t.chain_id) FROM tokens t WHERE t.user_id = ?1 AND ", living!("t", "?2")),
        Id<User> = user, Time = now
    ))?;
    Ok(count)
}

/// How many chains of the project have a living token.
pub fn living_chains_of_project(db: &mut Connection, project: Id<Project>, now: Time) -> Result<i64> {
    let (count,) = db.query_one(sql!((i64,):
        concat!("SELECT count(DISTINCT t.chain_id) FROM tokens t WHERE t.project_id = ?1 AND ", living!("t", "?2")),
        Id<Project> = project, Time = now
    ))?;
    Ok(count)
}

/// The user's living tokens, newest first.
pub fn living_of_user(db: &mut Connection, user: Id<User>, now: Time) -> Result<Vec<TokenRow>> {
    db.query(sql!(TokenRow:
        token!("WHERE t.user_id = ?1 AND ", living!("t", "?2"), " ORDER BY t.id DESC"),
        Id<User> = user, Time = now
    ))
}

/// The project's living tokens, newest first.
pub fn living_of_project(db: &mut Connection, project: Id<Project>, now: Time) -> Result<Vec<TokenRow>> {
    db.query(sql!(TokenRow:
        token!("WHERE t.project_id = ?1 AND ", living!("t", "?2"), " ORDER BY t.id DESC"),
        Id<Project> = project, Time = now
    ))
}

/// The tokens of a chain, first those that still work, and of both the newest first.
pub fn of_chain(db: &mut Connection, chain: Id<Token>, now: Time, most: i64) -> Result<Vec<TokenRow>> {
    db.query(sql!(TokenRow:
        token!("WHERE t.chain_id = ?1 ORDER BY CASE WHEN ", living!("t", "?2"), " THEN 0 ELSE 1 END, t.id DESC LIMIT ?3"),
        Id<Token> = chain, Time = now, i64 = most
    ))
}
