//! A ticket's history as JSON.
//! The same `changes` will stand in webhooks.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::Reader;
use super::persons::Person;
use crate::domain::events::{Entry, Shown};
use crate::model::events::{Event as Noun, EventKind, Via};
use crate::model::id::Id;
use crate::model::tickets::Comment;
use crate::model::time::Time;

/// Something that happened to a ticket.
#[derive(Debug, serde::Serialize)]
pub struct Event<'a> {
    id: Id<Noun>,
    #[serde(rename = "event")]
    kind: EventKind,
    actor: Option<Person<'a>>,
    changes: Changes<'a>,
    created_at: Time,
    via: Via,
}

impl<'a> Event<'a> {
    /// The shape of an entry.
    pub fn new(reader: Reader<'a>, entry: &'a Entry) -> Self {
        let row = &entry.event;
        let actor = Person::new(reader, row.actor_id, row.actor_kind, row.actor_name.as_deref(), row.actor_email.as_deref());
        Self {
            id: row.id,
            kind: row.kind,
            actor,
            changes: Changes { reader, shown: &entry.changes },
            created_at: row.created_at,
            via: row.via,
        }
    }
}

/// What changed, by event: statuses, priorities, assignee, comment, or texts.
#[derive(Debug)]
struct Changes<'a> {
    reader: Reader<'a>,
    shown: &'a Shown,
}

/// A comment as it stands in a history.
#[derive(Debug, serde::Serialize)]
struct CommentChange<'a> {
    id: Id<Comment>,
    content: Option<&'a str>,
    created_at: Time,
}

impl Serialize for Changes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.shown {
            Shown::None => {}
            Shown::Status(old, new) => {
                map.serialize_entry("old_status", old)?;
                map.serialize_entry("new_status", new)?;
            }
            Shown::Priority(old, new) => {
                map.serialize_entry("old_priority", old)?;
                map.serialize_entry("new_priority", new)?;
            }
            Shown::Assignee(person) => map.serialize_entry("assignee", &person.as_ref().and_then(|row| Person::of(self.reader, row)))?,
            Shown::Comment { id, content, created_at } => {
                map.serialize_entry("comment", &CommentChange { id: *id, content: content.as_deref(), created_at: *created_at })?;
            }
            Shown::Texts(texts) => {
                for (field, old, new) in texts {
                    map.serialize_entry(field, &[old, new])?;
                }
            }
        }
        map.end()
    }
}
