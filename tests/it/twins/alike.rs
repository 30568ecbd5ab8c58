//! When two answers say the same: text for text, but that an id or a secret of the one stands for one of the other, and always for the same.
//! What is asked is not known here.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

/// Which id or secret of the SQLite server stands for which of the PostgreSQL server: a bijection.
#[derive(Default)]
pub struct Alike {
    there: HashMap<String, String>,
    back: HashMap<String, String>,
    /// Ids that answers showed, in pairs.
    shown: Vec<(String, String)>,
    /// What was not learned from answers.
    taught: HashSet<String>,
}

/// A stretch of a text.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    /// What both must say.
    Plain(&'a str),
    /// An id or a token.
    Name(&'a str),
}

/// The fields whose values are random on every page, and what is random about a token that is not shown.
const SET_ASIDE: [(&str, char); 6] = [
    (r#"data-own=""#, '"'),
    (r#"name="key" value=""#, '"'),
    (r#"name="once" value=""#, '"'),
    (r#""last_four":""#, '"'),
    ("<b>pk</b>_bt1…<b>", '<'),
    ("<b>proj</b>_bt1…<b>", '<'),
];

impl Alike {
    /// Teaches that one stands for the other; in which order such were made is not looked at.
    ///
    /// # Errors
    /// When one of them already stands for something else.
    pub fn pair(&mut self, left: &str, right: &str) -> Result<(), String> {
        self.taught.insert(canonical(left));
        self.learn(left, right)
    }

    fn learn(&mut self, left: &str, right: &str) -> Result<(), String> {
        let (left, right) = (canonical(left), canonical(right));
        let there = self.there.entry(left.clone()).or_insert_with(|| right.clone());
        let back = self.back.entry(right.clone()).or_insert_with(|| left.clone());
        if *there == right && *back == left {
            return Ok(());
        }
        Err(format!("{left} stands for {there} and {right} for {back}, but here they stand for each other"))
    }

    /// Whether both texts say the same.
    ///
    /// # Errors
    /// Where they part.
    pub fn compare(&mut self, left: &str, right: &str) -> Result<(), String> {
        let (left, right) = (settled(left), settled(right));
        let (left, right) = (pieces(&left), pieces(&right));
        for (one, other) in left.iter().zip(&right) {
            match (one, other) {
                (Piece::Name(one), Piece::Name(other)) => {
                    self.learn(one, other)?;
                    self.shown.push((canonical(one), canonical(other)));
                }
                (Piece::Plain(one), Piece::Plain(other)) if one == other => {}
                (one, other) => return Err(format!("{} is not {}", near(one, other), near(other, one))),
            }
        }
        if left.len() == right.len() { Ok(()) } else { Err(format!("{} pieces are not {}", left.len(), right.len())) }
    }

    /// The same text with the names of the PostgreSQL server. What was never shown stays what it is.
    pub fn translate(&self, text: &str) -> String {
        let pieces = pieces(text);
        let translated = pieces.iter().map(|piece| match piece {
            Piece::Plain(text) => (*text).to_owned(),
            Piece::Name(name) => self.there.get(&canonical(name)).map_or_else(|| (*name).to_owned(), |other| shaped(other, name)),
        });
        translated.collect()
    }

    /// Ids that were shown: as many different ones, and in the same order on both.
    ///
    /// # Errors
    /// Two that are in another order there.
    pub fn in_one_order(&self) -> Result<usize, String> {
        let mut ids: Vec<_> = self.shown.iter().filter(|(left, _)| Uuid::try_parse(left).is_ok() && !self.taught.contains(left)).collect();
        ids.sort();
        ids.dedup();
        match ids.windows(2).find(|pair| pair[0].1 > pair[1].1) {
            Some(pair) => Err(format!("in another order: {pair:?}")),
            None => Ok(ids.len()),
        }
    }
}

/// The end of what both have in common, and what comes then.
fn near(piece: &Piece<'_>, other: &Piece<'_>) -> String {
    let (Piece::Plain(text), Piece::Plain(other)) = (piece, other) else { return format!("{piece:?}") };
    let common = text.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    format!("…{:?}…", text.chars().skip(common.saturating_sub(60)).take(160).collect::<String>())
}

/// Without what is random, and with the signs in and around ids as they are.
fn settled(text: &str) -> String {
    let mut text = text.to_owned();
    for (code, sign) in [("%2D", "-"), ("%2E", "."), ("%2F", "/"), ("%3D", "="), ("%3F", "?"), ("%26", "&")] {
        text = text.replace(code, sign);
    }
    for (opening, closing) in SET_ASIDE {
        let mut rest = 0;
        while let Some(at) = text[rest..].find(opening) {
            rest += at + opening.len();
            let end = text[rest..].find(closing).map_or(text.len(), |end| rest + end);
            text.replace_range(rest..end, "");
        }
    }
    text
}

/// Cuts out what is an id (in either of its forms) or a token.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut from, mut at) = (Vec::new(), 0, 0);
    while at < text.len() {
        let begins = at == 0 || !text.as_bytes()[at - 1].is_ascii_alphanumeric();
        match begins.then(|| name(&text.as_bytes()[at..])).flatten() {
            Some(length) => {
                pieces.push(Piece::Plain(&text[from..at]));
                pieces.push(Piece::Name(&text[at..at + length]));
                at += length;
                from = at;
            }
            None => at += 1,
        }
    }
    pieces.push(Piece::Plain(&text[from..]));
    pieces
}

/// How long the id or token is with which this begins.
fn name(bytes: &[u8]) -> Option<usize> {
    let ends = |length: usize| bytes.get(length).is_none_or(|next| !next.is_ascii_alphanumeric());
    for prefix in ["pk_bt1", "proj_bt1"] {
        let length = prefix.len() + 38;
        let token = bytes.starts_with(prefix.as_bytes()) && bytes.len() >= length;
        if token && bytes[prefix.len()..length].iter().all(u8::is_ascii_alphanumeric) && ends(length) {
            return Some(length);
        }
    }
    let hex = |range: std::ops::Range<usize>| bytes.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_hexdigit));
    let hyphens = [8, 13, 18, 23].iter().all(|at| bytes.get(*at) == Some(&b'-'));
    if hyphens && [0..8, 9..13, 14..18, 19..23, 24..36].into_iter().all(hex) && ends(36) {
        return Some(36);
    }
    (hex(0..32) && bytes[12] == b'7' && ends(32)).then_some(32)
}

/// One spelling for each.
fn canonical(name: &str) -> String {
    Uuid::try_parse(name).map_or_else(|_| name.to_owned(), |id| id.to_string())
}

/// The canonical name spelled like the other.
fn shaped(name: &str, like: &str) -> String {
    let Ok(id) = Uuid::try_parse(name) else { return name.to_owned() };
    let text = if like.contains('-') { id.hyphenated().to_string() } else { id.simple().to_string() };
    if like.bytes().any(|byte| byte.is_ascii_uppercase()) { text.to_uppercase() } else { text }
}

#[test]
fn a_name_stands_for_one_other_and_all_else_is_compared() {
    const A: &str = "0193a3c4-0000-7000-8000-00000000000a";
    const B: &str = "0193a3c4-0000-7000-8000-00000000000b";
    const X: &str = "0193a3c4-0000-7000-8000-000000000001";
    const Y: &str = "0193a3c4-0000-7000-8000-000000000002";
    let mut alike = Alike::default();
    alike.compare(&format!(r#"[{{"id":"{A}"}},{{"id":"{B}"}}]"#), &format!(r#"[{{"id":"{X}"}},{{"id":"{Y}"}}]"#)).unwrap();
    alike.compare(&format!("/x/{A}?after=%2Dcreated_at%2E1%2E0193a3c400007000800000000000000b"), &alike_link(X)).unwrap();
    assert!(alike.compare(A, Y).is_err(), "it stands for the first");
    assert!(alike.compare(&format!("{A} é"), &format!("{X} e")).is_err());
    assert!(alike.compare(A, "").is_err());
    assert_eq!(alike.translate(&format!("{} {B}", A.to_uppercase())), format!("{} {Y}", X.to_uppercase()));
    assert_eq!(alike.in_one_order(), Ok(2));
    alike.compare("0193a3c4-0000-7000-8000-00000000000c", "0193a3c4-0000-7000-8000-000000000000").unwrap();
    assert!(alike.in_one_order().is_err());
}

#[cfg(test)]
fn alike_link(id: &str) -> String {
    format!("/x/{id}?after=%2Dcreated_at%2E1%2E0193a3c4000070008000000000000002")
}
