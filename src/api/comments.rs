//! Comments over REST.
//! The ticket they belong to is in `tickets`.

use super::json::Members;
use super::paging::{self, ROWS};
use super::tickets::reader;
use crate::domain::{Error, Result, comments};
use crate::http::answer::Answer;
use crate::http::mount::Operation;
use crate::http::request::Request;
use crate::model::draft::{Field, Text};
use crate::wire::comments::Comment;

/// `GET /api/v1/tickets/{id}/comments`
pub(super) fn list(request: Request) -> Result<Operation> {
    let id = request.id("id", Error::NotFound);
    let mut parameters = request.parameters()?;
    let page = paging::page(&mut parameters, ROWS)?;
    parameters.end()?;
    let id = id?;
    Ok(Operation::new(move |ctx| {
        let (rows, total) = comments::list(ctx, id, page)?;
        let reader = reader(ctx, &request);
        let comments: Vec<_> = rows.iter().map(|row| Comment::new(reader, row)).collect();
        Ok(paging::describe(Answer::ok(&comments)?, page, total))
    }))
}

fn content(request: &Request) -> Result<Field<Text>> {
    Members::wrapped(&request.body, "comment")?.text("content")
}

/// `POST /api/v1/tickets/{id}/comments`
pub(super) fn create(request: Request) -> Result<Operation> {
    let content = content(&request)?;
    let id = request.id("id", Error::NotFound)?;
    Ok(Operation::new(move |ctx| {
        let row = comments::create(ctx, id, &content)?;
        Answer::created(&Comment::new(reader(ctx, &request), &row))
    }))
}

/// `PATCH /api/v1/tickets/{id}/comments/{comment_id}`
pub(super) fn edit(request: Request) -> Result<Operation> {
    let content = content(&request)?;
    let (ticket, id) = (request.id("id", Error::NotFound)?, request.id("comment_id", Error::NotFound)?);
    Ok(Operation::new(move |ctx| {
        let row = comments::edit(ctx, ticket, id, &content)?;
        Answer::ok(&Comment::new(reader(ctx, &request), &row))
    }))
}

/// `DELETE /api/v1/tickets/{id}/comments/{comment_id}`
pub(super) fn delete(request: Request) -> Result<Operation> {
    let (ticket, id) = (request.id("id", Error::NotFound)?, request.id("comment_id", Error::NotFound)?);
    Ok(Operation::new(move |ctx| {
        comments::delete(ctx, ticket, id)?;
        Ok(Answer::no_content())
    }))
}
