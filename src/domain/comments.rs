//! Comments: read, written, edited and deleted, each with its line in the ticket's history.
//! The ticket itself is in `tickets`.

use super::events::{self, Changes};
use super::permissions::Capability;
use super::{Ctx, Error, Result};
use crate::model::draft::{Field, Text};
use crate::model::events::EventKind;
use crate::model::id::Id;
use crate::model::pages::Page;
use crate::model::text::Content;
use crate::model::tickets::{Comment, Ticket};
use crate::store::comments::{self as store, CommentRow, NewComment};
use crate::store::tokens::JudgedRow;
use crate::store::{tickets, tokens};

/// A page of the ticket's comments, oldest first, and how many there are in all.
pub fn list(ctx: &mut Ctx<'_>, ticket: Id<Ticket>, page: Page) -> Result<(Vec<CommentRow>, i64)> {
    let reach = ctx.ticket(Capability::ReadTickets, ticket)?;
    let total = tickets::by_id(ctx.db, ticket)?.map_or(0, |row| row.comments_count);
    Ok((store::of_ticket(ctx.db, reach.organization, ticket, page)?, total))
}

/// The serial of the ticket's project, read behind the ticket's lock.
fn lock(ctx: &mut Ctx<'_>, ticket: Id<Ticket>) -> Result<i64> {
    tickets::lock(ctx.db, ticket)?;
    match tickets::by_id(ctx.db, ticket)? {
        Some(row) if row.deleted_at.is_none() => Ok(row.key >> 32),
        _ => Err(Error::NotFound),
    }
}

/// Comments on the ticket.
pub fn create(ctx: &mut Ctx<'_>, ticket: Id<Ticket>, content: &Field<Text>) -> Result<CommentRow> {
    let reach = ctx.ticket(Capability::Comment, ticket)?;
    let content = Content::parse(content).map_err(|problem| Error::invalid("content", problem))?;
    let serial = lock(ctx, ticket)?;
    let id = ctx.new_id();
    let new = NewComment {
        id,
        organization: reach.organization,
        project: reach.project,
        serial,
        ticket,
        author: ctx.person(),
        created_at: ctx.now,
        content: content.as_str(),
    };
    store::insert(ctx.db, &new)?;
    tickets::comments_changed(ctx.db, ticket, 1)?;
    events::record(ctx, &reach, EventKind::TicketCommented, &Changes::Comment(id.uuid(), ctx.now.micros()))?;
    reread(ctx, ticket, id)
}

fn reread(ctx: &mut Ctx<'_>, ticket: Id<Ticket>, id: Id<Comment>) -> Result<CommentRow> {
    store::of_ticket_by_id(ctx.db, ticket, id)?.ok_or(Error::NotFound)
}

/// Whether the caller wrote it. A project token answers for those that it replaced.
fn is_own(ctx: &mut Ctx<'_>, comment: &CommentRow) -> Result<bool> {
    let (Some(author), Some(person)) = (comment.author_id, ctx.person()) else { return Ok(false) };
    if author == person {
        return Ok(true);
    }
    let Some(chain) = ctx.token().filter(|judged| !judged.is_personal()).map(JudgedRow::chain) else { return Ok(false) };
    Ok(tokens::chain_of_person(ctx.db, author)? == Some(chain))
}

/// One's own comment, to be changed.
pub fn own(ctx: &mut Ctx<'_>, ticket: Id<Ticket>, id: Id<Comment>) -> Result<CommentRow> {
    ctx.ticket(Capability::Comment, ticket)?;
    let comment = reread(ctx, ticket, id)?;
    if is_own(ctx, &comment)? { Ok(comment) } else { Err(Error::Forbidden) }
}

/// Changes what one's own comment says. What changes nothing leaves no trace.
pub fn edit(ctx: &mut Ctx<'_>, ticket: Id<Ticket>, id: Id<Comment>, content: &Field<Text>) -> Result<CommentRow> {
    let reach = ctx.ticket(Capability::Comment, ticket)?;
    let old = reread(ctx, ticket, id)?;
    if !is_own(ctx, &old)? {
        return Err(Error::Forbidden);
    }
    if !content.is_present() {
        return Ok(old);
    }
    let content = Content::parse(content).map_err(|problem| Error::invalid("content", problem))?;
    let serial = lock(ctx, ticket)?;
    if content.as_str() == old.content {
        return Ok(old);
    }
    store::update(ctx.db, reach.organization, serial, id, content.as_str(), ctx.now)?;
    tickets::comments_changed(ctx.db, ticket, 0)?;
    events::record(ctx, &reach, EventKind::CommentEdited, &Changes::Comment(id.uuid(), old.created_at.micros()))?;
    reread(ctx, ticket, id)
}

/// Deletes one's own comment, or as an admin anybody's.
pub fn delete(ctx: &mut Ctx<'_>, ticket: Id<Ticket>, id: Id<Comment>) -> Result<()> {
    let reach = ctx.ticket(Capability::Comment, ticket)?;
    let old = reread(ctx, ticket, id)?;
    if !is_own(ctx, &old)? {
        ctx.ticket(Capability::DeleteOthersComments, ticket)?;
    }
    lock(ctx, ticket)?;
    // Another may have deleted it while this waited for the lock.
    reread(ctx, ticket, id)?;
    store::delete(ctx.db, id)?;
    tickets::comments_changed(ctx.db, ticket, -1)?;
    events::record(ctx, &reach, EventKind::CommentDeleted, &Changes::Comment(id.uuid(), old.created_at.micros()))
}
