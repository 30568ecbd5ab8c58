//! A ticket as its page shows it: what is read for it in one go, and the words and choices that are made of that.
//! What is done with a ticket is in `tickets`; its history's sentences are in `history`.

use super::frame::Frame;
use super::gherkin::Gherkin;
use super::history::{Line, Reading, Who};
use super::initials::initials;
use super::markdown::{self, Links, Markup};
use super::parts::{Pager, label};
use super::ticket_lists::href;
use super::times::Stamp;
use crate::domain::history::{self, Entry, History, Told};
use crate::domain::mentions::{self, Mentions};
use crate::domain::permissions::Capability;
use crate::domain::reach::TicketReach;
use crate::domain::{Ctx, Error, Result, ticket_lists, tickets};
use crate::http::pages::Visit;
use crate::model::id::Id;
use crate::model::pages::Page;
use crate::model::persons::PersonKind;
use crate::model::projects::Project;
use crate::model::tickets::{Priority, Status, Ticket};
use crate::store::members::MemberRow;
use crate::store::tickets::TicketRow;

/// How many entries of the history are on a page, where all of it is asked for.
const PER_PAGE: i64 = 100;

/// Among so many members the assignee is chosen.
const MEMBERS: i64 = 200;

/// What a visit is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Address {
    /// In which project.
    pub(super) project: Id<Project>,
    /// Which ticket.
    pub(super) ticket: Id<Ticket>,
}

impl Address {
    /// As the path says.
    pub(super) fn of(visit: &Visit) -> Result<Self> {
        Ok(Self { project: visit.id("project_id")?, ticket: visit.id("ticket_id")? })
    }

    /// The path of the ticket's page.
    pub(super) fn path(self) -> String {
        path(self.project, self.ticket)
    }

    /// A ticket is found below its own project alone.
    pub(super) fn check(self, ticket: &TicketRow) -> Result<()> {
        if ticket.project_id == self.project { Ok(()) } else { Err(Error::NotFound) }
    }
}

/// The path of a ticket's page.
pub(super) fn path(project: Id<Project>, ticket: Id<Ticket>) -> String {
    format!("/workspace/projects/{project}/tickets/{ticket}")
}

/// The code, such as `WEB-42`.
pub(super) fn code(ticket: &TicketRow) -> String {
    format!("{}-{}", ticket.project_code, ticket.number)
}

/// The frame of a page below a project: its crumbs, its search, its new ticket.
pub(super) fn frame_in(ctx: &mut Ctx<'_>, visit: &Visit, project: Id<Project>, title: String) -> Result<Frame> {
    let heading = ticket_lists::heading(ctx, project)?;
    let (list, name) = (href(project), heading.project.name.as_str());
    let frame = Frame::of(ctx, visit, title)?;
    let organization = frame.organizations.iter().find(|link| link.id == heading.reach.organization).map(|link| link.name.clone());
    let frame = match organization {
        Some(name) => frame.crumb(name, "/workspace"),
        None => frame,
    };
    let frame = frame.crumb(name, list.as_str()).search_in(list.as_str(), format!("Search {name}"), "");
    Ok(if heading.reach.may(Capability::CreateTickets) { frame.new_ticket_in(format!("{list}/tickets/new")) } else { frame })
}

/// How much of the history is shown.
enum Extent {
    /// The beginning and the end.
    Edges(History),
    /// A page of all of it.
    Page(Vec<Entry>, Page, i64),
}

/// What was read for the page.
pub(super) struct Read {
    pub(super) frame: Frame,
    pub(super) reach: TicketReach,
    pub(super) ticket: TicketRow,
    /// For the comment's form.
    pub(super) once: String,
    told: Extent,
    members: Vec<MemberRow>,
    mentions: Mentions,
}

impl Read {
    /// Reads it.
    pub(super) fn of(ctx: &mut Ctx<'_>, visit: &Visit, address: Address) -> Result<Self> {
        let (reach, ticket) = tickets::look(ctx, address.ticket)?;
        address.check(&ticket)?;
        let frame = frame_in(ctx, visit, address.project, format!("{} {}", code(&ticket), ticket.title))?;
        let frame = frame.crumb(code(&ticket), address.path());
        let told = if visit.query("all").is_some() {
            let number = visit.query("page").and_then(|page| page.parse().ok()).filter(|number| (1..=1_000_000).contains(number));
            let page = Page { number: number.unwrap_or(1), size: PER_PAGE };
            let (entries, total) = history::page(ctx, address.ticket, page)?;
            Extent::Page(entries, page, total)
        } else {
            Extent::Edges(history::edges(ctx, address.ticket)?)
        };
        let members = if reach.may(Capability::EditTickets) { tickets::possible_assignees(ctx, &reach, MEMBERS)? } else { Vec::new() };
        let mentions = mentions::find(ctx, reach.organization, texts(&ticket, &told))?;
        let once = visit.fresh_once();
        Ok(Self { frame, reach, ticket, once, told, members, mentions })
    }
}

