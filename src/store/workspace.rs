//! What somebody's workspace begins with: their own open tickets and what happened lately, one short walk for each organization.
//! Lists with filters are in `ticket_lists`, the whole history of one ticket in `events`.

use super::database::{Connection, Result, Row, Select, family, row};
use super::tickets::{TicketRow, ticket_columns, ticket_joins};
use crate::model::events::EventKind;
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::persons::Person;
use crate::model::projects::Project;
use crate::model::tickets::{Status, Ticket};
use crate::model::time::Time;

row! {
    /// Something that happened lately, with what has to be known to say it in one line.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct RecentRow {
        /// What happened.
        pub kind: EventKind,
        /// When.
        pub created_at: Time,
        /// The details, as `domain::events` wrote them.
        pub changes: String,
        /// Who did it; `None` is a command.
        pub actor_id: Option<Id<Person>>,
        /// The name.
        pub actor_name: Option<String>,
        /// In which project.
        pub project_id: Id<Project>,
        /// The project's code.
        pub project_code: String,
        /// The project's name.
        pub project_name: String,
        /// To which ticket.
        pub ticket_id: Id<Ticket>,
        /// The ticket's number.
        pub number: i64,
        /// What the ticket is about.
        pub title: String,
    }
}

/// The most organizations that one statement walks.
const PLACES: usize = 64;

// The walks of open tickets say `status < 2`, as their partial index does.
const _: () =
    assert!(Status::Open.rank() < 2 && Status::InProgress.rank() < 2 && Status::Resolved.rank() == 2 && Status::Closed.rank() == 3);

/// Whose open tickets, and which not.
#[derive(Debug, Clone)]
pub struct Mine {
    /// In these organizations.
    pub organizations: Vec<Id<Organization>>,
    /// This person's.
    pub person: Id<Person>,
    /// Not in these projects.
    pub without: Vec<Id<Project>>,
}

/// Appends a walk for each organization, up to a power of two, so that the shapes stay few.
fn walks<R: Row>(select: &mut Select<R>, organizations: &[Id<Organization>], walk: impl Fn(&mut Select<R>, Id<Organization>)) {
    let nowhere = Id::from_uuid(uuid::Uuid::nil());
    for index in 0..organizations.len().next_power_of_two() {
        select.push(if index > 0 { " UNION ALL SELECT * FROM (" } else { "SELECT * FROM (" });
        walk(select, organizations.get(index).copied().unwrap_or(nowhere));
        select.push(")").push_pg("", " AS walk");
    }
}

fn open_of<R: Row>(select: &mut Select<R>, organization: Id<Organization>, mine: &Mine) {
    select.push(" FROM tickets k WHERE k.organization_id = ").bind(&organization).push(" AND k.assignee_id = ").bind(&mine.person);
    select.push(" AND k.deleted_at IS NULL AND k.status < 2");
    if !mine.without.is_empty() {
        select.push(" AND k.project_id NOT IN (").bind_in(&mine.without).push(")");
    }
}

fn mine_select(mine: &Mine, organizations: &[Id<Organization>], limit: i64) -> Select<TicketRow> {
    let mut select = Select::new(concat!("SELECT ", ticket_columns!(), " FROM ("));
    walks(&mut select, organizations, |select, organization| {
        select.push("SELECT k.key AS key, k.organization_id AS organization_id, k.priority AS value, k.id AS id");
        open_of(select, organization, mine);
        select.push(" ORDER BY k.priority DESC, k.id DESC LIMIT ").bind(&limit);
    });
    select.push(" ORDER BY value DESC, id DESC LIMIT ").bind(&limit);
    select.push(") w JOIN tickets k ON k.key = w.key AND k.organization_id = w.organization_id").push(ticket_joins!());
    select.push(" ORDER BY k.priority DESC, k.id DESC");
    select
}

