//! Bodies of JSON, member by member: each is absent, null or of its type; all else is `Malformed` and says where.
//! Whether a value makes sense is the domain's affair.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::{Deserializer, Visitor};
use serde_json::value::RawValue;

use crate::domain::{Error, Result};
use crate::model::draft::{Field, Text};
use crate::model::id::Id;

/// The members of an object; unknown ones are never looked at.
pub(super) struct Members<'a>(BTreeMap<Cow<'a, str>, &'a RawValue>);

fn malformed(what: impl Into<String>) -> Error {
    Error::Malformed(what.into())
}

impl<'a> Members<'a> {
    /// Reads a body that must be an object.
    pub(super) fn parse(body: &'a [u8]) -> Result<Self> {
        let text = std::str::from_utf8(body).map_err(|_| malformed("The body is not UTF-8"))?;
        serde_json::from_str(text).map(Self).map_err(|error| syntax(&error))
    }

    /// As [`Members::parse`], where no body at all is as good as an empty object.
    pub(super) fn parse_optional(body: &'a [u8]) -> Result<Self> {
        if body.is_empty() { Ok(Self(BTreeMap::new())) } else { Self::parse(body) }
    }

    /// The members of the object that wraps what is sent, such as `ticket`.
    pub(super) fn wrapped(body: &'a [u8], wrapper: &str) -> Result<Self> {
        let outer = Self::parse(body)?;
        let inner = outer.0.get(wrapper).ok_or_else(|| malformed(format!("The body has no \"{wrapper}\"")))?;
        serde_json::from_str(inner.get()).map(Self).map_err(|_| malformed(format!("{wrapper}: is not an object")))
    }

    /// A member as `read` reads it; `expected` says what it should be.
    fn field<T>(&self, name: &str, expected: &str, read: impl FnOnce(&'a str) -> Option<T>) -> Result<Field<T>> {
        match self.0.get(name).map(|raw| raw.get()) {
            None => Ok(Field::Absent),
            Some("null") => Ok(Field::Null),
            Some(raw) => read(raw).map(Field::Value).ok_or_else(|| malformed(format!("{name}: {expected}"))),
        }
    }

    /// A string.
    pub(super) fn text(&self, name: &str) -> Result<Field<Text>> {
        self.field(name, "is not a string", read_text)
    }

    /// An id.
    pub(super) fn id<T>(&self, name: &str) -> Result<Field<Id<T>>> {
        self.field(name, "is not a UUID", |raw| serde_json::from_str(raw).ok())
    }

    /// True or false.
    pub(super) fn boolean(&self, name: &str) -> Result<Field<bool>> {
        self.field(name, "is not true or false", |raw| serde_json::from_str(raw).ok())
    }

    /// A whole number.
    pub(super) fn integer(&self, name: &str) -> Result<Field<i64>> {
        self.field(name, "is not a whole number", |raw| serde_json::from_str(raw).ok().or_else(|| read_whole(raw)))
    }

    /// A list of strings.
    pub(super) fn texts(&self, name: &str) -> Result<Field<Vec<Text>>> {
        self.field(name, "is not a list of strings", |raw| {
            let list: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
            list.into_iter().map(|raw| read_text(raw.get())).collect()
        })
    }
}

/// What the parser found, without what it found it in: a body may hold secrets.
fn syntax(error: &serde_json::Error) -> Error {
    match error.classify() {
        serde_json::error::Category::Data => malformed("The body is not a JSON object"),
        _ => malformed(format!("The body is not valid JSON (line {}, column {})", error.line(), error.column())),
    }
}

/// A whole number with a fraction of zero, such as `60.0`: to JSON Schema that is an integer (draft 2020-12, core §4.2.3).
fn read_whole(raw: &str) -> Option<i64> {
    let number: f64 = serde_json::from_str(raw).ok()?;
    // Beyond 2⁵³ a float no longer says which whole number it is; printed, it has no exponent.
    let exact = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
    exact.then(|| format!("{number:.0}").parse().ok())?
}

fn read_text(raw: &str) -> Option<Text> {
    let mut deserializer = serde_json::Deserializer::from_str(raw);
    deserializer.deserialize_bytes(AnyText).ok()
}

/// Takes a string as bytes, since an unpaired surrogate is no Rust string: serde_json then writes it as three bytes that are not UTF-8.
struct AnyText;

impl Visitor<'_> for AnyText {
    type Value = Text;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> std::result::Result<Text, E> {
        Ok(std::str::from_utf8(bytes).map_or(Text::Unsound, Text::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &str) -> Result<Field<Text>> {
        Members::wrapped(body.as_bytes(), "ticket")?.text("title")
    }

    #[test]
    fn a_member_is_absent_null_or_of_its_type() {
        assert_eq!(text(r#"{"ticket":{}}"#).unwrap(), Field::Absent);
        assert_eq!(text(r#"{"ticket":{"title":null}}"#).unwrap(), Field::Null);
        assert_eq!(text(r#"{"ticket":{"title":"a\u00fc\n","x":{"y":[1]}}}"#).unwrap(), Field::Value("aü\n".into()));
        assert_eq!(text(r#"{"ticket":{"title":"\ud83d\ude00"}}"#).unwrap(), Field::Value("😀".into()));
        for wrong in ["1", "[]", "{}", "true", "[65]"] {
            assert!(matches!(text(&format!(r#"{{"ticket":{{"title":{wrong}}}}}"#)), Err(Error::Malformed(_))), "{wrong}");
        }
    }

    #[test]
    fn a_whole_number_may_have_a_fraction_of_zero() {
        let number = |raw: &str| Members::parse(format!(r#"{{"n":{raw}}}"#).as_bytes())?.integer("n");
        for (raw, value) in [("60", 60), ("60.0", 60), ("6e1", 60), ("-0.0", 0), ("-1.0", -1)] {
            assert_eq!(number(raw).unwrap(), Field::Value(value), "{raw}");
        }
        for wrong in ["0.5", "1e300", "\"60\"", "true", "[]"] {
            assert!(matches!(number(wrong), Err(Error::Malformed(_))), "{wrong}");
        }
    }

    #[test]
    fn an_unpaired_surrogate_is_a_text_that_no_text_can_be() {
        for lone in [r"\ud83d", r"a\ude00b", r"\ud83d\ud83d"] {
            assert_eq!(text(&format!(r#"{{"ticket":{{"title":"{lone}"}}}}"#)).unwrap(), Field::Value(Text::Unsound), "{lone}");
        }
    }

    #[test]
    fn what_is_no_object_is_malformed_and_not_repeated() {
        for wrong in ["", "{", "[]", "1", "\"pk_secret\"", "{\"ticket\":1}", "{\"ticket\":[]}", "{}", "{\"a\":1}x", "{\"pk_secret\""] {
            match text(wrong) {
                Err(Error::Malformed(what)) => assert!(!what.contains("secret"), "{what}"),
                other => panic!("{wrong}: {other:?}"),
            }
        }
    }
}
