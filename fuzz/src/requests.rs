//! Tries the API with whole requests: path, parameters, headers and body, through the real router and on a real database.
//! What every answer must keep to stands in `answers`.

use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use bugtome::app::settings::Networks;
use bugtome::http::client::{client_address, wants_problem_json};
use bugtome::http::listen::Peer;
use bytes::Bytes;
use http_body_util::BodyExt;
use libfuzzer_sys::Corpus;
use tokio::runtime::Runtime;
use tower::ServiceExt;

use crate::answers::Answer;
use crate::world::{PROXIES, World};

/// A word that is in no answer but one that repeats what was sent. Where an input has it, the answer is searched for it.
const MARK: &str = "Zq9Zq";

thread_local! {
    static WORLD: RefCell<World> = RefCell::new(World::start());
    static RUNTIME: Runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime starts");
}

/// An input is a request as people write it down: `METHOD path`, lines of `name: value`, an empty line, the body. In each `{ticket}` and the like
/// stand for what there is; without an `authorization` of its own it has the owner's token.
pub fn attempt(data: &[u8]) -> Corpus {
    WORLD.with_borrow_mut(|world| {
        let Some(request) = Told::read(data, world) else { return Corpus::Reject };
        request.is_from(world);
        let answer = send(world, &request);
        answer.check(&request.headers);
        assert!(request.tells(world.token()) || !answer.contains(world.token()), "an answer repeats the token: {answer:?}");
        let repeats = answer.status >= 400 && answer.contains(MARK);
        assert!(!repeats, "an error repeats what was sent: {answer:?}");
        if request.is_repeatable() {
            let again = send(world, &request);
            assert_eq!((again.status, &again.body), (answer.status, &answer.body), "the same request is answered otherwise");
        }
        if request.changes_the_world() && answer.status < 300 {
            world.renew();
        }
        Corpus::Keep
    })
}

/// A request as an input tells it.
struct Told {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl Told {
    fn read(data: &[u8], world: &World) -> Option<Self> {
        let (head, body) = data.windows(2).position(|pair| pair == b"\n\n").map_or((data, &b""[..]), |at| (&data[..at], &data[at + 2..]));
        let named = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            for (name, value) in &world.names {
                while let Some(at) = bytes.windows(name.len()).position(|window| window == name.as_bytes()) {
                    bytes.splice(at..at + name.len(), value.bytes());
                }
            }
            bytes
        };
        let mut lines = head.split(|byte| *byte == b'\n');
        let first = lines.next()?;
        let at = first.iter().position(|byte| *byte == b' ')?;
        let method = match &first[..at] {
            b"GET" => Method::GET,
            b"HEAD" => Method::HEAD,
            b"POST" => Method::POST,
            b"PATCH" => Method::PATCH,
            b"DELETE" => Method::DELETE,
            b"OPTIONS" => Method::OPTIONS,
            _ => return None,
        };
        let uri = Uri::try_from(named(&first[at + 1..])).ok().filter(|uri| uri.path().starts_with('/'))?;
        let mut headers = HeaderMap::new();
        for line in lines.take(16) {
            let at = line.iter().position(|byte| *byte == b':')?;
            headers.append(HeaderName::from_bytes(&line[..at]).ok()?, HeaderValue::from_bytes(named(&line[at + 1..]).trim_ascii()).ok()?);
        }
        if !headers.contains_key("authorization") {
            headers.insert("authorization", HeaderValue::try_from(format!("Bearer {}", world.token())).ok()?);
        }
        if !body.is_empty() && !headers.contains_key("content-type") {
            headers.insert("content-type", HeaderValue::from_static("application/json"));
        }
        Some(Self { method, uri, headers, body: named(body).into() })
    }

    /// Whose request it is taken for: the peer's, unless that is a proxy; then some entry's that the header has, which is no proxy's as long as
    /// there is another.
    fn is_from(&self, world: &World) {
        let proxies: Networks = PROXIES.parse().expect("these are networks");
        let all = self.headers.get_all("x-forwarded-for").iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let all = all.collect::<Vec<_>>().join(",");
        for peer in ["192.0.2.1", "10.1.2.3"] {
            let peer: IpAddr = peer.parse().expect("this is an address");
            let found = client_address(&world.front, &self.parts(peer));
            if proxies.contain(peer) {
                let last = all.rsplit(',').next().and_then(|entry| entry.trim().parse::<IpAddr>().ok());
                assert!(last.is_none_or(|last| proxies.contain(last) || found == last.to_canonical()), "{found} by {all:?}");
            } else {
                assert_eq!(found, peer, "nobody speaks for others unasked");
            }
        }
    }

    fn parts(&self, peer: IpAddr) -> Parts {
        self.request(peer).into_parts().0
    }

    fn request(&self, peer: IpAddr) -> Request<Body> {
        let mut request = Request::new(Body::from(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        request.extensions_mut().insert(Peer { address: SocketAddr::new(peer, 40_000), tls: false });
        request
    }

    /// Whether the token stands anywhere but where it belongs, so that an answer may have it from there.
    fn tells(&self, token: &str) -> bool {
        let holds = |bytes: &[u8]| bytes.windows(token.len()).any(|window| window == token.as_bytes());
        let others = self.headers.iter().filter(|(name, _)| *name != "authorization");
        holds(self.uri.to_string().as_bytes()) || holds(&self.body) || others.into_iter().any(|(_, value)| holds(value.as_bytes()))
    }

    /// What only reads is answered alike each time, and so is what names itself by an `Idempotency-Key` or is refused; a secret is shown once.
    fn is_repeatable(&self) -> bool {
        let reads = matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS);
        reads || self.method == Method::POST && self.headers.contains_key("idempotency-key") && !self.uri.path().contains("/tokens/")
    }

    fn changes_the_world(&self) -> bool {
        let path = self.uri.path();
        self.method == Method::DELETE || self.method == Method::PATCH && path.contains("/projects/") || path.contains("/tokens/")
    }
}

fn send(world: &World, told: &Told) -> Answer {
    let request = told.request(IpAddr::from([192, 0, 2, 1]));
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let (parts, body) = world.router.clone().oneshot(request).await.unwrap_or_else(|never| match never {}).into_parts();
            let body = body.collect().await.expect("an answer is whole").to_bytes();
            let wants_problem_json = wants_problem_json(&told.headers);
            Answer { method: told.method.clone(), wants_problem_json, status: parts.status.as_u16(), headers: parts.headers, body }
        })
    })
}
