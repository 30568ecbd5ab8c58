//! `/.well-known/security.txt`: where to report what is wrong with this installation's security (RFC 9116).
//! There is none where the settings name nobody; how to report what is wrong with the program stands in `SECURITY.md`.

use std::sync::Arc;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::http::mount::Front;
use crate::model::time::{Span, Time};

/// For how long what stands there is to be believed: less than a year, says RFC 9116 §2.5.5.
const GOOD_FOR: i64 = 90;

/// The file, where somebody is to be told.
#[expect(clippy::disallowed_methods, reason = "whom to tell is for everybody and asks no capability")]
pub(super) fn route(front: &Arc<Front>) -> Router {
    if front.security_contact.is_none() {
        return Router::new();
    }
    let front = Arc::clone(front);
    let answer = move || {
        let text = text(&front);
        async move { ([(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "max-age=86400")], text) }
    };
    Router::new().route("/.well-known/security.txt", axum::routing::get(answer))
}

fn text(front: &Front) -> String {
    let Some(contact) = &front.security_contact else { return String::new() };
    let app = &front.app;
    let today = app.now().micros() / Span::days(1).micros();
    let expires = Time::from_micros((today + GOOD_FOR) * Span::days(1).micros());
    let mut text = format!("Contact: {contact}\nExpires: {expires}\n");
    // §2.5.2: by TLS, and at the address where it is to be found.
    if app.base_url().starts_with("https:") {
        text.extend(["Canonical: ", &app.base_url(), "/.well-known/security.txt\n"]);
    }
    text
}
