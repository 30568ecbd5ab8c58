//! Comments on a ticket's page: written, edited and deleted.
//! How they are shown is in `history`.

use askama::Template;
use axum::http::StatusCode;

use super::answers::{page, page_with, see, see_with};
use super::frame::Frame;
use super::ticket_view::{Address, code, frame_in};
use super::tickets::{Refused, refused};
use crate::domain::tickets::{self, Draft, Expected};
use crate::domain::{Ctx, Error, Result, comments};
use crate::http::answer::Answer;
use crate::http::pages::Visit;
use crate::model::id::Id;
use crate::model::tickets::Comment;

fn anchor(address: Address, comment: Id<Comment>) -> String {
    format!("{}#comment-{comment}", address.path())
}

fn check(ctx: &mut Ctx<'_>, address: Address) -> Result<()> {
    address.check(&tickets::get(ctx, address.ticket)?)
}

/// Writes a comment, and with the other button gives the ticket a status as well: both or neither.
pub(super) async fn create(visit: Visit) -> Result<Answer> {
    let address = Address::of(&visit)?;
    let content = visit.form().field("content");
    let status = visit.form().has("status").then(|| Draft { status: visit.form().field("status"), ..Draft::default() });
    let work = move |ctx: &mut Ctx<'_>| {
        check(ctx, address)?;
        let comment = comments::create(ctx, address.ticket, &content)?;
        if let Some(draft) = &status {
            tickets::edit(ctx, address.ticket, draft, &Expected::Any)?;
        }
        Ok(see(&anchor(address, comment.id)))
    };
    match visit.write_once(work).await {
        Err(Error::Invalid(problems)) => {
            let errors = problems.iter().flat_map(|(_, problems)| problems.iter().map(ToString::to_string)).collect();
            let text = visit.form().text("content").to_owned();
            refused(&visit, address, Refused::Comment { text, errors }).await
        }
        outcome => outcome,
    }
}

/// The form for an edit.
#[derive(Template)]
#[template(path = "tickets/comment.html")]
struct EditPage {
    frame: Frame,
    path: String,
    back: String,
    code: String,
    content: String,
    errors: Vec<String>,
}

async fn form(visit: &Visit, address: Address, id: Id<Comment>, typed: Option<(String, Vec<String>)>) -> Result<EditPage> {
    let own = visit.clone();
    let read = visit.read(move |ctx| {
        let ticket = tickets::get(ctx, address.ticket)?;
        address.check(&ticket)?;
        let comment = comments::own(ctx, address.ticket, id)?;
        let frame = frame_in(ctx, &own, address.project, format!("Edit a comment on {}", code(&ticket)))?;
        Ok((frame.crumb(code(&ticket), address.path()), code(&ticket), comment.content))
    });
    let (frame, code, content) = read.await?;
    let path = format!("{}/comments/{id}/edit", address.path());
    let (content, errors) = typed.unwrap_or((content, Vec::new()));
    let frame = frame.crumb("Edit a comment", path.clone());
    Ok(EditPage { frame, path, back: anchor(address, id), code, content, errors })
}

/// The reader's own comment in a form.
pub(super) async fn edit(visit: Visit) -> Result<Answer> {
    let address = Address::of(&visit)?;
    page(&form(&visit, address, visit.id("comment_id")?, None).await?)
}

/// Saves the reader's own comment.
pub(super) async fn save(visit: Visit) -> Result<Answer> {
    let (address, id) = (Address::of(&visit)?, visit.id("comment_id")?);
    let content = visit.form().field("content");
    let work = move |ctx: &mut Ctx<'_>| {
        check(ctx, address)?;
        comments::edit(ctx, address.ticket, id, &content).map(drop)
    };
    match visit.write(work).await {
        Ok(()) => Ok(see(&anchor(address, id))),
        Err(Error::Invalid(problems)) => {
            let typed = (visit.form().text("content").to_owned(), problems.of("content"));
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &form(&visit, address, id, Some(typed)).await?)
        }
        Err(error) => Err(error),
    }
}

/// Deletes the reader's own comment, or as an admin anybody's.
pub(super) async fn delete(visit: Visit) -> Result<Answer> {
    let (address, id) = (Address::of(&visit)?, visit.id("comment_id")?);
    let work = move |ctx: &mut Ctx<'_>| {
        check(ctx, address)?;
        comments::delete(ctx, address.ticket, id)
    };
    visit.write(work).await?;
    Ok(see_with(&address.path(), "comment-deleted"))
}
