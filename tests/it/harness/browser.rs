//! Browsers: each keeps its cookies, sends the forms of pages that it was given, and checks what every page has in common.
//! It runs no script; Chromium does that in `tests/browser`.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request};
use bugtome::domain::returns::OnReturn;
use bugtome::domain::sessions::{self, Browser as Begins};
use bugtome::domain::users;
use bugtome::http::forms::{Keys, opens};
use bugtome::http::listen::Peer;
use bugtome::model::secrets::Secret;
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::{BASE_URL, Person, TestApp};

/// Somebody in front of a browser.
#[derive(Clone)]
pub struct Browser {
    router: Router,
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
    peer: IpAddr,
}

/// A page that came back.
pub struct Page {
    pub path: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

/// A password that fits [`TestApp::password_hash`].
pub const PASSWORD: &str = "a password for stories";

impl Browser {
    pub(super) fn new(router: Router) -> Self {
        Self { router, cookies: Arc::default(), peer: IpAddr::from([192, 0, 2, 1]) }
    }

    /// The same person in another place, with the same cookies from now on.
    pub fn at(&self, peer: &str) -> Self {
        Self { peer: peer.parse().unwrap(), ..self.clone() }
    }

    /// A copy of the browser as it is now, cookies and all: whoever has stolen them.
    pub fn stolen(&self) -> Self {
        let cookies = Arc::new(Mutex::new(self.cookies.lock().unwrap().clone()));
        Self { router: self.router.clone(), cookies, peer: self.peer }
    }

    /// A cookie's value.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    /// Sets a cookie, as a script would.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    /// Opens a page. What is redirected is not followed.
    pub async fn get(&self, path: impl AsRef<str>) -> Page {
        self.send(Method::GET, path.as_ref(), &[], None).await
    }

    /// As [`Browser::get`] with a header more.
    pub async fn get_with(&self, path: impl AsRef<str>, name: &'static str, value: &str) -> Page {
        self.send(Method::GET, path.as_ref(), &[(name, value)], None).await
    }

    /// What this browser's keys are made from: the session's secret, or a visitor's.
    fn secret(&self) -> Option<Secret> {
        ["__Host-session", "__Host-visitor"].iter().find_map(|name| Secret::parse(&self.cookie(name)?))
    }

    /// The key of the form that is sent to this address, as any page of this browser has it; a browser that has no cookie yet opens a page.
    pub async fn key(&self, path: &str) -> String {
        if self.secret().is_none() {
            self.get("/documentation").await;
        }
        Keys::new(self.secret().unwrap(), [7; 16]).of(path)
    }

    /// Sends a form, with its key.
    pub async fn post(&self, path: impl AsRef<str>, fields: &[(&str, &str)]) -> Page {
        let key = self.key(path.as_ref()).await;
        let fields: Vec<_> = fields.iter().copied().chain([("key", key.as_str())]).collect();
        self.post_raw(path, &fields, &[("origin", BASE_URL), ("sec-fetch-site", "same-origin")]).await
    }

