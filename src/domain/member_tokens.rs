//! Tokens of an organization's members, as those see them who look after the organization, and shutting one out of it.
//! What a token's owner does with it is in `token_settings`; that a shut-out token does not reach the organization is judged where its
//! membership is read.

use super::audit::{Act, Noted};
use super::ctx::is_within;
use super::error::refuse;
use super::permissions::Capability;
use super::reach::OrganizationReach;
use super::token_settings::State;
use super::{Ctx, Error, Result, sessions};
use crate::model::draft::{Field, Text};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::pages::Page;
use crate::model::problems::Problems;
use crate::model::text::Reason;
use crate::model::time::Time;
use crate::model::tokens::Token;
use crate::store::database::Connection;
use crate::store::member_tokens::{self as store, MemberTokenRow};
use crate::store::organizations;
use crate::store::tokens::TokenRow;

/// So far the tokens of an organization's members are counted.
pub const MOST_COUNTED: i64 = 10_000;

/// A member's token.
#[derive(Debug, Clone)]
pub struct MemberToken {
    /// The token; its last use is the last one that reached the organization.
    pub token: TokenRow,
    /// What became of it.
    pub state: State,
    /// Whether the organization's policy keeps it out.
    pub kept_out: bool,
    /// Since when, by whom and why it is shut out.
    pub shut_out: Option<ShutOut>,
}

/// That a token, with those that were rotated from or into it, is shut out.
#[derive(Debug, Clone)]
pub struct ShutOut {
    /// Since when.
    pub at: Time,
    /// By whom; `None` is a command or a restored backup.
    pub by: Option<String>,
    /// Why, in that person's words.
    pub why: Option<String>,
}

/// The organization for whoever may shut tokens out of it. Nobody sees or shuts out tokens of people above the own role.
fn looked_after(ctx: &mut Ctx<'_>, organization: Id<Organization>) -> Result<OrganizationReach> {
    ctx.organization(Capability::ShutOutMembersTokens, organization)
}

fn seen(ctx: &mut Ctx<'_>, organization: Id<Organization>, row: MemberTokenRow) -> Result<MemberToken> {
    let longest = organizations::by_id(ctx.db, organization)?.ok_or(Error::Unreachable)?.max_token_life;
    let MemberTokenRow { token, shut_out } = row;
    let shut_out = shut_out.at.map(|at| ShutOut { at, by: shut_out.by_name, why: shut_out.why });
    Ok(MemberToken { state: State::of(&token, ctx.now), kept_out: !is_within(token.life, longest), shut_out, token })
}

/// A page of the members' living tokens, and how many there are, counted to [`MOST_COUNTED`].
pub fn list(ctx: &mut Ctx<'_>, organization: Id<Organization>, page: Page) -> Result<(Vec<MemberToken>, i64)> {
    let reach = looked_after(ctx, organization)?;
    let total = store::count(ctx.db, reach.id, reach.role, ctx.now, MOST_COUNTED)?;
    let rows = store::page(ctx.db, reach.id, reach.role, ctx.now, page)?;
    let listed: Result<Vec<_>> = rows.into_iter().map(|row| seen(ctx, reach.id, row)).collect();
    Ok((listed?, total))
}

/// A personal token of a member. `NotFound` for all others: a project's, a stranger's, one of somebody above the caller's role.
pub fn one(ctx: &mut Ctx<'_>, organization: Id<Organization>, id: Id<Token>) -> Result<MemberToken> {
    let reach = looked_after(ctx, organization)?;
    let row = store::by_id(ctx.db, reach.id, id, reach.role)?.ok_or(Error::NotFound)?;
    seen(ctx, reach.id, row)
}

/// As [`one`], behind the lock that others wait for who change the members: somebody may have raised the member, or lowered the caller.
fn locked(ctx: &mut Ctx<'_>, organization: Id<Organization>, id: Id<Token>) -> Result<MemberToken> {
    one(ctx, organization, id)?;
    organizations::lock(ctx.db, organization)?;
    one(ctx, organization, id)
}

/// Shuts a member's personal token out of the organization, and with it all that were or will be rotated from or into it, for a reason that
/// its user reads. It holds from the next request on, until [`let_in`]. Done twice it stays as it was.
pub fn shut_out(ctx: &mut Ctx<'_>, organization: Id<Organization>, id: Id<Token>, why: &Field<Text>) -> Result<()> {
    let listed = locked(ctx, organization, id)?;
    let mut problems = Problems::new();
    let why = problems.take("reason", Reason::parse(why));
    refuse(problems)?;
    let by = ctx.person();
    if store::shut_out(ctx.db, (organization, listed.token.chain_id), ctx.now, by, why.unwrap_or_default().as_deref())? > 0 {
        ctx.note(Noted { organization: Some(organization), ..Noted::token(Act::TokenShutOut, &listed.token) });
    }
    Ok(())
}

/// Lets a member's token reach the organization again. Done twice it stays as it was.
pub fn let_in(ctx: &mut Ctx<'_>, organization: Id<Organization>, id: Id<Token>) -> Result<()> {
    let listed = locked(ctx, organization, id)?;
    // A session alone shall not give a right back that somebody took away.
    sessions::require_fresh(ctx)?;
    if store::let_in(ctx.db, organization, listed.token.chain_id)? > 0 {
        ctx.note(Noted { organization: Some(organization), ..Noted::token(Act::TokenLetIn, &listed.token) });
    }
    Ok(())
}

/// When and from where a token last reached an organization.
#[derive(Debug, Clone)]
pub struct Reached {
    /// Which organization.
    pub organization: Id<Organization>,
    /// Which token.
    pub token: Id<Token>,
    /// When.
    pub at: Time,
    /// From which address.
    pub from: String,
}

/// Writes down uses that were kept in memory.
pub fn record_uses(db: &mut Connection, uses: &[Reached]) -> Result<()> {
    for used in uses {
        store::set_used(db, used.organization, used.token, used.at, &used.from)?;
    }
    Ok(())
}
