//! The settings of an organization: what it is called.
//! Its members and its token policy are in `members`.

use askama::Template;
use axum::http::StatusCode;

use super::answers::{page_with, see_with};
use super::frame::Frame;
use super::side::{Place, Side};
use crate::domain::{Error, Result, organizations};
use crate::http::answer::Answer;
use crate::http::pages::Visit;
use crate::model::problems::Problems;
use crate::store::organizations::MembershipRow;

#[derive(Template)]
#[template(path = "organizations/page.html")]
struct SettingsPage {
    frame: Frame,
    side: Side,
    organization: MembershipRow,
    name: String,
    slug: String,
    wrong: Wrong,
}

/// What is wrong with each field.
#[derive(Default)]
struct Wrong {
    any: bool,
    name: Vec<String>,
    slug: Vec<String>,
}

/// `GET …/settings`.
pub(super) async fn show(visit: Visit) -> Result<Answer> {
    settings(&visit, None).await
}

async fn settings(visit: &Visit, refused: Option<Problems>) -> Result<Answer> {
    let id = visit.id("organization_id")?;
    let seen = visit.clone();
    let built = visit
        .read(move |ctx| {
            let organization = organizations::editable(ctx, id)?;
            let current = Place::Organization(id);
            let frame = Frame::of(ctx, &seen, format!("Settings of {}", organization.name))?
                .crumb(organization.name.clone(), "/workspace")
                .crumb("Settings", current.href());
            let side = Side::of_organization(&organization, current);
            let (name, slug) = (organization.name.clone(), organization.slug.clone());
            Ok(SettingsPage { frame, side, organization, name, slug, wrong: Wrong::default() })
        })
        .await?;
    let Some(problems) = refused else { return page_with(StatusCode::OK, &built) };
    let text = |name| visit.form().text(name).to_owned();
    let wrong = Wrong { any: true, name: problems.of("name"), slug: problems.of("slug") };
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &SettingsPage { name: text("name"), slug: text("slug"), wrong, ..built })
}

/// `POST …/settings`.
pub(super) async fn save(visit: Visit) -> Result<Answer> {
    let id = visit.id("organization_id")?;
    let draft = organizations::Draft { name: visit.form().field("name"), slug: visit.form().field("slug") };
    match visit.write(move |ctx| organizations::edit(ctx, id, &draft).map(drop)).await {
        Ok(()) => Ok(see_with(&Place::Organization(id).href(), "saved")),
        Err(Error::Invalid(problems)) => settings(&visit, Some(problems)).await,
        Err(error) => Err(error),
    }
}
