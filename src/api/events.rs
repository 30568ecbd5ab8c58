//! A ticket's history over REST.
//! What is written into it is the domain's affair.

use super::paging::{self, ROWS};
use super::tickets::reader;
use crate::domain::{Error, Result, events};
use crate::http::answer::Answer;
use crate::http::mount::Operation;
use crate::http::request::Request;
use crate::wire::events::Event;

/// `GET /api/v1/tickets/{id}/events`
pub(super) fn list(request: Request) -> Result<Operation> {
    let id = request.id("id", Error::NotFound);
    let mut parameters = request.parameters()?;
    let page = paging::page(&mut parameters, ROWS)?;
    parameters.end()?;
    let id = id?;
    Ok(Operation::new(move |ctx| {
        let (entries, total) = events::list(ctx, id, page)?;
        let reader = reader(ctx, &request);
        let events: Vec<_> = entries.iter().map(|entry| Event::new(reader, entry)).collect();
        Ok(paging::describe(Answer::ok(&events)?, page, total))
    }))
}
