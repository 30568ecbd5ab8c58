//! What every answer of the API must keep to, whatever the request was.
//! The harness of the stories asks more of answers to requests that are known; here nothing of the request is taken for granted.

use std::fmt;

use axum::http::{HeaderMap, Method};
use bytes::Bytes;
use serde_json::Value;

/// What came back.
pub struct Answer {
    pub method: Method,
    /// Whether the request asked for errors by RFC 9457.
    pub wants_problem_json: bool,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// Looks at the answer to a request with these headers.
    pub fn check(&self, sent: &HeaderMap) {
        assert!(
            matches!(self.status, 200 | 201 | 204 | 304 | 400 | 401 | 403 | 404 | 405 | 409 | 412 | 413 | 415 | 422),
            "no request makes the server fail: {self:?}"
        );
        assert!(self.headers.contains_key("x-request-id"), "{self:?}");
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{self:?}");
        assert!(!self.headers.contains_key("set-cookie"), "{self:?}");
        if self.method == Method::HEAD || matches!(self.status, 204 | 304) {
            assert!(self.body.is_empty(), "{self:?}");
            return;
        }
        let kind = self.header("content-type").unwrap_or_default();
        if !kind.contains("json") {
            assert!(self.status == 200 && matches!(&*self.body, b"alive\n" | b"ready\n"), "{self:?}");
            return;
        }
        assert!(!self.body.iter().any(|byte| b"<>&".contains(byte)), "JSON with a tag in it: {self:?}");
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        if self.status >= 400 {
            self.check_error(&body, kind, sent);
        } else {
            assert_eq!(kind, "application/json", "{self:?}");
        }
    }

    /// An error speaks in our words: short, plain, and about fields and parameters by names that could be ours.
    fn check_error(&self, body: &Value, kind: &str, sent: &HeaderMap) {
        let (expected, message) =
            if self.wants_problem_json { ("application/problem+json", "detail") } else { ("application/json", "message") };
        assert_eq!(kind, expected, "asked by {:?}: {self:?}", sent.get_all("accept"));
        let message = body[message].as_str().unwrap_or_else(|| panic!("an error without words: {self:?}"));
        let is_ours = |c: char| c.is_ascii_alphanumeric() || " .,:;\"'()_/-".contains(c);
        assert!(message.len() < 200 && message.chars().all(is_ours), "{self:?}");
        if let Some((name, _)) = message.split_once(": ").filter(|_| self.status == 400) {
            let is_name = name.len() <= 40 && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_'));
            let is_header = ["Idempotency-Key", "idempotency-key"].contains(&name);
            assert!(is_name || is_header || ["a parameter", "The body did not arrive in time"].contains(&name), "{self:?}");
        }
        for (field, messages) in body["details"].as_object().into_iter().flatten() {
            assert!(field.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_')), "{self:?}");
            assert!(messages.as_array().is_some_and(|all| !all.is_empty()), "{self:?}");
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether the text stands anywhere in the answer.
    pub fn contains(&self, text: &str) -> bool {
        let holds = |bytes: &[u8]| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        holds(&self.body) || self.headers.values().any(|value| holds(value.as_bytes()))
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {} {:?} {}", self.method, self.status, self.headers, String::from_utf8_lossy(&self.body))
    }
}
