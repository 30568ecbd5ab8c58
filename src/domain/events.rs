//! The history of a ticket: what is written down of a change, and how it is read again.
//! Webhooks will be fed from the same events.

use serde::{Deserialize, Serialize};

use super::permissions::Capability;
use super::reach::TicketReach;
use super::{Ctx, Error, Result};
use crate::model::events::EventKind;
use crate::model::id::Id;
use crate::model::pages::Page;
use crate::model::persons::Person;
use crate::model::tickets::{Comment, Ticket};
use crate::model::time::Time;
use crate::store::comments;
use crate::store::events::{self as store, EventRow, NewEvent};
use crate::store::persons::{self, PersonRow};

/// What changed, as it rests in the store. People and comments are named by id, so that what is forgotten elsewhere is not remembered here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Changes {
    /// The event says it all.
    None,
    /// From one status to another.
    Status(String, String),
    /// From one priority to another.
    Priority(String, String),
    /// Whose task it became.
    Assignee(Option<uuid::Uuid>),
    /// A comment, and when it was written.
    Comment(uuid::Uuid, i64),
    /// Texts, each with what it was and what it is.
    Texts(Vec<(String, Option<String>, Option<String>)>),
}

/// What changed, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// The event says it all.
    None,
    /// From one status to another.
    Status(String, String),
    /// From one priority to another.
    Priority(String, String),
    /// Whose task it became.
    Assignee(Option<PersonRow>),
    /// A comment; its text only while it is there.
    Comment {
        /// Which.
        id: Id<Comment>,
        /// What it says by now.
        content: Option<String>,
        /// When it was written.
        created_at: Time,
    },
    /// Texts, each with what it was and what it is.
    Texts(Vec<(String, Option<String>, Option<String>)>),
}

/// An event with what is shown of it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What happened, when, by whom.
    pub event: EventRow,
    /// The details.
    pub changes: Shown,
}

/// Writes down that something happened to the ticket, by the caller, now.
pub(super) fn record(ctx: &mut Ctx<'_>, ticket: &TicketReach, kind: EventKind, changes: &Changes) -> Result<()> {
    let (actor, at) = (ctx.person(), ctx.now);
    record_of(ctx, ticket, kind, changes, actor, at)
}

/// As [`record`] for what somebody else did at another time: an import's reports.
pub(super) fn record_of(
    ctx: &mut Ctx<'_>,
    ticket: &TicketReach,
    kind: EventKind,
    changes: &Changes,
    actor: Option<Id<Person>>,
    at: Time,
) -> Result<()> {
    let changes = serde_json::to_string(changes).map_err(|error| Error::Internal(error.to_string()))?;
    let id = ctx.new_id();
    let new = NewEvent {
        id,
        organization: ticket.organization,
        project: ticket.project,
        ticket: ticket.id,
        kind,
        actor,
        via: ctx.via,
        at,
        changes: &changes,
    };
    Ok(store::insert(ctx.db, &new)?)
}

/// A page of the ticket's history, oldest first, and how much there is in all.
pub fn list(ctx: &mut Ctx<'_>, ticket: Id<Ticket>, page: Page) -> Result<(Vec<Entry>, i64)> {
    let reach = ctx.ticket(Capability::ReadTickets, ticket)?;
    let total = store::count(ctx.db, reach.organization, ticket)?;
    let rows = store::of_ticket(ctx.db, reach.organization, ticket, page)?;
    let entries = rows.into_iter().map(|event| {
        let changes = serde_json::from_str(&event.changes).map_err(|error| Error::Internal(format!("event {}: {error}", event.id)))?;
        Ok(Entry { changes: show(ctx, ticket, changes)?, event })
    });
    Ok((entries.collect::<Result<_>>()?, total))
}

fn show(ctx: &mut Ctx<'_>, ticket: Id<Ticket>, changes: Changes) -> Result<Shown> {
    Ok(match changes {
        Changes::None => Shown::None,
        Changes::Status(old, new) => Shown::Status(old, new),
        Changes::Priority(old, new) => Shown::Priority(old, new),
        Changes::Texts(texts) => Shown::Texts(texts),
        Changes::Assignee(None) => Shown::Assignee(None),
        Changes::Assignee(Some(id)) => Shown::Assignee(persons::by_id(ctx.db, Id::<Person>::from_uuid(id))?),
        Changes::Comment(id, created_at) => {
            let id = Id::from_uuid(id);
            let content = comments::of_ticket_by_id(ctx.db, ticket, id)?.map(|comment| comment.content);
            Shown::Comment { id, content, created_at: Time::from_micros(created_at) }
        }
    })
}
