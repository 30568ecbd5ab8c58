//! Callers: each sends requests to the router, and each answer is checked for what all answers have in common.
//! What a caller may do is not known here.

use std::future::{Future, IntoFuture};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use bugtome::http::listen::Peer;
use bugtome::model::id::Id;
use bugtome::model::tokens::Token;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use super::Answer;

/// Somebody who calls the API.
#[derive(Clone)]
pub struct Client {
    pub(super) router: Router,
    pub(super) token: Option<String>,
    /// The token's id, where the story made it.
    pub id: Option<Id<Token>>,
    pub(super) peer: IpAddr,
}

impl Client {
    pub(super) fn new(router: Router, token: Option<String>) -> Self {
        Self { router, token, id: None, peer: IpAddr::from([192, 0, 2, 1]) }
    }

    /// The same caller at another address.
    pub fn at(&self, peer: &str) -> Self {
        Self { peer: peer.parse().unwrap(), ..self.clone() }
    }

    /// The plain token.
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("this caller has a token")
    }

    pub fn get(&self, path: impl AsRef<str>) -> Call {
        self.call(Method::GET, path)
    }

    pub fn head(&self, path: impl AsRef<str>) -> Call {
        self.call(Method::HEAD, path)
    }

    pub fn delete(&self, path: impl AsRef<str>) -> Call {
        self.call(Method::DELETE, path)
    }

    pub fn post(&self, path: impl AsRef<str>, body: Value) -> Call {
        self.call(Method::POST, path).json(&body)
    }

    pub fn patch(&self, path: impl AsRef<str>, body: Value) -> Call {
        self.call(Method::PATCH, path).json(&body)
    }

    /// A request without a body. A path that does not begin with a slash lies under `/api/v1/`.
    pub fn call(&self, method: Method, path: impl AsRef<str>) -> Call {
        let path = path.as_ref();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/api/v1/{path}") };
        let mut headers = Vec::new();
        if let Some(token) = &self.token {
            headers.push(("authorization", format!("Bearer {token}")));
        }
        Call { router: self.router.clone(), method, path, headers, body: Vec::new(), peer: self.peer }
    }
}

/// A request on its way; awaiting it sends it.
#[derive(Clone)]
pub struct Call {
    router: Router,
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    peer: IpAddr,
}

impl Call {
    /// With one more header.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With an `Idempotency-Key`.
    pub fn key(self, key: &str) -> Self {
        self.with("idempotency-key", key)
    }

    /// With a body of JSON.
    pub fn json(self, body: &Value) -> Self {
        self.raw("application/json", body.to_string())
    }

    /// With any body, of the type that is said.
    pub fn raw(mut self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.headers.retain(|(name, _)| *name != "content-type");
        self.with("content-type", media_type)
    }

    /// With a body and no word of its type.
    pub fn untyped(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.headers.retain(|(name, _)| *name != "content-type");
        self
    }

    async fn send(self) -> Answer {
        let mut request = Request::builder().method(self.method.clone()).uri(&self.path);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let mut request = request.body(Body::from(self.body)).unwrap();
        request.extensions_mut().insert(Peer { address: SocketAddr::new(self.peer, 40_000), tls: false });
        let (parts, body) = self.router.oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let answer = Answer::new(self.method, self.path, parts, body);
        answer.check(self.headers.iter().find(|(name, _)| *name == "authorization").map(|(_, value)| value.as_str()));
        answer
    }
}

impl IntoFuture for Call {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
