//! Tries what reads and finds tokens: in any text, in any surroundings, and with any character exchanged.
//! Whether a token is worth something only the store knows.

use bugtome::model::secrets::{LENGTH, Secret, SetupCode};
use bugtome::model::tokens::{PlainToken, TokenKind};
use libfuzzer_sys::Corpus;

/// What is taken for a token is one and is found by the expression that the documentation gives to scanners, wherever it stands; one character
/// less, more or exchanged, and it is none; and nothing prints itself.
pub fn attempt(data: &[u8]) -> Corpus {
    let text = String::from_utf8_lossy(data);
    if let Some(token) = PlainToken::parse(&text) {
        is_sound(&token);
        assert_eq!(token.expose(), text);
    }
    for found in found(&text) {
        assert!(PlainToken::parse(found).is_none_or(|token| token.expose() == found));
    }
    if let Some(secret) = Secret::parse(&text) {
        assert_eq!((secret.expose(), text.len()), (&*text, 2 * LENGTH));
        assert_eq!(format!("{secret:?} {:?}", secret.hashed()), "[secret] [hashed secret]");
    }
    assert_eq!(SetupCode::hashed(&text), SetupCode::hashed(&text.to_ascii_uppercase()));
    if let Some((random, rest)) = data.split_first_chunk::<64>() {
        let kind = if random[0] < 128 { TokenKind::Personal } else { TokenKind::Project };
        if let Some(token) = PlainToken::from_random(kind, random) {
            is_sound(&token);
            is_found(&token, &String::from_utf8_lossy(rest));
            is_whole(&token, rest);
            is_sound(&token.successor(&[random[1]; 16], rest));
        }
    }
    Corpus::Keep
}

fn is_sound(token: &PlainToken) {
    let read = PlainToken::parse(token.expose()).expect("what is a token is read as one");
    assert_eq!((read.kind(), read.hashed()), (token.kind(), token.hashed()));
    assert_eq!(found(token.expose()), [token.expose()]);
    let shown = format!("{token:?} {:?}", token.hashed());
    let prefix = token.kind().prefix();
    assert_eq!(shown, format!("{prefix}… [hashed token]"));
    assert!(token.expose().starts_with(prefix) && token.expose().ends_with(token.last_four()));
}

/// Planted into a text at any place, the token is found there, unless it would grow together with a word.
fn is_found(token: &PlainToken, surroundings: &str) {
    let middle = surroundings.floor_char_boundary(surroundings.len() / 2);
    let (before, after) = surroundings.split_at(middle);
    let planted = format!("{before}{}{after}", token.expose());
    let grows = before.chars().next_back().is_some_and(is_word) || after.chars().next().is_some_and(is_word);
    assert!(grows || found(&planted).contains(&token.expose()), "not found in {planted:?}");
    let parted = format!("{before}\"{}\\{after}", token.expose());
    assert!(found(&parted).contains(&token.expose()), "not found in {parted:?}");
}

/// A token that was mistyped or cut off is none.
fn is_whole(token: &PlainToken, changes: &[u8]) {
    let text = token.expose();
    for change in changes.chunks_exact(2).take(8) {
        let (at, with) = (usize::from(change[0]) % text.len(), char::from(change[1]));
        let (before, after) = text.split_at(at);
        assert!(PlainToken::parse(&format!("{before}{with}{after}")).is_none(), "longer");
        assert!(PlainToken::parse(&format!("{before}{}", &after[1..])).is_none(), "shorter");
        if !after.starts_with(with) {
            assert!(PlainToken::parse(&format!("{before}{with}{}", &after[1..])).is_none(), "exchanged");
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// What `\b(pk|proj)_bt1[0-9A-Za-z]{38}\b` finds, which stands in `docs/tokens.md`.
fn found(text: &str) -> Vec<&str> {
    let begins = text.match_indices("_bt1").flat_map(|(at, _)| ["pk", "proj"].map(|prefix| (at, prefix)));
    begins
        .filter_map(|(at, prefix)| {
            let start = text[..at].ends_with(prefix).then(|| at - prefix.len())?;
            let end = at + "_bt1".len() + 38;
            let body = text.get(at + "_bt1".len()..end)?;
            let alone = !text[..start].ends_with(is_word) && !text[end..].starts_with(is_word);
            (alone && body.bytes().all(|byte| byte.is_ascii_alphanumeric())).then(|| &text[start..end])
        })
        .collect()
}
