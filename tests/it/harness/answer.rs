//! An answer with what stories ask of it, and the check of all that every answer has in common.
//! The words are the contract's, written down a second time on purpose.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex};

use axum::http::response::Parts;
use axum::http::{HeaderMap, Method};
use bytes::Bytes;
use serde_json::Value;

/// What came back.
pub struct Answer {
    pub method: Method,
    pub path: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

const LIMITS: [&str; 5] = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit-policy", "ratelimit"];

impl Answer {
    pub(super) fn new(method: Method, path: String, parts: Parts, body: Bytes) -> Self {
        Self { method, path, status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// A header, if it is there.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// A header that is a number.
    pub fn number(&self, name: &str) -> i64 {
        self.header(name).unwrap_or_else(|| panic!("{self:?} has no {name}")).parse().unwrap()
    }

    /// The body.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{self:?}: {error}"))
    }

    /// The body of an answer with this status.
    pub fn is(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// The messages for each field of a 422.
    pub fn details(&self) -> Value {
        self.is(422)["details"].clone()
    }

    /// The page headers: total, pages, current.
    pub fn pages(&self) -> (i64, i64, i64) {
        (self.number("x-total-count"), self.number("x-total-pages"), self.number("x-current-page"))
    }

    /// Where `Link: …; rel="next"` leads.
    pub fn next(&self) -> Option<String> {
        let link = self.header("link")?;
        let (target, rest) = link.strip_prefix('<').and_then(|link| link.split_once('>')).unwrap();
        assert_eq!(rest, r#"; rel="next""#);
        assert!(target.starts_with("/api/v1/"), "{target}");
        Some(target.to_owned())
    }

    /// Whether the answer says how its caller stands against a limit.
    pub fn is_limited(&self) -> bool {
        self.headers.contains_key(LIMITS[0])
    }

    /// All that the caller can see but the request's id and the limits' headers.
    pub fn seen(&self) -> (u16, Vec<(String, String)>, Bytes) {
        let hidden = |name: &str| name == "x-request-id" || LIMITS.contains(&name);
        let headers = self.headers.iter().filter(|(name, _)| !hidden(name.as_str()));
        let mut headers: Vec<_> = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        headers.sort();
        (self.status, headers, self.body.clone())
    }

    /// What every answer has.
    pub(super) fn check(&self, authorization: Option<&str>) {
        static IDS: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);
        let id = self.header("x-request-id").unwrap_or_else(|| panic!("{self:?} has no X-Request-Id"));
        assert!(IDS.lock().unwrap().insert(id.to_owned()), "{id} was given twice");
        assert_eq!(self.header("set-cookie"), None, "{self:?}");
        assert!(!(300..400).contains(&self.status) || self.status == 304, "/api never redirects: {self:?}");
        if self.path == "/api/v1" || self.path.starts_with("/api/v1/") {
            assert_eq!(self.header("access-control-allow-origin"), Some("*"), "{self:?}");
            assert_eq!(self.header("access-control-allow-credentials"), None, "{self:?}");
            let exposed = self.header("access-control-expose-headers").unwrap().to_ascii_lowercase();
            for name in self
                .headers
                .keys()
                .filter(|name| (name.as_str().starts_with("x-") && *name != "x-content-type-options") || LIMITS.contains(&name.as_str()))
            {
                assert!(exposed.split(", ").any(|one| one == name.as_str()), "{name} is not exposed");
            }
        }
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{self:?}");
        assert_eq!(self.header("content-security-policy"), Some("default-src 'none'; frame-ancestors 'none'"), "{self:?}");
        // The stories' server is reached by https.
        assert_eq!(self.header("strict-transport-security"), Some("max-age=31536000"), "{self:?}");
        assert_eq!(self.header("bugtome-page"), None, "nothing of the API is a page: {self:?}");
        // The description is the same for everybody.
        if authorization.is_some() && !self.path.starts_with("/api/v1/openapi.json") {
            assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        }
        assert!(!self.body.iter().any(|byte| b"<>&".contains(byte)), "JSON with a tag in it: {self:?}");
        self.check_limits();
        self.check_body();
        self.check_challenges(authorization.is_some());
        let token = authorization.and_then(|value| value.strip_prefix("Bearer ")).filter(|token| token.len() > 20);
        if let Some(token) = token {
            let repeated = String::from_utf8_lossy(&self.body).contains(token) || format!("{:?}", self.headers).contains(token);
            assert!(!repeated, "an answer repeats the token");
        }
    }

    fn check_limits(&self) {
        let there = LIMITS.iter().filter(|name| self.headers.contains_key(**name)).count();
        assert!(there == 0 || there == LIMITS.len(), "some of the limits' headers are missing: {self:?}");
        if there == 0 {
            return;
        }
        let (limit, remaining) = (self.number(LIMITS[0]), self.number(LIMITS[1]));
        assert!((0..=limit).contains(&remaining), "{self:?}");
        assert_eq!(self.header("ratelimit-policy"), Some(&*format!(r#""default";q={limit};w=3600"#)));
        let standing = self.header("ratelimit").unwrap();
        let seconds = standing.strip_prefix(&format!(r#""default";r={remaining};t="#)).unwrap_or_else(|| panic!("{standing}"));
        assert!((0..=3_600).contains(&seconds.parse::<i64>().unwrap()), "{standing}");
    }

    fn check_body(&self) {
        if self.path.ends_with('z') && !self.path.starts_with("/api") {
            return;
        }
        if self.method == Method::HEAD || matches!(self.status, 204 | 304) {
            assert!(self.body.is_empty(), "{self:?}");
            return;
        }
        if self.status < 300 {
            assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
            self.json();
            return;
        }
        let word = match self.status {
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            409 => "Conflict",
            412 => "Precondition Failed",
            413 => "Payload Too Large",
            415 => "Unsupported Media Type",
            422 => "Validation Failed",
            429 => "Rate Limit Exceeded",
            500 => "Internal Server Error",
            503 => "Service Unavailable",
            other => panic!("the contract knows no {other}: {self:?}"),
        };
        let body = self.json();
        let body = body.as_object().unwrap_or_else(|| panic!("{self:?}"));
        let names: Vec<_> = body.keys().map(String::as_str).collect();
        let detailed = matches!(self.status, 422 | 429);
        if self.header("content-type") == Some("application/problem+json") {
            let expected: &[&str] =
                if detailed { &["detail", "details", "status", "title", "type"] } else { &["detail", "status", "title", "type"] };
            assert_eq!(names, expected, "{self:?}");
            assert_eq!((&body["title"], &body["status"]), (&word.into(), &self.status.into()));
        } else {
            assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
            assert_eq!(names, if detailed { &["details", "error", "message"][..] } else { &["error", "message"] }, "{self:?}");
            assert_eq!(body["error"], word);
            assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()));
        }
        assert_eq!(self.header("vary"), Some("Accept"), "{self:?}");
    }

    fn check_challenges(&self, sent: bool) {
        let challenge = self.header("www-authenticate");
        match self.status {
            401 if sent => assert_eq!(challenge, Some(r#"Bearer realm="bugtome", error="invalid_token""#)),
            401 => assert_eq!(challenge, Some(r#"Bearer realm="bugtome""#)),
            403 => assert!(challenge.is_none_or(|text| text.starts_with(r#"Bearer realm="bugtome", error="insufficient_scope""#))),
            _ => assert_eq!(challenge, None, "{self:?}"),
        }
        assert_eq!(self.header("retry-after").is_some(), matches!(self.status, 429 | 503), "{self:?}");
        assert!(self.method == Method::OPTIONS || self.header("allow").is_some() == (self.status == 405), "{self:?}");
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} {} → {}", self.method, self.path, self.status)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {value:?}")?;
        }
        f.write_str(&String::from_utf8_lossy(&self.body))
    }
}
