//! Users: made, shut out and let in again, their passwords.
//! What they are members of is in `members`.

use super::audit::{Act, Noted};
use super::error::refuse;
use super::organizations::command_only;
use super::returns::{self, OnReturn, Returned};
use super::{Ctx, Error, Result};
use crate::model::draft::{Field, Text};
use crate::model::id::Id;
use crate::model::problems::{Problem, Problems};
use crate::model::text::Name;
use crate::model::tokens::RevokedHow;
use crate::model::users::{Email, User};
use crate::store::database::Error as StoreError;
use crate::store::users::{self as store, UserRow};
use crate::store::{sessions, setup};

/// Makes a user; the password has been hashed before, outside of any transaction.
pub fn create(ctx: &mut Ctx<'_>, name: &Field<Text>, email: &Field<Text>, password_hash: Option<&str>) -> Result<UserRow> {
    command_only(ctx)?;
    make(ctx, name, email, password_hash)
}

/// Makes a user, for whoever has been found to be allowed to.
pub(super) fn make(ctx: &mut Ctx<'_>, name: &Field<Text>, email: &Field<Text>, password_hash: Option<&str>) -> Result<UserRow> {
    let mut problems = Problems::new();
    let name = problems.take("name", Name::parse(name));
    let email = problems.take("email", Email::parse(email));
    if let Some(email) = &email
        && store::by_email(ctx.db, email)?.is_some()
    {
        problems.add("email", Problem::Taken);
    }
    refuse(problems)?;
    let (Some(name), Some(email)) = (name, email) else {
        return Err(Error::Internal("a draft without problems is missing".to_owned()));
    };
    // From the first user on nobody comes in by the code of the first run.
    setup::delete_code(ctx.db)?;
    let id = ctx.new_id();
    store::insert(ctx.db, id, name.as_str(), &email, password_hash, ctx.now).map_err(|error| match error {
        StoreError::Unique(_) => Error::invalid("email", Problem::Taken),
        error => error.into(),
    })?;
    ctx.note(Noted::user(Act::UserMade, id));
    store::by_email(ctx.db, &email)?.ok_or_else(|| Error::Internal("a user is gone within the transaction".to_owned()))
}

/// The user with this address, for commands; `NotFound` when there is none.
pub fn by_email(ctx: &mut Ctx<'_>, email: &Email) -> Result<UserRow> {
    command_only(ctx)?;
    store::by_email(ctx.db, email)?.ok_or(Error::NotFound)
}

/// All users, for commands.
pub fn all(ctx: &mut Ctx<'_>) -> Result<Vec<UserRow>> {
    command_only(ctx)?;
    Ok(store::all(ctx.db)?)
}

/// Shuts the user out: from now on nothing of theirs opens a door. Done twice it stays as it was.
pub fn disable(ctx: &mut Ctx<'_>, user: &UserRow) -> Result<()> {
    command_only(ctx)?;
    end_all(ctx, user.id)?;
    if user.disabled_at.is_none() {
        ctx.note(Noted::user(Act::UserDisabled, user.id));
    }
    Ok(store::set_disabled(ctx.db, user.id, Some(user.disabled_at.unwrap_or(ctx.now)))?)
}

/// Ends what lets the user in besides the password: sessions and a link, which shall not come back to life when the user does.
fn end_all(ctx: &mut Ctx<'_>, user: Id<User>) -> Result<()> {
    // Whoever signs in at this moment waits here, and then finds that it is over.
    store::lock(ctx.db, user)?;
    sessions::delete_others(ctx.db, user, None)?;
    sessions::forget_devices(ctx.db, user)?;
    Ok(sessions::delete_reset_link(ctx.db, user)?)
}

/// Lets the user in again; the answer is what became of the tokens that were living. Unless told otherwise they are revoked, but where the user
/// was not shut out nothing comes back.
pub fn enable(ctx: &mut Ctx<'_>, user: Id<User>, tokens: Option<OnReturn>) -> Result<Returned> {
    command_only(ctx)?;
    store::lock(ctx.db, user)?;
    let usual = if store::is_enabled(ctx.db, user)? { OnReturn::Keep } else { OnReturn::Revoke };
    let returned = returns::of_user(ctx, user, tokens.unwrap_or(usual), RevokedHow::Command)?;
    store::set_disabled(ctx.db, user, None)?;
    ctx.note(Noted::user(Act::UserEnabled, user));
    Ok(returned)
}

/// Sets the user's password, hashed before, and ends the user's sessions; the answer is what became of the tokens that were living. Unless told
/// otherwise they are revoked.
pub fn set_password(ctx: &mut Ctx<'_>, user: Id<User>, hash: &str, tokens: Option<OnReturn>) -> Result<Returned> {
    command_only(ctx)?;
    end_all(ctx, user)?;
    store::set_password(ctx.db, user, hash)?;
    ctx.note(Noted::user(Act::PasswordChanged, user));
    returns::of_user(ctx, user, tokens.unwrap_or(OnReturn::Revoke), RevokedHow::Command)
}
