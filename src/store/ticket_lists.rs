//! Lists of tickets: walks along an index for each place, merged, filtered, in six orders, and counts with a bound.
//! Which places a caller reaches is the domain's affair; single tickets are in `tickets`.

use super::database::{Connection, Result, Row, Select};
use super::search::{self, Documents, Question, Within};
use super::tickets::{TicketRow, key, ticket_columns, ticket_joins};
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::pages::{Cursor, Sort, SortKey};
use crate::model::persons::Person;
use crate::model::projects::Project;
use crate::model::tickets::{Priority, Status};
use crate::model::time::Time;

mod shapes;

pub(super) use shapes::shapes;

/// Beyond this many matches nothing is counted.
pub const COUNT_LIMIT: i64 = 10_000;

/// The most places that one statement walks; more are walked in several and merged.
pub(super) const PLACES: usize = 64;

/// Pages as they are usually asked for: 25, 50 and 100 tickets, and one more that tells whether there is a next page.
const USUAL: [i64; 3] = [26, 51, 101];

/// One walk: a project's tickets (or one of them), or an organization's.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    /// A project.
    Project {
        /// Its organization.
        organization: Id<Organization>,
        /// Which.
        project: Id<Project>,
        /// The upper half of its tickets' keys.
        serial: i64,
        /// Only the ticket with this number.
        number: Option<i64>,
    },
    /// All projects of an organization.
    Organization(Id<Organization>),
}

impl Place {
    /// The organization in which it lies, or that it is.
    pub(super) const fn organization(self) -> Id<Organization> {
        match self {
            Self::Project { organization, .. } | Self::Organization(organization) => organization,
        }
    }

    /// The number, where it is one ticket's.
    pub(super) const fn number(self) -> Option<i64> {
        match self {
            Self::Project { number, .. } => number,
            Self::Organization(_) => None,
        }
    }

    /// Where its documents are.
    pub(super) const fn within(self) -> Within {
        match self {
            Self::Project { serial, .. } => Within::Project(serial),
            Self::Organization(organization) => Within::Organization(organization),
        }
    }
}

/// Whose task a ticket is to be.
#[derive(Debug, Clone, Copy)]
pub enum Assignee {
    /// Nobody's.
    Nobody,
    /// This person's.
    Person(Id<Person>),
}

/// What a ticket must be to stand in the list.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    /// One of these statuses; empty is any.
    pub status: Vec<Status>,
    /// One of these priorities; empty is any.
    pub priority: Vec<Priority>,
    /// Whose task.
    pub assignee: Option<Assignee>,
    /// Words that it or one of its comments has.
    pub question: Option<Question>,
    /// Filed after.
    pub created_after: Option<Time>,
    /// Filed before.
    pub created_before: Option<Time>,
    /// Changed after.
    pub updated_after: Option<Time>,
    /// Not in these projects.
    pub without: Vec<Id<Project>>,
}

impl Filters {
    /// Whether each ticket that is walked over stands in the list, but for those of deleted projects.
    const fn is_plain(&self) -> bool {
        self.status.is_empty()
            && self.priority.is_empty()
            && self.assignee.is_none()
            && self.question.is_none()
            && self.created_after.is_none()
            && self.created_before.is_none()
            && self.updated_after.is_none()
    }

    /// The question, where each ticket with its words stands in the list.
    fn words_alone(&self) -> Option<&Question> {
        let rest = Self { question: None, ..self.clone() };
        self.question.as_ref().filter(|_| rest.is_plain() && rest.without.is_empty())
    }
}

/// What to list.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Where to walk.
    pub places: Vec<Place>,
    /// What to pass over.
    pub filters: Filters,
    /// In which order.
    pub sort: Sort,
    /// After which position.
    pub after: Option<Cursor>,
    /// Rows to skip.
    pub offset: i64,
    /// Rows to return.
    pub limit: i64,
}

