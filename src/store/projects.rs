//! Projects and the counters of their tickets.
//! The tickets themselves are in `tickets` and `ticket_lists`.

use super::database::{Connection, Result, Select, family, row, sql};
use super::member_tokens::not_shut_out;
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::pages::Page;
use crate::model::projects::{Code, Project};
use crate::model::roles::Role;
use crate::model::tickets::Status;
use crate::model::time::{Span, Time};
use crate::model::tokens::Token;
use crate::model::users::User;

row! {
    /// What a request has to know of a project.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ProjectRow {
        /// Which.
        pub id: Id<Project>,
        /// The upper half of its tickets' keys.
        pub serial: i64,
        /// Whose.
        pub organization_id: Id<Organization>,
        /// What its tickets' codes begin with.
        pub code: String,
        /// The name that is shown.
        pub name: String,
        /// When it was archived, if so.
        pub archived_at: Option<Time>,
        /// When it was deleted, if so.
        pub deleted_at: Option<Time>,
    }
}

row! {
    /// A project as a user reaches it.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ReachedRow {
        /// Which.
        pub id: Id<Project>,
        /// The upper half of its tickets' keys.
        pub serial: i64,
        /// Whose.
        pub organization_id: Id<Organization>,
        /// What its tickets' codes begin with.
        pub code: String,
        /// The name that is shown.
        pub name: String,
        /// When it was archived, if so.
        pub archived_at: Option<Time>,
        /// When it was deleted, if so.
        pub deleted_at: Option<Time>,
        /// The longest life of a token that reaches the organization.
        pub max_token_life: Option<Span>,
        /// The user's role in the organization.
        pub role: Role,
    }
}

row! {
    /// A project with all that the contract shows of it.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ProjectDetails {
        /// Which.
        pub id: Id<Project>,
        /// Whose.
        pub organization_id: Id<Organization>,
        /// The name that is shown.
        pub name: String,
        /// What its tickets' codes begin with.
        pub code: String,
        /// The name in addresses.
        pub slug: String,
        /// What it is about.
        pub description: Option<String>,
        /// When it was made.
        pub created_at: Time,
        /// When it was archived, if so.
        pub archived_at: Option<Time>,
        /// Tickets that are not deleted.
        pub tickets_count: i64,
        /// Of those, `open` and `in_progress`.
        pub open_tickets_count: i64,
    }
}

/// A new project, parsed.
#[derive(Debug)]
pub struct NewProject<'a> {
    /// Which.
    pub id: Id<Project>,
    /// Whose.
    pub organization: Id<Organization>,
    /// The name that is shown.
    pub name: &'a str,
    /// What its tickets' codes begin with.
    pub code: &'a Code,
    /// The name in addresses.
    pub slug: &'a str,
    /// What it is about.
    pub description: Option<&'a str>,
}

macro_rules! details {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, p.organization_id, p.name, p.code, p.slug, p.description, p.created_at, p.archived_at,
                    c.open + c.in_progress + c.resolved + c.closed, c.open + c.in_progress
             FROM projects p JOIN project_counters c ON c.project_id = p.id ",
            $rest
        )
    };
}

