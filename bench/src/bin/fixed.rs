//! The upper bound of the stack: the bytes that another server answered, from memory, `fixed ADDRESS FILE`.
//! The file holds a whole answer as `curl -i` prints it; its headers and its body are given to every request.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response};
use bytes::Bytes;

#[path = "../listen.rs"]
mod listen;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, address, file] = &arguments[..] else { panic!("fixed ADDRESS FILE") };
    let recorded = std::fs::read_to_string(file).expect("the recorded answer");
    let (head, body) = recorded.split_once("\r\n\r\n").expect("head and body");
    let mut headers = HeaderMap::new();
    for line in head.lines().skip(1) {
        let (name, value) = line.split_once(": ").expect("a header");
        if !matches!(name, "content-length" | "date") {
            headers.insert(HeaderName::try_from(name).expect("a name"), HeaderValue::try_from(value).expect("a value"));
        }
    }
    let answer = Arc::new((headers, Bytes::from(body.to_owned())));
    let router = Router::new().fallback(move || {
        let answer = Arc::clone(&answer);
        async move {
            let mut response = Response::new(Body::from(answer.1.clone()));
            *response.headers_mut() = answer.0.clone();
            response
        }
    });
    listen::serve(address.parse::<SocketAddr>().expect("an address"), router).await;
}
