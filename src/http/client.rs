//! What a request's head says of its client: its credential, its address, the key for repeats, the form in which it wants errors.
//! Whether any of that is worth something is judged elsewhere.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method};

use super::mount::Front;
use crate::app::settings::Networks;
use crate::domain::{Error, Result};
use crate::model::time::{Span, Time};
use crate::model::tokens::PlainToken;

/// The header that makes a POST safe to repeat.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// By which proxies tell for whom they ask.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What came as a credential.
pub(super) enum Presented {
    Nothing,
    Junk,
    Token(PlainToken),
}

/// `Authorization: Bearer <token>`; the scheme in any case (RFC 9110 §11.1). Junk dies here, before any storage is touched.
pub(super) fn presented(headers: &HeaderMap) -> Presented {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Presented::Nothing };
    let token = value.to_str().ok().and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    match token.and_then(|(_, token)| PlainToken::parse(token.trim_matches(' '))) {
        Some(token) if values.next().is_none() => Presented::Token(token),
        _ => Presented::Junk,
    }
}

/// 1 to 255 visible ASCII characters.
pub(super) fn idempotency_key(parts: &Parts) -> Result<Option<String>> {
    let mut values = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next().filter(|_| parts.method == Method::POST) else { return Ok(None) };
    let text = value.to_str().ok().filter(|text| (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()));
    match text {
        Some(text) if values.next().is_none() => Ok(Some(text.to_owned())),
        _ => Err(Error::Malformed("Idempotency-Key: is not 1 to 255 visible ASCII characters, sent once".to_owned())),
    }
}

/// The right-most entry of `X-Forwarded-For` that is no trusted proxy, where the peer is one; else the peer.
pub fn client_address(front: &Front, parts: &Parts) -> IpAddr {
    let peer = parts.extensions.get::<super::listen::Peer>().map_or(IpAddr::from([127, 0, 0, 1]), |peer| peer.address.ip().to_canonical());
    if !front.proxies.contain(peer) && parts.headers.contains_key(X_FORWARDED_FOR) {
        warn_of(peer, front.app.now());
    }
    forwarded(&front.proxies, peer, &parts.headers)
}

/// As [`client_address`], for requests of this peer.
pub(super) fn forwarded(proxies: &Networks, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    if !proxies.contain(peer) {
        return peer;
    }
    // A client may put any bytes before its proxy's entry; they must not hide it.
    let lists: Vec<_> = headers.get_all(X_FORWARDED_FOR).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    let mut nearest = peer;
    for entry in lists.iter().rev().flat_map(|list| list.rsplit(',')) {
        let Some(address) = parse_forwarded(entry.trim()) else { return nearest };
        nearest = address;
        if !proxies.contain(address) {
            return address;
        }
    }
    nearest
}

/// Says that a peer speaks for others and is not believed, once an hour: whoever comes through a proxy that nobody has named shares one address, and
/// one address' limits, with everybody.
fn warn_of(peer: IpAddr, now: Time) {
    const GAP: Span = Span::seconds(3_600);
    static LAST: Mutex<Option<Time>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if last.is_some_and(|last| now.since(last) < GAP) {
        return;
    }
    *last = Some(now);
    tracing::warn!(
        %peer,
        "X-Forwarded-For from a peer that is not among BUGTOME_TRUSTED_PROXIES is ignored, so that all who come through it count as one address. \
         If it is your proxy, name it there; if not, somebody made the header up"
    );
}

/// An entry of `X-Forwarded-For`: an address, which some proxies give a port.
fn parse_forwarded(entry: &str) -> Option<IpAddr> {
    let address = entry.parse::<IpAddr>().or_else(|_| entry.parse::<std::net::SocketAddr>().map(|address| address.ip()));
    let bracketed = || entry.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    address.ok().or_else(bracketed).map(|address| address.to_canonical())
}

/// Whether `application/problem+json` is named with a higher `q` than `application/json`, or without naming that. Wildcards never count.
pub fn wants_problem_json(headers: &HeaderMap) -> bool {
    let (mut problem, mut json) = (0.0_f32, None);
    for range in headers.get_all(axum::http::header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(','))
    {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let q =
            parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="))).map_or(1.0, |q| q.parse().unwrap_or(0.0));
        if name.eq_ignore_ascii_case("application/problem+json") {
            problem = f32::max(problem, q);
        } else if name.eq_ignore_ascii_case("application/json") {
            json = Some(json.unwrap_or(0.0_f32).max(q));
        }
    }
    problem > 0.0 && json.is_none_or(|json| problem > json)
}
