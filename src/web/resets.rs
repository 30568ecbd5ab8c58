//! The page behind a link for a new password.
//! Who makes such links, and how long they hold, is the domain's affair.

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;

use super::answers::{because, page_with, see_with, signed_in};
use super::frame::Frame;
use super::own_password;
use super::tokens::view::Living;
use crate::app::passwords::Whose;
use crate::domain::returns::OnReturn;
use crate::domain::{Error, Result, resets};
use crate::http::answer::Answer;
use crate::http::pages::Visit;
use crate::model::problems::Problems;
use crate::model::secrets::{HashedSecret, Secret};
use crate::model::users::Password;

#[derive(Template)]
#[template(path = "doors/reset.html")]
struct ResetPage {
    frame: Frame,
    secret: String,
    email: String,
    living: Vec<Living>,
    /// Whether the tokens are to be kept.
    keep: bool,
    problems: Problems,
}

/// The secret at the end of a link's path; a link that is none leads nowhere.
pub(super) fn secret(visit: &Visit) -> Result<(Secret, HashedSecret)> {
    let secret = visit.segment("secret").and_then(Secret::parse).ok_or(Error::NotFound)?;
    let digest = secret.hashed();
    Ok((secret, digest))
}

async fn show(visit: &Visit, status: StatusCode, problems: Problems) -> Result<Answer> {
    let (secret, digest) = secret(visit)?;
    let (link, living) = visit.read(move |ctx| resets::look(ctx, &digest)).await?;
    let frame = Frame::bare(visit, "New password");
    let page = ResetPage {
        frame,
        secret: secret.expose().to_owned(),
        email: link.email,
        living: Living::all(living),
        keep: keeps(visit),
        problems,
    };
    Ok(page_with(status, &page)?.with(CACHE_CONTROL, axum::http::HeaderValue::from_static("no-store")))
}

/// Tokens do not come back unasked: only who says so keeps them.
fn keeps(visit: &Visit) -> bool {
    visit.form().text("tokens") == "keep"
}

/// `GET /reset/{secret}`
pub(super) async fn page(visit: Visit) -> Result<Answer> {
    show(&visit, StatusCode::OK, Problems::new()).await
}

/// `POST /reset/{secret}`
pub(super) async fn submit(visit: Visit) -> Result<Answer> {
    let (_, digest) = secret(&visit)?;
    let user = visit.read(move |ctx| resets::find(ctx, &digest).map(|link| link.user_id)).await?;
    let mut problems = Problems::new();
    let Some(password) = problems.take("password", Password::parse(visit.form().text("password").to_owned())) else {
        return show(&visit, StatusCode::UNPROCESSABLE_ENTITY, problems).await;
    };
    let hash = match own_password::hash(&visit, Whose::Known(user.uuid()), password).await? {
        Ok(hash) => hash,
        Err(problem) => {
            let page = show(&visit, StatusCode::UNPROCESSABLE_ENTITY, Problems::one("password", problem)).await?;
            return Ok(because(problem, page));
        }
    };
    let browser = visit.browser();
    let tokens = if keeps(&visit) { OnReturn::Keep } else { OnReturn::Revoke };
    let (opened, returned) = visit.write(move |ctx| resets::spend(ctx, &digest, &hash, tokens, &browser)).await?;
    let revoked = returned.done == OnReturn::Revoke && !returned.living.is_empty();
    let said = if revoked { "password-and-tokens" } else { "password" };
    Ok(signed_in(see_with("/workspace", said), &opened, visit.is_secure()))
}
