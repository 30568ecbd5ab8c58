//! Tickets: filed, read, changed, deleted and restored, each with its history.
//! Lists are in `ticket_lists`, comments in `comments`.

use std::collections::BTreeSet;

use super::error::refuse;
use super::events::{self, Changes};
use super::opened::Opened;
use super::permissions::Capability;
use super::reach::TicketReach;
use super::{Ctx, Error, Result, idempotency};
use crate::model::draft::{Field, Text};
use crate::model::events::EventKind;
use crate::model::id::Id;
use crate::model::organizations::Organization;
use crate::model::pages::Page;
use crate::model::persons::Person;
use crate::model::problems::{Problem, Problems};
use crate::model::projects::Project;
use crate::model::text::{Clause, Notes, Title};
use crate::model::tickets::{Priority, Status, Ticket};
use crate::model::time::Span;
use crate::model::users::User;
use crate::store::members::MemberRow;
use crate::store::projects::StatusCounts;
use crate::store::tickets::{self as store, ChangedTicket, NewTicket, Texts, TicketRow};
use crate::store::{members, projects};

/// How long a deleted ticket can be restored.
pub const BIN: Span = Span::days(30);

/// What somebody sent as a ticket, or as a change of one.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// What it is about.
    pub title: Field<Text>,
    /// Given …
    pub given: Field<Text>,
    /// … when …
    pub when: Field<Text>,
    /// … then.
    pub then: Field<Text>,
    /// What else there is to say.
    pub notes: Field<Text>,
    /// How urgent it is.
    pub priority: Field<Text>,
    /// How far it has come.
    pub status: Field<Text>,
    /// Whose task it is.
    pub assignee_id: Field<Id<Person>>,
    /// In which project.
    pub project_id: Field<Id<Project>>,
}

/// The state of the ticket from which a change sets out: what `If-Match` says, or what a form showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Whichever it is.
    Any,
    /// One of these versions.
    Versions(Vec<i64>),
    /// The texts as they were then. What else changed since does not matter to who writes texts.
    Opened(Opened),
}

impl Expected {
    /// Before all else.
    fn check(&self, old: &TicketRow) -> Result<()> {
        match self {
            Self::Versions(versions) if !versions.contains(&old.version) => Err(Error::Stale),
            Self::Any | Self::Versions(_) | Self::Opened(_) => Ok(()),
        }
    }

    /// Once it is clear that something would be written over.
    fn check_texts(&self, old: &TicketRow) -> Result<()> {
        match self {
            Self::Opened(opened) if !opened.still_stands(old) => Err(Error::Stale),
            Self::Any | Self::Versions(_) | Self::Opened(_) => Ok(()),
        }
    }
}

/// Files a ticket in the project that the draft names, or in the token's own.
pub fn create(ctx: &mut Ctx<'_>, draft: &Draft) -> Result<TicketRow> {
    ctx.allow(Capability::CreateTickets)?;
    let own = ctx.token().and_then(|judged| judged.own_project_id);
    let Some(project) = draft.project_id.value().copied().or(own) else {
        // There is no project to judge, so this is the place where a repeat gets its answer.
        idempotency::once(ctx)?;
        return Err(without_project(draft));
    };
    let project = ctx.project(Capability::CreateTickets, project)?;
    let mut problems = Problems::new();
    let parsed = parse(draft, &mut problems);
    let assignee = problems.take("assignee_id", assignee(ctx, &draft.assignee_id, project.organization)?).flatten();
    refuse(problems)?;
    let Some((title, given, when, then, notes, priority)) = parsed else {
        return Err(Error::Internal("a draft without problems is missing".to_owned()));
    };
    let id = ctx.new_id();
    let reach =
        TicketReach { id, project: project.id, organization: project.organization, archived_at: project.archived_at, role: project.role };
    // The counters last among what may fail, since their row stays locked to the end; the ticket needs its number, so it comes after.
    let number = projects::take_numbers(ctx.db, project.id, &StatusCounts::default().and(Status::Open, 1))?;
    let new = NewTicket {
        id,
        organization: project.organization,
        project: project.id,
        serial: project.serial,
        code: &project.code,
        number,
        status: Status::Open,
        priority,
        reporter: ctx.person(),
        assignee,
        comments: 0,
        created_at: ctx.now,
        updated_at: ctx.now,
        external_key: None,
        texts: Texts { title: title.as_str(), given: given.as_str(), when: when.as_str(), then: then.as_str(), notes: notes.as_deref() },
    };
    store::insert(ctx.db, &new)?;
    events::record(ctx, &reach, EventKind::TicketCreated, &Changes::None)?;
    reread(ctx, id)
}