pub(super) const fn order(sort: Sort) -> &'static str {
    match (sort.key, sort.descending) {
        (SortKey::CreatedAt, true) => " ORDER BY k.created_at DESC, k.id DESC",
        (SortKey::CreatedAt, false) => " ORDER BY k.created_at, k.id",
        (SortKey::UpdatedAt, true) => " ORDER BY k.updated_at DESC, k.id DESC",
        (SortKey::UpdatedAt, false) => " ORDER BY k.updated_at, k.id",
        (SortKey::Priority, true) => " ORDER BY k.priority DESC, k.id DESC",
        (SortKey::Priority, false) => " ORDER BY k.priority, k.id",
    }
}

const fn after(sort: Sort) -> &'static str {
    match (sort.key, sort.descending) {
        (SortKey::CreatedAt, true) => " AND (k.created_at, k.id) < (",
        (SortKey::CreatedAt, false) => " AND (k.created_at, k.id) > (",
        (SortKey::UpdatedAt, true) => " AND (k.updated_at, k.id) < (",
        (SortKey::UpdatedAt, false) => " AND (k.updated_at, k.id) > (",
        (SortKey::Priority, true) => " AND (k.priority, k.id) < (",
        (SortKey::Priority, false) => " AND (k.priority, k.id) > (",
    }
}

/// The conditions of one walk. The unary `+` keeps SQLite from weighing the organization's index against the project's by guess; where words
/// are asked for, from walking all of a place for the few that have them: then the words lead, and what they find is sorted.
pub(super) fn conditions<R: Row>(select: &mut Select<R>, place: Place, filters: &Filters) {
    let words_lead = filters.question.is_some();
    match place {
        Place::Organization(organization) => {
            select.push_pg(
                if words_lead { " WHERE +k.organization_id = " } else { " WHERE k.organization_id = " },
                " WHERE k.organization_id = ",
            );
            select.bind(&organization);
        }
        Place::Project { organization, project, serial, number } => {
            if words_lead {
                select.push_pg(" WHERE +k.project_id = ", " WHERE k.project_id IS NOT DISTINCT FROM ");
            } else {
                select.push(" WHERE k.project_id = ");
            }
            select.bind(&project);
            select.push_pg(" AND +k.organization_id = ", " AND k.organization_id = ").bind(&organization);
            if let Some(number) = number {
                // A number beyond 32 bits would make another ticket's key.
                select.push(" AND k.key = ").bind(&key(serial, number)).push(" AND k.number = ").bind(&number);
            }
        }
    }
    select.push(" AND k.deleted_at IS NULL");
    plain_filters(select, filters);
    if let Some(question) = &filters.question {
        select.push(" AND k.key IN (");
        push_matches(select, Documents::Tickets, place, question);
        select.push(" UNION ");
        push_matches(select, Documents::Comments, place, question);
        select.push(")");
    }
}

/// Appends a select of the keys of the tickets of a place that have the words, themselves or in one of their comments.
pub(super) fn push_matches<R: Row>(select: &mut Select<R>, documents: Documents, place: Place, question: &Question) {
    select.push_pg(
        match documents {
            Documents::Tickets => "SELECT w.rowid AS key FROM ticket_words w WHERE ",
            Documents::Comments => {
                "SELECT t.key FROM comment_words w JOIN comments c ON c.key = w.rowid JOIN tickets t ON t.id = c.ticket_id
                 WHERE t.deleted_at IS NULL AND "
            }
        },
        match documents {
            Documents::Tickets => "SELECT w.key FROM ticket_words w WHERE ",
            Documents::Comments => {
                "SELECT t.key FROM comment_words w JOIN comments c ON c.organization_id = w.organization_id AND c.key = w.key
                 JOIN tickets t ON t.id = c.ticket_id AND t.organization_id = c.organization_id WHERE t.deleted_at IS NULL AND "
            }
        },
    );
    search::push_match(select, documents, place.organization(), place.within(), question);
}

