//! The caller's own account: name, address, how pages look, password.
//! Sessions are in `sessions`, tokens in `tokens`; passwords are hashed and compared in `app`, outside of any transaction.

use super::audit::{Act, Noted};
use super::error::refuse;
use super::permissions::Capability;
use super::{Ctx, Error, Result};
use crate::model::draft::{Field, Text};
use crate::model::problems::{Problem, Problems};
use crate::model::sessions::Theme;
use crate::model::text::Name;
use crate::model::tokens::RevokedHow;
use crate::model::users::Email;
use crate::store::database::Error as StoreError;
use crate::store::{sessions, tokens, users};

/// What somebody wants the own account to be.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The name that others see.
    pub name: Field<Text>,
    /// The address.
    pub email: Field<Text>,
    /// How pages look.
    pub theme: Field<Text>,
}

/// Changes the caller's account. For another address the password must have been given, and found to fit `confirmed`.
pub fn edit(ctx: &mut Ctx<'_>, draft: &Draft, confirmed: Option<&str>) -> Result<()> {
    ctx.allow(Capability::ManageOwnAccount)?;
    let user = ctx.user().ok_or(Error::Unauthenticated)?;
    users::lock(ctx.db, user)?;
    let hash = users::credentials_of(ctx.db, user)?.ok_or(Error::Unauthenticated)?.password_hash;
    let mut problems = Problems::new();
    let name = problems.take("name", Name::parse(&draft.name));
    // What somebody has had from before there were today's rules, they keep.
    let kept = matches!((&draft.email, ctx.session()), (Field::Value(Text::Sound(text)), Some(session)) if *text == session.email);
    let email = problems.take("email", if kept { Email::typed(&draft.email) } else { Email::parse(&draft.email) });
    let theme = problems.take("theme", theme(&draft.theme));
    let mut changed = false;
    if let Some(email) = &email {
        let holder = users::by_email(ctx.db, email)?;
        changed = holder.as_ref().is_none_or(|holder| holder.id != user || holder.email != email.as_str());
        // Only who knows the password hears whether somebody has the address.
        if changed && (hash.is_none() || confirmed != hash.as_deref()) {
            problems.add("current", if confirmed.is_some() { Problem::Wrong } else { Problem::Blank });
        } else if holder.is_some_and(|holder| holder.id != user) {
            problems.add("email", Problem::Taken);
        }
    }
    refuse(problems)?;
    let (Some(name), Some(email), Some(theme)) = (name, email, theme) else {
        return Err(Error::Internal("a draft without problems is missing".to_owned()));
    };
    users::set_profile(ctx.db, user, name.as_str(), theme)?;
    if changed {
        users::set_email(ctx.db, user, &email).map_err(|error| match error {
            StoreError::Unique(_) => Error::invalid("email", Problem::Taken),
            error => error.into(),
        })?;
        // A link that was made for the old address's holder shall not outlive the change.
        sessions::delete_reset_link(ctx.db, user)?;
        ctx.note(Noted::user(Act::AddressChanged, user));
    }
    Ok(())
}

fn theme(field: &Field<Text>) -> std::result::Result<Theme, Problem> {
    match field {
        Field::Value(Text::Sound(word)) => Theme::from_word(word).ok_or(Problem::NotIncluded),
        _ => Err(Problem::NotIncluded),
    }
}

/// What goes with a new password.
#[derive(Debug, Clone, Copy, Default)]
pub struct Along {
    /// The other sessions end.
    pub end_sessions: bool,
    /// The caller's tokens are revoked.
    pub revoke_tokens: bool,
}

/// Sets the caller's password, hashed before; the old one was found to fit `old`. The answer is how many tokens were revoked.
pub fn change_password(ctx: &mut Ctx<'_>, old: &str, new: &str, along: Along) -> Result<u64> {
    ctx.allow(Capability::ManageOwnAccount)?;
    let user = ctx.user().ok_or(Error::Unauthenticated)?;
    users::lock(ctx.db, user)?;
    if users::credentials_of(ctx.db, user)?.and_then(|now| now.password_hash).as_deref() != Some(old) {
        return Err(Error::invalid("current", Problem::Wrong));
    }
    users::set_password(ctx.db, user, new)?;
    ctx.note(Noted::user(Act::PasswordChanged, user));
    sessions::delete_reset_link(ctx.db, user)?;
    if let Some(session) = ctx.session().map(|session| session.id) {
        sessions::set_authenticated(ctx.db, session, ctx.now)?;
        if along.end_sessions {
            sessions::delete_others(ctx.db, user, Some(session))?;
            sessions::forget_devices(ctx.db, user)?;
        }
    }
    if !along.revoke_tokens {
        return Ok(0);
    }
    let count = tokens::set_all_revoked(ctx.db, user, ctx.now, ctx.person(), RevokedHow::Owner)?;
    ctx.note(Noted { how: Some(RevokedHow::Owner), count: Some(count), ..Noted::user(Act::TokenRevoked, user) });
    Ok(count)
}
