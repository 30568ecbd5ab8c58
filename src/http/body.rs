//! Bodies: read up to a limit, and of one media type.
//! What stands in them is the faces' affair.

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::domain::{Error, Result};

/// The largest body, in bytes.
pub const LARGEST: usize = 1 << 20;

/// Reads a body of JSON: too large before wrong type, in the contract's order. An empty one needs no type.
pub async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<u64>().ok());
    if announced.is_some_and(|length| length > LARGEST as u64) {
        return Err(Error::TooLarge);
    }
    let body = match Limited::new(body, LARGEST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(Error::TooLarge),
        Err(_) => return Err(Error::Malformed("The body could not be read".to_owned())),
    };
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
    use super::is_json;

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