type Parsed = (Title, Clause, Clause, Clause, Notes, Priority);

fn parse(draft: &Draft, problems: &mut Problems) -> Option<Parsed> {
    let title = problems.take("title", Title::parse(&draft.title));
    let given = problems.take("given", Clause::parse(&draft.given));
    let when = problems.take("when", Clause::parse(&draft.when));
    let then = problems.take("then", Clause::parse(&draft.then));
    let notes = problems.take("notes", Notes::parse(&draft.notes));
    let priority = problems.take("priority", Priority::parse(&draft.priority));
    Some((title?, given?, when?, then?, notes?, priority?))
}

/// A personal token has to say in which project: all of the body's problems at once.
fn without_project(draft: &Draft) -> Error {
    let mut problems = Problems::new();
    problems.add("project_id", Problem::Blank);
    parse(draft, &mut problems);
    Error::Invalid(problems)
}

/// The assignee, who has to be a member of the organization; whoever is not might not exist at all.
fn assignee(
    ctx: &mut Ctx<'_>,
    field: &Field<Id<Person>>,
    organization: Id<Organization>,
) -> Result<std::result::Result<Option<Id<Person>>, Problem>> {
    let Some(id) = field.value() else { return Ok(Ok(None)) };
    let member = members::role(ctx.db, organization, id.cast::<User>())?;
    Ok(if member.is_some() { Ok(Some(*id)) } else { Err(Problem::Invalid) })
}

/// The ticket as it is now.
fn reread(ctx: &mut Ctx<'_>, id: Id<Ticket>) -> Result<TicketRow> {
    store::by_id(ctx.db, id)?.ok_or_else(|| Error::Internal(format!("ticket {id} is gone within its transaction")))
}

/// The ticket.
pub fn get(ctx: &mut Ctx<'_>, id: Id<Ticket>) -> Result<TicketRow> {
    ctx.read_ticket(Capability::ReadTickets, id)
}

/// The ticket, with what tells what more the caller may do with it.
pub fn look(ctx: &mut Ctx<'_>, id: Id<Ticket>) -> Result<(TicketReach, TicketRow)> {
    ctx.reach_and_read_ticket(Capability::ReadTickets, id)
}

/// The deleted ticket, for those who can still restore it; for all others there is none.
pub fn deleted(ctx: &mut Ctx<'_>, id: Id<Ticket>) -> Result<TicketRow> {
    match ctx.ticket_in_bin_or_out(Capability::DeleteTickets, id) {
        Err(Error::Forbidden) => return Err(Error::NotFound),
        outcome => outcome?,
    };
    let row = reread(ctx, id)?;
    let restorable = row.deleted_at.is_some_and(|deleted_at| ctx.now.since(deleted_at) < BIN);
    if restorable { Ok(row) } else { Err(Error::NotFound) }
}

/// Those whose task the ticket can become: the organization's members by name, so many at the most.
pub fn possible_assignees(ctx: &mut Ctx<'_>, reach: &TicketReach, most: i64) -> Result<Vec<MemberRow>> {
    Ok(members::of_organization(ctx.db, reach.organization, Page { number: 1, size: most })?)
}

/// Changes what the draft carries, and nothing else. What changes nothing leaves no trace.
pub fn edit(ctx: &mut Ctx<'_>, id: Id<Ticket>, draft: &Draft, expected: &Expected) -> Result<TicketRow> {
    let reach = live(ctx, Capability::EditTickets, id)?;
    let old = reread(ctx, id)?;
    expected.check(&old)?;
    let mut problems = Problems::new();
    let changed = change(ctx, &old, draft, &mut problems)?;
    // A form that was sent twice finds its own texts there the second time, and has nothing to say against them.
    if problems.is_empty() && changed.as_ref().is_some_and(|changed| changed.is_same(&old)) {
        return Ok(old);
    }
    expected.check_texts(&old)?;
    refuse(problems)?;
    let Some(changed) = changed else { return Err(Error::Internal("a change without problems is missing".to_owned())) };
    let texts_changed = changed.texts_changed(&old);
    store::update(ctx.db, &old, &changed.as_row(), texts_changed, ctx.now)?;
    record_changes(ctx, &reach, &old, &changed)?;
    if changed.status != old.status {
        projects::count_change(ctx.db, reach.project, &StatusCounts::default().and(old.status, -1).and(changed.status, 1))?;
    }
    reread(ctx, id)
}