    /// Sends a form as it is, with these headers.
    pub async fn post_raw(&self, path: impl AsRef<str>, fields: &[(&str, &str)], headers: &[(&'static str, &str)]) -> Page {
        let encode = |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let body: Vec<_> = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        self.send(Method::POST, path.as_ref(), headers, Some(body.join("&"))).await
    }

    /// Goes where the answer leads.
    pub async fn follow(&self, page: Page) -> Page {
        let location = page.location().to_owned();
        self.get(location).await
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&'static str, &str)], form: Option<String>) -> Page {
        let mut request = Request::builder().method(method).uri(path).header("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let cookies: Vec<_> = self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        if form.is_some() {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        let mut request = request.body(form.map_or_else(Body::empty, Body::from)).unwrap();
        request.extensions_mut().insert(Peer { address: SocketAddr::new(self.peer, 40_000), tls: false });
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap_or_else(|_| format!("{} bytes", body.len()));
        let page = Page { path: path.to_owned(), status: parts.status.as_u16(), headers: parts.headers, text };
        self.keep_cookies(&page);
        page.check();
        for (action, key) in page.forms() {
            let secret = self.secret().unwrap_or_else(|| panic!("a form for a browser without a cookie: {page:?}"));
            assert!(
                opens(&key, &secret, action.split('?').next().unwrap()),
                "the key of the form that is sent to {action} does not open it: {page:?}"
            );
        }
        page
    }

    fn keep_cookies(&self, page: &Page) {
        let mut cookies = self.cookies.lock().unwrap();
        for cookie in page.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            for part in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
                assert!(cookie.contains(part), "{cookie}");
            }
            assert!(name.starts_with("__Host-"), "{cookie}");
            if cookie.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

impl Page {
    /// Asserts the status.
    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Asserts that the page says this.
    #[track_caller]
    pub fn has(&self, text: &str) -> &Self {
        assert!(self.text.contains(text), "there is no {text:?} in {self:?}");
        self
    }

    /// Asserts that the page does not say this.
    #[track_caller]
    pub fn lacks(&self, text: &str) -> &Self {
        assert!(!self.text.contains(text), "there is {text:?} in {self:?}");
        self
    }

    /// Where the answer leads.
    #[track_caller]
    pub fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{self:?}");
        self.header("location").unwrap()
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The value of the first hidden field of this name.
    pub fn hidden(&self, name: &str) -> Option<String> {
        let start = format!(r#"<input type="hidden" name="{name}" value=""#);
        let rest = &self.text[self.text.find(&start)? + start.len()..];
        Some(rest[..rest.find('"')?].to_owned())
    }

    /// The addresses of the page's POST forms, each with its key.
    pub fn forms(&self) -> Vec<(String, String)> {
        let value = |from: &str, start: &str| Some(from.split_once(start)?.1.split('"').next()?.to_owned());
        let forms =
            self.text.split("<form").skip(1).filter(|form| form.split('>').next().is_some_and(|tag| tag.contains("method=\"post\"")));
        let form = |form: &str| {
            let form = form.split("</form>").next().unwrap_or_default();
            let key = value(form, r#"name="key" value=""#).unwrap_or_else(|| panic!("a form without a key: {form}"));
            (value(form, r#" action=""#).unwrap_or_else(|| panic!("a form without an address: {form}")), key)
        };
        forms.map(form).collect()
    }

    /// The key of the form that is sent to this address.
    pub fn key(&self, action: &str) -> String {
        let found = self.forms().into_iter().find(|(other, _)| other == action);
        found.unwrap_or_else(|| panic!("no form is sent to {action}: {self:?}")).1
    }

    /// What every page has.
    fn check(&self) {
        assert!(self.header("x-request-id").is_some(), "{self:?}");
        let policy = self.header("content-security-policy").unwrap_or_else(|| panic!("no policy: {self:?}"));
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "base-uri 'none'",
            "object-src 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{self:?}");
        assert!(self.header("referrer-policy").is_some(), "{self:?}");
        // The stories' server is reached by https.
        assert!(self.header("strict-transport-security").is_some(), "{self:?}");
        assert_eq!(self.header("access-control-allow-origin"), None, "{self:?}");
        let is_html = self.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        // Only pages of ours may be put into a page, and only what they mark acts there.
        let marker = self.header("bugtome-page").map(ToOwned::to_owned);
        assert_eq!(marker.is_some(), is_html, "{self:?}");
        if let Some(marker) = marker {
            assert!(marker.len() == 32 && marker.bytes().all(|byte| byte.is_ascii_hexdigit()), "{self:?}");

            for tag in self.text.split('<').filter(|tag| tag.split('>').next().is_some_and(|tag| tag.contains("data-own="))) {
                assert!(tag.contains(&format!("data-own=\"{marker}\"")), "{tag} is not marked as this page is");
            }
            for tag in self.text.split('<').map(|tag| tag.split('>').next().unwrap_or_default()) {
                let acts =
                    [" hx-get=\"", " hx-post=\"", " hx-put=\"", " hx-patch=\"", " hx-delete=\""].iter().any(|name| tag.contains(name));
                assert!(!acts || tag.contains("data-own="), "{tag} acts and is not marked");
            }
        }
        if is_html {
            assert!(self.header("cache-control").is_some(), "{self:?}");
            for forbidden in ["<style", "style=\"", " onclick", " onload", " onerror=\"", "javascript:"] {
                assert!(!self.text.contains(forbidden), "{forbidden} in {self:?}");
            }
        }
    }
}

impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} → {}", self.path, self.status)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {value:?}")?;
        }
        f.write_str(&self.text)
    }
}

impl TestApp {
    /// Somebody who has not signed in.
    pub fn browser(&self) -> Browser {
        Browser::new(self.pages.clone())
    }

    /// The hash of [`PASSWORD`], worked out once.
    pub fn password_hash() -> &'static str {
        static HASH: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
            let password = bugtome::model::users::Password::parse(PASSWORD.to_owned()).unwrap();
            bugtome::app::passwords::hash(&password, bugtome::app::random::Random::system()).unwrap()
        });
        &HASH
    }

    /// Gives the person [`PASSWORD`].
    pub async fn give_password(&self, person: &Person) {
        let user = person.id;
        self.command(move |ctx| users::set_password(ctx, user, Self::password_hash(), Some(OnReturn::Keep))).await;
    }

    /// The person, signed in with [`PASSWORD`]; earlier sessions of theirs go on.
    pub async fn signed_in(&self, person: &Person) -> Browser {
        let user = person.id;
        let opened = self
            .command(move |ctx| {
                let has = bugtome::store::users::credentials_of(ctx.db, user)?.and_then(|row| row.password_hash);
                if has.is_none() {
                    users::set_password(ctx, user, Self::password_hash(), Some(OnReturn::Keep))?;
                }
                let hash = has.as_deref().unwrap_or_else(|| Self::password_hash());
                sessions::open(
                    ctx,
                    user,
                    hash,
                    &Begins { name: "Firefox/140.0 Linux".to_owned(), from: "192.0.2.1".to_owned(), ..Begins::default() },
                )
            })
            .await;
        let browser = self.browser();
        browser.set_cookie("__Host-session", opened.session.expose());
        browser.set_cookie("__Host-device", opened.device.expose());
        // A page with a form, for its key.
        browser.get("/account/settings").await.is(200);
        browser
    }
}
