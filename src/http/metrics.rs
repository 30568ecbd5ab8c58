//! What is counted about the running server, and the listener that tells it in Prometheus text.
//! What happens to a request is nobody's business here, and no count is kept when nobody asked for a listener.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus::core::Collector;
use prometheus::{Counter, Encoder, Gauge, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};
use tokio::net::TcpListener;

use super::listen::{self, Limits};
use crate::app::settings::Networks;
use crate::app::stop::Stop;

/// Counts; cheap to clone. Memory is bounded: labels are route templates, known methods and words from the code, never what a client sent.
#[derive(Debug, Clone, Default)]
pub struct Metrics(Option<Arc<Counts>>);

struct Counts {
    registry: Registry,
    requests: HistogramVec,
    refusals: IntCounterVec,
    database: HistogramVec,
    connections: IntGauge,
    closed: IntCounterVec,
    refresh: std::sync::Mutex<Vec<Box<dyn Fn() + Send>>>,
}

impl std::fmt::Debug for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Counts").finish_non_exhaustive()
    }
}

/// Why the listener ends or refuses connections: told from the start, so that a rise from nothing is seen.
const CLOSED: [&str; 7] = ["address_full", "gave_way", "no_answer_taken", "no_request", "slow_body", "slow_handshake", "slow_head"];

/// Seconds, from a judged read of 100 µs to the deadline of 1.6 s and beyond.
const SECONDS: [f64; 14] = [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

impl Metrics {
    /// Counts nothing; every call is a branch.
    pub const fn off() -> Self {
        Self(None)
    }

    /// Counts. An error only if a name were registered twice, which is a fault in this file.
    pub fn on() -> Result<Self, prometheus::Error> {
        let histogram =
            |name: &str, help: &str, labels: &[&str]| HistogramVec::new(HistogramOpts::new(name, help).buckets(SECONDS.to_vec()), labels);
        let counts = Counts {
            registry: Registry::new(),
            requests: histogram(
                "bugtome_http_request_duration_seconds",
                "Time until the head of the answer, by method, route and class of status.",
                &["method", "route", "status"],
            )?,
            refusals: IntCounterVec::new(Opts::new("bugtome_refusals_total", "Requests refused, by reason."), &["reason"])?,
            database: histogram("bugtome_database_duration_seconds", "Time in the database, by kind of access.", &["kind"])?,
            connections: IntGauge::new("bugtome_connections", "Open connections of clients.")?,
            closed: IntCounterVec::new(
                Opts::new("bugtome_connections_closed_total", "Connections refused or cut off, by reason."),
                &["reason"],
            )?,
            refresh: std::sync::Mutex::default(),
        };
        for reason in CLOSED {
            counts.closed.with_label_values(&[reason]).reset();
        }
        let collectors: [Box<dyn Collector>; 5] = [
            Box::new(counts.requests.clone()),
            Box::new(counts.refusals.clone()),
            Box::new(counts.database.clone()),
            Box::new(counts.connections.clone()),
            Box::new(counts.closed.clone()),
        ];
        for collector in collectors {
            counts.registry.register(collector)?;
        }
        Ok(Self(Some(Arc::new(counts))))
    }

    /// A request was answered with `status`, its head after `duration`. `route` is the template, never the path.
    pub fn request(&self, method: &Method, route: &str, status: StatusCode, duration: Duration) {
        if let Some(counts) = &self.0 {
            counts.requests.with_label_values(&[method_label(method), route, class_label(status)]).observe(duration.as_secs_f64());
        }
    }

    /// A request was refused; `reason` is a word such as `unauthorized`, `rate_limit` or `queue_full`.
    pub fn refused(&self, reason: &'static str) {
        if let Some(counts) = &self.0 {
            counts.refusals.with_label_values(&[reason]).inc();
        }
    }

    /// A connection was refused or cut off; `reason` is one of [`CLOSED`].
    pub(super) fn closed(&self, reason: &'static str) {
        if let Some(counts) = &self.0 {
            counts.closed.with_label_values(&[reason]).inc();
        }
    }

    /// The database was in use for `duration`; `kind` is a word such as `read`, `write` or `scan`.
    pub fn database(&self, kind: &'static str, duration: Duration) {
        if let Some(counts) = &self.0 {
            counts.database.with_label_values(&[kind]).observe(duration.as_secs_f64());
        }
    }

    /// Registers a gauge that `read` tells whenever somebody looks: the length of the writer's queue, the pool in use.
    /// `name` begins with `bugtome_`; an error if there is one of that name already.
    pub fn gauge(&self, name: &str, help: &str, read: impl Fn() -> i64 + Send + 'static) -> Result<(), prometheus::Error> {
        let gauge = IntGauge::new(name, help)?;
        self.refreshed(gauge.clone(), move || gauge.set(read()))
    }

    /// As [`Metrics::gauge`], for what may have a fraction, be larger than 2^63, or be unknown at times (`NaN`).
    pub fn level(&self, name: &str, help: &str, read: impl Fn() -> f64 + Send + 'static) -> Result<(), prometheus::Error> {
        let gauge = Gauge::new(name, help)?;
        self.refreshed(gauge.clone(), move || gauge.set(read()))
    }

    /// As [`Metrics::gauge`], for what only grows and is counted elsewhere. `name` ends with `_total`.
    pub fn total(&self, name: &str, help: &str, read: impl Fn() -> f64 + Send + 'static) -> Result<(), prometheus::Error> {
        let counter = Counter::new(name, help)?;
        self.refreshed(counter.clone(), move || {
            let now = read();
            // A counter takes no less than nothing, and nothing unknown.
            if now > counter.get() {
                counter.inc_by(now - counter.get());
            }
        })
    }

    /// Registers what does not change: a gauge that is 1, and says it all in its labels.
    pub fn fact(&self, name: &str, help: &str, labels: &[(&str, &str)]) -> Result<(), prometheus::Error> {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let gauge = IntGauge::with_opts(Opts::new(name, help).const_labels(labels))?;
        self.refreshed(gauge.clone(), move || gauge.set(1))
    }

    fn refreshed(&self, collector: impl Collector + 'static, refresh: impl Fn() + Send + 'static) -> Result<(), prometheus::Error> {
        let Some(counts) = &self.0 else { return Ok(()) };
        counts.registry.register(Box::new(collector))?;
        counts.refresh.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(Box::new(refresh));
        Ok(())
    }

    /// A connection was opened; it counts until what is returned is dropped.
    pub(super) fn connection(&self) -> Connection {
        let gauge = self.0.as_ref().map(|counts| counts.connections.clone());
        if let Some(gauge) = &gauge {
            gauge.inc();
        }
        Connection(gauge)
    }

    /// All counts in Prometheus text format 0.0.4; nothing when they are off.
    pub fn text(&self) -> Result<String, prometheus::Error> {
        let Some(counts) = &self.0 else { return Ok(String::new()) };
        for refresh in counts.refresh.lock().unwrap_or_else(std::sync::PoisonError::into_inner).iter() {
            refresh();
        }
        TextEncoder::new().encode_to_string(&counts.registry.gather())
    }
}

/// An open connection, counted until dropped.
#[derive(Debug)]
pub(super) struct Connection(Option<IntGauge>);

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(gauge) = &self.0 {
            gauge.dec();
        }
    }
}

