//! What can happen to a ticket, and through which door it came.
//! Who writes history and what webhooks make of it is the domain's affair.

use std::fmt;

use super::tickets::words;

/// The noun of `Id<Event>`.
pub enum Event {}

words! {
    /// The events of the contract; the first six are those of the webhooks.
    EventKind {
        /// A ticket was filed.
        TicketCreated = "ticket_created",
        /// Its status changed.
        TicketStatusChanged = "ticket_status_changed",
        /// Its assignee changed.
        TicketAssigned = "ticket_assigned",
        /// Its priority changed.
        TicketPriorityChanged = "ticket_priority_changed",
        /// Somebody commented.
        TicketCommented = "ticket_commented",
        /// Its status became `closed`.
        TicketClosed = "ticket_closed",
        /// A text of it changed.
        TicketEdited = "ticket_edited",
        /// It was deleted.
        TicketDeleted = "ticket_deleted",
        /// It was brought back.
        TicketRestored = "ticket_restored",
        /// A comment's text changed.
        CommentEdited = "comment_edited",
        /// A comment was deleted.
        CommentDeleted = "comment_deleted",
    }
}

words! {
    /// The door through which a change came.
    Via {
        /// The REST API.
        Api = "api",
        /// A page.
        Web = "web",
        /// A tool of the MCP server.
        Mcp = "mcp",
        /// An import.
        Import = "import",
        /// An `admin` command.
        Command = "command",
    }
}
