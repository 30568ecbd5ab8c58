//! The comments and the history of a ticket woven into one sequence: its beginning and its end, or page by page.
//! One read of all that is shown, whatever its length; how events are written down is in `events`.

use std::collections::HashMap;

use super::events::{Changes, Shown};
use super::permissions::Capability;
use super::{Ctx, Error, Result};
use crate::model::events::{EventKind, Via};
use crate::model::id::Id;
use crate::model::pages::Page;
use crate::model::persons::{Person, PersonKind};
use crate::model::tickets::Ticket;
use crate::model::time::Time;
use crate::store::history::{self as store, EditRow, HistoryRow};
use crate::store::persons::{self, PersonRow};

/// How many entries are shown of the beginning and of the end, each.
pub const EDGE: i64 = 20;

/// Who an entry is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Who.
    pub id: Id<Person>,
    /// What kind of person.
    pub kind: PersonKind,
    /// The name that is shown.
    pub name: String,
    /// The last four characters of a project token.
    pub last_four: Option<String>,
}

/// What an entry tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// A comment.
    Comment {
        /// What it says.
        content: String,
        /// When it was last changed.
        updated_at: Time,
    },
    /// Something that happened.
    Event {
        /// What.
        kind: EventKind,
        /// Through which door.
        via: Via,
        /// The details.
        changes: Shown,
    },
}

/// A comment or an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The comment's id, or the event's.
    pub id: uuid::Uuid,
    /// When.
    pub at: Time,
    /// Who; `None` is a command.
    pub author: Option<Author>,
    /// What.
    pub told: Told,
}

/// A ticket's history as its page shows it.
#[derive(Debug)]
pub struct History {
    /// Its beginning, or all of it, oldest first.
    pub first: Vec<Entry>,
    /// How many are left out.
    pub between: i64,
    /// Its end, where some are left out.
    pub last: Vec<Entry>,
}

/// The beginning and the end. That the ticket was filed is told first and not counted.
pub fn edges(ctx: &mut Ctx<'_>, ticket: Id<Ticket>) -> Result<History> {
    let reach = ctx.ticket(Capability::ReadTickets, ticket)?;
    // One more for the filing, and one more to see whether there is more.
    let mut first = store::of_ticket(ctx.db, reach.organization, ticket, Page { number: 1, size: 2 * EDGE + 2 })?;
    let filed = first.iter().filter(|row| row.kind == Some(EventKind::TicketCreated)).count();
    if first.len() <= cut(2 * EDGE) + filed {
        return Ok(History { first: entries(ctx, first)?, between: 0, last: Vec::new() });
    }
    let total = store::count(ctx.db, reach.organization, ticket)?;
    let mut last = store::end_of_ticket(ctx.db, reach.organization, ticket, EDGE)?;
    last.reverse();
    first.truncate(cut(EDGE) + filed);
    let between = total - length(&first) - length(&last);
    Ok(History { first: entries(ctx, first)?, between, last: entries(ctx, last)? })
}

/// A page of the sequence, oldest first, and how long it is in all.
pub fn page(ctx: &mut Ctx<'_>, ticket: Id<Ticket>, page: Page) -> Result<(Vec<Entry>, i64)> {
    let reach = ctx.ticket(Capability::ReadTickets, ticket)?;
    let rows = store::of_ticket(ctx.db, reach.organization, ticket, page)?;
    let total = store::count(ctx.db, reach.organization, ticket)?;
    Ok((entries(ctx, rows)?, total))
}

/// When the texts of the ticket were last changed, and by whom.
pub fn last_edit(ctx: &mut Ctx<'_>, ticket: Id<Ticket>) -> Result<Option<EditRow>> {
    let reach = ctx.ticket(Capability::ReadTickets, ticket)?;
    Ok(store::last_edit(ctx.db, reach.organization, ticket)?)
}

fn cut(length: i64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

fn length(rows: &[HistoryRow]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}

/// The rows with the people that they name, who are read together.
fn entries(ctx: &mut Ctx<'_>, rows: Vec<HistoryRow>) -> Result<Vec<Entry>> {
    let mut read = Vec::with_capacity(rows.len());
    for row in rows {
        let changes = match row.kind {
            None => Changes::None,
            Some(_) => serde_json::from_str(&row.text).map_err(|error| Error::Internal(format!("event {}: {error}", row.id)))?,
        };
        read.push((row, changes));
    }
    let named: Vec<Id<Person>> = read
        .iter()
        .filter_map(|(_, changes)| if let Changes::Assignee(Some(id)) = changes { Some(Id::from_uuid(*id)) } else { None })
        .collect();
    let people: HashMap<_, _> = persons::by_ids(ctx.db, &named)?.into_iter().map(|person| (person.id, person)).collect();
    Ok(read.into_iter().map(|(row, changes)| entry(row, changes, &people)).collect())
}

fn entry(row: HistoryRow, changes: Changes, people: &HashMap<Id<Person>, PersonRow>) -> Entry {
    let author = match (row.person_id, row.person_kind, row.person_name) {
        (Some(id), Some(kind), Some(name)) => Some(Author { id, kind, name, last_four: row.last_four }),
        _ => None,
    };
    let told = match (row.kind, row.via) {
        (Some(kind), Some(via)) => Told::Event { kind, via, changes: shown(changes, people) },
        _ => Told::Comment { content: row.text, updated_at: row.updated_at },
    };
    Entry { id: row.id, at: row.created_at, author, told }
}

/// A comment says for itself what it says, so the events beside it do not.
fn shown(changes: Changes, people: &HashMap<Id<Person>, PersonRow>) -> Shown {
    match changes {
        Changes::None => Shown::None,
        Changes::Status(old, new) => Shown::Status(old, new),
        Changes::Priority(old, new) => Shown::Priority(old, new),
        Changes::Assignee(id) => Shown::Assignee(id.and_then(|id| people.get(&Id::from_uuid(id)).cloned())),
        Changes::Comment(id, created_at) => {
            Shown::Comment { id: Id::from_uuid(id), content: None, created_at: Time::from_micros(created_at) }
        }
        Changes::Texts(texts) => Shown::Texts(texts),
    }
}
