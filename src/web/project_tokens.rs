//! `/workspace/projects/{project_id}/settings/api-token`: the pages of a project's tokens.
//! They are those of `tokens`; here is what is particular to this place.

use super::project_settings;
use super::side::Place as Beside;
use super::tokens::{Around, Desk};
use crate::domain::token_settings::Place;
use crate::domain::{Ctx, Error, Result, projects};
use crate::http::answer::Answer;
use crate::http::pages::Visit;

fn desk(visit: Visit) -> Result<Desk> {
    let project = visit.id("project_id")?;
    Ok(Desk { visit, place: Place::Project(project), here: Beside::ProjectTokens(project).href(), title: "API Token", around })
}

fn around(ctx: &mut Ctx<'_>, visit: &Visit, place: Place, title: &str) -> Result<Around> {
    let Place::Project(project) = place else { return Err(Error::NotFound) };
    let settings = projects::settings(ctx, project)?;
    let title = format!("{title} of {}", settings.project.name);
    let (frame, side) = project_settings::around(ctx, visit, &settings, title, Beside::ProjectTokens(project))?;
    Ok(Around { frame, side, settings: Some(settings) })
}

/// `GET …/api-token`.
pub(super) async fn page(visit: Visit) -> Result<Answer> {
    desk(visit)?.list().await
}

/// `POST …/api-token`.
pub(super) async fn make(visit: Visit) -> Result<Answer> {
    desk(visit)?.make().await
}

/// `GET …/api-token/{token_id}/revoke`: asks once more.
pub(super) async fn ask_revoke(visit: Visit) -> Result<Answer> {
    desk(visit)?.ask_revoke().await
}

/// `POST …/api-token/{token_id}/revoke`.
pub(super) async fn revoke(visit: Visit) -> Result<Answer> {
    desk(visit)?.revoke().await
}

/// `POST …/api-token/{token_id}/dismiss`: an alert.
pub(super) async fn dismiss(visit: Visit) -> Result<Answer> {
    desk(visit)?.dismiss().await
}

/// `GET …/api-token/{token_id}/rotate`: asks for the overlap.
pub(super) async fn ask_rotate(visit: Visit) -> Result<Answer> {
    desk(visit)?.ask_rotate().await
}

/// `POST …/api-token/{token_id}/rotate`.
pub(super) async fn rotate(visit: Visit) -> Result<Answer> {
    desk(visit)?.rotate().await
}
