//! Pages of tickets with certain words: few by their keys, and with them how many there are; many along the list, until the page is full.
//! What stands in a list, and in which order, is `ticket_lists`' affair; how texts become words, that of `search`.

use super::database::{Cells, ColumnType, Connection, Result, Row, Select, beside, family};
use super::search::{self, Documents, Question};
use super::ticket_lists::{self as lists, Filters, Listing, PLACES, Place};
use super::tickets::{TicketRow, ticket_columns, ticket_joins};
use crate::model::id::Id;
use crate::model::organizations::Organization;

/// So many matches, of tickets and comments, are few: their rows are looked up by their keys, and all of them are looked at.
const FEW: i64 = 256;

/// So many tickets are walked over for words that many have, at the least, before all that have them are looked at.
const LEAST: i64 = 500;

/// As [`LEAST`], where it is not known how many have them.
const UNKNOWN: i64 = 2_000;

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

/// An arm for the tickets and one for the comments of each place, each cut off when there are more than few. What a comment's ticket is, is
/// asked for afterwards, where there is one: PostgreSQL plans this anew for each question, and joins are what takes long there.
fn keys(places: &[Place], question: &Question) -> Select<(i64, i64)> {
    let mut select = Select::new("");
    for (at, place) in lists::padded(places).enumerate() {
        for documents in [Documents::Tickets, Documents::Comments] {
            if at > 0 || documents == Documents::Comments {
                select.push(" UNION ALL ");
            }
            match documents {
                Documents::Tickets => select
                    .push("SELECT CAST(0 AS BIGINT) AS comments, arm.key FROM (")
                    .push_pg("SELECT w.rowid AS key FROM ticket_words w WHERE ", "SELECT w.key FROM ticket_words w WHERE "),
                Documents::Comments => select
                    .push("SELECT CAST(1 AS BIGINT) AS comments, arm.key FROM (")
                    .push_pg("SELECT w.rowid AS key FROM comment_words w WHERE ", "SELECT w.key FROM comment_words w WHERE "),
            };
            search::push_match(&mut select, documents, place.organization(), place.within(), question);
            select.push(" LIMIT ").number(FEW + 1).push(") AS arm");
        }
    }
    select
}

/// The keys of the tickets to which these comments belong.
fn tickets_of(places: &[Place], comments: &[i64]) -> Select<(i64,)> {
    let mut select = Select::new(
        "SELECT k.key FROM comments c JOIN tickets k ON k.id = c.ticket_id AND k.organization_id = c.organization_id WHERE c.key IN (",
    );
    select.bind_in(comments).push(")");
    push_organizations(&mut select, " AND +c.organization_id IN (", " AND c.organization_id IN (", places);
    select
}

fn push_organizations<R: Row>(select: &mut Select<R>, sqlite: &'static str, postgres: &'static str, places: &[Place]) {
    let organizations: Vec<Id<Organization>> = places.iter().map(|place| place.organization()).collect();
    select.push_pg(sqlite, postgres).bind_in(&organizations).push(")");
}

