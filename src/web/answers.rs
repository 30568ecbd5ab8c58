//! A page's answer: a rendered template, a redirection, cookies.
//! Headers that every page has are laid on by the layers.

use askama::Template;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};

use crate::app::passwords::Refused;
use crate::domain::sessions::Opened;
use crate::domain::{Error, Result};
use crate::http::answer::Answer;
use crate::http::cookies::{self, Name};
use crate::model::problems::Problem;

/// A page that shows what it should.
pub(super) fn page(template: &impl Template) -> Result<Answer> {
    page_with(StatusCode::OK, template)
}

/// A page with another status: 422 for a form that is shown once more.
pub(super) fn page_with(status: StatusCode, template: &impl Template) -> Result<Answer> {
    let text = template.render().map_err(|error| Error::Internal(format!("a page cannot be written: {error}")))?;
    let headers = vec![(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))];
    Ok(Answer { status, headers, body: Some(text.into()) })
}

/// A page with a secret on it: kept nowhere, and never compressed.
pub(super) fn secret_page(template: &impl Template) -> Result<Answer> {
    Ok(page(template)?.with(CACHE_CONTROL, HeaderValue::from_static("no-store")))
}

/// A form that is shown once more for this problem; as a 503 where that is no fault of who sent it.
pub(super) fn because(problem: Problem, mut answer: Answer) -> Answer {
    if problem != Problem::Busy {
        return answer;
    }
    answer.status = StatusCode::SERVICE_UNAVAILABLE;
    answer.with(RETRY_AFTER, Refused::RETRY)
}

/// The way on after something was done (RFC 9110 §15.4.4).
pub(super) fn see(location: &str) -> Answer {
    Answer { status: StatusCode::SEE_OTHER, headers: Vec::new(), body: None }.with(LOCATION, location)
}

/// As [`see`], saying there what was done; see `notices`.
pub(super) fn see_with(location: &str, notice: &'static str) -> Answer {
    let sign = if location.contains('?') { '&' } else { '?' };
    see(&format!("{location}{sign}notice={notice}"))
}

/// Gives the browser the session that has begun.
pub(super) fn signed_in(answer: Answer, opened: &Opened, secure: bool) -> Answer {
    answer
        .with(SET_COOKIE, cookies::set(Name::Session, &opened.session, secure))
        .with(SET_COOKIE, cookies::set(Name::Device, &opened.device, secure))
        .with(SET_COOKIE, cookies::unset(Name::Visitor, secure))
}

/// Where somebody came from and wants to go on: only a path of our own.
pub(super) fn own_path(path: &str) -> Option<&str> {
    // Browsers take a backslash for a slash, and leave out tabs and line ends.
    let own = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\') && path.bytes().all(|byte| byte.is_ascii_graphic());
    own.then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_to_another_site() {
        for own in ["/", "/workspace", "/workspace/projects/1/tickets/2?x=y#z"] {
            assert_eq!(own_path(own), Some(own));
        }
        for other in
            ["", "workspace", "//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "/\n", "javascript:alert(1)"]
        {
            assert_eq!(own_path(other), None, "{other:?}");
        }
    }
}
