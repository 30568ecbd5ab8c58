//! Tickets one at a time: by id, made, changed, deleted and purged.
//! Lists, their orders and their counts are in `ticket_lists`.

use compact_str::CompactString;

use super::database::{Cells, ColumnType, Connection, Result, Row, Select, beside, family, row, sql};
use super::member_tokens::not_shut_out;
use super::search;
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::persons::{Person, PersonKind};
use crate::model::projects::Project;
use crate::model::roles::Role;
use crate::model::tickets::{Priority, Status, Ticket};
use crate::model::time::{Span, Time};
use crate::model::tokens::Token;
use crate::model::users::User;

row! {
    /// A ticket with the people it names.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct TicketRow {
        /// Where its row lies; the project's serial and the number.
        pub key: i64,
        /// Which.
        pub id: Id<Ticket>,
        /// Whose.
        pub organization_id: Id<Organization>,
        /// In which project.
        pub project_id: Id<Project>,
        /// The project's code.
        pub project_code: CompactString,
        /// Its number there.
        pub number: i64,
        /// How far it has come.
        pub status: Status,
        /// How urgent it is.
        pub priority: Priority,
        /// Grows with each change of the ticket itself.
        pub version: i64,
        /// Grows with each change of its comments.
        pub comments_version: i64,
        /// How many comments it has.
        pub comments_count: i64,
        /// When it was filed.
        pub created_at: Time,
        /// When it last changed.
        pub updated_at: Time,
        /// When it was deleted, if so.
        pub deleted_at: Option<Time>,
        /// Its key in the tracker from which it was imported.
        pub external_key: Option<CompactString>,
        /// What it is about.
        pub title: String,
        /// Given …
        pub given: String,
        /// … when …
        pub when: String,
        /// … then.
        pub then: String,
        /// What else there is to say.
        pub notes: Option<String>,
        /// Who filed it; `None` is a command.
        pub reporter_id: Option<Id<Person>>,
        /// What kind of person that is.
        pub reporter_kind: Option<PersonKind>,
        /// The name.
        pub reporter_name: Option<CompactString>,
        /// The address.
        pub reporter_email: Option<CompactString>,
        /// Whose task it is.
        pub assignee_id: Option<Id<Person>>,
        /// What kind of person that is.
        pub assignee_kind: Option<PersonKind>,
        /// The name.
        pub assignee_name: Option<CompactString>,
        /// The address.
        pub assignee_email: Option<CompactString>,
    }
}

row! {
    /// What a request has to know to reach a ticket: its project and the caller's membership there.
    #[derive(Debug, Clone)]
    pub struct TicketReachRow {
        /// In which project.
        pub project_id: Id<Project>,
        /// Its organization.
        pub organization_id: Id<Organization>,
        /// When the ticket was deleted, if so.
        pub deleted_at: Option<Time>,
        /// When the project was archived, if so.
        pub project_archived_at: Option<Time>,
        /// When the project was deleted, if so.
        pub project_deleted_at: Option<Time>,
        /// The longest life of a token that reaches the organization.
        pub max_token_life: Option<Span>,
        /// The user's role in the organization; `None` without a membership or without a user, and for a token that is shut out.
        pub role: Option<Role>,
    }
}

/// The columns of a [`TicketRow`], of `k` (tickets), `p` (projects), `r` (reporter) and `a` (assignee).
macro_rules! ticket_columns {
    () => {
        "k.key, k.id, k.organization_id, k.project_id, p.code, k.number, k.status, k.priority, k.version, k.comments_version,
         k.comments_count, k.created_at, k.updated_at, k.deleted_at, k.external_key, k.title, k.given_text, k.when_text, k.then_text,
         k.notes, r.id, r.kind, r.name, r.email, a.id, a.kind, a.name, a.email"
    };
}
pub(super) use ticket_columns;

/// The tables of [`ticket_columns`], joined.
macro_rules! ticket_joins {
    () => {
        " JOIN projects p ON p.id = k.project_id LEFT JOIN persons r ON r.id = k.reporter_id LEFT JOIN persons a ON a.id = k.assignee_id "
    };
}
pub(super) use ticket_joins;

