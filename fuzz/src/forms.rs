//! Tries what reads forms: however a form comes, in one piece or in many, it is judged and read alike.
//! What the pages make of the fields is not tried here.

use std::cell::RefCell;
use std::convert::Infallible;
use std::fmt::Write;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::HeaderMap;
use bugtome::domain::Result;
use bugtome::http::forms::{self, Form, KEY, Keys};
use bugtome::http::request::decode;
use bugtome::model::secrets::Secret;
use bytes::Bytes;
use hyper::body::Frame;
use libfuzzer_sys::Corpus;
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime starts"));

/// The first byte says how the rest, which is the form, is cut into pieces.
pub fn attempt(data: &[u8]) -> Corpus {
    let Some((&cut, form)) = data.split_first() else { return Corpus::Reject };
    for accepts in [true, false] {
        let whole = read(vec![Bytes::copy_from_slice(form)], accepts);
        for length in [1, usize::from(cut) + 1] {
            let pieces = form.chunks(length).map(Bytes::copy_from_slice).collect();
            assert_eq!(read(pieces, accepts), whole, "in pieces of {length}");
        }
        assert!(whole.1.len() <= 1, "a key is judged once");
        assert!(accepts || whole.1.is_empty() || whole.0 == Err("Forged".to_owned()));
    }
    if let Ok(form) = Form::parse(form) {
        is_read_by_names(&form);
    }
    let text = String::from_utf8_lossy(form);
    assert_eq!(decode(&encode(&text)).as_deref(), Some(&*text));
    opens_one_address(&text);
    Corpus::Keep
}

/// What became of a form that comes in these pieces, and which keys were judged on the way.
type Read = (std::result::Result<Vec<(String, String)>, String>, Vec<String>);

fn read(pieces: Vec<Bytes>, accepts: bool) -> Read {
    let judged = RefCell::new(Vec::new());
    let opens = |form: &Form| {
        judged.borrow_mut().push(form.text(KEY).to_owned());
        accepts
    };
    let body = Body::new(Pieces(pieces.into_iter()));
    let outcome: Result<Form> = RUNTIME.block_on(forms::read(&HeaderMap::new(), body, 1 << 20, opens));
    let fields = |form: Form| form.fields().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    (outcome.map(fields).map_err(|error| format!("{error:?}")), judged.into_inner())
}

fn is_read_by_names(form: &Form) {
    for (name, value) in form.fields() {
        assert!(form.has(name) && form.all(name).contains(&value) && form.all(name)[0] == form.text(name));
        let without = form.without(name);
        assert!(!without.has(name) && without.text(name).is_empty());
        assert_eq!(form.fields().filter(|(other, _)| *other != name).count(), without.fields().count());
    }
    let again: Vec<String> = form.fields().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    let again = Form::parse(again.join("&").as_bytes()).expect("what was read can be sent again");
    // Ends of lines become LF each time that they are read.
    let lines = |form: &Form| form.fields().map(|(name, value)| (name.to_owned(), value.replace('\r', ""))).collect::<Vec<_>>();
    assert_eq!(lines(&again), lines(form));
}

/// Any text names one address, whose key opens nothing else; and no text is a key by chance.
fn opens_one_address(text: &str) {
    let secret = Secret::from_random(&[7; 24]);
    let key = Keys::new(secret.clone(), [9; 16]).of(text);
    let path = text.split(['?', '#']).next().unwrap_or_default();
    assert!(forms::opens(&key, &secret, path));
    assert!(!forms::opens(&key, &secret, &format!("{path}/")));
    assert!(!forms::opens(text, &secret, "/logout"));
}

fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(3 * text.len());
    for byte in text.bytes() {
        write!(encoded, "%{byte:02X}").expect("writing to a text cannot fail");
    }
    encoded
}

/// A body that comes piece by piece.
struct Pieces(std::vec::IntoIter<Bytes>);

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<std::result::Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.next().map(|piece| Ok(Frame::data(piece))))
    }
}