/// The project as the user reaches it, if it exists and the user is a member of its organization, out of which the calling token's chain is
/// not shut.
pub fn reached(db: &mut Connection, project: Id<Project>, user: Id<User>, chain: Option<Id<Token>>) -> Result<Option<ReachedRow>> {
    db.query_opt(sql!(ReachedRow: concat!(
        "SELECT p.id, p.serial, p.organization_id, p.code, p.name, p.archived_at, p.deleted_at, o.max_token_life, m.role
         FROM projects p JOIN organizations o ON o.id = p.organization_id JOIN members m ON m.organization_id = o.id AND m.user_id = ?2
         WHERE p.id = ?1 AND ", not_shut_out!("o.id", "?3")),
        Id<Project> = project, Id<User> = user, Option<Id<Token>> = chain
    ))
}

/// The project, for commands, which need no membership.
pub fn by_id(db: &mut Connection, project: Id<Project>) -> Result<Option<ProjectRow>> {
    db.query_opt(sql!(ProjectRow:
        "SELECT id, serial, organization_id, code, name, archived_at, deleted_at FROM projects WHERE id = ?1",
        Id<Project> = project
    ))
}

fn serials_select(organization: Id<Organization>, codes: &[&str]) -> Select<(String, i64)> {
    let mut select = Select::new("SELECT code, serial FROM projects WHERE organization_id = ");
    select.bind(&organization).push(" AND deleted_at IS NULL AND code IN (").bind_in(codes).push(")");
    select
}

family!("serials by codes", || [1, 2, 4, 8, 16, 32, 64]
    .map(|count| serials_select(Id::from_uuid(uuid::Uuid::nil()), &vec!["WEB"; count]))
    .into());

/// The serials of those live projects of the organization that have these codes.
pub fn serials_by_codes(db: &mut Connection, organization: Id<Organization>, codes: &[&str]) -> Result<Vec<(String, i64)>> {
    if codes.is_empty() { Ok(Vec::new()) } else { db.select(&serials_select(organization, codes)) }
}

/// The live project with this code in the organization.
pub fn by_code(db: &mut Connection, organization: Id<Organization>, code: &Code) -> Result<Option<ProjectRow>> {
    db.query_opt(sql!(ProjectRow:
        "SELECT id, serial, organization_id, code, name, archived_at, deleted_at FROM projects
         WHERE organization_id = ?1 AND code = ?2 AND deleted_at IS NULL",
        Id<Organization> = organization, str = code.as_str()
    ))
}

/// The project with its counts.
pub fn details(db: &mut Connection, project: Id<Project>) -> Result<Option<ProjectDetails>> {
    db.query_opt(sql!(ProjectDetails: details!("WHERE p.id = ?1 AND p.deleted_at IS NULL"), Id<Project> = project))
}

/// A page of the organization's projects, by name.
pub fn of_organization(db: &mut Connection, organization: Id<Organization>, page: Page) -> Result<Vec<ProjectDetails>> {
    db.query(sql!(ProjectDetails:
        details!("WHERE p.organization_id = ?1 AND p.deleted_at IS NULL ORDER BY p.name, p.id LIMIT ?2 OFFSET ?3"),
        Id<Organization> = organization, i64 = page.size, i64 = page.offset()
    ))
}

row! {
    /// A project as a way to go to.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct NamedProject {
        /// Which.
        pub id: Id<Project>,
        /// Whose.
        pub organization_id: Id<Organization>,
        /// The name that is shown.
        pub name: String,
        /// What its tickets' codes begin with.
        pub code: String,
    }
}

/// The first `limit` projects, by name, of the organizations that the user is a member of; archived ones are left out.
pub fn of_user(db: &mut Connection, user: Id<User>, limit: i64) -> Result<Vec<NamedProject>> {
    db.query(sql!(NamedProject:
        "SELECT p.id, p.organization_id, p.name, p.code FROM members m JOIN projects p ON p.organization_id = m.organization_id
         WHERE m.user_id = ?1 AND p.deleted_at IS NULL AND p.archived_at IS NULL ORDER BY p.name, p.id LIMIT ?2",
        Id<User> = user, i64 = limit
    ))
}

/// How many projects the organization has.
pub fn count(db: &mut Connection, organization: Id<Organization>) -> Result<i64> {
    let (count,) = db.query_one(sql!((i64,):
        "SELECT count(*) FROM projects WHERE organization_id = ?1 AND deleted_at IS NULL",
        Id<Organization> = organization
    ))?;
    Ok(count)
}

fn deleted_select(organizations: &[Id<Organization>]) -> Select<(Id<Project>,)> {
    let mut select = Select::new("SELECT id FROM projects WHERE deleted_at IS NOT NULL AND organization_id IN (");
    select.bind_in(organizations).push(")");
    select
}

family!("deleted projects", || [1, 2, 4].map(|count| deleted_select(&vec![Id::from_uuid(uuid::Uuid::nil()); count])).into());

