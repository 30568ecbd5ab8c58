//! Projects over REST.
//! Their tickets are in `tickets`.

use super::json::Members;
use super::paging::{self, NAMES};
use crate::domain::projects::{self, Draft};
use crate::domain::{About, Error, Result};
use crate::http::answer::Answer;
use crate::http::mount::Operation;
use crate::http::request::Request;
use crate::wire::projects::{Project, Projects};

/// `GET /api/v1/mcp/organizations/{organization_id}/projects`
pub(super) fn list(request: Request) -> Result<Operation> {
    let id = request.id("organization_id", Error::Unreachable);
    let mut parameters = request.parameters()?;
    let page = paging::page(&mut parameters, NAMES)?;
    parameters.end()?;
    let id = id?;
    let operation = Operation::new(move |ctx| {
        let (rows, total) = projects::list(ctx, id, page)?;
        let projects = rows.iter().map(Project::new).collect();
        Ok(paging::describe(Answer::ok(&Projects { projects })?, page, total))
    });
    Ok(operation.about(About::Organization(id)))
}

fn draft(request: &Request) -> Result<Draft> {
    let project = Members::wrapped(&request.body, "project")?;
    Ok(Draft {
        name: project.text("name")?,
        code: project.text("code")?,
        description: project.text("description")?,
        archived: project.boolean("archived")?,
    })
}

/// `POST /api/v1/mcp/organizations/{organization_id}/projects`
pub(super) fn create(request: Request) -> Result<Operation> {
    let draft = draft(&request)?;
    let organization = request.id("organization_id", Error::Unreachable)?;
    let operation = Operation::new(move |ctx| {
        let row = projects::create(ctx, organization, &draft)?;
        Ok(Answer::created(&Project::new(&row))?.with(axum::http::header::LOCATION, format!("/api/v1/projects/{}", row.id)))
    });
    Ok(operation.about(About::Organization(organization)))
}

/// `GET /api/v1/projects/{id}`
pub(super) fn get(request: Request) -> Result<Operation> {
    request.parameters()?.end()?;
    let id = request.id("id", Error::Unreachable)?;
    let operation = Operation::new(move |ctx| Answer::ok(&Project::new(&projects::get(ctx, id)?)));
    Ok(operation.about(About::Project(id)))
}

/// `PATCH /api/v1/projects/{id}`
pub(super) fn edit(request: Request) -> Result<Operation> {
    let draft = draft(&request)?;
    let id = request.id("id", Error::Unreachable)?;
    let operation = Operation::new(move |ctx| Answer::ok(&Project::new(&projects::edit(ctx, id, &draft)?)));
    Ok(operation.about(About::Project(id)))
}

/// `DELETE /api/v1/projects/{id}`
pub(super) fn delete(request: Request) -> Result<Operation> {
    let id = request.id("id", Error::Unreachable)?;
    let operation = Operation::new(move |ctx| {
        projects::delete(ctx, id)?;
        Ok(Answer::no_content())
    });
    Ok(operation.about(About::Project(id)))
}
