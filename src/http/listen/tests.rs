//! The listener under clients that are slow, many, or go away.
//! What is answered to a request is told in `tests/it`.

use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::Extension;
use axum::Router;
use axum::body::Body;
use axum::http::Version;
use axum::routing::get;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Frame;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio::time::Sleep;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::*;
use crate::app::clock::Clock;
use crate::app::stop::Stopper;

struct Server {
    address: SocketAddr,
    stopper: Stopper,
    ended: JoinHandle<usize>,
}

fn quick() -> Limits {
    let soon = Duration::from_millis(200);
    Limits {
        header_timeout: soon,
        handshake_timeout: soon,
        write_timeout: soon,
        idle_timeout: soon * 3,
        grace: soon * 3,
        ..Limits::default()
    }
}

#[expect(clippy::disallowed_methods, reason = "the listener is tested without the floors above it")]
fn router() -> Router {
    Router::new()
        .route(
            "/peer",
            get(async |Extension(peer): Extension<Peer>, version: Version| format!("{} {} {version:?}", peer.address.ip(), peer.tls)),
        )
        .route(
            "/slow",
            get(async || {
                sleep(Duration::from_secs(1)).await;
                "done"
            }),
        )
        .route("/stuck", get(async || sleep(Duration::from_mins(10)).await))
        .route("/whole", get(async || vec![b'x'; 16 << 20]))
        .route("/large", get(async || pieces(64, 1 << 20, Duration::ZERO)))
        .route("/events", get(async || pieces(2, 3, Duration::from_millis(600))))
}

/// A body in pieces, with a pause before each.
struct Pieces {
    left: usize,
    piece: Bytes,
    pause: Duration,
    waits: Option<Pin<Box<Sleep>>>,
}

fn pieces(left: usize, size: usize, pause: Duration) -> Body {
    Body::new(Pieces { left, piece: vec![b'x'; size].into(), pause, waits: None })
}

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let pause = self.pause;
        ready!(self.waits.get_or_insert_with(|| Box::pin(sleep(pause))).as_mut().poll(cx));
        self.waits = None;
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data(self.piece.clone()))))
    }
}

async fn start(tls: Option<Tls>, limits: Limits) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stopper, stop) = Stopper::new();
    let ended = tokio::spawn(serve(listener, tls, router(), (limits, Networks::default()), Metrics::off(), stop));
    Server { address, stopper, ended }
}

impl Server {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn ask(&self, path: &str) -> TcpStream {
        let mut socket = self.connect().await;
        socket.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
        socket
    }
}

/// Reads until `end` has come.
async fn read_to(stream: &mut (impl AsyncRead + Unpin), end: &str) -> String {
    let mut text = Vec::new();
    while !String::from_utf8_lossy(&text).ends_with(end) {
        assert_ne!(stream.read_buf(&mut text).await.unwrap(), 0, "ended after {}", String::from_utf8_lossy(&text));
    }
    String::from_utf8(text).unwrap()
}

/// Reads until the other end closes; tells what came and how long it took.
async fn read_to_close(socket: &mut TcpStream) -> (String, Duration) {
    let begun = Instant::now();
    let mut text = Vec::new();
    let outcome = timeout(Duration::from_secs(5), socket.read_to_end(&mut text)).await.expect("the connection is closed");
    // A reset is as good an end as any: bytes of ours may have been under way.
    drop(outcome);
    (String::from_utf8(text).unwrap(), begun.elapsed())
}

fn issue(folder: &Path) -> (Tls, CertificateDer<'static>) {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&cert, own.cert.pem()).unwrap();
    std::fs::write(&key, own.signing_key.serialize_pem()).unwrap();
    (Tls::load(&cert, &key, Clock::system()).unwrap(), own.cert.der().clone())
}

async fn connect_tls(server: &Server, trusted: &CertificateDer<'static>, alpn: &[u8]) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = versions.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, server.connect().await).await
}

async fn ask_http2(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, path: &str) -> (u16, String) {
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = hyper::Request::get(format!("http://localhost{path}")).body(Body::empty()).unwrap();
    let response = sender.send_request(request).await.unwrap();
    let status = response.status().as_u16();
    (status, String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap())
}

#[tokio::test]
async fn http_1_1_is_spoken_and_kept_alive() {
    let server = start(None, Limits::default()).await;
    let mut socket = server.ask("/peer").await;
    assert!(read_to(&mut socket, "127.0.0.1 false HTTP/1.1").await.starts_with("HTTP/1.1 200 OK"));
    socket.write_all(b"GET /peer HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    read_to(&mut socket, "127.0.0.1 false HTTP/1.1").await;
}

#[tokio::test]
async fn http_2_is_spoken_with_and_without_tls() {
    let plain = start(None, Limits::default()).await;
    assert_eq!(ask_http2(plain.connect().await, "/peer").await, (200, "127.0.0.1 false HTTP/2.0".to_owned()));
    let folder = tempfile::tempdir().unwrap();
    let (tls, cert) = issue(folder.path());
    let server = start(Some(tls), Limits::default()).await;
    let stream = connect_tls(&server, &cert, b"h2").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    assert_eq!(ask_http2(stream, "/peer").await, (200, "127.0.0.1 true HTTP/2.0".to_owned()));
}

#[tokio::test]
async fn a_reload_gives_new_connections_the_new_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, first) = issue(folder.path());
    let server = start(Some(tls.clone()), Limits::default()).await;
    let mut old = connect_tls(&server, &first, b"http/1.1").await.unwrap();
    let (_, second) = issue(folder.path());
    assert!(connect_tls(&server, &second, b"http/1.1").await.is_err());
    tls.reload().unwrap();
    assert!(connect_tls(&server, &second, b"http/1.1").await.is_ok());
    assert!(connect_tls(&server, &first, b"http/1.1").await.is_err());
    old.write_all(b"GET /peer HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    read_to(&mut old, "127.0.0.1 true HTTP/1.1").await;
}

