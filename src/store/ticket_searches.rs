//! Tickets with words that few have: the keys of the matches first, then the rows, and with them how many there are.
//! Words that many have are found by the lists of `ticket_lists`; how texts become words is `search`'s affair.

use super::database::{Cells, ColumnType, Connection, Result, Row, Select, beside, family};
use super::search::{Documents, Question};
use super::ticket_lists::{self as lists, Listing, PLACES, Place};
use super::tickets::{TicketRow, ticket_columns, ticket_joins};
use crate::model::id::Id;
use crate::model::organizations::Organization;

/// So many matches are few: their rows are looked up by their keys, and all of them are looked at.
const FEW: i64 = 256;

/// A page of what few matches there are.
#[derive(Debug)]
pub struct Found {
    /// The tickets of the page.
    pub rows: Vec<TicketRow>,
    /// How many there are on all pages; `None` where the page lies behind the last one, or a cursor told where to begin.
    pub total: Option<i64>,
}

/// A ticket, and how many were found with it.
struct Counted {
    ticket: TicketRow,
    total: i64,
}

impl Row for Counted {
    const COLUMNS: &'static [ColumnType] = &beside::<{ TicketRow::COLUMNS.len() + 1 }>(TicketRow::COLUMNS, <(i64,)>::COLUMNS);
    fn take(cells: &mut Cells<'_>) -> Result<Self> {
        Ok(Self { ticket: TicketRow::take(cells)?, total: cells.take()? })
    }
}

/// An arm for the tickets and one for the comments of each place, each cut off when there are more than few.
fn keys(places: &[Place], question: &Question) -> Select<(i64,)> {
    let mut select = Select::new("");
    for (at, place) in lists::padded(places).enumerate() {
        for documents in [Documents::Tickets, Documents::Comments] {
            if at > 0 || documents == Documents::Comments {
                select.push(" UNION ALL ");
            }
            select.push("SELECT * FROM (");
            lists::push_matches(&mut select, documents, place, question);
            select.push(" LIMIT ").number(FEW + 1).push(")");
            select.push_pg("", " AS arm");
        }
    }
    select
}

/// The tickets with these keys that stand in the list. The unary `+` keeps SQLite from walking a place for its few keys.
fn rows(listing: &Listing, keys: &[i64]) -> Select<Counted> {
    let mut select = Select::new(concat!("SELECT ", ticket_columns!(), ", count(*) OVER () FROM tickets k "));
    select.push(ticket_joins!()).push(" WHERE k.key IN (").bind_in(keys).push(")");
    let all: Vec<Id<Organization>> = listing.places.iter().map(|place| place.organization()).collect();
    let mut whole = Vec::new();
    let mut projects = Vec::new();
    for place in &listing.places {
        match place {
            Place::Organization(organization) => whole.push(*organization),
            Place::Project { project, .. } => projects.push(*project),
        }
    }
    select.push_pg(" AND +k.organization_id IN (", " AND k.organization_id IN (").bind_in(&all).push(")");
    // Rights are rows' affair, whatever the words say.
    select.push_pg(" AND (+k.organization_id IN (", " AND (k.organization_id IN (").bind_in(&whole);
    select.push_pg(") OR +k.project_id IN (", ") OR k.project_id IN (").bind_in(&projects).push("))");
    select.push(" AND k.deleted_at IS NULL");
    lists::plain_filters(&mut select, &listing.filters);
    lists::position(&mut select, listing);
    select.push(lists::order(listing.sort));
    select.push(" LIMIT ").bind(&listing.limit).push(" OFFSET ").bind(&listing.offset);
    select
}

/// The page, where the list asks for words that few tickets have; `None` where it does not, or where many have them.
pub fn few(db: &mut Connection, listing: &Listing) -> Result<Option<Found>> {
    let Some(question) = &listing.filters.question else { return Ok(None) };
    let numbered = listing.places.iter().any(|place| matches!(place, Place::Project { number: Some(_), .. }));
    if numbered || listing.places.is_empty() || listing.places.len() > PLACES {
        return Ok(None);
    }
    let mut keys: Vec<i64> = db.select(&keys(&listing.places, question))?.into_iter().map(|(key,)| key).collect();
    if i64::try_from(keys.len()).unwrap_or(i64::MAX) > FEW {
        return Ok(None);
    }
    keys.sort_unstable();
    keys.dedup();
    if keys.is_empty() {
        return Ok(Some(Found { rows: Vec::new(), total: Some(0) }));
    }
    let counted = db.select(&rows(listing, &keys))?;
    let total = match counted.first() {
        _ if listing.after.is_some() => None,
        Some(first) => Some(first.total),
        None if listing.offset == 0 => Some(0),
        None => None,
    };
    Ok(Some(Found { rows: counted.into_iter().map(|counted| counted.ticket).collect(), total }))
}

family!("keys of matches", || {
    let word = Question::word("word");
    lists::shapes().iter().map(|(listing, _)| keys(&listing.places, &word)).collect()
});

family!("few matches", || lists::shapes()
    .iter()
    .flat_map(|(listing, _)| [1, 2, 4, 8, 16, 32, 64, 128, 256].map(|count| rows(listing, &vec![1; count])))
    .collect());
