//! An answer as the faces' handlers give it: status, a few headers of its own, and a body that is already text.
//! Headers that every answer has (limits, request id, CORS) are laid on by `mount` and the layers.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use bytes::Bytes;
use serde::Serialize;

use super::callers::{self, Line};
use super::request::Request;
use crate::domain::idempotency::Kept;
use crate::domain::{Error, Result};

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// Headers of its own.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body, if it has one. What is the same for everybody is shared, not copied.
    pub body: Option<Bytes>,
}

impl Answer {
    /// A body that is to be serialised as JSON.
    pub fn json(status: StatusCode, body: &impl Serialize) -> Result<Self> {
        let text = serde_json::to_vec(body).map_err(|error| Error::Internal(format!("an answer cannot be written: {error}")))?;
        // Before anybody asks how large it is: each of these characters becomes six.
        Ok(Self::written(status, without_tags(text.into())))
    }

    /// A body that is JSON already, [`without_tags`].
    pub fn written(status: StatusCode, json: impl Into<Bytes>) -> Self {
        let headers = vec![(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        Self { status, headers, body: Some(json.into()) }
    }

    /// 200 with a body of JSON.
    pub fn ok(body: &impl Serialize) -> Result<Self> {
        Self::json(StatusCode::OK, body)
    }

    /// 201 with a body of JSON.
    pub fn created(body: &impl Serialize) -> Result<Self> {
        Self::json(StatusCode::CREATED, body)
    }

    /// 204.
    pub const fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, headers: Vec::new(), body: None }
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: impl TryInto<HeaderValue>) -> Self {
        // Values are made by us from numbers and words; one that cannot stand in a header is left out rather than failing the answer.
        if let Ok(value) = value.try_into() {
            self.headers.push((name, value));
        }
        self
    }

    /// With an entity tag; 304 without a body where the request says that it has this one already (RFC 9110 §13.1.2).
    #[must_use]
    pub fn tagged(self, request: &Request, tag: &str) -> Self {
        let known = |list: &HeaderValue| {
            list.to_str()
                .is_ok_and(|list| list.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag))
        };
        if request.method == Method::GET && request.headers.get_all(IF_NONE_MATCH).iter().any(known) {
            return Self { status: StatusCode::NOT_MODIFIED, headers: Vec::new(), body: None }.with(ETAG, tag);
        }
        self.with(ETAG, tag)
    }

    /// Itself, where there is room for it beside what its caller has not taken yet. What all answers share takes none.
    pub(super) fn within(self, line: Option<&Arc<Line>>) -> Result<Self> {
        let own = self.body.as_ref().filter(|body| body.is_unique()).map_or(0, Bytes::len);
        callers::check_made(line, own).map(|()| self)
    }

    /// As it is kept for repeats of its request.
    pub fn kept(&self) -> Kept {
        let text = |(name, value): &(HeaderName, HeaderValue)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()));
        Kept {
            status: self.status.as_u16(),
            headers: self.headers.iter().filter_map(text).collect(),
            body: self.body.as_deref().unwrap_or_default().to_vec(),
        }
    }

    /// A kept answer, given again. It may have been kept by a version that left tags in it.
    pub fn repeated(kept: Kept) -> Self {
        let is_json = kept.headers.iter().any(|(name, value)| name == CONTENT_TYPE.as_str() && value.ends_with("json"));
        let body = (!kept.body.is_empty()).then(|| Bytes::from(kept.body));
        let parse = |(name, value): (String, String)| Some((name.parse().ok()?, value.parse().ok()?));
        Self {
            status: StatusCode::from_u16(kept.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            headers: kept.headers.into_iter().filter_map(parse).collect(),
            body: if is_json { body.map(without_tags) } else { body },
        }
    }
}

/// JSON without `<`, `>` and `&`, which are written as `\u003c` and so on (RFC 8259 §7): whatever takes it for HTML finds no tag in it. They
/// occur within strings alone, so that they can be replaced wherever they are.
pub fn without_tags(json: Bytes) -> Bytes {
    if memchr::memchr3(b'<', b'>', b'&', &json).is_none() {
        return json;
    }
    let mut escaped = Vec::with_capacity(json.len() + json.len() / 16 + 64);
    for byte in json {
        match byte {
            b'<' => escaped.extend_from_slice(br"\u003c"),
            b'>' => escaped.extend_from_slice(br"\u003e"),
            b'&' => escaped.extend_from_slice(br"\u0026"),
            other => escaped.push(other),
        }
    }
    escaped.into()
}

/// So many headers an answer has, with those that every answer carries.
const HEADERS: usize = 20;

impl From<Answer> for Response<Body> {
    fn from(answer: Answer) -> Self {
        let mut response = Self::new(answer.body.map_or_else(Body::empty, Body::from));
        // At once for all that the layers lay on, instead of three times half as many.
        response.headers_mut().reserve(HEADERS);
        *response.status_mut() = answer.status;
        for (name, value) in answer.headers {
            response.headers_mut().append(name, value);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        // Finding 1 (d).
        #[test]
        fn json_means_the_same_and_holds_no_tag(text in "(\\PC|<|>|&|\\\\|\"|\n){0,60}", key in "[a-z<&>]{1,8}") {
            let value = serde_json::json!({ key: [text] });
            let escaped = without_tags(serde_json::to_vec(&value).unwrap().into());
            prop_assert!(!escaped.iter().any(|byte| b"<>&".contains(byte)));
            prop_assert_eq!(serde_json::from_slice::<serde_json::Value>(&escaped).unwrap(), value);
        }
    }
}
