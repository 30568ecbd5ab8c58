//! The pages' one mapping from what went wrong to what they say.
//! What the reader may not see is a 404, whether it exists or not; nothing of the inside leaks.

use std::pin::Pin;

use askama::Template;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use bytes::Bytes;

use super::answers::{own_path, page_with, see};
use super::frame::Frame;
use crate::domain::Error;
use crate::http::answer::Answer;
use crate::http::pages::Visit;
use crate::store::database::Error as StoreError;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    frame: Frame,
    status: u16,
    title: String,
    given: String,
    when: String,
    then: String,
    ways: Vec<(String, String)>,
    request_id: Option<String>,
}

/// What a page says: status, title, and what happened in clauses.
struct Told {
    status: StatusCode,
    title: &'static str,
    given: &'static str,
    when: &'static str,
    then: String,
}

/// The answer to a request that was refused.
pub(super) fn refuse(visit: Visit, error: Error) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
    Box::pin(async move {
        if matches!(error, Error::Unauthenticated) {
            return lead_to_sign_in(&visit);
        }
        if matches!(error, Error::TooMuchAtOnce) {
            return too_much();
        }
        let retry = match error {
            Error::RateLimited(seconds) => Some(seconds),
            Error::Store(StoreError::Busy | StoreError::Retry | StoreError::Deadline | StoreError::Unavailable(_)) => Some(1),
            _ => None,
        };
        // A database that does not answer is not asked again, for the name of who is signed in.
        let frame = if matches!(error, Error::Store(_)) { None } else { frame_of(&visit).await };
        let answer = page_of(&visit, frame, tell(&error));
        match retry {
            Some(seconds) => answer.with(RETRY_AFTER, seconds),
            None => answer,
        }
    })
}

/// The way to the sign-in, and back afterwards.
fn lead_to_sign_in(visit: &Visit) -> Answer {
    const DOOR: &str = "/login";
    // A form cannot be gone back to, its page can; htmx says which page it is on.
    let page = visit.headers().get("hx-current-url").or_else(|| visit.headers().get("referer")).and_then(|value| value.to_str().ok());
    let base = visit.front().app.base_url();
    let back = if visit.method() == Method::GET && !visit.is_htmx() {
        visit.uri().path_and_query().map(axum::http::uri::PathAndQuery::as_str)
    } else {
        page.and_then(|page| page.strip_prefix(&*base))
    };
    let back = back.and_then(own_path).filter(|path| *path != "/" && !path.starts_with("/login"));
    let location = back.map_or_else(
        || DOOR.to_owned(),
        |path| format!("{DOOR}?next={}", percent_encoding::utf8_percent_encode(path, percent_encoding::NON_ALPHANUMERIC)),
    );
    if visit.is_htmx() {
        // A redirection would be followed within the page; this leaves it.
        return Answer::no_content().with(HeaderName::from_static("hx-redirect"), location);
    }
    see(&location)
}

/// A page for a wrong method.
pub(super) async fn wrong_method(visit: Visit) -> Answer {
    let told_ = Told {
        status: StatusCode::METHOD_NOT_ALLOWED,
        title: "Not in this way",
        given: "an address of this server",
        when: "it is asked in a way that it does not answer",
        then: "nothing is done".to_owned(),
    };
    page_of(&visit, frame_of(&visit).await, told_)
}