/// The tickets with these keys that stand in the list. The unary `+` keeps SQLite from walking a place for its few keys, `OFFSET 0` PostgreSQL.
fn rows(listing: &Listing, keys: &[i64]) -> Select<Counted> {
    let mut select = Select::new(concat!("SELECT ", ticket_columns!(), ", count(*) OVER () FROM "));
    select.push_pg("tickets k ", "(SELECT * FROM tickets k WHERE k.key IN (");
    let mut whole = Vec::new();
    let mut projects = Vec::new();
    for place in &listing.places {
        match place {
            Place::Organization(organization) => whole.push(*organization),
            Place::Project { project, .. } => projects.push(*project),
        }
    }
    select.push_pg(concat!(ticket_joins!(), " WHERE k.key IN ("), "").bind_in(keys).push(")");
    push_organizations(&mut select, " AND +k.organization_id IN (", " AND k.organization_id IN (", &listing.places);
    select.push_pg("", concat!(" OFFSET 0) k ", ticket_joins!(), " WHERE TRUE"));
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
    let numbered = listing.places.iter().any(|place| place.number().is_some());
    if numbered || listing.places.is_empty() || listing.places.len() > PLACES {
        return Ok(None);
    }
    let matches = db.select(&keys(&listing.places, question))?;
    if i64::try_from(matches.len()).unwrap_or(i64::MAX) > FEW {
        return Ok(None);
    }
    let (comments, tickets): (Vec<_>, Vec<_>) = matches.into_iter().partition(|(comments, _)| *comments == 1);
    let mut keys: Vec<i64> = tickets.into_iter().map(|(_, key)| key).collect();
    if !comments.is_empty() {
        let comments: Vec<i64> = comments.into_iter().map(|(_, key)| key).collect();
        keys.extend(db.select(&tickets_of(&listing.places, &comments))?.into_iter().map(|(key,)| key));
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

/// The keys of those among the first tickets of a place, in the list's order, that have the words. SQLite has all keys with the words first,
/// 0.4 µs each; PostgreSQL asks each ticket for its words, `OFFSET 0` keeps it from doing otherwise.
fn along_select(listing: &Listing, place: Place, question: &Question, steps: i64) -> Select<(i64,)> {
    let mut select = Select::new("SELECT s.key FROM (SELECT k.key AS key, k.organization_id, k.id, k.comments_count FROM tickets k");
    let filters = Filters { question: None, ..listing.filters.clone() };
    lists::conditions(&mut select, place, &filters);
    lists::position(&mut select, listing);
    select.push(lists::order(listing.sort)).push(" LIMIT ").bind(&steps).push(") s");
    select.push_pg(
        " WHERE (s.key IN (SELECT w.rowid FROM ticket_words w WHERE ",
        " WHERE (EXISTS (SELECT 1 FROM ticket_words w WHERE w.organization_id = s.organization_id AND w.key = s.key AND ",
    );
    search::push_match_of_row(&mut select, Documents::Tickets, place.organization(), place.within(), question);
    select.push_pg(
        ") OR s.comments_count > 0 AND EXISTS (SELECT 1 FROM comments c
            WHERE c.ticket_id = s.id AND +c.key IN (SELECT w.rowid FROM comment_words w WHERE ",
        " OFFSET 0) OR s.comments_count > 0 AND EXISTS (SELECT 1 FROM comments c
            JOIN comment_words w ON w.organization_id = c.organization_id AND w.key = c.key
            WHERE c.organization_id = s.organization_id AND c.ticket_id = s.id AND ",
    );
    search::push_match_of_row(&mut select, Documents::Comments, place.organization(), place.within(), question);
    select.push_pg(")))", " OFFSET 0))");
    select.push(" LIMIT ").bind(&listing.limit.saturating_add(listing.offset));
    select
}

/// The page of words that many tickets have, where it is full before as many tickets of the one place have been walked over as have the words,
/// `total`, if that is known: looking at all of those would be about as dear. With words that every tenth has, a few hundred will do.
pub fn along(db: &mut Connection, listing: &Listing, total: Option<i64>) -> Result<Option<Vec<TicketRow>>> {
    let (Some(question), [place]) = (&listing.filters.question, listing.places.as_slice()) else { return Ok(None) };
    let enough = listing.limit.saturating_add(listing.offset);
    if enough > FEW {
        return Ok(None);
    }
    let steps = total.map_or(UNKNOWN, |total| total.max(LEAST));
    let keys: Vec<i64> = db.select(&along_select(listing, *place, question, steps))?.into_iter().map(|(key,)| key).collect();
    if i64::try_from(keys.len()).unwrap_or(i64::MAX) < enough {
        return Ok(None);
    }
    Ok(Some(db.select(&rows(listing, &keys))?.into_iter().map(|counted| counted.ticket).collect()))
}

family!("keys of matches", || {
    let word = Question::word("word");
    lists::shapes().iter().map(|(listing, _)| keys(&listing.places, &word)).collect()
});

family!("tickets of comments", || lists::shapes().iter().map(|(listing, _)| tickets_of(&listing.places, &[1])).collect());

family!("few matches", || lists::shapes().iter().map(|(listing, _)| rows(listing, &[1])).collect());

family!("words along a place", || {
    let word = Question::word("word");
    lists::shapes().iter().map(|(listing, _)| along_select(listing, listing.places[0], &word, 1)).collect()
});