fn mine_counting(mine: &Mine, organizations: &[Id<Organization>], limit: i64) -> Select<(i64,)> {
    let mut select = Select::new("SELECT count(*) FROM (");
    walks(&mut select, organizations, |select, organization| {
        select.push("SELECT 1 AS one");
        open_of(select, organization, mine);
        select.push(" LIMIT ").bind(&limit);
    });
    select.push(") w");
    select
}

fn recent_select(organizations: &[Id<Organization>], limit: i64) -> Select<RecentRow> {
    let mut select =
        Select::new("SELECT e.kind, e.created_at, e.changes, a.id, a.name, p.id, p.code, p.name, k.id, k.number, k.title FROM (");
    walks(&mut select, organizations, |select, organization| {
        select.push("SELECT e.id AS id, e.organization_id AS organization_id, e.created_at AS created_at FROM events e");
        select.push(" WHERE e.organization_id = ").bind(&organization);
        select.push(" ORDER BY e.created_at DESC, e.id DESC LIMIT ").bind(&limit);
    });
    select.push(" ORDER BY created_at DESC, id DESC LIMIT ").bind(&limit);
    select.push(
        ") w JOIN events e ON e.id = w.id AND e.organization_id = w.organization_id
         JOIN tickets k ON k.id = e.ticket_id AND k.organization_id = e.organization_id AND k.deleted_at IS NULL
         JOIN projects p ON p.id = k.project_id AND p.deleted_at IS NULL LEFT JOIN persons a ON a.id = e.actor_id
         ORDER BY e.created_at DESC, e.id DESC",
    );
    select
}

/// The person's most urgent open tickets.
pub fn mine(db: &mut Connection, mine: &Mine, limit: i64) -> Result<Vec<TicketRow>> {
    let mut rows = Vec::new();
    for organizations in mine.organizations.chunks(PLACES) {
        rows.extend(db.select(&mine_select(mine, organizations, limit))?);
    }
    rows.sort_by_key(|row| std::cmp::Reverse((row.priority, row.id.uuid())));
    rows.truncate(limit.try_into().unwrap_or(0));
    Ok(rows)
}

/// How many open tickets the person has; in each organization nothing is counted beyond `limit`.
pub fn count_mine(db: &mut Connection, mine: &Mine, limit: i64) -> Result<i64> {
    let mut total = 0;
    for organizations in mine.organizations.chunks(PLACES) {
        total += db.select(&mine_counting(mine, organizations, limit))?.first().map_or(0, |(count,)| *count);
    }
    Ok(total)
}

/// What happened last in the organizations, newest first: of the last `limit` events those whose ticket and project are still there.
pub fn recent(db: &mut Connection, organizations: &[Id<Organization>], limit: i64) -> Result<Vec<RecentRow>> {
    let mut rows = Vec::new();
    for organizations in organizations.chunks(PLACES) {
        rows.extend(db.select(&recent_select(organizations, limit))?);
    }
    // Stable: what happened at one moment stays in its order.
    rows.sort_by_key(|row| std::cmp::Reverse(row.created_at));
    rows.truncate(limit.try_into().unwrap_or(0));
    Ok(rows)
}

/// One organization and several, with deleted projects and without, so that the preparing test sees every fragment.
fn shapes() -> Vec<Mine> {
    let nil = uuid::Uuid::nil();
    let of = |count, without| Mine { organizations: vec![Id::from_uuid(nil); count], person: Id::from_uuid(nil), without };
    vec![of(1, Vec::new()), of(2, Vec::new()), of(1, vec![Id::from_uuid(nil)])]
}

family!("my tickets", || shapes().iter().map(|mine| mine_select(mine, &mine.organizations, 1)).collect::<Vec<Select<TicketRow>>>());
family!("count of my tickets", || shapes().iter().map(|mine| mine_counting(mine, &mine.organizations, 1)).collect::<Vec<Select<(i64,)>>>());
family!("recent events", || [1, 2].map(|count| recent_select(&vec![Id::from_uuid(uuid::Uuid::nil()); count], 1)).into());
