//! Members: added, given another role, removed; there is always an owner.
//! Users themselves are in `users`.

use std::collections::HashSet;

use super::audit::{Act, Noted};
use super::permissions::Capability;
use super::reach::OrganizationReach;
use super::returns::{self, OnReturn, Returned};
use super::tokens::{Extent, revoke_row};
use super::{Ctx, Error, Result, sessions};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::pages::Page;
use crate::model::problems::Problem;
use crate::model::roles::Role;
use crate::model::text::Reason;
use crate::model::tokens::{RevokedHow, Token};
use crate::model::users::User;
use crate::store::members::{self as store, MemberRow, SeenRow};
use crate::store::tokens::TokenRow;
use crate::store::{organizations, tokens};

const LAST_OWNER: &str = "The last owner of an organization cannot leave or be lowered";

/// A page of the organization's members, by name, and how many there are in all.
pub fn list(ctx: &mut Ctx<'_>, organization: Id<Organization>, page: Page) -> Result<(Vec<MemberRow>, i64)> {
    let reach = ctx.organization(Capability::ReadMembers, organization)?;
    Ok((store::of_organization(ctx.db, reach.id, page)?, store::count(ctx.db, reach.id)?))
}

/// One of the organization's members.
pub fn one(ctx: &mut Ctx<'_>, organization: Id<Organization>, user: Id<User>) -> Result<MemberRow> {
    let reach = ctx.organization(Capability::ReadMembers, organization)?;
    store::by_id(ctx.db, reach.id, user)?.ok_or(Error::NotFound)
}

/// A member, and what the caller may do with them.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a right of its own")]
pub struct Listed {
    /// Who, and as what.
    pub member: MemberRow,
    /// What only those see who look after the organization.
    pub seen: Option<SeenRow>,
    /// The roles that the caller may give them; none where the caller has no say, or they are the last owner.
    pub roles: Vec<Role>,
    /// Whether the caller may end the membership.
    pub removable: bool,
    /// Whether it is the caller's own, and there is another owner to stay.
    pub leavable: bool,
    /// Whether the caller may make a link by which they set a new password.
    pub resettable: bool,
    /// Whether there is no other owner.
    pub last_owner: bool,
    /// Whether the caller sees their tokens: nobody does of somebody above the own role.
    pub tokens_seen: bool,
}

/// A page of the organization's members, by name, each with what the caller may do, and how many there are in all.
pub fn roster(ctx: &mut Ctx<'_>, organization: Id<Organization>, page: Page) -> Result<(Vec<Listed>, i64)> {
    let (rows, total) = list(ctx, organization, page)?;
    let reach = ctx.organization(Capability::ReadMembers, organization)?;
    let looks_after = Capability::ManageMembers.is_for(reach.role);
    let mut seen = if looks_after { store::seen(ctx.db, reach.id, ctx.user(), page, ctx.now)? } else { Vec::new() };
    let one_owner = store::owners(ctx.db, reach.id)? == 1;
    let caller = ctx.user();
    let listed = rows.into_iter().map(|member| {
        let seen = seen.iter().position(|row| row.id == member.id).map(|at| seen.swap_remove(at));
        let own = caller == Some(member.id);
        let last_owner = one_owner && member.role == Role::Owner;
        let changed = |to: Option<Role>| looks_after && !last_owner && allows(reach.role, Some(member.role), to);
        let roles = Role::ALL.iter().copied().filter(|role| changed(Some(*role))).collect();
        let (removable, leavable) = (!own && changed(None), own && !last_owner);
        let tokens_seen = looks_after && member.role <= reach.role;
        let owned = reach.role == Role::Owner && seen.as_ref().is_some_and(|row| row.beyond == 0 && row.disabled_at.is_none());
        Listed { roles, removable, leavable, resettable: owned && !own, last_owner, tokens_seen, seen, member }
    });
    Ok((listed.collect(), total))
}

/// The roles in which the caller may bring somebody into the organization: none for who may not.
pub fn roles_to_give(own: Role) -> Vec<Role> {
    Role::ALL.iter().copied().filter(|role| may_give(own, *role)).collect()
}

/// Whether a member of role `own` may make somebody a member of role `given`, or take that role away: below one's own, and owners all.
pub fn may_give(own: Role, given: Role) -> bool {
    if given == Role::Owner || own == Role::Owner {
        return Capability::ManageOwners.is_for(own);
    }
    Capability::ManageMembers.is_for(own) && given < own
}

/// Whether somebody with the role `own` may turn a member of role `from` into one of role `to`: the higher of both must be theirs to give.
fn allows(own: Role, from: Option<Role>, to: Option<Role>) -> bool {
    from.max(to).is_none_or(|highest| may_give(own, highest))
}

