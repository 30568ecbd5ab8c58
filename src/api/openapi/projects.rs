//! Projects in the document: their routes and shapes.
//! The parsers that hold to it are `api::projects` and `domain::projects`.

use serde_json::{Value, json};

use super::operation::Description;
use super::organizations::slug;
use super::schemas::{ACTS, code, described, id, line, named, nullable, optional_text, time, whole, wrapped};
use super::tickets::REPEAT;
use crate::api::paging::NAMES;
use crate::model::text::{Description as Words, Name};

const TAG: &str = "Projects";
const LIST: &str = "/api/v1/mcp/organizations/{organization_id}/projects";
const ONE: &str = "/api/v1/projects/{id}";

pub(super) fn descriptions() -> Vec<Description> {
    let page = whole(json!({"projects": {"type": "array", "items": named("Project"), "maxItems": NAMES.largest}}));
    let example = json!({"project": {"name": "Web shop", "code": "WEB", "description": "What customers see"}});
    vec![
        Description::new("GET", LIST, "listProjects", TAG, "Lists an organization's projects").paged(NAMES).answers(
            200,
            "The page.",
            page,
            &["X-Total-Count", "X-Total-Pages", "X-Current-Page"],
        ),
        Description::new("POST", LIST, "createProject", TAG, "Makes a project")
            .repeatable(REPEAT)
            .body(&named("NewProject"), &example)
            .answers(201, "The project.", named("Project"), &["Location"]),
        Description::new("GET", ONE, "getProject", TAG, "Shows a project").answers(200, "The project.", named("Project"), &[]),
        Description::new("PATCH", ONE, "editProject", TAG, "Changes a project")
            .saying("Only what the body carries is changed. While a project is archived, writing in it is a 403 and its tokens get 401. A project token does not change `archived` (403).")
            .body(&named("ProjectChange"), &json!({"project": {"description": "What customers see"}}))
            .answers(200, "The project.", named("Project"), &[]),
        Description::new("DELETE", ONE, "deleteProject", TAG, "Deletes a project")
            .saying("With all its tickets and tokens, at once and for good.")
            .answers(204, "It is deleted.", Value::Null, &[]),
    ]
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let count = || json!({"type": "integer", "minimum": 0});
    let project = whole(json!({
        "id": id(),
        "organization_id": id(),
        "name": {"type": "string"},
        "code": {"type": "string", "pattern": "^[A-Z][A-Z0-9]{1,9}$"},
        "slug": slug(),
        "description": {"type": ["string", "null"]},
        "tickets_count": count(),
        "open_tickets_count": described(count(), "Those that are `open` or `in_progress`."),
        "created_at": time(),
        "archived_at": nullable(&time()),
    }));
    let members = || {
        json!({
            "name": line(Name::MAXIMUM, ACTS),
            "code": described(code(), "What its tickets' codes begin with: unique in its organization, and fixed once it has a ticket."),
            "description": described(optional_text(Words::MAXIMUM), "Blank is null."),
        })
    };
    let mut change = members();
    change["archived"] = json!({"type": "boolean"});
    let new = json!({"type": "object", "required": ["name", "code"], "properties": members()});
    vec![
        ("Project", project),
        ("NewProject", wrapped("project", new)),
        ("ProjectChange", wrapped("project", json!({"type": "object", "properties": change}))),
    ]
}
