//! A ticket as one row of a list.
//! Which tickets a list has, and in which order, is the domain's affair; how a row looks is the template's.

use super::frame::Frame;
use super::initials::initials;
use super::markdown;
use super::times::Stamp;
use crate::model::id::Id;
use crate::model::projects::Project;
use crate::model::tickets::Ticket;
use crate::store::tickets::TicketRow;

/// A row, for the macros in `ticket_lists/rows.html`.
pub(super) struct Row {
    /// Which ticket.
    pub(super) id: Id<Ticket>,
    /// The ticket's page.
    pub(super) href: String,
    /// Such as `WEB-42`.
    pub(super) code: String,
    /// The status's word.
    pub(super) status: &'static str,
    /// The priority's word.
    pub(super) priority: &'static str,
    /// What it is about.
    pub(super) title: String,
    /// Given, as one line of plain text.
    pub(super) given: String,
    /// When, likewise.
    pub(super) when: String,
    /// Then, likewise.
    pub(super) then: String,
    /// How many comments it has.
    pub(super) comments: i64,
    /// Whose task it is, in one or two letters; "" is nobody.
    pub(super) initials: String,
    /// The name; "" is nobody.
    pub(super) assignee: String,
    /// Whether it is the reader's.
    pub(super) mine: bool,
    /// When it last changed.
    pub(super) changed: Stamp,
}

/// The page of a ticket.
pub(super) fn href(project: Id<Project>, ticket: Id<Ticket>) -> String {
    format!("/workspace/projects/{project}/tickets/{ticket}")
}

impl Row {
    /// The ticket as the frame's reader sees it.
    pub(super) fn of(ticket: TicketRow, frame: &Frame) -> Self {
        let assignee = ticket.assignee_name.map_or_else(String::new, Into::into);
        let reader = frame.person.as_ref().map(|person| person.id.cast());
        Self {
            id: ticket.id,
            href: href(ticket.project_id, ticket.id),
            code: format!("{}-{}", ticket.project_code, ticket.number),
            status: ticket.status.word(),
            priority: ticket.priority.word(),
            title: ticket.title,
            given: markdown::line(&ticket.given),
            when: markdown::line(&ticket.when),
            then: markdown::line(&ticket.then),
            comments: ticket.comments_count,
            initials: if ticket.assignee_id.is_some() { initials(&assignee) } else { String::new() },
            mine: ticket.assignee_id.is_some() && ticket.assignee_id == reader,
            assignee,
            changed: frame.stamp(ticket.updated_at),
        }
    }
}
