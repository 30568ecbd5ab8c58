//! Asks for the password again before a form does what needs it: the page keeps all that was sent, and sends it once more with the password.
//! When it is needed is the domain's affair; how it is compared stands in `own_password`.

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;

use super::answers::{because, page_with};
use super::frame::Frame;
use super::own_password;
use super::sign_in::minutes;
use crate::domain::{Error, Result, sessions};
use crate::http::answer::Answer;
use crate::http::pages::{Answering, Visit};
use crate::model::problems::Problem;
use crate::model::users::Password;

/// The field with the password. No form of ours has another of this name.
const FIELD: &str = "password_again";

#[derive(Template)]
#[template(path = "account/confirm.html")]
struct ConfirmPage {
    frame: Frame,
    action: String,
    fields: Vec<(String, String)>,
    problems: Vec<String>,
}

/// Answers a request, after the password that its form carries has been looked at. Where the domain wants the password and the form has none, it
/// is asked for. The page at work is in a box, so that there is one of this and not one for each page.
pub(super) async fn first(visit: Visit, answer: fn(Visit) -> Answering) -> Result<Answer> {
    if visit.form().has(FIELD) {
        match looked_at(&visit).await {
            Ok(None) => {}
            Ok(Some(problem)) => {
                let page = ask(&visit, StatusCode::UNPROCESSABLE_ENTITY, vec![problem.to_string()]).await?;
                return Ok(because(problem, page));
            }
            // What was sent stays on the page until there may be another try.
            Err(Error::RateLimited(seconds)) => {
                let wait = format!("was wrong too often: wait {} and try again", minutes(seconds));
                return Ok(ask(&visit, StatusCode::TOO_MANY_REQUESTS, vec![wait]).await?.with(RETRY_AFTER, seconds));
            }
            Err(error) => return Err(error),
        }
    }
    let visit = visit.without_field(FIELD);
    match answer(visit.clone()).await {
        Err(Error::PasswordNeeded) => ask(&visit, StatusCode::FORBIDDEN, Vec::new()).await,
        outcome => outcome,
    }
}

/// Notes that the password has been given again; or what is wrong with it.
async fn looked_at(visit: &Visit) -> Result<Option<Problem>> {
    let Some(typed) = Password::typed(visit.form().text(FIELD).to_owned()) else { return Ok(Some(Problem::Blank)) };
    match own_password::compare(visit, typed).await? {
        Err(problem) => Ok(Some(problem)),
        Ok(hash) => visit.write(move |ctx| sessions::confirm(ctx, &hash)).await.map(|()| None),
    }
}

async fn ask(visit: &Visit, status: StatusCode, problems: Vec<String>) -> Result<Answer> {
    let visit = visit.without_field(FIELD);
    let action = visit.uri().path().to_owned();
    let own = visit.clone();
    let frame = visit.read(move |ctx| Frame::of(ctx, &own, "Your password again")).await?;
    let fields = visit.form().fields().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    page_with(status, &ConfirmPage { frame, action, fields, problems })
}
