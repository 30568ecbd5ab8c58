//! What every answer over HTTP carries, so that a browser takes it for nothing but what it is: no guessing of types, TLS from now on, no copy of
//! what a token was shown; and which answers are pages that htmx may put into another page. The policy of the pages' contents is the web face's affair.

use std::fmt;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    ETAG, RETRY_AFTER, STRICT_TRANSPORT_SECURITY, VARY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode};

use crate::app::settings::Subdomains;

/// The header that says that an answer is a page of ours, which may be put into another one. The script looks for it before anything is put in.
pub const PAGE: HeaderName = HeaderName::from_static("bugtome-page");

/// By which htmx says that it asks.
const HX_REQUEST: HeaderName = HeaderName::from_static("hx-request");
/// By which htmx is told to leave the page.
pub const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

/// What marks one page and what acts in it: 32 random hexadecimal digits, made for each answer, so that nothing that was written before can know
/// them. The header [`PAGE`] carries them, and so does each part of the page on which htmx may act (`data-own`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker(String);

impl Marker {
    /// Of random bytes.
    pub fn new(random: [u8; 16]) -> Self {
        use fmt::Write;
        let mut text = String::with_capacity(32);
        for byte in random {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether htmx asks, and not the browser by itself.
pub fn is_htmx(headers: &axum::http::HeaderMap) -> bool {
    headers.contains_key(HX_REQUEST)
}

/// What browsers are told of TLS (RFC 6797 §6.1): nothing where the server is not reached by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StrictTransport(Option<&'static str>);

impl StrictTransport {
    /// For a server that is reached at this address.
    pub fn of(base_url: &str, subdomains: Subdomains) -> Self {
        Self(base_url.starts_with("https:").then_some(match subdomains {
            Subdomains::Left => "max-age=31536000",
            Subdomains::Included => "max-age=31536000; includeSubDomains",
        }))
    }
}

/// What both faces lay around their own layer, which `answer` is. A function and no layer by itself: each costs every request several allocations.
pub async fn guarded<F>(request: Request, transport: StrictTransport, answer: impl FnOnce(Request) -> F) -> Response<Body>
where
    F: Future<Output = Response<Body>>,
{
    let shows_a_callers_own = request.headers().contains_key(AUTHORIZATION);
    let led_to = asked_by_htmx(&request);
    let mut response = answer(request).await;
    if let Some(path) = led_to
        && !may_be_put_in(&response)
    {
        response = leave_the_page(response, path);
    }
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Pages have a policy of their own; what is none loads nothing, and is shown in nobody's frame.
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    if let Some(text) = transport.0 {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(text));
    }
    // What a token was shown is in no cache, not even the client's own (RFC 9111 §5.2.2.5).
    if shows_a_callers_own && !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Where a browser would find what htmx asks for, where that can be asked for again.
fn asked_by_htmx(request: &Request) -> Option<HeaderValue> {
    if !is_htmx(request.headers()) || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    // Browsers take what begins with two slashes for another host.
    let path = request.uri().path_and_query()?.as_str();
    (!path.starts_with("//")).then(|| HeaderValue::try_from(path).ok())?
}

/// Whether htmx does the right thing with it: a marked page is put in; without a body, or led elsewhere, nothing is.
fn may_be_put_in(response: &Response<Body>) -> bool {
    response.headers().contains_key(PAGE) || response.headers().contains_key(HX_REDIRECT) || !response.headers().contains_key(CONTENT_TYPE)
}

/// What is no page of ours is shown by the browser itself, which knows its type.
fn leave_the_page(response: Response<Body>, path: HeaderValue) -> Response<Body> {
    let (mut parts, _) = response.into_parts();
    parts.status = StatusCode::NO_CONTENT;
    for about_the_body in [ALLOW, CONTENT_TYPE, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, RETRY_AFTER, WWW_AUTHENTICATE]
    {
        parts.headers.remove(about_the_body);
    }
    // The same address is answered to the browser with what is there.
    parts.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    parts.headers.append(VARY, HeaderValue::from_name(HX_REQUEST));
    parts.headers.insert(HX_REDIRECT, path);
    Response::from_parts(parts, Body::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_promised_only_where_it_is_and_for_other_hosts_only_where_somebody_says_so() {
        let said = |base_url, subdomains| StrictTransport::of(base_url, subdomains).0;
        assert_eq!(said("http://127.0.0.1:8080", Subdomains::Included), None);
        assert_eq!(said("https://bugs.example.org", Subdomains::Left), Some("max-age=31536000"));
        assert_eq!(said("https://bugs.example.org", Subdomains::Included), Some("max-age=31536000; includeSubDomains"));
    }

    // A file, a refusal or a panic may stand behind any address.
    #[test]
    fn htmx_is_led_to_no_other_host() {
        let asked = |uri: &str| {
            let request = Request::builder().uri(uri).header(HX_REQUEST, "true").body(Body::empty()).unwrap();
            asked_by_htmx(&request).map(|path| path.to_str().unwrap().to_owned())
        };
        assert_eq!(asked("/healthz?x=//y").as_deref(), Some("/healthz?x=//y"));
        assert_eq!(asked("//evil.example/x"), None);
        assert_eq!(asked("https://bugs.example//evil.example"), None);
    }
}
