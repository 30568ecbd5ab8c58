//! Links by which somebody who has forgotten the password sets a new one: single use, one hour.
//! Who knows the password changes it in `accounts`.

use super::audit::{Act, Noted};
use super::organizations::command_only;
use super::permissions::Capability;
use super::returns::{self, OnReturn, Returned};
use super::sessions::{self, Browser, Opened, new_secret};
use super::{Ctx, Error, Result};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::roles::Role;
use crate::model::secrets::{HashedSecret, Secret};
use crate::model::time::Span;
use crate::model::tokens::RevokedHow;
use crate::model::users::User;
use crate::store::sessions::{self as store, ResetLink};
use crate::store::tokens::TokenRow;
use crate::store::{members, organizations, token_lists, users};

/// How long a link holds.
pub const HOLDS: Span = Span::seconds(3_600);

/// Makes a link for a member, as an owner. It takes the place of an earlier one.
///
/// `Conflict` when the member belongs to an organization that the caller does not own: a link opens the whole account, so that otherwise the
/// owner of one organization could come into another.
pub fn make(ctx: &mut Ctx<'_>, organization: Id<Organization>, user: Id<User>) -> Result<Secret> {
    let reach = ctx.organization(Capability::ManageOwners, organization)?;
    members::role(ctx.db, reach.id, user)?.ok_or(Error::NotFound)?;
    // One's own password is changed by whoever knows it; a session alone shall not be enough, neither here nor there.
    if ctx.user() == Some(user) {
        return Err(Error::Conflict("Change your own password in your account's settings"));
    }
    sessions::require_fresh(ctx)?;
    if !may_make(ctx, user)? {
        return Err(Error::Conflict(
            "This member also belongs to an organization that you do not own. Whoever runs the server can make a link",
        ));
    }
    insert(ctx, user)
}

/// Whether the caller owns every organization that the user belongs to.
pub fn may_make(ctx: &mut Ctx<'_>, user: Id<User>) -> Result<bool> {
    let own = ctx.organizations(Capability::ManageOwners)?;
    let theirs = organizations::of_user(ctx.db, user)?;
    Ok(theirs.iter().all(|one| own.iter().any(|owned| owned.id == one.id && owned.role == Role::Owner)))
}

/// Makes a link for the user, as a command.
pub fn make_by_command(ctx: &mut Ctx<'_>, user: Id<User>) -> Result<Secret> {
    command_only(ctx)?;
    insert(ctx, user)
}

fn insert(ctx: &mut Ctx<'_>, user: Id<User>) -> Result<Secret> {
    let secret = new_secret(ctx);
    let by = ctx.person();
    store::set_reset_link(ctx.db, user, &secret.hashed(), by, ctx.now)?;
    ctx.note(Noted::user(Act::ResetLinkMade, user));
    Ok(secret)
}

/// Whether whoever made the link may still make it: a command may always, a person while they own all that its user belongs to.
fn is_still_right(ctx: &mut Ctx<'_>, link: &ResetLink) -> Result<bool> {
    let Some(maker) = link.created_by.map(Id::cast::<User>) else { return Ok(true) };
    if !users::is_enabled(ctx.db, maker)? {
        return Ok(false);
    }
    for organization in organizations::of_user(ctx.db, link.user_id)? {
        if members::role(ctx.db, organization.id, maker)? != Some(Role::Owner) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The link, while it holds and its maker could make it still; `NotFound` afterwards.
pub fn find(ctx: &mut Ctx<'_>, digest: &HashedSecret) -> Result<ResetLink> {
    ctx.allow(Capability::SignIn)?;
    let link = store::reset_link(ctx.db, digest)?.ok_or(Error::NotFound)?;
    let over = !ctx.now.is_within(HOLDS, link.created_at) || link.disabled_at.is_some();
    if over || !is_still_right(ctx, &link)? { Err(Error::NotFound) } else { Ok(link) }
}

/// The link, and the living tokens of its user, newest first: whoever has it decides what becomes of them.
pub fn look(ctx: &mut Ctx<'_>, digest: &HashedSecret) -> Result<(ResetLink, Vec<TokenRow>)> {
    let link = find(ctx, digest)?;
    let living = token_lists::living_of_user(ctx.db, link.user_id, ctx.now)?;
    Ok((link, living))
}

/// Sets the password, hashed before, ends all of the user's sessions, revokes the living tokens or keeps them, and begins a session. The link
/// is gone.
pub fn spend(ctx: &mut Ctx<'_>, digest: &HashedSecret, hash: &str, tokens: OnReturn, browser: &Browser) -> Result<(Opened, Returned)> {
    let link = find(ctx, digest)?;
    if store::take_reset_link(ctx.db, digest)? == 0 {
        return Err(Error::NotFound);
    }
    users::set_password(ctx.db, link.user_id, hash)?;
    ctx.note(Noted::user(Act::PasswordChanged, link.user_id));
    store::delete_others(ctx.db, link.user_id, None)?;
    store::forget_devices(ctx.db, link.user_id)?;
    let returned = returns::of_user(ctx, link.user_id, tokens, RevokedHow::Owner)?;
    Ok((sessions::begin(ctx, link.user_id, browser)?, returned))
}
