//! The request's id and its line in the log: method, route template, status and microseconds, and what else an answer's extensions say of it.
//! Never the path, the query, headers or bodies: tokens and what people wrote are in them.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use tower::{Layer, Service};

use super::metrics::{Metrics, method_label};
use crate::app::request::RequestId;

/// The header that carries the request's id on every answer.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What kind of caller it was (`personal`, `project`, `user`, `anonymous`), if whoever found out puts it into the answer's extensions.
#[derive(Debug, Clone, Copy)]
pub struct CallerKind(pub &'static str);

/// What went wrong inside, for the log alone: whoever turns an internal error into an answer puts it into the answer's extensions,
/// and it is logged once, with the request's id. It must hold no secret.
#[derive(Debug, Clone)]
pub struct InternalDetail(pub Arc<str>);

/// Gives each request its id, writes its line and counts it. To be laid with `Router::layer`, outermost, so that the route is known and nothing escapes it.
///
/// Level of the line: `error` for 5xx, `warn` for 503 (which is our answer to too much work), `debug` for all else. At the usual level, `info`,
/// a healthy request writes nothing: at 10,000 requests a second a line each costs more than the answers.
#[derive(Debug, Clone)]
pub struct Observe {
    metrics: Metrics,
}

impl Observe {
    /// Logs, and counts in `metrics`.
    pub const fn new(metrics: Metrics) -> Self {
        Self { metrics }
    }
}

impl<S> Layer<S> for Observe {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Observed<S> {
        Observed { inner, metrics: self.metrics.clone() }
    }
}

/// A service under observation, see [`Observe`].
#[derive(Debug, Clone)]
pub struct Observed<S> {
    inner: S,
    metrics: Metrics,
}

impl<S> Service<Request> for Observed<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let begun = Instant::now();
        let id = RequestId::next();
        request.extensions_mut().insert(id);
        let method = request.method().clone();
        let route = request.extensions().get::<MatchedPath>().cloned();
        let metrics = self.metrics.clone();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let mut response = answer.await?;
            let took = begun.elapsed();
            let route = route.as_ref().map_or("-", MatchedPath::as_str);
            metrics.request(&method, route, response.status(), took);
            write_line(&method, route, took, id, &response);
            if let Ok(value) = HeaderValue::from_str(id.as_str()) {
                response.headers_mut().insert(X_REQUEST_ID, value);
            }
            Ok(response)
        })
    }
}

fn write_line(method: &Method, route: &str, took: Duration, id: RequestId, response: &Response) {
    let status = response.status();
    let caller = || response.extensions().get::<CallerKind>().map(|caller| caller.0);
    let detail = || response.extensions().get::<InternalDetail>().map(|detail| &*detail.0);
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(method = method_label(method), route, status = status.as_u16(), micros = micros(took), request = %id, caller = caller(), detail = detail(), "request")
        };
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        line!(warn);
    } else if status.is_server_error() {
        line!(error);
    } else {
        line!(debug);
    }
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Mutex;

    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;
    use tracing::subscriber::DefaultGuard;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Lines {
        fn take_over(&self) -> DefaultGuard {
            let lines = self.clone();
            let subscriber = tracing_subscriber::fmt().json().flatten_event(true).with_max_level(tracing::Level::DEBUG);
            tracing::subscriber::set_default(subscriber.with_writer(move || lines.clone()).finish())
        }

        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the log is tested without the floors above it")]
    fn router(metrics: Metrics) -> Router {
        let broken = || async {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response.extensions_mut().insert(InternalDetail("the disk is full".into()));
            response.extensions_mut().insert(CallerKind("project"));
            response
        };
        Router::new()
            .route("/tickets/{id}", get(|request: Request| async move { request.extensions().get::<RequestId>().unwrap().to_string() }))
            .route("/broken", get(broken))
            .layer(Observe::new(metrics))
    }

    async fn ask(router: &Router, path: &str) -> Response {
        let request =
            Request::builder().uri(path).header("x-request-id", "mine").header("authorization", "Bearer hush").body(Body::empty());
        router.clone().oneshot(request.unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn a_line_tells_the_route_and_never_what_was_sent() {
        let lines = Lines::default();
        let _guard = lines.take_over();
        let metrics = Metrics::on().unwrap();
        let router = router(metrics.clone());
        let found = ask(&router, "/tickets/hush?token=hush").await;
        let lost = ask(&router, "/hush").await;
        let broken = ask(&router, "/broken").await;
        let text = lines.text();
        assert!(!text.contains("hush") && !text.contains("mine"), "{text}");
        let logged: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let [first, second, third] = &logged[..] else { panic!("{text}") };
        assert_eq!((&first["level"], &first["route"], &first["status"]), (&"DEBUG".into(), &"/tickets/{id}".into(), &200.into()));
        assert_eq!((&second["level"], &second["route"], &second["status"]), (&"DEBUG".into(), &"-".into(), &404.into()));
        assert_eq!((&third["level"], &third["caller"], &third["detail"]), (&"ERROR".into(), &"project".into(), &"the disk is full".into()));
        for (line, response) in logged.iter().zip([found, lost, broken]) {
            assert_eq!(line["request"].as_str().unwrap(), response.headers()[X_REQUEST_ID].to_str().unwrap());
        }
        assert!(metrics.text().unwrap().contains(r#"route="/tickets/{id}",status="2xx"} 1"#), "{}", metrics.text().unwrap());
    }

    #[tokio::test]
    async fn the_handler_knows_the_id_that_the_client_gets() {
        let response = ask(&router(Metrics::off()), "/tickets/1").await;
        let header = response.headers()[X_REQUEST_ID].clone();
        let body = axum::body::to_bytes(response.into_body(), 100).await.unwrap();
        assert_eq!(header.as_bytes(), &body[..]);
    }

    /// Not a test of anything: prints what observing costs, `cargo test --release observing_costs -- --ignored --nocapture`.
    #[tokio::test]
    #[ignore = "a measurement"]
    async fn observing_costs() {
        #[expect(clippy::disallowed_methods, reason = "the log is measured without the floors above it")]
        let bare = Router::new().route("/tickets/{id}", get(async || "ok"));
        let off = bare.clone().layer(Observe::new(Metrics::off()));
        let on = bare.clone().layer(Observe::new(Metrics::on().unwrap()));
        for (name, router) in
            [("warm-up", &bare), ("bare", &bare), ("log and id", &off), ("log, id and metrics", &on), ("bare again", &bare)]
        {
            let begun = Instant::now();
            for _ in 0..1_000_000 {
                let request = Request::builder().uri("/tickets/1").body(Body::empty()).unwrap();
                std::hint::black_box(router.clone().oneshot(request).await.unwrap());
            }
            eprintln!("{name}: {} ns a request", begun.elapsed().as_nanos() / 1_000_000);
        }
        let metrics = Metrics::on().unwrap();
        let begun = Instant::now();
        for _ in 0..1_000_000 {
            metrics.request(&Method::GET, "/tickets/{id}", StatusCode::OK, Duration::from_micros(120));
        }
        eprintln!("Metrics::request: {} ns", begun.elapsed().as_nanos() / 1_000_000);
        let begun = Instant::now();
        for _ in 0..1_000_000 {
            std::hint::black_box(RequestId::next());
        }
        eprintln!("RequestId::next: {} ns", begun.elapsed().as_nanos() / 1_000_000);
    }
}
