//! The search through all that the reader reaches, and the way from a ticket's code to its page.
//! What is found is `domain::ticket_lists`' affair; the search within a project is its own page's.

use askama::Template;

use super::answers::{page as page_of, see};
use super::filters::{Filters, Place};
use super::frame::Frame;
use super::list_view::{List, SEARCH, Scope};
use super::rows;
use crate::domain::permissions::Capability;
use crate::domain::{Ctx, Error, Result, members, ticket_lists};
use crate::http::answer::Answer;
use crate::http::pages::Visit;
use crate::model::id::Id;
use crate::model::pages::Page;
use crate::model::projects::Project;
use crate::model::tickets::TicketCode;
use crate::store::tickets::TicketRow;

/// How many members of an organization are offered as assignees.
const MEMBERS: Page = Page { number: 1, size: 100 };

#[derive(Template)]
#[template(path = "ticket_lists/search.html")]
struct SearchPage {
    frame: Frame,
    heading: String,
    list: List,
    /// None: the search names no project in which it could be filed.
    new_ticket: Option<String>,
}

#[derive(Template)]
#[template(path = "ticket_lists/same_code.html")]
struct SameCodePage {
    frame: Frame,
    code: String,
    /// Each with the name of its organization.
    rows: Vec<(rows::Row, String)>,
}

enum Found {
    Elsewhere(String),
    SameCode(Box<SameCodePage>),
    List(Box<SearchPage>),
}

/// The page of the one ticket that the text is the code of; of several, the one in the project.
pub(super) fn ticket_of(ctx: &mut Ctx<'_>, text: &str, project: Option<Id<Project>>) -> Result<Option<String>> {
    let Some(code) = TicketCode::parse(text) else { return Ok(None) };
    let tickets = ticket_lists::by_code(ctx, &code)?;
    let own = project.and_then(|project| tickets.iter().find(|ticket| ticket.project_id == project));
    let only = if let [only] = tickets.as_slice() { Some(only) } else { None };
    Ok(own.or(only).map(|ticket| rows::href(ticket.project_id, ticket.id)))
}

/// `GET /workspace/search`.
pub(super) async fn page(visit: Visit) -> Result<Answer> {
    let filters = Filters::of(&visit);
    let inside = visit.clone();
    let scans = filters.query(None).may_scan();
    let work = move |ctx: &mut Ctx<'_>| read(ctx, &inside, &filters);
    match if scans { visit.scan(work).await? } else { visit.read(work).await? } {
        Found::Elsewhere(href) => Ok(see(&href)),
        Found::SameCode(page) => page_of(&*page),
        Found::List(page) => page_of(&*page),
    }
}

fn read(ctx: &mut Ctx<'_>, visit: &Visit, filters: &Filters) -> Result<Found> {
    if let Some(code) = filters.text.as_deref().and_then(TicketCode::parse) {
        let tickets = ticket_lists::by_code(ctx, &code)?;
        match tickets.as_slice() {
            [] => {}
            [only] => return Ok(Found::Elsewhere(rows::href(only.project_id, only.id))),
            _ => return same_code(ctx, visit, filters, tickets).map(|page| Found::SameCode(Box::new(page))),
        }
    }
    let listed = match ticket_lists::list(ctx, &filters.query(None)) {
        // An organization that cannot be reached is a filter like any other that names nothing.
        Err(Error::Unreachable) if filters.organization.is_some() => {
            return Ok(Found::Elsewhere(filters.but(|other| other.organization = None).link(SEARCH)));
        }
        listed => listed?,
    };
    if listed.tickets.is_empty() && filters.place != Place::Page(1) {
        return Ok(Found::Elsewhere(filters.but(|_| ()).link(SEARCH)));
    }
    let frame = frame(ctx, visit, filters, "Search")?;
    let organization = frame.organizations.iter().find(|link| Some(link.id) == filters.organization);
    let name = organization.map(|link| link.name.clone());
    let members = filters.organization.map(|id| members::list(ctx, id, MEMBERS)).transpose()?.map_or_else(Vec::new, |(members, _)| members);
    let heading = match (&filters.text, &name) {
        (Some(text), _) => format!("Tickets with “{text}”"),
        (None, Some(name)) => format!("Tickets of {name}"),
        (None, None) => "All tickets".to_owned(),
    };
    let scope = Scope { path: SEARCH.to_owned(), name, project: None, counts: None, members };
    let list = List::of(ctx, &frame, &scope, filters, listed)?;
    Ok(Found::List(Box::new(SearchPage { frame, heading, list, new_ticket: None })))
}

fn frame(ctx: &mut Ctx<'_>, visit: &Visit, filters: &Filters, title: &str) -> Result<Frame> {
    let frame = Frame::of(ctx, visit, title)?;
    Ok(frame.crumb(title, SEARCH).search_in(SEARCH, "Search tickets", filters.text.clone().unwrap_or_default()))
}

/// Several organizations have a ticket of this code: the reader says which is meant.
fn same_code(ctx: &mut Ctx<'_>, visit: &Visit, filters: &Filters, tickets: Vec<TicketRow>) -> Result<SameCodePage> {
    let names = ctx.organizations(Capability::ReadWorkspace)?;
    let frame = frame(ctx, visit, filters, "Search")?;
    let name =
        |ticket: &TicketRow| names.iter().find(|row| row.id == ticket.organization_id).map_or_else(String::new, |row| row.name.clone());
    let code = tickets.first().map_or_else(String::new, |ticket| format!("{}-{}", ticket.project_code, ticket.number));
    let rows = tickets.into_iter().map(|ticket| {
        let name = name(&ticket);
        (rows::Row::of(ticket, &frame), name)
    });
    let rows = rows.collect();
    Ok(SameCodePage { frame, code, rows })
}

/// `GET /workspace/go`: to the ticket whose code is given, or to what is found of it.
pub(super) async fn go(visit: Visit) -> Result<Answer> {
    let code = visit.query("code");
    let filters = Filters { text: code.clone(), ..Filters::default() };
    let work = move |ctx: &mut Ctx<'_>| match &code {
        Some(code) => ticket_of(ctx, code, None),
        None => Ok(None),
    };
    let found = visit.read(work).await?;
    Ok(see(&found.unwrap_or_else(|| filters.link(SEARCH))))
}
