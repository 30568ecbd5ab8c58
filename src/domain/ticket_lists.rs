//! Lists of tickets: which places the caller reaches, filters, totals, and the cursor to the next page.
//! How the rows are walked is in `store::ticket_lists`.

use super::permissions::Capability;
use super::reach::ProjectReach;
use super::{Ctx, Error, Result};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::pages::{Cursor, Page, Sort};
use crate::model::persons::Person;
use crate::model::projects::Project;
use crate::model::tickets::{Priority, Status, TicketCode};
use crate::model::time::Time;
use crate::store::projects::{self, ProjectDetails, StatusCounts};
use crate::store::search::Question;
use crate::store::ticket_lists::{self as store, Assignee, Filters, Listing, Place};
use crate::store::ticket_searches;
use crate::store::tickets::TicketRow;

/// Whose tickets are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssigneeFilter {
    /// The caller's.
    Me,
    /// Nobody's.
    Nobody,
    /// This person's.
    Person(Id<Person>),
}

/// From where the list is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// A page by its number, with totals.
    Page(Page),
    /// So many rows after a position, without totals.
    After(Cursor, i64),
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Query {
    /// Only this organization's.
    pub organization: Option<Id<Organization>>,
    /// Only this project's.
    pub project: Option<Id<Project>>,
    /// Only the ticket with this code.
    pub code: Option<TicketCode>,
    /// One of these statuses; empty is any.
    pub status: Vec<Status>,
    /// One of these priorities; empty is any.
    pub priority: Vec<Priority>,
    /// Whose task.
    pub assignee: Option<AssigneeFilter>,
    /// Words to find.
    pub text: Option<String>,
    /// Filed after.
    pub created_after: Option<Time>,
    /// Filed before.
    pub created_before: Option<Time>,
    /// Changed after.
    pub updated_after: Option<Time>,
    /// In which order.
    pub sort: Sort,
    /// From where.
    pub position: Position,
}

/// Rows of which nobody minds that they are skipped one by one.
pub const QUICK_OFFSET: i64 = 1_000;

/// How many tickets of one code are told apart: as many organizations as anybody will be in.
const CODES: i64 = 100;

impl Query {
    /// All that the caller reaches, newest first.
    pub const fn all(position: Position) -> Self {
        Self {
            organization: None,
            project: None,
            code: None,
            status: Vec::new(),
            priority: Vec::new(),
            assignee: None,
            text: None,
            created_after: None,
            created_before: None,
            updated_after: None,
            sort: Sort::NEWEST,
            position,
        }
    }

    /// Whether answering may have to look at many rows, so that it belongs on the bounded pool with its deadline.
    pub fn may_scan(&self) -> bool {
        let far = matches!(self.position, Position::Page(page) if page.offset() > QUICK_OFFSET);
        far || self.text.is_some()
            || self.assignee.is_some()
            || !self.status.is_empty()
            || !self.priority.is_empty()
            || self.created_after.is_some()
            || self.created_before.is_some()
            || self.updated_after.is_some()
    }

    /// Whether the project's counters know the total.
    fn is_counted(&self) -> bool {
        self.code.is_none()
            && self.priority.is_empty()
            && self.assignee.is_none()
            && self.text.is_none()
            && self.created_after.is_none()
            && self.created_before.is_none()
            && self.updated_after.is_none()
    }
}

/// How many there are, and whether that was counted to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// How many, at the most [`store::COUNT_LIMIT`] where they had to be counted.
    pub count: i64,
    /// Whether there are not more.
    pub exact: bool,
}

/// A page of tickets.
#[derive(Debug)]
pub struct Listed {
    /// The tickets.
    pub tickets: Vec<TicketRow>,
    /// How many there are in all, on pages by number.
    pub total: Option<Total>,
    /// The position after the last one, where there are more.
    pub next: Option<Cursor>,
}

/// As [`list`], of the organization that the query names: a project token reaches none, its own included.
pub fn of_organization(ctx: &mut Ctx<'_>, query: &Query) -> Result<Listed> {
    ctx.allow(Capability::ReadOrganizationTickets)?;
    list(ctx, query)
}

