//! The page behind an invitation: for whoever has signed in, and for whoever has no account yet.
//! Who makes invitations, and how long they hold, is the domain's affair.

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;

use super::answers::{page_with, see_with, signed_in};
use super::frame::{Frame, Signed};
use super::resets::secret;
use super::tokens::view::Living;
use crate::app::passwords;
use crate::domain::returns::OnReturn;
use crate::domain::{Error, Result, invitations};
use crate::http::answer::Answer;
use crate::http::pages::Visit;
use crate::model::draft::Field;
use crate::model::problems::Problems;
use crate::model::text::Name;
use crate::model::users::{Email, Password};

#[derive(Template)]
#[template(path = "doors/invitation.html")]
struct InvitationPage {
    frame: Frame,
    secret: String,
    person: Option<Signed>,
    organization: String,
    maker: Option<String>,
    role: &'static str,
    /// For whom alone it is.
    fixed: Option<String>,
    name: String,
    email: String,
    problems: Problems,
    /// The reader's tokens, which would reach the organization too.
    living: Vec<Living>,
}

async fn show(visit: &Visit, status: StatusCode, problems: Problems) -> Result<Answer> {
    let (secret, digest) = secret(visit)?;
    let asked = visit.clone();
    let ((invitation, living), frame) =
        visit.read(move |ctx| Ok((invitations::look(ctx, &digest)?, Frame::of(ctx, &asked, "Invitation")?))).await?;
    let page = InvitationPage {
        secret: secret.expose().to_owned(),
        person: frame.person.clone(),
        organization: invitation.organization_name,
        maker: invitation.maker,
        role: invitation.role.word(),
        fixed: invitation.email,
        name: visit.form().text("name").to_owned(),
        email: visit.form().text("email").to_owned(),
        problems,
        living: Living::all(living),
        frame,
    };
    Ok(page_with(status, &page)?.with(CACHE_CONTROL, axum::http::HeaderValue::from_static("no-store")))
}

/// `GET /invitations/{secret}`
pub(super) async fn page(visit: Visit) -> Result<Answer> {
    show(&visit, StatusCode::OK, Problems::new()).await
}

/// `POST /invitations/{secret}`
pub(super) async fn accept(visit: Visit) -> Result<Answer> {
    let (_, digest) = secret(&visit)?;
    let (inside, fixed) = visit.read(move |ctx| Ok((ctx.session().is_some(), invitations::find(ctx, &digest)?.email))).await?;
    if inside {
        let tokens = if visit.form().text("tokens") == "keep-out" { OnReturn::Revoke } else { OnReturn::Keep };
        visit.write(move |ctx| invitations::accept(ctx, &digest, tokens)).await?;
        return Ok(see_with("/workspace", "joined"));
    }
    let form = visit.form();
    let (name, email) = (form.field("name"), fixed.map_or_else(|| form.field("email"), |email| Field::Value(email.into())));
    let mut problems = Problems::new();
    problems.take("name", Name::parse(&name));
    problems.take("email", Email::parse(&email));
    let password = problems.take("password", Password::parse(form.text("password").to_owned()));
    let (true, Some(password)) = (problems.is_empty(), password) else {
        return show(&visit, StatusCode::UNPROCESSABLE_ENTITY, problems).await;
    };
    let hash = passwords::hashed(password, visit.front().app.random()).await.map_err(|error| Error::Internal(error.to_string()))?;
    let browser = visit.browser();
    match visit.write(move |ctx| invitations::accept_as_new(ctx, &digest, (&name, &email), &hash, &browser)).await {
        Ok((_, opened)) => Ok(signed_in(see_with("/workspace", "joined"), &opened, visit.is_secure())),
        Err(Error::Invalid(problems)) => show(&visit, StatusCode::UNPROCESSABLE_ENTITY, problems).await,
        Err(error) => Err(error),
    }
}
