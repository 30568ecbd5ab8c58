//! The listener: accepts connections, with TLS or without, speaks HTTP/1.1 and HTTP/2 on them, keeps them within limits and ends them gracefully.
//! What the requests mean is the router's business; no address is trusted or translated here.

mod activity;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};
use tower::Service;

use super::faces::Faces;
use super::metrics::Metrics;
use super::tls::Tls;
use crate::app::stop::Stop;
use activity::{Activity, Answer, Noted, Verdict};

/// Who is at the other end of the connection, in each request's extensions. It may be a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its address as the operating system tells it; an IPv4 address always as such.
    pub address: SocketAddr,
    /// Whether it came by TLS to us; a proxy's own TLS is not seen here.
    pub tls: bool,
}

/// What a client may use up.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at one time; more wait in the operating system's backlog.
    pub max_connections: u32,
    /// Bytes of a request's line and headers; more is answered 431 by the HTTP library.
    pub header_bytes: u32,
    /// For a whole request head, from its first byte (the first one: from the connection's beginning).
    pub header_timeout: Duration,
    /// For the TLS handshake.
    pub handshake_timeout: Duration,
    /// For a client that takes nothing of what we send.
    pub write_timeout: Duration,
    /// For a connection between requests.
    pub idle_timeout: Duration,
    /// From the signal to stop until what still runs is dropped.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 1024,
            header_bytes: 32 * 1024,
            header_timeout: Duration::from_secs(10),
            handshake_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
            // Whoever sends SIGTERM often sends SIGKILL ten seconds later; the last second is for what has to be written down.
            grace: Duration::from_secs(8),
        }
    }
}

impl Limits {
    /// How long a connection may rest when others wait for its place.
    const IDLE_WHEN_FULL: Duration = Duration::from_secs(1);
    /// How much longer than the grace the last connections may take to be gone.
    const FAREWELL: Duration = Duration::from_secs(1);
    /// How often a connection is judged, so by how much a time-out may be late.
    fn pulse(&self) -> Duration {
        let shortest = self.header_timeout.min(self.write_timeout).min(self.idle_timeout);
        (shortest / 4).max(Duration::from_millis(10))
    }
}

struct House {
    tls: Option<Tls>,
    faces: Faces,
    limits: Limits,
    metrics: Metrics,
    protocol: auto::Builder<TokioExecutor>,
    full: AtomicBool,
    /// Connections that were still at work at the end of the grace.
    dropped: AtomicUsize,
}

/// Serves `faces` on `listener` until `stop`; then accepts no more, closes what rests, lets finish what runs, and drops the remainder after `limits.grace`.
/// Returns how many connections had to be dropped.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    faces: impl Into<Faces>,
    limits: Limits,
    metrics: Metrics,
    mut stop: Stop,
) -> usize {
    let seats = Arc::new(Semaphore::new(limits.max_connections as usize));
    let protocol = protocol(&limits);
    let house =
        Arc::new(House { tls, faces: faces.into(), limits, metrics, protocol, full: AtomicBool::new(false), dropped: AtomicUsize::new(0) });
    loop {
        let next = async {
            let seat = seat(&seats, &house.full).await?;
            Some((seat, accept(&listener).await))
        };
        let (seat, (socket, address)) = tokio::select! {
            next = next => match next { Some(next) => next, None => break },
            () = stop.wait() => break,
        };
        let (house, stop) = (Arc::clone(&house), stop.clone());
        tokio::spawn(async move {
            attend(&house, socket, address, stop).await;
            drop(seat);
        });
    }
    drop(listener);
    let all = house.limits.max_connections;
    // The connections keep the grace themselves; the margin is for the last of them to go.
    let _ = timeout(house.limits.grace + Limits::FAREWELL, seats.acquire_many(all)).await;
    let dropped = house.dropped.load(Ordering::Acquire);
    if dropped > 0 {
        tracing::warn!(dropped, "connections were dropped at the end of the time for finishing");
    }
    dropped
}

