//! The REST API under `/api/v1`: its routes, and what every answer of it has in common.
//! Faces translate and decide nothing: what may be done and by whom is the domain's affair.

mod comments;
mod errors;
mod events;
mod json;
mod members;
pub mod openapi;
mod organizations;
mod paging;
mod projects;
pub mod routes;
mod tickets;
mod tokens;

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ALLOW,
};
use axum::http::{HeaderValue, Method, Response, StatusCode};
use axum::middleware::{Next, from_fn};
use tower_http::catch_panic::CatchPanicLayer;

use crate::http::arrival::Fault;
use crate::http::client::wants_problem_json;
use crate::http::guard::guarded;
use crate::http::log::{InternalDetail, Observe};
use crate::http::mount::{Face, Front, Route, Wording, lost, mount};
use crate::model::events::Via;

/// How the API speaks.
pub const FACE: Face = Face { via: Via::Api, refuse: errors::refuse };

/// The whole API, health checks included.
pub fn router(front: &Arc<Front>) -> Router {
    with_routes(front, &routes::all())
}

/// The API with these routes instead of its own, so that a test can see what every answer has in common where a route panics.
pub fn with_routes(front: &Arc<Front>, table: &[Route]) -> Router {
    let mut router = Router::new();
    for route in table {
        router = mount(router, front, FACE, *route);
    }
    let (for_route, for_method) = (Arc::clone(front), Arc::clone(front));
    let transport = front.transport;
    router
        .merge(health(front))
        .fallback(move |request| no_route(Arc::clone(&for_route), request))
        .method_not_allowed_fallback(move |request| no_method(Arc::clone(&for_method), request))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(move |request: Request, next: Next| guarded(request, transport, |request| cross_origin(request, next))))
        .layer(Observe::new(front.metrics.clone()))
        // Puts the layers around each route now, and not for each request.
        .with_state(())
}

/// For those who watch over the program: no token, no limit.
#[expect(clippy::disallowed_methods, reason = "health checks are for everybody and ask no capability")]
fn health(front: &Arc<Front>) -> Router {
    let front = Arc::clone(front);
    let readiness = move || {
        let front = Arc::clone(&front);
        async move {
            match front.app.database().ready().await {
                Ok(()) => (StatusCode::OK, "ready\n"),
                Err(error) => {
                    tracing::warn!(%error, "not ready");
                    (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
                }
            }
        }
    };
    Router::new().route("/healthz", axum::routing::get(async || "alive\n")).route("/readyz", axum::routing::get(readiness))
}

fn wording(request: &Request) -> Wording {
    Wording { problem_json: wants_problem_json(request.headers()), token_sent: false }
}

/// Limits are for `/api/v1`; a route that does not exist there counts too.
async fn counted(front: &Front, request: Request, response: Response<Body>) -> Response<Body> {
    let is_api = is_api(&request);
    let (parts, _) = request.into_parts();
    if is_api { lost(front, &parts, response).await } else { response }
}

fn is_api(request: &Request) -> bool {
    let rest = request.uri().path().strip_prefix("/api/v1");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

async fn no_route(front: Arc<Front>, request: Request) -> Response<Body> {
    let answer = errors::standard(StatusCode::NOT_FOUND, "The requested resource was not found", None, wording(&request));
    counted(&front, request, answer.into()).await
}

/// axum lays the `Allow` header (RFC 9110 §10.2.1) on this.
async fn no_method(front: Arc<Front>, request: Request) -> Response<Body> {
    let answer =
        errors::standard(StatusCode::METHOD_NOT_ALLOWED, "This method is not allowed for the requested resource", None, wording(&request));
    counted(&front, request, answer.into()).await
}

/// A panic is our defect: caught, logged with the request's id, and nothing of it in the answer.
fn panicked(payload: Box<dyn Any + Send + 'static>) -> Response<Body> {
    // Only a fixed text is logged: a formatted one may hold what somebody sent.
    let detail = payload.downcast_ref::<&'static str>().map_or_else(|| "a panic".to_owned(), |text| format!("a panic: {text}"));
    let answer = errors::standard(StatusCode::INTERNAL_SERVER_ERROR, errors::INTERNAL, None, Wording::default());
    let mut response = Response::from(answer);
    response.extensions_mut().insert(InternalDetail(detail.into()));
    response.extensions_mut().insert(Panicked);
    response
}

/// Marks the answer that was made without its request, so that it is worded for who asked where that is known.
#[derive(Clone, Copy)]
struct Panicked;

/// The answer to a panic, in the form that the client asked for.
fn reworded(response: Response<Body>, wording: Wording) -> Response<Body> {
    if response.extensions().get::<Panicked>().is_none() || !wording.problem_json {
        return response;
    }
    let mut worded = Response::from(errors::standard(StatusCode::INTERNAL_SERVER_ERROR, errors::INTERNAL, None, wording));
    *worded.extensions_mut() = response.into_parts().0.extensions;
    worded
}

const EXPOSED: &str = "X-Total-Count, X-Total-Pages, X-Current-Page, X-Total-Count-Exact, X-RateLimit-Limit, X-RateLimit-Remaining, \
                       X-RateLimit-Reset, RateLimit, RateLimit-Policy, Link, ETag, Retry-After, WWW-Authenticate, X-Token-Expires-At, X-Request-Id";
const METHODS: &str = "GET, HEAD, POST, PATCH, DELETE";
const REQUEST_HEADERS: &str = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match";

/// The route's answer, or the refusal of a request in which the listener has found a fault.
async fn let_in(request: Request, next: Next) -> Response<Body> {
    match Fault::of(request.extensions()) {
        None => next.run(request).await,
        Some(fault) => errors::refuse(&fault.error(), wording(&request)).into(),
    }
}

/// Any origin, no credentials, on every answer of the API (Fetch standard, CORS protocol).
async fn cross_origin(request: Request, next: Next) -> Response<Body> {
    if !is_api(&request) {
        return let_in(request, next).await;
    }
    let preflight = request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if preflight {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(REQUEST_HEADERS));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
        response
    } else {
        let wording = wording(&request);
        reworded(let_in(request, next).await, wording)
    };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        allow_head_with_get(&mut response);
    }
    response
}

/// HEAD works wherever GET does.
fn allow_head_with_get(response: &mut Response<Body>) {
    let allowed = response.headers().get(ALLOW).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
    if let Some(allowed) = allowed
        && allowed.contains("GET")
        && !allowed.contains("HEAD")
        && let Ok(value) = HeaderValue::try_from(format!("{allowed},HEAD"))
    {
        response.headers_mut().insert(ALLOW, value);
    }
}
