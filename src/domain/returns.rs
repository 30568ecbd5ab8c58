//! Living tokens of a person or a project that comes back: listed, and kept or revoked, so that none comes back unasked.
//! Who may bring what back is judged where that is done: `users`, `resets`, `members`, `projects`.

use std::collections::HashSet;

use super::audit::{Act, Noted};
use super::{Ctx, Result};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::projects::Project;
use crate::model::tokens::RevokedHow;
use crate::model::users::User;
use crate::store::tokens::{self, Revocation, TokenRow};
use crate::store::{member_tokens, token_lists};

/// What becomes of the living tokens of whoever comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnReturn {
    /// They work on, or again.
    Keep,
    /// They are revoked; where somebody becomes a member, they are shut out of that organization.
    Revoke,
}

/// What became of them.
#[derive(Debug)]
pub struct Returned {
    /// The tokens that were living, newest first.
    pub living: Vec<TokenRow>,
    /// What was done with all of them.
    pub done: OnReturn,
}

/// Lists the user's living tokens, and revokes them if that is wanted.
pub(super) fn of_user(ctx: &mut Ctx<'_>, user: Id<User>, wanted: OnReturn, how: RevokedHow) -> Result<Returned> {
    let living = token_lists::living_of_user(ctx.db, user, ctx.now)?;
    if wanted == OnReturn::Revoke {
        // With a link somebody comes as the user before they have signed in.
        let by = if how == RevokedHow::Owner { Some(user.cast()) } else { ctx.person() };
        let count = tokens::set_living_of_user_revoked(ctx.db, user, &Revocation { at: ctx.now, by, how, why: None })?;
        ctx.note(Noted { how: Some(how), count: Some(count), ..Noted::user(Act::TokenRevoked, user) });
    }
    Ok(Returned { living, done: wanted })
}

/// Lists the project's living tokens, and revokes them if that is wanted.
pub(super) fn of_project(ctx: &mut Ctx<'_>, project: Id<Project>, wanted: OnReturn, how: RevokedHow) -> Result<Returned> {
    let living = token_lists::living_of_project(ctx.db, project, ctx.now)?;
    if wanted == OnReturn::Revoke {
        let revocation = Revocation { at: ctx.now, by: ctx.person(), how, why: None };
        let count = tokens::set_living_of_project_revoked(ctx.db, project, &revocation)?;
        ctx.note(Noted { project: Some(project), how: Some(how), count: Some(count), ..Noted::of(Act::TokenRevoked) });
    }
    Ok(Returned { living, done: wanted })
}

/// Lists those of the user's living tokens that are not shut out of the organization, and shuts them out if that is wanted: elsewhere they are
/// the person's own.
pub(super) fn of_member(ctx: &mut Ctx<'_>, organization: Id<Organization>, user: Id<User>, wanted: OnReturn) -> Result<Returned> {
    let rows = member_tokens::of_member(ctx.db, organization, user, ctx.now)?;
    let living: Vec<TokenRow> = rows.into_iter().filter(|row| row.shut_out.at.is_none()).map(|row| row.token).collect();
    if wanted == OnReturn::Revoke {
        let by = ctx.person();
        let chains: HashSet<_> = living.iter().map(|token| token.chain_id).collect();
        for chain in chains {
            member_tokens::shut_out(ctx.db, (organization, chain), ctx.now, by, None)?;
            ctx.note(Noted { organization: Some(organization), token: Some(chain), ..Noted::user(Act::TokenShutOut, user) });
        }
    }
    Ok(Returned { living, done: wanted })
}