/// All texts in which codes may stand.
fn texts<'a>(ticket: &'a TicketRow, told: &'a Extent) -> impl Iterator<Item = &'a str> {
    let entries: [&[Entry]; 2] = match told {
        Extent::Edges(history) => [&history.first, &history.last],
        Extent::Page(entries, ..) => [entries, &[]],
    };
    let comments = entries.into_iter().flatten().filter_map(|entry| match &entry.told {
        Told::Comment { content, .. } => Some(content.as_str()),
        Told::Event { .. } => None,
    });
    [ticket.given.as_str(), &ticket.when, &ticket.then, ticket.notes.as_deref().unwrap_or_default()].into_iter().chain(comments)
}

/// A status, priority or assignee, as it is or could be.
#[derive(Clone)]
pub(super) struct Choice {
    /// `status`, `priority` or `assignee`.
    pub(super) kind: &'static str,
    /// What is sent.
    pub(super) value: String,
    /// What is read.
    pub(super) label: String,
    /// An assignee's face; empty is nobody.
    pub(super) initials: String,
    /// Whether the assignee is the reader.
    pub(super) mine: bool,
    /// Whether it is this already.
    pub(super) current: bool,
    /// Whether a line stands above it.
    pub(super) apart: bool,
}

/// Something that is changed in place.
pub(super) struct Fact {
    /// The field's name: `status`, `priority` or `assignee`.
    pub(super) name: &'static str,
    /// How it is called.
    pub(super) label: &'static str,
    /// What it is.
    pub(super) now: Choice,
    /// What it could be.
    pub(super) choices: Vec<Choice>,
    /// Why it is still what it was.
    pub(super) refusal: Option<String>,
}

/// All that the page says of the ticket.
pub(super) struct View {
    pub(super) path: String,
    pub(super) code: String,
    pub(super) title: String,
    pub(super) external_key: Option<String>,
    pub(super) reporter: Who,
    pub(super) created: Stamp,
    pub(super) changed: Option<Stamp>,
    pub(super) facts: Vec<Fact>,
    pub(super) given: Markup,
    pub(super) when: Markup,
    pub(super) then: Markup,
    pub(super) notes: Option<Markup>,
    pub(super) gherkin: Gherkin,
    pub(super) lines: Vec<Line>,
    pub(super) pages: Option<Pager>,
    pub(super) archived: bool,
    pub(super) is_done: bool,
    pub(super) may: May,
}

/// What the reader may do with the ticket.
pub(super) struct May {
    /// Change it.
    pub(super) edit: bool,
    /// Delete it.
    pub(super) delete: bool,
    /// Comment on it.
    pub(super) comment: bool,
}

impl View {
    /// Of what was read; the frame, the comment's form and what else is read stay outside.
    pub(super) fn of(read: Read, refusal: Option<(&str, String)>) -> (Frame, String, Self) {
        let Read { frame, reach, ticket, once, told, members, mentions } = read;
        let address = Address { project: ticket.project_id, ticket: ticket.id };
        let path = address.path();
        let ticket_path = |code: &str| mentions.get(code).map(|(project, ticket)| self::path(project, ticket));
        let links = Links { ticket: &ticket_path };
        let reading = Reading { frame: &frame, reach: &reach, links };
        let (shown, pages) = match told {
            Extent::Edges(history) => (reading.history(history, &format!("{path}?all=1#hist")), None),
            Extent::Page(entries, page, total) => (reading.lines(entries), pager(page, total, &path)),
        };
        let markup = |text: &str| markdown::html(text, &links);
        let mut facts = facts(&frame, &ticket, &members);
        if let Some((name, message)) = refusal {
            facts.iter_mut().filter(|fact| fact.name == name).for_each(|fact| fact.refusal = Some(message.clone()));
        }
        let view = Self {
            code: code(&ticket),
            reporter: reporter(&frame, &ticket),
            created: frame.stamp(ticket.created_at),
            changed: (ticket.updated_at != ticket.created_at).then(|| frame.stamp(ticket.updated_at)),
            facts,
            given: markup(&ticket.given),
            when: markup(&ticket.when),
            then: markup(&ticket.then),
            notes: ticket.notes.as_deref().map(markup),
            gherkin: Gherkin::of(&code(&ticket), &ticket.title, &ticket.given, &ticket.when, &ticket.then),
            lines: shown,
            pages,
            archived: reach.archived_at.is_some(),
            is_done: !ticket.status.is_open(),
            may: May {
                edit: reach.may(Capability::EditTickets),
                delete: reach.may(Capability::DeleteTickets),
                comment: reach.may(Capability::Comment),
            },
            title: ticket.title,
            external_key: ticket.external_key.map(|key| key.to_string()),
            path,
        };
        (frame, once, view)
    }
}