/// Serves `GET /metrics` and nothing else until `stop`. No TLS and no token: this listener is for a private address.
pub async fn serve(listener: TcpListener, metrics: Metrics, stop: Stop) {
    let router = Router::new().fallback(move |method: Method, uri: axum::http::Uri| {
        let metrics = metrics.clone();
        async move { answer(&metrics, &method, uri.path()) }
    });
    let limits = Limits { max_connections: 16, ..Limits::default() };
    listen::serve(listener, None, router, (limits, Networks::default()), Metrics::off(), stop).await;
}

fn answer(metrics: &Metrics, method: &Method, path: &str) -> Response {
    if path != "/metrics" {
        return StatusCode::NOT_FOUND.into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    match metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, TextEncoder::new().format_type().to_owned())], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A client may invent methods without end; those that we serve are these.
pub(super) fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn class_label(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_told() {
        let metrics = Metrics::on().unwrap();
        metrics.request(&Method::GET, "/api/v1/tickets", StatusCode::OK, Duration::from_micros(200));
        metrics.request(&Method::from_bytes(b"BREW").unwrap(), "-", StatusCode::NOT_FOUND, Duration::from_mins(1));
        metrics.refused("rate_limit");
        metrics.database("read", Duration::from_micros(50));
        metrics.gauge("bugtome_writer_queue", "Waiting writes.", || 7).unwrap();
        metrics.level("bugtome_share", "A share.", || 0.5).unwrap();
        metrics.total("bugtome_works_total", "Works.", || 2.5).unwrap();
        metrics.fact("bugtome_build_info", "What is built.", &[("version", "1")]).unwrap();
        assert!(metrics.gauge("bugtome_share", "A second one.", || 1).is_err());
        let open = metrics.connection();
        let text = metrics.text().unwrap();
        for line in [
            r#"bugtome_http_request_duration_seconds_bucket{method="GET",route="/api/v1/tickets",status="2xx",le="0.00025"} 1"#,
            r#"bugtome_http_request_duration_seconds_count{method="other",route="-",status="4xx"} 1"#,
            r#"bugtome_refusals_total{reason="rate_limit"} 1"#,
            r#"bugtome_database_duration_seconds_count{kind="read"} 1"#,
            "bugtome_writer_queue 7",
            "bugtome_share 0.5",
            "bugtome_works_total 2.5",
            r#"bugtome_build_info{version="1"} 1"#,
            "bugtome_connections 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        drop(open);
        assert!(metrics.text().unwrap().contains("bugtome_connections 0"));
    }

    #[test]
    fn nothing_is_counted_when_off() {
        let metrics = Metrics::off();
        metrics.request(&Method::GET, "/", StatusCode::OK, Duration::ZERO);
        metrics.gauge("bugtome_x", "x", || 1).unwrap();
        assert_eq!(metrics.text().unwrap(), "");
    }

    #[tokio::test]
    async fn the_listener_tells_metrics_and_nothing_else() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stopper, stop) = crate::app::stop::Stopper::new();
        let served = tokio::spawn(serve(listener, Metrics::on().unwrap(), stop));
        let ask = async |line: &str| {
            let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
            socket.write_all(format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes()).await.unwrap();
            let mut text = String::new();
            socket.read_to_string(&mut text).await.unwrap();
            text
        };
        let told = ask("GET /metrics").await;
        assert!(told.contains("content-type: text/plain; version=0.0.4") && told.contains("\nbugtome_connections 0\n"), "{told}");
        assert!(ask("GET /").await.starts_with("HTTP/1.1 404 "));
        assert!(ask("POST /metrics").await.starts_with("HTTP/1.1 405 "));
        stopper.stop();
        served.await.unwrap();
    }
}
