//! The workspace: one's own tickets, what changed lately, and the projects with their counts.
//! What belongs there is `domain::workspace`'s affair.

use askama::Template;

use super::answers::page as page_of;
use super::frame::Frame;
use super::initials::initials;
use super::list_view::{self, SEARCH};
use super::rows::{self, Row};
use super::times::Stamp;
use super::{parts, ticket_lists, tokens};
use crate::domain::permissions::Capability;
use crate::domain::ticket_lists::Total;
use crate::domain::workspace::{self, Detail, Happening, MINE_COUNTED, Workspace};
use crate::domain::{Ctx, Result};
use crate::http::answer::Answer;
use crate::http::pages::Visit;
use crate::model::events::EventKind;
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::persons::Person;
use crate::model::tickets::Status;

/// Where one's own tokens are.
const TOKENS: &str = "/account/settings/api";

/// The most pages of projects that an address may name.
const LAST_PAGE: i64 = 1_000_000;

#[derive(Template)]
#[template(path = "workspace/page.html")]
struct WorkspacePage {
    frame: Frame,
    mine: Vec<Row>,
    mine_count: String,
    all_mine: String,
    lately: Vec<Line>,
    places: Vec<Place>,
    ending: Vec<tokens::view::Row>,
}

/// One line of what changed lately.
struct Line {
    initials: String,
    mine: bool,
    who: String,
    did: &'static str,
    what: String,
    href: String,
    became: Became,
    at: Stamp,
}

