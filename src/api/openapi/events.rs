//! A ticket's history in the document: its route and shapes.
//! What is written into it is the domain's affair.

use serde_json::{Value, json};

use super::operation::Description;
use super::schemas::{described, id, named, nullable, time, whole, words};
use crate::api::paging::ROWS;
use crate::model::events::{EventKind, Via};
use crate::model::tickets::{Priority, Status};

pub(super) fn descriptions() -> Vec<Description> {
    let page = json!({"type": "array", "items": named("Event"), "maxItems": ROWS.largest});
    vec![
        Description::new("GET", "/api/v1/tickets/{id}/events", "listEvents", "Events", "Lists what happened to a ticket")
            .saying("Oldest first.")
            .paged(ROWS)
            .answers(200, "The page.", page, &["X-Total-Count", "X-Total-Pages", "X-Current-Page"]),
    ]
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let event = whole(json!({
        "id": id(),
        "event": words(EventKind::ALL),
        "actor": nullable(&named("Person")),
        "changes": {
            "description": "What changed, by event.",
            "anyOf": [
                described(json!({"type": "object", "additionalProperties": false}), "Nothing besides what the event says."),
                closed(json!({"old_status": words(Status::ALL), "new_status": words(Status::ALL)})),
                closed(json!({"old_priority": words(Priority::ALL), "new_priority": words(Priority::ALL)})),
                closed(json!({"assignee": nullable(&named("Person"))})),
                closed(json!({"comment": comment()})),
                texts(),
            ],
        },
        "created_at": time(),
        "via": described(words(Via::ALL), "The door through which the change came."),
    }));
    vec![("Event", event)]
}

fn closed(properties: Value) -> Value {
    let mut schema = whole(properties);
    schema["additionalProperties"] = json!(false);
    schema
}

fn comment() -> Value {
    let content = json!({"type": ["string", "null"], "description": "What it says by now; null once it has been deleted."});
    whole(json!({"id": id(), "content": content, "created_at": time()}))
}

/// `ticket_edited`: each field with what it was and what it is.
fn texts() -> Value {
    let pair = json!({"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": ["string", "null"]}});
    json!({
        "type": "object",
        "minProperties": 1,
        "properties": {"title": pair, "given": pair, "when": pair, "then": pair, "notes": pair},
        "additionalProperties": false,
    })
}
