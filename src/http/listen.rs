//! The listener: accepts connections, with TLS or without, speaks HTTP/1.1 and HTTP/2 on them, keeps them within limits and ends them gracefully.
//! What the requests mean is the router's business; no address is trusted or translated here.

mod activity;
mod incoming;
mod outgoing;
mod places;
#[cfg(test)]
mod tests;

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};
use tower::Service;

use super::arrival::{Fault, names_its_host};
pub use super::bounds::Limits;
use super::callers::{Callers, Line, Running};
use super::client::forwarded;
use super::faces::Faces;
use super::limits::network;
use super::metrics::Metrics;
use super::tls::Tls;
use crate::app::settings::Networks;
use crate::app::stop::Stop;
use activity::{Activity, Noted, Turn, Verdict};
use incoming::Arriving;
pub(super) use incoming::Stopped;
use outgoing::Answer;
use places::{Entry, LOOK_AGAIN, Place, Places};

/// Who is at the other end of the connection, in each request's extensions. It may be a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its address as the operating system tells it; an IPv4 address always as such.
    pub address: SocketAddr,
    /// Whether it came by TLS to us; a proxy's own TLS is not seen here.
    pub tls: bool,
}

struct House {
    tls: Option<Tls>,
    faces: Faces,
    limits: Limits,
    /// Peers whose `X-Forwarded-For` is believed, and which have connections for many.
    proxies: Networks,
    places: Arc<Places>,
    callers: Arc<Callers>,
    metrics: Metrics,
    protocol: auto::Builder<TokioExecutor>,
    /// Connections that were still at work at the end of the grace.
    dropped: AtomicUsize,
}

/// Serves `faces` on `listener` until `stop`; then accepts no more, closes what rests, lets finish what runs, and drops the remainder after `limits.grace`.
/// Peers in `proxies` speak for others. Returns how many connections had to be dropped.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    faces: impl Into<Faces>,
    (limits, proxies): (Limits, Networks),
    metrics: Metrics,
    mut stop: Stop,
) -> usize {
    let (places, callers) = (Places::new(&limits), Callers::new(&limits));
    let held = Arc::clone(&callers);
    let bytes = metrics.gauge("bugtome_held_bytes", "Bytes of bodies and answers that are held for clients.", move || {
        i64::try_from(held.held()).unwrap_or(i64::MAX)
    });
    if let Err(error) = bytes {
        tracing::warn!(%error, "the bytes that are held cannot be shown");
    }
    let protocol = protocol(&limits);
    let house =
        Arc::new(House { tls, faces: faces.into(), limits, proxies, places, callers, metrics, protocol, dropped: AtomicUsize::new(0) });
    loop {
        let next = async {
            let (socket, address) = accept(&listener).await;
            // On a socket for both families an IPv4 client comes as ::ffff:…, and all of them would share one /64.
            let address = SocketAddr::new(address.ip().to_canonical(), address.port());
            let activity = Activity::new();
            (place(&house, address, &activity).await, socket, address, activity)
        };
        let (place, socket, address, activity) = tokio::select! {
            next = next => next,
            () = stop.wait() => break,
        };
        let Some(place) = place else {
            house.metrics.closed("address_full");
            refuse(socket, house.tls.is_some());
            continue;
        };
        let (house, stop) = (Arc::clone(&house), stop.clone());
        tokio::spawn(async move {
            attend(&house, socket, address, &activity, stop).await;
            drop(place);
        });
    }
    drop(listener);
    // The connections keep the grace themselves; the margin is for the last of them to go.
    let gone = async {
        while !house.places.are_empty() {
            house.places.freed().await;
        }
    };
    let _ = timeout(house.limits.grace + Limits::FAREWELL, gone).await;
    let dropped = house.dropped.load(Ordering::Acquire);
    if dropped > 0 {
        tracing::warn!(dropped, "connections were dropped at the end of the time for finishing");
    }
    dropped
}

/// A place for a connection, waited for where all are taken by connections at work; none where its address has as many as it may.
async fn place(house: &House, address: SocketAddr, activity: &Arc<Activity>) -> Option<Place> {
    let (network, trusted) = (network(address.ip()), house.proxies.contain(address.ip()));
    let mut waited = false;
    loop {
        match house.places.enter(network, trusted, activity) {
            Entry::Let(place) => {
                if waited {
                    tracing::info!("there is room for new connections again");
                }
                return Some(place);
            }
            Entry::Refused => return None,
            Entry::Full => {}
        }
        if !waited {
            waited = true;
            tracing::warn!("all connections are taken and at work; new ones wait until one ends or rests");
        }
        let _ = timeout(LOOK_AGAIN, house.places.freed()).await;
    }
}

