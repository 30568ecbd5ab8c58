//! The pages: their routes, and what every answer of them has in common.
//! Faces translate and decide nothing: what may be done and by whom, and so what a page may show, is the domain's affair.

mod account;
mod account_tokens;
mod answers;
mod assets;
mod comments;
mod confirm;
mod devices;
mod difference;
mod documentation;
mod errors;
mod filters;
mod frame;
mod gherkin;
mod history;
mod initials;
mod invitations;
mod list_view;
pub mod markdown;
mod members;
mod new_project;
mod notices;
mod organizations;
mod own_password;
mod parts;
mod project_settings;
mod project_tokens;
mod resets;
pub mod routes;
mod rows;
mod search;
mod security_contact;
mod setup;
mod side;
mod sign_in;
mod ticket_forms;
mod ticket_lists;
mod ticket_view;
mod tickets;
mod times;
mod tokens;
mod workspace;

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use axum::middleware::{Next, from_fn};
use tower_http::catch_panic::CatchPanicLayer;

use crate::domain::Error;
use crate::http::arrival::Fault;
use crate::http::compression::accepts_gzip;
use crate::http::guard::guarded;
use crate::http::log::{InternalDetail, Observe};
use crate::http::mount::Front;
use crate::http::pages::{PageRoute, Visit, finish, mount_page};

/// All pages.
pub fn router(front: &Arc<Front>) -> Router {
    with_routes(front, &routes::all())
}

/// The pages with these routes instead of the usual ones, so that a test can see what every answer has in common where a page panics.
pub fn with_routes(front: &Arc<Front>, table: &[PageRoute]) -> Router {
    let mut router = Router::new();
    for route in table {
        router = mount_page(router, front, errors::refuse, *route);
    }
    let (no_page, no_method, door) = (Arc::clone(front), Arc::clone(front), Arc::clone(front));
    let transport = front.transport;
    router
        .merge(static_files())
        .merge(security_contact::route(front))
        .fallback(move |request| lost(Arc::clone(&no_page), request, StatusCode::NOT_FOUND))
        .method_not_allowed_fallback(move |request| lost(Arc::clone(&no_method), request, StatusCode::METHOD_NOT_ALLOWED))
        .layer(from_fn(move |request: Request, next: Next| let_in(Arc::clone(&door), request, next)))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(move |request: Request, next: Next| guarded(request, transport, |request| with_policy(request, next))))
        .layer(Observe::new(front.metrics.clone()))
        // As in `api::with_routes`.
        .with_state(())
}

/// What is the same for everybody.
#[expect(clippy::disallowed_methods, reason = "styles and scripts are for everybody and ask no capability")]
fn static_files() -> Router {
    let answer = async |Path(file): Path<String>, headers: HeaderMap| {
        assets::answer(&file, accepts_gzip(&headers)).unwrap_or_else(|| {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        })
    };
    Router::new().route("/assets/{file}", axum::routing::get(answer))
}

/// A request for which there is no page, or none of this method.
async fn lost(front: Arc<Front>, request: Request, status: StatusCode) -> Response<Body> {
    let visit = Visit::lost(&front, request);
    let answer = if status == StatusCode::NOT_FOUND {
        errors::refuse(visit.clone(), Error::NotFound).await
    } else {
        errors::wrong_method(visit.clone()).await
    };
    finish(&visit, answer)
}

/// The page's answer, or the refusal of a request in which the listener has found a fault.
async fn let_in(front: Arc<Front>, request: Request, next: Next) -> Response<Body> {
    let Some(fault) = Fault::of(request.extensions()) else { return next.run(request).await };
    let visit = Visit::lost(&front, request);
    let answer = errors::refuse(visit.clone(), fault.error()).await;
    finish(&visit, answer)
}

/// A panic is our defect: caught, logged with the request's id, and nothing of it in the page.
fn panicked(payload: Box<dyn Any + Send + 'static>) -> Response<Body> {
    // Only a fixed text is logged: a formatted one may hold what somebody typed.
    let detail = payload.downcast_ref::<&'static str>().map_or_else(|| "a panic".to_owned(), |text| format!("a panic: {text}"));
    let mut response = Response::from(errors::broken());
    response.extensions_mut().insert(InternalDetail(detail.into()));
    response
}

/// Scripts, styles and pictures come from here alone and nothing inline runs; no other site may frame a page or learn where its links stood
/// (ASVS v5.0.0-3.4).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
                      base-uri 'none'; object-src 'none'; frame-ancestors 'none'";

/// Lays the headers on that every page has.
async fn with_policy(request: Request, next: Next) -> Response<Body> {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    response
}
