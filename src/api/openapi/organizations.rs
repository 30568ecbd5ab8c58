//! Organizations in the document: their route and shape.
//! Their projects, members and tickets have files of their own.

use serde_json::{Value, json};

use super::operation::Description;
use super::schemas::{id, named, whole};
use crate::api::paging::NAMES;
use crate::model::organizations::Slug;

pub(super) fn descriptions() -> Vec<Description> {
    let page = whole(json!({"organizations": {"type": "array", "items": named("Organization"), "maxItems": NAMES.largest}}));
    vec![
        Description::new("GET", "/api/v1/mcp/organizations", "listOrganizations", "Organizations", "Lists organizations")
            .saying("Those that the token reaches, by name.")
            .paged(NAMES)
            .answers(200, "The page.", page, &["X-Total-Count", "X-Total-Pages", "X-Current-Page"]),
    ]
}

/// A slug as answers show it.
pub(super) fn slug() -> Value {
    json!({"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": Slug::MAXIMUM})
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    vec![("Organization", whole(json!({"id": id(), "name": {"type": "string"}, "slug": slug()})))]
}
