//! Headers of answers in the document, and which answers carry which.
//! Headers of requests are parameters and stand with their routes.

use serde_json::{Map, Value, json};

/// Every header: its name, its schema and what it says. Those that an answer always has are marked so where it names them.
fn known() -> Vec<(&'static str, Value, &'static str)> {
    let count = || json!({"type": "integer", "minimum": 0});
    let text = || json!({"type": "string"});
    vec![
        ("X-Request-Id", text(), "Names this request in the server's log."),
        ("X-RateLimit-Limit", count(), "Requests a window; missing where there is no limit."),
        ("X-RateLimit-Remaining", count(), "Requests that are left in this window."),
        ("X-RateLimit-Reset", count(), "When the window ends, in Unix seconds."),
        ("RateLimit-Policy", text(), "The limit (draft-ietf-httpapi-ratelimit-headers)."),
        ("RateLimit", text(), "How one stands (draft-ietf-httpapi-ratelimit-headers)."),
        ("X-Token-Expires-At", super::schemas::time(), "When the token expires; only in the last 14 days before that."),
        ("X-Total-Count", count(), "How many there are in all."),
        ("X-Total-Count-Exact", json!({"const": "false"}), "There are more than `X-Total-Count`; missing where that is exact."),
        ("X-Total-Pages", count(), "How many pages there are."),
        ("X-Current-Page", json!({"type": "integer", "minimum": 1}), "This page's number."),
        ("Link", text(), "`rel=\"next\"` leads to the next page by cursor (RFC 8288); missing on the last one."),
        ("ETag", text(), "The state of the resource, for `If-Match` and `If-None-Match`."),
        ("Location", text(), "Where the new resource is."),
        ("Retry-After", count(), "Seconds to wait."),
        ("WWW-Authenticate", text(), "The challenge (RFC 6750 §3)."),
    ]
}

/// All headers, as components.
pub(super) fn all() -> Value {
    let written = known().into_iter().map(|(name, schema, text)| (name.to_owned(), json!({"description": text, "schema": schema})));
    Value::Object(written.collect::<Map<_, _>>())
}

/// On every answer, though some only where there is a limit or an end near.
const USUAL: &[&str] = &[
    "X-Request-Id",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "RateLimit-Policy",
    "RateLimit",
    "X-Token-Expires-At",
];

/// Missing on pages that were reached by cursor, or on the last page, or where the total is exact.
const SOMETIMES: &[&str] = &["Link", "X-Total-Count-Exact"];

fn references(named: &[&str], always: &[&str]) -> Value {
    let all = known();
    let of = |name: &str| {
        let reference = json!({"$ref": format!("#/components/headers/{name}")});
        let found = all.iter().find(|(known, ..)| *known == name).filter(|_| always.contains(&name));
        let value = found.map_or(reference, |(_, schema, text)| json!({"description": text, "required": true, "schema": schema}));
        (name.to_owned(), value)
    };
    Value::Object(USUAL.iter().chain(named).map(|name| of(name)).collect::<Map<_, _>>())
}

/// The headers of a success that has these besides the usual ones.
pub(super) fn of_success(named: &[&str]) -> Value {
    let may_come_by_cursor = named.contains(&"Link");
    let mut always: Vec<&str> = named.iter().copied().filter(|name| !SOMETIMES.contains(name)).collect();
    always.retain(|name| !may_come_by_cursor || !name.starts_with("X-"));
    always.push("X-Request-Id");
    references(named, &always)
}

/// The headers of a refusal.
pub(super) fn of_refusal(status: u16) -> Value {
    match status {
        304 => references(&["ETag"], &["ETag", "X-Request-Id"]),
        401 => references(&["WWW-Authenticate"], &["WWW-Authenticate", "X-Request-Id"]),
        403 => references(&["WWW-Authenticate"], &["X-Request-Id"]),
        429 | 503 => references(&["Retry-After"], &["Retry-After", "X-Request-Id"]),
        _ => references(&[], &["X-Request-Id"]),
    }
}
