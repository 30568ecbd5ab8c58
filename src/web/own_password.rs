//! The reader's own password, given once more: compared outside of any transaction, counted with the tries of signing in.
//! When it is needed is the domain's affair.

use crate::app::passwords;
use crate::domain::{Error, Result, sessions};
use crate::http::pages::Visit;
use crate::model::draft::Field;
use crate::model::users::{Email, Password};

/// The hash that what was typed fits; `None` where it fits none. `RateLimited` after too many tries: whoever has found a session shall not
/// guess the password through it.
pub(super) async fn compare(visit: &Visit, typed: Password) -> Result<Option<String>> {
    let (hash, email) = visit
        .read(|ctx| {
            let email = ctx.session().map(|session| session.email.clone());
            Ok((sessions::own_credentials(ctx)?.password_hash, email))
        })
        .await?;
    let email = email.and_then(|email| Email::parse(&Field::Value(email.into())).ok()).ok_or(Error::Unauthenticated)?;
    let (front, now) = (visit.front(), visit.front().app.now());
    let counted = front.sign_ins.attempt(&email, visit.address(), true, now).await.map_err(Error::RateLimited)?;
    let fits = passwords::fit(typed, hash.clone()).await;
    if fits {
        front.sign_ins.succeeded(counted).await;
    }
    Ok(hash.filter(|_| fits))
}
