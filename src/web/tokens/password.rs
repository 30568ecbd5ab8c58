//! The box that asks for the password again before a token is made or rotated.
//! When it is needed is the domain's affair; how it is compared stands in `own_password`.

use crate::domain::{Result, sessions};
use crate::http::pages::Visit;
use crate::model::problems::Problem;
use crate::model::users::Password;
use crate::web::own_password;

/// Notes that the password has been given again, where the form carries it. The answer is what is wrong with it, if anything.
pub(super) async fn confirm(visit: &Visit) -> Result<Option<Problem>> {
    let form = visit.form();
    if !form.has("password") {
        return Ok(None);
    }
    let Some(typed) = Password::typed(form.text("password").to_owned()) else { return Ok(Some(Problem::Blank)) };
    match own_password::compare(visit, typed).await? {
        Ok(hash) => visit.write(move |ctx| sessions::confirm(ctx, &hash)).await.map(|()| None),
        Err(problem) => Ok(Some(problem)),
    }
}
