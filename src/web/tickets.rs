//! The page of a ticket, and what is done on it in place: status, priority, assignee, deletion and restoration.
//! New tickets and edits of texts are in `ticket_forms`, comments in `comments`.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};

use super::answers::{page, page_with, see, see_with};
use super::frame::Frame;
use super::gherkin::Gherkin;
use super::ticket_view::{Address, Read, View, code, frame_in};
use super::times::Stamp;
use crate::domain::tickets::{self as domain, BIN, Draft, Expected};
use crate::domain::{Error, Result};
use crate::http::answer::Answer;
use crate::http::pages::Visit;
use crate::model::draft::Field;
use crate::model::problems::{Problem, Problems};
use crate::store::tickets::TicketRow;

/// The ticket.
#[derive(Template)]
#[template(path = "tickets/page.html")]
struct TicketPage {
    frame: Frame,
    view: View,
    comment: Option<Writing>,
}

/// The form for a comment.
struct Writing {
    once: String,
    text: String,
    errors: Vec<String>,
}

/// A deleted ticket.
#[derive(Template)]
#[template(path = "tickets/deleted.html")]
struct DeletedPage {
    frame: Frame,
    path: String,
    code: String,
    title: String,
    deleted: Stamp,
    end: Stamp,
}

/// What was asked for on the page and not done.
pub(super) enum Refused {
    /// A fact has stayed what it was.
    Fact {
        /// Which.
        name: &'static str,
        /// Why.
        message: String,
    },
    /// A comment was not written.
    Comment {
        /// What was typed.
        text: String,
        /// What is wrong with it.
        errors: Vec<String>,
    },
}

enum Seen {
    Live(Box<Read>),
    Deleted(Box<(Frame, TicketRow)>),
}

/// The ticket, or for those who can restore it that it was deleted.
pub(super) async fn show(visit: Visit) -> Result<Answer> {
    let address = Address::of(&visit)?;
    let own = visit.clone();
    let seen = visit.read(move |ctx| match Read::of(ctx, &own, address) {
        Ok(read) => Ok(Seen::Live(Box::new(read))),
        Err(Error::NotFound) => {
            let ticket = domain::deleted(ctx, address.ticket)?;
            address.check(&ticket)?;
            let frame = frame_in(ctx, &own, address.project, format!("{} (deleted)", code(&ticket)))?;
            Ok(Seen::Deleted(Box::new((frame.crumb(code(&ticket), address.path()), ticket))))
        }
        Err(error) => Err(error),
    });
    match seen.await? {
        Seen::Live(read) => page(&whole(*read, None)),
        Seen::Deleted(deleted) => {
            let (frame, ticket) = *deleted;
            let deleted_at = ticket.deleted_at.unwrap_or(ticket.updated_at);
            let (deleted, end) = (frame.stamp(deleted_at), frame.stamp(deleted_at.plus(BIN)));
            page(&DeletedPage { frame, path: address.path(), code: code(&ticket), title: ticket.title, deleted, end })
        }
    }
}

fn whole(read: Read, refused: Option<Refused>) -> TicketPage {
    let (mut fact, mut text, mut errors) = (None, String::new(), Vec::new());
    match refused {
        Some(Refused::Fact { name, message }) => fact = Some((name, message)),
        Some(Refused::Comment { text: typed, errors: wrong }) => (text, errors) = (typed, wrong),
        None => {}
    }
    let (frame, once, view) = View::of(read, fact);
    let comment = view.may.comment.then_some(Writing { once, text, errors });
    TicketPage { frame, view, comment }
}

/// The page as it is, with what was refused.
pub(super) async fn refused(visit: &Visit, address: Address, refused: Refused) -> Result<Answer> {
    let own = visit.clone();
    let read = visit.read(move |ctx| Read::of(ctx, &own, address)).await?;
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &whole(read, Some(refused)))
}

/// Changes the one fact that the form carries.
pub(super) async fn change_fact(visit: Visit) -> Result<Answer> {
    let address = Address::of(&visit)?;
    let (name, label, draft) = fact(&visit);
    let work = move |ctx: &mut crate::domain::Ctx<'_>| {
        address.check(&domain::get(ctx, address.ticket)?)?;
        // What names nothing changes nothing, but first it is judged whether the reader may change anything at all.
        let wanted = draft.clone().unwrap_or_default();
        domain::edit(ctx, address.ticket, &wanted, &Expected::Any)?;
        draft.as_ref().map(drop).map_err(|problem| Error::invalid(name, *problem))
    };
    match visit.write(work).await {
        Ok(()) => Ok(see(&address.path())),
        Err(Error::Invalid(problems)) => {
            let message = format!("{label} {}. It is still what it was.", said(&problems));
            refused(&visit, address, Refused::Fact { name, message }).await
        }
        Err(error) => Err(error),
    }
}

type Fact = (&'static str, &'static str, std::result::Result<Draft, Problem>);

/// Which fact, how it is called, and what is to become of it.
fn fact(visit: &Visit) -> Fact {
    let form = visit.form();
    if form.has("status") {
        return ("status", "Status", Ok(Draft { status: form.field("status"), ..Draft::default() }));
    }
    if form.has("priority") {
        return ("priority", "Priority", Ok(Draft { priority: form.field("priority"), ..Draft::default() }));
    }
    if form.has("assignee") {
        let assignee_id = match form.text("assignee") {
            "" => Ok(Field::Null),
            id => id.parse().map(Field::Value).map_err(|_| Problem::Invalid),
        };
        return ("assignee", "Assignee", assignee_id.map(|assignee_id| Draft { assignee_id, ..Draft::default() }));
    }
    ("status", "Status", Err(Problem::Blank))
}

/// All that is wrong, whatever the field.
fn said(problems: &Problems) -> String {
    problems.iter().flat_map(|(_, problems)| problems.iter().map(ToString::to_string)).collect::<Vec<_>>().join(", ")
}

/// Deletes the ticket; its page then offers to bring it back.
pub(super) async fn delete(visit: Visit) -> Result<Answer> {
    let address = Address::of(&visit)?;
    let work = move |ctx: &mut crate::domain::Ctx<'_>| {
        address.check(&domain::get(ctx, address.ticket)?)?;
        domain::delete(ctx, address.ticket, &Expected::Any)
    };
    visit.write(work).await?;
    Ok(see(&address.path()))
}

/// Brings the ticket back.
pub(super) async fn restore(visit: Visit) -> Result<Answer> {
    let address = Address::of(&visit)?;
    visit.write(move |ctx| address.check(&domain::restore(ctx, address.ticket)?)).await?;
    Ok(see_with(&address.path(), "restored"))
}

/// The ticket as Gherkin and nothing else.
pub(super) async fn gherkin(visit: Visit) -> Result<Answer> {
    let address = Address::of(&visit)?;
    let ticket = visit.read(move |ctx| domain::get(ctx, address.ticket)).await?;
    address.check(&ticket)?;
    let text = Gherkin::of(&code(&ticket), &ticket.title, &ticket.given, &ticket.when, &ticket.then).to_string();
    let headers = vec![(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))];
    let answer = Answer { status: StatusCode::OK, headers, body: Some(text.into()) };
    // What people wrote is a file of its own, and no part of a page (RFC 6266 §4.2). A code is letters, digits and a dash.
    Ok(answer.with(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.feature\"", code(&ticket))))
}