fn tell(error: &Error) -> Told {
    let told = |status, title, given, when, then: &str| Told { status, title, given, when, then: then.to_owned() };
    match error {
        Error::NotFound | Error::Unreachable => told(
            StatusCode::NOT_FOUND,
            "There is nothing here for you",
            "an address that leads to nothing that you can reach",
            "you open it",
            "this page is all there is",
        ),
        Error::Forbidden | Error::MissingScope(_) | Error::Unauthenticated | Error::StoppedToken(_) => told(
            StatusCode::FORBIDDEN,
            "Your role does not allow this",
            "a page or an act for which another role is needed",
            "you ask for it",
            "nothing is done; an admin or owner of the organization can help",
        ),
        Error::Forged => told(
            StatusCode::FORBIDDEN,
            "The form could not be trusted",
            "a form that this server did not give to this browser, or gave before you signed in or out",
            "it is sent",
            "nothing is done; open the page again and send the form from there",
        ),
        Error::PasswordNeeded => told(
            StatusCode::FORBIDDEN,
            "Your password is needed again",
            "a session whose password was given more than 30 minutes ago",
            "you ask for something that matters",
            "it waits until the password is given again",
        ),
        Error::Malformed(what) => {
            told(StatusCode::BAD_REQUEST, "This could not be read", "a request that this server does not understand", "it is sent", what)
        }
        Error::UnsupportedMediaType => told(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "This is no form",
            "a form that is written in another way than forms are",
            "it is sent",
            "nothing is done",
        ),
        Error::TooLarge => told(
            StatusCode::PAYLOAD_TOO_LARGE,
            "This is too much",
            "a form of more than 1 MiB",
            "it is sent",
            "nothing is done; make it shorter and send it again",
        ),
        Error::Invalid(problems) => told(
            StatusCode::UNPROCESSABLE_ENTITY,
            "This does not fit",
            "something that is not as it should be",
            "it is sent",
            &problems.to_string(),
        ),
        Error::Conflict(what) => {
            told(StatusCode::CONFLICT, "This does not fit any more", "something that has changed meanwhile", "you ask for this", what)
        }
        Error::Stale => told(
            StatusCode::CONFLICT,
            "Somebody was faster",
            "something that somebody else has just changed",
            "you change it too",
            "nothing is overwritten; open it again and look",
        ),
        Error::RateLimited(_) => told(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many tries",
            "more tries than people make",
            "another one comes",
            "it is not looked at; wait a quarter of an hour",
        ),
        Error::TooMuchAtOnce | Error::Store(StoreError::Busy | StoreError::Retry | StoreError::Deadline | StoreError::Unavailable(_)) => {
            told(
                StatusCode::SERVICE_UNAVAILABLE,
                "Not right now",
                "a database that does not answer in time",
                "you ask for this",
                "nothing is done; try again in a moment",
            )
        }
        Error::Store(_) | Error::Internal(_) | Error::Repeated(_) => told(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something broke",
            "a defect of this program",
            "you came upon it",
            "nothing was changed, and it has been written down",
        ),
    }
}

/// The frame with what the reader has in it, as far as that can be known.
async fn frame_of(visit: &Visit) -> Option<Frame> {
    let asked = visit.as_anybody();
    visit.as_anybody().read(move |ctx| Frame::of(ctx, &asked, "")).await.ok()
}

fn page_of(visit: &Visit, frame: Option<Frame>, told: Told) -> Answer {
    let mut frame = frame.unwrap_or_else(|| Frame::bare(visit, ""));
    told.title.clone_into(&mut frame.title);
    frame.notice = None;
    let way = |label: &str, href: &str| (label.to_owned(), href.to_owned());
    let ways = if frame.person.is_some() {
        vec![way("Your workspace", "/workspace"), way("Documentation", "/documentation")]
    } else {
        vec![way("Sign in", "/login"), way("Documentation", "/documentation")]
    };
    let request_id = told.status.is_server_error().then(|| visit.request_id().map(|id| id.to_string())).flatten();
    let page = ErrorPage {
        frame,
        status: told.status.as_u16(),
        title: told.title.to_owned(),
        given: told.given.to_owned(),
        when: told.when.to_owned(),
        then: told.then,
        ways,
        request_id,
    };
    page_with(told.status, &page).unwrap_or_else(|_| broken())
}

/// What is said to who asks for too much at once: no page, since thousands of those would be what is too much.
fn too_much() -> Answer {
    const TEXT: &str =
        "Too much at once: many requests from your address are under way already. Nothing was done; go back and try again.\n";
    let headers = vec![(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))];
    Answer { status: StatusCode::SERVICE_UNAVAILABLE, headers, body: Some(Bytes::from_static(TEXT.as_bytes())) }.with(RETRY_AFTER, 1)
}

/// What is said where not even a page can be made.
pub(super) fn broken() -> Answer {
    let text = "Something broke on our side. The header X-Request-Id helps to find out what.\n";
    let headers = vec![(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))];
    Answer { status: StatusCode::INTERNAL_SERVER_ERROR, headers, body: Some(text.into()) }
}
