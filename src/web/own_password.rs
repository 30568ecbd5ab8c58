//! The reader's own password, given once more or set anew: hashed and compared outside of any transaction, counted with the tries of signing in.
//! When it is needed is the domain's affair.

use crate::app::passwords::{Refused, Whose};
use crate::domain::audit::Act;
use crate::domain::{Error, Result, sessions};
use crate::http::pages::Visit;
use crate::model::draft::Field;
use crate::model::problems::Problem;
use crate::model::users::{Email, Password};

/// The hash that what was typed fits; else `Wrong`, or `Busy` where it could not be looked at. `RateLimited` after too many tries: whoever has found
/// a session shall not guess the password through it.
pub(super) async fn compare(visit: &Visit, typed: Password) -> Result<std::result::Result<String, Problem>> {
    let (own, email) = visit
        .read(|ctx| {
            let email = ctx.session().map(|session| session.email.clone());
            Ok((sessions::own_credentials(ctx)?, email))
        })
        .await?;
    let email = email.and_then(|email| Email::typed(&Field::Value(email.into())).ok()).ok_or(Error::Unauthenticated)?;
    let (front, now) = (visit.front(), visit.front().app.now());
    // By the session, whose failures are nobody else's, and which nobody else's lock out.
    let session = visit.browser().session.ok_or(Error::Unauthenticated)?;
    let counted = front.sign_ins.attempt(&email, visit.address(), Some(session), now).await.map_err(|seconds| {
        visit.failed(Act::LockedOut, Some(own.id));
        Error::RateLimited(seconds)
    })?;
    let compared = fits(visit, Whose::Known(own.id.uuid()), typed, own.password_hash).await;
    if matches!(compared, Ok(Err(Problem::Wrong))) {
        visit.failed(Act::SignInFailed, Some(own.id));
    } else {
        front.sign_ins.take_back(counted).await;
    }
    compared
}

/// The hash, if the password fits it; else `Wrong`, also where there is none, or `Busy` where it could not be looked at.
pub(super) async fn fits(
    visit: &Visit,
    whose: Whose,
    typed: Password,
    hash: Option<String>,
) -> Result<std::result::Result<String, Problem>> {
    let fits = visit.front().app.passwords().fits(whose, typed, hash.clone()).await;
    fits.map_or_else(refusal, |fits| Ok(hash.filter(|_| fits).ok_or(Problem::Wrong)))
}

/// The hash of a password that is set anew; else `Busy`.
pub(super) async fn hash(visit: &Visit, whose: Whose, new: Password) -> Result<std::result::Result<String, Problem>> {
    let app = &visit.front().app;
    app.passwords().hash(whose, new, app.random()).await.map_or_else(refusal, |hash| Ok(Ok(hash)))
}

fn refusal<T>(refused: Refused) -> Result<std::result::Result<T, Problem>> {
    match refused {
        Refused::Busy => Ok(Err(Problem::Busy)),
        Refused::Failed(error) => Err(Error::Internal(error.to_string())),
    }
}
