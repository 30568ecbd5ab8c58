//! What a form sends: read whole, each field by its name, and the check that a page of ours sent it.
//! What the fields mean is the pages' affair.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, ORIGIN};
use axum::http::{HeaderMap, HeaderName};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::body;
use super::request::decode;
use crate::domain::{Error, Result};
use crate::model::draft::{Field, Text};
use crate::model::secrets::Secret;

/// The hidden field that tells a form of ours.
pub const KEY: &str = "key";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The fields of a form, in the order in which they were sent.
#[derive(Debug, Clone, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads `a=b&c=d` (URL Standard, application/x-www-form-urlencoded).
    pub fn parse(body: &[u8]) -> Result<Self> {
        let unreadable = || Error::Malformed("The form could not be read".to_owned());
        let text = std::str::from_utf8(body).map_err(|_| unreadable())?;
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // Browsers send the ends of lines as CR LF; texts are kept with LF alone, as from everywhere else.
            Some((decode(name)?, decode(value)?.replace("\r\n", "\n")))
        });
        pairs.collect::<Option<_>>().map(Self).ok_or_else(unreadable)
    }

    /// What was sent as `name`; empty where nothing was.
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value)
    }

    /// As the domain takes it: whether it may be blank is decided there.
    pub fn field(&self, name: &str) -> Field<Text> {
        if self.has(name) { Field::Value(self.text(name).into()) } else { Field::Absent }
    }

    /// All that was sent as `name`: of boxes that can be ticked.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Whether anything was sent as `name`: a box was ticked, a button was pressed.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(other, _)| other == name)
    }

    /// The form without the fields of this name.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|(other, _)| other != name).cloned().collect())
    }

    /// Names and values but the key, for the form that is shown once more.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter(|(name, _)| name != KEY).map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Whether a POST carries a form. One that says nothing of its type is read as one.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let is_form =
        |value: &str| value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    headers.get(CONTENT_TYPE).is_none_or(|value| value.to_str().is_ok_and(is_form))
}

/// Reads the form that a POST carries, up to `largest` bytes. As soon as its key is there, `opens` says whether the rest is worth waiting for.
pub async fn read(headers: &HeaderMap, body: Body, largest: usize, opens: impl Fn(&Form) -> bool) -> Result<Form> {
    let mut search = KeySearch::default();
    let look = |so_far: &[u8]| match search.go_on(so_far) {
        Some(key) if !Form::parse(key).is_ok_and(|form| opens(&form)) => Err(Error::Forged),
        _ => Ok(()),
    };
    Form::parse(&body::read_any(headers, body, largest, look).await?)
}

/// The search for the pair `key=…` in a form that is still on its way. It looks at each byte once, however small the pieces are in which the form
/// comes: whoever sends a form byte by byte shall not have it read from its beginning each time.
#[derive(Default)]
struct KeySearch {
    found: bool,
    /// Where the pair begins that is not whole yet, and up to where its end has been looked for.
    pair: usize,
    seen: usize,
}

impl KeySearch {
    /// The pair, once it is whole, which is when another one follows; once, and the first where there are several.
    fn go_on<'a>(&mut self, so_far: &'a [u8]) -> Option<&'a [u8]> {
        while !self.found {
            let Some(length) = so_far.get(self.seen..)?.iter().position(|byte| *byte == b'&') else {
                self.seen = so_far.len();
                return None;
            };
            let end = self.seen + length;
            let pair = &so_far[self.pair..end];
            (self.pair, self.seen) = (end + 1, end + 1);
            if pair.strip_prefix(KEY.as_bytes()).is_some_and(|rest| rest.starts_with(b"=")) {
                self.found = true;
                return Some(pair);
            }
        }
        None
    }
}

/// Whether the browser says that the form comes from a page of this origin (ASVS v5.0.0-3.5.1). One that says nothing is left to the key.
pub(super) fn is_from_here(headers: &HeaderMap, origin: &str) -> bool {
    match headers.get(SEC_FETCH_SITE) {
        // The browser itself has compared both, by whichever name the person has called this server.
        Some(site) if site == "same-origin" => return true,
        Some(site) if site != "none" => return false,
        _ => {}
    }
    let plain = |origin: &str| {
        let lower = origin.to_ascii_lowercase();
        let port = if lower.starts_with("https:") { ":443" } else { ":80" };
        lower.strip_suffix(port).map_or(lower.clone(), ToOwned::to_owned)
    };
    headers.get(ORIGIN).is_none_or(|sent| sent.to_str().is_ok_and(|sent| plain(sent) == plain(origin)))
}

/// Bytes of a key, and of the mask over it.
const BYTES: usize = 16;

/// The keys of one page's forms. Each opens one address alone, so that a key that was read from one page sends no other form; and it is the same
/// in every tab until the session ends, so that a form that has stood open for long, or was come back to, can still be sent.
#[derive(Debug, Clone)]
pub struct Keys {
    secret: Secret,
    mask: [u8; BYTES],
}

impl Keys {
    /// The keys for the browser with this secret cookie. The mask is random for each page, so that nothing is to be learnt from how well
    /// pages with the same key compress (BREACH).
    pub const fn new(secret: Secret, mask: [u8; BYTES]) -> Self {
        Self { secret, mask }
    }