fn pager(page: Page, total: i64, path: &str) -> Option<Pager> {
    let number = |number: i64| u64::try_from(number).unwrap_or(0);
    Pager::of(number(page.number), number(page.size), number(total), |page| format!("{path}?all=1&page={page}#hist"))
}

fn reporter(frame: &Frame, ticket: &TicketRow) -> Who {
    let me = frame.person.as_ref().map(|person| person.id.uuid());
    let name = ticket.reporter_name.as_deref().unwrap_or("An administrator");
    Who {
        name: name.to_owned(),
        initials: if ticket.reporter_name.is_some() { initials(name) } else { "·".to_owned() },
        mine: ticket.reporter_id.is_some() && ticket.reporter_id.map(Id::uuid) == me,
        // The history's first line names the token.
        last_four: None,
        imported: ticket.reporter_kind == Some(PersonKind::Imported),
    }
}

fn facts(frame: &Frame, ticket: &TicketRow, members: &[MemberRow]) -> Vec<Fact> {
    let word = |kind, word: &'static str, current| Choice {
        kind,
        value: word.to_owned(),
        label: label(word),
        initials: String::new(),
        mine: false,
        current,
        apart: false,
    };
    let statuses = Status::ALL.iter().map(|status| word("status", status.word(), *status == ticket.status));
    let priorities = Priority::ALL.iter().rev().map(|priority| word("priority", priority.word(), *priority == ticket.priority));
    vec![
        Fact {
            name: "status",
            label: "Status",
            now: word("status", ticket.status.word(), true),
            choices: statuses.collect(),
            refusal: None,
        },
        Fact {
            name: "priority",
            label: "Priority",
            now: word("priority", ticket.priority.word(), true),
            choices: priorities.collect(),
            refusal: None,
        },
        assignee(frame, ticket, members),
    ]
}

/// The reader first, then the others by name, then nobody. Whoever has left stays a choice while it is theirs.
fn assignee(frame: &Frame, ticket: &TicketRow, members: &[MemberRow]) -> Fact {
    let me = frame.person.as_ref().map(|person| person.id.uuid());
    let current = ticket.assignee_id.map(Id::uuid);
    let person = |id: uuid::Uuid, name: &str| Choice {
        kind: "assignee",
        value: id.to_string(),
        label: name.to_owned(),
        initials: initials(name),
        mine: Some(id) == me,
        current: Some(id) == current,
        apart: false,
    };
    let nobody = Choice {
        kind: "assignee",
        value: String::new(),
        label: "Nobody".to_owned(),
        initials: String::new(),
        mine: false,
        current: current.is_none(),
        apart: true,
    };
    let now = match (current, &ticket.assignee_name) {
        (Some(id), Some(name)) => person(id, name),
        _ => nobody.clone(),
    };
    let mut choices: Vec<Choice> = members.iter().map(|member| person(member.id.uuid(), &member.name)).collect();
    for missing in [me.zip(frame.person.as_ref().map(|person| person.name.as_str())), current.zip(ticket.assignee_name.as_deref())] {
        if let Some((id, name)) = missing
            && !members.iter().any(|member| member.id.uuid() == id)
        {
            choices.push(person(id, name));
        }
    }
    choices.sort_by_key(|choice| !choice.mine);
    choices.push(nobody);
    Fact { name: "assignee", label: "Assignee", now, choices, refusal: None }
}
