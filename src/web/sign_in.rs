//! Signing in and out.
//! How often one may fail is `http::sign_ins`' affair, whether a session holds the domain's.

use askama::Template;
use axum::http::header::{RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderName, HeaderValue, StatusCode};

use super::answers::{self, own_path, page_with, see, see_with, signed_in};
use super::frame::Frame;
use crate::app::passwords::{Refused, Whose};
use crate::domain::audit::Act;
use crate::domain::{Error, Result, sessions, setup};
use crate::http::answer::Answer;
use crate::http::cookies::{self, Name};
use crate::http::pages::Visit;
use crate::model::secrets::Secret;
use crate::model::users::{Email, Password};

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// Where somebody lands who wanted to go nowhere in particular.
const HOME: &str = "/workspace";

#[derive(Template)]
#[template(path = "doors/sign_in.html")]
struct SignInPage {
    frame: Frame,
    next: String,
    email: String,
    problem: Option<String>,
}

/// `GET /`
pub(super) async fn home(visit: Visit) -> Result<Answer> {
    let due = visit.read(setup::is_due).await?;
    Ok(see(if due { "/setup" } else { HOME }))
}

/// `GET /login`
pub(super) async fn page(visit: Visit) -> Result<Answer> {
    let (due, inside) = visit.read(|ctx| Ok((setup::is_due(ctx)?, ctx.session().is_some()))).await?;
    let next = visit.query("next").filter(|next| own_path(next).is_some()).unwrap_or_default();
    if due {
        return Ok(see("/setup"));
    }
    if inside {
        return Ok(see(if next.is_empty() { HOME } else { &next }));
    }
    // The way back may be a link that opens a door: kept nowhere.
    answers::secret_page(&SignInPage { frame: Frame::bare(&visit, "Sign in"), next, email: String::new(), problem: None })
}

fn refused(visit: &Visit, status: StatusCode, problem: String) -> Result<Answer> {
    let form = visit.form();
    let next = own_path(form.text("next")).unwrap_or_default().to_owned();
    page_with(
        status,
        &SignInPage { frame: Frame::bare(visit, "Sign in"), next, email: form.text("email").to_owned(), problem: Some(problem) },
    )
}

/// For how long to wait, in words.
pub(super) fn minutes(seconds: i64) -> String {
    match (seconds + 59) / 60 {
        1 => "1 minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}

/// Too many wait: the form once more, with all but the password.
fn busy(visit: &Visit) -> Result<Answer> {
    let problem = "Many people sign in just now, so this was not looked at. Send it again in a few seconds.";
    Ok(refused(visit, StatusCode::SERVICE_UNAVAILABLE, problem.to_owned())?.with(RETRY_AFTER, Refused::RETRY))
}

/// The same for an unknown address and a wrong password.
const WRONG: &str = "Wrong e-mail or password.";

/// `POST /login`
pub(super) async fn submit(visit: Visit) -> Result<Answer> {
    let form = visit.form();
    let (Ok(email), Some(password)) = (Email::typed(&form.field("email")), Password::typed(form.text("password").to_owned())) else {
        return refused(&visit, StatusCode::UNPROCESSABLE_ENTITY, WRONG.to_owned());
    };
    let browser = visit.browser();
    let (asked, device) = (email.clone(), browser.device.as_ref().map(Secret::hashed));
    let (found, known) = visit.read(move |ctx| sessions::credentials(ctx, &asked, device)).await?;
    let (front, address) = (visit.front(), visit.address());
    let counted = match front.sign_ins.attempt(&email, address, known, front.app.now()).await {
        Ok(counted) => counted,
        Err(seconds) => {
            visit.failed(Act::LockedOut, found.map(|found| found.id));
            let problem = format!("Too many tries. Wait {} and try again.", minutes(seconds));
            return Ok(refused(&visit, StatusCode::TOO_MANY_REQUESTS, problem)?.with(RETRY_AFTER, seconds));
        }
    };
    let user = found.as_ref().map(|found| found.id);
    let hash = found.and_then(|found| found.password_hash);
    let whose = user.filter(|_| known.is_some()).map_or(Whose::Stranger, |user| Whose::Known(user.uuid()));
    let fits = match front.app.passwords().fits(whose, password, hash.clone()).await {
        Ok(fits) => fits,
        Err(refused) => {
            // It was not looked at, so it is no failure.
            front.sign_ins.take_back(counted).await;
            return match refused {
                Refused::Busy => busy(&visit),
                Refused::Failed(error) => Err(Error::Internal(error.to_string())),
            };
        }
    };
    let opened = match (fits, user, hash) {
        (true, Some(user), Some(hash)) => visit.write(move |ctx| sessions::open(ctx, user, &hash, &browser)).await,
        _ => Err(Error::Unauthenticated),
    };
    match opened {
        Ok(opened) => {
            front.sign_ins.take_back(counted).await;
            let next = own_path(form.text("next")).unwrap_or(HOME);
            Ok(signed_in(see(next), &opened, visit.is_secure()))
        }
        Err(Error::Unauthenticated) => {
            visit.failed(Act::SignInFailed, user);
            refused(&visit, StatusCode::UNPROCESSABLE_ENTITY, WRONG.to_owned())
        }
        Err(error) => Err(error),
    }
}

/// `POST /logout`
pub(super) async fn sign_out(visit: Visit) -> Result<Answer> {
    visit.write(sessions::end_current).await?;
    let answer = see_with("/login", "signed-out").with(SET_COOKIE, cookies::unset(Name::Session, visit.is_secure()));
    // Whoever uses this browser next finds no page and no draft in it. The device stays known, so cookies are not named (W3C Clear Site Data §3.1).
    Ok(answer.with(CLEAR_SITE_DATA, HeaderValue::from_static(r#""cache", "storage""#)))
}
