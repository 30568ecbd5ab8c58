//! The settings of a project: what it is called, archiving it, deleting it.
//! Its tokens have a file of their own.

use askama::Template;
use axum::http::StatusCode;

use super::answers::{page, page_with, see_with};
use super::frame::Frame;
use super::side::{Place, Side};
use super::times::Stamp;
use super::tokens::view::Living;
use crate::domain::projects::{self, Settings};
use crate::domain::returns::OnReturn;
use crate::domain::{Ctx, Error, Result, organizations};
use crate::http::answer::Answer;
use crate::http::pages::Visit;
use crate::model::draft::Field;
use crate::model::id::Id;
use crate::model::problems::Problems;
use crate::model::projects::Project;
use crate::store::organizations::MembershipRow;

#[derive(Template)]
#[template(path = "project_settings/page.html")]
struct GeneralPage {
    frame: Frame,
    side: Side,
    settings: Settings,
    archived: Option<Stamp>,
    /// The tokens that could work again, where it is archived.
    living: Vec<Living>,
    typed: Typed,
    wrong: Wrong,
}

#[derive(Template)]
#[template(path = "project_settings/delete.html")]
struct DeletePage {
    frame: Frame,
    side: Side,
    settings: Settings,
    typed: String,
    code: Vec<String>,
}

/// What stands in the form: the project's own, or what was typed.
#[derive(Clone)]
struct Typed {
    name: String,
    code: String,
    description: String,
}

/// What is wrong with each field.
#[derive(Default)]
struct Wrong {
    any: bool,
    name: Vec<String>,
    code: Vec<String>,
    description: Vec<String>,
}

impl Wrong {
    fn of(problems: &Problems) -> Self {
        Self { any: !problems.is_empty(), name: problems.of("name"), code: problems.of("code"), description: problems.of("description") }
    }
}

fn settings_of(project: Id<Project>) -> String {
    Place::Project(project).href()
}

/// The frame and the navigation of a page of these settings.
pub(super) fn around(ctx: &mut Ctx<'_>, visit: &Visit, settings: &Settings, title: String, current: Place) -> Result<(Frame, Side)> {
    let project = &settings.project;
    let row: MembershipRow = organizations::get(ctx, project.organization_id)?;
    let tickets = format!("/workspace/projects/{}", project.id);
    let frame = Frame::of(ctx, visit, title)?
        .crumb(row.name.clone(), "/workspace")
        .crumb(project.name.clone(), tickets.clone())
        .crumb("Settings", settings_of(project.id))
        .search_in(tickets.clone(), format!("Search {}", project.name), "");
    let frame = if project.archived_at.is_some() { frame } else { frame.new_ticket_in(format!("{tickets}/tickets/new")) };
    Ok((frame, Side::of_project(project.id, &project.name, &row, current)))
}

/// `GET …/settings`.
pub(super) async fn show(visit: Visit) -> Result<Answer> {
    general(&visit, None).await
}

/// The page: with the project's own texts, or with what was typed and what is wrong with it.
async fn general(visit: &Visit, refused: Option<(Typed, Problems)>) -> Result<Answer> {
    let id = visit.id("project_id")?;
    let seen = visit.clone();
    let (frame, side, settings, living) = visit
        .read(move |ctx| {
            let settings = projects::settings(ctx, id)?;
            let (frame, side) = around(ctx, &seen, &settings, format!("Settings of {}", settings.project.name), Place::Project(id))?;
            let living = if settings.project.archived_at.is_some() { projects::living_tokens(ctx, id)? } else { Vec::new() };
            Ok((frame, side, settings, Living::all(living)))
        })
        .await?;
    let project = &settings.project;
    let own =
        || Typed { name: project.name.clone(), code: project.code.clone(), description: project.description.clone().unwrap_or_default() };
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (typed, wrong) = refused.map_or_else(|| (own(), Wrong::default()), |(typed, problems)| (typed, Wrong::of(&problems)));
    let archived = project.archived_at.map(|at| frame.stamp(at));
    page_with(status, &GeneralPage { frame, side, settings, archived, living, typed, wrong })
}

/// `POST …/settings`.
pub(super) async fn save(visit: Visit) -> Result<Answer> {
    let id = visit.id("project_id")?;
    let form = visit.form();
    let draft = projects::Draft {
        name: form.field("name"),
        code: form.field("code"),
        description: form.field("description"),
        archived: Field::Absent,
    };
    match visit.write(move |ctx| projects::edit(ctx, id, &draft).map(drop)).await {
        Ok(()) => Ok(see_with(&settings_of(id), "saved")),
        Err(Error::Invalid(problems)) => {
            let text = |name| form.text(name).to_owned();
            let typed = Typed { name: text("name"), code: text("code"), description: text("description") };
            general(&visit, Some((typed, problems))).await
        }
        Err(error) => Err(error),
    }
}

/// `POST …/settings/archive`.
pub(super) async fn archive(visit: Visit) -> Result<Answer> {
    let id = visit.id("project_id")?;
    let draft = projects::Draft { archived: Field::Value(true), ..projects::Draft::default() };
    visit.write(move |ctx| projects::edit(ctx, id, &draft).map(drop)).await?;
    Ok(see_with(&settings_of(id), "archived"))
}

/// `POST …/settings/unarchive`.
pub(super) async fn unarchive(visit: Visit) -> Result<Answer> {
    let id = visit.id("project_id")?;
    let tokens = if visit.form().text("tokens") == "revoke" { OnReturn::Revoke } else { OnReturn::Keep };
    visit.write(move |ctx| projects::unarchive(ctx, id, tokens).map(drop)).await?;
    Ok(see_with(&settings_of(id), if tokens == OnReturn::Keep { "unarchived" } else { "unarchived-without-tokens" }))
}

/// `GET …/settings/delete`: asks once more.
pub(super) async fn ask_delete(visit: Visit) -> Result<Answer> {
    deletion(&visit, None).await
}

async fn deletion(visit: &Visit, refused: Option<(String, Problems)>) -> Result<Answer> {
    let id = visit.id("project_id")?;
    let seen = visit.clone();
    let (frame, side, settings) = visit
        .read(move |ctx| {
            let settings = projects::deletable(ctx, id)?;
            let (frame, side) = around(ctx, &seen, &settings, format!("Delete {}", settings.project.name), Place::Project(id))?;
            Ok((frame, side, settings))
        })
        .await?;
    match refused {
        None => page(&DeletePage { frame, side, settings, typed: String::new(), code: Vec::new() }),
        Some((typed, problems)) => {
            let code = problems.of("code");
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &DeletePage { frame, side, settings, typed, code })
        }
    }
}

/// `POST …/settings/delete`.
pub(super) async fn delete(visit: Visit) -> Result<Answer> {
    let id = visit.id("project_id")?;
    let typed = visit.form().text("code").to_owned();
    let sent = typed.clone();
    match visit.write(move |ctx| projects::delete_named(ctx, id, &sent)).await {
        Ok(()) => Ok(see_with("/workspace", "project-deleted")),
        Err(Error::Invalid(problems)) => deletion(&visit, Some((typed, problems))).await,
        Err(error) => Err(error),
    }
}