/// The tickets that the caller reaches and that are asked for.
pub fn list(ctx: &mut Ctx<'_>, query: &Query) -> Result<Listed> {
    ctx.allow(Capability::ReadTickets)?;
    if query.assignee == Some(AssigneeFilter::Me) && ctx.user().is_none() {
        return Err(Error::Malformed("assignee: a project token is nobody whom `me` could name".to_owned()));
    }
    let places = places(ctx, query)?;
    let (offset, limit, after) = match query.position {
        Position::Page(page) => (page.offset(), page.size, None),
        Position::After(cursor, size) => (0, size, Some(cursor)),
    };
    let Some(filters) = filters(ctx, query, &places)? else {
        let total = after.is_none().then_some(Total { count: 0, exact: true });
        return Ok(Listed { tickets: Vec::new(), total, next: None });
    };
    // One row more than asked for tells whether there is a next page.
    let listing = Listing { places, filters, sort: query.sort, after, offset, limit: limit + 1 };
    let (mut tickets, known) = rows(ctx, query, &listing)?;
    let count = i64::try_from(tickets.len()).unwrap_or(i64::MAX);
    let mut more = count > limit;
    if more {
        tickets.pop();
    }
    if after.is_some() {
        more |= end_early(&mut tickets);
    }
    let next = tickets.last().filter(|_| more).map(|last| {
        let value = store::value_of(last, query.sort.key);
        Cursor { sort: query.sort, value, id: last.id }
    });
    // The last page knows how many there are.
    let last = (!more && (count > 0 || offset == 0) && !query.is_counted() && offset + count <= store::COUNT_LIMIT)
        .then_some(Total { count: offset + count, exact: true });
    let total = match known.or(last) {
        _ if after.is_some() => None,
        Some(total) => Some(total),
        None => Some(total(ctx, query, &listing)?),
    };
    Ok(Listed { tickets, total, next })
}

/// Bytes of texts after which a page that was reached by a cursor ends. A usual page has a twentieth of it.
pub const LARGEST_PAGE: usize = 2 << 20;

/// Ends the page where its texts are too much for one answer; at least one ticket stays, so that the cursor goes on. A page by number stays
/// whole: the next number begins where it would have ended, and what it left out would be in none.
fn end_early(tickets: &mut Vec<TicketRow>) -> bool {
    let mut bytes = 0;
    let fits = |ticket: &&TicketRow| {
        bytes += ticket.given.len() + ticket.when.len() + ticket.then.len() + ticket.notes.as_ref().map_or(0, String::len);
        bytes <= LARGEST_PAGE
    };
    let fitting = tickets.iter().take_while(fits).count().max(1);
    let ends = fitting < tickets.len();
    tickets.truncate(fitting);
    ends
}

/// The page's tickets, and how many there are where that is known by the way.
fn rows(ctx: &mut Ctx<'_>, query: &Query, listing: &Listing) -> Result<(Vec<TicketRow>, Option<Total>)> {
    if listing.filters.question.is_none() {
        return Ok((store::page(ctx.db, listing)?, None));
    }
    if let Some(found) = ticket_searches::few(ctx.db, listing)? {
        return Ok((found.rows, found.total.map(|count| Total { count, exact: true })));
    }
    let total = if listing.after.is_none() { Some(total(ctx, query, listing)?) } else { None };
    let rows = match ticket_searches::along(ctx.db, listing, total.map(|total| total.count))? {
        Some(rows) => rows,
        None => store::page(ctx.db, listing)?,
    };
    Ok((rows, total))
}

/// How many tickets the caller reaches that are asked for, without the tickets themselves.
pub fn count(ctx: &mut Ctx<'_>, query: &Query) -> Result<Total> {
    ctx.allow(Capability::ReadTickets)?;
    let places = places(ctx, query)?;
    let Some(filters) = filters(ctx, query, &places)? else { return Ok(Total { count: 0, exact: true }) };
    let listing = Listing { places, filters, sort: query.sort, after: None, offset: 0, limit: 1 };
    match ticket_searches::few(ctx.db, &listing)?.and_then(|found| found.total) {
        Some(count) => Ok(Total { count, exact: true }),
        None => total(ctx, query, &listing),
    }
}

/// The tickets with this code: one for each organization that the caller reaches and that has it.
pub fn by_code(ctx: &mut Ctx<'_>, code: &TicketCode) -> Result<Vec<TicketRow>> {
    let page = Position::Page(Page { number: 1, size: CODES });
    Ok(list(ctx, &Query { code: Some(code.clone()), ..Query::all(page) })?.tickets)
}

