//! Invitations: links by which somebody becomes a member of an organization, single use, seven days.
//! Members themselves are in `members`.

use super::audit::{Act, Noted};
use super::error::refuse;
use super::members::may_give;
use super::permissions::Capability;
use super::returns::{self, OnReturn};
use super::sessions::{self, Browser, Opened, new_secret};
use super::{Ctx, Error, Result, users};
use crate::model::draft::{Field, Text};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::problems::{Problem, Problems};
use crate::model::roles::Role;
use crate::model::secrets::{HashedSecret, Secret};
use crate::model::sessions::Invitation;
use crate::model::time::Span;
use crate::model::users::{Email, User};
use crate::store::invitations::{self as store, InvitationRow, NewInvitation};
use crate::store::tokens::TokenRow;
use crate::store::{members, organizations, token_lists, users as user_store};

/// How long an invitation holds.
pub const HOLDS: Span = Span::days(7);

/// Makes an invitation; the secret is the end of its link, shown now and never again. One for an address is for that address alone.
pub fn create(
    ctx: &mut Ctx<'_>,
    organization: Id<Organization>,
    email: &Field<Text>,
    role: Option<Role>,
) -> Result<(InvitationRow, Secret)> {
    let reach = ctx.organization(Capability::ManageMembers, organization)?;
    let mut problems = Problems::new();
    let blank = matches!(email, Field::Absent | Field::Null) || matches!(email, Field::Value(Text::Sound(text)) if text.trim().is_empty());
    let email = if blank { None } else { problems.take("email", Email::parse(email)) };
    if role.is_none() {
        problems.add("role", Problem::NotIncluded);
    }
    if let Some(email) = &email
        && let Some(user) = user_store::by_email(ctx.db, email)?
        && members::role(ctx.db, reach.id, user.id)?.is_some()
    {
        problems.add("email", Problem::Taken);
    }
    refuse(problems)?;
    let Some(role) = role else { return Err(Error::Internal("a role without problems is missing".to_owned())) };
    if !may_give(reach.role, role) {
        return Err(Error::Forbidden);
    }
    // A session alone shall not bring somebody else in.
    sessions::require_fresh(ctx)?;
    let secret = new_secret(ctx);
    let id = ctx.new_id();
    let new = NewInvitation {
        id,
        digest: secret.hashed(),
        organization: reach.id,
        email: email.as_ref().map(Email::as_str),
        role,
        created_by: ctx.person(),
    };
    store::insert(ctx.db, &new, ctx.now)?;
    ctx.note(Noted { organization: Some(reach.id), role: Some(role), ..Noted::of(Act::InvitationMade) });
    let row = store::by_id(ctx.db, id)?.ok_or_else(|| Error::Internal(format!("invitation {id} is gone within its transaction")))?;
    Ok((row, secret))
}

/// The organization's invitations that nobody has used and that still hold, newest first.
pub fn list(ctx: &mut Ctx<'_>, organization: Id<Organization>) -> Result<Vec<InvitationRow>> {
    let reach = ctx.organization(Capability::ManageMembers, organization)?;
    let since = ctx.now.minus(HOLDS);
    Ok(store::of_organization(ctx.db, reach.id, since)?)
}

/// Takes an invitation back; `NotFound` when it has been used or withdrawn.
pub fn withdraw(ctx: &mut Ctx<'_>, organization: Id<Organization>, id: Id<Invitation>) -> Result<()> {
    let reach = ctx.organization(Capability::ManageMembers, organization)?;
    let invitation = store::by_id(ctx.db, id)?.filter(|row| row.organization_id == reach.id).ok_or(Error::NotFound)?;
    if !may_give(reach.role, invitation.role) {
        return Err(Error::Forbidden);
    }
    if store::delete(ctx.db, id)? == 0 {
        return Err(Error::NotFound);
    }
    ctx.note(Noted { organization: Some(reach.id), role: Some(invitation.role), ..Noted::of(Act::InvitationWithdrawn) });
    Ok(())
}

