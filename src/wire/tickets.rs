//! Tickets as JSON.
//! The same shape in lists, alone and in webhooks.

use super::Reader;
use super::json::Json;
use super::persons;
use crate::store::tickets::TicketRow;

/// A usual ticket's length as JSON, in bytes, to begin with.
const USUAL: usize = 1_280;

/// A ticket.
pub fn ticket(reader: Reader<'_>, row: &TicketRow) -> Vec<u8> {
    let mut json = Json::with_capacity(USUAL);
    write(&mut json, reader, row);
    json.into_bytes()
}

/// A list of tickets.
pub fn list(reader: Reader<'_>, rows: &[TicketRow]) -> Vec<u8> {
    let mut json = Json::with_capacity(room(rows));
    write_list(&mut json, reader, rows);
    json.into_bytes()
}

/// Tickets of an organization, with how many there are.
pub fn with_meta(reader: Reader<'_>, rows: &[TicketRow], meta: Meta) -> Vec<u8> {
    let mut json = Json::with_capacity(room(rows));
    json.raw("{\"tickets\":");
    write_list(&mut json, reader, rows);
    json.raw(",\"meta\":{");
    if let Some(total) = meta.total {
        json.raw("\"total\":").number(total).raw(",");
    }
    if meta.inexact {
        json.raw("\"total_exact\":false,");
    }
    if let Some(page) = meta.page {
        json.raw("\"page\":").number(page).raw(",");
    }
    json.raw("\"per_page\":").number(meta.per_page).raw("}}");
    json.into_bytes()
}

/// Where a page stands.
#[derive(Debug, Clone, Copy)]
pub struct Meta {
    /// How many there are in all; left out on pages reached by cursor.
    pub total: Option<i64>,
    /// Whether there are more than were counted: `total_exact` is `false` then, and else left out.
    pub inexact: bool,
    /// The page's number; left out on pages reached by cursor.
    pub page: Option<i64>,
    /// Rows a page.
    pub per_page: i64,
}

/// Bytes for so many tickets, so that a large list is not copied while it grows.
fn room(rows: &[TicketRow]) -> usize {
    let texts = |row: &TicketRow| row.given.len() + row.when.len() + row.then.len() + row.notes.as_ref().map_or(0, String::len);
    rows.iter().map(|row| USUAL.max(1_024 + texts(row))).sum()
}

fn write_list(json: &mut Json, reader: Reader<'_>, rows: &[TicketRow]) {
    json.raw("[");
    for (at, row) in rows.iter().enumerate() {
        if at > 0 {
            json.raw(",");
        }
        write(json, reader, row);
    }
    json.raw("]");
}

fn write(json: &mut Json, reader: Reader<'_>, row: &TicketRow) {
    json.raw("{\"id\":\"").id(row.id);
    json.raw("\",\"code\":\"").within(&row.project_code).raw("-").number(row.number);
    json.raw("\",\"number\":").number(row.number);
    json.raw(",\"title\":").text(&row.title);
    json.raw(",\"given\":").text(&row.given);
    json.raw(",\"when\":").text(&row.when);
    json.raw(",\"then\":").text(&row.then);
    json.raw(",\"notes\":").text_or_null(row.notes.as_deref());
    json.raw(",\"status\":\"").raw(row.status.word());
    json.raw("\",\"priority\":\"").raw(row.priority.word());
    json.raw("\",\"organization_id\":\"").id(row.organization_id);
    json.raw("\",\"project_id\":\"").id(row.project_id);
    json.raw("\",\"reporter\":");
    persons::write(json, reader, row.reporter_id, row.reporter_kind, row.reporter_name.as_deref(), row.reporter_email.as_deref());
    json.raw(",\"assignee\":");
    persons::write(json, reader, row.assignee_id, row.assignee_kind, row.assignee_name.as_deref(), row.assignee_email.as_deref());
    json.raw(",\"comments_count\":").number(row.comments_count);
    json.raw(",\"external_key\":").text_or_null(row.external_key.as_deref());
    json.raw(",\"url\":\"").within(reader.base_url).raw("/workspace/projects/").id(row.project_id).raw("/tickets/").id(row.id);
    json.raw("\",\"created_at\":").time(row.created_at);
    json.raw(",\"updated_at\":").time(row.updated_at).raw("}");
}
