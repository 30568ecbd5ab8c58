//! Tickets over REST: from parameters and bodies to the domain, and from its rows to JSON.
//! Comments and history have files of their own.

use axum::http::header::{IF_MATCH, LINK, LOCATION};
use axum::http::{HeaderName, StatusCode};

use super::json::Members;
use super::paging::{self, LAST_PAGE, ROWS};
use crate::domain::ticket_lists::{self, AssigneeFilter, Listed, Position, Query};
use crate::domain::tickets::{self, Draft, Expected};
use crate::domain::{About, Ctx, Error, Result};
use crate::http::answer::Answer;
use crate::http::mount::Operation;
use crate::http::request::{Parameters, Request, decode};
use crate::model::pages::{Cursor, Page, Sort};
use crate::model::tickets::{Priority, Status, TicketCode};
use crate::store::tickets::TicketRow;
use crate::wire::Reader;
use crate::wire::tickets::{self as wire, Meta};

pub(super) fn reader<'a>(ctx: &Ctx<'_>, request: &'a Request) -> Reader<'a> {
    Reader { base_url: &request.base_url, hides_emails: ctx.hides_emails() }
}

/// `GET /api/v1/tickets`
pub(super) fn list(request: Request) -> Result<Operation> {
    let mut parameters = request.parameters()?;
    let organization = parameters.id("organization_id")?;
    let query = query(parameters, organization)?;
    let about = match (query.project, query.organization) {
        (Some(project), _) => About::Project(project),
        (None, Some(organization)) => About::Organization(organization),
        (None, None) => About::Nothing,
    };
    let scans = query.may_scan();
    let operation = Operation::new(move |ctx| {
        let listed = ticket_lists::list(ctx, &query)?;
        let answer = Answer::written(StatusCode::OK, wire::list(reader(ctx, &request), &listed.tickets));
        Ok(describe(answer, &request, &query, &listed))
    });
    Ok(operation.about(about).scanning(scans))
}

/// `GET /api/v1/mcp/organizations/{organization_id}/tickets`
pub(super) fn of_organization(request: Request) -> Result<Operation> {
    let organization = request.id("organization_id", Error::Unreachable);
    let query = query(request.parameters()?, organization.as_ref().ok().copied())?;
    let organization = organization?;
    let scans = query.may_scan();
    let operation = Operation::new(move |ctx| {
        let listed = ticket_lists::of_organization(ctx, &query)?;
        let (page, per_page) = match query.position {
            Position::Page(page) => (Some(page.number), page.size),
            Position::After(_, size) => (None, size),
        };
        let meta =
            Meta { total: listed.total.map(|total| total.count), inexact: listed.total.is_some_and(|total| !total.exact), page, per_page };
        let answer = Answer::written(StatusCode::OK, wire::with_meta(reader(ctx, &request), &listed.tickets, meta));
        Ok(describe(answer, &request, &query, &listed))
    });
    Ok(operation.about(About::Organization(organization)).scanning(scans))
}

/// Reads the filters, the order and the position.
fn query(
    mut parameters: Parameters,
    organization: Option<crate::model::id::Id<crate::model::organizations::Organization>>,
) -> Result<Query> {
    let time = |parameters: &mut Parameters, name| {
        parameters.value(name, "is not an RFC 3339 time such as 2024-01-15T10:30:00Z", |text| text.parse().ok())
    };
    let query = Query {
        organization,
        project: parameters.id("project_id")?,
        code: parameters.value("code", "is not a ticket's code such as WEB-42", TicketCode::parse)?,
        status: parameters.list("status", "is not a list of open, in_progress, resolved and closed", Status::from_word)?,
        priority: parameters.list("priority", "is not a list of low, medium, high and critical", Priority::from_word)?,
        assignee: parameters.value("assignee", "is not me, none or a UUID", assignee)?,
        text: parameters.text("q"),
        created_after: time(&mut parameters, "created_after")?,
        created_before: time(&mut parameters, "created_before")?,
        updated_after: time(&mut parameters, "updated_after")?,
        sort: parameters
            .value("sort", "is not created_at, updated_at or priority, with - for descending", Sort::from_word)?
            .unwrap_or(Sort::NEWEST),
        position: Position::Page(Page { number: 1, size: ROWS.usual }),
    };
    let position = position(&mut parameters, query.sort)?;
    parameters.end()?;
    Ok(Query { position, ..query })
}

fn assignee(text: &str) -> Option<AssigneeFilter> {
    match text {
        "me" => Some(AssigneeFilter::Me),
        "none" => Some(AssigneeFilter::Nobody),
        id => id.parse().ok().map(AssigneeFilter::Person),
    }
}

/// A page's number or a cursor, never both. A cursor goes on in the order in which it was reached.
fn position(parameters: &mut Parameters, sort: Sort) -> Result<Position> {
    let cursor = parameters.value("cursor", "is not a cursor of this API", Cursor::parse)?;
    let number = parameters.number("page", 1..=LAST_PAGE)?;
    let size = parameters.number("per_page", 1..=ROWS.largest)?.unwrap_or(ROWS.usual);
    match (cursor, number) {
        (Some(_), Some(_)) => Err(Error::Malformed("cursor: does not go together with page".to_owned())),
        (Some(cursor), None) if cursor.sort != sort => Err(Error::Malformed("cursor: belongs to another sort".to_owned())),
        (Some(cursor), None) => Ok(Position::After(cursor, size)),
        (None, number) => Ok(Position::Page(Page { number: number.unwrap_or(1), size })),
    }
}

