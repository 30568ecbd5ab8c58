//! Members in the document: their route and shape.
//! Changing them is for pages and commands.

use serde_json::{Value, json};

use super::operation::Description;
use super::schemas::{id, named, whole, words};
use crate::api::paging::NAMES;
use crate::model::roles::Role;

pub(super) fn descriptions() -> Vec<Description> {
    let path = "/api/v1/mcp/organizations/{organization_id}/members";
    let page = whole(json!({"members": {"type": "array", "items": named("Member"), "maxItems": NAMES.largest}}));
    vec![Description::new("GET", path, "listMembers", "Members", "Lists an organization's members").paged(NAMES).answers(
        200,
        "The page.",
        page,
        &["X-Total-Count", "X-Total-Pages", "X-Current-Page"],
    )]
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let member = json!({"id": id(), "name": {"type": "string"}, "email": {"type": "string"}, "role": words(Role::ALL)});
    vec![("Member", whole(member))]
}