/// How the user (or, without one, a project token or a command) comes to the ticket, deleted or not; `chain` is that of the calling token.
pub fn reach(db: &mut Connection, id: Id<Ticket>, user: Option<Id<User>>, chain: Option<Id<Token>>) -> Result<Option<TicketReachRow>> {
    db.query_opt(sql!(TicketReachRow: concat!(
        "SELECT k.project_id, k.organization_id, k.deleted_at, p.archived_at, p.deleted_at, o.max_token_life, m.role
         FROM tickets k JOIN projects p ON p.id = k.project_id JOIN organizations o ON o.id = k.organization_id
         LEFT JOIN members m ON m.organization_id = k.organization_id AND m.user_id = ?2 AND ", not_shut_out!("k.organization_id", "?3"), "
         WHERE k.id = ?1"),
        Id<Ticket> = id, Option<Id<User>> = user, Option<Id<Token>> = chain
    ))
}

/// The ticket, deleted or not.
pub fn by_id(db: &mut Connection, id: Id<Ticket>) -> Result<Option<TicketRow>> {
    db.query_opt(sql!(TicketRow:
        concat!("SELECT ", ticket_columns!(), " FROM tickets k ", ticket_joins!(), " WHERE k.id = ?1"),
        Id<Ticket> = id
    ))
}

/// A ticket with what a request has to know to reach it, read at once: most requests for a ticket only look at it.
#[derive(Debug)]
pub struct ReachedTicketRow {
    /// What to know.
    pub reach: TicketReachRow,
    /// The ticket.
    pub ticket: TicketRow,
}

impl Row for ReachedTicketRow {
    const COLUMNS: &'static [ColumnType] =
        &beside::<{ TicketReachRow::COLUMNS.len() + TicketRow::COLUMNS.len() }>(TicketReachRow::COLUMNS, TicketRow::COLUMNS);

    fn take(cells: &mut Cells<'_>) -> Result<Self> {
        Ok(Self { reach: Row::take(cells)?, ticket: Row::take(cells)? })
    }
}

/// As [`reach`] and [`by_id`] together.
pub fn reached(db: &mut Connection, id: Id<Ticket>, user: Option<Id<User>>, chain: Option<Id<Token>>) -> Result<Option<ReachedTicketRow>> {
    db.query_opt(sql!(ReachedTicketRow:
        concat!(
            "SELECT k.project_id, k.organization_id, k.deleted_at, p.archived_at, p.deleted_at, o.max_token_life, m.role, ",
            ticket_columns!(), " FROM tickets k JOIN organizations o ON o.id = k.organization_id ", ticket_joins!(),
            " LEFT JOIN members m ON m.organization_id = k.organization_id AND m.user_id = ?2 AND ", not_shut_out!("k.organization_id", "?3"),
            " WHERE k.id = ?1"
        ),
        Id<Ticket> = id, Option<Id<User>> = user, Option<Id<Token>> = chain
    ))
}

/// Makes all others who want to change this ticket wait until this transaction ends.
///
/// SQLite has one writer anyway; PostgreSQL locks the row.
pub fn lock(db: &mut Connection, id: Id<Ticket>) -> Result<()> {
    db.query_opt(sql!((Id<Ticket>,):
        "SELECT id FROM tickets WHERE id = ?1";
        pg "SELECT id FROM tickets WHERE id = ?1 FOR NO KEY UPDATE",
        Id<Ticket> = id
    ))?;
    Ok(())
}

/// A new ticket, parsed and numbered.
#[derive(Debug)]
pub struct NewTicket<'a> {
    /// Which.
    pub id: Id<Ticket>,
    /// Whose.
    pub organization: Id<Organization>,
    /// In which project.
    pub project: Id<Project>,
    /// The project's serial.
    pub serial: i64,
    /// The project's code.
    pub code: &'a str,
    /// Its number there.
    pub number: i64,
    /// How far it has come.
    pub status: Status,
    /// How urgent it is.
    pub priority: Priority,
    /// Who files it; `None` is a command.
    pub reporter: Option<Id<Person>>,
    /// Whose task it is.
    pub assignee: Option<Id<Person>>,
    /// How many comments come with it.
    pub comments: i64,
    /// When it was filed.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// Its key in the tracker from which it comes.
    pub external_key: Option<&'a str>,
    /// Its texts.
    pub texts: Texts<'a>,
}

/// The texts of a ticket.
#[derive(Debug, Clone, Copy)]
pub struct Texts<'a> {
    /// What it is about.
    pub title: &'a str,
    /// Given …
    pub given: &'a str,
    /// … when …
    pub when: &'a str,
    /// … then.
    pub then: &'a str,
    /// What else there is to say.
    pub notes: Option<&'a str>,
}

/// Where a ticket's row lies: the rows of one project beside each other, by number.
pub const fn key(serial: i64, number: i64) -> i64 {
    serial << 32 | number
}

