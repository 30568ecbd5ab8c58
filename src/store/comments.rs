//! Comments on tickets.
//! The ticket's count and version of them are in `tickets`.

use super::database::{Connection, Result, row, sql};
use super::search;
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::pages::Page;
use crate::model::persons::{Person, PersonKind};
use crate::model::projects::Project;
use crate::model::tickets::{Comment, Ticket};
use crate::model::time::Time;

row! {
    /// A comment with its author.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct CommentRow {
        /// Which.
        pub id: Id<Comment>,
        /// On which ticket.
        pub ticket_id: Id<Ticket>,
        /// What it says.
        pub content: String,
        /// When it was written.
        pub created_at: Time,
        /// When it was last changed.
        pub updated_at: Time,
        /// Who wrote it; `None` is a command.
        pub author_id: Option<Id<Person>>,
        /// What kind of person that is.
        pub author_kind: Option<PersonKind>,
        /// The name.
        pub author_name: Option<String>,
        /// The address.
        pub author_email: Option<String>,
    }
}

macro_rules! comment {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.ticket_id, c.content, c.created_at, c.updated_at, a.id, a.kind, a.name, a.email
             FROM comments c LEFT JOIN persons a ON a.id = c.author_id ",
            $rest
        )
    };
}

/// The comment of that ticket.
pub fn of_ticket_by_id(db: &mut Connection, ticket: Id<Ticket>, id: Id<Comment>) -> Result<Option<CommentRow>> {
    db.query_opt(sql!(CommentRow: comment!("WHERE c.id = ?1 AND c.ticket_id = ?2"), Id<Comment> = id, Id<Ticket> = ticket))
}

/// A page of the ticket's comments, oldest first.
pub fn of_ticket(db: &mut Connection, organization: Id<Organization>, ticket: Id<Ticket>, page: Page) -> Result<Vec<CommentRow>> {
    db.query(sql!(CommentRow:
        comment!("WHERE c.organization_id = ?1 AND c.ticket_id = ?2 ORDER BY c.created_at, c.id LIMIT ?3 OFFSET ?4"),
        Id<Organization> = organization, Id<Ticket> = ticket, i64 = page.size, i64 = page.offset()
    ))
}

/// A new comment.
#[derive(Debug)]
pub struct NewComment<'a> {
    /// Which.
    pub id: Id<Comment>,
    /// Whose.
    pub organization: Id<Organization>,
    /// In which project.
    pub project: Id<Project>,
    /// The project's serial.
    pub serial: i64,
    /// On which ticket.
    pub ticket: Id<Ticket>,
    /// Who writes it; `None` is a command.
    pub author: Option<Id<Person>>,
    /// When it was written.
    pub created_at: Time,
    /// What it says.
    pub content: &'a str,
}

/// Keeps a new comment and its words.
pub fn insert(db: &mut Connection, new: &NewComment<'_>) -> Result<()> {
    let (key,) = db.query_one(sql!((i64,):
        "INSERT INTO comments (id, organization_id, project_id, ticket_id, author_id, created_at, updated_at, content)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7) RETURNING key",
        Id<Comment> = new.id, Id<Organization> = new.organization, Id<Project> = new.project, Id<Ticket> = new.ticket,
        Option<Id<Person>> = new.author, Time = new.created_at, str = new.content
    ))?;
    search::insert_comment(db, key, new.organization, &search::comment_words(new.organization, new.serial, new.content))
}

/// Changes what the comment says.
pub fn update(db: &mut Connection, organization: Id<Organization>, serial: i64, id: Id<Comment>, content: &str, now: Time) -> Result<()> {
    search::delete_comment(db, id)?;
    let (key,) = db.query_one(sql!((i64,):
        "UPDATE comments SET content = ?2, updated_at = ?3 WHERE id = ?1 RETURNING key",
        Id<Comment> = id, str = content, Time = now
    ))?;
    search::insert_comment(db, key, organization, &search::comment_words(organization, serial, content))
}

/// Removes the comment and its words.
pub fn delete(db: &mut Connection, id: Id<Comment>) -> Result<()> {
    search::delete_comment(db, id)?;
    db.execute(sql!("DELETE FROM comments WHERE id = ?1", Id<Comment> = id))?;
    Ok(())
}
