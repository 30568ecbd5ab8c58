//! Schemas that the nouns share: ids, times, words, texts with their limits, people; and all named ones gathered.
//! Limits and words come from the model, so that the document cannot promise others.

use serde_json::{Map, Value, json};

use super::{comments, events, members, organizations, projects, tickets, tokens};
use crate::model::persons::PersonKind;

/// What the parsers trim (the Unicode property `White_Space`), as the inside of a character class of ECMA-262.
const WHITE: &str = r"\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";

/// An id as answers write it and requests may.
pub(super) fn id() -> Value {
    let hex = "[0-9a-fA-F]";
    let pattern = format!("^{hex}{{8}}-{hex}{{4}}-{hex}{{4}}-{hex}{{4}}-{hex}{{12}}$");
    json!({"type": "string", "format": "uuid", "pattern": pattern})
}

/// A moment.
pub(super) fn time() -> Value {
    json!({"type": "string", "format": "date-time"})
}

/// One of these words.
pub(super) fn words<'a, W: std::fmt::Display + 'a>(all: impl IntoIterator<Item = &'a W>) -> Value {
    json!({"type": "string", "enum": all.into_iter().map(ToString::to_string).collect::<Vec<_>>()})
}

/// A text that is trimmed and then has at least `minimum` (one or more) and at most `maximum` characters, none of them NUL.
pub(super) fn text(minimum: usize, maximum: usize) -> Value {
    let (any, ink) = (r"[^\u0000]", format!(r"[^\u0000{WHITE}]"));
    let core = match minimum {
        0 | 1 => ink,
        _ => format!("{ink}{any}{{{},}}{ink}", minimum - 2),
    };
    json!({"type": "string", "minLength": minimum, "maxLength": maximum, "pattern": format!("^{any}*{core}{any}*$")})
}

/// What turns text round (UAX #9), as the inside of a character class: no title takes it.
pub(super) const TURNS: &str = r"\u202a-\u202e\u2066-\u2069";
/// That, and the controls that are no white space: no name takes them.
pub(super) const ACTS: &str = r"\u0001-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u202a-\u202e\u2066-\u2069";

/// As [`text`] with a minimum of one, for a text of one line that takes none of `refused`, the inside of a character class. Line breaks and tabs are
/// taken, and become a blank.
pub(super) fn line(maximum: usize, refused: &str) -> Value {
    let (any, ink) = (format!(r"[^\u0000{refused}]"), format!(r"[^\u0000{refused}{WHITE}]"));
    json!({"type": "string", "minLength": 1, "maxLength": maximum, "pattern": format!("^{any}*{ink}{any}*$")})
}

/// A text that may be null; blank is null too.
pub(super) fn optional_text(maximum: usize) -> Value {
    json!({"type": ["string", "null"], "maxLength": maximum, "pattern": r"^[^\u0000]*$"})
}

/// A project's code as it may be sent: in any case, with white space around it.
pub(super) fn code() -> Value {
    json!({"type": "string", "pattern": format!("^[{WHITE}]*[A-Za-z][A-Za-z0-9]{{1,9}}[{WHITE}]*$")})
}

/// With words about it.
pub(super) fn described(mut schema: Value, text: &str) -> Value {
    schema["description"] = json!(text);
    schema
}

/// Of the type, or null.
pub(super) fn nullable(schema: &Value) -> Value {
    json!({"anyOf": [schema, {"type": "null"}]})
}

/// Leads to a named schema.
pub(super) fn named(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// An object of an answer, all of whose members are always there.
pub(super) fn whole(properties: Value) -> Value {
    let names: Vec<_> = properties.as_object().map(|members| members.keys().cloned().collect()).unwrap_or_default();
    json!({"type": "object", "required": names, "properties": properties})
}

/// An object of a request, in its wrapper.
pub(super) fn wrapped(wrapper: &str, inner: Value) -> Value {
    json!({"type": "object", "required": [wrapper], "properties": {wrapper: inner}})
}

fn person() -> Value {
    whole(json!({
        "id": described(nullable(&id()), "The user's or the token's; null for somebody who was imported."),
        "name": {"type": "string"},
        "email": {"type": ["string", "null"], "description": "Null for readers with a project token, and for whoever has none."},
        "kind": words(PersonKind::ALL),
    }))
}

/// All named schemas.
pub(super) fn all() -> Value {
    let mut all = Map::new();
    all.insert("Person".to_owned(), described(person(), "Somebody who did something, or is to do it. Who has left keeps their name."));
    for (name, schema) in [
        tickets::schemas(),
        comments::schemas(),
        events::schemas(),
        organizations::schemas(),
        projects::schemas(),
        members::schemas(),
        tokens::schemas(),
    ]
    .into_iter()
    .flatten()
    {
        all.insert(name.to_owned(), schema);
    }
    Value::Object(all)
}
