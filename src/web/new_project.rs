//! The page on which a project is made.
//! What a project must be is `domain::projects`' affair; its settings later on have a page of their own.

use askama::Template;
use axum::http::StatusCode;

use super::answers::{page as page_of, page_with, see};
use super::frame::Frame;
use super::ticket_lists;
use crate::domain::permissions::Capability;
use crate::domain::projects::{self, Draft};
use crate::domain::{Ctx, Error, Result};
use crate::http::answer::Answer;
use crate::http::pages::Visit;
use crate::model::organizations::Organization;
use crate::model::problems::Problems;

#[derive(Template)]
#[template(path = "workspace/new_project.html")]
struct NewProjectPage {
    frame: Frame,
    action: String,
    organization: String,
    name: String,
    code: String,
    description: String,
    /// What is wrong with each field.
    wrong: Wrong,
}

#[derive(Default)]
struct Wrong {
    name: Vec<String>,
    code: Vec<String>,
    description: Vec<String>,
}

impl Wrong {
    fn of(problems: &Problems) -> Self {
        Self { name: problems.of("name"), code: problems.of("code"), description: problems.of("description") }
    }

    /// The fields that are wrong, each with its name on the page.
    fn fields(&self) -> Vec<(&'static str, &'static str, &[String])> {
        let all = [("name", "Name", &self.name), ("code", "Code", &self.code), ("description", "Description", &self.description)];
        all.into_iter().filter(|(_, _, wrong)| !wrong.is_empty()).map(|(id, label, wrong)| (id, label, wrong.as_slice())).collect()
    }
}

/// `GET /workspace/organizations/{organization_id}/projects/new`.
pub(super) async fn page(visit: Visit) -> Result<Answer> {
    page_of(&form(&visit, Wrong::default()).await?)
}

/// `POST` of the same.
pub(super) async fn create(visit: Visit) -> Result<Answer> {
    let organization = visit.id::<Organization>("organization_id")?;
    let form = visit.form();
    let draft = Draft { name: form.field("name"), code: form.field("code"), description: form.field("description"), ..Draft::default() };
    match visit.write(move |ctx| projects::create(ctx, organization, &draft)).await {
        Ok(project) => Ok(see(&ticket_lists::href(project.id))),
        Err(Error::Invalid(problems)) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &self::form(&visit, Wrong::of(&problems)).await?),
        Err(error) => Err(error),
    }
}

/// The form with what was typed so far.
async fn form(visit: &Visit, wrong: Wrong) -> Result<NewProjectPage> {
    let id = visit.id::<Organization>("organization_id")?;
    let inside = visit.clone();
    let (frame, organization) = visit
        .read(move |ctx: &mut Ctx<'_>| {
            ctx.organization(Capability::CreateProjects, id)?;
            let reached = ctx.organizations(Capability::ReadWorkspace)?;
            let name = reached.into_iter().find(|row| row.id == id).map_or_else(String::new, |row| row.name);
            Ok((Frame::of(ctx, &inside, "New project")?, name))
        })
        .await?;
    let action = format!("/workspace/organizations/{id}/projects/new");
    let typed = |name| visit.form().text(name).to_owned();
    Ok(NewProjectPage {
        frame: frame.crumb(organization.as_str(), "/workspace").crumb("New project", action.as_str()),
        action,
        organization,
        name: typed("name"),
        code: typed("code"),
        description: typed("description"),
        wrong,
    })
}
