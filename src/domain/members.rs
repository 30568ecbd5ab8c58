//! Members: added, given another role, removed; there is always an owner.
//! Users themselves are in `users`.

use super::permissions::Capability;
use super::reach::OrganizationReach;
use super::{Ctx, Error, Result};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::pages::Page;
use crate::model::problems::Problem;
use crate::model::roles::Role;
use crate::model::users::User;
use crate::store::members::{self as store, MemberRow};
use crate::store::tokens::TokenRow;
use crate::store::{organizations, tokens};

/// A page of the organization's members, by name, and how many there are in all.
pub fn list(ctx: &mut Ctx<'_>, organization: Id<Organization>, page: Page) -> Result<(Vec<MemberRow>, i64)> {
    let reach = ctx.organization(Capability::ReadMembers, organization)?;
    Ok((store::of_organization(ctx.db, reach.id, page)?, store::count(ctx.db, reach.id)?))
}

/// Whether the caller may turn a member of role `from` into one of role `to`: both below one's own, and owners are made and removed by owners.
fn may_change(ctx: &mut Ctx<'_>, reach: OrganizationReach, from: Option<Role>, to: Option<Role>) -> Result<()> {
    let highest = from.max(to);
    if highest == Some(Role::Owner) {
        ctx.organization(Capability::ManageOwners, reach.id)?;
        return Ok(());
    }
    if highest.is_some_and(|role| role >= reach.role && reach.role != Role::Owner) { Err(Error::Forbidden) } else { Ok(()) }
}

/// Makes the user a member.
pub fn add(ctx: &mut Ctx<'_>, organization: Id<Organization>, user: Id<User>, role: Role) -> Result<()> {
    let reach = ctx.organization(Capability::ManageMembers, organization)?;
    may_change(ctx, reach, None, Some(role))?;
    organizations::lock(ctx.db, reach.id)?;
    if store::role(ctx.db, reach.id, user)?.is_some() {
        return Err(Error::invalid("user", Problem::Taken));
    }
    Ok(store::insert(ctx.db, reach.id, user, role, ctx.now)?)
}

/// The member's role, behind the lock that keeps two owners from leaving at once.
fn locked_role(ctx: &mut Ctx<'_>, reach: OrganizationReach, user: Id<User>) -> Result<Role> {
    organizations::lock(ctx.db, reach.id)?;
    store::role(ctx.db, reach.id, user)?.ok_or(Error::NotFound)
}

fn not_the_last_owner(ctx: &mut Ctx<'_>, reach: OrganizationReach, role: Role) -> Result<()> {
    if role == Role::Owner && store::owners(ctx.db, reach.id)? == 1 {
        return Err(Error::Conflict("The last owner of an organization cannot leave or be lowered"));
    }
    Ok(())
}

/// Gives the member another role.
pub fn set_role(ctx: &mut Ctx<'_>, organization: Id<Organization>, user: Id<User>, role: Role) -> Result<()> {
    let reach = ctx.organization(Capability::ManageMembers, organization)?;
    let old = locked_role(ctx, reach, user)?;
    may_change(ctx, reach, Some(old), Some(role))?;
    if role < old {
        not_the_last_owner(ctx, reach, old)?;
    }
    Ok(store::set_role(ctx.db, reach.id, user, role)?)
}

/// Ends the membership. The answer lists the project tokens that the member made, which live on: they belong to their projects.
pub fn remove(ctx: &mut Ctx<'_>, organization: Id<Organization>, user: Id<User>) -> Result<Vec<TokenRow>> {
    let reach = ctx.organization(Capability::ManageMembers, organization)?;
    let old = locked_role(ctx, reach, user)?;
    may_change(ctx, reach, Some(old), None)?;
    not_the_last_owner(ctx, reach, old)?;
    store::delete(ctx.db, reach.id, user)?;
    let made = tokens::made_by(ctx.db, reach.id, user.cast())?;
    Ok(made.into_iter().filter(|token| token.revoked_at.is_none()).collect())
}