/// What a connection too many is told: nothing of a request has been read, so that it is the same for all.
const REFUSAL: &str = concat!(
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 98\r\nRetry-After: 1\r\nConnection: close\r\n\r\n",
    r#"{"error":"Service Unavailable","message":"Too many connections from this address. Try again soon"}"#
);

/// Says so to a connection that gets no place, as far as that goes without waiting. Before a TLS handshake there are no words for it.
fn refuse(socket: TcpStream, tls: bool) {
    if tls {
        return;
    }
    let Ok(mut socket) = socket.into_std() else { return };
    let _ = socket.write(REFUSAL.as_bytes());
    let _ = socket.shutdown(Shutdown::Write);
    // Bytes that are there and unread would make the end a reset, which takes back what was said. No more than a request's head are read: all other
    // connections wait meanwhile, and whoever sends as fast as this reads would have them wait for good.
    let mut unread = [0; 4096];
    for _ in 0..8 {
        if !matches!(socket.read(&mut unread), Ok(count) if count == unread.len()) {
            break;
        }
    }
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
async fn attend(house: &Arc<House>, socket: TcpStream, address: SocketAddr, activity: &Arc<Activity>, mut stop: Stop) {
    let _counted = house.metrics.connection();
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let socket = Noted { socket, activity: Arc::clone(activity) };
    let Some(tls) = &house.tls else {
        return converse(house, socket, Peer { address, tls: false }, activity, stop).await;
    };
    let handshake = timeout(house.limits.handshake_timeout, tls.acceptor().accept(socket));
    let shaken = tokio::select! {
        shaken = handshake => shaken,
        () = activity.must_give_way() => return house.metrics.closed("gave_way"),
        () = stop.wait() => return,
    };
    match shaken {
        Ok(Ok(stream)) => {
            activity.begin_anew();
            converse(house, stream, Peer { address, tls: true }, activity, stop).await;
        }
        Ok(Err(error)) => tracing::debug!(%error, "the TLS handshake failed"),
        Err(_) => {
            house.metrics.closed("slow_handshake");
            tracing::debug!("the TLS handshake took too long");
        }
    }
}

async fn converse<S>(house: &Arc<House>, stream: S, peer: Peer, activity: &Arc<Activity>, mut stop: Stop)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let own = (!house.proxies.contain(peer.address.ip())).then(|| Line::new(house.callers.of(peer.address.ip())));
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let turn = activity.begin(request.version());
        let line = own.clone().unwrap_or_else(|| {
            // A proxy's connection is one for many: each of them is a caller.
            let address = forwarded(&house.proxies, peer.address.ip(), request.headers());
            Line::new(house.callers.of(address))
        });
        answer(house, request, peer, turn, line)
    });
    let mut must_give_way = pin!(activity.must_give_way());
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
            () = must_give_way.as_mut(), if end.is_none() => {
                house.metrics.closed("gave_way");
                connection.as_mut().graceful_shutdown();
                end = Some(Instant::now() + house.limits.grace);
            }
            _ = pulse.tick() => match activity.judge(&house.limits, house.places.are_full()) {
                Verdict::Slow(reason) => {
                    house.metrics.closed(reason.word());
                    return tracing::debug!(reason = reason.word(), "a slow client was cut off");
                }
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

/// Has the face answer one request, or refuse it where it may not run.
fn answer(
    house: &Arc<House>,
    request: hyper::Request<Incoming>,
    peer: Peer,
    turn: Turn,
    line: Arc<Line>,
) -> impl Future<Output = Result<Response<Answer>, std::convert::Infallible>> + use<> {
    let running: Option<Running> = line.run();
    let fault = match &running {
        None => Some(Fault::TooMuchAtOnce),
        Some(_) => (!names_its_host(&request)).then_some(Fault::Host),
    };
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(peer);
    parts.extensions.insert(Arc::clone(&line));
    if let Some(fault) = fault {
        parts.extensions.insert(fault);
    }
    let body = if body.is_end_stream() { Body::empty() } else { Body::new(Arriving::new(body, Arc::clone(house), &line)) };
    // A router is always ready; its clone is a count.
    let answer = house.faces.of(parts.uri.path()).call(hyper::Request::from_parts(parts, body));
    let uncounted = house.limits.bytes.uncounted;
    async move { answer.await.map(|response| response.map(|body| Answer::new(body, turn, running, &line, uncounted))) }
}