fn may_change(reach: OrganizationReach, from: Option<Role>, to: Option<Role>) -> Result<()> {
    if allows(reach.role, from, to) { Ok(()) } else { Err(Error::Forbidden) }
}

/// Makes the user a member.
pub fn add(ctx: &mut Ctx<'_>, organization: Id<Organization>, user: Id<User>, role: Role) -> Result<()> {
    let reach = ctx.organization(Capability::ManageMembers, organization)?;
    organizations::lock(ctx.db, reach.id)?;
    // Somebody may have lowered the caller until the lock was there.
    let reach = ctx.organization(Capability::ManageMembers, reach.id)?;
    may_change(reach, None, Some(role))?;
    if store::role(ctx.db, reach.id, user)?.is_some() {
        return Err(Error::invalid("user", Problem::Taken));
    }
    store::insert(ctx.db, reach.id, user, role, ctx.now)?;
    ctx.note(Noted { organization: Some(reach.id), role: Some(role), ..Noted::user(Act::MemberAdded, user) });
    Ok(())
}

/// As [`add`]; what of the user's living tokens reaches the organization from now on is told, or shut out of it.
pub fn add_with_tokens(
    ctx: &mut Ctx<'_>,
    organization: Id<Organization>,
    user: Id<User>,
    role: Role,
    tokens: OnReturn,
) -> Result<Returned> {
    add(ctx, organization, user, role)?;
    returns::of_member(ctx, organization, user, tokens)
}

/// The member's role, behind the lock that keeps two owners from leaving at once.
fn locked_role(ctx: &mut Ctx<'_>, reach: OrganizationReach, user: Id<User>) -> Result<Role> {
    organizations::lock(ctx.db, reach.id)?;
    store::role(ctx.db, reach.id, user)?.ok_or(Error::NotFound)
}

fn not_the_last_owner(ctx: &mut Ctx<'_>, reach: OrganizationReach, role: Role) -> Result<()> {
    if role == Role::Owner && store::owners(ctx.db, reach.id)? == 1 {
        return Err(Error::Conflict(LAST_OWNER));
    }
    Ok(())
}

/// Gives the member another role.
pub fn set_role(ctx: &mut Ctx<'_>, organization: Id<Organization>, user: Id<User>, role: Role) -> Result<()> {
    let reach = ctx.organization(Capability::ManageMembers, organization)?;
    let old = locked_role(ctx, reach, user)?;
    // Somebody may have lowered the caller until the lock was there.
    let reach = ctx.organization(Capability::ManageMembers, reach.id)?;
    may_change(reach, Some(old), Some(role))?;
    if role < old {
        not_the_last_owner(ctx, reach, old)?;
    }
    // Whoever is made an owner could take all of it, the maker's own role as well; whoever is made an admin, bring in others.
    if role > old && role >= Role::Admin {
        sessions::require_fresh(ctx)?;
    }
    store::set_role(ctx.db, reach.id, user, role)?;
    if role != old {
        ctx.note(Noted { organization: Some(reach.id), role: Some(role), ..Noted::user(Act::RoleChanged, user) });
    }
    Ok(())
}

/// As [`set_role`], by the role's word.
pub fn set_role_named(ctx: &mut Ctx<'_>, organization: Id<Organization>, user: Id<User>, word: &str) -> Result<()> {
    // Whoever has no say hears that, and not that there is no such role.
    ctx.organization(Capability::ManageMembers, organization)?;
    let role = Role::from_word(word).ok_or_else(|| Error::invalid("role", Problem::NotIncluded))?;
    set_role(ctx, organization, user, role)
}

/// The organization, if the caller may end this membership of another.
fn removing(ctx: &mut Ctx<'_>, organization: Id<Organization>, user: Id<User>) -> Result<OrganizationReach> {
    let reach = ctx.organization(Capability::ManageMembers, organization)?;
    let role = store::role(ctx.db, reach.id, user)?.ok_or(Error::NotFound)?;
    may_change(reach, Some(role), None)?;
    Ok(reach)
}

/// The organization that the caller belongs to, and who that is.
fn leaving(ctx: &mut Ctx<'_>, organization: Id<Organization>) -> Result<(OrganizationReach, Id<User>)> {
    let reach = ctx.organization(Capability::LeaveOrganization, organization)?;
    Ok((reach, ctx.user().ok_or(Error::Forbidden)?))
}

/// Ends another's membership. The answer lists the living project tokens that the member made, which live on: they belong to their projects.
pub fn remove(ctx: &mut Ctx<'_>, organization: Id<Organization>, user: Id<User>) -> Result<Vec<TokenRow>> {
    let reach = removing(ctx, organization, user)?;
    organizations::lock(ctx.db, reach.id)?;
    // Somebody may have raised the member, or lowered the caller, until the lock was there.
    let reach = removing(ctx, organization, user)?;
    end(ctx, reach, user)?;
    Ok(tokens::living_made_by(ctx.db, reach.id, user.cast(), ctx.now)?)
}

