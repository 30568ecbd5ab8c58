//! The documentation of the API: five pages, for strangers as for members, in which this server speaks of itself.
//! What may be done is read from the domain's tables and what is shown from files; nothing is decided here.

mod examples;
mod paint;
mod tables;

use std::sync::Arc;

use askama::Template;

use self::examples::{Examples, Language};
use self::tables::{RightRow, ScopeRow};
use super::answers;
use super::frame::Frame;
use crate::domain::{Result, tickets, tokens};
use crate::http::answer::Answer;
use crate::http::pages::Visit;
use crate::model::events::{EventKind, Via};
use crate::model::problems::Problem;
use crate::model::text::{Clause, Title};
use crate::model::tickets::{Priority, Status};
use crate::model::time::Span;
use crate::store::ticket_lists::COUNT_LIMIT;

/// In which language the reader wants the examples; the page's script sets it.
const COOKIE: &str = "lang";

/// A page of the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Page {
    href: &'static str,
    title: &'static str,
    lead: &'static str,
    drawing: &'static str,
}

const INTRODUCTION: Page =
    Page { href: "/documentation", title: "Introduction", lead: "File, read and change bugs from your own programs.", drawing: "book" };
const AUTHENTICATION: Page = Page {
    href: "/documentation/authentication",
    title: "Authentication",
    lead: "Every request carries a token. There are two kinds.",
    drawing: "key",
};
const TICKETS: Page =
    Page { href: "/documentation/tickets", title: "Tickets", lead: "Lists, single tickets, comments and history.", drawing: "talk" };
const PROJECTS: Page =
    Page { href: "/documentation/projects", title: "Projects", lead: "Where tickets are filed, and who belongs there.", drawing: "folder" };
const ERRORS: Page = Page {
    href: "/documentation/errors",
    title: "Errors and limits",
    lead: "What is said when something cannot be done, and how often one may ask.",
    drawing: "warn",
};

const PAGES: [Page; 5] = [INTRODUCTION, AUTHENTICATION, TICKETS, PROJECTS, ERRORS];

/// A link to a page of the documentation.
struct PageLink {
    href: &'static str,
    title: &'static str,
    drawing: &'static str,
    current: bool,
}

/// What the pages tell besides their prose.
struct Book {
    page: Page,
    examples: Examples,
    base_url: Arc<str>,
    limits: [Option<u32>; 2],
}

impl Book {
    fn open(visit: &Visit, page: Page) -> Self {
        let front = visit.front();
        let base_url = front.app.base_url();
        let limits = [front.limiter.authenticated(), front.limiter.anonymous()].map(|limit| (limit > 0).then_some(limit));
        Self { page, examples: Examples::new(Arc::clone(&base_url), chosen(visit)), base_url, limits }
    }

    fn pages(&self) -> [PageLink; 5] {
        PAGES.map(|page| PageLink { href: page.href, title: page.title, drawing: page.drawing, current: page == self.page })
    }

    fn limit_with_token(&self) -> Option<u32> {
        self.limits[0]
    }

    fn limit_without(&self) -> Option<u32> {
        self.limits[1]
    }

    fn scopes() -> Vec<ScopeRow> {
        tables::scopes()
    }

    fn rights() -> Vec<RightRow> {
        tables::rights()
    }

    fn roles() -> impl Iterator<Item = &'static str> {
        tables::roles()
    }

    fn statuses() -> impl Iterator<Item = &'static str> {
        Status::ALL.iter().map(|status| status.word())
    }

    fn priorities() -> impl Iterator<Item = &'static str> {
        Priority::ALL.iter().map(|priority| priority.word())
    }

    fn doors() -> impl Iterator<Item = &'static str> {
        Via::ALL.iter().map(|via| via.word())
    }

    fn events() -> impl Iterator<Item = (&'static str, &'static str)> {
        EventKind::ALL.iter().map(|event| (event.word(), changes(*event)))
    }

    fn problems() -> [Problem; 7] {
        [
            Problem::Blank,
            Problem::TooShort(Clause::MINIMUM),
            Problem::TooLong(Title::MAXIMUM),
            Problem::NotIncluded,
            Problem::Taken,
            Problem::CannotChange,
            Problem::Invalid,
        ]
    }

    fn count_limit() -> i64 {
        COUNT_LIMIT
    }

    fn bin() -> i64 {
        days(tickets::BIN)
    }

    fn usual_life() -> i64 {
        days(tokens::USUAL_LIFE)
    }

    fn longest_chain() -> i64 {
        days(tokens::LONGEST_CHAIN)
    }

    fn longest_overlap() -> i64 {
        tokens::LONGEST_OVERLAP.whole_seconds()
    }
}

fn days(span: Span) -> i64 {
    span.whole_seconds() / 86_400
}

/// What an event's `changes` hold.
const fn changes(event: EventKind) -> &'static str {
    match event {
        EventKind::TicketStatusChanged | EventKind::TicketClosed => "old_status and new_status",
        EventKind::TicketPriorityChanged => "old_priority and new_priority",
        EventKind::TicketAssigned => "assignee: a person, or null",
        EventKind::TicketCommented | EventKind::CommentEdited | EventKind::CommentDeleted => "comment: its id, content and created_at",
        EventKind::TicketEdited => "each text that changed, with its old and its new one",
        EventKind::TicketCreated | EventKind::TicketDeleted | EventKind::TicketRestored => "nothing",
    }
}

/// The language that the reader chose, on this page or another.
fn chosen(visit: &Visit) -> Language {
    visit.cookie(COOKIE).and_then(Language::from_word).unwrap_or(Language::Curl)
}

async fn frame(visit: &Visit, page: Page) -> Result<Frame> {
    let own = visit.clone();
    let frame = visit.read(move |ctx| Frame::of(ctx, &own, page.title)).await?.crumb("Documentation", INTRODUCTION.href);
    Ok(if page == INTRODUCTION { frame } else { frame.crumb(page.title, page.href) })
}

/// Declares a page: its function, and its template.
macro_rules! pages {
    ($($(#[$doc:meta])* $name:ident $template:ident $path:literal $page:ident;)+) => {$(
        #[derive(Template)]
        #[template(path = $path)]
        struct $template {
            frame: Frame,
            book: Book,
        }

        $(#[$doc])*
        pub(super) async fn $name(visit: Visit) -> Result<Answer> {
            let frame = frame(&visit, $page).await?;
            answers::page(&$template { frame, book: Book::open(&visit, $page) })
        }
    )+};
}

pages! {
    /// `GET /documentation`
    introduction Introduction "documentation/index.html" INTRODUCTION;
    /// `GET /documentation/authentication`
    authentication Authentication "documentation/authentication.html" AUTHENTICATION;
    /// `GET /documentation/tickets`
    tickets_page Tickets "documentation/tickets.html" TICKETS;
    /// `GET /documentation/projects`
    projects Projects "documentation/projects.html" PROJECTS;
    /// `GET /documentation/errors`
    errors Errors "documentation/errors.html" ERRORS;
}
