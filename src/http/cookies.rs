//! Cookies: the few that there are, how they are read, and how they are set.
//! What they open is judged elsewhere.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;

use crate::domain::sessions::{DEVICE, LONGEST};
use crate::model::secrets::Secret;
use crate::model::time::Span;

/// One of our secret cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// A session.
    Session,
    /// A browser from which somebody has signed in before.
    Device,
    /// A browser in which nobody has signed in: what its forms' keys are made from.
    Visitor,
}

impl Name {
    /// Over TLS with the prefix by which browsers keep other hosts and plain HTTP from setting it (RFC 6265bis §4.1.3.2).
    pub const fn text(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Session, true) => "__Host-session",
            (Self::Session, false) => "session",
            (Self::Device, true) => "__Host-device",
            (Self::Device, false) => "device",
            (Self::Visitor, true) => "__Host-visitor",
            (Self::Visitor, false) => "visitor",
        }
    }

    const fn life(self) -> Option<Span> {
        match self {
            Self::Session => Some(LONGEST),
            Self::Device => Some(DEVICE),
            // Until the browser is closed.
            Self::Visitor => None,
        }
    }
}

/// The value of a cookie; of several with one name the first.
pub fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(';'));
    all.filter_map(|pair| pair.trim().split_once('=')).find(|(other, _)| *other == name).map(|(_, value)| value.trim_matches('"'))
}

/// A secret cookie, if it is there and has the form of one.
pub fn secret(headers: &HeaderMap, name: Name, secure: bool) -> Option<Secret> {
    value(headers, name.text(secure)).and_then(Secret::parse)
}

/// What sets a secret cookie.
pub fn set(name: Name, secret: &Secret, secure: bool) -> String {
    let life = name.life().map_or_else(String::new, |life| format!("; Max-Age={}", life.whole_seconds()));
    let secure_word = if secure { "; Secure" } else { "" };
    format!("{}={}; Path=/{life}; HttpOnly; SameSite=Lax{secure_word}", name.text(secure), secret.expose())
}

/// What takes a secret cookie away.
pub fn unset(name: Name, secure: bool) -> String {
    let secure_word = if secure { "; Secure" } else { "" };
    format!("{}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{secure_word}", name.text(secure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_read_by_their_names() {
        let secret_value = "ab".repeat(24);
        let headers: HeaderMap =
            [(COOKIE, format!("a=1; session={secret_value}; tz=\"Europe/Rome\"").parse().unwrap())].into_iter().collect();
        assert_eq!(value(&headers, "tz"), Some("Europe/Rome"));
        assert_eq!(secret(&headers, Name::Session, false).unwrap().expose(), secret_value);
        assert!(secret(&headers, Name::Session, true).is_none() && secret(&headers, Name::Device, false).is_none());
    }

    #[test]
    fn a_session_is_no_scripts_and_no_other_sites_business() {
        let secret = Secret::from_random(&[0; 24]);
        let text = set(Name::Session, &secret, true);
        for part in ["__Host-session=", "Path=/", "HttpOnly", "SameSite=Lax", "Secure", "Max-Age=7776000"] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!set(Name::Visitor, &secret, false).contains("Max-Age"));
        assert!(unset(Name::Session, true).contains("Max-Age=0"));
    }
}