/// Ends a membership, after the right to do so has been judged.
fn end(ctx: &mut Ctx<'_>, reach: OrganizationReach, user: Id<User>) -> Result<()> {
    let role = locked_role(ctx, reach, user)?;
    not_the_last_owner(ctx, reach, role)?;
    store::delete(ctx.db, reach.id, user)?;
    ctx.note(Noted { organization: Some(reach.id), ..Noted::user(Act::MemberRemoved, user) });
    Ok(())
}

/// What the end of a membership leaves behind.
#[derive(Debug, Clone)]
pub struct Removal {
    /// Whose membership.
    pub member: MemberRow,
    /// The living project tokens that they made, of each chain the newest.
    pub tokens: Vec<TokenRow>,
    /// Whether the caller may revoke those.
    pub revocable: bool,
}

/// What the end of another's membership would leave behind.
pub fn removal(ctx: &mut Ctx<'_>, organization: Id<Organization>, user: Id<User>) -> Result<Removal> {
    let reach = removing(ctx, organization, user)?;
    what_is_left(ctx, reach, user)
}

/// What the end of one's own membership would leave behind.
pub fn own_removal(ctx: &mut Ctx<'_>, organization: Id<Organization>) -> Result<Removal> {
    let (reach, user) = leaving(ctx, organization)?;
    what_is_left(ctx, reach, user)
}

fn what_is_left(ctx: &mut Ctx<'_>, reach: OrganizationReach, user: Id<User>) -> Result<Removal> {
    let member = store::by_id(ctx.db, reach.id, user)?.ok_or(Error::NotFound)?;
    not_the_last_owner(ctx, reach, member.role)?;
    let tokens = left_by(ctx, reach, user)?;
    Ok(Removal { member, tokens, revocable: Capability::ManageProjectTokens.is_for(reach.role) })
}

/// Of each chain the newest, since all of a chain is revoked at once.
fn left_by(ctx: &mut Ctx<'_>, reach: OrganizationReach, user: Id<User>) -> Result<Vec<TokenRow>> {
    let mut living = tokens::living_made_by(ctx.db, reach.id, user.cast(), ctx.now)?;
    let replaced: HashSet<_> = living.iter().filter_map(|token| token.predecessor_id).collect();
    let mut chains = HashSet::new();
    living.retain(|token| !replaced.contains(&token.id) && chains.insert(token.chain_id));
    Ok(living)
}

/// The project tokens of somebody who goes: those that whoever ends the membership was shown, and of these those to be revoked.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// What was shown.
    pub shown: Vec<Id<Token>>,
    /// What was chosen.
    pub revoked: Vec<Id<Token>>,
}

/// Ends another's membership and revokes those of the member's project tokens that were chosen, each with its chain. The answer is how many
/// chains live on. `Stale` when the member has made one that was not shown.
pub fn remove_with_tokens(ctx: &mut Ctx<'_>, organization: Id<Organization>, user: Id<User>, choice: &Choice) -> Result<usize> {
    let reach = removing(ctx, organization, user)?;
    organizations::lock(ctx.db, reach.id)?;
    let reach = removing(ctx, organization, user)?;
    let left = revoke_chosen(ctx, reach, user, choice)?;
    end(ctx, reach, user)?;
    Ok(left)
}

/// As [`remove_with_tokens`], of the caller's own membership.
pub fn leave(ctx: &mut Ctx<'_>, organization: Id<Organization>, choice: &Choice) -> Result<usize> {
    let (reach, user) = leaving(ctx, organization)?;
    organizations::lock(ctx.db, reach.id)?;
    let left = revoke_chosen(ctx, reach, user, choice)?;
    end(ctx, reach, user)?;
    Ok(left)
}

fn revoke_chosen(ctx: &mut Ctx<'_>, reach: OrganizationReach, user: Id<User>, choice: &Choice) -> Result<usize> {
    let living = left_by(ctx, reach, user)?;
    if living.iter().any(|token| !choice.shown.contains(&token.id)) {
        return Err(Error::Stale);
    }
    let (revoked, left): (Vec<_>, Vec<_>) = living.iter().partition(|token| choice.revoked.contains(&token.id));
    if !revoked.is_empty() {
        ctx.organization(Capability::ManageProjectTokens, reach.id)?;
    }
    for token in revoked {
        revoke_row(ctx, token, Extent::Chain, RevokedHow::Admin, &Reason::default())?;
    }
    Ok(left.len())
}