/// Lays on totals and the link to the next page.
fn describe(mut answer: Answer, request: &Request, query: &Query, listed: &Listed) -> Answer {
    if let (Position::Page(page), Some(total)) = (query.position, listed.total) {
        answer = paging::describe(answer, page, total.count);
        if !total.exact {
            answer = answer.with(HeaderName::from_static("x-total-count-exact"), axum::http::HeaderValue::from_static("false"));
        }
    }
    match &listed.next {
        Some(cursor) => answer.with(LINK, next_link(request, cursor)),
        None => answer,
    }
}

/// The same request, from the cursor on (RFC 8288 §3.1, relative).
fn next_link(request: &Request, cursor: &Cursor) -> String {
    let mut link = format!("<{}?", request.uri.path());
    let is_position =
        |pair: &str| decode(pair.split('=').next().unwrap_or_default()).is_some_and(|name| name == "page" || name == "cursor");
    for pair in request.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty() && !is_position(pair)) {
        link.push_str(pair);
        link.push('&');
    }
    link.push_str("cursor=");
    link.push_str(&cursor.encode());
    link.push_str(">; rel=\"next\"");
    link
}

fn draft(body: &[u8]) -> Result<Draft> {
    let ticket = Members::wrapped(body, "ticket")?;
    Ok(Draft {
        title: ticket.text("title")?,
        given: ticket.text("given")?,
        when: ticket.text("when")?,
        then: ticket.text("then")?,
        notes: ticket.text("notes")?,
        priority: ticket.text("priority")?,
        status: ticket.text("status")?,
        assignee_id: ticket.id("assignee_id")?,
        project_id: ticket.id("project_id")?,
    })
}

/// `"<version>-<comments>"`
fn tag(row: &TicketRow) -> String {
    format!("\"{}-{}\"", row.version, row.comments_version)
}

fn shown(ctx: &Ctx<'_>, request: &Request, row: &TicketRow) -> Answer {
    Answer::written(StatusCode::OK, wire::ticket(reader(ctx, request), row)).tagged(request, &tag(row))
}

/// `POST /api/v1/tickets`
pub(super) fn create(request: Request) -> Result<Operation> {
    let draft = draft(&request.body)?;
    let about = draft.project_id.value().map_or(About::Nothing, |id| About::Project(*id));
    let operation = Operation::new(move |ctx| {
        let row = tickets::create(ctx, &draft)?;
        let answer = Answer::written(StatusCode::CREATED, wire::ticket(reader(ctx, &request), &row)).tagged(&request, &tag(&row));
        Ok(answer.with(LOCATION, format!("/api/v1/tickets/{}", row.id)))
    });
    Ok(operation.about(about))
}

/// `GET /api/v1/tickets/{id}`
pub(super) fn get(request: Request) -> Result<Operation> {
    request.parameters()?.end()?;
    let id = request.id("id", Error::NotFound)?;
    Ok(Operation::new(move |ctx| {
        let row = tickets::get(ctx, id)?;
        Ok(shown(ctx, &request, &row))
    }))
}

/// Reads `If-Match` (RFC 9110 §13.1.1): of each tag the version counts, and comments may come meanwhile.
fn expected(request: &Request) -> Expected {
    let lists = request.headers.get_all(IF_MATCH);
    let mut versions = Vec::new();
    for tag in lists.iter().map(|value| value.to_str().unwrap_or_default()).flat_map(|list| list.split(',')).map(str::trim) {
        if tag == "*" {
            return Expected::Any;
        }
        // A tag that is not ours fits no version, as a weak one fits none (RFC 9110 §8.8.3.2).
        let version = tag
            .strip_prefix('"')
            .and_then(|tag| tag.strip_suffix('"'))
            .and_then(|tag| tag.split_once('-'))
            .and_then(|(version, _)| version.parse().ok());
        versions.push(version.unwrap_or(-1));
    }
    if versions.is_empty() { Expected::Any } else { Expected::Versions(versions) }
}

/// `PATCH /api/v1/tickets/{id}`
pub(super) fn edit(request: Request) -> Result<Operation> {
    let id = request.id("id", Error::NotFound);
    let draft = draft(&request.body)?;
    let (id, expected) = (id?, expected(&request));
    Ok(Operation::new(move |ctx| {
        let row = tickets::edit(ctx, id, &draft, &expected)?;
        Ok(shown(ctx, &request, &row))
    }))
}

/// `DELETE /api/v1/tickets/{id}`
pub(super) fn delete(request: Request) -> Result<Operation> {
    let (id, expected) = (request.id("id", Error::NotFound)?, expected(&request));
    Ok(Operation::new(move |ctx| {
        tickets::delete(ctx, id, &expected)?;
        Ok(Answer::no_content())
    }))
}

/// `POST /api/v1/tickets/{id}/restore`
pub(super) fn restore(request: Request) -> Result<Operation> {
    Members::parse_optional(&request.body)?;
    let id = request.id("id", Error::NotFound)?;
    Ok(Operation::new(move |ctx| {
        let row = tickets::restore(ctx, id)?;
        Ok(shown(ctx, &request, &row))
    }))
}