/// A project above its tickets.
#[derive(Debug)]
pub struct Heading {
    /// As what the caller reaches it.
    pub reach: ProjectReach,
    /// What is shown of it.
    pub project: ProjectDetails,
    /// How many tickets of each status it has.
    pub counts: StatusCounts,
}

/// The project, and how many tickets of each status it has.
pub fn heading(ctx: &mut Ctx<'_>, project: Id<Project>) -> Result<Heading> {
    let reach = ctx.project(Capability::ReadTickets, project)?;
    let project = projects::details(ctx.db, reach.id)?.ok_or(Error::Unreachable)?;
    let counts = projects::counts_of_project(ctx.db, reach.id)?;
    Ok(Heading { reach, project, counts })
}

/// Where to walk: what the query names, or all that the caller reaches.
fn places(ctx: &mut Ctx<'_>, query: &Query) -> Result<Vec<Place>> {
    let own = ctx.token().and_then(|judged| judged.own_project_id);
    if let Some(organization) = query.organization {
        ctx.organization(Capability::ReadTickets, organization)?;
    }
    if let Some(project) = query.project.or(own) {
        let reach = ctx.project(Capability::ReadTickets, project)?;
        if query.organization.is_some_and(|organization| organization != reach.organization) {
            return Ok(Vec::new());
        }
        return Ok(place_in_project(&reach, query.code.as_ref()).into_iter().collect());
    }
    let organizations = match query.organization {
        Some(organization) => vec![organization],
        None => ctx.organizations(Capability::ReadTickets)?.into_iter().map(|row| row.id).collect(),
    };
    let Some(code) = &query.code else { return Ok(organizations.into_iter().map(Place::Organization).collect()) };
    let mut places = Vec::new();
    for organization in organizations {
        if let Some(row) = projects::by_code(ctx.db, organization, &code.project)? {
            places.push(Place::Project { organization, project: row.id, serial: row.serial, number: Some(code.number) });
        }
    }
    Ok(places)
}

fn place_in_project(reach: &ProjectReach, code: Option<&TicketCode>) -> Option<Place> {
    if code.is_some_and(|code| code.project.as_str() != reach.code) {
        return None;
    }
    let number = code.map(|code| code.number);
    Some(Place::Project { organization: reach.organization, project: reach.id, serial: reach.serial, number })
}

/// The filters, or `None` where nothing can stand in the list.
fn filters(ctx: &mut Ctx<'_>, query: &Query, places: &[Place]) -> Result<Option<Filters>> {
    let assignee = match query.assignee {
        None => None,
        Some(AssigneeFilter::Nobody) => Some(Assignee::Nobody),
        Some(AssigneeFilter::Person(id)) => Some(Assignee::Person(id)),
        Some(AssigneeFilter::Me) => ctx.user().map(|user| Assignee::Person(user.cast())),
    };
    let question = query.text.as_deref().map(Question::new);
    if places.is_empty() || matches!(question, Some(None)) {
        return Ok(None);
    }
    let organizations: Vec<_> =
        places.iter().filter_map(|place| if let Place::Organization(id) = place { Some(*id) } else { None }).collect();
    let without = if organizations.is_empty() { Vec::new() } else { projects::deleted_in(ctx.db, &organizations)? };
    Ok(Some(Filters {
        status: query.status.clone(),
        priority: query.priority.clone(),
        assignee,
        question: question.flatten(),
        created_after: query.created_after,
        created_before: query.created_before,
        updated_after: query.updated_after,
        without,
    }))
}

/// The total: from the counters where they know it, else counted up to a limit.
fn total(ctx: &mut Ctx<'_>, query: &Query, listing: &Listing) -> Result<Total> {
    if !query.is_counted() {
        let (count, exact) = store::count(ctx.db, listing)?;
        return Ok(Total { count, exact });
    }
    let mut count = 0;
    for place in &listing.places {
        let counts = match place {
            Place::Project { project, .. } => projects::counts_of_project(ctx.db, *project)?,
            Place::Organization(organization) => projects::counts_of_organization(ctx.db, *organization)?,
        };
        count += if query.status.is_empty() { counts.total() } else { counts.sum_of(&query.status) };
    }
    Ok(Total { count, exact: true })
}
