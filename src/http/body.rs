//! Bodies: read up to a limit, and of one media type.
//! What stands in them is the faces' affair.

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Frame;

use super::bounds::{BODY_ARRIVES_WITHIN, LARGEST_BODY};
use super::listen::Stopped;
use crate::domain::{Error, Result};

/// Reads a body of JSON: too large before wrong type, in the contract's order. An empty one needs no type.
pub async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes> {
    let read = tokio::time::timeout(BODY_ARRIVES_WITHIN, whole(headers, body)).await;
    read.unwrap_or_else(|_| Err(late()))
}

/// Reads a body of any type, up to `largest` bytes. `look` sees what has come after each piece, and may end it.
pub(super) async fn read_any(headers: &HeaderMap, body: Body, largest: usize, look: impl FnMut(&[u8]) -> Result<()>) -> Result<Bytes> {
    let read = tokio::time::timeout(BODY_ARRIVES_WITHIN, limited(headers, body, largest, look)).await;
    read.unwrap_or_else(|_| Err(late()))
}

/// How long a body says to be; none where it does not say.
pub(super) fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok())
}

fn late() -> Error {
    Error::Malformed(format!("The body did not arrive in time: it may take {} seconds, and no long pauses", BODY_ARRIVES_WITHIN.as_secs()))
}

async fn limited(headers: &HeaderMap, body: Body, largest: usize, mut look: impl FnMut(&[u8]) -> Result<()>) -> Result<Bytes> {
    if announced(headers).is_some_and(|length| length > largest as u64) {
        return Err(Error::TooLarge);
    }
    let mut body = Limited::new(body, largest);
    let mut first = Bytes::new();
    let mut all = Vec::new();
    while let Some(frame) = body.frame().await {
        let data = match frame.map(Frame::into_data) {
            Ok(Ok(data)) => data,
            Ok(Err(_)) => continue,
            Err(error) if error.is::<LengthLimitError>() => return Err(Error::TooLarge),
            Err(error) => return Err(stopped(&*error)),
        };
        // A body that comes whole, as most do, is not copied.
        if first.is_empty() && all.is_empty() {
            look(&data)?;
            first = data;
        } else {
            if all.is_empty() {
                all.extend_from_slice(&first);
            }
            all.extend_from_slice(&data);
            look(&all)?;
        }
    }
    Ok(if all.is_empty() { first } else { all.into() })
}

/// Why a body broke off.
fn stopped(error: &(dyn std::error::Error + 'static)) -> Error {
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    match causes.find_map(|cause| cause.downcast_ref::<Stopped>()) {
        Some(Stopped::Late) => late(),
        Some(Stopped::TooMuchAtOnce) => Error::TooMuchAtOnce,
        None => Error::Malformed("The body could not be read".to_owned()),
    }
}

/// As [`read`], for as long as it takes.
async fn whole(headers: &HeaderMap, body: Body) -> Result<Bytes> {
    let body = limited(headers, body, LARGEST_BODY, |_| Ok(())).await?;
    let typed = match headers.get(CONTENT_TYPE) {
        Some(value) => value.to_str().is_ok_and(is_json),
        None => body.is_empty(),
    };
    if typed { Ok(body) } else { Err(Error::UnsupportedMediaType) }
}

/// `application/json`, with no parameter but `charset=utf-8`.
fn is_json(value: &str) -> bool {
    let mut parts = value.split(';').map(str::trim);
    let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    named
        && parts.filter(|part| !part.is_empty()).all(|part| match part.split_once('=') {
            Some((name, value)) if name.eq_ignore_ascii_case("charset") => value.trim_matches('"').eq_ignore_ascii_case("utf-8"),
            Some(_) => true,
            None => false,
        })
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use super::*;

    /// A body that announces itself and never comes.
    struct Never;

    impl hyper::body::Body for Never {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<std::result::Result<Frame<Bytes>, Self::Error>>> {
            Poll::Pending
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_comes_is_not_waited_for() {
        match read(&HeaderMap::new(), Body::new(Never)).await {
            Err(Error::Malformed(what)) => assert_eq!(what, "The body did not arrive in time: it may take 30 seconds, and no long pauses"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_json_in_utf_8_is_taken() {
        for good in ["application/json", "Application/JSON; charset=utf-8", "application/json;charset=\"UTF-8\"", "application/json; v=1"] {
            assert!(is_json(good), "{good}");
        }
        for bad in ["", "text/json", "application/json; charset=latin1", "application/jsonx", "application/x-www-form-urlencoded"] {
            assert!(!is_json(bad), "{bad}");
        }
    }
}