/// Changes those texts that differ from what a form showed when it was opened. `Stale` when somebody else changed a text meanwhile.
pub fn edit_texts(ctx: &mut Ctx<'_>, id: Id<Ticket>, draft: &Draft, opened: &Opened) -> Result<TicketRow> {
    edit(ctx, id, &opened.leave_out_untouched(draft), &Expected::Opened(opened.clone()))
}

/// Changes several tickets of one project alike, all of them or none; the answer is how many are different now.
pub fn edit_all(ctx: &mut Ctx<'_>, project: Id<Project>, ids: &[Id<Ticket>], draft: &Draft) -> Result<usize> {
    let project = ctx.project(Capability::EditTickets, project)?;
    // In one order, so that two who change the same tickets wait for each other once.
    let ids: BTreeSet<_> = ids.iter().copied().collect();
    let mut changed = 0;
    for id in ids {
        let old = ctx.read_ticket(Capability::EditTickets, id)?;
        if old.project_id != project.id {
            return Err(Error::NotFound);
        }
        let new = edit(ctx, id, draft, &Expected::Any)?;
        changed += usize::from(new.version != old.version);
    }
    Ok(changed)
}

/// The ticket, locked and not deleted.
fn live(ctx: &mut Ctx<'_>, capability: Capability, id: Id<Ticket>) -> Result<TicketReach> {
    let reach = ctx.ticket(capability, id)?;
    store::lock(ctx.db, id)?;
    // Read again behind the lock: it may have been deleted while this waited.
    let now = reread(ctx, id)?;
    if now.deleted_at.is_some() { Err(Error::NotFound) } else { Ok(reach) }
}

/// What a ticket becomes by a draft.
#[derive(Debug)]
struct Change {
    title: String,
    given: String,
    when: String,
    then: String,
    notes: Option<String>,
    status: Status,
    priority: Priority,
    assignee: Option<Id<Person>>,
}

impl Change {
    fn is_same(&self, old: &TicketRow) -> bool {
        !self.texts_changed(old) && self.status == old.status && self.priority == old.priority && self.assignee == old.assignee_id
    }

    fn texts_changed(&self, old: &TicketRow) -> bool {
        self.title != old.title || self.given != old.given || self.when != old.when || self.then != old.then || self.notes != old.notes
    }

    fn as_row(&self) -> ChangedTicket<'_> {
        let texts = Texts { title: &self.title, given: &self.given, when: &self.when, then: &self.then, notes: self.notes.as_deref() };
        ChangedTicket { texts, status: self.status, priority: self.priority, assignee: self.assignee }
    }
}

/// Only what the draft carries is validated, so that an imported ticket with long texts can still be changed.
fn change(ctx: &mut Ctx<'_>, old: &TicketRow, draft: &Draft, problems: &mut Problems) -> Result<Option<Change>> {
    fn kept<T>(
        problems: &mut Problems,
        name: &'static str,
        present: bool,
        parse: impl FnOnce() -> std::result::Result<T, Problem>,
        old: impl FnOnce() -> T,
    ) -> Option<T> {
        if present { problems.take(name, parse()) } else { Some(old()) }
    }
    let clause = |problems: &mut Problems, name, field: &Field<Text>, old: &String| {
        kept(problems, name, field.is_present(), || Clause::parse(field).map(Clause::into_string), || old.clone())
    };
    let title =
        kept(problems, "title", draft.title.is_present(), || Title::parse(&draft.title).map(Title::into_string), || old.title.clone());
    let given = clause(problems, "given", &draft.given, &old.given);
    let when = clause(problems, "when", &draft.when, &old.when);
    let then = clause(problems, "then", &draft.then, &old.then);
    let notes =
        kept(problems, "notes", draft.notes.is_present(), || Notes::parse(&draft.notes).map(Notes::into_option), || old.notes.clone());
    let status = kept(problems, "status", draft.status.is_present(), || Status::parse(&draft.status), || old.status);
    let priority = kept(problems, "priority", draft.priority.is_present(), || Priority::parse(&draft.priority), || old.priority);
    let assignee = match &draft.assignee_id {
        Field::Absent => Some(old.assignee_id),
        // Who has left may stay what they are.
        Field::Value(id) if Some(*id) == old.assignee_id => Some(old.assignee_id),
        field => problems.take("assignee_id", assignee(ctx, field, old.organization_id)?),
    };
    match &draft.project_id {
        Field::Null => problems.add("project_id", Problem::Blank),
        Field::Value(id) if *id != old.project_id => problems.add("project_id", Problem::CannotChange),
        Field::Absent | Field::Value(_) => {}
    }
    let (Some(title), Some(given), Some(when), Some(then), Some(notes), Some(status), Some(priority), Some(assignee)) =
        (title, given, when, then, notes, status, priority, assignee)
    else {
        return Ok(None);
    };
    Ok(Some(Change { title, given, when, then, notes, status, priority, assignee }))
}