fn protocol(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut protocol = auto::Builder::new(TokioExecutor::new());
    // Of HTTP/1 the buffer is what limits the head. Its own head timer would run between requests too, and costs an allocation for each; ours does neither.
    protocol.http1().header_read_timeout(None).max_buf_size(limits.header_bytes as usize);
    // The windows bound what one connection can make us hold: 256 KiB of bodies that nobody reads, and 16 KiB of each answer beyond its own body.
    protocol
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(limits.header_bytes)
        .max_concurrent_streams(100)
        .initial_stream_window_size(64 * 1024)
        .initial_connection_window_size(256 * 1024)
        .max_send_buf_size(16 * 1024)
        .keep_alive_interval(limits.write_timeout)
        .keep_alive_timeout(limits.write_timeout);
    protocol
}

/// Waits for a free place; none only if there are none to be had any more.
async fn seat(seats: &Arc<Semaphore>, full: &AtomicBool) -> Option<OwnedSemaphorePermit> {
    if let Ok(seat) = Arc::clone(seats).try_acquire_owned() {
        if full.swap(false, Ordering::AcqRel) {
            tracing::info!("there is room for new connections again");
        }
        return Some(seat);
    }
    if !full.swap(true, Ordering::AcqRel) {
        tracing::warn!("all connections are taken; new ones wait until one ends");
    }
    Arc::clone(seats).acquire_owned().await.ok()
}

/// Accepts the next connection. What is wrong with one connection is passed over; what is wrong with us (no file descriptors left) is waited out.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted; trying again in a second");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

fn is_the_clients(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}

/// Serves one connection to its end.
async fn attend(house: &House, socket: TcpStream, address: SocketAddr, mut stop: Stop) {
    let _counted = house.metrics.connection();
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    // On a socket for both families an IPv4 client comes as ::ffff:…, and all of them would share one /64.
    let address = SocketAddr::new(address.ip().to_canonical(), address.port());
    let activity = Activity::new();
    let socket = Noted { socket, activity: Arc::clone(&activity) };
    let Some(tls) = &house.tls else {
        return converse(house, socket, Peer { address, tls: false }, &activity, stop).await;
    };
    let handshake = timeout(house.limits.handshake_timeout, tls.acceptor().accept(socket));
    let shaken = tokio::select! {
        shaken = handshake => shaken,
        () = stop.wait() => return,
    };
    match shaken {
        Ok(Ok(stream)) => converse(house, stream, Peer { address, tls: true }, &activity, stop).await,
        Ok(Err(error)) => tracing::debug!(%error, "the TLS handshake failed"),
        Err(_) => tracing::debug!("the TLS handshake took too long"),
    }
}

async fn converse<S>(house: &House, stream: S, peer: Peer, activity: &Arc<Activity>, mut stop: Stop)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|mut request: hyper::Request<Incoming>| {
        let turn = activity.begin(request.version());
        request.extensions_mut().insert(peer);
        // A router is always ready; its clone is a count.
        let answer = house.faces.of(request.uri().path()).call(request);
        async move { answer.await.map(|response| response.map(|body| Answer::new(body, turn))) }
    });
    let mut connection = pin!(house.protocol.serve_connection(TokioIo::new(stream), service));
    let mut pulse = interval(house.limits.pulse());
    pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut end: Option<Instant> = None;
    loop {
        tokio::select! {
            outcome = connection.as_mut() => {
                if let Err(error) = outcome { tracing::debug!(error, "a connection ended in disorder") }
                return;
            }
            () = stop.wait(), if end.is_none() => {
                connection.as_mut().graceful_shutdown();
                end = Some(Instant::now() + house.limits.grace);
            }
            _ = pulse.tick() => match activity.judge(&house.limits, house.full.load(Ordering::Acquire)) {
                Verdict::Slow(reason) => return tracing::debug!(reason, "a slow client was cut off"),
                Verdict::Idle if end.is_none() => {
                    connection.as_mut().graceful_shutdown();
                    end = Some(Instant::now() + house.limits.grace);
                }
                Verdict::Idle | Verdict::Fine => {}
            },
            () = sleep_until(end.unwrap_or_else(Instant::now)), if end.is_some() => {
                if stop.given() {
                    house.dropped.fetch_add(1, Ordering::AcqRel);
                }
                return;
            }
        }
    }
}