pub(super) fn plain_filters<R: Row>(select: &mut Select<R>, filters: &Filters) {
    if !filters.status.is_empty() {
        select.push(" AND k.status IN (").bind_in(&filters.status).push(")");
    }
    if !filters.priority.is_empty() {
        select.push(" AND k.priority IN (").bind_in(&filters.priority).push(")");
    }
    match &filters.assignee {
        Some(Assignee::Nobody) => {
            select.push(" AND k.assignee_id IS NULL");
        }
        // As with the place: SQLite would walk all that is somebody's.
        Some(Assignee::Person(person)) if filters.question.is_some() => {
            select.push_pg(" AND +k.assignee_id = ", " AND k.assignee_id = ").bind(person);
        }
        Some(Assignee::Person(person)) => {
            select.push(" AND k.assignee_id = ").bind(person);
        }
        None => {}
    }
    if let Some(time) = &filters.created_after {
        select.push(" AND k.created_at > ").bind(time);
    }
    if let Some(time) = &filters.created_before {
        select.push(" AND k.created_at < ").bind(time);
    }
    if let Some(time) = &filters.updated_after {
        select.push(" AND k.updated_at > ").bind(time);
    }
    if !filters.without.is_empty() {
        select.push(" AND k.project_id NOT IN (").bind_in(&filters.without).push(")");
    }
}

pub(super) fn position<R: Row>(select: &mut Select<R>, listing: &Listing) {
    if let Some(cursor) = &listing.after {
        select.push(after(listing.sort)).bind(&cursor.value).push(", ").bind(&cursor.id).push(")");
    }
}

/// How many rows, and how many are skipped.
///
/// PostgreSQL weighs a plan by its limit, and one that is bound it takes for a tenth of all rows: then no general plan is good enough and each
/// request is planned anew, which takes longer than running it. So the usual pages are named as they are, where nothing else has to be weighed.
fn limit<R: Row>(select: &mut Select<R>, listing: &Listing, limit: i64, offset: i64) {
    select.push(" LIMIT ");
    if offset == 0 && USUAL.contains(&limit) && listing.filters.is_plain() {
        select.number(limit);
    } else {
        select.bind(&limit).push(" OFFSET ").bind(&offset);
    }
}

/// Up to a power of two there are places where nothing is, so that the shapes stay few.
pub(super) fn padded(places: &[Place]) -> impl Iterator<Item = Place> {
    let nowhere = Place::Organization(Id::from_uuid(uuid::Uuid::nil()));
    (0..places.len().next_power_of_two()).map(move |at| places.get(at).copied().unwrap_or(nowhere))
}

/// One place: a walk along the index that has the order.
fn single(listing: &Listing, place: Place) -> Select<TicketRow> {
    let mut select = Select::new(concat!("SELECT ", ticket_columns!(), " FROM tickets k ", ticket_joins!()));
    conditions(&mut select, place, &listing.filters);
    position(&mut select, listing);
    select.push(order(listing.sort));
    limit(&mut select, listing, listing.limit, listing.offset);
    select
}

/// Several places: a limited walk of keys for each, merged to one page of keys, and the rows of that page alone.
fn merged(listing: &Listing, places: &[Place]) -> Select<TicketRow> {
    let enough = listing.limit.saturating_add(listing.offset);
    let mut select = Select::new(concat!("SELECT ", ticket_columns!(), " FROM ("));
    for (at, place) in padded(places).enumerate() {
        if at > 0 {
            select.push(" UNION ALL ");
        }
        select.push(walked(listing.sort.key));
        conditions(&mut select, place, &listing.filters);
        position(&mut select, listing);
        select.push(order(listing.sort));
        limit(&mut select, listing, enough, 0);
        select.push(")");
        select.push_pg("", " AS walk");
    }
    select.push(if listing.sort.descending { " ORDER BY value DESC, id DESC" } else { " ORDER BY value, id" });
    limit(&mut select, listing, listing.limit, listing.offset);
    select.push(") w JOIN tickets k ON k.key = w.key AND k.organization_id = w.organization_id").push(ticket_joins!());
    select.push(order(listing.sort));
    select
}

