//! What stands on somebody's workspace: their own open tickets, what changed lately, and the projects that they reach.
//! Lists with filters are in `ticket_lists`, the history of one ticket in `events`.

use std::collections::HashMap;

use super::events::Changes;
use super::permissions::Capability;
use super::token_settings::{self, Listed, State};
use super::{Ctx, Error, Result};
use crate::model::events::EventKind;
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::pages::Page;
use crate::model::persons::Person;
use crate::model::tickets::{Priority, Status};
use crate::store::organizations::MembershipRow;
use crate::store::persons::{self, PersonRow};
use crate::store::projects::{self, ProjectDetails};
use crate::store::tickets::TicketRow;
use crate::store::workspace::{self as store, Mine, RecentRow};

/// How many of one's own tickets are shown.
const MINE: i64 = 10;

/// Beyond this many of one's own tickets nothing is counted.
pub const MINE_COUNTED: i64 = 1_000;

/// How many lines say what changed lately.
const LINES: usize = 15;

/// How many events are looked at for them: some go, because their ticket is gone, and some become one line.
const EVENTS: i64 = 60;

/// How many of an organization's projects are shown at once.
pub const PROJECTS: i64 = 100;

/// All of it.
#[derive(Debug)]
pub struct Workspace {
    /// The caller's most urgent open tickets.
    pub mine: Vec<TicketRow>,
    /// How many the caller has in all, counted up to [`MINE_COUNTED`].
    pub mine_count: i64,
    /// What changed lately, newest first.
    pub lately: Vec<Happening>,
    /// The organizations that the caller reaches.
    pub organizations: Vec<Place>,
    /// The caller's own tokens that end soon and have no successor yet.
    pub ending: Vec<Listed>,
}

/// An organization with its projects.
#[derive(Debug)]
pub struct Place {
    /// Which, and what the caller is there.
    pub organization: MembershipRow,
    /// Its projects by name, at the most [`PROJECTS`].
    pub projects: Vec<ProjectDetails>,
    /// Which page of them.
    pub page: Page,
    /// How many there are in all.
    pub total: i64,
}

/// One line of what changed lately.
#[derive(Debug)]
pub struct Happening {
    /// What, when, by whom, to which ticket.
    pub event: RecentRow,
    /// What it became.
    pub detail: Detail,
    /// How many such events in a row it stands for: tickets filed by one person in one project.
    pub count: usize,
}

/// What something became.
#[derive(Debug, PartialEq, Eq)]
pub enum Detail {
    /// The event says it all.
    None,
    /// It has this status now.
    Status(Status),
    /// It has this priority now.
    Priority(Priority),
    /// It is this person's task now.
    Assignee(Option<PersonRow>),
}

/// The caller's workspace. Projects of `turned` are shown from its page on, those of the other organizations from their first.
pub fn read(ctx: &mut Ctx<'_>, turned: Option<(Id<Organization>, i64)>) -> Result<Workspace> {
    let reached = ctx.organizations(Capability::ReadWorkspace)?;
    let ids: Vec<_> = reached.iter().map(|row| row.id).collect();
    let (mine, mine_count) = mine(ctx, &ids)?;
    let lately = lately(ctx, &ids)?;
    let organizations = reached.into_iter().map(|organization| {
        let number = turned.filter(|(id, _)| *id == organization.id).map_or(1, |(_, number)| number);
        let page = Page { number, size: PROJECTS };
        let projects = projects::of_organization(ctx.db, organization.id, page)?;
        let few = page.number == 1 && projects.len() < usize::try_from(PROJECTS).unwrap_or(usize::MAX);
        let total = if few { i64::try_from(projects.len()).unwrap_or(0) } else { projects::count(ctx.db, organization.id)? };
        Ok(Place { organization, projects, page, total })
    });
    let organizations = organizations.collect::<Result<_>>()?;
    Ok(Workspace { mine, mine_count, lately, organizations, ending: ending(ctx)? })
}

fn ending(ctx: &mut Ctx<'_>) -> Result<Vec<Listed>> {
    let (living, now) = (token_settings::own_living(ctx)?, ctx.now);
    Ok(living.into_iter().filter(|listed| listed.state == State::Active && listed.ends_soon(now)).collect())
}

fn mine(ctx: &mut Ctx<'_>, organizations: &[Id<Organization>]) -> Result<(Vec<TicketRow>, i64)> {
    let Some(person) = ctx.user().map(Id::cast::<Person>).filter(|_| !organizations.is_empty()) else { return Ok((Vec::new(), 0)) };
    let without = projects::deleted_in(ctx.db, organizations)?;
    let mine = Mine { organizations: organizations.to_vec(), person, without };
    let tickets = store::mine(ctx.db, &mine, MINE)?;
    let found = i64::try_from(tickets.len()).unwrap_or(0);
    let count = if found < MINE { found } else { store::count_mine(ctx.db, &mine, MINE_COUNTED)?.min(MINE_COUNTED) };
    Ok((tickets, count))
}

fn lately(ctx: &mut Ctx<'_>, organizations: &[Id<Organization>]) -> Result<Vec<Happening>> {
    let mut people = HashMap::new();
    let mut lines: Vec<Happening> = Vec::new();
    for event in store::recent(ctx.db, organizations, EVENTS)? {
        // That it was closed stands in the change of its status already.
        if event.kind == EventKind::TicketClosed {
            continue;
        }
        if let Some(last) = lines.last_mut().filter(|last| is_more_of_the_same(&last.event, &event)) {
            last.count += 1;
            continue;
        }
        if lines.len() == LINES {
            break;
        }
        let detail = detail(ctx, &mut people, &event)?;
        lines.push(Happening { event, detail, count: 1 });
    }
    Ok(lines)
}

/// Whether the one line can say both: filed by one person in one project.
fn is_more_of_the_same(line: &RecentRow, event: &RecentRow) -> bool {
    let filed = line.kind == EventKind::TicketCreated && event.kind == EventKind::TicketCreated;
    filed && line.actor_id == event.actor_id && line.project_id == event.project_id
}

fn detail(ctx: &mut Ctx<'_>, people: &mut HashMap<uuid::Uuid, Option<PersonRow>>, event: &RecentRow) -> Result<Detail> {
    if !matches!(event.kind, EventKind::TicketStatusChanged | EventKind::TicketPriorityChanged | EventKind::TicketAssigned) {
        return Ok(Detail::None);
    }
    let changes = serde_json::from_str(&event.changes)
        .map_err(|error| Error::Internal(format!("an event of ticket {}: {error}", event.ticket_id)))?;
    Ok(match changes {
        Changes::Status(_, new) => Status::from_word(&new).map_or(Detail::None, Detail::Status),
        Changes::Priority(_, new) => Priority::from_word(&new).map_or(Detail::None, Detail::Priority),
        Changes::Assignee(Some(id)) => {
            if let Some(person) = people.get(&id) {
                return Ok(Detail::Assignee(person.clone()));
            }
            let person = persons::by_id(ctx.db, Id::from_uuid(id))?;
            people.insert(id, person.clone());
            Detail::Assignee(person)
        }
        Changes::Assignee(None) => Detail::Assignee(None),
        Changes::None | Changes::Comment(..) | Changes::Texts(_) => Detail::None,
    })
}