/// Keeps a new ticket and its words. `Unique` when the external key is taken.
pub fn insert(db: &mut Connection, new: &NewTicket<'_>) -> Result<()> {
    let key = key(new.serial, new.number);
    db.execute(sql!(
        "INSERT INTO tickets (key, id, organization_id, project_id, number, status, priority, version, comments_version, comments_count,
                              reporter_id, assignee_id, created_at, updated_at, external_key, title, given_text, when_text, then_text, notes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        i64 = key, Id<Ticket> = new.id, Id<Organization> = new.organization, Id<Project> = new.project, i64 = new.number,
        Status = new.status, Priority = new.priority, i64 = new.comments, Option<Id<Person>> = new.reporter,
        Option<Id<Person>> = new.assignee, Time = new.created_at, Time = new.updated_at, Option<&str> = new.external_key,
        str = new.texts.title, str = new.texts.given, str = new.texts.when, str = new.texts.then, Option<&str> = new.texts.notes
    ))?;
    let words = search::ticket_words(&search::TicketDocument {
        organization: new.organization,
        serial: new.serial,
        code: new.code,
        number: new.number,
        external_key: new.external_key,
        texts: new.texts,
    });
    search::insert_ticket(db, key, new.organization, &words)
}

/// What a ticket becomes.
#[derive(Debug)]
pub struct ChangedTicket<'a> {
    /// Its texts.
    pub texts: Texts<'a>,
    /// How far it has come.
    pub status: Status,
    /// How urgent it is.
    pub priority: Priority,
    /// Whose task it is.
    pub assignee: Option<Id<Person>>,
}

/// Changes the ticket, which gets a new version.
pub fn update(db: &mut Connection, row: &TicketRow, changed: &ChangedTicket<'_>, texts_changed: bool, now: Time) -> Result<()> {
    db.execute(sql!(
        "UPDATE tickets SET title = ?2, given_text = ?3, when_text = ?4, then_text = ?5, notes = ?6, status = ?7, priority = ?8,
                assignee_id = ?9, updated_at = ?10, version = version + 1 WHERE id = ?1",
        Id<Ticket> = row.id, str = changed.texts.title, str = changed.texts.given, str = changed.texts.when, str = changed.texts.then,
        Option<&str> = changed.texts.notes, Status = changed.status, Priority = changed.priority,
        Option<Id<Person>> = changed.assignee, Time = now
    ))?;
    if texts_changed {
        search::replace_ticket(db, row.key, row.organization_id, &words_of(row, changed.texts))?;
    }
    Ok(())
}

/// The words under which the ticket is found with these texts.
fn words_of(row: &TicketRow, texts: Texts<'_>) -> String {
    search::ticket_words(&search::TicketDocument {
        organization: row.organization_id,
        serial: row.key >> 32,
        code: &row.project_code,
        number: row.number,
        external_key: row.external_key.as_deref(),
        texts,
    })
}

/// Deletes the ticket, or brings it back. Its rows stay until they are purged, but it has no words meanwhile.
pub fn set_deleted(db: &mut Connection, row: &TicketRow, at: Option<Time>, now: Time) -> Result<()> {
    db.execute(sql!(
        "UPDATE tickets SET deleted_at = ?2, updated_at = ?3, version = version + 1 WHERE id = ?1",
        Id<Ticket> = row.id, Option<Time> = at, Time = now
    ))?;
    search::delete_ticket(db, row.key, row.organization_id)?;
    if at.is_some() {
        return Ok(());
    }
    let texts = Texts { title: &row.title, given: &row.given, when: &row.when, then: &row.then, notes: row.notes.as_deref() };
    search::insert_ticket(db, row.key, row.organization_id, &words_of(row, texts))
}

/// Notes that the ticket's comments changed: their version grows, and their number by `more`.
pub fn comments_changed(db: &mut Connection, id: Id<Ticket>, more: i64) -> Result<()> {
    db.execute(sql!(
        "UPDATE tickets SET comments_version = comments_version + 1, comments_count = comments_count + ?2 WHERE id = ?1",
        Id<Ticket> = id, i64 = more
    ))?;
    Ok(())
}

fn known_keys_select(organization: Id<Organization>, project: Id<Project>, keys: &[&str]) -> Select<(Option<String>,)> {
    let mut select = Select::new("SELECT external_key FROM tickets WHERE organization_id = ");
    select.bind(&organization).push(" AND project_id = ").bind(&project);
    // The index that finds them is a partial one: what it leaves out must be left out here as well.
    select.push(" AND external_key IS NOT NULL AND external_key IN (").bind_in(keys).push(")");
    select
}

