//! The page behind an invitation: for whoever has signed in, and for whoever has no account yet.
//! Who makes invitations, and how long they hold, is the domain's affair.

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER};

use super::answers::{because, page_with, see_with, signed_in};
use super::frame::{Frame, Signed};
use super::own_password;
use super::resets::secret;
use super::sign_in::minutes;
use super::tokens::view::Living;
use crate::app::passwords::Whose;
use crate::domain::audit::Act;
use crate::domain::returns::OnReturn;
use crate::domain::{Ctx, Error, Result, invitations, sessions};
use crate::http::answer::Answer;
use crate::http::pages::Visit;
use crate::model::draft::{Field, Text};
use crate::model::id::Id;
use crate::model::problems::{Problem, Problems};
use crate::model::secrets::{HashedSecret, Secret};
use crate::model::sessions::Invitation;
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
    /// What is wrong with the whole.
    refusal: Option<String>,
    /// The reader's tokens, which would reach the organization too.
    living: Vec<Living>,
}

/// Why the page is shown once more.
#[derive(Default)]
struct Again {
    problems: Problems,
    /// What is wrong with the whole.
    refusal: Option<String>,
}

async fn show(visit: &Visit, status: StatusCode, again: Again) -> Result<Answer> {
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
        problems: again.problems,
        refusal: again.refusal,
        living: Living::all(living),
        frame,
    };
    Ok(page_with(status, &page)?.with(CACHE_CONTROL, axum::http::HeaderValue::from_static("no-store")))
}

/// `GET /invitations/{secret}`
pub(super) async fn page(visit: Visit) -> Result<Answer> {
    show(&visit, StatusCode::OK, Again::default()).await
}

/// `POST /invitations/{secret}`
pub(super) async fn accept(visit: Visit) -> Result<Answer> {
    let (_, digest) = secret(&visit)?;
    let (inside, invitation) = visit.read(move |ctx| Ok((ctx.session().is_some(), invitations::find(ctx, &digest)?))).await?;
    if inside {
        let tokens = if visit.form().text("tokens") == "keep-out" { OnReturn::Revoke } else { OnReturn::Keep };
        visit.write(move |ctx| invitations::accept(ctx, &digest, tokens)).await?;
        return Ok(see_with("/workspace", "joined"));
    }
    let form = visit.form();
    let (name, email) = (form.field("name"), invitation.email.map_or_else(|| form.field("email"), |email| Field::Value(email.into())));
    let mut problems = Problems::new();
    problems.take("name", Name::parse(&name));
    let parsed = problems.take("email", Email::typed(&email));
    let password = problems.take("password", Password::parse(form.text("password").to_owned()));
    let (true, Some(parsed), Some(password)) = (problems.is_empty(), parsed, password) else {
        return show(&visit, StatusCode::UNPROCESSABLE_ENTITY, Again { problems, refusal: None }).await;
    };
    Newcomer { digest, invitation: invitation.id, name, email, parsed, password }.join(&visit).await
}

/// Somebody without a session, who has filled the form in.
struct Newcomer {
    digest: HashedSecret,
    invitation: Id<Invitation>,
    name: Field<Text>,
    email: Field<Text>,
    parsed: Email,
    password: Password,
}

/// The same for an account with another password, for one that is shut out, and for one without a password: who holds an invitation shall not be told
/// who is here.
const REFUSED: &str =
    "This e-mail and this password did not open the invitation. Whoever has an account on this server joins with its password.";

impl Newcomer {
    /// Counts the try, and makes a member of whom the password is right, or of whom there was not yet.
    async fn join(self, visit: &Visit) -> Result<Answer> {
        let (browser, front) = (visit.browser(), visit.front());
        let (asked, device) = (self.parsed.clone(), browser.device.as_ref().map(Secret::hashed));
        let (found, known) = visit.read(move |ctx| sessions::credentials(ctx, &asked, device)).await?;
        let tried = front.sign_ins.attempt_with_invitation(&self.parsed, visit.address(), known, self.digest, front.app.now()).await;
        let counted = match tried {
            Ok(counted) => counted,
            Err(seconds) => {
                visit.failed(Act::LockedOut, found.map(|found| found.id));
                let refusal = Some(format!("Too many tries. Wait {} and try again.", minutes(seconds)));
                let page = show(visit, StatusCode::TOO_MANY_REQUESTS, Again { refusal, ..Again::default() }).await?;
                return Ok(page.with(RETRY_AFTER, seconds));
            }
        };
        let account = found.as_ref().map(|found| found.id);
        let (whose, digest) = (Whose::Known(self.invitation.uuid()), self.digest);
        // Either way one password is hashed, so that no clock tells either.
        let outcome = match found {
            Some(user) => match own_password::fits(visit, whose, self.password, user.password_hash).await? {
                Ok(hash) => visit.write(move |ctx| invitations::accept_by_password(ctx, &digest, user.id, &hash, &browser)).await,
                Err(Problem::Wrong) => Err(Error::Unauthenticated),
                Err(problem) => Err(Error::invalid("password", problem)),
            },
            None => match own_password::hash(visit, whose, self.password).await? {
                Ok(hash) => {
                    let (name, email) = (self.name, self.email);
                    let made = move |ctx: &mut Ctx<'_>| invitations::accept_as_new(ctx, &digest, (&name, &email), &hash, &browser);
                    visit.write(made).await.map(|(_, opened)| opened)
                }
                Err(problem) => Err(Error::invalid("password", problem)),
            },
        };
        let has = |problems: &Problems, one| problems.iter().any(|(_, all)| all.contains(&one));
        match outcome {
            Err(Error::Unauthenticated) => {}
            // There is such an account, which cannot be signed in to.
            Err(Error::Invalid(problems)) if has(&problems, Problem::Taken) => {}
            Err(Error::Invalid(problems)) => {
                front.sign_ins.take_back(counted).await;
                let busy = has(&problems, Problem::Busy);
                let page = show(visit, StatusCode::UNPROCESSABLE_ENTITY, Again { problems, refusal: None }).await?;
                return Ok(if busy { because(Problem::Busy, page) } else { page });
            }
            outcome => {
                front.sign_ins.take_back(counted).await;
                return Ok(signed_in(see_with("/workspace", "joined"), &outcome?, visit.is_secure()));
            }
        }
        visit.failed(Act::SignInFailed, account);
        show(visit, StatusCode::UNPROCESSABLE_ENTITY, Again { refusal: Some(REFUSED.to_owned()), ..Again::default() }).await
    }
}