/// One event for each kind of change, in a fixed order.
fn record_changes(ctx: &mut Ctx<'_>, reach: &TicketReach, old: &TicketRow, new: &Change) -> Result<()> {
    let mut texts = Vec::new();
    for (name, before, after) in [
        ("title", &old.title, &new.title),
        ("given", &old.given, &new.given),
        ("when", &old.when, &new.when),
        ("then", &old.then, &new.then),
    ] {
        if before != after {
            texts.push((name.to_owned(), Some(before.clone()), Some(after.clone())));
        }
    }
    if old.notes != new.notes {
        texts.push(("notes".to_owned(), old.notes.clone(), new.notes.clone()));
    }
    if !texts.is_empty() {
        events::record(ctx, reach, EventKind::TicketEdited, &Changes::Texts(texts))?;
    }
    if old.status != new.status {
        let changes = Changes::Status(old.status.word().to_owned(), new.status.word().to_owned());
        events::record(ctx, reach, EventKind::TicketStatusChanged, &changes)?;
        if new.status == Status::Closed {
            events::record(ctx, reach, EventKind::TicketClosed, &changes)?;
        }
    }
    if old.priority != new.priority {
        let changes = Changes::Priority(old.priority.word().to_owned(), new.priority.word().to_owned());
        events::record(ctx, reach, EventKind::TicketPriorityChanged, &changes)?;
    }
    if old.assignee_id != new.assignee {
        events::record(ctx, reach, EventKind::TicketAssigned, &Changes::Assignee(new.assignee.map(Id::uuid)))?;
    }
    Ok(())
}

/// Deletes the ticket. It can be restored for [`BIN`], then it is purged; its number is never used again.
pub fn delete(ctx: &mut Ctx<'_>, id: Id<Ticket>, expected: &Expected) -> Result<()> {
    let reach = live(ctx, Capability::DeleteTickets, id)?;
    let old = reread(ctx, id)?;
    expected.check(&old)?;
    expected.check_texts(&old)?;
    store::set_deleted(ctx.db, &old, Some(ctx.now), ctx.now)?;
    events::record(ctx, &reach, EventKind::TicketDeleted, &Changes::None)?;
    projects::count_change(ctx.db, reach.project, &StatusCounts::default().and(old.status, -1))?;
    Ok(())
}

/// Brings a deleted ticket back. One that is not deleted stays as it is.
pub fn restore(ctx: &mut Ctx<'_>, id: Id<Ticket>) -> Result<TicketRow> {
    let reach = ctx.ticket_in_bin_or_out(Capability::DeleteTickets, id)?;
    store::lock(ctx.db, id)?;
    let old = reread(ctx, id)?;
    let Some(deleted_at) = old.deleted_at else { return Ok(old) };
    if ctx.now.since(deleted_at) >= BIN {
        return Err(Error::NotFound);
    }
    store::set_deleted(ctx.db, &old, None, ctx.now)?;
    events::record(ctx, &reach, EventKind::TicketRestored, &Changes::None)?;
    projects::count_change(ctx.db, reach.project, &StatusCounts::default().and(old.status, 1))?;
    reread(ctx, id)
}