/// The invitation, while it holds; `NotFound` afterwards, and when whoever made it may no longer give that role.
pub fn find(ctx: &mut Ctx<'_>, digest: &HashedSecret) -> Result<InvitationRow> {
    ctx.allow(Capability::SignIn)?;
    let invitation = store::by_digest(ctx.db, digest)?.ok_or(Error::NotFound)?;
    let made_by_command = invitation.created_by.is_none();
    let may_still = made_by_command || invitation.maker_role.is_some_and(|own| may_give(own, invitation.role));
    if !ctx.now.is_within(HOLDS, invitation.created_at) || !may_still { Err(Error::NotFound) } else { Ok(invitation) }
}

/// The invitation, and the living tokens of the signed-in caller, newest first: those would reach the organization too.
pub fn look(ctx: &mut Ctx<'_>, digest: &HashedSecret) -> Result<(InvitationRow, Vec<TokenRow>)> {
    let invitation = find(ctx, digest)?;
    let living = match ctx.session().map(|session| session.user_id) {
        Some(user) => token_lists::living_of_user(ctx.db, user, ctx.now)?,
        None => Vec::new(),
    };
    Ok((invitation, living))
}

/// Makes the signed-in caller a member, and keeps the caller's living tokens out of the organization where that is wanted.
pub fn accept(ctx: &mut Ctx<'_>, digest: &HashedSecret, tokens: OnReturn) -> Result<InvitationRow> {
    let invitation = find(ctx, digest)?;
    let session = ctx.session().ok_or(Error::Unauthenticated)?;
    let (user, own) = (session.user_id, session.email.clone());
    if invitation.email.as_ref().is_some_and(|email| !Email::are_same(email, &own)) {
        return Err(Error::Conflict("This invitation is for another e-mail address. Sign out, and open the link again"));
    }
    join(ctx, digest, &invitation, user)?;
    returns::of_member(ctx, invitation.organization_id, user, tokens)?;
    Ok(invitation)
}

fn join(ctx: &mut Ctx<'_>, digest: &HashedSecret, invitation: &InvitationRow, user: Id<User>) -> Result<()> {
    organizations::lock(ctx.db, invitation.organization_id)?;
    // Judged again behind the lock: its maker may have been removed while this waited.
    find(ctx, digest)?;
    if store::delete(ctx.db, invitation.id)? == 0 {
        return Err(Error::NotFound);
    }
    if members::role(ctx.db, invitation.organization_id, user)?.is_some() {
        return Err(Error::Conflict("You are a member of this organization already"));
    }
    members::insert(ctx.db, invitation.organization_id, user, invitation.role, ctx.now)?;
    let (organization, role) = (Some(invitation.organization_id), Some(invitation.role));
    ctx.note(Noted { organization, role, ..Noted::user(Act::MemberAdded, user) });
    Ok(())
}

/// Begins a session for the user, whose password has been found to fit `hash`, and makes them a member. `Unauthenticated` when it has been changed
/// meanwhile.
pub fn accept_by_password(ctx: &mut Ctx<'_>, digest: &HashedSecret, user: Id<User>, hash: &str, browser: &Browser) -> Result<Opened> {
    let invitation = find(ctx, digest)?;
    if let Some(email) = &invitation.email {
        let email = Email::typed(&Field::Value(Text::Sound(email.clone()))).map_err(|problem| Error::invalid("email", problem))?;
        if user_store::by_email(ctx.db, &email)?.is_none_or(|row| row.id != user) {
            return Err(Error::Unauthenticated);
        }
    }
    let opened = sessions::open(ctx, user, hash, browser)?;
    join(ctx, digest, &invitation, user)?;
    Ok(opened)
}

/// Makes a user, whose password has been hashed before, a member, and begins the user's session.
pub fn accept_as_new(
    ctx: &mut Ctx<'_>,
    digest: &HashedSecret,
    (name, email): (&Field<Text>, &Field<Text>),
    hash: &str,
    browser: &Browser,
) -> Result<(InvitationRow, Opened)> {
    let invitation = find(ctx, digest)?;
    let fixed = invitation.email.clone().map(|email| Field::Value(Text::Sound(email)));
    let user = users::make(ctx, name, fixed.as_ref().unwrap_or(email), Some(hash))?;
    join(ctx, digest, &invitation, user.id)?;
    let opened = sessions::begin(ctx, user.id, browser)?;
    Ok((invitation, opened))
}
