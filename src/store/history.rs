//! The comments and the history of a ticket woven into one sequence, from either end, with those who wrote them.
//! Single comments are in `comments`, single events in `events`; what is shown of them is `domain::history`' affair.

use super::database::{Connection, Result, row, sql};
use crate::model::events::{EventKind, Via};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::pages::Page;
use crate::model::persons::{Person, PersonKind};
use crate::model::tickets::Ticket;
use crate::model::time::Time;

row! {
    /// A comment or an event, with who it is from.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct HistoryRow {
        /// The comment's id, or the event's.
        pub id: uuid::Uuid,
        /// What happened; `None` is a comment.
        pub kind: Option<EventKind>,
        /// Through which door an event came.
        pub via: Option<Via>,
        /// When.
        pub created_at: Time,
        /// When a comment was last changed.
        pub updated_at: Time,
        /// What a comment says, or an event's details.
        pub text: String,
        /// Who it is from; `None` is a command.
        pub person_id: Option<Id<Person>>,
        /// What kind of person that is.
        pub person_kind: Option<PersonKind>,
        /// The name.
        pub person_name: Option<String>,
        /// The last four characters of a project token.
        pub last_four: Option<String>,
    }
}

/// What a comment's own row tells already, or the event beside it: no lines of their own in the sequence.
const TOLD: [EventKind; 3] = [EventKind::TicketCommented, EventKind::TicketClosed, EventKind::CommentEdited];

macro_rules! comments {
    () => {
        "c.id AS id, CAST(NULL AS BIGINT) AS kind, CAST(NULL AS BIGINT) AS via, c.created_at AS created_at,
         c.updated_at AS updated_at, c.content AS text, c.author_id AS person_id
         FROM comments c WHERE c.organization_id = ?1 AND c.ticket_id = ?2"
    };
}

/// `$plus` is a plus sign for SQLite, which would else walk the organization's whole history for one ticket's: without statistics it takes both
/// indexes for equally good. PostgreSQL has statistics, and no such sign for ids.
macro_rules! events {
    ($plus:literal) => {
        concat!(
            "e.id AS id, e.kind AS kind, e.via AS via, e.created_at AS created_at,
         e.created_at AS updated_at, e.changes AS text, e.actor_id AS person_id
         FROM events e WHERE ",
            $plus,
            "e.organization_id = ?1 AND e.ticket_id = ?2 AND e.kind NOT IN (?3, ?4, ?5)"
        )
    };
}

/// Each arm is cut off before they are merged, so that a long history is not read for its beginning or its end.
macro_rules! woven {
    ($plus:literal, $order:literal, $arm:literal, $rest:literal) => {
        concat!(
            "SELECT w.id, w.kind, w.via, w.created_at, w.updated_at, w.text, a.id, a.kind, a.name, t.last_four FROM (
             SELECT * FROM (SELECT ",
            comments!(),
            " ORDER BY ",
            $order,
            " LIMIT ",
            $arm,
            ") AS w_comments UNION ALL SELECT * FROM (SELECT ",
            events!($plus),
            " ORDER BY ",
            $order,
            " LIMIT ",
            $arm,
            ") AS w_events) AS w LEFT JOIN persons a ON a.id = w.person_id LEFT JOIN tokens t ON t.id = a.id ORDER BY ",
            $rest
        )
    };
}

/// A page of the sequence, oldest first.
pub fn of_ticket(db: &mut Connection, organization: Id<Organization>, ticket: Id<Ticket>, page: Page) -> Result<Vec<HistoryRow>> {
    let [commented, closed, edited] = TOLD;
    db.query(sql!(HistoryRow:
        woven!("+", "created_at, id", "?8", "w.created_at, w.id LIMIT ?6 OFFSET ?7");
        pg woven!("", "created_at, id", "?8", "w.created_at, w.id LIMIT ?6 OFFSET ?7"),
        Id<Organization> = organization, Id<Ticket> = ticket, EventKind = commented, EventKind = closed, EventKind = edited,
        i64 = page.size, i64 = page.offset(), i64 = page.offset().saturating_add(page.size)
    ))
}

/// The end of the sequence, newest first.
pub fn end_of_ticket(db: &mut Connection, organization: Id<Organization>, ticket: Id<Ticket>, limit: i64) -> Result<Vec<HistoryRow>> {
    let [commented, closed, edited] = TOLD;
    db.query(sql!(HistoryRow:
        woven!("+", "created_at DESC, id DESC", "?6", "w.created_at DESC, w.id DESC LIMIT ?6");
        pg woven!("", "created_at DESC, id DESC", "?6", "w.created_at DESC, w.id DESC LIMIT ?6"),
        Id<Organization> = organization, Id<Ticket> = ticket, EventKind = commented, EventKind = closed, EventKind = edited, i64 = limit
    ))
}

/// How long the sequence is.
pub fn count(db: &mut Connection, organization: Id<Organization>, ticket: Id<Ticket>) -> Result<i64> {
    let [commented, closed, edited] = TOLD;
    let (count,) = db.query_one(sql!((i64,):
        "SELECT (SELECT count(*) FROM comments WHERE organization_id = ?1 AND ticket_id = ?2)
              + (SELECT count(*) FROM events WHERE +organization_id = ?1 AND ticket_id = ?2 AND kind NOT IN (?3, ?4, ?5))";
        pg "SELECT (SELECT count(*) FROM comments WHERE organization_id = ?1 AND ticket_id = ?2)
              + (SELECT count(*) FROM events WHERE organization_id = ?1 AND ticket_id = ?2 AND kind NOT IN (?3, ?4, ?5))",
        Id<Organization> = organization, Id<Ticket> = ticket, EventKind = commented, EventKind = closed, EventKind = edited
    ))?;
    Ok(count)
}

row! {
    /// An edit of a ticket's texts.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct EditRow {
        /// When.
        pub created_at: Time,
        /// Who it was; `None` is a command.
        pub actor_id: Option<Id<Person>>,
        /// The name.
        pub actor_name: Option<String>,
    }
}

/// When the texts of the ticket were last changed, and by whom.
pub fn last_edit(db: &mut Connection, organization: Id<Organization>, ticket: Id<Ticket>) -> Result<Option<EditRow>> {
    db.query_opt(sql!(EditRow:
        "SELECT e.created_at, a.id, a.name FROM events e LEFT JOIN persons a ON a.id = e.actor_id
         WHERE +e.organization_id = ?1 AND e.ticket_id = ?2 AND e.kind = ?3 ORDER BY e.created_at DESC, e.id DESC LIMIT 1";
        pg "SELECT e.created_at, a.id, a.name FROM events e LEFT JOIN persons a ON a.id = e.actor_id
         WHERE e.organization_id = ?1 AND e.ticket_id = ?2 AND e.kind = ?3 ORDER BY e.created_at DESC, e.id DESC LIMIT 1",
        Id<Organization> = organization, Id<Ticket> = ticket, EventKind = EventKind::TicketEdited
    ))
}
