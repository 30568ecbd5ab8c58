//! Organizations over REST.
//! Their projects, members and tickets have files of their own.

use super::paging::{self, NAMES};
use crate::domain::{Result, organizations};
use crate::http::answer::Answer;
use crate::http::mount::Operation;
use crate::http::request::Request;
use crate::wire::organizations::{Organization, Organizations};

/// `GET /api/v1/mcp/organizations`
pub(super) fn list(request: Request) -> Result<Operation> {
    let mut parameters = request.parameters()?;
    let page = paging::page(&mut parameters, NAMES)?;
    parameters.end()?;
    Ok(Operation::new(move |ctx| {
        let rows = organizations::list(ctx)?;
        let skipped = usize::try_from(page.offset()).unwrap_or(usize::MAX);
        let size = usize::try_from(page.size).unwrap_or(usize::MAX);
        let organizations = rows.iter().skip(skipped).take(size).map(Organization::new).collect();
        let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        Ok(paging::describe(Answer::ok(&Organizations { organizations })?, page, total))
    }))
}
