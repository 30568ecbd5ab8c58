//! Comments in the document: their routes and shapes.
//! The parsers that hold to it are `api::comments` and `domain::comments`.

use serde_json::{Value, json};

use super::operation::Description;
use super::schemas::{id, named, nullable, text, time, whole, wrapped};
use super::tickets::REPEAT;
use crate::api::paging::ROWS;
use crate::model::text::Content;

const TAG: &str = "Comments";
const LIST: &str = "/api/v1/tickets/{id}/comments";
const ONE: &str = "/api/v1/tickets/{id}/comments/{comment_id}";

pub(super) fn descriptions() -> Vec<Description> {
    let example = json!({"comment": {"content": "Seen on two machines."}});
    let page = json!({"type": "array", "items": named("Comment"), "maxItems": ROWS.largest});
    vec![
        Description::new("GET", LIST, "listComments", TAG, "Lists a ticket's comments").saying("Oldest first.").paged(ROWS).answers(
            200,
            "The page.",
            page,
            &["X-Total-Count", "X-Total-Pages", "X-Current-Page"],
        ),
        Description::new("POST", LIST, "createComment", TAG, "Comments on a ticket")
            .repeatable(REPEAT)
            .body(&named("NewComment"), &example)
            .answers(201, "The comment.", named("Comment"), &[]),
        Description::new("PATCH", ONE, "editComment", TAG, "Changes what one's own comment says")
            .body(&named("CommentChange"), &example)
            .answers(200, "The comment.", named("Comment"), &[]),
        Description::new("DELETE", ONE, "deleteComment", TAG, "Deletes a comment").saying("One's own, or as an admin anybody's.").answers(
            204,
            "It is deleted.",
            Value::Null,
            &[],
        ),
    ]
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let content = || text(Content::MINIMUM, Content::MAXIMUM);
    let comment = whole(json!({
        "id": id(),
        "content": {"type": "string"},
        "author": nullable(&named("Person")),
        "created_at": time(),
        "updated_at": time(),
    }));
    let new = json!({"type": "object", "required": ["content"], "properties": {"content": content()}});
    let change = json!({"type": "object", "properties": {"content": content()}});
    vec![("Comment", comment), ("NewComment", wrapped("comment", new)), ("CommentChange", wrapped("comment", change))]
}
