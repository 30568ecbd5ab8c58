//! What the listener finds wrong with a request before any face has seen it, so that the face refuses it in its own words.
//! What is wrong with a whole connection ends at the listener.

use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{Extensions, HeaderMap, Request, Version};

use crate::domain::Error;

/// Why a request is refused whatever it asks for; in its extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Its caller has as many requests running as it may.
    TooMuchAtOnce,
    /// It does not say, once and readably, which host it is for.
    Host,
}

impl Fault {
    /// As a face takes it.
    pub(crate) fn error(self) -> Error {
        match self {
            Self::TooMuchAtOnce => Error::TooMuchAtOnce,
            Self::Host => Error::Malformed("Host: must be sent once, as the name or address of a server".to_owned()),
        }
    }

    /// What the listener found, if anything.
    pub(crate) fn of(extensions: &Extensions) -> Option<Self> {
        extensions.get().copied()
    }
}

/// Whether a request names its host as it must: HTTP/1.1 in one `Host` (RFC 9112 §3.2), HTTP/2 in `:authority` or `Host` (RFC 9113 §8.3.1);
/// HTTP/1.0 need not. What it names is not looked at: no address of ours is made from it.
pub(super) fn names_its_host<B>(request: &Request<B>) -> bool {
    let headers: &HeaderMap = request.headers();
    let mut hosts = headers.get_all(HOST).iter();
    let Some(host) = hosts.next() else {
        return match request.version() {
            Version::HTTP_09 | Version::HTTP_10 => true,
            Version::HTTP_11 => false,
            _ => request.uri().authority().is_some(),
        };
    };
    // An empty one is right where the address asked for has no authority. Most are plain, and need not be taken apart.
    let readable =
        || is_plain(host.as_bytes()) || Authority::try_from(host.as_bytes()).is_ok_and(|authority| !authority.as_str().contains('@'));
    hosts.next().is_none() && (host.is_empty() || readable())
}

/// A name of letters, digits, dots and hyphens, with a port or without: whatever it names, it can be read as an authority.
fn is_plain(host: &[u8]) -> bool {
    let name = host.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')).count();
    match host[name..].split_first() {
        None => name > 0,
        Some((b':', port)) => name > 0 && (1..=5).contains(&port.len()) && port.iter().all(u8::is_ascii_digit),
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_plain_can_be_read(host in "([a-zA-Z0-9.-]{0,8}|\\PC{0,3})(:[0-9]{0,7})?") {
            let read = Authority::try_from(host.as_bytes());
            prop_assert!(!is_plain(host.as_bytes()) || read.is_ok_and(|read| !read.as_str().contains('@')), "{host:?}");
        }
    }

    // Finding 25.
    #[test]
    fn a_request_names_its_host_once() {
        let names = |version, uri: &str, hosts: &[&str]| {
            let mut request = Request::builder().version(version).uri(uri);
            for host in hosts {
                request = request.header(HOST, *host);
            }
            names_its_host(&request.body(()).unwrap())
        };
        for good in ["bugs.example", "bugs.example:8080", "192.0.2.1", "[2001:db8::1]:80", ""] {
            for version in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2] {
                assert!(names(version, "/", &[good]), "{version:?} {good}");
            }
        }
        for bad in [&["a", "a"][..], &["a", "b"], &["a b"], &["a/b"], &["user@a"], &["a, b"]] {
            for version in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2] {
                assert!(!names(version, "/", bad), "{version:?} {bad:?}");
                assert!(!names(version, "http://a/", bad), "{version:?} {bad:?}");
            }
        }
        assert!(names(Version::HTTP_10, "/", &[]) && !names(Version::HTTP_11, "/", &[]) && !names(Version::HTTP_2, "/", &[]));
        assert!(!names(Version::HTTP_11, "http://a/", &[]) && names(Version::HTTP_2, "http://a/", &[]));
    }
}