    /// The key of the form that is sent to this address of ours; what stands behind `?` or `#` does not count.
    pub fn of(&self, action: impl std::fmt::Display) -> String {
        use std::fmt::Write;
        let action = action.to_string();
        let path = action.split(['?', '#']).next().unwrap_or_default();
        let hidden = self.mask.iter().zip(key(&self.secret, path)).map(|(mask, key)| mask ^ key);
        let mut text = String::with_capacity(4 * BYTES);
        for byte in self.mask.iter().copied().chain(hidden) {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

/// What opens this path for the browser with this secret cookie: another site can send a form, but cannot know it.
fn key(secret: &Secret, path: &str) -> [u8; BYTES] {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    mac.update(b"form\0");
    mac.update(path.as_bytes());
    let whole: [u8; 32] = mac.finalize().into_bytes().into();
    let mut key = [0; BYTES];
    key.copy_from_slice(&whole[..BYTES]);
    key
}

/// Whether this key opens the path for the browser with this secret cookie.
pub fn opens(text: &str, secret: &Secret, path: &str) -> bool {
    let text = text.as_bytes();
    if text.len() != 4 * BYTES {
        return false;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes: Option<Vec<u8>> = text.chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect();
    let Some(bytes) = bytes else { return false };
    let (mask, hidden) = bytes.split_at(BYTES);
    let sent: Vec<u8> = mask.iter().zip(hidden).map(|(mask, hidden)| mask ^ hidden).collect();
    bool::from(sent.ct_eq(&key(secret, path)[..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_by_names() {
        let form = Form::parse(b"title=a+b%26c&scope=x&scope=y&notes=one%0D%0Atwo&empty=&key=k").unwrap();
        assert_eq!((form.text("title"), form.text("notes"), form.text("none")), ("a b&c", "one\ntwo", ""));
        assert_eq!(form.all("scope"), ["x", "y"]);
        assert!(form.has("empty") && !form.has("none"));
        assert_eq!(form.field("none"), Field::Absent);
        assert_eq!(form.field("empty"), Field::Value("".into()));
        assert!(form.fields().all(|(name, _)| name != "key"));
        assert!(Form::parse(b"a=%ff").is_err());
    }

    // Finding 1 (e).
    #[test]
    fn a_key_opens_one_address_for_its_own_browser_alone() {
        let (mine, theirs) = (Secret::from_random(&[1; 24]), Secret::from_random(&[2; 24]));
        let (one, other) = (Keys::new(mine.clone(), [7; 16]), Keys::new(mine.clone(), [8; 16]));
        assert_ne!(one.of("/logout"), other.of("/logout"));
        for key in [one.of("/logout"), other.of("/logout"), one.of("/logout?next=/x"), one.of("/logout#here")] {
            assert!(opens(&key, &mine, "/logout"));
            assert!(!opens(&key, &theirs, "/logout"));
            for elsewhere in ["/login", "/logout/", "/", "", "/Logout"] {
                assert!(!opens(&key, &mine, elsewhere), "{elsewhere}");
            }
        }
        let key = one.of("/logout");
        for wrong in ["", "00", &key[1..], &format!("g{}", &key[1..]), &"0".repeat(64)] {
            assert!(!opens(wrong, &mine, "/logout"), "{wrong}");
        }
    }

    #[test]
    fn the_key_is_seen_as_soon_as_it_is_whole_and_no_byte_twice() {
        // In one piece, and byte by byte: where the key was found, and what it is.
        let whole = |form: &[u8]| KeySearch::default().go_on(form).map(<[u8]>::to_vec);
        let in_bytes = |form: &[u8]| {
            let mut search = KeySearch::default();
            let mut found = Vec::new();
            for end in 1..=form.len() {
                let before = search.seen;
                found.extend(search.go_on(&form[..end]).map(<[u8]>::to_vec));
                assert!(search.found || (search.seen == end && search.seen == before + 1), "each byte is looked at once");
            }
            assert!(found.len() <= 1, "it is judged once");
            found.pop()
        };
        for (form, key) in [
            (&b"key=12"[..], None),
            (b"key=12&", Some(&b"key=12"[..])),
            (b"title=key%3D&key=1&key=2&x", Some(b"key=1")),
            (b"keys=1&monkey=2&&", None),
            (b"&&key=&", Some(b"key=")),
            (b"", None),
        ] {
            assert_eq!(whole(form).as_deref(), key);
            assert_eq!(in_bytes(form).as_deref(), key);
        }
    }

    #[test]
    fn another_sites_form_is_known_by_its_origin() {
        let from = |pairs: &[(&'static str, &'static str)]| {
            let headers = pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect();
            is_from_here(&headers, "https://bugs.example")
        };
        assert!(from(&[]) && from(&[("origin", "https://bugs.example"), ("sec-fetch-site", "same-origin")]));
        assert!(
            from(&[("origin", "https://bugs.example:443")]) && from(&[("origin", "https://127.0.0.1"), ("sec-fetch-site", "same-origin")])
        );
        for wrong in [
            ("origin", "https://evil.example"),
            ("origin", "http://bugs.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            assert!(!from(&[wrong]), "{wrong:?}");
        }
    }
}
