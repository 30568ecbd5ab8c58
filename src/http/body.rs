//! Bodies: read up to a limit, and of one media type.
//! What stands in them is the faces' affair.

use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::domain::{Error, Result};

/// The largest body, in bytes.
pub const LARGEST: usize = 1 << 20;

/// How long a body may take to arrive. At the largest that is 35 kB a second, which every line manages; who is slower holds a place.
const ARRIVES_WITHIN: Duration = Duration::from_secs(30);

/// Reads a body of JSON: too large before wrong type, in the contract's order. An empty one needs no type.
pub async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes> {
    let read = tokio::time::timeout(ARRIVES_WITHIN, whole(headers, body)).await;
    read.unwrap_or_else(|_| Err(late()))
}

/// Reads a body of any type.
pub(super) async fn read_any(headers: &HeaderMap, body: Body) -> Result<Bytes> {
    let read = tokio::time::timeout(ARRIVES_WITHIN, limited(headers, body)).await;
    read.unwrap_or_else(|_| Err(late()))
}

fn late() -> Error {
    Error::Malformed(format!("The body did not arrive within {} seconds", ARRIVES_WITHIN.as_secs()))
}

async fn limited(headers: &HeaderMap, body: Body) -> Result<Bytes> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<u64>().ok());
    if announced.is_some_and(|length| length > LARGEST as u64) {
        return Err(Error::TooLarge);
    }
    match Limited::new(body, LARGEST).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Error::TooLarge),
        Err(_) => Err(Error::Malformed("The body could not be read".to_owned())),
    }
}

/// As [`read`], for as long as it takes.
async fn whole(headers: &HeaderMap, body: Body) -> Result<Bytes> {
    let body = limited(headers, body).await?;
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

    use hyper::body::Frame;

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
            Err(Error::Malformed(what)) => assert_eq!(what, "The body did not arrive within 30 seconds"),
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
