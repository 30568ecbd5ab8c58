//! The first run: the page that makes the first user and organization, while there is no user.
//! The code that it asks for is printed by `serve`.

use std::time::Duration;

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use tokio::sync::Semaphore;

use super::answers::{because, page_with, see, signed_in};
use super::frame::Frame;
use super::own_password;
use crate::app::passwords::Whose;
use crate::domain::audit::Act;
use crate::domain::setup::{self, Draft};
use crate::domain::{Error, Result};
use crate::http::answer::Answer;
use crate::http::pages::Visit;
use crate::model::problems::{Problem, Problems};
use crate::model::secrets::SetupCode;
use crate::model::users::Password;

#[derive(Template)]
#[template(path = "doors/setup.html")]
struct SetupPage {
    frame: Frame,
    code: String,
    name: String,
    email: String,
    organization: String,
    problems: Problems,
}

fn show(visit: &Visit, status: StatusCode, problems: Problems) -> Result<Answer> {
    let form = visit.form();
    let typed = |name: &str| form.text(name).to_owned();
    let page = SetupPage {
        frame: Frame::bare(visit, "First run"),
        code: typed("code"),
        name: typed("name"),
        email: typed("email"),
        organization: typed("organization"),
        problems,
    };
    page_with(status, &page)
}

/// `GET /setup`
pub(super) async fn page(visit: Visit) -> Result<Answer> {
    if !visit.read(setup::is_due).await? {
        return Ok(see("/login"));
    }
    show(&visit, StatusCode::OK, Problems::new())
}

/// How long a wrong code waits for its answer. The right one waits for nothing, and is not refused either, however many wrong ones there are.
const DELAY: Duration = Duration::from_secs(1);

/// How many wrong codes may wait; what comes beyond them is told at once to come again.
static LATE: Semaphore = Semaphore::const_new(32);

/// The form once more, after a while.
async fn wrong(visit: &Visit, problems: Problems) -> Result<Answer> {
    let Ok(_place) = LATE.try_acquire() else {
        return Ok(show(visit, StatusCode::TOO_MANY_REQUESTS, problems)?.with(RETRY_AFTER, 1));
    };
    tokio::time::sleep(DELAY).await;
    show(visit, StatusCode::UNPROCESSABLE_ENTITY, problems)
}

/// `POST /setup`
pub(super) async fn submit(visit: Visit) -> Result<Answer> {
    let form = visit.form();
    if !visit.read(setup::is_due).await? {
        return Ok(see("/login"));
    }
    let code = SetupCode::hashed(form.text("code"));
    let draft = Draft { name: form.field("name"), email: form.field("email"), organization: form.field("organization") };
    let mut problems = setup::check(&draft);
    let password = problems.take("password", Password::parse(form.text("password").to_owned()));
    if !visit.read(move |ctx| setup::is_code(ctx, &code)).await? {
        visit.failed(Act::SetupCodeWrong, None);
        problems.add("code", Problem::Wrong);
        return wrong(&visit, problems).await;
    }
    let (true, Some(password)) = (problems.is_empty(), password) else {
        return show(&visit, StatusCode::UNPROCESSABLE_ENTITY, problems);
    };
    // Only whoever sees the server's output comes so far.
    let hash = match own_password::hash(&visit, Whose::Known(uuid::Uuid::nil()), password).await? {
        Ok(hash) => hash,
        Err(problem) => return Ok(because(problem, show(&visit, StatusCode::UNPROCESSABLE_ENTITY, Problems::one("password", problem))?)),
    };
    let browser = visit.browser();
    match visit.write(move |ctx| setup::run(ctx, &code, &draft, &hash, &browser)).await {
        Ok(opened) => Ok(signed_in(see("/workspace"), &opened, visit.is_secure())),
        Err(Error::NotFound) => Ok(see("/login")),
        Err(Error::Invalid(problems)) => show(&visit, StatusCode::UNPROCESSABLE_ENTITY, problems),
        Err(error) => Err(error),
    }
}
