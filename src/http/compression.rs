//! Compression: whether a client takes it, and pages that are worth it and hold no secret.
//! What never changes is compressed when the program is built.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::answer::Answer;

/// Less than this is not worth compressing.
const SMALL: usize = 1_024;

/// A page, compressed where the client takes that. Not one that shows a secret: its length would tell of it (BREACH).
pub(super) fn compressed(mut answer: Answer, headers: &HeaderMap) -> Answer {
    let has = |name: &HeaderName, value: &str| {
        answer.headers.iter().any(|(other, found)| other == name && found.as_bytes().starts_with(value.as_bytes()))
    };
    if !has(&CONTENT_TYPE, "text/html") || has(&CACHE_CONTROL, "no-store") {
        return answer;
    }
    answer = answer.with(VARY, HeaderValue::from_static("Accept-Encoding"));
    if !accepts_gzip(headers) {
        return answer;
    }
    let Some(body) = answer.body.take_if(|body| body.len() >= SMALL) else { return answer };
    match gzip(&body) {
        Ok(small) => {
            answer.body = Some(small.into());
            answer.with(CONTENT_ENCODING, HeaderValue::from_static("gzip"))
        }
        // Memory does not fail; were it to, the page goes as it is.
        Err(_) => Answer { body: Some(body), ..answer },
    }
}

/// Encoders that rest, of which there are no more than threads that answer. Each has 300 KiB: to get them from the system, page by page, and to give
/// them back took longer than the compressing.
static RESTING: Mutex<Vec<DeflateEncoder<Vec<u8>>>> = Mutex::new(Vec::new());

/// A member of a gzip file (RFC 1952 §2.3): neither a name nor a time, compressed by the fastest way.
fn gzip(body: &[u8]) -> io::Result<Vec<u8>> {
    let resting = || RESTING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut small = Vec::with_capacity(body.len() / 4 + 64);
    small.extend_from_slice(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255]);
    let kept = resting().pop();
    let mut encoder = match kept {
        Some(mut encoder) => {
            encoder.reset(small)?;
            encoder
        }
        None => DeflateEncoder::new(small, Compression::fast()),
    };
    encoder.write_all(body)?;
    let mut small = encoder.reset(Vec::new())?;
    resting().push(encoder);
    small.extend_from_slice(&crc32fast::hash(body).to_le_bytes());
    // Modulo 2^32, as the format has it.
    small.extend_from_slice(&body.len().to_le_bytes()[..4]);
    Ok(small)
}

/// Whether a client takes gzip (RFC 9110 §12.5.3). It must say so by name, and not with a weight of nought.
pub fn accepts_gzip(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let is_named = parts.next().is_some_and(|coding| coding.eq_ignore_ascii_case("gzip"));
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        is_named && weight.is_none_or(|weight| weight.trim().parse::<f32>().is_ok_and(|weight| weight > 0.0))
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use axum::http::StatusCode;

    use super::*;

    #[test]
    fn a_page_is_compressed_unless_it_is_small_or_secret_and_is_whole_in_any_case() {
        let page = |length: usize| {
            let headers = vec![(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))];
            Answer { status: StatusCode::OK, headers, body: Some(vec![b'a'; length].into()) }
        };
        let takes = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("gzip, br"))]);
        let length = |answer: &Answer| answer.body.as_ref().map(bytes::Bytes::len);
        assert_eq!(length(&compressed(page(SMALL - 1), &takes)), Some(SMALL - 1));
        assert_eq!(length(&compressed(page(SMALL), &HeaderMap::new())), Some(SMALL));
        let secret = page(SMALL).with(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        assert_eq!(length(&compressed(secret, &takes)), Some(SMALL));
        let small = compressed(page(SMALL), &takes);
        assert!(length(&small).is_some_and(|length| length < SMALL / 2));
        assert!(small.headers.iter().any(|(name, value)| name == CONTENT_ENCODING && value == "gzip"));
    }

    #[test]
    fn an_encoder_that_rested_knows_nothing_of_the_page_before() {
        for body in
            [vec![b'a'; 5_000], (0..=255).cycle().take(200_000).collect(), Vec::new(), b"<h1>short</h1>".to_vec(), vec![b'a'; 5_000]]
        {
            let small = gzip(&body).unwrap();
            let mut whole = Vec::new();
            flate2::read::GzDecoder::new(&small[..]).read_to_end(&mut whole).unwrap();
            assert!(whole == body, "{} bytes", body.len());
            assert_eq!(gzip(&body).unwrap(), small, "nor does its answer depend on it");
        }
    }

    #[test]
    fn gzip_must_be_named_and_wanted() {
        for (list, takes) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000", false),
            ("br", false),
            ("*", false),
            ("xgzip", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(list));
            assert_eq!(accepts_gzip(&headers), takes, "{list}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
