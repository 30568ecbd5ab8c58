//! A project's page: its tickets with filters, search, orders and pages, and the change of several at once.
//! What is found and who may change it is decided in `domain::ticket_lists` and `domain::tickets`.

use askama::Template;

use super::answers::{page as page_of, see, see_with};
use super::filters::{self, Filters, Place};
use super::frame::Frame;
use super::list_view::{List, Scope};
use super::parts;
use super::search;
use crate::domain::permissions::Capability;
use crate::domain::ticket_lists::{self, AssigneeFilter, Heading};
use crate::domain::tickets::{self, Draft};
use crate::domain::{Ctx, Error, Result, members};
use crate::http::answer::Answer;
use crate::http::pages::Visit;
use crate::model::draft::Field;
use crate::model::id::Id;
use crate::model::pages::Page;
use crate::model::persons::Person;
use crate::model::projects::Project;
use crate::model::tickets::Ticket;
use crate::store::members::MemberRow;

/// How many members are offered as assignees.
const MEMBERS: Page = Page { number: 1, size: 100 };

/// How many tickets can be changed at once: more than a page shows.
const MOST_SELECTED: usize = 100;

/// The tabs above a project's pages.
pub(super) struct Tabs {
    /// The project's name.
    pub(super) name: String,
    /// Its tickets.
    pub(super) tickets: String,
    /// How many it has.
    pub(super) count: String,
    /// Its settings, for those who may change them.
    pub(super) settings: Option<String>,
}

/// The bar that changes what is selected.
struct Bulk {
    action: String,
    members: Vec<MemberRow>,
}

#[derive(Template)]
#[template(path = "ticket_lists/project.html")]
struct ProjectPage {
    frame: Frame,
    tabs: Tabs,
    archived: bool,
    changed: Option<String>,
    list: List,
    bulk: Option<Bulk>,
    new_ticket: Option<String>,
}

#[derive(Template)]
#[template(path = "ticket_lists/empty.html")]
struct EmptyPage {
    frame: Frame,
    tabs: Tabs,
    archived: bool,
    new_ticket: Option<String>,
    tokens: Option<String>,
    import: Option<String>,
}

/// What the address of a project leads to.
enum Found {
    Elsewhere(String),
    Empty(Box<EmptyPage>),
    List(Box<ProjectPage>),
}

/// Where a project's tickets are.
pub(super) fn href(project: Id<Project>) -> String {
    format!("/workspace/projects/{project}")
}

/// `GET /workspace/projects/{project_id}`.
pub(super) async fn page(visit: Visit) -> Result<Answer> {
    let project = visit.id::<Project>("project_id")?;
    let filters = Filters::of(&visit);
    let scans = filters.query(Some(project)).may_scan();
    let inside = visit.clone();
    let work = move |ctx: &mut Ctx<'_>| read(ctx, &inside, project, &filters);
    match if scans { visit.scan(work).await? } else { visit.read(work).await? } {
        Found::Elsewhere(href) => Ok(see(&href)),
        Found::Empty(empty) => page_of(&*empty),
        Found::List(list) => page_of(&*list),
    }
}

fn read(ctx: &mut Ctx<'_>, visit: &Visit, project: Id<Project>, filters: &Filters) -> Result<Found> {
    let heading = ticket_lists::heading(ctx, project)?;
    if let Some(href) = filters.text.as_deref().map(|text| search::ticket_of(ctx, text, Some(project))).transpose()?.flatten() {
        return Ok(Found::Elsewhere(href));
    }
    let path = href(project);
    let new_ticket = heading.reach.may(Capability::CreateTickets).then(|| format!("{path}/tickets/new"));
    let frame = frame(ctx, visit, &heading, filters, new_ticket.clone())?;
    let tabs = tabs(&heading);
    let archived = heading.project.archived_at.is_some();
    if heading.counts.total() == 0 {
        let tokens = heading.reach.may(Capability::ManageProjectTokens).then(|| format!("{path}/settings/api-token"));
        let import = import(ctx, &heading)?;
        return Ok(Found::Empty(Box::new(EmptyPage { frame, tabs, archived, new_ticket, tokens, import })));
    }
    let listed = ticket_lists::list(ctx, &filters.query(Some(project)))?;
    if listed.tickets.is_empty() && filters.place != Place::Page(1) {
        return Ok(Found::Elsewhere(filters.but(|_| ()).link(&path)));
    }
    let members = members::list(ctx, heading.reach.organization, MEMBERS)?.0;
    let bulk = heading
        .reach
        .may(Capability::EditTickets)
        .then(|| Bulk { action: filters.link(&format!("{path}/tickets/bulk")), members: members.clone() });
    let scope = Scope { path, name: Some(heading.project.name), project: Some(project), counts: Some(heading.counts), members };
    let list = List::of(ctx, &frame, &scope, filters, listed)?;
    let changed = visit.query("changed").and_then(|count| count.parse().ok()).and_then(changed);
    Ok(Found::List(Box::new(ProjectPage { frame, tabs, archived, changed, list, bulk, new_ticket })))
}