/// Projects of these organizations that are deleted and not yet purged.
pub fn deleted_in(db: &mut Connection, organizations: &[Id<Organization>]) -> Result<Vec<Id<Project>>> {
    let rows = db.select(&deleted_select(organizations))?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Keeps a new project with its counters. `Unique` when its code or slug is taken.
pub fn insert(db: &mut Connection, new: &NewProject<'_>, now: Time) -> Result<()> {
    let (serial,) = db.query_one(sql!((i64,): "UPDATE serials SET last = last + 1 WHERE name = 'project' RETURNING last"))?;
    db.execute(sql!(
        "INSERT INTO projects (id, serial, organization_id, name, code, slug, description, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        Id<Project> = new.id, i64 = serial, Id<Organization> = new.organization, str = new.name, str = new.code.as_str(), str = new.slug,
        Option<&str> = new.description, Time = now
    ))?;
    db.execute(sql!(
        "INSERT INTO project_counters (project_id, organization_id, last_number, open, in_progress, resolved, closed)
         VALUES (?1, ?2, 0, 0, 0, 0, 0)",
        Id<Project> = new.id, Id<Organization> = new.organization
    ))?;
    Ok(())
}

/// Changes what a project is called. `Unique` when the code or the slug is taken.
pub fn update(db: &mut Connection, id: Id<Project>, name: &str, code: &str, slug: &str, description: Option<&str>) -> Result<()> {
    db.execute(sql!(
        "UPDATE projects SET name = ?2, code = ?3, slug = ?4, description = ?5 WHERE id = ?1",
        Id<Project> = id, str = name, str = code, str = slug, Option<&str> = description
    ))?;
    Ok(())
}

/// Archives the project, or opens it again.
pub fn set_archived(db: &mut Connection, id: Id<Project>, at: Option<Time>) -> Result<()> {
    db.execute(sql!("UPDATE projects SET archived_at = ?2 WHERE id = ?1", Id<Project> = id, Option<Time> = at))?;
    Ok(())
}

/// Marks the project as deleted; its rows are purged later.
pub fn set_deleted(db: &mut Connection, id: Id<Project>, at: Time) -> Result<()> {
    db.execute(sql!("UPDATE projects SET deleted_at = ?2 WHERE id = ?1", Id<Project> = id, Time = at))?;
    Ok(())
}

/// Whether another live project of the organization has the slug.
pub fn slug_taken(db: &mut Connection, organization: Id<Organization>, slug: &str, except: Id<Project>) -> Result<bool> {
    let row = db.query_opt(sql!((i64,):
        "SELECT serial FROM projects WHERE organization_id = ?1 AND slug = ?2 AND id <> ?3 AND deleted_at IS NULL",
        Id<Organization> = organization, str = slug, Id<Project> = except
    ))?;
    Ok(row.is_some())
}

/// Makes all others who want to change this project, or to file a ticket in it, wait until this transaction ends.
pub fn lock(db: &mut Connection, id: Id<Project>) -> Result<()> {
    db.query_opt(sql!((Id<Project>,):
        "SELECT project_id FROM project_counters WHERE project_id = ?1";
        pg "SELECT project_id FROM project_counters WHERE project_id = ?1 FOR NO KEY UPDATE",
        Id<Project> = id
    ))?;
    Ok(())
}

/// The last number that was given in the project.
pub fn last_number(db: &mut Connection, id: Id<Project>) -> Result<i64> {
    let (number,) = db.query_one(sql!((i64,): "SELECT last_number FROM project_counters WHERE project_id = ?1", Id<Project> = id))?;
    Ok(number)
}

/// Takes the next `count` numbers for tickets of these statuses and counts them; the answer is the last number taken.
///
/// The row stays locked until the transaction ends, so this comes as late as can be.
pub fn take_numbers(db: &mut Connection, id: Id<Project>, counts: &StatusCounts) -> Result<i64> {
    let (last,) = db.query_one(sql!((i64,):
        "UPDATE project_counters SET last_number = last_number + ?2, open = open + ?3, in_progress = in_progress + ?4,
                resolved = resolved + ?5, closed = closed + ?6
         WHERE project_id = ?1 RETURNING last_number",
        Id<Project> = id, i64 = counts.total(), i64 = counts.of(Status::Open), i64 = counts.of(Status::InProgress),
        i64 = counts.of(Status::Resolved), i64 = counts.of(Status::Closed)
    ))?;
    Ok(last)
}

/// Makes all others who take numbers in the project wait until this transaction ends.
///
/// SQLite has one writer anyway; PostgreSQL locks the row.
pub fn lock_numbers(db: &mut Connection, id: Id<Project>) -> Result<()> {
    db.query_opt(sql!((i64,):
        "SELECT last_number FROM project_counters WHERE project_id = ?1";
        pg "SELECT last_number FROM project_counters WHERE project_id = ?1 FOR NO KEY UPDATE",
        Id<Project> = id
    ))?;
    Ok(())
}

/// Counts tickets that came, went or changed their status.
pub fn count_change(db: &mut Connection, id: Id<Project>, change: &StatusCounts) -> Result<()> {
    db.execute(sql!(
        "UPDATE project_counters SET open = open + ?2, in_progress = in_progress + ?3, resolved = resolved + ?4, closed = closed + ?5
         WHERE project_id = ?1",
        Id<Project> = id, i64 = change.of(Status::Open), i64 = change.of(Status::InProgress), i64 = change.of(Status::Resolved),
        i64 = change.of(Status::Closed)
    ))?;
    Ok(())
}

/// The counters of one project.
pub fn counts_of_project(db: &mut Connection, project: Id<Project>) -> Result<StatusCounts> {
    let row = db.query_one(sql!((i64, i64, i64, i64):
        "SELECT open, in_progress, resolved, closed FROM project_counters WHERE project_id = ?1",
        Id<Project> = project
    ))?;
    Ok(StatusCounts::from(row))
}

/// The counters of all live projects of an organization, added up.
pub fn counts_of_organization(db: &mut Connection, organization: Id<Organization>) -> Result<StatusCounts> {
    let row = db.query_one(sql!((i64, i64, i64, i64):
        "SELECT coalesce(sum(c.open), 0), coalesce(sum(c.in_progress), 0), coalesce(sum(c.resolved), 0), coalesce(sum(c.closed), 0)
         FROM project_counters c JOIN projects p ON p.id = c.project_id WHERE c.organization_id = ?1 AND p.deleted_at IS NULL";
        pg "SELECT coalesce(sum(c.open), 0)::bigint, coalesce(sum(c.in_progress), 0)::bigint, coalesce(sum(c.resolved), 0)::bigint,
                   coalesce(sum(c.closed), 0)::bigint
            FROM project_counters c JOIN projects p ON p.id = c.project_id WHERE c.organization_id = ?1 AND p.deleted_at IS NULL",
        Id<Organization> = organization
    ))?;
    Ok(StatusCounts::from(row))
}

/// A number for each status: how many there are, or how many more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StatusCounts([i64; 4]);

impl StatusCounts {
    /// Adds `count` to the status's number.
    #[must_use]
    pub fn and(mut self, status: Status, count: i64) -> Self {
        self.0[status as usize] += count;
        self
    }

    /// The status's number.
    pub const fn of(&self, status: Status) -> i64 {
        self.0[status as usize]
    }

    /// All of them together.
    pub fn total(&self) -> i64 {
        self.0.iter().sum()
    }

    /// Those of the statuses together, each counted once.
    pub fn sum_of(&self, statuses: &[Status]) -> i64 {
        Status::ALL.iter().filter(|status| statuses.contains(status)).map(|status| self.of(*status)).sum()
    }
}

impl From<(i64, i64, i64, i64)> for StatusCounts {
    fn from((open, in_progress, resolved, closed): (i64, i64, i64, i64)) -> Self {
        Self([open, in_progress, resolved, closed])
    }
}