/// What a walk brings along: where the row lies, and what the merge sorts by.
const fn walked(key: SortKey) -> &'static str {
    match key {
        SortKey::CreatedAt => {
            "SELECT * FROM (SELECT k.key AS key, k.organization_id AS organization_id, k.created_at AS value, k.id AS id FROM tickets k"
        }
        SortKey::UpdatedAt => {
            "SELECT * FROM (SELECT k.key AS key, k.organization_id AS organization_id, k.updated_at AS value, k.id AS id FROM tickets k"
        }
        SortKey::Priority => {
            "SELECT * FROM (SELECT k.key AS key, k.organization_id AS organization_id, k.priority AS value, k.id AS id FROM tickets k"
        }
    }
}

fn counting(listing: &Listing, places: &[Place]) -> Select<(i64,)> {
    let mut select = Select::new("SELECT count(*) FROM (");
    let numbered = places.iter().any(|place| place.number().is_some());
    let question = if numbered { None } else { listing.filters.words_alone() };
    for (at, place) in padded(places).enumerate() {
        if let Some(question) = question {
            // Deleted tickets have no words: whoever has them is counted without being looked at. A ticket is cut off once, not its comments.
            for (documents, and) in [(Documents::Tickets, if at == 0 { "" } else { " UNION " }), (Documents::Comments, " UNION ")] {
                select.push(and).push("SELECT * FROM (SELECT DISTINCT m.key FROM (");
                push_matches(&mut select, documents, place, question);
                select.push(") m LIMIT ").bind(&(COUNT_LIMIT + 1)).push(")");
                select.push_pg("", " AS arm");
            }
            continue;
        }
        if at > 0 {
            select.push(" UNION ALL ");
        }
        select.push("SELECT * FROM (SELECT 1 AS one FROM tickets k");
        conditions(&mut select, place, &listing.filters);
        select.push(" LIMIT ").bind(&(COUNT_LIMIT + 1)).push(")");
        select.push_pg("", " AS walk");
    }
    select.push(") w");
    select
}

/// The tickets of one page.
pub fn page(db: &mut Connection, listing: &Listing) -> Result<Vec<TicketRow>> {
    match listing.places.as_slice() {
        [] => Ok(Vec::new()),
        [place] => db.select(&single(listing, *place)),
        places if places.len() <= PLACES => db.select(&merged(listing, places)),
        places => {
            let part = Listing { offset: 0, limit: listing.limit.saturating_add(listing.offset), ..listing.clone() };
            let mut rows = Vec::new();
            for places in places.chunks(PLACES) {
                rows.extend(db.select(&merged(&part, places))?);
            }
            rows.sort_by_cached_key(|row| {
                let value = value_of(row, listing.sort.key);
                if listing.sort.descending { (-value, u128::MAX - row.id.uuid().as_u128()) } else { (value, row.id.uuid().as_u128()) }
            });
            Ok(rows.into_iter().skip(listing.offset.try_into().unwrap_or(usize::MAX)).take(listing.limit.try_into().unwrap_or(0)).collect())
        }
    }
}

/// How many tickets the list has, and whether that is exact: beyond [`COUNT_LIMIT`] nothing is counted.
pub fn count(db: &mut Connection, listing: &Listing) -> Result<(i64, bool)> {
    let mut total = 0;
    for places in listing.places.chunks(PLACES) {
        let (count,) = db.select(&counting(listing, places))?.into_iter().next().unwrap_or((0,));
        total += count;
        if total > COUNT_LIMIT {
            return Ok((COUNT_LIMIT, false));
        }
    }
    Ok((total, true))
}

/// What the ticket is sorted by.
pub const fn value_of(row: &TicketRow, key: SortKey) -> i64 {
    match key {
        SortKey::CreatedAt => row.created_at.micros(),
        SortKey::UpdatedAt => row.updated_at.micros(),
        SortKey::Priority => row.priority.rank(),
    }
}
