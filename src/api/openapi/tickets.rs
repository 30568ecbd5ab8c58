//! Tickets in the document: their routes and shapes.
//! The parsers that hold to it are `api::tickets` and `domain::tickets`.

use serde_json::{Value, json};

use super::operation::Description;
use super::schemas::{TURNS, described, id, line, named, nullable, optional_text, text, time, whole, words, wrapped};
use crate::api::paging::ROWS;
use crate::model::text::{Clause, Notes, Title};
use crate::model::tickets::{Priority, Status};

const TAG: &str = "Tickets";
const PAGE: &[&str] = &["X-Total-Count", "X-Total-Count-Exact", "X-Total-Pages", "X-Current-Page", "Link"];

pub(super) fn descriptions() -> Vec<Description> {
    vec![list(), create(), get(), edit(), delete(), restore(), of_organization()]
}

fn example() -> Value {
    json!({"ticket": {
        "title": "The cart forgets its items",
        "given": "Given a signed-in customer with two items in the cart",
        "when": "when the page is reloaded",
        "then": "then the cart should still hold both items",
        "priority": "high",
    }})
}

fn filtered(description: Description) -> Description {
    let code = json!({"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9]{1,9}-[1-9][0-9]{0,9}$", "example": "WEB-42"});
    let assignee = json!({"anyOf": [{"type": "string", "enum": ["me", "none"]}, id()]});
    let sort = json!({"type": "string", "default": "-created_at",
        "enum": ["created_at", "-created_at", "updated_at", "-updated_at", "priority", "-priority"]});
    let about_sort = "The order, `-` for descending; ties go by id in the same direction.";
    let about_cursor =
        "A position, as it stands in the `Link` header of a page; only with the same `sort`, and never together with `page`.";
    description
        .query("project_id", id(), "Only this project's. One that cannot be reached is a 403.")
        .query("code", code, "Only the ticket with this code, in any case.")
        .list("status", words(Status::ALL), "One of these statuses.")
        .list("priority", words(Priority::ALL), "One of these priorities.")
        .query("assignee", assignee, "`me` (not with a project token), `none`, or somebody's id.")
        .query("q", json!({"type": "string", "minLength": 1}), "Words to find in texts and comments.")
        .query("created_after", time(), "Filed after this moment, exclusive.")
        .query("created_before", time(), "Filed before this moment, exclusive.")
        .query("updated_after", time(), "Changed after this moment, exclusive.")
        .query("sort", sort, about_sort)
        .query("cursor", json!({"type": "string", "minLength": 1}), about_cursor)
        .paged(ROWS)
}

fn list() -> Description {
    let description = Description::new("GET", "/api/v1/tickets", "listTickets", TAG, "Lists tickets")
        .saying("Newest first. A project token sees its project's, a personal token those of all organizations that it reaches.")
        .query("organization_id", id(), "Only this organization's. One that cannot be reached is a 403.");
    let page = json!({"type": "array", "items": named("Ticket"), "maxItems": ROWS.largest});
    filtered(description).answers(200, "The page; empty beyond the last one.", page, PAGE)
}

fn of_organization() -> Description {
    let path = "/api/v1/mcp/organizations/{organization_id}/tickets";
    let description = Description::new("GET", path, "listTicketsOfOrganization", TAG, "Lists an organization's tickets")
        .saying("A project token is refused, whatever its scopes.");
    let meta = json!({
        "type": "object",
        "required": ["per_page"],
        "properties": {
            "total": {"type": "integer", "minimum": 0, "description": "How many there are in all; missing on pages reached by cursor."},
            "total_exact": {"const": false, "description": "There are more than `total`; missing where that is exact."},
            "page": {"type": "integer", "minimum": 1, "description": "Missing on pages reached by cursor."},
            "per_page": {"type": "integer", "minimum": 1, "maximum": ROWS.largest},
        },
    });
    let page = whole(json!({"tickets": {"type": "array", "items": named("Ticket"), "maxItems": ROWS.largest}, "meta": meta}));
    filtered(description).answers(200, "The page.", page, PAGE)
}

fn create() -> Description {
    Description::new("POST", "/api/v1/tickets", "createTicket", TAG, "Files a ticket")
        .saying("A personal token has to say in which project; a project token files in its own. The ticket begins as `open`.")
        .repeatable(REPEAT)
        .body(&named("NewTicket"), &example())
        .answers(201, "The ticket.", named("Ticket"), &["ETag", "Location"])
}

