//! Tokens in the document: the one that calls, and those that somebody found.
//! The parsers that hold to it are `api::tokens` and `domain::tokens`.

use serde_json::{Value, json};

use super::operation::Description;
use super::schemas::{described, id, named, nullable, time, whole, words};
use crate::api::tokens::MOST_FOUND;
use crate::domain::tokens::LONGEST_OVERLAP;
use crate::model::scopes::Scope;
use crate::model::tokens::TokenKind;

const TAG: &str = "Tokens";
const CURRENT: &str = "/api/v1/tokens/current";

pub(super) fn descriptions() -> Vec<Description> {
    let repeat =
        "Makes the rotation safe to repeat for ten minutes, until the successor is used: the old token is told the same successor again.";
    vec![
        Description::new("GET", CURRENT, "getCurrentToken", TAG, "Shows the token that calls")
            .answers(200, "The token, without its secret.", named("Token"), &[]),
        Description::new("DELETE", CURRENT, "revokeCurrentToken", TAG, "Revokes the token that calls")
            .saying("No request begun after the answer succeeds with it.")
            .answers(204, "It is revoked.", Value::Null, &[]),
        Description::new("POST", "/api/v1/tokens/current/rotate", "rotateCurrentToken", TAG, "Replaces the token that calls")
            .saying("A token that may only file tickets may not rotate itself. One that has been rotated is a 409.")
            .repeatable(repeat)
            .optional_body(&named("Rotation"), &json!({"overlap_seconds": 60}))
            .answers(201, "The successor, with its secret, shown this once.", named("MadeToken"), &[])
            .also(403),
        Description::new("POST", "/api/v1/tokens/revoke", "revokeFoundTokens", TAG, "Revokes tokens that somebody found")
            .saying("For whoever finds a leaked token. The answer is the same whether there was such a token or not. Limited to 100 calls an hour and address.")
            .body(&named("FoundTokens"), &json!({"token": "pk_bt10123456789ABCDEFGHIJKLMNOPQRSTUV1j1k79"}))
            .answers(200, "None of them works any more.", json!({"type": "object", "additionalProperties": false}), &[]),
    ]
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let mut made = token();
    made["token"] = json!({"type": "string", "pattern": "^(pk|proj)_bt1[0-9A-Za-z]{38}$", "description": "The token itself."});
    let seconds = json!({
        "type": "integer", "minimum": 0, "maximum": LONGEST_OVERLAP.whole_seconds(), "default": 0,
        "description": "How long the old token goes on working beside its successor.",
    });
    vec![
        ("Token", whole(token())),
        ("MadeToken", whole(made)),
        ("Rotation", json!({"type": "object", "properties": {"overlap_seconds": seconds}})),
        ("FoundTokens", found()),
    ]
}

fn token() -> Value {
    let kind = [TokenKind::Personal.word(), TokenKind::Project.word()];
    let project = whole(json!({"id": id(), "name": {"type": "string"}, "code": {"type": "string"}}));
    let user = whole(json!({"id": id(), "name": {"type": "string"}, "email": {"type": ["string", "null"]}}));
    json!({
        "id": id(),
        "kind": {"type": "string", "enum": kind},
        "name": {"type": "string"},
        "last_four": {"type": "string", "pattern": "^[0-9A-Za-z]{4}$"},
        "scopes": {"type": "array", "items": words(Scope::ALL), "minItems": 1, "uniqueItems": true},
        "project": described(nullable(&project), "A project token's project."),
        "user": described(nullable(&user), "A personal token's user."),
        "created_at": time(),
        "expires_at": described(nullable(&time()), "Null for a token without end."),
        "last_used_at": described(nullable(&time()), "Up to a minute late."),
    })
}

/// At least one of both, by whatever name it was found.
fn found() -> Value {
    json!({
        "type": "object",
        "properties": {
            "token": {"type": ["string", "null"]},
            "tokens": {"type": ["array", "null"], "maxItems": MOST_FOUND, "items": {"type": "string"}},
        },
        "anyOf": [
            {"required": ["token"], "properties": {"token": {"type": "string"}}},
            {"required": ["tokens"], "properties": {"tokens": {"type": "array"}}},
        ],
    })
}
