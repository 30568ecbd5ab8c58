//! Members over REST.
//! Changing them is for pages and commands.

use super::paging::{self, NAMES};
use crate::domain::{About, Error, Result, members};
use crate::http::answer::Answer;
use crate::http::mount::Operation;
use crate::http::request::Request;
use crate::wire::members::{Member, Members};

/// `GET /api/v1/mcp/organizations/{organization_id}/members`
pub(super) fn list(request: Request) -> Result<Operation> {
    let id = request.id("organization_id", Error::Unreachable);
    let mut parameters = request.parameters()?;
    let page = paging::page(&mut parameters, NAMES)?;
    parameters.end()?;
    let id = id?;
    let operation = Operation::new(move |ctx| {
        let (rows, total) = members::list(ctx, id, page)?;
        let members = rows.iter().map(Member::new).collect();
        Ok(paging::describe(Answer::ok(&Members { members })?, page, total))
    });
    Ok(operation.about(About::Organization(id)))
}