family!("external keys", || {
    let (organization, project) = (Id::from_uuid(uuid::Uuid::nil()), Id::from_uuid(uuid::Uuid::nil()));
    [1, 2, 64].map(|count| known_keys_select(organization, project, &vec!["K-1"; count])).into()
});

/// Those of the external keys that a ticket of the project has, deleted ones included.
pub fn known_external_keys(
    db: &mut Connection,
    organization: Id<Organization>,
    project: Id<Project>,
    keys: &[&str],
) -> Result<Vec<String>> {
    let rows = db.select(&known_keys_select(organization, project, keys))?;
    Ok(rows.into_iter().filter_map(|(key,)| key).collect())
}

row! {
    /// Where a code leads.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct CodeRow {
        /// The project's code.
        pub project_code: CompactString,
        /// The number in the project.
        pub number: i64,
        /// In which project.
        pub project_id: Id<Project>,
        /// Which.
        pub id: Id<Ticket>,
    }
}

/// The unary `+` keeps SQLite from walking the organization for the few keys.
fn codes_select(organization: Id<Organization>, keys: &[i64]) -> Select<CodeRow> {
    let mut select =
        Select::new("SELECT p.code, k.number, k.project_id, k.id FROM tickets k JOIN projects p ON p.id = k.project_id WHERE k.key IN (");
    select.bind_in(keys).push(")");
    select.push_pg(" AND +k.organization_id = ", " AND k.organization_id = ").bind(&organization).push(" AND k.deleted_at IS NULL");
    select
}

family!("codes of tickets", || [1, 2, 4, 8, 16, 32, 64]
    .map(|count| codes_select(Id::from_uuid(uuid::Uuid::nil()), &vec![1; count]))
    .into());

/// Those tickets of the organization that have these keys and are not deleted, in no order.
pub fn codes(db: &mut Connection, organization: Id<Organization>, keys: &[i64]) -> Result<Vec<CodeRow>> {
    if keys.is_empty() { Ok(Vec::new()) } else { db.select(&codes_select(organization, keys)) }
}

row! {
    /// A ticket whose time in the bin is over.
    #[derive(Debug, Clone)]
    pub struct PurgeRow {
        /// Where its row lies.
        pub key: i64,
        /// Which.
        pub id: Id<Ticket>,
        /// Whose.
        pub organization_id: Id<Organization>,
    }
}

/// Some tickets that were deleted before `before`.
pub fn deleted_before(db: &mut Connection, before: Time, limit: i64) -> Result<Vec<PurgeRow>> {
    db.query(sql!(PurgeRow:
        "SELECT key, id, organization_id FROM tickets WHERE deleted_at IS NOT NULL AND deleted_at < ?1 LIMIT ?2",
        Time = before, i64 = limit
    ))
}

/// Some tickets of projects that are deleted: each project's by the range of its keys. `CROSS` keeps SQLite from walking all tickets there are
/// to ask of each whether its project is deleted.
pub fn of_deleted_projects(db: &mut Connection, limit: i64) -> Result<Vec<PurgeRow>> {
    db.query(sql!(PurgeRow:
        "SELECT k.key, k.id, k.organization_id FROM projects p CROSS JOIN tickets k
         WHERE p.deleted_at IS NOT NULL AND k.organization_id = p.organization_id
             AND k.key > p.serial * 4294967296 AND k.key < (p.serial + 1) * 4294967296 LIMIT ?1",
        i64 = limit
    ))
}

/// Removes the ticket with its words, comments and history.
pub fn purge(db: &mut Connection, row: &PurgeRow) -> Result<()> {
    search::delete_comments_of(db, row.id)?;
    search::delete_ticket(db, row.key, row.organization_id)?;
    db.execute(sql!("DELETE FROM comments WHERE ticket_id = ?1 AND organization_id = ?2", Id<Ticket> = row.id, Id<Organization> = row.organization_id))?;
    // The plus sign keeps SQLite from walking all that happened in the organization.
    db.execute(sql!(
        "DELETE FROM events WHERE ticket_id = ?1 AND +organization_id = ?2";
        pg "DELETE FROM events WHERE ticket_id = ?1 AND organization_id = ?2",
        Id<Ticket> = row.id, Id<Organization> = row.organization_id
    ))?;
    db.execute(sql!("DELETE FROM tickets WHERE key = ?1 AND organization_id = ?2", i64 = row.key, Id<Organization> = row.organization_id))?;
    Ok(())
}