#[tokio::test]
async fn slow_clients_are_cut_off() {
    let server = start(None, Limits { idle_timeout: Duration::from_mins(1), ..quick() }).await;
    let mut silent = server.connect().await;
    let mut trickling = server.connect().await;
    trickling.write_all(b"GET /peer HTTP/1.1\r\nHo").await.unwrap();
    let mut second_head = server.ask("/peer").await;
    read_to(&mut second_head, "HTTP/1.1").await;
    second_head.write_all(b"GET /pe").await.unwrap();
    for socket in [&mut silent, &mut trickling, &mut second_head] {
        let (text, took) = read_to_close(socket).await;
        assert_eq!(text, "");
        assert!(took < Duration::from_secs(2), "{took:?}");
    }
}

#[tokio::test]
async fn a_handshake_has_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(Some(issue(folder.path()).0), quick()).await;
    let (_, took) = read_to_close(&mut server.connect().await).await;
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test]
async fn who_takes_no_answer_is_cut_off() {
    let server = start(None, Limits { max_connections: 1, ..quick() }).await;
    let greedy = server.ask("/large").await;
    // The one place is free again only once the first connection is gone.
    let mut next = server.ask("/peer").await;
    timeout(Duration::from_secs(5), read_to(&mut next, "HTTP/1.1")).await.unwrap();
    drop(greedy);
}

#[tokio::test]
async fn who_takes_no_answer_over_http_2_is_cut_off() {
    takes_nothing("/large").await;
}

// Finding 4: HTTP/2 took such an answer whole, and it looked as if it had gone.
#[tokio::test]
async fn who_takes_nothing_of_an_answer_in_one_piece_over_http_2_is_cut_off() {
    takes_nothing("/whole").await;
}

async fn takes_nothing(path: &str) {
    let server = start(None, quick()).await;
    let stream = TokioIo::new(server.connect().await);
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = hyper::Request::get(format!("http://localhost{path}")).body(Body::empty()).unwrap();
    let response = sender.send_request(request).await.unwrap();
    let begun = Instant::now();
    let _ = timeout(Duration::from_secs(5), connection).await.expect("the connection is closed");
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert!(response.into_body().collect().await.is_err());
}

#[tokio::test]
async fn streams_that_say_nothing_for_long_are_left_alone() {
    let server = start(None, quick()).await;
    let mut socket = server.ask("/events").await;
    read_to(&mut socket, "0\r\n\r\n").await;
}

#[tokio::test]
async fn idle_connections_are_closed_but_not_while_they_work() {
    let server = start(None, quick()).await;
    let mut idle = server.ask("/peer").await;
    read_to(&mut idle, "HTTP/1.1").await;
    let (text, took) = read_to_close(&mut idle).await;
    assert!(text.is_empty() && took > Duration::from_millis(500), "{took:?}");
    let mut stuck = server.ask("/stuck").await;
    assert!(timeout(Duration::from_millis(1200), stuck.read_u8()).await.is_err(), "a running request is left alone");
}

#[tokio::test]
async fn oversized_headers_are_answered_431() {
    let server = start(None, Limits::default()).await;
    let mut socket = server.connect().await;
    let head = format!("GET /peer HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(40_000));
    socket.write_all(head.as_bytes()).await.unwrap();
    let (text, _) = read_to_close(&mut socket).await;
    assert!(text.starts_with("HTTP/1.1 431 "), "{text}");
}

#[tokio::test]
async fn connections_beyond_the_cap_wait_for_a_place() {
    let server = start(None, Limits { max_connections: 2, ..Limits::default() }).await;
    let first = server.ask("/stuck").await;
    let _second = server.ask("/stuck").await;
    let mut third = server.ask("/peer").await;
    assert!(timeout(Duration::from_millis(300), third.read_u8()).await.is_err());
    drop(first);
    timeout(Duration::from_secs(5), read_to(&mut third, "HTTP/1.1")).await.unwrap();
}

#[tokio::test]
async fn stopping_lets_finish_what_runs_and_closes_what_rests() {
    let server = start(None, Limits::default()).await;
    let mut idle = server.ask("/peer").await;
    read_to(&mut idle, "HTTP/1.1").await;
    let mut silent = server.connect().await;
    let mut running = server.ask("/slow").await;
    sleep(Duration::from_millis(100)).await;
    server.stopper.stop();
    for rests in [&mut idle, &mut silent] {
        let (_, took) = read_to_close(rests).await;
        assert!(took < Duration::from_millis(700), "{took:?}");
    }
    assert!(read_to_close(&mut running).await.0.ends_with("done"));
    assert_eq!(timeout(Duration::from_secs(2), server.ended).await.unwrap().unwrap(), 0);
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn stopping_drops_what_does_not_finish() {
    let server = start(None, quick()).await;
    let mut stuck = server.ask("/stuck").await;
    sleep(Duration::from_millis(100)).await;
    server.stopper.stop();
    let (text, took) = read_to_close(&mut stuck).await;
    assert!(text.is_empty() && took < Duration::from_secs(3), "{took:?}");
    assert_eq!(timeout(Duration::from_secs(2), server.ended).await.unwrap().unwrap(), 1);
}
