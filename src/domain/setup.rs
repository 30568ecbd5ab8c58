//! The first run: a code that the server prints, by which the first user and organization are made, once.
//! Afterwards users come by invitations and by commands.

use super::error::refuse;
use super::organizations::{self, command_only};
use super::permissions::Capability;
use super::sessions::{self, Browser, Opened};
use super::{Ctx, Error, Result, users};
use crate::model::draft::{Field, Text};
use crate::model::organizations::Slug;
use crate::model::problems::{Problem, Problems};
use crate::model::secrets::{HashedSecret, SetupCode};
use crate::model::text::Name;
use crate::model::users::Email;
use crate::store::setup as store;

/// A code for the first run, if there is no user yet. It takes the place of an earlier one, on all nodes.
pub fn prepare(ctx: &mut Ctx<'_>) -> Result<Option<SetupCode>> {
    command_only(ctx)?;
    if store::has_users(ctx.db)? {
        return Ok(None);
    }
    let code = SetupCode::from_random(&ctx.random());
    store::set_code(ctx.db, &SetupCode::hashed(code.expose()))?;
    Ok(Some(code))
}

/// Whether there is no user yet.
pub fn is_due(ctx: &mut Ctx<'_>) -> Result<bool> {
    ctx.allow(Capability::SignIn)?;
    Ok(!store::has_users(ctx.db)?)
}

/// Whether this is the code. Nothing counts the wrong ones: its 80 bits are not guessed, and a count that shuts the door lets any stranger shut it.
pub fn is_code(ctx: &mut Ctx<'_>, typed: &HashedSecret) -> Result<bool> {
    ctx.allow(Capability::SignIn)?;
    let Some(code) = store::code(ctx.db)? else { return Ok(false) };
    Ok(bool::from(subtle::ConstantTimeEq::ct_eq(&code.as_bytes()[..], &typed.as_bytes()[..])))
}

/// Who and what there is to be first.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The user's name.
    pub name: Field<Text>,
    /// The user's address.
    pub email: Field<Text>,
    /// The organization's name.
    pub organization: Field<Text>,
}

/// What is wrong with the draft, if anything.
pub fn check(draft: &Draft) -> Problems {
    let mut problems = Problems::new();
    problems.take("name", Name::parse(&draft.name));
    problems.take("email", Email::parse(&draft.email));
    problems.take("organization", Name::parse(&draft.organization));
    problems
}

/// Makes the first user and the first organization, and begins the user's session. `NotFound` when there is a user by now.
pub fn run(ctx: &mut Ctx<'_>, code: &HashedSecret, draft: &Draft, hash: &str, browser: &Browser) -> Result<Opened> {
    ctx.allow(Capability::SignIn)?;
    // Whoever else makes a first user waits here, or is waited for.
    let kept = store::lock_code(ctx.db)?;
    if store::has_users(ctx.db)? {
        return Err(Error::NotFound);
    }
    if kept.as_ref() != Some(code) {
        return Err(Error::invalid("code", Problem::Wrong));
    }
    refuse(check(draft))?;
    let user = users::make(ctx, &draft.name, &draft.email, Some(hash))?;
    let Ok(name) = Name::parse(&draft.organization) else {
        return Err(Error::Internal("a draft without problems is missing".to_owned()));
    };
    let slug = Slug::from_name(name.as_str(), "organization");
    organizations::make(ctx, name.as_str(), &slug, user.id)?;
    sessions::begin(ctx, user.id, browser)
}