/// What stands behind the ticket.
enum Became {
    Nothing,
    Status(&'static str),
    Priority(&'static str),
    Whose(String),
}

/// An organization with its projects.
struct Place {
    id: Id<Organization>,
    name: String,
    projects: Vec<ProjectLine>,
    said: Option<String>,
    previous: Option<String>,
    next: Option<String>,
    all: String,
    new_project: Option<String>,
}

struct ProjectLine {
    name: String,
    href: String,
    code: String,
    open: String,
    all: String,
    archived: bool,
}

/// `GET /workspace`.
pub(super) async fn page(visit: Visit) -> Result<Answer> {
    let turned = turned(&visit);
    let inside = visit.clone();
    let page = visit.read(move |ctx: &mut Ctx<'_>| {
        let workspace = workspace::read(ctx, turned)?;
        let frame = Frame::of(ctx, &inside, "Workspace")?;
        Ok(WorkspacePage::of(workspace, frame))
    });
    page_of(&page.await?)
}

/// Which organization's projects are read on, from which page.
fn turned(visit: &Visit) -> Option<(Id<Organization>, i64)> {
    let organization = visit.query("organization")?.parse().ok()?;
    let page = visit.query("page")?.parse().ok().filter(|page| (1..=LAST_PAGE).contains(page))?;
    Some((organization, page))
}

impl WorkspacePage {
    fn of(workspace: Workspace, frame: Frame) -> Self {
        let several = workspace.organizations.len() > 1;
        let first = workspace.organizations.first().map(|place| place.organization.name.clone());
        let frame = match first.filter(|_| !several) {
            Some(name) => frame.crumb(name, "/workspace"),
            None => frame.crumb("Workspace", "/workspace"),
        };
        let frame = match new_ticket(&workspace) {
            Some(href) => frame.new_ticket_in(href),
            None => frame,
        };
        let frame = frame.search_in(SEARCH, "Search tickets", "");
        let reader = frame.person.as_ref().map(|person| person.id.cast());
        let more = if workspace.mine_count >= MINE_COUNTED { "+" } else { "" };
        Self {
            mine_count: format!("{}{more}", parts::count(workspace.mine_count)),
            all_mine: format!("{SEARCH}?assignee=me"),
            mine: workspace.mine.into_iter().map(|ticket| Row::of(ticket, &frame)).collect(),
            lately: workspace.lately.into_iter().map(|happening| line(happening, reader, &frame)).collect(),
            ending: workspace.ending.into_iter().map(|token| tokens::view::Row::of(token, reader.map(Id::cast), &frame)).collect(),
            places: workspace.organizations.into_iter().map(place).collect(),
            frame,
        }
    }
}

/// Where a new ticket is begun: in the project that changed last and takes one, else in the first that does.
fn new_ticket(workspace: &Workspace) -> Option<String> {
    let takes = |place: &&workspace::Place| Capability::CreateTickets.is_for(place.organization.role);
    let projects: Vec<_> = workspace
        .organizations
        .iter()
        .filter(takes)
        .flat_map(|place| &place.projects)
        .filter(|project| project.archived_at.is_none())
        .map(|project| project.id)
        .collect();
    let lately = workspace.lately.iter().map(|happening| happening.event.project_id).find(|id| projects.contains(id));
    lately.or(projects.first().copied()).map(|project| format!("{}/tickets/new", ticket_lists::href(project)))
}

fn place(place: workspace::Place) -> Place {
    let workspace::Place { organization, projects, page, total } = place;
    let turn = |page: i64| format!("/workspace?organization={}&page={page}#{}", organization.id, organization.id);
    let pages = page.pages_of(total);
    Place {
        id: organization.id,
        said: (pages > 1).then(|| format!("Page {} of {}, {} projects", page.number, pages, parts::count(total))),
        previous: (page.number > 1).then(|| turn(page.number - 1)),
        next: (page.number < pages).then(|| turn(page.number + 1)),
        all: format!("{SEARCH}?organization={}", organization.id),
        new_project: Capability::CreateProjects
            .is_for(organization.role)
            .then(|| format!("/workspace/organizations/{}/projects/new", organization.id)),
        name: organization.name,
        projects: projects
            .into_iter()
            .map(|project| ProjectLine {
                name: project.name,
                href: ticket_lists::href(project.id),
                code: project.code,
                open: parts::count(project.open_tickets_count),
                all: parts::count(project.tickets_count),
                archived: project.archived_at.is_some(),
            })
            .collect(),
    }
}

fn line(happening: Happening, reader: Option<Id<Person>>, frame: &Frame) -> Line {
    let Happening { event, detail, count } = happening;
    let is_reader = |person: Option<Id<Person>>| person.is_some() && person == reader;
    let (did, became) = told(event.kind, detail, event.actor_id, reader);
    let name = event.actor_name.unwrap_or_else(|| "The administrator".to_owned());
    let filed = Total { count: i64::try_from(count).unwrap_or(i64::MAX), exact: true };
    let mine = is_reader(event.actor_id);
    Line {
        initials: initials(&name),
        mine,
        who: if mine { "You".to_owned() } else { name },
        did: if count > 1 { "filed" } else { did },
        what: if count > 1 {
            format!("{} in {}", list_view::tickets(filed), event.project_name)
        } else {
            format!("{}-{} {}", event.project_code, event.number, event.title)
        },
        href: if count > 1 { ticket_lists::href(event.project_id) } else { rows::href(event.project_id, event.ticket_id) },
        became,
        at: frame.stamp(event.created_at),
    }
}

/// What was done, and what stands behind the ticket.
fn told(kind: EventKind, detail: Detail, actor: Option<Id<Person>>, reader: Option<Id<Person>>) -> (&'static str, Became) {
    match (kind, detail) {
        (_, Detail::Status(Status::Resolved)) => ("resolved", Became::Nothing),
        (_, Detail::Status(Status::Closed)) => ("closed", Became::Nothing),
        (_, Detail::Status(status)) => ("moved", Became::Status(status.word())),
        (_, Detail::Priority(priority)) => ("set", Became::Priority(priority.word())),
        (EventKind::TicketAssigned, Detail::Assignee(Some(person))) if Some(person.id) == actor => ("took", Became::Nothing),
        (EventKind::TicketAssigned, Detail::Assignee(Some(person))) if Some(person.id) == reader => ("gave you", Became::Nothing),
        (EventKind::TicketAssigned, Detail::Assignee(Some(person))) => ("gave", Became::Whose(person.name)),
        (EventKind::TicketAssigned, _) => ("gave", Became::Whose("nobody".to_owned())),
        (EventKind::TicketCreated, _) => ("filed", Became::Nothing),
        (EventKind::TicketCommented, _) => ("commented on", Became::Nothing),
        (EventKind::TicketDeleted, _) => ("deleted", Became::Nothing),
        (EventKind::TicketRestored, _) => ("brought back", Became::Nothing),
        (EventKind::CommentEdited, _) => ("changed a comment on", Became::Nothing),
        (EventKind::CommentDeleted, _) => ("deleted a comment on", Became::Nothing),
        (_, _) => ("changed", Became::Nothing),
    }
}