fn frame(ctx: &mut Ctx<'_>, visit: &Visit, heading: &Heading, filters: &Filters, new_ticket: Option<String>) -> Result<Frame> {
    let (project, path) = (&heading.project, href(heading.reach.id));
    let frame = Frame::of(ctx, visit, project.name.as_str())?;
    let organization = frame.organizations.iter().find(|link| link.id == heading.reach.organization).map(|link| link.name.clone());
    let frame = match organization {
        Some(name) => frame.crumb(name, "/workspace"),
        None => frame,
    };
    let label = format!("Search {}", project.name);
    let frame = frame.crumb(project.name.as_str(), path.as_str()).search_in(path, label, filters.text.clone().unwrap_or_default());
    Ok(match new_ticket {
        Some(href) => frame.new_ticket_in(href),
        None => frame,
    })
}

fn tabs(heading: &Heading) -> Tabs {
    let tickets = href(heading.reach.id);
    Tabs {
        name: heading.project.name.clone(),
        settings: heading.reach.may(Capability::EditProject).then(|| format!("{tickets}/settings")),
        tickets,
        count: parts::count(heading.counts.total()),
    }
}

/// The project as the `import` commands name it, for those who would be let.
fn import(ctx: &mut Ctx<'_>, heading: &Heading) -> Result<Option<String>> {
    if !heading.reach.may(Capability::ImportTickets) {
        return Ok(None);
    }
    let reached = ctx.organizations(Capability::ReadWorkspace)?;
    let organization = reached.into_iter().find(|row| row.id == heading.reach.organization);
    Ok(organization.map(|row| format!("{}/{}", row.slug, heading.project.code)))
}

/// What the change of several tickets led to.
fn changed(count: usize) -> Option<String> {
    match count {
        0 => Some("Nothing was changed: they are like that already.".to_owned()),
        1 => Some("1 ticket was changed.".to_owned()),
        2..=MOST_SELECTED => Some(format!("{count} tickets were changed.")),
        _ => None,
    }
}

/// `POST /workspace/projects/{project_id}/tickets/bulk`.
pub(super) async fn change_selected(visit: Visit) -> Result<Answer> {
    let project = visit.id::<Project>("project_id")?;
    let back = Filters::of(&visit).link(&href(project));
    let form = visit.form();
    let tickets: Option<Vec<Id<Ticket>>> = form.all("ticket").iter().map(|id| id.parse().ok()).collect();
    let word = |name| Some(form.text(name)).filter(|word| !word.is_empty());
    let draft =
        Draft { status: word("status").map(Into::into).into(), priority: word("priority").map(Into::into).into(), ..Draft::default() };
    let assignee = form.text("assignee").to_owned();
    let asks = ["status", "priority", "assignee"].iter().any(|name| !form.text(name).is_empty());
    let change = move |ctx: &mut Ctx<'_>| {
        // Who may not change tickets hears that before anything about what was sent.
        ctx.project(Capability::EditTickets, project)?;
        let (Some(tickets), Some(assignee_id)) = (&tickets, assignee_field(ctx, &assignee)) else { return Err(Error::NotFound) };
        if tickets.len() > MOST_SELECTED {
            return Err(Error::NotFound);
        }
        let draft = Draft { assignee_id, ..draft.clone() };
        if tickets.is_empty() || !asks { Ok(None) } else { tickets::edit_all(ctx, project, tickets, &draft).map(Some) }
    };
    match visit.write(change).await {
        Ok(Some(count)) => Ok(see(&format!("{back}{}changed={count}", if back.contains('?') { '&' } else { '?' }))),
        Ok(None) => Ok(see_with(&back, "nothing-selected")),
        Err(Error::Invalid(_) | Error::NotFound) => Ok(see_with(&back, "selection-refused")),
        Err(error) => Err(error),
    }
}

/// Whose task they are to be; `None` where the form names nobody whom there could be.
fn assignee_field(ctx: &Ctx<'_>, word: &str) -> Option<Field<Id<Person>>> {
    if word.is_empty() {
        return Some(Field::Absent);
    }
    Some(match filters::assignee(word)? {
        AssigneeFilter::Nobody => Field::Null,
        AssigneeFilter::Me => Field::Value(ctx.user()?.cast()),
        AssigneeFilter::Person(id) => Field::Value(id),
    })
}
