//! The history of tickets.
//! What stands in `changes` is `domain::events`' affair. A plus sign before a column keeps SQLite from the index that begins with it.

use super::database::{Connection, Result, row, sql};
use crate::model::events::{Event, EventKind, Via};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::pages::Page;
use crate::model::persons::{Person, PersonKind};
use crate::model::projects::Project;
use crate::model::tickets::Ticket;
use crate::model::time::Time;

row! {
    /// Something that happened to a ticket, with who did it.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct EventRow {
        /// Which.
        pub id: Id<Event>,
        /// What happened.
        pub kind: EventKind,
        /// Through which door.
        pub via: Via,
        /// When.
        pub created_at: Time,
        /// The details, as `domain::events` wrote them.
        pub changes: String,
        /// Who did it; `None` is a command.
        pub actor_id: Option<Id<Person>>,
        /// What kind of person that is.
        pub actor_kind: Option<PersonKind>,
        /// The name.
        pub actor_name: Option<String>,
        /// The address.
        pub actor_email: Option<String>,
    }
}

/// Something that happened just now.
#[derive(Debug)]
pub struct NewEvent<'a> {
    /// Which.
    pub id: Id<Event>,
    /// Whose.
    pub organization: Id<Organization>,
    /// In which project.
    pub project: Id<Project>,
    /// To which ticket.
    pub ticket: Id<Ticket>,
    /// What happened.
    pub kind: EventKind,
    /// Who did it; `None` is a command.
    pub actor: Option<Id<Person>>,
    /// Through which door.
    pub via: Via,
    /// When.
    pub at: Time,
    /// The details.
    pub changes: &'a str,
}

/// Writes history.
pub fn insert(db: &mut Connection, new: &NewEvent<'_>) -> Result<()> {
    db.execute(sql!(
        "INSERT INTO events (id, organization_id, project_id, ticket_id, kind, actor_id, via, created_at, changes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        Id<Event> = new.id, Id<Organization> = new.organization, Id<Project> = new.project, Id<Ticket> = new.ticket, EventKind = new.kind,
        Option<Id<Person>> = new.actor, Via = new.via, Time = new.at, str = new.changes
    ))?;
    Ok(())
}

/// A page of the ticket's history, oldest first.
pub fn of_ticket(db: &mut Connection, organization: Id<Organization>, ticket: Id<Ticket>, page: Page) -> Result<Vec<EventRow>> {
    db.query(sql!(EventRow:
        "SELECT e.id, e.kind, e.via, e.created_at, e.changes, a.id, a.kind, a.name, a.email
         FROM events e LEFT JOIN persons a ON a.id = e.actor_id
         WHERE +e.organization_id = ?1 AND e.ticket_id = ?2 ORDER BY e.created_at, e.id LIMIT ?3 OFFSET ?4";
        pg "SELECT e.id, e.kind, e.via, e.created_at, e.changes, a.id, a.kind, a.name, a.email
         FROM events e LEFT JOIN persons a ON a.id = e.actor_id
         WHERE e.organization_id = ?1 AND e.ticket_id = ?2 ORDER BY e.created_at, e.id LIMIT ?3 OFFSET ?4",
        Id<Organization> = organization, Id<Ticket> = ticket, i64 = page.size, i64 = page.offset()
    ))
}

/// How much has happened to the ticket.
pub fn count(db: &mut Connection, organization: Id<Organization>, ticket: Id<Ticket>) -> Result<i64> {
    let (count,) = db.query_one(sql!((i64,):
        "SELECT count(*) FROM events WHERE +organization_id = ?1 AND ticket_id = ?2";
        pg "SELECT count(*) FROM events WHERE organization_id = ?1 AND ticket_id = ?2",
        Id<Organization> = organization, Id<Ticket> = ticket
    ))?;
    Ok(count)
}
