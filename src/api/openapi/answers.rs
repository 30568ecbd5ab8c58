//! Refusals in the document: each status with its one shape, in both representations.
//! Which route can give which is decided by the rules of `operation`.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::headers;
use crate::api::errors::title;

/// Every refusal: its status, its name among the components, and when it comes.
const REFUSALS: &[(u16, &str, &str)] = &[
    (304, "NotModified", "The client has this state already (`If-None-Match`)."),
    (400, "BadRequest", "Malformed JSON, a wrong type, or a parameter that is unknown, empty, repeated or out of its range."),
    (401, "Unauthorized", "The token is missing, malformed, unknown, expired or revoked."),
    (
        403,
        "Forbidden",
        "The token lacks the scope, its user the role, or what the request names cannot be reached, whether it exists or not.",
    ),
    (404, "NotFound", "There is no such thing for this caller."),
    (409, "Conflict", "It does not fit what is the case by now."),
    (412, "PreconditionFailed", "`If-Match` names another version: somebody else was faster."),
    (413, "PayloadTooLarge", "The body is larger than 1 MiB."),
    (415, "UnsupportedMediaType", "The body is not `application/json` in UTF-8."),
    (422, "ValidationFailed", "The body was understood and is wrong; `details` says for each field what."),
    (429, "RateLimitExceeded", "Too many requests; wait for `Retry-After` seconds."),
    (500, "InternalServerError", "A defect of the server; `X-Request-Id` leads to it in the log."),
    (503, "ServiceUnavailable", "The server cannot answer right now; try again after `Retry-After` seconds."),
];

/// Leads to the refusal with this status.
pub(super) fn reference(status: u16) -> Value {
    let name = REFUSALS.iter().find(|(known, ..)| *known == status).map_or("InternalServerError", |(_, name, _)| *name);
    json!({"$ref": format!("#/components/responses/{name}")})
}

/// All refusals, as components.
pub(super) fn all() -> Value {
    let written = REFUSALS.iter().map(|(status, name, text)| ((*name).to_owned(), refusal(*status, text)));
    Value::Object(written.collect::<Map<_, _>>())
}

fn refusal(status: u16, text: &str) -> Value {
    let headers = headers::of_refusal(status);
    if status == 304 {
        return json!({"description": text, "headers": headers});
    }
    let word = StatusCode::from_u16(status).map_or("Internal Server Error", title);
    let message = match status {
        401 => json!({"const": "Invalid or expired API token"}),
        403 => json!({"const": "You don't have permission to access this resource"}),
        _ => json!({"type": "string", "description": "What happened, for people."}),
    };
    let mut plain = json!({"error": {"const": word}, "message": message});
    let mut problem = json!({
        "type": {"const": "about:blank"}, "title": {"const": word}, "status": {"const": status}, "detail": plain["message"],
    });
    let details = details(status);
    if let Some(details) = &details {
        plain["details"] = details.clone();
        problem["details"] = details.clone();
    }
    json!({
        "description": text,
        "headers": headers,
        "content": {
            "application/json": {"schema": exactly(plain), "example": example(status, word)},
            "application/problem+json": {"schema": exactly(problem)},
        },
    })
}

/// An object of these members and no other.
fn exactly(properties: Value) -> Value {
    let names: Vec<_> = properties.as_object().map(|members| members.keys().cloned().collect()).unwrap_or_default();
    json!({"type": "object", "required": names, "properties": properties, "additionalProperties": false})
}

/// What `details` holds, where the status has any.
fn details(status: u16) -> Option<Value> {
    match status {
        422 => Some(json!({
            "type": "object",
            "description": "Each field with its messages.",
            "minProperties": 1,
            "additionalProperties": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        })),
        429 => Some(exactly(json!({"retry_after": {"type": "integer", "minimum": 0, "description": "Seconds."}}))),
        _ => None,
    }
}

fn example(status: u16, word: &str) -> Value {
    let (message, details) = match status {
        400 => ("per_page: is not a whole number from 1 to 100", None),
        401 => ("Invalid or expired API token", None),
        403 => ("You don't have permission to access this resource", None),
        404 => ("The requested resource was not found", None),
        409 => ("This token has already been rotated", None),
        412 => ("The resource has been changed meanwhile: read it again", None),
        413 => ("The body is larger than 1 MiB", None),
        415 => ("The body must be application/json in UTF-8", None),
        422 => (
            "The request could not be processed due to validation errors",
            Some(json!({"title": ["can't be blank"], "given": ["is too short (minimum is 10 characters)"]})),
        ),
        429 => ("Too many requests. Wait until the window of the limit is over", Some(json!({"retry_after": 1800}))),
        503 => ("The service cannot answer right now. Try again", None),
        _ => (crate::api::errors::INTERNAL, None),
    };
    let mut example = json!({"error": word, "message": message});
    if let Some(details) = details {
        example["details"] = details;
    }
    example
}
