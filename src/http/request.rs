//! A request as the faces' handlers see it: path, parameters, headers and body, each read by the type that it should have.
//! Whatever is not of that type is `Malformed`; what it means is the faces' affair.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, Method, Uri};
use bytes::Bytes;

use crate::domain::{Error, Result};
use crate::model::id::Id;
use crate::model::tokens::PlainToken;

/// The segment of a path that the template calls `name`, where the path is one of the template's.
pub(super) fn segment<'a>(template: &str, path: &'a str, name: &str) -> Option<&'a str> {
    // Up to its first name the template is the path.
    let begin = template.find('{')?;
    let mut pairs = template[begin..].split('/').zip(path.get(begin..)?.split('/'));
    pairs.find(|(one, _)| one.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) == Some(name)).map(|(_, text)| text)
}

/// A request that has been let in.
pub struct Request {
    /// The method; HEAD has become GET.
    pub method: Method,
    /// Path and query as they were sent.
    pub uri: Uri,
    /// The route's template, such as `/api/v1/tickets/{id}`.
    pub route: &'static str,
    /// All headers.
    pub headers: HeaderMap,
    /// The body; empty for methods without one.
    pub body: Bytes,
    /// The server's own address.
    pub base_url: Arc<str>,
    /// The token that came with it.
    pub token: Option<PlainToken>,
}

impl Request {
    /// The id in the path that the template calls `name`; `unreachable` where it is no UUID, since such a thing cannot be reached.
    pub fn id<T>(&self, name: &str, unreachable: Error) -> Result<Id<T>> {
        self.segment(name).and_then(|segment| segment.parse().ok()).ok_or(unreachable)
    }

    /// The segment of the path that the template calls `name`.
    fn segment(&self, name: &str) -> Option<&str> {
        segment(self.route, self.uri.path(), name)
    }

    /// A header as text; `Malformed` where it is sent twice or is no visible text.
    pub fn header(&self, name: &HeaderName) -> Result<Option<&str>> {
        let mut values = self.headers.get_all(name).iter();
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(Error::Malformed(format!("{name}: is sent more than once")));
        }
        value.to_str().map(Some).map_err(|_| Error::Malformed(format!("{name}: is not visible ASCII")))
    }

    /// The query's parameters.
    pub fn parameters(&self) -> Result<Parameters> {
        Parameters::parse(self.uri.query().unwrap_or_default())
    }
}

/// The parameters of a query. Each may be asked for once; what nobody asked for is refused by [`Parameters::end`].
#[derive(Debug)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads `a=b&c=d` (the form encoding of URLs). `Malformed` for what is empty, repeated or not UTF-8.
    fn parse(query: &str) -> Result<Self> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).ok_or_else(|| Error::Malformed("the query has a parameter whose name is not UTF-8".to_owned()))?;
            let value = decode(value).ok_or_else(|| Error::Malformed(format!("{}: is not UTF-8", shown(&name))))?;
            if value.is_empty() {
                return Err(Error::Malformed(format!("{}: is empty", shown(&name))));
            }
            if parameters.iter().any(|(other, _)| *other == name) {
                return Err(Error::Malformed(format!("{}: is given more than once", shown(&name))));
            }
            parameters.push((name, value));
        }
        Ok(Self(parameters))
    }

    /// Refuses a query that has any parameter, as of all requests that write.
    pub fn none(query: &str) -> Result<()> {
        Self::parse(query)?.end()
    }

    /// The value of a parameter, if it is there.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(other, _)| other == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// The value of a parameter as `read` reads it; `Malformed` with `expected` where it cannot.
    pub fn value<T>(&mut self, name: &str, expected: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        read(&text).map(Some).ok_or_else(|| Error::Malformed(format!("{name}: {expected}")))
    }

    /// An id.
    pub fn id<T>(&mut self, name: &str) -> Result<Option<Id<T>>> {
        self.value(name, "is not a UUID", |text| text.parse().ok())
    }

    /// A comma list, each value once; empty where the parameter is not there.
    pub fn list<T: PartialEq>(&mut self, name: &str, expected: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>> {
        let list = self.value(name, expected, |text| {
            let mut list = Vec::new();
            for value in text.split(',').map(&read) {
                let value = value?;
                if !list.contains(&value) {
                    list.push(value);
                }
            }
            Some(list)
        })?;
        Ok(list.unwrap_or_default())
    }

    /// A whole number within a range.
    pub fn number(&mut self, name: &str, range: std::ops::RangeInclusive<i64>) -> Result<Option<i64>> {
        let expected = format!("is not a whole number from {} to {}", range.start(), range.end());
        self.value(name, &expected, |text| {
            let plain = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number| plain && range.contains(number))
        })
    }

    /// Refuses what nobody asked for.
    pub fn end(self) -> Result<()> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(Error::Malformed(format!("{}: is not a parameter of this request", shown(name)))),
        }
    }
}

/// The longest name that an error repeats, in characters.
const LONGEST_NAME: usize = 40;

/// A name as an error may repeat it: one that could be a parameter's. Anything else that was sent is repeated nowhere, since an error may end up
/// where it is taken for something else: in a page, a log, a terminal.
fn shown(name: &str) -> &str {
    let is_a_name = !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_'));
    if is_a_name { name } else { "a parameter" }
}

/// Decodes a parameter's name or value.
pub fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(query: &str) -> String {
        match Parameters::parse(query).and_then(Parameters::end) {
            Err(Error::Malformed(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_empty_repeated_or_unknown_is_named() {
        assert_eq!(problem("page="), "page: is empty");
        assert_eq!(problem("page"), "page: is empty");
        assert_eq!(problem("page=1&page=2"), "page: is given more than once");
        assert_eq!(problem("colour=red"), "colour: is not a parameter of this request");
        assert_eq!(problem("%ff=1"), "the query has a parameter whose name is not UTF-8");
        assert_eq!(problem("q=%ff"), "q: is not UTF-8");
    }

    // Finding 1 (d).
    #[test]
    fn a_name_is_repeated_only_where_it_could_be_a_parameters() {
        assert_eq!(problem(&format!("{}=1", "a".repeat(40))), format!("{}: is not a parameter of this request", "a".repeat(40)));
        for other in ["pk_bt1abc", "PROJ_x", "%3Cimg%3E", "a%26b", "a+b", "A", "a1", "a.b", "a[]", "%0a", &"a".repeat(41)] {
            assert_eq!(problem(&format!("{other}=")), "a parameter: is empty", "{other}");
            assert_eq!(problem(&format!("{other}=1&{other}=2")), "a parameter: is given more than once", "{other}");
        }
        assert_eq!(problem("=1"), "a parameter: is not a parameter of this request");
    }

    #[test]
    fn numbers_have_a_range() {
        let number = |query: &str| Parameters::parse(query).and_then(|mut all| all.number("page", 1..=100));
        assert_eq!(number("page=100").ok().flatten(), Some(100));
        for wrong in ["page=0", "page=101", "page=-1", "page=%2B1", "page=1.0", "page=x", "page=99999999999999999999"] {
            assert!(number(wrong).is_err(), "{wrong}");
        }
    }
}