/// What every `Idempotency-Key` is for.
pub(super) const REPEAT: &str = "Makes the request safe to repeat for 24 hours: a repeat by the same caller gets the first answer and does \
                                 nothing. The same key with another body is a 422.";

const IF_MATCH: &str = "Entity tags of which one has to be the ticket's by its version (what stands before the hyphen), or `*`; else 412.";

fn get() -> Description {
    Description::new("GET", "/api/v1/tickets/{id}", "getTicket", TAG, "Shows a ticket")
        .header(
            "If-None-Match",
            json!({"type": "string", "examples": ["\"3-1\""]}),
            "Entity tags that are known already: 304 where one is the ticket's.",
        )
        .answers(200, "The ticket.", named("Ticket"), &["ETag"])
}

fn edit() -> Description {
    Description::new("PATCH", "/api/v1/tickets/{id}", "editTicket", TAG, "Changes a ticket")
        .saying("Only what the body carries is changed. What changes nothing leaves `updated_at` and the entity tag alone.")
        .header("If-Match", json!({"type": "string", "examples": ["*", "\"3-1\""]}), IF_MATCH)
        .body(&named("TicketChange"), &json!({"ticket": {"status": "in_progress", "priority": "critical"}}))
        .answers(200, "The ticket.", named("Ticket"), &["ETag"])
        .also(412)
}

fn delete() -> Description {
    Description::new("DELETE", "/api/v1/tickets/{id}", "deleteTicket", TAG, "Deletes a ticket")
        .saying("It can be restored for 30 days. Its number is never used again.")
        .header("If-Match", json!({"type": "string", "examples": ["*", "\"3-1\""]}), IF_MATCH)
        .answers(204, "It is deleted.", Value::Null, &[])
        .also(412)
}

fn restore() -> Description {
    Description::new("POST", "/api/v1/tickets/{id}/restore", "restoreTicket", TAG, "Brings a deleted ticket back")
        .saying("One that is not deleted stays as it is.")
        .repeatable(REPEAT)
        .optional_body(&json!({"type": "object"}), &json!({}))
        .answers(200, "The ticket.", named("Ticket"), &["ETag"])
}

/// The members of a ticket that people write.
fn texts() -> Value {
    let clause = || text(Clause::MINIMUM, Clause::MAXIMUM);
    json!({
        "title": line(Title::MAXIMUM, TURNS),
        "given": described(clause(), "What is the case before."),
        "when": described(clause(), "What is done."),
        "then": described(clause(), "What should be the case then."),
        "notes": described(optional_text(Notes::MAXIMUM), "Whatever else there is to say; blank is null."),
        "priority": words(Priority::ALL),
        "assignee_id": described(nullable(&id()), "Whose task it is: a member of the organization, or null for nobody."),
    })
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let mut new = texts();
    new["priority"]["default"] = json!(Priority::Medium);
    new["project_id"] = described(
        nullable(&id()),
        "In which project. Needed with a personal token; a project token may leave it out or name its own project.",
    );
    let mut change = texts();
    change["status"] = words(Status::ALL);
    change["project_id"] = described(id(), "May only repeat the ticket's own project.");
    let new = json!({
        "type": "object",
        "required": ["title", "given", "when", "then"],
        "properties": new,
    });
    vec![
        ("Ticket", ticket()),
        ("NewTicket", wrapped("ticket", new)),
        ("TicketChange", wrapped("ticket", json!({"type": "object", "properties": change}))),
    ]
}

fn ticket() -> Value {
    let person = |text| described(nullable(&named("Person")), text);
    let text = || json!({"type": "string"});
    whole(json!({
        "id": id(),
        "code": {"type": "string", "pattern": "^[A-Z][A-Z0-9]{1,9}-[1-9][0-9]*$", "description": "The project's code and the number."},
        "number": {"type": "integer", "minimum": 1, "description": "Counts up within the project."},
        "title": text(),
        "given": text(),
        "when": text(),
        "then": text(),
        "notes": {"type": ["string", "null"]},
        "status": words(Status::ALL),
        "priority": words(Priority::ALL),
        "organization_id": id(),
        "project_id": id(),
        "reporter": person("Who filed it."),
        "assignee": person("Whose task it is."),
        "comments_count": {"type": "integer", "minimum": 0},
        "external_key": {"type": ["string", "null"], "description": "What it was called in the tracker that it was imported from."},
        "url": {"type": "string", "format": "uri", "description": "Its page."},
        "created_at": time(),
        "updated_at": time(),
    }))
}
