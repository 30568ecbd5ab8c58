//! The password, given once more in a box: compared outside of any transaction, counted with the tries of signing in.
//! When it is needed is the domain's affair.

use crate::app::passwords;
use crate::domain::{Error, Result, sessions};
use crate::http::pages::Visit;
use crate::model::draft::Field;
use crate::model::problems::Problem;
use crate::model::users::{Email, Password};

/// Notes that the password has been given again, where the form carries it. The answer is what is wrong with it, if anything.
pub(super) async fn confirm(visit: &Visit) -> Result<Option<String>> {
    let form = visit.form();
    if !form.has("password") {
        return Ok(None);
    }
    let Some(typed) = Password::typed(form.text("password").to_owned()) else { return Ok(Some(Problem::Blank.to_string())) };
    let (hash, email) = visit
        .read(|ctx| {
            let email = ctx.session().map(|session| session.email.clone());
            Ok((sessions::own_credentials(ctx)?.password_hash, email))
        })
        .await?;
    let email = email.and_then(|email| Email::parse(&Field::Value(email.into())).ok()).ok_or(Error::Unauthenticated)?;
    let (front, now) = (visit.front(), visit.front().app.now());
    if let Some(seconds) = front.sign_ins.too_many(&email, visit.address(), true, now) {
        return Err(Error::RateLimited(seconds));
    }
    let fits = passwords::fit(typed, hash.clone()).await;
    let Some(hash) = hash.filter(|_| fits) else {
        front.sign_ins.failed(&email, visit.address(), true, now);
        return Ok(Some(Problem::Wrong.to_string()));
    };
    visit.write(move |ctx| sessions::confirm(ctx, &hash)).await?;
    Ok(None)
}
