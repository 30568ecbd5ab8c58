//! The page that asks for the password again, where an act needs it that has no box of its own.
//! When it is needed is the domain's affair; how it is compared stands in `own_password`.

use askama::Template;
use axum::http::StatusCode;

use super::answers::{because, own_path, page_with, see};
use super::frame::Frame;
use super::own_password;
use crate::domain::{Result, sessions};
use crate::http::answer::Answer;
use crate::http::pages::Visit;
use crate::model::problems::Problem;
use crate::model::users::Password;

#[derive(Template)]
#[template(path = "account/confirm.html")]
struct ConfirmPage {
    frame: Frame,
    next: String,
    problems: Vec<String>,
}

/// Where the page is.
pub(super) const HERE: &str = "/account/confirm";

async fn show(visit: &Visit, status: StatusCode, next: &str, problems: Vec<String>) -> Result<Answer> {
    let asked = visit.clone();
    let frame = visit.read(move |ctx| Ok(Frame::of(ctx, &asked, "Your password again")?.crumb("Your password again", HERE))).await?;
    page_with(status, &ConfirmPage { frame, next: own_path(next).unwrap_or("/workspace").to_owned(), problems })
}

/// `GET /account/confirm`
pub(super) async fn page(visit: Visit) -> Result<Answer> {
    let next = visit.query("next").unwrap_or_default();
    show(&visit, StatusCode::OK, &next, Vec::new()).await
}

/// `POST /account/confirm`
pub(super) async fn submit(visit: Visit) -> Result<Answer> {
    let form = visit.form();
    let wrong = match Password::typed(form.text("password").to_owned()) {
        None => Problem::Blank,
        Some(typed) => match own_password::compare(&visit, typed).await? {
            Err(problem) => problem,
            Ok(hash) => {
                visit.write(move |ctx| sessions::confirm(ctx, &hash)).await?;
                return Ok(see(own_path(form.text("next")).unwrap_or("/workspace")));
            }
        },
    };
    let page = show(&visit, StatusCode::UNPROCESSABLE_ENTITY, form.text("next"), vec![wrong.to_string()]).await?;
    Ok(because(wrong, page))
}
