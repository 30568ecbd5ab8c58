//! A token of one of an organization's members, as those see and revoke it who look after the organization.
//! Lists of tokens are in `token_settings`; what revoking does to a token is in `tokens`.

use super::error::refuse;
use super::permissions::Capability;
use super::tokens::{self, Extent};
use super::{Ctx, Error, Result};
use crate::model::draft::{Field, Text};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::problems::Problems;
use crate::model::text::Reason;
use crate::model::tokens::{RevokedHow, Token};
use crate::store::tokens::{self as store, TokenRow};
use crate::store::{members, token_lists};

/// A personal token of a member. `NotFound` for all others, a project's included.
pub fn one(ctx: &mut Ctx<'_>, organization: Id<Organization>, id: Id<Token>) -> Result<TokenRow> {
    let reach = ctx.organization(Capability::RevokeMembersTokens, organization)?;
    let token = store::by_id(ctx.db, id)?.ok_or(Error::NotFound)?;
    let user = token.user_id.ok_or(Error::NotFound)?;
    members::role(ctx.db, reach.id, user)?.ok_or(Error::NotFound)?;
    Ok(token)
}

/// How many other tokens of its chain could still be used.
pub fn others_in_chain(ctx: &mut Ctx<'_>, organization: Id<Organization>, id: Id<Token>) -> Result<usize> {
    let token = one(ctx, organization, id)?;
    let chain = token_lists::of_chain(ctx.db, token.chain_id, ctx.now, super::token_settings::MOST_SHOWN)?;
    Ok(chain.iter().filter(|other| other.id != id && super::token_settings::State::of(other, ctx.now).works()).count())
}

/// Revokes a member's personal token, or all of its chain, for a reason that its user reads.
pub fn revoke(ctx: &mut Ctx<'_>, organization: Id<Organization>, id: Id<Token>, extent: Extent, why: &Field<Text>) -> Result<TokenRow> {
    let token = one(ctx, organization, id)?;
    let mut problems = Problems::new();
    let why = problems.take("reason", Reason::parse(why));
    refuse(problems)?;
    let how = if token.user_id == ctx.user() { RevokedHow::Owner } else { RevokedHow::Admin };
    tokens::revoke_row(ctx, &token, extent, how, &why.unwrap_or_default())
}
