//! Lists of tokens for settings: a user's, a project's, a chain.
//! One token and what happens to it is in `tokens`, members' tokens are in `member_tokens`.

use super::database::{Connection, Result, sql};
use super::tokens::{TokenRow, token};
use crate::model::id::Id;
use crate::model::projects::Project;
use crate::model::time::Time;
use crate::model::tokens::Token;
use crate::model::users::User;

/// Those that work before those that have ended, and of both the newest first: a limit never hides what could still be used.
macro_rules! listed {
    ($where:literal) => {
        token!(
            "WHERE ",
            $where,
            " ORDER BY CASE WHEN t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > ?2)
                                 AND (t.stops_at IS NULL OR t.stops_at > ?2) THEN 0 ELSE 1 END, t.id DESC LIMIT ?3"
        )
    };
}

/// The user's personal tokens, first those that still work.
pub fn of_user(db: &mut Connection, user: Id<User>, now: Time, most: i64) -> Result<Vec<TokenRow>> {
    db.query(sql!(TokenRow: listed!("t.user_id = ?1"), Id<User> = user, Time = now, i64 = most))
}

/// The project's tokens, first those that still work.
pub fn of_project(db: &mut Connection, project: Id<Project>, now: Time, most: i64) -> Result<Vec<TokenRow>> {
    db.query(sql!(TokenRow: listed!("t.project_id = ?1"), Id<Project> = project, Time = now, i64 = most))
}

/// The tokens of a chain, first those that still work.
pub fn of_chain(db: &mut Connection, chain: Id<Token>, now: Time, most: i64) -> Result<Vec<TokenRow>> {
    db.query(sql!(TokenRow: listed!("t.chain_id = ?1"), Id<Token> = chain, Time = now, i64 = most))
}
