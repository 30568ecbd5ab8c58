//! The OpenAPI document: every route in words and schemas, with security and usual refusals filled in from the tables that are enforced.
//! What a route does is in the files of its noun beside this folder.

mod answers;
mod comments;
mod events;
mod headers;
mod members;
mod operation;
mod organizations;
mod projects;
mod schemas;
mod tickets;
mod tokens;

use std::sync::LazyLock;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use self::operation::Description;
use super::routes;
use crate::domain::{Error, Result};
use crate::http::answer::{Answer, without_tags};
use crate::http::mount::{Operation, Route};
use crate::http::request::Request;

/// The document as it is sent, shared by all answers, and its entity tag.
static WRITTEN: LazyLock<Option<(Bytes, String)>> = LazyLock::new(|| {
    // Here once, so that no answer has to make a text of its own.
    let bytes = without_tags(serde_json::to_vec(&document()).ok()?.into());
    let digest = Sha256::digest(&bytes);
    let tag = digest.iter().take(8).fold(String::new(), |tag, byte| format!("{tag}{byte:02x}"));
    Some((bytes, format!("\"{tag}\"")))
});

/// `GET /api/v1/openapi.json`
pub(super) fn get(request: Request) -> Result<Operation> {
    request.parameters()?.end()?;
    Ok(Operation::new(move |_| {
        let (bytes, tag) = WRITTEN.as_ref().ok_or_else(|| Error::Internal("the description cannot be written".to_owned()))?;
        let headers =
            vec![(CONTENT_TYPE, HeaderValue::from_static("application/json")), (CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
        Ok(Answer { status: StatusCode::OK, headers, body: Some(bytes.clone()) }.tagged(&request, tag))
    }))
}

/// What every route says of itself.
fn descriptions() -> Vec<Description> {
    let mut all = tickets::descriptions();
    all.extend(comments::descriptions());
    all.extend(events::descriptions());
    all.extend(organizations::descriptions());
    all.extend(projects::descriptions());
    all.extend(members::descriptions());
    all.extend(tokens::descriptions());
    all.push(of_itself());
    all
}

fn of_itself() -> Description {
    Description::new("GET", "/api/v1/openapi.json", "getDescription", "Description", "This document")
        .saying("OpenAPI 3.1. Needs no token, and counts on the address whoever asks.")
        .header("If-None-Match", json!({"type": "string"}), "An entity tag that is known already: 304 where it still holds.")
        .answers(200, "The document.", json!({"type": "object", "required": ["openapi", "info", "paths"]}), &["ETag"])
}

/// The whole document.
pub fn document() -> Value {
    let routes = routes::all();
    let mut paths = Map::new();
    for description in descriptions() {
        // A description without a route is found by a test; it is left out rather than promising what is not answered.
        let Some(route) = routes.iter().find(|route| is_of(route, &description)) else { continue };
        let path = paths.entry(description.path).or_insert_with(|| json!({}));
        let method = description.method.to_ascii_lowercase();
        path[method] = description.written(route.capability);
    }
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://spec.openapis.org/oas/3.1/dialect/base",
        "info": {
            "title": "bugtome",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "The bug tracker whose API tokens can be trusted",
            "description": ABOUT,
        },
        "servers": [{"url": "/", "description": "The server that this document came from."}],
        "tags": tags(),
        "paths": paths,
        "components": {
            "securitySchemes": operation::security_schemes(),
            "schemas": schemas::all(),
            "responses": answers::all(),
            "headers": headers::all(),
        },
    })
}

fn is_of(route: &Route, description: &Description) -> bool {
    route.method.as_str() == description.method && route.path == description.path
}

const ABOUT: &str = "\
JSON in and out, times in RFC 3339 UTC, ids as UUIDs.\n\n\
**Tokens.** `Authorization: Bearer <token>`; a personal token (`pk_`) reaches every organization of its user, a project token (`proj_`) one \
project. Each route names the scope that a token needs and the least role in the organization (`x-required-scope`, `x-required-role`); a project \
token acts as an admin of its project.\n\n\
**Errors.** One shape for all: `error`, `message` and sometimes `details`. Whoever prefers `application/problem+json` in `Accept` gets RFC 9457.\n\n\
**Limits.** By default 1000 requests an hour with a token and 100 without; `X-RateLimit-*` and `RateLimit` say how one stands, and a 429 says in \
`Retry-After` how long to wait. Where the operator has set no limit, these headers are missing.\n\n\
**Parameters.** An unknown, empty or repeated parameter is a 400 that names it. Unknown members of a body are ignored.\n\n\
**Texts.** White space at both ends is trimmed before anything is counted; lengths are Unicode characters. NUL is refused.\n\n\
**HEAD** works wherever GET does. Any origin may call (CORS), without cookies.";

fn tags() -> Value {
    json!([
        {"name": "Tickets", "description": "Bugs, told as given, when and then."},
        {"name": "Comments", "description": "What people say about a ticket."},
        {"name": "Events", "description": "A ticket's history."},
        {"name": "Organizations", "description": "What a personal token reaches."},
        {"name": "Projects", "description": "Where tickets live."},
        {"name": "Members", "description": "Who belongs to an organization."},
        {"name": "Tokens", "description": "The token that calls, and tokens that somebody found."},
        {"name": "Description", "description": "This document."},
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_described_and_every_description_has_its_route() {
        let (routes, descriptions) = (routes::all(), descriptions());
        for route in &routes {
            let found = descriptions.iter().filter(|description| is_of(route, description)).count();
            assert_eq!(found, 1, "{} {} is described {found} times", route.method, route.path);
        }
        for description in &descriptions {
            let found = routes.iter().any(|route| is_of(route, description));
            assert!(found, "{} {} is described, but there is no such route", description.method, description.path);
        }
    }

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let mut ids: Vec<_> = descriptions().iter().map(|description| description.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), descriptions().len());
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn walk(value: &Value, root: &Value) {
            match value {
                Value::Object(members) => {
                    if let Some(Value::String(to)) = members.get("$ref") {
                        assert!(root.pointer(to.trim_start_matches('#')).is_some(), "{to}");
                    }
                    members.values().for_each(|member| walk(member, root));
                }
                Value::Array(items) => items.iter().for_each(|item| walk(item, root)),
                _ => {}
            }
        }
        let document = document();
        walk(&document, &document);
    }

    #[test]
    fn the_scope_comes_from_the_permission_table() {
        let document = document();
        let list = &document["paths"]["/api/v1/tickets"]["get"];
        assert_eq!(list["x-required-scope"], "tickets:read");
        assert_eq!(list["x-required-role"], "viewer");
        assert_eq!(list["security"], json!([{"personalToken": ["tickets:read"]}, {"projectToken": ["tickets:read"]}]));
        assert_eq!(document["paths"]["/api/v1/tokens/revoke"]["post"]["security"], json!([]));
    }
}
